"""Files made to harm: refused in moments, without a connection and without another file opened."""

import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import rasterio
import tifffile

from bandweave.errors import BandweaveError, RasterError
from bandweave.sources import outside
from bandweave.sources.confined import caller
from bandweave.sources.confined.caller import call
from bandweave.sources.confined.rewritten import rewritten
from bandweave.sources.files import FilesSource
from bandweave.sources.headers import require_sound
from bandweave.workspace import scene_library
from tests.core.sources.watching import listener, traced

GEOGRAPHY = [
    (33550, "d", 3, (10.0, 10.0, 0.0), True),
    (33922, "d", 6, (0, 0, 0, 600_000.0, 1_200_000.0, 0.0), True),
    (34735, "H", 16, (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32648), True),
]


def metadata(text):
    return (42112, "s", 0, text.encode() if isinstance(text, str) else text, True)


def hostile(path, text, side=64, bands=2):
    """Write an image whose metadata field holds a text (or bytes)."""
    image = np.random.default_rng(0).integers(1, 4000, (bands, side, side)).astype(np.uint16)
    tifffile.imwrite(
        path,
        image,
        planarconfig="separate",
        photometric="minisblack",
        metadata=None,
        extratags=[*GEOGRAPHY, metadata(text)],
    )
    return path


def overview(name, attribute="OVERVIEW_FILE"):
    return f'<GDALMetadata><Item name="{attribute}" domain="OVERVIEWS">{name}</Item></GDALMetadata>'


def undefended(path):
    """Look at an image's overviews as a program does that knows no better."""
    with rasterio.open(path, driver="GTiff") as file:
        return len(file.overviews(1))


def tried_every_way(path, radar, home, monkeypatch):
    """Look at it, ask what it would make, import it: each has to refuse it."""
    monkeypatch.setenv("BANDWEAVE_HOME", str(home))
    source = FilesSource(optical=(path,), radar=(radar,))
    ways = (
        lambda: outside.inspect(path),
        lambda: outside.band_places([path]),
        lambda: outside.outlook(source),
        lambda: scene_library.add(source, "trap"),
    )
    said = []
    for way in ways:
        with pytest.raises(BandweaveError) as caught:
            way()
        said.append(caught.value.message)
    assert not scene_library.entries()
    assert not list((home / "scenes").iterdir())
    return said


@pytest.fixture
def radar(make_tif):
    numbers = np.random.default_rng(1).uniform(-20, -5, (2, 64, 64)).astype(np.float32)
    return make_tif("radar.tif", numbers, bands=("VV", "VH"))


@pytest.mark.parametrize("attribute", ["OVERVIEW_FILE", "overview_file", "OVERVIEW&#95;FILE"])
def test_a_file_that_names_an_address_as_overview_asks_nobody(
    tmp_path, radar, monkeypatch, attribute
):
    with listener() as (port, came):
        text = overview(f"/vsicurl/http://127.0.0.1:{port}/x.tif", attribute)
        trap = hostile(tmp_path / "trap.tif", text)
        said = tried_every_way(trap, radar, tmp_path / "home", monkeypatch)
    assert all("names another file as its overviews" in each for each in said)
    assert not came


def test_a_file_that_names_another_as_overview_opens_it_nowhere(
    tmp_path, make_tif, radar, monkeypatch
):
    secret = make_tif("secret/of-others.tif", np.full((32, 32), 1234, np.uint16))
    for name in (str(secret), "secret/of-others.tif"):
        trap = hostile(tmp_path / "trap.tif", overview(name))
        with traced(secret) as opened:
            undefended(trap)
            assert opened() or name != str(secret)  # so that what follows can fail
            tried_every_way(trap, radar, tmp_path / "home", monkeypatch)
            assert not opened()


def test_the_child_opens_no_other_file_even_where_the_header_is_not_looked_at(
    tmp_path, make_tif, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setattr(caller, "_servers", [])
    if reason := caller.unsafe():
        pytest.skip(f"nothing can be confined here: {reason}")
    secret = make_tif("secret.tif", np.full((32, 32), 1234, np.uint16))
    trap = hostile(tmp_path / "trap.tif", overview(str(secret)))
    plain = hostile(tmp_path / "plain.tif", "")
    with traced(secret) as opened:
        assert call(undefended, plain) == call(undefended, trap) == 0
        assert not opened()
        assert undefended(trap) == 1
        assert opened()
    with listener() as (port, came):
        trap = hostile(tmp_path / "trap.tif", overview(f"/vsicurl/http://127.0.0.1:{port}/x.tif"))
        assert call(undefended, trap) == 0
        assert not came
        # in a process of its own: it holds the interpreter while it waits for an answer
        words = "import sys, rasterio; rasterio.open(sys.argv[1]).overviews(1)"
        subprocess.run([sys.executable, "-c", words, trap], check=False, capture_output=True)
    assert came


def test_sidecars_are_no_reason_to_refuse_and_have_no_effect(tmp_path, make_tif, radar):
    path = make_tif("optical.tif", np.full((3, 64, 64), 1000, np.uint16))
    alone = outside.inspect(path)
    secret = make_tif("secret.tif", np.full((32, 32), 1234, np.uint16))
    aux = path.with_name("optical.tif.aux.xml")
    aux.write_text(
        "<PAMDataset><Metadata domain='OVERVIEWS'>"
        f"<MDI key='OVERVIEW_FILE'>{secret}</MDI></Metadata><PAMRasterBand band='1'>"
        "<NoDataValue>1000</NoDataValue><Description>other</Description></PAMRasterBand></PAMDataset>"
    )
    path.with_name("optical.tif.ovr").write_bytes(secret.read_bytes())
    with traced(secret) as opened, traced(aux) as read:
        assert outside.inspect(path) == alone
        assert not opened() and not read()


def restated(path, numbers):
    """Write other whole numbers into the first directory's fields."""
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        for code, value in numbers.items():
            tag = file.pages[0].tags[code]
            data[tag.offset + 2 : tag.offset + 4] = struct.pack("<H", 4)
            data[tag.valueoffset : tag.valueoffset + 4] = struct.pack("<I", value)
    path.write_bytes(data)


def one_tile(path):
    tifffile.imwrite(
        path, np.ones((16, 16), np.uint8), tile=(16, 16), metadata=None, extratags=GEOGRAPHY
    )
    restated(path, dict.fromkeys((256, 257, 322, 323), 30720))


def one_strip(path):
    tifffile.imwrite(path, np.ones((16, 16), np.uint16), metadata=None, extratags=GEOGRAPHY)
    restated(path, {256: 30000, 257: 30000, 278: 30000})


def many_bands(path):
    hostile(path, "", side=1, bands=5000)


def many_fields(path):
    with path.open("wb") as file:
        file.write(struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", 60000))
        for code in range(60000):
            file.write(struct.pack("<HHII", code, 1, 1 << 20, 8))
        file.write(bytes(1 << 20))


def endless_directory(path):
    path.write_bytes(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16) + struct.pack("<Q", 1 << 40))


def a_ring(path):
    entry = struct.pack("<HHII", 256, 3, 1, 8)
    path.write_bytes(struct.pack("<2sHI", b"II", 42, 8) + b"\1\0" + entry + struct.pack("<I", 8))


def many_blocks(path):
    hostile(path, "", side=16)
    restated(path, {256: 1 << 10, 257: 1 << 30, 278: 1})


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (one_tile, "blocks of 900 MiB"),
        (one_strip, "blocks of 1716 MiB"),
        (many_bands, "5000 bands"),
        (many_fields, "damaged"),
        (endless_directory, "damaged"),
        (a_ring, "damaged|a ring of them"),
        (many_blocks, "2147483648 blocks"),
    ],
)
def test_a_file_that_would_fill_the_memory_is_refused_in_a_moment(
    tmp_path, radar, monkeypatch, make, words
):
    path = tmp_path / "bomb.tif"
    make(path)
    call(os.getpid)  # whoever forks is there
    begun, held = time.monotonic(), psutil.Process().memory_info().rss
    with pytest.raises(RasterError, match=words):
        require_sound(path)
    for message in tried_every_way(path, radar, tmp_path / "home", monkeypatch):
        assert "bomb.tif" in message
    assert time.monotonic() - begun < 10
    assert psutil.Process().memory_info().rss - held < 64 << 20


def test_what_a_small_file_unpacks_to_is_not_held_by_who_asks(tmp_path):
    path = tmp_path / "zeros.tif"
    tile = (16384, 16384)
    tifffile.imwrite(
        path, np.zeros(tile, np.uint8), tile=tile, compression="zlib", metadata=None,
        extratags=GEOGRAPHY,
    )  # fmt: skip
    assert path.stat().st_size < 1 << 20
    held = psutil.Process().memory_info().rss
    assert outside.inspect(path)["numbers"]
    assert psutil.Process().memory_info().rss - held < 64 << 20


def test_a_large_image_of_which_little_is_asked_passes(tmp_path, radar, monkeypatch):
    monkeypatch.setenv("BANDWEAVE_HOME", str(tmp_path / "home"))
    path = tmp_path / "sparse.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=20000, height=20000, count=3, dtype="uint16",
        crs="EPSG:32648", transform=rasterio.Affine(10, 0, 600_000, 0, -10, 1_200_000),
        tiled=True, sparse_ok=True, bigtiff="YES",
    ) as file:  # fmt: skip
        file.write(np.full((3, 64, 64), 800, np.uint16), window=((0, 64), (0, 64)))
    source = FilesSource(optical=(path,), radar=(radar,), optical_scale=0.0001)
    entry = scene_library.add(source, "small area")
    assert entry.scene.grid.shape == (64, 64)
    assert np.allclose(entry.scene.optical.raster.read(), 0.08)


def test_a_whole_sentinel2_product_passes(tmp_path):
    path = tmp_path / "s2.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=10980, height=10980, count=13, dtype="uint16",
        crs="EPSG:32648", transform=rasterio.Affine(10, 0, 600_000, 0, -10, 1_200_000),
        sparse_ok=True,
    ):  # fmt: skip
        pass
    require_sound(path)


def test_names_that_are_not_utf8_are_read(tmp_path, radar):
    text = "".join(
        f'<Item name="DESCRIPTION" sample="{n}" role="description">{name}</Item>'
        for n, name in enumerate(("grün", "röd &amp; mer"))
    )
    path = hostile(tmp_path / "a.tif", f"<GDALMetadata>{text}</GDALMetadata>".encode("latin-1"))
    assert outside.inspect(path)["bands"] == ["grün", "röd & mer"]
    places = outside.band_places([path])
    assert [place.band for place in places] == ["grün", "röd & mer"]


def test_metadata_that_are_no_text_are_refused(tmp_path):
    words = overview("/etc/passwd").encode()
    path = tmp_path / "numbers.tif"
    tifffile.imwrite(
        path, np.ones((8, 8), np.uint8), metadata=None,
        extratags=[(42112, "H", len(words), tuple(words), True)],
    )  # fmt: skip
    with pytest.raises(RasterError, match="damaged"):
        require_sound(path)


@pytest.mark.parametrize("boxes", [{"GeoJP2": "YES", "GMLJP2": "NO"}, {"GeoJP2": "NO"}])
def test_jpeg_2000_is_read_with_its_place(tmp_path, radar, boxes, monkeypatch):
    numbers = np.random.default_rng(3).integers(1, 9000, (3, 96, 128)).astype(np.uint16)
    path = tmp_path / "S2A_T48PXS_B04_10m.jp2"
    transform = rasterio.Affine(10, 0, 600_000, 0, -10, 1_200_000)
    plain = tmp_path / "plain.tif"
    with rasterio.open(
        plain, "w", driver="GTiff", width=128, height=96, count=3, dtype="uint16",
        crs="EPSG:32648", transform=transform,
    ) as file:  # fmt: skip
        file.write(numbers)
    rasterio.shutil.copy(
        plain, path, driver="JP2OpenJPEG", QUALITY="100", REVERSIBLE="YES", **boxes
    )
    plain.unlink()
    Path(f"{path}.aux.xml").unlink(missing_ok=True)
    whole = path.read_bytes()
    facts = outside.inspect(path)
    assert (facts["crs"], facts["height"], facts["width"]) == ("EPSG:32648", 96, 128)
    assert facts["dtype"] == "uint16"
    with traced(path) as opened:  # decoded once, for whoever looks again
        assert outside.inspect(path) == facts
        assert not opened()
    monkeypatch.setenv("BANDWEAVE_HOME", str(tmp_path / "home"))
    source = FilesSource(
        optical=(path,),
        optical_bands={"red": 1, "green": 2, "blue": 3},
        optical_scale=0.0001,
        radar=(radar,),
    )
    scene = scene_library.add(source, "jp2").scene
    assert scene.grid.transform == transform
    assert np.allclose(scene.optical.raster.read(), numbers[:, :64, :64] * 1e-4)
    assert path.read_bytes() == whole
    made = rewritten(path)
    assert made != path
    path.unlink()
    assert rewritten(path) == path
    assert not made.exists()


def test_jpeg_2000_of_absurd_size_is_refused_before_it_is_decoded(tmp_path, radar):
    marks = struct.pack(">HHHH8IH", 0xFF4F, 0xFF51, 41, 0, 1 << 20, 1 << 20, *([0] * 6), 1)
    stream = marks + b"\x0f\1\1"
    signature = b"\0\0\0\x0cjP  \r\n\x87\n"
    path = tmp_path / "bomb.jp2"
    path.write_bytes(signature + struct.pack(">I4s", 8 + len(stream), b"jp2c") + stream)
    with pytest.raises(RasterError, match="more than a JPEG 2000 may have"):
        outside.inspect(path)
    path.write_bytes(signature + b"nonsense" * 9)
    with pytest.raises(RasterError, match="cannot be read as JPEG 2000"):
        outside.inspect(path)


def test_what_is_no_file_is_not_waited_for(tmp_path):
    path = tmp_path / "pipe.tif"
    os.mkfifo(path)
    begun = time.monotonic()
    with pytest.raises(RasterError, match=r"There is no file pipe\.tif"):
        outside.inspect(path)
    assert time.monotonic() - begun < 20
