"""A metric: a pure function and, beside it, the facts needed to read its value."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from bandweave.metrics.comparison import Band, Comparison, Flags

Better = Literal["higher", "lower", "closer"]


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
    function: Callable[[Any], float]
    """Computes it from what its kind of metric is given."""

    def as_json(self) -> dict[str, Any]:
        """Describe the metric for `bandweave metrics --json` and the Methods page."""
        return {
            "key": self.key,
            "label": self.label,
            "better": self.better,
            "range": list(self.range),
            "unit": self.unit,
            "source": self.source,
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
