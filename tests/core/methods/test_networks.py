"""The paper's networks are exactly the paper's, and training does what it says."""

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_scene, posed
from bandweave.errors import MethodError, SettingError
from bandweave.methods import METHODS
from bandweave.methods.networks.architecture import Architecture, Conv, Pool, Up
from bandweave.methods.networks.cae import ConvolutionalAutoencoder
from bandweave.methods.networks.shallow_cnn import ShallowCNN
from bandweave.methods.networks.training import (
    BandPair,
    Patch,
    PatchPosition,
    Recipe,
    Trainer,
    offsets,
    patch_positions,
)
from bandweave.problem import Progress
from bandweave.tasks.gap import Gap
from bandweave.tasks.reconstruct import Reconstruct

NETWORKS = [key for key, method in METHODS.items() if method.family == "network"]


@pytest.mark.parametrize(("key", "weights"), [("shallow-cnn", 2769), ("cae", 11817)])
def test_weights_are_as_printed(key, weights):
    method = METHODS[key]()
    assert method.parameters() == weights
    assert method.architecture.build(method.channels).count_params() == weights


@pytest.mark.parametrize(
    ("settings", "channels"),
    [({"radar": "none"}, 1), ({"radar": "db"}, 3), ({"radar": "db", "mask": True}, 4)],
)
def test_other_inputs_have_other_first_layers(settings, channels):
    method = ShallowCNN(**settings)
    assert method.channels == channels
    assert method.parameters() == method.architecture.build(channels).count_params()


def layer_facts(model) -> list[tuple]:
    facts = []
    for layer in model.layers:
        config = layer.get_config()
        kind = type(layer).__name__
        if kind == "Conv2D":
            facts.append((kind, config["filters"], config["kernel_size"], config["padding"]))
        elif kind == "LeakyReLU":
            facts.append((kind, round(config["negative_slope"], 6)))
        elif kind == "UpSampling2D":
            facts.append((kind, config["size"], config["interpolation"]))
        else:
            facts.append((kind, config["pool_size"]))
    return facts


def test_the_shallow_cnn_layer_by_layer():
    conv = [("Conv2D", n, (3, 3), "same") for n in (16, 16, 1)]
    leak = ("LeakyReLU", 0.1)
    model = ShallowCNN().architecture.build(2)
    assert layer_facts(model) == [conv[0], leak, conv[1], leak, conv[2]]
    assert model.layers[-1].get_config()["activation"] == "sigmoid"


def test_the_autoencoder_layer_by_layer():
    leak, pool, up = (
        ("LeakyReLU", 0.1),
        ("MaxPooling2D", (2, 2)),
        ("UpSampling2D", (2, 2), "nearest"),
    )

    def conv(filters):
        return ("Conv2D", filters, (3, 3), "same")

    model = ConvolutionalAutoencoder().architecture.build(2)
    assert layer_facts(model) == [
        *(conv(8), leak, pool, conv(16), leak, pool, conv(32), leak, up),
        *(conv(16), leak, up, conv(8), leak, conv(1)),
    ]
    assert model.layers[-1].get_config()["activation"] == "sigmoid"


@pytest.mark.parametrize("key", NETWORKS)
def test_nothing_beyond_the_halo_reaches_the_output(key):
    architecture = METHODS[key]().architecture
    model = architecture.build(1)
    generator = np.random.default_rng(0)
    image = generator.normal(size=(1, 64, 64, 1)).astype(np.float32)
    centre = slice(32, 32 + architecture.stride)
    reach = slice(32 - architecture.halo, 32 + architecture.stride + architecture.halo)
    changed = generator.normal(size=image.shape).astype(np.float32)
    changed[:, reach, reach] = image[:, reach, reach]
    before, after = (model(x).numpy()[0, centre, centre] for x in (image, changed))
    np.testing.assert_array_equal(before, after)


def test_halo_and_stride_by_hand():
    assert (ShallowCNN().architecture.halo, ShallowCNN().architecture.stride) == (3, 1)
    one_pool = Architecture((Conv(2), Pool(), Conv(2), Up(), Conv(1)))
    assert (one_pool.halo, one_pool.stride) == (1 + 1 + 2 + 1, 2)


@pytest.mark.parametrize(
    ("size", "patch", "stride", "expected"),
    [(128, 64, 64, [0, 64]), (100, 64, 32, [0, 32, 36]), (64, 64, 8, [0])],
)
def test_patches_reach_the_far_edge(size, patch, stride, expected):
    assert offsets(size, patch, stride) == expected


def test_the_plan_is_epochs_times_patches_over_batch():
    plan = ShallowCNN(patch=64, stride=32, batch=8, epochs=5).plan_on((512, 512))
    assert plan.patches == 15 * 15
    assert plan.steps == 5 * 29  # 225 patches are 29 batches of 8


def test_the_paper_preset_on_its_own_scene_size():
    paper = ShallowCNN.from_values(ShallowCNN.presets["paper"])
    assert (paper.patch, paper.stride, paper.batch, paper.epochs) == (64, 32, 32, 5)
    cae = ConvolutionalAutoencoder.from_values(ConvolutionalAutoencoder.presets["paper"])
    assert (cae.patch, cae.stride, cae.batch, cae.epochs) == (128, 128, 32, 15)
    for method in (paper, cae):
        assert (method.learning_rate, method.schedule, method.loss) == (1e-3, "constant", "mse")
        assert (method.radar, method.normalisation) == ("ratio", "min-max")


@pytest.mark.parametrize("key", NETWORKS)
def test_a_patch_larger_than_the_scene_names_the_largest(key):
    problem, _, _ = Reconstruct().pose(make_scene(70, 90), 0)
    with pytest.raises(MethodError, match="larger than the scene") as caught:
        METHODS[key].from_values({"patch": 128}).fit(problem)
    stride = METHODS[key]().architecture.stride
    assert f"is {70 // stride * stride}." in caught.value.hint


def test_a_patch_that_pooling_cannot_divide_is_refused():
    with pytest.raises(MethodError, match="does not divide"):
        ConvolutionalAutoencoder(patch=66)
    with pytest.raises(SettingError):
        ShallowCNN(patch=0)


@pytest.mark.parametrize("key", NETWORKS)
def test_the_loss_falls(key):
    noted: list[Progress] = []
    problem = posed("reconstruct").problem
    settings = {"patch": 32, "stride": 16, "batch": 4, "epochs": 6, "learning_rate": 5e-3}
    METHODS[key].from_values(settings).fit(problem, noted.append)
    red = [each for each in noted if each.stage == "Training red" and each.loss is not None]
    assert red[-1].loss < 0.5 * red[0].loss
    assert red[0].steps == red[-1].step * len(problem.bands)


def test_another_seed_gives_another_network():
    results = []
    for seed in (0, 1):
        problem, _, _ = Reconstruct().pose(make_scene(), seed)
        fuser = ShallowCNN(patch=32, epochs=1).fit(problem)
        results.append(fuser.fuse(problem.inputs))
    assert np.abs(results[0] - results[1]).max() > 1e-4


@pytest.mark.parametrize(
    "settings",
    [
        {"radar": "db"},
        {"radar": "none"},
        {"mask": True},
        {"loss": "mae"},
        {"loss": "huber"},
        {"schedule": "cosine"},
        {"sampling": "random"},
        {"normalisation": "percentile"},
        {"normalisation": "fixed"},
        {"validation": 0.2, "patience": 1},
    ],
    ids=str,
)
def test_every_setting_works(settings):
    problem, _, _ = Gap(training_masks=1).pose(make_scene(), 0)
    method = ShallowCNN(patch=32, stride=32, batch=4, epochs=2, **settings)
    fuser = method.fit(problem)
    result = fuser.fuse(fuser.prepare(problem.inputs))
    default = ShallowCNN(patch=32, stride=32, batch=4, epochs=2).fit(problem)
    assert np.isfinite(result).all()
    assert np.abs(result - default.fuse(default.prepare(problem.inputs))).max() > 0


def test_without_radar_the_radar_is_not_looked_at():
    scene = make_scene()
    problem, _, _ = Reconstruct().pose(scene, 0)
    fuser = ShallowCNN(patch=32, epochs=1, radar="none").fit(problem)
    other = make_scene(seed=9).radar
    shuffled = problem.inputs.adding(other)
    np.testing.assert_array_equal(fuser.fuse(problem.inputs), fuser.fuse(shuffled))


def recipe(**changes) -> Recipe:
    settings = {
        "patch": 8,
        "stride": 8,
        "batch": 2,
        "epochs": 4,
        "learning_rate": 1e-2,
        "schedule": "constant",
        "loss": "mse",
        "sampling": "grid",
        "patience": 0,
    }
    return Recipe(**(settings | changes))


def pair(target: np.ndarray, train: np.ndarray, validate: np.ndarray) -> BandPair:
    return BandPair((target[None], target[None]), target, train, validate)


def test_patches_without_a_training_pixel_are_left_out():
    train = np.zeros((16, 16), bool)
    train[0, 9] = True
    image = np.zeros((16, 16), np.float32)
    nowhere = np.zeros_like(train)
    pairs = [pair(image, nowhere, nowhere), pair(image, train, ~train)]
    assert patch_positions(pairs, recipe()) == [PatchPosition(0, 8, (1,))]


def test_what_is_not_a_training_pixel_does_not_lead():
    """Targets outside the pair may be anything: the trained weights are the same."""
    generator = np.random.default_rng(0)
    inputs = generator.uniform(size=(16, 16)).astype(np.float32)
    train = generator.uniform(size=(16, 16)) < 0.5
    trained = []
    for outside in (0.0, 100.0):
        target = np.where(train, inputs, np.float32(outside))
        given = BandPair((inputs[None], inputs[None]), target, train, np.zeros_like(train))
        trainer = Trainer(ShallowCNN().architecture, 2, recipe())
        trained.append(trainer.train([given], [0], lambda *_: None))
    for first, second in zip(*trained, strict=True):
        np.testing.assert_array_equal(first, second)


def test_early_stopping_keeps_the_best_and_stops():
    generator = np.random.default_rng(0)
    inputs = generator.uniform(size=(32, 32)).astype(np.float32)
    validate = np.zeros((32, 32), bool)
    validate[:8] = True
    # what is true of the validation rows gets worse the more the others are learned
    target = np.where(validate, inputs, 1 - inputs).astype(np.float32)
    given = BandPair((inputs[None], inputs[None]), target, ~validate, validate)
    steps: list[int] = []
    checks: list[float] = []

    def note(done: int, _: float, validation: float | None) -> None:
        steps.append(done)
        if validation is not None:
            checks.append(validation)

    patient = recipe(epochs=40, patience=2, learning_rate=2e-2)
    trainer = Trainer(ShallowCNN().architecture, 2, patient)
    best = trainer.train([given], [0], note)
    assert steps[-1] < 40 * 6
    held = [Patch(0, 0, col) for col in range(0, 32, 8)]
    trainer._model.set_weights(best)
    assert checks[-1] > min(checks)
    assert trainer._validate([given], held) == pytest.approx(min(checks), rel=1e-5)


@pytest.mark.parametrize("checked", [True, False])
def test_weights_that_were_never_a_number_are_refused(checked: bool):
    image = np.zeros((32, 32), np.float32)
    validate = np.zeros((32, 32), bool)
    validate[:8] = checked
    wild = np.full_like(image, np.inf)
    trainer = Trainer(ShallowCNN().architecture, 2, recipe(epochs=2))
    given = BandPair((image[None], image[None]), wild, ~validate, validate)
    with pytest.raises(MethodError, match="its loss is not a number") as refused:
        trainer.train([given], [0], lambda *_: None)
    assert "learning rate" in refused.value.hint


def test_the_best_weights_before_a_loss_that_is_no_number_are_kept(monkeypatch):
    generator = np.random.default_rng(0)
    image = generator.uniform(size=(32, 32)).astype(np.float32)
    validate = np.zeros((32, 32), bool)
    validate[:8] = True
    given = BandPair((image[None], image[None]), image, ~validate, validate)
    trainer = Trainer(ShallowCNN().architecture, 2, recipe(epochs=5))
    kept, check = [], trainer._validate

    def once_sound(*asked):
        if kept:
            return float("nan")
        kept.append(trainer.weights())
        return check(*asked)

    monkeypatch.setattr(trainer, "_validate", once_sound)
    for found, wanted in zip(trainer.train([given], [0], lambda *_: None), kept[0], strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_weights_that_the_last_step_made_no_numbers_are_refused(monkeypatch):
    """The loss of a step is that before it: nothing else would tell."""
    image = np.random.default_rng(0).uniform(size=(32, 32)).astype(np.float32)
    given = BandPair((image[None], image[None]), image, image >= 0, image < 0)
    trainer = Trainer(ShallowCNN().architecture, 2, recipe(epochs=1))

    def overflowing(*_):
        trainer._model.set_weights([each * np.nan for each in trainer.weights()])
        return 0.5

    monkeypatch.setattr(trainer, "_step", overflowing)
    with pytest.raises(MethodError, match="its loss is not a number"):
        trainer.train([given], [0], lambda *_: None)
