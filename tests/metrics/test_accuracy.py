import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import metrics
from core.errors import DataError, UsageError
from core.metrics import intervals


def ranking(*best):
    """Ten classes, the given ones first, the rest from 900 up."""
    return [*best, *range(900, 910 - len(best))]


def sample_table(accepted, **columns):
    ids = list(accepted)
    return pd.DataFrame({"sample_id": ids, "accepted": list(accepted.values()), "cluster": ids, **columns})


@pytest.fixture(params=["plain", "arrow"])
def predicted(request):
    """Make a predictions table as a test would write it, and as the store reads it."""

    def table(top10, error=None):
        error = error or {}
        ids = list(top10)
        ranked = pd.Series(list(top10.values()), dtype=object)
        if request.param == "arrow":
            ranked = pd.Series(pa.array(list(top10.values()), pa.list_(pa.int32())), dtype=lists_of_int32())
        errors = pd.Series([error.get(sample_id) for sample_id in ids], dtype=object)
        return pd.DataFrame({"sample_id": ids, "view": "clean", "top10": ranked, "error": errors})

    return table


def lists_of_int32():
    return pd.ArrowDtype(pa.list_(pa.int32()))


def test_predictions_are_joined_by_id_not_by_position(predicted):
    samples = sample_table({"a": [1], "b": [2], "c": [3]}, area=[0.1, 0.2, 0.3])
    joined = metrics.join(samples, predicted({"c": ranking(3), "a": ranking(1), "b": ranking(9)}))
    assert joined["sample_id"].tolist() == ["a", "b", "c"]
    assert joined["area"].tolist() == [0.1, 0.2, 0.3]
    assert joined["correct"].tolist() == [1.0, 0.0, 1.0]
    assert [row[0] for row in joined["top10"]] == [1, 9, 3]


def test_samples_without_a_prediction_are_left_out(predicted):
    joined = metrics.join(sample_table({"a": [1], "b": [2], "c": [3]}), predicted({"c": ranking(3)}))
    assert joined["sample_id"].tolist() == ["c"]
    assert joined["correct"].tolist() == [1.0]


def test_no_predictions_yet_give_an_empty_table(predicted):
    joined = metrics.join(sample_table({"a": [1]}), predicted({}))
    assert len(joined) == 0
    assert {"correct", "correct_top5"} <= set(joined.columns)


def test_a_sample_that_stands_twice_is_an_error(predicted):
    samples = pd.concat([sample_table({"a": [1]}), sample_table({"a": [2]})])
    with pytest.raises(DataError, match="'a' stands twice in the samples"):
        metrics.join(samples, predicted({"a": ranking(1)}))


def test_a_prediction_that_stands_twice_is_an_error(predicted):
    twice = pd.concat([predicted({"a": ranking(1)}), predicted({"a": ranking(1)})])
    with pytest.raises(DataError, match="'a' stands twice in the predictions"):
        metrics.join(sample_table({"a": [1], "b": [1]}), twice)


def test_a_prediction_of_an_unknown_image_is_an_error_that_names_it(predicted):
    with pytest.raises(DataError, match="another data set: 'stranger' is not among the samples"):
        metrics.join(sample_table({"a": [1], "b": [2]}), predicted({"a": ranking(1), "stranger": ranking(2)}))


def test_any_accepted_class_counts(predicted):
    samples = sample_table({"a": [7, 8, 9], "b": [7, 8, 9], "c": [5]})
    joined = metrics.join(samples, predicted({"a": ranking(9), "b": ranking(5), "c": ranking(5)}))
    assert joined["correct"].tolist() == [1.0, 0.0, 1.0]


def test_an_image_that_accepts_nothing_is_wrong(predicted):
    joined = metrics.join(sample_table({"a": [], "b": [1]}), predicted({"a": ranking(1), "b": ranking(1)}))
    assert joined["correct"].tolist() == [0.0, 1.0]


def test_accepted_classes_may_be_arrow_lists(predicted):
    samples = sample_table({"a": [7, 8], "b": [1]})
    samples["accepted"] = samples["accepted"].astype(lists_of_int32())
    joined = metrics.join(samples, predicted({"b": ranking(2), "a": ranking(8)}))
    assert joined["correct"].tolist() == [1.0, 0.0]


def test_top5_counts_the_fifth_place_and_not_the_sixth(predicted):
    samples = sample_table({"fifth": [1], "sixth": [1], "first": [1]})
    predictions = predicted(
        {"fifth": ranking(2, 3, 4, 5, 1), "sixth": ranking(2, 3, 4, 5, 6, 1), "first": ranking(1, 2)}
    )
    joined = metrics.join(samples, predictions)
    assert joined["correct"].tolist() == [0.0, 0.0, 1.0]
    assert joined["correct_top5"].tolist() == [1.0, 0.0, 1.0]


def test_a_failed_image_is_nan_and_counted_nowhere(predicted):
    samples = sample_table({"a": [1], "b": [1], "broken": [1]})
    predictions = predicted({"a": ranking(1), "b": ranking(2), "broken": None}, {"broken": "truncated file"})
    joined = metrics.join(samples, predictions)
    assert joined["correct"].isna().tolist() == [False, False, True]
    assert joined["correct_top5"].isna().tolist() == [False, False, True]
    row = metrics.accuracy_by(joined, []).iloc[0]
    assert (row["n"], row["n_clusters"], row["value"]) == (2, 2, 0.5)


def test_a_run_in_which_every_image_failed_has_no_accuracy(predicted):
    joined = metrics.join(sample_table({"a": [1], "b": [2]}), predicted({"a": None, "b": None}, {"a": "x", "b": "x"}))
    row = metrics.accuracy_by(joined, []).iloc[0]
    assert row["n"] == 0
    assert row[["value", "low", "high"]].isna().all()


def test_rankings_of_different_lengths_are_an_error(predicted):
    samples = sample_table({"a": [1], "b": [1]})
    with pytest.raises(DataError, match="'top10' holds lists of different lengths"):
        metrics.join(samples, predicted({"a": [1, 2, 3], "b": [1, 2]}))


def test_a_model_of_fewer_than_ten_classes_has_shorter_rankings(predicted):
    joined = metrics.join(sample_table({"a": [1], "b": [0]}), predicted({"a": [0, 1, 2], "b": [0, 1, 2]}))
    assert joined["correct"].tolist() == [0.0, 1.0]
    assert joined["correct_top5"].tolist() == [1.0, 1.0]


@pytest.fixture
def table():
    """Colour x size. (red, 1): 3 of 4 right, two cut-outs; (red, 2): 1 of 2, one cut-out; (blue, 1): 0 of 1 beside a
    failed image; (blue, 2): a failed image only.
    """
    rows = [
        ("red", 1, 1.0, "p"),
        ("red", 1, 1.0, "p"),
        ("red", 1, 0.0, "q"),
        ("red", 1, 1.0, "q"),
        ("red", 2, 1.0, "p"),
        ("red", 2, 0.0, "p"),
        ("blue", 1, 0.0, "r"),
        ("blue", 1, np.nan, "r"),
        ("blue", 2, np.nan, "p"),
    ]
    # The order of rows must not matter.
    return pd.DataFrame(rows, columns=["colour", "size", "correct", "cluster"]).sample(frac=1, random_state=3)


def test_accuracy_of_a_two_by_two_table(table):
    found = metrics.accuracy_by(table, ["colour", "size"])
    assert found[["colour", "size"]].to_numpy().tolist() == [["blue", 1], ["blue", 2], ["red", 1], ["red", 2]]
    assert found["n"].tolist() == [1, 0, 4, 2]
    np.testing.assert_array_equal(found["value"], [0.0, np.nan, 0.75, 0.5])
    # Wilson at z = 1.96: 0 of 1 gives 3.8415 / 4.8415; 3 of 4 gives 0.3006 to 0.9544; 1 of 2 gives 0.0945 to 0.9055.
    np.testing.assert_allclose(found["low"], [0, np.nan, 0.3006, 0.0945], atol=1e-4)
    np.testing.assert_allclose(found["high"], [0.7935, np.nan, 0.9544, 0.9055], atol=1e-4)
    assert found["n_clusters"].tolist() == [1, 0, 4, 2]


def test_accuracy_of_clustered_images(table):
    found = metrics.accuracy_by(table, ["colour", "size"], "cluster")
    np.testing.assert_array_equal(found["value"], [0.0, np.nan, 0.75, 0.5])
    assert found["n"].tolist() == [1, 0, 4, 2]
    assert found["n_clusters"].tolist() == [1, 0, 2, 1]
    # Only (red, 1) has two cut-outs, with 2 of 2 and 1 of 2 right: residuals 0.5 and -0.5, over a half each, give the
    # variance 1 / 16 * 3 / 4 = 0.046875, which is that of four images too. t has 3 degrees on either side. Unseen:
    # 0.16 * 0.75^2 / 2^2.25 = 0.01892 for the lower end, 0.16 * 0.25^2 / 2^2.25 = 0.002102 for the upper.
    ends = [intervals.wilson(0.75 * trials, trials) for trials in (0.1875 / 0.065795, 0.1875 / 0.048977)]
    np.testing.assert_allclose(found["low"], [np.nan, np.nan, ends[0][0], np.nan], atol=1e-5)
    np.testing.assert_allclose(found["high"], [np.nan, np.nan, ends[1][1], np.nan], atol=1e-5)


def test_a_cell_without_data_is_nan_never_zero(table):
    for cluster in (None, "cluster"):
        cell = metrics.accuracy_by(table, ["colour", "size"], cluster).iloc[1]
        assert (cell["colour"], cell["size"], cell["n"], cell["n_clusters"]) == ("blue", 2, 0, 0)
        assert cell[["value", "low", "high"]].isna().all()


def test_one_grouping_column_may_be_given_by_its_name(table):
    found = metrics.accuracy_by(table, "size")
    assert found["size"].tolist() == [1, 2]
    assert found["value"].tolist() == [0.6, 0.5]
    assert found["n"].tolist() == [5, 2]


def test_no_grouping_gives_one_row_over_everything(table):
    found = metrics.accuracy_by(table, [], "cluster")
    assert list(found.columns) == ["value", "low", "high", "n", "n_clusters"]
    assert len(found) == 1
    # 4 of 7 right; cut-outs p, q and r.
    assert found["value"][0] == pytest.approx(4 / 7)
    assert (found["n"][0], found["n_clusters"][0]) == (7, 3)
    assert found["low"][0] < 4 / 7 < found["high"][0]


def test_no_grouping_of_no_data_is_one_nan_row(table):
    found = metrics.accuracy_by(table.iloc[:0], [], "cluster")
    assert found["n"].tolist() == [0]
    assert found[["value", "low", "high"]].isna().all(axis=None)


def test_numbers_are_sorted_as_numbers(table):
    found = metrics.accuracy_by(table.assign(size=table["size"] * 5.0 + 0.0), "size")
    assert found["size"].tolist() == [5.0, 10.0]


def test_images_without_a_value_of_the_factor_are_a_group_of_their_own(table):
    found = metrics.accuracy_by(table.assign(size=table["size"].where(table["size"] == 1)), "size")
    assert found["n"].tolist() == [5, 2]
    assert np.isnan(found["size"][1])


def test_another_column_can_be_averaged(table):
    found = metrics.accuracy_by(table.assign(correct_top5=1.0), "size", value="correct_top5")
    assert found["value"].tolist() == [1.0, 1.0]
    assert found["n"].tolist() == [6, 3]


@pytest.mark.parametrize(
    ("options", "missing"),
    [({"by": "colr"}, "colr"), ({"by": [], "cluster": "cutout"}, "cutout"), ({"by": [], "value": "top1"}, "top1")],
)
def test_a_missing_column_is_an_error_that_lists_the_columns(table, options, missing):
    with pytest.raises(UsageError, match=f"no column '{missing}'.*colour, size, correct, cluster"):
        metrics.accuracy_by(table, **options)


@pytest.fixture
def joined(predicted):
    """Image a: class 1 ranks behind 2; b: right; c: none of the classes 1 and 3 among the ten best; d: failed."""
    samples = sample_table({"a": [1], "b": [3], "c": [1], "d": [1]})
    predictions = predicted(
        {"d": None, "c": ranking(2), "b": ranking(3, 1), "a": ranking(2, 1, 3)}, {"d": "not an image"}
    )
    return metrics.join(samples, predictions)


def test_policy_top1_is_the_best_class(joined):
    assert metrics.apply_policy(joined, "top1")["correct"].tolist()[:3] == [0.0, 1.0, 0.0]


def test_policy_top5_is_any_of_the_best_five(joined):
    decided = metrics.apply_policy(joined, "top5")["correct"]
    assert decided.tolist()[:3] == [1.0, 1.0, 0.0]
    assert np.isnan(decided[3])


def test_policy_restricted_is_the_best_among_the_classes_of_the_benchmark(joined):
    decided = metrics.apply_policy(joined[joined["sample_id"] != "c"], "restricted", classes=[3, 1])["correct"]
    assert decided.tolist()[:2] == [1.0, 1.0]
    assert decided.isna().tolist() == [False, False, True]


def test_policy_restricted_asks_for_the_best_class_where_the_ten_best_do_not_say(joined):
    with pytest.raises(UsageError, match=r"1 of 4 predictions.*was not kept.*--fresh"):
        metrics.apply_policy(joined, "restricted", classes=[1, 3])


def best_by_image(best):
    return pd.Series(list(best.values()), pd.MultiIndex.from_tuples([(name, "clean") for name in best]))


@pytest.mark.parametrize(("best", "right"), [(1, 1.0), (3, 0.0)])
def test_policy_restricted_takes_the_best_class_that_was_kept_where_it_is_needed(joined, best, right):
    # b's stored ten best say more than what is kept of it; and the order is another than the table's.
    within = best_by_image({"b": 1, "c": best})
    decided = metrics.apply_policy(joined, "restricted", classes=[1, 3], within=within)["correct"]
    assert decided.tolist()[:3] == [1.0, 1.0, right]
    assert np.isnan(decided[3])


def test_policy_restricted_asks_for_the_best_class_of_the_images_that_need_it(joined):
    with pytest.raises(UsageError, match="was not kept"):
        metrics.apply_policy(joined, "restricted", classes=[1, 3], within=best_by_image({"a": 1, "b": 1}))


def test_policy_restricted_needs_classes(joined):
    with pytest.raises(UsageError, match="needs the benchmark's classes"):
        metrics.apply_policy(joined, "restricted")


def test_policy_restricted_leaves_failed_images_failed_even_where_all_did(predicted):
    failed = metrics.join(sample_table({"a": [1]}), predicted({"a": None}, {"a": "not an image"}))
    assert metrics.apply_policy(failed, "restricted", classes=[1, 3])["correct"].isna().all()


def test_an_unknown_policy_is_an_error_that_lists_the_known_ones(joined):
    with pytest.raises(UsageError, match=r"unknown policy 'top3'\. Known: top1, top5, restricted"):
        metrics.apply_policy(joined, "top3")


def test_policies_leave_the_joined_table_as_it_was(joined):
    before = joined["correct"].tolist()[:3]
    metrics.apply_policy(joined, "top5")
    assert joined["correct"].tolist()[:3] == before


def test_an_accuracy_of_one_in_a_thousand_is_near_chance():
    assert metrics.near_chance(0.001, 1000, 0.001)
    assert metrics.near_chance(0.0, 50, 0.001)


def test_one_right_of_fifty_among_a_thousand_classes_is_above_chance():
    # Wilson for 1 of 50 begins at 0.0035, above twice chance.
    assert not metrics.near_chance(1 / 50, 50, 0.001)
    assert not metrics.near_chance(0.6, 500, 0.001)


def test_too_few_images_or_too_few_classes_say_nothing_about_chance():
    assert not metrics.near_chance(0.0, 49, 0.001)
    assert not metrics.near_chance(0.5, 1000, 0.5)
