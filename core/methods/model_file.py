"""How fusers keep what they learned: `fuser.json` in the model folder.

A model may come from elsewhere. It is read as data of a declared kind and nothing else: a
dataclass of texts, flags, numbers, tuples of them and further such dataclasses. What does not fit,
or contradicts itself, is refused.
"""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bandweave.errors import MethodError
from bandweave.storage.checked import checked
from bandweave.storage.durable import put

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
    """Write what a fuser learned, a dataclass; raises `OSError`."""
    put(folder / FILE, json.dumps(dataclasses.asdict(learned), indent=1))


def load_fitted(folder: Path, kind: type[Learned]) -> Learned:
    """Read what `save_fitted` wrote of a dataclass; `MethodError` where it is anything else."""
    path = folder / FILE
    if not path.is_file():
        raise MethodError(f"There is no fitted model in {folder.name}.", "Run the method first.")
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST)
        return checked(kind, json.loads(content), LONGEST)
    except (OSError, ValueError, RecursionError) as error:
        raise unusable(path, str(error)) from error


def unusable(path: Path, reason: str) -> MethodError:
    """Return the error of a model's file that cannot be used."""
    return MethodError(
        f"The {path.name} of this model cannot be used: {reason[:200]}. It is damaged, or another "
        "version wrote it.",
        "Train again.",
    )
