"""A network as a list of layers, from which follow its weights, its reach and its Keras model."""

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

KERNEL = 3
SLOPE = 0.1
"""Of the leaky rectifier below zero."""


class Conv(NamedTuple):
    """A 3 x 3 convolution, zero padded to the same size, with bias."""

    filters: int
    activation: Literal["leaky", "sigmoid"] = "leaky"


class Pool(NamedTuple):
    """The maximum of each 2 x 2 pixels."""


class Up(NamedTuple):
    """Each pixel repeated 2 x 2."""


@dataclass(frozen=True)
class Architecture:
    """Layers in order, from the input to one output band."""

    layers: tuple[Conv | Pool | Up, ...]

    def parameters(self, channels: int) -> int:
        """Return the number of weights and biases for an input of so many channels.

        >>> Architecture((Conv(16), Conv(16), Conv(1, "sigmoid"))).parameters(2)
        2769
        """
        return sum(math.prod(shape) for shape in self.shapes(channels))

    def shapes(self, channels: int) -> list[tuple[int, ...]]:
        """Return the shape of each kernel (row, col, in, out) and bias (out,), in order."""
        shapes: list[tuple[int, ...]] = []
        for layer in self.layers:
            if isinstance(layer, Conv):
                shapes += [(KERNEL, KERNEL, channels, layer.filters), (layer.filters,)]
                channels = layer.filters
        return shapes

    @property
    def stride(self) -> int:
        """The side of the cells that pooling makes of pixels."""
        return int(2 ** sum(isinstance(layer, Pool) for layer in self.layers))

    @property
    def halo(self) -> int:
        """How many pixels away the output looks, at most."""
        reach, spacing = 0, 1
        for layer in self.layers:
            if isinstance(layer, Up):
                spacing //= 2
            else:
                # a convolution looks one cell around; the maximum of two cells at most one away
                reach += spacing
            if isinstance(layer, Pool):
                spacing *= 2
        return reach

    def build(self, channels: int) -> Any:
        """Return the Keras model for any height and width that are multiples of the stride."""
        from bandweave.methods.networks.backend import keras

        stack = keras().layers
        model = keras().Sequential([keras().Input((None, None, channels))])
        for layer in self.layers:
            if isinstance(layer, Pool):
                model.add(stack.MaxPooling2D(2))
            elif isinstance(layer, Up):
                model.add(stack.UpSampling2D(2, interpolation="nearest"))
            elif layer.activation == "sigmoid":
                model.add(stack.Conv2D(layer.filters, KERNEL, padding="same", activation="sigmoid"))
            else:
                model.add(stack.Conv2D(layer.filters, KERNEL, padding="same"))
                model.add(stack.LeakyReLU(SLOPE))
        return model
