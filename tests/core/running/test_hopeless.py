"""The median rule, on curves whose medians can be told at a glance."""

import pytest

from bandweave.running.hopeless import Reached, comparable, curve, verdict
from bandweave.workspace.run_folders import Request, Run, new_run

RED, GREEN = "Training red", "Training green"


def reached(*losses: float, stage: str = RED, start: float = 0.0) -> list[Reached]:
    return [
        Reached(start + 0.1 * number, stage, loss) for number, loss in enumerate(losses, start=1)
    ]


FELLOWS = [reached(0.9, 0.1, 0.01), reached(0.9, 0.2, 0.02), reached(0.9, 0.3, 0.03)]


@pytest.mark.parametrize(
    ("own", "hopeless"),
    [
        (reached(0.9, 0.21), True),
        (reached(0.9, 0.2), False),
        # the best so far counts, not the last
        (reached(0.15, 0.5), False),
        # the first validation is little but chance
        (reached(5.0), False),
        ([], False),
    ],
)
def test_worse_than_the_median_at_an_equal_share_is_hopeless(own: list, hopeless: bool):
    assert bool(verdict(own, FELLOWS)) is hopeless


def test_two_fellows_say_little_and_so_do_those_that_have_not_come_as_far():
    own = reached(0.9, 0.8, 0.8)
    assert verdict(own, FELLOWS)
    assert not verdict(own, FELLOWS[:2])
    assert not verdict(own, [*FELLOWS[:2], reached(0.9, 0.3)])


def test_every_band_begins_anew():
    # a good red network says nothing of the green one
    own = reached(0.01, 0.01) + reached(0.9, 0.8, stage=GREEN, start=0.5)
    fellows = [
        reached(0.5, 0.5) + reached(0.1 * n, 0.1 * n, stage=GREEN, start=0.5) for n in (1, 2, 3)
    ]
    why = verdict(own, fellows)
    assert "0.8 after 70%" in why
    assert "3 others there is 0.2" in why


def test_lines_between_validations_repeat_the_last():
    lines = [
        {"stage": RED, "step": step, "steps": 10, "validation": loss}
        for step, loss in ((1, None), (2, 0.5), (3, 0.5), (4, 0.4))
    ]
    assert curve(lines) == [Reached(0.2, RED, 0.5), Reached(0.4, RED, 0.4)]


def test_only_losses_that_measure_the_same_are_compared(workspace):
    def run(seed: int = 0, **settings: object) -> Run:
        return new_run(Request("small", "gap", "shallow-cnn", settings, seed=seed))

    own, fellow = run(patch=16), run(patch=32, learning_rate=0.01)
    others = [run(loss="mae"), run(normalisation="percentile"), run(seed=1)]
    longer = run(epochs=20)
    assert comparable(own, [own, fellow, *others]) == [fellow]
    assert comparable(own, [fellow, longer], ("epochs",)) == [fellow]
