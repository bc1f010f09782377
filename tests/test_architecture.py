"""Imports go down only, no shelf imports another, and heavy libraries wait until needed."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GROUND = {"grid", "derived", "raster", "handles", "settings"} | {
    *("workspace", "json_file", "memory", "worker"),
}
POSED = {"problem", "blocks", "progress"}
KEPT = {"evaluate", "request", "runs", "studies", "execution", "library"} | {
    *("display", "mercator", "composed", "profile", "warmup", "reuse"),
}
FLOORS = [GROUND, POSED, KEPT]
"""Levels whose members may import each other."""
ORDER = [
    {"errors"},
    GROUND,
    {"scene"},
    POSED,
    {"prepare", "transforms"},
    {"tasks", "methods", "metrics", "sources"},
    KEPT,
    {"engine", "report", "paper"},
    {"commands"},
    {"__main__"},
]
"""From the bottom up; what stands together on one level is a shelf each, or one floor."""
LEVEL = {name: level for level, names in enumerate(ORDER) for name in names}
FILES = sorted(ROOT.glob("core/**/*.py"))
PAGES = [ROOT / "app.py", *sorted(ROOT.glob("pages/**/*.py"))]


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield every imported module, and whether it is imported when the file is."""
    tree = ast.parse(path.read_text())
    late = {
        node
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        early = node not in late
        if isinstance(node, ast.Import):
            yield from ((alias.name, early) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, early
            if node.module == "core":
                yield from ((f"core.{alias.name}", early) for alias in node.names)


def part(path: Path) -> str:
    inside = path.relative_to(ROOT / "core")
    return inside.parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_core_imports_go_down_only(path: Path):
    here = part(path)
    if here == "__init__":
        return
    assert here in LEVEL, f"core/{here} has no place in the order"
    for module, _ in imports(path):
        if not module.startswith("core."):
            continue
        there = module.split(".")[1]
        together = any({here, there} <= floor for floor in FLOORS)
        assert there == here or together or LEVEL[there] < LEVEL[here], (
            f"{here} must not import {there}"
        )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_core_knows_no_browser(path: Path):
    assert not {m for m, _ in imports(path) if m.split(".")[0] in ("streamlit", "pages")}


@pytest.mark.parametrize("path", FILES + PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_tensorflow_waits_until_it_is_needed(path: Path):
    heavy = {
        m for m, early in imports(path) if early and m.split(".")[0] in ("tensorflow", "keras")
    }
    assert not heavy


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_raster_opens_files(path: Path):
    text = path.read_text()
    if path.name != "raster.py":
        assert "rasterio.open(" not in text
    if part(path) != "prepare":
        assert "WarpedVRT" not in text
        assert "rasterio.warp import reproject" not in text
