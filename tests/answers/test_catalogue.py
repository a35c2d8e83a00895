from dataclasses import replace

import numpy as np

from core.answers import catalogue
from core.benchmarks import open_benchmark
from core.evaluate.loop import evaluate
from tests.synthetic_store import make_samples, write_run


def test_models_are_known_by_their_results_and_their_folders(toy_model, colour_folder, tmp_path, monkeypatch):
    folder = tmp_path / "models" / "waiting"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(bytes(2_500_000))
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "models"))
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    known = catalogue.known_models([run])
    assert next(iter(known)) == "brightest-channel"
    assert known["brightest-channel"].details == "imagenet-1k · 32 px"
    assert known["brightest-channel"].benchmarks == ("imagenet",)
    assert known["waiting"].details == "2.5 MB"
    assert known["waiting"].benchmarks == ()


def test_a_complete_result_goes_before_a_newer_partial_one():
    samples = make_samples("size", 100)
    whole = write_run("size", samples, "m", np.ones(100, bool))
    part = write_run("size", make_samples("size", 200), "m", np.ones(200, bool), done=0.5)
    newer = replace(part, manifest=replace(part.manifest, updated="2027-01-01"))
    assert catalogue.newest_run([newer, whole], "m", "si-score/size").identity == whole.identity
    assert catalogue.newest_run([newer], "m", "si-score/size").identity == part.identity
    assert catalogue.newest_run([newer], "other", "si-score/size") is None


def test_protocols_of_one_family_belong_together():
    assert catalogue.families(["si-score/size", "si-score/rotation", "imagenet"]) == {
        "si-score": "SI-Score",
        "imagenet": "ImageNet folders",
    }
    assert "si-score/location" in catalogue.benchmarks_varying("x")
    assert "imagenet" not in catalogue.benchmarks_varying("x", "area")


def test_a_benchmark_without_its_images_is_not_opened(tmp_path):
    assert catalogue.data_of("imagenet") is None
