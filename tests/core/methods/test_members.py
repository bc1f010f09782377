"""The house method's learners, and how they are put together."""

import numpy as np
import pytest

from bandweave.methods.gap_filling.ensemble import Practice, cross_fitted
from bandweave.methods.gap_filling.members import CHUNK, Learner, Perceptron, Ridge
from bandweave.methods.gap_filling.stack import (
    EDGES,
    FOLDS,
    Intervals,
    calibrated,
    error_size_targets,
    folds,
    stacking_weights,
)


def rows(count: int = 3000, inputs: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, inputs)).astype(np.float32)


@pytest.mark.parametrize("learner", [Ridge(), Perceptron(20)], ids=["ridge", "perceptron"])
class TestEveryLearner:
    """What holds for each."""

    def test_what_it_learns_has_the_shapes_that_it_states(self, learner: Learner):
        x, y = rows(), rows(inputs=2)
        fitted = learner.fit((x, y), (x, y), (1,))
        assert {name: each.shape for name, each in fitted.items()} == learner.shapes(3, 2)
        assert all(each.dtype == np.float32 for each in fitted.values())

    def test_a_row_has_the_same_bits_whatever_stands_beside_it(self, learner: Learner):
        x, y = rows(), rows(inputs=2)
        fitted = learner.fit((x, y), (x, y), (1,))
        many = rows(CHUNK + 700, seed=2)
        whole = learner.predict(many, fitted)
        np.testing.assert_array_equal(
            learner.predict(many[CHUNK - 3 : CHUNK + 5], fitted), whole[CHUNK - 3 : CHUNK + 5]
        )
        np.testing.assert_array_equal(learner.predict(many[100:101], fitted), whole[100:101])

    def test_the_same_seed_gives_the_same(self, learner: Learner):
        x, y = rows(), rows(inputs=2)
        first, second = (learner.fit((x, y), (x, y), (1,)) for _ in "12")
        for name, each in first.items():
            np.testing.assert_array_equal(second[name], each)


def test_a_ridge_finds_lines_with_knees_beyond_one_deviation():
    x = rows(20_000)
    z = np.clip((x - x.mean(axis=0)) / x.std(axis=0), -5, 5)
    y = (2 * z[:, :1] - 3 * np.maximum(z[:, 1:2] - 1, 0) + 1).astype(np.float32)
    found = Ridge(1e-6).predict(x, Ridge(1e-6).fit((x, y), (x, y), ()))
    np.testing.assert_allclose(found, y, atol=2e-3)


def test_a_ridge_is_that_of_the_textbook():
    x, y = rows(500, 2), rows(500, 1, seed=1)
    z = np.clip((x - x.mean(axis=0)) / (x.std(axis=0) + 1e-6), -5, 5)
    design = np.concatenate([z, np.maximum(z - 1, 0), np.maximum(-z - 1, 0), np.ones((500, 1))], 1)
    weights = np.linalg.solve(design.T @ design / 500 + 0.03 * np.eye(7), design.T @ y / 500)
    np.testing.assert_allclose(Ridge().fit((x, y), (x, y), ())["weights"], weights, atol=1e-4)


def test_a_perceptrons_gradients_are_those_of_finite_differences():
    perceptron = Perceptron(20, dropout=0.0)
    x, y = rows(40), rows(40, 2, seed=1)
    generator = np.random.default_rng(0)
    weights = {
        name: generator.normal(size=shape) * 0.3
        for name, shape in perceptron.shapes(3, 2).items()
        if name not in ("mean", "deviation")
    }
    plain = {"mean": np.zeros(3), "deviation": np.ones(3)}

    def loss() -> float:
        return float(((perceptron.answer(x.astype(np.float64), plain | weights) - y) ** 2).mean())

    found = perceptron._gradients(x.astype(np.float64), y, weights, generator)
    for name, place in (("kernel0", (1, 5)), ("bias1", (3,)), ("kernel2", (7, 1)), ("bias2", (0,))):
        before = weights[name][place]
        weights[name][place] = before + 1e-5
        above = loss()
        weights[name][place] = before - 1e-5
        slope = (above - loss()) / 2e-5
        weights[name][place] = before
        assert found[name][place] == pytest.approx(slope, rel=1e-4)


def test_a_perceptron_learns_what_no_line_can_follow():
    x = rows(8000)
    y = np.abs(x[:, :1]) * np.sign(x[:, 1:2])
    perceptron = Perceptron(150, dropout=0.0)
    fitted = perceptron.fit((x, y), (x[::7], y[::7]), (0,))
    assert ((perceptron.predict(x, fitted) - y) ** 2).mean() < 0.15 * y.var()


def test_the_best_weights_on_the_rows_to_check_by_are_kept():
    x, y = rows(2000), rows(2000, 1, seed=1)
    # there is nothing to learn but noise: what is kept is what learned least of it
    check = rows(3000, seed=2), np.zeros((3000, 1), np.float32)
    perceptron = Perceptron(240, dropout=0.0)
    kept = perceptron.predict(check[0], perceptron.fit((x, y), check, (0,)))
    longer = [perceptron.fit((x, y), (x, y), (0,))]
    assert (kept**2).mean() < (perceptron.predict(check[0], longer[0]) ** 2).mean()


class _Memory(Learner):
    """Says 1 for every row that it was fitted to, else 0."""

    def shapes(self, inputs, bands):
        return {}

    def fit(self, train, check, seed):
        return {"known": train[0], "checked": check[0]}

    def answer(self, x, fitted):
        return np.isin(x[:, 0], fitted["known"][:, 0])[:, None].astype(np.float32)


def test_no_row_is_predicted_by_who_saw_its_block_and_checks_are_of_the_fold():
    x = np.arange(400, dtype=np.float32)[:, None] + 1
    places = np.arange(400) // 20 * 16, np.arange(400) % 20 * 16
    fold = folds(places, (320, 320), 3)
    practice = Practice(x, x, places, fold)
    found, fitted = cross_fitted(_Memory(), practice, x, [0], ())
    assert not found.any() and len(fitted) == FOLDS
    for number, each in enumerate(fitted):
        assert set(each["checked"][:, 0]) == set(x[(fold == number) & practice.checked, 0])
    assert 0.2 < practice.checked.mean() < 0.3


def test_folds_are_blocks_of_which_neighbours_differ():
    rows, cols = np.divmod(np.arange(96 * 96), 96)
    fold = folds((rows, cols), (96, 96), 0).reshape(96, 96)
    assert (fold[:16, :16] == fold[0, 0]).all()
    blocks = fold[::16, ::16]
    assert (blocks[1:] != blocks[:-1]).all() and (blocks[:, 1:] != blocks[:, :-1]).all()
    assert set(fold.ravel()) == set(range(FOLDS))


def test_weights_are_those_of_least_error_and_never_below_nought():
    truth = rows(500, 1)
    good, bad = truth + 0.1 * rows(500, 1, seed=1), -truth
    weights = stacking_weights([good, bad, truth + 5], truth)
    assert weights.sum() == pytest.approx(1) and weights[0] > 0.99 and (weights >= 0).all()
    twins = stacking_weights([truth + 1, truth - 1], truth)
    np.testing.assert_allclose(twins, 0.5, atol=1e-6)


class TestIntervals:
    """How far off a fill is likely to be."""

    def errors(self, count: int = 20_000):
        generator = np.random.default_rng(0)
        sizes = generator.uniform(0.1, 3, (count, 1)).astype(np.float32)
        distance = generator.uniform(0, 40, count).astype(np.float32)
        errors = sizes * (generator.normal(size=(count, 1)) + distance[:, None] / 10)
        return errors.astype(np.float32), sizes, distance

    def test_they_hold_nine_in_ten_in_every_bin(self):
        errors, sizes, distance = self.errors()
        lower, upper = calibrated(errors, sizes, distance).bounds(sizes, distance)
        held = ((errors >= lower) & (errors <= upper))[:, 0]
        for number in range(len(EDGES) + 1):
            assert held[np.digitize(distance, EDGES) == number].mean() == pytest.approx(
                0.9, abs=2e-3
            )

    def test_quantiles_are_of_the_signed_error_over_its_size(self):
        errors = np.arange(-100, 101, dtype=np.float32)[:, None] * [1, 2]
        sizes = np.full((201, 2), 2, np.float32)
        intervals = calibrated(errors, sizes, np.zeros(201, np.float32))
        np.testing.assert_allclose(intervals.quantiles[0], [-45, 45, -90, 90])
        # bins without enough rows have those of all
        assert intervals.quantiles[3] == intervals.quantiles[0]

    def test_they_know_how_deep_practice_reached(self):
        errors, sizes, distance = self.errors()
        assert calibrated(errors, sizes, distance).deepest == distance.max()

    def test_the_size_is_told_on_a_scale_that_nought_does_not_break(self):
        assert np.isfinite(error_size_targets(np.zeros((1, 1), np.float32))).all()
        assert error_size_targets(np.array([[-0.95]], np.float32))[0, 0] == pytest.approx(
            0, abs=1e-6
        )

    def test_quantiles_of_other_bins_are_refused(self):
        with pytest.raises(ValueError, match="not of its bins"):
            Intervals(((0.0, 1.0),), 10.0)
