"""What can be trusted of a run's files: whatever has happened to one, who reads it goes on."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from bandweave.errors import BandweaveError, RasterError, RunError
from bandweave.metrics.metric import loaded
from bandweave.raster.geotiff import StoredRaster
from bandweave.storage.json_file import is_number, read_json
from bandweave.storage.versions import KEY, RESULT

PLACE = ("region", "band", "metric")
"""What a row of scores is about."""
_RESULT: Mapping[str, Callable[[Any], bool]] = {
    "seconds": is_number,
    "cell": lambda value: is_number(value) and value >= 1,
    "resolution_ratio": lambda value: is_number(value) and value > 0,
    "peak_memory_mib": lambda value: value is None or is_number(value),
    **dict.fromkeys(("error", "hint", "scene", "not_scored"), lambda value: isinstance(value, str)),
    **dict.fromkeys(
        ("model_from", "model_scene", "model_use"), lambda value: isinstance(value, str)
    ),
    "findings": lambda value: _is_findings(value),
    "original": lambda value: isinstance(value, list),
    "scales": lambda value: isinstance(value, dict) and all(map(_is_scale, value.values())),
}
"""What a result may hold."""
_SCALE = {"lower", "upper", "data_range"}


class Readable(ABC):
    """Something stored that may be damaged: it must not hide the others."""

    @abstractmethod
    def read(self) -> object:
        """Read what it cannot do without; raises a `BandweaveError` where that is damaged."""

    @property
    def damage(self) -> BandweaveError | None:
        """Why it cannot be read, None where it can."""
        try:
            self.read()
        except BandweaveError as error:
            return error
        return None

    @property
    def sound(self) -> bool:
        """Whether it can be read."""
        return self.damage is None


def sound_json(path: Path) -> Any:
    """Return a file's JSON, None where there is none or it is damaged."""
    try:
        return read_json(path)
    except ValueError:
        return None


def amiss(require: Callable[[Path], object], path: Path) -> BandweaveError | None:
    """Return why a file is not what `require` asks, None where it is, or is not there."""
    try:
        if path.exists():
            require(path)
    except BandweaveError as error:
        return error
    except ValueError as error:
        return RunError(f"The {path.name} of this run is damaged: {str(error)[:200]}.")
    return None


def require_texts(path: Path) -> dict[str, str]:
    """Return a file's texts by name; ValueError where it holds anything else."""
    stored = read_json(path)
    if not isinstance(stored, dict) or not all(isinstance(x, str) for x in stored.values()):
        raise ValueError("it holds more than names with texts")
    return stored


def sound_texts(path: Path) -> dict[str, str]:
    """Return the texts of a file that holds texts by name, and leave out anything else."""
    stored = sound_json(path)
    pairs = stored.items() if isinstance(stored, dict) else ()
    return {name: text for name, text in pairs if isinstance(text, str)}


def require_result(path: Path) -> dict[str, Any]:
    """Return a result, empty where there is none.

    ValueError where it is damaged, `NewerError` where a newer version has made it.
    """
    stored = RESULT.read(path.parent)
    if stored is None:
        return {}
    if not stored.keys() - {KEY}:
        raise ValueError("it says nothing")
    for name, fits in _RESULT.items():
        if name in stored and not fits(stored[name]):
            raise ValueError(f"its '{name}' is of another kind")
    return stored


def _is_scale(value: object) -> bool:
    return (
        isinstance(value, dict) and value.keys() >= _SCALE and all(map(is_number, value.values()))
    )


def _is_findings(value: object) -> bool:
    """Whether it is a sentence and a table of texts, every row as wide as its head."""
    if not isinstance(value, dict) or not isinstance(value.get("sentence"), str):
        return False
    columns, rows = value.get("columns"), value.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return False
    return all(
        isinstance(row, list) and len(row) == len(columns) and all(isinstance(x, str) for x in row)
        for row in (columns, *rows)
    )


def require_rows(path: Path) -> list[dict[str, Any]]:
    """Return a file's rows of scores as `sound_rows` does; ValueError where it is damaged."""
    rows = read_json(path)
    try:
        return _rows(rows)
    except (TypeError, KeyError) as error:
        raise ValueError("it does not hold rows of scores") from error


def sound_rows(rows: object) -> list[dict[str, Any]]:
    """Return rows of scores with their values as numbers; none where the rows are damaged.

    A value is None where undefined, and may be infinite.
    """
    try:
        return _rows(rows)
    except (TypeError, KeyError):
        return []


def _rows(rows: object) -> list[dict[str, Any]]:
    return [
        row | {"value": _value(row["value"])} | {name: str(row[name]) for name in PLACE}
        for row in cast("list[dict[str, Any]]", rows or ())
    ]


def _value(value: Any) -> float | None:
    """Return a metric's stored value; TypeError or KeyError where it is none."""
    if not (value is None or isinstance(value, str) or is_number(value)):
        raise TypeError
    return loaded(value)


def require_raster(path: Path) -> StoredRaster:
    """Return an image; `RasterError` where it is none."""
    raster = StoredRaster(path)
    _ = raster.grid
    return raster


def sound_raster(path: Path) -> StoredRaster | None:
    """Return an image, None where there is none or it is damaged."""
    try:
        return require_raster(path)
    except RasterError:
        return None
