"""What the viewer says of a pixel, of lengths, and what two fingers do."""

import math
import re
import time

import numpy as np
import pytest
import rasterio
from playwright.sync_api import expect

from tests.browser.hands import VIEWER, at, open_stage, touch, view

pytestmark = pytest.mark.browser


def values(screen):
    """Return the lines under the panels' labels."""
    return screen.locator(".values")


def number(text):
    return float(text.replace("−", "-"))


def read(home, what, row, column, band=1):
    with rasterio.open(home / f"metric-{what}.tif") as file:
        return file.read(band)[row, column]


def test_every_panel_tells_its_own_value_of_the_pixel_under_the_cursor(screen, stage, stage_home):
    canvas = open_stage(screen, stage, "panels=4")
    row, column = 123, 201
    screen.mouse.move(*at(canvas, column + 0.5, row + 0.5, 2))
    red, green, blue = (read(stage_home, "optical", row, column, band) for band in (1, 2, 3))
    decibels = 10 * math.log10(read(stage_home, "radar", row, column))
    error = read(stage_home, "estimate", row, column) - red
    lines = values(screen)
    expect(lines.nth(0)).to_have_text(f"red{red:.4f}green{green:.4f}blue{blue:.4f}")
    expect(lines.nth(1)).to_have_text(f"{decibels:.1f} dB".replace("-", "−"))
    expect(lines.nth(2)).to_have_text(f"{green:.4f}")
    assert number(lines.nth(3).inner_text()) == pytest.approx(error, abs=1e-4)
    expect(screen.locator(".reading")).to_contain_text(f"row {row}  column {column}")
    expect(screen.locator(".reading")).to_contain_text("EPSG:32648   10.8429° N 105.9333° E")
    screen.mouse.move(*at(canvas, 10.5, 10.5))
    expect(lines).to_have_text(["no data", re.compile("dB$"), "no data", "no data"])
    screen.mouse.move(5, 5)
    expect(lines).to_have_text([""] * 4)


def test_values_are_asked_for_sparingly_and_never_by_path(screen, stage, stage_home):
    asked = []
    screen.on("request", lambda request: "/api/values/" in request.url and asked.append(request))
    canvas = open_stage(screen, stage, "panels=4")
    began = time.monotonic()
    for step in range(60):
        screen.mouse.move(*at(canvas, 100 + step + 0.5, 100.5))
    assert 2 <= len(asked) <= 2 + (time.monotonic() - began) / 0.1
    assert all(re.fullmatch(r"/api/values/100/\d+/([0-9a-f]{24},?){4}", _path(a)) for a in asked)
    expected = read(stage_home, "optical", 100, 159, 2)
    expect(values(screen).nth(2)).to_have_text(f"{expected:.4f}")


def _path(request):
    return re.sub(r"^https?://[^/]+", "", request.url)


def test_a_tap_tells_the_values_there(screen, stage, stage_home):
    canvas = open_stage(screen, stage, "panels=2", width=390, height=844)
    touch(canvas, [at(canvas, 300.5, 200.5, 1)])
    row, column = re.search(
        r"row (\d+)  column (\d+)", screen.locator(".reading").text_content()
    ).groups()
    assert (int(row), int(column)) == pytest.approx((200, 300), abs=2)
    decibels = 10 * math.log10(read(stage_home, "radar", int(row), int(column)))
    expect(values(screen).nth(1)).to_have_text(f"{decibels:.1f} dB".replace("-", "−"))


def test_legends_of_single_bands_say_ends_and_unit(screen, stage):
    open_stage(screen, stage, "panels=4")
    legends = screen.locator(".legend")
    expect(legends).to_have_count(3)
    expect(legends.nth(0)).to_have_text("−20−5dB")
    expect(legends.nth(1)).to_have_text("0.000.30reflectance")
    expect(screen.locator(".name").first).to_have_attribute(
        "title", re.compile("green 0.0000 to 0.3000 reflectance")
    )


def test_two_fingers_zoom_about_the_point_between_them(screen, stage):
    canvas = open_stage(screen, stage, "panels=1", width=390, height=844)
    before = view(canvas)
    x, y = at(canvas, 100, 200)
    apart = [[(x - d, y), (x + d, y)] for d in (20, 25, 30, 40, 50, 60)]
    touch(canvas, *apart)
    after = view(canvas)
    assert after["scale"] == pytest.approx(3 * before["scale"], rel=0.02)
    assert at(canvas, 100, 200) == pytest.approx((x, y), abs=2)
    moved = [[(x - 60 + d, y + d), (x + 60 + d, y + d)] for d in (0, 10, 20, 30)]
    touch(canvas, *moved)
    assert at(canvas, 100, 200) == pytest.approx((x + 30, y + 30), abs=2)
    assert view(canvas)["scale"] == pytest.approx(after["scale"], rel=0.02)


@pytest.mark.parametrize(
    ("grid", "column_metres"),
    [
        ("metric", 10.0),
        # a degree of longitude on 60 degrees north is half of 111.32 km
        ("geographic", 111.32 * 0.5),
    ],
)
def test_the_scale_bar_is_as_long_as_it_says(screen, stage, grid, column_metres):
    canvas = open_stage(screen, stage, f"panels=1&grid={grid}")
    bar = screen.locator(".scale")
    for _ in range(2):
        number, unit = bar.inner_text().split()
        metres = float(number) * {"m": 1, "km": 1000}[unit]
        pixels = metres / column_metres * view(canvas)["scale"]
        assert bar.evaluate("el => el.getBoundingClientRect().width") == pytest.approx(
            pixels, rel=1e-3
        )
        shape = view(canvas)
        assert shape["rowScale"] / shape["scale"] == pytest.approx(
            1 if grid == "metric" else 2, rel=1e-3
        )
        canvas.press("+")
        screen.wait_for_timeout(200)


def test_a_changed_image_replaces_the_old_one_without_a_gap(screen, stage):
    canvas = open_stage(screen, stage, "panels=1")
    screen.wait_for_timeout(500)
    held = []
    screen.route("**/api/tiles/**", lambda route: held.append(route))
    screen.get_by_role("checkbox", name="Brighter").set_checked(True, force=True)
    expect(screen.get_by_text("shown brighter")).to_be_visible()
    screen.wait_for_timeout(300)
    assert held, "the changed image was not asked for"
    during = middle_brightness(canvas)
    assert during > 30
    for route in held:
        route.continue_()
    screen.wait_for_timeout(800)
    assert middle_brightness(canvas) > 1.5 * during
    assert canvas.evaluate(f"el => ({VIEWER})(el).earlier.every((each) => !each)")


def middle_brightness(canvas):
    pixels = canvas.evaluate(
        """el => {
          const [x, y] = [el.width / 2 - 50, el.height / 2 - 50];
          return [...el.getContext('2d').getImageData(x, y, 100, 100).data];
        }"""
    )
    return float(np.mean(np.reshape(pixels, (-1, 4))[:, :3]))
