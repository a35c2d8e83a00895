"""Figures of zooms: what they carry, in which order, and what they never mix."""

import pandas as pd
import pytest

from core.answers import marks
from core.figures import zoom as figures
from core.figures import zoom_cover
from core.figures.style import Words
from core.metrics import zoom
from core.wording import anchor_name
from tests.metrics.test_zoom_at_object import VIEWS, answers

WORDS = Words("a title")
CORRECT = answers([(256, 1, 1)], [(512, 0, 0)], [(512, 0, 0), (256, 1, 1)], [])


@pytest.fixture
def by_zoom():
    return zoom.by_zoom(CORRECT, VIEWS)


def test_the_atlas_has_a_cell_for_each_zoom_from_far_to_near(by_zoom):
    found = figures.atlas(by_zoom, WORDS, chosen=(512, 0, 0))
    cells, squares, ring = found.data
    assert list(cells.x) == ["256", "512"]
    assert list(cells.y) == [anchor_name(row, col) for row in range(3) for col in range(3)]
    assert cells.z[0][1] == 0.5
    assert (cells.zmin, cells.zmax) == (0, 1)
    assert sorted(map(tuple, squares.customdata)) == sorted(
        (size, row, col) for size in (256, 512) for row in range(3) for col in range(3)
    )
    assert (list(ring.x), list(ring.y)) == (["256"], ["middle"])
    assert len(found.layout.shapes) == 2


def test_the_ladder_shows_what_is_fair_and_marks_oracles_hollow():
    ensemble = zoom.Ensemble("2 views", (CORRECT[:, :2] > 0).astype(int))
    bound = zoom.bound(CORRECT, VIEWS, accepted=[[1]] * 4, ensembles=[ensemble])
    found = figures.ladder({"m": bound}, {}, {"m": "#123456"}, WORDS)
    names = [text for trace in found.data for text in (trace.hovertext or ())]
    assert not any("chosen on these images" in text for text in names)
    assert any("1-crop" in text for text in names)
    hollow = [trace for trace in found.data if str(trace.marker.symbol).endswith("-open") and trace.hovertext]
    assert hollow
    assert all("any of" in text for trace in hollow for text in trace.hovertext)


def test_published_numbers_are_marks_of_their_own():
    published = marks.zoomed("imagenet-hard")
    found = figures.published(published, {"m": 0.12}, {"m": "#123456"}, WORDS)
    diamonds, line = found.data
    assert diamonds.marker.symbol == "diamond"
    assert len(diamonds.x) == len(published) == 86
    assert set(line.x) == {0.12}


def test_published_bounds_are_of_the_study():
    published = marks.zoomed("imagenet-a")
    row = published[(published["model"] == "ViT-B/32") & (published["bound"] == "any of 324")].iloc[0]
    assert (row["value"], row["passes"]) == (0.7803, 324)
    assert marks.zoomed("diorama/small").empty


def test_anchors_are_a_map_with_n_and_intervals():
    table = zoom.centre_bias(CORRECT, VIEWS)
    found = figures.anchors(table, "value", WORDS)
    z = pd.DataFrame(found.data[0].z, index=found.data[0].y, columns=found.data[0].x)
    assert z.loc["top", "left"] == 0.5
    assert z.loc["middle", "middle"] == 0.5
    assert z.loc["bottom", "right"] == 0.0
    assert not any("no interval" in text for trace in found.data[1:] for text in trace.hovertext)


def test_origins_carry_their_name():
    table = zoom.by_origin(CORRECT, VIEWS, ["a", "a", "b", "b"])
    found = figures.origins({"m": table}, {"m": "#123456"}, WORDS)
    assert [list(trace.customdata) for trace in found.data] == [[["a"], ["b"]]] * 2 or [
        [list(each) for each in trace.customdata] for trace in found.data
    ] == [[["a"], ["b"]]] * 2


def test_sizes_of_a_cover_are_counted():
    cover = zoom.minimal_cover(CORRECT, VIEWS)
    found = zoom_cover.sizes(zoom.cover_sizes(cover, VIEWS), WORDS)
    assert list(found.data[0].x) == ["256", "512"]
    assert sum(found.data[0].y) == len(cover) == 2
    places = zoom_cover.anchors(zoom.cover_anchors(cover, VIEWS), WORDS)
    assert sum(sum(row) for row in places.data[0].z) == 2
    assert list(places.data[1].text).count("1") == 2


@pytest.mark.parametrize(
    ("row", "col", "said"),
    [(1, 1, "middle"), (0, 1, "top"), (2, 0, "bottom left"), (1, 2, "right"), (3, 0, "row 3, column 0"),
     (0, -1, "row 0, column -1")],
)  # fmt: skip
def test_anchors_have_names_and_those_of_a_damaged_link_numbers(row, col, said):
    assert anchor_name(row, col) == said
