"""What closed forms are made of: radar's maps, the regression around every cell, and drafts."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bandweave.contracts.small_scene import make_scene
from bandweave.errors import MethodError
from bandweave.methods.gap_filling import drafts, local_regression, radar_maps
from bandweave.methods.gap_filling.class_colours import Classes, find_classes
from bandweave.methods.gap_filling.drafts import Drafting, class_maps
from bandweave.methods.gap_filling.evidence import EARLIER, gather, learn_evidence
from bandweave.methods.gap_filling.local_regression import Neighbourhood, locally_weighted
from bandweave.raster.grid import Window
from bandweave.raster.scene import CLOUD, Layer, Role, Scene, Unit
from bandweave.raster.virtual import MemoryRaster


def maps_of(scene: Scene, *, bands=("VV", "VH"), dates: int = 1) -> dict[str, np.ndarray]:
    """Return the scene's radar maps by group, in decibels."""
    power = scene.radar.raster.read()[: len(bands)]
    raster = MemoryRaster(power, scene.grid, bands)
    typical = np.median(power, axis=(1, 2))
    found = radar_maps.radar_maps([raster] * dates, typical, scene.grid.full)
    sizes = radar_maps.group_sizes(len(bands), dates)
    assert len(found) == sum(sizes.values())
    ends = np.cumsum([*sizes.values()])
    return {
        name: found[end - size : end] for (name, size), end in zip(sizes.items(), ends, strict=True)
    }


class TestRadarMaps:
    """Averages, texture and surroundings."""

    def test_even_radar_has_its_level_everywhere_and_no_texture(self):
        scene = make_scene()
        even = np.broadcast_to(np.array([0.1, 0.01], np.float32)[:, None, None], (2, 96, 96))
        raster = MemoryRaster(even, scene.grid, ("VV", "VH"))
        groups = maps_of(scene.adding(replace(scene.radar, raster=raster)))
        for name in (radar_maps.LEE, *map(radar_maps.mean_of, radar_maps.SCALES)):
            np.testing.assert_allclose(groups[name][:, 5, 5], [-10, -20], atol=1e-4)
        np.testing.assert_allclose(groups[radar_maps.TEXTURE], 0, atol=5e-2)
        np.testing.assert_allclose(groups[radar_maps.QUOTIENT], 10, atol=1e-3)

    def test_averages_are_of_power(self):
        scene = make_scene()
        smooth = gaussian_filter(scene.radar.raster.read()[0].astype(np.float64), 4)
        found = maps_of(scene)[radar_maps.mean_of(4)][0]
        np.testing.assert_allclose(
            found[40:56, 40:56], 10 * np.log10(smooth)[40:56, 40:56], atol=1e-3
        )

    def test_a_part_has_the_bits_of_the_whole(self):
        scene = make_scene(128, 160)
        typical = np.full(2, 0.1, np.float32)
        whole = radar_maps.radar_maps([scene.radar.raster], typical, scene.grid.full)
        part = radar_maps.radar_maps([scene.radar.raster], typical, Window(33, 47, 50, 61))
        np.testing.assert_array_equal(part, whole[:, 33:83, 47:108])

    def test_one_band_and_several_dates_will_do(self):
        assert not len(maps_of(make_scene(), bands=("VV",))[radar_maps.QUOTIENT])
        dates = maps_of(make_scene(), dates=3)
        assert len(dates[radar_maps.DATES]) == 6
        np.testing.assert_allclose(
            dates[radar_maps.DATES][2:4], dates[radar_maps.mean_of(2)], atol=1e-4
        )

    def test_no_data_is_typical_and_extremes_are_cut(self):
        scene = make_scene()
        power = scene.radar.raster.read()
        power[:, :, :] = np.nan
        power[0, 0, 0] = 1e9
        raster = MemoryRaster(power, scene.grid, ("VV", "VH"))
        found = radar_maps.radar_maps([raster], np.array([0.1, 0.01], np.float32), scene.grid.full)
        assert np.isfinite(found).all() and found.max() < 40
        np.testing.assert_allclose(found[:2, 90, 90], [-10, -20], atol=1e-4)


NEAR = Neighbourhood(4, 8.0, 0.0)


class TestLocalRegression:
    """The image on guides around every cell."""

    def guides(self, count: int = 2, side: int = 64) -> np.ndarray:
        return np.random.default_rng(0).normal(size=(count, side, side)).astype(np.float32)

    def told(
        self, image: np.ndarray, guides: np.ndarray, seen: np.ndarray, near=NEAR
    ) -> np.ndarray:
        grid = make_scene(*seen.shape).grid
        return locally_weighted(
            image.astype(np.float32),
            lambda window: guides[(slice(None), *window.slices)],
            seen,
            near,
            grid,
        )

    def test_what_is_linear_in_the_guides_is_found_and_what_is_unseen_counts_nothing(self):
        guides, seen = self.guides(), np.ones((64, 64), bool)
        seen[10:40, 20:30] = False
        exact = np.stack([1 + 2 * guides[0] - guides[1], 0.5 * guides[1]])
        found = self.told(np.where(seen, exact, 1e3), guides, seen)
        np.testing.assert_allclose(found, exact, atol=2e-4)

    def test_it_is_the_weighted_regression_of_its_cell(self):
        guides, seen = self.guides(), np.random.default_rng(1).random((64, 64)) < 0.6
        image = np.random.default_rng(2).normal(size=(1, 64, 64)) + guides[:1] * np.linspace(
            -1, 1, 64
        )
        found = self.told(image, guides, seen)
        # the pixel right below and right of a cell's corner four between centres: cell (8, 8)
        rows, cols = np.mgrid[:64, :64]
        cells = (((rows // 4 - 8) ** 2 + (cols // 4 - 8) ** 2) * 16)[seen]
        weight = np.exp(-cells / (2 * NEAR.around**2)) + 1e-3 / (2 * np.pi * 4)
        design = np.stack([np.ones(seen.sum()), *guides[:, seen]], axis=1)
        line = np.linalg.lstsq(
            design * np.sqrt(weight)[:, None], image[0][seen] * np.sqrt(weight), rcond=None
        )[0]
        middle = found[0, 33:35, 33:35].mean()
        expected = (line[0] + np.tensordot(line[1:], guides[:, 33:35, 33:35], 1)).mean()
        assert middle == pytest.approx(expected, abs=0.05)

    def test_far_from_everything_seen_it_is_the_whole_scenes(self):
        guides = self.guides(1, 96)
        seen = np.zeros((96, 96), bool)
        seen[:, :8] = True
        found = self.told(2 * guides + 1, guides, seen, Neighbourhood(4, 4.0, 0.1))
        np.testing.assert_allclose(found[:, 50, 90], 1 + 2 * guides[:, 50, 90], rtol=2e-3)

    def test_tiles_leave_no_trace(self, monkeypatch):
        guides, seen = self.guides(), np.random.default_rng(1).random((64, 64)) < 0.6
        image = np.random.default_rng(2).normal(size=(2, 64, 64))
        whole = self.told(image, guides, seen)
        monkeypatch.setattr(local_regression, "_TILE", 16)
        np.testing.assert_allclose(self.told(image, guides, seen), whole, atol=1e-4)


def drafted(scene: Scene, *, radar=True, earlier=False, hidden=None):
    """Return the drafts of a scene's image by name, what is hidden, and the evidence."""
    image = scene.optical.raster.read()
    if hidden is None:
        hidden = np.zeros(scene.grid.shape, bool)
        hidden[30:60, 40:70] = True
    visible = ~hidden & np.isfinite(image).all(axis=0)
    sources = gather(scene, radar=radar, earlier=earlier)
    evidence = learn_evidence(sources, visible, scene.grid.full)
    maps = evidence.raster(sources, scene.grid.full) if evidence.names else None
    classes = None
    if maps:
        sample = maps.read(bands=class_maps(evidence))[:, visible].T.astype(np.float64)
        classes = find_classes(sample, np.random.default_rng(0))
    drafting = Drafting(evidence, classes)
    planes = drafting.draft(np.where(hidden, np.float32(np.nan), image), hidden, maps)
    sizes = drafting.sizes(len(image))
    ends = np.cumsum([*sizes.values()])
    named = {
        name: planes[end - size : end]
        for (name, size), end in zip(sizes.items(), ends, strict=True)
    }
    return named, hidden, evidence


def with_earlier(scene: Scene, factor: float = 0.8, bands=("red", "green", "blue")) -> Scene:
    """Return the scene with its own image, darker, as that of an earlier date."""
    earlier = MemoryRaster(scene.optical.raster.read() * factor + 0.01, scene.grid, bands)
    return scene.adding(
        replace(scene.optical, name="optical-earlier", raster=earlier, earlier=True)
    )


class TestDrafts:
    """What each closed form makes of hidden pixels."""

    def test_every_draft_keeps_to_what_is_visible(self):
        scene = make_scene()
        image = scene.optical.raster.read()
        named, hidden, _ = drafted(scene)
        for name in (
            drafts.BASE,
            drafts.REGRESSION,
            drafts.LOCAL,
            drafts.WIDE,
            drafts.NARROW,
            drafts.GUIDED,
        ):
            np.testing.assert_allclose(named[name][:, ~hidden], image[:, ~hidden], atol=1e-5)
            assert np.isfinite(named[name]).all()

    def test_the_image_under_the_gap_changes_nothing(self):
        scene = make_scene()
        image = scene.optical.raster.read()
        named, hidden, _ = drafted(scene)
        image[:, hidden] = 0.9
        raster = MemoryRaster(image, scene.grid, scene.optical.bands)
        again, _, _ = drafted(scene.adding(replace(scene.optical, raster=raster)), hidden=hidden)
        for name, planes in named.items():
            np.testing.assert_array_equal(again[name], planes)

    def test_radar_that_tells_something_helps_every_draft_that_sees_it(self):
        scene = make_scene()
        image = scene.optical.raster.read()
        named, hidden, _ = drafted(scene)

        def error(name):
            return np.sqrt(((named[name] - image)[:, hidden] ** 2).mean())

        for name in (drafts.REGRESSION, drafts.LOCAL, drafts.WIDE, drafts.GUIDED):
            assert error(name) < 0.9 * error(drafts.BASE)

    def test_distance_and_news(self):
        named, hidden, _ = drafted(make_scene())
        assert named[drafts.DISTANCE][0, 30, 55] == 1 and named[drafts.DISTANCE][0, 44, 55] == 15
        assert not named[drafts.DISTANCE][0, ~hidden].any()
        np.testing.assert_allclose(named[drafts.NEWS][:, ~hidden], 0, atol=1e-6)
        assert named[drafts.NEWS][:, hidden].std() > 0.1

    def test_no_data_is_used_nowhere_and_drafts_stay_finite(self):
        scene = make_scene(nan=True)
        named, _, _ = drafted(scene)
        assert all(np.isfinite(planes).all() for planes in named.values())

    def test_without_radar_there_is_interpolation_alone(self):
        named, _, evidence = drafted(make_scene(), radar=False)
        assert set(named) == set(drafts.OPTICAL_ONLY) and not evidence.names

    def test_an_earlier_date_that_is_the_same_but_for_its_level_is_followed(self):
        scene = with_earlier(make_scene())
        image = scene.optical.raster.read()
        named, hidden, evidence = drafted(scene, radar=False, earlier=True)
        assert evidence.earlier_bands == ("red", "green", "blue") and not evidence.radar
        error = np.abs((named[drafts.LOCAL] - image)[:, hidden]).mean()
        assert error < 0.02 * image.std()

    def test_clouds_of_the_earlier_date_are_interpolated_and_too_many_leave_it_out(self):
        scene = with_earlier(make_scene())
        cloudy = np.zeros((1, 96, 96), np.float32)
        cloudy[0, 20:50, 20:50] = 1
        mask = Layer(
            "cloud-earlier",
            Role.MASK,
            MemoryRaster(cloudy, scene.grid, (CLOUD,)),
            Unit.FLAG,
            30.0,
            earlier=True,
        )
        found = gather(scene.adding(mask), radar=False, earlier=True).earlier
        clear = gather(scene, radar=False, earlier=True).earlier
        assert found.bands == clear.bands and np.isfinite(found.read()).all()
        changed = (found.read() != clear.read()).any(axis=0)
        assert changed.any() and not (changed & (cloudy[0] == 0)).any()
        all_over = replace(mask, raster=MemoryRaster(np.ones((1, 96, 96)), scene.grid, (CLOUD,)))
        assert gather(scene.adding(all_over), radar=False, earlier=True).earlier is None

    def test_infrared_of_the_earlier_date_is_taken_and_other_bands_are_not(self):
        scene = make_scene()
        five = np.concatenate([scene.optical.raster.read(), scene.optical.raster.read()[:2]])
        raster = MemoryRaster(five, scene.grid, ("red", "green", "blue", "nir", "coastal"))
        earlier = replace(scene.optical, name="optical-earlier", raster=raster, earlier=True)
        found = gather(scene.adding(earlier), radar=False, earlier=True).earlier
        assert found.bands == ("red", "green", "blue", "nir")

    def test_other_imagery_than_was_learned_from_is_refused(self):
        scene = make_scene()
        _, _, evidence = drafted(scene)
        with pytest.raises(MethodError, match="other radar or earlier imagery"):
            evidence.raster(gather(scene, radar=False, earlier=False), scene.grid.full)

    def test_maps_are_standardised_on_visible_pixels_and_kept_as_half_floats(self):
        scene = make_scene()
        sources = gather(scene, radar=True, earlier=False)
        visible = np.zeros(scene.grid.shape, bool)
        visible[:40] = True
        evidence = learn_evidence(sources, visible, scene.grid.full)
        maps = evidence.raster(sources, scene.grid.full)
        assert maps.array.dtype == np.float16 and maps.read().dtype == np.float32
        np.testing.assert_allclose(maps.read()[:, visible].mean(axis=1), 0, atol=5e-3)
        np.testing.assert_allclose(maps.read()[:, visible].std(axis=1), 1, atol=5e-3)
        assert evidence.of(EARLIER) == ()

    @pytest.mark.parametrize("change", [{"means": (0.0,)}, {"typical": ()}, {"radar": 0}])
    def test_evidence_that_contradicts_itself_is_refused(self, change):
        _, _, evidence = drafted(make_scene())
        with pytest.raises(ValueError, match="its"):
            replace(evidence, **change)

    def test_classes_of_other_maps_are_refused(self):
        _, _, evidence = drafted(make_scene())
        with pytest.raises(ValueError, match="classes are not of its maps"):
            Drafting(evidence, Classes(((0.0,),)))
