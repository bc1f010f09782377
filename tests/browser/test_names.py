"""What users write is text on everybody's screen: no link, no image, no request, no formula."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import serving, watched
from tests.browser.names_stage import NAMES
from tests.browser.steps import QUIET

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
