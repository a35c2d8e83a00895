import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import store
from core.answers import catalogue
from core.benchmarks import open_benchmark
from core.evaluate.loop import evaluate
from tests.manifests import make_manifest
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
    assert known["brightest-channel"].details == "1,000 ImageNet classes · 32 px"
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


def run_of(name, source, fingerprint, identity):
    manifest = make_manifest(
        identity, model=name, source=source, fingerprint=fingerprint, num_classes=1000, n=1, preprocessing={}
    )
    return store.Run(Path("results") / identity, manifest, manifest.benchmarks[0])


def labels(*runs):
    return [run.label for run in catalogue.told_apart(runs)]


def test_folders_of_one_name_are_told_apart_by_the_shortest_end_of_their_paths():
    one = run_of("final", "local-dir:/runs/seed1/final", "1", "a")
    two = run_of("final", "local-dir:/runs/seed2/final", "2", "b")
    assert labels(one, two) == ["seed1/final", "seed2/final"]
    assert labels(one) == ["final"]
    deep = run_of("final", "local-dir:/other/seed1/final", "3", "c")
    assert labels(one, deep) == ["runs/seed1/final", "other/seed1/final"]


def test_weights_trained_again_in_one_folder_are_told_apart_by_their_fingerprint():
    source = "local-dir:/runs/final"
    assert labels(run_of("final", source, "1a2b3c4d5e", "a"), run_of("final", source, "99887766aa", "b")) == [
        "final (weights 1a2b3c4d)",
        "final (weights 99887766)",
    ]


def test_a_folder_trained_again_can_be_chosen_beside_its_older_results(tmp_path, monkeypatch):
    folder = tmp_path / "zoo" / "final"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"new weights")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    new = hashlib.sha256(b"new weights").hexdigest()
    runs = catalogue.told_apart([run_of("final", f"local-dir:{folder}", "0123456789", "a")])
    known = catalogue.known_models(runs)
    assert next(iter(known)) == "final (weights 01234567)"
    assert known[f"final (weights {new[:8]})"].benchmarks == ()


def test_two_model_folders_with_a_folder_of_one_name_offer_both(tmp_path, monkeypatch):
    for seed in ("seed1", "seed2"):
        (tmp_path / seed / "final").mkdir(parents=True)
        (tmp_path / seed / "final" / "config.json").write_text("{}")
        (tmp_path / seed / "final" / "model.safetensors").write_text(seed)
    monkeypatch.setenv("OFFCENTER_MODELS", f"{tmp_path / 'seed1'}:{tmp_path / 'seed2'}")
    assert {"seed1/final", "seed2/final"} <= set(catalogue.known_models([]))


def test_files_of_predictions_of_one_name_are_told_apart_as_files():
    networks = [catalogue._Weights("keras", digits * 8, "predictions:a.csv") for digits in ("1a", "2b")]
    networks += [catalogue._Weights("net", digits * 8, "hf-hub:o/net") for digits in ("1a", "2b")]
    assert list(catalogue._labels(networks).values()) == [
        *("keras (file 1a1a1a1a)", "keras (file 2b2b2b2b)"),
        *("net (weights 1a1a1a1a)", "net (weights 2b2b2b2b)"),
    ]


def test_a_label_space_is_said_in_words():
    assert catalogue.space_in_words("classes-7") == "7 outputs without names"
    assert catalogue.space_in_words("own-0123456789ab") == "classes of your own"
    assert catalogue.space_in_words("focus-10") == "10 FOCUS classes"


def test_settings_of_the_same_weights_stand_beside_each_other_and_their_folders_are_told_apart():
    one = run_of("final", "local-dir:/runs/seed1/final", "1", "a")
    paper = run_of("final (zoom-paper)", "local-dir:/runs/seed1/final?preset=zoom-paper", "1", "b")
    assert labels(one, paper) == ["final", "final (zoom-paper)"]
    other = run_of("final (zoom-paper)", "local-dir:/runs/seed2/final?preset=zoom-paper", "2", "c")
    assert labels(paper, other) == ["seed1/final (zoom-paper)", "seed2/final (zoom-paper)"]


def test_a_path_in_an_option_is_no_path_of_the_model():
    name = "clip (mine-1a2b3c)"
    one = run_of(name, "open-clip:/zoo/a/clip?prompts=/texts/mine.txt", "1", "a")
    two = run_of(name, "open-clip:/zoo/b/clip?prompts=/texts/mine.txt", "2", "b")
    assert labels(one, two) == ["a/clip (mine-1a2b3c)", "b/clip (mine-1a2b3c)"]


def test_onnx_files_of_one_name_are_told_apart_by_their_folders():
    one = run_of("net", "onnx:/zoo/a/net.onnx", "1", "a")
    two = run_of("net", "onnx:/zoo/b/net.onnx", "2", "b")
    assert labels(one, two) == ["a/net.onnx", "b/net.onnx"]


def known(source, label_space=""):
    return catalogue.KnownModel("m", source, label_space)


def test_a_model_of_texts_may_name_any_classes_and_any_other_only_its_own():
    clip, named = "open-clip:ViT-B-32/openai", "open-clip:ViT-B-32/openai?classes=focus-10"
    for source, space, spaces, fits in [
        ("resnet50", "", ["imagenet-1k"], True),
        ("resnet50", "imagenet-1k", ["imagenet-1k"], True),
        ("resnet50", "imagenet-1k", ["own-1a2b3c4d5e6f"], False),
        (clip, "", ["own-1a2b3c4d5e6f", "classes-3"], True),
        (clip, "imagenet-1k", ["own-1a2b3c4d5e6f"], True),
        # What names no classes has none to ask for.
        (clip, "", ["classes-3"], False),
        (named, "focus-10", ["imagenet-1k"], False),
        (named, "focus-10", ["imagenet-1k", "focus-10"], True),
    ]:
        assert catalogue.may_fit(known(source, space), spaces) is fits, (source, spaces)


def test_kinds_are_said_in_words(tmp_path, monkeypatch):
    folder = tmp_path / "zoo" / "graph"
    folder.mkdir(parents=True)
    (folder / "net.onnx").write_bytes(bytes(1_500_000))
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    found = catalogue.known_models([])["graph"]
    assert (found.kind, found.megabytes, found.details) == ("ONNX", 1.5, "ONNX · 1.5 MB")
    assert known("resnet50.a1_in1k").kind == "timm"
    assert known("torchvision:alexnet").kind == "torchvision"
    assert replace(known("predictions:a.csv"), is_file=True).kind == ""


def test_a_folder_whose_results_have_another_name_is_one_model(tmp_path, monkeypatch):
    folder = tmp_path / "zoo" / "clip"
    folder.mkdir(parents=True)
    (folder / "open_clip_config.json").write_text("{}")
    (folder / "open_clip_model.safetensors").write_bytes(b"")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    assert [name for name in catalogue.known_models([]) if "diorama" not in name] == ["clip"]
    source = f"open-clip:{folder}?prompts=simple-7"
    told = catalogue.told_apart([run_of("clip (simple-7)", source, "1", "a")])
    assert [name for name in catalogue.known_models(told) if "diorama" not in name] == ["clip (simple-7)"]
    # What was only shown otherwise has not been evaluated as it is.
    paper = run_of("clip (simple-7) (zoom-paper)", f"{source}&preset=zoom-paper", "1", "b")
    names = [name for name in catalogue.known_models(catalogue.told_apart([paper])) if "diorama" not in name]
    assert names == ["clip (simple-7) (zoom-paper)", "clip"]


@pytest.mark.parametrize(
    ("megabytes", "said"),
    [(1710.5, "1.71 GB"), (999.7, "1 GB"), (18.6, "18.6 MB"), (0.448, "0.448 MB"), (2e-6, "less than 1 kB")],
)
def test_sizes_have_no_powers_of_ten(megabytes, said):
    assert catalogue.size_in_words(megabytes) == said
