"""What there is: `methods`, `tasks`, `metrics`, `sources`, and their `check` and `readme`."""

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bandweave import registry
from bandweave.commands.output import table
from bandweave.contracts import methods as method_contracts
from bandweave.contracts import metrics as metric_contracts
from bandweave.contracts import tasks as task_contracts
from bandweave.contracts.requirement import ContractError
from bandweave.contracts.small_scene import suited
from bandweave.errors import BandweaveError, SettingError, UnknownNameError
from bandweave.methods import METHODS
from bandweave.metrics import METRICS
from bandweave.sources import SOURCES
from bandweave.tasks import TASKS

BEGIN, END = "<!-- tables: bandweave readme README.md -->", "<!-- end -->"
"""Between them stand the tables of a README."""
READING = {"higher": "higher", "lower": "lower", "closer": "closer to the original's"}


def methods(_: Namespace) -> tuple[object, str]:
    """List the methods."""
    content = [
        {
            "key": key,
            "label": method.label,
            "family": method.family,
            "parameters": method().parameters(),
            "formula": method.formula,
            "source": method.source,
            "settings": _settings(method),
            "summary": method.summary,
            "presets": {name: dict(values) for name, values in method.presets.items()},
            "tasks": [name for name, task in TASKS.items() if method.suits(task)],
            "origin": method.origin,
        }
        for key, method in METHODS.items()
    ]
    rows = [["key", "method", "family", "tasks"]]
    rows += [
        [key, method.label, method.family, ", ".join(_suited(key))]
        for key, method in METHODS.items()
    ]
    return content, _with_problems(table(rows))


def tasks(_: Namespace) -> tuple[object, str]:
    """List the tasks."""
    content = [
        {
            "key": key,
            "label": task.label,
            "description": task.description,
            "source": task.source,
            "settings": _settings(task),
        }
        for key, task in TASKS.items()
    ]
    return content, table([["key", "on screen", "what is asked"], *_task_rows()])


def metrics(_: Namespace) -> tuple[object, str]:
    """List the metrics."""
    content = [metric.as_json() for metric in METRICS.values()]
    rows = [["key", "metric", "better", "source"]]
    rows += [[key, each.label, each.better, each.source] for key, each in METRICS.items()]
    return content, _with_problems(table(rows))


def sources(_: Namespace) -> tuple[object, str]:
    """List the sources of scenes."""
    content = [
        {
            "key": key,
            "label": source.label,
            "description": source.description,
            "source": source.source,
            "settings": _settings(source),
        }
        for key, source in SOURCES.items()
    ]
    return content, table([["key", "source", "what it brings"], *_source_rows()])


def check(arguments: Namespace) -> tuple[object, str]:
    """Hold methods, metrics and tasks to the contracts: those named, else all that packages add."""
    named = {kind: getattr(arguments, kind) or [] for kind in ("method", "metric", "task")}
    if not any(named.values()):
        named["method"] = [key for key, each in METHODS.items() if each.origin]
        named["metric"] = [key for key, each in METRICS.items() if each.origin]
        if registry.PROBLEMS:
            raise ContractError("What installed packages add cannot all be used.", _problems())
    held, broken = 0, []
    for what, contract in _contracts(named):
        try:
            contract()
            held += 1
        except BandweaveError as error:
            broken.append(f"{what}: {error.message} {error.hint}".strip())
        except Exception as error:  # what is new may fail in any way
            broken.append(f"{what}: {type(error).__name__}: {error}")
    if broken:
        count = f"{len(broken)} of {held + len(broken)} contracts are broken."
        raise ContractError(count, "\n".join(broken))
    if not held:
        return {"held": 0}, "No installed package adds a method or a metric."
    keys = ", ".join(key for keys in named.values() for key in keys)
    return {"held": held}, f"All {held} contracts hold for {keys}."


def _contracts(named: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield what is held to which contract, and the contract to call.

    A method is held to its own under every task it suits; with a task, so are the methods that the
    task names under it.
    """
    shelves: dict[str, Mapping[str, Any]] = {"method": METHODS, "metric": METRICS, "task": TASKS}
    for kind, known in shelves.items():
        for key in named[kind]:
            if key not in known:
                raise UnknownNameError(kind, key, known)
    tried = {(key, TASKS[key].reference) for key in named["task"]}
    tried |= {(key, method) for key in named["task"] for method in TASKS[key].suggested}
    for task, method in suited():
        if method in named["method"] or (task, method) in tried:
            for contract in method_contracts.CONTRACTS:
                yield f"{method}, {task}, {_words(contract)}", partial(contract, task, method)
    for keys, contracts in (
        (named["metric"], metric_contracts.CONTRACTS),
        (named["task"], task_contracts.CONTRACTS),
    ):
        for key in keys:
            for each in contracts:
                yield f"{key}, {_words(each)}", partial(each, key)


def _words(contract: Callable[..., None]) -> str:
    return contract.__name__.replace("_", " ")


def readme(arguments: Namespace) -> tuple[object, str]:
    """Write the registries' tables into a README, between the two marks."""
    path = Path(arguments.file)
    text = path.read_text() if path.is_file() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SettingError(
            f"{path.name} has no place for the tables.", f"Put {BEGIN} and {END} where they go."
        )
    path.write_text(f"{before}{BEGIN}\n{markdown()}\n{END}{after}")
    return {"file": str(path)}, f"The tables in {path.name} are those of the registries."


def markdown() -> str:
    """Return the tables of a README: methods, tasks, metrics and sources; our own only."""
    method_rows = [
        [f"`{key}`", method.label, method.family, _weights(key), ", ".join(_suited(key))]
        for key, method in METHODS.items()
        if not method.origin
    ]
    metric_rows = [
        [f"`{key}`", each.label, READING[each.better], each.source]
        for key, each in METRICS.items()
        if not each.origin
    ]
    parts = {
        "Methods": [["key", "method", "family", "weights a band", "tasks"], *method_rows],
        "Tasks": [["key", "on screen", "what is asked"], *_quoted(_task_rows())],
        "Metrics": [["key", "metric", "better", "source"], *metric_rows],
        "Sources": [["key", "source", "what it brings"], *_quoted(_source_rows())],
    }
    return "\n\n".join(f"### {name}\n\n{_markdown(rows)}" for name, rows in parts.items())


def _markdown(rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def _quoted(rows: list[list[str]]) -> list[list[str]]:
    return [[f"`{row[0]}`", *row[1:]] for row in rows]


def _task_rows() -> list[list[str]]:
    return [[key, task.label, task.description] for key, task in TASKS.items()]


def _source_rows() -> list[list[str]]:
    return [[key, source.label, source.description] for key, source in SOURCES.items()]


def _weights(key: str) -> str:
    weights = METHODS[key]().parameters()
    return f"{weights:,}" if weights else ""


def _suited(key: str) -> list[str]:
    return [name for name, task in TASKS.items() if METHODS[key].suits(task)]


def _settings(declared: Any) -> list[dict[str, Any]]:
    return [each.as_json() for each in declared.settings()]


def _problems() -> str:
    return "\n".join(f"{name}: {why}" for name, why in registry.PROBLEMS.items())


def _with_problems(text: str) -> str:
    return f"{text}\n\nLeft out:\n{_problems()}" if registry.PROBLEMS else text
