"""What is not a model as this version writes it is refused, and nothing in it is ever executed."""

import io
import json
import os
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandweave.contracts.small_scene import fitted, quick, suited
from bandweave.errors import MethodError
from bandweave.methods import METHODS
from bandweave.methods.matching import Matching
from bandweave.methods.model_file import FILE, load_fitted, save_fitted
from bandweave.methods.networks import weights
from bandweave.methods.regression import Regression
from bandweave.prepare.normalisation import fixed

TASK = {method: task for task, method in reversed(suited())}
WRONG = (
    *("null", "true", '"x"', "[]", "{}", "[[[]]]", '["x"]', "[null]", "[0.5, 0.5]"),
    *("-1", "0.5", "NaN", "-Infinity", "1e999", "1" + "0" * 400, "1" + "0" * 5000),
)
"""Stands in JSON where something else should."""
DAMAGED = {
    "empty": b"",
    "no text": b"\x00\xff\xfe\n\x80",
    "a list": b"[3]",
    "nothing in it": b"{}",
    "nested": b'{"bands": ' + b"[" * 100_000,
    "too long a list": b'{"bands": ["' + b'", "'.join([b"red"] * 5000) + b'"]}',
    "too large": b'{"bands": ["red"], "more": "' + b"x" * (1 << 24) + b'"}',
}
HOOK = "@here@"


@pytest.fixture
def saved(request, tmp_path: Path):
    """Return a method with its quick settings, and the folder of a model of it."""
    key = getattr(request, "param", "shallow-cnn")
    fitted(TASK[key], key).save(tmp_path)
    return quick(key), tmp_path


every_method = pytest.mark.parametrize("saved", list(METHODS), indirect=True)


def altered(stored: Any) -> Iterator[str]:
    """Yield a stored value as JSON in which one place, after another, holds something else."""
    yield from (wrong for wrong in WRONG)
    if isinstance(stored, dict):
        for name in stored:
            rest = {each: value for each, value in stored.items() if each != name}
            yield json.dumps(rest)
            for inner in altered(stored[name]):
                yield json.dumps(rest | {name: HOOK}).replace(f'"{HOOK}"', inner)
    elif isinstance(stored, list) and stored:
        yield json.dumps(stored[:-1])
        yield json.dumps(stored + stored[-1:])
        for inner in altered(stored[0]):
            yield json.dumps([HOOK, *stored[1:]]).replace(f'"{HOOK}"', inner)


@every_method
def test_whatever_stands_in_a_model_it_is_refused_in_plain_words_or_still_one(saved):
    method, folder = saved
    stored = json.loads((folder / FILE).read_text())
    refusals = []
    for content in altered(stored):
        (folder / FILE).write_text(content)
        try:
            method.load(folder)
        except MethodError as error:
            refusals.append(error)
    assert len(refusals) > 20
    assert all(each.hint == "Train again." and len(each.message) < 400 for each in refusals)


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_model_is_refused(tmp_path, how):
    (tmp_path / FILE).write_bytes(DAMAGED[how])
    with pytest.raises(MethodError, match=r"fuser\.json of this model cannot be used"):
        quick("copy").load(tmp_path)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "1" + "0" * 400, "true", '"1"'])
def test_a_number_is_one_that_can_be_reckoned_with(tmp_path, number):
    (tmp_path / FILE).write_text(f'{{"bands": ["red"], "means": [{number}]}}')
    with pytest.raises(MethodError, match="means is not what it should be"):
        quick("band-mean").load(tmp_path)


def test_what_compiled_loops_go_through_is_as_long_as_they_think(tmp_path):
    fitted("reconstruct", "brovey").save(tmp_path)
    stored = json.loads((tmp_path / FILE).read_text())
    for name in ("weights", "gains"):
        shorter = stored["substitution"] | {name: stored["substitution"][name][:-1]}
        (tmp_path / FILE).write_text(json.dumps(stored | {"substitution": shorter}))
        with pytest.raises(MethodError, match="not of its bands"):
            quick("brovey").load(tmp_path)


def test_what_a_fuser_keeps_cannot_contradict_itself():
    with pytest.raises(ValueError, match="no curve"):
        Matching(knots=(1.0, 0.0), values=(0.0, 0.0))
    with pytest.raises(ValueError, match="as many upper bounds"):
        fixed((0.0, 0.0), (1.0,))
    with pytest.raises(ValueError, match="none of ours"):
        Regression(("red",), "radar", (1e9,), (0.0,), ((0.0,), (1.0,)))


def test_a_model_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch):
    curve = Matching(knots=(-20.0, 0.0), values=(0.0, 3.0))
    save_fitted(tmp_path, curve)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_fitted(tmp_path, Matching())
    assert load_fitted(tmp_path, Matching) == curve
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def npy(array: np.ndarray, **options: Any) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, **options)
    return stream.getvalue()


def npz(content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("weights.npy", content)
    return stream.getvalue()


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode("latin-1")


def unfit_weights(good: bytes, secret: Path) -> dict[str, bytes]:
    array = np.load(io.BytesIO(good))
    trap = np.array([Touch(secret)], object)
    numbers = {"nan": np.nan, "inf": np.inf, "minus inf": -np.inf}
    one = {name: np.where(array == array[0, 0], value, array) for name, value in numbers.items()}
    return {
        "empty": b"",
        "cut short": good[:-1],
        "longer": good + b"\0",
        "a pickle": pickle.dumps(trap),
        "objects": npy(trap),
        "an archive": npz(good),
        "an archive of objects": npz(npy(trap)),
        "another shape": npy(array[:, :-1]),
        "flat": npy(array.ravel()),
        "other bands": npy(array[:2]),
        "twice as fine": npy(array.astype(np.float64)),
        "the other way round": npy(array.astype(">f4")),
        "column by column": npy(np.asfortranarray(array)),
        "another version": npy(array, version=(3, 0)),
        "huge": header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({2**40}, {2**40})}}"),
        "negative": header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -1)}"),
        "nested": header("(" * 9000),
        "no header": header("__import__('os')"),
        "a header without an end": b"\x93NUMPY\x01\x00\xff\xff" + b"{" * 300,
        **{name: npy(values.astype(np.float32)) for name, values in one.items()},
    }


def test_weights_of_any_other_kind_are_refused_and_nothing_in_them_is_executed(saved, tmp_path):
    method, folder = saved
    path, secret = folder / weights.FILE, tmp_path / "executed"
    good = path.read_bytes()
    unfit, refused = unfit_weights(good, secret), {}
    for how, content in unfit.items():
        path.write_bytes(content)
        try:
            method.load(folder)
        except MethodError as error:
            refused[how] = f"{error.message} {error.hint}"
    assert refused.keys() == unfit.keys()
    assert all(
        "weights.npy of this" in said and "Train again." in said for said in refused.values()
    )
    assert not secret.exists()
    path.write_bytes(good)
    method.load(folder)


def test_weights_are_those_that_were_saved(saved):
    method, folder = saved
    fuser, again = fitted(TASK["shallow-cnn"], "shallow-cnn"), method.load(folder)
    for band in fuser.bands:
        for before, after in zip(fuser._weights[band], again._weights[band], strict=True):
            np.testing.assert_array_equal(before, after)
    assert (folder / weights.FILE).stat().st_size < 4 * 3 * method.parameters() + 200
    assert {path.name for path in folder.iterdir()} == {FILE, weights.FILE}


def test_networks_that_an_earlier_version_wrote_say_train_again(saved):
    method, folder = saved
    (folder / weights.FILE).rename(folder / "red.keras")
    with pytest.raises(MethodError, match="another version wrote it") as refused:
        method.load(folder)
    assert refused.value.hint == "Train again."


def test_networks_trained_on_other_inputs_are_refused(saved):
    _, folder = saved
    for settings in ({"radar": "db"}, {"radar": "none"}, {"mask": True}):
        with pytest.raises(MethodError, match="trained on other inputs"):
            METHODS["shallow-cnn"](**settings).load(folder)
