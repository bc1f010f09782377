"""Predicts with a network of a shape whatever its weights: traced once a process."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bandweave.methods.networks.architecture import Architecture
from bandweave.methods.networks.weights import Weights
from bandweave.raster.grid import Pixels


class Network:
    """One Keras model and its compiled prediction, shared by all bands of its shape."""

    def __init__(self, architecture: Architecture, channels: int) -> None:
        from bandweave.methods.networks.backend import tensorflow

        tf = tensorflow()
        self.model = architecture.build(channels)
        signature = [tf.TensorSpec((1, None, None, channels), tf.float32)]
        self._call = tf.function(self.model, input_signature=signature)

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, architecture: Architecture, channels: int) -> "Network":
        """Return the network of a shape."""
        return cls(architecture, channels)

    def predict(self, weights: Weights, channels: Pixels) -> NDArray[np.float32]:
        """Return the (row, col) output for (channel, row, col) input."""
        self.model.set_weights(weights)
        output: NDArray[np.float32]
        output = self._call(np.moveaxis(channels, 0, -1)[None]).numpy()[0, :, :, 0]
        return output
