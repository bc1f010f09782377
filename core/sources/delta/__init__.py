"""A simulated delta city in the manner of Ho Chi Minh City, and what satellites see of it.

`city` lays out what lies where, from `lines` (rivers, canals, roads), `urban` (districts, blocks)
and `rural` (zones, parcels), all drawn with `patterns`. `optics` and `radar` turn that into
reflectance and backscatter as the sensors measure them; `weather` puts clouds in between.
"""
