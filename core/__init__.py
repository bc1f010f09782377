"""Bandweave: radar and optical satellite imagery fused, and told how well; without a browser.

The folder is called core, the package bandweave: a module that came in under both names would be
two modules, with classes that are not each other's. Only `python -m core` may use the folder's.
"""

import sys

if __name__ != "bandweave" and sys.argv[:1] != ["-m"]:
    raise ImportError("This folder is the package bandweave: import it by that name.")
