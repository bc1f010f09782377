import itertools
import json
import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from streamlit.testing.v1 import AppTest

import pages.shared.map as maps
import pages.shared.viewer as viewers
from bandweave.contracts.small_scene import make_scene
from bandweave.display.profile import line
from bandweave.raster.geotiff import write
from bandweave.workspace import paths as workspaces
from bandweave.workspace import scene_library
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import CANCELLED, HIDDEN_MASK, RESULT, WORKER, new_run
from pages.compare_parts import profile_chart
from pages.compare_parts.candidates import candidates
from pages.shared.images.panels import Panels
from tests.pages.shown import ROOT, finish, html, texts

ROW = 20
_minutes = itertools.count()


@pytest.fixture
def small(workspace, waiting_engine):
    return scene_library.store(make_scene(), "small")


@pytest.fixture
def seen(monkeypatch):
    """Catch what the page asks the viewer and the map to show."""
    caught = SimpleNamespace(layers=[], mode="", grid=None)

    def shown(grid, layers, *, key, mode="side", **_):
        caught.grid, caught.layers, caught.mode = grid, layers, mode

    def mapped(left, right, grid, *, key, **_):
        caught.grid, caught.layers, caught.mode = grid, [left, right], "map"

    monkeypatch.setattr(viewers, "viewer", shown)
    monkeypatch.setattr(maps, "swipe_map", mapped)
    return caught


@pytest.fixture
def app(workspace, waiting_engine, seen):
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)


def opened(app, **address):
    for name, value in address.items():
        app.query_params[name] = value
    return ran(app.switch_page("pages/compare.py"))


def ran(app):
    app.run()
    assert not app.exception
    return app


def done(method="copy", task="reconstruct", noise=0.01, **facts):
    # ids tell seconds only; made in one second their order would be chance
    folder = workspaces.runs() / f"20260101-00{next(_minutes):02d}00-abcdef"
    run = new_run(Request("small", task, method, **facts), folder)
    if task == "gap":
        problem, *_ = run.request.configured_task.pose(scene_library.find("small").scene, 0)
        mask = problem.hidden.raster
        write(run.folder / HIDDEN_MASK, mask.read(), mask.grid, mask.bands, flags=True)
    return finish(run, noise)


def labels(seen):
    return [" · ".join(filter(None, (layer.label, layer.note))) for layer in seen.layers]


def images(app):
    return next(each for each in app.multiselect if each.label == "Images")


def links(app):
    return [each.proto.label for each in app.get("page_link")]


def test_an_empty_workspace_leads_to_imagery(app):
    opened(app)
    assert any("no scene yet" in text for text in texts(app, "markdown"))
    assert links(app) == ["Add imagery"]


def test_a_scene_without_results_is_shown_and_leads_to_fuse(app, small, seen):
    opened(app)
    assert labels(seen) == ["Original", "Radar VV", "Radar VH", "Radar VV/VH"]
    assert "Fuse this scene" in links(app)
    assert "SIMULATED" in str([each.proto for each in app.get("markdown")])
    assert not html(app).count("<table>")


def test_the_newest_results_stand_beside_the_original(app, small, seen):
    done("copy")
    done("block-mean")
    opened(app)
    assert labels(seen) == ["Original", "4 x 4 mean", "Copy"] and seen.mode == "side"
    assert html(app).count("<th scope='row'>") == 2
    assert "All metrics" in links(app)
    upper = {layer.legend.upper for layer in seen.layers}
    assert len(upper) == 1, "results share the original's stretch"


def test_a_link_to_a_run_shows_it_beside_the_original_at_once(app, small, seen):
    wanted = done("copy", "reconstruct")
    done("laplace", "gap")
    scene_library.store(make_scene(64, 64), "another")
    opened(app, run=wanted.id)
    assert labels(seen) == ["Original", "Copy"] and seen.grid.shape == (96, 96)
    assert app.query_params["scene"] == "small" and app.query_params["run"] == wanted.id
    assert app.session_state["compare-task-small"] == "Rebuild"


def test_another_scene_forgets_the_run_in_the_address(app, small, seen):
    wanted = done()
    scene_library.store(replace(make_scene(64, 64), name="another"), "another")
    opened(app, run=wanted.id)
    app.selectbox(key="scene-choice").select("another")
    ran(app)
    assert seen.grid.shape == (64, 64)
    assert "run" not in app.query_params and app.query_params["scene"] == "another"


def test_a_run_whose_scene_is_gone_breaks_nothing(app, small, seen):
    wanted = new_run(Request("deleted", "reconstruct", "copy"))
    opened(app, run=wanted.id)
    assert labels(seen)[0] == "Original"


@pytest.mark.parametrize("state", ["running", "failed", "cancelled"])
def test_a_run_without_an_image_says_why(app, small, state):
    run = new_run(Request("small", "reconstruct", "copy"))
    if state == "running":
        process = psutil.Process(os.getpid())
        owner = {"pid": process.pid, "started": process.create_time()}
        (run.folder / WORKER).write_text(json.dumps(owner))
    elif state == "failed":
        (run.folder / RESULT).write_text('{"error": "No memory.", "hint": "Less patch."}')
    else:
        (run.folder / CANCELLED).touch()
    opened(app, run=run.id)
    expected = {"running": "under way", "failed": "No memory.", "cancelled": "cancelled"}[state]
    assert any(expected in text for text in texts(app, "caption") + texts(app, "error"))
    assert ("Watch it" in links(app)) == (state == "running")


def test_in_a_gap_the_input_comes_first_and_only_hidden_pixels_are_scored(app, small, seen):
    done("laplace", "gap", task_settings={"coverage": 0.4})
    opened(app)
    assert labels(seen) == ["Input · 40% hidden", "Interpolation", "Original"]
    assert "Scores, hidden pixels" in texts(app, "subheader")


def test_sharpened_images_stand_beside_the_original_with_their_differences(app, small, seen):
    done("bicubic", "sharpen", noise=0.02)
    done("back-projection", "sharpen", noise=0.01)
    opened(app)
    assert labels(seen) == ["Original", "Bicubic + back-projection", "Bicubic"]
    images(app).set_value([*images(app).value, "radar:VV"])
    app.session_state["compare-errors"] = ["Difference", "Error"]
    ran(app)
    assert labels(seen)[3:] == ["Radar VV"] + [
        f"{kind}: {label}"
        for kind in ("Difference", "Error")
        for label in ("Bicubic + back-projection", "Bicubic")
    ]
    assert "Scores, whole image" in texts(app, "subheader")
    assert html(app).count("<th scope='row'>") == 2


def test_estimated_scores_say_so_and_have_no_error(app, small, seen):
    run = done("laplace", "gap")
    result = json.loads((run.folder / RESULT).read_text())
    (run.folder / RESULT).write_text(json.dumps(result | {"estimated": True}))
    opened(app)
    app.session_state["compare-errors"] = ["Difference", "Error"]
    ran(app)
    assert "Estimated on simulated gaps" in texts(app, "subheader")
    assert [each for each in labels(seen) if ":" in each] == ["Difference: Interpolation"]


def test_differences_and_errors_of_shown_results_share_a_scale(app, small, seen):
    done("copy", noise=0.01)
    done("block-mean", noise=0.03)
    opened(app)
    app.session_state["compare-errors"] = ["Difference", "Error"]
    ran(app)
    added = [layer for layer in seen.layers if ":" in layer.label]
    assert [layer.label.partition(":")[0] for layer in added] == ["Difference"] * 2 + ["Error"] * 2
    assert added[0].legend.upper == added[1].legend.upper
    assert added[0].legend.lower[0] == -added[0].legend.upper[0]
    assert added[2].legend.upper == added[3].legend.upper and added[2].legend.lower == (0.0,)
    app.session_state["compare-stretch"] = "Separate"
    ran(app)
    first, second = (layer for layer in seen.layers if layer.label.startswith("Error"))
    assert first.legend.upper != second.legend.upper


def test_nine_panels_are_the_most(app, small, seen):
    for seed in range(4):
        done("copy", seed=seed)
    opened(app)
    images(app).set_value([run.run.id for run in candidates(small, "reconstruct")])
    app.session_state["compare-errors"] = ["Difference", "Error"]
    ran(app)
    assert len(seen.layers) == 9


def test_the_swipe_and_the_map_take_two_images(app, small, seen):
    done("copy")
    opened(app)
    app.session_state["compare-mode"] = "Swipe"
    ran(app)
    assert (seen.mode, labels(seen)) == ("swipe", ["Original", "Copy"])
    left = next(each for each in app.selectbox if each.label == "Left")
    assert any(option.startswith("Error: ") for option in left.options)
    left.select("radar:VH")
    app.session_state["compare-mode"] = "Map"
    ran(app)
    assert (seen.mode, labels(seen)) == ("map", ["Radar VH", "Copy"])


def test_bands_are_chosen_for_all_and_for_one(app, small, seen):
    done("copy")
    opened(app)
    app.selectbox(key="compare-bands").select("Blue")
    ran(app)
    assert [layer.legend.bands for layer in seen.layers] == [("blue",), ("blue",)]
    app.selectbox(key="compare-own-small-original").select("Red")
    ran(app)
    assert [layer.legend.bands for layer in seen.layers] == [("red",), ("blue",)]


def test_narrower_percentiles_narrow_the_stretch(app, small, seen):
    opened(app)
    before = seen.layers[0].legend
    app.slider(key="compare-percentiles").set_value((20.0, 80.0))
    ran(app)
    after = seen.layers[0].legend
    assert after.lower[0] > before.lower[0] and after.upper[0] < before.upper[0]
    app.slider(key="compare-percentiles").set_value((50.0, 50.0))
    assert ran(app) and seen.layers[0].legend == before


def test_the_page_is_as_it_was_after_another_page(app, small, seen):
    done("copy")
    done("block-mean")
    opened(app)
    images(app).set_value(["radar:VV", "original"])
    app.selectbox(key="compare-bands").select("Green")
    app.session_state["compare-mode"] = "Side by side"
    ran(app)
    ran(app.switch_page("pages/methods.py"))
    ran(app.switch_page("pages/compare.py"))
    assert labels(seen) == ["Radar VV", "Original"]
    assert seen.layers[1].legend.bands == ("green",)


def test_a_deleted_image_is_no_candidate(app, small, seen):
    run = done("copy")
    opened(app)
    run.fused.path.unlink()
    ran(app)
    assert "Copy" not in labels(seen)


def test_runs_are_told_apart_by_name_settings_seed_and_time(small):
    done("copy", seed=1)
    done("laplace", "gap")
    named = done("copy", seed=2)
    named.annotate(name="My best")
    done("copy", seed=1)
    titles = [row.title for row in candidates(small, "reconstruct")]
    assert titles[1] == "My best"
    assert titles[0].startswith("Copy · seed 1, 01 Jan ") and titles[2] < titles[0]
    assert [row.title for row in candidates(small, "gap")] == ["Interpolation"]


def test_task_settings_that_differ_are_told(small):
    done("laplace", "gap", task_settings={"coverage": 0.2})
    done("laplace", "gap", task_settings={"coverage": 0.4})
    titles = [row.title for row in candidates(small, "gap")]
    assert titles == ["Interpolation · hidden share 0.4", "Interpolation · hidden share 0.2"]


@pytest.fixture
def gapped(small):
    done("laplace", "gap")
    return Panels(small, candidates(small, "gap"))


def test_a_profile_draws_full_resolution_pixels_in_their_units(gapped):
    run_id = gapped.rows[0].run.id
    shown = ["given", "original", run_id, f"error:{run_id}", "radar:VH", "radar:VV/VH"]
    figure = profile_chart._figure(gapped, shown, line((ROW, 0), (ROW, 95)), "green")
    hidden, given, original, result, error, radar, ratio = figure.data
    truth = gapped.entry.scene.optical.raster.read(bands=("green",))[0, ROW]
    np.testing.assert_array_equal(original.y, truth)
    np.testing.assert_array_equal(np.isnan(given.y), np.asarray(hidden.y) == 1)
    np.testing.assert_allclose(error.y, np.abs(result.y - truth), atol=1e-6)
    power = gapped.entry.scene.radar.raster.read()[:, ROW]
    np.testing.assert_allclose(radar.y, 10 * np.log10(power[1]), rtol=1e-5)
    np.testing.assert_allclose(ratio.y, 10 * np.log10(power[0] / power[1]), rtol=1e-4, atol=1e-5)
    assert (original.yaxis, radar.yaxis) == ("y", "y2")
    assert figure.layout.yaxis.title.text == "Green reflectance"
    np.testing.assert_allclose(original.x, np.arange(96) * 10)


def test_a_profile_follows_the_line_the_user_states(app, small, seen):
    opened(app)
    app.session_state["profile-kind"] = "Two points"
    ran(app)
    fields = [each.label for each in app.number_input]
    assert fields == ["From row", "From column", "To row", "To column"]
    assert [each.value for each in app.number_input] == [0, 0, 95, 95]
    app.session_state["profile-row"] = 4000
    app.session_state["profile-kind"] = "Row"
    ran(app)
    assert app.number_input[0].value == 47
