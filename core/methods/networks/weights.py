"""Networks' weights as one plain array in a file: a row a band, (band, weight) of float32.

A row holds each convolution's kernel and bias in order. Nothing in the file says what a network is
like, and nothing in it is executed: that follows from the method's settings, and a file of another
shape or kind is refused before its numbers are read.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bandweave.methods.model_file import unusable
from bandweave.methods.networks.architecture import Architecture
from bandweave.storage.durable import put

FILE = "weights.npy"
VERSION = (1, 0)
"""Of NumPy's format, as it is written for arrays like these."""

Weights = list[NDArray[np.float32]]
"""Kernels (row, col, in, out) and biases (out,), in order."""


def save_weights(folder: Path, weights: Mapping[str, Weights]) -> None:
    """Write the weights of every band's network; raises `OSError`."""
    rows = [np.concatenate([part.ravel() for part in each]) for each in weights.values()]
    content = BytesIO()
    np.lib.format.write_array(content, np.stack(rows), VERSION, allow_pickle=False)
    put(folder / FILE, content.getvalue())


def load_weights(
    folder: Path, architecture: Architecture, channels: int, bands: Sequence[str]
) -> dict[str, Weights]:
    """Read the weights of every band's network; `MethodError` where they are not such ones."""
    path = folder / FILE
    if not path.is_file():
        raise unusable(path, "it is not there")
    rows = _array(path, (len(bands), architecture.parameters(channels)))
    if not np.isfinite(rows).all():
        raise unusable(path, "some of its weights are no numbers")
    shapes = architecture.shapes(channels)
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    return {
        band: [
            part.reshape(shape)
            for part, shape in zip(np.split(row, ends[:-1]), shapes, strict=True)
        ]
        for band, row in zip(bands, rows, strict=True)
    }


def _array(path: Path, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return the file's array, which must be of this shape."""
    layout = np.lib.format
    with path.open("rb") as stream:
        try:
            layout.read_magic(stream)
            found = layout.read_array_header_1_0(stream)
        except Exception as error:  # a header can be wrong in any way
            raise unusable(path, str(error)) from error
        if found != (shape, False, np.dtype("<f4")):
            raise unusable(path, f"it holds {found[2]} of shape {found[0]}, not {shape} weights")
        size = 4 * shape[0] * shape[1]
        content = stream.read(size + 1)
    if len(content) != size:
        raise unusable(path, "it does not end where it should")
    return np.frombuffer(content, "<f4").reshape(shape)
