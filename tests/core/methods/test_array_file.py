"""Fitted arrays come back as they were, and nothing else is read."""

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bandweave.errors import MethodError
from bandweave.methods.array_file import FILE, load_arrays, save_arrays

ARRAYS = {
    "kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "bias": np.array([-0.5], np.float32),
}
SHAPES = {"kernel": (2, 3), "bias": (1,)}


def test_arrays_come_back_as_they_were_and_are_written_alike(tmp_path: Path) -> None:
    """To the bit, whatever their order in memory; twice the same bytes; NumPy reads them too."""
    save_arrays(tmp_path, ARRAYS | {"kernel": np.asfortranarray(ARRAYS["kernel"])})
    first = (tmp_path / FILE).read_bytes()
    found = load_arrays(tmp_path, SHAPES)
    assert {name: each.tolist() for name, each in found.items()} == {
        name: each.tolist() for name, each in ARRAYS.items()
    }
    save_arrays(tmp_path, ARRAYS)
    assert (tmp_path / FILE).read_bytes() == first
    with np.load(tmp_path / FILE) as archive:
        assert archive["kernel"].tolist() == ARRAYS["kernel"].tolist()


def _npz(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, each in members.items():
            archive.writestr(f"{name}.npy", each)
    return content.getvalue()


def _npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def _packed() -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, **ARRAYS)
    return content.getvalue()


GOOD = {name: _npy(array) for name, array in ARRAYS.items()}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"nothing of the kind", "zip"),
        (_npz(kernel=GOOD["kernel"]), "it holds kernel.npy"),
        (_npz(**GOOD, more=GOOD["bias"]), "it holds bias.npy, kernel.npy, more.npy"),
        (_npz(**GOOD | {"bias": _npy(np.zeros(2, np.float32))}), "shape (2,), not (1,)"),
        (_npz(**GOOD | {"bias": _npy(np.zeros(1))}), "float64"),
        (_npz(**GOOD | {"bias": _npy(np.array([np.nan], np.float32))}), "no numbers"),
        (_npz(**GOOD | {"bias": GOOD["bias"][:-1]}), "do not end"),
        (_npz(**GOOD | {"bias": GOOD["bias"] + b"0"}), "do not end"),
        (_npz(**GOOD | {"bias": GOOD["bias"] + bytes(2000)}), "more than (1,)"),
        (_npz(**GOOD | {"bias": pickle.dumps([1.0])}), "bias"),
        (_packed(), "are packed"),
    ],
)
def test_another_file_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    """By what it holds, before its numbers are used."""
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(MethodError) as caught:
        load_arrays(tmp_path, SHAPES)
    message = f"{caught.value.message} {caught.value.hint}"
    assert f"{FILE} of this model" in message
    assert said in message or said == "bias"


def test_no_file_is_said(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(MethodError, match="it is not there"):
        load_arrays(tmp_path, SHAPES)
