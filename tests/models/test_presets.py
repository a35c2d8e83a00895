"""The same weights shown images in another way: as papers show them, with another interpolation."""

import json

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
import torchvision.transforms as v1
from PIL import Image
from torchvision.transforms import InterpolationMode

from core import models, paths
from core.errors import ModelError, UsageError
from core.images.preprocess import Preprocess
from core.models import presets
from core.models.normalise import Normalise
from core.models.presets import PRESETS, applied, shown
from core.types import Model

OWN = {"interpolation": "bicubic", "mean": [0.5] * 3, "std": [0.5] * 3, "crop_pct": 0.9, "crop_mode": "center"}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
END = [v1.ToTensor(), v1.Normalize(MEAN, STD)]
#: As the papers' own code has them.
PAPERS = {
    "focus-paper": v1.Compose([v1.Resize(224), v1.CenterCrop(224), *END]),
    "zoom-paper": v1.Compose([v1.Resize(256, InterpolationMode.BICUBIC), v1.CenterCrop(224), *END]),
    "hard-imagenet-paper": v1.Compose([v1.Resize((256, 256)), v1.CenterCrop(224), *END]),
}


def model(source="resnet50.a1_in1k", architecture="resnet50", side=288, **changed):
    transform = {"input_size": [3, side, side], **OWN, **changed}
    return Model(source, source, architecture, "imagenet-1k", 1000, transform, "0" * 64)


def rendered(transform, image):
    return Normalise(transform)(torch.from_numpy(Preprocess(transform)(image).copy())[None])[0]


def test_every_preset_is_tested():
    assert PAPERS.keys() == PRESETS.keys()


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("size", [(341, 257), (257, 341), (500, 375), (90, 201), (1024, 100)])
def test_a_preset_gives_the_pixels_of_the_papers_code(name, size):
    image = Image.fromarray(np.random.default_rng(7).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    transform = applied(model(mean=list(MEAN), std=list(STD)), {"preset": name}).transform
    assert torch.allclose(rendered(transform, image), PAPERS[name](image), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("source", "architecture", "side"),
    [
        ("tf_efficientnet_b4.ns_jft_in1k", "tf_efficientnet_b4", 380),
        ("torchvision:efficientnet_b7.IMAGENET1K_V1", "torchvision efficientnet_b7", 600),
        ("transformers:google/efficientnet-b4", "EfficientNetForImageClassification", 380),
        ("tf_efficientnet_b5.ns_jft_in1k", "tf_efficientnet_b5", 224),
        ("onnx:/exports/EfficientNet-B7.onnx?mean=0.5", "ONNX graph", 600),
        ("local-dir:/runs/efficientnet_b4-and-others/net", "resnet50", 224),
        ("local-dir:/runs/like-efficientnet_b4", "resnet50", 224),
        ("torchvision:resnet50.IMAGENET1K_V1?weights=/runs/efficientnet_b7.pth", "torchvision resnet50", 224),
        ("resnet50.a1_in1k", "resnet50", 224),
    ],
)
def test_focus_shows_two_efficientnets_in_their_own_sizes(source, architecture, side):
    found = applied(model(source, architecture), {"preset": "focus-paper"}).transform
    assert (found["input_size"], found["crop_pct"]) == ([3, side, side], 1.0)
    other = applied(model(source, architecture), {"preset": "zoom-paper"}).transform
    assert other["input_size"] == [3, 224, 224]


def test_clip_keeps_what_the_papers_code_leaves_to_it():
    clip = model("open-clip:ViT-B-32/openai?prompts=openai-80", "ViT-B-32", 224)
    assert applied(clip, {"preset": "focus-paper"}).transform == clip.transform
    hard = applied(clip, {"preset": "hard-imagenet-paper"}).transform
    assert (hard["crop_mode"], hard["interpolation"]) == ("squash", "bilinear")


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize(
    ("mean", "std"),
    [([0.5] * 3, [0.5] * 3), (list(MEAN), list(STD)), ([0.0] * 3, [1 / 255] * 3), ([0.48, 0.457, 0.408], [0.27] * 3)],
)
def test_the_normalisation_is_that_of_the_weights(name, mean, std):
    for source in ("mobilenetv1_100", "onnx:/net.onnx", "open-clip:ViT-B-32/openai", "torchvision:alexnet"):
        found = applied(model(source, mean=mean, std=std), {"preset": name})
        assert (found.transform["mean"], found.transform["std"]) == (mean, std)


def test_a_change_is_part_of_name_and_source():
    found = applied(model(), {"preset": "zoom-paper", "interpolation": "bilinear", "prompts": "x"})
    assert found.name == "resnet50.a1_in1k (zoom-paper, bilinear)"
    assert found.source == "resnet50.a1_in1k?interpolation=bilinear&preset=zoom-paper"
    assert found.transform["interpolation"] == "bilinear"
    assert paths.slug(found.name) == "resnet50.a1_in1k-zoom-paper-bilinear"


def test_names_tell_all_settings_apart():
    options = [
        {name: value for name, value in (("preset", preset), ("interpolation", interpolation)) if value}
        for preset in (None, *PRESETS)
        for interpolation in (None, *presets.INTERPOLATIONS)
    ]
    # Its own interpolation asked for by name is no other setting.
    found = {paths.slug(applied(model(interpolation="hamming", crop_mode="border"), each).name) for each in options}
    assert len(options) == 28
    assert len(found) == 27
    assert max(map(len, found)) < 60


def test_what_results_are_called_tells_what_to_type():
    both = {"preset": "focus-paper", "interpolation": "box"}
    for options in ({"preset": "zoom-paper"}, {"interpolation": "box"}, both):
        found = applied(model(), options)
        assert presets.meant_by(found.name) == found.source
    for name in ("net", "net (2)", "net (zoom-paper, 2)", "(zoom-paper)", "net (zoom-paper) x"):
        assert presets.meant_by(name) is None
    with pytest.raises(UsageError, match=r"are called: write that\.$") as caught:
        models.load("resnet50.a1_in1k (zoom-paper)", "cpu")
    assert "results of resnet50.a1_in1k?preset=zoom-paper" in str(caught.value)


def test_a_preset_that_changes_nothing_says_so():
    # 224 of 256 written as another share that comes to the same pixels.
    like = {"interpolation": "bicubic", "crop_pct": 0.8725}
    same = applied(model(side=224, **like), {"preset": "zoom-paper"})
    assert same.notes == ("zoom-paper changes nothing: images are shown as the model's own preprocessing shows them.",)
    # So it is the model itself, whose result need not be made a second time.
    assert (same.name, same.source) == (model().name, model().source)
    assert same.transform == model(side=224, **like).transform
    assert applied(model(side=224, **like), {"preset": "focus-paper"}).notes == ()
    swapped = applied(model(), {"interpolation": "bicubic"})
    assert swapped.notes[0].startswith("bicubic changes nothing")


@pytest.mark.parametrize("value", ["", " ", "..", "../zoom-paper", "zoom paper", "Zoom-paper", "a\nb", "x" * 5000])
@pytest.mark.parametrize("option", sorted(presets.OPTIONS))
def test_an_unknown_value_is_named_in_a_line(option, value):
    with pytest.raises(UsageError, match=f"^{option} '.* is unknown") as caught:
        shown(model().transform, {option: value})
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def make_folder(folder, size=160):
    arguments = {"dynamic_img_size": False}
    module = timm.create_model("test_vit", pretrained=False, num_classes=1000, **arguments)
    config = {"input_size": [3, size, size], "num_classes": 1000, **OWN, "first_conv": "patch_embed.proj"}
    config |= {"classifier": "head", "fixed_input_size": True}
    folder.mkdir(parents=True)
    safetensors.torch.save_file(module.state_dict(), folder / "model.safetensors")
    content = {"architecture": "test_vit", "num_classes": 1000, "pretrained_cfg": config, "model_args": arguments}
    (folder / "config.json").write_text(json.dumps(content))


def test_a_network_of_one_size_refuses_a_preset_of_another_by_name(tmp_path):
    make_folder(tmp_path / "vit")
    with pytest.raises(ModelError) as caught:
        models.load(f"local-dir:{tmp_path / 'vit'}?preset=zoom-paper", "cpu")
    assert str(caught.value).startswith(
        "'vit' takes images of 160 x 160 pixels, not the 224 x 224 of the preset 'zoom-paper' (Resize(256) + "
        "CenterCrop(224)): leave the preset out, or take weights of that size"
    )
    assert "\n" not in str(caught.value)


def test_a_network_of_any_size_takes_a_preset(tmp_path):
    module = timm.create_model("test_resnet", pretrained=False, num_classes=1000)
    (tmp_path / "net").mkdir()
    safetensors.torch.save_file(module.state_dict(), tmp_path / "net" / "model.safetensors")
    config = {"input_size": [3, 160, 160], "num_classes": 1000, **OWN, "classifier": "fc"}
    content = {"architecture": "test_resnet", "num_classes": 1000, "pretrained_cfg": config}
    (tmp_path / "net" / "config.json").write_text(json.dumps(content))
    found = models.load(f"local-dir:{tmp_path / 'net'}?preset=hard-imagenet-paper", "cpu")
    assert found.transform["input_size"] == [3, 224, 224]
    assert (found.name, found.source) == (
        "net (hard-imagenet-paper)",
        f"local-dir:{tmp_path / 'net'}?preset=hard-imagenet-paper",
    )
    assert models.describe(found.source).transform == found.transform


def test_a_fault_of_the_network_itself_is_not_laid_to_a_preset(tmp_path, monkeypatch):
    make_folder(tmp_path / "vit")

    def broken(*_):
        raise RuntimeError("a fault")

    monkeypatch.setattr("timm.models.vision_transformer.VisionTransformer.forward", broken)
    with pytest.raises(ModelError, match=r"input_size \[3, 160, 160\]: RuntimeError: a fault") as caught:
        models.load(f"local-dir:{tmp_path / 'vit'}?preset=zoom-paper", "cpu")
    assert "preset" not in str(caught.value)


def test_a_preset_is_refused_before_weights_are_looked_for():
    with pytest.raises(UsageError, match=r"preset 'zoom' is unknown\. Did you mean 'zoom-paper'"):
        models.load("resnet50.a1_in1k?preset=zoom", "cpu")
