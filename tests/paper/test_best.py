"""Paired verdicts behind bold numbers: of rows of computed tables, and by the policy of a benchmark's own classes."""

import numpy as np

from core import store
from core.answers import compare
from core.answers.questions import Question
from core.explain import reporting
from core.paper import best, restricted
from core.paper.reading import Result, tables_of


def two(key):
    runs = {run.model: run for run in store.list_runs(key) if run.view == "clean"}
    return runs["test_vit.diorama"], runs["test_efficientnet.diorama"]


def test_rows_of_partitions_are_paired_over_the_images_that_they_count(embedded_results):
    results = [Result(run, reporting.build(run, tables=["partitions"])) for run in two("diorama/settings")]
    told = [tables_of(each)[0] for each in results]
    chosen = best.of_table(results, told)
    pairs = chosen._pairs(0, 1)
    rows = list(zip(told[0].rows, told[1].rows, strict=True))
    assert {row["partition"] for row, _ in rows} >= {"P0", "P1", "P2", "P3", "P_t", "P_twl"}
    for first, second in rows:
        pair = pairs[(first["partition"],)]
        assert pair["n"] == first["n"] == second["n"]
        np.testing.assert_allclose(pair["value"], second["top1"] - first["top1"], atol=1e-9)
        pick = chosen.pick((first["partition"],), [first, second], "top1")
        assert (pick.best is None) == (pair["low"] <= 0 <= pair["high"])


def test_where_a_model_has_no_other_classes_both_policies_say_the_same(embedded_results):
    first, second = two("diorama/pose")
    one = restricted.paired_difference(first, second, ["yaw_deg"])
    other = compare.paired_difference(first, second, Question(("yaw_deg",)))
    assert one["n"].tolist() == other["n"].tolist() == [100] * 12
    for column in ("value", "low", "high", "band_low", "band_high", "n_clusters"):
        np.testing.assert_allclose(one[column], other[column], atol=1e-12)


def test_classes_that_are_left_out_are_in_no_pair(embedded_results):
    first, second = two("diorama/pose")
    table = restricted.paired_difference(first, second, [], ["cat", "dog"])
    assert table["n"].tolist() == [960]


def test_over_more_tables_an_interval_is_wider():
    row = {"value": 0.1, "low": 0.02, "high": 0.18, "n": 400, "n_clusters": 400}
    alone, two_tables = (best._together(row, among) for among in (1, 2))
    np.testing.assert_allclose((alone["low"], alone["high"]), (0.02, 0.18))
    # Student's t at 97.5 % over that at 95 %, of 399 degrees: 2.2499 / 1.9659.
    np.testing.assert_allclose(two_tables["low"], 0.1 - 0.08 * 2.2499 / 1.9659, atol=1e-4)
