"""Members: small learners that correct a draft, each fitted in every fold of practice rows.

A member reads standardised inputs, cut to +-5, and learns what its draft misses, in the image's
standard units. What it has learned is arrays, one of each name, with the folds as first axis.
Sources: ridge regression, Hoerl and Kennard (1970), doi 10.1080/00401706.1970.10488634, with
hinges as in Friedman (1991); perceptrons with dropout, Srivastava et al. (2014), and AdamW,
Loshchilov and Hutter (2019), arXiv:1711.05101.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
"""(pixel, input or band)."""
Arrays = dict[str, NDArray[np.float32]]

FARTHEST = 5.0
CHUNK = 4096
"""Rows that are predicted together, always: sums of another number of rows differ in the last
bit."""


def standardised(x: Rows, fitted: Mapping[str, NDArray[np.float32]]) -> Rows:
    """Return rows less the mean over the standard deviation, cut to +-5."""
    z: Rows = np.clip((x - fitted["mean"]) / fitted["deviation"], -FARTHEST, FARTHEST)
    return z


def _scales(x: Rows) -> Arrays:
    return {"mean": x.mean(axis=0), "deviation": x.std(axis=0) + np.float32(1e-6)}


class Learner(ABC):
    """How one member learns and predicts."""

    @abstractmethod
    def shapes(self, inputs: int, bands: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of what is learned in one fold."""

    @abstractmethod
    def fit(
        self, train: tuple[Rows, Rows], check: tuple[Rows, Rows], seed: tuple[int, ...]
    ) -> Arrays:
        """Learn from rows and what is to come of them; `check` are others of each to stop by."""

    @abstractmethod
    def answer(self, x: Rows, fitted: Mapping[str, NDArray[np.float32]]) -> Rows:
        """Return what comes of rows."""

    def predict(self, x: Rows, fitted: Mapping[str, NDArray[np.float32]]) -> Rows:
        """Return what comes of some rows; a row's result does not depend on the others."""
        parts = []
        for start in range(0, len(x), CHUNK):
            part = x[start : start + CHUNK]
            full = np.pad(part, ((0, CHUNK - len(part)), (0, 0)))
            parts.append(self.answer(full, fitted)[: len(part)])
        return np.concatenate(parts)


@dataclass(frozen=True)
class Ridge(Learner):
    """Linear in each input, with a further slope beyond one standard deviation on either side."""

    penalty: float = 0.03

    def shapes(self, inputs: int, bands: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of scales and weights."""
        return {"mean": (inputs,), "deviation": (inputs,), "weights": (3 * inputs + 1, bands)}

    def fit(
        self, train: tuple[Rows, Rows], check: tuple[Rows, Rows], seed: tuple[int, ...]
    ) -> Arrays:
        """Solve for the weights; there is nothing to stop by."""
        x, y = train
        fitted = _scales(x)
        size = 3 * x.shape[1] + 1
        gram, cross = np.zeros((size, size)), np.zeros((size, y.shape[1]))
        for start in range(0, len(x), CHUNK):
            part = self._hinges(x[start : start + CHUNK], fitted)
            gram += part.T @ part
            cross += part.T @ y[start : start + CHUNK]
        weights = np.linalg.solve(gram / len(x) + self.penalty * np.eye(size), cross / len(x))
        return fitted | {"weights": weights.astype(np.float32)}

    def answer(self, x: Rows, fitted: Mapping[str, NDArray[np.float32]]) -> Rows:
        """Return the linear combination."""
        answer: Rows = self._hinges(x, fitted) @ fitted["weights"]
        return answer

    def _hinges(self, x: Rows, fitted: Mapping[str, NDArray[np.float32]]) -> Rows:
        z = standardised(x, fitted)
        parts = [z, np.maximum(z - 1, 0), np.maximum(-z - 1, 0), np.ones((len(z), 1), np.float32)]
        return np.concatenate(parts, axis=1)


@dataclass(frozen=True)
class Perceptron(Learner):
    """Two hidden layers with dropout; keeps the weights that were best on the rows to check by."""

    steps: int
    dropout: float = 0.3

    HIDDEN = (192, 96)
    SLOPE = np.float32(0.1)
    BATCH, WARM_UP, CHECKS = 2048, 10, 12
    RATE, FLOOR, DECAY = 4e-3, 0.02, 1e-3

    def shapes(self, inputs: int, bands: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of scales, kernels and biases."""
        shapes: dict[str, tuple[int, ...]] = {"mean": (inputs,), "deviation": (inputs,)}
        for number, (before, after) in enumerate(pairwise((inputs, *self.HIDDEN, bands))):
            shapes |= {f"kernel{number}": (before, after), f"bias{number}": (after,)}
        return shapes

    def fit(
        self, train: tuple[Rows, Rows], check: tuple[Rows, Rows], seed: tuple[int, ...]
    ) -> Arrays:
        """Train by AdamW on squared error, the rate falling by a cosine after a short rise."""
        generator = np.random.default_rng(seed)
        scales = _scales(train[0])
        x, y = standardised(train[0], scales), train[1]
        shapes = self.shapes(x.shape[1], y.shape[1])
        weights = {
            name: self._first(name, shape, generator)
            for name, shape in shapes.items()
            if name not in scales
        }
        means, squares = ({name: np.zeros_like(w) for name, w in weights.items()} for _ in "12")
        best, least = dict(weights), np.inf
        every = max(1, self.steps // self.CHECKS)
        for step in range(1, self.steps + 1):
            rows = generator.integers(0, len(x), self.BATCH)
            gradients = self._gradients(x[rows], y[rows], weights, generator)
            rate = self._rate(step - 1)
            for name, gradient in gradients.items():
                means[name] += 0.1 * (gradient - means[name])
                squares[name] += 0.001 * (gradient**2 - squares[name])
                move = means[name] / (1 - 0.9**step)
                move /= np.sqrt(squares[name] / (1 - 0.999**step)) + 1e-8
                if weights[name].ndim == 2:
                    move += self.DECAY * weights[name]
                weights[name] = weights[name] - np.float32(rate) * move
            if step % every == 0 or step == self.steps:
                loss = float(((self.predict(check[0], scales | weights) - check[1]) ** 2).mean())
                if loss < least:
                    best, least = dict(weights), loss
        return scales | best

    def answer(self, x: Rows, fitted: Mapping[str, NDArray[np.float32]]) -> Rows:
        """Return the output of the layers."""
        out = standardised(x, fitted)
        for number in range(len(self.HIDDEN)):
            out = out @ fitted[f"kernel{number}"] + fitted[f"bias{number}"]
            np.maximum(out, self.SLOPE * out, out=out)
        last = len(self.HIDDEN)
        answer: Rows = out @ fitted[f"kernel{last}"] + fitted[f"bias{last}"]
        return answer

    def _first(
        self, name: str, shape: tuple[int, ...], generator: np.random.Generator
    ) -> NDArray[np.float32]:
        """Draw a layer's first weights: He's for hidden layers, small ones for the last."""
        if len(shape) == 1:
            return np.zeros(shape, np.float32)
        gain = 0.1 if name == f"kernel{len(self.HIDDEN)}" else 2.0
        drawn = generator.standard_normal(shape, dtype=np.float32)
        return drawn * np.float32(np.sqrt(gain / shape[0]))

    def _rate(self, done: int) -> float:
        cosine = 0.5 * (1 + np.cos(np.pi * done / self.steps))
        warm = min(1.0, (done + 1) / self.WARM_UP)
        return float(self.RATE * (self.FLOOR + (1 - self.FLOOR) * cosine) * warm)

    def _gradients(
        self, x: Rows, y: Rows, weights: Arrays, generator: np.random.Generator
    ) -> Arrays:
        """Return the squared error's gradients, with some of the hidden values dropped."""
        kept, out = [], x
        for number in range(len(self.HIDDEN)):
            z = out @ weights[f"kernel{number}"] + weights[f"bias{number}"]
            factor = np.where(z > 0, np.float32(1), self.SLOPE)
            drawn = generator.random(z.shape, dtype=np.float32) > self.dropout
            factor *= drawn / np.float32(1 - self.dropout)
            kept.append((out, factor))
            out = z * factor
        last = len(self.HIDDEN)
        error = out @ weights[f"kernel{last}"] + weights[f"bias{last}"] - y
        back = error * np.float32(2 / error.size)
        gradients = {f"kernel{last}": out.T @ back, f"bias{last}": back.sum(axis=0)}
        for number in reversed(range(last)):
            inputs, factor = kept[number]
            back = (back @ weights[f"kernel{number + 1}"].T) * factor
            gradients |= {f"kernel{number}": inputs.T @ back, f"bias{number}": back.sum(axis=0)}
        return gradients
