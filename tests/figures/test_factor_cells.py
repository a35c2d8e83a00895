"""Heatmaps of any two factors: what is written in cells, what a click tells, what is marked."""

import pandas as pd
import pytest

from core.figures import factor_cells
from core.figures.style import CHANGE_SCALE, Words, needs_light_ink

WORDS = Words("Top-1 by weather and age", "n = 5 to 40 a cell", "identity 7f3a91c2")


def table(**more):
    frame = pd.DataFrame(
        {
            "row": ["fog", "fog", "sun", "sun"],
            "column": ["young", "old", "young", "old"],
            "value": [0.25, 0.5, 1.0, 0.75],
            "low": [0.1, 0.3, 0.9, 0.5],
            "high": [0.4, 0.7, 1.0, 0.9],
            "n": [40, 5, 40, 40],
            "n_clusters": [40, 5, 40, 40],
        }
    )
    return frame.assign(**more)


def drawn(frame, rows=("fog", "sun"), columns=("young", "old"), **more):
    return factor_cells.factor_cells(frame, ("weather", "age"), list(rows), list(columns), WORDS, **more)


def clicks(figure):
    return {
        tuple(custom): (text, hover)
        for trace in figure.data[1:]
        if trace.customdata is not None
        for custom, text, hover in zip(
            trace.customdata, trace.text if trace.text is not None else [""] * 99, trace.hovertext, strict=False
        )
    }


def test_each_cell_has_its_accuracy_and_tells_its_interval():
    figure = drawn(table())
    assert [list(row) for row in figure.data[0].z] == [[0.25, 0.5], [1.0, 0.75]]
    there = clicks(figure)
    assert there["fog", "young"][0] == "25"
    assert there["fog", "young"][1] == "fog, young<br><b>25.0 %</b> [10.0, 40.0]<br>n = 40"
    # Five images are few: in brackets.
    assert there["fog", "old"][0] == "(50)"


def test_rows_and_columns_stand_in_the_order_given_and_no_other_is_drawn():
    figure = drawn(table(), rows=("sun",), columns=("old", "young"))
    assert [list(row) for row in figure.data[0].z] == [[0.75, 1.0]]
    assert set(clicks(figure)) == {("sun", "old"), ("sun", "young")}


def test_names_that_read_like_numbers_or_markup_stay_names():
    figure = drawn(table(row=["007", "007", "<b>x", "<b>x"]), rows=("007", "<b>x"))
    assert figure.layout.yaxis.type == "category"
    assert list(figure.layout.yaxis.ticktext) == ["007", "&lt;b>x"]
    assert ("<b>x", "old") in clicks(figure)
    assert clicks(figure)["<b>x", "old"][1].startswith("&lt;b>x, old<br>")


def test_a_long_name_is_cut_on_the_axis_only():
    name = "a very long name of a photographer"
    figure = drawn(table(row=[name, name, "sun", "sun"]), rows=(name, "sun"))
    assert figure.layout.yaxis.ticktext[0] == "a very long name of a p…"
    assert (name, "young") in clicks(figure)


def test_the_chosen_cell_is_outlined():
    assert len(drawn(table()).layout.shapes) == 0
    outlined = drawn(table(), chosen=("sun", "old")).layout.shapes
    assert [(shape.x0, shape.x1, shape.y0, shape.y1) for shape in outlined] == [(0.5, 1.5, 0.5, 1.5)] * 2
    assert len(drawn(table(), chosen=("hail", "old")).layout.shapes) == 0


def test_differences_have_a_scale_of_their_own_and_those_that_differ_at_once_are_framed():
    change = table(value=[-0.4, 0.0, 0.1, 0.2], band_low=[-0.6, -0.1, -0.1, 0.05], band_high=[-0.2, 0.1, 0.3, 0.4])
    figure = drawn(change, change=True)
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-0.4, 0.4)
    assert [tuple(stop) for stop in figure.data[0].colorscale] == list(CHANGE_SCALE)
    # The first and the last cell.
    assert figure.layout.shapes[0].path.count("M") == 2
    texts = {key: text for key, (text, _) in clicks(figure).items()}
    assert texts == {("fog", "young"): "−40", ("fog", "old"): "(0)", ("sun", "young"): "+10", ("sun", "old"): "+20"}


def test_where_numbers_have_no_room_there_are_dots_and_a_scale():
    names = [f"c{number}" for number in range(20)]
    wide = pd.DataFrame({"row": "fog", "column": names, "value": 0.5, "low": 0.4, "high": 0.6, "n": 40})
    wide = wide.assign(n_clusters=[5, *[40] * 19])
    figure = drawn(wide, rows=("fog",), columns=names)
    assert figure.data[0].showscale
    assert all(trace.text is None for trace in figure.data[1:])
    assert list(figure.data[-1].x) == ["c0"]


def test_an_empty_table_is_an_empty_figure():
    assert drawn(table().iloc[:0]).data[0].type == "heatmap"


@pytest.mark.parametrize(("share", "light"), [(0.0, True), (0.5, False), (1.0, True)])
def test_ink_is_legible_on_the_scale_of_differences(share, light):
    assert needs_light_ink(share, CHANGE_SCALE) is light
