"""Accuracy by any factors: what the page draws, as JSON values; other words for what is asked wrongly."""

import json

import pytest

from core.answers import by_factors, questions
from core.answers.questions import Question
from core.errors import UsageError
from tests.own_photos import photos, weathers


@pytest.fixture
def run(toy_model, tmp_path):
    return photos(toy_model, tmp_path / "photos", weathers())


def test_rows_are_those_that_the_page_asks_for(run):
    content = by_factors.build(run, ("weather", "night"))
    asked = questions.answer(run, Question(("weather", "night")))
    assert [row["top1"] for row in content["rows"]] == asked["value"].tolist()
    assert [row["top1_low"] for row in content["rows"]] == asked["low"].tolist()
    assert [(row["weather"], row["night"], row["n"]) for row in content["rows"]] == [
        ("fog", False, 20), ("fog", True, 40), ("rain", False, 20), ("rain", True, 40), ("sun", False, 80),
        ("sun", True, 160),
    ]  # fmt: skip
    assert [row["thin"] for row in content["rows"]] == [True, False, True, False, False, False]
    assert content["by"] == ["weather", "night"]
    # 30 + 54 + 228 of 360.
    assert content["overall"]["top1"] == pytest.approx(312 / 360)
    assert json.loads(json.dumps(content)) == content


def test_intervals_are_wilsons(run):
    fog = by_factors.build(run, ("weather",))["rows"][0]
    # For a half: 0.5 ± 0.5 z / sqrt(n + z²), with z = 1.959964 and n = 60.
    assert fog["top1_low"] == pytest.approx(0.5 - 0.5 * 1.959964 / (60 + 1.959964**2) ** 0.5, abs=1e-6)
    assert fog["top1_high"] == pytest.approx(0.5 + 0.5 * 1.959964 / (60 + 1.959964**2) ** 0.5, abs=1e-6)


def test_a_bin_says_from_where_to_where_it_reaches(run):
    first = by_factors.build(run, ("light",))["rows"][0]
    assert (first["light_from"], first["light_to"], first["n"]) == (0.0, 0.04, 40)
    assert list(first)[:3] == ["light", "light_from", "light_to"]


def test_an_image_counts_in_each_of_its_tags(run):
    rows = by_factors.build(run, ("tags",))["rows"]
    assert [(row["tags"], row["n"]) for row in rows] == [("people", 240), ("text", 120)]


def test_objects_are_counted_where_images_are_not_independent(toy_model, tmp_path):
    rows = [row | {"place": f"place {number // 4}"} for number, row in enumerate(weathers())]
    run = photos(toy_model, tmp_path / "photos", rows, cluster="place")
    content = by_factors.build(run, ("weather",))
    assert [(row["n"], row["n_clusters"]) for row in content["rows"]] == [(60, 15), (60, 15), (240, 60)]
    assert "score interval over" in content["interval"]


def test_classes_can_be_left_out(run):
    # Wrong ones are labelled as another class.
    content = by_factors.build(run, ("weather",), exclude=["goldfish"])
    assert [(row["top1"], row["n"]) for row in content["rows"]] == [(1.0, 30), (1.0, 54), (1.0, 228)]
    with pytest.raises(UsageError, match=r"no class 'goldfich' to exclude\. Did you mean 'goldfish'"):
        by_factors.build(run, ("weather",), exclude=["goldfich"])
    with pytest.raises(UsageError, match="leaves no class"):
        by_factors.build(run, ("weather",), exclude=["goldfish", "tench"])


def test_top5_is_counted_where_it_is_asked_for(run):
    # All three classes are among the five best.
    rows = by_factors.build(run, ("weather",), policy="top5")["rows"]
    assert [row["top5"] for row in rows] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must name one factor"),
        (",", "must name one factor"),
        ("weather,", "must name one factor"),
        ("weather,night,light", "must name one factor, or two"),
        ("weather, weather", "names 'weather' twice"),
    ],
)
def test_what_names_no_one_or_two_factors_is_refused(text, said):
    with pytest.raises(UsageError, match=said):
        by_factors.parsed(text)


def test_names_may_have_spaces_around_them():
    assert by_factors.parsed(" weather , night ") == ("weather", "night")


def test_an_unknown_factor_offers_the_nearest_and_all(run):
    with pytest.raises(UsageError, match=r"no factor 'wether'. Did you mean 'weather'\? It has: "):
        by_factors.build(run, ("wether",))


def test_an_unknown_policy_says_what_there_is(run):
    with pytest.raises(UsageError, match="--by counts top1 or top5, and not 'restricted'"):
        by_factors.build(run, ("weather",), policy="restricted")
