"""The paper's page: what it asks, its tables as runs come in, the audit without any run."""

import json
import re
from argparse import Namespace
from html import escape

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from bandweave.commands.paper import _asked
from bandweave.paper.audit import audit
from bandweave.paper.printed.numbers import TABLES, Printed
from bandweave.paper.study import KEYS, PaperSettings, requests
from bandweave.paper.tables.table import Cell, Column, Row, Table
from bandweave.storage.json_file import write_json
from bandweave.workspace.run_folders import RESULT, all_runs, new_run
from bandweave.workspace.scene_library import find
from bandweave.workspace.studies import all_studies
from pages.paper_parts.audit_view import flag_html
from pages.paper_parts.printed_tables import table_html
from pages.paper_parts.reproduction import Reproduction
from tests.pages.shown import ROOT, finish, html, texts


@pytest.fixture
def page(waiting_engine):
    opened = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    opened.query_params["scene"] = "demo"
    return opened.switch_page("pages/paper.py")


def section(page, name):
    control = next(each for each in page.get("button_group") if each.key == "paper-section")
    return control.set_value(name).run()


def test_without_a_scene_it_says_where_scenes_come_from_and_audits_all_the_same(workspace, page):
    page.run()
    assert not page.exception
    assert any("There is no scene yet" in text for text in texts(page, "markdown"))
    section(page, "Audit")
    assert not page.exception
    titles = [expander.label for expander in page.expander]
    assert [flag.title for flag in audit(None) if flag.title not in titles] == []


def test_one_click_asks_for_every_run_once(demo_scene, page):
    asked = requests("demo", demo_scene.scene.grid.shape, PaperSettings())
    finish(new_run(asked["copy"]), 0.0)
    # the Overview's, which nobody waits for yet
    waiting = new_run(asked["cnn"], background=True)
    page.run()
    assert not page.exception
    assert f"{len(KEYS) - 1} runs" in " ".join(texts(page, "caption"))
    assert not page.get("progress")
    page.button(key="paper-start").click().run()
    assert not page.exception
    assert len(all_runs()) == len(KEYS)
    (study,) = all_studies()
    assert [run.request.label for run in study.runs] == [each.label for each in asked.values()]
    assert study.runs[0] == waiting


def test_the_runs_asked_for_are_watched_and_can_all_be_cancelled(demo_scene, page):
    asked = requests("demo", demo_scene.scene.grid.shape, PaperSettings())
    finish(new_run(asked["copy"]), 0.0)
    for key, each in asked.items():
        if key != "copy":
            new_run(each)
    page.run()
    assert page.button(key="paper-start").disabled
    assert f"1 of {len(KEYS)} runs have ended." in texts(page, "caption")
    next(each for each in page.button if each.label == "Cancel all").click().run()
    assert not page.exception
    assert not page.button(key="paper-start").disabled


def test_a_run_that_failed_says_why_and_can_be_asked_for_again(demo_scene, page):
    asked = requests("demo", demo_scene.scene.grid.shape, PaperSettings())
    run = new_run(asked["ihs"])
    write_json(run.folder / RESULT, {"error": "There was no room.", "hint": "Make some."})
    page.run()
    assert [error.value for error in page.error] == ["There was no room. Make some."]
    assert not page.button(key="paper-start").disabled


def test_tables_show_what_has_run_beside_the_printed_numbers(demo_scene, page):
    asked = requests("demo", demo_scene.scene.grid.shape, PaperSettings())
    for key, noise in (("cnn", 0.01), ("cnn-patches", 0.02), ("block-mean", 0.03)):
        finish(new_run(asked[key]), noise)
    page.run()
    assert not page.exception
    shown = html(page)
    first = TABLES["II"].rows["cnn"]["rmse"]
    assert re.search(rf"\d\.\d{{4}}<small>{first.red}</small>", shown)
    for name in ("Accuracy", "Entropy", "Table I and Figure 1"):
        assert any(name in text for text in texts(page, "subheader"))
    assert f"{len(KEYS) - 3} runs" in " ".join(texts(page, "caption"))


@pytest.mark.parametrize("name", ["Figure 6", "Networks", "Seams", "Answer hidden", "Audit"])
def test_every_section_opens_with_and_without_runs(demo_scene, page, name):
    section(page.run(), name)
    assert not page.exception
    asked = requests("demo", demo_scene.scene.grid.shape, PaperSettings())
    for key in ("cnn", "cnn-patches", "cae", "cae-patches", "copy", "band-mean"):
        finish(new_run(asked[key]), 0.01)
    page.run()
    assert not page.exception


def test_every_flag_opens_to_its_arithmetic():
    for flag in audit(None):
        shown = flag_html(flag)
        assert escape(flag.judgement) in shown
        assert escape(flag.verdict) in shown
        assert shown.count("<li>") == len(flag.steps) > 0
        assert all(escape(step.result) in shown for step in flag.steps)


def test_a_table_has_ours_and_the_printed_number_in_one_cell():
    columns = (Column("RMSE", "R", "rmse", "red"), Column("RMSE", "G", "rmse", "green"))
    row = Row(
        "CNN & co",
        "cnn",
        (Cell(0.0157, Printed("0.0470")), Cell(None, Printed("0.0496"))),
        "network",
    )
    shown = table_html(Table("II", "II", "Accuracy", columns, (row,), ("A <note>.",)))
    assert "0.0157<small>0.0470</small>" in shown
    assert "–<small>0.0496</small>" in shown
    assert "colspan='2'>RMSE" in shown
    assert "CNN &amp; co" in shown
    assert "Small: as printed. A &lt;note&gt;." in shown


def test_the_settings_file_is_what_the_command_reads(tmp_path, demo_scene):
    entry, settings = find("demo"), PaperSettings(classical=False)
    asked = requests("demo", entry.scene.grid.shape, settings, 3)
    made = Reproduction(entry, settings, 3, asked, {})
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(made.asked))
    given = Namespace(settings=str(path), scene=None, seed=None, set=None)
    assert _asked(given) == made.asked
    assert "--set classical=False" in made.command
    assert made.missing == asked
    assert made.done == {}
    assert np.isfinite(list(made.scene_truth.sigma.values())).all()
    table = made.tables["II"]
    assert all(cell.ours is None for cell in table.row("cnn").values)
    printed = [cell for cell in table.row("cnn-patches").values if cell.printed is not None]
    assert len(printed) == 3 * len(TABLES["II"].metrics)
