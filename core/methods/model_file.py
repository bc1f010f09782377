"""How fusers keep what they learned: `fuser.json` in the model folder.

A model may come from elsewhere. It is read as data of a declared kind and nothing else: a
dataclass of texts, flags, numbers, tuples of them and further such dataclasses. What does not fit,
or contradicts itself, is refused.
"""

import dataclasses
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, BinaryIO, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from bandweave.errors import MethodError

FILE = "fuser.json"
LARGEST = 1 << 24
"""Bytes that are read of it; a longer one is no JSON any more."""
LONGEST = 4096
"""Entries of one list: curves have a thousand, bands and their weights far fewer."""

Learned = TypeVar("Learned")


@dataclass(frozen=True)
class Bands:
    """What is known of a fuser that learns nothing."""

    bands: tuple[str, ...]


def save_fitted(folder: Path, learned: Any) -> None:
    """Write what a fuser learned, a dataclass."""
    with whole_file(folder / FILE) as stream:
        stream.write(json.dumps(dataclasses.asdict(learned), indent=1).encode())


def load_fitted(folder: Path, kind: type[Learned]) -> Learned:
    """Read what `save_fitted` wrote of a dataclass; `MethodError` where it is anything else."""
    path = folder / FILE
    if not path.is_file():
        raise MethodError(f"There is no fitted model in {folder.name}.", "Run the method first.")
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST)
        return cast(Learned, _fitting(kind, json.loads(content), "it"))
    except (OSError, ValueError, RecursionError) as error:
        raise unusable(path, str(error)) from error


def unusable(path: Path, reason: str) -> MethodError:
    """Return the error of a model's file that cannot be used."""
    return MethodError(
        f"The {path.name} of this model cannot be used: {reason[:200]}. It is damaged, or another "
        "version wrote it.",
        "Train again.",
    )


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Give a stream to write a model's file through; it has its name once all of it is kept."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _fitting(kind: Any, value: object, name: str) -> Any:
    """Return a stored value as the kind that is declared; ValueError where it is another."""
    shape, inner = get_origin(kind), get_args(kind)
    if shape is UnionType:
        (some,) = (each for each in inner if each is not NoneType)
        return None if value is None else _fitting(some, value, name)
    if dataclasses.is_dataclass(kind):
        return _fields(kind, value, name)
    if shape is tuple and isinstance(value, list) and len(value) <= LONGEST:
        return tuple(_fitting(inner[0], each, name) for each in value)
    if shape is Literal and isinstance(value, str) and value in inner:
        return value
    if kind is float and type(value) in (int, float):
        number = _number(cast(float, value))
        if math.isfinite(number):
            return number
    if kind in (str, int, bool) and type(value) is kind:
        return value
    raise ValueError(f"{name} is not what it should be")


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _fields(kind: Any, value: object, name: str) -> Any:
    """Return a dataclass of a stored mapping; what is not a field was added by a later version."""
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not what it should be")
    kinds, given = get_type_hints(kind), {}
    for field in dataclasses.fields(kind):
        if field.name in value:
            given[field.name] = _fitting(kinds[field.name], value[field.name], field.name)
        elif field.default is dataclasses.MISSING:
            raise ValueError(f"{field.name} is missing")
    return kind(**given)
