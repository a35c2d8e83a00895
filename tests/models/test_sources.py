"""Finding, describing and loading classifiers, from folders and from a hub on this machine."""

import hashlib
import http.server
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
from functools import partial

import huggingface_hub
import pytest
import safetensors.torch
import timm
import torch

from core import models
from core.errors import ModelError, ModelUnavailableError, UsageError
from core.models.sources.from_timm import TimmSource, safe_name, weights_file
from tests.conftest import REPO

ARCHITECTURE = "test_vit"


def make_folder(folder, *, weights="model.safetensors", num_classes=1000, **config):
    """A model folder in timm's hub format, with random weights."""
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    module = timm.create_model(ARCHITECTURE, pretrained=False, num_classes=num_classes)
    cfg = {"input_size": [3, 160, 160], "fixed_input_size": True, "interpolation": "bicubic", "crop_pct": 0.95}
    cfg |= {"mean": [0.5] * 3, "std": [0.5] * 3, "num_classes": num_classes, "first_conv": "patch_embed.proj"}
    cfg |= {"classifier": "head", **config}
    (folder / "config.json").write_text(
        json.dumps({"architecture": ARCHITECTURE, "num_classes": num_classes, "pretrained_cfg": cfg})
    )
    if weights.endswith(".safetensors"):
        safetensors.torch.save_file(module.state_dict(), folder / weights)
    else:
        torch.save(module.state_dict(), folder / weights)
    return module.eval()


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """A folder of models that OFFCENTER_MODELS names, with one model ``tiny``."""
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    make_folder(tmp_path / "zoo" / "tiny")
    return tmp_path / "zoo"


@pytest.mark.parametrize("weights", ["model.safetensors", "pytorch_model.bin"])
def test_a_local_model_gives_the_outputs_of_its_weights(tmp_path, weights):
    original = make_folder(tmp_path / "tiny", weights=weights)
    model = models.load(f"local-dir:{tmp_path / 'tiny'}", "cpu")
    inputs = torch.randn(2, 3, 160, 160)
    with torch.no_grad():
        assert torch.allclose(model.module(inputs), original(inputs), atol=1e-5)
    assert not model.module.training


def test_a_folder_of_models_names_its_models(zoo):
    model = models.describe("tiny")
    assert model.name == "tiny"
    assert model.source == f"local-dir:{zoo / 'tiny'}"
    assert model.module is None


def test_the_fingerprint_is_the_sha256_of_the_weights_file(zoo):
    expected = hashlib.sha256((zoo / "tiny" / "model.safetensors").read_bytes()).hexdigest()
    assert models.describe("tiny").fingerprint == expected


def test_changed_weights_change_the_fingerprint_although_it_is_remembered(zoo):
    before = models.describe("tiny").fingerprint
    state = safetensors.torch.load_file(zoo / "tiny" / "model.safetensors")
    state["head.bias"] += 1
    safetensors.torch.save_file(state, zoo / "tiny" / "model.safetensors")
    assert models.describe("tiny").fingerprint != before


def test_preprocessing_is_the_models_own(zoo):
    transform = models.describe("tiny").transform
    assert transform == {
        "input_size": [3, 160, 160],
        "interpolation": "bicubic",
        "mean": [0.5] * 3,
        "std": [0.5] * 3,
        "crop_pct": 0.95,
        "crop_mode": "center",
    }


def test_ten_focus_names_make_a_focus_model(tmp_path):
    names = ["truck", "car", "plane", "ship", "cat", "dog", "horse", "deer", "frog", "bird"]
    make_folder(tmp_path / "ten", num_classes=10, label_names=names)
    assert models.describe(f"local-dir:{tmp_path / 'ten'}").label_space == "focus-10"


def test_a_checkpoint_with_code_is_refused_and_not_run(tmp_path):
    class Harmful:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "was-run"),)

    make_folder(tmp_path / "bad", weights="pytorch_model.bin")
    with open(tmp_path / "bad" / "pytorch_model.bin", "wb") as stream:
        pickle.dump({"head.bias": Harmful()}, stream)
    with pytest.raises(ModelError, match=r"pytorch_model\.bin cannot be read as weights.*convert it to safetensors"):
        models.load(f"local-dir:{tmp_path / 'bad'}", "cpu")
    assert not (tmp_path / "was-run").exists()


def test_damaged_weights_are_named(zoo):
    path = zoo / "tiny" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"model\.safetensors cannot be read as weights"):
        models.load("tiny", "cpu")


def test_weights_of_another_architecture_are_refused(zoo):
    safetensors.torch.save_file({"conv.weight": torch.zeros(3)}, zoo / "tiny" / "model.safetensors")
    with pytest.raises(ModelError, match="do not fit test_vit"):
        models.load("tiny", "cpu")


def test_a_folder_without_weights_or_config_is_named(zoo):
    (zoo / "tiny" / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"has none of model\.safetensors"):
        models.load("tiny", "cpu")
    with pytest.raises(UsageError, match=r"has no config\.json"):
        models.load(f"local-dir:{zoo}", "cpu")


@pytest.mark.parametrize("text", ["{", "[]", '{"architecture": "no_such_net", "pretrained_cfg": {}}', "{}"])
def test_a_config_that_timm_did_not_write_is_named(zoo, text):
    (zoo / "tiny" / "config.json").write_text(text)
    with pytest.raises(ModelError, match=r"config\.json"):
        models.describe("tiny")


def test_an_unknown_name_suggests_the_nearest(zoo):
    with pytest.raises(UsageError, match="Did you mean 'tiny'"):
        models.describe("tinyy")
    with pytest.raises(UsageError, match="'resnet50'"):
        models.describe("resnet5o")


def test_an_unknown_tag_lists_the_known_ones():
    with pytest.raises(UsageError, match=r"no weights tagged 'nope'.*resnet18\.a1_in1k"):
        models.describe("resnet18.nope")


def test_a_path_without_prefix_says_which_prefix_to_write():
    with pytest.raises(UsageError, match="local-dir:some/folder"):
        models.describe("some/folder")


@pytest.mark.parametrize(
    "name", ["resnet50", "torchvision:alexnet", "hf-hub:a/b", "open-clip:ViT-B-32/x", "onnx:/n.onnx"]
)
@pytest.mark.parametrize("end", ["?", "?&", "?PRESET=a", "?preset=a&", "?preset", "?preset=a&preset=a", "?a=b?c=d"])
def test_options_that_cannot_be_read_are_told_from_a_name_that_is_unknown(name, end):
    with pytest.raises(UsageError) as caught:
        models.describe(name + end)
    assert f"'{name}{end}': '{end[:-4] if end.endswith('?c=d') else end}" in str(caught.value)
    assert "Write ?option=value&option=value, each option once" in str(caught.value)


@pytest.mark.parametrize("name", ["what?preset=zoom-paper", "a?b=c"])
def test_a_folder_that_is_called_like_a_model_with_options_is_refused(zoo, monkeypatch, name):
    (zoo / "tiny").rename(zoo / name)
    monkeypatch.chdir(zoo)
    for spec in (name, f"{name}?preset=focus-paper", f"local-dir:{zoo / name}", f"local-dir:{name}?preset=zoom-paper"):
        with pytest.raises(UsageError, match="is called as a model with options is: rename it"):
            models.load(spec, "cpu")


def test_names_that_no_line_shows_or_no_path_holds_are_refused():
    for name in ("a\nb", "a\x00b", "local-dir:/x\r"):
        with pytest.raises(UsageError, match="control character"):
            models.load(name, "cpu")
    with pytest.raises(UsageError, match=r"names no folder: File name too long\.$"):
        models.load(f"local-dir:{'z' * 5000}", "cpu")
    with pytest.raises(UsageError, match="names no model: see"):
        models.load("?preset=zoom-paper", "cpu")


def test_spaces_around_a_name_are_nobodys(zoo):
    assert models.load(" tiny?interpolation=box ", "cpu").name == "tiny (box)"


def test_timms_names_have_no_prefix_and_a_repository_is_named_as_one(zoo):
    with pytest.raises(UsageError, match=r"have no prefix: resnet50\.a1_in1k\?preset=zoom-paper;"):
        models.load("timm:resnet50.a1_in1k?preset=zoom-paper", "cpu")
    with pytest.raises(UsageError, match=r"for the hub hf-hub:timm/resnet50\.a1_in1k;"):
        models.load("timm/resnet50.a1_in1k", "cpu")


def test_a_folder_of_another_library_says_what_to_write(tmp_path):
    for name, files, meant in (
        ("clip", {"open_clip_config.json": "{}", "config.json": '{"model_type": "clip"}'}, "open-clip:{}"),
        ("swin", {"config.json": '{"architectures": ["SwinForImageClassification"]}'}, "transformers:{}"),
        ("graph", {"net.onnx": ""}, "onnx:{}/net.onnx"),
    ):
        (tmp_path / name).mkdir()
        for file, content in files.items():
            (tmp_path / name / file).write_text(content)
        with pytest.raises(UsageError) as caught:
            models.load(f"local-dir:{tmp_path / name}", "cpu")
        assert str(caught.value).endswith(f": write {meant.format(tmp_path / name)}")


def test_a_repository_of_another_library_says_what_to_write(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    for name, files, meant in (
        ("swin", {"config.json": '{"model_type": "swin"}'}, "transformers:me/swin"),
        ("tower", {"open_clip_config.json": "{}"}, "open-clip:hf-hub:me/tower"),
        ("both", {"open_clip_config.json": "{}", "config.json": '{"model_type": "clip"}'}, "open-clip:hf-hub:me/both"),
    ):
        revision = tmp_path / f"models--me--{name}" / "snapshots" / ("0" * 40)
        revision.mkdir(parents=True)
        (revision.parents[1] / "refs").mkdir()
        (revision.parents[1] / "refs" / "main").write_text("0" * 40)
        (revision.parents[1] / ".no_exist" / ("0" * 40)).mkdir(parents=True)
        for file in ("config.json", "open_clip_config.json"):
            absent = revision.parents[1] / ".no_exist" / ("0" * 40) / file
            (revision / file).write_text(files[file]) if file in files else absent.touch()
        with pytest.raises(UsageError, match=f"holds no model in timm's format: write {meant}$"):
            models.load(f"hf-hub:me/{name}", "cpu")


def test_a_folder_may_have_what_looks_like_options_in_its_name(zoo):
    (zoo / "tiny").rename(zoo / "tiny?a&b")
    assert models.describe(f"local-dir:{zoo / 'tiny?a&b'}").name == "tiny?a&b"
    assert models.describe("tiny?a&b").name == "tiny?a&b"


@pytest.mark.parametrize("device", ["gpu", "cuda:x"])
def test_an_unknown_device_is_refused(device):
    with pytest.raises(UsageError, match="Known: auto, cpu, cuda"):
        models.resolve_device(device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_missing_gpu_is_said(zoo):
    assert models.resolve_device("auto") == "cpu"
    with pytest.raises(UsageError, match="sees no such GPU"):
        models.load("tiny", "cuda")


# --- the hub, on this machine


class Hub(http.server.SimpleHTTPRequestHandler):
    """Files at ``/<owner>/<name>/resolve/<revision>/<file>``, with a commit and an ETag, as the hub client asks for."""

    def _file(self):
        parts = self.path.split("?")[0].strip("/").split("/")
        if len(parts) == 5 and parts[2] == "resolve":
            path = os.path.join(self.directory, parts[0], parts[1], parts[4])
            return path if os.path.isfile(path) else None
        return None

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, body):
        path = self._file()
        if path is None:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        with open(path, "rb") as stream:
            content = stream.read()
        self.send_response(200)
        self.send_header("X-Repo-Commit", "0123456789012345678901234567890123456789")
        self.send_header("ETag", '"' + hashlib.sha256(content).hexdigest() + '"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def hub(tmp_path):
    """A hub with the repository ``tester/tiny``; returns a function that runs code as its client, and its stop."""
    make_folder(tmp_path / "hub" / "tester" / "tiny")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Hub, directory=str(tmp_path / "hub")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    environment |= {
        "HF_ENDPOINT": f"http://127.0.0.1:{server.server_address[1]}",
        "HF_HOME": str(tmp_path / "hf-home"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
    }
    environment.pop("HF_HUB_OFFLINE", None)

    def client(code):
        code = (
            f"from core import models\ntry:\n    {code}\nexcept Exception as error: print(type(error).__name__, error)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=REPO,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop():
        server.shutdown()
        server.server_close()

    yield client, stop
    stop()


LOAD = "m = models.load('hf-hub:tester/tiny', 'cpu'); print(m.name, m.fingerprint, models.hub_models())"


@pytest.mark.slow
def test_a_hub_model_is_downloaded_once_and_then_works_without_the_hub(hub, tmp_path):
    client, stop = hub
    weights = (tmp_path / "hub" / "tester" / "tiny" / "model.safetensors").read_bytes()
    expected = f"tester/tiny {hashlib.sha256(weights).hexdigest()} ('hf-hub:tester/tiny',)"
    assert client(LOAD).strip() == expected
    stop()
    assert client(LOAD).strip() == expected


@pytest.fixture
def no_hub(monkeypatch):
    """The hub's address is a port of this machine where nothing listens, so that nobody waits for an answer."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        for name in [name for name in os.environ if "proxy" in name.lower()]:
            monkeypatch.delenv(name)
        yield


def test_an_unreachable_hub_is_said_with_the_way_around_it(no_hub):
    with pytest.raises(ModelUnavailableError, match="the hub cannot be reached") as caught:
        models.load("hf-hub:tester/tiny", "cpu")
    assert "hf download tester/tiny --local-dir tester-tiny" in str(caught.value)
    assert "local-dir:PATH" in str(caught.value)


@pytest.mark.slow
def test_a_repository_without_weights_is_named(hub, tmp_path):
    client, _ = hub
    (tmp_path / "hub" / "tester" / "tiny" / "model.safetensors").unlink()
    assert "the hub repository 'tester/tiny' has none of model.safetensors" in client(LOAD)


@pytest.mark.slow
def test_weights_in_several_files_of_the_hub_are_all_downloaded(hub, tmp_path):
    client, stop = hub
    folder = tmp_path / "hub" / "tester" / "tiny"
    state = safetensors.torch.load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    halves = list(state)[::2], list(state)[1::2]
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    for name, half in zip(names, halves, strict=True):
        safetensors.torch.save_file({key: state[key] for key in half}, folder / name)
    where = {key: name for name, half in zip(names, halves, strict=True) for key in half}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    digests = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names]
    expected = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    assert f"tester/tiny {expected}" in client(LOAD)
    stop()
    assert f"tester/tiny {expected}" in client(LOAD)


def test_weights_that_only_a_web_address_has_are_fetched_once_and_checked(tmp_path, monkeypatch):
    make_folder(tmp_path / "web")
    content = (tmp_path / "web" / "model.safetensors").read_bytes()
    good = f"net-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    for name in (good, "net-00000000.pth"):
        (tmp_path / "web" / name).write_bytes(content)
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "web"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    for name in [name for name in os.environ if "proxy" in name.lower()]:
        monkeypatch.delenv(name)
    at = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        path = weights_file(TimmSource("n", "n", ARCHITECTURE, {}, {}, url=f"{at}/{good}"))
        assert path.read_bytes() == content
        with pytest.raises(ModelUnavailableError, match=r"cannot be fetched \(invalid hash value"):
            weights_file(TimmSource("n", "n", ARCHITECTURE, {}, {}, url=f"{at}/net-00000000.pth"))
    finally:
        server.shutdown()
        server.server_close()
    assert weights_file(TimmSource("n", "n", ARCHITECTURE, {}, {}, url=f"{at}/{good}")) == path
    with pytest.raises(ModelUnavailableError, match="put it here as"):
        weights_file(TimmSource("n", "n", ARCHITECTURE, {}, {}, url=f"{at}/other.pth"))


def test_every_name_with_weights_that_timm_has_is_known():
    for name in timm.list_pretrained():
        source = models.resolve(name)
        assert source.repo or source.url, name


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "open_clip_pytorch_model.bin", "vit.bin", "sub/net.pth", "a.b.pt"]
)
def test_the_safetensors_file_in_place_of_a_pickle_is_the_one_that_timm_takes(name):
    assert safe_name(name) == next(iter(timm.models._hub._get_safe_alternatives(name)), name)
