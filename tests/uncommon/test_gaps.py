"""What uncommon settings cost; expected values are published, or worked out by hand."""

import numpy as np
import pytest

from core.errors import UsageError
from core.uncommon.gaps import adjusted_gaps, category_gaps, costs, gaps, sides
from core.uncommon.tables import partitions
from tests.uncommon.annotated import many, one, together


def test_images_without_a_prediction_are_counted_nowhere():
    table = together(many("car", right=1, of=2), many("car", "night", right=1, of=1))
    table.loc[1, "correct"] = np.nan
    assert one(partitions(table), partition="P0")[["value", "n"]].tolist() == [1.0, 1]
    assert one(gaps(table), attribute="time", definition="image-level")["n_common"] == 1


def test_none_is_left_out_by_the_papers_code_and_common_at_image_level():
    table = together(
        many("car", "day", right=8, of=10), many("car", "none", right=2, of=10), many("car", "night", right=3, of=10)
    )
    found = gaps(table)
    by_code = one(found, attribute="time", definition="paper-code")
    assert by_code["value"] == pytest.approx(0.8 - 0.3)
    assert by_code[["n_common", "n_uncommon"]].tolist() == [10, 10]
    by_image = one(found, attribute="time", definition="image-level")
    assert by_image["value"] == pytest.approx(0.5 - 0.3)
    assert by_image[["n_common", "n_uncommon"]].tolist() == [20, 10]


def test_the_papers_code_counts_each_location_of_an_image():
    # Street is common for cars, snow and water are not: 3 common pairs, 2 + 1 uncommon ones.
    table = together(
        many("car", locations=["snow", "street", "water"], right=1, of=1),
        many("car", locations=["street"], right=0, of=2),
        many("car", locations=["snow"], right=0, of=1),
        many("car", locations=["none"], right=1, of=5),
    )
    by_code = one(gaps(table), attribute="locations", definition="paper-code")
    assert by_code["value"] == pytest.approx(1 / 3 - 2 / 3)
    assert by_code[["n_common", "n_uncommon"]].tolist() == [3, 3]
    by_image = one(gaps(table), attribute="locations", definition="image-level")
    assert by_image["value"] == pytest.approx(1 / 7 - 1 / 2)
    assert by_image[["n_common", "n_uncommon"]].tolist() == [7, 2]


def test_a_gaps_interval_is_newcombes():
    # Newcombe 1998, "Interval estimation for the difference", Table II, method 10: 56/70 - 48/80.
    table = together(many("car", right=56, of=70), many("car", "night", right=48, of=80))
    found = one(gaps(table), attribute="time", definition="paper-code")
    assert found[["value", "low", "high"]].tolist() == pytest.approx([0.2, 0.0524, 0.3339], abs=5e-5)


def test_a_side_without_images_has_no_gap():
    found = one(gaps(together(many("car", right=1, of=2))), attribute="time", definition="paper-code")
    assert np.isnan([found["value"], found["low"], found["high"]]).all()
    assert found[["n_common", "n_uncommon"]].tolist() == [2, 0]


def test_locations_of_one_image_count_as_one_when_it_comes_to_certainty():
    spread = [many("car", locations=["street"], right=30, of=40)]
    single = gaps(together(*spread, many("car", locations=["snow"], right=20, of=40)))
    double = gaps(together(*spread, many("car", locations=["snow", "water"], right=20, of=40)))
    single, double = (one(found, attribute="locations", definition="paper-code") for found in (single, double))
    assert double["n_uncommon"] == 2 * single["n_uncommon"]
    assert double[["value", "low", "high"]].tolist() == pytest.approx(single[["value", "low", "high"]].tolist())


def test_images_on_both_sides_narrow_the_interval():
    """The same images on both sides cannot differ: the gap is zero for certain."""
    table = together(many("car", locations=["snow", "street"], right=20, of=40))
    found = one(gaps(table), attribute="locations", definition="paper-code")
    assert found[["value", "low", "high"]].tolist() == pytest.approx([0, 0, 0], abs=1e-7)


def test_the_adjusted_gap_is_zero_where_classes_alone_make_the_gap():
    """Cars are easy and seen by day, cats are hard and seen at night; neither suffers from the night."""
    table = together(
        many("car", "day", right=90, of=100),
        many("car", "night", right=9, of=10),
        many("cat", "day", right=1, of=10),
        many("cat", "night", right=10, of=100),
    )
    raw = one(gaps(table), attribute="time", definition="paper-code")
    assert raw["value"] == pytest.approx(91 / 110 - 19 / 110)
    adjusted = one(adjusted_gaps(table), attribute="time", definition="paper-code")
    assert adjusted["value"] == pytest.approx(0)
    assert adjusted["low"] < 0 < adjusted["high"]


def test_the_adjusted_gap_weighs_classes_by_their_uncommon_images_and_needs_both_sides():
    table = together(
        many("car", "day", right=8, of=10),
        many("car", "night", right=2, of=4),
        many("cat", "day", right=5, of=10),
        many("cat", "night", right=1, of=1),
        many("dog", "day", right=0, of=10),
    )
    found = one(adjusted_gaps(table), attribute="time", definition="paper-code")
    assert found["value"] == pytest.approx(0.8 * (0.8 - 0.5) + 0.2 * (0.5 - 1.0))
    assert found[["n_common", "n_uncommon"]].tolist() == [20, 5]


def test_a_category_has_a_gap_of_its_own():
    table = together(
        many("car", "day", right=8, of=10), many("car", "night", right=2, of=4), many("cat", "day", right=5, of=10)
    )
    found = category_gaps(table)
    car = one(found, category="car", attribute="time", definition="paper-code")
    assert car[["value", "n_common", "n_uncommon"]].tolist() == [pytest.approx(0.3), 10, 4]
    assert np.isnan(one(found, category="cat", attribute="time", definition="paper-code")["value"])


def test_clusters_give_the_same_gap_with_another_interval():
    rng = np.random.default_rng(0)
    table = together(many("car", "day", right=30, of=40), many("car", "night", right=20, of=40))
    plain = one(gaps(table), attribute="time", definition="paper-code")
    table["cluster"] = [str(number) for number in rng.integers(0, 6, len(table))]
    clustered = one(gaps(table, cluster="cluster"), attribute="time", definition="paper-code")
    assert clustered["value"] == plain["value"]
    assert clustered["low"] != plain["low"]


def test_costs_name_the_worst_setting_first():
    table = together(
        many("car", right=90, of=100),
        many("car", weather="foggy", right=10, of=50),
        many("car", weather="raining", right=30, of=50),
        many("car", weather="snowing", right=0, of=3),
    )
    found = costs(table)
    assert found["setting"].tolist() == ["snowing", "foggy", "raining"]
    assert found["thin"].tolist() == [True, False, False]
    assert found["value"].tolist() == pytest.approx([0.9, 0.7, 0.3])


def test_an_unknown_definition_is_named():
    with pytest.raises(UsageError, match=r"unknown definition 'papercode'\. Did you mean 'paper-code'"):
        sides(together(many("car", right=1, of=1)), "time", "papercode")
