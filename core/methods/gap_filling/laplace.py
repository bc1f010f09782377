"""The fill to beat: Laplace interpolation from the gap's edge, without radar."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bandweave.methods.filled import FILLED, fill_gaps
from bandweave.methods.model_file import Bands, load_fitted, save_fitted
from bandweave.problem import Feature, Fuser, Method, Problem, Report, unreported
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import Layer, Scene


class LaplaceFuser(Fuser):
    """Returns the interpolated image."""

    def __init__(self, bands: tuple[str, ...]) -> None:
        self.bands = bands

    def prepare(self, inputs: Scene, report: Report = unreported) -> Scene:
        """Add the interpolated image, which needs the whole scene."""
        return fill_gaps(inputs, report)

    def reads(self, prepared: Scene) -> tuple[Layer, ...]:
        """Return the interpolated image."""
        return (prepared.layer(FILLED),)

    def fuse(self, block: Scene) -> Pixels:
        """Return the interpolated bands."""
        return block.layer(FILLED).raster.read(bands=self.bands)

    def save(self, folder: Path) -> None:
        """Write the band names."""
        save_fitted(folder, Bands(self.bands))


@dataclass(frozen=True)
class Laplace(Method):
    """Interpolation across each gap."""

    key: ClassVar[str] = "laplace"
    label: ClassVar[str] = "Interpolation"
    family: ClassVar[str] = "reference"
    formula: ClassVar[str] = "∇²Fₖ = 0 inside a gap,  Fₖ = Mₖ on its edge"
    source: ClassVar[str] = "Laplace's equation; Press et al., Numerical Recipes (2007), 20.5"
    summary: ClassVar[str] = (
        "Draws the smoothest surface from the gap's edge inwards, without radar: hard to beat in "
        "small gaps, a grey smear in large ones."
    )
    needs: ClassVar[frozenset[Feature]] = frozenset({Feature.GAPS})

    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Note which bands to fill; there is nothing to learn."""
        return LaplaceFuser(problem.bands)

    def load(self, folder: Path) -> Fuser:
        """Read the band names."""
        return LaplaceFuser(load_fitted(folder, Bands).bands)
