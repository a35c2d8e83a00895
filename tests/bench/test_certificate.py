"""The certificate finds intervals that do not hold what they promise, and counts by hand-worked rules."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.bench.certificate import NUMBERS, Found, certify, held
from core.bench.shown_intervals import SHOWN
from core.bench.worlds import Rendered, Simulated
from core.embedded import population
from core.embedded.population import Population
from core.errors import UsageError

FUNCTIONS = ("accuracy", "paired", "difference", "adjusted", "half_area", "pairs", "band", "change_band")
FIVE = (0.0, 0.25, 0.5, 0.75, 1.0)


def hand_made():
    """Every object alike. The left model: all images as trained, sizes of 0.2 and more, the map's centre and nothing
    else; in common places all, in uncommon ones none. The right model: nothing at all."""
    images = [("mixed", np.nan, np.nan, np.nan)] * 24 + [("place", 0.3, 0.5, 0.5)] * 8
    images += [("size", area, 0.5, 0.5) for area in (0.1, 0.2, 0.3)]
    images += [("map", 0.2, x, y) for x in FIVE for y in FIVE]
    table = pd.DataFrame(images, columns=["setting", "area", "x", "y"])
    uncommon = np.tile((table["setting"] == "place") & (table.index % 2 == 1), (6, 1))
    centre = (table["setting"] == "map") & (table["x"] == 0.5) & (table["y"] == 0.5)
    left = (table["setting"] == "mixed") | ((table["setting"] == "size") & (table["area"] >= 0.2)) | centre
    left |= (table["setting"] == "place") & (table.index % 2 == 0)
    correct = np.stack([np.tile(left, (6, 1)), np.zeros((6, len(table)), bool)], axis=2)
    objects = pd.DataFrame({"category": "cat", "instance": range(6)})
    return Rendered(Population(("left", "right"), ("f", "f"), "digest", objects, table, uncommon, correct))


def always(low, high):
    """An interval function that says the same of every study."""
    return lambda values, *more: (np.full(len(values), low), np.full(len(values), high))


def only(lines):
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize(
    ("number", "function", "truth"),
    [
        ("accuracy", "accuracy", 1.0),
        ("accuracy-1", "accuracy", 1.0),
        # The centre alone, of 25 cells.
        ("accuracy-map", "accuracy", 0.04),
        ("paired", "paired", -1.0),
        ("gap", "difference", -1.0),
        ("adjusted-gap", "adjusted", -1.0),
        ("contrast", "difference", -1.0),
        # The curve rises from 0 at 0.1 to its maximum of 1 at 0.2, through a half in the middle.
        ("half-area", "half_area", 0.15),
    ],
)
def test_the_truth_of_a_world_made_by_hand(number, function, truth):
    for low, high, share in ((truth - 0.01, truth + 0.01, 1.0), (truth + 0.01, 2.0, 0.0), (-2.0, truth - 0.01, 0.0)):
        ways = replace(SHOWN, **{function: always(low, high)})
        line = only(certify([hand_made()], draws=5, objects=[4], numbers=[number], intervals=ways))
        assert (line.held, line.draws, line.without) == (share, 5, 0)
        assert line.width == pytest.approx(high - low)


def test_values_reach_the_intervals_by_study_object_and_image():
    seen = {}

    def keep(name):
        def function(values, *more):
            seen[name] = (values, *more)
            return np.zeros(len(values)), np.ones(len(values))

        return function

    ways = replace(SHOWN, **{name: keep(name) for name in FUNCTIONS})
    for number in NUMBERS:
        k = max(4, NUMBERS[number].least)
        certify([hand_made()], draws=round(3 / NUMBERS[number].part), objects=[k], numbers=[number], intervals=ways)
        if number == "accuracy-1":
            assert seen["accuracy"][0].shape == (3, 4, 1)
        if number == "contrast":
            values, second = seen["difference"]
            assert values.shape == second.shape == (3, 4, 5)
            # One centre, known, and four corners, not known.
            assert values[~second].all()
            assert not values[second].any()
            assert second.sum(axis=2).tolist() == [[4] * 4] * 3
        if number == "accuracy":
            assert seen["accuracy"][0].shape == (3, 4, 20)
    assert seen["accuracy"][0].shape == (3, 4, 25)
    assert seen["paired"][0].shape == (3, 4, 10)
    assert seen["band"][0].shape == seen["change_band"][0].shape == (3, 4, 25)
    assert seen["pairs"][0].shape == (3, 10, 3)
    values, second, classes = seen["adjusted"]
    assert values.shape == second.shape == (3, 4, 8)
    assert classes.tolist() == [[0] * 4] * 3
    assert seen["half_area"][1].tolist() == pytest.approx([0.1, 0.2, 0.3])


def test_all_pairs_of_a_world_made_by_hand_hold():
    # Sizes of 0.1, 0.2 and 0.3 are known never, always and always: the pairs differ by 1, 1 and 0.
    line = only(certify([hand_made()], draws=8, objects=[10], numbers=["pairs"]))
    assert line.held == 1
    ends = np.array([0.9, 0.9, -0.1]), np.array([1.0, 1.0, 0.1])
    ways = replace(SHOWN, pairs=lambda values: tuple(np.tile(end, (len(values), 1)) for end in ends))
    assert only(certify([hand_made()], draws=8, objects=[10], numbers=["pairs"], intervals=ways)).held == 1


def test_a_number_is_certified_for_the_objects_that_it_is_shown_for():
    assert [line.objects for line in certify([hand_made()], draws=8, objects=[4, 9, 10], numbers=["pairs"])] == [10]


def test_all_cells_must_hold_at_once():
    low, high = np.array([[0.0, 0.0], [0.0, 0.4]]), np.array([[0.5, 0.5], [0.5, 1.0]])
    truth = np.full((2, 2), 0.3)
    n, without, share, error, width = held(Found((low, high), truth))
    assert (n, without, share) == (2, 0, 0.5)
    assert error == pytest.approx(np.sqrt(0.25 / 2))
    # Widths 0.5, 0.5, 0.5 and 0.6.
    assert width == pytest.approx(0.5)


def test_a_study_without_an_interval_is_counted_and_not_judged():
    ends = np.array([0.0, np.nan, 0.6]), np.array([0.4, np.nan, 1.0])
    assert held(Found(ends, np.full(3, 0.5)))[:3] == (2, 1, 0.0)
    ends = np.array([0.4, np.nan, 0.4]), np.array([0.6, np.nan, 0.6])
    assert held(Found(ends, np.full(3, 0.5)))[:3] == (2, 1, 1.0)
    nothing = held(Found((np.full(2, np.nan), np.full(2, np.nan)), np.zeros(2)))
    assert nothing[:2] == (0, 2)
    assert np.isnan(nothing[2:]).all()


@pytest.mark.parametrize(("low", "high", "share"), [(0.01, 0.2, 1.0), (-0.2, -0.01, 1.0), (-0.1, 0.1, 0.0)])
def test_equal_models_are_called_different_where_the_interval_leaves_zero_out(low, high, share):
    ways = replace(SHOWN, paired=always(low, high))
    assert only(certify([hand_made()], draws=4, objects=[3], numbers=["paired"], intervals=ways)).differs == share


def test_one_cell_that_differs_is_enough_to_call_equal_models_different():
    def first_cell(values):
        low, high = np.full((2, len(values), values.shape[2]), [[[-0.1]], [[0.1]]])
        low[:, 0] = 0.05
        return low, high

    asked = {"draws": 16, "objects": [3], "numbers": ["change-band"]}
    assert only(certify([hand_made()], **asked, intervals=replace(SHOWN, change_band=first_cell))).differs == 1.0
    # The left model alone knows the centre: of 25 cells one changes by -1, which no interval here holds.
    assert only(certify([hand_made()], **asked, intervals=replace(SHOWN, change_band=first_cell))).held == 0.0


def test_numbers_of_one_model_say_nothing_of_equal_models():
    line = only(certify([hand_made()], draws=4, objects=[3], numbers=["accuracy"]))
    assert line.differs is None


def narrowed(function, share):
    """Intervals of a share of the width, around the same middle."""

    def narrow(*values):
        low, high = function(*values)
        middle, half = (low + high) / 2, (high - low) / 2
        return middle - share * half, middle + share * half

    return narrow


@pytest.mark.parametrize(
    ("number", "function"), [("accuracy", "accuracy"), ("paired", "paired"), ("contrast", "difference")]
)
def test_intervals_that_are_too_narrow_are_found_out(number, function):
    asked = {"draws": 200, "objects": [20], "numbers": [number]}
    world = Simulated(0.0, 1.5)
    shown = only(certify([world], **asked))
    narrow = only(
        certify([world], **asked, intervals=replace(SHOWN, **{function: narrowed(getattr(SHOWN, function), 0.5)}))
    )
    assert narrow.held < 0.85 < 0.9 <= shown.held
    assert narrow.width == pytest.approx(shown.width / 2)


def test_the_same_seed_draws_the_same_studies_and_another_does_not():
    world = Simulated(2.0, 1.5)
    asked = {"draws": 40, "objects": [5, 9], "numbers": ["accuracy", "paired"]}
    first = certify([world], seed=1, **asked)
    assert certify([world], seed=1, **asked) == first
    assert [line.width for line in certify([world], seed=2, **asked)] != [line.width for line in first]


def test_a_line_depends_on_no_other_line_and_on_no_number_of_processes():
    world = Simulated(2.0, 1.5)
    every = certify([world], draws=20, objects=[5, 9], numbers=["accuracy", "paired"])
    alone = certify([world], draws=20, objects=[9], numbers=["paired"])
    assert alone == every[3:]
    assert [(line.number, line.objects) for line in every] == [
        *(("accuracy", 5), ("accuracy", 9)),
        *(("paired", 5), ("paired", 9)),
    ]
    assert certify([world], draws=20, objects=[5, 9], numbers=["accuracy", "paired"], workers=2) == every


def test_what_takes_long_is_drawn_less_often():
    lines = certify([hand_made()], draws=16, objects=[3], numbers=["accuracy", "band"])
    assert [line.draws for line in lines] == [16, 4]


def test_progress_counts_lines():
    seen = []
    certify([hand_made()], draws=2, objects=[3, 5], numbers=["accuracy"], progress=seen.append)
    assert [(state.done, state.total) for state in seen] == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"draws": 1}, "--draws 1"),
        ({"seed": -1}, "--seed -1"),
        ({"objects": [5, 1]}, "a study of 1 objects"),
        ({"numbers": ["acuracy"]}, "'acuracy'.*Did you mean 'accuracy'"),
    ],
)
def test_bad_arguments_are_named(bad, words):
    with pytest.raises(UsageError, match=words):
        certify([hand_made()], **bad)


def test_a_small_draw_of_the_shipped_population_holds_the_truth():
    world = Rendered(population.read())
    lines = certify([world], draws=150, objects=[9, 20], numbers=["accuracy", "paired"])
    # At 95 % the share of 150 has a standard error of 1.8 points.
    assert min(line.held for line in lines) >= 0.88
    assert all(line.differs <= 0.12 for line in lines if line.differs is not None)
