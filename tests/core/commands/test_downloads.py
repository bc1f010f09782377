"""`scene create` of products as they are downloaded; values by hand."""

import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio.shutil

from bandweave.__main__ import main
from bandweave.raster.scene import CLOUD
from bandweave.workspace import scene_library

SAFE = "S2A_MSIL2A_20220616T031541_N0400_R118_T48PXS_20220616T055911.SAFE"
LANDSAT = "LC08_L2SP_125053_20180616_20200831_02_T1"
HYP3 = "S1A_IW_20220618T054413_DVP_RTC10_G_gpuned_1A2B"
SIDE = 120


def numbers(low, high, side=SIDE, seed=0):
    return np.random.default_rng(seed).integers(low, high, (side, side)).astype(np.uint16)


@pytest.fixture
def create(workspace, capsys):
    def run(*words):
        code = main(["scene", "create", "--json", "--name", "there", *map(str, words)])
        out = capsys.readouterr().out
        assert code == 0, out
        return json.loads(out), scene_library.find("there").scene

    return run


@pytest.fixture
def radar(make_tif, tmp_path):
    """Return HyP3's zip: linear power, and the pictures and maps that come with it."""
    power = np.random.default_rng(5).gamma(4, 0.02, (2, SIDE, SIDE)).astype(np.float32)
    power[1] /= 5
    with zipfile.ZipFile(tmp_path / f"{HYP3}.zip", "w") as archive:
        for name, values in (("VV", power[0]), ("VH", power[1]), ("inc_map", power[0])):
            archive.write(make_tif(f"{name}.tif", values), f"{HYP3}/{HYP3}_{name}.tif")
    return tmp_path / f"{HYP3}.zip", power


def jp2(make_tif, name, values, pixel):
    plain = make_tif("plain.tif", values, pixel=pixel)
    path = plain.with_name(name)
    rasterio.shutil.copy(plain, path, driver="JP2OpenJPEG", QUALITY="100", REVERSIBLE="YES")
    Path(f"{path}.aux.xml").unlink(missing_ok=True)
    return path


def test_sentinel_2_and_hyp3_as_downloaded(create, make_tif, tmp_path, radar):
    fine = {band: numbers(1100, 4000, seed=n) for n, band in enumerate(("B02", "B03", "B04"))}
    coarse = {"B11": numbers(1100, 4000, 60, 7), "SCL": np.full((60, 60), 4, np.uint8)}
    coarse["SCL"][:6] = 9
    images = f"{SAFE}/GRANULE/L2A_T48PXS/IMG_DATA"
    with zipfile.ZipFile(tmp_path / f"{SAFE}.zip", "w") as archive:
        archive.writestr(
            f"{SAFE}/MTD_MSIL2A.xml",
            "<x><BOA_QUANTIFICATION_VALUE>10000</BOA_QUANTIFICATION_VALUE>"
            '<BOA_ADD_OFFSET band_id="0">-1000</BOA_ADD_OFFSET></x>',
        )
        for metres, bands in ((10, fine), (20, coarse)):
            for band, values in bands.items():
                name = f"T48PXS_20220616T031541_{band}_{metres}m.jp2"
                place = f"{images}/R{metres}m/{name}"
                archive.write(jp2(make_tif, name, values, metres), place)
        archive.writestr(f"{images}/R20m/T48PXS_20220616T031541_B02_20m.jp2", "unread")
    hyp3, power = radar
    facts, scene = create("--optical", tmp_path / f"{SAFE}.zip", "--radar", hyp3)
    assert scene.optical.bands == ("blue", "green", "red", "swir1")
    for name, band in (("blue", "B02"), ("green", "B03"), ("red", "B04")):
        found = scene.optical.raster.read(bands=[name])[0]
        np.testing.assert_allclose(found, fine[band] / 1e4 - 0.1, atol=1e-6)
    np.testing.assert_array_equal(scene.radar.raster.read(), power)
    assert (scene.optical.date.isoformat(), scene.radar.date.isoformat()) == (
        "2022-06-16",
        "2022-06-18",
    )
    assert scene.layer(CLOUD).raster.read()[0].mean() == 0.1
    left = {(each["archive"], each["name"]): each["why"] for each in facts["left_out"]}
    assert left[f"{HYP3}.zip", f"{HYP3}_inc_map.tif"] == "incidence angles"
    assert left[f"{SAFE}.zip", "T48PXS_20220616T031541_B02_20m.jp2"] == "a coarser copy of B02"


def test_landsat_as_downloaded(create, make_tif, tmp_path, radar):
    bands = {f"SR_B{n}": numbers(8000, 20000, seed=n) for n in (2, 3, 4)}
    with tarfile.open(tmp_path / f"{LANDSAT}.tar", "w") as archive:
        for name, values in bands.items():
            path = make_tif(f"{LANDSAT}_{name}.TIF", values, nodata=0)
            archive.add(path, path.name)
            path.unlink()
    _, scene = create("--optical", tmp_path / f"{LANDSAT}.tar", "--radar", radar[0])
    assert scene.optical.bands == ("blue", "green", "red")
    red = scene.optical.raster.read(bands=["red"])[0]
    np.testing.assert_allclose(red, bands["SR_B4"] * 0.0000275 - 0.2, atol=1e-6)


def test_what_is_left_out_is_said_to_people_too(workspace, make_tif, tmp_path, radar, capsys):
    optical = make_tif("o.tif", np.stack([numbers(300, 3000, seed=n) for n in range(3)]))
    words = ("--optical", str(optical), "--optical-product", "sentinel-2", "--radar", str(radar[0]))
    assert main(["scene", "create", "--name", "a", *words]) == 0
    assert f"Left out: {HYP3}.zip: {HYP3}_inc_map.tif (incidence angles)" in capsys.readouterr().out
