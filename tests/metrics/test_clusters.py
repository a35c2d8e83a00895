"""What clusters are worth; worked out by hand."""

import numpy as np
import pytest

from core.metrics.clusters import Freedom, Pairs


@pytest.mark.parametrize("most", [0, 2**24])
def test_sums_and_sizes_are_the_same_counted_in_a_table_or_sorted(monkeypatch, most):
    monkeypatch.setattr("core.metrics.clusters._MOST_PAIRS", most)
    values, cells, clusters = np.array([1.0, 0.5, 0.0, 1.0]), np.array([2, 0, 2, 2]), np.array([9, 4, 9, 1])
    pairs = Pairs.of(values, cells, clusters, 4)
    assert pairs.cell.tolist() == [0, 2, 2]
    assert pairs.cluster.tolist() == [4, 1, 9]
    assert pairs.total.tolist() == [0.5, 1.0, 1.0]
    assert pairs.n.tolist() == [1, 1, 2]
    assert pairs.by_cell().tolist() == [1, 0, 2, 0]
    # (1 + 2)^2 / (1 + 4).
    np.testing.assert_allclose(pairs.effective(), [1, np.nan, 9 / 5, np.nan])


def test_trials_of_one_size_have_one_degree_less():
    found = Freedom.of_trials(np.array([1, 2, 9]))
    assert found.degrees.tolist() == [1, 1, 8]
    np.testing.assert_allclose(found.inflation, [np.inf, 2, 9 / 8])


def test_cells_have_the_degrees_of_their_clusters():
    cells, clusters = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 1, 2, 3, 0, 0, 0, 1])
    found = Freedom.of_cells(cells, clusters, 3)
    assert found.n_clusters.tolist() == [4, 2, 0]
    # Of three and one image: 16 / 10 clusters, and never less than one degree.
    assert found.degrees.tolist() == [3, 1, 1]
    assert Freedom.of_cells(cells, None, 3).degrees.tolist() == [3, 3, 1]


def test_groups_of_the_same_objects_are_a_paired_comparison():
    cells, clusters = np.repeat([0, 1], 9), np.tile(np.arange(9), 2)
    found = Freedom.of_sum(cells, clusters, np.array([-1.0, 1.0]))
    assert (found.n_clusters[0], found.degrees[0], found.inflation[0]) == pytest.approx((9, 8, 9 / 8))


def test_groups_of_other_objects_are_welchs_comparison():
    # Three against three: four degrees. Three against 30: their parts 1/3 and 1/30, inflated 3/2 and 30/29.
    cells, clusters = np.repeat([0, 1], 3), np.arange(6)
    assert Freedom.of_sum(cells, clusters, np.array([-1.0, 1.0])).degrees[0] == pytest.approx(4)
    cells, clusters = np.repeat([0, 1], [3, 30]), np.arange(33)
    found = Freedom.of_sum(cells, clusters, np.array([-1.0, 1.0]))
    inflation = (1 / 3 * 3 / 2 + 1 / 30 * 30 / 29) / (11 / 30)
    assert found.inflation[0] == pytest.approx(inflation)
    assert found.degrees[0] == pytest.approx((11 / 30) ** 2 / (inflation * (3 / 81 + 30 / 900**2)))
    assert found.n_clusters[0] == 3


def test_a_cell_of_no_weight_plays_no_part():
    cells, clusters = np.array([0, 1, 2, 2, 2, 3, 3, 3]), np.array([0, 0, 0, 1, 2, 0, 1, 2])
    found = Freedom.of_sum(cells, clusters, np.array([0.0, 0.0, -1.0, 1.0]))
    assert (found.n_clusters[0], found.degrees[0]) == pytest.approx((3, 2))
