"""Odd settings and requests: whatever is asked of a registry or of `Request` is taken or refused.

Run as `.venv/bin/python benchmarks/fuzz_settings.py [INPUTS] [SEED]`.
"""

import json
import random
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bandweave.errors import BandweaveError
from bandweave.methods import METHODS
from bandweave.settings import Declared
from bandweave.sources import SOURCES
from bandweave.tasks import TASKS
from bandweave.workspace.request import Request
from benchmarks.fuzz_driver import TEXTS, failures, odd, report

INPUTS = 60_000


def values(owner: type[Declared], random: random.Random) -> dict[str, object]:
    """Return values for some settings, some sound, and now and then one that nobody declared."""
    chosen: dict[str, object] = {
        each.name: random.choice((each.default, odd(random))) for each in owner.settings()
    }
    for name in random.sample(list(chosen), len(chosen) // 2):
        del chosen[name]
    if random.random() < 0.1:
        chosen[random.choice(TEXTS)] = odd(random)
    return chosen


def attempt(random: random.Random) -> None:
    """Ask for a configuration, and as a request that is stored and read again."""
    owner = random.choice([*METHODS.values(), *TASKS.values(), *SOURCES.values()])
    try:
        made = owner.from_values(values(owner, random))
        assert owner.from_values(json.loads(json.dumps(made.values(), allow_nan=False))) == made
    except BandweaveError:
        pass
    method, task = random.choice(list(METHODS)), random.choice(list(TASKS))
    stored = {
        "scene": "small",
        "task": task,
        "method": method,
        "settings": values(METHODS[method], random),
        "task_settings": values(TASKS[task], random),
        "seed": random.randrange(9),
    }
    for name in random.sample(("scene", "seed", "label", "fold"), random.randrange(3)):
        stored[name] = odd(random)
    if random.random() < 0.1:
        stored[random.choice(("task", "method"))] = random.choice(TEXTS)
    try:
        request = Request.from_json(stored)
        again = Request.from_json(json.loads(json.dumps(request.as_json(), allow_nan=False)))
        assert again.equivalent_to(request)
    except BandweaveError:
        pass


if __name__ == "__main__":
    report("settings", partial(failures, attempt), INPUTS)
