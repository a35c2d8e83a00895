"""Model folders whose config does not fit, or asks for what a config has no say in: a sentence that names the field."""

import json
import os
import socket

import pytest
import safetensors.torch
import timm
import torch
from typer.testing import CliRunner

from core import labels, models
from core.cli.main import app
from core.errors import LabelSpaceError, ModelError, UsageError
from core.evaluate.plan import Plan
from core.models import configs
from tests.models.test_sources import make_folder


def changed(folder, **changes):
    """A folder with a config changed at the top, or in ``pretrained_cfg`` where the name begins with ``cfg_``."""
    make_folder(folder)
    content = json.loads((folder / "config.json").read_text())
    for name, value in changes.items():
        inner = content["pretrained_cfg"] if name.startswith("cfg_") else content
        inner[name.removeprefix("cfg_")] = value
    (folder / "config.json").write_text(json.dumps(content))
    return f"local-dir:{folder}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cfg_mean": 0.5}, "'mean' is 0.5"),
        ({"cfg_mean": [0.5]}, r"'mean' is \[0.5\]"),
        ({"cfg_mean": ["a", "b", "c"]}, "'mean'"),
        ({"cfg_std": [0.5, 0, 0.5]}, r"'std' is \[0.5, 0, 0.5\].*above 0"),
        ({"cfg_std": [0.5, float("nan"), 0.5]}, "'std'"),
        ({"cfg_std": [0.5, 1e999, 0.5]}, "'std'"),
        ({"cfg_input_size": [224, 224]}, r"'input_size' is \[224, 224\]"),
        ({"cfg_input_size": [3, 0, 160]}, "'input_size'"),
        ({"cfg_input_size": [3, 160.5, 160]}, "'input_size'"),
        ({"cfg_input_size": [3, 10**6, 10**6]}, "'input_size'.*4096"),
        ({"cfg_input_size": [1, 160, 160]}, "takes 1 channels"),
        ({"cfg_input_size": "3x160x160"}, "'input_size'"),
        ({"cfg_crop_pct": 0.0001}, "'crop_pct' is 0.0001"),
        ({"cfg_crop_pct": "0.9"}, "'crop_pct'"),
        ({"cfg_interpolation": 3}, "'interpolation' is 3"),
        ({"cfg_crop_mode": ["center"]}, "'crop_mode'"),
        ({"num_classes": 0}, "'num_classes' is 0"),
        ({"num_classes": "1000"}, "'num_classes'"),
        ({"num_classes": -1}, "'num_classes'"),
        ({"cfg_no_such_field": 1}, "'no_such_field', which timm does not know"),
        ({"cfg_label_offset": -1}, "'label_offset'"),
        ({"pretrained_cfg": [1]}, "'pretrained_cfg' is"),
        ({"pretrained_cfg": None}, "'pretrained_cfg' is null"),
        ({"model_args": ["img_size"]}, "'model_args' is"),
        ({"architecture": None}, "no 'architecture'"),
        ({"architecture": "test_vitt"}, "does not know the architecture 'test_vitt'.*Did you mean 'test_vit"),
        ({"label_names": [None] * 1000}, "'label_names' has None for class 0"),
        ({"label_names": 7}, "'label_names'"),
        ({"label_names": {"zero": "tench"}}, "'label_names'.*keys"),
        ({"model_args": {"num_classes": 10}}, r"num_classes 10, but 'num_classes' is 1,000.*random"),
        ({"model_args": {"in_chans": 1}}, "in_chans 1"),
    ],
)
def test_a_field_that_cannot_be_is_named(tmp_path, changes, said):
    with pytest.raises(ModelError, match=said) as caught:
        models.describe(changed(tmp_path / "m", **changes))
    assert "config.json" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        *("pretrained_cfg_overlay", "pretrained_cfg", "checkpoint_path", "cache_dir", "features_only", "out_indices"),
        *(
            "pretrained_strict",
            "pretrained_filter_fn",
            "pretrained_model_args",
            "kwargs_filter",
            "pruned",
            "scriptable",
        ),
        *("feature_cfg", "device", "dtype", "exportable", "no_jit", "pretrained", "model_cls", "no_such_argument"),
    ],
)
def test_only_arguments_of_the_architecture_pass(tmp_path, name):
    with pytest.raises(
        ModelError, match=f"'model_args' holds '{name}', which is no argument of the architecture test_vit"
    ):
        models.load(changed(tmp_path / "m", model_args={name: {"file": str(tmp_path / "other.safetensors")}}), "cpu")


def test_arguments_of_architectures_of_all_families_pass():
    wanted = {
        "resnet50": ("block_args", "global_pool", "drop_rate", "act_layer", "stem_type"),
        "vit_base_patch16_224": ("img_size", "dynamic_img_size", "class_token", "num_heads", "patch_size"),
        "convnext_tiny": ("head_init_scale", "depths", "drop_path_rate"),
        "tf_efficientnet_b0": ("bn_eps", "drop_rate", "num_features"),
        "swin_tiny_patch4_window7_224": ("img_size", "window_size", "strict_img_size"),
        "regnety_016": ("output_stride", "drop_rate"),
        "mobilenetv3_large_100": ("global_pool", "drop_rate"),
    }
    for architecture, names in wanted.items():
        assert set(names) <= configs.arguments_of(architecture), architecture


def test_weights_that_a_config_points_at_are_neither_loaded_nor_asked_for(tmp_path, monkeypatch):
    other = make_folder(tmp_path / "other")
    with torch.no_grad():
        other.head.bias += 5
    safetensors.torch.save_file(other.state_dict(), tmp_path / "evil.safetensors")
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("asked the network"))
    # Fields of the pretrained config that say where weights are.
    spec = changed(
        tmp_path / "m",
        cfg_file=str(tmp_path / "evil.safetensors"),
        cfg_url="http://evil.invalid/w.pth",
        cfg_hf_hub_id="evil/evil",
        cfg_hf_hub_filename="w.bin",
        cfg_source="url",
        cfg_custom_load="hf",
        cfg_state_dict={"head.bias": [1]},
    )
    loaded, own = models.load(spec, "cpu"), safetensors.torch.load_file(tmp_path / "m" / "model.safetensors")
    assert all(torch.equal(value, own[name]) for name, value in loaded.module.state_dict().items())


@pytest.mark.parametrize(
    "model_args",
    [{}, {"img_size": 160}, {"img_size": [160, 160]}, {"drop_rate": 0.2}, {"class_token": True, "img_size": 160}],
)
def test_a_local_dir_is_the_network_that_timm_makes_of_it(tmp_path, model_args):
    spec = changed(tmp_path / "m", model_args=model_args)
    ours, theirs = models.load(spec, "cpu"), timm.create_model(spec, pretrained=True).eval()
    inputs = torch.randn(2, 3, 160, 160, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(ours.module(inputs), theirs(inputs))


def test_the_network_must_take_its_own_input_size(tmp_path):
    spec = changed(tmp_path / "m", cfg_fixed_input_size=False, cfg_input_size=[3, 100, 100])
    with pytest.raises(
        ModelError, match=r"cannot run on images of its preprocessing, input_size \[3, 100, 100\].*Mend"
    ):
        models.load(spec, "cpu")


def names_of(kind):
    space = labels.label_space(labels.IMAGENET_1K)
    by_index = dict(enumerate(space.names))
    return {
        "wnids": list(space.wnids),
        "wnids in capitals": [wnid.upper() for wnid in space.wnids],
        "first lemmas": [lemmas.split(",")[0] for lemmas in space.lemmas],
        "all lemmas": list(space.lemmas),
        "underscores": [lemmas.split(",")[0].replace(" ", "_") for lemmas in space.lemmas],
        "object by number": {str(at): wnid for at, wnid in enumerate(space.wnids)},
        "object with gaps": {str(at): name for at, name in by_index.items() if at % 10},
        "object out of order": {str(at): space.wnids[at] for at in reversed(range(1000))},
        "none": None,
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        *("wnids", "wnids in capitals", "first lemmas", "all lemmas", "underscores", "object by number"),
        *("object with gaps", "object out of order", "none"),
    ],
)
def test_label_names_in_every_form_that_timm_allows_are_understood(tmp_path, kind):
    assert models.describe(changed(tmp_path / "m", label_names=names_of(kind))).label_space == labels.IMAGENET_1K


def test_a_refusal_says_which_names_were_compared(tmp_path, colour_folder):
    from core.benchmarks import open_benchmark

    wnids = names_of("wnids")
    twice = [wnids[1], *wnids[1:]]
    model = models.describe(changed(tmp_path / "m", label_names=twice))
    assert model.label_space == "classes-1000"
    with pytest.raises(
        LabelSpaceError,
        match=r"name 999 of 1,000 classes .* class 0 is 'n01443537', ImageNet's is n01440764 .*both name goldfish "
        r"\(n01443537\)\. If its outputs are these classes",
    ):
        Plan.of(model, open_benchmark("imagenet", colour_folder))


def test_outputs_that_are_not_1000_are_counted_in_the_refusal(tmp_path, colour_folder):
    from core.benchmarks import open_benchmark

    make_folder(tmp_path / "m", num_classes=1001)
    model = models.describe(f"local-dir:{tmp_path / 'm'}")
    with pytest.raises(LabelSpaceError, match=r"1,001 outputs, where ImageNet has 1,000 classes.*background"):
        Plan.of(model, open_benchmark("imagenet", colour_folder))


def test_old_names_of_timm_lead_to_the_present_ones_with_a_note():
    source = models.resolve("tf_efficientnet_b0_ns")
    assert source.name == "tf_efficientnet_b0.ns_jft_in1k"
    assert source.notes == (
        "'tf_efficientnet_b0_ns' is timm's old name for 'tf_efficientnet_b0.ns_jft_in1k', which is what was loaded.",
    )


def test_every_old_name_that_stands_for_something_is_known():
    for old, current in timm.models.get_deprecated_models().items():
        if current is None:
            with pytest.raises(UsageError, match="has removed"):
                models.resolve(old)
        elif timm.models.is_model_pretrained(current):
            assert models.resolve(old).architecture == current.partition(".")[0]


def test_an_old_architecture_in_a_config_is_loaded_as_timm_does(tmp_path):
    model = models.describe(changed(tmp_path / "m", architecture="vit_small_patch32_224_in21k"))
    assert model.architecture == "vit_small_patch32_224"
    assert "old name" in model.notes[0]


@pytest.mark.parametrize("spec", ["HF-HUB:no/such", "hf_hub:no/such", "Local-Dir:/no/such"])
def test_prefixes_are_read_as_timm_reads_them(spec, monkeypatch):
    monkeypatch.setattr("core.models.sources.from_timm.download", lambda repo, names: pytest.skip(f"asks for {repo}"))
    with pytest.raises(UsageError, match="has no config"):
        models.resolve(spec)


def test_one_bad_folder_does_not_end_the_list(tmp_path, monkeypatch):
    changed(tmp_path / "good")
    bad = [{"label_names": [None] * 1000}, {"label_names": 5}, {"architecture": 5}, {"model_args": {"pruned": True}}]
    for number, changes in enumerate(bad):
        changed(tmp_path / f"bad{number}", **changes)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "config.json").write_text("[" * 100_000)
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path))
    done = CliRunner().invoke(app, ["models", "--json"])
    assert done.exit_code == 0
    rows = {row["name"]: row for row in json.loads(done.stdout)["local"]}
    assert rows["good"]["label_space"] == "imagenet-1k"
    assert all(rows[name]["problem"] for name in ("bad0", "bad1", "bad2", "bad3", "deep"))


def test_a_folder_whose_name_is_no_text_is_refused_and_hides_no_other(tmp_path, monkeypatch):
    changed(tmp_path / "good")
    os.rename(tmp_path / "good", os.fsencode(tmp_path) + b"/net\xff")
    changed(tmp_path / "good")
    with pytest.raises(UsageError, match=r"net\\xff' is not UTF-8"):
        models.describe("local-dir:" + os.fsdecode(os.fsencode(tmp_path) + b"/net\xff"))
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path))
    done = CliRunner().invoke(app, ["models", "--json"])
    assert done.exit_code == 0
    assert "good" in [row["name"] for row in json.loads(done.stdout)["local"] if not row["problem"]]
