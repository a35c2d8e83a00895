"""Image classifiers of transformers: their logits are the library's own, and what does not fit is said in a line."""

import json
import pickle
import shutil
import sys

import pytest
import safetensors.torch
import torch
from PIL import Image

from core import labels, models
from core.errors import ModelError, OffcenterError, UsageError
from core.images.preprocess import Preprocess
from core.models.forward import Forward
from core.models.sources import describe, load, resolve
from core.models.sources.from_transformers import WEIGHTS
from tests.tiny_models import TRANSFORMERS_KINDS, tiny_transformers

transformers = pytest.importorskip("transformers")

N_PHOTOS = 40


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A tiny ViT of ten classes, which no test changes."""
    folder = tmp_path_factory.mktemp("made") / "tiny"
    tiny_transformers(folder, n_classes=10)
    return folder


@pytest.fixture
def tiny(made, tmp_path):
    """A copy of it."""
    return shutil.copytree(made, tmp_path / "tiny")


def edit(path, **changes):
    """A JSON file with other values; None takes one out."""
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))


def edit_weights(folder, change):
    state = safetensors.torch.load_file(folder / WEIGHTS[0])
    changed = change(state)
    safetensors.torch.save_file(changed if isinstance(changed, dict) else state, folder / WEIGHTS[0])


def images(*sizes):
    """Noise under edges, as an image of each (width, height)."""
    found = []
    for at, (width, height) in enumerate(sizes):
        small = torch.randint(0, 256, (9, 7, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(at))
        image = Image.fromarray(small.numpy()).resize((width, height), Image.Resampling.BICUBIC)
        image.paste((255, 0, 40), (width // 3, height // 4, width // 2, height - 3))
        found.append(image)
    return found


def logits(model, pictures):
    """Through the engine's own forward pass, at once."""
    preprocess = Preprocess(model.transform)
    pixels = torch.stack([torch.tensor(preprocess(picture)) for picture in pictures])
    return Forward(model)(pixels)


def their_logits(folder, network, pictures):
    """The library's own, with its Pillow backend."""
    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil", local_files_only=True)
    with torch.inference_mode():
        return torch.cat([network(**processor(each, return_tensors="pt")).logits for each in pictures])


def hub_name(folder):
    return f"transformers:{folder}"


@pytest.mark.parametrize("kind", TRANSFORMERS_KINDS)
def test_logits_are_those_of_the_library(tmp_path, kind):
    network = tiny_transformers(tmp_path / kind, kind, n_classes=10)
    model = load(hub_name(tmp_path / kind), "cpu")
    # Margins of every remainder, upright, across, and images that are smaller than the crop.
    pictures = images((64, 48), (47, 90), (101, 100), (500, 375), (20, 31), (33, 200), (38, 37), (41, 39))
    theirs = their_logits(tmp_path / kind, network, pictures)
    assert (logits(model, pictures) - theirs).abs().max() < 1e-5 * max(1, theirs.abs().max())
    assert theirs.std(0).max() > 1e-3
    assert not model.module.training
    assert {each.dtype for each in model.module.parameters()} == {torch.float32}


@pytest.mark.parametrize(("kind", "n_classes"), [("vit", 1000), ("convnext", 1000), ("mobilenet_v1", 1001)])
def test_logits_of_photos_are_those_of_the_librarys_pipeline(tmp_path, shared, kind, n_classes):
    tiny_transformers(tmp_path / kind, kind, n_classes=n_classes)
    model = load(hub_name(tmp_path / kind), "cpu")
    paths = sorted((shared / "data" / "focus-mini").glob("*/*"))[:N_PHOTOS]
    pictures = [Image.open(path).convert("RGB") for path in paths]
    pipeline = transformers.pipeline(
        "image-classification",
        model=str(tmp_path / kind),
        image_processor=transformers.AutoImageProcessor.from_pretrained(tmp_path / kind, backend="pil"),
        device="cpu",
    )
    ours = logits(model, pictures)
    assert len(pictures) == N_PHOTOS
    for picture, found in zip(pictures, ours, strict=True):
        for each in pipeline(picture, top_k=5, function_to_apply="none"):
            assert abs(float(found[int(each["label"].removeprefix("LABEL_"))]) - each["score"]) < 1e-5


def test_weights_in_several_files_and_pickles_give_the_same(tmp_path):
    network = tiny_transformers(tmp_path / "one", n_classes=10)
    tiny_transformers(tmp_path / "many", n_classes=10, shards=30_000)
    assert len(list((tmp_path / "many").glob("model-*.safetensors"))) > 2
    tiny_transformers(tmp_path / "old", n_classes=10)
    (tmp_path / "old" / WEIGHTS[0]).unlink()
    torch.save(network.state_dict(), tmp_path / "old" / "pytorch_model.bin")
    picture = images((64, 48))
    theirs = their_logits(tmp_path / "one", network, picture)
    for name in ("one", "many", "old"):
        ours = logits(load(hub_name(tmp_path / name), "cpu"), picture)
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-5)
    _, files = describe(hub_name(tmp_path / "many"))
    names = [path.name for path in files]
    assert names[:3] == ["config.json", "preprocessor_config.json", "model.safetensors.index.json"]
    assert names[3:] == sorted(names[3:])


def test_half_precision_weights_are_loaded_as_float32_and_noted(tiny):
    edit_weights(tiny, lambda state: {name: value.bfloat16() for name, value in state.items()})
    edit(tiny / "config.json", dtype="bfloat16")
    model = load(hub_name(tiny), "cpu")
    assert any("in bfloat16; they are used in float32" in note for note in model.notes)
    assert {each.dtype for each in model.module.parameters()} == {torch.float32}


def test_a_distilled_network_gives_the_mean_of_its_two_heads(tmp_path):
    network = tiny_transformers(tmp_path / "deit", "deit", n_classes=10)
    model = load(hub_name(tmp_path / "deit"), "cpu")
    inputs = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        both = network(pixel_values=inputs)
        mean = (both.cls_logits + both.distillation_logits) / 2
        assert torch.allclose(model.module(inputs), mean, rtol=0, atol=1e-6)
    assert model.architecture == "DeiTForImageClassificationWithTeacher"


def test_a_network_of_blue_green_red_gets_them_so(tmp_path):
    network = tiny_transformers(tmp_path / "mobilevit", "mobilevit", n_classes=10)
    model = load(hub_name(tmp_path / "mobilevit"), "cpu")
    red = torch.zeros(1, 3, 32, 32)
    red[:, 0] = 1
    with torch.inference_mode():
        blue_first = network(pixel_values=red.flip(1)).logits
        assert torch.allclose(model.module(red), blue_first, rtol=0, atol=1e-5)
        assert not torch.allclose(network(pixel_values=red).logits, blue_first)


def test_a_model_says_where_it_is_and_a_folders_name_is_enough(tmp_path, monkeypatch):
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path))
    tiny_transformers(tmp_path / "tiny", n_classes=10)
    model = models.describe("tiny")
    assert (model.name, model.source) == ("tiny", f"transformers:{tmp_path / 'tiny'}")
    assert model.architecture == "ViTForImageClassification"
    for spec in (model.source, "transformers:tiny", f"TRANSFORMERS:{tmp_path}/tiny/"):
        assert models.describe(spec) == model
    shown = models.describe("tiny?interpolation=nearest")
    assert shown.source == f"transformers:{tmp_path / 'tiny'}?interpolation=nearest"
    assert shown.fingerprint == model.fingerprint
    assert shown.transform["interpolation"] == "nearest"


def test_what_decides_the_outputs_is_the_fingerprint(tiny):
    before = models.describe(hub_name(tiny)).fingerprint
    edit(tiny / "config.json", layer_norm_eps=1e-3)
    changed = models.describe(hub_name(tiny)).fingerprint
    assert changed != before
    edit(tiny / "config.json", layer_norm_eps=1e-12, transformers_version="4.0.0")
    assert models.describe(hub_name(tiny)).fingerprint == before
    edit_weights(tiny, lambda state: {name: value + 1e-3 for name, value in state.items()})
    assert models.describe(hub_name(tiny)).fingerprint not in (before, changed)


def imagenet_names():
    """As the hub's configs have them: all names of a class."""
    return list(labels.label_space("imagenet-1k").lemmas)


def test_names_of_classes_tell_the_label_space(tmp_path):
    tiny_transformers(tmp_path / "names", names=imagenet_names())
    tiny_transformers(tmp_path / "none")
    tiny_transformers(tmp_path / "wnids", names=labels.label_space("imagenet-1k").wnids)
    tiny_transformers(tmp_path / "own", names=["red", "green", "blue"])
    found = {name: models.describe(hub_name(tmp_path / name)) for name in ("names", "none", "wnids", "own")}
    assert {name: model.label_space for name, model in found.items()} == {
        **dict.fromkeys(("names", "none", "wnids"), "imagenet-1k"),
        "own": "classes-3",
    }
    note = "Its config names no classes: its outputs were taken to be in the order of imagenet-1k."
    assert [note in model.notes for model in found.values()] == [False, True, False, False]
    assert "3 outputs, where ImageNet has 1,000 classes" in found["own"].labels_said


def test_outputs_in_another_order_are_put_right_by_their_names(tmp_path):
    # Output 0 is the last class, and so on. Two classes are called crane and nothing else, so these are short names.
    network = tiny_transformers(tmp_path / "tiny", names=labels.label_space("imagenet-1k").names[::-1])
    model = load(hub_name(tmp_path / "tiny"), "cpu")
    picture = images((64, 48))
    assert (model.label_space, model.num_classes) == ("imagenet-1k", 1000)
    theirs = their_logits(tmp_path / "tiny", network, picture)
    assert torch.allclose(logits(model, picture), theirs.flip(1), rtol=0, atol=1e-5)
    assert "order" in model.head


def test_a_background_class_is_left_out_where_it_is_named(tmp_path):
    network = tiny_transformers(tmp_path / "tiny", "mobilenet_v1", names=["background", *imagenet_names()])
    model = load(hub_name(tmp_path / "tiny"), "cpu")
    picture = images((64, 48))
    assert (model.label_space, model.num_classes) == ("imagenet-1k", 1000)
    theirs = their_logits(tmp_path / "tiny", network, picture)[:, 1:]
    assert torch.allclose(logits(model, picture), theirs, rtol=0, atol=1e-5)


def test_a_network_of_several_classes_an_image_says_what_its_probabilities_are_not(tiny):
    assert not any("several classes" in note for note in describe(hub_name(tiny))[0].notes)
    config(problem_type="multi_label_classification")(tiny)
    (note,) = (note for note in load(hub_name(tiny), "cpu").notes if "several classes" in note)
    assert "the order of its classes is right, and their probabilities, which add up to 1 here, are not" in note


def test_a_wrapped_model_of_timm_is_loaded_as_timms(tmp_path):
    config = transformers.TimmWrapperConfig(architecture="test_vit", num_labels=10)
    network = transformers.TimmWrapperForImageClassification(config).eval()
    network.save_pretrained(tmp_path / "timms")
    # As it is of a network of timm's, with a null that timm itself does not read.
    path = tmp_path / "timms" / "config.json"
    content = json.loads(path.read_text()) | {"pretrained_cfg": {"input_size": [3, 160, 160], "fixed_input_size": True}}
    assert content["model_args"] is None
    path.write_text(json.dumps(content))
    model = load(hub_name(tmp_path / "timms"), "cpu")
    assert model.source == f"local-dir:{tmp_path / 'timms'}"
    assert any("as timm loads it" in note for note in model.notes)
    inputs = torch.randn(1, 3, 160, 160)
    with torch.inference_mode():
        assert torch.allclose(model.module(inputs), network(pixel_values=inputs).logits, atol=1e-5)


def test_the_other_backends_pixels_are_told_of(tiny):
    edit(tiny / "preprocessor_config.json", resample=3)
    notes = models.describe(hub_name(tiny)).notes
    assert any("Pillow backend" in note and "of values differ, by up to" in note for note in notes)
    # The nearest pixel is the same one in both, but where the middle lies between two.
    edit(tiny / "preprocessor_config.json", resample=0, size={"height": 32, "width": 32})
    assert describe(hub_name(tiny))[0].transform["interpolation"] == "nearest"


def remove(name):
    return lambda folder: (folder / name).unlink()


def config(**changes):
    return lambda folder: edit(folder / "config.json", **changes)


def processor(**changes):
    return lambda folder: edit(folder / "preprocessor_config.json", **changes)


def weights(change):
    return lambda folder: edit_weights(folder, change)


def text(name, content):
    return lambda folder: (folder / name).write_text(content)


def sharded(weight_map):
    def change(folder):
        (folder / WEIGHTS[0]).rename(folder / "model-00001-of-00001.safetensors")
        (folder / WEIGHTS[1]).write_text(json.dumps({"weight_map": weight_map}))

    return change


class _Code:
    def __reduce__(self):
        return (sys.exit, (3,))


def pickled_code(folder):
    (folder / WEIGHTS[0]).unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"a": _Code()}))


def without(*keys):
    def change(state):
        for key in keys:
            del state[key]

    return change


HEAD = ("classifier.weight", "classifier.bias")
#: What is done to a good folder, and what is said of it.
BAD = {
    "values and no classes": (config(problem_type="regression"), ModelError, "are values .*not scores of classes"),
    "no config": (remove("config.json"), UsageError, "has no config.json"),
    "no weights": (remove(WEIGHTS[0]), ModelError, "has none of model.safetensors, model.safetensors.index.json"),
    "no processor": (
        remove("preprocessor_config.json"),
        ModelError,
        "has no preprocessor_config.json.*save_pretrained",
    ),
    "config no JSON": (text("config.json", "{"), ModelError, "config.json is not JSON"),
    "config a list": (text("config.json", "[]"), ModelError, "holds a list"),
    "processor no JSON": (text("preprocessor_config.json", "nan,"), ModelError, "is not JSON"),
    "processor a list": (text("preprocessor_config.json", "[1]"), ModelError, "holds no settings.*a list"),
    "no kind": (config(model_type=None), ModelError, "has no 'model_type'"),
    "an unknown kind": (config(model_type="vitt"), ModelError, "does not know the model_type 'vitt'.*'vit'"),
    "a kind that is a list": (config(model_type=["vit"]), ModelError, "has no 'model_type'"),
    "a language model": (
        config(model_type="bert", architectures=["BertForMaskedLM"]),
        ModelError,
        r"'bert' \(BertForMaskedLM\) is no image classifier",
    ),
    "a detector": (
        config(model_type="detr", architectures=["DetrForObjectDetection"]),
        ModelError,
        r"'detr' \(DetrForObjectDetection\) is no image classifier",
    ),
    "a CLIP": (config(model_type="clip", architectures=["CLIPModel"]), ModelError, "CLIPModel.*open-clip:"),
    "a Chinese CLIP": (config(model_type="chinese_clip"), ModelError, "is no image classifier.*open-clip:"),
    "no head by its config": (config(architectures=["ViTModel"]), ModelError, "ViTModel, which has no head"),
    "architectures a number": (config(architectures=7), ModelError, "is of 7, which has no head"),
    "no head by its weights": (weights(without(*HEAD)), ModelError, "classifier.bias, classifier.weight, which the"),
    "code of its own": (
        config(auto_map={"AutoConfig": "configuration_x.X"}, model_type="x"),
        ModelError,
        "code of its own.*that is not done",
    ),
    "quantised": (config(quantization_config={"load_in_8bit": True}), ModelError, "quantised"),
    "one channel": (config(num_channels=1), ModelError, "takes 1 channels"),
    "a hole in the labels": (
        config(id2label={str(at): f"c{at}" for at in range(11) if at != 4}),
        ModelError,
        "'id2label' names 10 classes by other numbers than 0 to 9: 4 is not there",
    ),
    "labels a list": (config(id2label=["a"]), ModelError, "'id2label' in config.json is"),
    "labels that are no texts": (config(id2label={str(at): at for at in range(10)}), ModelError, "id2label|takes for"),
    "two counts": (config(num_labels=7, id2label={"0": "a"}), ModelError, "num_labels 7, but 'id2label' names 1"),
    "more labels than outputs": (
        config(id2label={str(at): f"c{at}" for at in range(12)}, label2id=None),
        ModelError,
        r"classifier.bias is \[10\] in the weights and \[12\] in the network",
    ),
    "no labels at all": (config(num_labels=0, id2label=None, label2id=None), ModelError, "no head|takes for"),
    "a config of nonsense": (config(hidden_size="wide"), ModelError, "is not what transformers takes for 'vit'"),
    "a config of another shape": (config(num_attention_heads=5), ModelError, r"k_proj.bias is \[32\] in the weights"),
    "a config of impossible numbers": (config(patch_size=0), ModelError, "makes no ViT|takes for"),
    "a far larger network": (config(hidden_size=8192), ModelError, "config.json asks for [0-9,]+ numbers"),
    "fewer layers": (config(num_hidden_layers=1), ModelError, "the weights have vit.*, which the network lacks"),
    "more layers": (config(num_hidden_layers=3), ModelError, "the network has vit.*, which the weights lack"),
    "a missing key": (weights(without("classifier.bias")), ModelError, "classifier.bias, which the weights lack"),
    "not finite": (
        weights(lambda state: {name: value * float("nan") for name, value in state.items()}),
        ModelError,
        "not finite",
    ),
    "code in a pickle": (pickled_code, ModelError, "more than tensors"),
    "an empty file": (text(WEIGHTS[0], ""), ModelError, "the file is empty"),
    "a pointer": (text(WEIGHTS[0], "version https://git-lfs.github.com/spec/v1\n"), ModelError, "Git LFS pointer"),
    "an index elsewhere": (sharded({"a": "../other.safetensors"}), ModelError, r"'../other.safetensors'"),
    "an index of a pickle": (sharded({"a": "x.bin"}), ModelError, "'x.bin'"),
    "an index without a file": (sharded({"a": "model-00002-of-00002.safetensors"}), ModelError, "00002.* not there"),
    "an index of nothing": (sharded({}), ModelError, "lists no files"),
    "an index that is none": (sharded(None), ModelError, "no index|weight_map"),
    "an unknown processor": (
        processor(image_processor_type="Own"),
        ModelError,
        "names the image processor 'Own', which transformers has not",
    ),
    "a processor that pads": (processor(do_pad=True), ModelError, "ViTImageProcessor pads images"),
    "a processor without a size": (processor(do_resize=False), ModelError, "does not resize images"),
    "a longest edge": (processor(size={"longest_edge": 32}), ModelError, "longest_edge of 32"),
    "a size that keeps shapes": (processor(size={"shortest_edge": 32}), ModelError, "so that sizes differ"),
    "a mean of words": (processor(image_mean=["a", "b", "c"]), ModelError, "are not what transformers takes|makes no"),
    "a deviation of zero": (processor(image_std=[0, 1, 1]), ModelError, "'std' is"),
    "a size of another network": (processor(size={"height": 40, "width": 40}), ModelError, "cannot run on images"),
    "an odd crop": (
        processor(do_center_crop=True, size={"height": 64, "width": 64}, crop_size={"height": 32, "width": 16}),
        ModelError,
        "crops another shape, 32 x 16",
    ),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.slow
def test_what_is_no_such_model_is_said_in_one_line(tiny, case):
    change, kind, said = BAD[case]
    change(tiny)
    with pytest.raises(kind, match=f"(?s){said}") as caught:
        load(hub_name(tiny), "cpu")
    assert isinstance(caught.value, OffcenterError)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 800
    assert "tiny" in message


def test_code_beside_a_known_network_is_left_alone_and_noted(tiny):
    config(auto_map={"AutoModelForImageClassification": "modeling_own.Own"})(tiny)
    (tiny / "modeling_own.py").write_text("raise SystemExit(3)\n")
    model = load(hub_name(tiny), "cpu")
    assert any("code of its own (auto_map), which was not run" in note for note in model.notes)


def test_a_config_does_not_have_its_kernels_fetched(tiny):
    config(_attn_implementation="kernels-community/own", attn_implementation="x/y")(tiny)
    assert load(hub_name(tiny), "cpu").num_classes == 10


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("/nowhere/at/all", "is no folder here, and no name of a hub repository"),
        ("tinny", "is no folder here, and no name of a hub repository.*Did you mean 'tiny'"),
        ("a/b/c", "is no folder here"),
        ("./tiny", "is no folder here"),
        ("", "names no model"),
        ("owner/na me", "no name of a hub repository"),
        ("{tiny}/config.json", "is a file: give the folder"),
        ("s3://bucket/x", "object store|cannot be opened"),
    ],
)
def test_what_names_no_model_is_said(tmp_path, monkeypatch, tiny, where, said):
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UsageError, match=said) as caught:
        resolve(f"transformers:{where.format(tiny=tiny)}")
    assert "\n" not in str(caught.value)


def test_a_missing_package_is_said_before_anything_is_fetched(tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    for name in (hub_name(tiny), "transformers:nobody/not-here"):
        with pytest.raises(ModelError, match=r"need the package transformers, which is not installed.*pip install"):
            resolve(name)


def test_an_option_that_it_does_not_take_is_said(tiny):
    with pytest.raises(UsageError, match="there is no option 'prompts' for such a model"):
        resolve(f"{hub_name(tiny)}?prompts=single")


def test_a_model_of_open_clip_is_told_apart(tiny):
    shutil.copy(tiny / "config.json", tiny / "open_clip_config.json")
    with pytest.raises(UsageError, match="is a model of OpenCLIP: write open-clip:"):
        resolve(hub_name(tiny))
