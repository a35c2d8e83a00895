import math

import pytest

from core import wording
from core.answers import sentences
from core.answers.compare import Contrast
from core.types import Factor

NBSP = "\u00a0"


def test_numbers_keep_their_unit_and_a_true_minus():
    assert wording.percent(0.6128) == f"61.3{NBSP}%"
    assert wording.interval(0.598, 0.627) == "[59.8, 62.7]"
    assert wording.points(-0.31) == f"−31{NBSP}pts"
    assert wording.points(0.004, 0) == f"0{NBSP}pts"
    assert wording.points(-0.004, 0) == f"0{NBSP}pts"


def test_nothing_is_a_dash_and_never_zero():
    assert wording.percent(math.nan) == wording.percent(None) == wording.interval(math.nan, 0.5) == "–"


def test_factor_values_read_as_a_person_would_say_them():
    assert wording.value(Factor("area", "Area", "numeric"), 0.06) == f"6{NBSP}%"
    assert wording.value(Factor("angle_deg", "Rotation", "circular", "°"), 181.0) == "181°"
    assert wording.value(Factor("x", "x", "numeric"), 0.05) == "0.05"
    assert wording.value(Factor("class", "Class", "category"), "koala") == "koala"


def test_a_clear_loss_is_a_loss_with_its_interval_turned_round():
    said = sentences.drop("m", Contrast(-0.31, -0.35, -0.27, 0.94, 0.63, 100, 10), "it moves")
    assert said == f"**m** loses **31{NBSP}points** [27, 35] when it moves (94{NBSP}% to 63{NBSP}%)."


def test_an_interval_over_zero_is_no_clear_effect():
    said = sentences.drop("m", Contrast(-0.04, -0.11, 0.02, 0.76, 0.72, 100, 10), "it turns")
    assert "shows no clear effect" in said
    assert "[−11, 2]" in said


def test_what_cannot_be_said_is_not_said():
    nothing = Contrast(math.nan, math.nan, math.nan, math.nan, math.nan, 0, 0)
    assert "too few images" in sentences.drop("m", nothing, "it moves")
    assert "too few images" in sentences.half("m", nothing)
    assert "keeps more than half" in sentences.half("m", Contrast(0.01, 0.01, 0.02, 0.9, math.nan, 90, 10, "below"))


def test_two_models_within_their_interval_cannot_be_told_apart():
    said = sentences.difference("a", "b", Contrast(0.01, -0.01, 0.03, 0.5, 0.51, 50, 10))
    assert "cannot be told apart" in said
    assert "**b** is" in sentences.difference("a", "b", Contrast(0.1, 0.05, 0.15, 0.5, 0.6, 50, 10))


@pytest.mark.parametrize(
    ("share", "digits", "said"),
    [
        (0.996, 0, "99.6"), (1.0, 0, "100"), (0.9996, 1, "99.96"), (1.0, 1, "100.0"), (0.003, 0, "0.3"),
        (0.0, 0, "0"), (0.0004, 1, "0.04"), (0.994, 0, "99"), (0.00001, 0, "0.00"),
    ],
)  # fmt: skip
def test_what_is_not_all_is_never_called_all(share, digits, said):
    assert wording.percent(share, digits).replace("\xa0", " ") == f"{said} %"


def test_clusters_are_called_as_their_column_is_and_never_markup():
    said = [wording.clusters(25, each) for each in ("camera", "City", "bus", "scene_id", "cut-out", "day", "branch")]
    assert said == [
        *("25 cameras", "25 cities", "25 buses", "25 scene ids", "25 cut-outs", "25 days", "25 branches"),
    ]
    assert wording.clusters(1, "scene_id") == "1 scene id"
    assert wording.clusters(1_200, "<b>x</b>") == wording.clusters(1_200, "地区") == "1,200 clusters"
    assert wording.clusters(1, "[a](b)") == "1 cluster"
    assert wording.clusters(9) == "9 objects"


def test_a_unit_stands_apart_from_its_number_unless_it_is_a_degree():
    assert wording.value(Factor("side", "Side", "numeric", "px"), 404.0) == f"404{NBSP}px"
    assert wording.value(Factor("heading", "Heading", "circular", "°"), 105.0) == "105°"
    assert wording.value(Factor("iso", "ISO", "numeric"), 400.0) == "400"


@pytest.mark.parametrize(
    ("words", "shown"), [("a\udcff", "a\\xff"), ("a\ud800b\udfff", "a\\ud800b\\udfff"), ("é", "é")]
)
def test_what_is_no_text_is_shown_escaped(words, shown):
    assert wording.readable(words) == shown
    assert wording.escaped(words).replace("\\\\", "\\") == shown


def test_words_of_any_signs_are_one_line_that_can_be_written():
    # Half of a sign, a byte that is no text, a line's end, one that turns the others, and a space of ours.
    words = f"a\ud800b\udcffc\nd\u202ee{NBSP}f"
    assert wording.one_line(words) == r"a\ud800b\xffc d e f"
    assert wording.one_line(words, kept=NBSP).endswith(f"e{NBSP}f")
