"""Transforms that take an image apart by scale and direction, and put it together again.

Wavelets, contourlets and nonsubsampled contourlets share one interface, `transform.Transform`.
"""
