import numpy as np
import pytest

from core import store
from core.answers import compare
from core.answers.questions import Question
from core.errors import UsageError
from tests.synthetic_store import make_samples, write_run


@pytest.fixture
def samples():
    """Every cell of the location map for 9 cut-outs."""
    return make_samples("location", 441 * 9)


def offset(samples):
    return np.maximum(abs(samples["x"] - 0.5), abs(samples["y"] - 0.5)).to_numpy()


def test_a_model_that_sees_only_the_middle_loses_everything_in_corner_and_edge(samples):
    run = write_run("location", samples, "middle", offset(samples) < 0.2)
    corner, edge = (compare.centre_to(run, region, Question()) for region in ("corner", "edge"))
    for found in (corner, edge):
        assert (found.before, found.after, found.value) == (1, 0, -1)
        assert found.n_clusters == 9
        assert found.low == -1 < found.high < 0
    # Centre: 3 x 3 cells. Corners: 4 x 3 x 3 cells. Edges: 21 x 21 - 15 x 15 without the corners.
    assert corner.n == 9 * (9 + 36)
    assert edge.n == 9 * (9 + 441 - 225 - 36)


def test_a_model_that_does_not_care_has_an_interval_around_zero(samples):
    found = compare.centre_to(write_run("location", samples, "flat", np.ones(len(samples), bool)), "corner", Question())
    assert found.value == 0
    # Nothing varies: Wilson's reach for 0 of 9 cut-outs is 1.96^2 / (9 + 1.96^2) = 0.299.
    assert (found.low, found.high) == (pytest.approx(-0.299, abs=1e-3), pytest.approx(0.299, abs=1e-3))


def test_what_objects_owe_to_both_settings_cancels(samples):
    # Five of nine cut-outs are always right, so accuracy is uncertain, but the drop is not.
    easy = samples["cluster"].isin(sorted(samples["cluster"].unique())[:5]).to_numpy()
    found = compare.centre_to(write_run("location", samples, "easy", easy), "corner", Question())
    assert found.before == found.after == pytest.approx(5 / 9)
    assert found.high - found.low == pytest.approx(2 * 0.299, abs=2e-3)


def test_upside_down_is_compared_with_upright():
    samples = make_samples("rotation", 72 * 9)
    run = write_run("rotation", samples, "upright", (samples["angle_deg"] < 90).to_numpy())
    found = compare.turned(run, "angle_deg", Question())
    assert (found.before, found.after) == (1, 0)
    # 1 and 181 degrees at four areas for nine cut-outs.
    assert found.n == 2 * 4 * 9


def test_half_of_the_accuracy_is_crossed_between_two_areas():
    areas = np.array([0.1, 0.2, 0.3, 0.4])
    curves = np.array([[0.0, 0.2, 0.6, 0.8], [0.5, 0.5, 0.6, 0.8], [0.1, 0.8, 0.2, 0.8]])
    # Half of 0.8 lies halfway between 0.2 and 0.6; always above half: the smallest area; before the first maximum.
    assert compare.half_crossing(areas, curves) == pytest.approx([0.25, 0.1, 0.1 + 0.1 * 0.3 / 0.7])


def test_the_area_at_half_accuracy_is_that_of_the_planted_step():
    samples = make_samples("size", 100 * 9)
    found = compare.half_area(write_run("size", samples, "step", (samples["area"] > 0.295).to_numpy()), Question())
    assert found.value == pytest.approx(0.295)
    assert found.before == 1
    assert found.bound == ""
    everything = compare.half_area(write_run("size", samples, "all", np.ones(900, bool)), Question())
    assert (everything.value, everything.bound) == (0.01, "below")


def test_two_models_are_compared_on_the_images_both_have(samples):
    flat = write_run("location", samples, "flat", np.ones(len(samples), bool))
    middle = write_run("location", samples, "middle", offset(samples) < 0.2, seed=1, done=0.5)
    table = compare.paired_difference(flat, middle, Question(("x", "y")))
    assert table["n"].sum() == middle.n_done == pytest.approx(len(samples) / 2, abs=1)
    assert set(table.loc[table["n"] > 0, "value"]) == {0.0, -1.0}
    assert (table["first"] == 1).all()


def test_a_paired_interval_is_narrower_than_its_models(samples):
    rng = np.random.default_rng(0)
    right = rng.random(len(samples)) < 0.6
    better = right | (rng.random(len(samples)) < 0.1)
    first, second = write_run("location", samples, "a", right), write_run("location", samples, "b", better)
    row = compare.paired_difference(first, second, Question()).iloc[0]
    assert row["value"] == pytest.approx(better.mean() - right.mean())
    assert 0 < row["low"] < row["value"] < row["high"]
    assert row["high"] - row["low"] < 0.035
    assert row["n_clusters"] == 9


def test_a_difference_has_the_other_sign_the_other_way_round(samples):
    rng = np.random.default_rng(1)
    runs = [write_run("location", samples, name, rng.random(len(samples)) < 0.5) for name in "ab"]
    there = compare.paired_difference(runs[0], runs[1], Question(("x",)))
    back = compare.paired_difference(runs[1], runs[0], Question(("x",)))
    assert np.allclose(there["value"], -back["value"])
    assert np.allclose(there["low"], -back["high"], atol=1e-9)


def test_runs_of_different_benchmarks_cannot_be_compared(samples):
    size = make_samples("size", 100)
    runs = (
        write_run("location", samples, "a", np.ones(len(samples), bool)),
        write_run("size", size, "a", np.ones(100, bool)),
    )
    with pytest.raises(UsageError, match="'si-score/location' and 'si-score/size' have no samples in common"):
        compare.paired_difference(*runs, Question())


def test_the_comparison_does_not_depend_on_the_order_of_predictions(samples):
    right = offset(samples) < 0.3
    one = write_run("location", samples, "one", right, seed=3)
    other = write_run("location", samples, "other", right, seed=4)
    assert store.read(one)["sample_id"].tolist() != store.read(other)["sample_id"].tolist()
    assert (compare.paired_difference(one, other, Question(("x", "y")))["value"] == 0).all()


def test_rows_that_differ_at_once_are_fewer_than_those_that_differ_each(embedded_results):
    one, other = (
        store.find_run("diorama/location", name) for name in ("test_efficientnet.diorama", "test_vit.diorama")
    )
    table = compare.paired_difference(one, other, Question(("x", "y")))
    known = table.dropna(subset=["low"])
    each = (known["low"] > 0) | (known["high"] < 0)
    at_once = (known["band_low"] > 0) | (known["band_high"] < 0)
    assert (known["band_low"] <= known["low"] + 1e-9).all()
    assert (known["band_high"] >= known["high"] - 1e-9).all()
    assert 0 < at_once.sum() < each.sum()
    assert not (at_once & ~each).any()
    assert "band_low" not in compare.paired_difference(one, other, Question())
