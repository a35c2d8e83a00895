"""Rules, partitions and gaps of settings; expected values are the paper's, or worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from core import uncommon
from core.errors import DataError, UsageError
from core.uncommon.gaps import adjusted_gaps, category_gaps, costs, gaps, sides
from core.uncommon.paper import published
from core.uncommon.tables import by_humans, heatmap, partitions, totals


def images(*rows, correct=None):
    """Annotated images, each ``(category, time, weather, locations)``."""
    table = pd.DataFrame(rows, columns=["category", "time", "weather", "locations"])
    table["cluster"] = [str(number) for number in range(len(table))]
    table["correct"] = np.asarray(correct if correct is not None else [1.0] * len(table), dtype=float)
    return uncommon.annotate(table)


def many(category, time="day", weather="sunny", locations=("none",), *, right, of):
    """Rows of equal images and which of them are right."""
    return [(category, time, weather, list(locations))] * of, [1.0] * right + [0.0] * (of - right)


def together(*groups):
    return images(*[row for rows, _ in groups for row in rows], correct=[hit for _, hits in groups for hit in hits])


def one(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_the_papers_counts_give_its_994_uncommon_times_and_1123_uncommon_weathers():
    """Table 1 by the rules of its colours gives the sums of Table 2's partitions."""
    paper = published()
    sizes = paper["partition_sizes"]
    for attribute, letter, expected in (("time", "t", 994), ("weather", "w", 1123)):
        counts = [
            (category, value, n) for value, row in paper["counts"][attribute].items() for category, n in row.items()
        ]
        assert sum(n for _, _, n in counts) == sizes["total"]
        repeated = [(category, value) for category, value, n in counts for _ in range(n)]
        table = pd.DataFrame(repeated, columns=["category", attribute])
        table = table.assign(**{other: "none" for other in ("time", "weather") if other != attribute})
        annotated = uncommon.annotate(table.assign(locations=[["none"]] * len(table)))
        assert annotated[f"uncommon_{attribute}"].sum() == expected
        assert sum(n for name, n in sizes.items() if name.startswith("P_") and letter in name[2:]) == expected


@pytest.mark.parametrize(
    ("category", "attribute", "value", "expected"),
    [
        ("plane", "locations", "water", True),
        ("ship", "locations", "water", False),
        ("frog", "time", "night", False),
        ("dog", "locations", "indoors", False),
        ("car", "weather", "none", False),
        ("sofa", "time", "night", False),
        ("car", "time", "dusk", False),
    ],
)
def test_uncommon_depends_on_the_category(category, attribute, value, expected):
    assert uncommon.is_uncommon(category, attribute, value) is expected


def test_an_unknown_attribute_is_named():
    with pytest.raises(UsageError, match=r"unknown attribute 'location'\. Did you mean 'locations'"):
        uncommon.is_uncommon("car", "location", "snow")


def test_one_uncommon_location_makes_an_image_uncommon():
    table = images(("car", "day", "sunny", ["snow", "street"]), ("car", "day", "sunny", ["street"]))
    assert table["partition"].tolist() == ["P_l", "P0"]


def test_every_combination_has_its_partition():
    rows = [
        ("car", time, weather, [location])
        for time in ("day", "night")
        for weather in ("sunny", "foggy")
        for location in ("street", "water")
    ]
    table = images(*rows)
    assert table["partition"].tolist() == ["P0", "P_l", "P_w", "P_wl", "P_t", "P_tl", "P_tw", "P_twl"]
    assert table["n_uncommon"].tolist() == [0, 1, 1, 2, 1, 2, 2, 3]


def test_a_category_without_rules_is_in_no_partition():
    table = together(many("sofa", "night", right=1, of=1), many("car", right=1, of=2))
    assert table["partition"].tolist() == ["none", "P0", "P0"]
    found = partitions(table)
    assert one(found, partition="P0")["n"] == 2
    assert found["n"].sum() == 2


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="settings need a column 'weather'"):
        uncommon.annotate(pd.DataFrame({"category": ["car"], "time": ["day"]}))


def test_partitions_overlap_by_count_and_by_kind():
    table = together(
        many("car", right=3, of=4),
        many("car", "night", right=1, of=2),
        many("car", "night", "foggy", right=0, of=1),
    )
    found = partitions(table).set_index("partition")
    assert tuple(found.index) == uncommon.PARTITIONS
    assert found["n"].to_dict() == dict.fromkeys(uncommon.PARTITIONS, 0) | {
        "P0": 4,
        "P1": 2,
        "P_t": 2,
        "P2": 1,
        "P_tw": 1,
    }
    assert found["value"][["P0", "P1", "P_t", "P2"]].tolist() == [0.75, 0.5, 0.5, 0.0]
    assert found.loc["P3"].isna().sum() == 3


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


def test_a_heatmap_has_every_cell_and_tells_uncommon_ones():
    table = together(
        many("car", locations=["snow", "street"], right=1, of=2), many("ship", locations=["water"], right=1, of=1)
    )
    found = heatmap(table, "locations")
    assert list(found) == ["category", "setting", "uncommon", "value", "low", "high", "n", "n_clusters"]
    assert len(found) == 10 * 9
    assert one(found, category="car", setting="snow")[["uncommon", "value", "n"]].tolist() == [True, 0.5, 2]
    assert one(found, category="car", setting="street")[["uncommon", "value", "n"]].tolist() == [False, 0.5, 2]
    empty = one(found, category="cat", setting="snow")
    assert empty["n"] == 0
    assert np.isnan(empty["value"])


def test_totals_are_over_all_categories():
    table = together(many("car", right=1, of=2), many("cat", right=2, of=2), many("sofa", right=0, of=5))
    assert one(totals(table, "weather"), setting="sunny")[["value", "n"]].tolist() == [0.75, 4]


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


def test_people_are_compared_only_where_the_release_says():
    table = together(many("car", right=1, of=3))
    assert by_humans(table).empty
    found = by_humans(table.assign(humans=["yes", "no", "unknown"]))
    assert found[["humans", "value", "n"]].to_numpy().tolist() == [["no", 0.0, 1], ["yes", 1.0, 1]]


def test_published_numbers_are_fractions_of_the_papers_models():
    paper = published()
    assert paper["accuracy"]["ResNet50"]["P0"] == 0.6922
    assert paper["gaps"]["ResNet50"] == {"time": 0.08, "weather": 0.16, "locations": 0.19}
    assert paper["probe_resnet50"]["snow"]["frog"] == 1.0
    sizes = paper["partition_sizes"]
    assert sizes["P1"] == sizes["P_t"] + sizes["P_w"] + sizes["P_l"]
    assert sizes["P2"] == sizes["P_tw"] + sizes["P_wl"] + sizes["P_tl"]


@pytest.mark.parametrize("spec", (*uncommon.TABLES, *uncommon.DETAILS), ids=lambda spec: spec.name)
def test_clusters_change_intervals_and_nothing_else(spec):
    table = together(
        many("car", right=8, of=10),
        many("car", "night", right=2, of=4),
        many("cat", weather="foggy", locations=["snow", "street"], right=3, of=6),
        many("cat", right=5, of=9),
    )
    table["cluster"] = [f"object {number % 5}" for number in range(len(table))]
    plain, clustered = spec.compute(table), spec.compute(table, cluster="cluster")
    assert list(plain) == list(clustered)
    same = [column for column in plain if column not in ("low", "high", "n_clusters")]
    pd.testing.assert_frame_equal(plain[same], clustered[same], check_exact=False)
    bounds = [column for column in plain if column.endswith("low")]
    assert not np.allclose(plain[bounds], clustered[bounds], equal_nan=True)
