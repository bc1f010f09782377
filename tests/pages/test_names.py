"""Wherever a page says what a user wrote, it says it as text."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from bandweave.contracts.small_scene import make_scene
from bandweave.raster.scene import Unit
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import LOG, RESULT, Request, new_run
from bandweave.workspace.studies import new_study
from pages.imagery_parts.histograms import figure
from pages.shared.names import charted, said
from tests.pages.shown import ROOT, finish

HOSTILE = "![h](http://127.0.0.1:9/h.png) <img src=http://127.0.0.1:9/i>"
PLAIN = ("text", "selectbox", "multiselect", "text_input", "text_area", "dataframe", "code")
"""What these hold is no Markdown; what they are called is."""
MARKED_UP = ("html", "plotly_chart")
"""What reads HTML, and no Markdown."""
DRAWN = ("bidi_component", "component_instance")
"""Ours: canvases and frames, which tests of their own look at."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Make a workspace in which everything that can have a name has a hostile one."""
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDWEAVE_HOME", str(folder))
        made = make_scene(160, 160)
        named = replace(made, name=HOSTILE, facts={**made.facts, "warnings": [HOSTILE]})
        entry = scene_library.store(named, scene_library.DEMO)
        broken = scene_library.store(make_scene(), "[broken](http://127.0.0.1:9)".replace("/", ""))
        (broken.folder / "scene.json").write_text("{")
        requests = [
            Request(entry.id, "reconstruct", "shallow-cnn", {}, {}, seed) for seed in (1, 2)
        ]
        done = [finish(new_run(request), 0.01) for request in requests]
        failed, waiting = (new_run(Request(entry.id, "gap", "laplace")) for _ in range(2))
        (failed.folder / RESULT).write_text(json.dumps({"error": HOSTILE, "hint": HOSTILE}))
        (failed.folder / LOG).write_text(HOSTILE)
        for run in (*done, failed, waiting):
            run.annotate(name=HOSTILE, note=HOSTILE)
        new_study(HOSTILE, done)
    return {
        "home": str(folder),
        "scene": entry.id,
        "done": done[0].id,
        "failed": failed.id,
        "waiting": waiting.id,
    }


def shown(node):
    """Yield every element and block of a page."""
    yield node
    if isinstance(node, Block):
        for child in node.children.values():
            yield from shown(child)


def rendered(page):
    """Return which elements would make something of the hostile name, and how many say it."""
    wrong, saying = [], 0
    for node in shown(page._tree):
        proto, kind = getattr(node, "proto", None), getattr(node, "type", "")
        if proto is None or kind in DRAWN:
            continue
        text = str(getattr(proto, "label", "")) if kind in PLAIN else str(proto)
        # a chart's text is JSON, and JSON for web pages
        text = str(json.loads(proto.spec)) if kind == "plotly_chart" else text
        text = re.sub(r'\b(id|key): ".*"', "", text)
        markup = "<img src=http" if kind in MARKED_UP else "![h]"
        saying += "127.0.0.1:9" in text
        if markup in text or "[broken]" in text:
            wrong.append((kind, text))
    return wrong, saying


@pytest.mark.parametrize(
    ("name", "scene", "run", "least"),
    [
        ("home", "demo", "done", 4),
        ("imagery", "demo", "done", 1),
        ("fuse", "demo", "waiting", 0),
        ("runs", "demo", "done", 2),
        ("runs", "demo", "failed", 2),
        ("runs", "demo", "waiting", 3),
        ("compare", "demo", "done", 2),
        ("metrics", "demo", "done", 3),
        ("compare", "unused", "none", 1),
        ("metrics", "unused", "none", 1),
        ("paper", "demo", "done", 1),
    ],
)
def test_a_page_says_names_as_text(hostile, waiting_engine, monkeypatch, name, scene, run, least):
    monkeypatch.setenv("BANDWEAVE_HOME", hostile["home"])
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    page.query_params["scene"], page.query_params["run"] = scene, hostile.get(run, "")
    page.session_state["followed-runs"] = [hostile["done"], hostile["failed"], hostile["waiting"]]
    page.run()
    if name != "home":
        page.switch_page(f"pages/{name}.py").run()
    assert not page.exception
    wrong, saying = rendered(page)
    assert not wrong
    assert saying >= least


def test_a_chart_says_a_name_as_text():
    assert charted("<a href='x'>\n&amp;") == "&lt;a href='x'&gt; &amp;amp;"


@pytest.mark.parametrize("text", ["Delta 2024-01-02", "S2_L2A, 12:30 (2.5 m)", "Hồ Chí Minh", ""])
def test_an_ordinary_name_stays_as_it_is(text):
    assert said(text) == text


def test_control_letters_and_lines_turned_round_are_left_out():
    assert said("a\u202eb\n\x1b[2K\u2028c\x00") == r"ab \[2K c"


def test_a_band_in_a_histogram_is_no_markup():
    curves = {"<b>x</b>": (np.array([0.0, 1.0]), np.array([0.5, 0.5]))}
    (line,) = figure(Unit.REFLECTANCE, curves).data
    assert "<b>" not in line.name + line.hovertemplate
