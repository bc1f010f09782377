"""Loads and compiles beforehand what a first run would otherwise wait for.

TensorFlow takes seconds to load, compiled loops take seconds to compile the first time ever; a
waiting worker does both, and so does the installation for the second.
"""

import numpy as np

from core.methods import METHODS
from core.metrics import score_all
from core.prepare.gaps import laplace


def compile_loops() -> None:
    """Compile the metrics and the interpolation, or load them from the cache on disk."""
    image = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    flags = np.ones((16, 16), dtype=bool)
    score_all(image, image, data_range=1.0)
    score_all(image, image, scored=flags, data_range=1.0)
    hidden = np.zeros((16, 16), dtype=bool)
    hidden[4:8, 4:8] = True
    laplace(image[None], hidden)


def load_networks() -> None:
    """Load TensorFlow, train for one step and trace every prediction: all that loads lazily."""
    from core.methods.network import NetworkMethod
    from core.methods.prediction import Network
    from core.methods.shallow_cnn import ShallowCNN
    from core.methods.training import Lesson, Trainer

    method = ShallowCNN(patch=16, stride=16, epochs=1)
    image = np.zeros((1, 16, 16), np.float32)
    lesson = Lesson((image, image), image[0], image[0] == 0, image[0] == 1)
    trainer = Trainer(method.architecture, method.channels, method.recipe)
    trainer.train([lesson], [0], lambda *_: None)
    for network in (each() for each in METHODS.values() if issubclass(each, NetworkMethod)):
        traced = Network.of(network.architecture, network.channels)
        traced.predict(traced.model.get_weights(), np.repeat(image, network.channels, axis=0))


def warm_up() -> None:
    """Do all of it."""
    load_networks()
    compile_loops()
