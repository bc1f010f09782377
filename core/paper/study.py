"""The runs that repeat the paper's protocol on a scene, by keys that stay.

Every one is an ordinary run. Networks come first and their other predictions after them, so that
these take the trained model; what Tables II to VI need comes before all else.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from bandweave.methods import configured, method_class
from bandweave.methods.networks.base import MOST_EPOCHS, NetworkMethod
from bandweave.methods.networks.patchwise import APART, PATCHES, SHUFFLED
from bandweave.problem import Feature
from bandweave.settings import Declared, Value, setting
from bandweave.tasks import TASKS
from bandweave.workspace.request import Request

ENOUGH, LITERAL = "enough", "literal"
PRESETS = {ENOUGH: "demo", LITERAL: "paper"}
"""The networks' preset for each choice of steps, where the input contains the answer."""
LONGER = {"shallow-cnn": 1.0, "cae": 1.5}
"""How many times the epochs of the preset `demo` are enough: on Spain the CNN then reaches r = .97
in red, and the autoencoder what a 4 x 4 mean does."""


@dataclass(frozen=True)
class PaperSettings(Declared):
    """What of the paper to repeat, and how."""

    steps: str = setting(
        ENOUGH,
        "Steps",
        "Enough for the networks to learn on any scene, or the paper's epochs to the letter: a "
        "few dozen steps on a small scene.",
        choices=(ENOUGH, LITERAL),
    )
    classical: bool = setting(
        True, "Classical methods", "Repeat the methods of Tables VII and VIII on this scene."
    )
    hidden: bool = setting(
        True, "With the answer hidden", "Run the same networks where the answer is hidden."
    )


class Arm(NamedTuple):
    """One run of the study, before it is fitted to a scene."""

    key: str
    label: str
    method: str
    task: str = "reconstruct"
    changes: Mapping[str, Value] = MappingProxyType({})
    """Settings beside those of the network's preset."""


BY_PATCHES: Mapping[str, Value] = {"prediction": PATCHES}
SIDE_BY_SIDE: Mapping[str, Value] = {"prediction": APART}
WITH_SHUFFLED: Mapping[str, Value] = {"radar_given": SHUFFLED}
MAIN = (
    Arm("cnn", "Shallow CNN, seamless", "shallow-cnn"),
    Arm("cae", "Autoencoder, seamless", "cae"),
    Arm("cnn-patches", "Shallow CNN, patch by patch", "shallow-cnn", changes=BY_PATCHES),
    Arm("cae-patches", "Autoencoder, patch by patch", "cae", changes=BY_PATCHES),
    Arm("cnn-apart", "Shallow CNN, patches side by side", "shallow-cnn", changes=SIDE_BY_SIDE),
    Arm("copy", "Copy of the input", "copy"),
    Arm("band-mean", "Band mean", "band-mean"),
    Arm("block-mean", "4 x 4 mean", "block-mean"),
    Arm("cnn-shuffled", "Shallow CNN, radar shuffled", "shallow-cnn", changes=WITH_SHUFFLED),
    Arm("cae-shuffled", "Autoencoder, radar shuffled", "cae", changes=WITH_SHUFFLED),
)
"""What Tables II to VI show, and the seams and the radar beside them."""
CLASSICAL = tuple(
    Arm(key, method_class(key).label, key)
    for key in ("ihs", "pca", "wavelet", "nsct", "ihs-nsct", "wavelet-ihs", "gram-schmidt")
)
"""What Tables VII and VIII quote, on this scene."""
HIDDEN = (
    Arm("gap-cnn", "Shallow CNN", "shallow-cnn", "gap"),
    Arm("gap-cae", "Autoencoder", "cae", "gap"),
    Arm("gap-cnn-shuffled", "Shallow CNN, radar shuffled", "shallow-cnn", "gap", WITH_SHUFFLED),
    Arm("gap-cae-shuffled", "Autoencoder, radar shuffled", "cae", "gap", WITH_SHUFFLED),
    Arm("gap-laplace", "Interpolation", "laplace", "gap"),
    Arm("gap-radar-laplace", "Radar regression + interpolation", "radar-laplace", "gap"),
)
"""The same networks where the input does not contain the answer."""
NETWORKS = {"cnn": "shallow-cnn", "cae": "cae"}
"""The paper's networks: the method by the paper's row, which is also the seamless run's key."""
PATCHWISE = {"cnn": "cnn-patches", "cae": "cae-patches"}
"""Which run predicts as the paper does, by the paper's row."""
WITH_SEAMS = {"cnn": ("cnn-patches", "cnn-apart"), "cae": ("cae-patches",)}
"""Every run that predicts patch by patch: averaging overlaps hides half of what borders do."""
KEYS = tuple(arm.key for arm in MAIN + CLASSICAL + HIDDEN)


def arms(settings: PaperSettings) -> tuple[Arm, ...]:
    """Return the arms that the settings ask for, in the order they are to run."""
    return MAIN + (CLASSICAL if settings.classical else ()) + (HIDDEN if settings.hidden else ())


def requests(
    scene: str, shape: tuple[int, int], settings: PaperSettings, seed: int = 0
) -> dict[str, Request]:
    """Return what to run on a scene of `shape` (rows, cols), by key, in the order to run it.

    `scene` is an id of the library or a folder. Where the paper's own steps are asked for, a scene
    smaller than the paper's patches is refused, naming the largest patch that works; otherwise the
    patches become smaller with it.
    """
    made = {}
    for arm in arms(settings):
        values = _configured(arm, settings.steps, shape)
        made[arm.key] = Request(scene, arm.task, arm.method, values, seed=seed, label=arm.label)
    return made


def _configured(arm: Arm, steps: str, shape: tuple[int, int]) -> Mapping[str, Value]:
    """Return an arm's settings; where the answer is hidden, its task's own preset trains it."""
    changes: dict[str, object] = dict(arm.changes)
    if arm.method not in LONGER:
        return configured([arm.method], None, changes)[arm.method]
    visible = Feature.VISIBLE_ANSWER in TASKS[arm.task].offers
    preset = PRESETS[steps] if visible else TASKS[arm.task].preset
    values = configured([arm.method], preset, changes, shape)[arm.method]
    if visible and steps == ENOUGH:
        longer = math.ceil(LONGER[arm.method] * int(values["epochs"]))
        values["epochs"] = min(longer, MOST_EPOCHS)
    method = method_class(arm.method).from_values(values)
    assert isinstance(method, NetworkMethod)
    method.plan_on(shape)
    return values
