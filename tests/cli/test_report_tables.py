"""``python -m core report``: tables of what was computed from a run."""

import json
import shlex

import pytest

from core import report, store
from core.cli.main import main
from core.explain import alignments

MODEL, BENCHMARK = "test_efficientnet.diorama", "diorama/clean"
ASKED = ("report", "--model", MODEL, "--benchmark", BENCHMARK, "--table", "alignment")


@pytest.fixture
def run(embedded_results):
    return store.find_run(BENCHMARK, MODEL)


def printed(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    captured = capsys.readouterr()
    return left.value.code, captured.out, captured.err


def test_where_nothing_is_aligned_the_command_is_named_and_does_it(run, capsys):
    code, out, err = printed(capsys, *ASKED)
    assert code == 0
    assert "alignment" not in out
    line = next(line for line in err.splitlines() if "'alignment' is left out" in line)
    assert "of 1,500 images none has been compared with its mask yet" in line
    command = line.partition("Run: python -m core ")[2].partition(" (")[0]
    code, _, err = printed(capsys, *shlex.split(command), "--limit", "8", "--device", "cpu")
    assert code == 0, err
    code, out, err = printed(capsys, *ASKED)
    assert code == 0
    assert "left out" not in err
    assert [line.split()[1] for line in out.splitlines() if line.startswith("grad-cam")] == list(alignments.MEASURES)
    assert "8 thin" in out
    assert f"8 of 1,500 images, drawn at random; the others: python -m core {command}" in out
    assert "by chance what area_fraction is" in out


def test_json_and_python_have_the_numbers_of_align(run, capsys):
    alignments.alignments(run, limit=8, device="cpu")
    code, out, _ = printed(capsys, *ASKED, "--json")
    assert code == 0
    content = json.loads(out)
    _, aligned, _ = printed(capsys, "align", "--model", MODEL, "--benchmark", BENCHMARK, "--limit", "8", "--json")
    rows = content["tables"]["alignment"]
    assert [{name: value for name, value in row.items() if name != "method"} for row in rows] == json.loads(aligned)[
        "alignment"
    ]
    assert {row["method"] for row in rows} == {"grad-cam"}
    assert json.loads(json.dumps(report.build(run, tables=["alignment"])["tables"]["alignment"])) == rows
    # What was computed is told unasked, too.
    assert "alignment" in report.build(run)["tables"]


def test_only_images_of_the_classes_that_are_left_are_in_it(run):
    stored = alignments.alignments(run, limit=12, device="cpu")
    samples = store.read_samples(run).set_index("sample_id")
    classes = samples.loc[stored["sample_id"], "class"]
    name = classes.iloc[0]
    rows = report.build(run, tables=["alignment"], exclude=[name])["tables"]["alignment"]
    kept = stored[(classes != name).to_numpy() & (stored["state"] == "map").to_numpy()]
    assert 0 < len(kept) < 12
    assert {row["n"] for row in rows} == {len(kept)}
    iou = next(row for row in rows if row["measure"] == "iou")
    assert iou["value"] == pytest.approx(kept["iou"].mean())


def test_a_benchmark_without_masks_says_so(toy_model, colour_folder):
    from core.benchmarks import open_benchmark
    from core.evaluate import evaluate

    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    assert report.build(run)["warnings"] == []
    content = report.build(run, tables=["alignment"])
    assert content["tables"] == {}
    assert any("'imagenet' has no object masks to compare saliency with" in line for line in content["warnings"])


def test_an_unknown_table_names_those_that_there_are(run, capsys):
    code, _, err = printed(capsys, *ASKED[:-1], "alignmnet")
    assert code == 2
    assert "Did you mean 'alignment'" in err
