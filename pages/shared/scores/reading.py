"""How scores are read, in words: what a metric is, which value is best, and on what scale."""

from collections.abc import Sequence
from html import escape

from bandweave.evaluation.scores import MEAN
from bandweave.metrics import METRICS
from bandweave.metrics.metric import Metric
from bandweave.problem import Feature
from bandweave.tasks import TASKS
from pages.shared.cards import linked, plain
from pages.shared.scores.finished import Line

READING = {"lower": "lower is better", "higher": "higher is better", "closer": "as the original"}


def meaning(metric: Metric) -> str:
    """Return a metric's name in full: how its definition begins."""
    return (metric.function.__doc__ or "").split(",")[0]


def aim(metric: Metric) -> str:
    """Say which value is best, where metrics without a reference are shown as ratios."""
    if metric.better == "closer":
        return "best near\u00a00" if metric.needs_reference else "best near\u00a01\u00a0×"
    return READING[metric.better]


def glossary() -> str:
    """Return what each metric is, from its own facts, as HTML."""
    entries = []
    for metric in METRICS.values():
        low, high = metric.range
        span = f"{_limit(low, '−∞')} to {_limit(high, '∞')}"
        unit = {"band": " in the band’s unit", "": ""}.get(metric.unit, f" {metric.unit}")
        shown = "" if metric.needs_reference else " Shown as a ratio to the original’s own value."
        entries.append(
            f"<dt>{escape(metric.label)}</dt><dd>{escape(meaning(metric))}: {aim(metric)}. "
            f"{span}{unit}.{shown}<small>{linked(metric.source)}</small></dd>"
        )
    return f"<dl class='glossary'>{''.join(entries)}</dl>"


def scale_note(lines: Sequence[Line], task: str, bands: Sequence[str]) -> str:
    """Say once what a table's numbers are on: unit, scale, data range, and what ± and × mean."""
    stated = (each.result.get("scales") for line in lines for each in line.runs)
    scales: dict[str, dict[str, float]] = next(filter(None, stated), {})
    shown_scales = {band: scale for band, scale in scales.items() if MEAN in bands or band in bands}
    if Feature.VISIBLE_ANSWER in TASKS[task].offers:
        spans = [
            f"{band} {scale['lower']:.3g} to {scale['upper']:.3g}"
            for band, scale in shown_scales.items()
        ]
        words = [
            "The input contains the answer; rows that repeat it do not compete.",
            "Each band is scaled from 0 to 1 over its own reflectance" + _listed(spans),
        ]
    else:
        spans = [f"{band} {scale['data_range']:.3g}" for band, scale in shown_scales.items()]
        words = [
            "Errors are in reflectance; SSIM and entropy span 2 % to 98 % of the image’s values"
            + _listed(spans),
        ]
    words += _compared(lines)
    words.append("× is the ratio to the original’s own value.")
    if any(len(line.runs) > 1 for line in lines):
        words.append("± is the standard deviation over seeds.")
    if TASKS[task].drawn and len({_seeds(line) for line in lines}) > 1:
        words.append("Each seed hides other pixels: rows of the same seeds compare best.")
    return " ".join(words)


def _compared(lines: Sequence[Line]) -> list[str]:
    """Say what is compared where that is not pixels, and what ERGAS takes as h/l where not 1."""
    results = [each.result for line in lines for each in line.runs]
    cell = max((result.get("cell", 1) for result in results), default=1)
    finer = {result.get("resolution_ratio", 1.0) for result in results} - {1.0}
    words = [f"Means over {cell} x {cell} pixels, the sensor’s own, are compared."]
    cells = words if cell > 1 else []
    return cells + [f"ERGAS takes h/l as 1/{1 / ratio:.3g}." for ratio in sorted(finer)]


def _seeds(line: Line) -> tuple[int, ...]:
    return tuple(each.run.request.seed for each in line.runs)


def _listed(spans: Sequence[str]) -> str:
    return f" ({', '.join(spans)})." if spans else "."


def _limit(value: float | None, otherwise: str) -> str:
    return otherwise if value is None else plain(value)
