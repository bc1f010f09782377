"""Trained networks, one a band, applied to a scene: seamlessly, or as the paper does."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bandweave.methods.filled import fill_gaps
from bandweave.methods.model_file import save_fitted
from bandweave.methods.networks.architecture import Architecture
from bandweave.methods.networks.inputs import NetworkInputs
from bandweave.methods.networks.patchwise import PREDICTED, Patches, average, with_shuffled_radar
from bandweave.methods.networks.prediction import Network
from bandweave.methods.networks.weights import Weights, save_weights
from bandweave.problem import Fuser, Progress, Report, unreported
from bandweave.raster.grid import BLOCK, Pixels, Window
from bandweave.raster.scene import Layer, Scene
from bandweave.raster.virtual import MemoryRaster, scratch


@dataclass(frozen=True)
class Inference:
    """How trained networks are applied; nothing of it changes what they learn."""

    architecture: Architecture
    channels: int
    patches: Patches | None
    """The patches to predict one by one; None predicts without seams."""
    shuffled: bool
    """Give the networks the radar with its blocks shuffled."""


@dataclass(frozen=True)
class Trained:
    """What is kept of trained networks beside their weights."""

    view: NetworkInputs
    seed: int

    def __post_init__(self) -> None:
        """Refuse a seed that is none."""
        if self.seed < 0:
            raise ValueError("its seed is below 0")


class NetworkFuser(Fuser):
    """Trained networks, one a band, and how they see a scene."""

    def __init__(
        self, inference: Inference, view: NetworkInputs, weights: Mapping[str, Weights], seed: int
    ) -> None:
        self.bands = view.bands
        self._inference = inference
        self._view = view
        self._weights = weights
        self._seed = seed
        if not inference.patches:
            self.halo = inference.architecture.halo
            self.stride = inference.architecture.stride

    def prepare(self, inputs: Scene, report: Report = unreported) -> Scene:
        """Interpolate hidden pixels, shuffle the radar and predict patch by patch, as asked."""
        prepared = fill_gaps(inputs, report)
        if self._inference.shuffled:
            prepared = with_shuffled_radar(prepared, self._seed)
        if self._inference.patches:
            predicted = self._predicted(prepared, self._inference.patches, report)
            prepared = prepared.adding(replace(inputs.optical, name=PREDICTED, raster=predicted))
        return prepared

    def reads(self, prepared: Scene) -> tuple[Layer, ...]:
        """Return what the networks see, or what was predicted patch by patch."""
        if self._inference.patches:
            return (prepared.layer(PREDICTED),)
        return self._view.reads(prepared)

    def fuse(self, block: Scene) -> Pixels:
        """Return every band from its own network, or from what was predicted patch by patch."""
        if self._inference.patches:
            return block.layer(PREDICTED).raster.read(bands=self.bands)
        window = block.grid.full
        optical = self._view.optical_channels(block, window)
        others = self._others(block, window)
        fused = np.empty_like(optical)
        for index, band in enumerate(self.bands):
            channels = np.concatenate([optical[index : index + 1], others])
            fused[index] = self._network.predict(self._weights[band], channels)
        return self._view.optical.undo(fused)

    def _channels(self, scene: Scene, index: int, window: Window) -> Pixels:
        """Return one band's channels."""
        optical = self._view.optical_channels(scene, window)[index : index + 1]
        return np.concatenate([optical, self._others(scene, window)])

    def _others(self, scene: Scene, window: Window) -> Pixels:
        """Return the channels that all bands share: radar and mask."""
        radar = self._view.radar_channels(scene, window)
        return np.concatenate([radar, self._view.mask_channel(scene, window)])

    def _predicted(self, inputs: Scene, patches: Patches, report: Report) -> MemoryRaster:
        """Return all bands predicted patch by patch."""
        model, grid = self._network.model, inputs.grid
        predicted = scratch((len(self.bands), *grid.shape))

        def predict(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
            output: NDArray[np.float32] = model(inputs, training=False).numpy()[..., 0]
            return output

        for index, band in enumerate(self.bands):
            report(Progress("Predicting patch by patch", index, len(self.bands)))
            model.set_weights(self._weights[band])
            channels = partial(self._channels, inputs, index)
            predicted[index] = average(grid, patches, predict, channels)
        for window in grid.windows(BLOCK):
            at = (slice(None), *window.slices)
            predicted[at] = self._view.optical.undo(predicted[at])
        return MemoryRaster(predicted, grid, self.bands)

    @property
    def _network(self) -> Network:
        return Network.of(self._inference.architecture, self._inference.channels)

    def save(self, folder: Path) -> None:
        """Write the scales, the seed that the radar is shuffled by, and every band's weights."""
        save_fitted(folder, Trained(self._view, self._seed))
        save_weights(folder, {band: self._weights[band] for band in self.bands})
