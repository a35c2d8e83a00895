"""``report --as-published``: evaluated where it is not stored, beside the product's own numbers."""

import json

import pytest

from core.benchmarks import open_and_remember
from core.cli.main import main
from core.evaluate import loop
from tests.benchmarks.test_generate import only
from tests.models.test_sources import make_folder

ASKED = ("--model", "tiny", "--benchmark", "si-score/size")


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    make_folder(tmp_path / "zoo" / "tiny")


@pytest.fixture
def run(capsys, zoo):
    def command(*arguments):
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture
def made(run, cutouts, backgrounds, small_grids, tmp_path):
    """Two cut-outs on a background each, at a hundred sizes."""
    only(cutouts, "koala/koala0.png", "zebra/zebra0.png")
    out = tmp_path / "made"
    folders = ("--foregrounds", cutouts, "--backgrounds", backgrounds, "--out", out)
    assert run("generate", "si-score", *folders, "--factor", "size", "--workers", 1)[0] == 0
    return out


@pytest.mark.slow
def test_what_is_not_stored_is_evaluated_once_and_shown_beside_the_own(run, made, monkeypatch):
    report = ("report", *ASKED, "--view", "ablations", "--as-published", "--table", "ablation")
    code, out, err = run(*report, "--data", made)
    assert code == 0, err
    assert "images and masks are squashed to 256 x 256 and cropped to 224 x 224" in out
    assert "are not stored: python -m core evaluate --model tiny --benchmark si-score/size --view ablations\n" in out
    code, out, err = run("evaluate", *ASKED, "--view", "ablations", "--json")
    assert code == 0, err
    own = json.loads(run("report", *ASKED, "--view", "ablations", "--json")[1])

    def evaluated(*_, **__):
        raise AssertionError("it is stored")

    monkeypatch.setattr(loop, "evaluate", evaluated)
    found = json.loads(run(*report, "--json")[1])
    assert found["view"] == "ablations-as-published"
    assert found["own_identity"] == own["identity"] != found["identity"]
    rows, expected = found["tables"]["ablation"], own["tables"]["ablation"]
    assert [row["view"] for row in rows] == [f"{row['view']}-as-published" for row in expected]
    beside = [(row["own_top1"], row["own_low"], row["own_high"], row["n_own"]) for row in rows]
    assert beside == [(row["top1"], row["low"], row["high"], row["n"]) for row in expected]
    lines = run(*report)[1].splitlines()
    assert f"own: identity {own['identity']}" in lines[1]
    assert [line.split()[0] for line in lines if line.startswith(("clean", "gray", "tile", "mean"))] == [
        *("clean", "gray", "gray-box", "tile", "mean-colour")
    ]


def test_without_data_it_says_what_to_run(run):
    code, _, err = run("report", *ASKED, "--view", "rfs", "--as-published")
    assert code == 2
    assert "'rfs-as-published' of 'tiny' on 'si-score/size' is not stored, and its data are not at hand" in err
    command = "python -m core evaluate --model tiny --benchmark si-score/size --view rfs-as-published --data DIR\n"
    assert err.endswith(command)


def test_masks_alone_need_the_folder_of_images_too(run):
    asked = ("--model", "tiny", "--benchmark", "hard-imagenet", "--view", "ablations")
    code, _, err = run("report", *asked, "--as-published")
    assert code == 2
    assert err.endswith("--view ablations-as-published --data MASKS --images IMAGENET\n")


def test_a_folder_that_was_given_and_is_none_is_named_as_it_is(run):
    code, _, err = run("report", *ASKED, "--view", "rfs", "--as-published", "--data", "no/such")
    assert code == 2
    assert "no/such, is not a folder" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*ASKED, "--view", "clean"), "'clean' have no published way: give --view ablations, rfs, rfs-l2 or all-cues"),
        (("--model", "tiny", "--benchmark", "si-score/sise", "--view", "rfs"), "Did you mean 'si-score/size'"),
    ],
)
def test_a_wrong_name_is_one_line_with_the_fix(run, arguments, said):
    code, _, err = run("report", *arguments, "--as-published")
    assert code == 2
    assert said in err
    assert len([line for line in err.splitlines() if line.startswith("error: ")]) == 1


@pytest.mark.slow
def test_an_evaluation_that_was_stopped_goes_on(run, made):
    open_and_remember("si-score/size", made)
    family = ("--view", "rfs-as-published")
    assert run("evaluate", *ASKED, *family, "--limit", 3)[0] == 0
    assert json.loads(run("report", *ASKED, *family, "--json")[1])["n"] == 3
    found = json.loads(run("report", *ASKED, "--view", "rfs", "--as-published", "--json")[1])
    assert found["n"] == found["n_samples"] > 3
