"""`paper`: the paper's protocol and tables on a scene."""

import dataclasses
import json
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bandweave.commands.arguments import pairs, replacing, scene_name
from bandweave.commands.fusion import executed
from bandweave.commands.output import as_json, table
from bandweave.errors import BandweaveError, SettingError
from bandweave.paper.audit import Flag, audit
from bandweave.paper.audit.scene_facts import scene_facts
from bandweave.paper.study import KEYS, PaperSettings, requests
from bandweave.paper.tables.export import csv, latex, text_rows
from bandweave.paper.tables.scene_truth import SceneTruth
from bandweave.paper.tables.study_tables import Tables
from bandweave.raster.scene import Scene
from bandweave.storage.durable import write
from bandweave.storage.temporary import is_temporary
from bandweave.workspace import scene_library
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import Run, new_run

SETTINGS, TABLES = "settings.json", "tables.json"
CSV, LATEX = "tables.csv", "tables.tex"
RESULTS = {SETTINGS, TABLES, CSV, LATEX, *KEYS}
"""Everything a results folder may hold."""


def paper(arguments: Namespace) -> tuple[object, str]:
    """Repeat the paper on a scene and write its tables with ours beside the printed numbers."""
    asked = _asked(arguments)
    entry = scene_library.find(asked["scene"])
    settings = PaperSettings.from_values(asked["settings"])
    wanted = requests(scene_name(entry), entry.scene.grid.shape, settings, asked["seed"])
    with replacing(Path(arguments.out), _foreign) as folder:
        runs, failures = _execute_all(wanted, folder)
        scene_truth = SceneTruth.of(entry.scene, asked["seed"])
        tables = Tables.of(runs, scene_truth)
        flags = audit(scene_facts(entry.scene, scene_truth, runs, entry.name))
        content = _content(entry.scene, tables, failures, flags)
        write(folder / SETTINGS, as_json(asked))
        write(folder / TABLES, as_json(content))
        write(folder / CSV, csv(tables))
        write(folder / LATEX, latex(tables))
    return content, f"{_text(tables, failures)}\n\nIn {arguments.out}"


def _content(
    scene: Scene, tables: Tables, failures: Mapping[str, str], flags: Sequence[Flag]
) -> dict[str, Any]:
    """Return what `tables.json` holds: nothing that differs from one time to the next."""
    return {
        "scene": scene.name,
        **tables.as_json(),
        "failures": dict(failures),
        "audit": [dataclasses.asdict(flag) | {"judgement": flag.judgement} for flag in flags],
    }


def _asked(arguments: Namespace) -> dict[str, Any]:
    """Return scene, seed and settings: those of the file, and over them what the words say."""
    stored = _stored(Path(arguments.settings)) if arguments.settings else {}
    scene = arguments.scene or stored.get("scene")
    if not scene:
        raise SettingError("No scene was given.", "Give --scene, or settings that name one.")
    seed = stored.get("seed", 0) if arguments.seed is None else arguments.seed
    settings = {**stored.get("settings", {}), **pairs("--set", arguments.set)}
    return {"scene": scene, "seed": seed, "settings": PaperSettings.from_values(settings).values()}


def _stored(path: Path) -> dict[str, Any]:
    try:
        stored: dict[str, Any] = json.loads(path.expanduser().read_text())
        seed, settings = stored.get("seed", 0), stored.get("settings", {})
        if not isinstance(seed, int) or not isinstance(settings, dict):
            raise TypeError
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise SettingError(
            f"{path.name} is not a settings file of this command.",
            f"Give the {SETTINGS} that an earlier run of it wrote.",
        ) from error
    return stored


def _execute_all(
    wanted: Mapping[str, Request], folder: Path
) -> tuple[dict[str, Run], dict[str, str]]:
    """Execute requests in order, each in a subfolder of its key; return runs and what failed."""
    runs, failures = {}, {}
    for key, request in wanted.items():
        runs[key] = new_run(request, folder / key)
        try:
            executed(runs[key])
        except BandweaveError as error:
            failures[key] = f"{error.message} {error.hint}".strip()
    return runs, failures


def _foreign(folder: Path) -> Iterator[Path]:
    """Yield what a folder holds beside results of this command."""
    found = (path for path in folder.glob("*") if not is_temporary(path))
    return (path for path in found if path.name not in RESULTS)


def _text(tables: Tables, failures: Mapping[str, str]) -> str:
    parts = []
    for each in tables.tables:
        notes = "\n".join(each.notes)
        parts.append(f"{each.heading}\n{table(text_rows(each))}\n{notes}".strip())
    parts += [f"Failed: {key}: {why}" for key, why in failures.items()]
    return "\n\n".join(parts)
