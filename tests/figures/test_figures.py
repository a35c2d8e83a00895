import itertools
import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from core.figures import bars, curve, heatmap, location, mini, polar, style
from core.figures.style import Words
from core.types import Factor

WORDS = Words("Top-1 by something", "n = 18 a point · 95 % interval", "identity 7f3a91c2")
AREA = Factor("area", "Object area / image area", "numeric")
ANGLE = Factor("angle_deg", "Rotation, counter-clockwise", "circular", "°")
COLOURS = {"a": "#2F6DB5", "b": "#D9772B"}


def metric_table(**columns):
    n = len(next(iter(columns.values())))
    value = np.linspace(0.2, 0.8, n)
    return pd.DataFrame(
        {**columns, "value": value, "low": value - 0.1, "high": value + 0.1, "n": [18] * n, "n_clusters": [9] * n}
    )


@pytest.fixture
def figures():
    area = metric_table(area=[0.1, 0.2, 0.5, 1.0])
    ring = metric_table(angle_deg=[1.0, 91.0, 181.0, 271.0])
    grid = [(x, y) for x in (0.0, 0.5, 1.0) for y in (0.0, 0.5, 1.0)]
    cells = metric_table(x=[x for x, _ in grid], y=[y for _, y in grid])
    classes = metric_table(**{"class": ["cat", "dog"]})
    pairs = metric_table(category=["cat", "cat", "dog"], value_=["day", "night", "day"], uncommon=[False, True, False])
    both = classes.assign(first=[0.5, 0.6], second=[0.4, 0.7])
    return {
        "curve": curve.curve({"a": area, "b": area}, AREA, COLOURS, WORDS),
        "difference": curve.difference_curve(area, AREA, "#2F6DB5", WORDS),
        "polar": polar.polar({"a": ring}, ANGLE, COLOURS, WORDS),
        "map": location.location_map(cells, WORDS),
        "bars": bars.bars({"a": classes}, "class", COLOURS, WORDS),
        "dumbbell": bars.dumbbell(both, "class", ("a", "b"), ("#2F6DB5", "#D9772B"), WORDS),
        "heatmap": heatmap.category_heatmap(pairs, "category", "value_", WORDS),
    }


def test_every_figure_says_what_is_seen_its_n_and_its_identity(figures):
    for name, figure in figures.items():
        assert figure.layout.title.text.startswith("Top-1 by something"), name
        assert "n = 18" in figure.layout.title.text, name
        assert figure.layout.meta["caption"] == "identity 7f3a91c2", name
        assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)", name
    assert figures["polar"].layout.polar.bgcolor == "rgba(0,0,0,0)"


def test_every_figure_has_points_that_tell_what_was_clicked(figures):
    wanted = {"curve": ["a", 0.1], "polar": ["a", 1.0], "map": [0.0, 0.0], "bars": ["a", "cat"]}
    wanted |= {"heatmap": ["cat", "day"], "dumbbell": ["a", "cat"], "difference": ["difference", 0.1]}
    for name, first in wanted.items():
        clickable = [trace for trace in figures[name].data if trace.customdata is not None]
        # Lists, not arrays: arrays come back from the browser in another form.
        assert json.loads(figures[name].to_json())["data"]
        assert first in [list(point) for trace in clickable for point in trace.customdata], name
        assert clickable[0].type in ("scatter", "scatterpolar", "bar"), name


def test_a_map_is_in_image_coordinates(figures):
    figure = figures["map"]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    assert figure.layout.yaxis.scaleanchor == "x"
    # Row of the smallest y first: value 0.2 is at x 0, y 0; 0.35 at x 0.5, y 0.
    np.testing.assert_allclose(np.array(figure.data[0].z, dtype=float)[0], [0.2, 0.425, 0.65])


def test_a_ring_is_closed_and_turns_as_the_object_does(figures):
    figure = figures["polar"]
    line = next(trace for trace in figure.data if trace.customdata is not None)
    assert line.theta[0] == line.theta[-1]
    assert figure.layout.polar.angularaxis.direction == "counterclockwise"
    assert figure.layout.polar.angularaxis.rotation == 90


def test_the_log_axis_has_ticks_at_round_areas():
    area = metric_table(area=[0.01, 0.1, 1.0])
    figure = curve.curve({"a": area}, AREA, COLOURS, WORDS, log=True)
    assert figure.layout.xaxis.type == "log"
    assert 0.1 in figure.layout.xaxis.tickvals


def test_a_point_without_an_interval_is_drawn_without_a_band():
    table = metric_table(area=[0.1, 0.2]).assign(low=np.nan, high=np.nan)
    figure = curve.curve({"a": table}, AREA, COLOURS, WORDS)
    assert len(figure.data[0].x or ()) == 0
    assert "no interval" in figure.data[1].hovertext[0]


def test_published_numbers_are_marks_with_their_source_and_not_bars():
    published = pd.DataFrame({"class": ["cat"], "model": ["ResNet-50"], "value": [0.7], "source": ["Table 2"]})
    figure = bars.bars({"a": metric_table(**{"class": ["cat"]})}, "class", COLOURS, WORDS, published=published)
    assert [trace.type for trace in figure.data] == ["bar", "scatter"]
    assert "Table 2" in figure.data[1].hovertext[0]


def test_thin_cells_are_in_brackets_and_empty_ones_blank(figures):
    written = {text for trace in figures["heatmap"].data if trace.type == "scatter" for text in trace.text}
    assert written == {"(20)", "(50)", "(80)"}
    table = metric_table(row=["a", "a"], column=["x", "y"]).assign(n=[40, 0], n_clusters=[40, 0])
    figure = heatmap.category_heatmap(table, "row", "column", WORDS, columns=["x", "y"])
    assert [text for trace in figure.data if trace.type == "scatter" for text in trace.text] == ["20"]
    assert figure.data[0].z[0][1] is None or np.isnan(figure.data[0].z[0][1])
    few = table.assign(n_clusters=[5, 0])
    figure = heatmap.category_heatmap(few, "row", "column", WORDS, columns=["x", "y"])
    assert [text for trace in figure.data if trace.type == "scatter" for text in trace.text] == ["(20)"]


def test_accuracy_has_one_scale_from_0_to_100_percent_and_uncommon_cells_a_frame():
    table = metric_table(row=["a", "a"], column=["x", "y"]).assign(n=40, n_clusters=40, uncommon=[False, True])
    figure = heatmap.category_heatmap(table, "row", "column", WORDS)
    (cells,) = [trace for trace in figure.data if trace.type == "heatmap"]
    assert (cells.zmin, cells.zmax) == (0, 1)
    assert [colour for _, colour in cells.colorscale] == [colour for _, colour in style.ACCURACY_SCALE]
    frames = [shape for shape in figure.layout.shapes if shape.type == "path"]
    assert {shape.path.count("M") for shape in frames} == {1}
    assert frames[0].path.startswith("M0.59")
    narrow = metric_table(x=[0.0, 1.0], y=[0.0, 0.0]).assign(value=[0.5, 0.6])
    shown = location.location_map(narrow, WORDS)
    assert (shown.data[0].zmin, shown.data[0].zmax) == (0, 1)
    assert location.stretched([narrow]) == (0.5, 0.6)


@pytest.mark.parametrize("share", np.linspace(0, 1, 41))
def test_text_on_a_cell_has_the_contrast_that_reading_needs(share):
    ink = style.LIGHT_INK if style.needs_light_ink(share) else style.CELL_INK
    assert contrast(ink, style.scale_colour(share)) >= 4.5


def contrast(one, other):
    low, high = sorted((style.luminance(one), style.luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("paper", ["#FCFBF8", "#14191F"])
def test_every_colour_of_a_model_is_seen_on_both_papers(paper):
    assert len(set(style.PALETTE)) == len(style.PALETTE)
    assert all(contrast(colour, paper) >= 3 for colour in style.PALETTE)


def test_a_model_keeps_its_colour_whichever_others_are_shown():
    many = [f"m{number}" for number in range(3 * len(style.PALETTE))]
    alone = {name: style.colour_of([name])[name] for name in many}
    assert set(alone.values()) <= set(style.PALETTE)
    for first, second in itertools.combinations(many, 2):
        together = style.colour_of([second, first])
        if alone[first] != alone[second]:
            assert together == {first: alone[first], second: alone[second]}
        else:
            # Of two names that mean the same colour, one keeps it.
            assert alone[first] in together.values()
            assert len(set(together.values())) == 2
    assert style.colour_of(many[:4]) == style.colour_of(many[3::-1])
    # Who loses a colour takes none that another one of those shown has by name; the chosen one loses none.
    for model in many:
        together = style.colour_of(list(dict.fromkeys([*many[:12], model])), [model])
        assert together[model] == alone[model]
        kept = [name for name, colour in together.items() if colour == alone[name]]
        assert {alone[name] for name in together} == {together[name] for name in kept}


def test_a_downloaded_figure_needs_no_network(figures):
    page = style.standalone(figures["curve"])
    assert "Top-1 by something" in page
    assert '<script src="http' not in page


def test_lines_across_a_figure_are_those_that_plotly_draws_itself():
    figure = style.figure([], Words("t"), shapes=[style.vertical(0.5, dash="dot"), style.horizontal(2)])
    own = go.Figure()
    own.add_vline(x=0.5, line={"color": style.MUTED, "width": 1, "dash": "dot"})
    own.add_hline(y=2, line={"color": style.MUTED, "width": 1})
    assert figure.layout.shapes == own.layout.shapes


def test_the_identity_is_in_a_saved_page_and_not_on_the_screen():
    figure = style.figure([], WORDS, margin={"b": 104})
    assert figure.layout.margin.b == 104
    assert not figure.layout.annotations
    assert "identity 7f3a91c2" in style.standalone(figure)


def test_small_pictures_are_data():
    cells = metric_table(x=[0.0, 0.0, 1.0, 1.0], y=[0.0, 1.0, 0.0, 1.0])
    assert mini.mini_map(cells).startswith("data:image/svg+xml,")
    assert mini.mini_map(cells).count("rect") == 4
    assert "polyline" in mini.mini_curve(metric_table(area=[0.1, 0.5]), "area", "#2F6DB5")
    assert mini.mini_ring(metric_table(angle_deg=[1.0, 121.0, 241.0]), "angle_deg", "#2F6DB5").count("polygon") == 2


def unknown(**columns):
    nothing = [float("nan")] * len(next(iter(columns.values())))
    return metric_table(**columns).assign(value=nothing, low=nothing, high=nothing)


@pytest.mark.parametrize("table", [unknown(area=[0.1, 0.5]), unknown(area=[0.1, 0.5]).head(0)], ids=["unknown", "none"])
@pytest.mark.parametrize("log", [False, True])
def test_what_is_not_known_is_said_on_the_whole_scale(table, log):
    drawn = curve.curve({"a": table, "b": table}, AREA, COLOURS, WORDS, log=log)
    assert drawn.layout.yaxis.range == (0, 1)
    assert [note.text for note in drawn.layout.annotations] == ["Not known here"]
    assert drawn.layout.xaxis.type == ("log" if log else None)
    change = curve.difference_curve(table, AREA, "#2F6DB5", WORDS)
    assert change.layout.yaxis.range == (-0.5, 0.5)
    assert [note.text for note in change.layout.annotations] == ["Not known here"]


def test_one_known_number_is_enough_for_an_axis_of_its_own():
    table = unknown(area=[0.1, 0.5]).assign(value=[0.3, float("nan")])
    drawn = curve.curve({"a": unknown(area=[0.1, 0.5]), "b": table}, AREA, COLOURS, WORDS)
    assert drawn.layout.yaxis.range is None
    assert not drawn.layout.annotations
