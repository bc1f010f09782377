"""No page stops for what has happened to one run's files."""

import shutil

import pytest
from streamlit.testing.v1 import AppTest

from bandweave.contracts.small_scene import make_scene
from bandweave.raster.geotiff import write
from bandweave.workspace import paths, scene_library
from bandweave.workspace.run_folders import (
    FUSED,
    HIDDEN_MASK,
    LOG,
    PREVIEW,
    PROGRESS,
    RESULT,
    SCORED,
    SCORES,
    WORKER,
    Request,
    Run,
    new_run,
)
from tests.core.workspace.test_damage import copy_name, damaged_copies
from tests.pages.shown import ROOT, finish, names, texts

LINES = (
    '{"stage": "Training red", "step": 1, "steps": 9, "loss": 0.5, "validation": 0.4, "seconds": 1}'
    '\n{"stage": "Done", "step": 1, "steps": 1, "loss": null, "validation": null, "seconds": 3}\n'
)
HARD = ("impossible", "impossible scores", "nested", "a folder")


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    """Make a workspace of one sound run and, beside it, one for each way to damage each file."""
    folder = tmp_path_factory.mktemp("damaged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDWEAVE_HOME", str(folder))
        scene = scene_library.store(make_scene(), "small").scene
        run = finish(new_run(Request("small", "reconstruct", "shallow-cnn")), 0.01)
        (run.folder / PROGRESS).write_text(LINES)
        (run.folder / LOG).write_text("Started\n")
        (run.folder / WORKER).write_text('{"pid": 1, "started": 1.0}')
        optical = scene.optical.raster
        for name in (PREVIEW, HIDDEN_MASK, SCORED):
            write(run.folder / name, optical.read()[:1], scene.grid, ["red"])
        damaged_copies(run, ways=HARD)
        # deleted between two looks, or never written whole
        damaged_copies(_bare(run), {PROGRESS, WORKER}, HARD)
    return folder


def _bare(run: Run) -> Run:
    bare = Run(run.folder.with_name("1-bare"))
    shutil.copytree(run.folder, bare.folder)
    for name in (RESULT, SCORES, WORKER):
        (bare.folder / name).unlink()
    return bare


@pytest.fixture
def app(damaged, waiting_engine, monkeypatch):
    monkeypatch.setenv("BANDWEAVE_HOME", str(damaged))
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)


@pytest.mark.parametrize("name", ["runs", "fuse", "metrics", "compare", "paper", "home"])
def test_a_page_shows_the_others(app, name):
    app.query_params["scene"] = "small"
    app.run()
    if name != "home":
        app.switch_page(f"pages/{name}.py").run()
    assert not app.exception
    assert not app.error
    if name == "metrics":
        assert "Shallow CNN" in names(app)


READ = {
    "runs": (RESULT, SCORES, PROGRESS, LOG, PREVIEW, FUSED),
    "metrics": (RESULT, SCORES, PROGRESS, SCORED, FUSED),
    "compare": (RESULT, HIDDEN_MASK, FUSED),
}


@pytest.mark.parametrize(("name", "files"), READ.items(), ids=list(READ))
def test_a_damaged_run_can_be_looked_at(app, name, files):
    for file in files:
        how = "impossible scores" if file == SCORES else "impossible"
        (copy,) = paths.runs().glob(f"{copy_name(file, how)}-2*")
        app.query_params["run"] = copy.name
        app.switch_page(f"pages/{name}.py").run()
        assert not app.exception, (copy.name, texts(app, "exception"))


SCRIPT = b'<img src=x onerror="alert(1)">![x](http://example.org/x)'


def test_a_run_that_cannot_be_read_is_one_row_with_its_reason_and_its_files(app):
    folder = paths.runs() / "20260101-000000-aaaaaa"
    folder.mkdir()
    (folder / "left.json").write_bytes(SCRIPT + b"\xff\x00")
    try:
        app.query_params["run"] = folder.name
        app.switch_page("pages/runs.py").run()
        assert not app.exception
        assert any("it has no request.json" in said for said in texts(app, "error"))
        shown = next(said for said in map(_html, app.get("html")) if "left.json" in said)
        assert "&lt;img src=x" in shown and "<img" not in shown
        next(each for each in app.button if each.key == f"delete-{folder.name}").click().run()
        assert not app.exception
        assert not folder.exists()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_files_that_others_go_without_are_named(app):
    for file in (SCORES, "notes.json"):
        (copy,) = paths.runs().glob(f"{copy_name(file, 'impossible scores')}-2*")
        app.query_params["run"] = copy.name
        app.switch_page("pages/runs.py").run()
        assert [each.label for each in app.expander if each.label.startswith("Damaged")] == [
            f"Damaged: {file}"
        ]


@pytest.mark.parametrize("stored", [b"{", b'{"version": 99, "name": "a", "runs": []}'])
def test_a_study_that_cannot_be_read_is_a_row_that_can_be_deleted(app, stored):
    folder = paths.studies() / "20260101-000000-aaaaaa"
    folder.mkdir(parents=True)
    (folder / "study.json").write_bytes(stored)
    try:
        app.switch_page("pages/runs.py").run()
        said = " ".join(texts(app, "caption"))
        newer = "was made by a newer version of Bandweave: update it."
        assert (newer if b"99" in stored else f"The study “{folder.name}” is damaged.") in said
        next(
            each for each in app.button if each.key == f"discard-study-{folder.name}"
        ).click().run()
        assert not app.exception
        assert not folder.exists()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("page", ["home", "imagery", "fuse"])
def test_a_damaged_demo_is_said_and_stops_no_page(app, page):
    folder = paths.scenes() / scene_library.DEMO
    folder.mkdir()
    (folder / "scene.json").write_text('{"layers": 3}')
    try:
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception
        said = " ".join(texts(app, "error") + texts(app, "caption"))
        assert page == "fuse" or "damaged" in said
    finally:
        shutil.rmtree(folder)


def test_a_newer_workspace_shows_no_page_and_says_why(app, workspace, monkeypatch):
    monkeypatch.setenv("BANDWEAVE_HOME", str(workspace))
    workspace.mkdir()
    (workspace / "workspace.json").write_text('{"version": 99}')
    app.run()
    assert not app.exception
    assert not app.title
    assert "was made by a newer version of Bandweave: update it" in texts(app, "error")[0]


def _html(element) -> str:
    return element.proto.body
