"""The figures of cues: what is drawn is what the tables say, and points carry what a click needs."""

import numpy as np
import pandas as pd
import pytest

from core.figures import cues
from core.figures.style import Words

WORDS = Words("Title", "subtitle", "caption")


@pytest.fixture
def noise():
    sigma = [0.125, 0.25]
    return pd.DataFrame(
        {
            "sigma": sigma,
            "value": [-0.2, 0.4],
            "low": [-0.3, 0.2],
            "high": [-0.1, 0.6],
            "acc_noisy_fg": [0.8, 0.3],
            "acc_noisy_bg": [0.7, 0.6],
            "n": [90, 90],
            "n_clusters": [90, 90],
        }
    )


def test_sensitivity_spans_its_whole_range_around_a_line_at_none(noise):
    shown = cues.sensitivity({"a": noise}, "sigma", {"a": "#2F6DB5"}, WORDS, x_title="noise")
    assert shown.layout.yaxis.range == (-1.05, 1.05)
    assert [shape.y0 for shape in shown.layout.shapes] == [0]
    assert tuple(shown.data[1].y) == (-0.2, 0.4)
    assert list(shown.data[1].customdata[1]) == ["a", 0.25]
    assert shown.layout.xaxis.tickvals == (0.125, 0.25)


def test_the_two_accuracies_are_told_apart_by_line_and_mark(noise):
    shown = cues.noisy_accuracies({"a": noise}, "sigma", {"a": "#2F6DB5"}, WORDS, x_title="noise")
    on, elsewhere = shown.data
    assert tuple(on.y) == (0.8, 0.3)
    assert tuple(elsewhere.y) == (0.7, 0.6)
    assert on.line.dash != elsewhere.line.dash
    assert on.marker.symbol != elsewhere.marker.symbol


def test_points_of_the_quadrant_carry_their_image_and_count_themselves():
    table = pd.DataFrame(
        {"sample_id": ["a", "b", "c"], "value": [0.1, 0.5, 0.9], "confidence": [0.9, 0.8, 0.7],
         "kept": [True, False, True]}
    )  # fmt: skip
    shown = cues.quadrant(table, WORDS, x_title="IoU", chosen="b")
    lost, kept, ring = shown.data
    assert (lost.name, kept.name) == ("wrong without it (1)", "still right without the object (2)")
    assert [each[0] for each in kept.customdata] == ["a", "c"]
    assert lost.marker.symbol != kept.marker.symbol
    assert (tuple(ring.x), tuple(ring.y)) == ((0.5,), (0.8,))


def test_the_axis_of_alignment_ends_at_the_next_tenth_above_all_models():
    assert cues.most_of([[0.1, 0.31], [0.49, np.nan]]) == 0.5
    assert cues.most_of([pd.Series([0.5])]) == 0.5
    assert cues.most_of([[0.3], [0.51]]) == 0.6
    assert cues.most_of([[0.98]]) == 1.0
    # Nothing but zeros still has an axis, and nothing at all the whole one.
    assert cues.most_of([[0.0]]) == 0.1
    assert cues.most_of([[np.nan], []]) == 1.0
    table = pd.DataFrame({"sample_id": ["a"], "value": [0.1], "confidence": [0.9], "kept": [True]})
    shown = cues.quadrant(table, WORDS, x_title="IoU", most=0.5)
    beside = cues.violins({"a": [0.1]}, {"a": "#2F6DB5"}, WORDS, x_title="IoU", most=0.5)
    assert shown.layout.xaxis.range == beside.layout.xaxis.range == (-0.015, 0.515)


def test_violins_leave_out_what_has_no_value():
    shown = cues.violins({"a": [0.1, np.nan, 0.3], "b": [0.2]}, {"a": "#2F6DB5", "b": "#D9772B"}, WORDS, x_title="IoU")
    assert [tuple(trace.x) for trace in shown.data] == [(0.1, 0.3), (0.2,)]


def test_changes_of_two_sets_stand_beside_each_other():
    table = pd.DataFrame({"view": ["gray", "tile"], "value": [-0.3, -0.4], "low": [-0.4, -0.5], "high": [-0.2, -0.3],
                          "n": [100, 100], "n_clusters": [100, 100]})  # fmt: skip
    shown = cues.changes(
        {"a · x": table, "a · y": table}, {"gray": "grayed out", "tile": "tiled over"},
        {"a · x": "#2F6DB5", "a · y": "#2F6DB5"}, WORDS, hollow=["a · y"],
    )  # fmt: skip
    first, second = shown.data
    assert tuple(first.x) == tuple(second.x) == (-0.3, -0.4)
    assert all(one < other for one, other in zip(first.y, second.y, strict=True))
    assert (first.marker.symbol, second.marker.symbol) == ("circle", "circle-open")
    assert shown.layout.yaxis.ticktext == ("grayed out", "tiled over")
