"""Pipelines of other libraries said as the preprocessing that everything here renders with: the same pixels, or no."""

import math

import numpy as np
import pytest
import timm
import torch
import torchvision.models
import torchvision.transforms as v1
from PIL import Image
from timm.data.transforms import CenterCropOrPad, MaybePILToTensor, ResizeKeepRatio
from timm.data.transforms import ToTensor as TimmToTensor
from torch import nn
from torchvision.transforms import v2
from torchvision.transforms.functional import InterpolationMode

from core.errors import ModelError
from core.images.preprocess import Preprocess
from core.models.normalise import Normalise
from core.models.transforms import transform_of

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
#: Width and height: margins before the crop are odd and even, one side far longer, both below the crop.
SIZES = [(301, 225), (225, 301), (500, 333), (333, 500), (97, 96), (640, 101), (20, 31), (224, 224)]
CLASSIFIERS = [
    weights
    for name in torchvision.models.list_models(module=torchvision.models)
    for weights in torchvision.models.get_model_weights(name)
]
#: One of each crop and size before it.
OF_EACH_SIZE = {
    (each.transforms().crop_size[0], each.transforms().resize_size[0]): each for each in CLASSIFIERS
}.values()


def noise(width, height):
    generator = np.random.default_rng(width * 1000 + height)
    return Image.fromarray(generator.integers(0, 256, (height, width, 3), dtype=np.uint8))


def rendered(transform, image):
    pixels = torch.from_numpy(Preprocess(transform)(image).copy())[None]
    return Normalise(transform)(pixels)[0]


def as_tensor(pipeline, image):
    for step in pipeline if isinstance(pipeline, list) else [pipeline]:
        image = step(image)
    return torch.as_tensor(image)


def to_rgb(image):
    return image.convert("RGB")


def to_rgb_if_needed(image):
    """Of any image one in RGB."""
    return image.convert("RGB") if image.mode != "RGB" else image


PIPELINES = {
    "first version": v1.Compose([v1.Resize(232), v1.CenterCrop(224), v1.ToTensor(), v1.Normalize(MEAN, STD)]),
    "bicubic, as pillow numbers it": v1.Compose([v1.Resize(256, 3), v1.CenterCrop((224, 224)), v1.ToTensor()]),
    "second version": v2.Compose(
        [
            *(v2.RGB(), v2.Resize([236], interpolation=InterpolationMode.BICUBIC), v2.CenterCrop([224]), v2.ToImage()),
            *(v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD), v2.Identity()),
        ]
    ),
    "tensor before the crop": v2.Compose(
        [v2.Resize(100), v2.PILToTensor(), v2.ToDtype(torch.uint8), v2.CenterCrop(97), v2.ToDtype(torch.float32, True)]
    ),
    "whole numbers normalised": v2.Compose(
        [v2.Resize(64), v2.CenterCrop(57), v2.ToImage(), v2.ToDtype(torch.float32), v2.Normalize([123.0], [58.5])]
    ),
    "whole numbers as they are": v1.Compose([v1.Resize(64), v1.CenterCrop(57), TimmToTensor()]),
    "squashed": v1.Compose([v1.Resize((224, 160)), v1.ToTensor(), v1.Normalize((0.5,), (0.5,))]),
    "squashed and cropped": v1.Compose([v1.Resize((256, 256)), v1.CenterCrop(224), v1.ToTensor()]),
    "squashed and cropped, not square": v1.Compose([v1.Resize([256, 128]), v1.CenterCrop((224, 112)), v1.ToTensor()]),
    "a crop larger than the resize": v1.Compose([v1.Resize(100), v1.CenterCrop(127), v1.ToTensor()]),
    "not square": v1.Compose(
        [ResizeKeepRatio((256, 128), interpolation="lanczos"), v1.CenterCrop((224, 112)), v1.ToTensor()]
    ),
    "padded with the mean colour": v1.Compose(
        [
            *(ResizeKeepRatio(96, longest=1.0, interpolation="bicubic"), CenterCropOrPad(96, fill=(124, 116, 104))),
            *(v1.ToTensor(), v1.Normalize(MEAN, STD)),
        ]
    ),
    "nothing to pad": v1.Compose(
        [v1.Resize(64), CenterCropOrPad(57, fill=9), MaybePILToTensor(), v1.ConvertImageDtype(torch.float32)]
    ),
    "nested, functions": v1.Compose(
        [
            to_rgb,
            v1.Compose([v1.Lambda(to_rgb_if_needed), v1.Resize(64)]),
            v1.CenterCrop(64),
            lambda im: im.convert("RGB"),
            v1.ToTensor(),
        ]
    ),
    "a list": [v1.Resize(64), v1.CenterCrop(57), v1.ToTensor(), nn.Identity()],
    "in sequence": nn.Sequential(v2.Resize(64), v2.CenterCrop(57), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)),
}


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("size", SIZES)
def test_what_is_said_gives_the_pipelines_own_pixels(name, size):
    pipeline, image = PIPELINES[name], noise(*size)
    expected = as_tensor(pipeline, image)
    found = rendered(transform_of(pipeline), image)
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, rtol=1e-6, atol=1e-5)


def test_a_pipeline_is_said_in_numbers():
    assert transform_of(PIPELINES["squashed and cropped"]) == {
        "input_size": [3, 224, 224],
        "interpolation": "bilinear",
        "mean": [0.0, 0.0, 0.0],
        "std": [1.0, 1.0, 1.0],
        "crop_pct": 0.875,
        "crop_mode": "squash",
    }


@pytest.mark.parametrize("weights", CLASSIFIERS, ids=str)
def test_the_transforms_of_every_classifier_of_torchvision_are_said(weights):
    preset = weights.transforms()
    said = transform_of(preset)
    (crop,), (resize,) = preset.crop_size, preset.resize_size
    assert said["input_size"] == [3, crop, crop]
    assert math.floor(crop / said["crop_pct"]) == resize
    assert said["crop_mode"] == "center"
    assert (said["interpolation"], said["mean"], said["std"]) == (preset.interpolation.value, preset.mean, preset.std)


@pytest.mark.parametrize(
    "weights",
    [CLASSIFIERS[0], *{(w.transforms().crop_size[0], w.transforms().resize_size[0]): w for w in CLASSIFIERS}.values()],
    ids=str,
)
@pytest.mark.slow
def test_the_transforms_of_torchvision_give_their_own_pixels(weights):
    for size in SIZES[:4]:
        image = noise(*size)
        found = rendered(transform_of(weights.transforms()), image)
        assert torch.allclose(found, weights.transforms()(image), rtol=0, atol=1e-5)


@pytest.mark.parametrize("mode", ["center", "squash", "border"])
@pytest.mark.parametrize("sides", [(224, 224), (224, 128)])
def test_timms_own_pipelines_are_said(mode, sides):
    config = {"input_size": (3, *sides), "crop_pct": 0.9, "crop_mode": mode, "interpolation": "bicubic"}
    pipeline = timm.data.create_transform(**config, mean=MEAN, std=STD)
    said = transform_of(pipeline)
    assert (said["mean"], said["std"], said["crop_mode"]) == (MEAN, STD, mode)
    for size in SIZES:
        assert torch.allclose(rendered(said, noise(*size)), pipeline(noise(*size)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("mode", ["shortest", "squash"])
@pytest.mark.parametrize("side", [224, 97, (120, 80)])
def test_open_clips_own_pipelines_are_said(mode, side):
    open_clip = pytest.importorskip("open_clip")
    pipeline = open_clip.image_transform(side, is_train=False, resize_mode=mode)
    for size in SIZES:
        assert torch.allclose(rendered(transform_of(pipeline), noise(*size)), pipeline(noise(*size)), rtol=0, atol=1e-5)


def test_padding_with_another_colour_than_the_mean_is_refused():
    open_clip = pytest.importorskip("open_clip")
    pipeline = open_clip.image_transform(224, is_train=False, resize_mode="longest")
    with pytest.raises(ModelError, match=r"the crop pads with \[0, 0, 0\]; here it can pad with \[123, 117, 104\]"):
        transform_of(pipeline)


class OwnResize(v1.Resize):
    """A user's own, which may do anything."""


END = [v1.ToTensor(), v1.Normalize(MEAN, STD)]
REFUSED = {
    "no resize": ([v1.CenterCrop(224), *END], r"CenterCrop\(size=\(224, 224\)\) .*cropped before it is resized"),
    "only numbers": (END, "it has no Resize, so images would keep sizes of their own"),
    "no crop": ([v1.Resize(224), *END], "it has no CenterCrop, so inputs would differ in size"),
    "no tensor": ([v1.Resize(224), v1.CenterCrop(224)], r"it ends with a picture, not a tensor of numbers 0\.\.1"),
    "whole": ([v1.Resize(224), v1.CenterCrop(224), v1.PILToTensor()], r"it ends with whole numbers 0\.\.255"),
    "random": ([v1.RandomResizedCrop(224), *END], r"RandomResizedCrop.* cannot be said as a preprocessing: known are"),
    "flip": ([v1.Resize(224), v1.RandomHorizontalFlip(), *END], r"RandomHorizontalFlip\(p=0.5\) cannot be said"),
    "grey": ([v1.Grayscale(3), *END], r"Grayscale\(num_output_channels=3\) cannot be said"),
    "five": ([v1.FiveCrop(224), *END], "FiveCrop"),
    "longest": ([v1.Resize(224, max_size=300), *END], "max_size is 300"),
    "twice": ([v1.Resize(256), v1.Resize(224), *END], "the image is resized twice"),
    "cropped twice": ([v1.Resize(256), v1.CenterCrop(224), v1.CenterCrop(200), *END], "the image is cropped twice"),
    "of a tensor": (
        [v1.ToTensor(), v1.Resize(224), v1.CenterCrop(224)],
        "after a conversion to a tensor it gives",
    ),
    "in one side": (
        [v1.Resize(256), v1.CenterCrop((224, 112)), *END],
        r"a crop of 224 x 112 after a resize to 256",
    ),
    "no proportion": (
        [v1.Resize((256, 300)), v1.CenterCrop(224), *END],
        "a crop of 224 x 224 after a resize to 256 x",
    ),
    "normalised whole": (
        [v1.PILToTensor(), v1.Normalize(MEAN, STD)],
        r"the image is whole numbers 0\.\.255",
    ),
    "normalised twice": ([*END, v1.Normalize(MEAN, STD)], "nothing may follow Normalize"),
    "half": ([v1.PILToTensor(), v1.ConvertImageDtype(torch.float16)], "dtype is float16, not float32"),
    "no picture": ([v2.ToDtype(torch.float32, scale=True)], "the image is no tensor yet"),
    "by kind": ([v2.ToImage(), v2.ToDtype({torch.Tensor: torch.float32})], "dtype is given by the kind of input"),
    "two channels": ([v1.Resize(9), v1.CenterCrop(9), v1.ToTensor(), v1.Normalize([0, 0], [1, 1])], "it has 2 numbers"),
    "no numbers": ([v1.ToTensor(), v1.Normalize(["a"], [1])], "its mean or std is none of three numbers"),
    "no width": ([v1.Resize(9), v1.CenterCrop(9), v1.ToTensor(), v1.Normalize(MEAN, [0.2, 0, 0.2])], "'std' is"),
    "a function": ([v1.Resize(9), v1.Lambda(lambda image: image.rotate(90)), *END], "only a conversion to RGB"),
    "grey function": ([lambda image: image.convert("L"), *END], "the function <lambda> cannot be said"),
    "more than rgb": ([lambda image: image.convert("RGB").rotate(90), *END], "only a conversion to RGB"),
    "own": ([OwnResize(224), *END], r"OwnResize\(size=224.* cannot be said as a preprocessing: known are"),
    "rounding": ([ResizeKeepRatio(224), *END], r"rounds the longer side where Resize\(224\) cuts it"),
    "between": ([ResizeKeepRatio(224, longest=0.5), *END], "longest is 0.5"),
    "nothing": ([], "it ends with a picture"),
    "no pipeline": (None, "NoneType|None cannot be said"),
    "a number": ([7], "7 cannot be said"),
    "zero": ([v1.Resize(0), *END], "its size is 0"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_said_is_named(name):
    steps, said = REFUSED[name]
    with pytest.raises(ModelError, match=said) as caught:
        transform_of(steps, "net.py")
    assert str(caught.value).startswith("net.py")
    assert "\n" not in str(caught.value)
