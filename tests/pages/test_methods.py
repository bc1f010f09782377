from dataclasses import dataclass
from typing import ClassVar

import pytest
from streamlit.testing.v1 import AppTest

from bandweave.methods import METHODS
from bandweave.methods.references.copy import Copy
from bandweave.metrics import METRICS
from bandweave.settings import setting
from bandweave.sources import SOURCES
from bandweave.tasks import TASKS
from pages.shared.cards import Card, limits, linked, looks, plain
from tests.pages.shown import ROOT, html, texts

SHELVES = {"Methods": METHODS, "Tasks": TASKS, "Metrics": METRICS, "Sources": SOURCES}


@dataclass(frozen=True)
class Far(Copy):
    key: ClassVar[str] = "far"

    def reach(self) -> int | None:
        return 270


@pytest.fixture
def opened():
    return AppTest.from_file(str(ROOT / "pages" / "methods.py"), default_timeout=30)


@pytest.mark.parametrize("shelf", SHELVES)
def test_every_entry_of_every_registry_has_a_card(opened, shelf):
    opened.session_state["shelf"] = shelf
    opened.run()
    assert not opened.exception
    for key, entry in SHELVES[shelf].items():
        assert f"<code>{key}</code>" in html(opened)
        for declared in getattr(entry, "settings", tuple)():
            assert f"<small>{declared.name}</small>" in html(opened)


def test_search_leaves_the_cards_that_hold_every_word(opened):
    opened.run()
    opened.text_input(key="wanted").set_value("kriging 11,817").run()
    assert "Nothing among the methods" in texts(opened, "caption")[-1]
    opened.text_input(key="wanted").set_value("NETWORK 11,817").run()
    assert html(opened).count("<article") == 1 and "<code>cae</code>" in html(opened)


def test_every_method_shows_its_formula_and_is_found_by_it(opened):
    opened.run()
    assert html(opened).count("<p class='formula'>") == len(METHODS)
    assert "<span>F<sub>k</sub> = M<sub>k</sub></span></p>" in html(opened)
    opened.text_input(key="wanted").set_value("∇²Fk").run()
    assert html(opened).count("<article") == 1 and "<code>laplace</code>" in html(opened)


def test_a_card_says_how_far_a_method_looks_where_that_is_known(opened, monkeypatch):
    monkeypatch.setitem(METHODS, "far", Far)
    opened.run()
    told = "<dt>Looks</dt><dd>270 px far; a block of 1,024 px reads 2.3 times its own area</dd>"
    assert html(opened).count(told) == 1
    copy = html(opened).split("id='copy'")[1].split("</article>")[0]
    assert "<dt>Looks</dt>" not in copy


@pytest.mark.parametrize(
    ("halo", "words"),
    [
        (0, "at each pixel alone"),
        (24, "24 px far"),
        (26, "26 px far; a block of 1,024 px reads 1.1 times its own area"),
        (1536, "1,536 px far; a block of 1,024 px reads 16.0 times its own area"),
    ],
)
def test_what_looking_far_costs_is_said_where_it_costs_much(halo, words):
    assert looks(halo) == words


def test_a_card_escapes_what_it_shows():
    shown = Card("k", "<b>", "a & b", "<i>", {"<u>": "<s>"}, formula="x < y,  y > z").html()
    assert "&lt;b&gt;" in shown and "a &amp; b" in shown
    assert "<p class='formula'><span>x &lt; y</span><small>y &gt; z</small></p>" in shown
    assert not any(tag in shown for tag in ("<b>", "<i>", "<u>", "<s>"))


def test_small_letters_of_a_formula_are_small_in_every_font():
    shown = Card("k", "", "", "", formula="Fₖ = W⁻¹ C₁₆ Σⱼ Rⱼ²").html()
    assert "F<sub>k</sub> = W<sup>−1</sup> C<sub>16</sub> Σ<sub>j</sub> R<sub>j</sub>" in shown
    assert shown.count("<sup>2</sup>") == 1


@pytest.mark.parametrize(
    "doi", ["10.33093/jetap.2026.8.1.4", "10.1016/0022-1694(70)90255-6", "10.1109/TIP.2003.819861"]
)
def test_a_doi_becomes_a_link(doi):
    href = f"<a href='https://doi.org/{doi}'"
    assert href in linked(f"Nash 1970, doi {doi}")
    assert href in linked(f"Nash 1970, doi {doi}.") and linked(f"doi {doi}.").endswith("</a>.")


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (setting(1, "N", minimum=1, maximum=500, unit="px"), "1 to 500 px"),
        (setting(1e-3, "N", minimum=1e-6, maximum=0.1), "0.000001 to 0.1"),
        (setting(0.0, "N", minimum=-1), "−1 or more"),
        (setting(0.0, "N", maximum=2), "2 or less"),
        (setting(0.0, "N"), "any number"),
        (setting("a", "N", choices=("a", "b")), "a, b"),
        (setting(False, "N"), "yes or no"),
    ],
)
def test_limits_in_words(declared, words):
    assert limits(declared.metadata["setting"]) == words


def test_plain_numbers():
    assert [plain(number) for number in (512.0, 0.30, -8, 1e-5)] == ["512", "0.3", "−8", "0.00001"]
