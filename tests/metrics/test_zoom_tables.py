import numpy as np
import pandas as pd
import pytest

from core.errors import DataError
from core.metrics import intervals, zoom

NAN = np.nan
#: Five views, the standard crop third.
VIEWS = pd.DataFrame(
    [(128, 1, 1), (224, 0, 0), (256, 1, 1), (256, 0, 1), (512, 1, 1)],
    columns=["size", "row", "col"],
)
#: Image 3 failed.
CORRECT = np.array(
    [
        [0, 0, 1, 1, 1],
        [1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1],
        [NAN, NAN, NAN, NAN, NAN],
        [0, 0, 0, 0, 0],
    ]
)


def rows(table, *columns):
    return list(table[list(columns)].itertuples(index=False, name=None))


def test_accuracy_is_of_each_view_and_failed_images_are_counted_apart():
    found = zoom.by_zoom(CORRECT, VIEWS)
    assert list(found)[:7] == ["size", "row", "col", "top1", "low", "high", "n"]
    assert rows(found, "size", "row", "col") == list(VIEWS.itertuples(index=False, name=None))
    assert found["top1"].tolist() == [0.25, 0.0, 0.25, 0.25, 0.5]
    # Wilson's for 1 of 4 is 0.0456 to 0.6994.
    assert (found["low"][0], found["high"][0]) == pytest.approx((0.0456, 0.6994), abs=1e-4)
    assert set(found["n"]) == set(found["n_clusters"]) == {4}
    assert set(found["n_failed"]) == {1}


def test_an_image_that_lacks_one_view_is_left_out_of_all():
    correct = CORRECT.copy()
    correct[2, 0] = NAN
    found = zoom.by_zoom(correct, VIEWS)
    assert found["top1"].tolist() == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3, 1 / 3])
    assert set(found["n_failed"]) == {2}


def test_clusters_count_as_wholes():
    # Two clusters, one wholly right and one wholly wrong, are two trials: Wilson for 1 of 2.
    correct = np.repeat([[1.0], [0.0]], 20, axis=0)
    found = zoom.by_zoom(correct, VIEWS.iloc[2:3], np.repeat(["a", "b"], 20)).iloc[0]
    assert (found["low"], found["high"]) == pytest.approx((0.0945, 0.9055), abs=1e-4)
    assert (found["n"], found["n_clusters"]) == (40, 2)


def test_clusters_of_one_image_each_are_no_clusters():
    pd.testing.assert_frame_equal(zoom.by_zoom(CORRECT, VIEWS, list("abcde")), zoom.by_zoom(CORRECT, VIEWS))


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_all_wrong_and_all_right_still_have_a_width(right):
    found = zoom.by_zoom(np.full((10, 5), right), VIEWS)
    low, high = intervals.wilson(10 * right, 10)
    assert (found["top1"] == right).all()
    assert (found["low"] == low).all() and (found["high"] == high).all()
    assert high - low > 0.2


def test_no_images_give_missing_numbers():
    none = np.empty((0, 5))
    found = zoom.by_zoom(none, VIEWS)
    assert found[["top1", "low", "high"]].isna().all(axis=None)
    assert (found["n"] == 0).all()
    assert zoom.direction(none, VIEWS)["value"].isna().all()
    assert zoom.centre_bias(none, VIEWS)["value"].isna().all()
    assert len(zoom.unsolvable(none, VIEWS)) == len(zoom.smallest_flip(none, VIEWS)) == 0


def test_what_a_direction_solves_and_what_it_alone_solves():
    found = zoom.direction(CORRECT, VIEWS)
    # Image 0 is solved by the crop, its shift and zooming in; 1 only by zooming out; 2 only by zooming in.
    assert rows(found, "group", "value", "alone", "n_views") == [
        ("zoom-out", 0.25, 0.25, 2),
        ("1-crop", 0.25, 0.0, 1),
        ("shifted", 0.25, 0.0, 1),
        ("zoom-in", 0.5, 0.25, 1),
    ]
    assert (found["n"] == 4).all() and (found["n_failed"] == 1).all()
    assert found["alone_high"][1] == pytest.approx(float(intervals.wilson(0, 4)[1]))


def test_an_image_that_two_directions_solve_is_solved_by_neither_alone():
    found = zoom.direction(np.array([[1.0, 0.0, 0.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0, 0.0]]), VIEWS)
    assert rows(found, "group", "value", "alone") == [
        ("zoom-out", 1.0, 0.5),
        ("1-crop", 0.0, 0.0),
        ("shifted", 0.0, 0.0),
        ("zoom-in", 0.5, 0.0),
    ]


def test_published_directions_are_split_at_the_side_of_the_crop_and_of_the_cover_only():
    # The cover: 512 solves two images, then 128 one. 224 solves nothing.
    found = zoom.direction(CORRECT, VIEWS, as_published=True)
    assert rows(found, "group", "value", "alone", "n_views") == [("zoom-out", 0.25, 0.25, 1), ("zoom-in", 0.5, 0.5, 1)]


def test_the_published_direction_has_a_group_for_the_side_itself():
    found = zoom.direction(np.array([[0.0, 1.0, 0.0, 0.0, 0.0]]), VIEWS, as_published=True)
    assert rows(found, "group", "value", "alone") == [("224", 1.0, 1.0)]


ANCHORS = pd.DataFrame(
    [(256, 1, 1), (512, 1, 1), (256, 0, 0), (512, 0, 0), (1024, 0, 0)],
    columns=["size", "row", "col"],
)


def test_an_anchor_solves_an_image_if_some_size_does():
    correct = np.array([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 1, 0, 1, 0], [0, 0, 1, 0, 1]], dtype=float)
    found = zoom.centre_bias(correct, ANCHORS)
    assert rows(found, "row", "col", "value") == [(0, 0, 0.5), (1, 1, 0.75)]
    assert found["drop"][0] == 0.25
    assert np.isnan(found["drop"][1])
    # Of the four images the middle has two more, the corner one more, and one is even: changes of variance 11/16, and
    # t for four is 3.18, so that nothing is known.
    assert (found["drop_low"][0], found["drop_high"][0]) == (-1, 1)
    # The cover takes 512 at the middle (2), then 256 at the middle (1), then the first at the corner (1, image 3 only).
    assert found["published"].tolist() == [0.25, 0.75]


def test_a_view_that_shows_an_anchor_counts_for_it_where_image_sizes_are_known():
    views = pd.DataFrame({"size": [224, 672], "row": [1, 0], "col": [1, 0]})
    correct = np.array([[1, 0], [0, 1]], dtype=float)
    alone = zoom.centre_bias(correct, views)
    assert rows(alone, "row", "col", "published") == [(0, 0, 0.5), (1, 1, 0.5)]
    # Square images. At 224 a side, the crop at the middle is the pixels from -1 to 222 (anchor 74 + 37 = 111, less
    # 112), so it shows the first anchor at 37 too. At 672 the crop of the first corner is 0 to 223 (anchor 112), and
    # the middle at 336 is outside.
    shown = zoom.centre_bias(correct, views, image_sizes=np.array([[500, 500], [500, 500]]))
    assert rows(shown, "row", "col", "published") == [(0, 0, 1.0), (1, 1, 0.5)]


def test_a_wide_image_shows_less_of_its_anchors():
    # 448 wide at 224 high: along it anchors are 74, 223 and 372 and the crop at the middle is 111 to 334.
    views = pd.DataFrame({"size": [224, 224], "row": [1, 1], "col": [1, 0]})
    found = zoom.centre_bias(np.array([[1.0, 0.0]]), views, image_sizes=np.array([[1000, 500]]))
    assert rows(found, "row", "col", "published") == [(1, 0, 0.0), (1, 1, 1.0)]


def test_sizes_of_other_images_are_refused():
    with pytest.raises(DataError, match="each of 5 images"):
        zoom.centre_bias(CORRECT, VIEWS, image_sizes=np.ones((4, 2), int))


def test_images_that_no_view_solves_are_named_by_their_row():
    assert zoom.unsolvable(CORRECT, VIEWS)["image"].tolist() == [4]
    p = np.tile([0.1, 0.2, 0.1, 0.4, 0.3], (5, 1))
    found = zoom.unsolvable(CORRECT, VIEWS, p)
    assert rows(found, "image", "best_p", "size", "row", "col") == [(4, 0.4, 256, 0, 1)]
    with pytest.raises(DataError, match="probabilities of shape"):
        zoom.unsolvable(CORRECT, VIEWS, p[:, 1:])


def test_the_nearest_zoom_that_flips_an_image():
    found = zoom.smallest_flip(CORRECT, VIEWS)
    # At the middle only: image 0 is right at 256 and 512, wrong at 128; image 1 is right at 128, image 2 at 512.
    assert found["image"].tolist() == [0, 1, 2, 4]
    assert found["one_crop"].tolist() == [True, False, False, False]
    assert found["size"].tolist()[:3] == [128, 128, 512] and found["size"].isna()[3]
    assert found["factor"].tolist()[:3] == [0.5, 0.5, 2.0] and np.isnan(found["factor"][3])


def test_nearness_is_a_ratio_then_a_shift_then_the_order_of_the_family():
    views = pd.DataFrame(
        [(256, 1, 1), (1024, 1, 1), (256, 0, 0), (256, 0, 1), (512, 1, 1), (128, 1, 1)],
        columns=["size", "row", "col"],
    )
    correct = np.array([[0, 1, 1, 1, 1, 1], [0, 1, 0, 0, 1, 1], [1, 0, 1, 1, 1, 1]], dtype=float)
    every = zoom.smallest_flip(correct, views, middle=False)
    assert rows(every, "size", "row", "col") == [(256, 0, 1), (512, 1, 1), (1024, 1, 1)]
    assert zoom.smallest_flip(correct, views)["size"].tolist() == [512, 512, 1024]


def test_a_flip_needs_the_standard_crop():
    with pytest.raises(DataError, match="--view zoom-36"):
        zoom.smallest_flip(CORRECT[:, :2], VIEWS[:2])


@pytest.mark.parametrize(
    ("correct", "views", "clusters", "says"),
    [
        (CORRECT[0], VIEWS, None, "shape"),
        (CORRECT[:, :4], VIEWS, None, "answers to 4 views, but factors of 5"),
        (CORRECT, VIEWS.drop(columns="row"), None, "no 'row'"),
        (CORRECT, VIEWS.assign(size=256, row=1, col=1), None, "stands twice"),
        (CORRECT, VIEWS.astype(float).replace(512, NAN), None, "not zooms"),
        (CORRECT, VIEWS, [0, 1], "2 clusters for 5 images"),
        (CORRECT + 0.5, VIEWS, None, "not 0.5"),
        (np.empty((3, 0)), VIEWS[:0], None, "one row a view"),
    ],
)
def test_what_does_not_fit_is_said(correct, views, clusters, says):
    with pytest.raises(DataError, match=says):
        zoom.by_zoom(correct, views, clusters)
