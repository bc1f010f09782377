"""Problem, Task, Method and Fuser: what is asked, who answers, and what nobody may see.

A task turns a scene into a `Problem`, from which the hidden target is absent, and a `Truth`, which
only `evaluate` is given. `method.fit(problem, report)` learns from the whole scene and returns a
`Fuser`; `fuser.prepare(inputs)` adds layers that are global by nature; `fuser.fuse(block)` is
local: what it returns for a pixel depends on no pixel farther than `halo`, and blocks begin and end
at multiples of `stride`. The tiler in `tiling` relies on that, and a contract test holds every
method to it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.errors import TaskError
from bandweave.raster.grid import Grid, Pixels, Raster, Window
from bandweave.raster.scene import HIDDEN, Layer, Scene
from bandweave.settings import Declared, Value

Flags = NDArray[np.bool_]
Region = Literal["hidden", "clear", "all", "held-out"]


class Feature(Enum):
    """What a task may offer and a method may need; its value says what a task without it is like.

    A method suits the tasks that offer all it needs.
    """

    VISIBLE_ANSWER = "the answer is hidden there"
    """The inputs contain what is to be produced."""
    OPTICAL_IMAGE = "there is no optical image to start from there"
    """The inputs have an optical image of the wanted date, whole or in part."""
    GAPS = "there are no gaps to fill there"
    """Some pixels of the optical image are hidden, others are not."""
    COARSE_IMAGE = "the image is as fine as it is wanted there"
    """The optical image is coarser than what is to be produced."""
    TRAINING_PAIRS = "there is nothing to train on there"
    """The training pairs ask what the task asks, so that a mapping can be learned from them."""


class TrainingPreview(NamedTuple):
    """One band of a window of the scene as far as it has been learned."""

    band: str
    grid: Grid
    """The window's own."""
    pixels: Pixels
    """(1, row, col), in reflectance."""


class Progress(NamedTuple):
    """How far a fit or a fusion has come."""

    stage: str
    """What is being done, in words for the screen."""
    step: int
    steps: int
    loss: float | None = None
    validation: float | None = None
    preview: Callable[[], TrainingPreview] | None = None
    """Draws what has been learned so far for those who want to see it."""
    milestone: bool = False
    """Not to be left out by those who thin progress out."""


Report = Callable[[Progress], None]


def unreported(_: Progress) -> None:
    """Swallow progress where nobody watches."""


@dataclass(frozen=True)
class BlockSplit:
    """Divides a grid into square blocks, in a random order.

    The first of them are for validation, the last for what a task holds out to be scored: a method
    that learns beside held-out blocks never validates in them. The order depends on the grid, the
    seed and nothing else. Pixels within `buffer` pixels of a chosen block are given up, so that
    neighbours do not tell. A buffer below 0 or above half a block's side is refused.
    """

    grid: Grid
    side: int
    buffer: int
    seed: int

    def __post_init__(self) -> None:
        """Draw the blocks' order once."""
        if not 0 <= self.buffer <= self.side // 2:
            raise TaskError(
                f"Blocks of {self.side} pixels cannot have a buffer of {self.buffer}.",
                f"Give 0 to {self.side // 2}: at most half a block's side.",
            )
        rows, cols = -(-self.grid.height // self.side), -(-self.grid.width // self.side)
        rank = np.random.default_rng([self.seed, 0xB10C]).permutation(rows * cols)
        object.__setattr__(self, "_rank", rank.reshape(rows, cols))

    def read(self, window: Window, share: float) -> tuple[Flags, Flags]:
        """Return which pixels of a window may train and which validate, for a share in 0..0.5."""
        rank: NDArray[np.int_] = self._rank  # type: ignore[attr-defined]
        return self._around(rank < round(share * rank.size), window)

    def hold_out(self, window: Window, share: float) -> tuple[Flags, Flags]:
        """Return which pixels of a window may be known and which are held out, for 0..0.5."""
        rank: NDArray[np.int_] = self._rank  # type: ignore[attr-defined]
        # rounded down: two halves of an odd number would share a block
        return self._around(rank >= rank.size - int(share * rank.size), window)

    def _around(self, chosen: NDArray[np.bool_], window: Window) -> tuple[Flags, Flags]:
        """Return which pixels of a window are far from chosen blocks, and which are in them."""
        rows = np.arange(window.row, window.row + window.height)
        cols = np.arange(window.col, window.col + window.width)
        inside = chosen[np.ix_(rows // self.side, cols // self.side)]
        near = np.zeros_like(inside)
        # a pixel is near a chosen block if one of the points `buffer` away on the eight
        # directions is in one: true because the buffer is at most half a block's side
        for down in (-self.buffer, 0, self.buffer):
            for right in (-self.buffer, 0, self.buffer):
                row = np.clip(rows + down, 0, self.grid.height - 1) // self.side
                col = np.clip(cols + right, 0, self.grid.width - 1) // self.side
                near |= chosen[np.ix_(row, col)]
        return ~near, inside


@dataclass(frozen=True, eq=False)
class TrainingPair:
    """Inputs, and what is known of what should come of them."""

    inputs: Scene
    target: Raster
    """The wanted bands, NaN where unknown: everything that may be known of them."""
    learnable: Raster
    """One band of flags: 1 where a mapping may be compared with the target."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What a method may see.

    Everything that is learned is learned from `pairs`: a mapping from all of them, where they are
    learnable; a statistic from the known pixels of the first. `inputs` are what is fused
    afterwards, and are learned from nowhere else.
    """

    task: str
    inputs: Scene
    bands: tuple[str, ...]
    """The optical bands to produce, in order."""
    pairs: tuple[TrainingPair, ...]
    split: BlockSplit
    seed: int

    def __post_init__(self) -> None:
        """Refuse a problem that nothing can be learned from."""
        if not self.pairs:
            raise TaskError("The problem has nothing to learn from.", "Give it a training pair.")

    @property
    def known(self) -> TrainingPair:
        """The pair that statistics are taken of: of all its known target pixels."""
        return self.pairs[0]

    @property
    def hidden(self) -> Layer | None:
        """The mask of withheld pixels, which alone are produced; None: all of what is shown is."""
        return self.inputs.mask(HIDDEN)

    def composited(self, prepared: Scene) -> tuple[Layer, ...]:
        """Return the layers that `composite` reads."""
        mask = prepared.mask(HIDDEN)
        return (prepared.optical,) if mask is None else (prepared.optical, mask)

    def composite(self, block: Scene, fused: Pixels) -> Pixels:
        """Return visible pixels unchanged and fused ones where hidden; no data stays no data.

        Without a mask the fused image stands everywhere the optical image has data.
        """
        optical = block.optical.raster.read(bands=self.bands)
        mask = block.mask(HIDDEN)
        if mask is None:
            lost = np.isnan(optical)
            if fused.shape == lost.shape and not lost.any():
                return fused
            return np.where(lost, np.float32(np.nan), fused)
        return np.where(mask.raster.read() == 1, fused, optical)


class BandScale(NamedTuple):
    """The scale a band's metrics are computed on: (value - lower) / (upper - lower)."""

    lower: float
    upper: float
    data_range: float
    """L on that scale."""
    lowest: float = 0.0
    """Where the declared range begins on that scale."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What only `evaluate` holds: the reference, the scored pixels and the declared scale."""

    reference: Raster
    regions: Mapping[Region, Raster]
    """One band of flags each: 1 where the pixel is scored."""
    scales: tuple[BandScale, ...]
    """One a band."""
    cell: int = 1
    """Side in pixels of the cells that are compared, counted from the upper left corner: nothing is
    scored finer than the sensor saw."""
    resolution_ratio: float = 1.0
    """h/l: the side of what must be produced over that of what is given."""


class Posed(NamedTuple):
    """A task's answer: the problem for methods and the truth for `evaluate`."""

    problem: Problem
    truth: Truth
    product: Problem | None = None
    """What the user wants done where that is not what can be scored: nothing of it has a truth, and
    the scores of `problem` are an estimate for it. A method is fitted to `problem` alone."""


@dataclass(frozen=True)
class Task(Declared, ABC):
    """What is asked of a method, and which pixels are scored; its fields are its settings."""

    key: ClassVar[str]
    label: ClassVar[str]
    """The plain question on screen."""
    description: ClassVar[str]
    """One sentence: what is given, what must be produced, what is scored."""
    offers: ClassVar[frozenset[Feature]]
    drawn: ClassVar[bool]
    """What is scored is drawn from the seed: results compare best with those of the same seed."""
    reference: ClassVar[str]
    """Key of the method that every result is read against."""
    suggested: ClassVar[tuple[str, ...]]
    """Keys of the methods to begin with: a good one, and what it has to beat."""
    source: ClassVar[str]
    preset: ClassVar[str]
    """The networks' preset that shows the task on the demo scene in seconds; empty without any."""

    def withholds(self) -> str:
        """Say what is withheld from methods, such as "30% hidden"; empty where nothing is."""
        return ""

    @abstractmethod
    def pose(self, scene: Scene, seed: int) -> Posed:
        """Turn a scene into a problem and its truth; the seed drives masks and splits."""


class Findings(NamedTuple):
    """What a fit found out about the scene, for those who look at its result."""

    sentence: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Of texts, as wide as the columns."""


class Fuser(ABC):
    """A fitted method."""

    bands: tuple[str, ...]
    """The bands it produces, in order."""
    halo: int = 0
    """How many pixels away it looks, at most."""
    stride: int = 1
    """Block edges must be multiples of this, counted from the scene's upper left corner."""

    def prepare(self, inputs: Scene, report: Report = unreported) -> Scene:
        """Return the inputs with layers added that need the whole scene, such as a gap's fill."""
        return inputs

    def findings(self) -> Findings | None:
        """Return what fitting found out; None where that is nothing but numbers."""
        return None

    @abstractmethod
    def reads(self, prepared: Scene) -> tuple[Layer, ...]:
        """Return the layers of prepared inputs that `fuse` reads; a block holds no others."""

    @abstractmethod
    def fuse(self, block: Scene) -> Pixels:
        """Return the bands for a block of prepared inputs, on the block's own grid."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what was learned into an existing folder."""

    def moved(self, problem: Problem, report: Report = unreported) -> "Fuser":
        """Return the fuser for another scene's problem, of the same bands, units and resolution.

        What belongs to the scene is fitted anew, from what `fit` may learn from in that problem and
        nothing else; what was learned of how images go together stays. By default all of it does.
        """
        return self


class Plan(NamedTuple):
    """What a fit trains, before it does; all 0 where nothing is trained in steps."""

    networks: int = 0
    """Networks trained one after the other."""
    patches: int = 0
    """Patches that each of them sees once a pass, at most."""
    steps: int = 0
    """Optimiser steps of each of them, at most."""


class Begun(NamedTuple):
    """What a fit may go on from, instead of beginning anew."""

    model: Fuser | None = None
    """A fuser of the same method to start from; what it was fitted to had these bands and units."""
    folder: Path | None = None
    """Where training writes how far it has come, and finds it after it was cut off."""


@dataclass(frozen=True)
class Method(Declared, ABC):
    """A way to fuse that can be fitted to a problem; its fields are its settings."""

    key: ClassVar[str]
    label: ClassVar[str]
    family: ClassVar[str]
    formula: ClassVar[str]
    """One line of plain text, with F for the result, M for the optical image and R for radar."""
    source: ClassVar[str]
    summary: ClassVar[str]
    """One plain sentence: what it does, and when it fails."""
    origin: ClassVar[str] = ""
    """The package that adds it; empty for our own."""
    needs: ClassVar[frozenset[Feature]] = frozenset()
    presets: ClassVar[Mapping[str, Mapping[str, Value]]] = {}
    quick: ClassVar[Mapping[str, Value]] = {}
    """Settings with which it is fitted to 96 x 96 pixels in moments, to check and to warm it up."""
    continues: ClassVar[bool] = False
    """Whether `fit_on` goes on from a model, and from where training was cut off."""
    applied: ClassVar[tuple[str, ...]] = ()
    """Names of the settings that change nothing in what is learned, only how it is applied."""

    @classmethod
    def suits(cls, task: type[Task]) -> bool:
        """Whether the method makes sense under a task."""
        return cls.needs <= task.offers

    @classmethod
    def refusal(cls, task: type[Task]) -> str:
        """Return why the method makes no sense under a task; empty where it does."""
        missing = cls.needs - task.offers
        return next((feature.value for feature in Feature if feature in missing), "")

    @classmethod
    def preset(cls, name: str, shape: tuple[int, int] | None = None) -> Mapping[str, Value]:
        """Return what a preset changes, fitted to a scene of `shape` (rows, cols) where given.

        Empty where the method has no preset of that name.
        """
        return cls.presets.get(name, {})

    def parameters(self) -> int | None:
        """Return how many weights one band's network has; None where nothing is trained so."""
        return None

    def step_pixels(self) -> int:
        """Return how many pixels one optimiser step learns from; 0 where none is taken."""
        return 0

    def plan(self, inputs: Scene) -> Plan:
        """Return what a fit will train on such inputs; their optical layer has the wanted bands.

        Raises `MethodError` where settings and inputs do not go together.
        """
        return Plan()

    def reach(self) -> int | None:
        """Return how many pixels away a fitted method looks with these settings.

        None where that depends on what it is fitted to.
        """
        return None

    @abstractmethod
    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Learn from the problem; the same problem and seed give the same fuser."""

    def fit_on(self, problem: Problem, begun: Begun, report: Report = unreported) -> Fuser:
        """Learn as `fit` does, going on from what has begun; anew where the method cannot."""
        return self.fit(problem, report)

    @abstractmethod
    def load(self, folder: Path) -> Fuser:
        """Read a fuser that was saved with these settings."""
