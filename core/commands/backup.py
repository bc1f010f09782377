"""`workspace export` and `workspace import`."""

from argparse import Namespace
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bandweave.workspace.archive import export
from bandweave.workspace.restoring import restore


def exporting(arguments: Namespace) -> tuple[object, str]:
    """Write a backup of the workspace, or of some scenes and runs."""
    target = Path(arguments.out)
    made = export(target, arguments.scene or (), arguments.run or (), alone=arguments.alone)
    places = [f"{item.kind}/{item.id}" for item in made.items]
    size = sum(member.size for item in made.items for member in item.members)
    return (
        {"file": str(target), "items": places, "bytes": size},
        f"{_counted(places)} in {target} ({size / 1e6:,.1f} MB).",
    )


def importing(arguments: Namespace) -> tuple[object, str]:
    """Take in a backup."""
    done = restore(Path(arguments.file))
    new = [place for place in done.placed if place not in done.present]
    renamed = {place: name for place, name in done.placed.items() if place.split("/")[1] != name}
    lines = [f"{_counted(new)} taken in."]
    if done.present:
        lines.append(f"{_counted(done.present)} were here already.")
    lines += [f"{place} is {name} here." for place, name in renamed.items()]
    lines += [f"Left out: {place}. {reason}" for place, reason in done.left_out.items()]
    content = {
        "items": new,
        "present": done.present,
        "renamed": renamed,
        "left_out": done.left_out,
    }
    return content, "\n".join(lines)


def _counted(places: Iterable[str]) -> str:
    """Return how many of each kind there are.

    >>> _counted(["scenes/a", "runs/b", "runs/c"])
    '1 scene, 2 runs'
    """
    words = {"scenes": "scene", "runs": "run", "studies": "study"}
    counts = Counter(place.split("/")[0] for place in places)
    found = [f"{n} {kind if n > 1 else words[kind]}" for kind, n in counts.items()]
    return ", ".join(found) or "Nothing"
