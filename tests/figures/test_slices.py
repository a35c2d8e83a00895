"""The figure of slices: two marks a row with their intervals, and what a click says."""

import numpy as np
import pandas as pd
import pytest

from core.figures import slices as figures
from core.figures.style import CHOSEN, Words


@pytest.fixture
def table():
    """One that is confirmed, one that is not, and one of which the other half has too little."""
    rows = [
        ("area up to 5 %", ["area up to 5 %"], "[1]", False, 0.5, 0.3, 0.7, 100, 20, 0.4, 0.2, 0.6, 90, 19, True),
        ("a, b", ["a", "b"], "[2]", True, 0.3, 0.1, 0.5, 50, 50, 0.1, -0.1, 0.3, 40, 40, False),
        ("c", ["c" * 60], "[3]", False, 0.2, 0.05, 0.4, 30, 12, np.nan, np.nan, np.nan, 8, 3, False),
    ]
    columns = ["slice", "parts", "conditions", "which_class", "value", "low", "high", "n", "n_clusters"]
    columns += ["again", "again_low", "again_high", "n_again", "n_clusters_again", "confirmed"]
    return pd.DataFrame(rows, columns=columns)


def test_each_slice_has_a_mark_where_it_was_sought_and_one_where_it_was_tried_again(table):
    figure = figures.slices(table, "#2F6DB5", Words("Title"))
    sought, again = figure.data
    assert list(sought.x) == [0.5, 0.3, 0.2]
    assert list(again.x) == [0.4, 0.1]
    assert list(again.marker.symbol) == ["diamond", "diamond-open"]
    assert list(sought.error_x.arrayminus) == pytest.approx([0.2, 0.2, 0.15])
    assert list(again.error_x.array) == pytest.approx([0.2, 0.2])
    # Both marks of a row lie about its middle, and a click on either tells the same.
    assert [round((one + other) / 2, 9) for one, other in zip(sought.y, again.y, strict=False)] == [0, 1]
    assert [list(each) for each in again.customdata] == [["[1]"], ["[2]"]]
    assert [list(each) for each in sought.customdata] == [["[1]"], ["[2]"], ["[3]"]]


def test_names_are_in_lines_and_long_ones_keep_their_end(table):
    names = figures.slices(table, "#2F6DB5", Words("Title")).layout.yaxis.ticktext
    assert names[:2] == ("area up to 5 %", "a<br>b<br>(which class)")
    assert len(names[2]) == 40
    assert names[2].endswith("c" * 20)
    assert "…" in names[2]


def test_the_hover_text_has_the_interval_and_what_it_rests_on(table):
    sought, again = figures.slices(table, "#2F6DB5", Words("Title")).data
    assert sought.hovertext[0] == "<b>area up to 5 %</b><br>sought: 50 points [30, 70]<br>n = 100, 20 objects"
    assert again.hovertext[1].endswith("10 points [-10, 30]<br>n = 40")


def test_the_chosen_row_has_a_band_and_the_axis_holds_all_intervals(table):
    figure = figures.slices(table, "#2F6DB5", Words("Title"), chosen="[2]")
    band = [shape for shape in figure.layout.shapes if shape.fillcolor == CHOSEN]
    assert [(shape.y0, shape.y1) for shape in band] == [(0.52, 1.48)]
    low, high = figure.layout.xaxis.range
    assert low < -0.1 < 0.7 < high
    assert not [shape for shape in figures.slices(table, "#2F6DB5", Words("T")).layout.shapes if shape.fillcolor]


def test_markup_in_names_is_text(table):
    table["parts"] = [["<i>x</i>"], ["a"], ["b"]]
    assert figures.slices(table, "#2F6DB5", Words("Title")).layout.yaxis.ticktext[0] == "&lt;i>x&lt;/i>"
