"""The paper's shallow CNN: three convolutions, 2,769 weights a band."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from bandweave.methods.networks.architecture import Architecture, Conv
from bandweave.methods.networks.base import NetworkMethod
from bandweave.settings import Value


@dataclass(frozen=True)
class ShallowCNN(NetworkMethod):
    """Conv 16, Conv 16, Conv 1 with a sigmoid; sees 7 x 7 pixels."""

    key: ClassVar[str] = "shallow-cnn"
    label: ClassVar[str] = "Shallow CNN"
    formula: ClassVar[str] = (
        "Fₖ = σ C₁ ρ C₁₆ ρ C₁₆ (Mₖ, R),  Cₙ = n convolutions 3 × 3,  ρ = leaky ReLU,  σ = sigmoid"
    )
    source: ClassVar[str] = "Ha Tuan Cuong, JETAP 8(1), 2026, doi 10.33093/jetap.2026.8.1.4"
    summary: ClassVar[str] = (
        "Three small convolutions over a band and the radar: quick and close to its input; where "
        "the answer is hidden it gains little over interpolation."
    )
    overlapping: ClassVar[bool] = True
    architecture: ClassVar[Architecture] = Architecture((Conv(16), Conv(16), Conv(1, "sigmoid")))
    presets: ClassVar[Mapping[str, Mapping[str, Value]]] = {
        "demo": {"stride": 96, "batch": 2},
        "paper": {"stride": 32, "batch": 32},
        "fast": {
            "batch": 4,
            "stride": 64,
            "learning_rate": 5e-3,
            "normalisation": "percentile",
            "schedule": "cosine",
            "sampling": "random",
        },
    }
