"""The paper's convolutional autoencoder: down to a quarter and up again, 11,817 weights a band."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from bandweave.methods.networks.architecture import Architecture, Conv, Pool, Up
from bandweave.methods.networks.base import NetworkMethod
from bandweave.settings import Value, redeclared


@dataclass(frozen=True)
class ConvolutionalAutoencoder(NetworkMethod):
    """Conv 8, pool, Conv 16, pool, Conv 32, up, Conv 16, up, Conv 8, Conv 1 with a sigmoid."""

    key: ClassVar[str] = "cae"
    label: ClassVar[str] = "Autoencoder"
    formula: ClassVar[str] = (
        "Fₖ = σ C₁ ρ C₈ ↑ ρ C₁₆ ↑ ρ C₃₂ ↓ ρ C₁₆ ↓ ρ C₈ (Mₖ, R),  Cₙ = n convolutions 3 × 3,  "
        "ρ = leaky ReLU,  ↓ = largest of 2 × 2,  ↑ = repeated 2 × 2,  σ = sigmoid"
    )
    source: ClassVar[str] = "Ha Tuan Cuong, JETAP 8(1), 2026, doi 10.33093/jetap.2026.8.1.4"
    summary: ClassVar[str] = (
        "Squeezes a band and the radar to a quarter of their size and unfolds them again: smooth "
        "and free of speckle, and about as sharp as a 4 x 4 mean."
    )
    architecture: ClassVar[Architecture] = Architecture(
        (
            Conv(8),
            Pool(),
            Conv(16),
            Pool(),
            Conv(32),
            Up(),
            Conv(16),
            Up(),
            Conv(8),
            Conv(1, "sigmoid"),
        )
    )
    presets: ClassVar[Mapping[str, Mapping[str, Value]]] = {
        "demo": {"stride": 192, "batch": 2},
        "paper": {"stride": 128, "batch": 32},
        "fast": {
            "stride": 128,
            "batch": 2,
            "epochs": 8,
            "learning_rate": 5e-3,
            "normalisation": "percentile",
            "schedule": "cosine",
            "sampling": "random",
        },
    }

    patch: int = redeclared(NetworkMethod, "patch", 128)
    stride: int = redeclared(NetworkMethod, "stride", 64)
    epochs: int = redeclared(NetworkMethod, "epochs", 15)
