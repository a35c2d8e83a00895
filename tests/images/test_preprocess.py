"""Pixels equal timm's own, whatever the file."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from timm.data import create_transform

from core.errors import DataError, ModelError
from core.images.preprocess import Normalise, Preprocess, open_rgb
from tests.conftest import TOY_TRANSFORM


def photo(width, height, mode="RGB", seed=0):
    noise = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC).convert(mode)


@pytest.mark.parametrize("crop_mode", ["center", "squash", "border"])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(120, 90), (64, 100), (31, 31), (20, 200)])
def test_preprocessing_equals_timms_own_transform(crop_mode, interpolation, size):
    transform = {
        **TOY_TRANSFORM,
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
        "crop_pct": 0.875,
        "crop_mode": crop_mode,
        "interpolation": interpolation,
    }
    image = photo(*size)
    theirs = create_transform(**{**transform, "input_size": (3, 32, 32)}, is_training=False)(image)
    pixels = Preprocess(transform)(image)
    assert pixels.shape == (32, 32, 3)
    ours = Normalise(transform)(torch.from_numpy(pixels.copy())[None])[0]
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-6)


def test_a_square_crop_of_a_non_square_input_size_is_as_timm_makes_it():
    transform = {**TOY_TRANSFORM, "input_size": [3, 24, 40], "crop_pct": 0.9}
    image = photo(100, 80)
    theirs = create_transform(**{**transform, "input_size": (3, 24, 40)}, is_training=False)(image)
    ours = Normalise(transform)(torch.from_numpy(Preprocess(transform)(image).copy())[None])[0]
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-6)


def test_float_pixels_are_taken_as_fractions():
    normalise = Normalise({**TOY_TRANSFORM, "mean": [0.5, 0.25, 0.0], "std": [0.5, 0.25, 1.0]})
    inputs = normalise(torch.full((1, 32, 32, 3), 0.5))
    assert inputs[0, :, 0, 0].tolist() == [0.0, 1.0, 0.5]


def test_the_batch_is_channels_last_in_memory():
    inputs = Normalise(TOY_TRANSFORM)(torch.zeros(2, 32, 32, 3, dtype=torch.uint8))
    assert inputs.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ("mode", "suffix"), [("L", "jpg"), ("CMYK", "jpg"), ("P", "png"), ("LA", "png"), ("RGBA", "png"), ("1", "png")]
)
def test_other_modes_become_rgb_as_pillow_converts_them(tmp_path, mode, suffix):
    path = tmp_path / f"image.{suffix}"
    photo(40, 30).convert(mode).save(path)
    with Image.open(path) as image:
        expected = np.asarray(image.convert("RGB"))
    assert np.array_equal(np.asarray(open_rgb(path)), expected)


def test_exif_rotation_is_not_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    photo(40, 30).save(tmp_path / "turned.jpg", exif=exif)
    assert open_rgb(tmp_path / "turned.jpg").size == (40, 30)


def test_the_first_frame_of_an_animation_counts(tmp_path):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ((250, 0, 0), (0, 0, 250))]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    assert open_rgb(tmp_path / "moving.gif").getpixel((5, 5))[0] > 200


def test_sixteen_bit_grey_is_refused_by_name(tmp_path):
    Image.fromarray(np.full((20, 20), 40000, dtype=np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(DataError, match="I;16 has more than 8 bits"):
        open_rgb(tmp_path / "deep.png")


@pytest.mark.parametrize("keep", [0.5, 0.99])
def test_a_truncated_jpeg_is_an_error_not_a_grey_half(tmp_path, keep):
    buffer = io.BytesIO()
    photo(200, 150).save(buffer, "JPEG")
    (tmp_path / "half.jpg").write_bytes(buffer.getvalue()[: int(keep * len(buffer.getvalue()))])
    with pytest.raises(OSError, match="truncated"):
        open_rgb(tmp_path / "half.jpg")


def test_a_model_for_other_than_rgb_is_refused():
    with pytest.raises(ModelError, match="takes 1 channels"):
        Preprocess({**TOY_TRANSFORM, "input_size": [1, 28, 28]})
