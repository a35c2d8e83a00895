"""Accuracy by partition and by cell; expected values are worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from core import uncommon
from core.uncommon.tables import by_humans, heatmap, partitions, totals
from tests.uncommon.annotated import many, one, together


def test_a_category_without_rules_is_in_no_partition():
    table = together(many("sofa", "night", right=1, of=1), many("car", right=1, of=2))
    assert table["partition"].tolist() == ["none", "P0", "P0"]
    found = partitions(table)
    assert one(found, partition="P0")["n"] == 2
    assert found["n"].sum() == 2


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


def test_people_are_compared_only_where_the_release_says():
    table = together(many("car", right=1, of=3))
    assert by_humans(table).empty
    found = by_humans(table.assign(humans=["yes", "no", "unknown"]))
    assert found[["humans", "value", "n"]].to_numpy().tolist() == [["no", 0.0, 1], ["yes", 1.0, 1]]


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
