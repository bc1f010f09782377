"""IHS and NSCT: intensity is merged with radar by NSCT, and its change given to all bands."""

from dataclasses import dataclass
from typing import ClassVar

from bandweave.methods.classical.nsct import NSCT


@dataclass(frozen=True)
class IHSNSCT(NSCT):
    """Intensity merged with radar in the nonsubsampled contourlet domain, then substituted."""

    on_intensity: ClassVar[bool] = True
    key: ClassVar[str] = "ihs-nsct"
    label: ClassVar[str] = "IHS + NSCT"
    formula: ClassVar[str] = "Fₖ = Mₖ + w (N⁻¹[choose(N I, N R)] − I),  I = mean of the bands"
    source: ClassVar[str] = (
        "da Cunha, Zhou and Do 2006, doi 10.1109/TIP.2006.877507, on the intensity of Tu et al. "
        "2001, doi 10.1016/S1566-2535(01)00036-7"
    )
    summary: ClassVar[str] = (
        "Merges brightness with radar by NSCT and leaves the differences between bands alone: "
        "smoother than IHS, and wrong wherever radar is bright and the ground is not."
    )
