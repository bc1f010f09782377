"""What users write is text on everybody's screen: no link, no image, no request, no formula."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from bandweave.contracts.small_scene import make_scene
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import Request, new_run
from tests.browser.conftest import serving, watched
from tests.browser.names_stage import NAMES
from tests.browser.others import listener
from tests.browser.steps import QUIET
from tests.pages.shown import finish

pytestmark = pytest.mark.browser

SAID = 11
"""How often the page says a name."""
TEXTS = "all => all.map((each) => each.textContent.replaceAll('\\u2060', ''))"
MARKUP = (
    "a:not([href='https://ours.example']), img, .katex, code, pre, em, del, sub, ul, ol, h1, hr,"
    " blockquote, table, [data-testid=stMarkdownContainer] svg"
)


def test_every_element_says_a_name_letter_by_letter(page, tmp_path, strangers):
    faults = watched(page)
    with serving("tests/browser/names_stage.py", tmp_path) as address:
        page.goto(address)
        page.wait_for_selector(QUIET)
        page.locator(f".st-key-name-{len(NAMES) - 1} summary").wait_for()
        for number, name in enumerate(NAMES):
            place = page.locator(f".st-key-name-{number}")
            wanted = " ".join("".join(x if x > " " else " " for x in name).split())
            said = place.locator("[data-testid=stMarkdownContainer]")
            expect(said).to_have_count(SAID)
            shown = {" ".join(text.split()) for text in said.evaluate_all(TEXTS)}
            assert shown == {wanted, f"{wanted} {wanted}"}
            assert not place.locator(MARKUP).evaluate_all("all => all.map((x) => x.outerHTML)")
    assert not strangers and not faults


def test_no_page_makes_anything_of_a_name(page, tmp_path, monkeypatch):
    monkeypatch.setenv("BANDWEAVE_HOME", str(tmp_path))
    faults = watched(page)
    with listener() as (elsewhere, met):
        name = f"![i]({elsewhere}/i.png) [l]({elsewhere}) <img src={elsewhere}/h.png> {elsewhere}"
        scene = replace(make_scene(160, 160), name=name)
        scene_library.store(scene, scene_library.DEMO)
        run = finish(new_run(Request(scene_library.DEMO, "reconstruct", "copy")), 0.01)
        run.annotate(name=name, note=name)
        with serving("app.py", tmp_path) as address:
            for place in ("imagery", "runs", "compare", "metrics"):
                page.goto(f"{address}/{place}?run={run.id}")
                page.wait_for_selector(QUIET)
                page.get_by_role("heading", level=1).wait_for()
                if place in ("runs", "compare"):
                    page.get_by_text("![i]").first.wait_for()
                made = f"img[src^='{elsewhere}'], a[href^='{elsewhere}']"
                assert page.locator(made).count() == 0
        assert not met
    assert not faults, faults
