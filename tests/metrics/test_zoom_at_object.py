"""Zooms at the anchor nearest to the object, by hand."""

import numpy as np
import pandas as pd
import pytest

from core.errors import DataError
from core.metrics import zoom

ANCHORS = [(row, col) for row in range(3) for col in range(3)]
#: Sizes 256 and 512, the usual crop first.
VIEWS = pd.DataFrame(
    [{"size": 256, "row": 1, "col": 1}]
    + [{"size": 256, "row": row, "col": col} for row, col in ANCHORS if (row, col) != (1, 1)]
    + [{"size": 512, "row": row, "col": col} for row, col in ANCHORS]
)


def column(size, row, col):
    return int(np.flatnonzero((VIEWS["size"] == size) & (VIEWS["row"] == row) & (VIEWS["col"] == col))[0])


def answers(*right):
    """A row an image: the views that are right."""
    found = np.zeros((len(right), len(VIEWS)))
    for image, views in enumerate(right):
        for view in views:
            found[image, column(*view)] = 1
    return found


@pytest.mark.parametrize(
    ("x", "y", "row", "col"),
    [(0.0, 0.0, 0, 0), (0.33, 0.34, 1, 0), (0.5, 0.5, 1, 1), (0.67, 0.66, 1, 2), (1.0, 1.0, 2, 2), (1.2, -0.1, 0, 2)],
)
def test_the_nearest_anchor_is_that_of_the_third_that_a_point_lies_in(x, y, row, col):
    found = zoom.nearest_anchor(np.array([x]), np.array([y]))
    assert (found[0][0], found[1][0]) == (row, col)


def test_each_image_counts_at_its_own_anchor_and_nowhere_else():
    correct = answers([(512, 0, 0)], [(512, 0, 0), (256, 1, 1)], [(512, 2, 2), (256, 2, 2)], [(256, 1, 1)])
    x, y = np.array([0.1, 0.9, 0.9, 0.5]), np.array([0.1, 0.9, 0.9, 0.5])
    table = zoom.at_object(correct, VIEWS, x, y)
    by_size = table[table["size"].notna()].set_index("size")
    # 256: the third at the bottom right, the fourth at the middle. 512: the first and the third.
    assert by_size.loc[256, "top1"] == 0.5
    assert by_size.loc[512, "top1"] == 0.5
    # One crop is right on the second and the fourth.
    assert by_size.loc[256, "gain"] == 0.0
    assert by_size["n"].tolist() == [4, 4]


def test_the_size_is_chosen_on_the_other_half():
    rng = np.random.default_rng(0)
    n = 200
    correct = np.zeros((n, len(VIEWS)))
    correct[:, column(512, 0, 0)] = rng.random(n) < 0.9
    correct[:, column(256, 0, 0)] = rng.random(n) < 0.3
    table = zoom.at_object(correct, VIEWS, np.full(n, 0.1), np.full(n, 0.1))
    fair = table[table["size"].isna()].iloc[0]
    best = table[table["chosen"]].iloc[0]
    assert best["size"] == 512
    assert fair["top1"] == best["top1"]
    assert fair["gain_low"] > 0.7


def test_noise_that_is_best_here_is_not_best_on_the_other_half():
    rng = np.random.default_rng(1)
    tables = []
    for _ in range(20):
        correct = (rng.random((40, len(VIEWS))) < 0.5).astype(float)
        tables.append(zoom.at_object(correct, VIEWS, np.full(40, 0.5), np.full(40, 0.9)))
    chosen = np.mean([table[table["chosen"]]["top1"].iloc[0] for table in tables])
    fair = np.mean([table[table["size"].isna()]["top1"].iloc[0] for table in tables])
    assert fair < chosen


def test_images_that_failed_or_whose_object_is_nowhere_are_left_out_and_counted():
    correct = answers([(256, 1, 1)], [(256, 1, 1)], [(256, 1, 1)], [(256, 1, 1)])
    correct[0, 3] = np.nan
    table = zoom.at_object(correct, VIEWS, np.array([0.5, 0.5, np.nan, 0.5]), np.full(4, 0.5))
    assert set(table["n"]) == {2}
    assert set(table["n_failed"]) == {2}


def test_clusters_stay_whole():
    correct = answers(*[[(256, 1, 1)]] * 4)
    table = zoom.at_object(correct, VIEWS, np.full(4, 0.5), np.full(4, 0.5), ["a", "a", "b", "b"])
    assert set(table["n_clusters"]) == {2}


def test_a_single_image_has_no_other_half():
    table = zoom.at_object(answers([(256, 1, 1)]), VIEWS, np.array([0.5]), np.array([0.5]))
    assert table["size"].notna().all()


def test_what_does_not_fit_is_named():
    correct = answers([(256, 1, 1)])
    with pytest.raises(DataError, match="places of 2 objects for 1 images"):
        zoom.at_object(correct, VIEWS, np.zeros(2), np.zeros(2))
    middle = VIEWS[(VIEWS["row"] == 1) & (VIEWS["col"] == 1)]
    with pytest.raises(DataError, match="no size has all nine anchors"):
        zoom.at_object(correct[:, middle.index], middle, np.zeros(1), np.zeros(1))
