"""What holds for every method under every task it suits, none exempt."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bandweave.contracts.requirement import require, require_equal
from bandweave.contracts.small_scene import fitted, make_scene, posed, quick
from bandweave.methods import METHODS
from bandweave.raster.grid import Pixels, Window
from bandweave.raster.virtual import DerivedRaster, MemoryRaster
from bandweave.tasks import TASKS
from bandweave.tiling import cut, fuse, fuse_block, padded

SIDES = (20, 32, 41)
"""Block sides in pixels: within the scene, none of them its own."""
WIDE = 200
"""Side in pixels of a scene so large that something lies beyond every halo."""
TOLERANCE = 1e-5
"""In reflectance: sums may be taken in another order in another block."""


def facts_are_given(_: str, key: str) -> None:
    """Key, label, family, formula, source and summary are stated; presets are possible."""
    method = METHODS[key]
    require(method.key == key, f"Its key is '{method.key}', its entry '{key}'.")
    for name in ("label", "family", "formula", "source", "summary"):
        require(getattr(method, name), f"It states no {name}.")
    require("\n" not in method.formula, "Its formula is longer than a line.")
    require(method.summary.endswith("."), "Its summary is no sentence.")
    for values in (*method.presets.values(), method.quick, method().values()):
        method.from_values(values)


def _whole(task: str, method: str, *, nan: bool = False) -> Pixels:
    problem, fuser = posed(task, nan=nan).problem, fitted(task, method, nan=nan)
    prepared = fuser.prepare(problem.inputs)
    return fuse_block(fuser, problem, prepared, prepared.grid.full)


@dataclass
class _InMemory:
    """What the tiler writes into, where no file is wanted."""

    pixels: Pixels

    def write(self, window: Window, pixels: Pixels) -> None:
        """Keep the pixels of a window."""
        self.pixels[(slice(None), *window.slices)] = pixels


def tiled_equals_whole(task: str, method: str) -> None:
    """A scene fused block by block is the scene fused as a whole."""
    problem, fuser = posed(task).problem, fitted(task, method)
    expected = _whole(task, method)
    for side in SIDES:
        target = _InMemory(np.full_like(expected, np.nan))
        fuse(fuser, problem, target, side=side)
        message = f"In blocks of {side} pixels it is not what it is as a whole."
        require_equal(target.pixels, expected, message, TOLERANCE)


def bands_are_those_wanted_and_finite(task: str, method: str) -> None:
    """The result has the wanted bands, float32, a finite number everywhere."""
    problem, result = posed(task).problem, _whole(task, method)
    require(result.dtype == np.float32, f"Its result is {result.dtype}, not float32.")
    bands = fitted(task, method).bands
    require(bands == problem.bands, f"It returns {bands}; {problem.bands} were wanted.")
    require(np.isfinite(result).all(), "Some of its pixels are no numbers.")


def visible_pixels_are_unchanged(task: str, method: str) -> None:
    """Where only hidden pixels are wanted, the visible ones are returned as they are."""
    hidden = posed(task).problem.hidden
    if hidden is not None:
        visible = hidden.raster.read()[0] == 0
        optical = posed(task).problem.inputs.optical.raster.read()
        found = _whole(task, method)[:, visible]
        require_equal(found, optical[:, visible], "It changes pixels that are visible.")


def no_data_stays_and_does_not_spread(task: str, method: str) -> None:
    """Pixels without data have none in the result, and no others."""
    problem = posed(task, nan=True).problem
    lost = np.isnan(problem.inputs.optical.raster.read()).any(axis=0)
    if problem.hidden is not None:
        lost &= problem.hidden.raster.read()[0] == 0
    found = np.isnan(_whole(task, method, nan=True)).any(axis=0)
    require_equal(found, lost, "It loses or makes up pixels without data.")


def loaded_is_as_saved(task: str, method: str) -> None:
    """A fuser read from where it was saved returns the same, to the bit."""
    problem, fuser = posed(task).problem, fitted(task, method)
    with tempfile.TemporaryDirectory() as folder:
        fuser.save(Path(folder))
        again = quick(method).load(Path(folder))
        window = Window(20, 24, 40, 36)
        found = fuse_block(again, problem, again.prepare(problem.inputs), window)
    expected = fuse_block(fuser, problem, fuser.prepare(problem.inputs), window)
    require_equal(found, expected, "Saved and loaded, it returns something else.")


def fitting_repeats_itself_and_changes_nothing(task: str, method: str) -> None:
    """The same problem and seed give the same fuser, to the bit; the inputs are left alone."""
    problem = posed(task).problem
    before = [layer.raster.read() for layer in problem.inputs.layers]
    again = quick(method).fit(problem)
    found = fuse_block(again, problem, again.prepare(problem.inputs), problem.inputs.grid.full)
    require_equal(found, _whole(task, method), "Fitted again, it returns something else.")
    for pixels, layer in zip(before, problem.inputs.layers, strict=True):
        require_equal(layer.raster.read(), pixels, f"Fitting changes the layer '{layer.name}'.")


def it_looks_no_farther_than_its_halo(task: str, method: str) -> None:
    """In one large block, what lies farther from a pixel than the halo changes nothing there."""
    fuser = fitted(task, method)
    reach = fuser.halo + fuser.stride
    window = Window(WIDE // 2, WIDE // 2, 4, 4)
    near = window.grown(reach)
    fits = 2 * reach < WIDE
    require(fits, f"It looks {fuser.halo} pixels far: give it quick settings that look less.")
    prepared = fuser.prepare(TASKS[task]().pose(make_scene(WIDE, WIDE), 3).problem.inputs)
    block = cut(prepared, padded(prepared.grid.full, 0, fuser.stride))
    expected = fuser.fuse(block)[(slice(None), *window.slices)]
    far = np.ones(block.grid.shape, bool)
    far[near.slices] = False
    changed = block
    for layer in block.layers:
        pixels = np.where(far, np.float32(0.5), layer.raster.read())
        raster = MemoryRaster(pixels, block.grid, layer.bands)
        changed = changed.adding(replace(layer, raster=raster))
    found = fuser.fuse(changed)[(slice(None), *window.slices)]
    require_equal(found, expected, f"It looks farther than its halo of {fuser.halo} pixels.")


@dataclass(frozen=True, eq=False)
class _Watched(DerivedRaster):
    """A raster that notes that it is read."""

    read_from: list[str]
    name: str

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the base's pixels."""
        self.read_from.append(self.name)
        return self.base.read(window, bands)


def it_reads_the_layers_it_names(task: str, method: str) -> None:
    """A block is fused from the layers that `reads` names, and from each of them."""
    problem, fuser = posed(task).problem, fitted(task, method)
    prepared = fuser.prepare(problem.inputs)
    named = {layer.name for layer in fuser.reads(prepared)}
    outer = padded(Window(20, 24, 40, 36), fuser.halo, fuser.stride)
    block = cut(prepared, outer)
    read_from: list[str] = []
    watched = (
        replace(layer, raster=_Watched(layer.raster, read_from, layer.name))
        for layer in block.layers
    )
    fuser.fuse(replace(block, layers=tuple(watched)))
    found = set(read_from)
    require(found == named, f"It names the layers {sorted(named)} and reads {sorted(found)}.")


def it_moves_to_another_scene(task: str, method: str) -> None:
    """For another scene it is finite there, in blocks as in one, and sees nothing hidden there."""
    scene, fuser = make_scene(seed=1), fitted(task, method)
    problem = TASKS[task]().pose(scene, 4).problem
    found = _InMemory(np.full((len(problem.bands), *scene.grid.shape), np.nan, np.float32))
    moved = fuser.moved(problem)
    fuse(moved, problem, found)
    require(np.isfinite(found.pixels).all(), "On another scene some of its pixels are no numbers.")
    if moved is fuser:  # nothing was learned there, and blocks are the others' to hold to
        return
    other = problem
    if problem.hidden is not None:
        pixels = scene.optical.raster.read()
        pixels += np.float32(0.2) * (problem.hidden.raster.read() == 1)
        raster = MemoryRaster(pixels, scene.grid, scene.optical.bands)
        changed = scene.adding(replace(scene.optical, raster=raster))
        other = TASKS[task]().pose(changed, 4).problem
    again = _InMemory(np.full_like(found.pixels, np.nan))
    fuse(fuser.moved(other), other, again, side=SIDES[0])
    message = "On another scene it is not the same in blocks, or sees what is hidden there."
    require_equal(again.pixels, found.pixels, message, TOLERANCE)


Contract = Callable[[str, str], None]
"""Takes the keys of a task and of a method that suits it."""
CONTRACTS: tuple[Contract, ...] = (
    facts_are_given,
    bands_are_those_wanted_and_finite,
    tiled_equals_whole,
    visible_pixels_are_unchanged,
    no_data_stays_and_does_not_spread,
    loaded_is_as_saved,
    fitting_repeats_itself_and_changes_nothing,
    it_looks_no_farther_than_its_halo,
    it_reads_the_layers_it_names,
    it_moves_to_another_scene,
)
