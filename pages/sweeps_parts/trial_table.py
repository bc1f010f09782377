"""Trials as a table, the best first."""

from collections.abc import Sequence
from html import escape

from bandweave.methods import METHODS
from bandweave.metrics import METRICS
from bandweave.settings import Setting
from bandweave.workspace.run_folders import State
from bandweave.workspace.studies import Study
from bandweave.workspace.sweeps import Sweep
from bandweave.workspace.trials import Trial, best, score
from pages.shared.running.estimate import duration
from pages.shared.scores.reading import aim
from pages.sweeps_parts.coordinates import shown


def trial_table(
    study: Study, sweep: Sweep, found: Sequence[Trial], settings: Sequence[Setting]
) -> str:
    """Return trials as an HTML table: settings, score, how it ended, time; references last."""
    metric = METRICS[sweep.search.metric]
    heads = [(each.label, each.unit) for each in settings]
    heads += [(metric.label, aim(metric)), ("State", ""), ("Time", "")]
    head = "".join(
        f"<th scope='col'>{escape(name)}{f'<small>{escape(note)}</small>' if note else ''}</th>"
        for name, note in heads
    )
    first = best(found)
    ordered = sorted(found, key=lambda trial: trial.distance)
    rows = [_row(sweep, trial, settings, best=trial is first) for trial in ordered]
    rows += _references(study, sweep, len(settings))
    return (
        f"<div class='scores' tabindex='0'><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(sweep: Sweep, trial: Trial, settings: Sequence[Setting], *, best: bool) -> str:
    values = [
        shown(trial.changes.get(each.name, sweep.request.settings[each.name])) for each in settings
    ]
    first, *others = values
    statuses = [run.status() for run in trial.runs]
    why = " ".join(each.error for each in statuses if each.error)
    seconds = [run.result().get("seconds") for run in trial.runs]
    taken = sum(each for each in seconds if each is not None)
    return (
        f"<tr><th scope='row'>{escape(first)}</th>"
        + "".join(f"<td>{escape(value)}</td>" for value in others)
        + f"<td class='{'best' if best else ''}'>{_text(sweep, trial.value)}</td>"
        f"<td title='{escape(why, quote=True)}'>{escape(_state(trial))}</td>"
        f"<td>{duration(taken) if taken else '–'}</td></tr>"
    )


def _state(trial: Trial) -> str:
    ended = sum(run.status().state.final for run in trial.runs)
    counted = f", {ended} of {len(trial.runs)}" if len(trial.runs) > 1 else ""
    return trial.state.capitalize() + ("" if trial.state.final else counted)


def _references(study: Study, sweep: Sweep, columns: int) -> list[str]:
    """Return a row each of the methods that the sweep is read against."""
    values: dict[str, list[float]] = {}
    for run in study.runs:
        method = run.request.method
        if method != sweep.request.method and run.status().state is State.DONE:
            known = score(run, sweep.search.metric)
            values.setdefault(method, []).extend([] if known is None else [known])
    return [
        f"<tr class='aside'><th scope='row' colspan='{columns}'>{escape(METHODS[method].label)}"
        f"</th><td>{_text(sweep, sum(known) / len(known) if known else None)}</td>"
        "<td>To compare with</td><td></td></tr>"
        for method, known in values.items()
    ]


def _text(sweep: Sweep, value: float | None) -> str:
    return "–" if value is None else METRICS[sweep.search.metric].text(value).replace("-", "−")
