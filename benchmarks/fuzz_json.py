"""Damaged stored files: whatever a JSON file of the workspace holds, the others are read.

Run as `.venv/bin/python benchmarks/fuzz_json.py [INPUTS] [SEED]`. Every file of a run, a scene and
a study is changed, in its text or in what it says; then everything is listed, read, tabled and
taken away as the pages and the command line do. The damaged one may be refused with a
`BandweaveError`.
"""

import contextlib
import io
import json
import logging
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bandweave import __main__ as command_line
from bandweave.contracts.small_scene import make_scene
from bandweave.errors import BandweaveError
from bandweave.running.execution import execute
from bandweave.running.reuse import can_reuse
from bandweave.workspace import paths, results, scene_library
from bandweave.workspace.models import Seen, model_of
from bandweave.workspace.run_folders import (
    PROGRESS,
    Request,
    Run,
    all_runs,
    equivalent_runs,
    new_run,
    open_run,
)
from bandweave.workspace.studies import all_studies, new_study, open_study
from benchmarks.fuzz_driver import Failure, failures, odd, report
from pages.runs_parts import loss_curve
from pages.shared.running import estimate, progress, run_facts, run_list, run_table
from pages.shared.scores import downloads, finished, reading, tables

INPUTS = 15_000


def prepared() -> dict[str, Path]:
    """Make a workspace of two scenes, two runs and a study; return the files to be damaged."""
    for name in ("small", "other"):
        scene_library.store(make_scene(), name)
    whole = new_run(Request("small", "gap", "laplace"))
    execute(whole)
    target = whole.folder.with_name(f"0-{whole.id}")
    shutil.copytree(whole.folder, target)
    (target / "notes.json").write_text('{"name": "named", "note": "noted"}')
    (target / "stopped.json").write_text('{"error": "too much", "hint": "less"}')
    (target / PROGRESS).write_text(
        "".join(
            json.dumps(
                {
                    "stage": "Training red",
                    "step": step,
                    "steps": 9,
                    "loss": 0.5,
                    "validation": 0.4,
                    "seconds": step,
                }
            )
            + "\n"
            for step in range(1, 9)
        )
    )
    study = new_study("all", [whole, Run(target)])
    found = [*target.glob("*.json*"), *target.glob("model/*.json")]
    found += [paths.scenes() / "other" / "scene.json", study.folder / "study.json"]
    return {path.relative_to(paths.home()).as_posix(): path for path in sorted(found)}


def changed(content: bytes, random: random.Random) -> bytes:
    """Return a file's content, changed in its bytes or in what it says."""
    if random.random() < 0.35:
        return _bytes(content, random)
    lines = content.decode().split("\n") if b"}\n{" in content else [content.decode()]
    place = random.randrange(len(lines))
    try:
        said = json.loads(lines[place])
    except ValueError:
        return _bytes(content, random)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        said = _said(said, random)
    lines[place] = json.dumps(said)
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _bytes(content: bytes, random: random.Random) -> bytes:
    data = bytearray(content)
    place = random.randrange(len(data) or 1)
    kind = random.randrange(6)
    if kind == 0:
        return bytes(data[:place])
    if kind == 1:
        data[place : place + random.randrange(40)] = random.randbytes(random.randrange(40))
    elif kind == 2:
        data[place:place] = random.choice((b"[", b"{", b"\xff\xfe", b"\0", b'"', b"\\u")) * 9
    elif kind == 3:
        return (b"[" * 20_000, b'{"a":' * 20_000, b"", b"null", b"9" * 6000)[random.randrange(5)]
    elif kind == 4:
        return data[place:] + data[:place]
    else:
        for _ in range(random.randrange(1, 9)):
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def _said(value: Any, random: random.Random) -> Any:
    """Return a value with one thing in it changed."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        name = random.choice(list(value))
        if random.random() < 0.15:
            return {key: kept for key, kept in value.items() if key != name}
        return value | {name: _said(value[name], random)}
    if isinstance(value, list) and value and random.random() < 0.8:
        place = random.randrange(len(value))
        return [*value[:place], _said(value[place], random), *value[place + 1 :]]
    return odd(random)


def look(random: random.Random) -> None:
    """Read everything, as pages and the command line do; sound runs and scenes must be there."""
    runs = all_runs()
    sound = runs[0]
    assert sound.id.startswith("2") and sound.scores(), "the sound run is hidden"
    for run in runs:
        _run(run)
    assert scene_library.find("small").sound
    for entry in scene_library.entries():
        with contextlib.suppress(BandweaveError):
            entry.as_json()
    for study in all_studies():
        assert isinstance(study.name, str) and study.scores() is not None
        open_study(study.id)
    assert equivalent_runs([sound.request]) == [sound]
    _pages(runs)
    # as dear as everything else together
    if random.random() < 0.1:
        _said_by_the_command_line()
        for run in runs:
            loss_curve.figure(run.history(), "")
        results.csv(results.score_frame(runs))
        results.excel(results.score_frame(runs), runs)


def _run(run: Run) -> None:
    status = run.status()
    assert isinstance(status.error + status.hint + run.name + run.note + run.log, str)
    for look_at in (run.history, run.seconds_left, run.worker_alive, run.scores, run.originals):
        look_at()
    assert open_run(run.id) == run
    can_reuse(run, run)
    with contextlib.suppress(BandweaveError):
        fitted, scene = model_of(run).fitted, scene_library.find("small").scene
        if not fitted.misfit(run.request, scene):
            fitted.told(Seen.of("", run.request, scene))


def _pages(runs: list[Run]) -> None:
    # what they remember would hide the damage
    for remembered in (run_list._ended, finished._read, estimate._cost):  # noqa: SLF001
        remembered.cache_clear()
    rows = run_list.rows()
    assert any(row.id == runs[0].id for row in rows), "the sound run has no row"
    lines = finished.lines([each for run in runs if (each := finished.finished(run))])
    tables.comparison_table(lines, "hidden", "mean")
    reading.scale_note(lines, "gap", ["mean"])
    run_table.ended_table(runs)
    estimate.costs(runs)
    for run in runs:
        run_facts.title(run), run_facts.score_words(run), progress.describe(run)
        downloads.file_stem(run)


def _said_by_the_command_line() -> None:
    for words in (["scene", "list"], ["scene", "show", "other"], ["runs", "list"]):
        for more in ([], ["--json"]):
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                command_line.main([*words, *more])
            assert "Traceback" not in said.getvalue(), said.getvalue()[-300:]


def fuzzed(count: int, first: int) -> list[Failure]:
    """Damage one file after the other in a workspace of its own, and look."""
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as home:
        before = os.environ.get("BANDWEAVE_HOME")
        os.environ["BANDWEAVE_HOME"] = home
        try:
            return failures(_attempt(prepared()), count, first)
        finally:
            logging.disable(logging.NOTSET)
            os.environ.pop("BANDWEAVE_HOME")
            if before is not None:
                os.environ["BANDWEAVE_HOME"] = before


def _attempt(files: dict[str, Path]) -> Callable[[random.Random], None]:
    kept = {name: path.read_bytes() for name, path in files.items()}

    def attempt(random: random.Random) -> None:
        name = random.choice(list(files))
        files[name].write_bytes(changed(kept[name], random))
        try:
            look(random)
        except Exception as error:
            error.args = (f"in {name.rpartition('/')[2]}: {error}",)
            raise
        finally:
            files[name].write_bytes(kept[name])

    return attempt


if __name__ == "__main__":
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    report("stored JSON", fuzzed, INPUTS)
