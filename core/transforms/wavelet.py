"""The decimated wavelet transform, by PyWavelets."""

from dataclasses import dataclass

import pywt

from bandweave.errors import SettingError
from bandweave.transforms.transform import Band, Image, Shape, Transform, check_levels, crop, extend

FAMILIES = ("haar", "db2", "db4", "sym4", "coif1", "bior2.2", "bior4.4")
_MODE = "periodization"


@dataclass(frozen=True)
class Wavelet(Transform):
    """Mallat's pyramid of separable wavelets (1989, doi 10.1109/34.192463).

    Each level's approximation is filtered along rows and columns and decimated by two both ways;
    it has three subbands: horizontal, vertical and diagonal details, in this order. The
    approximation of a constant grows by two a level.
    """

    family: str = "db4"
    """One of `FAMILIES`."""
    levels: int = 3

    def __post_init__(self) -> None:
        """Refuse what is not there."""
        if self.family not in FAMILIES:
            raise SettingError(
                f"There is no wavelet '{self.family}'.", f"Choose one of: {', '.join(FAMILIES)}."
            )
        check_levels(self.levels)

    @property
    def reach(self) -> int:
        """A coefficient's filters both ways cover the same (taps - 1) (2^levels - 1) + 1 pixels."""
        taps = int(pywt.Wavelet(self.family).dec_len)
        return (taps - 1) * ((1 << self.levels) - 1)

    @property
    def stride(self) -> int:
        """2^levels."""
        return 1 << self.levels

    def split(self, image: Image) -> tuple[Image, tuple[Band, ...]]:
        """Return the approximation and (horizontal, vertical, diagonal) for each level."""
        approximation, bands = extend(image, self.stride), []
        for _ in range(self.levels):
            approximation, band = pywt.dwt2(approximation, self.family, _MODE)
            bands.append(band)
        return approximation, tuple(bands)

    def join(
        self, approximation: Image, bands: tuple[Band, ...], shape: Shape | None = None
    ) -> Image:
        """Undo `split`."""
        image = approximation
        for band in reversed(bands):
            image = pywt.idwt2((image, band), self.family, _MODE)
        return crop(image, shape)

    def spread(self, band: Band, level: int) -> tuple[Image, ...]:
        """Return the three subbands, which the band already is."""
        return band

    def gather(self, subbands: tuple[Image, ...], level: int) -> Band:
        """Return the band, which the three subbands are."""
        return subbands
