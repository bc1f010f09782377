import json
import os
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from affine import Affine
from rasterio.crs import CRS
from starlette.routing import Match

from bandweave.contracts.small_scene import make_grid
from bandweave.display.tiles import Difference, Style, error_style
from bandweave.raster.geotiff import write
from bandweave.raster.grid import Grid
from bandweave.raster.virtual import MemoryRaster
from pages.shared.serving import layers, routes, values
from pages.shared.serving.addresses import nowhere
from pages.shared.serving.layers import publish, published

STYLE = Style(("B",), (0.0,), (1.0,))


@pytest.fixture
def raster(tmp_path):
    pixels = np.full((1, 600, 600), 0.5, np.float32)
    return write(tmp_path / "secret-place.tif", pixels, make_grid(600, 600), ("B",))


def asked(layer, level=0, x=0, y=0):
    """Return the answer to a request for a tile."""
    values = {"layer": layer, "level": level, "x": x, "y": y}
    return routes.tile(SimpleNamespace(path_params=values))


def valued(*ids, row=0, column=0):
    """Return the answer to a request for a pixel of some layers."""
    asked = {"row": row, "column": column, "layers": ",".join(ids)}
    answer = values.values(SimpleNamespace(path_params=asked))
    return json.loads(answer.body)["values"], answer.headers["cache-control"]


def test_a_published_layer_has_tiles_that_may_be_kept(raster):
    layer = publish(raster, STYLE, "Image")
    answer = asked(layer.id)
    assert (answer.status_code, answer.media_type) == (200, "image/webp")
    assert answer.body[:4] == b"RIFF" and "immutable" in answer.headers["cache-control"]
    assert layer.levels == 2


def test_a_layer_nobody_published_is_not_found_and_not_kept():
    answer = asked("0123456789abcdef")
    assert answer.status_code == 404 and answer.headers["cache-control"] == "no-store"


def test_outside_the_image_there_is_nothing(raster):
    answer = asked(publish(raster, STYLE, "Image").id, x=2)
    assert (answer.status_code, answer.body) == (204, b"")


def test_a_deleted_file_is_not_found(raster):
    layer = publish(raster, STYLE, "Image")
    raster.path.unlink()
    with ThreadPoolExecutor(1) as other_thread:  # this one has the file open
        assert other_thread.submit(asked, layer.id).result().status_code == 404


def test_the_address_tells_nothing_of_the_path(raster):
    assert "secret" not in str(publish(raster, STYLE, "Image").as_json())


def test_the_same_raster_keeps_its_id_and_a_changed_one_gets_another(raster):
    first = publish(raster, STYLE, "Image").id
    assert publish(raster, STYLE, "Another label").id == first
    assert publish(raster, Style(("B",), (0.0,), (2.0,)), "Image").id != first
    assert publish(Difference(raster, raster), STYLE, "Error").id != first
    os.utime(raster.path, ns=(1, 1))
    assert publish(raster, STYLE, "Image").id != first


def test_a_computed_raster_needs_a_key(raster):
    computed = MemoryRaster(np.zeros((1, 4, 4), np.float32), make_grid(4, 4), ("B",))
    with pytest.raises(TypeError, match="MemoryRaster is computed"):
        publish(computed, STYLE, "Image")
    layer = publish(computed, STYLE, "Image", key=("zeros",))
    assert asked(layer.id).status_code == 200


def test_a_pixel_of_several_layers_is_told_at_once_and_may_be_kept(raster, tmp_path):
    pixels = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    pixels[1, 0, 1] = np.nan
    other = write(tmp_path / "other.tif", pixels, make_grid(2, 2), ("r", "g", "b"))
    composite = publish(other, Style(("b", "g", "r"), (0.0,) * 3, (9.0,) * 3), "Colours")
    single = publish(raster, STYLE, "Image")
    found, kept = valued(composite.id, single.id, row=0, column=1)
    assert found == [[9, None, 1], [0.5]] and "immutable" in kept


def test_a_layer_nobody_published_or_without_such_a_pixel_has_no_values(raster):
    layer = publish(raster, STYLE, "Image")
    found, kept = valued("0123456789abcdef", layer.id, row=599, column=599)
    assert found == [None, [0.5]] and kept == "no-store"
    assert valued(layer.id, row=600)[0] == [None]
    assert len(valued(*["0"] * 50)[0]) == values.MOST_LAYERS


def test_a_pixel_has_its_place_in_degrees_unless_its_grid_is_in_degrees(tmp_path):
    # on the central meridian of zone 48 (105 E) easting is 500 km; 1 degree north is 110 574.4 m
    # of meridian on WGS 84, times the zone's scale of 0.9996
    transform = Affine(10, 0, 499_995, 0, -10, 110_574.4 * 0.9996 + 5)
    metric = Grid(CRS.from_epsg(32648), transform, 2, 2)
    pixels = np.zeros((1, 2, 2), np.float32)
    layer = publish(write(tmp_path / "metric.tif", pixels, metric, ("B",)), STYLE, "Image")
    asked = {"row": 0, "column": 0, "layers": layer.id}
    answer = values.values(SimpleNamespace(path_params=asked))
    np.testing.assert_allclose(json.loads(answer.body)["degrees"], (105, 1), atol=1e-6)
    degrees = Grid(CRS.from_epsg(4326), Affine(1e-4, 0, 105, 0, -1e-4, 1), 2, 2)
    layer = publish(write(tmp_path / "degrees.tif", pixels, degrees, ("B",)), STYLE, "Image")
    answer = values.values(SimpleNamespace(path_params=asked | {"layers": layer.id}))
    assert json.loads(answer.body) == {"values": [[0]], "degrees": None}


def test_a_legend_says_what_the_colours_stand_for(raster):
    difference = Difference(raster, raster)
    style = error_style(difference, "B")
    legend = publish(difference, style, "Error", unit="reflectance").as_json()["legend"]
    assert (legend["lower"], legend["upper"]) == (style.lower, style.upper)
    assert legend["unit"] == "reflectance" and legend["signed"]
    assert legend["colours"][0] == "#053061"
    composite = publish(raster, Style(("B",) * 3, (0.0,) * 3, (1.0,) * 3), "Colours")
    assert composite.as_json()["legend"]["colours"] == []


def test_decibels_go_without_saying(raster):
    assert publish(raster, Style(("B",), (-20.0,), (0.0,), decibels=True), "Radar").unit == "dB"
    assert publish(raster, STYLE, "Image").unit == ""


def test_only_the_most_recently_used_layers_are_kept(raster, monkeypatch):
    monkeypatch.setattr(layers, "KEPT", 2)
    styles = [Style(("B",), (0.0,), (n,)) for n in (1.0, 2.0, 3.0)]
    ids = [publish(raster, style, "Image").id for style in styles[:2]]
    assert published(ids[0])
    ids.append(publish(raster, styles[2], "Image").id)
    assert [published(each) is not None for each in ids] == [True, False, True]


def test_addresses_of_nothing_take_no_memory(raster, monkeypatch):
    monkeypatch.setattr(routes, "_cache", routes.TileCache())
    layer = publish(raster, STYLE, "Image")
    assert {asked(layer.id, x=x).status_code for x in range(10, 30)} == {204}
    assert not routes._cache._tiles


def test_the_tile_cache_is_bounded_in_bytes_and_drops_the_least_used():
    cache = routes.TileCache(most=10)
    cache.put(("a",), b"1234")
    cache.put(("b",), b"1234")
    assert cache.get(("a",)) == b"1234"
    cache.put(("c",), b"1234")
    assert [cache.get((key,)) is not None for key in "abc"] == [True, False, True]
    cache.put(("a",), b"12345")
    cache.put(("d",), b"1")
    assert [cache.get((key,)) is not None for key in "acd"] == [True, True, True]


@pytest.mark.parametrize("base", ["", "fusion", "/a/b/"])
def test_addresses_follow_the_base_path(raster, monkeypatch, base):
    monkeypatch.setattr(st, "get_option", lambda name: base)
    layer = publish(raster, STYLE, "Image")
    begun = "/a/b/api/" if "a" in base else f"/{base}/api/".replace("//", "/")
    pixel = values.values_address().format(row=3, column=4, layers="a,b")
    for address in (layer.as_json()["tiles"].format(z=0, x=0, y=0), pixel):
        assert address.startswith(begun)
        scope = {"type": "http", "path": address, "method": "GET", "root_path": ""}
        every = routes.routes()
        found = next(route for route in every if route.matches(scope)[0] is Match.FULL)
        assert found not in nowhere()
