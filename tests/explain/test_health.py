"""Eight pictures shown to real networks, trained and not."""

from dataclasses import replace

import numpy as np
import pytest
import timm
import torch

from core import models
from core.explain import health
from core.labels import FOCUS_10, IMAGENET_1K, label_space
from core.models.normalise import Normalise

EMBEDDED = ("test_efficientnet.diorama", "test_efficientnet_gn.diorama", "test_vit.diorama")
TRANSFORM = {
    "input_size": [3, 160, 160],
    "interpolation": "bicubic",
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
    "crop_pct": 0.95,
    "crop_mode": "center",
}
REAL = ("mobilenetv1_100.tf_quant", "tf_efficientnet_lite0.pypi", "tf_mobilenetv3_small_100.tf_quant")


def bad(checked):
    return [each.about for each in checked.findings if each.level == "bad"]


def of(checked, about):
    return next(each.said for each in checked.findings if each.about == about)


class Permuted(torch.nn.Module):
    """A network whose classes are in another order."""

    def __init__(self, network, n_classes):
        super().__init__()
        self.network = network
        self.order = torch.tensor(np.roll(np.arange(n_classes), n_classes // 3))

    def forward(self, inputs):
        return self.network(inputs)[:, self.order]


class Turned(torch.nn.Module):
    """A network for values of 0 to 255, in the order blue, green, red, made of one for normalised pixels."""

    def __init__(self, network, transform):
        super().__init__()
        self.network, self.normalise = network, Normalise(transform)

    def forward(self, inputs):
        pixels = (inputs.flip(1) / 255).permute(0, 2, 3, 1).contiguous()
        return self.network(self.normalise(pixels))


@pytest.mark.parametrize("space", [IMAGENET_1K, FOCUS_10, "classes-7"])
def test_the_eight_pictures_differ_and_are_composed_anew_alike(space):
    names = health.pictures_for(space)
    pictures = [np.asarray(health.picture(name)) for name in names]
    assert len({picture.tobytes() for picture in pictures}) == 8
    assert all(
        np.array_equal(np.asarray(health.picture(name)), seen) for name, seen in zip(names, pictures, strict=True)
    )


def test_what_is_right_is_known_for_spaces_that_name_the_categories():
    assert health.expected(FOCUS_10, health.pictures_for(FOCUS_10))[:3] == [[0], [1], [2]]
    # ImageNet's planes: airliner (404) and warplane (895).
    assert health.expected(IMAGENET_1K, ["plane-13/0.6/0"]) == [[404, 895]]
    assert health.expected("classes-7", health.pictures_for("classes-7")) == [[]] * 8


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_models_are_alive(name):
    checked = health.check(models.load(name))
    assert (checked.alive, bad(checked)) == (True, [])
    assert [each.is_right for each in checked.answers] == [True] * 8
    assert 0 < checked.seconds < 10
    assert checked.answers[0].top[0][0] == "truck"


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_networks_that_were_trained_on_photographs_are_alive(shared, monkeypatch, name):
    monkeypatch.setenv("OFFCENTER_MODELS", str(shared / "models"))
    checked = health.check(models.load(name))
    assert (checked.alive, bad(checked)) == (True, [])
    assert "8 of 8 pictures are right among the best 5" in of(checked, "order")


@pytest.mark.parametrize("architecture", ["test_vit", "test_resnet", "test_convnext", "test_efficientnet"])
@pytest.mark.parametrize("space", [IMAGENET_1K, FOCUS_10])
def test_an_untrained_network_looks_so(architecture, space):
    torch.manual_seed(0)
    network = timm.create_model(architecture, num_classes=len(label_space(space)))
    checked = health.check(models.from_module(network, "new", label_space=space, transform=TRANSFORM))
    assert not checked.alive
    assert any("looks untrained" in each.said for each in checked.findings)


def test_a_permuted_head_is_found():
    model = models.load(EMBEDDED[2])
    checked = health.check(replace(model, module=Permuted(model.module, 10).eval()))
    assert bad(checked) == ["order"]
    assert "the classes are in another order" in of(checked, "order")


@pytest.mark.shared
def test_preprocessing_for_another_library_is_named(shared, monkeypatch):
    monkeypatch.setenv("OFFCENTER_MODELS", str(shared / "models"))
    model = models.load("tf_efficientnet_lite0.pypi")
    turned = Turned(model.module, model.transform).eval()
    checked = health.check(replace(model, module=turned))
    assert "preprocessing" in bad(checked)
    found = of(checked, "preprocessing")
    assert "with channels in the order blue, green, red, and pixel values of 0 to 255, " in found
    # Red and blue exchanged do not hinder it, so the other order is named as well; values of 0 to 1 do.
    assert found.startswith("with pixel values of 0 to 255, or with ")
    assert ("8 of 8 pictures" in found, "0 to 1" in found) == (True, False)


def test_a_network_that_gives_no_numbers_is_not_alive():
    model = models.load(EMBEDDED[2])
    broken = torch.nn.Sequential(model.module, torch.nn.Threshold(1e9, float("nan"))).eval()
    checked = health.check(replace(model, module=broken))
    assert bad(checked) == ["numbers"]
    assert checked.answers == ()
