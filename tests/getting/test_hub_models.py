"""Models of transformers and of other libraries, from a hub on this machine to logits."""

import hashlib
import json
import socket
from pathlib import Path

import huggingface_hub
import pytest
import torch

from core import models
from core.errors import DataError, ModelError, ModelUnavailableError, StoreError, UsageError
from core.getting import fetch
from core.models.sources import describe, load, resolve
from core.models.sources import hub as hub_files
from tests.getting.hubs import REVISION, publish, publish_transformers, refuse
from tests.tiny_models import tiny_onnx, tiny_transformers

REPO = "owner/tiny"
NAME = f"transformers:{REPO}"
OTHER = "f" * 40


@pytest.fixture
def tiny(tmp_path):
    """A folder with a tiny ViT of ten classes, its weights in several files; and its network."""
    network = tiny_transformers(tmp_path / "tiny", n_classes=10, shards=30_000)
    return tmp_path / "tiny", network


def asked(hub, part):
    return [path for _, path, _ in hub.requests if part in path]


def test_a_model_in_several_files_comes_from_the_hub_to_logits(hub, tiny):
    folder, network = tiny
    files = publish_transformers(hub, REPO, folder, licence="mit")
    shards = {name: content for name, content in files.items() if name.endswith(".safetensors")}
    assert len(shards) > 2
    planned = fetch.plan(f"model:{NAME}")
    assert (planned.size, planned.licence, planned.is_there) == (sum(map(len, shards.values())), "mit", False)
    assert f"{min(shards)} and {len(shards) - 1} more, revision {REVISION}" in planned.sources[0]
    assert not [path for path in asked(hub, "model-0") if "/resolve/" in path]
    done = planned.fetch()
    assert done.command == f"python -m core evaluate --model {NAME} --benchmark BENCHMARK"
    for content in shards.values():
        assert f"SHA-256 {hashlib.sha256(content).hexdigest()}: as the hub gives it." in done.said
    n = len(hub.requests)
    model = load(NAME, "cpu")
    inputs = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.allclose(model.module(inputs), network(pixel_values=inputs).logits, rtol=0, atol=1e-6)
    assert (model.source, model.name) == (NAME, REPO)
    assert fetch.plan(f"model:{NAME}").is_there
    # What is here is taken without asking the hub, what the repository has not included.
    assert len(hub.requests) == n


def test_a_hub_model_and_its_copy_in_a_folder_are_the_same(hub, tiny):
    folder, _ = tiny
    publish_transformers(hub, REPO, folder)
    there, here = describe(NAME)[0], describe(f"transformers:{folder}")[0]
    assert (there.fingerprint, there.transform) == (here.fingerprint, here.transform)
    names = [path.name for path in describe(NAME)[1]]
    assert names[:4] == ["main", "config.json", "preprocessor_config.json", "model.safetensors.index.json"]


def test_all_files_are_of_the_revision_of_the_config(hub, tiny):
    folder, _ = tiny
    publish_transformers(hub, REPO, folder)
    source = resolve(NAME)
    # The branch moves on before the weights are asked for: each of its files is another now.
    for path in [path for path in hub.files if "/resolve/main/" in path]:
        hub.put(path, b"other", headers={"X-Repo-Commit": OTHER})
    source.files()
    assert asked(hub, "/resolve/main/model") == []
    assert load(NAME, "cpu").num_classes == 10


def test_a_revision_can_be_named(hub, tiny):
    folder, _ = tiny
    publish_transformers(hub, REPO, folder)
    model = describe(f"{NAME}@{REVISION}")[0]
    assert model.source == f"{NAME}@{REVISION}"
    assert asked(hub, "/resolve/main/") == []


def test_a_repository_is_of_the_library_that_its_config_is_of(hub, tiny):
    folder, _ = tiny
    publish_transformers(hub, REPO, folder)
    done = fetch.fetch(f"model:{REPO}")
    assert NAME in done.command


def test_a_missing_file_of_several_is_named(hub, tiny):
    folder, _ = tiny
    publish_transformers(hub, REPO, folder)
    refuse(hub, REPO, "model-00002-of-00004.safetensors", 404, "EntryNotFound", REVISION)
    with pytest.raises(ModelError, match=r"'owner/tiny' has none of model-00002-of-00004\.safetensors"):
        load(NAME, "cpu")
    with pytest.raises(ModelError, match=r"'owner/tiny' has none of model-00002-of-00004\.safetensors"):
        fetch.fetch(f"model:{NAME}")


def test_weights_of_another_digest_than_the_hub_gives_are_not_used(hub, tiny):
    folder, _ = tiny
    publish_transformers(hub, REPO, folder, lie=True)
    with pytest.raises(DataError, match="its SHA-256 is not the one that the hub gives"):
        fetch.fetch(f"model:{NAME}")
    assert not fetch.plan(f"model:{NAME}").is_there


def test_a_connection_that_dies_leaves_nothing_half_and_is_taken_up_again(hub, tiny, monkeypatch):
    folder, network = tiny
    publish_transformers(hub, REPO, folder)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    first = hub.files[f"/{REPO}/resolve/{REVISION}/model-00001-of-00004.safetensors"]
    first.cuts[:] = [100] * 20
    with pytest.raises(ModelUnavailableError, match="the hub cannot be reached") as caught:
        load(NAME, "cpu")
    assert "\n" not in str(caught.value)
    first.cuts.clear()
    inputs = torch.zeros(1, 3, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(load(NAME, "cpu").module(inputs), network(pixel_values=inputs).logits, atol=1e-6)


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (404, "RepoNotFound", UsageError, "the hub has no repository 'owner/tiny' that you may read"),
        (401, "GatedRepo", UsageError, "given only to those who accept its terms.*hf auth login"),
        (403, "GatedRepo", UsageError, "given only to those who accept its terms"),
        (404, "RevisionNotFound", UsageError, "the hub repository 'owner/tiny' has no revision"),
        (404, "EntryNotFound", ModelError, "'owner/tiny' has none of config.json"),
        (500, "", ModelUnavailableError, "the hub cannot be reached.*500.*--model transformers:PATH"),
    ],
)
def test_what_the_hub_refuses_is_said_in_one_line(hub, monkeypatch, status, code, kind, said):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    refuse(hub, REPO, "config.json", status, code)
    with pytest.raises(kind, match=said) as caught:
        resolve(NAME)
    assert "\n" not in str(caught.value)


def test_a_near_repository_that_is_here_is_named(hub, tiny):
    folder, _ = tiny
    publish_transformers(hub, REPO, folder)
    resolve(NAME)
    refuse(hub, "owner/tinny", "config.json", 404, "RepoNotFound")
    with pytest.raises(UsageError, match="Did you mean 'owner/tiny'"):
        resolve("transformers:owner/tinny")


def test_a_hub_that_is_not_there_is_told_within_seconds(hub, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(ModelUnavailableError, match="hf download owner/tiny --local-dir"):
            resolve(NAME)


def test_a_full_disk_is_not_taken_for_a_hub_that_is_away(hub, tiny, monkeypatch):
    folder, _ = tiny
    publish_transformers(hub, REPO, folder)

    def full(*args, **settings):
        raise OSError(28, "No space left on device", "/cache/x")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", full)
    with pytest.raises(StoreError, match=r"the disk is full.*/cache/x"):
        resolve(NAME)


def test_a_copy_in_the_cache_that_says_not_what_it_lacks_is_enough(hub, tiny):
    folder, _ = tiny
    publish_transformers(hub, REPO, folder)
    resolve(NAME).files()
    markers = list(Path(huggingface_hub.constants.HF_HUB_CACHE).rglob(".no_exist/*/*"))
    assert markers
    for marker in markers:
        marker.unlink()
    with hub_files.only_here():
        assert resolve(NAME).described().num_classes == 10


def test_code_in_an_own_file_and_what_is_here_are_not_fetched(hub, tmp_path, tiny):
    folder, _ = tiny
    here = fetch.plan(f"model:transformers:{folder}")
    assert (here.is_there, here.size, here.folder) == (True, 0, folder)
    assert "model-00001-of-00004.safetensors" not in here.fetch().command
    with pytest.raises(UsageError, match="a file of yours on this machine: there is nothing to fetch"):
        fetch.plan(f"model:python:{tmp_path / 'own.py'}:make")
    tiny_onnx(tmp_path / "net.onnx")
    assert fetch.plan(f"model:onnx:{tmp_path / 'net.onnx'}").is_there
    assert hub.requests == []


def test_weights_of_a_plain_address_are_planned_by_it(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    planned = fetch.plan("model:torchvision:alexnet")
    assert planned.sources[0].startswith("https://download.pytorch.org/models/alexnet")
    assert not planned.is_there


def test_a_repository_of_timms_in_several_files_is_planned_with_all_of_them(hub):
    config = {"architecture": "test_resnet", "num_classes": 10, "pretrained_cfg": {"num_classes": 10}}
    parts = {f"model-{number}-of-00002.safetensors": bytes(10 * number) for number in (1, 2)}
    index = {"metadata": {}, "weight_map": dict(zip(("a", "b"), parts, strict=True))}
    files = {"config.json": config, "model.safetensors.index.json": index}
    publish(hub, "owner/net", {name: json.dumps(each).encode() for name, each in files.items()} | parts, "models")
    planned = fetch.plan("model:hf-hub:owner/net")
    assert planned.size == 30
    assert "model-1-of-00002.safetensors and 1 more" in planned.sources[0]


def test_an_open_clip_repository_is_planned_with_its_weights(hub, tmp_path):
    pytest.importorskip("open_clip")
    from tests.tiny_models import tiny_open_clip

    tiny_open_clip(tmp_path / "clip")
    files = {path.name: path.read_bytes() for path in sorted((tmp_path / "clip").iterdir())}
    publish(hub, "owner/clip", files, "models")
    refuse(hub, "owner/clip", "config.json", 404, "EntryNotFound")
    planned = fetch.plan("model:owner/clip")
    assert planned.size == len(files["open_clip_model.safetensors"])
    assert "--model 'open-clip:hf-hub:owner/clip?prompts=" in planned.fetch().command


def test_a_demo_or_a_page_remembers_a_hub_model_as_any_other(hub, tiny):
    folder, _ = tiny
    publish_transformers(hub, REPO, folder)
    first = models.describe(NAME)
    n = len(hub.requests)
    assert models.describe(NAME) == first
    assert len(hub.requests) == n
