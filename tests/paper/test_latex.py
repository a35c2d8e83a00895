"""Tables in LaTeX: their structure is read back by a small parser, as no TeX is needed to test."""

import pytest

from core.paper import latex
from core.paper.cells import Cell, Column, PaperTable
from tests.paper.latex_reader import check, tabulars

HOSTILE = (
    r"a\input{/etc/passwd}",
    "b & c",
    "d \\\\ \\hline",
    "100 % of {it",
    "$x_1^2$ #1 ~",
    "[2pt]",
    "*",
    "line\nbreak",
    "犬と猫",
    r"\end{tabular}",
    "a|b`c\"d''e--f",
    "<b>−5 ≥ 3</b>",
)


def beside(models, rows, *, name="class"):
    """A table of a number with an interval for each model."""
    columns = (Column(name, "name"), *(Column(each, "value") for each in models), Column("n", "count"))
    lines = tuple(
        (Cell(row), *(Cell("64.9", "[58.8, 70.5]", is_best=not at) for at in range(len(models))), Cell("1,500"))
        for row in rows
    )
    return PaperTable("t", "Top-1 by class", columns, lines, ("n = 5.", *rows[:3]), tuple(models), "t-by-class")


def test_a_table_has_the_parts_that_a_paper_needs():
    text = latex.document([beside(["net"], ["cat"])], "a report")
    assert text.splitlines()[0] == "% a report"
    for part in (r"\toprule", r"\midrule", r"\bottomrule", r"\label{tab:t-by-class}", r"\begin{table}[tbp]"):
        assert text.count(part) == 1
    assert r"cat & \textbf{64.9} & {}[58.8, 70.5] & 1,500 \\" in text
    assert r"\caption[{Top-1 by class}]{Top-1 by class. n = 5. cat}" in text
    check(text)


def test_names_from_data_break_nothing():
    text = latex.document([beside(HOSTILE[:3], HOSTILE)], "a\n\\evil")
    check(text)
    for letters, rows in tabulars(text):
        assert {len(row) for row in rows} == {len(letters)}
    assert text.splitlines()[0] == "% a \\evil"
    assert r"\input{" not in text
    assert r"\{it" in text


@pytest.mark.parametrize("n_models", [1, 3, 8, 30])
def test_many_models_are_set_in_parts_that_fit(n_models):
    models = [f"a_model_with_a_long_name_{number}" for number in range(n_models)]
    text = latex.document([beside(models, [f"class {number}" for number in range(90)])])
    check(text)
    found = tabulars(text)
    seen = []
    for letters, rows in found:
        assert {len(row) for row in rows} == {len(letters)}
        assert len(rows) <= 60
        # Wider than this, digits of the smallest size leave an article's column.
        plain = [[cell.replace("{}", "").replace(r"\textbf", "") for cell in row] for row in rows[1:]]
        widths = [max(len(row[at]) for row in plain) for at in range(len(letters))]
        assert sum(widths) < 86
        seen += [row[0] for row in rows[1:] if row[0]]
    blocks = len(seen) // 90
    # LaTeX keeps 18 that wait for their page.
    assert max(part.count(r"\begin{table}") for part in text.split(r"\clearpage")) <= 18
    assert sorted(set(seen)) == sorted(f"class {number}" for number in range(90))
    assert len(seen) == 90 * blocks
    labels = [line for line in text.splitlines() if line.startswith(r"\label")]
    assert len(labels) == len(set(labels)) == len(found)


def test_long_names_of_models_are_letters_that_the_notes_explain():
    names = ["hf-hub:timm/vit_base_patch16_clip_224.openai_ft_in12k_in1k", "resnet50"]
    text = latex.document([beside(names, ["cat"])])
    assert r"\multicolumn{2}{c}{(A)} & \multicolumn{2}{c}{(B)}" in text
    assert r"(A) hf-hub:timm/vit\_base\_patch16\_clip\_224.openai\_ft\_in12k\_in1k; (B) resnet50." in text


def test_a_long_name_of_a_row_is_broken_into_lines():
    text = latex.document([beside(["net"], ["a very long name of a class that has many synonyms " * 3])])
    assert r"p{0.3\linewidth}" in text
    assert r"{\raggedright a very long name" in text
    check(text)


def test_a_long_head_is_broken_where_its_column_is_narrow():
    columns = (Column("class", "name"), Column("noise, standard deviation", "count"))
    text = latex.document([PaperTable("t", "T", columns, ((Cell("cat"), Cell("1,500")),))])
    assert r"class & \shortstack[r]{noise,\\standard\\deviation} \\" in text
    check(text)


def test_a_table_with_no_rows_is_still_a_table():
    text = latex.document([PaperTable("t", "None", (Column("n", "count"),), ())])
    check(text)
