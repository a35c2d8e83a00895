"""Prompts of two classes beside each other."""

import pandas as pd
import pytest

from core.figures import prompts as figures
from core.figures.style import Words

WORDS = Words("Title", "n = 3", "identity 1234")


def scores(differences):
    """Of classes 5 and 2: the second is always 0.1, the first differs from it; the ensemble by 0.5."""
    rows = []
    for index, shift in ((5, 1), (2, 0)):
        rows.append((index, f"class {index}", True, "", "", 0.1 + 0.5 * shift))
        rows += [
            (index, f"class {index}", False, f"a {n} {{}}", f"a {n} class {index}", 0.1 + each * shift)
            for n, each in enumerate(differences)
        ]
    columns = ["class_index", "class_name", "is_ensemble", "template", "prompt", "similarity"]
    return pd.DataFrame(rows, columns=columns)


def test_the_ensemble_stands_in_front_and_then_what_speaks_most_for_the_first_class():
    table = figures.contrasted(scores([-0.2, 0.3, 0.1]))
    assert table["template"].tolist() == [figures.ENSEMBLE, "a 1 {}", "a 2 {}", "a 0 {}"]
    assert table["difference"].tolist() == pytest.approx([0.5, 0.3, 0.1, -0.2])
    assert table["first"].tolist() == pytest.approx([0.6, 0.4, 0.2, -0.1])
    assert table["second"].tolist() == pytest.approx([0.1] * 4)


def test_an_ensemble_is_in_front_even_where_it_speaks_for_the_other_class():
    table = figures.contrasted(scores([0.9, 0.8]))
    assert table["template"].tolist()[0] == figures.ENSEMBLE


def test_of_eighty_prompts_three_at_either_end_are_drawn():
    table = figures.contrasted(scores([n / 100 for n in range(80)]))
    part = figures.extremes(table)
    assert part["template"].tolist() == [
        figures.ENSEMBLE, *(f"a {n} {{}}" for n in (79, 78, 77)), *(f"a {n} {{}}" for n in (2, 1, 0))
    ]  # fmt: skip
    few = figures.contrasted(scores([n / 100 for n in range(7)]))
    assert len(figures.extremes(few)) == 8


def test_the_sentence_counts_who_speaks_for_whom():
    said = figures.sentence(figures.contrasted(scores([-0.2, 0.3, 0.1, 0.0])), ["cat", "dog"])
    assert said == "2 of 4 prompts for cat, 1 for dog; together 0.600 against 0.100"
    assert figures.sentence(figures.contrasted(scores([0.2])), ["cat", "dog"]).startswith("one prompt; together")


def test_each_class_has_a_mark_in_each_row_and_what_is_a_users_is_no_markup():
    table = figures.contrasted(scores([-0.2, 0.3]))
    table.loc[1, "template"] = "<b>a {}" + "x" * 60
    drawn = figures.dots(table, ["cat", "<i>dog"], ["#111111", "#222222"], WORDS)
    first, second = (trace for trace in drawn.data if trace.mode == "markers")
    assert list(first.x) == pytest.approx([0.6, 0.4, -0.1])
    assert list(second.y) == [0, 1, 2]
    assert (first.marker.symbol, second.marker.symbol) == ("circle", "diamond")
    assert "<i>" not in second.hovertext[0]
    assert drawn.layout.yaxis.ticktext[1].endswith("…")
    assert "<b>a" not in drawn.layout.yaxis.ticktext[1]
