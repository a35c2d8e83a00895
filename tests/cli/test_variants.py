"""``python -m core variants``: settings of the same weights in a table and as JSON, and evaluated where missing."""

import json

import pytest

from core import store
from tests.job_tools import make_model
from tests.tiny_models import tiny_open_clip

EMBEDDED = ("variants", "--model", "test_efficientnet.diorama", "--benchmark", "diorama/clean")


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """A small network with random weights; the place of its folder."""
    make_model(tmp_path / "zoo" / "small", "test_efficientnet")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    return tmp_path / "zoo"


@pytest.fixture
def asked(colour_folder):
    return ("variants", "--model", "small", "--benchmark", "imagenet", "--data", colour_folder, "--device", "cpu")


def test_settings_that_are_missing_are_listed_with_their_command(embedded_results, run):
    code, out, err = run(*EMBEDDED)
    assert (code, err) == (0, "")
    assert "has no complete result with another preprocessing on diorama/clean" in out
    assert "\\xa0" not in out
    assert "missing: focus-paper: 224 → 224" in out
    command = out.strip().splitlines()[-1]
    assert command.startswith("python -m core evaluate --model 'test_efficientnet.diorama?preset=focus-paper' --model ")
    assert command.endswith(" --benchmark diorama/clean")


def test_a_setting_that_changes_nothing_means_the_models_own_result(embedded_results, run):
    code, out, err = run(*EMBEDDED[:2], f"{EMBEDDED[2]}?interpolation=bicubic", *EMBEDDED[3:])
    assert (code, err, out) == (0, "", run(*EMBEDDED)[1])
    code, out, err = run("evaluate", *EMBEDDED[1:2], f"{EMBEDDED[2]}?interpolation=bicubic", *EMBEDDED[3:])
    assert code == 0, err
    assert out.startswith("test_efficientnet.diorama on diorama/clean: top-1 ")
    assert "with interpolation images are shown to it as its own preprocessing shows them" in " ".join(err.split())


def test_what_is_missing_is_evaluated_at_once(zoo, asked, run):
    code, out, err = run(*asked, "--run")
    assert code == 0, err
    found = {each.source.rpartition("?")[2].rpartition("/")[2]: each for each in store.list_runs("imagenet")}
    assert {"small", "preset=focus-paper", "preset=hard-imagenet-paper"} <= set(found)
    assert all(each.complete for each in found.values())
    assert "missing" not in out
    # 24 images carry no claim, and each row has its identity.
    assert "rests on 24 images, too few to claim what another preprocessing changes" in out
    assert all(f"identity {each.identity}" in out for each in found.values())
    again = run(*asked, "--run")
    assert (again[0], again[1]) == (0, out)


def test_lines_have_80_columns_but_for_sentences_and_the_command(zoo, asked, run):
    _, out, _ = run(*asked, "--run")
    rows = [line for line in out.splitlines()[1:] if line.startswith("  ")]
    assert len(rows) >= 8
    assert max(map(len, rows)) <= 80


def test_json_names_each_setting_and_what_is_missing(zoo, asked, run, colour_folder):
    run("evaluate", "--model", "small", "--model", "small?interpolation=nearest", "--benchmark", "imagenet", "--data",
        colour_folder, "--device", "cpu")  # fmt: skip
    code, out, _ = run(*asked, "--json")
    assert code == 0
    content = json.loads(out)
    own, nearest = content["settings"]
    assert (own["own"], own["change"], own["n"]) == (True, None, 24)
    assert nearest["setting"] == "nearest"
    assert nearest["preprocessing"]["interpolation"] == "nearest"
    assert nearest["change"] == pytest.approx(nearest["value"] - own["value"])
    assert nearest["change"] == pytest.approx((nearest["gained"] - nearest["lost"]) / 24)
    assert (content["policy"], content["of"]) == ("top1", "preprocessing")
    assert "small?preset=focus-paper" in [each["model"] for each in content["missing"]]
    assert "small?preset=focus-paper" in content["command"]


def test_a_setting_that_fails_does_not_stop_the_others(zoo, asked, run, monkeypatch):
    from core.answers import variant_missing

    def wanted(base, model, axis):
        return base, f"{base}?preset=no-paper", f"{base}?interpolation=nearest"

    monkeypatch.setattr(variant_missing, "of_model", wanted)
    monkeypatch.setattr(variant_missing, "wanted", lambda group: variant_missing.Wanted())
    code, out, err = run(*asked, "--run")
    assert code == 1
    assert "preset 'no-paper' is unknown" in err
    assert "nearest" in out


def test_other_prompts_of_a_zero_shot_model(tmp_path, monkeypatch, run, colour_folder):
    tiny_open_clip(tmp_path / "zoo" / "tower")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    run("evaluate", "--model", "tower?prompts=single", "--model", "tower", "--benchmark", "imagenet", "--data",
        colour_folder, "--device", "cpu")  # fmt: skip
    code, out, err = run("variants", "--model", "tower", "--benchmark", "imagenet", "--of", "prompts", "--json")
    assert code == 0, err
    content = json.loads(out)
    assert content["model"] == "tower"
    assert [each["setting"] for each in content["settings"]] == ["own: simple-7", "single"]
    assert [each["setting"] for each in content["missing"]] == ["clip-single", "openai-80"]
    assert content["settings"][1]["head"].startswith("zero-shot: 1 prompt (single)")
    # Its folder's name means it with the prompts that are taken by default.
    code, out, err = run("variants", "--model", "tower", "--benchmark", "imagenet", "--json")
    assert code == 0, err
    assert [each["model"].rpartition("?")[2] for each in json.loads(out)["settings"]] == ["prompts=simple-7"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--of", "prompt"), "--of 'prompt' is unknown. Did you mean 'prompts'"),
        (("--policy", "top-1"), "--policy 'top-1' is unknown."),
        (("--precision", "fp8"), "--precision 'fp8' is unknown."),
        (("--of", "prompts"), "is no zero-shot model: no texts are put to it"),
        (("--view", "noise"), "no result of model"),
        (("--benchmark", "diorama/clear"), "diorama/clean"),
        (("--model", "test_efficientnett.diorama"), "Did you mean 'test_efficientnet.diorama'"),
    ],
)
def test_bad_options_are_one_line(embedded_results, run, options, said):
    code, out, err = run(*EMBEDDED, *options)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_a_model_that_does_not_exist_is_not_run(embedded_results, run):
    code, out, err = run("variants", "--model", "no-such", "--benchmark", "diorama/clean", "--run")
    assert (code, out) == (2, "")
    assert "no-such" in err
    assert len(err.strip().splitlines()) == 1


def test_of_weights_that_are_gone_nothing_is_run_and_their_successors_are(zoo, asked, run):
    assert run(*asked, "--run")[0] == 0
    (zoo / "small" / "model.safetensors").unlink()
    make_model(zoo / "other", "test_efficientnet", seed=1)
    (zoo / "other" / "model.safetensors").rename(zoo / "small" / "model.safetensors")
    code, out, _ = run(*asked)
    assert code == 0
    assert "more settings cannot be run: the weights in" in out
    code, out, err = run(*asked, "--run")
    assert code == 0
    assert "there are results of several weights or copies of the data; the newest are shown" in err
    assert len({each.fingerprint for each in store.list_runs("imagenet")}) == 2
    assert "cannot be run" not in out
