"""Going on with a run that was lost or cancelled, from what its training had noted."""

from bandweave.errors import RunError
from bandweave.running import claims
from bandweave.storage.versions import SCENE
from bandweave.workspace import owners, scene_library
from bandweave.workspace.run_folders import Run

ANEW = "Start its settings anew."


def resume(run: Run) -> None:
    """Let a run go on under its id, for whoever executes it next; `RunError` where it cannot."""
    owners.require_change(run.folder)
    state = run.status().state
    if not run.resumable:
        raise RunError(
            f"The run {run.id} is {state}, with nothing to go on from.",
            f"A training that was lost or cancelled can go on. {ANEW}",
        )
    folder = scene_library.find_or_open(run.request.scene).folder
    if (folder / SCENE.file).stat().st_mtime > run.asked:
        raise RunError(f"The scene of {run.id} is another one by now.", ANEW)
    if not claims.resume(run):
        raise RunError(f"The process of {run.id} has not ended yet.", "Try again in a moment.")
