"""ENVI and BEAM-DIMAP files as SNAP and ENVI write them; values by hand."""

import os
import shutil

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS

from bandweave.errors import RasterError
from bandweave.sources import outside
from bandweave.sources.bands import pick_optical
from bandweave.sources.confined.rewritten import rewritten
from bandweave.sources.mosaic import pictures
from tests.core.sources.rewriting import as_made, stored, tags

UTM = CRS.from_epsg(32648).to_wkt()
ROWS, COLS = 5, 7
HERE = Affine(10, 0, 600_000, 0, -10, 1_200_000)
UTM_INFO = "{UTM, 1.0, 1.0, 600000.0, 1200000.0, 10.0, 10.0, 48, North, WGS-84, units=Meters}"
CODES = {"u1": 1, "i2": 2, "i4": 3, "f4": 4, "f8": 5, "u2": 12, "u4": 13, "i8": 14, "u8": 15}
ORDERS = {"bsq": (0, 1, 2), "bil": (1, 0, 2), "bip": (1, 2, 0)}


def cube(bands=3, dtype="u2", rows=ROWS, cols=COLS):
    return np.arange(1, 1 + bands * rows * cols).reshape(bands, rows, cols).astype(dtype)


def envi(path, numbers, *, order="bsq", big=False, offset=0, header=None, **fields):
    """Write numbers and their header; fields by their names with _ for a space."""
    path.parent.mkdir(parents=True, exist_ok=True)
    code = CODES[numbers.dtype.str[1:]]
    bands, rows, cols = numbers.shape
    stored_as = numbers.transpose(ORDERS[order]).astype(numbers.dtype.newbyteorder("<>"[big]))
    path.write_bytes(bytes(offset) + stored_as.tobytes())
    said = {
        "description": "{made for a test,\n  of two lines = here}",
        "samples": cols, "lines": rows, "bands": bands, "header offset": offset,
        "data type": code, "interleave": order, "byte order": int(big), "map info": UTM_INFO,
    }  # fmt: skip
    said |= {name.replace("_", " "): value for name, value in fields.items()}
    text = "ENVI\n" + "\n".join(f"{key} = {value}" for key, value in said.items() if value != "")
    (header or path.with_suffix(".hdr")).write_text(text)
    return path


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", CODES)
def test_numbers_lie_as_the_header_says(tmp_path, order, dtype):
    numbers = cube(dtype=dtype)
    path = envi(tmp_path / "S2.img", numbers, order=order, big=dtype != "u1", offset=13)
    raster = as_made(path)
    np.testing.assert_array_equal(stored(raster), numbers)
    assert raster.dataset.dtypes[0] == numbers.dtype.name
    assert raster.grid.transform == HERE and raster.grid.crs == CRS.from_epsg(32648)


@pytest.mark.parametrize("data", ["S2", "S2.img", "S2.dat", "S2.bsq"])
@pytest.mark.parametrize("which", ["header", "numbers"])
def test_either_half_is_given(tmp_path, data, which):
    path = envi(tmp_path / data, cube())
    given = tmp_path / "S2.hdr" if which == "header" else path
    np.testing.assert_array_equal(stored(as_made(given)), cube())


def test_a_header_may_be_called_after_the_whole_name(tmp_path):
    path = envi(tmp_path / "S2.img", cube(), header=tmp_path / "S2.img.hdr")
    np.testing.assert_array_equal(stored(as_made(path)), cube())
    np.testing.assert_array_equal(stored(as_made(tmp_path / "S2.img.hdr")), cube())


def test_a_new_header_makes_a_new_image(tmp_path):
    path = envi(tmp_path / "S2.img", cube())
    assert as_made(path).dataset.scales[0] == 1
    facts = path.stat()
    envi(path, cube(), reflectance_scale_factor="10000")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert as_made(path).dataset.scales[0] == 1e-4


def test_bands_say_their_names_wavelengths_scales_and_no_data(tmp_path):
    path = envi(
        tmp_path / "S2.img", cube(), band_names="{B4,\n B8 ,\nB11}",
        wavelength="{664.9, 832.8, 1613}", wavelength_units="Nanometers", data_ignore_value="2",
        data_gain_values="{0.1, 0.2, 0.3}",
        data_offset_values="{0, 0, -1}", acquisition_time="2018-06-16T03:15:21Z",
    )  # fmt: skip
    raster = as_made(path)
    assert raster.bands == ("B4", "B8", "B11")
    assert tags(raster, 1) == {"wavelength": "664.9", "wavelength_units": "Nanometers"}
    assert raster.dataset.scales == (0.1, 0.2, 0.3) and raster.dataset.offsets == (0, 0, -1)
    red, _, swir = raster.read()
    assert np.isnan(red[0, 1]) and np.isnan(red).sum() == 1
    np.testing.assert_allclose([red[0, 0], swir[0, 0]], [0.1, 0.3 * 71 - 1], rtol=1e-6)
    assert outside.inspect(path)["date"] == "2018-06-16"


def test_wavelengths_name_bands_that_have_no_names(tmp_path):
    path = envi(tmp_path / "scene_boa.dat", cube(), wavelength="{832.8, 664.6, 559.8}")
    picked = pick_optical(pictures([as_made(path)]), None)
    assert [pick.name for pick in picked.picks] == ["nir", "red", "green"]


def test_bad_bands_are_left_out_and_said(tmp_path):
    path = envi(tmp_path / "h.img", cube(), bbl="{1, 0, 1}", band_names="{B1, water, B3}")
    raster = as_made(path)
    assert raster.bands == ("B1", "B3")
    np.testing.assert_array_equal(stored(raster), cube()[[0, 2]])
    assert tags(raster)["LEFT_OUT"] == "water (marked as bad in the header)"


@pytest.mark.parametrize(
    ("info", "transform", "epsg"),
    [
        ("{UTM, 1.5, 1.5, 600005, 1199995, 10, 10, 48, South, WGS-84}", HERE, 32748),
        ("{Geographic Lat/Lon, 1, 1, 105, 10, 0.001, 0.001, WGS84}",
         Affine(0.001, 0, 105, 0, -0.001, 10), 4326),
    ],
)  # fmt: skip
def test_map_info_places_the_pixels(tmp_path, info, transform, epsg):
    grid = as_made(envi(tmp_path / "S2.img", cube(), map_info=info)).grid
    assert grid.transform.almost_equals(transform) and grid.crs == CRS.from_epsg(epsg)


def test_a_coordinate_system_as_text_wins(tmp_path):
    path = envi(
        tmp_path / "S2.img", cube(), coordinate_system_string=f"{{{CRS.from_epsg(3857).to_wkt()}}}"
    )
    assert as_made(path).grid.crs == CRS.from_epsg(3857)


def test_rows_from_the_south_are_turned(tmp_path):
    info = f"{{UTM, 1, 1, 600000, {1_200_000 - 10 * ROWS}, 10, -10, 48, North, WGS-84}}"
    raster = as_made(envi(tmp_path / "S2.img", cube()[:, ::-1], map_info=info))
    assert raster.grid.transform == HERE
    np.testing.assert_array_equal(stored(raster), cube())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"lines": 600}, "holds 210 bytes, but S2.hdr describes 25,200"),
        ({"lines": 4}, "holds 210 bytes, but S2.hdr describes 168"),
        ({"data_type": 4}, "describes 420"),
        ({"lines": 10**9, "samples": 10**9}, "belongs to another image"),
        ({"lines": -5}, "'lines' is '-5'"),
        ({"samples": ""}, "'samples' is ''"),
        ({"data_type": 6}, "complex numbers"),
        ({"data_type": 99}, "no 'data type' 99"),
        ({"file_compression": 1}, "compressed"),
        ({"interleave": "tiles"}, "no interleave 'tiles'"),
        ({"map_info": ""}, "nothing of the image's place"),
        ({"map_info": "{Arbitrary, 1, 1, 0, 0, 1, 1}"}, "no coordinate system"),
        ({"map_info": UTM_INFO.replace("}", ", rotation=30}")}, "rotated"),
        ({"map_info": UTM_INFO.replace("600000.0", "here")}, "'map info' holds no numbers"),
        ({"wavelength": "{1, 2}"}, "'wavelength' is no list of 3 numbers"),
        ({"bbl": "{0, 0, 0}"}, "every band is bad"),
    ],
)
def test_headers_that_are_wrong_are_refused_in_words(tmp_path, fields, said):
    path = envi(tmp_path / "S2.img", cube(), **fields)
    with pytest.raises(RasterError) as caught:
        outside.inspect(path)
    assert said in f"{caught.value.message} {caught.value.hint}"


def test_half_of_a_file_is_asked_for_the_other(tmp_path):
    path = envi(tmp_path / "S2.img", cube())
    path.unlink()
    with pytest.raises(RasterError, match="the other is not beside it"):
        outside.inspect(tmp_path / "S2.hdr")


BAND = """<Spectral_Band_Info><BAND_INDEX>{index}</BAND_INDEX><BAND_NAME>{name}</BAND_NAME>
<PHYSICAL_UNIT>{unit}</PHYSICAL_UNIT><BAND_WAVELEN>{wave}</BAND_WAVELEN>
<SCALING_FACTOR>{factor}</SCALING_FACTOR><SCALING_OFFSET>0.0</SCALING_OFFSET>
<LOG10_SCALED>{log}</LOG10_SCALED><NO_DATA_VALUE_USED>true</NO_DATA_VALUE_USED>
<NO_DATA_VALUE>0.0</NO_DATA_VALUE>{more}</Spectral_Band_Info>"""


def dim(folder, bands, *, name="S1", place=True, extra="", href="{stem}.data/{band}.hdr", **said):
    """Write a product of bands (name to numbers) as SNAP does."""
    path = folder / f"{name}.dim"
    files, infos = [], []
    for index, (band, numbers) in enumerate(bands.items()):
        info = said.get("info", "")
        envi(folder / f"{name}.data" / f"{band}.img", numbers[None], big=True, map_info=info)
        where = href.format(stem=name, band=band)
        files.append(f"<Data_File><DATA_FILE_PATH href='{where}'/><BAND_INDEX>{index}</BAND_INDEX>"
                     "</Data_File>")  # fmt: skip
        given = {"unit": "intensity", "wave": 0.0, "factor": 1.0, "log": "false", "more": ""} | said
        infos.append(BAND.format(index=index, name=band, **given))
    wkt = f"<Coordinate_Reference_System><WKT>{UTM}</WKT></Coordinate_Reference_System>"
    matrix = "<Geoposition><IMAGE_TO_MODEL_TRANSFORM>10.0,0.0,0.0,-10.0,600000.0,1200000.0"
    matrix += "</IMAGE_TO_MODEL_TRANSFORM></Geoposition>"
    path.write_text(
        f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<Dimap_Document name="{path.name}"><Production><PRODUCT_SCENE_RASTER_START_TIME>
16-JUN-2018 05:44:13.123456</PRODUCT_SCENE_RASTER_START_TIME></Production>
{wkt + matrix if place else ""}<Data_Access>{"".join(files)}</Data_Access>
<Image_Interpretation>{"".join(infos)}{extra}</Image_Interpretation></Dimap_Document>"""
    )
    return path


def test_a_product_of_snap_is_one_image_of_described_bands(tmp_path):
    numbers = cube(2, "f4")
    path = dim(tmp_path, {"Sigma0_VV": numbers[0], "Sigma0_VH": numbers[1]})
    raster = as_made(path)
    assert raster.bands == ("Sigma0_VV", "Sigma0_VH")
    np.testing.assert_array_equal(stored(raster), numbers)
    assert raster.grid.transform == HERE and raster.grid.crs == CRS.from_epsg(32648)
    assert raster.dataset.units == ("intensity", "intensity") and raster.dataset.nodata == 0
    facts = outside.inspect(path)
    assert facts["date"] == "2018-06-16" and facts["guess"]["role"] == "radar"


def test_one_band_of_a_product_is_read_by_its_own_header(tmp_path):
    path = dim(tmp_path, {"Sigma0_VV": cube(1, "f4")[0]}, info=UTM_INFO)
    for name in ("Sigma0_VV.img", "Sigma0_VV.hdr"):
        given = path.with_suffix(".data") / name
        np.testing.assert_array_equal(stored(as_made(given)), cube(1, "f4"))


def test_scales_wavelengths_and_headers_places_are_taken(tmp_path):
    numbers = {"B4": cube(1)[0], "B2": cube(1)[0]}
    path = dim(tmp_path, numbers, place=False, info=UTM_INFO, factor=1e-4, wave=664.9)
    raster = as_made(path)
    assert raster.grid.transform == HERE
    assert raster.dataset.scales == (1e-4, 1e-4)
    assert tags(raster, 2) == {"wavelength": "664.9", "wavelength_units": "Nanometers"}


def test_coarser_bands_are_repeated(tmp_path):
    fine, coarse = cube(1, rows=4, cols=6)[0], cube(1, rows=2, cols=3)[0]
    raster = as_made(dim(tmp_path, {"B4": fine, "B11": coarse}))
    np.testing.assert_array_equal(stored(raster)[0], fine)
    np.testing.assert_array_equal(stored(raster)[1], coarse.repeat(2, 0).repeat(2, 1))


def test_formulas_are_left_out_and_said(tmp_path):
    extra = BAND.format(index=1, name="Intensity_VV", unit="", wave=0, factor=1, log="false",
                        more="<VIRTUAL_BAND>true</VIRTUAL_BAND>")  # fmt: skip
    raster = as_made(dim(tmp_path, {"Amplitude_VV": cube(1)[0]}, extra=extra))
    assert raster.descriptions == ("Amplitude_VV",)
    assert tags(raster)["LEFT_OUT"] == "Intensity_VV (a formula without pixels of its own)"


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"href": "../../secret/{band}.hdr"}, "outside of its own folder"),
        ({"href": "../{band}.hdr"}, "outside of its own folder"),
        ({"href": "/etc/{band}.hdr"}, "outside of its own folder"),
        ({"href": "{stem}.data/other.hdr"}, "put both into one zip"),
        ({"log": "true"}, "as a logarithm"),
        ({"factor": "one"}, "SCALING_FACTOR of VV is 'one'"),
        ({"place": False}, "tie points"),
        ({"extra": "<unclosed>"}, "no XML"),
    ],
)
def test_products_that_are_wrong_are_refused_in_words(tmp_path, how, said):
    path = dim(tmp_path, {"VV": cube(1)[0]}, **how)
    with pytest.raises(RasterError) as caught:
        outside.inspect(path)
    assert said in f"{caught.value.message} {caught.value.hint}"


def test_sizes_that_do_not_divide_each_other_are_refused(tmp_path):
    path = dim(tmp_path, {"B4": cube(1)[0], "B11": cube(1, rows=2, cols=3)[0]})
    with pytest.raises(RasterError, match="do not divide each other"):
        outside.inspect(path)


def test_entities_that_grow_without_end_do_no_harm(tmp_path):
    laughs = "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(12))
    path = tmp_path / "bomb.dim"
    path.write_text(
        f"<!DOCTYPE x [<!ENTITY a0 'ha'>{laughs}]><Dimap_Document>&a12;</Dimap_Document>"
    )
    with pytest.raises(RasterError, match=r"no XML|more memory or time"):
        outside.inspect(path)


def test_a_product_without_its_folder_says_what_to_do(tmp_path):
    path = dim(tmp_path, {"VV": cube(1)[0]})
    shutil.rmtree(path.with_suffix(".data"))
    with pytest.raises(RasterError, match="not beside it") as caught:
        outside.inspect(path)
    assert "zip" in caught.value.hint
    assert rewritten(path) == path
