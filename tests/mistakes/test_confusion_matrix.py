"""The matrix of which class is taken for which: what is written in it, what a click says, what is outlined."""

import numpy as np
import pytest

from core.figures.confusion_matrix import confusion_matrix
from core.figures.style import Words
from core.mistakes.summary import Directed

WORDS = Words("Title", "n = 115")


@pytest.fixture
def found():
    counts = np.array([[0, 112, 0], [1, 0, 0], [0, 2, 0]])
    return Directed(("ship", "cat", "dog"), counts, 115, 3)


def cells(figure):
    """Number by the (true, predicted) of a click."""
    traces = [trace for trace in figure.data if trace.customdata is not None]
    return {tuple(pair): text for trace in traces for pair, text in zip(trace.customdata, trace.text, strict=True)}


def test_each_confusion_is_a_cell_that_says_its_direction_when_clicked(found):
    assert cells(confusion_matrix(found, WORDS)) == {
        ("ship", "cat"): "112",
        ("cat", "ship"): "1",
        ("dog", "cat"): "2",
    }


def test_cells_stand_in_the_row_of_the_true_class(found):
    figure = confusion_matrix(found, WORDS)
    trace = next(trace for trace in figure.data if trace.customdata is not None and ["ship", "cat"] in trace.customdata)
    at = list(trace.customdata).index(["ship", "cat"])
    assert (trace.y[at], trace.x[at]) == ("ship", "cat")
    assert "<b>ship</b> taken for <b>cat</b>: 112<br>the other way: 1" in trace.hovertext[at]


def test_totals_stand_beside_and_below(found):
    totals = confusion_matrix(found, WORDS).data[-1]
    assert list(totals.text) == ["112", "1", "2", "1", "114", "0", "115"]


def test_the_diagonal_is_blank(found):
    empty, shade = confusion_matrix(found, WORDS).data[:2]
    for at in range(3):
        assert empty.z[at][at] is None or np.isnan(empty.z[at][at])
        assert shade.z[at][at] is None or np.isnan(shade.z[at][at])


def test_the_chosen_cell_is_framed_dark_within_light(found):
    assert not confusion_matrix(found, WORDS).layout.shapes
    frames = [shape for shape in confusion_matrix(found, WORDS, ("ship", "cat")).layout.shapes if shape.line.width]
    outer, inner = frames
    assert (outer.x0, outer.y0) == (inner.x0, inner.y0) == (0.5, -0.5)
    assert outer.line.width > inner.line.width
    assert not confusion_matrix(found, WORDS, ("ship", "no such class")).layout.shapes


def test_names_that_are_cut_alike_stay_whole():
    names = ("a very long class name indeed one", "a very long class name indeed two")
    figure = confusion_matrix(Directed(names, np.array([[0, 1], [1, 0]]), 2, 2), WORDS)
    assert list(figure.layout.xaxis.ticktext)[:2] == list(names)
