"""Several random crops of an image, one answer."""

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from core import models
from core.errors import ModelError, UsageError
from core.images.views import get_views
from core.images.views.base import random_of
from core.models.engine import Engine
from core.zoom import ZoomTTA
from core.zoom.tta import together
from tests.conftest import BLUE, GREEN, RED, TOY_TRANSFORM


def photo(width=90, height=60, seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


#: Two crops for class 0, narrowly, and one for class 1, strongly; the other way round for a second image.
PROB = np.array(
    [[[0.5, 0.4, 0.1], [0.5, 0.3, 0.2], [0.0, 0.9, 0.1]], [[0.2, 0.2, 0.6], [0.1, 0.7, 0.2], [0.6, 0.4, 0.0]]]
)


def test_the_mean_is_that_of_the_probabilities():
    expected = [[1 / 3, 1.6 / 3, 0.4 / 3], [0.3, 1.3 / 3, 0.8 / 3]]
    np.testing.assert_allclose(together(PROB, "mean"), expected, rtol=1e-6)


def test_the_largest_probability_of_each_class_is_divided_by_their_sum():
    expected = [[0.5 / 1.6, 0.9 / 1.6, 0.2 / 1.6], [0.6 / 1.9, 0.7 / 1.9, 0.6 / 1.9]]
    np.testing.assert_allclose(together(PROB, "max"), expected, rtol=1e-6)


def test_a_majority_counts_crops_and_the_mean_decides_ties():
    # Two, one and no crops and the mean, of four. In the second image each class has one crop, and class 1 most mass.
    expected = [[(2 + 1 / 3) / 4, (1 + 1.6 / 3) / 4, 0.4 / 12], [1.3 / 4, (1 + 1.3 / 3) / 4, (1 + 0.8 / 3) / 4]]
    found = together(PROB, "majority")
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.argmax(axis=1).tolist() == [0, 1]
    assert together(PROB, "mean").argmax(axis=1).tolist() == [1, 1]


@pytest.mark.parametrize("vote", ["mean", "max", "majority"])
def test_rows_add_up_to_one(vote):
    found = together(PROB, vote)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)


def test_one_image_and_several(toy_model):
    colours = [Image.new("RGB", (50, 40), colour) for colour in ((200, 0, 0), (0, 200, 0), (0, 0, 200))]
    tta = ZoomTTA(toy_model, n=3)
    found = tta(colours)
    assert found.shape == (3, 1000)
    assert found.argmax(axis=1).tolist() == [RED, GREEN, BLUE]
    assert np.array_equal(tta(colours[1]), found[1:2])
    assert tta([]).shape == (0, 1000)


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_answers_do_not_depend_on_batches(toy_model, batch_size):
    images = [photo(seed=seed) for seed in range(3)]
    expected = ZoomTTA(toy_model, n=5)(images)
    np.testing.assert_allclose(ZoomTTA(toy_model, n=5, batch_size=batch_size)(images), expected, rtol=1e-5)


def test_the_whole_of_a_square_image_is_its_plain_resize(toy_model):
    image = photo(70, 70)
    pixels = np.asarray(image.resize((32, 32), Image.Resampling.BICUBIC))
    expected, _ = Engine(toy_model).predict(torch.from_numpy(pixels[None].copy()))
    for vote in ("mean", "max"):
        np.testing.assert_allclose(ZoomTTA(toy_model, n=1, scale=(1, 1))(image, vote=vote), expected, rtol=1e-6)


def test_crops_are_those_of_the_family_of_views(toy_model):
    image = photo()
    crops = get_views("tta-rrc@4,0.1,0.5").render(image, None, Engine(toy_model).preprocess, random_of("koala/1.jpg"))
    prob, _ = Engine(toy_model).predict(torch.from_numpy(np.stack(list(crops))))
    found = ZoomTTA(toy_model, n=4, scale=(0.1, 0.5))(image, "koala/1.jpg")
    np.testing.assert_allclose(found[0], prob.mean(axis=0), rtol=1e-5)


def test_crops_belong_to_the_pixels_where_there_is_no_id(toy_model):
    tta = ZoomTTA(toy_model, n=2, scale=(0.1, 0.3))
    here, again = tta(photo()), tta([photo(seed=1), photo()])[1:]
    assert np.array_equal(here, again)
    assert not np.array_equal(tta(photo(), "a"), tta(photo(), "b"))
    assert np.array_equal(tta([photo(), photo()], ["a", "b"])[1:], tta(photo(), "b"))


def test_a_network_of_ones_own_says_how_it_is_prepared():
    torch.manual_seed(0)
    module = timm.create_model("test_vit", num_classes=7, img_size=64).train()
    found = ZoomTTA(module, n=2)(photo())
    assert found.shape == (1, 7)
    assert not module.training
    plain = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, 5))
    with pytest.raises(UsageError, match="the network 'Sequential' does not say how its images are prepared: give tra"):
        ZoomTTA(plain)
    assert ZoomTTA(plain, n=2, transform=TOY_TRANSFORM)(photo()).shape == (1, 5)


def test_what_cannot_be_used_is_named(toy_model):
    with pytest.raises(UsageError, match="'brightest-channel' has its preprocessing already"):
        ZoomTTA(toy_model, transform=TOY_TRANSFORM)
    with pytest.raises(UsageError, match="0 crops of each image, but it can be 1 to 128"):
        ZoomTTA(toy_model, n=0)
    with pytest.raises(UsageError, match=r"shares of the area from 0\.5 to 1\.2"):
        ZoomTTA(toy_model, scale=(0.5, 1.2))
    with pytest.raises(UsageError, match=r"unknown vote 'maximum'\. Did you mean 'max'\? Known: mean, max, majority"):
        ZoomTTA(toy_model, vote="maximum")
    with pytest.raises(UsageError, match="2 ids for 1 images: give one each"):
        ZoomTTA(toy_model)(photo(), ["a", "b"])
    with pytest.raises(ModelError, match="not a tensor of logits"):
        ZoomTTA(Pair(), transform=TOY_TRANSFORM)
    with pytest.raises(ModelError, match="described, not loaded"):
        ZoomTTA(models.describe("test_vit.diorama"))


class Pair(torch.nn.Module):
    """Gives two tensors."""

    def forward(self, inputs):
        return inputs, inputs


def test_an_output_that_is_no_number_is_an_error(toy_model):
    tta = ZoomTTA(toy_model, n=2)
    with torch.no_grad():
        toy_model.module.gain.fill_(float("nan"))
    with pytest.raises(ModelError, match="not finite"):
        tta(photo())
