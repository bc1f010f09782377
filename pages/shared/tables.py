"""Tables of scores as HTML: readable at any width, and by a screen reader."""

from collections.abc import Mapping, Sequence
from html import escape

from core.evaluate import MEAN
from core.metrics import METRICS
from core.metrics.metric import Metric
from pages.shared.results import Result

COLUMNS = (
    "rmse",
    "ssim",
    "uiqi",
    "pearson",
    "entropy",
    "sobel",
    "spatial-frequency",
    "gradient-magnitude",
)
"""The paper's metrics, in the order of its tables."""
_READING = {"lower": "lower is better", "higher": "higher is better", "closer": "as the original"}

Scores = Mapping[str, float | None]


def score_table(rows: Sequence[Result], region: str, band: str = MEAN) -> str:
    """Return the table of finished runs for one region and band.

    The best of each column, by the metric's own direction, stands out; rows that merely repeat
    their input do not compete. Metrics without a reference show the ratio to the original's value.
    """
    scores = [_scores(row, region, band) for row in rows]
    originals = [_originals(row, region, band) for row in rows]
    competing = [row.run.request.method != "copy" for row in rows]
    best = {key: _best(METRICS[key], scores, originals, competing) for key in COLUMNS}
    head = "".join(_heading(METRICS[key]) for key in COLUMNS)
    body = "".join(
        f"<tr><th scope='row'>{_name(row)}</th>"
        + "".join(
            _cell(key, scores[index], originals[index], index in best[key]) for key in COLUMNS
        )
        + f"<td>{row.run.result()['seconds']:.1f}</td></tr>"
        for index, row in enumerate(rows)
    )
    return (
        "<div class='scores' tabindex='0'><table><thead><tr><th scope='col'>Method</th>"
        f"{head}<th scope='col'>Seconds<small>to run</small></th></tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _scores(row: Result, region: str, band: str) -> Scores:
    return {
        score["metric"]: score["value"]
        for score in row.run.scores()
        if (score["region"], score["band"]) == (region, band)
    }


def _originals(row: Result, region: str, band: str) -> Scores:
    return {
        score["metric"]: score["value"]
        for score in row.run.result().get("original", [])
        if (score["region"], score["band"]) == (region, band)
    }


def _best(
    metric: Metric, scores: Sequence[Scores], originals: Sequence[Scores], competing: Sequence[bool]
) -> set[int]:
    """Return the rows with the best value, if at least two compete."""
    distances = {}
    for index, row in enumerate(scores):
        value, aim = row.get(metric.key), originals[index].get(metric.key)
        if not competing[index] or value is None or (metric.better == "closer" and aim is None):
            continue
        target = aim if metric.better == "closer" and aim is not None else 0.0
        distances[index] = -value if metric.better == "higher" else abs(value - target)
    if len(distances) < 2:
        return set()
    least = min(distances.values())
    return {index for index, distance in distances.items() if distance == least}


def _heading(metric: Metric) -> str:
    reading = _READING[metric.better]
    return (
        f"<th scope='col' title='{escape(metric.source, quote=True)}'>{escape(metric.label)}"
        f"<small>{reading}</small></th>"
    )


def _name(row: Result) -> str:
    chip = f"<span class='chip'>{escape(row.change)}</span>" if row.change else ""
    return f"{escape(row.label)}{chip}"


def _cell(key: str, scores: Scores, originals: Scores, best: bool) -> str:
    value, aim = scores.get(key), originals.get(key)
    text = "n/a" if value is None else f"{value:.{2 if key == 'entropy' else 4}f}"
    ratio = (
        "" if value is None or not aim or value == aim else f"<small>{value / aim:.2f} ×</small>"
    )
    title = f" title='original: {aim:.4f}'" if aim else ""
    return f"<td class='{'best' if best else ''}' data-metric='{key}'{title}>{text}{ratio}</td>"
