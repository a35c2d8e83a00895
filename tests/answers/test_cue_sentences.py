"""What is said of answers without the object and under noise: right way round, ties named, nothing from little."""

import pandas as pd
import pytest

from core.answers import cue_beside, cue_sentences
from core.answers.compare import Contrast


def table(clean=0.93, gray=0.61, box=0.4, tile=0.5, n=1500, n_clusters=50):
    views = {"clean": clean, "gray": gray, "gray-box": box, "tile": tile}
    return pd.DataFrame(
        [
            {"view": view, "value": value, "low": value - 0.04, "high": value + 0.03, "drop": clean - value,
             "drop_low": clean - value - 0.05, "drop_high": clean - value + 0.02, "n": n, "n_clusters": n_clusters}
            for view, value in views.items()
        ]
    )  # fmt: skip


def contrast(value, low, high, n=1500, n_clusters=50):
    return Contrast(value, low, high, 0.5, 0.5 + value, n, n_clusters)


def test_what_is_left_is_said_with_its_interval_and_the_other_ways():
    said = cue_sentences.without_object("a_b", table(), chance=0.1)
    assert said == (
        "**a\\_b** is right on **61\xa0%** [57, 64] of images whose object is grayed out, 40\xa0% to 50\xa0% under the "
        "other ways, of 93\xa0% with it; guessing gives 10\xa0%."
    )
    assert "guessing" not in cue_sentences.without_object("a", table(), chance=0.001)


@pytest.mark.parametrize(("n", "n_clusters"), [(29, 29), (1500, 9), (6, 6)])
def test_few_images_or_objects_carry_no_claim(n, n_clusters):
    said = cue_sentences.without_object("a", table(n=n, n_clusters=n_clusters), chance=0.1)
    assert "too few for a claim" in said
    assert "%" not in said


def test_without_answers_nothing_is_claimed():
    assert "no answer" in cue_sentences.without_object("a", table()[:1], chance=0.1)


def test_the_best_of_several_is_named_only_if_it_is_clear():
    values = {"a": 0.2, "b": 0.5, "c": 0.3}
    clear = cue_sentences.most_without(values, contrast(0.2, 0.1, 0.3))
    assert clear.startswith("Of 3 models **b** is right most often without the object, +20\xa0pts [10, 30]")
    assert "**c**" in clear
    for tied in (contrast(0.02, -0.01, 0.05), contrast(0.2, 0.1, 0.3, n_clusters=5)):
        said = cue_sentences.most_without(values, tied)
        assert "cannot be told apart" in said
        assert "most often without the object," not in said
    same = cue_sentences.most_without(values, contrast(0.0, -0.01, 0.01))
    assert "they are equivalent within 2\xa0points" in same


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.1, 0.3, "Noise on the object costs **a** more"), (-0.3, -0.1, "Noise *around* the object costs **a** more"),
     (-0.1, 0.1, "alike")],
)  # fmt: skip
def test_which_noise_costs_more(low, high, expected):
    row = pd.Series({"value": (low + high) / 2, "low": low, "high": high, "n": 1500, "n_clusters": 50})
    assert expected in cue_sentences.sensitivity("a", row)
    few = pd.Series({**row.to_dict(), "n_clusters": 5})
    assert "too few" in cue_sentences.sensitivity("a", few)


@pytest.mark.parametrize(
    ("value", "expected"), [(-0.05, "−0.05"), (0.174, "+0.17"), (-0.003, "−0.003"), (0.0, "+0.00"), (-1.0, "−1.00")]
)
def test_the_side_of_zero_is_never_hidden(value, expected):
    assert cue_sentences.signed(value) == expected


def test_changes_are_losses_and_keep_their_interval():
    found = cue_beside.changes(table()).set_index("view")
    assert list(found.index) == ["gray", "gray-box", "tile"]
    assert found.loc["gray", "value"] == pytest.approx(-0.32)
    assert found.loc["gray", "low"] == pytest.approx(-0.34)
    assert found.loc["gray", "high"] == pytest.approx(-0.27)


def test_two_sets_differ_by_the_rule_for_independent_estimates():
    first, second = cue_beside.changes(table(gray=0.61)), cue_beside.changes(table(gray=0.21, n=300, n_clusters=30))
    row = cue_beside.beside(first, second).set_index("view").loc["gray"]
    assert row["value"] == pytest.approx(0.40)
    # Down: 0.02 of the first, 0.05 of the second; up the other way round: the root of their squares.
    assert row["low"] == pytest.approx(0.40 - (0.02**2 + 0.05**2) ** 0.5)
    assert row["high"] == pytest.approx(0.40 + (0.05**2 + 0.02**2) ** 0.5)
    assert (row["n"], row["n_clusters"]) == (300, 30)
