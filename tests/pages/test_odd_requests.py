"""Whatever is asked of our own addresses and pages, nothing fails."""

import random

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from bandweave.contracts.small_scene import make_grid
from bandweave.display.tiles import Style
from bandweave.errors import RunError
from bandweave.raster.geotiff import write
from bandweave.workspace.run_folders import Request, all_runs, new_run, open_run
from benchmarks.fuzz_requests import ODD, faults
from pages.shared.serving.layers import publish
from tests.pages.asking import ask, guarded
from tests.pages.shown import ROOT

PAGES = ("home", "imagery", "fuse", "runs", "compare", "metrics", "paper", "methods")
GOOD = [("host", "localhost")]


@pytest.mark.parametrize("seed", [0, 1])
def test_an_odd_request_is_answered_as_what_it_is(workspace, tmp_path, seed):
    pixels = np.full((1, 300, 300), 0.5, np.float32)
    image = write(tmp_path / "image.tif", pixels, make_grid(300, 300), ("B",))
    layer = publish(image, Style(("B",), (0.0,), (1.0,)), "Image")
    statuses, wrong = faults(1500, seed, layer.id)
    assert not wrong, wrong[:5]
    assert statuses[200] > 50 and statuses[404] > 500 and statuses[405] > 100


def test_numbers_beyond_any_image_are_no_address(workspace):
    for path in ("/api/tiles/x/0/0/", "/api/mercator/x/3/1/", "/api/values/0/"):
        for number in ("9" * 5000, "1" * 10, "-1", "%D9%A3"):
            tail = "/x" if "values" in path else ""
            assert ask(guarded(), f"{path}{number}{tail}").status in (400, 404)


def test_a_download_is_a_file_and_can_be_had_in_parts(first_results, waiting_engine):
    run = next(each for each in all_runs() if each.has_image)
    path = f"/api/runs/{run.id}/fused.tif"
    whole = ask(guarded(), path)
    assert whole.status == 200
    assert whole.headers["content-disposition"].startswith('attachment; filename="')
    part = ask(guarded(), path, headers=[*GOOD, ("range", "bytes=0-3")])
    assert (part.status, part.body) == (206, whole.body[:4])
    assert ask(guarded(), path, headers=[*GOOD, ("range", "bytes=99999999999-")]).status == 416
    assert ask(guarded(), path, headers=[*GOOD, ("range", "bytes=b-a")]).status == 400
    assert ask(guarded(), path, method="HEAD").status == 200
    assert ask(guarded(), path, method="POST").status == 405


@pytest.mark.parametrize("text", ODD)
def test_an_id_that_is_none_opens_no_run(workspace, text):
    new_run(Request("demo", "gap", "laplace"))
    with pytest.raises(RunError):
        open_run(text)


@pytest.mark.parametrize("name", PAGES)
def test_an_odd_address_opens_its_page(first_results, waiting_engine, name):
    draw = random.Random(name)
    odd = ["\x00", "\ud7ff\n", *(each.replace("%00", "\x00") for each in ODD)]
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    if name != "home":
        page.switch_page(f"pages/{name}.py").run()
    for _ in range(3):
        for key in ("scene", "run", "runs", "clone", "task", "method"):
            page.query_params[key] = draw.choice(odd)
        page.run()
        assert not page.exception, dict(page.query_params)
