"""Who may ask for a run, how many, and whose runs let others go ahead."""

import math
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from bandweave.errors import OwnershipError
from bandweave.raster.scene import Role, Scene
from bandweave.workspace import owners, quotas, scene_library
from bandweave.workspace.models import taken_model
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import Run, all_runs

Entry = tuple[bool, int, Run]
"""A run in the queue: whether nobody waits for it, and when it came."""
_asking = threading.Lock()


@contextmanager
def admitted(requests: Sequence[Request]) -> Iterator[None]:
    """Let who acts write down new runs, one person at a time; refuse before anything is written.

    The models that are asked for must be there and fit. Where people sign in, they and the scenes
    must be ones that they may see, and quotas are kept.
    """
    for each in requests:
        if each.model:
            taken_model(each, scene_library.find(each.scene).scene)
    if owners.viewer() == owners.SYSTEM:
        yield
        return
    expected = sum(_image_bytes(scene_library.find(each.scene).scene) for each in requests)
    with _asking:
        quotas.require_room(expected)
        _require_places(len(requests))
        yield


@contextmanager
def readmitted() -> Iterator[None]:
    """Let who acts queue a run once more that is there already, where quotas allow one more."""
    with _asking:
        _require_places(1)
        yield


def in_turn(queue: Sequence[Entry], served: Mapping[str, int]) -> Sequence[Entry]:
    """Return a queue in the order in which its runs should start: people take turns.

    `served` says in which order each owner last had a run started.
    """
    if not owners.enforced():
        return queue

    def turn(entry: Entry) -> tuple[bool, int, int]:
        background, order, run = entry
        return background, served.get(owners.owner_of(run.folder).id, -1), order

    return sorted(queue, key=turn)


def waits(run: Run, running: Iterable[Run]) -> bool:
    """Whether a run's owner has as many others running as one person may have."""
    jobs = quotas.stated().jobs if owners.enforced() else 0
    mine = owners.owner_of(run.folder).id if jobs else ""
    if mine in ("", owners.EVERYBODY.id):
        return False
    return sum(owners.owner_of(other.folder).id == mine for other in running) >= jobs


def _require_places(count: int) -> None:
    allowed = quotas.stated().queued
    if not allowed or not quotas.limited():
        return
    me = owners.viewer().id
    mine = [run for run in all_runs() if owners.owner_of(run.folder).id == me]
    there = sum(not run.status().state.final for run in mine)
    if there + count > allowed:
        raise OwnershipError(
            f"{count} more run{'s' if count > 1 else ''} cannot be queued: {there} of yours wait "
            f"or execute, and {allowed} are allowed.",
            "Wait until some have ended, or cancel some.",
        )


def _image_bytes(scene: Scene) -> int:
    """Return what a fused image takes at most: as many values as the optical image has."""
    bands = [len(layer.bands) for layer in scene.all(Role.OPTICAL, earlier=False)]
    return 4 * math.prod(scene.grid.shape) * max(bands, default=1)
