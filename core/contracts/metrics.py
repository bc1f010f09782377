"""What holds for every metric, of one band or of all bands together."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bandweave.contracts.requirement import require, require_equal
from bandweave.metrics import METRICS, by_band, score_all

SHAPE = (24, 31)
Image = NDArray[Any]


def images(key: str, seed: int = 0, shape: tuple[int, int] = SHAPE) -> tuple[Image, Image]:
    """Return a textured reference and a noisy estimate of it: bands or cubes, as a metric asks."""
    generator = np.random.default_rng(seed)
    whole = shape if key in by_band() else (3, *shape)
    reference = generator.uniform(0.1, 0.9, whole).astype(np.float32)
    noise = generator.normal(0, 0.1, whole).astype(np.float32)
    return reference, np.clip(reference * np.float32(0.8) + noise, 0.01, 1)


def value(key: str, reference: Image, estimate: Image, **masks: Image) -> float:
    """Return a metric of two images on a scale of 0 to 1."""
    metric: Any = METRICS[key]
    scale = {"data_range": 1.0} if key in by_band() else {}
    result: float = metric(reference, estimate, **scale, **masks)
    return result


def facts_are_given(key: str) -> None:
    """Key, label, source, meaning and direction are stated and do not contradict each other."""
    metric = METRICS[key]
    require(metric.key == key, f"Its key is '{metric.key}', its entry '{key}'.")
    require(metric.label and metric.source, "It states no label or no source.")
    words = metric.function.__doc__ or ""
    require(words, "Its function says not what it is.")
    require(">>>" in words, "Its function's docstring has no example.")
    require(
        metric.needs_reference or metric.better == "closer",
        "Without a reference it is better higher or lower, yet noise raises it as detail does.",
    )
    require(
        metric.needs_reference == (metric.perfect is not None),
        "The value of a perfect copy is stated where, and only where, there is a reference.",
    )


def it_is_a_float_within_its_range(key: str) -> None:
    """Results are floats between the stated limits."""
    low, high = METRICS[key].range
    for seed in range(5):
        found = value(key, *images(key, seed))
        require(type(found) is float, f"It returns {type(found).__name__}, not float.")
        inside = (low is None or found >= low) and (high is None or found <= high)
        require(inside, f"It is {found:g}, outside its range of {low} to {high}.")


def a_copy_is_perfect(key: str) -> None:
    """A copy of the reference has the value that is stated for it."""
    reference, _ = images(key)
    perfect = METRICS[key].perfect
    if perfect is not None:
        found = value(key, reference, reference)
        right = found == perfect or math.isclose(found, perfect, abs_tol=1e-12)
        require(right, f"A copy has {found:g}, not {perfect:g}.")


def precision_and_layout_do_not_matter(key: str) -> None:
    """Single and double precision, and any layout in memory, give the same."""
    reference, estimate = images(key)
    expected = value(key, reference, estimate)
    for found in (
        value(key, reference.astype(float), estimate.astype(float)),
        value(key, reference, estimate.astype(float)),
        value(key, np.asfortranarray(reference), np.asfortranarray(estimate)),
    ):
        require(found == expected, f"It is {found!r} where it was {expected!r}.")


def inputs_are_left_alone(key: str) -> None:
    """Images and masks are as they were."""
    reference, estimate = images(key)
    valid, scored = (each.min(axis=0) if each.ndim == 3 else each for each in (reference, estimate))
    masks = {"valid": valid > 0.2, "scored": scored > 0.2}
    reference[..., 3, 4] = np.nan
    arrays = (reference, estimate, *masks.values())
    before = [array.copy() for array in arrays]
    value(key, reference, estimate, **masks)
    for array, copy in zip(arrays, before, strict=True):
        require_equal(array, copy, "It changes what it is given.")
        require(array.flags.writeable, "It makes what it is given read-only.")


def nothing_to_compare_is_nan(key: str) -> None:
    """Where no pixel counts the metric is undefined, not 0."""
    reference, estimate = images(key)
    nothing = np.zeros(SHAPE, dtype=bool)
    lost = np.full_like(reference, np.nan)
    for found in (
        value(key, reference, estimate, scored=nothing),
        value(key, reference, estimate, valid=nothing),
        value(key, lost, estimate),
        value(key, reference, lost),
    ):
        require(math.isnan(found), f"It is {found:g} where there is nothing to compare.")


def full_masks_change_nothing(key: str) -> None:
    """Masks that hold everywhere are as none."""
    reference, estimate = images(key)
    full = np.ones(SHAPE, dtype=bool)
    found = value(key, reference, estimate, valid=full, scored=full)
    require(found == value(key, reference, estimate), "A mask of everything changes it.")


def what_is_not_valid_does_not_matter(key: str) -> None:
    """What stands in pixels that are not valid, or are no data, changes nothing."""
    invalid = np.zeros((40, 45), dtype=bool)
    invalid[5:9, 30:33] = invalid[20, 7] = True
    expected = value(key, *images(key, shape=invalid.shape), valid=~invalid)
    for junk in (np.nan, np.inf, -np.inf, 1e30):
        reference, estimate = images(key, shape=invalid.shape)
        reference[..., invalid] = estimate[..., invalid] = junk
        found = value(key, reference, estimate, valid=~invalid)
        require(found == expected, f"It reads {junk} where nothing is valid.")
        if not math.isfinite(junk):
            require(value(key, reference, estimate) == expected, f"It reads {junk}.")
    reference, estimate = images(key, shape=invalid.shape)
    estimate[..., invalid] = np.nan
    require(value(key, reference, estimate) == expected, "No data in one image counts.")


def the_reference_is_read_where_it_is_needed(key: str) -> None:
    """A metric without a reference describes the estimate alone."""
    reference, estimate = images(key)
    same = value(key, reference**2, estimate) == value(key, reference, estimate)
    needed = METRICS[key].needs_reference
    require(same is not needed, f"It {'does not read' if same else 'reads'} the reference.")


def it_is_the_same_beside_others(key: str) -> None:
    """Scored together with the others, which share sums, it is what it is alone."""
    if key in by_band():
        reference, estimate = images(key)
        scored = reference > 0.4
        found = score_all(reference, estimate, scored=scored, data_range=1.0)[key]
        require(found == value(key, reference, estimate, scored=scored), "It differs then.")


def small_images_give_a_number(key: str) -> None:
    """The smallest images give a number or NaN, no exception."""
    for shape in ((1, 1), (1, 9), (9, 1), (2, 2), (10, 10)):
        found = value(key, *images(key, shape=shape))
        require(isinstance(found, float), f"{shape} pixels give {found!r}.")


Contract = Callable[[str], None]
"""Takes a metric's key."""
CONTRACTS: tuple[Contract, ...] = (
    facts_are_given,
    it_is_a_float_within_its_range,
    a_copy_is_perfect,
    precision_and_layout_do_not_matter,
    inputs_are_left_alone,
    nothing_to_compare_is_nan,
    full_masks_change_nothing,
    what_is_not_valid_does_not_matter,
    the_reference_is_read_where_it_is_needed,
    it_is_the_same_beside_others,
    small_images_give_a_number,
)
