"""Tables of scores as HTML: readable at any width, and by a screen reader."""

import math
from collections.abc import Sequence
from html import escape

from bandweave.evaluation.scores import MEAN
from bandweave.metrics import METRICS
from bandweave.metrics.metric import Metric
from bandweave.paper.printed.numbers import TABLES
from pages.shared.results import Result
from pages.shared.scores.finished import Finished, Line, ScoreKey, Summary
from pages.shared.scores.reading import READING, aim, meaning

COLUMNS = tuple(dict.fromkeys(key for table in TABLES.values() for key in table.metrics))
"""The paper's metrics, in the order of its tables."""


def score_table(rows: Sequence[Result], region: str, band: str = MEAN) -> str:
    """Return the table of finished runs for one region and band.

    The best of each column, by the metric's own direction, stands out; rows that merely repeat
    their input do not compete. Metrics without a reference show the ratio to the original's value.
    """
    lines = [Line(row.label, row.change, (Finished.of(row.run),)) for row in rows]
    best = {key: _best(lines, (region, band, key)) for key in COLUMNS}
    body = "".join(
        f"<tr><th scope='row'>{_name(line)}</th>"
        + "".join(_value_cell(line, (region, band, key), line in best[key]) for key in COLUMNS)
        + f"{_seconds(line)}</tr>"
        for line in lines
    )
    head = "".join(_heading(METRICS[key], READING[METRICS[key].better]) for key in COLUMNS)
    return _table(head, f"<tbody>{body}</tbody>", "scores")


def comparison_table(
    lines: Sequence[Line], region: str, bands: Sequence[str], *, singles: bool = False
) -> str:
    """Return every metric of rows that may be compared, a block a band, the mean over seeds.

    Metrics without a reference are shown as their ratio to the original's own value. `singles`
    adds each seed below its row.
    """
    head = "".join(_heading(metric, aim(metric)) for metric in METRICS.values())
    blocks = (_block(lines, region, band, bands, singles) for band in bands)
    return _table(head, "".join(blocks), "scores dense")


def sorted_by(lines: Sequence[Line], place: ScoreKey) -> list[Line]:
    """Return rows from best to worst by a metric; those that do not compete come last."""

    def rank(line: Line) -> tuple[bool, bool, float]:
        distance = _distance(line, place)
        return not line.competes, distance is None, distance or 0.0

    return sorted(lines, key=rank)


def _table(head: str, bodies: str, kind: str) -> str:
    return (
        f"<div class='{kind}' tabindex='0'><table><thead><tr><th scope='col'>Method</th>"
        f"{head}<th scope='col'>Seconds<small>to run</small></th></tr></thead>"
        f"{bodies}</table></div>"
    )


def _block(
    lines: Sequence[Line], region: str, band: str, bands: Sequence[str], singles: bool
) -> str:
    """Return one band's rows, under its name where there are several bands."""
    best = {key: _best(lines, (region, band, key)) for key in METRICS}
    rows = []
    if len(bands) > 1:
        span = len(METRICS) + 2
        rows.append(
            f"<tr class='band'><th scope='rowgroup' colspan='{span}'>{escape(band)}</th></tr>"
        )
    for line in lines:
        cells = [_summary_cell(line, (region, band, key), line in best[key]) for key in METRICS]
        aside = "" if line.competes else " class='aside'"
        rows.append(
            f"<tr{aside}><th scope='row'>{_name(line)}</th>{''.join(cells)}{_seconds(line)}</tr>"
        )
        for single in line.singles() if singles else []:
            cells = [_summary_cell(single, (region, band, key), False) for key in METRICS]
            rows.append(
                f"<tr class='single'><th scope='row'>{_name(single)}</th>{''.join(cells)}"
                f"{_seconds(single)}</tr>"
            )
    return f"<tbody>{''.join(rows)}</tbody>"


def _best(lines: Sequence[Line], place: ScoreKey) -> list[Line]:
    """Return the rows with the best value, if at least two compete."""
    competing = [(line, _distance(line, place)) for line in lines if line.competes]
    known = [(line, distance) for line, distance in competing if distance is not None]
    least = min((distance for _, distance in known), default=math.inf)
    if len(known) < 2 or least == math.inf:
        return []
    return [line for line, distance in known if distance == least]


def _distance(line: Line, place: ScoreKey) -> float | None:
    """Return how far a row is from the best value there can be, by the metric's own direction."""
    found = line.summary(place)
    return (
        None if found is None or math.isnan(found.mean) else METRICS[place[2]].distance(found.mean)
    )


def _heading(metric: Metric, reading: str) -> str:
    title = escape(f"{meaning(metric)}. {metric.source}", quote=True)
    return f"<th scope='col' title='{title}'>{escape(metric.label)}<small>{reading}</small></th>"


def _name(line: Line) -> str:
    chip = f"<span class='chip'>{escape(line.change)}</span>" if line.change else ""
    count = f"<small>{len(line.runs)} seeds</small>" if len(line.runs) > 1 else ""
    return f"{escape(line.label)}{chip}{count}"


def _value_cell(line: Line, place: ScoreKey, best: bool) -> str:
    """Show the value, and below it its ratio to the original's."""
    found, ratio = line.value(place), line.summary(place)
    own = line.runs[0].originals.get(place)
    text = "n/a" if found is None else _text(found.mean, place[2])
    if METRICS[place[2]].needs_reference or ratio is None or ratio.mean == 1:
        below = ""
    else:
        below = f"<small>{_text(ratio.mean, place[2], '.2f')} ×</small>"
    return _cell(place[2], text + below, f"original: {_text(own, place[2])}" if own else "", best)


def _summary_cell(line: Line, place: ScoreKey, best: bool) -> str:
    """Show the mean over seeds (a ratio where there is no reference), and below it the spread."""
    key, found = place[2], line.summary(place)
    if found is None:
        return _cell(key, "n/a", "", best)
    if METRICS[key].needs_reference:
        return _cell(key, _text(found.mean, key) + _spread(found, 4), "", best)
    value, own = line.value(place), Summary.of([each.originals.get(place) for each in line.runs])
    title = f"{_text(value.mean, key)}; original: {_text(own.mean, key)}" if value and own else ""
    return _cell(key, f"{_text(found.mean, key, '.2f')} ×{_spread(found, 2)}", title, best)


def _cell(key: str, content: str, title: str, best: bool) -> str:
    hover = f" title='{title}'" if title else ""
    return f"<td class='{'best' if best else ''}' data-metric='{key}'{hover}>{content}</td>"


def _seconds(line: Line) -> str:
    taken = line.seconds
    return f"<td>{taken.mean:.1f}</td>" if taken else "<td>n/a</td>"


def _text(value: float, key: str, form: str = "") -> str:
    return METRICS[key].text(value, form).replace("-", "−")


def _spread(found: Summary, digits: int) -> str:
    return "" if found.spread is None else f"<small>± {found.spread:.{digits}f}</small>"
