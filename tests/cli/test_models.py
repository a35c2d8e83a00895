"""``python -m core models``: the list, what a model is, whether it is alive, and how to bring one's own."""

import json
import subprocess
import sys

import pytest

from core.models import presets, zero_shot
from core.store.specs import PREFIXES
from tests.conftest import REPO
from tests.models.test_sources import make_folder


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """Folders of each kind, as far as a list looks at them: their JSON, and files by name."""
    zoo = tmp_path / "zoo"
    monkeypatch.setenv("OFFCENTER_MODELS", str(zoo))
    files = {
        "vit/config.json": {"model_type": "vit", "id2label": {"0": "cat", "1": "dog", "2": "bird"}},
        "vit/preprocessor_config.json": {"size": {"height": 192, "width": 192}},
        "vit/model.safetensors": None,
        "clip/open_clip_config.json": {"model_cfg": {"vision_cfg": {"image_size": 64}, "text_cfg": {}}},
        "clip/open_clip_model.safetensors": None,
        "graph/net.onnx": None,
        "graph/net.json": {"labels": "focus-10", "input_size": [96, 128]},
        "two/a.onnx": None,
        "two/b.onnx": None,
        "two/config.json": {"model_type": "vit"},
        "odd/model.onnx": None,
        "odd/model.json": {"colour": "bgr"},
    }
    for name, content in files.items():
        (zoo / name).parent.mkdir(parents=True, exist_ok=True)
        (zoo / name).write_text("" if content is None else json.dumps(content))
    return zoo


def listed(run):
    return {row["name"]: row for row in json.loads(run("models", "--json")[1])["local"]}


def test_folders_of_every_kind_are_listed_by_what_their_json_says(run, zoo):
    found = listed(run)
    assert (found["vit"]["kind"], found["vit"]["label_space"], found["vit"]["input_px"]) == (
        "transformers",
        "classes-3",
        192,
    )
    assert (found["clip"]["kind"], found["clip"]["label_space"]) == ("OpenCLIP, zero-shot", "imagenet-1k")
    assert (found["graph"]["kind"], found["graph"]["label_space"], found["graph"]["input_px"]) == (
        "ONNX",
        "focus-10",
        128,
    )
    assert "has no file of weights" in found["two"]["problem"]
    assert "there is no 'colour'" in found["odd"]["problem"]
    code, out, _ = run("models")
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    assert "3 outputs without names" in lines["vit"]
    assert "10 FOCUS classes" in lines["graph"]
    assert "cannot be used" in out
    assert "models --help" in out


def test_folders_of_other_libraries_are_listed_without_them(zoo):
    code = (
        "import sys\nfrom core import cli, paths\nfrom core.store import weights\n"
        "weights.paths.EMBEDDED = paths.EMBEDDED / 'none'\npaths.EMBEDDED = weights.paths.EMBEDDED\n"
        "from core.answers.models import listed\nprint(len(listed()))\n"
        "print(sorted({'torch', 'transformers', 'open_clip', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPO, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["5", "[]"]


def test_the_help_names_every_kind_and_every_option_in_80_columns(run):
    code, out, _ = run("models", "--help")
    assert code == 0
    assert all(f"{prefix}:" in out for prefix in PREFIXES)
    assert all(name in out for name in (*presets.PRESETS, *presets.INTERPOLATIONS, *zero_shot.prompt_sets()))
    folders = out.partition("Folders of models")[2]
    assert max(map(len, out.removesuffix(folders).splitlines())) <= 80
    assert "OFFCENTER_MODELS" in folders
    assert "data/embedded/models" in folders


def test_a_model_is_shown_with_what_it_fits_and_why_not(run):
    code, out, err = run("models", "show", "test_vit.diorama")
    assert code == 0, err
    lines = out.splitlines()
    assert any(line.split()[:1] == ["classes"] and "10 FOCUS classes" in line for line in lines)
    assert any("shorter side to 160 px (bicubic), the central 160 x 160" in line for line in lines)
    assert any(line.endswith("pytorch_model.bin") for line in lines)
    assert "diorama/size" in out.partition("Can be evaluated on:")[2].partition("\n\n")[0]
    plain = " ".join(out.split())
    assert "Does not fit: it takes 1,000 ImageNet classes, and the model gives 10 FOCUS classes" in plain
    content = json.loads(run("models", "describe", "test_vit.diorama", "--json")[1])
    assert content["label_space"] == "focus-10"
    assert {fit["key"] for fit in content["fits"] if not fit["why"]} >= {"diorama/size", "diorama/clean"}


def test_a_preset_is_shown_as_it_changes_the_preprocessing(run):
    out = run("models", "show", "test_vit.diorama?preset=zoom-paper")[1]
    assert "(zoom-paper)" in out.splitlines()[0]
    assert "shorter side to 256 px (bicubic), the central 224 x 224" in out


def test_a_trained_model_is_alive(run):
    code, out, err = run("models", "check", "test_efficientnet.diorama")
    assert code == 0, err
    assert "test_efficientnet.diorama looks alive." in out
    assert "8 of 8 pictures are right" in out
    content = json.loads(run("models", "check", "test_efficientnet.diorama", "--json")[1])
    assert content["alive"] is True
    assert content["verdict"] == "looks alive"
    assert len(content["answers"]) == 8


def test_random_weights_look_untrained(run, tmp_path, monkeypatch):
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    make_folder(tmp_path / "zoo" / "new")
    code, out, _ = run("models", "check", "new")
    assert code == 1
    assert "looks untrained" in out
    assert "new does not look alive." in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["check", "tset_vit"], 2, "Did you mean 'test_vit"),
        (["show", "open-clp:ViT-B-32/openai"], 2, "Did you mean 'open-clip'"),
        (["show", "test_vit.diorama?presett=zoom-paper"], 2, "Did you mean 'preset'"),
        (["check", "test_vit.diorama?preset=zoom"], 2, "Did you mean 'zoom-paper'"),
        (["check", "test_vit.diorama", "--device", "tpu"], 2, "Known: auto, cpu, cuda"),
        (["check", ""], 2, "error: "),
        (["show", "onnx:/no/such.onnx"], 2, "error: "),
    ],
)
def test_a_wrong_name_is_one_line_with_the_fix(run, arguments, code, said):
    got, out, err = run("models", *arguments)
    assert (got, out) == (code, "")
    assert said in err
    assert len([line for line in err.splitlines() if line.startswith("error: ")]) == 1
