"""The members of the house method: which learners there are, what they see, how they are fitted."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.methods.gap_filling import drafts, radar_maps
from bandweave.methods.gap_filling.drafts import OPTICAL_ONLY, Drafting
from bandweave.methods.gap_filling.evidence import EARLIER_NEAR
from bandweave.methods.gap_filling.members import Arrays, Learner, Perceptron, Ridge, Rows
from bandweave.methods.gap_filling.stack import FOLDS
from bandweave.raster.grid import Pixels
from bandweave.raster.virtual import MemoryRaster

ALONE = "optical-only"
"""The learner that sees nothing but the image; what radar gives is counted from it on."""
CHECKED = 4
"""One in so many of a fold's rows is what learners stop by, and nothing else is judged by it."""

Places = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Rows and columns of pixels."""


class Member(NamedTuple):
    """One learner: what it corrects and what it sees."""

    name: str
    learner: Learner
    over: str
    """The draft that it goes on from."""
    alone: bool = False
    """It sees what the image alone tells."""


def members(drafting: Drafting, steps: int) -> tuple[Member, ...]:
    """Return the learners for what a scene has to tell."""
    base = drafts.BASE
    if not drafting.classes:
        found = [Member("ridge", Ridge(), base), Member("perceptron", Perceptron(steps), base)]
        return (*found, Member(ALONE, Ridge(), base, alone=True))
    earlier = bool(drafting.evidence.earlier_bands)
    second = drafts.LOCAL if earlier else drafts.REGRESSION
    found = [
        Member("ridge", Ridge(), base),
        Member("perceptron", Perceptron(steps), base),
        Member(f"perceptron over {second}", Perceptron(steps, 0.25), second),
        Member(f"perceptron over {drafts.GUIDED}", Perceptron(steps), drafts.GUIDED),
    ]
    if earlier:
        found.append(Member(f"ridge over {second}", Ridge(), second))
    return (*found, Member(ALONE, Ridge(), base, alone=True))


class Columns:
    """Where each draft and the maps lie among a row's inputs."""

    def __init__(self, drafting: Drafting, bands: int) -> None:
        sizes = drafting.sizes(bands)
        ends = np.cumsum([*sizes.values()]).tolist()
        self.drafts = {
            name: slice(end - size, end)
            for (name, size), end in zip(sizes.items(), ends, strict=True)
        }
        self.maps = drafting.evidence.of(
            *(each for each in drafting.evidence.sizes if each != EARLIER_NEAR)
        )
        self.count = ends[-1] + len(self.maps)
        self.alone = [
            index
            for name in OPTICAL_ONLY
            for index in range(self.drafts[name].start, self.drafts[name].stop)
        ]
        left_out = drafting.evidence.of(radar_maps.CONTEXT)
        of_maps = [index for index, name in enumerate(self.maps, ends[-1]) if name not in left_out]
        guided = self.drafts.get(drafts.GUIDED, slice(0, 0))
        of_drafts = [i for i in range(ends[-1]) if not guided.start <= i < guided.stop]
        self.sizes = of_drafts + of_maps
        """What the size of errors is told from."""

    def of(self, member: Member) -> list[int]:
        """Return a learner's inputs."""
        return self.alone if member.alone else list(range(self.count))

    def rows(self, planes: Pixels, maps: MemoryRaster | None, at: Places) -> Rows:
        """Return the inputs (pixel, input) of some pixels."""
        parts = [planes[:, at[0], at[1]]]
        if maps:
            known = [maps.bands.index(name) for name in self.maps]
            parts.append(maps.array[np.array(known)[:, None], at[0], at[1]])
        return np.ascontiguousarray(np.concatenate(parts).T, np.float32)


class Practice(NamedTuple):
    """Practised pixels: what is seen of each, and what is to come of it."""

    x: Rows
    """(pixel, input)."""
    y: Rows
    """(pixel, band), in standard units."""
    places: Places
    """In the scene."""
    fold: NDArray[np.intp]

    @property
    def checked(self) -> NDArray[np.bool_]:
        """Rows that learners stop by."""
        flags = np.zeros(len(self.fold), bool)
        for fold in range(FOLDS):
            flags[np.flatnonzero(self.fold == fold)[::CHECKED]] = True
        return flags


def cross_fitted(
    learner: Learner,
    practice: Practice,
    target: Rows,
    columns: Sequence[int],
    seed: tuple[int, ...],
) -> tuple[Rows, list[Arrays]]:
    """Return predictions for practice rows by learners that saw no block of theirs; and those."""
    predicted, fitted = np.zeros_like(target), []
    checked = practice.checked
    for fold in range(FOLDS):
        left = practice.fold == fold
        train, check = ~left, left & checked
        found = learner.fit(
            (practice.x[np.ix_(train, columns)], target[train]),
            (practice.x[np.ix_(check, columns)], target[check]),
            (*seed, fold),
        )
        predicted[left] = learner.predict(practice.x[np.ix_(left, columns)], found)
        fitted.append(found)
    return predicted, fitted


def together(learner: Learner, x: Rows, fitted: Sequence[Arrays]) -> Rows:
    """Return the mean of what the folds' learners say."""
    mean: Rows = np.mean([learner.predict(x, each) for each in fitted], axis=0)
    return mean
