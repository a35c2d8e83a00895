import numpy as np
import pandas as pd
import pytest

from core.metrics import zoom
from core.metrics.zoom.cover import greedy, pack

VIEWS = pd.DataFrame([(64, 1, 1), (256, 1, 1), (256, 0, 0), (512, 1, 1)], columns=["size", "row", "col"])


def matrix(*solved, n):
    """One set of solved images a view."""
    found = np.zeros((n, len(solved)))
    for view, images in enumerate(solved):
        found[list(images), view] = 1
    return found


def test_each_view_adds_the_most_of_what_is_left():
    correct = matrix({0, 1}, {0, 1, 2}, {3}, {2, 3, 4}, n=6)
    found = zoom.minimal_cover(correct, VIEWS)
    # Views 1 and 3 solve three each: the first is taken; then view 3 adds images 3 and 4. Image 5 is never solved.
    assert found["view"].tolist() == [1, 3]
    assert found["size"].tolist() == [256, 512]
    assert found["gain"].tolist() == [3, 2]
    assert found["cumulative"].tolist() == [3, 5]
    assert found["top1"].tolist() == pytest.approx([3 / 6, 5 / 6])
    assert found["order"].tolist() == [1, 2]
    # Only view 3 solves image 4; image 0 has view 0 as well.
    assert found["forced"].tolist() == [False, True]
    assert found["needed"].all()


def test_a_greedy_view_that_the_later_ones_make_needless_is_found():
    # The classic trap: the greedy first choice takes two of each half, and the halves cover all of it.
    correct = matrix({0, 1, 3, 4}, {0, 1, 2}, {3, 4, 5}, set(), n=6)
    found = zoom.minimal_cover(correct, VIEWS)
    assert found["view"].tolist() == [0, 1, 2]
    # From the last on: 2 alone has image 5, 1 alone image 2, and then 0 has nothing of its own.
    assert found["needed"].tolist() == [False, True, True]
    assert found["forced"].tolist() == [False, True, True]


def test_of_two_views_that_replace_each_other_the_later_one_goes():
    correct = matrix({0, 1, 2, 3}, {0, 1, 4, 5}, {2, 3, 5, 6}, {4, 7}, n=8)
    found = zoom.minimal_cover(correct, VIEWS)
    assert found["view"].tolist() == [0, 1, 2, 3]
    # 6 and 7 keep the last two. Without view 1, images 0 and 1 hang on view 0, and the other way round.
    assert found["needed"].tolist() == [True, False, True, True]


def test_failed_images_are_left_out():
    correct = matrix({0, 1}, {2}, set(), set(), n=4)
    correct[1] = np.nan
    found = zoom.minimal_cover(correct, VIEWS)
    assert found["cumulative"].tolist() == [1, 2]
    assert (found["n"].iloc[0], found["n_failed"].iloc[0]) == (3, 1)


@pytest.mark.parametrize("correct", [np.zeros((3, 4)), np.empty((0, 4)), np.full((2, 4), np.nan)])
def test_nothing_solved_needs_no_view(correct):
    found = zoom.minimal_cover(correct, VIEWS)
    assert len(found) == 0
    assert zoom.cover_sizes(found, VIEWS)["count"].tolist() == [0, 0, 0]
    assert zoom.cover_sizes(found, VIEWS)["value"].isna().all()


def test_all_right_needs_the_first_view_only():
    assert zoom.minimal_cover(np.ones((3, 4)), VIEWS)["view"].tolist() == [0]


def test_sizes_and_anchors_of_the_first_views():
    correct = matrix({0, 1, 2, 3}, {4, 5, 6}, {7, 8}, {9}, n=10)
    cover = zoom.minimal_cover(correct, VIEWS)
    assert cover["view"].tolist() == [0, 1, 2, 3]
    sizes = zoom.cover_sizes(cover, VIEWS, first=3)
    assert sizes[["size", "count", "n"]].to_numpy().tolist() == [[64, 1, 3], [256, 2, 3], [512, 0, 3]]
    assert sizes["value"].tolist() == pytest.approx([1 / 3, 2 / 3, 0])
    anchors = zoom.cover_anchors(cover, VIEWS)
    assert anchors[["row", "col", "count", "n"]].to_numpy().tolist() == [[0, 0, 1, 4], [1, 1, 3, 4]]


def test_bits_and_sets_agree_on_random_answers():
    rng = np.random.default_rng(3)
    right = rng.random((131, 40)) < 0.05
    left, chosen, gains = set(range(131)), [], []
    while True:
        adds = [len(left & set(np.flatnonzero(right[:, view]))) for view in range(40)]
        if not max(adds):
            break
        chosen.append(int(np.argmax(adds)))
        gains.append(max(adds))
        left -= set(np.flatnonzero(right[:, chosen[-1]]))
    assert greedy(pack(right)) == (chosen, gains)
    assert greedy(pack(right), 5) == (chosen[:5], gains[:5])
    cover = zoom.minimal_cover(right, pd.DataFrame({"size": range(1, 41), "row": 1, "col": 1}))
    needed = cover.loc[cover["needed"], "view"]
    assert (right[:, needed].any(axis=1) == right.any(axis=1)).all()
    assert cover["forced"].sum() <= len(needed) <= len(cover)
