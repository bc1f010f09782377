"""What holds for every task: nothing that is scored is ever shown."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bandweave.contracts.requirement import require, require_equal
from bandweave.contracts.small_scene import make_scene, posed
from bandweave.errors import BandweaveError
from bandweave.methods import METHODS
from bandweave.problem import Feature, Flags, Problem, TrainingPair, Truth
from bandweave.raster.scene import Layer, Role, Scene, Unit
from bandweave.raster.virtual import MemoryRaster
from bandweave.tasks import TASKS

VALIDATION = 0.2
"""A common share of the blocks to validate in."""


def facts_are_given(key: str) -> None:
    """Key, label, description and source are stated; the methods it names suit it."""
    task = TASKS[key]
    require(task.key == key, f"Its key is '{task.key}', its entry '{key}'.")
    require(task.label and task.source, "It states no label or no source.")
    require(task.description.endswith("."), "Its description is no sentence.")
    for method in (task.reference, *task.suggested):
        why = METHODS[method].refusal(task)
        require(not why, f"It names '{method}', which makes no sense: {why}.")
    known = {name for each in METHODS.values() if each.suits(task) for name in each.presets}
    require(not task.preset or task.preset in known, f"No method has its preset '{task.preset}'.")
    require(task().values() == task.from_values(task().values()).values(), "Its defaults change.")


def scored(truth: Truth) -> Flags:
    """Return the pixels that are scored in some region."""
    found: Flags = np.any([flags.read()[0] == 1 for flags in truth.regions.values()], axis=0)
    return found


def something_is_known_and_something_scored(key: str) -> None:
    """There are pixels to learn from and pixels to score, and the bands are the problem's."""
    problem, truth, _ = posed(key)
    require(scored(truth).any(), "Nothing is scored.")
    require(len(truth.scales) == len(truth.reference.bands), "Scales are not one a band.")
    require(truth.reference.bands == problem.bands, "What is scored has other bands.")
    for pair in problem.pairs:
        require(pair.target.bands == problem.bands, "A training pair has other bands.")
        require(_learnable(pair).any(), "A training pair has nothing to learn from.")


def there_is_something_to_validate_with(key: str) -> None:
    """The split leaves pixels whose answer is known on both sides: to train, and to validate."""
    problem = posed(key).problem
    sides = problem.split.read(problem.inputs.grid.full, VALIDATION)
    for flags, verb in zip(sides, ("train", "validate"), strict=True):
        found = any((_learnable(pair) & flags).any() for pair in problem.pairs)
        require(found, f"Its split leaves nothing whose answer is known to {verb} with.")


def _learnable(pair: TrainingPair) -> Flags:
    learnable: Flags = pair.learnable.read()[0] == 1
    return learnable & np.isfinite(pair.target.read()).all(axis=0)


def what_is_scored_is_nowhere_shown(key: str) -> None:
    """Another image under the scored pixels leaves inputs and training pairs as they are."""
    offers = TASKS[key].offers
    if Feature.VISIBLE_ANSWER in offers or Feature.COARSE_IMAGE in offers:
        return
    scene = make_scene(seed=5)
    problem, truth, _ = TASKS[key]().pose(scene, 2)
    where = scored(truth)
    pixels = scene.optical.raster.read()
    changed = MemoryRaster(np.where(where, 7 - 3 * pixels, pixels), scene.grid, scene.optical.bands)
    again = TASKS[key]().pose(scene.adding(replace(scene.optical, raster=changed)), 2).problem
    for before, after in zip(_seen(problem), _seen(again), strict=True):
        require_equal(after, before, "What is scored shows in the inputs or in a training pair.")


def _seen(problem: Problem) -> list[np.ndarray]:
    inputs = [problem.inputs, *(pair.inputs for pair in problem.pairs)]
    layers = [layer.raster.read() for scene in inputs for layer in scene.layers]
    return [*layers, *(pair.target.read() for pair in problem.pairs)]


def truth_and_labels_never_reach_a_problem(key: str) -> None:
    """Neither inputs nor training pairs hold a layer of truth or of labels."""
    scene = make_scene()
    truth = replace(scene.optical, name="truth", role=Role.TRUTH)
    ones = MemoryRaster(np.ones((1, *scene.grid.shape), np.float32), scene.grid, ("class",))
    labels = Layer("labels", Role.LABELS, ones, Unit.CLASS, 10.0)
    problem, _, _ = TASKS[key]().pose(scene.adding(truth, labels), 0)
    for inputs in (problem.inputs, *(pair.inputs for pair in problem.pairs)):
        shown = [*inputs.all(Role.TRUTH), *inputs.all(Role.LABELS)]
        require(not shown, f"The problem holds {', '.join(layer.name for layer in shown)}.")


def what_cannot_be_asked_is_refused(key: str) -> None:
    """A scene without radar, or without a clear pixel, is refused in words."""
    scene = make_scene()
    lost = MemoryRaster(
        np.full((3, *scene.grid.shape), np.nan, np.float32), scene.grid, scene.optical.bands
    )
    for what, bad in (
        ("without radar", scene.without(Role.RADAR)),
        ("without a clear pixel", scene.adding(replace(scene.optical, raster=lost))),
    ):
        require(_refused(key, bad), f"A scene {what} is not refused.")


def _refused(key: str, scene: Scene) -> bool:
    try:
        TASKS[key]().pose(scene, 0)
    except BandweaveError as error:
        return bool(error.hint)
    return False


def the_seed_decides_what_is_scored(key: str) -> None:
    """The same seed scores the same pixels; another seed others, where the task says so."""
    first, same, other = (scored(TASKS[key]().pose(make_scene(), seed).truth) for seed in (1, 1, 2))
    require_equal(same, first, "The same seed scores other pixels.")
    drawn = bool((first != other).any())
    require(drawn == TASKS[key].drawn, f"It says that what is scored is drawn: {not drawn}.")


Contract = Callable[[str], None]
"""Takes a task's key."""
CONTRACTS: tuple[Contract, ...] = (
    facts_are_given,
    something_is_known_and_something_scored,
    there_is_something_to_validate_with,
    what_is_scored_is_nowhere_shown,
    truth_and_labels_never_reach_a_problem,
    what_cannot_be_asked_is_refused,
    the_seed_decides_what_is_scored,
)
