"""A method that trains in steps and notes each, as a package that workers load too."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bandweave.methods.model_file import load_fitted, save_fitted
from bandweave.methods.references.copy import Copy, CopyFuser
from bandweave.problem import Begun, Progress, unreported

STEPS, TOOK = 40, "BANDWEAVE_TEST_STEP_SECONDS"
NOTE = "count.json"


@dataclass(frozen=True)
class Count:
    bands: tuple[str, ...]
    weights: tuple[int, ...]
    """The steps it has taken, in order, those of the model it began with first."""


class CountingFuser(CopyFuser):
    def __init__(self, learned):
        super().__init__(learned.bands)
        self.learned = learned

    def save(self, folder):
        save_fitted(folder, self.learned)


@dataclass(frozen=True)
class Counting(Copy):
    key: ClassVar[str] = "counting"
    label: ClassVar[str] = "Counting"
    continues: ClassVar[bool] = True

    def fit(self, problem, report=unreported):
        return self.fit_on(problem, Begun(), report)

    def fit_on(self, problem, begun, report=unreported):
        note = begun.folder / NOTE if begun.folder else None
        weights = list(begun.model.learned.weights) if begun.model else []
        first = len(weights)
        if note and note.exists():
            weights = json.loads(note.read_text())
        for step in range(len(weights) - first, STEPS):
            report(Progress("Training", step, STEPS, loss=1 / (1 + step)))
            time.sleep(float(os.environ.get(TOOK, "0")))
            weights.append(step)
            if note:
                partial = note.with_suffix(".partial")
                partial.write_text(json.dumps(weights))
                partial.replace(note)
        return CountingFuser(Count(problem.bands, tuple(weights)))

    def load(self, folder):
        return CountingFuser(load_fitted(folder, Count))


def install(folder: Path) -> None:
    """Make this file a package in a folder, which adds its method to ours."""
    (folder / "counting.py").write_text(Path(__file__).read_text())
    facts = folder / "counting-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: counting\nVersion: 1.0\n")
    points = "[bandweave.methods]\ncounting = counting:Counting\n"
    (facts / "entry_points.txt").write_text(points)
