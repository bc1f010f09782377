"""`methods`, `tasks`, `metrics` and `sources`: what there is, straight from the registries."""

from argparse import Namespace
from typing import Any

from bandweave.commands.output import table
from bandweave.methods import METHODS
from bandweave.metrics import METRICS
from bandweave.sources import SOURCES
from bandweave.tasks import TASKS


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
        }
        for key, method in METHODS.items()
    ]
    return content, _listed(content, "family", "summary")


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
    return content, _listed(content, "description")


def metrics(_: Namespace) -> tuple[object, str]:
    """List the metrics."""
    content = [metric.as_json() for metric in METRICS.values()]
    return content, _listed(content, "better", "source")


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
    return content, _listed(content, "description")


def _settings(declared: Any) -> list[dict[str, Any]]:
    return [each.as_json() for each in declared.settings()]


def _listed(content: list[dict[str, Any]], *columns: str) -> str:
    rows = [["key", "label", *columns]]
    rows += [[str(row[name]) for name in ("key", "label", *columns)] for row in content]
    return table(rows)
