import re
from dataclasses import dataclass
from types import SimpleNamespace

from pages.shared.results import Result
from pages.shared.scores.tables import score_table


@dataclass
class FinishedRun:
    """What a table reads of a run."""

    method: str
    values: dict[str, float | None]
    aims: dict[str, float]

    @property
    def request(self):
        return SimpleNamespace(method=self.method)

    def scores(self):
        return [score(metric, value) for metric, value in self.values.items()]

    def result(self):
        return {"seconds": 1.0}

    def originals(self):
        return [score(*pair) for pair in self.aims.items()]


def score(metric, value):
    return {"region": "all", "band": "mean", "metric": metric, "value": value}


def row(label="A", method="cae", aims=None, change="", **values):
    values = {name.replace("_", "-"): value for name, value in values.items()}
    return Result(FinishedRun(method, values, aims or {}), label, change)


def best(html):
    """Return the row numbers and metrics of the cells that stand out."""
    lines = re.findall(r"<tr><th scope='row'>.*?</tr>", html)
    found = [re.findall(r"class='best' data-metric='([a-z-]+)'", line) for line in lines]
    return {(number, metric) for number, line in enumerate(found) for metric in line}


def test_the_best_is_lowest_highest_or_closest_by_the_metrics_own_direction():
    aims = {"sobel": 0.10}
    rows = [
        row(aims=aims, rmse=0.1, ssim=0.8, sobel=0.30),
        row(aims=aims, rmse=0.2, ssim=0.9, sobel=0.08),
        row(aims=aims, rmse=0.3, ssim=0.7, sobel=0.05),
    ]
    assert best(score_table(rows, "all")) == {(0, "rmse"), (1, "ssim"), (1, "sobel")}


def test_a_copy_does_not_compete_and_one_row_alone_wins_nothing():
    rows = [row(method="copy", rmse=0.0), row(rmse=0.1)]
    assert best(score_table(rows, "all")) == set()
    assert best(score_table([*rows, row(rmse=0.2)], "all")) == {(1, "rmse")}


def test_equal_rows_are_both_best():
    assert best(score_table([row(rmse=0.1), row(rmse=0.1)], "all")) == {(0, "rmse"), (1, "rmse")}


def test_a_metric_without_reference_shows_its_ratio_to_the_original():
    html = score_table([row(aims={"sobel": 0.2}, sobel=0.1)], "all")
    assert "0.1000<small>0.50 ×</small>" in html


def test_what_has_no_value_is_said_to_have_none():
    assert "data-metric='rmse'>n/a<" in score_table([row(rmse=None)], "all")


def test_scores_of_another_region_or_band_are_not_shown():
    html = score_table([row(rmse=0.1234)], "hidden")
    assert "0.1234" not in html and "n/a" in html
    assert "0.1234" not in score_table([row(rmse=0.1234)], "all", "red")


def test_names_are_escaped():
    html = score_table([row(label="<b>", change="<i>", rmse=0.1)], "all")
    assert "&lt;b&gt;<span class='chip'>&lt;i&gt;</span>" in html
