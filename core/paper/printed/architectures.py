"""The paper's two networks, layer by layer: what each puts out for a patch, and its parameters."""

from typing import Literal, NamedTuple, cast

from bandweave.methods import METHODS
from bandweave.methods.networks.architecture import KERNEL, SLOPE, Architecture, Conv, Pool, Up
from bandweave.methods.networks.base import NetworkMethod
from bandweave.paper.study import LITERAL, PRESETS
from bandweave.paper.study import NETWORKS as BY_ROW

NETWORKS = tuple(BY_ROW.values())
"""Methods that the paper describes, by key."""
PRESET = PRESETS[LITERAL]
"""The networks' preset with the paper's own values."""
CHANNELS = 2
"""Its input: one optical band and the radar ratio."""

Kind = Literal["input", "conv", "pool", "up"]


class Layer(NamedTuple):
    """One layer and what it puts out for one patch."""

    kind: Kind
    label: str
    """In words, such as `Conv 16`."""
    activation: str
    """`leaky ReLU 0.1`, `sigmoid`, or empty."""
    rows: int
    cols: int
    channels: int
    parameters: int

    @property
    def shape(self) -> str:
        """The output's shape as text, such as `64 × 64 × 16`."""
        return f"{self.rows} × {self.cols} × {self.channels}"


def network(key: str) -> NetworkMethod:
    """Return a method of `NETWORKS` as the paper sets it."""
    method = cast(type[NetworkMethod], METHODS[key])
    return method.from_values(method.preset(PRESET))


def layers(key: str) -> tuple[Layer, ...]:
    """Return the input and every layer of a method of `NETWORKS`, for the paper's patch.

    >>> [layer.shape for layer in layers("shallow-cnn")][-1], parameters("shallow-cnn")
    ('64 × 64 × 1', 2769)
    """
    method = network(key)
    found = [Layer("input", "Input", "", method.patch, method.patch, CHANNELS, 0)]
    for layer in method.architecture.layers:
        found.append(_after(found[-1], layer))
    return tuple(found)


def parameters(key: str) -> int:
    """Return the number of weights and biases of one band's network."""
    return sum(layer.parameters for layer in layers(key))


def _after(before: Layer, layer: Conv | Pool | Up) -> Layer:
    rows, cols, channels = before.rows, before.cols, before.channels
    if isinstance(layer, Pool):
        return Layer("pool", "Max-pool 2 × 2", "", rows // 2, cols // 2, channels, 0)
    if isinstance(layer, Up):
        return Layer("up", "Upsample 2 × 2", "", rows * 2, cols * 2, channels, 0)
    activation = f"leaky ReLU {SLOPE:g}" if layer.activation == "leaky" else layer.activation
    count = Architecture((layer,)).parameters(channels)
    label = f"Conv {layer.filters}"
    return Layer("conv", label, activation, rows, cols, layer.filters, count)


def kernel() -> str:
    """Return the convolutions' size as text."""
    return f"{KERNEL} × {KERNEL}"
