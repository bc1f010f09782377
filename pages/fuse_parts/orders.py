"""What one click on Start asks for: runs, their reference rows, and the same as commands."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bandweave.methods import METHODS
from bandweave.running import engine
from bandweave.settings import Value
from bandweave.tasks import TASKS
from bandweave.workspace.request import Request, references
from bandweave.workspace.run_folders import Run
from pages.shared.running.estimate import duration


@dataclass(frozen=True)
class Order:
    """Runs asked for together."""

    requests: tuple[Request, ...]

    @property
    def references(self) -> tuple[Request, ...]:
        """The reference rows that a study of these needs beside them."""
        return references(self.requests)


def order(requests: Sequence[Request], seeds: Sequence[int]) -> Order:
    """Return the order of each request under each seed, what trains last: it takes longest."""
    quick_first = sorted(
        requests, key=lambda request: request.configured_method.parameters() is not None
    )
    return Order(
        tuple(
            replace(request, seed=seed, label=_label(request.method, seed, seeds))
            for request in quick_first
            for seed in seeds
        )
    )


def _label(method: str, seed: int, seeds: Sequence[int]) -> str:
    return method if len(seeds) == 1 else f"{method}-seed{seed}"


def start(asked: Order, name: str) -> list[Run]:
    """Submit a single run as it is, several as a study; an empty name is made up for a study."""
    if len(asked.requests) > 1:
        given = name.strip() or _name(asked)
        return engine.local().submit_study(given, asked.requests, asked.references).runs
    run = engine.local().submit(asked.requests[0])
    if name.strip():
        run.annotate(name=name)
    return [run]


def _name(asked: Order) -> str:
    methods = dict.fromkeys(METHODS[request.method].label for request in asked.requests)
    seeds = {request.seed for request in asked.requests}
    varied = f", {len(seeds)} seeds" if len(seeds) > 1 else ""
    return f"{TASKS[asked.requests[0].task].label}: {', '.join(methods)}{varied}"


def summary(asked: Order, seconds: float) -> str:
    """Say how many runs there will be, and how long they take."""
    count = len(asked.requests)
    if count == 1:
        return f"1 run, about {duration(seconds)}."
    words = f"{count} runs"
    if asked.references:
        words += f", and {METHODS[asked.references[0].method].label} to compare with"
    return f"{words}: about {duration(seconds)}."


def command(asked: Order) -> str:
    """Return the command lines that ask for the same, one a method.

    Settings that stand at their default are left out.
    """
    methods = dict.fromkeys(request.method for request in asked.requests)
    return "\n".join(
        _command([request for request in asked.requests if request.method == method])
        for method in methods
    )


def _command(requests: Sequence[Request]) -> str:
    first = requests[0]
    words = ["bandweave", "fuse", "--scene", first.scene, "--task", first.task]
    words += _given("--task-set", TASKS[first.task]().values(), first.task_settings)
    words += ["--method", first.method]
    words += _given("--set", METHODS[first.method]().values(), first.settings)
    words += ["--seed", *(str(request.seed) for request in requests)]
    return shlex.join([*words, "--out", f"results/{first.method}"])


def _given(option: str, usual: Mapping[str, Value], chosen: Mapping[str, Value]) -> list[str]:
    changed = [f"{name}={value}" for name, value in chosen.items() if value != usual[name]]
    return [option, *changed] if changed else []
