"""The nonsubsampled contourlet transform."""

from dataclasses import dataclass

from bandweave.transforms import directional
from bandweave.transforms.directional import DirectionalTransform
from bandweave.transforms.mapping import DEGREE, low_pass, separate, unite
from bandweave.transforms.transform import Band, Image, Shape, plain


@dataclass(frozen=True)
class NonsubsampledContourlet(DirectionalTransform):
    """A pyramid and directional filter banks that leave no pixel out: shift-invariant.

    da Cunha, Zhou and Do 2006, doi 10.1109/TIP.2006.877507: with a_0 the image and f_j the
    mapping `low_pass` spread out by 2^j, level j is

        a_(j+1) = H0(f_j) a_j,  b_j = H1(f_j) a_j                (section II-A)
        d_(j,k) = bank k of b_j, spread out by 2^j               (section II-B)

    All subbands are as large as the image, and the approximation of a constant is that constant.
    """

    @property
    def reach(self) -> int:
        """The widest way from a pixel down to one level's coefficients and up again."""
        reach, pyramid = 0, 0
        for level, directions in enumerate(self.per_level):
            pyramid += DEGREE * low_pass(2**level).radius
            reach = max(reach, pyramid + directional.reach(directions) * 2**level)
        return reach

    @property
    def stride(self) -> int:
        """1: nothing is left out."""
        return 1

    def split(self, image: Image) -> tuple[Image, tuple[Band, ...]]:
        """Return a_levels and each level's b_j, alone in its band."""
        approximation, bands = plain(image), []
        for level in range(self.levels):
            approximation, detail = separate(approximation, low_pass(2**level))
            bands.append((detail,))
        return approximation, tuple(bands)

    def join(
        self, approximation: Image, bands: tuple[Band, ...], shape: Shape | None = None
    ) -> Image:
        """Undo `split`; the image had its subbands' shape."""
        image = approximation
        for level, (detail,) in reversed(list(enumerate(bands))):
            image = unite(image, detail, low_pass(2**level))
        return image

    def spread(self, band: Band, level: int) -> tuple[Image, ...]:
        """Return d_(j,k), in order of angle as in `directional`."""
        directions = self.per_level[level]
        return directional.spread(band[0], directions, 2**level)

    def gather(self, subbands: tuple[Image, ...], level: int) -> Band:
        """Undo `spread`."""
        return (directional.gather(subbands, 2**level),)
