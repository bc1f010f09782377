"""The contourlet transform."""

from dataclasses import dataclass

from bandweave.transforms import ladder, laplacian
from bandweave.transforms.directional import DirectionalTransform
from bandweave.transforms.transform import Band, Image, Shape, crop, extend


@dataclass(frozen=True)
class Contourlet(DirectionalTransform):
    """A Laplacian pyramid whose every level goes through a directional filter bank.

    Do and Vetterli 2005, doi 10.1109/TIP.2005.859376: with a_0 the image, level j is

        a_(j+1) = decimated H a_j,  b_j = a_j - G a_(j+1)        (section III-A)
        d_(j,k) = bank k of b_j, critically sampled              (section III-B)

    so that there are 4/3 as many coefficients as pixels. The approximation of a constant grows by
    two a level. Not shift-invariant.
    """

    @property
    def reach(self) -> int:
        """The widest way from a pixel down to one level's coefficients and up again."""
        down_and_up = laplacian.ANALYSIS + laplacian.SYNTHESIS
        reaches = [
            (3 * down_and_up + ladder.reach(directions) << level) - down_and_up
            for level, directions in enumerate(self.per_level)
        ]
        return max(reaches)

    @property
    def stride(self) -> int:
        """What every level and its filter bank can be halved by."""
        strides = [
            ladder.stride(directions) << level for level, directions in enumerate(self.per_level)
        ]
        return max(1 << self.levels, *strides)

    def split(self, image: Image) -> tuple[Image, tuple[Band, ...]]:
        """Return a_levels and each level's b_j, alone in its band."""
        approximation, bands = extend(image, self.stride), []
        for _ in range(self.levels):
            approximation, detail = laplacian.reduce(approximation)
            bands.append((detail,))
        return approximation, tuple(bands)

    def join(
        self, approximation: Image, bands: tuple[Band, ...], shape: Shape | None = None
    ) -> Image:
        """Undo `split`."""
        image = approximation
        for (detail,) in reversed(bands):
            image = laplacian.expand(image, detail)
        return crop(image, shape)

    def spread(self, band: Band, level: int) -> tuple[Image, ...]:
        """Return d_(j,k), in order of angle as in `directional`."""
        return ladder.spread(band[0], self.per_level[level])

    def gather(self, subbands: tuple[Image, ...], level: int) -> Band:
        """Undo `spread`."""
        return (ladder.gather(subbands),)
