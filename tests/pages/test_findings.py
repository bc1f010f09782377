"""What a fit found out stands on its run's page, and damage to it hides nothing else."""

import json

from bandweave.running.execution import execute
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import new_run
from tests.pages.shown import html, texts
from tests.pages.test_models import app, opened  # noqa: F401


def test_a_run_says_what_its_fit_found(app):  # noqa: F811
    run = new_run(Request("here", "gap", "radar-classes"))
    execute(run)
    found = run.result()["findings"]
    assert "nearer the truth than interpolation" in found["sentence"]
    page = opened(app, run)
    assert found["sentence"] in " ".join(texts(page, "markdown"))
    table = html(page)
    assert "<th>RMSE on practice gaps</th>" in table and "<th>radar classes</th>" in table
    assert f"<td>{found['rows'][1][1]}</td>" in table


def test_findings_that_are_damaged_are_said_to_be(app):  # noqa: F811
    run = new_run(Request("here", "gap", "radar-classes"))
    execute(run)
    path = run.folder / "result.json"
    stored = json.loads(path.read_text())
    for damage in ("words", {"sentence": 1}, {"sentence": "x", "columns": ["a"], "rows": [[1]]}):
        path.write_text(json.dumps(stored | {"findings": damage}))
        assert "damaged" in run.result()["error"]
    path.write_text(json.dumps(stored))
    assert "error" not in run.result()
