"""The profile as a figure and as a picture in a file: where its marks lie, what a click tells, what names may do."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from core.answers.compare import Contrast
from core.answers.profile_lines import Line
from core.figures import profile
from core.figures.exhibits.profile import line_of
from core.figures.profile_svg import profile_svg
from core.figures.style import Words

COLOURS = {"a": "#2F6DB5", "b": "#D9772B", "<b>x</b>\x00<script>": "#2A9D76"}
SIZE = Line(
    "a", "set/size", "clean", "0" * 16, "factor", ("area",), "size", clean=0.9, clean_at="80 %", worst=0.2,
    worst_at="1 %", change=-0.7, low=-0.8, high=-0.6, n=100, n_clusters=50, levels=5,
)  # fmt: skip
UNCLEAR = replace(SIZE, benchmark="set/pose", factors=("yaw_deg",), label="pose", worst=0.85, change=-0.05, low=-0.2,
                  high=0.1)  # fmt: skip
CUES = replace(SIZE, benchmark="set/clean", kind="cues", factors=("cues",), label="cues")
UNKNOWN = replace(SIZE, benchmark="set/time", factors=("time",), label="time", note="not finished")


def drawn(*lines, **more):
    return profile.profile(lines, COLOURS, Words("t"), **more)


def test_a_bar_at_the_best_a_dot_at_the_worst_and_the_interval_of_the_drop():
    segments, begins, dots = drawn(SIZE, UNCLEAR, CUES, UNKNOWN).data
    assert list(begins.x) == [0.9, 0.9, 0.9]
    assert list(dots.x) == [0.2, 0.85, 0.2]
    # From 90 %, 60 to 80 points lower; what would be above 100 % is not drawn.
    assert list(dots.error_x.arrayminus) == pytest.approx([0.1, 0.15, 0.1])
    assert list(dots.error_x.array) == pytest.approx([0.1, 0.15, 0.1])
    assert list(dots.marker.symbol) == ["circle", "circle-open", "square"]
    assert [list(each) for each in dots.customdata][:2] == [
        ["set/size", "factor:area", "a"],
        ["set/pose", "factor:yaw_deg", "a"],
    ]
    assert len(segments.x) == 9


def test_a_second_model_has_a_lane_of_its_own_and_a_sign_where_they_differ():
    theirs = replace(SIZE, model="b", worst=0.5, change=-0.4, worst_at="2 %")
    both = replace(SIZE, other=theirs, against=Contrast(0.3, 0.2, 0.4, 0.2, 0.5, 100, 50), differs=True)
    shown = drawn(both, chosen=("set/size", "factor:area"))
    texts = [each.text for each in shown.layout.annotations]
    assert "size: 1 %" in texts
    assert "2 %" in texts
    assert "−40 [−80, −60] ≠" in texts
    assert shown.layout.shapes[0].fillcolor
    assert line_of((both,), ["set/size", "factor:area", "b"]) is theirs
    assert line_of((both,), ["set/size", "factor:x", "b"]) is None


def test_names_are_text_in_the_figure_and_in_the_file():
    name = "<b>x</b>\x00<script>"
    hostile = replace(SIZE, model=name, label=name, worst_at="]]>&\"'<!--")
    shown = drawn(hostile).update_traces(customdata=None)
    assert "<script" not in str(shown.to_plotly_json())
    root = ET.fromstring(profile_svg([hostile], COLOURS))
    written = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "<b>x</b> <script>" in written
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def test_the_table_behind_it_has_what_is_not_drawn_too():
    table = profile.table((SIZE, UNKNOWN))
    assert table["note"].tolist() == ["", "not finished"]
    assert table.loc[0, ["accuracy_there", "accuracy_at_worst", "change_low", "n"]].tolist() == [0.9, 0.2, -0.8, 100]
    assert len(profile.shown([SIZE] * 20)) == profile.MOST
