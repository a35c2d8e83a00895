"""Broken images to the left or below, fixed ones to the right or above, each with its band and its click."""

import numpy as np
import pandas as pd
import pytest

from core.figures import flips, location
from core.figures.style import GAIN, Words, luminance
from core.types import Factor

WORDS = Words("Broken and fixed by weather", "n = 100", "")


@pytest.fixture
def table():
    """Fog breaks most, and too few images have no weather."""
    rows = [("fog", 0.2, 0.05, 100), ("sun", 0.0, 0.1, 100), (None, 0.5, 0.5, 4)]
    found = pd.DataFrame(rows, columns=["weather", "value", "fixed_value", "n"])
    found = found.assign(n_clusters=found["n"], n_broken=found["value"] * found["n"])
    found = found.assign(n_fixed=found["fixed_value"] * found["n"])
    for name, own in (("", "value"), ("fixed_", "fixed_value")):
        for end, away in (("low", -0.04), ("high", 0.04), ("band_low", -0.06), ("band_high", 0.06)):
            found[f"{name}{end}"] = (found[own] + away).clip(0, 1)
    return found


def test_rows_go_to_both_sides_with_the_bands_as_whiskers(table):
    shown = flips.flip_rows(table, "weather", WORDS, chosen=("broken", "fog"))
    broken, fixed = shown.data
    assert (list(broken.x), list(fixed.x)) == ([-0.2, 0.0, -0.5], [0.05, 0.1, 0.5])
    assert (broken.marker.color, fixed.marker.color) == (flips.COLOURS["broken"], GAIN)
    papers = [luminance(paper) for paper in ("#FCFBF8", "#14191F")]
    for ink in map(luminance, flips.COLOURS.values()):
        assert all((max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) > 3 for paper in papers)
    np.testing.assert_allclose(broken.error_x.array, [0.06, 0, 0.06])
    np.testing.assert_allclose(broken.error_x.arrayminus, [0.06, 0.06, 0.06])
    assert list(broken.customdata) == [["broken", "fog"], ["broken", "sun"], None]
    assert list(broken.marker.pattern.shape) == ["", "", "/"]
    assert "20.0\u00a0%</b> [16.0, 24.0]<br>at once [14.0, 26.0]<br>20 of 100" in broken.hovertext[0]
    # The axis says shares, on both sides of none.
    assert set(shown.layout.xaxis.ticktext) >= {"0%", "20%"}
    assert not any("-" in text for text in shown.layout.xaxis.ticktext)
    (side,) = [shape for shape in shown.layout.shapes if shape.type == "rect"]
    assert (side.x0, side.x1, side.y0) == (0, 0.5, -0.5)


def test_curves_lie_below_and_above_with_the_band_around_each(table):
    light = table.assign(light=[0.1, 0.2, 0.3])
    shown = flips.flip_curve(light, Factor("light", "Light", "numeric"), WORDS, chosen=0.2, names={0.1: "0 to 0.15"})
    lines = {trace.name: trace for trace in shown.data if trace.mode == "lines+markers"}
    below, above = (lines[flips.NAMES[kind]] for kind in ("broken", "fixed"))
    assert (list(below.y), list(above.y)) == ([-0.2, 0.0, -0.5], [0.05, 0.1, 0.5])
    assert list(below.customdata) == [["broken", 0.1], ["broken", 0.2], ["broken", 0.3]]
    assert "0 to 0.15: <b>20.0" in below.hovertext[0]
    ends = [set(np.round(trace.y, 3)) for trace in shown.data if trace.mode == "lines"]
    assert {-0.26, -0.14, -0.06} <= ends[1]
    assert {0.11, 0.16} <= ends[0]


def test_maps_of_both_kinds_share_a_scale_that_no_accuracy_has(table):
    places = table.assign(x=[0.0, 0.5, 0.0], y=[0.0, 0.0, 0.5])
    span = flips.map_range(places)
    assert span == (0, 0.5)
    assert flips.map_range(places.assign(value=0.0, fixed_value=0.01)) == (0, 0.05)
    assert flips.map_range(places.iloc[:0]) == (0, 0.05)
    shown = location.location_map(places, WORDS, range_=span, scale=flips.SCALES["broken"])
    assert shown.data[0].colorscale[-1] == (1.0, "#5E2A78")


def test_names_from_data_are_no_markup(table):
    shown = flips.flip_rows(table.assign(weather=["<b>fog", "<img src=x>", "a"]), "weather", WORDS)
    assert shown.layout.yaxis.ticktext[1] == "&lt;img src=x>"
    assert "<img" not in shown.data[0].hovertext[1]
    assert shown.data[0].customdata[1] == ["broken", "<img src=x>"]
