"""What can be trusted of a run's files: whatever has happened to one, who reads it goes on."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from bandweave.errors import RasterError
from bandweave.metrics.metric import loaded
from bandweave.raster.geotiff import StoredRaster
from bandweave.workspace.json_file import is_number, read_json

PLACE = ("region", "band", "metric")
"""What a row of scores is about."""
_RESULT: Mapping[str, Callable[[Any], bool]] = {
    "seconds": is_number,
    "cell": lambda value: is_number(value) and value >= 1,
    "resolution_ratio": lambda value: is_number(value) and value > 0,
    "peak_memory_mib": lambda value: value is None or is_number(value),
    **dict.fromkeys(("error", "hint", "scene", "model_from"), lambda value: isinstance(value, str)),
    "original": lambda value: isinstance(value, list),
    "scales": lambda value: isinstance(value, dict) and all(map(_is_scale, value.values())),
}
"""What a result may hold."""
_SCALE = {"lower", "upper", "data_range"}


def sound_json(path: Path) -> Any:
    """Return a file's JSON, None where there is none or it is damaged."""
    try:
        return read_json(path)
    except ValueError:
        return None


def sound_texts(path: Path) -> dict[str, str]:
    """Return the texts of a file that holds texts by name, and leave out anything else."""
    stored = sound_json(path)
    pairs = stored.items() if isinstance(stored, dict) else ()
    return {name: text for name, text in pairs if isinstance(text, str)}


def sound_result(path: Path) -> dict[str, Any] | None:
    """Return a result, empty where there is none; None where it is damaged."""
    try:
        stored = read_json(path)
    except ValueError:
        return None
    if stored is None:
        return {}
    if not isinstance(stored, dict) or not stored:
        return None
    sound = all(fits(stored[name]) for name, fits in _RESULT.items() if name in stored)
    return stored if sound else None


def _is_scale(value: object) -> bool:
    return (
        isinstance(value, dict) and value.keys() >= _SCALE and all(map(is_number, value.values()))
    )


def sound_rows(rows: object) -> list[dict[str, Any]]:
    """Return rows of scores with their values as numbers; none where the rows are damaged.

    A value is None where undefined, and may be infinite.
    """
    try:
        return [
            row | {"value": _value(row["value"])} | {name: str(row[name]) for name in PLACE}
            for row in cast("list[dict[str, Any]]", rows or ())
        ]
    except (TypeError, KeyError):
        return []


def _value(value: Any) -> float | None:
    """Return a metric's stored value; TypeError or KeyError where it is none."""
    if not (value is None or isinstance(value, str) or is_number(value)):
        raise TypeError
    return loaded(value)


def sound_raster(path: Path) -> StoredRaster | None:
    """Return an image, None where there is none or it is damaged."""
    raster = StoredRaster(path)
    try:
        _ = raster.grid
    except RasterError:
        return None
    return raster
