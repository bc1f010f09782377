"""Fitted arrays as plain numbers: one `.npz` of float32 arrays beside `fuser.json`.

Nothing in such a file is executed, and nothing in it says what the arrays are for: that follows
from what the fuser declares, and a file of other names, shapes or kinds is refused before its
numbers are read.
"""

import math
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bandweave.methods.model_file import unusable
from bandweave.storage.durable import put

FILE = "arrays.npz"
HEADER = 1 << 10
"""Bytes that an array's header takes at most; NumPy's take 128."""

Arrays = Mapping[str, NDArray[np.float32]]
Shapes = Mapping[str, tuple[int, ...]]


def save_arrays(folder: Path, arrays: Arrays) -> None:
    """Write arrays by name, the same bytes for the same numbers; raises `OSError`."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, array in arrays.items():
            member = BytesIO()
            plain = np.ascontiguousarray(array, "<f4")
            np.lib.format.write_array(member, plain, (1, 0), allow_pickle=False)
            # a fixed date: the file tells what was learned and not when
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue())
    put(folder / FILE, content.getvalue())


def load_arrays(folder: Path, shapes: Shapes) -> dict[str, NDArray[np.float32]]:
    """Read the arrays of these names and shapes; `MethodError` where the file holds others."""
    path = folder / FILE
    if not path.is_file():
        raise unusable(path, "it is not there")
    try:
        with zipfile.ZipFile(path) as archive:
            held = sorted(each.filename for each in archive.infolist())
            if held != sorted(f"{name}.npy" for name in shapes):
                raise ValueError(f"it holds {', '.join(held)[:100] or 'nothing'}")
            arrays = {name: _array(archive, name, shape) for name, shape in shapes.items()}
    except Exception as error:  # an archive and a header can be wrong in any way
        raise unusable(path, str(error)) from error
    return arrays


def _array(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return one array, read no farther than its declared shape reaches."""
    layout, size = np.lib.format, 4 * math.prod(shape)
    held = archive.getinfo(f"{name}.npy")
    if held.compress_type != zipfile.ZIP_STORED or held.file_size > size + HEADER:
        raise ValueError(f"its {name} are packed, or more than {shape}")
    with archive.open(held) as stream:
        layout.read_magic(stream)
        found = layout.read_array_header_1_0(stream)
        if found != (shape, False, np.dtype("<f4")):
            raise ValueError(f"its {name} are {found[2]} of shape {found[0]}, not {shape}")
        content = stream.read(size + 1)
    if len(content) != size:
        raise ValueError(f"its {name} do not end where they should")
    array = np.frombuffer(content, "<f4").reshape(shape)
    if not np.isfinite(array).all():
        raise ValueError(f"some of its {name} are no numbers")
    return array
