"""Curves of a map beside those of other orders: what is drawn."""

import numpy as np
import pytest

from core.figures import faithfulness as figures
from core.figures.style import Words
from core.saliency.faithfulness import Curves, Faithfulness

WORDS = Words("Title", "areas", "identity 1234")


def found():
    """Three shares; of the two random maps the mean is known."""
    one = Curves(np.array([0, 0.2, 0.8]), np.array([0.8, 0.4, 0.0]))
    other = Curves(np.array([0, 0.6, 0.8]), np.array([0.8, 0.2, 0.0]))
    best = Curves(np.array([0, 0.7, 0.8]), np.array([0.8, 0.1, 0.0]))
    return Faithfulness(np.array([0, 0.5, 1]), best, (one, other), one)


def test_insertion_stands_at_the_left_and_deletion_at_the_right_of_one_scale():
    drawn = figures.curves(found().table(), "#2F6DB5", WORDS)
    named = [trace for trace in drawn.data if trace.name]
    assert [(trace.name, trace.xaxis) for trace in named] == [
        *((name, None) for name in ("this map", "random maps, mean", "nearest to the centre")),
        *((name, "x2") for name in ("this map", "random maps, mean", "nearest to the centre")),
    ]
    assert list(named[0].y) == [0, 0.7, 0.8]
    assert list(named[1].y) == pytest.approx([0, 0.4, 0.8])
    assert list(named[4].y) == pytest.approx([0.8, 0.3, 0])
    assert drawn.layout.yaxis.range == drawn.layout.yaxis2.range
    assert drawn.layout.yaxis.range[1] == pytest.approx(0.832)
    assert drawn.layout.xaxis.domain[1] < drawn.layout.xaxis2.domain[0]


def test_every_random_map_is_there_and_says_nothing_and_each_order_is_named_once_in_the_legend():
    drawn = figures.curves(found().table(), "#2F6DB5", WORDS)
    silent = [trace for trace in drawn.data if trace.hoverinfo == "skip"]
    assert len(silent) == 4
    assert sum(trace.showlegend is True for trace in drawn.data) == 3
    assert drawn.data[2].hovertext[1] == "<b>70.0 %</b><br>50 % of pixels revealed: this map"
