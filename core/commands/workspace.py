"""`doctor`: what is wrong with the workspace, and putting it right."""

import os
from argparse import Namespace
from contextlib import suppress
from pathlib import Path
from typing import Any

from bandweave.commands.output import table
from bandweave.running.doctor import Finding, examine, repair
from bandweave.workspace import paths


def doctor(arguments: Namespace) -> tuple[object, str]:
    """Say what is wrong and what would be done about it; with --repair, do it."""
    home = paths.home()
    rows = [["what", "is wrong", "done" if arguments.repair else "would be done"]]
    content: list[dict[str, Any]] = []
    for finding in examine():
        failed = repair(finding) if arguments.repair and finding.repair else ""
        done = arguments.repair and bool(finding.repair) and not failed
        named = {"place": _named(home, finding), "problem": finding.problem}
        content.append(named | {"repair": finding.repair, "done": done, "failed": failed})
        rows.append([named["place"], finding.problem, _outcome(finding, failed)])
    kept = _sizes(paths.trash())
    size = sum(kept)
    text = table(rows) if content else f"Nothing is wrong in {home}."
    if content and not arguments.repair:
        text += "\n\nNothing was changed. 'doctor --repair' does what would be done."
    if kept:
        text += f"\n\nIn the trash: {len(kept)} files, {size / 1e6:.1f} MB."
    facts = {"workspace": str(home), "findings": content, "trash_bytes": size}
    return facts, text


def _sizes(folder: Path) -> list[int]:
    """Return the bytes of every file under a folder."""
    sizes = []
    for top, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # emptied meanwhile
                sizes.append(Path(top, name).lstat().st_size)
    return sizes


def _outcome(finding: Finding, failed: str) -> str:
    if not finding.repair:
        return "nothing, here"
    return f"not: {failed}" if failed else f"it {finding.repair}"


def _named(home: Path, finding: Finding) -> str:
    inside = finding.place.is_relative_to(home)
    return str(finding.place.relative_to(home) if inside else finding.place)
