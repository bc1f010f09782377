"""Every command prints what programs and people can read, and says why it cannot."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio

from bandweave.__main__ import main
from bandweave.commands.output import table
from bandweave.contracts import methods as method_contracts
from bandweave.contracts import tasks
from bandweave.contracts.small_scene import make_scene
from bandweave.methods import METHODS
from bandweave.metrics import METRICS
from bandweave.sources import SOURCES
from bandweave.tasks import TASKS
from bandweave.workspace import scene_library

Result = tuple[int, object]


@pytest.fixture
def core(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run a command with --json and return its exit code and what it printed."""

    def run(*words: object) -> Result:
        code = main([*(str(word) for word in words), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize(
    ("command", "registry"),
    [("methods", METHODS), ("tasks", TASKS), ("metrics", METRICS), ("sources", SOURCES)],
)
def test_registries_are_listed(core, command, registry):
    code, content = core(command)
    assert code == 0
    assert [each["key"] for each in content] == list(registry)


def test_methods_state_their_weights(core):
    _, content = core("methods")
    weights = {each["key"]: each["parameters"] for each in content}
    assert weights["shallow-cnn"] == 2769
    assert weights["cae"] == 11817
    assert weights["laplace"] is None
    assert {"key", "label", "family", "parameters", "source", "settings"} <= set(content[0])


def test_whoever_reads_a_table_may_stop_reading():
    """As `bandweave metrics | head -1` does."""
    words = [sys.executable, "-m", "bandweave", "metrics"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdout is not None and command.stderr is not None
        command.stdout.close()
        assert command.stderr.read() == b""
    assert command.returncode == 0


def test_a_task_is_tried_with_the_methods_it_names(core):
    code, content = core("check", "--task", "sharpen")
    methods = {TASKS["sharpen"].reference, *TASKS["sharpen"].suggested}
    assert code == 0
    assert content == {
        "held": len(tasks.CONTRACTS) + len(methods) * len(method_contracts.CONTRACTS)
    }


@pytest.mark.parametrize("kind", ["method", "metric", "task"])
def test_what_is_not_there_cannot_be_checked(core, kind):
    code, said = core("check", f"--{kind}", "nothing")
    assert code == 1 and said["error"] == f"There is no {kind} 'nothing'."


def test_metrics_state_their_direction(core):
    _, content = core("metrics")
    assert {"key", "label", "better", "range", "unit", "source"} <= set(content[0])
    assert {each["key"]: each["perfect"] for each in content}["r2"] == 1


def test_tables_fit_the_terminal_with_words_to_the_left(core, capsys, monkeypatch):
    for columns in (80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        for command in ("methods", "tasks", "metrics", "sources"):
            assert main([command]) == 0
            heading, line, *rows = capsys.readouterr().out.rstrip().splitlines()
            assert len(line) <= columns and max(map(len, rows)) <= columns
            assert heading.startswith("key ") and not rows[0].startswith(" ")
            starts = [word.start() for word in re.finditer(r"\S+(?: \S+)*", heading)]
            assert all(
                row[start - 1] == " " for row in rows for start in starts[1:] if len(row) > start
            )
            assert all(row[start] != " " for row in rows[:1] for start in starts)


def test_numbers_stand_to_the_right():
    shown = table([["name", "value"], ["a", "1.5"], ["b", "n/a"], ["c", "-12.25"]])
    assert shown.splitlines()[2:] == ["a        1.5", "b        n/a", "c     -12.25"]


def test_one_method_and_one_seed_is_one_run_folder(core, workspace, tmp_path: Path):
    scene_library.store(make_scene(), "small")
    settings = [f"{name}={value}" for name, value in METHODS["shallow-cnn"].quick.items()]
    out = tmp_path / "one"
    code, scores = core(
        *("fuse", "--scene", "small", "--task", "reconstruct", "--method", "shallow-cnn"),
        *("--set", *settings, "--seed", 7, "--out", out),
    )
    assert code == 0
    names = {path.name for path in out.iterdir()}
    assert {"request.json", "fused.tif", "scores.json", "model"} <= names
    assert json.loads((out / "scores.json").read_text()) == scores
    assert set(scores[0]) == {
        *("label", "method", "seed", "fold", "run", "task"),
        *("region", "band", "metric", "value"),
    }
    assert scores[0]["seed"] == 7
    model = {path.name for path in (out / "model").iterdir()}
    assert model == {"fuser.json", "weights.npy", "fitted.json"}
    with rasterio.open(out / "fused.tif") as fused:
        assert fused.descriptions == ("red", "green", "blue")
        assert np.isnan(fused.nodata)
        assert fused.crs.to_epsg() == 32648


def test_images_of_a_folder_to_take_away_are_what_every_reader_knows(
    core, workspace, tmp_path: Path
):
    scene_library.store(make_scene(600, 520), "wide")
    asked = ("fuse", "--scene", "wide", "--task", "gap", "--seed", 0, "--method")
    assert core(*asked, "laplace", "--out", tmp_path / "one")[0] == 0
    assert core(*asked, "laplace", "band-mean", "--out", tmp_path / "both")[0] == 0
    found = [*(tmp_path / "one").rglob("*.tif"), *(tmp_path / "both").rglob("*.tif")]
    assert Counter(path.name for path in found) == {
        name: 3 for name in ("fused.tif", "hidden.tif", "scored.tif")
    }
    for path in found:
        with rasterio.open(path) as image:
            assert image.compression.value == "DEFLATE"
            assert image.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert image.overviews(1)
            assert image.tags()["method"] == (
                "band-mean" if "band-mean" in path.parts else "laplace"
            )


def test_several_methods_and_seeds_are_a_study(core, workspace, tmp_path: Path):
    scene_library.store(make_scene(), "small")
    out = tmp_path / "many"
    code, scores = core(
        *("fuse", "--scene", "small", "--task", "gap", "--task-set", "coverage=0.2"),
        *("--method", "laplace", "--method", "radar-laplace", "--seed", 1, 2, "--out", out),
    )
    assert code == 0
    labels = ["laplace-seed1", "laplace-seed2", "radar-laplace-seed1", "radar-laplace-seed2"]
    assert {row["label"] for row in scores} == set(labels)
    assert json.loads((out / "scores.json").read_text()) == scores
    for label in labels:
        assert (out / label / "fused.tif").is_file()
        request = json.loads((out / label / "request.json").read_text())
        assert request["task_settings"]["coverage"] == 0.2


def test_a_family_runs_what_suits_the_task(core, workspace, tmp_path: Path):
    scene_library.store(make_scene(), "small")
    _, scores = core(
        *("fuse", "--scene", "small", "--task", "reconstruct"),
        *("--method", "reference", "--out", tmp_path / "o"),
    )
    by_label = {row["label"]: row for row in scores if row["metric"] == "rmse"}
    assert set(by_label) == {"copy", "band-mean", "block-mean", "radar-regression"}
    assert by_label["copy"]["value"] == 0


def test_results_replace_earlier_results_only_when_complete(core, workspace, tmp_path: Path):
    scene_library.store(make_scene(), "small")
    out = tmp_path / "o"
    asked = ("fuse", "--scene", "small", "--out", out, "--task", "gap", "--method")
    assert core(*asked, "laplace")[0] == 0
    before = (out / "fused.tif").read_bytes()
    assert core(*asked, "cae", "--set", "patch=512")[0] == 1
    assert (out / "fused.tif").read_bytes() == before
    assert core(*asked, "band-mean")[0] == 0
    assert json.loads((out / "request.json").read_text())["method"] == "band-mean"
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


def test_a_folder_with_anything_else_is_not_touched(core, workspace, tmp_path: Path):
    scene_library.store(make_scene(), "small")
    out = tmp_path / "mine"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    code, said = core(
        *("fuse", "--scene", "small", "--task", "gap", "--method", "laplace", "--out", out)
    )
    assert code == 1
    assert "does not hold results of an earlier run only: thesis.txt" in said["error"]
    assert (out / "thesis.txt").read_text() == "years of work"


def test_what_was_laid_beside_results_is_not_lost(core, workspace, tmp_path: Path):
    scene_library.store(make_scene(), "small")
    asked = ("fuse", "--scene", "small", "--task", "gap", "--out", tmp_path / "o")
    assert core(*asked, "--method", "laplace", "band-mean")[0] == 0
    note = tmp_path / "o" / "laplace" / "note.txt"
    note.write_text("keep me")
    code, said = core(*asked, "--method", "laplace")
    assert code == 1
    assert "note.txt" in said["error"]
    note.unlink()
    assert core(*asked, "--method", "laplace")[0] == 0


def test_numbers_below_zero_are_no_options(core, workspace, test_data):
    folder = test_data / "spain-flood"
    code, facts = core(
        *("scene", "create", "--name", "west", "--bounds", "-0.775,38.09,-0.75,38.11"),
        *("--optical", folder / "Spain_7370579_S2Hand.tif"),
        *("--optical-bands", "red=4,green=3,blue=2"),
        *("--radar", folder / "Spain_7370579_S1Hand.tif", "--radar-unit", "db"),
    )
    assert code == 0
    assert facts["grid"]["width"] < 300


@pytest.mark.parametrize("content", ["{bad", "[]", '{"scene": "small", "task": "gap"}'])
def test_a_request_that_is_none_says_so(core, workspace, tmp_path: Path, content):
    (tmp_path / "request.json").write_text(content)
    code, said = core("run", tmp_path)
    assert code == 1
    assert "is not a run's request" in said["error"]


def test_a_damaged_scene_does_not_hide_the_others(core, workspace):
    scene_library.store(make_scene(), "good")
    for name, content in (("bad", "{"), ("worse", "[]")):
        (workspace / "scenes" / name).mkdir()
        (workspace / "scenes" / name / "scene.json").write_text(content)
    code, listed = core("scene", "list")
    assert code == 0
    good, *damaged = listed
    assert (good["id"], "error" in good) == ("good", False)
    assert {each["id"]: each["state"] for each in damaged} == dict.fromkeys(
        ("bad", "worse"), "damaged"
    )
    assert all("cannot be read" in each["error"] for each in damaged)
    assert core("scene", "show", "small")[0] == 0
    code, said = core("scene", "show", "bad")
    assert code == 1
    assert "damaged" in said["error"]


def test_runs_and_studies_that_cannot_be_read_are_listed_with_their_reasons(core, workspace):
    for folder in ("runs/a", "runs/b", "studies/c"):
        (workspace / folder).mkdir(parents=True)
    (workspace / "runs" / "a" / "request.json").write_text('{"version": 99}')
    code, listed = core("runs", "list")
    assert code == 0
    said = {each["id"]: (each["kind"], each["state"], each["error"]) for each in listed}
    assert said["a"][2].endswith("was made by a newer version of Bandweave: update it.")
    assert said["b"] == ("run", "damaged", "There is no run in b: it has no request.json.")
    assert said["c"][:2] == ("study", "damaged")


def test_scores_of_nothing_are_refused(core, make_tif):
    empty = make_tif("e.tif", np.full((1, 8, 8), np.nan, np.float32))
    full = make_tif("f.tif", np.ones((1, 8, 8), np.float32))
    code, said = core("score", "--reference", full, "--estimate", empty, "--data-range", 1)
    assert code == 1
    assert "No pixel has data" in said["error"]


def test_run_executes_a_request(core, workspace, tmp_path: Path):
    scene_library.store(make_scene(), "small")
    folder = tmp_path / "r"
    folder.mkdir()
    request = {"scene": "small", "task": "gap", "method": "band-mean", "seed": 2}
    (folder / "request.json").write_text(json.dumps(request))
    code, scores = core("run", folder)
    assert code == 0
    assert scores[0]["run"] == "r"
    assert (folder / "result.json").is_file()


def test_score_by_hand(core, make_tif):
    reference = make_tif("r.tif", np.zeros((1, 16, 16), np.float32), bands=["red"])
    estimate = make_tif("e.tif", np.full((1, 16, 16), 0.5, np.float32), bands=["red"])
    code, content = core(
        "score", "--reference", reference, "--estimate", estimate, "--data-range", 1
    )
    assert code == 0
    assert set(content) == set(METRICS)
    assert content["rmse"] == {"red": 0.5, "mean": 0.5}
    assert content["bias"]["red"] == 0.5
    assert content["pearson"]["red"] is None
    assert content["sam"] == content["ergas"] == {"mean": None}


def test_what_is_of_all_bands_is_of_none_alone(workspace, make_tif, capsys):
    pixels = np.full((2, 16, 16), 0.5, np.float32)
    reference = make_tif("r.tif", pixels, bands=["red", "green"])
    estimate = make_tif("e.tif", pixels * np.float32([[[1]], [[0]]]), bands=["red", "green"])
    words = ["score", "--reference", str(reference), "--estimate", str(estimate)]
    assert main([*words, "--data-range", "1"]) == 0
    printed = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert printed["metric"] == ["red", "green", "mean"]
    assert printed["sam"] == ["n/a", "n/a", "45"]
    assert printed["ergas"] == ["n/a", "n/a", "70.7107"]


def test_score_counts_only_masked_pixels(core, make_tif):
    image = np.zeros((1, 16, 16), np.float32)
    estimate = image.copy()
    estimate[0, :8] = 1
    mask = np.zeros((16, 16), np.uint8)
    mask[:8] = 1
    paths = [make_tif(f"{n}.tif", a) for n, a in (("r", image), ("e", estimate), ("m", mask))]
    _, content = core(
        *("score", "--reference", paths[0], "--estimate", paths[1]),
        *("--mask", paths[2], "--data-range", 1),
    )
    assert content["mae"]["mean"] == 1


class TestPairing:
    """What `score` holds against what; the reference is 0.1, 0.2, 0.3 in red, green, blue."""

    def score(self, core, make_tif, estimate, names=(), **written):
        levels = np.full((3, 16, 16), 0.1, np.float32) * np.float32([[[1]], [[2]], [[3]]])
        reference = make_tif("r.tif", levels, bands=["red", "green", "blue"])
        pixels = np.broadcast_to(np.float32(estimate)[:, None, None], levels.shape)
        given = make_tif("e.tif", pixels.copy(), bands=names, **written)
        return core("score", "--reference", reference, "--estimate", given, "--data-range", 1)

    @pytest.mark.parametrize(
        ("estimate", "names"),
        [
            ((0.3, 0.2, 0.1), ("Blue", "green", "red")),
            ((0.1, 0.2, 0.3), ("red", "green", "blue")),
            # nothing says what these are, or names of another kind say it
            ((0.1, 0.2, 0.3), ()),
            ((0.1, 0.2, 0.3), ("B4", "B3", "B2")),
        ],
    )
    def test_bands_by_their_descriptions(self, core, make_tif, estimate, names):
        code, found = self.score(core, make_tif, estimate, names)
        assert code == 0
        assert found["mae"] == pytest.approx(dict.fromkeys(("red", "green", "blue", "mean"), 0))

    def test_numbers_are_no_descriptions(self, core, make_tif):
        levels = np.full((2, 16, 16), 0.1, np.float32) * np.float32([[[1]], [[2]]])
        unnamed = make_tif("r.tif", levels)
        named = make_tif("e.tif", levels, bands=("B2", "B1"))
        words = ("score", "--reference", unnamed, "--estimate", named, "--data-range", 1)
        assert core(*words)[1]["mae"] == {"B1": 0, "B2": 0, "mean": 0}

    def test_names_in_other_places_of_another_set_are_refused(self, core, make_tif):
        code, said = self.score(core, make_tif, (0.1, 0.2, 0.3), ("nir", "red", "green"))
        assert code == 1
        assert "nir, red, green: the same names in other places" in said["error"]

    @pytest.mark.parametrize(
        ("written", "code"),
        [
            ({"origin": (600_000.0000001, 1_199_999.9999999), "pixel": 10.000000001}, 0),
            ({"origin": (600_000.0, 1_199_840.0), "pixel": (10, -10)}, 0),
            ({"origin": (600_000.1, 1_200_000.0)}, 1),
        ],
    )
    def test_grids_within_rounding_are_one(self, core, make_tif, written, code):
        found, said = self.score(core, make_tif, (0.1, 0.2, 0.3), **written)
        assert found == code
        assert not code or "not on the same grid" in said["error"]

    def test_a_mask_of_another_place_is_refused(self, core, make_tif):
        image = make_tif("r.tif", np.ones((1, 16, 16), np.float32))
        mask = make_tif("m.tif", np.ones((16, 16), np.uint8), origin=(600_160.0, 1_200_000.0))
        words = ("score", "--reference", image, "--estimate", image, "--data-range", 1)
        code, said = core(*words, "--mask", mask)
        assert code == 1 and "the mask are not on the same grid" in said["error"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fuse"], "required"),
        (["dance"], "invalid choice"),
        (["fuse", "--scene", "x", "--task", "gap", "--method", "laplace"], "required"),
        (["scene", "show", "nowhere"], "no scene 'nowhere'"),
        (["run", "nowhere"], "no run"),
        (["run"], "No run folder"),
        (["score", "--reference", "a.tif", "--estimate", "b.tif", "--data-range", "1"], "no file"),
    ],
)
def test_errors_are_objects_with_a_hint(core, workspace, words, said):
    code, content = core(*words)
    assert code == 1
    assert set(content) == {"error", "hint"}
    assert said in content["error"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"--task": "gaps"}, "no task 'gaps'"),
        ({"--method": "shallow"}, "no method 'shallow'"),
        ({"--method": "copy"}, "makes no sense"),
        ({"--set": "epochs"}, "--set cannot be"),
        ({"--set": "epoch=3"}, "no setting"),
        ({"--set": "epochs=many"}, "Epochs cannot be"),
        ({"--task-set": "coverage=7"}, "Hidden share cannot be"),
        ({"--preset": "quick"}, "no preset"),
        ({"--seed": "-1"}, "seed cannot be"),
        ({"--scene": "nowhere"}, "no scene"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_runs(
    core, workspace, tmp_path: Path, changes, said
):
    scene_library.store(make_scene(), "small")
    options = {"--scene": "small", "--task": "gap", "--method": "shallow-cnn"} | changes
    words = [word for option in options.items() for word in option]
    code, content = core("fuse", *words, "--out", tmp_path / "o")
    assert code == 1
    assert said in content["error"]
    assert not (tmp_path / "o").exists()


def test_people_read_two_lines_on_the_error_stream(workspace, capsys):
    assert main(["scene", "show", "nowhere"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("Error: There is no scene")
    assert len(printed.err.strip().splitlines()) == 2


def test_people_read_tables(workspace, capsys, tmp_path: Path):
    scene_library.store(make_scene(), "small")
    out = str(tmp_path / "o")
    assert (
        main(["fuse", "--scene", "small", "--task", "gap", "--method", "laplace", "--out", out])
        == 0
    )
    printed = capsys.readouterr().out
    assert "gap, hidden" in printed
    assert printed.splitlines()[0].split()[-2:] == ["SAM", "ERGAS"]
    assert "laplace" in printed
