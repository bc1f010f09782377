"""Wavelet and IHS: intensity is merged with radar by wavelets, and every band gets the change."""

from dataclasses import dataclass
from typing import ClassVar

from bandweave.methods.classical.wavelet import WaveletFusion


@dataclass(frozen=True)
class WaveletIHS(WaveletFusion):
    """Intensity merged with radar in the wavelet domain, then substituted."""

    on_intensity: ClassVar[bool] = True
    key: ClassVar[str] = "wavelet-ihs"
    label: ClassVar[str] = "Wavelet + IHS"
    formula: ClassVar[str] = "Fₖ = Mₖ + w (W⁻¹[choose(W I, W R)] − I),  I = mean of the bands"
    source: ClassVar[str] = "Zhang and Hong 2005, doi 10.1016/j.inffus.2004.06.009"
    summary: ClassVar[str] = (
        "Merges brightness with radar by wavelets and leaves the differences between bands alone: "
        "milder than IHS, as speckled as the wavelets it uses."
    )
