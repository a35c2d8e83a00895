"""``python -m core report --format``, ``--out`` and ``--methods``."""

import json

import pytest

from tests.paper.latex_reader import check, tabulars

ASKED = ("report", "--model", "test_vit.diorama", "--benchmark", "diorama/pose")
TWO = (*ASKED, "--model", "test_efficientnet.diorama")


@pytest.fixture(autouse=True)
def _results(embedded_results):
    pass


def test_latex_is_printed_and_can_be_read(run):
    code, out, err = run(*TWO, "--format", "latex", "--table", "by_yaw")
    assert (code, err) == (0, "")
    check(out)
    ((letters, rows),) = tabulars(out)
    assert len(rows) == 13
    assert {len(row) for row in rows} == {len(letters)}


def test_factors_asked_for_are_tables_too(run):
    code, out, _ = run(*ASKED, "--by", "yaw_deg", "--format", "markdown")
    assert code == 0
    assert "| 180° | 76.0 [64.6, 84.6] |" in out
    assert "is worst at yaw 180°" in out.replace("\\", "")


def test_json_is_that_of_the_option_also_in_a_file(run, tmp_path):
    _, printed, _ = run(*TWO, "--json")
    _, same, _ = run(*TWO, "--format", "json")
    code, said, _ = run(*TWO, "--format", "json", "--out", tmp_path / "report.json")
    assert code == 0
    assert "report.json" in said
    assert json.loads(printed) == json.loads(same) == json.loads((tmp_path / "report.json").read_text())


def test_a_file_is_replaced_and_that_is_said(run, tmp_path):
    file = tmp_path / "t.csv"
    assert "(replaced)" not in run(*ASKED, "--format", "csv", "--out", file)[1]
    assert "(replaced)" in run(*ASKED, "--format", "csv", "--out", file)[1]
    assert file.read_text().startswith("benchmark,model,identity,")


@pytest.mark.slow
def test_several_benchmarks_have_one_table_of_accuracies(run):
    code, out, _ = run(*TWO, "--benchmark", "diorama/rotation", "--format", "markdown")
    assert code == 0
    overall = out.partition("### Top-1")[0]
    assert overall.count("\n| diorama/") == 4
    assert "for 2 benchmarks at once" in out


def test_methods_in_latex_have_their_bibtex_beside_them(run, tmp_path):
    code, out, _ = run(*TWO, "--format", "latex", "--methods", tmp_path / "m.tex", "--out", tmp_path / "t.tex")
    assert code == 0
    assert len(out.splitlines()) == 3
    assert r"\cite{rw2019timm}" in (tmp_path / "m.tex").read_text()
    assert (tmp_path / "m.bib").read_text().startswith("@misc{rw2019timm,")
    check((tmp_path / "t.tex").read_text())


def test_methods_are_printed_with_what_they_cite(run):
    code, out, _ = run(*ASKED, "--methods", "-")
    assert code == 0
    assert out.startswith("We evaluated test_vit.diorama.")
    assert "@misc{yung2021siscore," in out


def test_a_card_is_written(run, tmp_path):
    code, out, _ = run(*ASKED, "--format", "hf-card", "--out", tmp_path / "README.md")
    assert code == 0
    assert "README.md" in out
    assert (tmp_path / "README.md").read_text().startswith("---\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "latx"), "Did you mean 'latex'"),
        (("--format", "latex", "--json"), "two formats"),
        (("--format", "csv", "--methods", "-"), "--methods is a text"),
        (("--out", "t.md"), "needs a format"),
        (("--format", "hf-card"), "--out README.md"),
        (("--format", "hf-card", "--out", "x.md", "--by", "yaw_deg"), "leave out --by"),
        (("--format", "hf-card", "--out", "x.txt"), "ends in '.md'"),
        (("--format", "latex", "--out", "."), "is a folder"),
        (("--format", "latex", "--out", ""), "--out is empty"),
        (("--format", "latex", "--out", "/dev/null"), "is no file"),
        (("--format", "latex", "--out", "here.txt/x.tex"), "here.txt is no folder"),
        (("--format", "latex", "--out", "a.tex", "--methods", "a.tex"), "give two files"),
        (("--format", "latex", "--out", "a.bib", "--methods", "a.tex"), "give two files"),
        (("--format", "latex", "--methods", "a.bib"), "the name of its BibTeX"),
        (("--benchmark", "diorama/size", "--data", "."), "give one --benchmark"),
        (("--format", "latex", "--table", "by_yav"), "has no table 'by_yav'"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line(arguments, said, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.txt").touch()
    code, out, err = run(*ASKED, *arguments)
    assert code == 2
    assert said in err
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert [each.name for each in tmp_path.iterdir() if each.name != "offcenter-data"] == ["here.txt"]
