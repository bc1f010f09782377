"""Trains a small network on patches of one or more image pairs: the loop, and nothing about files.

The number of optimiser steps decides how well these networks train, not the number of pixels, so
steps = epochs x patches / batch is what a plan states before training and what is reported during
it. An epoch visits every position once; where there are several pairs (training masks), each visit
takes one of them. The loss is averaged over the pixels to learn from only.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast, get_args

import numpy as np
from numpy.typing import NDArray

from bandweave.errors import MethodError
from bandweave.methods.networks.architecture import Architecture
from bandweave.methods.networks.weights import Weights
from bandweave.problem import Flags
from bandweave.raster.grid import Pixels

Loss = Literal["mse", "mae", "huber"]
Schedule = Literal["constant", "cosine"]
Sampling = Literal["grid", "random"]
LOSSES: tuple[str, ...] = get_args(Loss)
SCHEDULES: tuple[str, ...] = get_args(Schedule)
SAMPLINGS: tuple[str, ...] = get_args(Sampling)
VALIDATION_PATCHES = 64
HUBER_DELTA = 0.1
"""On the normalised scale of 0 to 1."""

Note = Callable[[int, float, float | None], None]
"""Called after each step and each check: the steps done, the loss, the last validation loss."""


@dataclass(frozen=True)
class Recipe:
    """How to train, whatever the network."""

    patch: int
    stride: int
    batch: int
    epochs: int
    learning_rate: float
    schedule: Schedule
    loss: Loss
    sampling: Sampling
    patience: int
    """Epochs without a better validation loss before stopping; 0 trains to the end."""


@dataclass(frozen=True, eq=False)
class BandPair:
    """One image pair, normalised: (channel, row, col) inputs without NaN, (row, col) target."""

    inputs: Sequence[Pixels]
    """Arrays that follow each other as channels."""
    target: NDArray[np.float32]
    train: Flags
    validate: Flags


class PatchPosition(NamedTuple):
    """Where a patch may be cut, and the pairs that have training pixels there."""

    row: int
    col: int
    pairs: tuple[int, ...]


class Patch(NamedTuple):
    """A patch to learn from: which pair, and its upper left pixel."""

    pair: int
    row: int
    col: int


def offsets(size: int, patch: int, stride: int) -> list[int]:
    """Return where patches start along one axis; the last is moved inwards so that none is lost.

    >>> offsets(100, 64, 32)
    [0, 32, 36]
    """
    starts = list(range(0, size - patch + 1, stride))
    if starts[-1] + patch < size:
        starts.append(size - patch)
    return starts


def patch_count(height: int, width: int, patch: int, stride: int) -> int:
    """Return how many patches cover an image."""
    return len(offsets(height, patch, stride)) * len(offsets(width, patch, stride))


class Trainer:
    """One compiled training step, used for band after band: tracing costs as much as a band."""

    def __init__(self, architecture: Architecture, channels: int, recipe: Recipe) -> None:
        from bandweave.methods.networks.backend import keras, tensorflow

        self.recipe = recipe
        self._tf = tf = tensorflow()
        self._model = architecture.build(channels)
        self._adam = keras().optimizers.Adam(recipe.learning_rate)
        self._adam.build(self._model.trainable_variables)
        side = recipe.patch
        signature = [
            tf.TensorSpec((None, side, side, channels), tf.float32),
            tf.TensorSpec((None, side, side), tf.float32),
            tf.TensorSpec((None, side, side), tf.float32),
        ]
        self._step = tf.function(self._learn, input_signature=signature)
        self._check = tf.function(self._loss, input_signature=signature)

    def _loss(self, inputs: Any, target: Any, weight: Any) -> Any:
        tf = self._tf
        error = self._model(inputs)[..., 0] - target
        if self.recipe.loss == "mae":
            cost = tf.abs(error)
        elif self.recipe.loss == "huber":
            size = tf.abs(error)
            cost = tf.where(
                size < HUBER_DELTA, error * error / 2, HUBER_DELTA * (size - HUBER_DELTA / 2)
            )
        else:
            cost = error * error
        return tf.reduce_sum(cost * weight) / tf.maximum(tf.reduce_sum(weight), 1.0)

    def _learn(self, inputs: Any, target: Any, weight: Any) -> Any:
        with self._tf.GradientTape() as tape:
            loss = self._loss(inputs, target, weight)
        variables = self._model.trainable_variables
        self._adam.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    def train(self, pairs: Sequence[BandPair], seed: Sequence[int], note: Note) -> Weights:
        """Train from fresh weights and return the best: by validation where there is any.

        Where the loss stops being a number, the best weights of before; `MethodError` without any.
        """
        recipe, generator = self.recipe, np.random.default_rng(list(seed))
        self._reset(generator)
        positions = patch_positions(pairs, recipe)
        held = _validation_patches(pairs, recipe, generator)
        steps = planned_steps(len(positions), recipe)
        best, best_loss, since, done, checked = self.weights(), math.inf, 0, 0, None
        for _ in range(recipe.epochs):
            for batch in _batches(positions, pairs[0].target.shape, recipe, generator):
                self._adam.learning_rate.assign(_rate(recipe, done, steps))
                loss = float(self._step(*_gather(pairs, batch, recipe.patch, "train")))
                done += 1
                if not math.isfinite(loss):
                    return self._before_divergence(best, best_loss, done)
                note(done, loss, checked)
            if held:
                checked = self._validate(pairs, held)
                if not math.isfinite(checked):
                    return self._before_divergence(best, best_loss, done)
                note(done, loss, checked)
                since = 0 if checked < best_loss else since + 1
                if since == 0:
                    best, best_loss = self.weights(), checked
                elif recipe.patience and since >= recipe.patience:
                    break
        if not held:
            best = self.weights()
            # the last step's loss is that before it
            if not all(np.isfinite(each).all() for each in best):
                return self._before_divergence(best, best_loss, done)
        self._model.set_weights(best)
        return best

    def _before_divergence(self, best: Weights, best_loss: float, done: int) -> Weights:
        if not math.isfinite(best_loss):
            raise MethodError(
                f"Training failed: after {done} steps its loss is not a number.",
                "Choose a lower learning rate, or look for extreme values in the imagery.",
            )
        self._model.set_weights(best)
        return best

    def weights(self) -> Weights:
        """Return the weights as they are now; after training, the best."""
        return cast(Weights, self._model.get_weights())

    def _validate(self, pairs: Sequence[BandPair], held: Sequence[Patch]) -> float:
        size = max(1, self.recipe.batch)
        losses, weights = [], []
        for start in range(0, len(held), size):
            inputs, target, weight = _gather(
                pairs, held[start : start + size], self.recipe.patch, "validate"
            )
            losses.append(float(self._check(inputs, target, weight)))
            weights.append(float(weight.sum()))
        return float(np.average(losses, weights=weights))

    def _reset(self, generator: np.random.Generator) -> None:
        """Draw Glorot-uniform weights (Glorot and Bengio 2010) and forget the optimiser's past."""
        for variable in self._model.trainable_variables:
            shape = variable.shape
            if len(shape) == 1:
                variable.assign(np.zeros(shape, np.float32))
                continue
            field = shape[0] * shape[1]
            limit = math.sqrt(6 / (field * (shape[2] + shape[3])))
            variable.assign(generator.uniform(-limit, limit, shape).astype(np.float32))
        for variable in self._adam.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))


def patch_positions(pairs: Sequence[BandPair], recipe: Recipe) -> list[PatchPosition]:
    """Return every position of the grid with at least one training pixel in some pair."""
    height, width = pairs[0].target.shape
    found = []
    for row in offsets(height, recipe.patch, recipe.stride):
        for col in offsets(width, recipe.patch, recipe.stride):
            part = (slice(row, row + recipe.patch), slice(col, col + recipe.patch))
            useful = [number for number, pair in enumerate(pairs) if pair.train[part].any()]
            if useful:
                found.append(PatchPosition(row, col, tuple(useful)))
    return found


def planned_steps(patches: int, recipe: Recipe) -> int:
    """Return one network's optimiser steps: epochs x patches / batch, batches rounded up."""
    return recipe.epochs * math.ceil(patches / recipe.batch)


def _batches(
    positions: Sequence[PatchPosition],
    shape: tuple[int, ...],
    recipe: Recipe,
    generator: np.random.Generator,
) -> Iterator[list[Patch]]:
    """Yield one epoch: every position once, in random order, under one of its pairs.

    With random sampling a position is moved by up to half a stride each time.
    """
    order = generator.permutation(len(positions))
    for start in range(0, len(order), recipe.batch):
        batch = []
        for position in (positions[index] for index in order[start : start + recipe.batch]):
            row, col = position.row, position.col
            if recipe.sampling == "random":
                reach = recipe.stride // 2
                moved = generator.integers(-reach, reach + 1, size=2) + (row, col)
                row, col = np.clip(moved, 0, np.array(shape) - recipe.patch).tolist()
            pair = position.pairs[int(generator.integers(len(position.pairs)))]
            batch.append(Patch(pair, row, col))
        yield batch


def _validation_patches(
    pairs: Sequence[BandPair], recipe: Recipe, generator: np.random.Generator
) -> list[Patch]:
    """Return some patches with validation pixels, the same at every check."""
    found = [
        Patch(number, row, col)
        for number, pair in enumerate(pairs)
        for row in offsets(pair.target.shape[0], recipe.patch, recipe.patch)
        for col in offsets(pair.target.shape[1], recipe.patch, recipe.patch)
        if pair.validate[row : row + recipe.patch, col : col + recipe.patch].any()
    ]
    chosen = generator.permutation(len(found))[:VALIDATION_PATCHES]
    return [found[index] for index in sorted(chosen)]


def _gather(
    pairs: Sequence[BandPair],
    batch: Sequence[Patch],
    side: int,
    use: Literal["train", "validate"],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return (patch, row, col, channel) inputs, (patch, row, col) targets and weights."""
    channels = sum(len(part) for part in pairs[0].inputs)
    inputs = np.empty((len(batch), side, side, channels), np.float32)
    target = np.empty((len(batch), side, side), np.float32)
    weight = np.empty((len(batch), side, side), np.float32)
    for index, patch in enumerate(batch):
        pair = pairs[patch.pair]
        rows, cols = slice(patch.row, patch.row + side), slice(patch.col, patch.col + side)
        channel = 0
        for part in pair.inputs:
            for image in part:
                inputs[index, :, :, channel] = image[rows, cols]
                channel += 1
        target[index] = pair.target[rows, cols]
        weight[index] = (pair.train if use == "train" else pair.validate)[rows, cols]
    return inputs, target, weight


def _rate(recipe: Recipe, done: int, steps: int) -> float:
    if recipe.schedule == "constant":
        return recipe.learning_rate
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * done / steps))
