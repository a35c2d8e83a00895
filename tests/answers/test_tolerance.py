import numpy as np
import pytest

from core.answers import sentences, tolerance_sentences
from core.answers.compare import half_area
from core.answers.questions import Question, Where, factor_of
from core.answers.tolerance import contiguous, tolerance, worst_against_worst
from core.errors import UsageError
from tests.synthetic_store import make_samples, write_run

NBSP = "\u00a0"
TURNED = ("angle_deg",)


@pytest.fixture
def turned():
    """18 angles at 4 areas of 40 cut-outs: 160 images an angle."""
    return make_samples("rotation", 72 * 40)


def by_angle(samples, chance, seed=0):
    """Right with a chance by angle; objects are as easy as each other."""
    return np.random.default_rng(seed).random(len(samples)) < chance(samples["angle_deg"].to_numpy())


def w_shaped(angle):
    """Upright 0.95, sideways 0.2, and a local maximum of 0.6 upside down."""
    away = np.abs((angle + 180) % 360 - 180)
    return np.interp(away, [0, 25, 100, 140, 180], [0.95, 0.93, 0.2, 0.3, 0.65])


def said(run, model="m"):
    return tolerance_sentences.tolerance(model, tolerance(run, TURNED, Question()), [factor_of(run, "angle_deg")])


def test_the_worst_angle_is_named_where_upside_down_is_a_local_maximum(turned):
    run = write_run("rotation", turned, "w", by_angle(turned, w_shaped))
    found = tolerance(run, TURNED, Question())
    assert found.worst.at[0] in (81.0, 101.0, 121.0, 241.0, 261.0, 281.0)
    assert 181.0 not in {at[0] for at in found.tied} | set(found.worst.at)
    assert found.is_clear
    assert found.change == pytest.approx(found.worst.value - found.best.value)
    assert found.low < found.change < found.high < 0
    assert found.kept == ((-19.0, 21.0),)
    assert (found.n, found.n_clusters, found.worst.n) == (72 * 40, 40, 160)
    words = said(run)
    assert f"keeps 90{NBSP}% of its best accuracy from **−19° to +21°**" in words
    assert f"its worst angle is **{found.worst.at[0]:.0f}°**" in words
    assert "cannot be told from it" in words
    assert "below its best" in words


def test_no_angle_is_named_where_all_are_alike(turned):
    run = write_run("rotation", turned, "flat", by_angle(turned, lambda angle: np.full(len(angle), 0.7)))
    found = tolerance(run, TURNED, Question())
    assert found.low < 0 <= found.high
    words = said(run)
    assert words.startswith("**m** shows no angle that is clearly worse than its best")
    assert "loses" not in words


def test_a_single_bad_angle_has_no_ties(turned):
    run = write_run("rotation", turned, "hole", (turned["angle_deg"] != 201).to_numpy())
    found = tolerance(run, TURNED, Question())
    assert (found.worst.at, found.worst.value, found.tied, found.change) == ((201.0,), 0.0, (), -1.0)
    # All others are right: 221 over 0 to 181 degrees.
    assert found.kept == ((-139.0, 181.0),)
    assert (found.keeps, found.levels) == (17, 18)
    assert "cannot be told" not in said(run)


def test_few_cut_outs_carry_no_claim():
    samples = make_samples("rotation", 72 * 8)
    run = write_run("rotation", samples, "few", (samples["angle_deg"] < 90).to_numpy())
    found = tolerance(run, TURNED, Question())
    assert found.worst is found.best is None
    assert found.few_objects
    assert (found.thin_levels, found.n_clusters) == (18, 8)
    assert said(run) == "**m** rests on 8 objects, too few to claim at which angle it is worst."
    assert tolerance_sentences.thin(found) == "8 objects: thin"


def test_few_images_of_many_objects_carry_no_claim_either(turned):
    run = write_run("rotation", turned, "few", np.ones(len(turned), bool), done=0.1)
    found = tolerance(run, TURNED, Question())
    assert found.worst is None
    assert not found.few_objects
    assert "fewer than 30" in said(run)


def test_the_range_of_sizes_is_on_the_grid_and_half_of_it_is_said():
    samples = make_samples("size", 100 * 30)
    run = write_run("size", samples, "step", (samples["area"] > 0.295).to_numpy())
    found = tolerance(run, ("area",), Question())
    assert found.kept == ((0.3, 1.0),)
    assert found.worst.at == (0.01,)
    words = tolerance_sentences.tolerance("m", found, [factor_of(run, "area")], half_area(run, Question()))
    assert f"from **30{NBSP}%** of the image up and half of it down to **29.5{NBSP}%**" in words
    assert f"its worst size is **1{NBSP}%**: **0{NBSP}%** of 30 images" in words


def test_a_place_is_named_by_x_and_y_and_the_share_of_places_is_counted():
    samples = make_samples("location", 441 * 30)
    right = ~((samples["x"] > 0.92) & (samples["y"] > 0.92)).to_numpy()
    run = write_run("location", samples, "corner", right)
    found = tolerance(run, ("x", "y"), Question())
    # Two of 21 steps lie above 0.92 on each side.
    assert (found.keeps, found.levels, len(found.tied)) == (441 - 4, 441, 3)
    factors = [factor_of(run, name) for name in "xy"]
    words = tolerance_sentences.tolerance("m", found, factors)
    assert f"at **99{NBSP}%** of 441 places; its worst place is **x 0.95, y 0.95**: **0{NBSP}%**" in words
    assert "3 other places cannot be told from it" in words


def test_two_models_are_compared_each_at_its_worst(turned):
    first = write_run("rotation", turned, "first", (turned["angle_deg"] != 201).to_numpy())
    hole = by_angle(turned, lambda angle: np.where(angle == 101, 0.5, 1.0))
    second = write_run("rotation", turned, "second", hole, seed=1)
    found, here, there = worst_against_worst(first, second, TURNED, Question())
    assert (here, there) == ((201.0,), (101.0,))
    assert found.before == 0
    assert found.value == found.after == pytest.approx(0.5, abs=0.1)
    assert 0 < found.low < found.value < found.high
    back = worst_against_worst(second, first, TURNED, Question())[0]
    assert (back.value, back.low) == (pytest.approx(-found.value), pytest.approx(-found.high))
    each = tuple(tolerance(run, TURNED, Question()) for run in (first, second))
    words = tolerance_sentences.both(("a", "b"), each, [factor_of(first, "angle_deg")], (found, here, there))
    assert words.startswith(f"**a** is worst at **201°** (0{NBSP}%), **b** at **101°**")
    assert f"**b** less **a** is **+{100 * found.value:.0f}{NBSP}pts**" in words
    assert "cannot be told apart" not in words


def test_a_condition_narrows_what_is_tolerated(turned):
    run = write_run("rotation", turned, "area", ((turned["area"] > 0.3) | (turned["angle_deg"] < 90)).to_numpy())
    small = tolerance(run, TURNED, Question(where=(Where.equals("area", 0.2),)))
    assert small.worst.value == 0
    assert tolerance(run, TURNED, Question(where=(Where("area", low=0.4),))).worst.value == 1


def test_a_factor_without_order_has_no_worst_along_an_axis(turned):
    run = write_run("rotation", turned, "m", np.ones(len(turned), bool))
    with pytest.raises(UsageError, match="'class'"):
        tolerance(run, ("class",), Question())


def test_ranges_wrap_on_a_circle_only():
    grid = np.array([0.0, 90.0, 180.0, 270.0])
    flags = np.array([True, False, True, True])
    assert contiguous(grid, flags) == ((0.0, 0.0), (180.0, 270.0))
    assert contiguous(grid, flags, is_circular=True) == ((-180.0, 0.0),)
    assert contiguous(grid, np.ones(4, bool), is_circular=True) == ((0.0, 270.0),)
    assert contiguous(grid, np.zeros(4, bool), is_circular=True) == ()


def test_a_partial_run_is_said_to_have_no_finding():
    words = sentences.partial("m", "si-score/size", 34, 1764)
    assert words == f"**m** is 2{NBSP}% done on `si-score/size` (34 of 1,764 images): no finding yet."
    assert f"99{NBSP}% done" in sentences.partial("m", "b", 9999, 10000)
    assert f"less than 1{NBSP}% done" in sentences.partial("m", "b", 1, 10000)
