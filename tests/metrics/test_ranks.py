"""Both ends of a ranking within classes, with values worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from core.metrics.differences import difference
from core.metrics.ranks import CHANGE, FIRST, LAST, by_rank

PLACES = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Of each class, whether its images are right by their place; that in the middle is in no quarter.
CLEAN = {"A": (1, 0, 0, 1, 1), "B": (0, 0, 1, 1, 0)}
GRAY = {"A": (0, 0, 1, 0, 0), "B": (0, 1, 0, 1, 0)}


def said(right, view="clean", **columns):
    rows = [
        {"sample_id": f"{name}{at}", "view": view, "class": name, "spurious_rank": PLACES[at], "correct": float(answer)}
        for name, answers in right.items()
        for at, answer in enumerate(answers)
    ]
    return pd.DataFrame(rows).assign(**columns)


def by_part(table, view="clean"):
    return table[table["view"] == view].set_index("part")


def test_quarters_are_counted_and_compared_within_classes():
    found = by_part(by_rank(said(CLEAN)))
    assert list(found.index) == [FIRST, LAST, CHANGE]
    # First quarters: A has 1 of 2, B 0 of 2. Last ones: 2 of 2 and 1 of 2. The difference is 0.5 in both classes.
    assert found["value"].tolist() == [0.25, 0.75, 0.5]
    assert found["n"].tolist() == [4, 4, 8]
    assert found["n_clusters"].tolist() == [4, 4, 8]
    assert found["n_classes"].tolist() == [2, 2, 2]
    # Wilson's interval of 1 of 4.
    assert found.loc[FIRST, ["low", "high"]].tolist() == pytest.approx([0.0456, 0.6994], abs=1e-4)
    assert found["drop"].isna().all()


def test_one_class_has_newcombes_interval():
    # 56 of 70 against 48 of 80, Newcombe 1998, Table II (a), method 10: 0.0524 to 0.3339.
    right = np.r_[np.ones(48), np.zeros(32), np.ones(56), np.zeros(14)]
    rank = np.r_[np.zeros(80), np.ones(70)]
    table = pd.DataFrame({"sample_id": np.arange(150), "view": "clean", "class": "A", "correct": right})
    found = by_part(by_rank(table.assign(spurious_rank=rank)))
    assert found.loc[CHANGE, ["value", "low", "high"]].tolist() == pytest.approx([0.2, 0.0524, 0.3339], abs=1e-4)


def test_a_mix_of_classes_is_no_difference():
    # Within each class both ends are alike, but the last quarter has more images of the class that is always right.
    table = pd.concat(
        [
            said({"A": (1, 1, 1, 1, 1)}),
            said({"A": (1, 1, 1, 1, 1)}).tail(2).assign(sample_id=["more", "most"]),
            said({"B": (0, 0, 0, 0, 0)}),
        ],
        ignore_index=True,
    )
    found = by_part(by_rank(table))
    assert found["value"].tolist() == [0.5, pytest.approx(4 / 6), 0.0]


def test_a_class_without_one_of_its_ends_counts_nowhere():
    some = said({**CLEAN, "C": (1, 1, 1, 1, 1)})
    some.loc[(some["class"] == "C") & (some["spurious_rank"] > 0.5), "correct"] = np.nan
    pd.testing.assert_frame_equal(by_rank(some), by_rank(said(CLEAN)))


def test_what_is_not_ranked_or_has_no_answer_counts_nowhere():
    unranked = said({"A": (0, 0, 0, 0, 0)}).assign(sample_id=list("vwxyz"), spurious_rank=np.nan)
    pd.testing.assert_frame_equal(by_rank(pd.concat([said(CLEAN), unranked])), by_rank(said(CLEAN)))
    assert by_rank(unranked).empty


def ablated(gray=GRAY):
    return pd.concat(
        [
            said(gray, "gray", ablation="gray", region="none"),
            said(CLEAN, ablation="none", region="none"),
            said(GRAY, "noise", ablation="none", region="fg"),
        ],
        ignore_index=True,
    )


def test_without_the_object_there_is_also_the_drop():
    found = by_rank(ablated())
    assert list(found["view"].unique()) == ["clean", "gray"]
    gray = by_part(found, "gray")
    assert gray["value"].tolist() == [0.25, 0.25, 0.0]
    # Drops of the first quarters: A 1 and 0, B 0 and -1. Of the last: A 1 and 1, B 0 and 0.
    assert gray["drop"].tolist() == [0.0, 0.5, 0.5]
    assert (gray["drop_low"] < gray["drop"]).all()
    assert (gray["drop_high"] > gray["drop"]).all()
    pd.testing.assert_frame_equal(by_part(found), by_part(by_rank(said(CLEAN))))


def test_a_row_is_of_images_that_have_both_answers():
    table = ablated()
    table.loc[(table["view"] == "gray") & (table["sample_id"] == "A0"), "correct"] = np.nan
    gray = by_part(by_rank(table), "gray")
    assert gray["n"].tolist() == [3, 4, 7]
    # A: 2/2 less 0/1; B: 0/2 less -1/2. Weights are 3/7 and 4/7.
    assert gray.loc[CHANGE, "drop"] == pytest.approx(3 / 7 * 1.0 + 4 / 7 * 0.5)
    assert by_part(by_rank(table))["n"].tolist() == [4, 4, 8]


def test_objects_are_resampled_where_images_share_them():
    table = said(CLEAN).assign(object=["one", "two", "three", "four", "five"] * 2)
    found = by_part(by_rank(table, "object"))
    assert found["n_clusters"].tolist() == [2, 2, 4]
    kept = table[table["spurious_rank"] != 0.5]
    expected = difference(
        kept["correct"].to_numpy(),
        (kept["spurious_rank"] > 0.5).to_numpy(),
        clusters=kept["object"].to_numpy(),
        strata=(kept["class"] == "B").to_numpy(int),
        weights=np.array([0.5, 0.5]),
    )
    assert found.loc[CHANGE, "value"] == expected.value == 0.5
    assert found.loc[CHANGE, ["low", "high"]].tolist() == pytest.approx([expected.low, expected.high])
