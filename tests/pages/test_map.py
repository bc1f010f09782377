import re
import subprocess
import sys
from types import SimpleNamespace
from urllib.parse import urlparse

import numpy as np
import pytest
import streamlit as st
import streamlit_folium
from starlette.routing import Match

from bandweave.contracts.small_scene import make_grid, make_scene
from bandweave.display.tiles import Style
from bandweave.prepare.alignment import WGS84, extent
from bandweave.raster.virtual import MemoryRaster
from bandweave.workspace import scene_library
from pages.shared import map as maps
from pages.shared.images.stretches import quick_look
from pages.shared.serving import addresses, map_pages, mercator, vendor
from pages.shared.serving.layers import Layer, publish
from pages.shared.serving.routes import routes
from tests.core.display.test_mercator import at, middle
from tests.pages.shown import ROOT

GRID = make_grid(300, 300)
DRAWN = [[[106.1, 10.2], [106.1, 10.4], [106.3, 10.4], [106.3, 10.2], [106.1, 10.2]]]


def asked(endpoint, **values):
    return endpoint(SimpleNamespace(path_params=values))


def hosts(text):
    """Return the machines a map would ask for scripts, styles or tiles."""
    loaded = re.findall(r'(?:src|href)="([^"]+)"', text) + re.findall(
        r'tileLayer\(\s*"([^"]+)', text
    )
    return {urlparse(address).hostname for address in loaded}


def page(address):
    """Return the map that has an address."""
    answer = asked(map_pages.page, page=address.removeprefix(map_pages.MAPS))
    assert (answer.status_code, answer.media_type) == (200, "text/html")
    return answer.body.decode()


@pytest.fixture
def shown(monkeypatch):
    """Catch what would go to the browser; answer what the user has drawn."""
    caught = SimpleNamespace(answer={"all_drawings": None}, html="", map=None, options=None)

    def component(made, **options):
        caught.map, caught.options = made, options
        return caught.answer

    monkeypatch.setattr(streamlit_folium, "st_folium", component)
    monkeypatch.setattr(st, "iframe", lambda address, **_: setattr(caught, "html", page(address)))
    monkeypatch.setattr(st, "session_state", {})
    return caught


@pytest.fixture
def entry(workspace):
    return scene_library.store(make_scene(120, 120), "first")


def test_leaflet_comes_from_the_installed_package_as_utf_8():
    answer = asked(vendor.leaflet_file, edition="x", name="leaflet.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert b"leaflet-draw" in answer.body and len(answer.body) > 1_000_000


def test_the_maps_own_files_and_the_bundles_icons_are_served_and_nothing_else():
    assert b"sideBySide" in asked(vendor.leaflet_file, edition="x", name="map.js").body
    style = asked(vendor.leaflet_file, edition="x", name="map.css")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    icons = re.findall(rb'"([0-9a-f]{20}\.png)"', vendor._leaflet())
    icon = asked(vendor.leaflet_file, edition="x", name=icons[0].decode())
    assert icon.media_type == "image/png" and icon.body[:4] == b"\x89PNG"
    for name in ("extension.js", "../index.js", "map.py", ""):
        answer = asked(vendor.leaflet_file, edition="x", name=name)
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


@pytest.mark.parametrize("base", ["", "fusion"])
def test_every_address_a_map_uses_has_a_route(monkeypatch, base):
    monkeypatch.setattr(st, "get_option", lambda name: base)
    scripts, styles = vendor.links()
    tile = mercator.tile_address("id").format(z=1, x=0, y=0)
    for address in (*(link for _, link in scripts + styles), tile):
        assert address.startswith(f"/{base}" if base else "/")
        scope = {"type": "http", "path": address, "method": "GET", "root_path": ""}
        found = next(route for route in routes() if route.matches(scope)[0] is Match.FULL)
        assert found not in addresses.nowhere()


def test_tiles_on_the_map_are_asked_for_by_id_alone():
    raster = MemoryRaster(np.full((1, 300, 300), 0.5, np.float32), GRID, ("B",))
    layer = publish(raster, Style(("B",), (0.0,), (1.0,)), "Image", key=("half",))
    x, y = at(*middle(GRID), 13)
    answer = asked(mercator.tile, layer=layer.id, zoom=13, x=x, y=y)
    assert (answer.status_code, answer.media_type) == (200, "image/webp")
    assert asked(mercator.tile, layer=layer.id, zoom=13, x=x + 9, y=y).status_code == 204
    missing = asked(mercator.tile, layer="0123", zoom=13, x=x, y=y)
    assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-store")


def test_the_area_map_loads_everything_from_us_but_the_base_map(shown, entry):
    maps.area_map(entry, key="area")
    html = shown.map.get_root().render()
    assert hosts(html) == {None, "tile.openstreetmap.org"}
    assert "jsdelivr" not in html and "cdnjs" not in html
    assert shown.options["returned_objects"] == ["all_drawings"]
    assert shown.options["key"] == "area"


def test_the_area_map_looks_at_the_scene_and_shows_it(shown, entry):
    maps.area_map(entry, key="area")
    west, south, east, north = extent(entry.scene.grid, WGS84)
    fitted = [each for each in shown.map._children.values() if each._name == "FitBounds"][-1]
    assert fitted.bounds == [[south, west], [north, east]]
    changing = list(shown.options["feature_group_to_add"]._children.values())
    layer = publish(*quick_look(entry.scene), "")
    assert [each._name for each in changing] == ["TileLayer", "Polygon"]
    assert changing[0].tiles == mercator.tile_address(layer.id)


def test_several_scenes_are_outlines_that_say_their_names(shown, entry):
    second = scene_library.store(make_scene(60, 60), "second")
    maps.area_map([entry, second], key="area")
    changing = list(shown.options["feature_group_to_add"]._children.values())
    assert [each._name for each in changing] == ["Polygon", "Polygon"]
    assert all(each._children for each in changing)
    assert len(changing[0].locations) == 32


def test_without_scenes_the_world_is_shown(shown):
    assert maps.area_map([], key="area") is None
    assert not shown.options["feature_group_to_add"]._children


def test_a_drawn_rectangle_is_returned_once(shown, entry):
    assert maps.area_map(entry, key="area") is None
    shown.answer = {"all_drawings": [{"geometry": {"type": "Polygon", "coordinates": DRAWN}}]}
    assert maps.area_map(entry, key="area") == (106.1, 10.2, 106.3, 10.4)
    assert maps.area_map(entry, key="area") is None
    assert maps.area_map(entry, key="another") == (106.1, 10.2, 106.3, 10.4)


def test_the_swipe_shows_two_layers_over_the_base_map(shown):
    maps.swipe_map(Layer("Before", id="aa"), Layer("After", id="bb"), GRID, key="swipe")
    assert hosts(shown.html) == {None, "tile.openstreetmap.org"}
    tiles = re.findall(r'tileLayer\(\s*"([^"]+)', shown.html)
    assert tiles[1:] == ["/api/mercator/aa/{z}/{x}/{y}", "/api/mercator/bb/{z}/{x}/{y}"]
    assert "L.control.sideBySide(" in shown.html
    assert ">Before</div>" in shown.html and ">After</div>" in shown.html


def test_a_name_cannot_leave_its_place_in_the_script(shown):
    name = "</script><b>`${alert(1)}`\\{{ 1 }}"
    maps.swipe_map(Layer(name, id="aa"), Layer("After", id="bb"), GRID, key="swipe")
    assert "alert" in shown.html
    for part in ("</script><b>", "`$", "${alert", "\\{", "{{ 1"):
        assert part not in shown.html


def test_getting_ready_for_maps_asks_nobody():
    script = (
        "import socket\n"
        "def refuse(*_, **__): raise AssertionError('somebody was asked')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from pages.shared.map import warm\n"
        "warm()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
