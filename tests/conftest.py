"""Fixtures for every test: an empty workspace, a small scene, and every fitted method."""

import os
from pathlib import Path

import pytest

from core.scene import Scene
from tests.small import SUITED, make_scene

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the product at an empty workspace."""
    home = tmp_path / "home"
    monkeypatch.setenv("BANDWEAVE_HOME", str(home))
    return home


@pytest.fixture
def scene() -> Scene:
    return make_scene()


@pytest.fixture(params=SUITED, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def pairing(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Every method under every task it suits."""
    return request.param
