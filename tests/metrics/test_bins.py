"""Numbers in bins: which are together, what names them, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from core.errors import DataError, UsageError
from core.metrics.bins import bins


def test_few_different_numbers_stay_themselves_with_edges_half_way():
    edges, centres, index = bins([3.0, 1.0, 2.0, 1.0])
    assert centres.tolist() == [1.0, 2.0, 3.0]
    assert edges.tolist() == [1.0, 1.5, 2.5, 3.0]
    assert index.tolist() == [2, 0, 1, 0]


def test_a_hundred_even_numbers_are_ten_tens_with_round_edges():
    found = bins(np.arange(100))
    assert found.edges.tolist() == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    # The median of 40..49 is 44.5; 45 is the roundest number from 43.6 to 45.4.
    assert found.centres.tolist() == [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]
    assert np.bincount(found.index).tolist() == [10] * 10


def test_what_stands_for_a_number_is_its_bins_centre_and_missing_stays_missing():
    found = bins([*range(100), np.nan, None, np.inf, -np.inf])
    assert found.index[-4:].tolist() == [-1] * 4
    assert np.isnan(found.values[-4:]).all()
    assert found.values[44] == 45


def test_edges_are_readable_numbers():
    values = np.random.default_rng(0).lognormal(size=5000)
    found = bins(values, 5)
    assert len(found.centres) == 5
    assert all(len(f"{edge:g}") <= 4 and float(f"{edge:g}") == edge for edge in found.edges)
    assert np.bincount(found.index).min() > 700


def test_equal_numbers_are_never_parted_and_empty_bins_are_none():
    values = [0.0] * 500 + list(np.linspace(0.1, 1, 500))
    found = bins(values)
    # Half are zeros, so the five lowest tenths are one bin.
    assert (np.bincount(found.index)[0], len(found.centres), found.centres[0]) == (500, 6, 0.0)
    assert found.edges[1] == 0.1


def test_a_crowd_at_the_top_has_its_own_bin():
    found = bins([*range(20), *[100.0] * 80])
    assert found.centres[-1] == 100.0
    assert np.bincount(found.index)[-1] == 80
    assert bins([*range(20), *[100.0] * 80], 2).index[:20].max() == 0


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("scale", [1e-320, 1e-12, 1.0, 1e12, 1e300])
def test_a_centre_lies_in_its_bin_and_so_does_every_value(seed, scale):
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=int(rng.integers(1, 400))), int(rng.integers(0, 6))) * scale
    found = bins(values, int(rng.integers(1, 15)))
    assert (np.diff(found.centres) > 0).all()
    assert (found.index >= 0).all()
    low, high = found.edges[found.index], found.edges[found.index + 1]
    last = found.index == len(found.centres) - 1
    assert ((low <= values) & ((values < high) | (last & (values <= high)))).all()
    again = np.searchsorted(found.edges[1:-1], found.centres, side="right")
    assert again.tolist() == list(range(len(found.centres)))


def test_negative_numbers_have_round_edges_too():
    # -99..0: an edge belongs to the bin above it, so the lowest has the nine from -99 to -91.
    found = bins(-np.arange(100.0))
    assert found.edges.tolist() == [-100, -90, -80, -70, -60, -50, -40, -30, -20, -10, 0]
    assert np.bincount(found.index).tolist() == [9, *[10] * 8, 11]


def test_close_numbers_far_from_zero_are_told_apart():
    found = bins(1.7e9 + np.arange(50) / 1000, 5)
    assert np.bincount(found.index).tolist() == [10] * 5


def test_the_largest_doubles_do_not_overflow():
    found = bins([-1.7e308, 0.0, 1.7e308, *range(1, 20)], 3)
    assert np.isfinite(found.edges).all()
    assert bins([1.7e308, 1.6e308]).edges == pytest.approx([1.6e308, 1.65e308, 1.7e308])


def test_nothing_and_nothing_known_have_no_bins():
    for values in ([], [np.nan, None]):
        found = bins(values)
        assert (found.edges.size, found.centres.size, found.values.size) == (0, 0, len(values))


def test_pandas_columns_with_missing_values():
    for column in (pd.Series([1, None, 2], dtype="Int64"), pd.Series([1.0, None, 2.0])):
        assert bins(column).index.tolist() == [0, -1, 1]


@pytest.mark.parametrize(
    "values",
    [["1", "2"], [1.0, "two"], pd.Series(["a", None]), pd.to_datetime(["2020-01-01"]), [[1.0]], [1j], [{}]],
)
def test_what_is_no_list_of_numbers_is_refused(values):
    with pytest.raises(DataError, match="bins are of a list of numbers"):
        bins(values)


@pytest.mark.parametrize("most", [0, -1, 2.5, True, "3", None])
def test_a_senseless_number_of_bins_is_refused(most):
    with pytest.raises(UsageError, match="whole number above 0"):
        bins([1.0], most)
