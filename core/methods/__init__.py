"""Every fusion method by its key."""

from bandweave.errors import MethodError, UnknownNameError
from bandweave.methods.classical.brovey import Brovey
from bandweave.methods.classical.contourlet import ContourletFusion
from bandweave.methods.classical.gram_schmidt import GramSchmidt
from bandweave.methods.classical.ihs import IHS
from bandweave.methods.classical.ihs_nsct import IHSNSCT
from bandweave.methods.classical.nsct import NSCT
from bandweave.methods.classical.pca import PCA
from bandweave.methods.classical.wavelet import WaveletFusion
from bandweave.methods.classical.wavelet_ihs import WaveletIHS
from bandweave.methods.gap_filling.laplace import Laplace
from bandweave.methods.gap_filling.radar_laplace import RadarLaplace
from bandweave.methods.networks.cae import ConvolutionalAutoencoder
from bandweave.methods.networks.shallow_cnn import ShallowCNN
from bandweave.methods.references.back_projection import BackProjection
from bandweave.methods.references.band_mean import BandMean
from bandweave.methods.references.bicubic import Bicubic
from bandweave.methods.references.block_mean import BlockMean
from bandweave.methods.references.copy import Copy
from bandweave.methods.references.radar_regression import RadarRegression
from bandweave.problem import Method, Needs, Task
from bandweave.settings import Value

METHODS: dict[str, type[Method]] = {
    "shallow-cnn": ShallowCNN,
    "cae": ConvolutionalAutoencoder,
    "ihs": IHS,
    "brovey": Brovey,
    "pca": PCA,
    "gram-schmidt": GramSchmidt,
    "wavelet": WaveletFusion,
    "contourlet": ContourletFusion,
    "nsct": NSCT,
    "ihs-nsct": IHSNSCT,
    "wavelet-ihs": WaveletIHS,
    "copy": Copy,
    "band-mean": BandMean,
    "block-mean": BlockMean,
    "laplace": Laplace,
    "radar-regression": RadarRegression,
    "radar-laplace": RadarLaplace,
    "bicubic": Bicubic,
    "back-projection": BackProjection,
}

UNSUITED: dict[Needs, str] = {
    "": "there is nothing to train on there",
    "visible answer": "the answer is hidden there",
    "gaps": "nothing is hidden there",
    "coarse": "the image is as fine as it is wanted there",
}
"""Why a method that needs something does not suit a task that lacks it."""


def families() -> dict[str, list[str]]:
    """Return the methods' keys by family, in the registry's order."""
    found: dict[str, list[str]] = {}
    for key, method in METHODS.items():
        found.setdefault(method.family, []).append(key)
    return found


def method_class(key: str) -> type[Method]:
    """Return the method of a key."""
    if key not in METHODS:
        raise UnknownNameError("method", key, [*METHODS, *families()])
    return METHODS[key]


def chosen(names: list[str], task: type[Task]) -> list[str]:
    """Return method keys for keys and family names, without repeats.

    A family stands for those of its methods that suit the task; a method named outright that does
    not suit it is refused.
    """
    keys: list[str] = []
    for name in names:
        if name in families():
            keys += [key for key in families()[name] if METHODS[key].suits(task)]
        elif method_class(name).suits(task):
            keys.append(name)
        else:
            raise MethodError(
                f"'{name}' makes no sense under the task '{task.key}': "
                f"{UNSUITED[method_class(name).needs]}.",
                "Choose another method or another task.",
            )
    return list(dict.fromkeys(keys))


def configured(
    keys: list[str],
    preset: str | None,
    values: dict[str, object],
    shape: tuple[int, int] | None = None,
) -> dict[str, dict[str, Value]]:
    """Return every setting of each method: its defaults, a preset where it has one, then `values`.

    A preset is fitted to a scene of `shape` (rows, cols) where that is given. A preset or a value
    that none of the methods knows is refused.
    """
    known = {name for key in keys for name in METHODS[key].presets}
    if preset and preset not in known:
        raise UnknownNameError("preset", preset, known)
    names = {declared.name for key in keys for declared in METHODS[key].settings()}
    for name in values:
        if name not in names:
            raise UnknownNameError("setting", name, names)
    configurations = {}
    for key in keys:
        method = METHODS[key]
        own = {declared.name for declared in method.settings()}
        asked = dict(method.preset(preset or "", shape))
        asked |= {name: value for name, value in values.items() if name in own}  # type: ignore[misc]
        configurations[key] = method.from_values(asked).values()
    return configurations
