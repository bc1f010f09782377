"""The row that sharpening is read against: the coarse image, interpolated."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bandweave.methods.model_file import Bands, load_fitted
from bandweave.methods.references.copy import CopyFuser
from bandweave.problem import Feature, Fuser, Method, Problem, Report, unreported


@dataclass(frozen=True)
class Bicubic(Method):
    """Cubic convolution of the coarse image."""

    key: ClassVar[str] = "bicubic"
    label: ClassVar[str] = "Bicubic"
    family: ClassVar[str] = "reference"
    formula: ClassVar[str] = "Fₖ = ↑ Mₖ,  ↑ = cubic convolution of the coarse image"
    source: ClassVar[str] = "Keys 1981, doi 10.1109/TASSP.1981.1163711"
    summary: ClassVar[str] = (
        "Interpolates the coarse image by cubic convolution, without radar: smooth, and a method "
        "that does no better adds nothing."
    )
    needs: ClassVar[frozenset[Feature]] = frozenset({Feature.COARSE_IMAGE})

    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Note which bands to return: the problem's image is interpolated already."""
        return CopyFuser(problem.bands)

    def load(self, folder: Path) -> Fuser:
        """Read the band names."""
        return CopyFuser(load_fitted(folder, Bands).bands)
