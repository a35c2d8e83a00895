"""Verdicts in sentences: different, equivalent, or what could have been found."""

from dataclasses import replace

import pytest

from core.answers import sentences
from core.answers.compare import Contrast
from core.answers.verdict_words import limits, verdict, within


def said(value, low, high, n=3000, n_clusters=50, margin=0.02):
    text = sentences.difference("a", "b", Contrast(value, low, high, 0.5, 0.5 + value, n, n_clusters), margin)
    return text.replace("\xa0", " ")


def test_a_difference_is_said_with_its_direction():
    assert "**b** is **11.0 points** [5.0, 17.0] better than **a** on 3,000 common images." in said(0.11, 0.05, 0.17)


def test_a_small_difference_that_is_there_is_called_small():
    assert said(0.01, 0.004, 0.016).endswith("better than **a** on 3,000 common images, a difference within 2 points.")


def test_equal_models_are_equivalent_within_the_margin():
    assert "**b** and **a** are equivalent within 2 points" in said(0.002, -0.01, 0.014)
    assert "these" not in said(0.002, -0.01, 0.014)
    assert "are equivalent within 5 points" in said(0.02, -0.01, 0.045, margin=0.05)


def test_what_cannot_be_told_says_what_could_have_been_found():
    text = said(0.03, -0.02, 0.08)
    assert "cannot be told apart" in text
    # The interval's end towards 0 is 5 points away: a standard error of 5 / 2.01; 2.86 of these are found.
    assert "these 50 objects would show 7.1 points, and about 230 more would settle the difference seen." in text


def test_independent_images_are_counted_as_images():
    assert "these 300 images would show" in said(0.03, -0.02, 0.08, n=300, n_clusters=300)


@pytest.mark.parametrize(("value", "low", "high"), [(0.0, -0.05, 0.05), (0.0001, -0.05, 0.0502)])
def test_a_difference_of_nothing_needs_no_more_objects(value, low, high):
    assert "would settle" not in limits(verdict(value, low, high, 3000, 50))


def test_without_an_interval_nothing_is_promised():
    assert limits(verdict(0.1, float("nan"), float("nan"), 10, 1)) == ""


@pytest.mark.parametrize(("margin", "said_as"), [(0.02, "2 points"), (0.005, "0.5 points"), (0.1, "10 points")])
def test_margins_are_read(margin, said_as):
    found = within(verdict(0, -0.001, 0.001, 100, 100, d=margin))
    assert found.replace("\xa0", " ") == f"equivalent within {said_as}"


def test_an_effect_of_one_model_has_the_same_three_verdicts():
    def drop(*numbers):
        return sentences.drop("m", Contrast(*numbers, 0.5, 0.5, 3000, 50), "it rains").replace("\xa0", " ")

    assert "loses **10 points** [5, 15] when it rains" in drop(-0.1, -0.15, -0.05)
    assert "is equivalent within 2 points" in drop(0.0, -0.01, 0.01)
    assert "shows no clear effect" in drop(0.02, -0.03, 0.07)
    assert "these 50 objects would show" in drop(0.02, -0.03, 0.07)


def test_what_images_share_is_called_as_its_column_is():
    between = Contrast(0.02, -0.03, 0.07, 0.5, 0.52, n=500, n_clusters=50, unit="city")
    assert "these 50 cities would show" in sentences.difference("a", "b", between)
    assert between.verdict().unit == "cities"
    assert replace(between, n_clusters=500).verdict().unit == "images"
    assert "rest on 5 cities, too few" in sentences.difference("a", "b", replace(between, n_clusters=5))
