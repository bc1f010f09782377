"""The product is one package under one name, in the checkout as where it is installed."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import bandweave

ROOT = Path(__file__).resolve().parents[1]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_folder_is_the_package_and_has_no_second_name():
    assert Path(bandweave.__file__).resolve() == ROOT / "core" / "__init__.py"
    refused = run("-c", "import core.raster.grid")
    assert refused.returncode == 1
    assert "import it by that name" in refused.stderr


def test_one_command_line_under_all_its_names():
    script = entry_points(group="console_scripts")["bandweave"]
    assert script.value == "bandweave.__main__:main"
    shown = [run("-m", name, "tasks", "--json").stdout for name in ("bandweave", "core")]
    assert shown[0] == shown[1] != ""
