"""ONNX graphs: what is told from the file, what has to be said, what is refused, and that the numbers are right."""

import concurrent.futures
import json
import warnings

import numpy as np
import pytest
import torch
from PIL import Image

from core import models, report, store
from core.benchmarks import open_benchmark
from core.errors import ModelError, NotAvailableError, OffcenterError, UsageError
from core.evaluate.loop import evaluate
from core.evaluate.work import versions_for
from core.images.preprocess import Preprocess
from core.models import sources
from core.models.engine import Engine
from core.models.forward import Forward
from core.models.onnx.content import content_of
from core.zoom.memo import Memo
from core.zoom.tta import ZoomTTA
from tests.tiny_models import ONNX_SETTINGS, tiny_onnx

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

#: A grey of 51 in each channel, 0.2, less the mean, by the deviation of ``ONNX_SETTINGS``, by hand.
GREY = [(0.2 - 0.5) / 0.2, (0.2 - 0.4) / 0.25, (0.2 - 0.3) / 0.3]


def grey(n=1, level=51):
    return torch.full((n, 32, 32, 3), level, dtype=torch.uint8)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.onnx"


def load(path, options=""):
    return models.load(f"onnx:{path}{options}", "cpu")


def said_of_grey(model):
    return Forward(model)(grey())[0].tolist()


def test_a_graph_says_what_its_weights_say(path):
    tiny_onnx(path, classes=3, weight=[[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    model = load(path)
    bias = torch.randn(3, generator=torch.Generator().manual_seed(0))
    assert said_of_grey(model) == pytest.approx((torch.tensor(GREY) + bias).tolist(), abs=1e-5)
    assert model.transform == {
        "input_size": [3, 32, 32],
        "interpolation": "bilinear",
        "mean": [0.5, 0.4, 0.3],
        "std": [0.2, 0.25, 0.3],
        # 32 of the 36 pixels that it is resized to.
        "crop_pct": 32 / 36,
        "crop_mode": "center",
    }
    assert model.source == f"onnx:{path}"
    assert (model.label_space, model.num_classes) == ("classes-3", 3)


def test_a_graph_is_named_after_its_file_or_its_folder(path, tmp_path, monkeypatch):
    tiny_onnx(tmp_path / "beetles.onnx")
    assert models.describe(f"onnx:{tmp_path / 'beetles.onnx'}").name == "beetles"
    tiny_onnx(tmp_path / "zoo" / "moths" / "model.onnx")
    assert models.describe(f"onnx:{tmp_path / 'zoo' / 'moths' / 'model.onnx'}").name == "moths"
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    at = f"onnx:{tmp_path / 'zoo' / 'moths' / 'model.onnx'}"
    for name in ("moths", "onnx:moths", f"onnx:{tmp_path / 'zoo' / 'moths'}"):
        model = models.load(name, "cpu")
        assert (model.name, model.source) == ("moths", at)
    assert models.describe("moths?layout=nchw").source == f"{at}?layout=nchw"


def test_options_win_over_the_json_and_are_part_of_the_name(path):
    tiny_onnx(path)
    model = load(path, "?mean=0.5&crop_pct=0.8&std=0.1,0.2,0.3")
    assert (model.transform["mean"], model.transform["std"]) == ([0.5] * 3, [0.1, 0.2, 0.3])
    assert model.transform["crop_pct"] == 0.8
    assert model.source == f"onnx:{path}?crop_pct=0.8&mean=0.5&std=0.1,0.2,0.3"
    assert models.describe(model.source) == models.describe(f"onnx:{path}?std=0.1,0.2,0.3&mean=0.5&crop_pct=0.8")


@pytest.mark.parametrize("without", ["mean", "std", "resize", "interpolation"])
def test_what_decides_the_pixels_is_never_guessed(path, without):
    tiny_onnx(path, settings={key: value for key, value in ONNX_SETTINGS.items() if key != without})
    with pytest.raises(ModelError, match=rf"{without} is missing. Write .*net\.json") as caught:
        load(path)
    # What it says to write is enough.
    said = str(caught.value)
    path.with_suffix(".json").write_text(said[said.index("{") : said.index("}") + 1])
    load(path)


def test_a_graph_without_a_json_says_what_to_write(path):
    tiny_onnx(path, settings=None, shape=("n", "c", "h", "w"))
    with pytest.raises(ModelError, match="mean, std, interpolation, resize, layout, input_size are missing") as caught:
        load(path)
    said = str(caught.value)
    path.with_suffix(".json").write_text(said[said.index("{") : said.index("}") + 1])
    assert load(path).transform["input_size"] == [3, 224, 224]
    path.with_suffix(".json").unlink()
    # So is what it says to type.
    assert load(path, said[said.index("?") :]).transform["mean"] == [0.485, 0.456, 0.406]


def test_a_json_that_appears_or_changes_is_seen(path):
    tiny_onnx(path, settings=None)
    name = f"onnx:{path}?mean=0.5&std=0.5&resize=36&resample=bilinear"
    assert models.describe(name).label_space == "imagenet-1k"
    assert models.describe(name).transform["crop_mode"] == "center"
    path.with_suffix(".json").write_text('{"crop_mode": "squash"}')
    assert models.describe(name).transform["crop_mode"] == "squash"
    path.with_suffix(".json").write_text('{"crop_mode": "border"}')
    assert models.describe(name).transform["crop_mode"] == "border"
    path.with_suffix(".json").unlink()
    assert models.describe(name).transform["crop_mode"] == "center"


def test_what_it_was_trained_with_and_a_swap_are_two_options(path):
    options = "?mean=0.5&std=0.5&resize=36&resample=bicubic"
    tiny_onnx(path, settings=None)
    own, swapped = load(path, options), load(path, f"{options}&interpolation=nearest")
    assert (own.name, own.transform["interpolation"]) == (path.parent.name, "bicubic")
    assert own.source == f"onnx:{path}?mean=0.5&resample=bicubic&resize=36&std=0.5"
    assert (swapped.name, swapped.transform["interpolation"]) == (f"{own.name} (nearest)", "nearest")
    with pytest.raises(ModelError, match=r"interpolation is missing.*\?resample=bilinear$"):
        load(path, "?mean=0.5&std=0.5&resize=36&interpolation=nearest")
    with pytest.raises(UsageError, match=r"options: 'resample' is \"bicubik\".* Did you mean 'bicubic'"):
        load(path, "?resample=bicubik")
    # A swap is held against what the JSON says, not against itself.
    tiny_onnx(path)
    assert not any("changes nothing" in note for note in load(path, "?interpolation=nearest").notes)


def test_a_file_of_labels_is_meant_from_where_it_is_typed(path, tmp_path, monkeypatch):
    tiny_onnx(path, classes=2)
    for folder, names in (("one", "cat\ndog\n"), ("other", "cat\ndog\neel\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "names.txt").write_text(names)
    monkeypatch.chdir(tmp_path / "one")
    name = f"onnx:{path}?labels=names.txt"
    assert models.describe(name).source == f"onnx:{path}?labels={tmp_path}/one/names.txt"
    monkeypatch.chdir(tmp_path / "other")
    with pytest.raises(ModelError, match="names 3 classes, and the graph has 2 outputs"):
        models.describe(name)


@pytest.mark.parametrize("scale", [1, 255])
def test_mean_and_deviation_are_in_the_unit_of_the_scale(path, scale):
    tiny_onnx(path, settings={**ONNX_SETTINGS, "scale": scale, **({"mean": 0, "std": 1} if scale == 255 else {})})
    model = load(path)
    inputs = torch.tensor([51.0] * 3 if scale == 255 else GREY)
    network = tiny_onnx(path, settings=None)[2]
    with torch.no_grad():
        assert said_of_grey(model) == pytest.approx(network(inputs).tolist(), rel=1e-4, abs=1e-4)


def test_a_graph_that_takes_blue_first_gets_its_mean_in_that_order(path):
    # Scores are the channels as the graph gets them.
    tiny_onnx(path, classes=3, weight=[[1, 0, 0], [0, 1, 0], [0, 0, 1]], settings={**ONNX_SETTINGS, "channels": "bgr"})
    model = load(path)
    red = grey()
    red[..., 0] = 255
    bias = torch.randn(3, generator=torch.Generator().manual_seed(0)).tolist()
    # Blue 0.2 less 0.5 by 0.2; green 0.2 less 0.4 by 0.25; red 1 less 0.3 by 0.3.
    expected = [-1.5 + bias[0], -0.8 + bias[1], 0.7 / 0.3 + bias[2]]
    assert Forward(model)(red)[0].tolist() == pytest.approx(expected, abs=1e-5)
    assert model.transform["mean"] == [0.3, 0.4, 0.5]
    plain = models.describe(f"onnx:{path}?channels=rgb")
    assert plain.fingerprint != model.fingerprint


@pytest.mark.parametrize("batch", [1, 3, "n"])
@pytest.mark.parametrize("shape", [(3, 32, 32), (32, 32, 3)])
def test_any_number_of_images_goes_through_any_batch(path, batch, shape):
    network = tiny_onnx(path, shape=(batch, *shape))
    model = load(path)
    inputs = torch.randn(7, 3, 32, 32)
    with torch.inference_mode():
        for n in (1, 2, 3, 7):
            assert torch.allclose(model.module(inputs[:n]), network(inputs[:n]), atol=1e-5)


@pytest.mark.parametrize("dtype", ["FLOAT16", "DOUBLE"])
def test_other_kinds_of_numbers_are_given_as_the_graph_takes_them(path, dtype):
    network = tiny_onnx(path, dtype=dtype)
    inputs = torch.randn(2, 3, 32, 32)
    within = 2e-3 if dtype == "FLOAT16" else 1e-5
    with torch.inference_mode():
        found = load(path).module(inputs)
        assert found.dtype == torch.float32
        assert torch.allclose(found, network(inputs), atol=within)


def test_bytes_are_the_pixels_themselves(path):
    settings = {"resize": 36, "interpolation": "bilinear"}
    network = tiny_onnx(path, dtype="UINT8", shape=("n", 32, 32, 3), settings=settings)
    model = load(path)
    with torch.no_grad():
        assert said_of_grey(model) == pytest.approx(network[2](torch.tensor([51.0] * 3)).tolist(), rel=1e-6)
        every = Forward(model)(torch.cat([grey(1, level) for level in range(256)]))
        expected = torch.stack([network[2](torch.tensor([float(level)] * 3)) for level in range(256)])
    # No level becomes another one by being divided and multiplied.
    assert torch.allclose(every, expected, rtol=1e-5, atol=1e-3)
    assert any("takes uint8" in note for note in model.notes)
    with pytest.raises(ModelError, match=r"'mean' is \[0.5, 0.5, 0.5\], but the graph takes uint8"):
        load(path, "?mean=0.5")


def test_axes_of_one_place_are_left_out(path):
    network = tiny_onnx(path, flat=False)
    inputs = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(load(path).module(inputs), network(inputs), atol=1e-5)


@pytest.mark.parametrize("said", [{}, {"output_is": "probabilities"}])
def test_probabilities_come_out_as_they_were(path, said):
    network = tiny_onnx(path, end="Softmax", settings={**ONNX_SETTINGS, **said})
    model = load(path)
    inputs = torch.randn(4, 3, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(model.module(inputs).softmax(1), network(inputs).softmax(1), atol=1e-6)
    assert model.head == "logarithm of the probabilities that the graph gives"
    assert load(path, "?output_is=logits").head == ""


def test_probabilities_are_told_by_their_values_where_the_graph_hides_it(path):
    tiny_onnx(path, end="Softmax")
    content = onnx.load(path)
    for node in content.graph.node:
        if node.op_type == "Identity":
            node.op_type = "Relu"
    onnx.save(content, path)
    model = load(path)
    assert "logarithm" in model.head
    assert any("taken for probabilities" in note for note in model.notes)


def test_what_adds_up_to_something_else_is_no_probability(path):
    tiny_onnx(path, settings={**ONNX_SETTINGS, "output_is": "probabilities"})
    with pytest.raises(ModelError, match="said to be probabilities, but those of an image add up to"):
        load(path)


def test_a_sigmoid_is_said(path):
    tiny_onnx(path, end="Sigmoid")
    assert any("ends in a sigmoid" in note for note in load(path).notes)


def test_of_several_outputs_one_is_named(path):
    network = tiny_onnx(path, outputs=2)
    with pytest.raises(
        ModelError, match=r"several outputs \('pooled' \(n, 3, 1, 1\), 'scores' \(n, 1000\)\): say which"
    ):
        load(path)
    model = load(path, "?output=scores")
    inputs = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(model.module(inputs), network(inputs), atol=1e-5)
    with pytest.raises(ModelError, match=r"several outputs .*\?output=scores\.$"):
        load(path)
    assert load(path, "?output=pooled").num_classes == 3
    assert load(path, "?output=pooled").fingerprint != model.fingerprint
    with pytest.raises(
        ModelError, match=r"'output' is 'scorse', which the graph does not have\. Did you mean 'scores'"
    ):
        load(path, "?output=scorse")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"inputs": 2}, r"several inputs \('images'.*'shift'"),
        ({"inputs": 2, "settings": {**ONNX_SETTINGS, "input": "images"}}, "needs shift beside 'images'"),
        ({"end": "ArgMax"}, r"'scores' is tensor\(int64\), no scores of classes"),
        ({"shape": ("n", 1, 32, 32)}, r"three channels neither second nor last"),
        ({"shape": ("n", 3, 32)}, "cannot be opened by onnxruntime"),
        ({"shape": ("n", 3, 32, 3)}, "layout is missing"),
        ({"shape": ("n", 3, "h", "w")}, "input_size is missing"),
        (
            {"shape": ("n", 3, 32, 32), "settings": {**ONNX_SETTINGS, "layout": "nhwc"}},
            "'layout' is nhwc, but the input",
        ),
        ({"settings": {**ONNX_SETTINGS, "input_size": 64}}, "'input_size' is .64, 64., but the graph takes 32 x 32"),
        ({"dtype": "INT32"}, r"'images' is tensor\(int32\); images are given as one of"),
        ({"opset": 99}, "cannot be opened by onnxruntime .*opset 99"),
        ({"settings": {**ONNX_SETTINGS, "mean": 123.7}}, r"holds 123.7, as for pixels of 0..255: say \"scale\": 255"),
        ({"settings": {**ONNX_SETTINGS, "scale": 255}}, "are of pixels of 0..1: leave 'scale' out"),
        ({"settings": {**ONNX_SETTINGS, "labels": ["a"]}}, "'labels' names 1 classes, and the graph has 1,000 outputs"),
    ],
)
@pytest.mark.slow
def test_a_graph_that_does_not_fit_is_refused_in_a_line(path, made, said):
    try:
        tiny_onnx(path, **made)
    except Exception as error:
        pytest.skip(f"onnx does not write it: {error}")
    with pytest.raises(OffcenterError, match=said) as caught:
        load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("layout", "chw", "it must be one of nchw, nhwc"),
        ("layout", 3, "it must be one of nchw, nhwc"),
        ("input_size", [3, 32], "channels neither|but the graph takes"),
        ("input_size", [0, 32], r"\[height, width\] in pixels"),
        ("input_size", "large", r"\[height, width\] in pixels"),
        ("input_size", True, r"\[height, width\] in pixels"),
        ("mean", [0.5, 0.5], "three numbers, one a channel"),
        ("mean", "grey", "three numbers, one a channel"),
        ("mean", [0.5, None, 0.5], "three numbers, one a channel"),
        ("std", [0.5, 0, 0.5], "three numbers above 0"),
        ("std", -1, "three numbers above 0"),
        ("crop_pct", 0, "a share from 0.1 to 10"),
        ("resize", 0, "a whole number of pixels"),
        ("resize", 25.5, "a whole number of pixels"),
        ("crop_mode", "middle", "one of center, squash, border"),
        ("interpolation", "bicubik", "Did you mean 'bicubic'"),
        ("scale", 127, r"1 \(pixels of 0..1\) or 255"),
        ("scale", "one", r"1 \(pixels of 0..1\) or 255"),
        ("channels", "grb", "one of rgb, bgr"),
        ("output_is", "scores", "one of logits, probabilities"),
        ("input", "", "a name of the graph"),
        ("input", "pictures", "'input' is 'pictures', which the graph does not have"),
        ("labels", 7, "a list of class names"),
        ("mean", 10**400, "three numbers, one a channel"),
        ("labels", [], "a list of class names"),
        ("labels", [1, 2], "a list of class names"),
        ("labels", "classes.txt", "names no file"),
        ("std_dev", 1, "there is no 'std_dev'. Did you mean 'std'"),
    ],
)
def test_a_value_that_is_none_is_named_with_what_it_must_be(path, key, value, said):
    wrong = {**ONNX_SETTINGS, key: value}
    if key == "crop_pct":
        del wrong["resize"]
    tiny_onnx(path, settings=wrong)
    with pytest.raises(OffcenterError, match=said) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert key in str(caught.value)
    if isinstance(value, str) and value and key != "std_dev":
        tiny_onnx(path)
        with pytest.raises(OffcenterError, match=said):
            load(path, f"?{key}={value}")


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"mean": NaN}', "\xff"])
def test_a_json_that_is_none_is_one_line(path, text):
    tiny_onnx(path)
    path.with_suffix(".json").write_text(text, encoding="latin-1")
    with pytest.raises(ModelError, match=r"net\.json"):
        load(path)


def test_two_ways_to_say_the_crop_are_one_too_many(path):
    tiny_onnx(path, settings={**ONNX_SETTINGS, "crop_pct": 0.9})
    with pytest.raises(ModelError, match="'resize' and 'crop_pct' say the same"):
        load(path)
    tiny_onnx(path)
    with pytest.raises(UsageError, match="options: 'resize' and 'crop_pct'"):
        load(path, "?resize=36&crop_pct=0.9")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS pointer"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"PK\x03\x04" + bytes(60), "is no ONNX file, or is damaged"),
        (bytes(range(256)) * 9, "is no ONNX file, or is damaged"),
        (b"\x08\x08", "it has no graph"),
    ],
)
def test_a_file_that_is_no_graph_is_named(path, content, said):
    tiny_onnx(path)
    path.write_bytes(content)
    with pytest.raises(ModelError, match=said) as caught:
        load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("names", [None, ["cat"]])
def test_one_score_alone_is_no_classifier(path, names):
    tiny_onnx(path, classes=1, settings={**ONNX_SETTINGS, **({"labels": names} if names else {})})
    with pytest.raises(ModelError, match=r"one score an image, of which any probability would be 100 %.*two: 0 and x"):
        load(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_graph_that_ends_too_early_is_one_line(path, share):
    tiny_onnx(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelError) as caught:
        load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_damaged_bytes_never_end_in_a_traceback(path):
    tiny_onnx(path, classes=10)
    content = np.frombuffer(path.read_bytes(), np.uint8)
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = content.copy()
        damaged[rng.integers(0, 300, 3)] = rng.integers(0, 256, 3)
        path.write_bytes(damaged.tobytes())
        try:
            content_of(path)
        except ModelError as error:
            assert "\n" not in str(error)


def test_where_there_is_no_such_file_the_nearest_is_named(path, tmp_path):
    with pytest.raises(UsageError, match="there is no file"):
        load(path)
    tiny_onnx(path)
    with pytest.raises(UsageError, match=r"no file .*nett\.onnx.*Did you mean 'net\.onnx'"):
        load(tmp_path / "nett.onnx")
    tiny_onnx(tmp_path / "other.onnx")
    with pytest.raises(UsageError, match=r"has several \(net\.onnx, other\.onnx\): name one"):
        load(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"no file that ends in \.onnx"):
        load(tmp_path / "empty")
    with pytest.raises(UsageError, match=r"no option 'layuot'.*Did you mean 'layout'"):
        load(path, "?layuot=nchw")


def test_weights_beside_the_graph_are_part_of_it(path):
    tiny_onnx(path, external=True)
    before = models.describe(f"onnx:{path}")
    assert [each.name for each in sources.describe(f"onnx:{path}")[1]] == ["net.json", "net.data", "net.onnx"]
    data = path.with_suffix(".data")
    content = bytearray(data.read_bytes())
    content[3] ^= 1
    data.write_bytes(content)
    assert models.describe(f"onnx:{path}").fingerprint != before.fingerprint
    data.unlink()
    with pytest.raises(ModelError, match=r"has weights in net\.data, which is not beside it"):
        load(path)


@pytest.mark.parametrize(
    "location", [".", "a\nb", "\x1b[2Jnet", "../net.data", "/etc/passwd", "a/../../net.data", "..\\net.data"]
)
def test_weights_from_elsewhere_are_refused(path, location):
    tiny_onnx(path, external=True)
    content = onnx.load(path, load_external_data=False)
    for tensor in content.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = location
    path.write_bytes(content.SerializeToString())
    with pytest.raises(ModelError, match="which is no file beside it"):
        load(path)


def test_labels_are_a_list_a_file_or_a_space(path, tmp_path):
    ten = ["truck", "car", "plane", "ship", "cat", "dog", "horse", "deer", "frog", "bird"]
    tiny_onnx(path, classes=10)
    assert load(path).label_space == "classes-10"
    (tmp_path / "names.txt").write_text("\n".join(ten) + "\n\n")
    (tmp_path / "names.json").write_text(json.dumps(dict(enumerate(ten))))
    for labels in (ten, "names.txt", "names.json", "focus-10", str(tmp_path / "names.txt")):
        path.with_suffix(".json").write_text(json.dumps({**ONNX_SETTINGS, "labels": labels}))
        assert load(path).label_space == "focus-10"
    # Renamed classes are other classes, though neither the graph nor the JSON changed.
    assert models.describe(f"onnx:{path}").head == ""
    (tmp_path / "names.txt").write_text("\n".join(reversed(ten)))
    turned = load(path)
    assert (turned.label_space, turned.head != "") == ("focus-10", True)
    assert turned.module.is_opaque
    assert turned.module.no_gradients
    (tmp_path / "names.txt").write_text("\n".join("abcdefghij"))
    assert models.describe(f"onnx:{path}").label_space == "classes-10"
    (tmp_path / "names.txt").write_text("a\n\nb\n")
    with pytest.raises(ModelError, match=r"names\.txt cannot be read: line 2 is empty"):
        load(path)


def test_imagenet_is_taken_where_nothing_else_is_said_and_that_is_said(path):
    tiny_onnx(path)
    assert any("nothing names its 1,000 outputs" in note for note in load(path).notes)
    assert not any("nothing names" in note for note in load(path, "?labels=imagenet-1k").notes)


def test_a_graph_that_mixes_images_gets_them_one_by_one(path):
    """Normalised over the batch, as a graph that was exported in training mode is."""
    helper, types = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=1),
        helper.make_node("Sub", ["images", "mean"], ["centred"]),
        helper.make_node("ReduceMax", ["centred"], ["scores"], axes=[2, 3], keepdims=0),
    ]
    given = [helper.make_tensor_value_info("images", types.FLOAT, ["n", 3, 32, 32])]
    back = [helper.make_tensor_value_info("scores", types.FLOAT, ["n", 3])]
    graph = helper.make_graph(nodes, "mixing", given, back)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    path.with_suffix(".json").write_text(json.dumps(ONNX_SETTINGS))
    model = load(path)
    assert any("one by one" in note for note in model.notes)
    inputs = torch.randn(3, 3, 32, 32)
    expected = (inputs - inputs.mean((1, 2, 3), keepdim=True)).amax((2, 3))
    assert torch.allclose(model.module(inputs), expected, atol=1e-5)


def test_a_graph_that_draws_at_random_is_refused(path):
    helper, types = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("RandomNormalLike", ["images"], ["noise"]),
        helper.make_node("Add", ["images", "noise"], ["noisy"]),
        helper.make_node("ReduceMean", ["noisy"], ["scores"], axes=[2, 3], keepdims=0),
    ]
    given = [helper.make_tensor_value_info("images", types.FLOAT, ["n", 3, 32, 32])]
    back = [helper.make_tensor_value_info("scores", types.FLOAT, ["n", 3])]
    graph = helper.make_graph(nodes, "random", given, back)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    path.with_suffix(".json").write_text(json.dumps(ONNX_SETTINGS))
    with pytest.raises(ModelError, match="other scores for the same image each time: was it exported in training mode"):
        load(path)


def test_a_missing_package_is_named(path, monkeypatch):
    tiny_onnx(path)
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"need the package onnxruntime.*pip install onnxruntime"):
        load(path)


# What torch cannot do with it.


def test_it_is_neither_traced_nor_cast(path):
    tiny_onnx(path)
    model = load(path)
    forward = Forward(model)
    forward.prepare(10**6, 4)
    assert forward.form == "eager"
    for precision in ("bf16", "fp16"):
        with pytest.raises(UsageError, match=f"precision {precision} cannot be had.*leave out --precision"):
            Engine(model, precision)


def test_what_needs_gradients_is_refused_by_name(path):
    tiny_onnx(path)
    model = load(path)
    assert model.module.no_gradients == "an ONNX graph has no gradients"
    with pytest.raises(NotAvailableError, match=r"MEMO.*an ONNX graph has no gradients"):
        Memo(model)
    # What needs none works.
    prob = ZoomTTA(model, n=2)(Image.new("RGB", (64, 48), (200, 30, 30)))
    assert prob.sum() == pytest.approx(1, abs=1e-5)


def test_many_threads_may_call_it_at_once(path):
    network = tiny_onnx(path)
    module = load(path).module
    inputs = [torch.randn(3, 3, 32, 32) for _ in range(40)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool, torch.inference_mode():
        for given, found in zip(inputs, pool.map(lambda each: module(each).clone(), inputs), strict=True):
            assert torch.allclose(found, network(given), atol=1e-5)


def test_an_evaluation_is_stored_and_found_again(path, colour_folder):
    # ImageNet's first three classes are the means of the three channels; all others are low.
    weight = torch.zeros(1000, 3)
    weight[0, 0] = weight[1, 1] = weight[2, 2] = 10.0
    tiny_onnx(path, weight=weight, settings={**ONNX_SETTINGS, "mean": 0.5, "std": 0.05})
    benchmark = open_benchmark("imagenet", colour_folder)
    half = evaluate(f"onnx:{path}", benchmark, device="cpu", limit=10)
    assert (half.n_done, half.complete) == (10, False)
    run = evaluate(f"onnx:{path}", benchmark, device="cpu")
    assert (run.n_done, run.complete, run.manifest.identity) == (24, True, half.manifest.identity)
    assert len(store.read(run)) == 24
    again = evaluate(f"onnx:{path}", benchmark, device="cpu")
    assert again.path == run.path
    versions = run.manifest.versions
    assert versions["onnxruntime"] == onnxruntime.__version__
    # Beside other kinds of models, each result names its own libraries.
    both = {**versions, "open_clip": "3.3"}
    assert versions_for(both, run.source) == versions
    assert set(both) - set(versions_for(both, "open-clip:ViT-B-32/openai?prompts=single")) == {"onnxruntime"}
    assert not {"onnxruntime", "open_clip"} & set(versions_for(both, "resnet50.a1_in1k"))
    # 24 plain images, of which one is of another colour than its class: by hand.
    assert report.build(run)["overall"]["top1"] == pytest.approx(23 / 24)


@pytest.mark.slow
@pytest.mark.shared
def test_an_export_of_a_real_network_says_what_it_says(tmp_path, shared):
    """Of 100 photos; as onnxruntime says it with timm's own preprocessing, too."""
    import timm

    original = models.load(f"local-dir:{shared / 'models' / 'tf_efficientnet_lite0.pypi'}", "cpu")
    path = tmp_path / "lite0.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            original.module,
            (torch.zeros(1, 3, 224, 224),),
            path,
            dynamo=False,
            input_names=["images"],
            output_names=["scores"],
            dynamic_axes={"images": {0: "n"}, "scores": {0: "n"}},
        )
    config = original.transform
    settings = {key: config[key] for key in ("mean", "std", "crop_pct", "interpolation")}
    path.with_suffix(".json").write_text(json.dumps(settings))
    exported = load(path)
    assert exported.transform == config
    photos = sorted((shared / "data" / "imagenet-sample").rglob("*.JPEG"))[:100]
    assert len(photos) == 100
    preprocess = Preprocess(config)
    library = timm.data.create_transform(**timm.data.resolve_data_config(config), is_training=False)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    forwards = Forward(exported), Forward(original)
    for begin in range(0, 100, 20):
        images = [Image.open(photo).convert("RGB") for photo in photos[begin : begin + 20]]
        pixels = torch.from_numpy(np.stack([preprocess(image) for image in images]))
        ours, theirs = (forward(pixels) for forward in forwards)
        # Logits reach 10: 1e-4 of absolute difference is 1e-5 of them, and a hundred roundings of float32.
        assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-4)
        (own,) = session.run(None, {"images": torch.stack([library(image) for image in images]).numpy()})
        assert torch.allclose(ours, torch.from_numpy(own), rtol=1e-5, atol=1e-4)
