"""Every fusion method by its key. To add one: write it in a file, and say here where it is."""

from inspect import isabstract
from typing import Any

from bandweave.errors import MethodError, UnknownNameError
from bandweave.problem import Method, Task
from bandweave.registry import Registry, marked, need_texts
from bandweave.settings import Value


def _accepted(entry: Any, origin: str) -> type[Method]:
    """Return a package's method, marked as not ours; the class itself is left alone."""
    if not isinstance(entry, type) or not issubclass(entry, Method) or isabstract(entry):
        raise ValueError("it is no complete class of Method")
    need_texts(entry, ("label", "family", "formula", "source", "summary"))
    entry().parameters()
    return type(entry.__name__, (entry,), {"label": marked(entry.label, origin), "origin": origin})


METHODS: Registry[type[Method]] = Registry(
    "methods",
    {
        "bandweave": "gap_filling.bandweave:Bandweave",
        "radar-classes": "gap_filling.radar_classes:RadarClasses",
        "shallow-cnn": "networks.shallow_cnn:ShallowCNN",
        "cae": "networks.cae:ConvolutionalAutoencoder",
        "ihs": "classical.ihs:IHS",
        "brovey": "classical.brovey:Brovey",
        "pca": "classical.pca:PCA",
        "gram-schmidt": "classical.gram_schmidt:GramSchmidt",
        "wavelet": "classical.wavelet:WaveletFusion",
        "contourlet": "classical.contourlet:ContourletFusion",
        "nsct": "classical.nsct:NSCT",
        "ihs-nsct": "classical.ihs_nsct:IHSNSCT",
        "wavelet-ihs": "classical.wavelet_ihs:WaveletIHS",
        "copy": "references.copy:Copy",
        "band-mean": "references.band_mean:BandMean",
        "block-mean": "references.block_mean:BlockMean",
        "laplace": "gap_filling.laplace:Laplace",
        "radar-regression": "references.radar_regression:RadarRegression",
        "radar-laplace": "gap_filling.radar_laplace:RadarLaplace",
        "bicubic": "references.bicubic:Bicubic",
        "back-projection": "references.back_projection:BackProjection",
    },
    _accepted,
)


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
                f"{METHODS[name].refusal(task)}.",
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
