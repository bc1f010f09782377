"""A sweep: which settings of a method are varied, over which values, and how they are searched.

Declared once: the form, the command line, the stored study and the checks follow from it. A varied
setting is written as its values, `32, 64, 128`, or as a range, `0.0001..0.01`.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, NamedTuple, Self

import numpy as np

from bandweave.errors import BandweaveError, RunError, SettingError, UnknownNameError
from bandweave.methods import METHODS
from bandweave.metrics import METRICS
from bandweave.raster.scene import Scene
from bandweave.settings import Declared, Setting, Value, setting
from bandweave.tasks import TASKS
from bandweave.workspace.request import Request, references

GRID, RANDOM, HALVING, OPTUNA = "grid", "random", "halving", "optuna"
STRATEGIES = (GRID, RANDOM, HALVING, OPTUNA)
BUDGET = "epochs"
"""The setting by which networks train longer: what halving cuts."""
TO = ".."
MOST = 500
"""Runs of one sweep."""
DECADE = 10.0
"""From this ratio of its ends on a range is drawn evenly by powers."""
DIGITS = 3
"""Significant digits of a number that is drawn: no more tell settings apart."""
TRIES = 200
"""Draws for one more combination that the method takes and that is not there yet."""

Changes = Mapping[str, Value]
"""What a trial sets, by name."""


def offered() -> tuple[str, ...]:
    """Return the strategies that can be used here: Optuna's only where it is installed."""
    return STRATEGIES if find_spec("optuna") else tuple(x for x in STRATEGIES if x != OPTUNA)


@dataclass(frozen=True)
class Search(Declared):
    """How the combinations of a sweep are chosen, compared and cut short."""

    strategy: str = setting(
        GRID,
        "Search",
        "Grid: every combination. Random: some of them. Halving: many for few epochs, the best of "
        "them longer. Optuna: each learns from those before.",
        choices=STRATEGIES,
    )
    trials: int = setting(
        9, "Combinations", "How many are tried; a grid tries all.", minimum=2, maximum=MOST
    )
    keep: int = setting(
        3,
        "Keep one in",
        "Of so many combinations halving keeps the best one, for so many times the epochs.",
        minimum=2,
        maximum=10,
    )
    metric: str = setting(
        "rmse",
        "Compare by",
        "The score that decides, averaged over bands and seeds.",
        choices=tuple(METRICS),
    )
    at_once: int = setting(
        1,
        "Runs at once",
        "No more of them together, and no more than this machine runs.",
        minimum=1,
        maximum=64,
    )
    stop_early: bool = setting(
        True,
        "Stop hopeless runs",
        "End a run whose validation loss is worse than most others' at the same point of their "
        "training. Needs a validation share.",
    )

    @classmethod
    def asked(cls, strategy: str) -> tuple[Setting, ...]:
        """Return the settings that mean something under a strategy."""
        idle = {GRID: ("trials", "keep"), HALVING: ()}.get(strategy, ("keep",))
        return tuple(each for each in cls.settings() if each.name not in idle)


@dataclass(frozen=True)
class Varied:
    """One setting and what it is varied over: at least two values, or a range of numbers."""

    setting: Setting
    values: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 0.0

    @classmethod
    def parse(cls, declared: Setting, text: str) -> Self:
        """Read `32, 64, 128` or `0.0001..0.01` by the setting's own declaration."""
        low, between, high = text.partition(TO)
        if between and declared.kind in ("integer", "number"):
            ends = [float(declared.parse(end)) for end in (low, high)]
            if ends[0] >= ends[1]:
                raise SettingError(
                    f"{declared.label} cannot go from {low.strip()} to {high.strip()}.",
                    "Give the smaller end first.",
                )
            found = cls(declared, (), *ends)
            if declared.kind == "integer" and found.places()[0] >= found.places()[1]:
                raise SettingError(
                    f"{declared.label} has one value at most from {low.strip()} to {high.strip()}.",
                    f"It goes in steps of {declared.step or 1:g}: give a wider range.",
                )
            return found
        words = [word for word in text.split(",") if word.strip()]
        values = tuple(dict.fromkeys(declared.parse(word) for word in words))
        if len(values) < 2:
            hints = {"choice": f"of {', '.join(declared.choices)}", "flag": "yes, no"}
            raise SettingError(
                f"{declared.label} has {len(values) or 'no'} value{'s' * (not values)} to vary.",
                f"Give two or more, {hints.get(declared.kind, f'or a range, such as 1{TO}2')}.",
            )
        return cls(declared, values)

    @property
    def text(self) -> str:
        """What `parse` reads."""
        if self.values:
            return ", ".join(str(value) for value in self.values)
        return TO.join(str(self.setting.parse(end)) for end in (self.low, self.high))

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the range."""
        return self.low, self.high

    @property
    def by_powers(self) -> bool:
        """Whether a range spans so much that it is drawn evenly by powers."""
        return self.low > 0 and self.high / self.low >= DECADE

    def places(self) -> tuple[int, int]:
        """Return the first and the last step of an integer's range, counted from its minimum."""
        base, step = self.setting.minimum or 0.0, self.setting.step or 1.0
        return math.ceil((self.low - base) / step), math.floor((self.high - base) / step)

    def draw(self, generator: np.random.Generator) -> Value:
        """Return one of the values, or a number of the range."""
        if self.values:
            return self.values[int(generator.integers(len(self.values)))]
        drawn = generator.uniform(*(map(math.log, self.ends) if self.by_powers else self.ends))
        return self.nearest(math.exp(drawn) if self.by_powers else drawn)

    def nearest(self, number: float) -> Value:
        """Return the number of the range that the setting may have and that is nearest to one."""
        if self.setting.kind == "integer":
            base, step = self.setting.minimum or 0.0, self.setting.step or 1.0
            place = np.clip(round((number - base) / step), *self.places())
            return self.setting.parse(base + int(place) * step)
        rounded = float(f"{number:.{DIGITS}g}")
        return self.setting.parse(min(max(rounded, self.low), self.high))


class Round(NamedTuple):
    """A round of halving: how many combinations, each for how many epochs."""

    trials: int
    budget: int


@dataclass(frozen=True)
class Sweep:
    """What is asked of a study that varies settings; `request` says what stays."""

    request: Request
    varied: tuple[Varied, ...]
    search: Search
    seeds: tuple[int, ...] = (0,)

    @classmethod
    def of(
        cls, request: Request, varied: Mapping[str, str], search: Search, seeds: Iterable[int] = ()
    ) -> Self:
        """Build from texts by setting names; unknown names are refused."""
        declared = {each.name: each for each in METHODS[request.method].settings()}
        for name in varied:
            if name not in declared:
                raise UnknownNameError("setting", name, declared)
        parsed = tuple(Varied.parse(declared[name], text) for name, text in varied.items())
        return cls(request, parsed, search, tuple(dict.fromkeys(seeds)) or (request.seed,))

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "request": self.request.as_json(),
            "varied": {each.setting.name: each.text for each in self.varied},
            "search": self.search.values(),
            "seeds": list(self.seeds),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote; what a later version added is left out."""
        known = {each.name for each in Search.settings()}
        search = {name: value for name, value in stored["search"].items() if name in known}
        request, seeds = Request.from_json(stored["request"]), stored["seeds"]
        return cls.of(request, stored["varied"], Search.from_values(search), seeds)

    def asks(self, changes: Changes, seed: int) -> Request:
        """Return the request of one run."""
        settings = {**self.request.settings, **changes}
        return replace(self.request, settings=settings, seed=seed, label="")

    def rounds(self) -> tuple[Round, ...]:
        """Return the rounds of halving, each with `keep` times the epochs; one round without."""
        top, keep = self.request.settings.get(BUDGET), self.search.keep
        if self.search.strategy != HALVING:
            return (Round(self.first_count(), int(top or 0)),)
        counts = [self.first_count()]
        while counts[-1] >= keep:
            counts.append(counts[-1] // keep)
        cuts = [keep ** (len(counts) - 1 - index) for index in range(len(counts))]
        return tuple(
            Round(count, max(1, round(int(top or 0) / cut)))
            for count, cut in zip(counts, cuts, strict=True)
        )

    def runs(self) -> int:
        """Return how many runs there will be, without reference rows."""
        return sum(each.trials for each in self.rounds()) * len(self.seeds)

    @property
    def takes(self) -> str:
        """How many runs there will be, in words; by rounds where it halves."""
        count, rounds = self.runs(), self.rounds()
        if self.search.strategy != HALVING:
            return f"{count:,} runs"
        parts = ", ".join(f"{each.trials} of {_epochs(each.budget)}" for each in rounds)
        times = f", {len(self.seeds)} seeds each" if len(self.seeds) > 1 else ""
        return f"{count:,} runs ({parts}{times})"

    @property
    def title(self) -> str:
        """What it is called where nobody says."""
        labels = ", ".join(each.setting.label.lower() for each in self.varied)
        return f"{METHODS[self.request.method].label}: {labels}"

    @property
    def references(self) -> tuple[Request, ...]:
        """The reference rows that its results are read against."""
        return references([self.asks({}, seed) for seed in self.seeds])

    def caution(self, count: int) -> str:
        """Say how the best of so many is to be read."""
        metric = METRICS[self.search.metric].label
        words = f"Chosen among {count} on the pixels that are scored: the best {metric} flatters."
        if TASKS[self.request.task].drawn:
            words += " Another seed hides other pixels, and tells how good it is."
        return words

    def first_count(self) -> int:
        """Return how many combinations there are at first."""
        size = self._size()
        wanted = math.inf if self.search.strategy == GRID else self.search.trials
        return int(min(wanted, size))

    def plan(self, scene: Scene) -> list[Changes]:
        """Return what is tried first, in its order: the same for the same sweep.

        Refuses what cannot be run, in words: a combination that the method does not take on this
        scene, too many runs, a range in a grid, rounds that the epochs cannot be cut into.
        """
        self._require_sense()
        if self.search.strategy == OPTUNA:
            next(self.drawn(scene, 0))
            return []
        if self.search.strategy == GRID or self.first_count() == self._size():
            found: list[Changes] = [
                dict(zip(self._names, values, strict=True))
                for values in itertools.product(*(each.values for each in self.varied))
            ]
        else:
            found = list(itertools.islice(self.drawn(scene, 0), self.first_count()))
        rounds = self.rounds()
        if self.search.strategy == HALVING:
            found = [{**changes, BUDGET: rounds[0].budget} for changes in found]
        for changes in found:
            self.require(changes, scene)
        return found

    def drawn(self, scene: Scene, number: int, known: Sequence[Changes] = ()) -> Iterator[Changes]:
        """Yield combinations at random that are not `known` yet, as long as there are any.

        `number` makes another series of them. Raises what the method says where it takes none.
        """
        generator = np.random.default_rng([self.seeds[0], number])
        seen = [dict(each) for each in known]
        while True:
            refusal: BandweaveError | None = None
            for _ in range(TRIES):
                changes = {each.setting.name: each.draw(generator) for each in self.varied}
                if changes in seen:
                    continue
                try:
                    self.require(changes, scene)
                except BandweaveError as error:
                    refusal = error
                    continue
                seen.append(changes)
                yield changes
                break
            else:
                if refusal and not seen:
                    raise refusal
                return

    def require(self, changes: Changes, scene: Scene) -> None:
        """Refuse a combination that the method does not take on a scene, naming it."""
        try:
            self.asks(changes, self.seeds[0]).plan(scene)
        except BandweaveError as error:
            raise RunError(f"With {self.said(changes)}: {error.message}", error.hint) from error

    def said(self, changes: Changes) -> str:
        """Return a combination in words, such as `patch 32, radar input db`."""
        labels = {each.name: each.label for each in METHODS[self.request.method].settings()}
        spoken = {True: "yes", False: "no"}
        return ", ".join(
            f"{labels[name].lower()} {spoken[value] if isinstance(value, bool) else value}"
            for name, value in changes.items()
        )

    @property
    def _names(self) -> list[str]:
        return [each.setting.name for each in self.varied]

    def _size(self) -> float:
        """Return how many combinations there can be; without end where a range is of numbers."""
        size = 1.0
        for each in self.varied:
            first, last = each.places() if each.setting.kind == "integer" else (0, math.inf)
            size *= len(each.values) or last - first + 1
        return size

    def _require_sense(self) -> None:
        """Refuse a sweep that makes no sense on any scene."""
        if not self.varied:
            raise RunError("No setting is varied.", "Choose at least one, and its values.")
        search, ranges = self.search, [each for each in self.varied if not each.values]
        if search.strategy not in offered():
            raise RunError("Optuna is not installed.", "Choose another search, or install optuna.")
        if search.strategy == GRID and ranges:
            raise RunError(
                f"A grid cannot take all of {ranges[0].setting.label.lower()} {ranges[0].text}.",
                "Give values, or search at random.",
            )
        if search.strategy == HALVING:
            self._require_rounds()
        if self.runs() > MOST:
            raise RunError(
                f"These are {self.runs():,} runs, and a sweep has {MOST} at most.",
                "Vary fewer settings or values, or search at random.",
            )

    def _require_rounds(self) -> None:
        method, keep = METHODS[self.request.method], self.search.keep
        if BUDGET not in self.request.settings:
            raise RunError(
                f"{method.label} does not train in epochs, which halving cuts.",
                "Choose another search or a network.",
            )
        if BUDGET in self._names:
            raise RunError("Halving sets the epochs itself.", "Do not vary them as well.")
        rounds = self.rounds()
        if len(rounds) < 2:
            raise RunError(
                f"Of {rounds[0].trials} combinations one in {keep} is none.",
                f"Try at least {keep}, or keep one in {max(2, rounds[0].trials)}.",
            )
        budgets = [each.budget for each in rounds]
        least = keep ** (len(rounds) - 1)
        if int(self.request.settings[BUDGET]) < least:
            raise RunError(
                f"{budgets[-1]} epochs cannot be cut {len(rounds) - 1} times by {keep}.",
                f"Give {least} epochs or more, or fewer combinations.",
            )


def _epochs(count: int) -> str:
    return "1 epoch" if count == 1 else f"{count} epochs"
