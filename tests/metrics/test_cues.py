"""Tables of what answers hang on, with values worked out by hand on a few images."""

import numpy as np
import pandas as pd
import pytest

from core.errors import UsageError
from core.metrics import cues

ACCURACIES = ["acc_noisy_fg", "acc_noisy_bg", "value"]
NONE = {"ablation": "none", "region": "none", "sigma": 0.0, "draw": 0.0}


def ablated(right, p=None, **columns):
    """A table of images by their right answers to the clean, the grayed and the tiled view."""
    rows = [
        {"sample_id": image, "view": view, "ablation": "none" if view == "clean" else view, "correct": value}
        for image, values in right.items()
        for view, value in zip(("clean", "gray", "tile"), values, strict=False)
    ]
    table = pd.DataFrame(rows, columns=["sample_id", "view", "ablation", "correct"])
    if p is not None:
        table["p_accepted"] = [value for values in p.values() for value in values]
    return table.assign(**{name: table["sample_id"].map(values) for name, values in columns.items()})


def noisy(right, classes, factor="sigma", strengths=(0.25,)):
    """A table of images by their right answers to draws of noise on the object, and of noise around it.

    Args:
        right: By image, for each strength a pair of lists.
        classes: By image.
    """
    rows = [{"sample_id": image, "class": classes[image], **NONE, "correct": 1.0} for image in right]
    for image, by_strength in right.items():
        for strength, sides in zip(strengths, by_strength, strict=True):
            for region, draws in zip(("fg", "bg"), sides, strict=True):
                for number, value in enumerate(draws):
                    said = {**NONE, "region": region, factor: strength, "draw": number + 1.0, "correct": value}
                    rows.append({"sample_id": image, "class": classes[image], **said})
    table = pd.DataFrame(rows).sample(frac=1, random_state=2, ignore_index=True)
    return table if factor == "sigma" else table.drop(columns="sigma").fillna({factor: 0.0})


@pytest.fixture
def four_images():
    """Clean 3 of 4 right; of the three that have an answer to gray one is right then, and two were before."""
    return ablated({"a": (1, 1), "b": (1, 0), "c": (1, np.nan), "d": (0, 0)})


def test_a_drop_is_of_the_images_that_have_both_answers(four_images):
    clean, gray = cues.ablation(four_images).to_dict("records")
    assert (clean["view"], clean["value"], clean["n"], clean["n_clusters"]) == ("clean", 0.75, 4, 4)
    assert np.isnan([clean["drop"], clean["drop_low"], clean["drop_high"]]).all()
    assert (gray["view"], gray["n"], gray["n_clusters"]) == ("gray", 3, 3)
    assert gray["value"] == pytest.approx(1 / 3)
    assert gray["drop"] == pytest.approx(2 / 3 - 1 / 3)
    # Wilson's for 1 of 3. Of the changes 0, 1 and 0 the standard error is 1/3, and t for three 4.30: all is possible.
    assert (gray["low"], gray["high"]) == pytest.approx((0.0615, 0.7923), abs=1e-4)
    assert (gray["drop_low"], gray["drop_high"]) == pytest.approx((-1.0, 1.0))


def test_the_interval_of_a_drop_is_students():
    # 40 images, of which 8 are lost. Variance of a change 0.2 * 0.8 = 0.16; over 39, and what an image a quarter of
    # the way to the bound would add, (1.2 / 160)^2 and (0.8 / 160)^2 times 0.04; t for 40: 2.0227.
    gray = cues.ablation(ablated({name: (1, int(name >= 8)) for name in range(40)})).iloc[1]
    below, above = (2.0227 * np.sqrt(0.16 / 39 + 0.04 * room**2) for room in (1.2 / 160, 0.8 / 160))
    assert (gray["drop"], gray["drop_low"]) == pytest.approx((0.2, 0.2 - below), abs=0.008)
    assert gray["drop_high"] == pytest.approx(0.2 + above, abs=0.008)


def test_the_columns_of_ablation_are_those_that_are_published(four_images):
    wanted = ["view", "value", "low", "high", "drop", "drop_low", "drop_high", "mean_p_accepted", "n", "n_clusters"]
    assert list(cues.ablation(four_images)) == wanted


def test_an_answer_that_gets_right_without_the_object_is_a_drop_below_zero():
    gray = cues.ablation(ablated({name: (int(name >= 10), 1) for name in range(20)})).iloc[1]
    assert gray["drop"] == -0.5
    # Standard error sqrt(0.25 / 19), t for 20: 2.093.
    assert (gray["drop_low"], gray["drop_high"]) == pytest.approx((-0.74, -0.26), abs=0.02)


def test_mean_probability_is_of_the_counted_images():
    right = {"a": (1, 1), "b": (1, 0), "c": (1, np.nan), "d": (0, 0)}
    known = {"a": (0.9, 0.5), "b": (0.8, 0.3), "c": (0.7, np.nan), "d": (0.2, 0.1)}
    assert cues.ablation(ablated(right, known))["mean_p_accepted"].tolist() == pytest.approx([0.65, 0.3])


def test_mean_probability_is_not_made_of_the_images_where_it_happens_to_be_known():
    found = cues.ablation(ablated({"a": (1, 1), "b": (1, 0)}, {"a": (0.9, 0.5), "b": (0.8, np.nan)}))
    assert found["mean_p_accepted"][0] == pytest.approx(0.85)
    assert np.isnan(found["mean_p_accepted"][1])


def test_the_clean_view_is_first_and_views_with_noise_play_no_part(four_images):
    noise = four_images[four_images["view"] == "gray"].assign(view="noise-fg@0.25-1", ablation="none", region="fg")
    table = pd.concat([noise, four_images[::-1].assign(region="none")], ignore_index=True)
    found = cues.ablation(table)
    assert found["view"].tolist() == ["clean", "gray"]
    pd.testing.assert_frame_equal(found, cues.ablation(four_images))


def test_text_columns_may_be_categories_and_images_numbers(four_images):
    compact = four_images.assign(sample_id=four_images["sample_id"].map({"a": 4, "b": 2, "c": 9, "d": 7}))
    compact = compact.astype({"view": "category", "ablation": "category"})
    pd.testing.assert_frame_equal(cues.ablation(compact), cues.ablation(four_images))


def test_objects_are_resampled_where_images_share_them():
    # Object p keeps its three answers, q loses its three: Wilson's for 1 of 2; of the change two objects say nothing.
    right = {name: (1, int(name in "abc")) for name in "abcdef"}
    objects = {name: "p" if name in "abc" else "q" for name in "abcdef"}
    gray = cues.ablation(ablated(right, cluster=objects), cluster="cluster").iloc[1]
    assert (gray["n"], gray["n_clusters"], gray["drop"]) == (6, 2, 0.5)
    assert (gray["low"], gray["high"]) == pytest.approx((0.0945, 0.9055), abs=1e-4)
    assert (gray["drop_low"], gray["drop_high"]) == (-1.0, 1.0)
    alone = cues.ablation(ablated(right)).iloc[1]
    # Six images say more: standard error sqrt(0.25 / 5) and t for six, 2.571.
    assert alone["drop_low"] == pytest.approx(-0.075, abs=0.02)
    assert alone["n_clusters"] == 6


def test_clusters_of_one_image_each_are_no_clusters(four_images):
    table = four_images.assign(cluster=four_images["sample_id"])
    pd.testing.assert_frame_equal(cues.ablation(table, cluster="cluster"), cues.ablation(four_images))


def test_a_drop_that_never_varies_still_has_a_width():
    gray = cues.ablation(ablated(dict.fromkeys(range(20), (1, 0)))).iloc[1]
    # Wilson's upper end for 0 of 20 is 0.161; such an image could change by -1 instead of 1.
    assert (gray["drop"], gray["drop_low"], gray["drop_high"]) == pytest.approx((1.0, 0.678, 1.0), abs=1e-3)
    assert (gray["value"], gray["low"], gray["high"]) == pytest.approx((0.0, 0.0, 0.161), abs=1e-3)


def test_one_image_has_a_drop_and_no_interval_of_it():
    gray = cues.ablation(ablated({"a": (1, 0)})).iloc[1]
    assert (gray["value"], gray["drop"], gray["n"]) == (0.0, 1.0, 1)
    assert np.isnan([gray["drop_low"], gray["drop_high"]]).all()


@pytest.mark.parametrize("right", [(np.nan, np.nan), (np.nan, 1.0)], ids=["all failed", "clean failed"])
def test_where_no_image_has_both_answers_nothing_is_said(right):
    found = cues.ablation(ablated({"a": right, "b": right}))
    assert found["view"].tolist() == ["clean", "gray"]
    assert found["n"].tolist() == found["n_clusters"].tolist() == [0, 0]
    assert found.drop(columns=["view", "n", "n_clusters"]).isna().all(axis=None)


def test_a_view_that_some_images_lack_is_counted_where_it_is():
    found = cues.ablation(ablated({"a": (1, 0, 1), "b": (1,), "c": (1, 1)})).set_index("view")
    assert found["n"].to_dict() == {"clean": 3, "gray": 2, "tile": 1}
    assert found["drop"].to_dict() == pytest.approx({"clean": np.nan, "gray": 0.5, "tile": 0.0}, nan_ok=True)


def test_without_predictions_there_are_no_rows():
    nothing = ablated({})
    assert len(cues.ablation(nothing)) == 0
    assert list(cues.ablation(nothing)) == list(cues.ablation(ablated({"a": (1, 0)})))
    empty = noisy({"a": [([1], [1])]}, {"a": "x"}).iloc[:0]
    assert list(cues.rfs(empty)) == ["norm", "sigma", *ACCURACIES, "low", "high", "n", "n_clusters"]
    assert list(cues.rfs_by_class(empty)) == ["norm", "class", *ACCURACIES, "low", "high", "n", "n_clusters"]
    assert len(cues.rfs(empty)) == len(cues.rfs_by_class(empty)) == 0


def test_draws_are_averaged_within_images_images_within_classes_then_classes():
    # Class x: 2/3 and 0 of two images make 1/3, 1 and 1/2 make 3/4 (the third draw of b has one side only: neither
    # counts); class y: 1 and 1. So 2/3 and 7/8; their mean is 37/48: (5/24) / (22/48).
    right = {"a": [([1, 1, 0], [1, 1, 1])], "b": [([0, 0, 1], [1, 0, np.nan])], "c": [([1, 1, 1], [1, 1, 1])]}
    found = cues.rfs(noisy(right, {"a": "x", "b": "x", "c": "y"}))
    assert found["norm"].tolist() == ["pixel", "pixel"]
    np.testing.assert_array_equal(found["sigma"], [0.25, np.nan])
    for row in found.to_dict("records"):
        assert [row[name] for name in ACCURACIES] == pytest.approx([2 / 3, 7 / 8, 5 / 11])
        assert (row["n"], row["n_clusters"]) == (3, 3)


def test_each_strength_has_a_row_and_the_last_pools_them_by_image():
    # Strength 30: a is right on both sides, b on neither; 60: a is wrong with noise on it, b is as before.
    right = {"a": [([1], [1]), ([0], [1])], "b": [([0], [0]), ([0], [0])]}
    found = cues.rfs(noisy(right, {"a": "x", "b": "x"}, "l2", (30.0, 60.0)))
    assert found["norm"].tolist() == ["l2"] * 3
    np.testing.assert_array_equal(found["sigma"], [30, 60, np.nan])
    # 1/2 and 1/2; 0 and 1/2: the mean 1/4 leaves 1/2; 1/4 and 1/2: the mean is 3/8: (1/4) / (3/4).
    np.testing.assert_allclose(
        found[ACCURACIES], [[0.5, 0.5, 0.0], [0.0, 0.5, 1.0], [0.25, 0.5, 1 / 3]], rtol=0, atol=1e-12
    )


def test_an_image_that_failed_counts_in_no_mean_and_no_n():
    nan = [np.nan]
    table = noisy({"a": [([0], [1])], "b": [(nan, nan)], "c": [(nan, [1])]}, {"a": "x", "b": "x", "c": "y"})
    found = cues.rfs(table).iloc[0]
    assert (found["acc_noisy_fg"], found["acc_noisy_bg"], found["value"], found["n"]) == (0.0, 1.0, 1.0, 1)
    assert np.isnan([found["low"], found["high"]]).all()


def test_where_all_failed_every_row_says_so():
    nan = [np.nan]
    table = noisy({"a": [(nan, nan)], "b": [(nan, nan)]}, {"a": "x", "b": "y"})
    for found, n_rows in ((cues.rfs(table), 2), (cues.rfs_by_class(table), 2)):
        assert len(found) == n_rows
        assert found["n"].tolist() == found["n_clusters"].tolist() == [0] * n_rows
        assert found[[*ACCURACIES, "low", "high"]].isna().all(axis=None)


def test_each_class_has_its_own_rfs():
    right = {"a": [([0], [1]), ([1], [1])], "b": [([1], [0]), ([1], [1])], "c": [([np.nan], [1]), ([np.nan], [1])]}
    classes = {"a": "x", "b": "a class", "c": "z"}
    found = cues.rfs_by_class(noisy(right, classes, strengths=(0.25, 0.5)))
    assert found["class"].tolist() == ["a class", "x", "z"]
    assert found["n"].tolist() == [1, 1, 0]
    # x: 1/2 and 1, whose mean leaves 1/4: (1/2) / (1/2).
    np.testing.assert_allclose(found[ACCURACIES], [[1.0, 0.5, -1.0], [0.5, 1.0, 1.0], [np.nan] * 3])


def test_images_of_no_class_are_left_out():
    table = noisy({"a": [([0], [1])], "b": [([0], [0])]}, {"a": "x", "b": None})
    assert cues.rfs(table)["n"].tolist() == [1, 1]
    assert cues.rfs_by_class(table)["class"].tolist() == ["x"]


def test_classes_may_be_called_categories_and_columns_be_of_categories():
    right = {"a": [([1, 0], [1, 1])], "b": [([0, 0], [1, 0])], "c": [([1, 1], [1, 0])]}
    table = noisy(right, {"a": "x", "b": "x", "c": "y"})
    compact = table.rename(columns={"class": "category"}).astype({"category": "category", "region": "category"})
    pd.testing.assert_frame_equal(cues.rfs(compact), cues.rfs(table))
    pd.testing.assert_frame_equal(cues.rfs_by_class(compact), cues.rfs_by_class(table))


def test_objects_are_resampled_for_rfs_where_images_share_them():
    names = "abcdefghijklmnopqrstuvwx"
    right = {name: [([0], [1]) if name < "m" else ([1], [0])] for name in names}
    table = noisy(right, dict.fromkeys(names, "x"))
    table["cluster"] = table["sample_id"].map(lambda name: "p" if name < "m" else "q")
    shared = cues.rfs(table, cluster="cluster").iloc[0]
    # Object p alone gives RFS 1, q alone -1.
    assert (shared["value"], shared["low"], shared["high"], shared["n"], shared["n_clusters"]) == (0, -1, 1, 24, 2)
    alone = cues.rfs(table).iloc[0]
    assert (alone["n"], alone["n_clusters"]) == (24, 24)
    assert -1 < alone["low"] < 0 < alone["high"] < 1


@pytest.mark.parametrize("function", [cues.rfs, cues.rfs_by_class])
@pytest.mark.parametrize("column", ["sample_id", "correct", "region", "draw", "class"])
def test_a_column_that_is_missing_is_named(function, column):
    table = noisy({"a": [([1], [1])]}, {"a": "x"}).drop(columns=column)
    with pytest.raises(UsageError, match=f"no column '{column}', which the table needs: there are"):
        function(table)


def test_noise_of_no_known_strength_says_which_views_have_it():
    table = noisy({"a": [([1], [1])]}, {"a": "x"}).drop(columns="sigma")
    with pytest.raises(UsageError, match=r"no column sigma or l2 .* --view rfs, rfs-l2 or all-cues"):
        cues.rfs(table)


def test_a_table_without_ablations_says_which_views_have_them(four_images):
    with pytest.raises(UsageError, match=r"no column 'ablation'.*--view ablations"):
        cues.ablation(four_images.drop(columns="ablation"))
    with pytest.raises(UsageError, match="no column 'object'"):
        cues.ablation(four_images, cluster="object")
