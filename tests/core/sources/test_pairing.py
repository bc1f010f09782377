"""Which bands belong together: of one kind and date, of the nearest date with data, in parts."""

from datetime import date
from itertools import permutations

import numpy as np
import pytest

from bandweave.errors import SceneError
from bandweave.sources.files import FilesSource
from tests.core.sources.concerns import concerns

SIDE = 64
WEST, NORTH = 600_000.0, 1_200_000.0
HALF = SIDE // 2
RGB = ("B4", "B3", "B2")


def decibels(seed=1, level=0.0):
    noise = np.random.default_rng(seed).normal(0, 2, (2, SIDE, SIDE))
    return (np.array([-10.0, -17.0])[:, None, None] + noise + level).astype(np.float32)


def power(values):
    return 10 ** (values.astype(np.float64) / 10)


def counts(seed=0, level=0):
    numbers = np.random.default_rng(seed).integers(300, 3000, (3, SIDE, SIDE)) + level
    return numbers.astype(np.uint16)


VV, VH = decibels()
OTHER = decibels(seed=2, level=4)


@pytest.fixture
def optical(make_tif):
    return (make_tif("S2_20180616_rgb.tif", counts(), bands=RGB),)


@pytest.fixture
def tile(make_tif):
    """Write a half of an image, the western or the eastern one, shifted by `hair` metres."""

    def make(name, array, half, hair=0.0, **written):
        place = (WEST + 10 * HALF * half + hair, NORTH)
        return make_tif(name, array[..., HALF * half : HALF * (half + 1)], origin=place, **written)

    return make


def import_in_any_order(layer, paths, given):
    """Import files in several orders, which must give the same pixels, date and warnings."""
    found = []
    for order in (tuple(paths), tuple(paths)[::-1], tuple(sorted(paths, key=hash))):
        scene = FilesSource(**{**given, layer: order}).make()
        made = scene.layer(layer)
        bands = sorted(made.bands)
        found.append((made.raster.read(bands=bands), bands, made.date, sorted(concerns(scene))))
    for each in found[1:]:
        np.testing.assert_array_equal(each[0], found[0][0])
        assert each[1:] == found[0][1:]
    return scene, found[0][0]


def require(pixels, vv, vh):
    """Bands are in the order of their names: VH before VV."""
    np.testing.assert_allclose(pixels, power(np.stack([vh, vv])), rtol=1e-4)


def left_out(scene):
    evidence = [each for each in scene.facts["evidence"] if each["what"] == "left out"]
    return {each["value"]: each["why"] for each in evidence}


class TestKinds:
    @pytest.mark.parametrize(
        ("names", "taken"),
        [
            (("Amplitude_VV", "Sigma0_VV_db", "Sigma0_VH_db"), (1, 2)),
            (("Beta0_VV_db", "Sigma0_VV_db", "Sigma0_VH_db"), (1, 2)),
            (("VV_desc", "VH_desc", "VV_asc"), (0, 1)),
            (("Sigma0_VH_mst_04Jun2018", "Sigma0_VH_slv1_16Jun2018", "Sigma0_VV_slv2_16Jun2018"),
             (2, 1)),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("apart", [False, True], ids=["one file", "a file a band"])
    def test_a_pair_of_one_kind_goes_before_a_mixture(self, make_tif, optical, names, taken, apart):
        image = np.stack([OTHER[0]] * 3)
        image[list(taken)] = VV, VH
        if "Amplitude_VV" in names:
            image[0] = np.sqrt(power(OTHER[0])) * 100
        if apart:
            paths = [make_tif(f"{n}.tif", band) for n, band in zip(names, image, strict=True)]
        else:
            paths = [make_tif("s1.tif", image, bands=names)]
        scene, pixels = import_in_any_order("radar", paths, {"optical": optical})
        require(pixels, VV, VH)
        assert not any("one kind:" in said for said in concerns(scene))
        assert len(left_out(scene)) == 1

    @pytest.mark.parametrize(
        ("first", "second", "calibrated"),
        [("Beta0_{}_db", "Gamma0_{}_db", 1), ("Sigma0_{}_db", "{}_filtered", 0)],
    )
    @pytest.mark.parametrize("turned", [False, True])
    def test_of_whole_pairs_the_calibrated_one_is_taken_and_the_other_named(
        self, make_tif, optical, first, second, calibrated, turned
    ):
        names = [kind.format(p) for kind in (first, second) for p in ("VV", "VH")]
        image = [*OTHER, VV, VH] if calibrated else [VV, VH, *OTHER]
        if turned:
            names, image = names[::-1], image[::-1]
        path = make_tif("s1.tif", np.stack(image), bands=names)
        scene = FilesSource(optical=optical, radar=(path,)).make()
        np.testing.assert_allclose(scene.radar.raster.read(), power(np.stack([VV, VH])), rtol=1e-4)
        (said,) = (said for said in concerns(scene) if "more than once" in said)
        kinds = (first, second)[:: -1 if calibrated else 1]
        assert all(kind.format("VV") in said for kind in kinds)
        assert said.index(kinds[0].format("VV")) < said.index(kinds[1].format("VV"))

    def test_of_equal_pairs_the_first_is_taken_of_bands_and_of_names(self, make_tif, optical):
        names = [f"{p}_{n}" for n in (2, 10) for p in ("VV", "VH")]
        image = np.stack([VV, VH, *OTHER])
        stack = make_tif("s1.tif", image, bands=names)
        scene = FilesSource(optical=optical, radar=(stack,)).make()
        np.testing.assert_allclose(scene.radar.raster.read(), power(image[:2]), rtol=1e-4)
        paths = [make_tif(f"{n}.tif", band) for n, band in zip(names, image, strict=True)]
        _, pixels = import_in_any_order("radar", paths, {"optical": optical})
        require(pixels, VV, VH)

    def test_a_mixture_is_taken_where_no_pair_is_whole_and_warned_of(self, make_tif, optical):
        path = make_tif("s1.tif", np.stack([VV, VH]), bands=("Gamma0_VV_db", "Sigma0_VH_db"))
        scene = FilesSource(optical=optical, radar=(path,)).make()
        assert (
            "The radar holds no VV and VH of one kind: s1.tif, Gamma0_VV_db and Sigma0_VH_db are "
            "taken together." in concerns(scene)
        )


class TestDates:
    def test_of_files_of_two_dates_the_nearest_is_taken(self, make_tif, optical):
        paths = [
            make_tif(f"S1A_{day}T095512_Gamma0_{p}_db.tif", band)
            for day, image in (("20180615", (VV, VH)), ("20180627", OTHER))
            for p, band in zip(("VV", "VH"), image, strict=True)
        ]
        scene, pixels = import_in_any_order("radar", paths, {"optical": optical})
        require(pixels, VV, VH)
        assert scene.radar.date == date(2018, 6, 15)
        said = " ".join(concerns(scene))
        assert "several dates, 2018-06-15, 2018-06-27: 2018-06-15 is taken" in said
        assert all(
            f"S1A_20180627T095512_Gamma0_{p}_db.tif is not used" in said for p in ["VH", "VV"]
        )

    def test_the_last_date_is_taken_where_no_other_image_has_one(self, make_tif):
        plain = (make_tif("rgb.tif", counts(), bands=RGB),)
        paths = [
            make_tif(f"S1_{day}_db.tif", image, bands=("VV", "VH"))
            for day, image in (("20180604", OTHER), ("20180616", decibels()))
        ]
        scene, pixels = import_in_any_order("radar", paths, {"optical": plain})
        require(pixels, VV, VH)
        assert scene.radar.date == date(2018, 6, 16)

    @pytest.mark.parametrize("apart", [False, True], ids=["one file", "a file a band"])
    def test_the_nearest_date_that_has_both_is_taken(self, make_tif, optical, apart):
        names = ("VV_20180604", "VH_20180604", "VV_20180616")
        image = np.stack([VV, VH, OTHER[0]])
        if apart:
            paths = [make_tif(f"{n}_db.tif", band) for n, band in zip(names, image, strict=True)]
        else:
            paths = [make_tif("s.tif", image, bands=names)]
        scene, pixels = import_in_any_order("radar", paths, {"optical": optical})
        require(pixels, VV, VH)
        assert scene.radar.date == date(2018, 6, 4)
        said = " ".join(concerns(scene))
        assert "2018-06-04 is taken; 2018-06-16 holds no pair of one kind" in said

    @pytest.mark.parametrize("fill", [np.nan, 0.0])
    def test_the_nearest_date_that_has_data_is_taken(self, make_tif, optical, fill):
        names = [f"2018-06-{day}_{p}" for day in (12, 16, 28) for p in ("VV", "VH")]
        image = np.stack([VV, VH, *np.full_like(OTHER, fill), *OTHER])
        path = make_tif("openEO.tif", image, bands=names)
        scene = FilesSource(optical=optical, radar=(path,)).make()
        np.testing.assert_allclose(scene.radar.raster.read(), power(np.stack([VV, VH])), rtol=1e-4)
        assert scene.radar.date == date(2018, 6, 12)
        assert any("2018-06-12 is taken; 2018-06-16 holds no data" in s for s in concerns(scene))

    def test_of_unnamed_bands_of_two_dates_the_nearest_are_taken(self, make_tif, optical):
        paths = [
            make_tif(f"S1_{day}_db.tif", image)
            for day, image in (("20180615", decibels()), ("20180627", OTHER))
        ]
        scene, pixels = import_in_any_order("radar", paths, {"optical": optical})
        require(pixels, VV, VH)
        assert scene.radar.date == date(2018, 6, 15)
        assert any("2018-06-15 is taken" in said for said in concerns(scene))
        assert left_out(scene)["S1_20180627_db.tif, B1"] == "of 2018-06-27, not 2018-06-15"

    def test_two_passes_of_one_day_have_its_date_and_the_other_is_named(self, make_tif, optical):
        names = [f"2018-06-16T{hour}:00:00_{p}" for hour in ("05", "17") for p in ("VV", "VH")]
        path = make_tif("s1.tif", np.stack([VV, VH, *OTHER]), bands=names)
        scene = FilesSource(optical=optical, radar=(path,)).make()
        np.testing.assert_allclose(scene.radar.raster.read(), power(np.stack([VV, VH])), rtol=1e-4)
        assert scene.radar.date == date(2018, 6, 16)
        assert concerns(scene) == [
            "The radar holds VV and VH more than once: s1.tif, 2018-06-16T05:00:00_VV and "
            "2018-06-16T05:00:00_VH are taken, not s1.tif, 2018-06-16T17:00:00_VV and "
            "2018-06-16T17:00:00_VH."
        ]

    def test_optical_files_of_two_dates_give_the_nearest_one(self, make_tif):
        radar = (make_tif("S1_20180616_db.tif", decibels(), bands=("VV", "VH")),)
        near = make_tif("S2_20180617.tif", counts(), bands=RGB)
        far = make_tif("S2_20180604.tif", counts(seed=3), bands=RGB)
        more = make_tif("S2_20180601_nir.tif", counts(seed=4)[:1], bands=("B8",))
        scene, pixels = import_in_any_order("optical", (far, near, more), {"radar": radar})
        np.testing.assert_allclose(pixels, counts()[[2, 1, 0]] / 1e4, rtol=1e-5)
        assert (sorted(scene.optical.bands), scene.optical.date) == (
            ["blue", "green", "red"],
            date(2018, 6, 17),
        )

    def test_optical_bands_of_two_dates_stay_together_where_none_is_of_both(self, make_tif):
        radar = (make_tif("s1_db.tif", decibels(), bands=("VV", "VH")),)
        paths = [
            make_tif(f"S2_{day}_{band}.tif", counts()[number])
            for number, (day, band) in enumerate((("20180616", "B04"), ("20180617", "B03")))
        ]
        scene = FilesSource(optical=tuple(paths), radar=radar).make()
        assert scene.optical.bands == ("red", "green")
        assert any("different dates" in said for said in concerns(scene))

    def test_files_that_are_not_used_tell_no_date(self, make_tif):
        plain = (make_tif("rgb.tif", counts(), bands=RGB),)
        name = "OPERA_L2_RTC-S1{}_T069-147170-IW1_{}_S1A_30_v1.0_{}.tif"
        day = "20180616T095512Z_20240103T112233Z"
        paths = [
            make_tif(name.format("-STATIC", "20140403", "mask"), np.zeros((SIDE, SIDE), np.uint8)),
            *(
                make_tif(name.format("", day, p), power(band).astype(np.float32))
                for p, band in (("VV", VV), ("VH", VH))
            ),
        ]
        scene, pixels = import_in_any_order("radar", paths, {"optical": plain})
        require(pixels, VV, VH)
        assert scene.radar.date == date(2018, 6, 16)
        assert concerns(scene) == [f"{paths[0].name} is not used: layover and shadow."]

    def test_what_is_no_radar_draws_no_optical_date_near(self, make_tif):
        radar = (
            make_tif("S1_20180616_db.tif", decibels(), bands=("VV", "VH")),
            make_tif("S1_20140403_incidence_angle.tif", np.full((SIDE, SIDE), 38, np.float32)),
        )
        days = ("20140403", "20180617")
        paths = [make_tif(f"S2_{day}.tif", counts(), bands=RGB) for day in days]
        scene = FilesSource(optical=tuple(paths), radar=radar).make()
        assert scene.optical.date == date(2018, 6, 17)


class TestParts:
    @pytest.mark.parametrize("hair", [0.0, 1e-7])
    def test_a_file_a_band_in_parts_a_hair_apart(self, tile, optical, hair):
        paths = [
            tile(
                f"S1_20180616_{p}_db_tile{half}.tif",
                band,
                half,
                hair if (p, half) == ("VH", 1) else 0,
            )
            for p, band in (("VV", VV), ("VH", VH))
            for half in (0, 1)
        ]
        scene, pixels = import_in_any_order("radar", paths, {"optical": optical})
        require(pixels, VV, VH)
        assert concerns(scene) == []

    def test_optical_bands_in_parts_a_hair_apart(self, tile, make_tif):
        radar = (make_tif("s1_db.tif", decibels(), bands=("VV", "VH")),)
        paths = [
            tile(
                f"T50SQB_20180616T023549_{b}_part{half}.tif", band, half, 1e-7 * (b == "B02") * half
            )
            for b, band in zip(("B04", "B03", "B02"), counts(), strict=True)
            for half in (0, 1)
        ]
        scene, pixels = import_in_any_order("optical", paths, {"radar": radar})
        np.testing.assert_allclose(pixels, counts()[[2, 1, 0]] / 1e4, rtol=1e-5)
        assert concerns(scene) == []

    @pytest.mark.parametrize("half", [0, 1])
    def test_a_tile_that_one_band_lacks_leaves_no_data_there(self, tile, optical, half):
        paths = [
            tile("S1_20180616_VV_db_tile0.tif", VV, 0),
            tile("S1_20180616_VV_db_tile1.tif", VV, 1),
            tile(f"S1_20180616_VH_db_tile{half}.tif", VH, half),
        ]
        scene, pixels = import_in_any_order("radar", paths, {"optical": optical})
        cut = VH.copy()
        cut[:, HALF * (1 - half) : HALF * (2 - half)] = np.nan
        require(pixels, VV, cut)
        assert concerns(scene) == [f"VH is missing where {paths[1 - half].name} lies."]

    @pytest.mark.parametrize(
        ("east", "bands"),
        [
            (np.stack([VV, VH]).astype(np.float64), ("VV", "VH")),
            (np.stack([VH, VV]), ("VH", "VV")),
            (np.stack([VV, VH, np.full_like(VV, 38)]), ("VV", "VH", "angle")),
            (np.stack([np.full_like(VV, 38), VH, VV]), ("angle", "VH", "VV")),
        ],
        ids=["float64", "another order", "a band more", "both"],
    )
    def test_tiles_of_another_type_order_or_number_of_bands(self, tile, optical, east, bands):
        paths = [
            tile("S1_20180616_db_w.tif", np.stack([VV, VH]), 0, bands=("VV", "VH")),
            tile("S1_20180616_db_e.tif", east, 1, bands=bands),
        ]
        scene, pixels = import_in_any_order("radar", paths, {"optical": optical})
        require(pixels, VV, VH)
        assert concerns(scene) == []
        stated = FilesSource(optical=optical, radar=tuple(paths), radar_bands={"VV": 1, "VH": 2})
        np.testing.assert_allclose(
            stated.make().radar.raster.read(), power(np.stack([VV, VH])), rtol=1e-4
        )

    def test_whole_numbers_beside_floats_are_no_parts_and_that_is_said(self, tile, optical):
        west = tile("S1_20180616_db_w.tif", np.stack([VV, VH]), 0, bands=("VV", "VH"))
        whole = np.round(np.stack([VV, VH]) * 100).astype(np.int16)
        east = tile("S1_20180616_db_e.tif", whole, 1, bands=("VV", "VH"))
        scene, _ = import_in_any_order("radar", (west, east), {"optical": optical})
        (said,) = (said for said in concerns(scene) if "not used" in said)
        assert "but the kinds of numbers differ" in said

    def test_overlapping_parts_are_taken_in_the_order_of_their_names(self, make_tif, optical):
        images = {number: decibels(seed=number) for number in (2, 10, 11)}
        paths = [
            make_tif(
                f"S1_20180616_db_{number}.tif",
                image[:, :, first:stop],
                bands=("VV", "VH"),
                origin=(WEST + 10 * first, NORTH),
            )
            for (number, image), first, stop in zip(
                images.items(), (0, 15, 34), (30, 50, SIDE), strict=True
            )
        ]
        expected = images[11].copy()
        expected[:, :, :50] = images[10][:, :, :50]
        expected[:, :, :30] = images[2][:, :, :30]
        for order in permutations(paths):
            scene = FilesSource(optical=optical, radar=order).make()
            np.testing.assert_allclose(scene.radar.raster.read(), power(expected), rtol=1e-4)

    def test_masks_of_nothing_in_tiles_are_said_to_be_masks(self, tile, optical):
        name = (
            "OPERA_L2_RTC-S1_T069-14717{}-IW1_20180616T095512Z_20240103T112233Z_S1A_30_v1.0_{}.tif"
        )
        images = {"VV": power(VV), "VH": power(VH), "mask": VV * 0}
        paths = [
            tile(name.format(half, n), band.astype(np.uint8 if n == "mask" else np.float32), half)
            for n, band in images.items()
            for half in (0, 1)
        ]
        scene, pixels = import_in_any_order("radar", paths, {"optical": optical})
        require(pixels, VV, VH)
        masks = [name.format(half, "mask") for half in (0, 1)]
        assert concerns(scene) == [f"{mask} is not used: layover and shadow." for mask in masks]

    def test_bands_that_share_no_place_are_refused_for_that(self, make_tif, optical):
        paths = (
            make_tif("S1_VV_db.tif", VV),
            make_tif("S1_VH_db.tif", VH, origin=(WEST + 5_000, NORTH)),
        )
        with pytest.raises(SceneError, match="radar files have no place in common"):
            FilesSource(optical=optical, radar=paths).make()
