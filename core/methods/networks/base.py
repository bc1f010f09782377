"""One small network a band, as in the paper: what the shallow CNN and the autoencoder share.

Input channels are the band (interpolated where hidden), the radar, and the mask if asked for; the
output is the band, through a sigmoid, on the band's normalised scale. Where the answer is hidden,
the same network learns from gaps simulated in visible pixels.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, cast

from bandweave.errors import MethodError
from bandweave.methods.model_file import load_fitted
from bandweave.methods.networks.architecture import Architecture
from bandweave.methods.networks.fuser import Inference, NetworkFuser, Trained
from bandweave.methods.networks.inputs import NetworkInputs
from bandweave.methods.networks.patchwise import (
    APART,
    AS_IT_IS,
    GIVEN,
    PREDICTIONS,
    SEAMLESS,
    SHUFFLED,
    Patches,
)
from bandweave.methods.networks.preview import PreviewRenderer
from bandweave.methods.networks.training import (
    LOSSES,
    SAMPLINGS,
    SCHEDULES,
    Loss,
    Recipe,
    Sampling,
    Schedule,
    Trainer,
    patch_count,
    patch_positions,
    planned_steps,
)
from bandweave.methods.networks.weights import load_weights
from bandweave.methods.radar import RADAR_INPUTS, RadarInput, radar_inputs
from bandweave.prepare.normalisation import KINDS, Kind
from bandweave.problem import Feature, Fuser, Method, Plan, Problem, Progress, Report, unreported
from bandweave.raster.scene import Scene
from bandweave.settings import Value, setting

TUNED_ON = (1024, 1024)
"""The scene that presets were tuned on: its number of steps is what they keep elsewhere."""
ROOM = 2
"""A preset's patches are so small that this many fit along a scene's shorter side."""
SMALLEST_PATCH, MOST_EPOCHS = 8, 500
STRIDES = range(4, 513, 4)


@dataclass(frozen=True)
class NetworkMethod(Method):
    """A network a band, trained on patches."""

    architecture: ClassVar[Architecture]
    literal: ClassVar[tuple[str, ...]] = ("paper",)
    """Presets that are what somebody did, and stay so on every scene."""
    overlapping: ClassVar[bool] = False
    """Patches overlap by half where predicted one by one, else not at all. The paper leaves by how
    much unsaid; half is ours."""
    family: ClassVar[str] = "network"
    quick: ClassVar[Mapping[str, Value]] = {"patch": 32, "stride": 32, "batch": 4, "epochs": 2}
    needs: ClassVar[frozenset[Feature]] = frozenset({Feature.TRAINING_PAIRS})
    applied: ClassVar[tuple[str, ...]] = ("prediction", "radar_given")

    radar: str = setting(
        "ratio",
        "Radar input",
        "VV/VH as in the paper, VV and VH in dB, or none.",
        choices=RADAR_INPUTS,
    )
    mask: bool = setting(
        False, "Mask as input", "Tell the network which pixels were hidden.", advanced=True
    )
    patch: int = setting(
        64,
        "Patch",
        "Side of the squares the network trains on.",
        unit="px",
        minimum=SMALLEST_PATCH,
        maximum=STRIDES[-1],
        step=STRIDES.step,
    )
    stride: int = setting(
        16,
        "Stride",
        "Distance between patches.",
        unit="px",
        minimum=STRIDES[0],
        maximum=STRIDES[-1],
        step=STRIDES.step,
        advanced=True,
    )
    batch: int = setting(2, "Batch", "Patches a step.", minimum=1, maximum=128, advanced=True)
    epochs: int = setting(5, "Epochs", "Passes over all patches.", minimum=1, maximum=MOST_EPOCHS)
    learning_rate: float = setting(
        1e-3, "Learning rate", "Of the Adam optimiser.", minimum=1e-6, maximum=0.1, advanced=True
    )
    schedule: str = setting(
        "constant", "Schedule", "How the learning rate falls.", choices=SCHEDULES, advanced=True
    )
    loss: str = setting("mse", "Loss", "What is minimised.", choices=LOSSES, advanced=True)
    sampling: str = setting(
        "grid",
        "Sampling",
        "Patches on a grid, or at random places.",
        choices=SAMPLINGS,
        advanced=True,
    )
    normalisation: str = setting(
        "min-max",
        "Normalisation",
        "What becomes 0 and 1: learned from training pixels, or fixed.",
        choices=KINDS,
        advanced=True,
    )
    validation: float = setting(
        0.0,
        "Validation share",
        "Share of blocks kept out of training.",
        minimum=0.0,
        maximum=0.5,
        advanced=True,
    )
    patience: int = setting(
        0,
        "Patience",
        "Epochs without improvement before stopping; 0 trains to the end.",
        minimum=0,
        maximum=100,
        advanced=True,
    )
    prediction: str = setting(
        SEAMLESS,
        "Prediction",
        "Seamless; or patch by patch as in the paper: each by itself, overlaps averaged; or "
        "patches side by side, without overlap.",
        choices=PREDICTIONS,
        advanced=True,
    )
    radar_given: str = setting(
        AS_IT_IS,
        "Radar given",
        "Show the trained network the radar as it is, or its blocks shuffled.",
        choices=GIVEN,
        advanced=True,
    )

    def __post_init__(self) -> None:
        """Refuse a patch that pooling cannot divide, and shuffling where there is no radar."""
        super().__post_init__()
        if self.radar == "none" and self.radar_given == SHUFFLED:
            raise MethodError("Without radar there is nothing to shuffle.", "Choose a radar input.")
        stride = self.architecture.stride
        if self.patch % stride:
            raise MethodError(
                f"A patch of {self.patch} pixels does not divide into cells of {stride}.",
                f"Choose a multiple of {stride}.",
            )

    @classmethod
    def preset(cls, name: str, shape: tuple[int, int] | None = None) -> Mapping[str, Value]:
        """Return what a preset changes.

        On a scene of another `shape` than it was tuned on, patches lie closer or farther apart
        (and are smaller in a scene that holds too few), so that a network takes as many steps.
        """
        values = super().preset(name, shape)
        if not values or name in cls.literal or shape in (None, TUNED_ON):
            return values
        tuned = cls.from_values(values)
        wanted = tuned.plan_on(TUNED_ON).steps
        unit = cls.architecture.stride
        patch = max(min(tuned.patch, min(shape) // ROOM // unit * unit), SMALLEST_PATCH)

        def a_pass(stride: int) -> int:
            return math.ceil(patch_count(*shape, patch, stride) / tuned.batch)

        enough = [each for each in STRIDES if tuned.epochs * a_pass(each) >= wanted]
        stride = max(enough, default=STRIDES[0])
        epochs = tuned.epochs
        if stride in (STRIDES[0], STRIDES[-1]):
            epochs = min(math.ceil(wanted / a_pass(stride)), MOST_EPOCHS)
        return {**values, "patch": patch, "stride": stride, "epochs": epochs}

    @property
    def channels(self) -> int:
        """The network's input channels: band, radar, mask."""
        return 1 + {"ratio": 1, "db": 2, "none": 0}[self.radar] + int(self.mask)

    @property
    def patch_stride(self) -> int:
        """How many pixels apart patches begin where they are predicted one by one."""
        overlaps = self.overlapping and self.prediction != APART
        return self.patch // 2 if overlaps else self.patch

    @property
    def inference(self) -> Inference:
        """How the trained networks are applied."""
        seamless = self.prediction == SEAMLESS
        patches = None if seamless else Patches(self.patch, self.patch_stride)
        return Inference(self.architecture, self.channels, patches, self.radar_given == SHUFFLED)

    @property
    def recipe(self) -> Recipe:
        """How to train."""
        return Recipe(
            self.patch,
            self.stride,
            self.batch,
            self.epochs,
            self.learning_rate,
            cast(Schedule, self.schedule),
            cast(Loss, self.loss),
            cast(Sampling, self.sampling),
            self.patience,
        )

    def parameters(self) -> int:
        """Return one band's weights and biases."""
        return self.architecture.parameters(self.channels)

    def step_pixels(self) -> int:
        """Return the pixels of a batch of patches."""
        return self.batch * self.patch**2

    def plan(self, inputs: Scene) -> Plan:
        """Return what training one network a band takes, from what the radar has to give."""
        if self.radar != "none":
            radar_inputs(inputs.radar, cast(RadarInput, self.radar))
        return self.plan_on(inputs.grid.shape, len(inputs.optical.bands))

    def plan_on(self, shape: tuple[int, int], networks: int = 1) -> Plan:
        """Return what so many networks take on a scene of `shape` (rows, cols).

        Patches without a training pixel are left out when training, so this is an upper bound.
        A patch larger than the scene is refused, naming the largest that works.
        """
        height, width = shape
        smallest = min(shape)
        if self.patch > smallest:
            largest = smallest // self.architecture.stride * self.architecture.stride
            raise MethodError(
                f"A patch of {self.patch} pixels is larger than the scene, {height} x {width}.",
                f"The largest patch that works here is {largest}.",
            )
        patches = patch_count(height, width, self.patch, self.stride)
        return Plan(networks, patches, planned_steps(patches, self.recipe))

    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Train one network a band, each from its own seed."""
        self.plan(problem.inputs)
        report(Progress("Preparing", 0, 1))
        kind, scale = cast(RadarInput, self.radar), cast(Kind, self.normalisation)
        view = NetworkInputs.learn(kind, scale, problem, self.validation, self.mask)
        pairs = [view.pair(pair, problem, self.validation) for pair in problem.pairs]
        positions = patch_positions([pair.band(0) for pair in pairs], self.recipe)
        steps = planned_steps(len(positions), self.recipe)
        if not steps:
            raise MethodError(
                "No patch holds a pixel to learn from.", "Hide less, or keep less for validation."
            )
        report(Progress("Loading TensorFlow", 0, 1))
        trainer = Trainer(self.architecture, self.channels, self.recipe)
        renderer = PreviewRenderer(self.architecture, self.channels, view, problem)
        weights = {}
        for index, band in enumerate(problem.bands):
            preview = partial(renderer.draw, index, trainer.weights)
            first = Progress(f"Training {band}", index * steps, steps * len(problem.bands))
            band_report = _BandReport(report, first._replace(preview=preview))
            learned = [pair.band(index) for pair in pairs]
            weights[band] = trainer.train(learned, (problem.seed, index), band_report.note)
            band_report.end((index + 1) * steps)
        return NetworkFuser(self.inference, view, weights, problem.seed)

    def load(self, folder: Path) -> Fuser:
        """Read the networks and their scales."""
        stored = load_fitted(folder, Trained)
        view = stored.view
        if (view.kind, view.with_mask, view.channels) != (self.radar, self.mask, self.channels):
            raise MethodError(
                f"The networks in {folder.name} were trained on other inputs than these settings "
                "say.",
                "Train again.",
            )
        weights = load_weights(folder, self.architecture, self.channels, view.bands)
        return NetworkFuser(self.inference, view, weights, stored.seed)


class _BandReport:
    """Reports one band's steps as part of all bands' steps."""

    def __init__(self, report: Report, first: Progress) -> None:
        self._report = report
        self._first = self._last = first

    def note(self, done: int, loss: float, validation: float | None) -> None:
        """Report a step."""
        step = self._first.step + done
        self._last = self._first._replace(step=step, loss=loss, validation=validation)
        self._report(self._last)

    def end(self, step: int) -> None:
        """Report that the band has ended, also where training stopped early."""
        self._report(self._last._replace(step=step, milestone=True))
