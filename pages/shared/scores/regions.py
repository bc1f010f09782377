"""Which pixels scores are of, in words, and which are shown first."""

from collections.abc import Collection

REGIONS = {
    "hidden": "Hidden pixels",
    "clear": "Clear pixels",
    "all": "Whole image",
    "held-out": "Held-out blocks",
}
"""In the order of preference: what is under a cloud is not what should be rebuilt."""


def preferred(regions: Collection[str]) -> list[str]:
    """Return regions, the one to show first at the front."""
    known = [each for each in REGIONS if each in regions]
    return known + sorted(set(regions) - set(known))
