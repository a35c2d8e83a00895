"""``python -m core align``: what it prints, and what it refuses."""

import json

import pytest

from core import store
from core.cli.main import main
from core.explain import alignments

MODEL, BENCHMARK = "test_efficientnet.diorama", "diorama/clean"
ASKED = ("align", "--model", MODEL, "--benchmark", BENCHMARK, "--device", "cpu")


def printed(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    captured = capsys.readouterr()
    return left.value.code, captured.out, captured.err


def test_a_stored_run_is_aligned_and_its_measures_are_printed(embedded_results, capsys):
    code, out, err = printed(capsys, *ASKED, "--limit", "8")
    assert code == 0, err
    assert f"Grad-CAM of the true class at bn2 against object masks: {MODEL} on {BENCHMARK}" in out
    assert [line.split()[0] for line in out.splitlines()[2:7]] == list(alignments.MEASURES)
    assert "8 of 1,500 images, drawn at random" in out
    run = store.find_run(BENCHMARK, MODEL)
    assert run.identity in out
    assert len(alignments.stored(run)) == 8


def test_json_has_the_same_numbers_and_those_of_each_class(embedded_results, capsys):
    code, out, err = printed(capsys, *ASKED, "--limit", "8", "--json")
    assert code == 0, err
    found = json.loads(out)
    run = store.find_run(BENCHMARK, MODEL)
    assert (found["identity"], found["layer"], found["n_images"], found["n_samples"]) == (run.identity, "bn2", 8, 1500)
    overall = {row["measure"]: row for row in found["alignment"]}
    table = alignments.stored(run)
    for name in alignments.MEASURES:
        assert overall[name]["value"] == pytest.approx(table.loc[table["state"] == "map", name].mean())
    by_class = [row for row in found["alignment_by_class"] if row["measure"] == "iou"]
    assert sum(row["n"] for row in by_class) == overall["iou"]["n"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--method", "grad-cma"), "Did you mean 'grad-cam'"),
        (("--model", "no-such"), "no result of model 'no-such'"),
        (("--benchmark", "diorama/claen"), "Did you mean 'diorama/clean'"),
    ],
)
def test_a_wrong_name_is_one_line_with_the_fix(embedded_results, capsys, arguments, said):
    code, _, err = printed(capsys, *ASKED, *arguments)
    assert code == 2
    assert said in err
    assert len([line for line in err.splitlines() if line.startswith("error: ")]) == 1
