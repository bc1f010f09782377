"""The demo scene: reproducible, consistent between sensors, and as hard as reality."""

import numpy as np
import pytest
from scipy import ndimage

from bandweave.prepare.qa_kinds import cloud_flags
from bandweave.raster.scene import Role, Unit
from bandweave.sources.delta import optics
from bandweave.sources.delta.city import city
from bandweave.sources.delta.cover import BUILT, Cover
from bandweave.sources.delta.patterns import Plane
from bandweave.sources.delta.radar import speckle
from bandweave.sources.delta.weather import qa_pixel
from bandweave.sources.simulated import Simulated

SIDE = 512


@pytest.fixture(scope="module")
def scene():
    return Simulated(width=SIDE, height=SIDE).make()


@pytest.fixture(scope="module")
def cloudy():
    source = Simulated(width=240, height=200, cloud_cover=0.3)
    return source.make(), source.qa_pixel()


def pixels(scene, name):
    return scene.layer(name).raster.read()


def decibels(power):
    return 10 * np.log10(power)


def class_means(scene, name, band):
    """Means over pixels whose neighbours are all of the same class."""
    labels = pixels(scene, "labels")[0]
    pure = ndimage.maximum_filter(labels, 3) == ndimage.minimum_filter(labels, 3)
    values = pixels(scene, name)[band]
    return {cover: values[(labels == cover) & pure].mean() for cover in Cover}


def test_same_seed_gives_identical_arrays():
    first, second = (Simulated(width=96, height=80, seed=5).make() for _ in range(2))
    assert [layer.name for layer in first.layers] == [layer.name for layer in second.layers]
    for one, other in zip(first.layers, second.layers, strict=True):
        np.testing.assert_array_equal(one.raster.read(), other.raster.read())


def test_other_seed_gives_another_city():
    one, other = (Simulated(width=128, height=128, seed=seed).make() for seed in (1, 2))
    assert np.mean(pixels(one, "labels") != pixels(other, "labels")) > 0.4
    # neighbouring seeds share no random numbers either
    correlation = np.corrcoef(pixels(one, "radar")[0].ravel(), pixels(other, "radar")[0].ravel())
    assert abs(correlation[0, 1]) < 0.2


@pytest.mark.parametrize(("height", "width"), [(64, 64), (97, 150), (64, 300)])
def test_any_size(height, width):
    scene = Simulated(width=width, height=height).make()
    assert scene.grid.shape == (height, width)
    for layer in scene.layers:
        array = layer.raster.read()
        assert array.dtype == np.float32
        assert np.isfinite(array).all(), layer.name
    assert {Cover.WATER, Cover.DENSE} <= set(np.unique(pixels(scene, "labels")))


def test_layers_and_facts(scene):
    assert scene.simulated
    assert scene.facts["source"] == "simulated"
    assert scene.facts["credit"] == "SIMULATED: not a real place"
    assert (scene.facts["looks"], scene.facts["seed"]) == (4.4, 24)
    assert scene.name == "Demo delta (simulated)"
    assert {int(key) for key in scene.facts["label_names"]} == set(Cover)
    assert scene.optical.name == "optical" and scene.radar.name == "radar"
    assert scene.optical.bands == ("red", "green", "blue", "nir")
    assert [layer.name for layer in scene.all(Role.OPTICAL)] == ["optical", "optical-earlier"]
    wanted = [layer.name for layer in scene.all(Role.RADAR, earlier=False)]
    assert wanted == ["radar", "radar-2", "radar-3"]
    assert [layer.name for layer in scene.all(Role.RADAR, earlier=True)] == ["radar-earlier"]
    assert scene.all(Role.TRUTH)[0].bands == scene.optical.bands
    assert scene.layer("labels").unit is Unit.CLASS
    assert scene.mask("cloud").name == "cloud"
    assert scene.layer("cloud-earlier").earlier
    assert scene.optical.native_factor == 3 and scene.radar.native_factor == 1
    assert scene.layer("optical-earlier").date < scene.optical.date


def test_is_where_it_says(scene):
    west, south, east, north = scene.grid.bounds
    assert scene.grid.crs.to_epsg() == 32648
    assert west < 685_900 < east and south < 1_190_900 < north
    assert west % 30 == 0 and north % 30 == 0
    assert scene.grid.resolution == 10


def test_reflectance_is_ordered_as_physics_says(scene):
    red, blue, nir = (class_means(scene, "truth", band) for band in (0, 2, 3))
    assert nir[Cover.WATER] < nir[Cover.POND] + 0.02 < nir[Cover.FLOODED_PADDY] + 0.02
    assert nir[Cover.FLOODED_PADDY] < nir[Cover.ROAD] < nir[Cover.DENSE]
    assert nir[Cover.DENSE] < nir[Cover.MANGROVE] < nir[Cover.GROWING_PADDY]
    assert red[Cover.TREES] < red[Cover.WATER] < red[Cover.DENSE] < red[Cover.BARE]
    assert red[Cover.GROWING_PADDY] < red[Cover.RIPE_PADDY]
    assert blue[Cover.MANGROVE] < blue[Cover.WATER] < blue[Cover.INDUSTRY]
    for cover in (Cover.TREES, Cover.MANGROVE, Cover.GROWING_PADDY):
        assert nir[cover] > 4 * red[cover]


def test_backscatter_is_ordered_as_physics_says(scene):
    vv, vh = (
        {cover: decibels(mean) for cover, mean in class_means(scene, "radar", band).items()}
        for band in (0, 1)
    )
    for smooth in (Cover.WATER, Cover.POND, Cover.FLOODED_PADDY):
        assert vv[smooth] < vv[Cover.BARE] - 1.5
    assert vv[Cover.BARE] < vv[Cover.TREES] < vv[Cover.DENSE]
    assert vv[Cover.HOUSES] < vv[Cover.DENSE]
    assert vv[Cover.ROAD] < vv[Cover.GRASS] < vv[Cover.HOUSES]
    # crowns scatter into VH, bare ground does not
    assert vv[Cover.TREES] - vh[Cover.TREES] < vv[Cover.BARE] - vh[Cover.BARE] - 1.5
    assert vv[Cover.WATER] == pytest.approx(-17.5, abs=1.5)
    assert vv[Cover.DENSE] == pytest.approx(-5.5, abs=1.5)


def test_bands_have_a_natural_spread(scene):
    for name in ("truth", "optical"):
        bands = pixels(scene, name)
        assert np.all((bands.std(axis=(1, 2)) > 0.02) & (bands.std(axis=(1, 2)) < 0.1))
        assert bands.min() > 0 and np.mean(bands > 0.5) < 1e-3
        # stretched from least to greatest, the middle of the image is neither black nor white
        low, high = bands.min(axis=(1, 2)), bands.max(axis=(1, 2))
        assert np.all(bands.std(axis=(1, 2)) / (high - low) > 0.08)


@pytest.mark.parametrize("looks", [1.0, 4.4, 20.0])
def test_speckle_has_the_stated_looks(looks):
    noise = speckle(np.random.default_rng(1), (1, 600, 600), looks)
    assert noise.mean() == pytest.approx(1, abs=0.01)
    assert noise.mean() ** 2 / noise.var() == pytest.approx(looks, rel=0.03)
    neighbours = np.corrcoef(noise[0, :, 1:].ravel(), noise[0, :, :-1].ravel())[0, 1]
    assert neighbours == pytest.approx(2 * 0.2 / (1 + 2 * 0.2**2), abs=0.02)


@pytest.mark.parametrize("looks", [3.0, 12.0])
def test_looks_measured_on_the_river(looks):
    scene = Simulated(width=256, height=256, looks=looks).make()
    river = ndimage.binary_erosion(pixels(scene, "labels")[0] == Cover.WATER, iterations=4)
    assert river.sum() > 500
    vv = pixels(scene, "radar")[0]
    share = ndimage.gaussian_filter(river.astype(np.float32), 12)
    level = ndimage.gaussian_filter(np.where(river, vv, 0), 12)[river] / share[river]
    relative = vv[river] / level
    assert relative.mean() ** 2 / relative.var() == pytest.approx(looks, rel=0.2)


def test_passes_share_the_ground_but_not_the_speckle(scene):
    first, second = (decibels(pixels(scene, name)[0]) for name in ("radar", "radar-2"))
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.6
    fine = [image - ndimage.uniform_filter(image, 5) for image in (first, second)]
    water = ndimage.binary_erosion(pixels(scene, "labels")[0] == Cover.WATER, iterations=4)
    assert abs(np.corrcoef(fine[0][water], fine[1][water])[0, 1]) < 0.05


def test_optical_holds_thirty_metre_samples_only(scene):
    optical = pixels(scene, "optical")
    again = optics.gridded(optical[:, 1 : SIDE - 2 : 3, 1 : SIDE - 2 : 3])
    inner = np.s_[:, 3 : SIDE - 6, 3 : SIDE - 6]
    np.testing.assert_allclose(again[inner], optical[inner], atol=1e-6)


def test_optical_is_blurred_but_unbiased(scene):
    truth, optical = pixels(scene, "truth")[0], pixels(scene, "optical")[0]
    window = np.hanning(SIDE)[:, None] * np.hanning(SIDE)[None, :]
    power = [np.abs(np.fft.fft2((band - band.mean()) * window)) ** 2 for band in (truth, optical)]
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE)))
    beyond, low = frequency > 1 / 6, frequency < 1 / 60
    assert power[1][beyond].sum() < 0.1 * power[0][beyond].sum()
    assert power[1][low].sum() == pytest.approx(power[0][low].sum(), rel=0.05)
    assert optical.mean() == pytest.approx(truth.mean(), abs=0.003)


def test_transfer_at_the_nyquist_frequency(monkeypatch):
    monkeypatch.setattr(optics, "SENSOR_NOISE", 0.0)
    wave = 0.2 + 0.1 * np.cos(np.pi * (np.arange(180) - 1) / 3)
    image = np.broadcast_to(wave.astype(np.float32), (1, 60, 180))
    samples = optics.measured(image, np.random.default_rng(0))
    expected = 0.2 + 0.1 * 0.3 * (-1.0) ** np.arange(60)
    np.testing.assert_allclose(samples[0, 10, 3:-3], expected[3:-3], atol=5e-4)


def test_interpolation_between_samples_by_hand():
    np.testing.assert_allclose(
        optics.gridded(np.array([[[3.0, 9.0]]], np.float32))[0, 1],
        [3, 3, 5, 7, 9, 9],
        atol=1e-6,
    )


def test_the_year_between_the_dates_is_real():
    place = city(Plane(SIDE, SIDE, 24))
    now, before = place.land().labels, place.land(earlier=True).labels
    changed = now != before
    assert 0.05 < changed.mean() < 0.35
    assert np.isin(now, BUILT).sum() > 1.08 * np.isin(before, BUILT).sum()
    fields = (Cover.FLOODED_PADDY, Cover.GROWING_PADDY, Cover.RIPE_PADDY)
    both = np.isin(now, fields) & np.isin(before, fields)
    assert 0.2 < changed[both].mean() < 0.8
    river = place.river > 0.99
    assert changed[river].mean() < 0.01


def test_earlier_image_differs_but_is_comparable(scene):
    clear = (pixels(scene, "cloud")[0] == 0) & (pixels(scene, "cloud-earlier")[0] == 0)
    now, before = (pixels(scene, name)[:, clear] for name in ("optical", "optical-earlier"))
    for band in range(4):
        assert 0.6 < np.corrcoef(now[band], before[band])[0, 1] < 0.97
    assert np.mean(np.abs(now[0] - before[0]) > 0.02) > 0.08
    # haze brightens dark water, most of all in blue
    water = ndimage.binary_erosion(pixels(scene, "labels")[0] == Cover.WATER, iterations=4)[clear]
    brighter = np.median((before - now)[:, water], axis=1)
    assert 0.002 < brighter[2] < 0.02 and brighter[2] == brighter.max()


def test_radar_tells_something_of_the_optical_image_but_not_much(scene):
    radar = pixels(scene, "radar")
    looks = [decibels(ndimage.uniform_filter(band, 5)).ravel() for band in radar]
    design = np.stack([*looks, np.ones(SIDE * SIDE)], axis=1)
    red = pixels(scene, "optical")[0].ravel().astype(np.float64)
    residual = red - design @ np.linalg.lstsq(design, red)[0]
    assert 0.15 < 1 - residual.var() / red.var() < 0.5
    fine_red, fine_vv = (
        (band - ndimage.gaussian_filter(band, 2)).ravel()
        for band in (pixels(scene, "truth")[0], decibels(radar[0]))
    )
    assert abs(np.corrcoef(fine_red, fine_vv)[0, 1]) < 0.1


def test_roof_colour_is_invisible_to_radar(scene):
    roofs = pixels(scene, "labels")[0] == Cover.INDUSTRY
    truth = pixels(scene, "truth")
    colour = (truth[0] - truth[2])[roofs]
    assert colour.std() > 0.01
    assert abs(np.corrcoef(colour, decibels(pixels(scene, "radar")[0][roofs]))[0, 1]) < 0.15


@pytest.mark.parametrize(
    ("cloud", "shadow", "water", "value"),
    # the values USGS lists for clear land and water, cloud of high confidence and cloud shadow
    [(0, 0, 0, 21824), (0, 0, 1, 21952), (1, 0, 0, 22280), (0, 1, 0, 23888)],
)
def test_qa_values_are_landsats(cloud, shadow, water, value):
    flags = (np.full((1, 1), bool(flag)) for flag in (cloud, shadow, water))
    assert qa_pixel(*flags)[0, 0] == value


def test_qa_dilates_clouds_by_three_pixels():
    cloud = np.zeros((9, 9), bool)
    cloud[4, 4] = True
    nothing = np.zeros_like(cloud)
    qa = qa_pixel(cloud, nothing, nothing)
    dilated = qa & 2 > 0
    assert dilated.sum() == 7 * 7 - 1 and not dilated[4, 4]
    assert np.array_equal(qa & 64 == 0, dilated | cloud)


def test_without_clouds_the_wanted_date_is_clear(scene):
    assert not pixels(scene, "cloud").any()
    assert 0.02 < pixels(scene, "cloud-earlier").mean() < 0.4


def test_cloud_cover_is_as_asked_and_masked(cloudy):
    scene, qa = cloudy
    assert qa.dtype == np.uint16 and qa.shape == scene.grid.shape
    mask = pixels(scene, "cloud")[0] == 1
    assert np.mean(qa & 8 > 0) == pytest.approx(0.3, abs=0.03)
    flagged = cloud_flags(qa.astype(np.float32), "landsat-c2") == 1
    assert mask[flagged].all()
    # bilinear interpolation carries a flagged sample two pixels far, no farther
    far = mask & ~ndimage.binary_dilation(flagged, np.ones((3, 3)), 2)
    assert not far[2:-2, 2:-2].any()
    error = np.abs(pixels(scene, "optical") - pixels(scene, "truth")).max(axis=0)
    cloud = qa & 8 > 0
    assert np.median(pixels(scene, "optical")[0][cloud]) > 0.35
    assert error[cloud].mean() > 5 * error[~mask].mean()


def test_shadows_darken_and_lie_away_from_the_sun(cloudy):
    scene, qa = cloudy
    shadow = ndimage.binary_erosion(qa & 16 > 0, iterations=6)
    assert shadow.sum() > 100
    ratio = pixels(scene, "optical")[3][shadow] / pixels(scene, "truth")[3][shadow]
    assert np.median(ratio) < 0.85
    rows, cols = np.nonzero(shadow)
    # the cloud that casts it is in the south-east, or beyond the edge of the scene
    inside = (rows + 58 < 200) & (cols + 69 < 240)
    assert np.mean(qa[rows[inside] + 58, cols[inside] + 69] & 8 > 0) > 0.95


def test_clouds_leave_truth_radar_and_labels_alone(cloudy):
    clear = Simulated(width=240, height=200).make()
    for name in ("truth", "radar", "labels"):
        np.testing.assert_array_equal(pixels(cloudy[0], name), pixels(clear, name))
