"""The row every table needs: the optical image, unchanged."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bandweave.methods.model_file import Bands, load_fitted, save_fitted
from bandweave.problem import Feature, Fuser, Method, Problem, Report, unreported
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import Layer, Scene


class CopyFuser(Fuser):
    """Returns the optical bands it is given."""

    def __init__(self, bands: tuple[str, ...]) -> None:
        self.bands = bands

    def reads(self, prepared: Scene) -> tuple[Layer, ...]:
        """Return the optical image."""
        return (prepared.optical,)

    def fuse(self, block: Scene) -> Pixels:
        """Return the block's optical bands."""
        return block.optical.raster.read(bands=self.bands)

    def save(self, folder: Path) -> None:
        """Write the band names."""
        save_fitted(folder, Bands(self.bands))


@dataclass(frozen=True)
class Copy(Method):
    """The optical image itself."""

    key: ClassVar[str] = "copy"
    label: ClassVar[str] = "Copy"
    family: ClassVar[str] = "reference"
    formula: ClassVar[str] = "Fₖ = Mₖ"
    source: ClassVar[str] = "Identity"
    summary: ClassVar[str] = (
        "Returns the optical image unchanged: no error wherever the input contains the answer, "
        "and nothing at all where it is hidden."
    )
    needs: ClassVar[frozenset[Feature]] = frozenset({Feature.VISIBLE_ANSWER})

    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Note which bands to return."""
        return CopyFuser(problem.bands)

    def load(self, folder: Path) -> Fuser:
        """Read the band names."""
        return CopyFuser(load_fitted(folder, Bands).bands)
