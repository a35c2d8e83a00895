"""Names of models with options in jobs: they mean the same in the worker, and what is stored of them is counted."""

from dataclasses import replace

import pytest

from core import store
from core.benchmarks import open_benchmark
from core.errors import UsageError
from core.evaluate import evaluate
from core.jobs import cost
from core.jobs.kinds import Evaluation
from core.store import specs
from tests.job_tools import make_model


@pytest.fixture
def asked(tmp_path, monkeypatch, colour_folder):
    make_model(tmp_path / "zoo" / "small", "test_resnet")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    return Evaluation("small", "imagenet", data=str(colour_folder), device="cpu")


def checked(asked, model):
    return replace(asked, model=model).checked().model


def test_what_a_job_is_called_means_the_same_in_its_worker(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.pth").write_text("x")
    assert checked(asked, " small?preset=zoom-paper ") == "small?preset=zoom-paper"
    assert checked(asked, "local-dir:zoo/small?preset=zoom-paper") == "small?preset=zoom-paper"
    assert checked(asked, "torchvision:alexnet?weights=net.pth") == f"torchvision:alexnet?weights={tmp_path}/net.pth"
    assert checked(asked, "onnx:net.onnx") == f"onnx:{tmp_path}/net.onnx"
    for nothing in ("", " ", "?preset=zoom-paper", "open-clip:", "onnx: "):
        with pytest.raises(UsageError, match="no model is named"):
            checked(asked, nothing)


def test_prompts_of_a_file_are_kept_with_the_job(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.txt").write_text("a {}\nthe {}\n")
    kept = checked(asked, "open-clip:ViT-B-32/openai?prompts=mine.txt")
    assert specs.parsed(kept).options["prompts"].startswith("own-")
    (tmp_path / "mine.txt").unlink()
    assert checked(asked, kept) == kept
    assert checked(asked, "open-clip:ViT-B-32/openai") == "open-clip:ViT-B-32/openai"
    with pytest.raises(UsageError, match="prompts 'opneai-80' are unknown"):
        checked(asked, "open-clip:ViT-B-32/openai?prompts=opneai-80")
    (tmp_path / "bad.txt").write_text("no place\n")
    with pytest.raises(UsageError, match=r"bad\.txt"):
        checked(asked, "open-clip:ViT-B-32/openai?prompts=bad.txt")


def test_what_is_stored_is_counted_by_setting(asked, colour_folder):
    evaluate("small?preset=zoom-paper", open_benchmark("imagenet", colour_folder), device="cpu", limit=8)
    assert store.list_runs("imagenet")[0].n_done == 8

    def n_stored(model):
        return cost.estimate(replace(asked, model=model), 24).n_stored

    assert n_stored("small?preset=zoom-paper") == 8
    assert n_stored("small (zoom-paper)") == 8
    assert n_stored("small") == 0
    assert n_stored("small?preset=focus-paper") == 0
    assert n_stored("small?preset=zoom-paper&interpolation=bilinear") == 0


def test_what_is_stored_is_counted_under_the_usual_prompts_too(asked, colour_folder, monkeypatch):
    found = []
    monkeypatch.setattr(cost.store, "list_runs", lambda benchmark, model: found.append(model) or [])
    cost.estimate(replace(asked, model="open-clip:ViT-B-32/openai"), 24)
    assert found == ["open-clip:ViT-B-32/openai?prompts=simple-7"]
