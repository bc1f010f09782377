"""What can be trusted of a run's files: whatever has happened to one, who reads it goes on."""

from pathlib import Path
from types import NoneType
from typing import Any, cast

from bandweave.errors import RasterError
from bandweave.metrics.metric import loaded
from bandweave.raster.geotiff import StoredRaster
from bandweave.workspace.json_file import read_json

PLACE = ("region", "band", "metric")
"""What a row of scores is about."""
_KINDS: dict[Any, tuple[str, ...]] = {
    (int, float): ("seconds", "cell", "resolution_ratio"),
    (int, float, NoneType): ("peak_memory_mib",),
    str: ("error", "hint", "scene", "model_from"),
    list: ("original",),
    dict: ("scales",),
}
"""What a result may hold."""


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
    known = [(name, kind) for kind, names in _KINDS.items() for name in names if name in stored]
    return stored if all(isinstance(stored[name], kind) for name, kind in known) else None


def sound_rows(rows: object) -> list[dict[str, Any]]:
    """Return rows of scores with their values as numbers; none where the rows are damaged.

    A value is None where undefined, and may be infinite.
    """
    try:
        return [
            row | {"value": loaded(row["value"])} | {name: str(row[name]) for name in PLACE}
            for row in cast("list[dict[str, Any]]", rows or ())
        ]
    except (TypeError, KeyError):
        return []


def sound_raster(path: Path) -> StoredRaster | None:
    """Return an image, None where there is none or it is damaged."""
    raster = StoredRaster(path)
    try:
        _ = raster.grid
    except RasterError:
        return None
    return raster
