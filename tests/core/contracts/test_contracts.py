"""A contract that cannot be broken holds nobody: each is seen to catch what breaks it."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from bandweave.contracts import methods, metrics, tasks
from bandweave.contracts.requirement import ContractError, require_equal
from bandweave.contracts.small_scene import fitted, posed
from bandweave.methods import METHODS
from bandweave.methods.references.copy import Copy, CopyFuser
from bandweave.metrics import METRICS
from bandweave.problem import Fuser
from bandweave.raster.scene import Role
from bandweave.raster.virtual import FlagRaster
from bandweave.tasks import TASKS
from bandweave.tasks.gap import Gap


class Faulty(CopyFuser):
    """Copies the image, but for one fault."""

    def __init__(self, bands, fault):
        super().__init__(bands)
        self.fault = fault
        if fault == "bands":
            self.bands = bands[::-1]

    def prepare(self, inputs, report=None):
        if self.fault == "changes inputs":
            inputs.radar.raster.array[:] += 1
        return inputs

    def moved(self, problem, report=None):
        faults = {"moves badly": "loses", "moves blockwise": "of its block"}
        return Faulty(self.bands, faults.get(self.fault, self.fault))

    def reads(self, prepared):
        return prepared.layers if self.fault == "names more" else super().reads(prepared)

    def fuse(self, block):
        pixels = super().fuse(block)
        if self.fault == "looks far":
            return pixels + np.roll(pixels, 9, axis=2)
        if self.fault == "of its block":
            return pixels - pixels.mean()
        if self.fault == "loses":
            pixels[:, ::7] = np.nan
        if self.fault == "makes up":
            return np.nan_to_num(pixels)
        if self.fault == "double":
            return pixels.astype(float)
        if self.fault == "random":
            return pixels + np.random.default_rng().normal(0, 1e-3, pixels.shape).astype("f4")
        return pixels


@dataclass(frozen=True)
class Tried(Copy):
    key: ClassVar[str] = "tried"
    fault: ClassVar[str] = ""
    forgets: ClassVar[bool] = False

    def fit(self, problem, report=None) -> Fuser:
        if self.fault == "learns differently":
            return Faulty(problem.bands, "random")
        return Faulty(problem.bands, self.fault)

    def load(self, folder) -> Fuser:
        return Faulty(super().load(folder).bands, "of its block" if self.forgets else self.fault)


BROKEN = [
    (methods.facts_are_given, {"summary": "No sentence"}, "no sentence"),
    (methods.facts_are_given, {"formula": "two\nlines"}, "longer than a line"),
    (methods.facts_are_given, {"source": ""}, "no source"),
    (methods.bands_are_those_wanted_and_finite, {"fault": "bands"}, "were wanted"),
    (methods.bands_are_those_wanted_and_finite, {"fault": "loses"}, "no numbers"),
    (methods.bands_are_those_wanted_and_finite, {"fault": "double"}, "float64"),
    (methods.tiled_equals_whole, {"fault": "of its block"}, "In blocks of 20 pixels"),
    (methods.tiled_equals_whole, {"fault": "looks far"}, "In blocks of 20 pixels"),
    (methods.no_data_stays_and_does_not_spread, {"fault": "loses"}, "makes up pixels"),
    (methods.loaded_is_as_saved, {"forgets": True}, "Saved and loaded"),
    (methods.fitting_repeats_itself_and_changes_nothing, {"fault": "random"}, "Fitted again"),
    (methods.fitting_repeats_itself_and_changes_nothing, {"fault": "changes inputs"}, "'radar'"),
    (methods.it_looks_no_farther_than_its_halo, {"fault": "looks far"}, "halo of 0"),
    (methods.it_reads_the_layers_it_names, {"fault": "names more"}, "and reads"),
    (methods.it_moves_to_another_scene, {"fault": "moves badly"}, "On another scene some"),
    (methods.it_moves_to_another_scene, {"fault": "moves blockwise"}, "not the same in blocks"),
]


@pytest.fixture
def tried(monkeypatch):
    """Register a method that copies, with faults."""
    # what is fitted once a process would hide that the method has changed
    monkeypatch.setattr(methods, "fitted", fitted.__wrapped__)

    def register(**faults):
        monkeypatch.setitem(METHODS, "tried", type("Tried", (Tried,), faults))

    return register


@pytest.mark.parametrize(("contract", "faults", "message"), BROKEN)
def test_a_broken_method_is_caught(contract, faults, message, tried):
    tried()
    contract("reconstruct", "tried")
    tried(**faults)
    with pytest.raises(ContractError, match=message):
        contract("reconstruct", "tried")


def test_what_is_caught_says_where_and_what():
    found = np.zeros((2, 3, 4))
    found[1, 2, 0] = 0.5
    message = (
        r"It differs\. 4\.2% of the values differ, the first at \(1, 2, 0\): 0\.5 instead of 0"
    )
    with pytest.raises(ContractError, match=message):
        require_equal(found, np.zeros((2, 3, 4)), "It differs.")
    with pytest.raises(ContractError, match=r"shape is \(2, 3, 4\), not \(1,\)"):
        require_equal(found, [0], "It differs.")
    require_equal([np.nan, 1.0], [np.nan, 1.0 + 1e-6], "It differs.", within=1e-5)


def rmse(pair):
    """Root mean square error."""
    return METRICS["rmse"].function(pair)


def counted(pair):
    """Something undefined that says 0."""
    found = rmse(pair)
    return 0.0 if math.isnan(found) else found


def careless(pair):
    """Something that reads what is not valid."""
    return float(np.nanmean(np.abs(pair.estimate))) if pair.moments.pixels else math.nan


def spoils(pair):
    """Something that changes what it is given."""
    pair.estimate.base.flags.writeable = True
    pair.estimate.base[:] = 0
    return 0.0


@pytest.mark.parametrize(
    ("contract", "changes", "message"),
    [
        (metrics.facts_are_given, {"source": ""}, "no label or no source"),
        (metrics.facts_are_given, {"perfect": None}, "perfect copy"),
        (metrics.facts_are_given, {"needs_reference": False, "perfect": None}, "noise raises"),
        (metrics.it_is_a_float_within_its_range, {"range": (0.0, 1e-3)}, "outside its range"),
        (metrics.it_is_a_float_within_its_range, {"function": lambda _: 1}, "returns int"),
        (metrics.a_copy_is_perfect, {"perfect": 1.0}, "A copy has 0, not 1"),
        (metrics.nothing_to_compare_is_nan, {"function": counted}, "nothing to compare"),
        (metrics.what_is_not_valid_does_not_matter, {"function": careless}, "It reads"),
        (metrics.the_reference_is_read_where_it_is_needed, {"function": careless}, "not read"),
        (metrics.inputs_are_left_alone, {"function": spoils}, "changes what it is given"),
        (
            metrics.full_masks_change_nothing,
            {"function": lambda pair: float(len(pair.valid))},
            "mask of everything",
        ),
        (
            metrics.precision_and_layout_do_not_matter,
            {"function": lambda pair: float(pair.estimate.itemsize)},
            "where it was",
        ),
    ],
)
def test_a_broken_metric_is_caught(contract, changes, message, monkeypatch):
    monkeypatch.setitem(METRICS, "tried", replace(METRICS["rmse"], key="tried"))
    contract("tried")
    monkeypatch.setitem(METRICS, "tried", replace(METRICS["rmse"], key="tried", **changes))
    with pytest.raises(ContractError, match=message):
        contract("tried")


def leaking(posed, scene):
    """A problem whose inputs are not withheld."""
    return posed._replace(problem=replace(posed.problem, inputs=scene))


def telling(posed, scene):
    """A problem whose training pair knows what is scored."""
    pair = replace(posed.problem.known, target=scene.optical.raster)
    return posed._replace(problem=replace(posed.problem, pairs=(pair,)))


def blind(posed, scene):
    """A problem whose training pair has nothing to learn from."""
    nothing = FlagRaster(np.zeros(scene.grid.shape, bool), scene.grid, "nothing")
    pair = replace(posed.problem.known, learnable=nothing)
    return posed._replace(problem=replace(posed.problem, pairs=(pair,)))


def unvalidated(posed, scene):
    """A problem that holds out the blocks which methods would validate in."""
    held, _ = posed.problem.split.read(scene.grid.full, 0.5)
    pairs = tuple(
        replace(pair, learnable=FlagRaster(held & (pair.learnable.read()[0] == 1), scene.grid, "l"))
        for pair in posed.problem.pairs
    )
    return posed._replace(problem=replace(posed.problem, pairs=pairs))


def labelled(posed, scene):
    """A problem with everything the scene has."""
    extra = (*scene.all(Role.TRUTH), *scene.all(Role.LABELS))
    inputs = posed.problem.inputs.adding(*extra)
    return posed._replace(problem=replace(posed.problem, inputs=inputs))


def tried_task(spoil=None, lenient=False, **facts):
    class TriedTask(Gap):
        key: ClassVar[str] = "tried"

        def pose(self, scene, seed):
            if lenient and not scene.all(Role.RADAR):
                return None
            posed = super().pose(scene, seed)
            return spoil(posed, scene) if spoil else posed

    return type("TriedTask", (TriedTask,), facts)


@pytest.mark.parametrize(
    ("contract", "changes", "message"),
    [
        (tasks.facts_are_given, {"description": "No sentence"}, "no sentence"),
        (tasks.facts_are_given, {"reference": "copy"}, "'copy', which makes no sense"),
        (tasks.facts_are_given, {"preset": "none"}, "No method has its preset"),
        (tasks.something_is_known_and_something_scored, {"spoil": blind}, "nothing to learn from"),
        (tasks.there_is_something_to_validate_with, {"spoil": unvalidated}, "to validate with"),
        (tasks.what_is_scored_is_nowhere_shown, {"spoil": leaking}, "shows in the inputs"),
        (tasks.what_is_scored_is_nowhere_shown, {"spoil": telling}, "shows in the inputs"),
        (tasks.truth_and_labels_never_reach_a_problem, {"spoil": labelled}, "holds truth, labels"),
        (tasks.what_cannot_be_asked_is_refused, {"lenient": True}, "without radar is not refused"),
        (tasks.the_seed_decides_what_is_scored, {"drawn": False}, "drawn: False"),
    ],
)
def test_a_broken_task_is_caught(contract, changes, message, monkeypatch):
    monkeypatch.setattr(tasks, "posed", posed.__wrapped__)
    monkeypatch.setitem(TASKS, "tried", tried_task())
    contract("tried")
    monkeypatch.setitem(TASKS, "tried", tried_task(**changes))
    with pytest.raises(ContractError, match=message):
        contract("tried")
