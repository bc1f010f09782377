"""The Laplacian pyramid with the Cohen, Daubechies and Feauveau 9/7 filters.

    c = decimated H x,  d = x - G c        (Burt and Adelson 1983, doi 10.1109/TCOM.1983.1095851)
    x = d + G (c - H d)                    (Do and Vetterli 2003, doi 10.1109/TSP.2003.815389)

H has 9 taps and decimates by two both ways, G has 7 and fills in what is between. H G = 1, so any
x = d + G c would do; the second line is the dual frame operator, which leaves out of the image what
of a changed d no image can have. PyWavelets computes G c as a wavelet without details.
"""

import pywt

from bandweave.transforms.transform import Image

_FILTERS, _MODE = "bior4.4", "periodization"
ANALYSIS, SYNTHESIS = 4, 3
"""How many pixels away H and G look."""


def reduce(image: Image) -> tuple[Image, Image]:
    """Return c and d of an image with an even number of rows and columns that repeats itself."""
    coarse = _low(image)
    return coarse, image - _up(coarse)


def expand(coarse: Image, detail: Image) -> Image:
    """Undo `reduce`."""
    return detail + _up(coarse - _low(detail))


def _low(image: Image) -> Image:
    """Return H x; a constant grows by two."""
    for axis in (1, 0):
        image, _ = pywt.dwt(image, _FILTERS, _MODE, axis=axis)
    return image


def _up(image: Image) -> Image:
    """Return G c; a constant halves."""
    for axis in (0, 1):
        image = pywt.idwt(image, None, _FILTERS, _MODE, axis=axis)
    return image
