"""Figures of mistakes: what is drawn, and what a click says."""

import pandas as pd
import pytest

from core.figures import mistakes as figures
from core.figures.style import Words
from core.mistakes.counterfactual import CONTROL

WORDS = Words("Title", "n = 6", "identity 1234")


@pytest.fixture
def pairs():
    """Two pairs that share a class, and one apart from them."""
    rows = [("cat", "dog", 4, 3), ("cup", "mug", 2, 2), ("dog", "fox", 1, 0)]
    return pd.DataFrame(rows, columns=["first", "second", "n", "n_forward"])


def test_classes_that_are_confused_stand_close_on_the_ring(pairs):
    assert figures.ring_order(pairs) == ["cat", "dog", "fox", "cup", "mug"]


def test_each_pair_is_a_line_that_is_thicker_for_more_mistakes_and_says_its_pair_when_clicked(pairs):
    figure = figures.confusion_ring(pairs, WORDS)
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    widths = [line.line.width for line in lines]
    assert len(lines) == 3
    assert widths[0] > widths[1] > widths[2]
    middles = next(trace for trace in figure.data if trace.customdata is not None)
    assert [list(pair) for pair in middles.customdata] == [["cat", "dog"], ["cup", "mug"], ["dog", "fox"]]
    # A line leaves from its class: the first class of the ring is at its top.
    assert (lines[0].x[0], lines[0].y[0]) == pytest.approx((0, 1))
    assert "cat taken for dog: 3, the other way: 1" in middles.hovertext[0]


def test_a_ring_without_mistakes_is_empty_and_no_error():
    empty = pd.DataFrame(columns=["first", "second", "n", "n_forward"])
    assert figures.confusion_ring(empty, WORDS).data[0].customdata in (None, ())


def test_the_kinds_stack_to_all_mistakes_in_the_published_order():
    counts = pd.DataFrame(
        [("spurious correlation", "major", 3), ("fine-grained error", "minor", 2), ("fine-grained error", "major", 1)],
        columns=["category", "severity", "n"],
    )
    figure = figures.kinds(counts, WORDS, ["fine-grained error"])
    assert {bar.name: list(bar.x) for bar in figure.data} == {"major": [1, 3], "minor": [2, 0], "borderline": [0, 0]}
    assert list(figure.data[0].y) == ["fine-grained error", "spurious correlation"]
    assert list(figure.data[0].marker.opacity) == [1.0, 0.3]
    assert list(figure.data[1].customdata[0]) == ["fine-grained error", "minor"]


def test_published_frequencies_are_marks_beside_the_bars_and_absent_where_unknown(pairs):
    published = pd.DataFrame([("cat", "dog", 7)], columns=["first", "second", "n"])
    other = pairs.iloc[[1]].assign(n=9)
    figure = figures.pair_bars({"a": pairs, "b": other}, {}, WORDS, published=published, chosen=("cup", "mug"))
    first, second, marks = figure.data
    assert list(first.x) == [4, 2, 1]
    assert list(second.x) == [0, 9, 0]
    assert list(marks.x) == [7, None, None]
    assert list(first.y)[1] == "<b>cup – mug</b>"


def test_repairs_are_bars_with_intervals_and_the_control_is_a_line():
    shares = pd.DataFrame(
        [("centre", "Centred", 0.4, 0.3, 0.5, 60, 60), (CONTROL, "Control", 0.05, 0.01, 0.1, 60, 60)],
        columns=["factor", "label", "value", "low", "high", "n", "n_changed"],
    )
    figure = figures.repairs({"a": shares}, {"a": "#2F6DB5"}, WORDS, CONTROL)
    assert list(figure.data[0].y) == ["Centred"]
    assert list(figure.data[0].error_x.array) == pytest.approx([0.1])
    assert list(figure.data[0].error_x.arrayminus) == pytest.approx([0.1])
    assert figure.layout.shapes[0].x0 == 0.05
