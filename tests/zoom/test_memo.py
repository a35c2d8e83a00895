"""A classifier that adapts to one image, and forgets it."""

import math

import numpy as np
import pytest
import torch
from PIL import Image

from core import models
from core.errors import ModelError, UsageError
from core.images.preprocess import Preprocess
from core.images.views.base import random_of
from core.images.views.random_crops import RandomCrops
from core.models.engine import Engine
from core.zoom import Memo, memo
from core.zoom.wrapping import as_model
from tests.conftest import REPO, TOY_TRANSFORM


def photo(seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (60, 90, 3), np.uint8))


def colours():
    """Orange on the left, dark on the right, so that crops differ in their mean colour."""
    pixels = np.zeros((60, 90, 3), np.uint8)
    pixels[:, :60] = (250, 160, 20)
    return Image.fromarray(pixels)


def real_photo():
    """A photograph of the embedded world's material."""
    return Image.open(sorted((REPO / "data" / "embedded" / "diorama" / "backgrounds").rglob("*.*"))[0]).convert("RGB")


def state_of(module):
    return {name: tensor.detach().clone() for name, tensor in (*module.named_parameters(), *module.named_buffers())}


def assert_same(module, state):
    now = state_of(module)
    assert now.keys() == state.keys()
    assert all(torch.equal(now[name], state[name]) for name in state)


class Net(torch.nn.Module):
    """A convolution, normalised, with a buffer that counts how often it was called and moves the output."""

    def __init__(self, gain=1.0):
        super().__init__()
        torch.manual_seed(0)
        self.convolution = torch.nn.Conv2d(3, 8, 5, stride=3)
        self.norm = torch.nn.BatchNorm2d(8)
        self.head = torch.nn.Linear(8, 4)
        self.register_buffer("called", torch.zeros(()), persistent=False)
        self.fails_at = math.inf
        with torch.no_grad():
            self.head.weight.mul_(gain)

    def forward(self, inputs):
        self.called += 1
        if self.called > self.fails_at:
            raise RuntimeError("out of luck")
        pooled = self.norm(self.convolution(inputs)).relu().mean(dim=(2, 3))
        return self.head(pooled) + 0.1 * self.called * torch.arange(4.0)


class Linear(torch.nn.Module):
    """The mean colour, weighed: small enough to follow a step by hand."""

    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(3, 2, bias=False)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[1.0, 0.0, -1.0], [0.5, 0.25, 0.0]]))

    def forward(self, inputs):
        return self.head(inputs.mean(dim=(2, 3)))


def test_a_step_is_the_one_of_the_papers_loss():
    """The gradient of the entropy of the mean answer, taken in one piece and by central differences."""
    lr, preprocess = 0.5, Preprocess(TOY_TRANSFORM)
    crops = list(RandomCrops(6, (0.08, 1.0)).render(colours(), None, preprocess, random_of("a")))
    seen = mean_colour(np.stack(crops))
    weight = np.array([[1.0, 0.0, -1.0], [0.5, 0.25, 0.0]])

    def entropy(weight):
        odds = np.exp(seen @ weight.T)
        mean = (odds / odds.sum(axis=1, keepdims=True)).mean(axis=0)
        return -(mean * np.log(mean)).sum()

    slope = np.zeros_like(weight)
    for at in np.ndindex(weight.shape):
        step = np.zeros_like(weight)
        step[at] = 1e-5
        slope[at] = (entropy(weight + step) - entropy(weight - step)) / 2e-5
    moved = weight - lr * slope
    found = memo.predict(Linear(), colours(), n=6, lr=lr, sample_id="a", transform=TOY_TRANSFORM)
    assert found.entropy_before == pytest.approx(entropy(weight), rel=1e-5)
    assert found.entropy_after == pytest.approx(entropy(moved), rel=1e-5)
    assert found.entropy_after < found.entropy_before - 0.01
    shown = mean_colour(preprocess(colours())[None])
    np.testing.assert_allclose(found.logits, np.concatenate([shown @ weight.T, shown @ moved.T]), rtol=1e-4)


def mean_colour(pixels):
    """As the network gets it: from -1 to 1."""
    return pixels.astype(np.float64).mean(axis=(1, 2)) / 255 * 2 - 1


def test_many_crops_come_a_few_at_a_time_and_make_the_same_step(monkeypatch):
    settings = {"n": 13, "lr": 0.1, "sample_id": "a", "transform": TOY_TRANSFORM}
    found = []
    for at_once in (2, 100):
        monkeypatch.setitem(memo._SLICE, "cpu", at_once)
        found.append(memo.predict(Linear(), colours(), **settings))
    np.testing.assert_allclose(found[0].after, found[1].after, rtol=1e-5)
    assert np.abs(found[0].after - found[0].before).max() > 1e-3


def test_the_given_network_stays_exactly_as_it_is():
    module = Net().eval()
    model = as_model(module, TOY_TRANSFORM)
    state = state_of(module)
    memo.predict(model, photo(), n=5, lr=0.1, steps=3)
    assert_same(module, state)
    assert all(parameter.grad is None for parameter in module.parameters())


def test_its_own_network_is_restored_after_each_image_buffers_too():
    adapting = Memo(Net(), n=5, lr=0.1, transform=TOY_TRANSFORM)
    state = state_of(adapting.model.module)
    first = adapting.predict(photo())
    assert_same(adapting.model.module, state)
    adapting.predict(photo(1))
    again = adapting.predict(photo())
    assert_same(adapting.model.module, state)
    assert np.array_equal(first.logits, again.logits)
    assert not np.allclose(first.before, first.after, atol=1e-4)


@pytest.mark.parametrize("call", range(1, 7))
def test_it_is_restored_after_an_error_whenever_that_comes(call):
    # Before, two calls for the mean, two for the step, after.
    adapting = Memo(Net(), n=10, lr=0.1, transform=TOY_TRANSFORM)
    network = adapting.model.module
    state = state_of(network)
    network.fails_at = float(network.called) + call - 1
    with pytest.raises(ModelError, match="out of luck"):
        adapting.predict(photo())
    assert_same(network, state)
    assert all(parameter.grad is None for parameter in network.parameters())
    network.fails_at = math.inf
    expected = Memo(Net(), n=10, lr=0.1, transform=TOY_TRANSFORM).predict(photo())
    assert np.array_equal(adapting.predict(photo()).after, expected.after)


def test_an_output_that_is_no_number_after_a_step_is_an_error_and_forgotten():
    adapting = Memo(Net(gain=50), n=4, lr=1e38, transform=TOY_TRANSFORM)
    state = state_of(adapting.model.module)
    with pytest.raises(ModelError, match="not finite"):
        adapting.predict(photo())
    assert_same(adapting.model.module, state)


def test_before_is_the_plain_evaluation(toy_model):
    found = memo.predict(toy_model, photo(), n=2)
    engine = Engine(toy_model)
    prob, logits = engine.predict(torch.from_numpy(engine.preprocess(photo())[None].copy()))
    np.testing.assert_allclose(found.before, prob[0], rtol=1e-5)
    np.testing.assert_allclose(found.logits[0], logits[0], rtol=1e-5)
    assert found.before.dtype == found.after.dtype == np.float32
    assert found.before.shape == found.after.shape == (1000,)


def test_entropy_afterwards_is_only_looked_at_when_wanted():
    adapting = Memo(Linear(), n=3, transform=TOY_TRANSFORM)
    found = adapting.predict(photo(), "a", entropy=False)
    assert math.isnan(found.entropy_after)
    assert np.array_equal(found.after, adapting.predict(photo(), "a").after)


@pytest.mark.parametrize("name", ["test_efficientnet.diorama", "test_vit.diorama"])
def test_of_a_real_image_the_entropy_goes_down(name):
    model = models.load(name, "cpu")
    state = state_of(model.module)
    found = memo.predict(model, real_photo(), n=16)
    assert found.entropy_after < found.entropy_before
    assert_same(model.module, state)
    assert not model.module.training


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"lr": 0}, "lr 0 must be a number above 0"),
        ({"lr": float("nan")}, "lr nan must be"),
        ({"steps": 0}, "steps 0 must be a whole number from 1"),
        ({"n": 500}, "500 crops of each image, but it can be 1 to 128"),
    ],
)
def test_a_wrong_argument_is_named(toy_model, wrong, says):
    with pytest.raises(UsageError, match=says):
        memo.predict(toy_model, photo(), **wrong)
