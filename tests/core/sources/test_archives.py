"""Products as they are downloaded: what is taken of them by name, and what is refused."""

import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from bandweave.errors import RasterError
from bandweave.sources import archives
from bandweave.sources.archives import expanded, verdict

SAFE = "S2A_MSIL2A_20180616T031541_N0208_R118_T48PXS_20180616T055911.SAFE"
IMAGES = f"{SAFE}/GRANULE/L2A_T48PXS_A015573_20180616T032928/IMG_DATA"
LANDSAT = "LC08_L2SP_125053_20180616_20200831_02_T1"
HYP3 = "S1A_IW_20180616T054413_DVP_RTC30_G_gpuned_1A2B"
FINEST = {10: "B02 B03 B04 B08", 20: "B05 B06 B07 B11 B12 B8A SCL"}


def safe():
    names = [f"{SAFE}/MTD_MSIL2A.xml", f"{SAFE}/manifest.safe", f"{SAFE}/INSPIRE.xml"]
    for metres in (10, 20, 60):
        bands = {10: "B02 B03 B04 B08 AOT WVP TCI"}.get(
            metres, "B01 B02 B03 B04 B05 B06 B07 B8A B11 B12 AOT SCL TCI WVP"
        )
        bands += " B09" if metres == 60 else ""
        names += [
            f"{IMAGES}/R{metres}m/T48PXS_20180616T031541_{band}_{metres}m.jp2"
            for band in bands.split()
        ]
    return [*names, f"{SAFE}/GRANULE/L2A/QI_DATA/MSK_CLDPRB_20m.jp2", f"{SAFE}/HTML/star.png"]


def landsat():
    parts = [f"SR_B{n}.TIF" for n in range(1, 8)]
    parts += ["SR_QA_AEROSOL.TIF", "ST_B10.TIF", "ST_QA.TIF", "ST_EMIS.TIF", "QA_PIXEL.TIF"]
    parts += ["QA_RADSAT.TIF", "MTL.txt", "MTL.json", "MTL.xml", "ANG.txt", "thumb_small.jpeg"]
    return [f"{LANDSAT}_{part}" for part in parts]


def hyp3():
    parts = ["_VV.tif", "_VH.tif", "_inc_map.tif", "_ls_map.tif", "_dem.tif", "_rgb.tif", ".README"]
    return [f"{HYP3}/{HYP3}{part}" for part in (*parts, ".png", "_VV.tif.xml", "_area.tif")]


def snap():
    return ["S1.dim", "S1.data/VV.hdr", "S1.data/VV.img", "S1.data/vector_data/pins.csv",
            "S1.data/tie_point_grids/latitude.img"]  # fmt: skip


PRODUCTS = {
    f"{SAFE}.zip": safe,
    f"{LANDSAT}.tar": landsat,
    f"{LANDSAT}.tar.gz": landsat,
    f"{HYP3}.zip": hyp3,
    "S1.zip": snap,
}


def zipped(path, names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, f"this is {name}")
    return path


def tarred(path, names):
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name in names:
            content = f"this is {name}".encode()
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def packed(path, names):
    return (zipped if path.suffix == ".zip" else tarred)(path, names)


def unpacked(folder, names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"this is {name}")


@pytest.fixture
def into(tmp_path):
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def names(paths):
    return [path.name for path in paths]


def expect(found, product):
    """Check what is taken, in order, whatever way the product was given."""
    left = {each.name: each.why for each in found.left_out}
    if product is safe:
        bands = ["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"]
        metres = {band: m for m, listed in FINEST.items() for band in listed.split()}
        wanted = {f"T48PXS_20180616T031541_{band}_{metres[band]}m.jp2" for band in bands}
        assert set(names(found.paths)) == wanted and len(found.paths) == 10
        assert names(found.paths)[0].endswith("B02_10m.jp2")
        assert names(found.quality) == ["T48PXS_20180616T031541_SCL_20m.jp2"]
        assert names(found.beside) == ["MTD_MSIL2A.xml"]
        assert left["T48PXS_20180616T031541_B09_60m.jp2"].startswith("of 60 m")
        assert left["T48PXS_20180616T031541_TCI_10m.jp2"] == "colours for the screen"
        assert left["T48PXS_20180616T031541_B02_20m.jp2"] == "a coarser copy of B02"
        assert left["MSK_CLDPRB_20m.jp2"] == "no band of the product"
        assert left["3 other files"] == "no imagery"
    elif product is landsat:
        assert names(found.paths) == [f"{LANDSAT}_SR_B{n}.TIF" for n in range(1, 8)]
        assert names(found.quality) == [f"{LANDSAT}_QA_PIXEL.TIF"]
        assert len(found.beside) == 3
        assert left[f"{LANDSAT}_ST_B10.TIF"] == "temperature, no reflectance"
        assert left[f"{LANDSAT}_SR_QA_AEROSOL.TIF"] == "no band of reflectance"
    elif product is hyp3:
        assert names(found.paths) == [f"{HYP3}_VH.tif", f"{HYP3}_VV.tif"]
        assert left[f"{HYP3}_inc_map.tif"] == "incidence angles"
        assert left[f"{HYP3}_ls_map.tif"] == "layover and shadow"
        assert left[f"{HYP3}_rgb.tif"] == "colours for the screen" and len(left) == 6
    else:
        assert names(found.paths) == ["S1.dim"]
        assert set(names(found.beside)) == {"VV.hdr", "VV.img"}
        assert left == {"2 other files": "no imagery"}
    product_files = (*found.paths, *found.quality, *found.beside)
    assert all(path.read_text().endswith(path.name) for path in product_files)


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_is_unpacked(tmp_path, into, name):
    archive = packed(tmp_path / name, PRODUCTS[name]())
    found = expanded([archive], into)
    expect(found, PRODUCTS[name])
    assert {each.archive for each in found.left_out} == {name}
    held = {path for path in into.rglob("*") if path.is_file()}
    assert held == {*found.paths, *found.quality, *found.beside}


@pytest.mark.parametrize("name", PRODUCTS)
def test_an_unpacked_product_is_used_in_place(tmp_path, into, name):
    unpacked(tmp_path / "here", PRODUCTS[name]())
    product = {safe: SAFE, hyp3: HYP3}.get(PRODUCTS[name], ".")
    expect(expanded([tmp_path / "here" / product], into), PRODUCTS[name])
    assert not list(into.iterdir())


def test_the_description_of_a_product_stands_for_it(tmp_path, into):
    unpacked(tmp_path, safe())
    expect(expanded([tmp_path / SAFE / "MTD_MSIL2A.xml"], into), safe)


def test_a_folder_within_a_product_is_a_part_of_it(tmp_path, into):
    unpacked(tmp_path, safe())
    found = expanded([tmp_path / IMAGES / "R20m"], into)
    bands = [name.split("_")[2] for name in names(found.paths)]
    assert bands == ["B05", "B06", "B07", "B8A", "B11", "B12"]
    assert names(found.quality) == ["T48PXS_20180616T031541_SCL_20m.jp2"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a/anything.tif", ""),
        ("openEO.nc", ""),
        ("notes.txt", None),
        ("__MACOSX/._B4.tif", None),
        ("S2A.SAFE/GRANULE/L1C/IMG_DATA/T48PXS_20180616T031541_B11.jp2", ""),
        ("S2A.SAFE/GRANULE/L1C/IMG_DATA/T48PXS_20180616T031541_TCI.jp2", "colours for the screen"),
        ("LC08_L1TP_125053_20180616_20200831_02_T1_B4.TIF", ""),
        ("LC08_L1TP_125053_20180616_20200831_02_T1_B10.TIF", "temperature, no reflectance"),
        ("LC08_L1TP_125053_20180616_20200831_02_T1_SAA.TIF", "no band of reflectance"),
        ("LT05_L2SP_125053_19990616_20200831_02_T1_SR_B5.TIF", ""),
        ("LT05_L1TP_125053_19990616_20200831_02_T1_B6.TIF", "temperature, no reflectance"),
        ("LE07_L1TP_125053_19990616_20200831_02_T1_B6_VCID_1.TIF", "temperature, no reflectance"),
        ("LC81250532014001LGN00_BQA.TIF", ""),
        ("LC08_L1TP_125053_20180616_20180703_01_T1_sr_band4.tif", ""),
        ("LC08_L1TP_125053_20180616_20180703_01_T1_pixel_qa.tif", ""),
        ("LC08_L1TP_125053_20180616_20180703_01_T1_radsat_qa.tif", "no band of reflectance"),
        ("LC08_L1TP_125053_20180616_20180703_01_T1_bt_band10.tif", "temperature, no reflectance"),
        ("gap_mask/LE07_L1TP_125053_19990616_20200831_02_T1_GM_B1.TIF", "no band of reflectance"),
        ("S1A_IW_RT30_20180616T054413_G_gpn_VV.tif", ""),
        ("S1A_IW_RT30_20180616T054413_G_gpn_dem.tif", "heights"),
        ("LC08_L2SP_125053_20180616_20200831_02_T1_SR.tif", ""),
        ("20180616_031541_1001_3B_AnalyticMS_SR_clip.tif", ""),
    ],
)
def test_what_a_file_of_a_product_is_is_told_from_its_name(name, why):
    assert verdict(PurePosixPath(name)) == why


def test_single_files_stay_and_a_header_is_no_second_image(tmp_path, into):
    unpacked(tmp_path, ["a.img", "a.hdr", "b.hdr", "b.dat", "c.tif"])
    given = [tmp_path / name for name in ("a.img", "a.hdr", "b.hdr", "c.tif")]
    found = expanded(given, into)
    assert names(found.paths) == ["a.img", "b.hdr", "c.tif"]
    assert not found.quality and not found.left_out


def test_two_archives_of_one_name_do_not_meet(tmp_path, into):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        zipped(tmp_path / folder / "x.zip", ["B4.tif", "B4_MTL.txt"])
    found = expanded([tmp_path / "one" / "x.zip", tmp_path / "two" / "x.zip"], into)
    assert len(set(found.paths)) == 2


def why(archive, into):
    with pytest.raises(RasterError) as caught:
        expanded([archive], into)
    assert not [path for path in into.rglob("*") if path.is_file()]  # nothing of it stays
    return f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("form", ["x.zip", "x.tar", "x.tar.gz"])
class TestHostile:
    """Archives that are made to harm are refused in words, and nothing of them is left."""

    @pytest.mark.parametrize(
        "name", ["../out.tif", "/tmp/out.tif", "a/../../out.tif", "..\\out.tif", "C:\\out.tif"]
    )
    def test_paths_out_of_the_folder(self, tmp_path, into, form, name):
        archive = packed(tmp_path / form, ["good.tif", name])
        assert "outside of its folder" in why(archive, into)
        assert not list(tmp_path.rglob("out.tif"))

    def test_links(self, tmp_path, into, form):
        if form == "x.zip":
            with zipfile.ZipFile(tmp_path / form, "w") as archive:
                info = zipfile.ZipInfo("B4.tif")
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
                archive.writestr(info, "/etc/passwd")
        else:
            with tarfile.open(tmp_path / form, "w") as archive:
                info = tarfile.TarInfo("B4.tif")
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
                archive.addfile(info)
        assert "a link or a device" in why(tmp_path / form, into)

    def test_devices_and_hard_links(self, tmp_path, into, form):
        for kind in (tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.LNKTYPE):
            with tarfile.open(tmp_path / "x.tar", "w") as archive:
                info = tarfile.TarInfo("B4.tif")
                info.type, info.linkname = kind, "../../secret"
                archive.addfile(info)
            assert "a link or a device" in why(tmp_path / "x.tar", into)

    def test_bytes_without_end(self, tmp_path, into, form):
        zeros = tmp_path / "zeros.tif"
        zeros.touch()
        os.truncate(zeros, 300 << 20)
        path = tmp_path / form
        if form == "x.zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.write(zeros, "zeros.tif")
        else:
            with tarfile.open(tmp_path / "x.tar.gz", "w:gz", compresslevel=1) as archive:
                archive.add(zeros, "zeros.notes")
            path = tmp_path / "x.tar.gz"
        assert "far more than its size" in why(path, into)

    def test_files_without_end(self, tmp_path, into, form):
        archive = packed(tmp_path / form, [f"{n}.xml" for n in range(archives.MOST_FILES + 1)])
        assert "more than 4,096 files" in why(archive, into)

    def test_one_file_twice(self, tmp_path, into, form):
        archive = packed(tmp_path / form, ["a/B4.tif", "a/./B4.tif"])
        assert "holds B4.tif twice" in why(archive, into)

    @pytest.mark.parametrize("length", [0, 100])
    def test_what_is_no_archive(self, tmp_path, into, form, length):
        (tmp_path / form).write_bytes(bytes(range(length)))
        assert "no archive that is known" in why(tmp_path / form, into)

    def test_what_is_cut_short(self, tmp_path, into, form):
        archive = packed(tmp_path / form, landsat())
        archive.write_bytes(archive.read_bytes()[: -11000 if form == "x.tar" else -200])
        assert "damaged" in why(archive, into)

    def test_zarr(self, tmp_path, into, form):
        archive = packed(tmp_path / form, ["cube.zarr/.zgroup", "cube.zarr/VV/.zarray"])
        assert "Zarr store" in (said := why(archive, into)) and "to_netcdf" in said

    def test_nothing_that_is_read(self, tmp_path, into, form):
        archive = packed(tmp_path / form, ["notes.txt", "photo.png"])
        assert "no imagery that is read: notes.txt, photo.png" in why(archive, into)

    @pytest.mark.parametrize("kind", ["SLC_", "GRDH", "RAW_", "OCN_"])
    def test_sentinel_1_on_no_map(self, tmp_path, into, form, kind):
        name = f"S1A_IW_{kind}_1SDV_20180616T054413.SAFE/measurement/s1a-iw-vv.tiff"
        assert "RTC from HyP3" in why(packed(tmp_path / form, [name]), into)


def test_a_password_is_said(tmp_path, into):
    archive = zipped(tmp_path / "x.zip", ["B4.tif"])
    data = bytearray(archive.read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(mark) + at] |= 1
    archive.write_bytes(data)
    assert "encrypted" in why(archive, into)


def test_a_zarr_folder_and_a_folder_of_everything_are_refused(tmp_path, into, monkeypatch):
    unpacked(tmp_path / "cube.zarr", ["zarr.json", "VV/c/0/0"])
    assert "Zarr store" in why(tmp_path / "cube.zarr", into)
    monkeypatch.setattr(archives, "MOST_FILES", 1)
    assert "more than 1 files" in why(tmp_path / "cube.zarr", into)


def test_what_a_child_left_that_is_no_plain_file_is_not_taken(tmp_path, into, monkeypatch):
    def taken_over(_, __, place, **___):
        Path(place, "B4.tif").symlink_to("/etc/passwd")
        return [["B4.tif"], [], []]

    monkeypatch.setattr(archives, "call", taken_over)
    assert "could not be unpacked safely" in why(zipped(tmp_path / "x.zip", ["B4.tif"]), into)


def test_a_full_disk_is_said_as_that(tmp_path, into, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archives, "_copy", full)
    archive = zipped(tmp_path / "x.zip", ["B4.tif"])
    with pytest.raises(RasterError, match="the disk is full"):
        archives._unpack_there(archive, str(into))
