from dataclasses import replace

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_scene
from bandweave.raster.geotiff import write
from bandweave.raster.scene import CLOUD, RATIO_BAND, Layer, Role, Scene, Unit
from bandweave.raster.virtual import FlagRaster, MemoryRaster
from bandweave.workspace import scene_library
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import HIDDEN_MASK, new_run
from pages.shared.images.composites import composites
from pages.shared.images.panels import Look, Panels
from pages.shared.images.stretches import quick_look
from pages.shared.results import Result
from tests.pages.shown import finish


def cloudy():
    """Return the small scene with a bright cloud over its upper left quarter, and its mask."""
    scene = make_scene()
    flags = np.zeros(scene.grid.shape, bool)
    flags[:48, :48] = True
    pixels = np.where(flags, np.float32(0.9), scene.optical.raster.read())
    optical = replace(scene.optical, raster=MemoryRaster(pixels, scene.grid, scene.optical.bands))
    mask = Layer("cloud", Role.MASK, FlagRaster(flags, scene.grid, CLOUD), Unit.FLAG, 10.0)
    return scene.adding(optical, mask)


def with_infrared():
    scene = make_scene()
    pixels = np.concatenate(
        [scene.optical.raster.read(), scene.optical.raster.read(bands=("red",))]
    )
    bands = (*scene.optical.bands, "nir")
    return scene.adding(replace(scene.optical, raster=MemoryRaster(pixels, scene.grid, bands)))


def stored(scene, name="small"):
    return scene_library.store(scene, name)


def result(method="copy", task="reconstruct", noise=0.05, **facts):
    run = new_run(Request("small", task, method, **facts))
    return Result(finish(run, noise), method, "")


def hidden(row, flags):
    grid = row.run.fused.grid
    write(
        row.run.folder / HIDDEN_MASK, flags[None].astype(np.float32), grid, ("hidden",), flags=True
    )


def test_a_cloudy_image_is_stretched_by_its_clear_ground(workspace):
    clear, cloud = stored(make_scene(), "clear"), stored(cloudy(), "cloudy")
    white = Panels(cloud, []).layer("original").legend.upper
    assert max(white) < 0.6
    assert white == pytest.approx(Panels(clear, []).layer("original").legend.upper, abs=0.05)
    assert quick_look(cloud.scene)[1].upper == white
    assert Panels(cloud, []).titles["clouds"] == "Cloud mask"
    assert Panels(cloud, []).layer("clouds").legend.upper == (1.0,)


def test_results_take_the_originals_stretch_or_their_own(workspace):
    entry = stored(make_scene())
    row = result(noise=0.2)
    shared, own = (Panels(entry, [row], Look(shared=each)) for each in (True, False))
    original = shared.layer("original").legend
    assert shared.layer(row.run.id).legend == original == own.layer("original").legend
    assert own.layer(row.run.id).legend.upper > original.upper


def test_a_run_of_the_visible_bands_shows_those_where_others_are_asked_for(workspace):
    entry = stored(with_infrared())
    row = result()
    assert "nir" not in row.run.fused.bands
    panels = Panels(entry, [row], Look(("nir", "red", "green"), {"original": ("nir",)}))
    assert panels.layer(row.run.id).legend.bands == ("red", "green", "blue")
    assert panels.layer("original").legend.bands == ("nir",)
    single = Panels(entry, [row], Look(("nir",)))
    assert single.layer(row.run.id).legend.bands == ("red",)
    assert single.layer(f"error:{row.run.id}").legend.bands == ("red",)


def test_the_error_of_a_composite_is_the_mean_over_its_bands(workspace):
    entry = stored(make_scene())
    row = result(noise=0.02)
    source = Panels(entry, [row]).source(f"error:{row.run.id}")
    difference = np.abs(row.run.fused.read() - entry.scene.optical.raster.read())
    np.testing.assert_allclose(source.raster.read()[0], difference.mean(axis=0), rtol=1e-4)
    single = Panels(entry, [row], Look(("blue",))).source(f"difference:{row.run.id}")
    signed = row.run.fused.read(bands=("blue",)) - entry.scene.optical.raster.read(bands=("blue",))
    np.testing.assert_array_equal(single.raster.read(bands=("blue",)), signed)


def test_the_input_is_that_of_the_result_it_is_compared_with(workspace):
    entry = stored(make_scene())
    first, second = result("laplace", "gap"), result("laplace", "gap", seed=1)
    for number, row in enumerate((first, second)):
        flags = np.zeros(entry.scene.grid.shape, bool)
        flags[number * 10 : number * 10 + 5] = True
        hidden(row, flags)
    newest = Panels(entry, [first, second]).source("given").raster.read()
    assert np.isnan(newest[0, 10:15]).all() and np.isfinite(newest[0, :5]).all()
    chosen = Panels(entry, [first, second], given_to=first)
    assert np.isnan(chosen.source("given").raster.read()[0, :5]).all()
    assert chosen.title("given") == "Input · 30% hidden"


def test_filled_clouds_have_no_error_for_the_original_is_no_truth(workspace):
    entry = stored(cloudy())
    row = result("laplace", "gap", task_settings={"purpose": "fill"})
    hidden(row, np.ones(entry.scene.grid.shape, bool))
    assert Panels(entry, [row]).title("given") == "Input · clouds withheld"


def test_radar_is_shown_in_db_with_its_ratio_where_there_are_both(workspace):
    scene = make_scene()
    panels = Panels(stored(scene), [])
    assert panels.radar_bands() == ("VV", "VH", RATIO_BAND)
    legends = [panels.layer(f"radar:{band}").legend for band in panels.radar_bands()]
    assert [legend.unit for legend in legends] == ["dB"] * 3
    vv, vh, ratio = ((legend.lower[0] + legend.upper[0]) / 2 for legend in legends)
    assert ratio == pytest.approx(vv - vh, abs=2.0)
    alone = MemoryRaster(scene.radar.raster.read(bands=("VH",)), scene.grid, ("VH",))
    single = scene.adding(replace(scene.radar, raster=alone))
    assert Panels(stored(single, "single"), []).radar_bands() == ("VH",)


def test_a_scene_without_optical_shows_its_radar(workspace):
    scene = make_scene()
    panels = Panels(stored(Scene((scene.radar,), "radar"), "radar"), [])
    assert list(panels.titles) == ["radar:VV", "radar:VH", "radar:VV/VH"]
    assert panels.compared() == []


def test_a_network_without_a_result_is_waited_for(workspace):
    layer = Panels(stored(make_scene()), []).layer("shallow-cnn")
    assert (layer.label, layer.awaited, layer.id) == ("Shallow CNN", "Waiting", "")


def test_composites_are_offered_where_their_bands_are(workspace):
    assert list(composites(("red", "green", "blue"))) == ["True colour", "Red", "Green", "Blue"]
    offered = composites(with_infrared().optical.bands)
    assert offered["Infrared"] == ("nir", "red", "green") and offered["Nir"] == ("nir",)
    assert list(composites(("B1",))) == ["B1"]
