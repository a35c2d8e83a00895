"""Pixels equal timm's own, whatever the file."""

import numpy as np
import pytest
import torch
from PIL import Image
from timm.data import create_transform

from core.errors import ModelError
from core.images.preprocess import Preprocess
from core.models.normalise import Normalise
from tests.conftest import TOY_TRANSFORM


def photo(width, height, mode="RGB", seed=0):
    noise = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC).convert(mode)


@pytest.mark.parametrize("crop_mode", ["center", "squash", "border"])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "box", "hamming", "lanczos"])
@pytest.mark.parametrize("input_size", [(32, 32), (24, 40), (33, 31)])
def test_pixels_are_those_of_timms_own_transform(crop_mode, interpolation, input_size):
    for crop_pct in (1.0, 0.95, 0.9, 0.875, 1.1, 1.25):
        transform = {
            "input_size": [3, *input_size],
            "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225],
            "crop_pct": crop_pct,
            "crop_mode": crop_mode,
            "interpolation": interpolation,
        }
        ours = Preprocess(transform)
        *steps, _ = create_transform(
            **{**transform, "input_size": (3, *input_size)}, is_training=False, use_prefetcher=True
        ).transforms
        for size in ((120, 90), (64, 100), (32, 32), (31, 31), (20, 200), (57, 123), (40, 33), (500, 375)):
            image = theirs = photo(*size)
            for step in steps:
                theirs = step(theirs)
            assert np.array_equal(ours(image), np.asarray(theirs)), (crop_pct, size)


def test_a_models_input_is_timms_own():
    transform = {**TOY_TRANSFORM, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "crop_pct": 0.875}
    image = photo(120, 90)
    theirs = create_transform(**{**transform, "input_size": (3, 32, 32)}, is_training=False)(image)
    ours = Normalise(transform)(torch.from_numpy(Preprocess(transform)(image).copy())[None])[0]
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("name", "value"), [("interpolation", "bicubc"), ("crop_mode", "centre")])
def test_preprocessing_that_is_not_known_is_named(name, value):
    with pytest.raises(ModelError, match=f"the model's {name} '{value}' is unknown. Did you mean"):
        Preprocess({**TOY_TRANSFORM, name: value})


def test_float_pixels_are_taken_as_fractions():
    normalise = Normalise({**TOY_TRANSFORM, "mean": [0.5, 0.25, 0.0], "std": [0.5, 0.25, 1.0]})
    inputs = normalise(torch.full((1, 32, 32, 3), 0.5))
    assert inputs[0, :, 0, 0].tolist() == [0.0, 1.0, 0.5]


def test_the_batch_is_channels_last_in_memory():
    inputs = Normalise(TOY_TRANSFORM)(torch.zeros(2, 32, 32, 3, dtype=torch.uint8))
    assert inputs.is_contiguous(memory_format=torch.channels_last)


def test_a_model_for_other_than_rgb_is_refused():
    with pytest.raises(ModelError, match="takes 1 channels"):
        Preprocess({**TOY_TRANSFORM, "input_size": [1, 28, 28]})


@pytest.mark.parametrize("mode", ["center", "squash"])
def test_a_floored_crop_halves_an_odd_margin_downwards(mode):
    # 8 rows of 40 pixels whose red is the column; a window of 8 by W leaves 40 - W columns.
    pixels = np.zeros((8, 40, 3), np.uint8)
    pixels[..., 0] = np.arange(40)
    image = Image.fromarray(pixels)
    for width, floored, timms in ((37, 1, 2), (39, 0, 0), (35, 2, 2), (33, 3, 4), (38, 1, 1)):
        transform = {**TOY_TRANSFORM, "input_size": [3, 8, width], "crop_pct": 1.0}
        begins = []
        for crop_mode in (f"{mode}-floor", mode):
            preprocess = Preprocess({**transform, "crop_mode": crop_mode})
            begins.append(int(np.asarray(preprocess.cropped(image))[0, 0, 0]))
        assert begins == [floored, timms], width
        assert Preprocess({**transform, "crop_mode": f"{mode}-floor"}) != Preprocess({**transform, "crop_mode": mode})


def test_a_floored_crop_pads_more_at_the_top_and_left_and_keeps_its_ends():
    white = Image.new("RGB", (5, 5), (255, 255, 255))
    preprocess = Preprocess({**TOY_TRANSFORM, "input_size": [3, 8, 8], "crop_mode": "center-floor"})
    rows = np.asarray(preprocess.cropped(white))[4, :, 0]
    # Three columns are missing: two before and one after.
    assert rows.tolist() == [0, 0, 255, 255, 255, 255, 255, 0]
    wide = Image.fromarray(np.repeat(np.arange(15, dtype=np.uint8)[None, :, None], 8, 0).repeat(3, 2))
    assert [int(np.asarray(preprocess.cropped(wide, 1, at))[0, 0, 0]) for at in (0, 1, 2)] == [0, 3, 7]
