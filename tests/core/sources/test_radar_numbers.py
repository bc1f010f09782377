"""What radar files hold, band by band: units, fill and scales that numbers tell or disprove."""

import numpy as np
import pytest
from rasterio.enums import ColorInterp

from bandweave.errors import SceneError
from bandweave.sources.files import FilesSource
from tests.core.sources.concerns import concerns

SIDE = 64
PAIR = ("VV", "VH")


def decibels(seed=1):
    middle = np.array([-10.0, -17.0])[:, None, None]
    noise = np.random.default_rng(seed).normal(0, 2, (2, SIDE, SIDE))
    return (middle + noise).astype(np.float32)


def power(values):
    return (10 ** (values.astype(np.float64) / 10)).astype(np.float32)


@pytest.fixture
def optical(make_tif):
    pixels = np.random.default_rng(0).integers(300, 3000, (3, SIDE, SIDE)).astype(np.uint16)
    return (make_tif("optical.tif", pixels, bands=("red", "green", "blue")),)


@pytest.fixture
def read(optical):
    """Import radar files; return their power, no data as NaN, and the scene."""

    def imported(*paths, **stated):
        scene = FilesSource(optical=optical, radar=paths, **stated).make()
        return scene.radar.raster.read(), scene

    return imported


def decided(scene, what):
    return [e for e in scene.facts["evidence"] if (e["layer"], e["what"]) == ("radar", what)]


def warned(scene, words):
    return any(words in warning for warning in scene.facts["warnings"])


class TestTags:
    @pytest.mark.parametrize(
        ("linear", "scale", "offset"), [(False, 0.01, 0.0), (True, 1e-4, 0.0), (False, 0.001, -45)]
    )
    def test_a_scale_left_over_from_scaled_floats_is_disproved(
        self, make_tif, read, linear, scale, offset
    ):
        stored = power(decibels()) if linear else decibels()
        path = make_tif("s1.tif", stored, bands=PAIR, scale=scale, offset=offset)
        found, scene = read(path)
        np.testing.assert_allclose(found, power(decibels()), rtol=1e-4)
        assert warned(scene, "but then its numbers would be no backscatter")

    def test_a_scale_of_floats_that_are_not_scaled_yet_counts(self, make_tif, read):
        path = make_tif("s1.tif", decibels() * 100, bands=PAIR, scale=0.01)
        found, scene = read(path)
        np.testing.assert_allclose(found, power(decibels()), rtol=1e-3)
        assert not warned(scene, "no backscatter")

    def test_the_lowest_number_of_a_type_is_fill_after_scaling_too(self, make_tif, read):
        stored = np.round(decibels() * 100).astype(np.int16)
        stored[:, :10] = -32768
        found, scene = read(make_tif("s1_db.tif", stored, bands=PAIR, scale=0.01))
        assert np.isnan(found[:, :10]).all() and np.isfinite(found[:, 10:]).all()
        assert decided(scene, "fill")


class TestUnits:
    def test_bands_of_one_stack_may_be_in_two_units(self, make_tif, read):
        stored = np.stack([decibels()[0], power(decibels())[1]])
        for bands in (("Sigma0_VV_db", "Sigma0_VH"), PAIR):
            found, scene = read(make_tif("stack.tif", stored, bands=bands))
            np.testing.assert_allclose(found, power(decibels()), rtol=1e-4)
            assert warned(scene, "are read differently: VV of stack.tif as db")
            assert not warned(scene, "swapped")

    def test_linear_power_in_files_named_db_is_told_of_each(self, make_tif, read):
        paths = [
            make_tif(f"s1_{name}_dB.tif", band)
            for name, band in zip(PAIR, power(decibels()), strict=True)
        ]
        found, scene = read(*paths)
        np.testing.assert_allclose(found, power(decibels()), rtol=1e-6)
        assert warned(scene, "s1_VV_dB.tif says dB")

    @pytest.mark.parametrize("factor", [10, 100])
    def test_floats_named_decibels_may_be_scaled(self, make_tif, read, factor):
        path = make_tif("s1.tif", decibels() * factor, bands=("VV_db", "VH_db"))
        found, scene = read(path)
        np.testing.assert_allclose(found, power(decibels()), rtol=1e-3)
        assert decided(scene, "scale")[0]["value"] == f"{1 / factor:g}"

    def test_power_a_little_below_nought_is_what_noise_leaves(self, make_tif, read):
        stored = power(decibels())
        stored[1, :2] = -1e-4
        for stated in ({}, {"radar_unit": "power"}):
            found, scene = read(make_tif("Sigma0.tif", stored, bands=PAIR), **stated)
            assert np.isnan(found[1, :2]).all() and np.isfinite(found[1, 2:]).all()
            assert warned(scene, "as the subtraction of noise leaves it")
        stored[1, :20] = -1e-4
        with pytest.raises(SceneError, match="never negative"):
            read(make_tif("half.tif", stored, bands=PAIR), radar_unit="power")

    @pytest.mark.parametrize("dtype", [np.int16, np.float32])
    def test_a_ratio_in_decibels_may_be_scaled_where_it_is_named_so(self, make_tif, read, dtype):
        quotient = decibels()[0] - decibels()[1]
        factor = 100 if dtype is np.int16 else 1
        path = make_tif("s1.tif", np.round(quotient * factor).astype(dtype), bands=("VV/VH_db",))
        found, _ = read(path)
        np.testing.assert_allclose(
            10 * np.log10(found[0]), np.round(quotient * factor) / factor, atol=1e-4
        )

    def test_a_ratio_of_whole_numbers_without_a_unit_is_asked_for(self, make_tif, read):
        stored = np.full((SIDE, SIDE), 700, np.int16)
        stored[::2] = 800
        with pytest.raises(SceneError, match="stores a ratio in whole numbers"):
            read(make_tif("s1.tif", stored, bands=("VV/VH",)))

    def test_a_ratio_below_one_may_be_the_other_way_round(self, make_tif, read):
        quotient = power(decibels())
        for upside_down in (False, True):
            ratio = quotient[0] / quotient[1]
            ratio = 1 / ratio if upside_down else ratio
            _, scene = read(make_tif("s1.tif", ratio, bands=("VV/VH",)), radar_unit="power")
            assert warned(scene, "it may be VH/VV") == upside_down

    def test_the_quotient_is_said_to_be_sound_only_where_the_unit_is_known(self, make_tif, read):
        stored = np.round(np.sqrt(power(decibels())) * 1000).astype(np.uint16)
        for bands, sound in ((("Amplitude_VV", "Amplitude_VH"), True), (PAIR, False)):
            _, scene = read(make_tif("s1.tif", stored, bands=bands))
            assert warned(scene, "known only up to a factor")
            assert warned(scene, "VV/VH is not affected") == sound


class TestNoData:
    def test_nought_outside_the_swath_in_files_on_two_grids(self, make_tif, read):
        stored = power(decibels())
        stored[:, :, :12] = 0
        stored[0, 30:33, 30:33] = 0
        vv = make_tif("s1_VV.tif", stored[0], nodata=np.nan)
        vh = make_tif("s1_VH.tif", stored[1, :, :60], nodata=np.nan)
        found, _ = read(vv, vh)
        assert np.isnan(found[:, :, :12]).all()
        # dark in one polarisation, not in the other
        assert np.all(found[0, 30:33, 30:33] == 0)
        assert np.isfinite(found[:, :, 12:60]).all()

    def test_nought_decibels_in_one_of_two_files_on_two_grids_are_data(self, make_tif, read):
        stored = decibels()
        stored[:, :, :12] = 0
        stored[0, 30:33, 30:33] = 0
        vv = make_tif("s1_VV_db.tif", stored[0])
        vh = make_tif("s1_VH_db.tif", stored[1, :, :60])
        found, _ = read(vv, vh)
        assert np.isnan(found[:, :, :12]).all()
        assert np.all(found[0, 30:33, 30:33] == 1)

    def test_a_frame_and_a_wedge_of_nought_decibels_are_no_data_and_roofs_are(self, make_tif, read):
        stored = decibels()
        stored[:, [0, -1]] = stored[:, :, [0, -1]] = 0
        for row in range(1, 20):
            stored[:, row, : 20 - row] = 0
        roofs = [(40, 40), (40, 41), (50, 20)]
        for row, col in roofs:
            stored[:, row, col] = 0
        lost = np.all(stored == 0, axis=0)
        lost[tuple(zip(*roofs, strict=True))] = False
        found, _ = read(make_tif("s1.tif", stored, bands=PAIR))
        np.testing.assert_array_equal(np.isnan(found), np.stack([lost, lost]))

    def test_areas_of_nought_are_the_same_however_they_are_read(self, make_tif, read):
        stored = decibels()
        stored[:, 10:30, 5:25] = 0
        stored[:, 30, 5:9] = 0
        found, scene = read(make_tif("s1.tif", stored, bands=PAIR))
        raster = scene.radar.raster
        pieces = np.full_like(found, np.nan)
        for window in raster.grid.windows(7):
            rows, cols = window.slices
            pieces[:, rows, cols] = raster.read(window)
        np.testing.assert_array_equal(pieces, found)

    def test_opacity_masks_backscatter(self, make_tif, read):
        alpha = np.full((1, SIDE, SIDE), 255, np.float32)
        alpha[:, :9] = 0
        path = make_tif(
            "gamma0.tif", np.concatenate([power(decibels()), alpha]), bands=("VV", "VH", ""),
            colours=[ColorInterp.gray, ColorInterp.undefined, ColorInterp.alpha],
        )  # fmt: skip
        found, scene = read(path)
        assert np.isnan(found[:, :9]).all() and np.isfinite(found[:, 9:]).all()
        assert scene.radar.bands == PAIR

    @pytest.mark.parametrize(("fill", "linear"), [(9999.0, True), (9999.0, False), (-100.0, False)])
    def test_what_stands_out_beyond_all_backscatter_is_fill(self, make_tif, read, fill, linear):
        stored = power(decibels()) if linear else decibels()
        stored[:, :10] = fill
        bands = ("Gamma0_VV", "Gamma0_VH") if linear else ("VV_db", "VH_db")
        found, scene = read(make_tif("s1.tif", stored, bands=bands))
        assert np.isnan(found[:, :10]).all()
        np.testing.assert_allclose(found[:, 10:], power(decibels())[:, 10:], rtol=1e-5)
        assert decided(scene, "fill")[0]["value"] == f"{fill:g}"
        assert concerns(scene) == []

    def test_one_repeated_number_is_warned_of(self, make_tif, read):
        stored = decibels()
        stored[:, : SIDE // 3 + 2] = -25
        _, scene = read(make_tif("s1.tif", stored, bands=("VV_db", "VH_db")))
        assert warned(scene, "have one and the same value, 0.003162")

    def test_a_quotient_of_nought_is_no_data(self, make_tif, read):
        ratio = power(decibels()[0] - decibels()[1])
        ratio[:10] = 0
        found, _ = read(make_tif("s1.tif", ratio, bands=("VV/VH",), nodata=np.nan))
        assert np.isnan(found[0, :10]).all() and np.isfinite(found[0, 10:]).all()
