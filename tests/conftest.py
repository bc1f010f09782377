"""Fixtures for every test: an empty workspace, scenes small and real, every fitted method."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from bandweave.contracts.small_scene import make_scene, suited
from bandweave.raster.scene import Scene

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# the same cases every time, however slow the machine: what a test found stays found
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, max_examples=60, database=None
)
settings.load_profile("repeatable")
TEST_DATA = "BANDWEAVE_TEST_DATA"

LONGEST = ("test_engine.py", "test_imagery.py", "test_spain.py", "test_fuse.py")
"""Files that begin first: one that began last would keep one core busy and the others waiting."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; the others, and the browser's, keep their order."""
    items.sort(key=lambda item: item.path.name not in LONGEST or "browser" in item.keywords)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the product at an empty workspace."""
    home = tmp_path / "home"
    monkeypatch.setenv("BANDWEAVE_HOME", str(home))
    return home


@pytest.fixture
def scene() -> Scene:
    return make_scene()


@pytest.fixture(params=suited(), ids=lambda pair: f"{pair[0]}-{pair[1]}")
def pairing(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Every method under every task it suits."""
    return request.param


@pytest.fixture
def test_data() -> Path:
    """Return the folder of real imagery, or skip the test saying what is missing."""
    stated = os.environ.get(TEST_DATA)
    if not stated:
        pytest.skip(f"real imagery is needed: set {TEST_DATA} to its folder")
    folder = Path(stated)
    if not folder.is_dir():
        pytest.skip(f"{TEST_DATA} names {folder}, which is not a folder")
    return folder
