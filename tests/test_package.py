"""The product is one package under one name, in the checkout as where it is installed."""

import ast
import inspect
import json
import os
import subprocess
import sys
import textwrap
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import bandweave
from bandweave.__main__ import main
from bandweave.contracts.small_scene import make_scene

ROOT = Path(__file__).resolve().parents[1]


def run(*words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python in the checkout, where packages in `path` are installed too."""
    known = os.environ.get("PYTHONPATH", "")
    environment = os.environ | ({"PYTHONPATH": f"{path}{os.pathsep}{known}"} if path else {})
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
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


PUBLIC = (
    *("BandMetric", "BandweaveError", "Comparison", "Feature", "Fuser", "Grid", "Layer"),
    *("METHODS", "METRICS", "MemoryRaster", "Method", "Metric", "Problem", "Progress", "Raster"),
    *("Role", "SOURCES", "Scene", "Spectra", "SpectralMetric", "StoredRaster", "TASKS", "Task"),
    *("TrainingPair", "Truth", "Unit", "Window", "create", "evaluate", "fuse", "open_scene"),
    *("save_scene", "setting"),
)
SIGNATURES = {
    "create": "(path, grid, bands, *, flags=False, tags=None)",
    "evaluate": "(truth, fused, keys=None)",
    "fuse": "(fuser, problem, target, *, side=1024, report=unreported)",
    "open_scene": "(folder)",
    "save_scene": "(scene, folder)",
}
PROTOCOLS = {
    "Task": "pose withholds",
    "Method": "fit fit_on load parameters plan preset reach refusal step_pixels suits",
    "Fuser": "findings fuse moved prepare reads save",
    "Raster": "bands grid read",
}


def test_the_public_surface_is_frozen():
    assert sorted(bandweave.__all__) == list(PUBLIC) == dir(bandweave)
    tree = ast.parse(Path(bandweave.__file__).read_text())
    typed = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    typed_names = {alias.name for node in typed for alias in node.names} & set(PUBLIC)
    assert typed_names == set(PUBLIC), "what is loaded and what type checkers see is the same"
    for name in PUBLIC:
        assert inspect.getdoc(getattr(bandweave, name)), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        bandweave.nothing  # noqa: B018


@pytest.mark.parametrize(("name", "expected"), SIGNATURES.items())
def test_public_functions_take_what_they_took(name, expected):
    signature = inspect.signature(getattr(bandweave, name))
    plain = [
        each.replace(
            annotation=inspect.Parameter.empty,
            default=each.default
            if isinstance(each.default, int | None)
            else inspect.Parameter.empty,
        )
        for each in signature.parameters.values()
    ]
    words = str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty))
    assert words == expected.replace("=unreported", "")


@pytest.mark.parametrize(("name", "members"), PROTOCOLS.items())
def test_protocols_ask_for_what_they_asked(name, members):
    own = vars(getattr(bandweave, name))
    assert sorted(each for each in own if each[0] != "_" and callable_or_property(own[each])) == (
        members.split()
    )


def callable_or_property(member: object) -> bool:
    return isinstance(member, property | classmethod) or inspect.isfunction(member)


def test_the_example_runs(tmp_path):
    bandweave.save_scene(make_scene(), tmp_path / "scene")
    example = textwrap.dedent(bandweave.__doc__.split("asked for:\n")[1].split("\nThe folder")[0])
    names = {
        "bandweave": bandweave,
        "folder": tmp_path / "scene",
        "path": tmp_path / "fused.tif",
    }
    exec(compile(example, "example", "exec"), names)  # noqa: S102
    assert {score.metric for score in names["scores"]} == set(bandweave.METRICS)


ADDED = """
from dataclasses import dataclass
from typing import ClassVar
from bandweave import BandMetric, Comparison, Method
from bandweave.methods.references.copy import Copy, CopyFuser
import math

@dataclass(frozen=True)
class Echo(Copy):
    key: ClassVar[str] = "echo"
    label: ClassVar[str] = "Echo"

class LyingFuser(CopyFuser):
    def fuse(self, block):
        return block.radar.raster.read(bands=["VV"]).repeat(len(self.bands), axis=0)

@dataclass(frozen=True)
class Liar(Copy):
    key: ClassVar[str] = "liar"
    label: ClassVar[str] = "Liar"
    def fit(self, problem, report=None):
        return LyingFuser(problem.bands)
    def load(self, folder):
        return LyingFuser(("red", "green", "blue"))

def psnr(pair: Comparison) -> float:
    "Peak signal to noise ratio, 20 log10(L / RMSE), in dB: >>> psnr(...)"
    sums = pair.moments
    if not sums.pixels:
        return math.nan
    error = math.sqrt(sums.squared / sums.pixels)
    return 20 * math.log10(pair.data_range / error) if error else math.inf

WITHIN = (None, None)
@dataclass(frozen=True)
class Nameless(Echo):
    key: ClassVar[str] = "nameless"
    family: ClassVar[object] = None

@dataclass(frozen=True)
class Sulking(Echo):
    key: ClassVar[str] = "sulking"
    def parameters(self):
        raise RuntimeError("not today")

def broken(pair):
    raise RuntimeError("not today")

PSNR = BandMetric(
    "strange-psnr", "Peak noise", "higher", WITHIN, "dB", "Anybody", True, math.inf, psnr
)
BROKEN = BandMetric("broken", "Broken", "higher", WITHIN, "", "Anybody", True, 0.0, broken)
MOST = BandMetric("most", "Most", "max", WITHIN, "", "Anybody", True, 0.0, psnr)
"""
POINTS = {
    "methods": {
        "echo": "strange:Echo",
        "liar": "strange:Liar",
        "copy": "strange:Echo",
        "nameless": "strange:Nameless",
        "sulking": "strange:Sulking",
        "leaving": "leaving:Method",
    },
    "metrics": {
        "strange-psnr": "strange:PSNR",
        "absent": "strange:Nothing",
        "broken": "strange:BROKEN",
        "most": "strange:MOST",
        "echo": "strange:Echo",
    },
}


@pytest.fixture
def installed(tmp_path):
    """Install a package that adds a method, one that breaks contracts, and a metric."""
    (tmp_path / "strange.py").write_text(ADDED)
    (tmp_path / "leaving.py").write_text("raise SystemExit(3)")
    facts = tmp_path / "strange-1.2.dist-info"
    facts.mkdir()
    bandweave.save_scene(make_scene(), tmp_path / "scene")
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: strange\nVersion: 1.2\n")
    lines = []
    for group, points in POINTS.items():
        lines += [f"[bandweave.{group}]", *(f"{key} = {place}" for key, place in points.items())]
    (facts / "entry_points.txt").write_text("\n".join(lines))
    return tmp_path


SEVERAL = """
import json, sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from bandweave.__main__ import main
answers = []
for line in sys.argv[1:]:
    with redirect_stdout(StringIO()) as output, redirect_stderr(StringIO()) as errors:
        code = main(line.split())
    answers.append([code, output.getvalue(), errors.getvalue()])
print(json.dumps(answers))
"""


def commands(installed: Path, *lines: str) -> list[tuple[int, str, str]]:
    """Run commands beside what is installed; return each one's exit code, output and errors."""
    return json.loads(run("-c", SEVERAL, *lines, path=installed).stdout)


def test_what_a_package_adds_is_listed_marked_and_what_is_wrong_with_it_said(installed):
    fuse = f"fuse --scene {installed / 'scene'} --task reconstruct --method echo"
    (_, methods, _), (_, metrics, _), fused = commands(
        installed, "methods", "metrics", f"{fuse} --out {installed / 'out'}"
    )
    assert "Echo (strange)" in methods
    for group, key, why in (
        ("methods", "copy", "another one has this key"),
        ("methods", "nameless", "states no family"),
        ("methods", "sulking", "not today"),
        ("methods", "leaving", "3"),
        ("metrics", "most", "better cannot be 'max'"),
        ("metrics", "absent", "has no attribute 'Nothing'"),
        ("metrics", "echo", "no BandMetric"),
    ):
        (line,) = [each for each in methods.splitlines() if each.startswith(f"{group}/{key}")]
        assert "strange 1.2" in line and why in line
    assert "Peak noise (strange)" in metrics
    assert fused[0] == 0, fused[2]
    scores = json.loads((installed / "out" / "scores.json").read_text())
    assert {row["value"] for row in scores if row["metric"] == "broken"} == {None}


def test_what_a_package_adds_is_held_to_the_contracts(installed):
    sound, broken, everything = commands(
        installed, "check --method echo --metric strange-psnr", "check --method liar", "check"
    )
    assert sound[0] == 0, sound[2]
    assert "contracts hold for echo, strange-psnr" in sound[1]
    assert broken[0] == 1
    assert "liar, reconstruct, it reads the layers it names" in broken[2]
    assert everything[0] == 1 and "cannot all be used" in everything[2]


def test_without_packages_there_is_nothing_to_check(capsys):
    assert main(["check"]) == 0
    assert "No installed package adds" in capsys.readouterr().out
