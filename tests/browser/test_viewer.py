"""The linked viewer, by what it draws on its canvas and says over it."""

import pytest
from playwright.sync_api import expect

from tests.browser.hands import until

pytestmark = pytest.mark.browser

CANVAS = "el => el.getRootNode().querySelector('.viewer').viewer"
"""The script object behind the viewer, which knows its view and its panels."""


@pytest.fixture
def canvas(screen):
    """Open the Overview on a wide screen with the demo scene drawn."""
    screen.set_viewport_size({"width": 1440, "height": 900})
    screen.goto("/")
    found = screen.locator(".viewer canvas")
    expect(found.first).to_be_visible(timeout=240_000)
    until(
        screen,
        """() => [...document.querySelectorAll('*')].some(el => el.shadowRoot &&
           el.shadowRoot.querySelector('.viewer')?.viewer?.cache.tiles.size > 0 &&
           [...el.shadowRoot.querySelector('.viewer').viewer.cache.tiles.values()]
             .every(tile => tile.since))""",
    )
    return found


def view(canvas):
    """Return the shared view and the panels' places."""
    return canvas.evaluate(
        f"""el => {{
          const viewer = ({CANVAS})(el);
          const {{ scale, column, row, atHome }} = viewer.view;
          return {{ scale, column, row, atHome, places: viewer.layout.places }};
        }}"""
    )


def ground_showing(canvas):
    """Count the first panel's inner pixels that change with the colour of what lies behind."""
    return canvas.evaluate(
        f"""el => {{
          const viewer = ({CANVAS})(el), place = viewer.layout.places[0];
          const drawn = ['#ff00ff', '#00ff00'].map((ground) => {{
            viewer.root.style.setProperty('--ground', ground);
            viewer.draw();
            return el.getContext('2d').getImageData(
              place.x + 10, place.y + 10, place.width - 20, place.height - 20).data;
          }});
          return drawn[0].filter((value, i) => value !== drawn[1][i]).length;
        }}"""
    )


def middle(canvas, panel=0):
    box, place = canvas.bounding_box(), view(canvas)["places"][panel]
    return box["x"] + place["x"] + place["width"] / 2, box["y"] + place["height"] / 2


def test_three_panels_fit_side_by_side_and_show_the_whole_image(canvas):
    shown = view(canvas)
    assert len(shown["places"]) == 3
    assert {place["y"] for place in shown["places"]} == {0}
    assert shown["atHome"] and (shown["column"], shown["row"]) == (512, 512)
    assert ground_showing(canvas) == 0


def test_the_wheel_zooms_about_the_cursor_and_out_again_to_the_whole(canvas, screen):
    before = view(canvas)
    screen.mouse.move(*middle(canvas, 1))
    screen.mouse.wheel(0, -600)
    screen.wait_for_timeout(200)
    zoomed = view(canvas)
    assert zoomed["scale"] > 2 * before["scale"]
    assert abs(zoomed["column"] - before["column"]) < 2
    screen.mouse.wheel(0, 3000)
    screen.wait_for_timeout(200)
    assert view(canvas) == before


def test_dragging_moves_every_panel_by_the_same(canvas, screen):
    canvas.press("+")
    before = view(canvas)
    x, y = middle(canvas, 2)
    screen.mouse.move(x, y)
    screen.mouse.down()
    screen.mouse.move(x - 40, y - 30, steps=4)
    screen.mouse.up()
    after = view(canvas)
    assert after["column"] == pytest.approx(before["column"] + 40 / before["scale"], abs=0.5)
    assert after["row"] == pytest.approx(before["row"] + 30 / before["scale"], abs=0.5)


def test_keys_and_buttons_zoom_pan_and_fit(canvas, screen):
    home = view(canvas)
    screen.get_by_role("button", name="Zoom in").click()
    canvas.press("ArrowRight")
    moved = view(canvas)
    assert moved["scale"] > home["scale"] and moved["column"] > home["column"]
    canvas.press("1")
    assert view(canvas)["scale"] == pytest.approx(1)
    screen.get_by_role("button", name="Show the whole image").click()
    assert view(canvas) == home


def test_the_read_out_follows_the_cursor(canvas, screen):
    screen.mouse.move(*middle(canvas))
    expect(screen.locator(".reading")).to_contain_text("row 51")
    expect(screen.locator(".reading")).to_contain_text("EPSG:32648")


def test_a_rerun_keeps_the_view(canvas, screen):
    canvas.press("+")
    before = view(canvas)
    screen.get_by_role("radio", name="Green").click()
    screen.wait_for_timeout(1000)
    assert view(canvas) == before


def test_the_divider_is_dragged_and_moved_by_keys(canvas, screen):
    screen.get_by_role("radio", name="Swipe").click()
    divider = screen.get_by_role("slider", name="Swipe between the two images")
    expect(divider).to_have_attribute("aria-valuenow", "50")
    box = divider.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    screen.mouse.move(x, y)
    screen.mouse.down()
    screen.mouse.move(x - canvas.bounding_box()["width"] / 4, y, steps=4)
    screen.mouse.up()
    expect(divider).to_have_attribute("aria-valuenow", "25")
    divider.press("ArrowRight")
    expect(divider).to_have_attribute("aria-valuenow", "27")


@pytest.mark.parametrize("steps", range(1, 6))
def test_no_line_shows_between_tiles_at_any_scale(canvas, steps):
    for _ in range(steps):
        canvas.press("+")
    canvas.page.wait_for_timeout(600)
    assert ground_showing(canvas) == 0


def test_full_screen_fills_the_screen(canvas, screen):
    screen.get_by_role("button", name="Full screen").click()
    screen.wait_for_timeout(500)
    shown = view(canvas)
    assert sum(place["width"] for place in shown["places"]) > 1300
    screen.keyboard.press("Escape")


def test_on_a_phone_panels_share_rows_and_stay_legible(canvas, screen):
    screen.set_viewport_size({"width": 390, "height": 844})
    screen.wait_for_timeout(800)
    places = view(canvas)["places"]
    assert [place["y"] > 0 for place in places] == [False, False, True]
    assert min(place["width"] for place in places) >= 140
