"""Imports go down only, no shelf imports its neighbour, and heavy libraries wait until needed."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
Floors = tuple[tuple[str, ...], ...]
"""From the bottom up: each entry may import what stands on a lower line, and of its own line only
itself."""
CORE: Floors = (
    ("errors", "registry"),
    ("storage", "logs"),
    ("settings",),
    ("raster",),
    ("problem",),
    ("tiling",),
    ("prepare", "transforms"),
    ("tasks", "methods", "metrics", "sources"),
    ("evaluation", "contracts"),
    ("display", "workspace"),
    ("running",),
    ("paper",),
    ("commands",),
    ("__main__",),
)
"""The shelves of core/, and the files that stand beside them."""
FAMILIES = ("references", "classical", "gap_filling", "networks")
PAPER: Floors = (("printed",), ("tables",), ("audit",))
"""Inside core/methods/ and core/paper/; what stands loose there is below its subfolders."""
PARTS = ("home", "imagery", "fuse", "runs", "sweeps", "compare", "metrics", "paper")
"""Pages that have a package of what they alone use."""


class Import(NamedTuple):
    by: str
    of: str
    early: bool
    """When the importing file is imported, not later in a function."""


def module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = ("bandweave", *parts[1:]) if parts[0] == "core" else parts
    return ".".join(parts).removesuffix(".__init__")


FILES = {
    module(path): path
    for path in (ROOT / "app.py", *ROOT.glob("core/**/*.py"), *ROOT.glob("pages/**/*.py"))
}


def imports(name: str, path: Path) -> Iterator[Import]:
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    late = {node for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(name, alias.name, node not in late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield Import(name, full if full in FILES else node.module, node not in late)


IMPORTS = [each for name, path in FILES.items() for each in imports(name, path)]


def within(prefix: str) -> Iterator[tuple[str, str, Import]]:
    """Yield what imports what, by their names under `prefix`, of imports that stay under it."""
    for each in IMPORTS:
        if each.by.startswith(prefix) and each.of.startswith(prefix):
            here, there = (name.removeprefix(prefix).split(".")[0] for name in each[:2])
            if here != there:
                yield here, there, each


def floor(floors: Floors, name: str) -> int:
    found = [number for number, names in enumerate(floors) if name in names]
    assert found, f"'{name}' has no place in the order"
    return found[0]


def test_core_imports_go_down_only():
    upward = [
        each
        for here, there, each in within("bandweave.")
        if floor(CORE, there) >= floor(CORE, here)
    ]
    assert not upward


def test_every_shelf_has_its_place():
    there = {path.stem for path in ROOT.glob("core/*") if path.suffix in ("", ".py")}
    assert there - {"__init__", "__pycache__"} == {name for names in CORE for name in names}


def test_families_of_methods_share_what_stands_beside_them():
    across = [each for _, there, each in within("bandweave.methods.") if there in FAMILIES]
    assert not across


def test_the_paper_goes_from_print_to_tables_to_audit():
    floors = (
        tuple(
            {name for *names, _ in within("bandweave.paper.") for name in names}
            - {name for names in PAPER for name in names}
        ),
        *PAPER,
    )
    upward = [
        each
        for here, there, each in within("bandweave.paper.")
        if floor(floors, there) > floor(floors, here)
    ]
    assert not upward


def test_what_one_page_alone_uses_stands_with_it():
    parts = {f"{page}_parts": {page, f"{page}_parts"} for page in PARTS}
    astray = [
        each for here, there, each in within("pages.") if here not in parts.get(there, {here})
    ]
    assert not astray
    used = {each.of for each in IMPORTS}
    for page in PARTS:
        own = {name for name in FILES if name.startswith(f"pages.{page}_parts.")}
        assert own and own <= used


def test_nothing_imports_in_a_circle():
    graph: dict[str, set[str]] = {name: set() for name in FILES}
    for each in IMPORTS:
        if each.of in FILES and each.of != each.by:
            graph[each.by].add(each.of)
    list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("library", ["streamlit", "pages"])
def test_core_knows_no_browser(library):
    assert not [
        each
        for each in IMPORTS
        if each.by.startswith("bandweave") and each.of.split(".")[0] == library
    ]


def test_tensorflow_waits_until_it_is_needed():
    heavy = ("tensorflow", "keras")
    assert not [each for each in IMPORTS if each.early and each.of.split(".")[0] in heavy]


def test_one_file_opens_geotiffs_warps_are_prepared_and_only_kernels_are_compiled():
    for name, path in FILES.items():
        text = path.read_text()
        assert "rasterio.open(" not in text or name == "bandweave.raster.geotiff"
        warps = "WarpedVRT" in text or "rasterio.warp import reproject" in text
        assert not warps or name.startswith("bandweave.prepare.")
        assert "import numba" not in text or name.endswith("_kernels")


EXECUTES = re.compile(
    r"\b(?:load_model|load_weights_from|from_config|pickle|cPickle|dill|cloudpickle|joblib|marshal"
    r"|shelve|safe_mode)\b|\.keras\b|allow_pickle=(?!False)|yaml\.|(?<![.\w])(?:eval|exec)\("
)
"""Ways in which what is stored, or was brought, could become code."""


def test_what_is_stored_is_read_as_data_and_never_executed():
    found = {name: EXECUTES.findall(path.read_text()) for name, path in FILES.items()}
    assert not {name: ways for name, ways in found.items() if ways}


def test_one_file_writes_tables_to_be_taken_away():
    writes = re.compile(r"(?m)^\s*import (?:csv|openpyxl)\b|\.to_(?:csv|excel)\(")
    found = {name for name, path in FILES.items() if writes.search(path.read_text())}
    assert found == {"bandweave.workspace.tables"}
