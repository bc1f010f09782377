"""Open files are lent to one reader at a time, and few of them wait."""

from pathlib import Path

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_grid
from bandweave.errors import RasterError
from bandweave.raster import geotiff
from bandweave.raster.geotiff import StoredRaster, write
from bandweave.raster.open_files import Handles


class Opened:
    def __init__(self, path: Path):
        self.path, self.closed = path, False

    def close(self):
        self.closed = True


@pytest.fixture
def opened() -> list[Opened]:
    return []


@pytest.fixture
def handles(opened: list[Opened]) -> Handles:
    def open_(path: Path) -> Opened:
        opened.append(Opened(path))
        return opened[-1]

    return Handles(open_, most=2)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_text(path.name)
    return paths


def test_a_file_is_opened_once_for_reads_that_follow_each_other(handles, opened, files):
    for _ in range(3):
        with handles.lent(files[0]) as handle:
            assert handle.path == files[0]
    assert len(opened) == 1


def test_two_readers_at_once_get_a_handle_each(handles, opened, files):
    with handles.lent(files[0]) as first, handles.lent(files[0]) as second:
        assert first is not second
    assert not any(each.closed for each in opened)


def test_only_those_used_last_wait(handles, opened, files):
    for path in (*files, files[2], files[1], files[0]):
        with handles.lent(path):
            pass
    # the first one was closed when the third came, and had to be opened again
    assert [each.path.name for each in opened] == ["a", "b", "c", "a"]
    assert [each.path.name for each in opened if not each.closed] == ["b", "a"]


def test_a_file_that_took_the_place_of_another_is_opened(handles, opened, files):
    with handles.lent(files[0]):
        pass
    files[1].replace(files[0])
    with handles.lent(files[0]):
        pass
    assert len(opened) == 2


def test_a_handle_that_failed_is_not_lent_again(handles, opened, files):
    with pytest.raises(ValueError, match="damaged"), handles.lent(files[0]):
        raise ValueError("damaged")
    assert opened[0].closed
    with handles.lent(files[0]) as handle:
        assert handle is opened[1]


def test_rasters_read_hold_no_more_files_open_than_wait(tmp_path: Path):
    grid = make_grid(16, 16)
    many = [
        write(tmp_path / f"{n}.tif", np.full((1, 16, 16), n, np.float32), grid, ["x"])
        for n in range(geotiff.WAITING + 4)
    ]
    for number, stored in enumerate(many):
        assert (stored.read() == number).all()
    assert len(geotiff._handles._waiting) == geotiff.WAITING
    read = StoredRaster(many[0].path)
    assert read.bands == ("x",)
    many[0].path.unlink()
    with pytest.raises(RasterError, match="no file"):
        read.read()
