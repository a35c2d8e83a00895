"""Classifiers of torchvision: their names, their own preprocessing and weights, and checkpoints of one's own."""

import re

import pytest
import safetensors.torch
import torch
import torchvision.models
from PIL import Image

from core import labels, models
from core.errors import ModelError, UsageError
from core.images.opening import open_rgb
from core.images.preprocess import Preprocess
from core.models.forward import Forward
from core.models.sources import resolve
from core.models.sources.from_torchvision import find

TINY = "squeezenet1_1"
CLASSIFIERS = [
    (name, weights)
    for name in torchvision.models.list_models(module=torchvision.models)
    for weights in torchvision.models.get_model_weights(name)
]


def built(architecture, **arguments):
    torch.manual_seed(0)
    return torchvision.models.get_model(architecture, weights=None, **arguments).eval()


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """torch's cache of weights, with no way to fetch any; puts random weights where published ones belong."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr("core.models.sources.hub.huggingface_hub.constants.HF_HUB_OFFLINE", True)

    def put(weights, module):
        path = tmp_path / "torch" / "hub" / "checkpoints" / weights.url.rpartition("/")[2]
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(module.state_dict(), path)

    return put


def test_every_classifier_is_found_by_the_name_of_its_weights():
    found = {find(f"{name}.{weights.name}", {}).spec for name, weights in CLASSIFIERS if weights.meta["categories"]}
    assert len(found) == len(CLASSIFIERS) - 1
    assert {"torchvision:alexnet.IMAGENET1K_V1", "torchvision:vit_h_14.IMAGENET1K_SWAG_E2E_V1"} <= found


@pytest.mark.parametrize(
    ("typed", "full"),
    [
        ("alexnet.IMAGENET1K_V1", "alexnet.IMAGENET1K_V1"),
        ("alexnet/IMAGENET1K_V1", "alexnet.IMAGENET1K_V1"),
        ("AlexNet_Weights.imagenet1k_v1", "alexnet.IMAGENET1K_V1"),
        ("vgg16", "vgg16.IMAGENET1K_V1"),
        (" resnet50 ", "resnet50.IMAGENET1K_V2"),
        ("ResNet50.Default", "resnet50.IMAGENET1K_V2"),
        ("resnet50.imagenet1k_v1", "resnet50.IMAGENET1K_V1"),
        ("EfficientNet_V2_S", "efficientnet_v2_s.IMAGENET1K_V1"),
    ],
)
def test_a_name_is_completed(typed, full):
    source = resolve(f"torchvision:{typed}")
    assert (source.name, source.spec) == (full, f"torchvision:{full}")
    assert resolve(source.spec).spec == source.spec


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("alexnett", r"has no classifier 'alexnett'.* Did you mean 'alexnet'"),
        ("resnet50.IMAGENET1K_V3", "are no weights of torchvision's resnet50.* Known: IMAGENET1K_V1, IMAGENET1K_V2"),
        (
            "vgg16.IMAGENET1K_FEATURES",
            "are features without a classifier, of torchvision's vgg16. Known: IMAGENET1K",
        ),
        ("fasterrcnn_resnet50_fpn", "'fasterrcnn_resnet50_fpn' finds objects; only classifiers of images"),
        ("fcn_resnet50.DEFAULT", "labels pixels"),
        ("r3d_18", "classifies videos"),
        ("raft_large", "follows motion"),
        ("quantized_resnet18", "has quantized weights.* Use torchvision:resnet18"),
        ("../alexnet", "has no classifier ''"),
        (".", "has no classifier ''"),
        ("a" * 500, "has no classifier"),
        ("alex\nnet", "control character"),
        ("resnet50.a.b", "'a.b' are no weights of"),
    ],
)
def test_what_is_no_classifier_is_named_for_what_it_is(typed, said):
    with pytest.raises(UsageError, match=said) as caught:
        resolve(f"torchvision:{typed}")
    assert "\n" not in str(caught.value)


def test_published_weights_are_found_where_torch_keeps_them(hub):
    weights, original = torchvision.models.SqueezeNet1_1_Weights.IMAGENET1K_V1, built(TINY)
    hub(weights, original)
    model = models.load(f"torchvision:{TINY}", "cpu")
    assert (model.name, model.source) == ("squeezenet1_1.IMAGENET1K_V1", "torchvision:squeezenet1_1.IMAGENET1K_V1")
    assert (model.label_space, model.num_classes, model.labels_said, model.head) == ("imagenet-1k", 1000, "", "")
    assert model.transform == {
        "input_size": [3, 224, 224],
        "interpolation": "bilinear",
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
        "crop_pct": 0.875,
        "crop_mode": "center",
    }
    inputs = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(model.module(inputs), original(inputs))
    assert model == models.describe(model.source) or model.fingerprint == models.describe(model.source).fingerprint


def test_weights_that_cannot_be_fetched_are_named_with_their_address_and_place(hub):
    with pytest.raises(ModelError, match=r"download\.pytorch\.org/models/squeezenet1_1-b8a52dc0\.pth is not on"):
        models.load(f"torchvision:{TINY}", "cpu")


def test_published_weights_of_densenets_have_earlier_names(hub):
    original = built("densenet121")
    weights = torchvision.models.DenseNet121_Weights.IMAGENET1K_V1
    earlier = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"\1.\2", k): v for k, v in original.state_dict().items()
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in earlier
    hub(weights, torch.nn.Module())
    path = find("densenet121", {})._weights_file
    torch.save(earlier, path)
    inputs = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(models.load("torchvision:densenet121", "cpu").module(inputs), original(inputs))


def test_heads_that_only_training_uses_are_left_out(tmp_path):
    original = built("googlenet", aux_logits=True, transform_input=True, init_weights=False)
    torch.save({f"model.{name}": value for name, value in original.state_dict().items()}, tmp_path / "net.pth")
    model = models.load(f"torchvision:googlenet?weights={tmp_path / 'net.pth'}", "cpu")
    inputs = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.allclose(model.module(inputs), original(inputs), atol=1e-6)
    assert any("transform_input" in note for note in model.notes)


@pytest.mark.parametrize("architecture", [TINY, "mobilenet_v3_small", "regnet_y_400mf", "shufflenet_v2_x0_5"])
def test_a_fine_tuned_head_has_its_own_number_of_classes_and_names(tmp_path, architecture):
    original = built(architecture, num_classes=3)
    safetensors.torch.save_file(original.state_dict(), tmp_path / "best.safetensors")
    (tmp_path / "names.txt").write_text("a cat\na dog\nneither\n")
    key = labels.keep_own(["a cat", "a dog", "neither"])
    options = f"weights={tmp_path / 'best.safetensors'}&classes={tmp_path / 'names.txt'}"
    model = models.load(f"torchvision:{architecture}?{options}", "cpu")
    assert (model.num_classes, model.label_space) == (3, key)
    assert model.name.endswith(" (best)")
    assert models.load(model.source, "cpu").source == model.source
    inputs = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(model.module(inputs), original(inputs))


def test_classes_without_names_are_of_no_known_label_space(tmp_path):
    torch.save({"state_dict": built(TINY, num_classes=7).state_dict()}, tmp_path / "net.pth")
    model = models.describe(f"torchvision:{TINY}?weights={tmp_path / 'net.pth'}")
    assert (model.num_classes, model.label_space) == (7, "classes-7")
    assert "7 outputs" in model.labels_said


def test_weights_within_a_training_wrapper_are_taken_out_of_it(tmp_path):
    original = built(TINY, num_classes=7)
    state = {f"model.net.{name}": value for name, value in original.state_dict().items()}
    torch.save({"state_dict": {**state, "loss.weight": torch.ones(7)}, "epoch": 3}, tmp_path / "net.ckpt")
    model = models.load(f"torchvision:{TINY}?weights={tmp_path / 'net.ckpt'}", "cpu")
    inputs = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(model.module(inputs), original(inputs))
    said = "net.ckpt: its weights are those whose names begin with 'model.net.' (1 weight of other names left out)."
    assert said in model.notes


def test_half_precision_weights_are_run_in_float32(tmp_path):
    safetensors.torch.save_file(built(TINY).bfloat16().state_dict(), tmp_path / "net.safetensors")
    model = models.load(f"torchvision:{TINY}?weights={tmp_path / 'net.safetensors'}", "cpu")
    assert {each.dtype for each in model.module.parameters()} == {torch.float32}


def test_a_relative_file_is_remembered_by_the_folder_it_was_typed_in(tmp_path, monkeypatch):
    for n in (3, 4):
        (tmp_path / str(n)).mkdir()
        torch.save(built(TINY, num_classes=n).state_dict(), tmp_path / str(n) / "net.pth")
        monkeypatch.chdir(tmp_path / str(n))
        assert models.describe(f"torchvision:{TINY}?weights=net.pth").num_classes == n


def test_a_changed_list_of_classes_changes_what_is_remembered(tmp_path):
    torch.save(built(TINY, num_classes=10).state_dict(), tmp_path / "net.pth")
    ten = list(labels.focus_to_imagenet())
    (tmp_path / "names.txt").write_text("\n".join(reversed([f"{name}s" for name in ten])))
    spec = f"torchvision:{TINY}?weights={tmp_path / 'net.pth'}&classes={tmp_path / 'names.txt'}"
    assert models.describe(spec).label_space == "classes-10"
    (tmp_path / "names.txt").write_text("\n".join(ten))
    assert models.describe(spec).label_space == "focus-10"


def test_a_relative_file_is_named_by_its_whole_path(tmp_path, monkeypatch):
    torch.save(built(TINY, num_classes=7).state_dict(), tmp_path / "my net & more?.pth")
    monkeypatch.chdir(tmp_path)
    source = resolve(f"torchvision:{TINY}?weights=my%20net%20%26%20more%3F.pth")
    assert source.spec == f"torchvision:{TINY}.IMAGENET1K_V1?weights={tmp_path}/my%20net%20%26%20more%3F.pth"
    assert source.name == f"{TINY} (my-net-more)"
    other = resolve("torchvision:resnet50.IMAGENET1K_V1?weights=my%20net%20%26%20more%3F.pth")
    assert other.name == "resnet50 (my-net-more, as IMAGENET1K_V1)"
    assert resolve(source.spec).checkpoint == tmp_path / "my net & more?.pth"


def test_faults_of_ones_own_checkpoint_are_a_line_each(tmp_path):
    def said(options):
        with pytest.raises((ModelError, UsageError)) as caught:
            models.load(f"torchvision:{TINY}?{options}", "cpu")
        assert "\n" not in str(caught.value)
        return str(caught.value)

    file = tmp_path / "net.pth"
    assert "option weights is empty" in said("weights=")
    assert "names '..', which is no file" in said("weights=..")
    assert "which is no file" in said(f"weights={tmp_path}")
    assert "which is no file" in said("weights=%20x%0Ay")
    assert "there is no option 'weight'" in said("weight=x")
    torch.save(built(TINY, num_classes=3).state_dict(), file)
    assert "names the classes of a checkpoint" in said(f"classes={file}")
    (tmp_path / "two.txt").write_text("a\nb\n")
    assert "two.txt names 2 classes, and the network has 3 outputs" in said(
        f"weights={file}&classes={tmp_path}/two.txt"
    )
    (tmp_path / "binary.txt").write_bytes(b"\x00\xff\xfe")
    assert "binary.txt" in said(f"weights={file}&classes={tmp_path}/binary.txt")
    torch.save(built("shufflenet_v2_x0_5").state_dict(), file)
    assert "its last layer is 'classifier.1', which they lack" in said(f"weights={file}")
    state = built(TINY).state_dict()
    state["features.0.weight"] = torch.zeros(8, 3, 3, 3)
    torch.save(state, file)
    assert "features.0.weight is [8, 3, 3, 3] in the weights and [64, 3, 3, 3] in" in said(f"weights={file}")
    file.write_bytes(b"<html>")
    assert "it is a web page" in said(f"weights={file}")


def photos(shared, n):
    every = sorted(path for path in (shared / "data").rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    every = [path for path in every if "mask" not in str(path)]
    return every[:: max(1, len(every) // n)][:n]


@pytest.mark.slow
@pytest.mark.shared
def test_logits_of_real_photos_are_those_of_torchvisions_own_pipeline(shared, tmp_path):
    entry = torchvision.models.ResNet18_Weights.IMAGENET1K_V1
    original = built("resnet18")
    torch.save(original.state_dict(), tmp_path / "net.pth")
    model = models.load(f"torchvision:resnet18.{entry.name}?weights={tmp_path / 'net.pth'}", "cpu")
    forward, preprocess, own = Forward(model), Preprocess(model.transform), entry.transforms()
    paths = photos(shared, 100)
    assert len(paths) == 100
    for begin in range(0, 100, 20):
        opened = [open_rgb(path) for path in paths[begin : begin + 20]]
        pixels = torch.stack([torch.from_numpy(preprocess(image).copy()) for image in opened])
        with torch.no_grad():
            expected = original(torch.stack([own(image) for image in opened]))
        # Of many random networks the outputs hardly depend on the image.
        assert expected.std(0).max() > 0.1
        assert torch.allclose(forward(pixels), expected, rtol=0, atol=1e-5)


def test_images_of_any_size_become_the_same_tensors(tmp_path):
    # 341 x 257 resizes to 339 x 256: the margin at the sides is odd.
    original = built(TINY)
    torch.save(original.state_dict(), tmp_path / "net.pth")
    model = models.load(f"torchvision:{TINY}?weights={tmp_path / 'net.pth'}", "cpu")
    own = torchvision.models.SqueezeNet1_1_Weights.DEFAULT.transforms()
    forward, preprocess = Forward(model), Preprocess(model.transform)
    for size in ((341, 257), (257, 341), (999, 225), (40, 30), (301, 301)):
        image = Image.effect_noise(size, 90).convert("RGB")
        pixels = torch.from_numpy(preprocess(image).copy())[None]
        with torch.no_grad():
            assert torch.allclose(forward(pixels), original(own(image)[None]), rtol=0, atol=1e-5)
