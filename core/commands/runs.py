"""`runs list`, `runs cancel` and `runs resume`."""

from argparse import Namespace

from bandweave.commands.output import damage_rows, scored, show_progress, table
from bandweave.running.engine import LocalEngine
from bandweave.running.execution import execute
from bandweave.running.resuming import resume as resumed
from bandweave.sources.confined.rooms import temporary_room
from bandweave.workspace.run_folders import all_runs, damaged_runs, open_run
from bandweave.workspace.studies import damaged_studies


def listing(_: Namespace) -> tuple[object, str]:
    """List the workspace's runs, newest first."""
    rows, content = [["id", "state", "scene", "task", "method", "seed", "name"]], []
    for run in all_runs():
        request, status = run.request, run.status()
        facts = [request.scene, request.task, request.method, str(request.seed), run.name]
        rows.append([run.id, status.state.value, *facts])
        content.append(
            {
                "id": run.id,
                "state": status.state.value,
                "name": run.name,
                "note": run.note,
                "error": status.error,
                "request": request.as_json(),
            }
        )
    text = table(rows) if content else "No runs yet."
    for kind, found in (("run", damaged_runs()), ("study", damaged_studies())):
        damaged, lines = damage_rows(kind, found)
        content += damaged
        text += lines
    return content, text


def cancel(arguments: Namespace) -> tuple[object, str]:
    """End a run, whoever executes it."""
    run = open_run(arguments.run)
    LocalEngine().cancel(run.id)
    state = run.status().state
    return {"id": run.id, "state": state.value}, f"{run.id} is {state.value}."


def resume(arguments: Namespace) -> tuple[object, str]:
    """Go on with a training that was lost or cancelled, in this process."""
    run = open_run(arguments.run)
    resumed(run)
    with temporary_room():
        scores = execute(run, show_progress(run.request.label))
    return scores, scored(scores, [run])
