"""Finished runs as rows that may be compared: seeds of one configuration make one row."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from bandweave.errors import UnknownNameError
from bandweave.methods import METHODS, method_class
from bandweave.metrics import METRICS
from bandweave.problem import Feature
from bandweave.settings import Setting, Value
from bandweave.workspace.models import named as named_model
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import RESULT, Run, all_runs
from bandweave.workspace.scene_library import Entry

ScoreKey = tuple[str, str, str]
"""Region, band and metric."""
KEPT = 512
NAMED = 2
"""How many changed settings a row names; the rest are counted."""


@dataclass(frozen=True, eq=False)
class Finished:
    """A run that ended well, with all its numbers in memory."""

    run: Run
    scores: Mapping[ScoreKey, float | None]
    originals: Mapping[ScoreKey, float | None]
    result: Mapping[str, Any]

    @classmethod
    def of(cls, run: Run) -> "Finished":
        """Read a run's scores, and those of the original."""
        result = run.result()
        return cls(run, _by_key(run.scores()), _by_key(run.originals()), result)

    @property
    def estimated(self) -> bool:
        """Whether the scores are of simulated gaps, the image of the real ones."""
        return bool(self.result.get("estimated"))

    def ratio(self, place: ScoreKey) -> float | None:
        """Return a score over the original's own value, None where either is missing or 0."""
        value, aim = self.scores.get(place), self.originals.get(place)
        return None if value is None or not aim or math.isinf(aim) else value / aim


class Summary(NamedTuple):
    """A number over seeds."""

    mean: float
    spread: float | None
    """Sample standard deviation; None for one number alone."""

    @classmethod
    def of(cls, values: Sequence[float | None]) -> "Summary | None":
        """Summarise the values that are defined; None without any."""
        known = [value for value in values if value is not None]
        if not known:
            return None
        finite = all(math.isfinite(value) for value in known)
        spread = statistics.stdev(known) if finite and len(known) > 1 else None
        # infinite ones of both signs have no mean
        return cls(statistics.fmean(known) if finite else sum(known), spread)


@dataclass(frozen=True, eq=False)
class Line:
    """One row: a method with its settings, and its finished runs, one a seed."""

    label: str
    change: str
    """What tells it from other rows of the method, or nothing."""
    runs: tuple[Finished, ...]

    @property
    def title(self) -> str:
        """The label, with the change where there is one."""
        return f"{self.label} · {self.change}" if self.change else self.label

    @property
    def key(self) -> str:
        """What tells the row from every other, the same in every session."""
        request = self.runs[0].run.request
        return repr(_kind(request))

    @property
    def competes(self) -> bool:
        """Whether its numbers are an achievement: not where the method repeats the answer."""
        needs = method_class(self.runs[0].run.request.method).needs
        return Feature.VISIBLE_ANSWER not in needs

    @property
    def seconds(self) -> Summary | None:
        """What a run took."""
        return Summary.of([each.result.get("seconds") for each in self.runs])

    def summary(self, place: ScoreKey) -> Summary | None:
        """Return the number a table shows: the value, or its ratio where there is no reference."""
        if METRICS[place[2]].needs_reference:
            return self.value(place)
        return Summary.of([each.ratio(place) for each in self.runs])

    def value(self, place: ScoreKey) -> Summary | None:
        """Return the value itself."""
        return Summary.of([each.scores.get(place) for each in self.runs])

    def titles(self) -> list[tuple[Finished, str]]:
        """Return its runs, each with a title of its own."""
        return [(each, f"{self.title}, seed {each.run.request.seed}") for each in self.runs]

    def singles(self) -> list["Line"]:
        """Return its runs as rows of their own; none where it has but one."""
        if len(self.runs) == 1:
            return []
        return [Line(f"Seed {each.run.request.seed}", "", (each,)) for each in self.runs]


def finished(run: Run) -> Finished | None:
    """Return a run's numbers if it has ended well; none are in it where it was not to be scored."""
    try:
        changed = (run.folder / RESULT).stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _read(run.folder, changed)


def finished_on(entry: Entry) -> list[Finished]:
    """Return what has been finished on a scene, newest first."""
    names = (entry.id, str(entry.folder))
    runs = [run for run in all_runs() if run.request.scene in names]
    return [found for run in runs if (found := finished(run))]


def lines(found: Sequence[Finished]) -> list[Line]:
    """Group finished runs, newest first, into rows; of two runs of one seed the newer counts."""
    groups: dict[tuple[object, ...], dict[object, Finished]] = {}
    for each in found:
        request = each.run.request
        group = groups.setdefault(_kind(request), {})
        group.setdefault((request.seed, request.fold), each)
    members = [sorted(group.values(), key=_seed) for group in groups.values()]
    return [_line(runs, members) for runs in members]


def varying(
    declared: Sequence[Setting], mine: Mapping[str, Value], others: Sequence[Mapping[str, Value]]
) -> str:
    """Say the settings whose values are not the same everywhere, such as `patch 64, epochs 8`."""
    differing = [each for each in declared if any(o[each.name] != mine[each.name] for o in others)]
    words = [f"{each.label.lower()} {_word(mine[each.name])}" for each in differing]
    more = [f"{len(words) - NAMED} more"] if len(words) > NAMED + 1 else []
    return ", ".join(words[:NAMED] + more if more else words)


def _line(runs: Sequence[Finished], members: Sequence[Sequence[Finished]]) -> Line:
    request = runs[0].run.request
    method = METHODS[request.method]
    requests = [group[0].run.request for group in members]
    settings = [each.settings for each in requests if each.method == request.method]
    named = {each.run.name for each in runs}
    name = named.pop() if len(named) == 1 else ""
    changes = (
        named_model(runs[0].result),
        varying(method.settings(), request.settings, settings),
    )
    return Line(method.label, name or ", ".join(filter(None, changes)), tuple(runs))


def _kind(request: Request) -> tuple[object, ...]:
    """Return what tells a row from every other: method, settings, and whose model it is."""
    return (request.method, *sorted(request.settings.items()), request.model)


def _word(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _seed(each: Finished) -> tuple[int, int]:
    return each.run.request.seed, each.run.request.fold or 0


def _by_key(scores: Sequence[Mapping[str, Any]]) -> dict[ScoreKey, float | None]:
    return {(each["region"], each["band"], each["metric"]): each["value"] for each in scores}


@lru_cache(maxsize=KEPT)
def _read(folder: Path, _: int) -> Finished | None:
    run = Run(folder)
    try:
        found = Finished.of(run)
    except (ValueError, KeyError, UnknownNameError):  # damaged, or of another version
        return None
    known = found.scores or found.result.get("not_scored")
    return None if "error" in found.result or not known else found
