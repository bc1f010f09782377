"""Which runs of a sweep are not worth their end: the median rule.

A run that is worse than the median of its fellows at the same point is ended (Golovin et al. 2017,
Google Vizier, doi 10.1145/3097983.3098043, section 3.2.2). What is compared is the least validation
loss since the training of a band began, at an equal share of all steps: equal steps where the runs
take as many.
"""

import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

from bandweave.workspace.run_folders import Run

FEWEST = 3
"""Fellows that must have come as far: of fewer the median says little."""
CHECKS = 2
"""Validations of a band's network before it is judged: the first is little but chance."""
MEASURE = ("loss", "normalisation", "validation")
"""Settings that change what a validation loss measures: runs are compared where these agree."""


class Reached(NamedTuple):
    """A validation: when, of which band's network, and its loss."""

    share: float
    """Of all steps of the run."""
    stage: str
    loss: float


Curve = Sequence[Reached]


def curve(history: Sequence[dict[str, Any]]) -> Curve:
    """Return a run's validations from its lines of progress; lines in between repeat the last."""
    found: list[Reached] = []
    for line in history:
        if line["validation"] is None:
            continue
        now = Reached(line["step"] / max(1, line["steps"]), line["stage"], line["validation"])
        if not found or found[-1][1:] != now[1:]:
            found.append(now)
    return found


def verdict(own: Curve, fellows: Sequence[Curve]) -> str:
    """Return why a run is not worth its end, in words; empty where it may be."""
    if not own:
        return ""
    share, stage, _ = own[-1]
    mine = [each.loss for each in own if each.stage == stage]
    theirs = [
        min(before)
        for fellow in fellows
        if _came_as_far(fellow, own[-1])
        and (
            before := [each.loss for each in fellow if each.stage == stage and each.share <= share]
        )
    ]
    if len(mine) < CHECKS or len(theirs) < FEWEST or min(mine) <= statistics.median(theirs):
        return ""
    return (
        f"Its validation loss was {min(mine):.3g} after {share:.0%} of its training; the median "
        f"of {len(theirs)} others there is {statistics.median(theirs):.3g}."
    )


def comparable(run: Run, others: Sequence[Run], alike: Sequence[str] = ()) -> list[Run]:
    """Return the runs whose losses measure the same: alike in `MEASURE`, `alike` and the seed."""
    names = (*MEASURE, *alike)

    def said(each: Run) -> tuple[object, ...]:
        return each.request.seed, *(each.request.settings.get(name) for name in names)

    return [other for other in others if other.id != run.id and said(other) == said(run)]


def _came_as_far(fellow: Curve, point: Reached) -> bool:
    return bool(fellow) and fellow[-1].share >= point.share
