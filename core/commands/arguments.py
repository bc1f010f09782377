"""What several commands do with their words: `name=value` pairs, scenes, the folder of --out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bandweave.errors import RunError, SettingError, UnknownNameError
from bandweave.problem import Task
from bandweave.sources.confined.rooms import temporary_room
from bandweave.storage import durable
from bandweave.storage.refusal import reason, writing
from bandweave.storage.temporary import beside
from bandweave.tasks import TASKS
from bandweave.workspace import paths
from bandweave.workspace.scene_library import Entry


def pairs(option: str, texts: Sequence[str] | None) -> dict[str, object]:
    """Return {name: value} of `name=value` words; the error says which option took them."""
    values: dict[str, object] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise SettingError(f"{option} cannot be '{text}'.", f"Give {option} name=value.")
        values[name.strip()] = value
    return values


def task_named(key: str) -> type[Task]:
    """Return the task of a key."""
    if key not in TASKS:
        raise UnknownNameError("task", key, TASKS)
    return TASKS[key]


def scene_name(entry: Entry) -> str:
    """Return what a request calls a scene: its id in the workspace's library, else its folder."""
    return entry.id if entry.folder.parent == paths.scenes() else str(entry.folder)


@contextmanager
def replacing(target: Path, foreign_in: Callable[[Path], Iterable[Path]]) -> Iterator[Path]:
    """Give a folder to write into; it takes the target's place only when all went well.

    A folder that holds anything but earlier results, as `foreign_in` tells, is refused, so that
    nothing else is lost.
    """
    target = target.expanduser().resolve()
    if target.exists() and not target.is_dir():
        raise RunError(f"{target.name} is a file.", "Choose a folder for --out.")
    with ExitStack() as stack:
        stack.enter_context(temporary_room())
        try:
            durable.recover(target)
            _require_results(target, foreign_in)
            room = durable.room_for(target)
            room.parent.mkdir(parents=True, exist_ok=True)
            inner = stack.enter_context(beside(room))
            inner.mkdir()
        except OSError as error:
            raise RunError(
                f"{target} cannot be made: {reason(error)[0]}.", "Choose another folder for --out."
            ) from error
        yield inner
        _require_results(target, foreign_in)
        with writing(target):
            durable.settle(inner, target)


def _require_results(target: Path, foreign_in: Callable[[Path], Iterable[Path]]) -> None:
    """Refuse a folder that holds what is not to be replaced."""
    foreign = sorted(path.name for path in foreign_in(target))
    if foreign:
        raise RunError(
            f"{target.name} does not hold results of an earlier run only: {', '.join(foreign)}.",
            "Choose another folder for --out.",
        )
