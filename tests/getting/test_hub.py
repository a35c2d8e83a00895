"""Data sets and models of the hub, against a hub on this machine."""

import hashlib
import json

import huggingface_hub
import pytest
from safetensors.torch import save
from torch import zeros

from core import benchmarks, paths
from core.errors import DataError, ModelUnavailableError, StorageError, UsageError
from core.getting import addresses, fetch, unpack
from core.getting.addresses import Entry
from tests.getting.hubs import REVISION, publish

REPO = "taesiri/imagenet-hard"
SHARDS = {"data/a.parquet": b"PAR1" + bytes(50_000), "data/b.parquet": b"PAR1" + bytes(range(256)) * 200}


def gets(hub, part):
    return [path for method, path, _ in hub.requests if method == "GET" and part in path]


def test_a_data_set_comes_whole_and_of_one_revision(hub):
    publish(hub, REPO, {**SHARDS, "README.md": b"about", "script.py": b"import os"})
    planned = fetch.plan("imagenet-hard")
    assert planned.size == planned.needs == sum(map(len, SHARDS.values()))
    assert "its card says: mit" in planned.licence
    assert f"revision {REVISION}" in planned.sources[0]
    assert gets(hub, "/resolve/") == []
    said = []
    done = planned.fetch(said.append)
    folder = paths.data_home() / "downloads" / "imagenet-hard"
    assert done.folder == folder == benchmarks.find_data("imagenet-hard")
    assert f"Revision {REVISION}" in done.said[1]
    there = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    # Parquet files alone: no page, and no code.
    assert set(there) == {*SHARDS, ".fetched.json"}
    assert all(there[name] == content for name, content in SHARDS.items())
    assert unpack.marker(folder)["sha256"] == REVISION
    assert (said[-1].done, said[-1].total) == (1, 1)
    n = len(hub.requests)
    assert fetch.plan("imagenet-hard").is_there
    assert len(hub.requests) == n


def test_a_file_of_another_digest_than_the_hub_gives_is_not_used(hub):
    publish(hub, REPO, SHARDS, lie=True)
    with pytest.raises(DataError, match=r"a\.parquet: its SHA-256 is not the one that the hub gives"):
        fetch.fetch("imagenet-hard")
    assert benchmarks.find_data("imagenet-hard") is None


def test_what_came_of_an_interrupted_data_set_is_kept(hub):
    publish(hub, REPO, SHARDS)
    second = hub.files.pop(f"/datasets/{REPO}/resolve/{REVISION}/data/b.parquet")
    with pytest.raises(StorageError, match="cannot be fetched from the hub now"):
        fetch.fetch("imagenet-hard")
    assert benchmarks.find_data("imagenet-hard") is None
    hub.files[f"/datasets/{REPO}/resolve/{REVISION}/data/b.parquet"] = second
    hub.requests.clear()
    fetch.fetch("imagenet-hard")
    assert gets(hub, "a.parquet") == []
    assert len(gets(hub, "b.parquet")) == 1


def test_a_hub_that_is_not_there_is_told_in_one_line(hub, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(StorageError, match="'taesiri/imagenet-hard' cannot be fetched from the hub now") as caught:
        fetch.plan("imagenet-hard")
    assert "\n" not in str(caught.value)


def test_a_repository_that_is_not_there_or_holds_nothing(hub, monkeypatch):
    monkeypatch.setattr(addresses, "known", lambda: {"x": Entry("x", "X", "MIT", hub="a/b", benchmark="imagenet-hard")})
    with pytest.raises((UsageError, StorageError), match="'a/b'"):
        fetch.plan("x")
    publish(hub, "a/b", {"README.md": b"about"})
    with pytest.raises(DataError, match="'a/b' holds no Parquet files at revision 0123"):
        fetch.plan("x")


def test_a_folder_that_was_not_fetched_is_left_alone(hub):
    folder = paths.data_home() / "downloads" / "imagenet-hard"
    folder.mkdir(parents=True)
    (folder / "mine.parquet").write_bytes(b"mine")
    with pytest.raises(UsageError, match="is there, and was not fetched"):
        fetch.plan("imagenet-hard")


CONFIG = {
    "architecture": "test_vit",
    "num_classes": 1000,
    "pretrained_cfg": {
        "input_size": [3, 160, 160],
        "interpolation": "bicubic",
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "crop_pct": 0.95,
        "license": "apache-2.0",
    },
}


def model_files():
    return {"config.json": json.dumps(CONFIG).encode(), "model.safetensors": save({"a": zeros(1000)})}


@pytest.mark.parametrize("name", ["owner/tiny", "hf-hub:owner/tiny"])
def test_a_model_comes_to_where_models_are_loaded_from(hub, name):
    files = model_files()
    publish(hub, "owner/tiny", files, "models", licence="apache-2.0")
    planned = fetch.plan(f"model:{name}")
    weights = files["model.safetensors"]
    assert (planned.size, planned.licence, planned.is_there) == (len(weights), "apache-2.0", False)
    assert "model.safetensors, revision 0123" in planned.sources[0]
    assert gets(hub, "model.safetensors") == []
    done = planned.fetch()
    assert f"SHA-256 {hashlib.sha256(weights).hexdigest()}: as the hub gives it." in done.said
    assert done.command == "python -m core evaluate --model hf-hub:owner/tiny --benchmark BENCHMARK"
    from core.models import sources
    from core.models.sources import from_timm

    n = len(hub.requests)
    assert from_timm.weights_file(sources.resolve("hf-hub:owner/tiny")).read_bytes() == weights
    assert fetch.plan(f"model:{name}").is_there
    assert len(hub.requests) == n


def test_a_model_that_is_not_what_the_hub_says_is_not_used(hub):
    publish(hub, "owner/tiny", model_files(), "models", lie=True)
    with pytest.raises(DataError, match="its SHA-256 is not the one that the hub gives"):
        fetch.fetch("model:owner/tiny")
    assert not fetch.plan("model:owner/tiny").is_there


def test_a_model_without_weights_or_of_no_name(hub):
    publish(hub, "owner/tiny", {"config.json": json.dumps(CONFIG).encode()}, "models")
    with pytest.raises(DataError, match=r"'owner/tiny' has none of model\.safetensors"):
        fetch.plan("model:owner/tiny")
    with pytest.raises(UsageError, match="unknown model 'resnet5'"):
        fetch.plan("model:resnet5")
    with pytest.raises((UsageError, ModelUnavailableError), match="owner/none"):
        fetch.plan("model:owner/none")
