"""Which band of a file codes quality, how, and what is said where that cannot be known."""

import numpy as np
import pytest

from bandweave.errors import SceneError
from bandweave.sources.evidence import Notes
from bandweave.sources.inspection import inspect
from bandweave.sources.measured import open_one
from bandweave.sources.quality import QualityReading, own_mask, quality_bands, told_quality

SIDE = 20
UDM2 = ("clear", "snow", "shadow", "haze_light", "haze_heavy", "cloud", "confidence", "unusable")


def codes(top, rest, dtype=np.uint16):
    """A quarter of one code above three quarters of another."""
    band = np.full((SIDE, SIDE), rest, dtype)
    band[: SIDE // 4] = top
    return band


def stack(*quality):
    measured = np.random.default_rng(0).integers(300, 3000, (3, SIDE, SIDE)).astype(np.uint16)
    return np.concatenate([measured, *(band[None] for band in quality)])


def read(path, named=None, **stated):
    notes = Notes()
    raster = QualityReading(**stated).read(open_one(path), notes, named)
    return raster.read()[0], notes


def told(notes, what):
    return [each["value"] for each in notes.evidence if each["what"] == what]


class TestBand:
    @pytest.fixture
    def path(self, make_tif):
        quality = codes(9, 4), codes(1024, 0), codes(90, 7)
        names = ("B2", "B3", "B4", "SCL", "QA60", "MSK_CLDPRB")
        return make_tif("s2.tif", stack(*quality), bands=names, nodata=0)

    @pytest.mark.parametrize("band", ["SCL", "scl", "4", " SCL "])
    def test_it_is_stated_by_name_or_number(self, path, band):
        flags, notes = read(path, band=band, kind="scl")
        np.testing.assert_array_equal(flags, codes(1, 0))
        assert told(notes, "bands") == ["SCL"] and not notes.warnings

    def test_a_band_that_is_not_there(self, path):
        for band in ("SCI", "0", "7"):
            with pytest.raises(SceneError, match=f"no band {band}") as caught:
                read(path, band=band)
            assert "SCL" in caught.value.hint

    def test_a_name_tells_it(self, path):
        flags, notes = read(path, {"SCL": "scl"})
        np.testing.assert_array_equal(flags, codes(1, 0))
        assert told(notes, "kind") == ["scl"] and not notes.warnings

    def test_several_named_ones_are_refused_with_their_names(self, path):
        named = {"SCL": "scl", "QA60": "qa60", "B2": ""}
        with pytest.raises(SceneError, match="told: SCL, QA60 all may"):
            read(path, named)
        assert quality_bands(open_one(path), "qa60", "", named) == (("QA60",), "qa60")

    def test_values_tell_it_where_one_band_alone_has_them(self, make_tif):
        path = make_tif("s2.tif", stack(codes(9, 4)), nodata=0)
        flags, notes = read(path)
        np.testing.assert_array_equal(flags, codes(1, 0))
        assert "s2.tif, B4 means is told from its values alone" in notes.warnings[0]
        assert "as Sentinel-2 scene classification: 25% cloud" in notes.warnings[0]

    def test_values_of_several_or_of_none_do_not(self, path, make_tif):
        with pytest.raises(SceneError, match="told: SCL, QA60 all may"):
            read(path)
        with pytest.raises(SceneError, match="none is known to"):
            read(make_tif("three.tif", stack()))

    def test_a_stated_kind_finds_the_band_that_can_be_it(self, path):
        flags, _ = read(path, kind="qa60")
        np.testing.assert_array_equal(flags, codes(1, 0))

    def test_bands_named_as_quality_of_something_else_are_not_asked_for_their_values(self, path):
        named = {"QA60": "saturation"}
        assert quality_bands(open_one(path), "", "", named) == (("SCL",), "")

    def test_an_optical_file_has_a_mask_of_its_own_where_a_name_says_so(self, path):
        raster = open_one(path)
        assert own_mask(raster, {"QA60": "qa60", "SCL": "scl"}) == "SCL"
        assert own_mask(raster, {"MSK_CLDPRB": "cloud-probability"}) == ""


class TestKind:
    def test_values_alone_tell_with_a_warning_of_all_they_may_be(self, make_tif):
        flags, notes = read(make_tif("qa.tif", codes(480, 322)))
        np.testing.assert_array_equal(flags, codes(1, 0))
        assert notes.warnings == [
            "What qa.tif means is told from its values alone: as Landsat Collection 1 pixel_qa: "
            "25% cloud. State the kind of quality band if it is another."
        ]

    def test_water_of_hls_is_not_taken_for_landsats_cloud(self, make_tif):
        flags, notes = read(make_tif("qa.tif", codes(72, 96, np.uint8)))
        np.testing.assert_array_equal(flags, codes(1, 0))
        assert "Landsat Collection 1 pixel_qa: 100% cloud" in notes.warnings[0]

    def test_a_mask_may_be_one_of_what_is_clear(self, make_tif):
        path = make_tif("m.tif", codes(0, 1, np.uint8))
        flags, notes = read(path)
        np.testing.assert_array_equal(flags, codes(0, 1))
        assert "cloud): 75% cloud" in notes.warnings[0]
        assert "clear): 25% cloud" in notes.warnings[0]
        flags, notes = read(path, {"B1": "clear-mask"})
        np.testing.assert_array_equal(flags, codes(1, 0))
        assert not notes.warnings

    def test_a_name_beats_values(self, make_tif):
        path = make_tif("HLS.S30.T50SQB.Fmask.tif", codes(66, 96))
        flags, notes = read(path, {"B1": "fmask-hls"})
        np.testing.assert_array_equal(flags, codes(1, 0))
        assert told(notes, "kind") == ["fmask-hls"] and not notes.warnings

    def test_a_statement_beats_a_name(self, make_tif):
        flags, notes = read(make_tif("qa.tif", codes(66, 96)), {"B1": "fmask-hls"}, kind="udm")
        np.testing.assert_array_equal(flags, codes(1, 0))
        assert told(notes, "kind") == ["udm"] and not notes.warnings

    def test_values_that_cannot_be_are_said(self, make_tif):
        path = make_tif("qa.tif", codes(13, 4))
        flags, notes = read(path, {"B1": "scl"})
        assert np.isnan(flags[0, 0]) and flags[-1, -1] == 0
        assert "read as scl as its name says, though it cannot be" in notes.warnings[0]
        assert "its values are 4, 13" in notes.warnings[0]

    def test_landsats_codings_are_told_apart_by_their_values(self, make_tif):
        """BQA is what the masks of two collections are called."""
        path = make_tif("LC08_L1TP_01_T1_BQA.tif", codes(2800, 2720))
        flags, notes = read(path, {"B1": "landsat-bqa"})
        np.testing.assert_array_equal(flags, codes(1, 0))
        assert told(notes, "kind") == ["landsat-c1-bqa"]
        assert "named as landsat-bqa, but" in notes.warnings[0]
        _, notes = read(path, kind="landsat-bqa")
        assert "looks like landsat-c1-bqa" in notes.warnings[0]

    def test_16_bits_may_be_stored_as_signed_numbers(self, make_tif):
        """54596, high cirrus, as numpy casts it."""
        flags, _ = read(make_tif("QA.tif", codes(-10940, 21824, np.int16)))
        np.testing.assert_array_equal(flags, codes(1, 0))

    @pytest.mark.parametrize(
        ("top", "rest", "kind"),
        [(2800, 2720, "landsat-c1-bqa"), (53248, 20480, "landsat-bqa"), (480, 322, "landsat-c1")],
    )
    def test_bqa_is_the_name_of_two(self, make_tif, top, rest, kind):
        flags, notes = read(make_tif("BQA.tif", codes(top, rest)), {"B1": "bqa"})
        np.testing.assert_array_equal(flags, codes(1, 0))
        assert told(notes, "kind") == [kind]
        assert bool(notes.warnings) == (kind == "landsat-c1")

    def test_fmask_is_the_name_of_three(self, make_tif):
        _, notes = read(make_tif("Fmask.tif", codes(66, 96)), {"B1": "fmask"})
        assert told(notes, "kind") == ["fmask-hls"]
        assert "named as fmask, but is read as what it is" in notes.warnings[0]

    def test_quality_of_something_else_is_refused_by_name(self, make_tif):
        path = make_tif("SR_QA_AEROSOL.tif", codes(66, 96, np.uint8))
        with pytest.raises(SceneError, match="holds aerosol, as its name says, and nothing of clo"):
            read(path, {"B1": "aerosol"})
        assert read(path, {"B1": "aerosol"}, kind="fmask-hls")[0].max() == 1

    @pytest.mark.parametrize(
        ("stored", "top", "rest"), [(np.float32, 0.9, 0.3), (np.uint8, 90, 30), (np.uint8, 230, 76)]
    )
    def test_a_cloud_probability_in_any_of_its_units(self, make_tif, stored, top, rest):
        path = make_tif("p.tif", codes(top, rest, stored))
        named = {"B1": "cloud-probability"}
        flags, notes = read(path, named)
        np.testing.assert_array_equal(flags, codes(1, 0))
        assert told(notes, "cloud") == ["above 40 % probability"]
        np.testing.assert_array_equal(read(path, named, probability=20.0)[0], codes(1, 1))
        np.testing.assert_array_equal(read(path, named, probability=95.0)[0], codes(0, 0))

    def test_an_empty_qa60_is_doubted(self, make_tif):
        flags, notes = read(make_tif("q.tif", codes(0, 0)), {"B1": "qa60"})
        assert np.all(flags == 0) and "knows of no cloud at all" in notes.warnings[0]


class TestStoredCodes:
    @pytest.mark.parametrize("kind", ["qa60", "cloud-probability", "mask"])
    def test_0_of_a_code_counts_though_the_stacks_tag_calls_it_no_data(self, make_tif, kind):
        quality = {"qa60": 1024, "cloud-probability": 80, "mask": 1}[kind]
        path = make_tif("s.tif", stack(codes(quality, 0)), nodata=0)
        np.testing.assert_array_equal(read(path, band="4", kind=kind)[0], codes(1, 0))

    def test_the_stacks_scale_is_not_the_codes(self, make_tif):
        names = ("B2", "B3", "B4", "SCL")
        path = make_tif("s.tif", stack(codes(9, 4)), bands=names, scale=1e-4, offset=-0.1)
        flags, notes = read(path)
        np.testing.assert_array_equal(flags, codes(1, 0))
        assert told(notes, "kind") == ["scl"]

    def test_codes_far_from_the_samples_are_found_and_not_averaged(self, make_tif):
        quality = np.zeros((900, 900), np.uint8)
        quality[200:240, 200:240], quality[210:220, 200:240] = 5, 9
        _, notes = read(make_tif("scl.tif", quality))
        assert told(notes, "kind") == ["scl"]


class TestUsableDataMask:
    @pytest.fixture
    def mask(self):
        bands = np.zeros((8, SIDE, SIDE), np.uint8)
        bands[5], bands[0], bands[6] = codes(1, 0), codes(0, 1), 90
        bands[:, -1], bands[7, -1] = 0, 1
        return bands

    @pytest.fixture
    def expected(self):
        expected = codes(1, 0).astype(np.float32)
        expected[-1] = np.nan
        return expected

    def test_its_descriptions_tell_it(self, make_tif, mask, expected):
        order = [7, *range(7)]
        path = make_tif("u.tif", mask[order], bands=[UDM2[place] for place in order])
        flags, notes = read(path)
        np.testing.assert_array_equal(flags, expected)
        assert told(notes, "kind") == ["udm2"] and not notes.warnings
        assert inspect(path)["guess"]["what"] == "udm2"

    def test_without_descriptions_its_bands_are_where_they_always_are(
        self, make_tif, mask, expected
    ):
        path = make_tif("20180616_udm2.tif", mask)
        for flags, _ in (read(path, {"B1": "udm2"}), read(path, kind="udm2")):
            np.testing.assert_array_equal(flags, expected)
        assert told_quality(open_one(path), {}) is None

    def test_a_part_of_it_is_refused(self, make_tif, mask):
        path = make_tif("part.tif", mask[:6], bands=UDM2[:6])
        for stated in ({"kind": "udm2"}, {"named": {"cloud": "udm2"}, "band": "cloud"}):
            with pytest.raises(SceneError, match="needs the bands clear, snow"):
                read(path, **stated)
        assert read(path, {"cloud": "udm2"}, band="cloud", kind="mask")[0].max() == 1

    def test_one_band_of_it_means_nothing_until_its_kind_is_stated(self, make_tif, mask):
        path = make_tif("u.tif", mask, bands=UDM2)
        with pytest.raises(SceneError, match="one of several that code quality together"):
            read(path, band="clear")
        with pytest.raises(SceneError, match="one of several that code quality together"):
            read(path, band="clear", kind="udm2")
        flags, _ = read(path, band="clear", kind="clear-mask")
        np.testing.assert_array_equal(flags[:-1], codes(1, 0)[:-1])

    def test_other_numbers_are_said_not_to_be_one(self, make_tif, mask):
        mask[0] *= 3
        _, notes = read(make_tif("u.tif", mask, bands=UDM2))
        assert "read as udm2 as its name says, though it cannot be" in notes.warnings[0]


class TestInspection:
    def test_a_file_of_codes_is_quality_with_all_it_may_be(self, make_tif):
        guess = inspect(make_tif("qa.tif", codes(72, 96, np.uint8)))["guess"]
        assert (guess["role"], guess["what"]) == ("quality", "fmask-hls")
        assert "as Landsat Collection 1 pixel_qa: 100% cloud" in guess["why"]

    def test_codes_stored_as_real_numbers_are_codes(self, make_tif):
        assert inspect(make_tif("q.tif", codes(9, 4, np.float32)))["guess"]["what"] == "scl"

    def test_a_dark_picture_is_none(self, make_tif):
        dark = np.random.default_rng(0).integers(3, 90, (1, SIDE, SIDE)).astype(np.uint8)
        assert inspect(make_tif("dark.tif", dark))["guess"]["role"] == "optical"

    def test_a_name_makes_any_band_quality(self, make_tif):
        shares = np.random.default_rng(0).uniform(0, 1, (1, SIDE, SIDE)).astype(np.float32)
        raster = open_one(make_tif("probability.tif", shares))
        named = {"B1": "cloud-probability"}
        assert told_quality(raster, named) == ("cloud-probability", "its name")
        aerosol = open_one(make_tif("SR_QA_AEROSOL.tif", codes(66, 96, np.uint8)))
        assert told_quality(aerosol, {}) and told_quality(aerosol, {"B1": "aerosol"}) is None


def test_what_would_all_be_fill_tells_no_quality_band(make_tif):
    labels = np.where(np.arange(64) < 9, -1, np.arange(64) % 2).astype(np.int16)
    path = make_tif("labels.tif", np.broadcast_to(labels, (64, 64)))
    assert told_quality(open_one(path), {}) is None
