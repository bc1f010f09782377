"""Directional filter banks: an image as 4, 8 or 16 images of structure in one direction each.

A tree of splits, each between two neighbouring wedges of the frequency plane (Bamberger and Smith
1992, doi 10.1109/78.127960). Subbands come in order of angle: the plane's frequencies (across,
down) from -45 degrees to 135, in equal steps of slope; opposite angles belong together. Along a
stripe nothing changes: horizontal frequencies, at 0 degrees, are vertical stripes.

Every split is the mapping `fan(first, second)` of one pair of directions. In the half of the plane
where horizontal frequencies dominate, wedges part where down = slope * across, slope = p / q, and

    f(w) = g(2 p across - 2 q down) g(2 across)

is near +1 on the one side and near -1 on the other; in the other half the axes change places. Its
taps lie on the lattice that the splits before have left, which is why the same mappings serve a
nonsubsampled bank (`spread`) and a critically sampled one (`ladder`).
"""

from dataclasses import dataclass
from functools import cache

from bandweave.errors import SettingError
from bandweave.transforms.mapping import DEGREE, Direction, fan, separate, unite
from bandweave.transforms.transform import Image, Transform, check_levels

DIRECTIONS = (4, 8, 16)
Tree = tuple[tuple[tuple[Direction, Direction], ...], ...]
"""For each depth, each split's two directions, in order of angle."""


@dataclass(frozen=True)
class DirectionalTransform(Transform):
    """A transform whose every level goes through a directional filter bank."""

    levels: int = 3
    directions: int = 8
    """At the finest level: 4, 8 or 16; halved every second coarser level, 4 at least."""

    def __post_init__(self) -> None:
        """Refuse what is not there."""
        check_levels(self.levels)
        if self.directions not in DIRECTIONS:
            raise SettingError(
                f"A filter bank cannot have {self.directions} directions.",
                f"Choose one of: {', '.join(map(str, DIRECTIONS))}.",
            )

    @property
    def per_level(self) -> tuple[int, ...]:
        """Each level's number of directions, the finest level's first."""
        return tuple(max(4, self.directions >> (level + 1) // 2) for level in range(self.levels))


@cache
def splits(directions: int) -> Tree:
    """Return the tree that ends in so many wedges."""
    tree: list[tuple[tuple[Direction, Direction], ...]] = [(((1, 1), (-1, 1)),)]
    across = 1
    while 4 * across <= directions:
        slopes = range(1 - across, across, 2)
        flat: list[tuple[Direction, Direction]] = [((-2 * across, 2 * p), (0, 2)) for p in slopes]
        steep: list[tuple[Direction, Direction]] = [((2 * p, 2 * across), (2, 0)) for p in slopes]
        tree.append((*flat, *steep))
        across *= 2
    return tuple(tree)


def radii(directions: int) -> int:
    """Return how far one application of f at every depth looks, added up."""
    return sum(max(fan(*pair).radius for pair in pairs) for pairs in splits(directions))


def reach(directions: int) -> int:
    """Return how many pixels away `gather(spread(image))` looks; to be multiplied by the step."""
    return DEGREE * radii(directions)


def spread(image: Image, directions: int, step: int) -> tuple[Image, ...]:
    """Return the subbands of a nonsubsampled bank whose filters are spread out by `step`.

    Each is as large as the image, which repeats periodically (da Cunha, Zhou and Do 2006,
    doi 10.1109/TIP.2006.877507, section II-B).
    """
    return _divide(image, splits(directions), 0, step)


def gather(subbands: tuple[Image, ...], step: int) -> Image:
    """Undo `spread`."""
    return _merge(subbands, splits(len(subbands)), 0, step)


def _divide(image: Image, tree: Tree, node: int, step: int) -> tuple[Image, ...]:
    """Return an image's subbands from a node of the tree on, depth first to hold few at once."""
    if not tree:
        return (image,)
    low, high = separate(image, fan(*tree[0][node], step))
    first = _divide(low, tree[1:], 2 * node, step)
    del low
    return first + _divide(high, tree[1:], 2 * node + 1, step)


def _merge(subbands: tuple[Image, ...], tree: Tree, node: int, step: int) -> Image:
    """Undo `_divide`."""
    if not tree:
        return subbands[0]
    half = len(subbands) // 2
    low = _merge(subbands[:half], tree[1:], 2 * node, step)
    high = _merge(subbands[half:], tree[1:], 2 * node + 1, step)
    return unite(low, high, fan(*tree[0][node], step))
