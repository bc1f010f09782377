"""How a network sees a scene: which channels, on what scale, and what stands where data lack."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bandweave.methods.band_means import band_means
from bandweave.methods.filled import fill_gaps, gapless
from bandweave.methods.networks.training import BandPair
from bandweave.methods.radar import RadarInput, radar_inputs
from bandweave.prepare.normalisation import Kind, Normalisation, Where, fixed, min_max, percentile
from bandweave.problem import Flags, Problem, TrainingPair
from bandweave.raster.grid import BLOCK, Pixels, Raster, Window
from bandweave.raster.scene import HIDDEN, Layer, Scene
from bandweave.raster.virtual import MappedRaster, scratch

FIXED_RANGES = {"optical": (0.0, 1.0), "ratio": (0.0, 30.0), "db": (-30.0, 5.0)}
"""What the normalisation `fixed` maps to 0..1: reflectance, quotient of powers, decibels."""


@dataclass(frozen=True, eq=False)
class PairArrays:
    """One image pair as a network sees it, all bands; arrays are (channel, row, col)."""

    optical: Pixels
    radar: Pixels
    mask: Pixels
    target: Pixels
    train: Flags
    validate: Flags

    def band(self, index: int) -> BandPair:
        """Return what one band's network learns from."""
        inputs = (self.optical[index : index + 1], self.radar, self.mask)
        return BandPair(inputs, self.target[index], self.train, self.validate)


@dataclass(frozen=True)
class NetworkInputs:
    """Channels and their scales, learned from training pixels."""

    kind: RadarInput
    with_mask: bool
    bands: tuple[str, ...]
    optical: Normalisation
    radar: Normalisation | None
    typical: tuple[float, ...]
    """The radar channels' normalised means: what stands where radar has no data."""

    def __post_init__(self) -> None:
        """Refuse scales that are not of these bands and channels."""
        radar = len(self.radar.lower) if self.radar else 0
        if len(self.optical.lower) != len(self.bands) or len(self.typical) != radar:
            raise ValueError("its scales are not of its bands")

    @property
    def channels(self) -> int:
        """Of each band's network: the band, the radar, the mask."""
        return 1 + len(self.typical) + int(self.with_mask)

    @classmethod
    def learn(
        cls, kind: RadarInput, normalisation: Kind, problem: Problem, share: float, mask: bool
    ) -> "NetworkInputs":
        """Learn the scales from the training pixels that are known."""
        pair = problem.known

        def training(window: Window) -> Flags:
            train, _ = problem.split.read(window, share)
            known = np.isfinite(pair.target.read(window, problem.bands)).all(axis=0)
            flags: Flags = train & known
            return flags

        optical = _scale(normalisation, pair.target, training, "optical")
        if kind == "none":
            return cls(kind, mask, problem.bands, optical, None, ())
        channels = radar_inputs(pair.inputs.radar, kind)
        radar = _scale(normalisation, channels, training, kind)
        typical = band_means(MappedRaster(channels, radar.apply, channels.bands))
        return cls(kind, mask, problem.bands, optical, radar, typical)

    def reads(self, inputs: Scene) -> tuple[Layer, ...]:
        """Return the layers that the channels are made of."""
        radar = (inputs.radar,) if self.radar else ()
        mask = inputs.mask(HIDDEN) if self.with_mask else None
        return (gapless(inputs), *radar, *((mask,) if mask else ()))

    def optical_channels(self, inputs: Scene, window: Window) -> Pixels:
        """Return the normalised bands, interpolated where hidden; 0 stands for no data."""
        pixels = gapless(inputs).raster.read(window, self.bands)
        return np.nan_to_num(self.optical.apply(pixels), nan=0.0)

    def radar_channels(self, inputs: Scene, window: Window) -> Pixels:
        """Return the normalised radar channels; their mean stands for no data."""
        if self.radar is None:
            return np.empty((0, window.height, window.width), np.float32)
        pixels = self.radar.apply(radar_inputs(inputs.radar, self.kind).read(window))
        typical = np.array(self.typical, np.float32)[:, None, None]
        return np.where(np.isfinite(pixels), pixels, typical)

    def mask_channel(self, inputs: Scene, window: Window) -> Pixels:
        """Return the mask as one channel, all 0 where nothing is hidden; none if not asked for."""
        if not self.with_mask:
            return np.empty((0, window.height, window.width), np.float32)
        mask = inputs.mask(HIDDEN)
        if mask is None:
            return np.zeros((1, window.height, window.width), np.float32)
        return mask.raster.read(window)

    def pair(self, pair: TrainingPair, problem: Problem, share: float) -> PairArrays:
        """Return a pair's arrays; large ones lie in temporary files."""
        inputs = fill_gaps(pair.inputs)
        shape = inputs.grid.shape
        view = PairArrays(
            scratch((len(self.bands), *shape)),
            scratch((len(self.typical), *shape)),
            scratch((int(self.with_mask), *shape)),
            scratch((len(self.bands), *shape)),
            np.zeros(shape, bool),
            np.zeros(shape, bool),
        )
        for window in inputs.grid.windows(BLOCK):
            at = (slice(None), *window.slices)
            target = self.optical.apply(pair.target.read(window, self.bands))
            view.optical[at] = self.optical_channels(inputs, window)
            view.radar[at] = self.radar_channels(inputs, window)
            view.mask[at] = self.mask_channel(inputs, window)
            view.target[at] = np.nan_to_num(target, nan=0.0)
            usable = (pair.learnable.read(window)[0] == 1) & np.isfinite(target).all(axis=0)
            train, validate = problem.split.read(window, share)
            view.train[window.slices] = usable & train
            view.validate[window.slices] = usable & validate
        return view


def _scale(kind: Kind, raster: Raster, where: Where, channel: str) -> Normalisation:
    if kind == "fixed":
        low, high = FIXED_RANGES[channel]
        return fixed((low,) * len(raster.bands), (high,) * len(raster.bands))
    learn: Callable[[Raster, Where], Normalisation]
    learn = min_max if kind == "min-max" else percentile
    return learn(raster, where)
