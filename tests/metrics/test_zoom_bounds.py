import numpy as np
import pandas as pd
import pytest

from core.errors import DataError
from core.metrics import intervals, zoom
from core.metrics.zoom.grid import Grid
from core.metrics.zoom.ladder import ladder

NAN = np.nan
VIEWS = pd.DataFrame([(128, 1, 1), (256, 1, 1), (256, 0, 0), (512, 1, 1)], columns=["size", "row", "col"])
#: The crop solves 0; 512 solves 0, 1 and 2; 128 solves 3; nothing solves 4; 5 failed.
CORRECT = np.array(
    [
        [0, 1, 0, 1],
        [0, 0, 0, 1],
        [0, 0, 0, 1],
        [1, 0, 0, 0],
        [0, 0, 0, 0],
        [NAN, NAN, NAN, NAN],
    ]
)
COVER = "any of the cover's first 36"


def named(table):
    return {(row["bound"], row["mark"]): row for row in table.to_dict("records")}


def test_the_ladder_from_one_crop_to_the_oracle():
    table = zoom.bound(CORRECT, VIEWS)
    assert list(table)[:6] == ["bound", "top1", "low", "high", "passes", "n"]
    found = named(table)
    assert {key: (row["top1"], row["passes"]) for key, row in found.items() if "half" not in key[1]} == {
        ("1-crop", ""): (0.2, 1),
        ("best single view", "chosen on these images"): (0.6, 1),
        (COVER, "oracle, chosen on these images"): (0.8, 2),
        ("any of 4", "oracle"): (0.8, 4),
    }
    assert table["bound"].is_unique
    assert table["bound"].tolist()[0] == "1-crop" and table["bound"].tolist()[-1] == "any of 4"
    assert (table["n"] == 5).all() and (table["n_failed"] == 1).all() and (table["n_clusters"] == 5).all()
    best = found["best single view", "chosen on these images"]
    assert (best["size"], best["row"], best["col"]) == (512, 1, 1)
    assert not best["oracle"] and found["any of 4", "oracle"]["oracle"]
    # Wilson's for 4 of 5.
    assert (found["any of 4", "oracle"]["low"], found["any of 4", "oracle"]["high"]) == pytest.approx(
        (0.3755, 0.9638), abs=1e-4
    )


def test_the_interval_of_a_chosen_view_holds_for_all_it_was_chosen_from():
    best = named(zoom.bound(CORRECT, VIEWS))["best single view", "chosen on these images"]
    low, high = (float(end) for end in intervals.wilson(3, 5, 1 - 0.05 / 4))
    assert (best["low"], best["high"]) == pytest.approx((low, high))
    alone = intervals.wilson(3, 5)
    assert best["low"] < alone[0] and best["high"] > alone[1]
    single = zoom.bound(CORRECT[:, [1]], VIEWS[1:2]).iloc[1]
    assert (single["low"], single["high"]) == pytest.approx(tuple(map(float, intervals.wilson(1, 5))))


def test_gains_are_of_the_same_images():
    found = named(zoom.bound(CORRECT, VIEWS))
    assert np.isnan(found["1-crop", ""]["gain"])
    oracle = found["any of 4", "oracle"]
    assert oracle["gain"] == pytest.approx(0.6)
    # Of five changes three are 1 and two 0: standard error sqrt(0.24 / 4) = 0.245, and what an image a quarter of
    # the way to -1 would add, 0.04 * (1.6 / 20)^2 = 0.0003; t for five: 2.776.
    assert (oracle["gain_low"], oracle["gain_high"]) == pytest.approx((0.6 - 2.776 * np.sqrt(0.0603), 1.0), abs=0.03)


def test_a_view_is_chosen_on_one_half_and_counted_on_the_other():
    # Two pairs of images. Within each half the better view is that of its own pair unless the halves mix them.
    views = VIEWS[:2]
    correct = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=float)
    clusters = ["a", "a", "b", "b"]
    found = named(zoom.bound(correct, views, clusters))
    # Chosen on a: view 0, which is never right on b; and the other way round.
    assert found["best single view, cross-fitted", "chosen on the other half"]["top1"] == 0.0
    assert found["best single view", "chosen on these images"]["top1"] == 0.5
    assert found[f"{COVER}, cross-fitted", "oracle, chosen on the other half"]["top1"] == 0.0
    assert found[COVER, "oracle, chosen on these images"]["top1"] == 1.0
    assert found[f"{COVER}, cross-fitted", "oracle, chosen on the other half"]["passes"] == 2
    assert (found["any of 2", "oracle"]["n"], found["any of 2", "oracle"]["n_clusters"]) == (4, 2)


@pytest.mark.parametrize("seed", range(5))
def test_choosing_on_the_same_images_looks_better_than_it_is(seed):
    rng = np.random.default_rng(seed)
    views = pd.DataFrame({"size": np.arange(16, 216), "row": 1, "col": 1})
    correct = rng.random((120, 200)) < 0.3
    found = named(zoom.bound(correct, views, first=5, seed=seed))
    name = "any of the cover's first 5"
    best = found["best single view", zoom.CHOSEN]
    fitted = found["best single view, cross-fitted", zoom.CROSS_FITTED]
    # All views are right in 0.3 of the images; 200 tries find one that seems to be better by three deviations.
    assert best["top1"] > 0.38 > fitted["top1"]
    assert best["low"] < 0.3
    cover = found[name, f"oracle, {zoom.CHOSEN}"]
    honest = found[f"{name}, cross-fitted", f"oracle, {zoom.CROSS_FITTED}"]
    # Five independent tries: 1 - 0.7 ** 5 = 0.83.
    assert cover["top1"] > 0.92 > honest["top1"]
    assert honest["low"] < 0.832 < honest["high"]


def test_clusters_widen_the_intervals_of_every_row():
    rng = np.random.default_rng(1)
    clusters = np.repeat(np.arange(20), 10)
    correct = (rng.random((20, 4)) < 0.5)[clusters].astype(float)
    alone, together = zoom.bound(correct, VIEWS), zoom.bound(correct, VIEWS, clusters)
    assert alone["top1"].drop([2, 4]).tolist() == together["top1"].drop([2, 4]).tolist()
    width = [table["high"] - table["low"] for table in (alone, together)]
    assert (width[1].drop([2, 4]) > 1.5 * width[0].drop([2, 4])).all()
    assert (together["low"] >= 0).all() and (together["high"] <= 1).all()
    assert (together["n_clusters"] == 20).all()


def test_a_chosen_view_is_stretched_where_clusters_are_resampled():
    clusters = np.repeat(np.arange(40), 5)
    correct = (np.random.default_rng(2).random((40, 4)) < [0.4, 0.4, 0.4, 0.6])[clusters].astype(float)
    best = zoom.bound(correct, VIEWS, clusters).iloc[1]
    plain = zoom.by_zoom(correct, VIEWS, clusters).iloc[3]
    assert (best["size"], best["top1"]) == (512, plain["top1"])
    # The normal quantiles of 1 - 0.05 / 4 and of 0.95, two-sided, are 2.498 and 1.960.
    assert best["high"] - best["top1"] == pytest.approx(2.498 / 1.960 * (plain["high"] - plain["top1"]), rel=0.1)
    assert best["top1"] - best["low"] == pytest.approx(2.498 / 1.960 * (plain["top1"] - plain["low"]), rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_no_rung_is_above_the_oracle(seed):
    rng = np.random.default_rng(seed)
    rungs = ladder(Grid.of(rng.random((50, 4)) < 0.3, VIEWS), seed=seed)
    oracle = rungs[-1].hits
    assert all((rung.hits <= oracle).all() for rung in rungs)
    found = named(zoom.bound(rng.random((50, 4)) < 0.3, VIEWS, seed=seed))
    order = [("any of 4", "oracle"), ("best single view", zoom.CHOSEN), ("1-crop", "")]
    values = [found[key]["top1"] for key in order]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_all_wrong_or_all_right(right):
    table = zoom.bound(np.full((6, 4), right), VIEWS)
    assert (table["top1"] == right).all()
    assert (table["gain"][1:] == 0).all()
    assert (table["high"] > table["low"]).all()
    assert table["passes"].tolist() == [1, 1, 1, int(right), int(right), 4]


def test_a_single_image_cannot_be_split():
    found = named(zoom.bound(np.array([[0, 0, 1, 0]], dtype=float), VIEWS))
    assert found["any of 4", "oracle"]["top1"] == 1.0
    fitted = found["best single view, cross-fitted", "chosen on the other half"]
    assert np.isnan([fitted["top1"], fitted["low"], fitted["gain"]]).all()
    assert (fitted["n"], fitted["n_failed"]) == (0, 1)
    assert np.isnan(found["any of 4", "oracle"]["gain_low"])


def test_no_images_at_all():
    table = zoom.bound(np.empty((0, 4)), VIEWS)
    assert len(table) == 6
    assert table[["top1", "low", "high", "gain"]].isna().all(axis=None)
    assert (table["n"] == 0).all()


def test_a_family_without_the_standard_crop_has_no_gain():
    table = zoom.bound(CORRECT[:, [0, 3]], VIEWS.iloc[[0, 3]])
    assert np.isnan(table["top1"][0]) and table["n"][0] == 0
    assert table["gain"].isna().all()
    assert table["top1"].iloc[-1] == 0.8


#: Class 1 is right for all. Majority: 1; 2; a tie of 1 and 2; 1; 3.
TOP = np.array([[1, 1, 2], [2, 2, 1], [1, 2, 3], [1, 1, 1], [3, 3, 3], [-1, -1, -1]])
P_TOP = np.array([[0.3, 0.2, 0.9], [0.4, 0.3, 0.9], [0.5, 0.6, 0.1], [0.5, 0.5, 0.5], [0.9, 0.9, 0.9], [NAN] * 3])


def test_votes_stand_beside_the_bounds():
    ensemble = zoom.Ensemble("tta-rrc@3", TOP, P_TOP, mean_top=np.array([1, 2, 1, 1, 3, -1]))
    found = named(zoom.bound(CORRECT, VIEWS, accepted=[[1]] * 6, ensembles=[ensemble]))
    # Most confident: 2, 1, 2, 1, 3. Majority: 1, 2, then 2 by its probability, 1, 3.
    assert {way: found[f"TTA {way}, tta-rrc@3", ""]["top1"] for way in ("mean", "max", "majority")} == {
        "mean": 0.6,
        "max": 0.4,
        "majority": 0.4,
    }
    # One crop is right for image 0 only. By majority 3 is won and nothing lost; by the most confident 0 is lost too.
    assert found["TTA majority, tta-rrc@3", ""]["gain"] == pytest.approx(0.2)
    assert found["TTA max, tta-rrc@3", ""]["gain"] == pytest.approx(0.2)
    assert found["TTA max, tta-rrc@3", ""]["passes"] == 3
    assert not found["TTA max, tta-rrc@3", ""]["oracle"]


def test_an_image_without_a_vote_is_missing_in_that_row_only():
    top = TOP.copy()
    top[0] = -1
    ensemble = zoom.Ensemble("three", top)
    found = named(zoom.bound(CORRECT, VIEWS, accepted=[[1]] * 6, ensembles=[ensemble]))
    row = found["TTA majority, three", ""]
    # Of images 1 to 4: 2, the lowest of three equals, 1, 3.
    assert (row["top1"], row["n"], row["n_failed"]) == (0.5, 4, 2)
    assert row["gain"] == 0.5
    assert found["any of 4", "oracle"]["n"] == 5


def test_votes_need_labels_of_the_same_images():
    with pytest.raises(DataError, match="accepted classes"):
        zoom.bound(CORRECT, VIEWS, ensembles=[zoom.Ensemble("three", TOP)])
    with pytest.raises(DataError, match="6 images, but 5 have labels"):
        zoom.bound(CORRECT, VIEWS, accepted=[[1]] * 5, ensembles=[zoom.Ensemble("three", TOP)])
    with pytest.raises(DataError, match="has 2 images, and the views 6"):
        zoom.bound(CORRECT, VIEWS, accepted=[[1]] * 2, ensembles=[zoom.Ensemble("three", TOP[:2])])


def test_origins_have_their_own_numbers():
    origin = ["v2", "a", "a", "v2", "v2", "a"]
    found = zoom.by_origin(CORRECT, VIEWS, origin)
    assert list(found)[:2] == ["origin", "bound"]
    assert found["origin"].unique().tolist() == ["a", "v2"]
    values = found.set_index(["origin", "bound", "mark"])
    # Images 1 and 2 of a; 0, 3 and 4 of v2.
    assert values.loc[("a", "1-crop", ""), "top1"] == 0.0
    assert values.loc[("v2", "1-crop", ""), "top1"] == pytest.approx(1 / 3)
    assert values.loc[("a", "any of 4", "oracle"), ["top1", "n", "n_failed"]].tolist() == [1.0, 2, 1]
    assert values.loc[("v2", "any of 4", "oracle"), ["top1", "n", "n_failed"]].tolist() == [pytest.approx(2 / 3), 3, 0]
    # 512, chosen on all five images, solves image 0 of v2.
    assert values.loc[("v2", "best single view", zoom.CHOSEN), "top1"] == pytest.approx(1 / 3)


def test_an_origin_that_only_failed_has_no_number():
    found = zoom.by_origin(CORRECT, VIEWS, ["a"] * 5 + ["b"])
    lost = found[found["origin"] == "b"]
    assert lost["top1"].isna().all() and (lost["n"] == 0).all() and (lost["n_failed"] == 1).all()
    assert list(zoom.by_origin(np.empty((0, 4)), VIEWS, [])) == list(found)
    with pytest.raises(DataError, match="2 origins for 6 images"):
        zoom.by_origin(CORRECT, VIEWS, ["a", "b"])
