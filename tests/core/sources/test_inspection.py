"""What a form is told about files: a role for each, and the bands that can be named."""

import numpy as np
import pytest

from bandweave.errors import RasterError, SceneError
from bandweave.sources.bands import pick_radar
from bandweave.sources.files import FilesSource
from bandweave.sources.inspection import FileBand, band_places, inspect
from bandweave.sources.measured import open_all
from bandweave.sources.mosaic import pictures


def decibels(bands=1):
    return np.random.default_rng(1).normal(-12, 3, (bands, 40, 40)).astype(np.float32)


def counts(bands=3, dtype=np.uint16):
    return np.random.default_rng(0).integers(300, 3000, (bands, 40, 40)).astype(dtype)


@pytest.mark.parametrize(("name", "band"), [("S1_VV.tif", "VV"), ("s1-vh-sigma0.tif", "VH")])
def test_a_file_of_one_polarisation_is_radar(make_tif, name, band):
    guess = inspect(make_tif(name, decibels()))["guess"]
    assert (guess["role"], guess["bands"], guess["what"]) == ("radar", [band], "db")


def test_one_polarisation_alone_still_makes_no_scene(make_tif):
    found = pictures(open_all([make_tif("S1_VV.tif", decibels())]))
    with pytest.raises(SceneError, match="only VV is known of 1 band"):
        pick_radar(found, None)


def test_bands_are_counted_through_the_files(make_tif):
    red = make_tif("LC08_X_B4.tif", counts(1))
    both = make_tif("rest.tif", counts(2), bands=("green", "haze"))
    assert band_places([red, both]) == (
        FileBand("LC08_X_B4.tif", "B1", "red"),
        FileBand("rest.tif", "green", "green"),
        FileBand("rest.tif", "haze", "B3"),
    )


def test_places_are_the_numbers_a_statement_counts(make_tif):
    """Opacity is no band: what follows it moves up, in the places as in the statement."""
    profile = {"photometric": "RGB", "alpha": "YES"}
    seen = np.full_like(counts(1, np.uint8), 255)
    colours = make_tif("a.tif", np.concatenate([counts(3, np.uint8), seen]), **profile)
    values = counts(1)
    infrared = make_tif("b.tif", values, bands=("nir",))
    places = band_places([colours, infrared])
    assert [place.band for place in places] == ["B1", "B2", "B3", "nir"]
    radar = make_tif("radar.tif", decibels(2), bands=("VV", "VH"))
    source = FilesSource((infrared,), {"nir": 1}, optical_scale=0.0001, radar=(radar,))
    np.testing.assert_allclose(source.make().optical.raster.read(), values * 1e-4, rtol=1e-6)
    number = 1 + places.index(FileBand("b.tif", "nir", "nir"))
    source = FilesSource((colours, infrared), {"nir": number}, radar=(radar,))
    assert number == 4 and source.make().optical.bands == ("nir",)


def test_radar_places_name_what_is_told_and_leave_the_rest_open(make_tif):
    angle = make_tif("s1.tif", decibels(3), bands=("angle", "VH", "VV"))
    assert [place.name for place in band_places([angle], radar=True)] == ["", "VH", "VV"]
    plain = make_tif("plain.tif", decibels(3))
    assert [place.name for place in band_places([plain], radar=True)] == ["", "", ""]


def test_what_is_no_raster_has_no_places(tmp_path):
    (tmp_path / "text.tif").write_text("metres" * 20)
    with pytest.raises(RasterError, match="text.tif is not a GeoTIFF"):
        band_places([tmp_path / "text.tif"])
