"""The figure of settings: a dot a setting with its interval, the own one as a line, and what differs beside."""

import numpy as np
import pandas as pd
import pytest

from core.figures import variants as figures
from core.figures.style import Words

COLOUR = "#2F6DB5"


@pytest.fixture
def table():
    """Its own, one clearly worse, one that cannot be told, one of the same pixels, one not finished."""
    nan = np.nan
    rows = [
        ("own: 256 → 224, bicubic", 0.80, 0.75, 0.85, 500, 500, nan, nan, nan, 0, 0, 0, True, False, False, "a"),
        ("hard-imagenet-paper: squashed to 256, cropped to 224, bilinear", 0.70, 0.65, 0.75, 500, 500,
         -0.10, -0.14, -0.06, 10, 60, 500, False, False, False, "b"),
        ("bilinear", 0.79, 0.74, 0.84, 500, 500, -0.01, -0.03, 0.01, 5, 10, 500, False, False, False, "c"),
        ("zoom-paper: 256 → 224", 0.80, 0.75, 0.85, 500, 500, 0.0, nan, nan, 0, 0, 500, False, True, False, "d"),
        ("nearest <b>", 0.50, 0.30, 0.70, 20, 20, -0.30, -0.50, -0.10, 0, 6, 20, False, False, True, "e"),
    ]  # fmt: skip
    columns = ["setting", "value", "low", "high", "n", "n_clusters", "change", "change_low", "change_high"]
    columns += ["gained", "lost", "n_common", "own", "same_pixels", "partial", "identity"]
    return pd.DataFrame(rows, columns=columns)


def test_each_setting_has_a_dot_and_its_interval(table):
    figure = figures.variants(table, COLOUR, Words("Title"))
    (dots,) = figure.data
    assert list(dots.x) == [0.80, 0.70, 0.79, 0.80, 0.50]
    assert list(dots.y) == [0, 1, 2, 3, 4]
    assert list(dots.error_x.array) == pytest.approx([0.05, 0.05, 0.05, 0.05, 0.2])
    assert list(dots.error_x.arrayminus) == pytest.approx([0.05, 0.05, 0.05, 0.05, 0.2])
    assert [list(each) for each in dots.customdata] == [["a"], ["b"], ["c"], ["d"], ["e"]]
    # Clear: a diamond. Not finished: hollow, and never clear.
    assert list(dots.marker.symbol) == ["circle", "diamond", "circle", "circle", "circle-open"]


def test_the_own_setting_is_a_line(table):
    (line,) = figures.variants(table, COLOUR, Words("Title")).layout.shapes
    assert (line.x0, line.x1, line.line.dash) == (0.80, 0.80, "dot")
    assert len(figures.variants(table.assign(own=False), COLOUR, Words("Title")).layout.shapes) == 0


def test_the_paired_difference_stands_beside_each_setting(table):
    figure = figures.variants(table, COLOUR, Words("Title"))
    texts = [note.text for note in figure.layout.annotations]
    assert texts == [
        *("less its own, points", "", "−10.0 [−14.0, −6.0]", "−1.0 [−3.0, 1.0]", "same pixels"),
        "−30.0 [−50.0, −10.0]",
    ]
    alone = table.assign(change=np.nan)
    assert len(figures.variants(alone, COLOUR, Words("Title")).layout.annotations) == 0


def test_hover_texts_say_what_was_gained_and_lost(table):
    texts = figures.variants(table, COLOUR, Words("Title")).data[0].hovertext
    assert "the model's own" in texts[0]
    assert "10 gained, 60 lost of 500" in texts[1]
    assert "the same pixels as the model's own" in texts[3]
    assert texts[4].endswith("not finished")


def test_names_from_data_are_no_markup_and_long_ones_are_in_lines(table):
    names = figures.variants(table, COLOUR, Words("Title")).layout.yaxis.ticktext
    assert names[1] == "hard-imagenet-paper: squashed to 256,<br>cropped to 224, bilinear"
    assert names[4] == "nearest &lt;b>"


def test_the_axis_is_as_wide_as_the_intervals_and_never_beyond_all(table):
    low, high = figures.variants(table, COLOUR, Words("Title")).layout.xaxis.range
    # From 30 to 85 % and 6 % of that to either side.
    assert (low, high) == pytest.approx((0.30 - 0.033, 0.85 + 0.033))
    sure = table.assign(value=1.0, low=0.99, high=1.0)
    low, high = figures.variants(sure, COLOUR, Words("Title")).layout.xaxis.range
    assert high == 1.01
    assert high - low >= 0.02
    unknown = table.assign(value=np.nan, low=np.nan, high=np.nan)
    assert list(figures.variants(unknown, COLOUR, Words("Title")).layout.xaxis.range) == [0, 1]
