"""Following CONTRIBUTING to the letter works: one file and one line each; every contract holds."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
FILES = dict(re.findall(r"^`(core/\S+\.py)`\n```python\n(.*?)^```$", TEXT, flags=re.M | re.S))
LINES = re.findall(r"^In `(core/\S+/__init__\.py)`: `(.+)`$", TEXT, flags=re.M)


@pytest.fixture(scope="module")
def followed(tmp_path_factory) -> Path:
    """Return a copy of the package in which every recipe has been followed."""
    copy = tmp_path_factory.mktemp("checkout")
    # compiled loops come along: they know their source by its time
    shutil.copytree(ROOT / "core", copy / "bandweave")
    shutil.copy(ROOT / "README.md", copy)
    for (place, code), (shelf, line) in zip(FILES.items(), LINES, strict=True):
        target = copy / place.replace("core", "bandweave", 1)
        if target.exists():  # somebody has followed the recipe in earnest
            continue
        target.write_text(code)
        registry = copy / shelf.replace("core", "bandweave", 1)
        before, listed, after = registry.read_text().rpartition("    },\n")
        registry.write_text(f"{before}        {line}\n{listed}{after}")
    return copy


def ran(copy: Path, *words: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(copy)}
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=copy, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_is_a_recipe_for_each():
    shelves = [place.split("/")[1] for place, _ in LINES]
    assert sorted(shelves) == ["methods", "metrics", "sources", "tasks"]
    assert [place.split("/")[1] for place in FILES] == shelves


def test_what_was_added_keeps_every_contract(followed):
    added = ("--method", "multiplicative", "--metric", "nrmse", "--task", "strips")
    assert "contracts hold" in ran(followed, "bandweave", "check", *added)


def test_the_command_brings_the_readme_up_to_date(followed):
    ran(followed, "bandweave", "readme", "README.md")
    written = (followed / "README.md").read_text()
    for key in ("multiplicative", "nrmse", "strips", "flat"):
        assert f"| `{key}` |" in written
    assert "| `brovey` |" in written


def test_the_source_makes_a_scene_and_the_example_in_the_docstring_is_right(followed):
    code = "from bandweave import SOURCES; assert SOURCES['flat']().make().simulated"
    subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(followed)},
        cwd=followed,
        check=True,
    )
    ran(followed, "doctest", "bandweave/metrics/nrmse.py")


def test_the_recipes_are_written_as_the_project_is(followed):
    files = [str(followed / place.replace("core", "bandweave", 1)) for place in FILES]
    for words in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
        ran(followed, "ruff", *words, "--config", str(ROOT / "pyproject.toml"), *files)
