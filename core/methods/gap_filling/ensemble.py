"""The members of the house method: which learners there are, what they see, how they are fitted."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.methods.gap_filling import drafts, radar_maps
from bandweave.methods.gap_filling.drafts import OPTICAL_ONLY, Drafting
from bandweave.methods.gap_filling.evidence import EARLIER_NEAR, EARLIER_SCALES
from bandweave.methods.gap_filling.members import Arrays, Learner, Perceptron, Ridge, Rows
from bandweave.methods.gap_filling.stack import FOLDS
from bandweave.raster.grid import Pixels
from bandweave.raster.virtual import MemoryRaster

ALONE = "optical-only"
"""The learner that sees nothing but the image; what radar gives is counted from it on."""
CHECKED = 4
"""One in so many of a fold's rows is what learners stop by, and nothing else is judged by it."""

RADAR, EARLIER_DATE = "radar", "the earlier date"
"""What may tell of hidden pixels beside the image."""

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
        Member(f"perceptron over {second}", Perceptron(steps), second),
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
        evidence = drafting.evidence
        self.maps = evidence.of(*(each for each in evidence.sizes if each != EARLIER_NEAR))
        self.count = ends[-1] + len(self.maps)
        self._drafting = drafting
        self.alone = self._without_maps(OPTICAL_ONLY)
        context = {*evidence.of(radar_maps.CONTEXT)}
        self.sizes = self._without_maps(name for name in sizes if name != drafts.GUIDED) + [
            index for index, name in self._numbered if name not in context
        ]
        """What the size of errors is told from."""

    @property
    def _numbered(self) -> list[tuple[int, str]]:
        return list(enumerate(self.maps, self.count - len(self.maps)))

    def _without_maps(self, names: Iterable[str]) -> list[int]:
        parts = [self.drafts[name] for name in names]
        return [index for part in parts for index in range(part.start, part.stop)]

    def without(self, source: str) -> list[int]:
        """Return the inputs that radar, or the earlier date, has no part in."""
        earlier = {*self._drafting.evidence.of(*EARLIER_SCALES)}
        by_radar = source == RADAR
        kept = [index for index, name in self._numbered if (name in earlier) == by_radar]
        if by_radar and drafts.LOCAL in self.drafts and earlier:
            # with an earlier date the local regression is on nothing else
            kept += self._without_maps([drafts.LOCAL])
        return self.alone + kept

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


def sources(drafting: Drafting) -> tuple[str, ...]:
    """Return what there is that may tell of hidden pixels."""
    evidence = drafting.evidence
    there = {RADAR: evidence.radar, EARLIER_DATE: len(evidence.earlier_bands)}
    return tuple(name for name, count in there.items() if count)


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
