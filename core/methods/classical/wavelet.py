"""Wavelet fusion: the decimated wavelet transform of each band and of radar, merged."""

from dataclasses import dataclass
from typing import ClassVar

from bandweave.methods.classical.multiscale import MultiscaleMethod
from bandweave.settings import setting
from bandweave.transforms.transform import Transform
from bandweave.transforms.wavelet import FAMILIES, Wavelet


@dataclass(frozen=True)
class WaveletFusion(MultiscaleMethod):
    """Details of bands and radar merged in the decimated wavelet domain."""

    key: ClassVar[str] = "wavelet"
    label: ClassVar[str] = "Wavelet"
    formula: ClassVar[str] = (
        "Fₖ = Mₖ + w (W⁻¹[choose(W Mₖ, W R)] − Mₖ),  choose = larger |coefficient| or energy"
    )
    source: ClassVar[str] = (
        "Mallat 1989, doi 10.1109/34.192463; fusion as in Li et al. 1995, doi "
        "10.1006/gmip.1995.1022"
    )
    summary: ClassVar[str] = (
        "Takes fine structure from whichever image has more of it and colour from the optical one: "
        "keeps the tones, but speckle counts as structure, and edges are framed by blocks."
    )

    wavelet: str = setting(
        "bior4.4", "Wavelet", "Longer filters are smoother and look farther.", choices=FAMILIES
    )
    levels: int = setting(
        3, "Levels", "How often the image is halved; each adds detail.", minimum=1, maximum=5
    )

    def transform(self) -> Transform:
        """Return the decimated wavelet transform."""
        return Wavelet(self.wavelet, self.levels)
