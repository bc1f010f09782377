"""A metric: a pure function and, beside it, the facts needed to read its value."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from bandweave.metrics.comparison import Band, Comparison, Flags

_logger = logging.getLogger(__name__)

Better = Literal["higher", "lower", "closer"]
Stored = float | str | None
"""A number as JSON holds it: null where undefined, a word where infinite."""
_INFINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}
_READ = {word: value for value, word in _INFINITE.items()}


def stored(value: float | None) -> Stored:
    """Return a metric's value as JSON holds it.

    >>> stored(0.5), stored(math.inf), stored(math.nan)
    (0.5, 'Infinity', None)
    """
    if value is None or math.isnan(value):
        return None
    return _INFINITE.get(value, float(value))


def loaded(value: Stored) -> float | None:
    """Return what `stored` was given; None where it was undefined.

    >>> loaded("Infinity"), loaded(None)
    (inf, None)
    """
    return _READ[value] if isinstance(value, str) else value


@dataclass(frozen=True)
class Metric:
    """One number about an estimate, and how to read it."""

    key: str
    label: str
    better: Better
    """`closer`: to the original's own value. A metric without a reference is never better higher,
    since noise raises it as well as detail does."""
    range: tuple[float | None, float | None]
    """Lowest and highest possible value; None where unbounded."""
    unit: str
    """`band` is the unit of the compared bands; empty for a pure number."""
    source: str
    needs_reference: bool
    perfect: float | None
    """Its value for a perfect copy, which may be infinite; None without a reference."""
    function: Callable[[Any], float]
    """Computes it from what its kind of metric is given; NaN where it is undefined."""
    digits: int = 4
    """Decimals worth showing."""
    headline: bool = False
    """Shown where there is room for a few metrics only."""
    origin: str = ""
    """The package that adds it; empty for our own."""

    def of(self, given: Any) -> float:
        """Return its value for what its function takes.

        What a package's metric cannot compute is undefined: it costs nobody a run.
        """
        if not self.origin:
            return self.function(given)
        try:
            return float(self.function(given))
        except Exception as error:  # whatever a stranger's function does
            _logger.warning("'%s' of %s is left undefined: %s", self.key, self.origin, error)
            return math.nan

    def distance(self, shown: float) -> float:
        """Return how far from the best a number is, less being better; orders, and no more.

        `shown` is the value, or its ratio to the original's own where there is no reference.
        """
        if self.better == "higher":
            return -shown
        return abs(shown if self.needs_reference else shown - 1)

    def text(self, value: float | None, form: str = "") -> str:
        """Return a value for people to read: n/a where undefined, a sign where infinite.

        `form` is a format such as `.6g`; by default the decimals that are worth showing.
        """
        if value is None or math.isnan(value):
            return "n/a"
        if math.isinf(value):
            return "∞" if value > 0 else "-∞"
        if form:
            return format(value, form)
        # adding 0 turns a rounded -0 into 0
        return f"{round(value, self.digits) + 0.0:.{self.digits}f}"

    def as_json(self) -> dict[str, Any]:
        """Describe the metric for `bandweave metrics --json` and the Methods page."""
        return {
            "key": self.key,
            "label": self.label,
            "better": self.better,
            "range": list(self.range),
            "unit": self.unit,
            "source": self.source,
            "perfect": stored(self.perfect),
            "headline": self.headline,
            "origin": self.origin,
        }


@dataclass(frozen=True)
class BandMetric(Metric):
    """One number about one band of an estimate; an image's is the mean over its bands."""

    function: Callable[[Comparison], float]

    def __call__(
        self,
        reference: Band,
        estimate: Band,
        *,
        valid: Flags | None = None,
        scored: Flags | None = None,
        data_range: float,
        lowest: float = 0.0,
    ) -> float:
        """Return the metric of one band, accumulated in float64.

        `reference` and `estimate` are (row, col), float32 or float64, NaN where there is no data;
        `valid` marks the pixels that may be read and `scored` those averaged over, both further
        narrowed to where the two bands are finite; `data_range` is L, the span of the declared
        scale, which begins at `lowest`. A metric without a reference reads the values of `estimate`
        only, over those same pixels. NaN where nothing can be computed. Raises `MetricError` for
        arrays that do not fit together and for a data range that is not positive.
        """
        return self.function(
            Comparison.of(
                reference,
                estimate,
                valid=valid,
                scored=scored,
                data_range=data_range,
                lowest=lowest,
            )
        )
