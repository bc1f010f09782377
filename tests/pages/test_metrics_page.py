import itertools
import json
import math
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from bandweave.contracts.small_scene import make_grid, make_scene
from bandweave.evaluation.scores import MEAN
from bandweave.methods import configured
from bandweave.metrics import METRICS
from bandweave.raster.geotiff import write
from bandweave.workspace import paths as core_workspace
from bandweave.workspace import results, scene_library
from bandweave.workspace.run_folders import (
    FUSED,
    PROGRESS,
    RESULT,
    SCORED,
    SCORES,
    Request,
    new_run,
)
from bandweave.workspace.studies import new_study
from pages.shared.scores.charts import STEP, _counted
from pages.shared.scores.downloads import file_stem, fused_image
from pages.shared.scores.finished import Finished, Summary, finished_on, lines
from tests.pages.shown import ROOT, finish, html, names, rows, texts

BANDS = ("red", "green", "blue")
REGION = {"gap": "hidden", "reconstruct": "all", "sharpen": "all"}
_numbers = itertools.count()
ORIGINAL = 0.5
"""What the original itself scores in every metric without a reference."""


@pytest.fixture
def scene(workspace):
    return scene_library.store(make_scene(), "small")


@pytest.fixture
def app(workspace, waiting_engine):
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)


def opened(app, **address):
    """Return the Metrics page as a link opens it."""
    for name, value in address.items():
        app.query_params[name] = value
    app.switch_page("pages/metrics.py").run()
    assert not app.exception, app.exception
    return app


def asked(method="cae", task="gap", seed=0, scene="small", coverage=None, **changes):
    task_settings = {} if coverage is None else {"coverage": coverage}
    settings = configured([method], None, changes)[method]
    return Request(scene, task, method, settings, task_settings, seed=seed)


def made(method="cae", score=0.1, result=(), **request):
    """Return a finished run that has the same value everywhere, for every metric and band."""
    # runs are listed by the time in their names, to the second: here, one after the other
    run = new_run(asked(method, **request), core_workspace.runs() / f"run-{next(_numbers):05}")
    region = REGION[run.request.task]
    places = [(region, band, key) for band in (*BANDS, MEAN) for key in METRICS]
    alone = [place for place in places if not METRICS[place[2]].needs_reference]
    scores = [row(place, score) for place in places]
    (run.folder / SCORES).write_text(json.dumps(scores))
    ended = {
        "seconds": 2.5,
        "scene": "Small",
        "original": [row(place, ORIGINAL) for place in alone],
    }
    (run.folder / RESULT).write_text(json.dumps(ended | dict(result)))
    return run


def row(place, value):
    return dict(zip(("region", "band", "metric", "value"), (*place, value), strict=True))


def test_an_empty_workspace_leads_to_imagery(app):
    assert "There is no scene yet." in texts(opened(app), "markdown")


def test_a_scene_without_results_leads_to_fuse(app, scene):
    new_run(asked())
    assert "Nothing has been finished on small yet." in texts(opened(app), "markdown")


def test_a_damaged_scene_and_damaged_runs_hide_nothing(app, scene, workspace):
    (workspace / "scenes" / "broken").mkdir()
    (workspace / "scenes" / "broken" / "scene.json").write_text("{")
    for name in (RESULT, SCORES):
        (made(seed=7).folder / name).write_text("{")
    made("laplace")
    made(result={"error": "It failed."})
    assert names(opened(app)) == ["Interpolation"]


def test_rows_are_sorted_best_first_and_a_copy_comes_last_without_competing(app, scene):
    for method, score in (("cae", 0.2), ("copy", 0.0), ("shallow-cnn", 0.1)):
        made(method, score, task="reconstruct")
    page = opened(app)
    shown = rows(page)
    assert [each["name"] for each in shown] == ["Shallow CNN", "Autoencoder", "Copy"]
    assert [each["rmse"] for each in shown] == ["0.1000", "0.2000", "0.0000"]
    assert [each["sobel"] for each in shown] == ["0.20 ×", "0.40 ×", "0.00 ×"]
    assert shown[0]["best"] == ["rmse", "mae", "bias", "sam", "ergas"] and shown[2]["best"] == []
    assert "ssim" in shown[1]["best"] and "sobel" in shown[1]["best"]
    page.selectbox(key="metrics-sort").select("ssim").run()
    assert names(page) == ["Autoencoder", "Shallow CNN", "Copy"]


def test_no_metric_without_a_reference_is_ever_better_higher(app, scene):
    made()
    heads = re.findall(r"<th scope='col'[^>]*>([^<]+)<small>([^<]+)", html(opened(app)))
    said = dict(heads)
    for metric in METRICS.values():
        assert metric.needs_reference or said[metric.label] == "best near\u00a01\u00a0×"
    assert said["SSIM"] == "higher is better" and said["Bias"] == "best near\u00a00"


def test_a_run_in_the_address_leads_to_its_scene_and_task(app, scene):
    made("copy", task="reconstruct")
    scene_library.store(make_scene(seed=1), "other")
    run = made("laplace", scene="other")
    page = opened(app, run=run.id)
    assert names(page) == ["Interpolation"]
    page.selectbox(key="scene-choice").select("small").run()
    assert names(page) == ["Copy"] and page.query_params["scene"] == "small"


def test_seeds_make_one_row_with_mean_and_spread_and_can_be_shown_singly(app, scene):
    for seed, score in enumerate((0.1, 0.2, 0.9)):
        made(score=score, seed=seed)
    made(score=0.6, seed=2)
    made("laplace", 0.7)
    page = opened(app)
    assert names(page) == ["Autoencoder", "Interpolation"]
    # of two runs of seed 2 the newer counts: the mean of 0.1, 0.2, 0.6 and its standard deviation
    assert rows(page)[0]["rmse"] == "0.3000" and "<small>± 0.2646</small>" in html(page)
    assert rows(page)[0]["sobel"] == "0.60 ×" and "<small>± 0.53</small>" in html(page)
    assert "3 seeds" in html(page)
    assert any("± is the standard deviation" in text for text in texts(page, "caption"))
    assert any("rows of the same seeds" in text for text in texts(page, "caption"))
    page.toggle(key="metrics-singles").set_value(True).run()
    singles = re.findall(r"class='single'><th scope='row'>(Seed \d)", html(page))
    assert singles == ["Seed 0", "Seed 1", "Seed 2"]


def test_one_number_alone_has_no_spread():
    assert Summary.of([0.5, None]) == (0.5, None)
    assert Summary.of([None]) is None


def test_rows_of_one_method_are_told_apart_by_what_differs(scene):
    for epochs, patch in ((4, 64), (8, 64), (8, 32)):
        made(epochs=epochs, patch=patch, stride=32)
    made("laplace")
    assert {line.title for line in lines(finished_on(scene))} == {
        "Autoencoder · patch 64, epochs 4",
        "Autoencoder · patch 64, epochs 8",
        "Autoencoder · patch 32, epochs 8",
        "Interpolation",
    }


def test_a_name_its_owner_gave_is_what_a_row_is_called(scene):
    made().annotate(name="The good one")
    assert [line.title for line in lines(finished_on(scene))] == ["Autoencoder · The good one"]


def test_only_runs_with_the_same_task_settings_share_a_table(app, scene):
    made("laplace", coverage=0.5)
    run = made(coverage=0.2)
    page = opened(app, run=run.id)
    assert names(page) == ["Autoencoder"]
    choice = page.selectbox(key="metrics-settings-small-gap")
    assert sorted(choice.options) == ["Hidden share 0.2", "Hidden share 0.5"]
    other = next(each for each in choice.options if each != choice.value and "0.5" in each)
    choice.select_index(choice.options.index(other)).run()
    assert names(page) == ["Interpolation"]


def test_a_study_can_be_chosen(app, scene):
    study = new_study("Seeds", [made(seed=seed) for seed in (0, 1)])
    made(seed=2)
    made("laplace")
    page = opened(app)
    assert "3 seeds" in html(page)
    choice = page.multiselect(key="metrics-rows-small-gap")
    assert choice.options[0] == "Study: Seeds"
    choice.select(study.id).run()
    assert names(page) == ["Autoencoder"] and "2 seeds" in html(page)


def test_a_row_deleted_meanwhile_is_no_choice_any_more(app, scene):
    made("laplace")
    gone = made()
    page = opened(app)
    key = next(line.key for line in lines(finished_on(scene)) if line.label == "Autoencoder")
    page.multiselect(key="metrics-rows-small-gap").select(key).run()
    assert names(page) == ["Autoencoder"]
    (gone.folder / RESULT).unlink()
    page.run()
    assert not page.exception and names(page) == ["Interpolation"]


def test_each_band_has_a_block_of_its_own(app, scene):
    made()
    made("laplace")
    page = opened(app)
    page.segmented_control(key="metrics-bands").set_value("Each band").run()
    heads = re.findall(r"class='band'><th scope='rowgroup' colspan='(\d+)'>(\w+)", html(page))
    # across its row's heading, its metrics and its seconds
    assert heads == [(str(len(METRICS) + 2), band) for band in BANDS]
    assert len(rows(page)) == 6


def test_scores_of_a_filled_image_are_said_to_be_estimated(app, scene):
    made("laplace", result={"estimated": True})
    assert "Estimated on simulated gaps" in texts(opened(app), "subheader")


def test_the_note_says_the_scale_once(app, scene):
    scale = {"lower": 0.0123, "upper": 0.432, "data_range": 1.0, "lowest": 0.0}
    made(task="reconstruct", result={"scales": {"red": scale}})
    note = [text for text in texts(opened(app), "caption") if "× is the ratio" in text]
    assert len(note) == 1 and "red 0.0123 to 0.432" in note[0] and "do not compete" in note[0]


def test_sharpened_images_are_scored_over_all_bands_and_said_how(app, scene):
    for method, noise in (("bicubic", 0.03), ("back-projection", 0.01)):
        run = finish(new_run(asked(method, task="sharpen")), noise)
        result = json.loads((run.folder / RESULT).read_text())
        result |= {"cell": 3, "resolution_ratio": 1 / 3}
        (run.folder / RESULT).write_text(json.dumps(result))
    page = opened(app)
    shown = rows(page)
    assert [each["name"] for each in shown] == ["Bicubic + back-projection", "Bicubic"]
    assert {"sam", "ergas"} <= set(shown[0]["best"])
    assert 0 < float(shown[0]["ergas"]) < float(shown[1]["ergas"])
    note = next(text for text in texts(page, "caption") if "ERGAS" in text)
    assert "ERGAS takes h/l as 1/3." in note and "Means over 3 x 3 pixels" in note
    page.segmented_control(key="metrics-bands").set_value("Each band").run()
    assert {each["sam"] for each in rows(page)} == {"n/a"} and rows(page)[0]["rmse"] != "n/a"
    page.selectbox(key="metrics-bars").select("sam").run()
    assert not page.exception


def test_charts_show_what_the_table_says(app, scene):
    runs = [made(score=score, seed=seed) for seed, score in enumerate((0.1, 0.2))]
    made("laplace", 0.5)
    stages = ("Training red", "Training red", "Training green", "Training green")
    lines = [
        {"stage": stage, "step": step, "steps": 4, "loss": 0.1, "validation": None, "seconds": 1.0}
        for step, stage in enumerate(stages)
    ]
    lines[1]["validation"] = 0.2
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (runs[0].folder / PROGRESS).write_text(text)
    found = [json.loads(each.proto.spec)["data"] for each in opened(app).get("plotly_chart")]
    bars, points, losses = found
    assert bars[0]["type"] == "bar" and bars[0]["y"] == ["Autoencoder", "Interpolation"]
    assert bars[0]["x"] == pytest.approx([0.15, 0.5])
    assert bars[0]["error_x"]["array"] == [pytest.approx(0.005**0.5), None]
    assert [point["name"] for point in points] == ["Autoencoder", "Interpolation"]
    assert points[0]["x"] == [2.5] and points[0]["y"] == pytest.approx([0.15])
    assert losses[0]["y"] == [0.1, 0.1, None, 0.1, 0.1]
    assert losses[1]["x"] == [1, 2] and losses[1]["y"] == [0.2, None]


def test_the_errors_counted_are_those_of_scored_pixels(scene):
    run = finish(new_run(asked()), 0.02)
    truth = run.request.configured_task.pose(scene.scene, 0).truth
    scored = truth.regions["hidden"].read()
    done = Finished.of(run)
    assert _counted(done, scene, "all") is None, "nothing was scored there"
    counts = _counted(done, scene, "hidden")
    assert counts.sum() == 3 * (scored == 1).sum()
    offsets = np.arange(counts.size) - counts.size // 2
    square = ((offsets * STEP) ** 2 * counts).sum() / counts.sum()
    mean = np.mean([done.scores["hidden", band, "rmse"] ** 2 for band in BANDS])
    assert square == pytest.approx(mean, rel=0.01)
    (run.folder / SCORED).unlink()
    assert _counted(done, scene, "hidden") is None, "it is not noted what was scored"


def test_no_errors_are_counted_of_damaged_images(scene):
    run = finish(new_run(asked()), 0.02)
    for name in (FUSED, SCORED):
        path = run.folder / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-2000])
        assert _counted(Finished.of(run), scene, "hidden") is None
        small = np.zeros((1, 9, 9), np.float32)
        write(path, small, make_grid(9, 9), ("hidden",), flags=name == SCORED)
        assert _counted(Finished.of(run), scene, "hidden") is None
        path.write_bytes(whole)
    assert _counted(Finished.of(run), scene, "hidden") is not None


def test_infinite_values_are_summed_up_and_compete_where_they_are_the_best(app, scene):
    assert Summary.of([math.inf, 0.5]) == (math.inf, None)
    assert math.isnan(Summary.of([math.inf, -math.inf]).mean)
    for seed in range(2):
        for method in ("laplace", "cae"):
            run = made(method, seed=seed)
            stored = json.loads((run.folder / SCORES).read_text())
            changed = {"rmse": "Infinity", "sobel": "Infinity", "bias": f"{'-' * seed}Infinity"}
            for score in stored:
                score["value"] = changed.get(score["metric"], score["value"])
            (run.folder / SCORES).write_text(json.dumps(stored))
    shown = rows(opened(app))
    assert [row["rmse"] for row in shown] == ["∞", "∞"]
    assert [row["bias"] for row in shown] == ["n/a", "n/a"]
    assert all("rmse" not in row["best"] and "bias" not in row["best"] for row in shown)
    assert all(row["sobel"].startswith("∞") for row in shown)


def test_nothing_is_counted_where_the_truth_is_not_known(scene):
    run = made(result={"estimated": True})
    write(run.folder / FUSED, np.zeros((3, 96, 96), np.float32), make_grid(), BANDS)
    assert _counted(Finished.of(run), scene, "hidden") is None


def test_downloads_hold_the_scores_and_the_request(app, scene):
    run = made()
    write(run.folder / FUSED, np.zeros((3, 96, 96), np.float32), make_grid(), BANDS)
    page = opened(app)
    labels = [button.label for button in page.get("download_button")]
    table = ["Scores, CSV", "Scores, Excel"]
    assert labels == [*table, *table, "Request, JSON"]
    assert f"/api/runs/{run.id}/fused.tif'" in html(page)


class Asking:
    def __init__(self, run):
        self.path_params = {"run": run}


def test_the_image_is_answered_as_a_file_to_save(scene):
    run = made()
    write(run.folder / FUSED, np.zeros((3, 96, 96), np.float32), make_grid(), BANDS)
    answer = fused_image(Asking(run.id))
    assert answer.path == results.fused_cog(run)
    disposition = answer.headers["content-disposition"]
    assert disposition == f'attachment; filename="small-cae-{run.id}.tif"'
    assert answer.headers["content-type"].startswith("image/tiff")
    assert file_stem(run) == f"small-cae-{run.id}"


@pytest.mark.parametrize("wanted", ["nothing", "..", "../scenes/small"])
def test_what_is_no_run_has_no_image(scene, wanted):
    assert fused_image(Asking(wanted)).status_code == 404


def test_a_waiting_run_and_one_whose_image_is_gone_have_no_image(scene):
    assert fused_image(Asking(new_run(asked()).id)).status_code == 404
    assert fused_image(Asking(made().id)).status_code == 404
