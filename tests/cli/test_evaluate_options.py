"""Options of ``evaluate`` that go into a model's name, and results found by it."""

import pytest
from safetensors.torch import load_file, save_file

from core import store
from core.cli import options
from core.errors import UsageError
from tests.job_tools import make_model


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    make_model(tmp_path / "zoo" / "small", "test_resnet")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    return tmp_path / "zoo"


def test_options_are_merged_into_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b.txt").write_text("a {}\n")

    def merged(model, **asked):
        return options.with_options(model, asked)

    assert merged("a", preset=None) == "a"
    assert merged("a", preset="zoom-paper") == "a?preset=zoom-paper"
    assert merged("a?interpolation=box", preset="zoom-paper") == "a?interpolation=box&preset=zoom-paper"
    assert merged("a?preset=zoom-paper", preset="zoom-paper") == "a?preset=zoom-paper"
    assert merged("open-clip:a/b", prompts="a b.txt") == f"open-clip:a/b?prompts={tmp_path}/a%20b.txt"
    same = merged(f"open-clip:a/b?prompts={tmp_path}/a b.txt", prompts="a b.txt")
    assert same == f"open-clip:a/b?prompts={tmp_path}/a%20b.txt"
    assert merged("a", preset="") == "a?preset="
    with pytest.raises(UsageError, match="--preset 'focus-paper' contradicts preset=zoom-paper in --model 'a"):
        merged("a?preset=zoom-paper", preset="focus-paper")
    with pytest.raises(UsageError, match="--prompts 'single' contradicts prompts=openai-80"):
        merged("open-clip:a/b?prompts=openai-80", prompts="single")


def test_what_is_only_worth_knowing_of_a_model_is_no_warning(run, zoo, colour_folder):
    (path,) = (zoo / "small").glob("*.safetensors")
    weights = {f"module.{name}": value for name, value in load_file(path).items()}
    save_file(weights, path)
    common = ("--model", "small", "--benchmark", "imagenet")
    code, _, err = run("evaluate", *common, "--data", colour_folder, "--device", "cpu")
    assert code == 0, err
    assert f"note: small: {path.name}: the prefix 'module.' was left out" in err
    _, _, err = run("report", *common)
    assert [line for line in err.splitlines() if "module." in line and not line.startswith("note: ")] == []
    assert "note: small: " in err


def test_a_preset_makes_a_result_of_its_own_that_is_found_by_what_was_typed(run, zoo, colour_folder, monkeypatch):
    common = ("--benchmark", "imagenet", "--data", colour_folder, "--device", "cpu")
    assert run("evaluate", "--model", "small", *common)[0] == 0
    code, out, err = run("evaluate", "--model", "small", "--preset", "zoom-paper", "--interpolation", "box", *common)
    assert code == 0, err
    assert "small (zoom-paper, box) on imagenet" in out
    found = {each.model: each for each in store.list_runs("imagenet")}
    assert set(found) == {"small", "small (zoom-paper, box)"}
    assert found["small"].identity != found["small (zoom-paper, box)"].identity
    assert found["small"].fingerprint == found["small (zoom-paper, box)"].fingerprint
    assert found["small (zoom-paper, box)"].preprocessing["interpolation"] == "box"
    monkeypatch.chdir(zoo)
    for typed in (
        "small (zoom-paper, box)",
        "small?preset=zoom-paper&interpolation=box",
        "small?interpolation=box&preset=zoom-paper",
        "local-dir:small?preset=zoom-paper&interpolation=box",
    ):
        code, out, err = run("report", "--model", typed, "--benchmark", "imagenet", "--json")
        assert code == 0, err
        assert '"small (zoom-paper, box)"' in out
    assert store.find_run("imagenet", "small").model == "small"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--preset", "zoom"), "preset 'zoom' is unknown. Did you mean 'zoom-paper'"),
        (("--preset", ""), "preset '' is unknown"),
        (("--preset", ".."), "preset '..' is unknown"),
        (("--interpolation", "bicubik"), "interpolation 'bicubik' is unknown. Did you mean 'bicubic'"),
        (("--interpolation", "a\nb"), "interpolation 'a\\nb' is unknown"),
        (("--prompts", "single"), "there is no option 'prompts' for such a model"),
        (("--classes", "focus-10"), "there is no option 'classes' for such a model"),
    ],
)
def test_a_bad_option_is_one_line_and_stores_nothing(run, zoo, colour_folder, arguments, said):
    common = ("--benchmark", "imagenet", "--data", colour_folder, "--device", "cpu")
    code, _, err = run("evaluate", "--model", "small", *common, *arguments)
    assert code == 2
    assert said in " ".join(err.split())
    assert not store.list_runs()


def test_conflicting_options_are_refused(run, zoo, colour_folder):
    common = ("--benchmark", "imagenet", "--data", colour_folder, "--device", "cpu")
    code, _, err = run("evaluate", "--model", "small?preset=focus-paper", *common, "--preset", "zoom-paper")
    assert code == 2
    assert "--preset 'zoom-paper' contradicts preset=focus-paper" in " ".join(err.split())


def test_a_result_is_found_by_a_name_that_means_it(run, zoo, colour_folder, monkeypatch, tmp_path):
    import torch
    import torchvision

    module = torchvision.models.squeezenet1_1(weights=None)
    path = tmp_path / "torch" / "hub" / "checkpoints" / "squeezenet1_1-b8a52dc0.pth"
    path.parent.mkdir(parents=True)
    torch.save(module.state_dict(), path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    common = ("--benchmark", "imagenet", "--data", colour_folder, "--device", "cpu", "--limit", 8)
    code, out, err = run("evaluate", "--model", "torchvision:squeezenet1_1", *common)
    assert code == 0, err
    assert "squeezenet1_1.IMAGENET1K_V1 on imagenet" in out
    for typed in ("torchvision:squeezenet1_1", "torchvision:SqueezeNet1_1/default", "squeezenet1_1.IMAGENET1K_V1"):
        code, out, err = run("report", "--model", typed, "--benchmark", "imagenet", "--json")
        assert code == 0, err
    code, _, err = run("report", "--model", "torchvision:squeezenet1_0", "--benchmark", "imagenet")
    assert code == 2
    assert "no result of model 'torchvision:squeezenet1_0'" in " ".join(err.split())
