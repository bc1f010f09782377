"""What is asked of a run: one scene, task, method, configuration and seed, and whose model."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from bandweave.errors import RunError, UnknownNameError
from bandweave.methods import method_class
from bandweave.problem import Method, Plan, Task
from bandweave.raster.scene import Scene
from bandweave.settings import Value
from bandweave.storage.checked import checked
from bandweave.tasks import TASKS
from bandweave.tasks.selection import inputs_for

Use = Literal["apply", "start"]
APPLY: Use = "apply"
START: Use = "start"


@dataclass(frozen=True)
class Taken:
    """An earlier run's model, and what is done with it: nothing is learned, or training goes on."""

    run: str
    """An id of the workspace, or a run folder's path."""
    use: Use = APPLY


@dataclass(frozen=True)
class Request:
    """What is asked of a run; every setting is written out."""

    scene: str
    """An id of the library, or a scene folder's path."""
    task: str
    method: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    task_settings: Mapping[str, Value] = field(default_factory=dict)
    seed: int = 0
    label: str = ""
    fold: int | None = None
    model: Taken | None = None
    """The model to begin with; None: the method is fitted anew."""

    def __post_init__(self) -> None:
        """Refuse what cannot be run, and write out the settings that were left to default."""
        if type(self.seed) is not int or self.seed < 0:
            raise RunError(f"The seed cannot be {self.seed}.", "Give 0 or more.")
        if self.fold is not None and type(self.fold) is not int:
            raise RunError(f"The fold cannot be {self.fold}.", "Give a whole number, or none.")
        for name in ("scene", "label"):
            text = getattr(self, name)
            if not isinstance(text, str):
                raise RunError(f"The {name} cannot be {text}.", "Give its name.")
        object.__setattr__(self, "settings", self.configured_method.values())
        object.__setattr__(self, "task_settings", self.configured_task.values())
        object.__setattr__(self, "label", self.label or self.method)

    @property
    def configured_method(self) -> Method:
        """The method with its settings."""
        return method_class(self.method).from_values(self.settings)

    @property
    def configured_task(self) -> Task:
        """The task with its settings."""
        if self.task not in TASKS:
            raise UnknownNameError("task", self.task, TASKS)
        return TASKS[self.task].from_values(self.task_settings)

    def plan(self, scene: Scene) -> Plan:
        """Return what a run of this will train on a scene; `MethodError` where it cannot."""
        bands = str(self.task_settings.get("bands", "all"))
        return self.configured_method.plan(inputs_for(scene, bands))

    def equivalent_to(self, other: "Request") -> bool:
        """Whether both lead to the same result; what they are called does not matter."""
        names = (each.name for each in dataclasses.fields(self) if each.name != "label")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote; what is not a field was added by a later version."""
        names = {each.name for each in dataclasses.fields(cls)}
        known = {name: value for name, value in stored.items() if name in names}
        if known.get("model") is not None:
            known["model"] = checked(Taken, known["model"], longest=0)
        return cls(**known)


def references(requests: Sequence[Request]) -> tuple[Request, ...]:
    """Return the reference rows that a study of these, on one scene and task, needs beside them.

    Where what is scored is drawn from the seed, each seed has its own.
    """
    first = requests[0]
    task = TASKS[first.task]
    if task.reference in {request.method for request in requests}:
        return ()
    seeds = sorted({request.seed for request in requests})
    return tuple(
        Request(first.scene, first.task, task.reference, {}, first.task_settings, seed)
        for seed in (seeds if task.drawn else seeds[:1])
    )
