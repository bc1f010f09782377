"""What is not read says what it is, and which export to choose instead."""

from pathlib import Path

import numpy as np
import pytest

from bandweave.errors import RasterError
from bandweave.sources import outside
from bandweave.sources.archives import is_archive
from tests.core.sources.rewriting import as_made

FOREIGN = [
    ("MOD09A1.hdf", b"\x0e\x03\x13\x01", "HDF4", "AppEEARS"),
    ("era5.grib", b"GRIB", "GRIB", "gdal_translate in.grib"),
    ("quicklook.png", b"\x89PNG\r\n", "PNG", "measurements as GeoTIFF"),
    ("TCI.jpg", b"\xff\xd8\xff\xe0", "JPEG picture", "measurements as GeoTIFF"),
    ("earth.kmz", b"PK\3\4", "KMZ", "measurements as GeoTIFF"),
    ("earth.kml", b"<?xml version='1.0'?><kml>", "KML", "measurements as GeoTIFF"),
    ("mosaic.vrt", b"<VRTDataset>", "only names other files", "gdal_translate in.vrt"),
    ("stack.img", b"EHFA_HEADER_TAG", "ERDAS Imagine", "gdal_translate in.img"),
    (".zarray", b'{"zarr_format": 2}', "Zarr", "netCDF or GeoTIFF"),
    ("S2.zip", b"PK\3\4", "zip archive", "Unpack it"),
    ("band.j2k", b"\xff\x4f\xff\x51", "without a place", ".jp2"),
    ("manifest.safe", b"<?xml version='1.0'?>", "list of files", ".SAFE folder"),
    ("tiles.gpkg", b"SQLite format 3\0", "database", "Save as"),
]


@pytest.mark.parametrize(("name", "start", "called", "instead"), FOREIGN)
def test_a_foreign_format_says_which_export_to_choose(tmp_path, name, start, called, instead):
    path = tmp_path / name
    path.write_bytes(start + bytes(64))
    with pytest.raises(RasterError) as caught:
        outside.inspect(path)
    assert called in caught.value.message and name in caught.value.message
    assert instead in caught.value.hint


def test_what_may_not_be_read_is_said(tmp_path, monkeypatch):
    path = tmp_path / "x.zip"
    path.write_bytes(b"PK")
    monkeypatch.setattr(Path, "open", _refused)
    assert not is_archive(path)


def _refused(*_, **__):
    raise PermissionError


def test_what_nobody_knows_is_no_geotiff(tmp_path):
    (tmp_path / "x.tif").write_bytes(b"who knows")
    with pytest.raises(RasterError, match="not a GeoTIFF"):
        outside.inspect(tmp_path / "x.tif")


@pytest.mark.parametrize("name", ["B04.jp2", "B04.img", "B04.nc", "B04.zip", "B04.asc"])
def test_a_geotiff_by_another_name_is_read_as_it_is(make_tif, name):
    path = make_tif(name, np.ones((1, 8, 8), np.uint16))
    assert outside.inspect(path)["dtype"] == "uint16"
    with pytest.raises(AssertionError):
        as_made(path)  # nothing was made of it
