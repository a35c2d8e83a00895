"""What attributes and their values cost; changes are worked out by hand."""

import numpy as np
import pytest

from core.answers.setting_sentences import settings
from core.uncommon.gaps import adjusted_gaps, as_change
from core.uncommon.ranking import attribute_changes, value_changes
from tests.uncommon.annotated import many, one, together

NBSP = "\u00a0"


@pytest.fixture
def table():
    """Night is worse than fog, and fog than snowfall; on snow as many are right as on streets, 75 and 73.75 %."""
    return together(
        many("car", locations=["street"], right=900, of=1000),
        many("car", "night", locations=["street"], right=60, of=200),
        many("car", weather="foggy", locations=["street"], right=100, of=200),
        many("car", weather="snowing", locations=["street"], right=120, of=200),
        many("car", locations=["snow"], right=150, of=200),
    )


def test_changes_are_the_adjusted_gaps_with_the_sign_of_a_loss(table):
    found = attribute_changes(table).set_index(["attribute", "definition"])
    expected = as_change(adjusted_gaps(table)).set_index(["attribute", "definition"]).loc[found.index]
    assert found["value"].tolist() == pytest.approx(expected["value"].tolist())
    assert (found["n_uncommon"] == expected["n_uncommon"]).all()
    night = found.loc[("time", "paper-code")]
    assert night["low"] < night["value"] < night["high"] < 0
    # Together, intervals are wider than alone.
    assert night["high"] - night["low"] > (expected["high"] - expected["low"])[("time", "paper-code")]


def test_a_change_turns_value_and_ends_round(table):
    gap = adjusted_gaps(table)
    changed = as_change(gap)
    assert np.allclose(changed[["value", "low", "high"]], -gap[["value", "high", "low"]])
    assert (changed["low"] <= changed["high"]).all()


def test_the_sentence_names_the_costliest_attribute_and_not_a_value_that_costs_more(table):
    said = settings("m", attribute_changes(table), value_changes(table), "paper-code")
    night = one(attribute_changes(table), attribute="time", definition="paper-code")
    assert said.startswith(f"**Time of day** costs **m** most, **{-100 * night['value']:.1f}{NBSP}points**")
    assert "same class mix on both sides" in said
    assert "weather costs" in said
    assert "location shows no clear effect" in said
    assert "**night** (n = 200)" in said


def test_an_attribute_that_helps_is_not_said_to_have_no_effect():
    table = together(
        many("car", locations=["street"], right=100, of=200),
        many("car", "night", locations=["street"], right=20, of=200),
        many("car", locations=["snow"], right=190, of=200),
    )
    said = settings("m", attribute_changes(table), value_changes(table), "paper-code")
    # 95 % on snow against 30 % on streets.
    assert f"location costs nothing, +65.0{NBSP}pts" in said


def test_thin_values_are_said_to_be_thin_and_named_costliest_nowhere():
    table = together(
        many("car", locations=["street"], right=190, of=200),
        many("car", locations=["water"], right=0, of=10),
        many("car", locations=["snow"], right=50, of=200),
        many("car", locations=["rocks"], right=120, of=200),
    )
    values = value_changes(table)
    assert one(values, setting="water", definition="paper-code")["thin"]
    said = settings("m", attribute_changes(table), values, "paper-code")
    assert "Within location, **snow** (n = 200) costs most" in said
    assert "water rests on 10 images, too few to claim" in said
    assert "rocks" not in said


def test_values_that_cost_alike_are_ties():
    table = together(
        many("car", right=190, of=200),
        many("car", weather="foggy", right=100, of=200),
        many("car", weather="raining", right=102, of=200),
        many("car", weather="snowing", right=180, of=200),
    )
    found = value_changes(table)
    tied = found[(found["definition"] == "paper-code") & found["tied"]]
    assert tied["setting"].tolist() == ["raining"]
    said = settings("m", attribute_changes(table), found, "paper-code")
    assert "**foggy** (n = 200) costs most" in said
    assert "raining (n = 200) may cost as much" in said


def test_attributes_that_cost_alike_are_ties():
    table = together(
        many("car", right=190, of=200),
        many("car", "night", right=100, of=200),
        many("car", weather="foggy", right=100, of=200),
    )
    said = settings("m", attribute_changes(table), value_changes(table), "paper-code")
    assert said.startswith("**m** loses most with **")
    assert "which cannot be told apart" in said


def test_nothing_is_claimed_where_nothing_is_clear():
    table = together(many("car", right=160, of=200), many("car", "night", right=158, of=200))
    said = settings("m", attribute_changes(table), value_changes(table), "paper-code")
    assert said.startswith("No attribute clearly costs **m** accuracy")
    # What cannot be told says what could have been; a change that does not matter is called small.
    assert "would show" in said or "a change within" in said
    assert f"−1.0{NBSP}pts" in said


def test_few_objects_carry_no_claim():
    table = together(many("car", right=190, of=200), many("car", "night", right=20, of=200))
    table["cluster"] = [str(number % 5) for number in range(len(table))]
    found = attribute_changes(table, cluster="cluster")
    assert one(found, attribute="time", definition="paper-code")["thin"]
    said = settings("m", found, value_changes(table, cluster="cluster"), "paper-code")
    assert said == (
        "**m** has no finding on uncommon settings: time of day rests on 5 objects, too few to claim its cost."
    )


def test_the_sentence_follows_the_definition():
    table = together(
        many("car", right=180, of=200),
        # At image level 'none' is common, and drags the common side of the time down.
        many("car", "none", right=20, of=400),
        many("car", "night", right=80, of=200),
        many("car", weather="foggy", right=100, of=200),
    )
    code, image = (
        settings("m", attribute_changes(table), value_changes(table), each) for each in ("paper-code", "image-level")
    )
    assert code != image
    assert "Time of day" in code
    assert "Time of day" not in image.split("costs")[0]
