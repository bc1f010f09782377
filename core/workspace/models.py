"""What a finished run's model was fitted to, and where else it makes sense.

`fitted.json` stands beside what the method itself keeps. A model goes to scenes whose images have
the same bands, units and native resolution, in pixels of the same size: what it learned is counted
in them. Its score stays behind. Where what is scored is drawn from the seed, a model that has
learned from the same image under another draw may have seen the answer: it is not scored there.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bandweave.errors import RunError
from bandweave.methods import METHODS, method_class
from bandweave.prepare.alignment import WGS84, Bounds, beside, extent, intersection, is_empty
from bandweave.problem import Problem
from bandweave.raster.scene import Layer, Scene
from bandweave.storage.checked import checked
from bandweave.storage.durable import put
from bandweave.storage.versions import FITTED
from bandweave.tasks import TASKS
from bandweave.tasks.selection import inputs_for
from bandweave.workspace.request import APPLY, START, Request
from bandweave.workspace.run_folders import MODEL, Run, State, open_run

SAME = 0.05
"""Share by which pixel sizes may differ and be one: metres a pixel vary a little over the globe."""
LONGEST = 4096
"""Entries of one list of a description."""
ELSEWHERE = "Choose a scene with the same kind of images, or fit the method there."


@dataclass(frozen=True)
class Image:
    """An optical or radar layer as methods are given it."""

    role: str
    bands: tuple[str, ...]
    unit: str
    calibration: str
    native_resolution: float
    """Metres."""

    @classmethod
    def of(cls, layer: Layer) -> "Image":
        """Describe a layer."""
        facts = str(layer.unit), layer.calibration, float(layer.native_resolution)
        return cls(str(layer.role), layer.bands, *facts)

    def unlike(self, here: "Image") -> str:
        """Say how an image differs from the one of another scene; nothing where it does not."""
        name = f"{self.role} imagery"
        ours, theirs = (f"{', '.join(each.bands)} in {each.unit}" for each in (self, here))
        if ours != theirs:
            return f"it was fitted to {name} of {ours}; here it is {theirs}"
        if self.calibration != here.calibration and self.calibration and here.calibration:
            return f"it was fitted to {name} as {self.calibration}; here it is {here.calibration}"
        native = f"{name} of {{:g}} m native resolution"
        return _apart(native, self.native_resolution, here.native_resolution)


@dataclass(frozen=True)
class Seen:
    """A scene that a model has learned from."""

    run: str
    """The run that learned."""
    scene: str
    """The scene's name."""
    question: str
    """Scene, task settings and seed: they decide what was hidden."""
    image: str
    """The optical image's date, and the seed it was simulated with, as far as they are known."""
    box: tuple[float, ...]
    """West, south, east and north in degrees; empty where that is not known."""

    def __post_init__(self) -> None:
        """Refuse a box that is none."""
        if len(self.box) not in (0, 4):
            raise ValueError("its box has other than four sides")

    @classmethod
    def of(cls, run_id: str, request: Request, scene: Scene) -> "Seen":
        """Describe what a run learns from on a scene."""
        asked = [request.scene, dict(request.task_settings), request.seed]
        image = f"{scene.optical.date or ''} {scene.facts.get('seed', '')}".strip()
        box = extent(scene.grid, WGS84)
        placed = box if all(map(math.isfinite, box)) else ()
        return cls(run_id, scene.name, json.dumps(asked, sort_keys=True), image, placed)

    def tells(self, here: "Seen") -> bool:
        """Whether it may have shown what is hidden here: the same image, others of it hidden.

        Images are apart where dates or places say so; what does not say may be the same.
        """
        apart = self.image != here.image and self.image and here.image
        if self.question == here.question or apart:
            return False
        if not (self.box and here.box):
            return True
        ours, theirs = _bounds(self.box), _bounds(here.box)
        return not is_empty(intersection((theirs, beside(ours, theirs))))


@dataclass(frozen=True)
class Fitted:
    """What a model was fitted to."""

    method: str
    task: str
    pixel: float
    """Side of the scene's pixels in metres."""
    given: float
    """Native resolution in metres of the optical image that the task gave."""
    optical: Image
    """Cut to the bands that were asked for."""
    radar: Image
    seen: tuple[Seen, ...]
    """What it has learned from; first the scene it is named after."""

    def __post_init__(self) -> None:
        """Refuse a model that has learned from nothing."""
        if not self.seen:
            raise ValueError("it names no scene")

    @classmethod
    def of(cls, run: Run, scene: Scene, problem: Problem) -> "Fitted":
        """Describe what a run on a scene, posed as `problem`, learns from."""
        request, inputs = run.request, _inputs(run.request, scene)
        seen = Seen.of(run.id, request, scene)
        pixel, given = inputs.grid.resolution, problem.inputs.optical.native_resolution
        images = Image.of(inputs.optical), Image.of(inputs.radar)
        return cls(request.method, request.task, pixel, given, *images, (seen,))

    @property
    def origin(self) -> Seen:
        """The run and the scene it is named after."""
        return self.seen[0]

    def misfit(self, request: Request, scene: Scene, problem: Problem | None = None) -> str:
        """Say why it makes no sense for a request on a scene; nothing where it does.

        Compared are the images that every method is given; what one takes besides, such as earlier
        dates, it looks for itself. Once the task is posed, what that gives is compared as well.
        """
        if self.task != request.task:
            learned, asked = (_task_label(key) for key in (self.task, request.task))
            return f"it learned to “{learned}”, not to “{asked}”"
        inputs = _inputs(request, scene)
        given = problem.inputs.optical.native_resolution if problem else self.given
        return (
            self.optical.unlike(Image.of(inputs.optical))
            or self.radar.unlike(Image.of(inputs.radar))
            or _apart("pixels of {:g} m", self.pixel, inputs.grid.resolution)
            or _apart("an image given at {:g} m", self.given, given)
        )

    def told(self, here: Seen) -> str:
        """Say why it cannot be scored on what is hidden here; nothing where it can."""
        if not TASKS[self.task].drawn:
            return ""
        for each in self.seen:
            if each.tells(here):
                return (
                    f"The model has learned from {each.scene} (run {each.run}), by date and place "
                    "the same image: pixels that are hidden here were visible there."
                )
        return ""


def words(result: Mapping[str, Any]) -> list[str]:
    """Return what a run's result says of a model that it took, and why it has no scores."""
    run, scene = result.get("model_from"), result.get("model_scene")
    said = []
    if scene and result.get("model_use") == START:
        said.append(f"Training went on from the model of run {run}, fitted to {scene}.")
    elif scene:
        said.append(f"The model of run {run}, fitted to {scene}, was applied.")
    if reason := result.get("not_scored"):
        said.append(f"Not scored here. {reason}")
    return said


def named(result: Mapping[str, Any]) -> str:
    """Return in few words whose model a run's result is of; nothing where it is its own."""
    how = "trained on from" if result.get("model_use") == START else "model of"
    return f"{how} {result['model_scene']}" if "model_scene" in result else ""


class Model(NamedTuple):
    """A finished run's model."""

    run: Run
    fitted: Fitted


def write_fitted(folder: Path, fitted: Fitted) -> None:
    """Write the description into a model's folder; raises `OSError`."""
    put(folder / FITTED.file, json.dumps(FITTED.stamped(asdict(fitted)), indent=1))


def model_of(run: Run) -> Model:
    """Return the model of a finished run; `RunError` where there is none that can be taken."""
    state = run.status().state
    if state is not State.DONE:
        raise RunError(f"The run {run.id} is {state}: it has no model.", "Choose a finished one.")
    try:
        stored = FITTED.read(run.folder / MODEL)
        fitted = checked(Fitted, stored, LONGEST) if stored else None
    except ValueError as error:
        raise RunError(
            f"What the model of {run.id} was fitted to cannot be read: {error}.", "Fit it again."
        ) from error
    if fitted is None:
        raise RunError(
            f"The run {run.id} does not say what its model was fitted to: an earlier version made "
            "it, or its model is gone.",
            "Fit it again: start the run anew.",
        )
    return Model(run, fitted)


def taken_model(
    request: Request,
    scene: Scene,
    problem: Problem | None = None,
    opened: Callable[[str], Run] = open_run,
) -> Model | None:
    """Return the model that a request takes, None where it takes none.

    `RunError` where there is none like that, or where it does not go with the request's method,
    settings, task, or scene.
    """
    if request.model is None:
        return None
    model = model_of(opened(request.model.run))
    run_id, method = model.run.id, method_class(request.method)
    if model.run.request.method != request.method:
        fitted = method_class(model.run.request.method).label
        raise RunError(
            f"The model of {run_id} is one of {fitted}, not of {method.label}.",
            "Leave the method out, or fit it anew.",
        )
    if request.model.use == START and not method.continues:
        raise RunError(
            f"{method.label} does not train in steps: there is nothing to go on from.",
            "Apply the model, or fit the method anew.",
        )
    if request.model.use == APPLY:
        _require_same_settings(model.run.request, request)
    if misfit := model.fitted.misfit(request, scene, problem):
        raise RunError(f"The model of {run_id} does not fit {scene.name}: {misfit}.", ELSEWHERE)
    return model


def _require_same_settings(fitted: Request, request: Request) -> None:
    """Refuse other settings than the model was fitted with, where they decide what is learned."""
    method = METHODS[request.method]
    for each in method.settings():
        had, asked = fitted.settings[each.name], request.settings[each.name]
        if had != asked and each.name not in method.applied:
            free = ", ".join(method.applied) or "none"
            raise RunError(
                f"The model was fitted with {each.name} {had}, not {asked}.",
                f"An applied model keeps its settings; these may differ: {free}.",
            )


def _inputs(request: Request, scene: Scene) -> Scene:
    return inputs_for(scene, str(request.task_settings.get("bands", "all")))


def _task_label(key: str) -> str:
    return TASKS[key].label if key in TASKS else key


def _apart(what: str, fitted: float, here: float) -> str:
    """Say that two lengths in metres differ; nothing where they are as good as one."""
    if abs(fitted - here) <= SAME * fitted:
        return ""
    return f"it was fitted to {what.format(fitted)}; here it is {here:g} m"


def _bounds(box: tuple[float, ...]) -> Bounds:
    west, south, east, north = box
    return west, south, east, north
