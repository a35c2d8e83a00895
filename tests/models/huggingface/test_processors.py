"""Image processors of transformers as preprocessings of ours: recognised exactly, or refused by what cannot be said."""

import json

import pytest
import torch
from PIL import Image

from core.errors import ModelError
from core.models.huggingface.processors import our_input, recognised

transformers = pytest.importorskip("transformers")

HALF = [0.5, 0.5, 0.5]
IMAGENET = [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]


def settings(folder, content, name="preprocessor_config.json"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))
    return folder


def normal(mean, std):
    return {"do_normalize": True, "image_mean": mean, "image_std": std}


#: Settings as published beside well-known models, old ones and new ones; the config by which a processor that they do
#: not name is found; and (size, interpolation, crop_pct, crop_mode, mean, std) worked out by hand.
PUBLISHED = {
    "google/vit-base-patch16-224": (
        {"do_resize": True, "size": 224, **normal(HALF, HALF)},
        "ViTConfig",
        (224, "bilinear", 1.0, "squash", HALF, HALF),
    ),
    "microsoft/swin-tiny-patch4-window7-224": (
        {"feature_extractor_type": "ViTFeatureExtractor", "resample": 3, "size": 224, **normal(*IMAGENET)},
        "SwinConfig",
        (224, "bicubic", 1.0, "squash", *IMAGENET),
    ),
    "microsoft/resnet-50": (
        {"crop_pct": 0.875, "feature_extractor_type": "ConvNextFeatureExtractor", "resample": 3, "size": 224}
        | normal(*IMAGENET),
        "ResNetConfig",
        (224, "bicubic", 224 / 256, "center-floor", *IMAGENET),
    ),
    "facebook/convnext-base-384": (
        {"crop_pct": None, "feature_extractor_type": "ConvNextFeatureExtractor", "resample": 3, "size": 384}
        | normal(*IMAGENET),
        "ConvNextConfig",
        (384, "bicubic", 1.0, "squash", *IMAGENET),
    ),
    "facebook/deit-base-distilled-patch16-224": (
        {"crop_size": 224, "do_center_crop": True, "feature_extractor_type": "DeiTFeatureExtractor", "size": 256}
        | {"resample": 3, **normal(*IMAGENET)},
        "DeiTConfig",
        (224, "bicubic", 224 / 256, "squash", *IMAGENET),
    ),
    "microsoft/beit-base-patch16-224": (
        {"crop_size": 224, "do_center_crop": False, "feature_extractor_type": "BeitFeatureExtractor", "size": 224}
        | {"resample": 2, **normal(HALF, HALF)},
        "BeitConfig",
        (224, "bilinear", 1.0, "squash", HALF, HALF),
    ),
    "facebook/dinov2-small-imagenet1k-1-layer": (
        {"crop_size": {"height": 224, "width": 224}, "do_center_crop": True, "do_resize": True, "do_rescale": True}
        | {"image_processor_type": "BitImageProcessor", "resample": 3, "size": {"shortest_edge": 256}}
        | normal(*IMAGENET),
        "Dinov2Config",
        (224, "bicubic", 224 / 256, "center-floor", *IMAGENET),
    ),
    "facebook/levit-128S": (
        # int(256 / 224 * 224) is 256.
        {"feature_extractor_type": "LevitFeatureExtractor", "resample": 3, "size": 224, **normal(*IMAGENET)},
        "LevitConfig",
        (224, "bicubic", 224 / 256, "center-floor", *IMAGENET),
    ),
    "sail/poolformer_s12": (
        # int(224 / 0.9) is 248.
        {"crop_pct": 0.9, "feature_extractor_type": "PoolFormerFeatureExtractor", "resample": 3, "size": 224}
        | normal(*IMAGENET),
        "PoolFormerConfig",
        (224, "bicubic", 224 / 248, "center-floor", *IMAGENET),
    ),
    "google/mobilenet_v2_1.0_224": (
        {"crop_size": {"height": 224, "width": 224}, "do_center_crop": True, "do_rescale": True, "resample": 2}
        | {"image_processor_type": "MobileNetV2ImageProcessor", "size": {"shortest_edge": 256}, **normal(HALF, HALF)},
        "MobileNetV2Config",
        (224, "bilinear", 224 / 256, "center-floor", HALF, HALF),
    ),
    "google/efficientnet-b7": (
        # ((p / 255 - m) / s) / s, so the deviation is squared.
        {"do_center_crop": False, "image_processor_type": "EfficientNetImageProcessor", "include_top": True}
        | {"resample": 0, "rescale_offset": False, "size": {"height": 600, "width": 600}}
        | normal(IMAGENET[0], [0.5, 0.4, 0.2]),
        "EfficientNetConfig",
        (600, "nearest", 1.0, "squash", IMAGENET[0], [0.25, 0.16, 0.04]),
    ),
    "apple/mobilevit-small": (
        {"crop_size": 256, "do_center_crop": True, "do_flip_channel_order": True, "resample": 2, "size": 288}
        | {"feature_extractor_type": "MobileViTFeatureExtractor"},
        "MobileViTConfig",
        (256, "bilinear", 256 / 288, "center-floor", [0.0] * 3, [1.0] * 3),
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_settings_are_recognised(tmp_path, name):
    said, config, (side, interpolation, crop_pct, crop_mode, mean, std) = PUBLISHED[name]
    found = recognised(settings(tmp_path / "m", said), getattr(transformers, config)(), name)
    expected = {"input_size": [3, side, side], "interpolation": interpolation, "crop_mode": crop_mode}
    transform = dict(found.transform)
    assert transform.pop("crop_pct") == pytest.approx(crop_pct, abs=2e-3)
    assert transform.pop("mean") == pytest.approx(mean)
    assert transform.pop("std") == pytest.approx(std)
    assert transform == expected
    assert found.flips == (name == "apple/mobilevit-small")
    # Exactly the side that the crop is cut from: what is floored here is what transformers resizes to.
    assert int(side / found.transform["crop_pct"]) == round(side / crop_pct)


def value_of(transform, flips, colour):
    return our_input(transform, flips, Image.new("RGB", (40, 40), colour))[0, :, 0, 0]


@pytest.mark.parametrize(
    ("changes", "black", "white"),
    [
        # (0 - 0.5) / 0.25 and (1 - 0.5) / 0.25
        ({}, -2, 2),
        ({"do_normalize": False}, 0, 1),
        ({"do_rescale": False, "do_normalize": False}, 0, 255),
        # (0 - 0.5) / 0.25 and (255 - 0.5) / 0.25
        ({"do_rescale": False}, -2, 1018),
        # 255 / 127.5 is 2, and (2 - 0.5) / 0.25 is 6
        ({"rescale_factor": 1 / 127.5}, -2, 6),
    ],
)
def test_rescaling_and_normalising_are_one_step(tmp_path, changes, black, white):
    said = {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}}
    found = recognised(settings(tmp_path / "m", {**said, **normal(HALF, [0.25] * 3), **changes}), None, "m")
    for colour, value in (((0, 0, 0), black), ((255, 255, 255), white)):
        assert torch.allclose(value_of(found.transform, False, colour), torch.full((3,), float(value)), atol=1e-3)


def test_an_offset_and_a_second_normalisation_are_in_it(tmp_path):
    # 2 p - 1 is 1 of white and -1 of black; less 0.5, by 0.5, and by 0.5 again: 2 and -6.
    said = {"image_processor_type": "EfficientNetImageProcessor", "size": {"height": 32, "width": 32}}
    said |= {"rescale_factor": 1 / 127.5, "rescale_offset": True, "include_top": True, **normal(HALF, HALF)}
    found = recognised(settings(tmp_path / "m", said), None, "m")
    assert torch.allclose(value_of(found.transform, False, (255, 255, 255)), torch.full((3,), 2.0), atol=1e-5)
    assert torch.allclose(value_of(found.transform, False, (0, 0, 0)), torch.full((3,), -6.0), atol=1e-5)


def test_settings_within_a_processors_file_come_first(tmp_path):
    folder = settings(tmp_path / "m", {"image_processor_type": "ViTImageProcessor", "size": 32})
    inside = {"image_processor_type": "ViTImageProcessor", "size": {"height": 48, "width": 48}}
    settings(folder, {"image_processor": inside}, "processor_config.json")
    assert recognised(folder, None, "m").transform["input_size"] == [3, 48, 48]
    # One that is of texts alone says nothing of images.
    settings(folder, {"processor_class": "X"}, "processor_config.json")
    assert recognised(folder, None, "m").transform["input_size"] == [3, 32, 32]


def test_a_fast_processor_is_the_same_as_its_other(tmp_path):
    slow = settings(tmp_path / "a", {"image_processor_type": "ViTImageProcessor", "size": 32})
    fast = settings(tmp_path / "b", {"image_processor_type": "ViTImageProcessorFast", "size": 32})
    assert recognised(slow, None, "a") == recognised(fast, None, "b")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"image_processor_type": "PerceiverImageProcessor"}, "where its settings mean"),
        ({"image_processor_type": "ImageGPTImageProcessor"}, "turns colours into clusters"),
        ({"image_processor_type": "Siglip2ImageProcessor"}, "has no one size"),
        ({"image_processor_type": "TextNetImageProcessor"}, "crops nothing, so that sizes differ"),
        ({"image_processor_type": "DonutImageProcessor"}, "pads images"),
        ({"image_processor_type": "PPLCNetImageProcessor"}, "does more than its settings say"),
        ({"image_processor_type": "WhisperFeatureExtractor"}, "makes no pixels of a fixed size"),
        ({"image_processor_type": 3}, "3|makes no image processor"),
        ({"image_processor_type": "ViTImageProcessor", "size": "large"}, "makes no image processor|not what transf"),
        ({"image_processor_type": "ViTImageProcessor", "size": {"height": -3, "width": 4}}, "'input_size' is|not what"),
        ({"image_processor_type": "ViTImageProcessor", "size": {"height": 9999, "width": 9999}}, "'input_size' is"),
        ({"image_processor_type": "ViTImageProcessor", "resample": 9, "size": 32}, "not what transformers takes"),
        ({"image_processor_type": "ViTImageProcessor", "rescale_factor": 0, "size": 32}, "not what transformers takes"),
        ({"image_processor_type": "ViTImageProcessor", "rescale_factor": -1, "size": 32}, "'std' is"),
        (
            {"auto_map": {"AutoImageProcessor": "own.Own"}, "image_processor_type": "Own"},
            "makes no image processor|which transformers has not",
        ),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(tmp_path, said, reason):
    with pytest.raises(ModelError, match=reason) as caught:
        recognised(settings(tmp_path / "m", said), transformers.ViTConfig(), "the model m")
    message = str(caught.value)
    assert "\n" not in message
    assert "preprocessor_config.json" in message or "the model m" in message
