"""Where cells lie, by hand."""

import numpy as np
import pytest

from core.saliency.placement import Placement, mean

IMAGE = Placement.of_pixels((64, 96))


def halved(placed, kernel=3, padding=1):
    rows, columns = placed.grid
    return placed.windowed((rows // 2, columns // 2), (kernel,) * 2, (2, 2), (padding,) * 2, (1, 1))


def test_convolutions_with_symmetric_padding_keep_the_first_cell_at_the_first_pixel():
    placed = halved(halved(halved(IMAGE)))
    assert (placed.grid, placed.offset, placed.stride) == ((8, 12), (0.0, 0.0), (8.0, 8.0))


def test_pools_without_padding_put_cells_between_pixels():
    # (2 - 1) / 2 pixels, then as much at twice the stride, as patches of 4 px have them.
    placed = halved(halved(IMAGE, 2, 0), 2, 0)
    assert placed.offset == (1.5, 1.5)
    assert placed == Placement((16, 24), (1.5, 1.5), (4.0, 4.0))
    even = Placement.even((16, 24), (64, 96))
    assert (even.offset, even.stride, even.traced) == ((1.5, 1.5), (4.0, 4.0), False)


def test_a_kernel_is_centred_whatever_its_dilation():
    # Taps at 0, 2 and 4 of the padded rows, which begin at -1: the middle one is row 1.
    placed = IMAGE.windowed((62, 96), (3, 1), (1, 1), (1, 0), (2, 1))
    assert placed.offset == (1.0, 0.0)


def test_slices_and_padding_move_the_first_cell():
    coarse = halved(IMAGE)
    assert coarse.along(1, 1, 2, 24) == Placement((32, 24), (0.0, 2.0), (2.0, 4.0))
    assert coarse.along(0, -3, 1, 38).offset == (-6.0, 0.0)


def test_a_map_that_is_enlarged_covers_the_same_pixels():
    small = halved(IMAGE, 2, 0)
    assert small.offset == (0.5, 0.5)
    assert small.resized((64, 96)) == IMAGE


def test_maps_that_are_added_count_by_their_sizes():
    one, other = Placement((4, 4), (0.0, 3.0), (8.0, 8.0)), Placement((4, 4), (4.0, 3.0), (8.0, 8.0))
    assert mean([one, one], [1, 1]) is one
    assert mean([one, other], [3, 1]) == Placement((4, 4), (1.0, 3.0), (8.0, 8.0))
    assert not mean([one, Placement.even((4, 4), (32, 32))], [1, 1]).traced


def test_pixels_share_the_two_cells_that_they_lie_between_and_the_border_shows_the_last_one():
    rows, columns = Placement((2, 1), (1.0, 0.0), (4.0, 4.0)).weights((8, 2))
    assert rows.tolist() == [[1, 0], [1, 0], [0.75, 0.25], [0.5, 0.5], [0.25, 0.75], [0, 1], [0, 1], [0, 1]]
    assert columns.tolist() == [[1], [1]]


@pytest.mark.parametrize("offset", [-40.0, 500.0])
def test_cells_outside_the_image_show_the_nearest_one(offset):
    rows, _ = Placement((3, 3), (offset, 0.0), (8.0, 8.0)).weights((16, 16))
    assert (rows.argmax(axis=1) == (2 if offset < 0 else 0)).all()
    assert np.allclose(rows.sum(axis=1), 1)
