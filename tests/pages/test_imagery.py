"""The Imagery page: a look at each scene, the import of files, an area cut from a scene."""

import gc
import json
import re
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from streamlit.testing.v1 import AppTest

from bandweave.contracts.small_scene import make_grid, make_scene
from bandweave.errors import RasterError
from bandweave.raster.grid import Window
from bandweave.raster.scene import CLOUD, Layer, Role, Unit
from bandweave.raster.virtual import MemoryRaster
from bandweave.sources.confined import caller
from bandweave.sources.outside import Middle
from bandweave.workspace import scene_library
from pages.imagery_parts import area, uploads
from pages.imagery_parts.intake import Item, missing, suggested_roles
from pages.imagery_parts.outlook import _picture
from pages.imagery_parts.quicklook import TRUE, panel
from pages.imagery_parts.uploads import Uploads, plain_name
from pages.shared.scene_facts import COUNTED, _spread, length, place
from pages.shared.serving.layers import published
from tests.pages.shown import ROOT, html, texts

SIDE = 80
ORIGIN = (600_000.0, 1_200_000.0)


def tif(tmp_path, name, values, *, bands=(), crs="EPSG:32648", origin=ORIGIN, nodata=None):
    """Return an upload: a name and the bytes of a GeoTIFF of 10 m pixels."""
    path = tmp_path / name
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype=values.dtype,
        count=len(values),
        height=values.shape[1],
        width=values.shape[2],
        crs=crs,
        transform=Affine(10, 0, origin[0], 0, -10, origin[1]),
        nodata=nodata,
    ) as target:
        target.write(values)
        target.descriptions = bands or (None,) * len(values)
    return name, path.read_bytes(), "image/tiff"


def colours(bands=3, seed=0):
    return np.random.default_rng(seed).integers(300, 3000, (bands, SIDE, SIDE)).astype(np.uint16)


def decibels(bands=2):
    middle = np.array([-10.0, -17.0])[:bands, None, None]
    return (middle + np.random.default_rng(1).normal(0, 3, (bands, SIDE, SIDE))).astype(np.float32)


@pytest.fixture
def optical(tmp_path):
    return tif(tmp_path, "optical_20190918.tif", colours(), bands=("red", "green", "blue"))


@pytest.fixture
def radar(tmp_path):
    return tif(tmp_path, "radar_20190917.tif", decibels(), bands=("VV", "VH"))


@pytest.fixture
def app(workspace, waiting_engine):
    """Return the app with a scene of its own, on the Imagery page."""
    scene_library.store(make_scene(160, 200), "orihuela")
    return imagery()


@pytest.fixture
def form(workspace, waiting_engine):
    """Return the app on the Import view, beside a scene saved before."""
    scene_library.store(make_scene(64, 64), "before")
    return imagery("Import")


@pytest.fixture
def drawing(workspace, waiting_engine):
    """Return the app on the Area of interest view."""
    scene_library.store(make_scene(160, 200), "orihuela")
    return imagery("Area of interest")


def imagery(shown="Scene", **query) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    page.session_state["imagery-view"] = shown
    for name, value in query.items():
        page.query_params[name] = value
    return ran(page.switch_page("pages/imagery.py"))


def ran(page):
    page.run()
    assert not page.exception, page.exception
    return page


def view(page, name):
    page.session_state["imagery-view"] = name
    return ran(page)


def sent(page, *files):
    """Upload files on the Import view."""
    page.file_uploader[0].set_value(list(files))
    return ran(page)


def button(page, label):
    return next(each for each in page.button if each.label == label)


def box(page, label):
    return next(each for each in page.selectbox if each.label == label)


def decision(layer, what, value, why, *, sure=False):
    basis = "numbers"
    return {
        "layer": layer, "what": what, "value": value, "basis": basis, "why": why, "sure": sure
    }  # fmt: skip


def names():
    return sorted(entry.name for entry in scene_library.entries())


class TestScene:
    def test_an_empty_workspace_says_what_to_do(self, workspace, waiting_engine):
        page = imagery()
        assert any("Import GeoTIFFs of your own" in text for text in texts(page, "caption"))
        assert not view(page, "Area of interest").exception
        assert view(page, "Import").file_uploader

    def test_a_scene_is_described(self, app):
        shown = html(app)
        for words in ("200 × 160 pixels, 2 km × 1.6 km", "EPSG:32648 (WGS 84 / UTM zone 48N)",
                      "100.0%", "not known: no quality band", "30 m, resampled (nearest)",
                      "reflectance", "made by a model, not by a satellite"):  # fmt: skip
            assert words in shown
        assert "SIMULATED" in str([each.proto for each in app.get("markdown")])

    def test_warnings_guesses_and_files_are_told(self, workspace, waiting_engine):
        scene = make_scene()
        facts = {
            "warnings": ["Optical and radar were taken 40 days apart."],
            "evidence": [
                decision("radar", "unit", "db", "negative numbers", sure=True),
                decision("optical", "bands", {"red": "a.tif, B4"}, "usual <order>"),
            ],
            "files": {"optical": ["a.tif"]},
        }
        scene_library.store(type(scene)(scene.layers, "told", facts), "told")
        page = imagery()
        assert texts(page, "warning") == facts["warnings"]
        shown = html(page)
        unit = "Radar unit</th><td>dB</td><td>numbers alone</td><td>negative numbers</td>"
        bands = "red from a.tif, B4</td><td><b class='unsure'>not sure</b> numbers alone</td>"
        assert unit in shown and f"{bands}<td>usual &lt;order&gt;</td>" in shown
        assert shown.index("red from") < shown.index("Radar unit</th>")

    def test_a_link_opens_its_scene(self, app):
        scene_library.store(make_scene(64, 64), "other")
        assert "200 × 160" in html(imagery(scene="orihuela"))
        assert "64 × 64" in html(imagery(scene="other"))

    def test_a_deleted_scene_can_be_brought_back(self, app):
        button(app, "Delete").click()
        ran(app)
        assert names() == []
        button(app, "Undo").click()
        ran(app)
        assert names() == ["small"]
        assert "200 × 160" in html(app)
        assert "Undo" not in [each.label for each in app.button]

    def test_the_demo_cannot_be_deleted(self, workspace, waiting_engine):
        scene_library.store(make_scene(), scene_library.DEMO)
        assert "Delete" not in [each.label for each in imagery().button]

    def test_a_damaged_scene_is_named_and_in_nobodys_way(self, app, workspace):
        broken = workspace / "scenes" / "broken"
        broken.mkdir()
        (broken / "scene.json").write_text("{")
        assert "200 × 160" in html(ran(app))
        assert "The scene “broken” is damaged." in texts(app, "caption")
        button(app, "Delete it").click()
        ran(app)
        assert not broken.exists()

    def test_one_band_can_be_looked_at(self, app):
        app.selectbox(key="look-colours").set_value("green")
        ran(app)
        assert not app.error

    def test_large_scenes_are_counted_in_a_sample(self):
        windows = _spread(make_grid(10980, 10980), 6)
        pixels = sum(window.height * window.width for window in windows)
        assert COUNTED / 2 < pixels < COUNTED * 2
        assert len({(window.row, window.col) for window in windows}) == len(windows) == 64

    def test_words_for_places_and_lengths(self):
        assert place(make_grid()) == "10.842° to 10.851° N, 106.647° to 106.655° E"
        assert [length(metres) for metres in (95.0, 999.4, 5190, 109_800)] == [
            "95 m", "999 m", "5.19 km", "110 km"
        ]  # fmt: skip


class TestImport:
    def test_files_become_the_current_scene_and_leave_no_trace(self, form, optical, radar):
        sent(form, optical, radar)
        folder = form.session_state["uploads"].folder
        assert sorted(path.name for path in folder.iterdir()) == [
            "optical_20190918.tif",
            "radar_20190917.tif",
        ]
        assert "dB: negative numbers" in html(form)
        said = " ".join(texts(form, "markdown"))
        assert "80 × 80 pixels, 800 m × 800 m, in EPSG:32648" in said
        assert "100% of the optical and 100% of the radar" in said
        form.text_input[-1].set_value("Delta")
        button(form, "Import").click()
        ran(form)
        assert names() == ["Delta", "small"]
        assert "optical_20190918.tif" in html(form) and "80 × 80 pixels" in html(form)
        assert not list(folder.iterdir())
        stored = scene_library.find("Delta").scene
        np.testing.assert_allclose(stored.optical.raster.read(), colours() * 1e-4, rtol=1e-6)
        power = 10 ** (decibels().astype(np.float64) / 10)
        np.testing.assert_allclose(stored.radar.raster.read(), power, rtol=1e-5)
        assert not view(form, "Import").selectbox

    def test_uploaded_bytes_do_not_stay_in_memory(self, form, optical, radar, monkeypatch):
        dropped = []
        real = uploads._forget
        monkeypatch.setattr(
            uploads, "_forget", lambda file: (dropped.append(file.name), real(file))
        )
        sent(form, optical, radar)
        assert dropped == [optical[0], radar[0]]
        assert not form.file_uploader[0].value

    def test_names_of_bands_are_corrected_in_place(self, form, optical, radar):
        sent(form, optical, radar)
        box(form, "red").set_value("nir")
        box(form, "green").set_value("")
        ran(form)
        button(form, "Import").click()
        ran(form)
        assert scene_library.entries()[0].scene.optical.bands == ("nir", "blue")

    def test_red_green_and_blue_alone_in_one_click(self, form, tmp_path, radar):
        many = tif(tmp_path, "many.tif", colours(4), bands=("blue", "green", "red", "nir"))
        sent(form, many, radar)
        button(form, "Red, green and blue only").click()
        ran(form)
        assert box(form, "nir").value == ""
        button(form, "All bands").click()
        ran(form)
        assert box(form, "nir").value == "nir"

    def test_a_scale_of_ones_own(self, form, optical, radar):
        sent(form, optical, radar)
        box(form, "Optical product").set_value("own")
        ran(form)
        next(each for each in form.number_input if each.label == "Scale").set_value(0.0002)
        ran(form)
        button(form, "Import").click()
        ran(form)
        stored = scene_library.entries()[0].scene.optical.raster.read()
        np.testing.assert_allclose(stored, colours() * 2e-4, rtol=1e-6)

    def test_fill_and_date_are_stated_and_what_is_no_number_is_refused(self, form, tmp_path, radar):
        numbers = colours()
        numbers[:, :20] = 777
        sent(form, tif(tmp_path, "o.tif", numbers, bands=("red", "green", "blue")), radar)

        def fill():
            return next(each for each in form.text_input if each.label == "No data")

        fill().set_value("777; 0")
        ran(form)
        assert "'777; 0' is no list of numbers." in texts(form, "error")[0]
        fill().set_value("777, 0")
        form.date_input[0].set_value(date(2019, 9, 16))
        ran(form)
        assert "Optical fill</th><td>777, 0</td><td>stated</td>" in html(form)
        button(form, "Import").click()
        ran(form)
        optical = scene_library.entries()[0].scene.optical
        assert optical.date == date(2019, 9, 16)
        assert np.array_equal(np.isnan(optical.raster.read()), numbers == 777)

    def test_another_reading_is_a_click_away_and_so_is_the_way_back(self, form, tmp_path, radar):
        name = "LC09_L1TP_125052_20190917_20190919_02_T1_stack.tif"
        dark = np.random.default_rng(0).integers(7000, 12000, (4, SIDE, SIDE)).astype(np.uint16)
        sent(form, tif(tmp_path, name, dark, bands=("B2", "B3", "B4", "B5")), radar)
        assert f"<td>names</td><td>name {name}</td>" in html(form)
        other = next(each for each in form.button if "Collection 2 Level 2" in each.label)
        other.click()
        ran(form)
        assert box(form, "Optical product").value == "landsat-c2l2"
        assert "surface reflectance</td><td>stated</td>" in html(form)
        button(form, "As the file tells").click()
        ran(form)
        assert box(form, "Optical product").value == ""
        assert "Level 1 top-of-atmosphere reflectance</td><td>names</td>" in html(form)

    def test_the_middle_of_snow_is_no_white_square(self):
        pixels = np.full((3, 8, 8), 0.4, np.float32)
        pixels[:, 5:] = 0.8
        for middle, bounds, whites in ((pixels, "0 to 1", 0), (pixels / 2, "0 to 0.3", 72)):
            shown, said = _picture(Middle(("red", "green", "blue"), Unit.REFLECTANCE, middle))
            assert (said, int((shown == 255).sum())) == (bounds, whites)

    def test_a_quality_band_an_earlier_date_and_a_native_resolution(self, form, tmp_path, radar):
        new = tif(tmp_path, "l8_20190918.tif", colours(), bands=("red", "green", "blue"))
        old = tif(tmp_path, "l8_20180901.tif", colours(seed=5), bands=("red", "green", "blue"))
        flags = np.where(np.arange(SIDE) < 20, 352, 322).astype(np.uint16)
        quality = tif(tmp_path, "qa_20190918.tif", np.broadcast_to(flags, (1, SIDE, SIDE)))
        sent(form, new, old, quality, radar)
        roles = {each.label: each.value for each in form.selectbox if each.label.startswith("What")}
        assert roles == {
            "What l8_20180901.tif is": "earlier-optical",
            "What l8_20190918.tif is": "optical",
            "What qa_20190918.tif is": "quality",
            "What radar_20190917.tif is": "radar",
        }
        next(each for each in form.number_input if "Native" in each.label).set_value(30.0)
        ran(form)
        button(form, "Import").click()
        ran(form)
        scene = scene_library.entries()[0].scene
        assert [layer.name for layer in scene.layers] == [
            "optical", "radar", "cloud", "optical-earlier"
        ]  # fmt: skip
        assert scene.optical.native_resolution == 30
        assert "25.0%" in html(form)

    def test_a_quality_band_among_others(self, form, tmp_path, optical, radar):
        probability = np.where(np.arange(SIDE) < 20, 60, 7).astype(np.uint16)
        layers = np.concatenate([colours(2), np.broadcast_to(probability, (1, SIDE, SIDE))])
        sent(form, optical, radar, tif(tmp_path, "q.tif", layers, bands=("B2", "B3", "CLDPRB")))
        box(form, "What q.tif is").set_value("quality")
        ran(form)
        box(form, "Band").set_value("CLDPRB")
        box(form, "Kind of quality band").set_value("cloud-probability")
        ran(form)
        limit = next(each for each in form.number_input if each.label.startswith("Cloud prob"))
        assert limit.value == 40
        button(form, "Import").click()
        ran(form)
        assert "25.0%" in html(form)

    def test_a_file_can_be_left_out_or_removed(self, form, optical, radar, tmp_path):
        other = tif(tmp_path, "other_20190918.tif", colours(seed=2), bands=("red", "green", "blue"))
        sent(form, optical, radar, other)
        assert "red, green, blue is there twice; numbered instead" in html(form)
        form.button(key="remove-other_20190918.tif").click()
        ran(form)
        assert "other_20190918.tif" not in html(form)
        box(form, "What optical_20190918.tif is").set_value("nothing")
        ran(form)
        assert "A scene needs an optical image" in texts(form, "info")[0]

    def test_everything_typed_survives_a_refusal_and_a_change_of_page(self, form, optical, radar):
        sent(form, optical, radar)
        box(form, "Radar unit").set_value("power")
        form.text_input[-1].set_value("Kept")
        ran(form)
        assert "stated to be power, which is never negative" in texts(form, "error")[0]
        assert button(form, "Import").disabled
        ran(form.switch_page("pages/methods.py").run().switch_page("pages/imagery.py"))
        assert (box(form, "Radar unit").value, form.text_input[-1].value) == ("power", "Kept")
        box(form, "Radar unit").set_value("db")
        ran(form)
        button(form, "Import").click()
        ran(form)
        assert names() == ["Kept", "small"]

    def test_a_scene_without_a_name_is_refused_and_the_files_stay(self, form, optical, radar):
        sent(form, optical, radar)
        form.text_input[-1].set_value(" ")
        button(form, "Import").click()
        ran(form)
        assert texts(form, "error") == ["The scene has no name. Give it one."]
        assert len(list(form.session_state["uploads"].folder.iterdir())) == 2


class TestBadUploads:
    """One clear message each, and what was saved before is still there."""

    def refused(self, form, *files):
        """Return the one message that files get."""
        sent(form, *files)
        messages = [*texts(form, "error"), *texts(form, "info")]
        assert len(messages) == 1, messages
        assert all(each.disabled for each in form.button if each.label == "Import")
        assert names() == ["small"]
        return messages[0]

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"elevation in metres\n" * 50, "is not a GeoTIFF. Export the imagery as GeoTIFF"),
            (
                b"\x89PNG\r\n\x1a\n" + bytes(64),
                "is a PNG picture, which is not read. It holds colours for the screen: download "
                "the measurements as GeoTIFF instead.",
            ),
            (b"", "is empty (0 bytes). Download or export it again."),
        ],
        ids=["text", "png", "empty"],
    )
    def test_no_tiff(self, form, optical, radar, content, expected):
        sent(form, optical, radar, ("bad.tif", content, "image/tiff"))
        assert texts(form, "error") == [f"bad.tif {expected}" if expected.endswith(".") else
                                       "bad.tif is not a GeoTIFF. Export the imagery as GeoTIFF "
                                       "and try again."]  # fmt: skip
        button(form, "Import").click()
        ran(form)
        assert len(names()) == 2, "the other files make a scene all the same"

    def test_cut_short(self, form, optical, radar):
        name, content, kind = optical
        sent(form, (name, content[: len(content) // 2], kind), radar)
        assert f"{name} is cut short" in texts(form, "error")[0]
        assert "A scene needs an optical image" in texts(form, "info")[0]
        assert names() == ["small"]

    @pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
    def test_no_coordinate_system(self, form, tmp_path, radar):
        sent(form, tif(tmp_path, "nowhere.tif", colours(), crs=None), radar)
        assert re.search(
            r"nowhere.tif: The raster has no coord.*gdal_edit", texts(form, "error")[0]
        )
        assert names() == ["small"]

    def test_two_optical_and_no_radar(self, form, optical, tmp_path):
        two = tif(tmp_path, "two_20190918.tif", colours(seed=2), bands=("red", "green", "blue"))
        said = self.refused(form, optical, two)
        assert said.startswith("optical_20190918.tif, two_20190918.tif are all taken as optical.")
        assert "needs a radar image of the same place: add it, or correct" in said

    def test_an_optical_image_said_to_be_radar(self, form, optical, tmp_path):
        two = tif(tmp_path, "two_20190918.tif", colours(seed=2), bands=("red", "green", "blue"))
        sent(form, optical, two)
        box(form, "What two_20190918.tif is").set_value("radar")
        ran(form)
        assert len(texts(form, "error")) == 1
        assert "needs VV and VH" in texts(form, "error")[0]
        assert "two_20190918.tif" in texts(form, "error")[0]

    def test_no_overlap(self, form, optical, tmp_path):
        far = tif(tmp_path, "far_20190917.tif", decibels(), bands=("VV", "VH"), origin=(300_000, 0))
        said = self.refused(form, optical, far)
        assert "do not overlap" in said and "far_20190917.tif" in said and "same place" in said

    def test_all_no_data(self, form, optical, tmp_path):
        empty = np.full((2, SIDE, SIDE), np.nan, np.float32)
        said = self.refused(form, optical, tif(tmp_path, "void.tif", empty, bands=("VV", "VH")))
        assert said == (
            "void.tif holds no data: every pixel is fill. Choose a file that covers the area."
        )

    def test_two_bands_of_one_name(self, form, optical, radar):
        sent(form, optical, radar)
        box(form, "green").set_value("red")
        ran(form)
        assert texts(form, "error") == [
            "The optical bands 1 and 2 are both named red. Name each band once, and leave out "
            "what is not needed."
        ]
        for label in ("red", "green", "blue"):
            box(form, label).set_value("")
        ran(form)
        assert texts(form, "error") == ["No optical band is named. Name at least one."]
        assert names() == ["small"]


class TestUploads:
    @pytest.mark.parametrize(
        ("name", "plain"),
        [
            ("../../etc/passwd", "passwd"),
            ("C:\\data\\S2A.tif", "S2A.tif"),
            (".hidden.tif", "hidden.tif"),
            ("a\0b\n;$(rm).tif", "a_b____rm_.tif"),
            ("Đồng Tháp.tif", "Đồng Tháp.tif"),
            ("..", "file"),
            ("x" * 300 + ".tif", "x" * 116 + ".tif"),
        ],
    )
    def test_only_a_plain_name_is_kept(self, name, plain):
        assert plain_name(name) == plain

    def test_clashes_are_numbered(self, form, optical, radar):
        sent(form, optical, (f"x/{optical[0]}", *optical[1:]), radar)
        kept = sorted(path.name for path in form.session_state["uploads"].files)
        assert kept == ["optical_20190918-2.tif", optical[0], radar[0]]

    def test_side_files_are_read_along(self, form, tmp_path, radar):
        text = (
            "GROUP = LEVEL1_RADIOMETRIC_RESCALING\n REFLECTANCE_MULT_BAND_4 = 2.0E-05\n"
            " REFLECTANCE_ADD_BAND_4 = -0.1\nEND_GROUP\nGROUP = IMAGE_ATTRIBUTES\n"
            " SUN_ELEVATION = 90.0\nEND_GROUP\n"
        )
        band = tif(tmp_path, "LC08_x_B4.tif", colours(1) * 5)
        sent(form, band, radar, ("LC08_x_MTL.txt", text.encode(), "text/plain"))
        assert "Read along: LC08_x_MTL.txt" in texts(form, "caption")
        assert "Landsat 8-9 Level 1 top-of-atmosphere reflectance" in html(form)
        assert not form.error

    def test_the_folder_goes_with_the_session(self):
        kept = Uploads()
        folder = kept.folder
        assert folder.is_dir()
        del kept
        gc.collect()
        assert not folder.exists()


def typed_path(page, path):
    next(each for each in page.text_input if "path" in each.label).set_value(str(path))
    return ran(page)


class TestProducts:
    """Archives that are uploaded, and files that are named by their paths."""

    @pytest.fixture
    def archive(self, tmp_path, optical, radar):
        with zipfile.ZipFile(tmp_path / "both.zip", "w") as made:
            for name, content, _ in (optical, radar):
                made.writestr(f"product/{name}", content)
            made.writestr("product/S1_RTC30_G_gpuned_1A2B_rgb.tif", "unread")
        return tmp_path / "both.zip"

    def shown(self, page):
        return sorted(each.label for each in page.selectbox if each.label.startswith("What"))

    BOTH = ["What optical_20190918.tif is", "What radar_20190917.tif is"]

    def test_an_uploaded_archive_gives_way_to_its_files(self, form, archive):
        sent(form, ("both.zip", archive.read_bytes(), "application/zip"))
        kept = form.session_state["uploads"]
        assert self.shown(form) == self.BOTH
        assert "Left out: 1" in [each.label for each in form.expander]
        assert "both.zip: S1_RTC30_G_gpuned_1A2B_rgb.tif (colours for the screen)" in html(form)
        assert not (kept.folder / "both.zip").exists()
        button(form, "Import").click()
        ran(form)
        assert names() == ["optical_20190918", "small"]
        assert not list(kept.folder.iterdir()) and not kept.left_out

    def test_an_archive_that_is_refused_does_not_stop_the_others(self, form, optical, radar):
        sent(form, ("bad.zip", b"no zip", "application/zip"), optical, radar)
        assert "bad.zip is damaged, or no archive" in texts(form, "error")[0]
        assert self.shown(form) == self.BOTH

    def test_a_path_is_used_in_place(self, form, tmp_path, optical, radar):
        sent(form, radar)
        path = tmp_path / optical[0]
        typed_path(form, path)
        assert self.shown(form) == self.BOTH
        assert form.session_state["uploads"].files[0] == path
        assert not form.text_input[0].value
        button(form, "Import").click()
        ran(form)
        assert names() == ["optical_20190918", "small"]
        assert path.read_bytes() == optical[1]

    def test_what_was_given_by_path_is_forgotten_and_not_deleted(self, form, tmp_path, optical):
        typed_path(form, tmp_path / optical[0])
        form.button(key=f"remove-{optical[0]}").click()
        ran(form)
        assert self.shown(form) == []
        assert (tmp_path / optical[0]).is_file()

    def test_a_folder_and_an_archive_by_path(self, form, tmp_path, optical, radar, archive):
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / radar[0]).write_bytes(radar[1])
        typed_path(form, tmp_path / "folder")
        assert self.shown(form) == self.BOTH[1:]
        typed_path(form, f'"{archive}"')
        assert self.shown(form) == self.BOTH
        assert f"both.zip: {radar[0]} (another file is called so)" in html(form)

    @pytest.mark.parametrize(
        "path",
        ["o.tif", "/nowhere/x.tif", "/dev/null", " ", "~nobody-here/x.tif", "/" + "x" * 5000],
    )
    def test_what_is_no_file_is_refused_and_stays_typed(self, form, path):
        typed_path(form, path)
        assert "There is no file or folder" in texts(form, "error")[0]
        assert form.text_input[0].value == path

    def test_a_server_of_others_takes_no_paths(self, form, tmp_path, optical, monkeypatch):
        kept = form.session_state["uploads"]
        monkeypatch.setattr(caller, "_alone", False)
        assert not ran(form).text_input
        with pytest.raises(RasterError, match="whoever uses this server alone"):
            kept.use(str(tmp_path / optical[0]))
        assert not kept.files

    def test_halves_of_an_envi_image_are_uploaded_together(self, form, radar):
        header = (
            f"ENVI\nsamples = {SIDE}\nlines = {SIDE}\nbands = 3\ndata type = 12\n"
            "interleave = bsq\nbyte order = 0\nband names = {red, green, blue}\n"
            "map info = {UTM, 1, 1, 600000, 1200000, 10, 10, 48, North, WGS-84}\n"
        )
        sent(
            form,
            ("s2.img", colours().tobytes(), "application/octet-stream"),
            ("s2.hdr", header.encode(), "text/plain"),
            radar,
        )
        assert self.shown(form) == ["What radar_20190917.tif is", "What s2.img is"]
        assert "Read along: s2.hdr" in texts(form, "caption")
        button(form, "Import").click()
        ran(form)
        stored = scene_library.find("s2").scene.optical.raster.read()
        np.testing.assert_allclose(stored, colours() * 1e-4, rtol=1e-6)


def item(name, role, date=None):
    facts = {"guess": {"role": role, "bands": [], "what": "", "why": ""}, "date": date}
    return Item(Path(name), facts)


class TestRoles:
    def test_the_newest_images_are_the_wanted_ones(self):
        items = [
            item("a", "optical", "2018-07-01"), item("b", "optical", "2017-08-31"),
            item("c", "optical", "2016-01-01"), item("d", "radar", "2018-07-02"),
            item("e", "radar"), item("f", "quality", "2017-08-31"),
            item("g", "quality", "2018-07-01"),
        ]  # fmt: skip
        assert suggested_roles(items) == {
            "a": "optical", "b": "earlier-optical", "c": "nothing", "d": "radar", "e": "radar",
            "f": "nothing", "g": "quality",
        }  # fmt: skip

    def test_quality_bands_of_tiles_go_together_and_others_do_not(self):
        def quality(name, what, west):
            guess = {"role": "quality", "bands": [], "what": what}
            return Item(Path(name), {"guess": guess, "date": None, "bounds": [west, 0, 1, 1]})

        items = [
            quality("a", "scl", 0), quality("b", "scl", 1), quality("c", "scl", 0),
            quality("d", "qa60", 1),
        ]  # fmt: skip
        assert suggested_roles(items) == {
            "a": "quality", "b": "quality", "c": "nothing", "d": "nothing"
        }  # fmt: skip

    def test_an_optical_image_near_the_radar_goes_before_a_newer_one(self):
        items = [
            item("a", "optical", "2018-07-01"), item("b", "optical", "2017-08-31"),
            item("c", "optical", "2016-08-31"), item("d", "radar", "2017-09-01"),
            item("e", "radar", "2017-08-28"), item("f", "quality", "2018-07-01"),
        ]  # fmt: skip
        assert suggested_roles(items) == {
            "a": "nothing", "b": "optical", "c": "earlier-optical", "d": "radar",
            "e": "earlier-radar", "f": "nothing",
        }  # fmt: skip

    def test_what_is_missing(self):
        one = [item("a", "optical")]
        assert missing(one, suggested_roles(one)).startswith(
            "a is taken as optical. A scene needs a r"
        )
        both = [*one, item("b", "radar")]
        assert missing(both, suggested_roles(both)) == ""


class TestArea:
    GRID = make_grid(160, 200)

    def typed(self, page, scene="orihuela", **values):
        for label, value in values.items():
            field = page.number_input(key=f"area-{label.replace('_', ' ')}-{scene}")
            field.set_value(value)
        return ran(page)

    def test_pixels_typed_are_cut_out_and_opened(self, drawing):
        assert button(drawing, "Use this area").disabled
        drawing.session_state["area-bounds"] = "Pixels"
        self.typed(ran(drawing), First_row=20, First_column=30, Rows=70, Columns=90)
        assert "90 × 70 pixels, 900 m × 700 m" in texts(drawing, "markdown")
        button(drawing, "Use this area").click()
        ran(drawing)
        entry = scene_library.find("small, area 1")
        assert entry.scene.facts["cropped_from"]["window"] == [20, 30, 70, 90]
        whole = scene_library.find("orihuela").scene
        for layer in entry.scene.layers:
            expected = whole.layer(layer.name).raster.read(Window(20, 30, 70, 90))
            np.testing.assert_array_equal(layer.raster.read(), expected)
        assert "90 × 70 pixels" in html(drawing)
        assert "small, rows 20 to 90, columns 30 to 120" in html(drawing)
        assert drawing.query_params["scene"] == entry.id

    def test_the_next_area_has_the_next_name(self, drawing):
        scene_library.crop(scene_library.find("orihuela"), Window(0, 0, 64, 64), "small, area 1")
        drawing.query_params["scene"] = "orihuela"
        ran(drawing)
        assert drawing.text_input[0].value == "small, area 2"

    def test_too_small_an_area_is_refused(self, drawing):
        drawing.session_state["area-bounds"] = "Pixels"
        self.typed(ran(drawing), Rows=31, Columns=90)
        assert any("90 × 31 pixels" in text and "at least 32 × 32" in text
                   for text in texts(drawing, "markdown"))  # fmt: skip
        assert button(drawing, "Use this area").disabled
        self.typed(drawing, Rows=32)
        assert not button(drawing, "Use this area").disabled
        assert any("Filling clouds takes at least 64 × 64" in text
                   for text in texts(drawing, "markdown"))  # fmt: skip
        self.typed(drawing, Rows=64)
        assert not any("at least" in text for text in texts(drawing, "markdown"))

    def test_degrees_and_pixels_stay_in_step(self, drawing):
        west, south, east, north = area.degrees(self.GRID, Window(10, 50, 100, 80))
        self.typed(drawing, West=west)
        self.typed(drawing, East=east)
        self.typed(drawing, North=north)
        self.typed(drawing, South=south)
        window = drawing.session_state["chosen-area-orihuela"]
        assert np.abs(np.subtract(window, (10, 50, 100, 80))).max() <= 2
        drawing.session_state["area-bounds"] = "Pixels"
        ran(drawing)
        shown = [drawing.number_input(key=f"area-{label}-orihuela").value for label in area._CORNER]
        assert tuple(shown) == window

    def test_what_encloses_nothing_stays_typed_and_is_explained(self, drawing):
        self.typed(drawing, West=107.0)
        assert "West must be less than east" in texts(drawing, "error")[0]
        assert drawing.number_input(key="area-West-orihuela").value == 107.0
        self.typed(drawing, East=107.5)
        assert "The bounds lie outside the scene. It spans 10.8" in texts(drawing, "error")[0]
        assert button(drawing, "Use this area").disabled
        self.typed(drawing, West=106.65, East=106.66)
        assert not drawing.error

    def test_a_side_that_says_the_same_stays(self):
        """In a grid tilted against the meridians a typed side moves no other one."""
        grid = make_grid(10980, 10980)
        window = Window(1000, 2000, 5000, 6000)
        west, south, east, north = area.degrees(grid, window)
        moved = area.window_of_degrees(grid, window, (west, south, east, north - 0.05))
        assert (moved.col, moved.width, moved.stop[0]) == (2000, 6000, 6000)
        assert moved.row > 1400

    def test_bounds_beyond_the_scene_end_at_its_edge(self):
        west, south, east, north = area.degrees(self.GRID, self.GRID.full)
        beyond = (west - 1, south - 1, east + 1, north + 1)
        assert area.window_of_degrees(self.GRID, Window(5, 5, 9, 9), beyond) == self.GRID.full

    def test_an_area_drawn_on_the_map_is_taken(self, drawing, monkeypatch):
        boxes = [area.degrees(self.GRID, Window(16, 20, 100, 120))]
        outlined = []

        def area_map(*_, **given):
            outlined.append(given["area"])
            return boxes.pop() if boxes else None

        monkeypatch.setattr(area, "area_map", area_map)
        drawing.session_state["area-on"] = "On the map"
        ran(drawing)
        window = drawing.session_state["chosen-area-orihuela"]
        assert np.abs(np.subtract(window, (16, 20, 100, 120))).max() <= 2
        assert outlined == [None, self.GRID.at(window)]
        assert not button(drawing, "Use this area").disabled


def test_histograms_are_of_physical_units(app):
    charts = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    assert charts[0]["layout"]["xaxis"]["title"]["text"] == "Reflectance"
    assert [trace["name"] for trace in charts[0]["data"]] == ["red", "green", "blue"]
    app.session_state["histogram-layer"] = "radar"
    ran(app)
    chart = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert chart["layout"]["xaxis"]["title"]["text"] == "Backscatter (dB)"


def test_clear_ground_decides_the_stretch(workspace, waiting_engine):
    """Two thirds under cloud of reflectance 1 would leave the ground black."""
    scene = make_scene(90, 90)
    scene.optical.raster.array[:, 30:] = 1
    flags = np.zeros((1, 90, 90), np.float32)
    flags[:, 30:] = 1
    cloud = Layer(CLOUD, Role.MASK, MemoryRaster(flags, scene.grid, (CLOUD,)), Unit.FLAG, 10.0)
    entry = scene_library.store(scene.adding(cloud), "hazy")
    optical = entry.scene.optical
    shown = panel(optical, optical.bands, "Optical", TRUE, entry.scene.mask(CLOUD))
    ground = optical.raster.read(Window(0, 0, 30, 90))
    expected = [np.percentile(band, 98) for band in ground]
    np.testing.assert_allclose(published(shown.id)[1].upper, expected, rtol=1e-6)
    assert "Cloud" in str(imagery(scene="hazy").get("multiselect")[0].value)
    flags[:] = 1
    entry = scene_library.store(scene.adding(cloud), "shut")
    optical = entry.scene.optical
    shown = panel(optical, optical.bands, "Optical", TRUE, entry.scene.mask(CLOUD))
    assert published(shown.id)[1].upper == (1.0, 1.0, 1.0)
