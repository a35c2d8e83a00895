"""Zoomed crops, worked out by hand on small drawn images."""

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError, UsageError
from core.images.zoom import ANCHORS, SIZES, corner, crop, crops, resized_size, scaled

#: Nine cells of 3 x 3 pixels, each of one level: 10 above left, 90 below right.
LEVELS = np.arange(10, 100, 10, dtype=np.uint8).reshape(3, 3)
GRID = Image.fromarray(np.repeat(np.repeat(np.stack([LEVELS] * 3, axis=-1), 3, axis=0), 3, axis=1))


def photo(width, height, seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def whole(image, shorter):
    """The resized image as Pillow makes it in one go."""
    size = resized_size(*image.size, shorter)
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC))


def padded(pixels, top, left, shape):
    """A crop by indices that may lie outside."""
    room = max(*shape, *pixels.shape)
    canvas = np.pad(pixels, ((room, room), (room, room), (0, 0)))
    return canvas[top + room : top + room + shape[0], left + room : left + room + shape[1]]


def test_the_study_has_36_sizes_and_nine_anchors():
    assert len(SIZES) == len(set(SIZES)) == 36
    assert list(SIZES) == sorted(SIZES)
    assert (SIZES[0], SIZES[-1]) == (10, 1024)
    # Ten of them lie evenly between the ends: (1024 - 10) / 9 = 112.67 apart, rounded down.
    assert set(SIZES) >= {10 + 1014 * step // 9 for step in range(10)}
    assert ANCHORS == ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2))


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        # 256 // 3 = 85 and 85 // 2 = 42: anchors at 42, 127, 212, less 112.
        (256, [-70, 15, 100]),
        # 341 // 3 = 113 and 113 // 2 = 56: anchors at 56, 169, 282.
        (341, [-56, 57, 170]),
        # 1024 // 3 = 341 and 341 // 2 = 170: anchors at 170, 511, 852.
        (1024, [58, 399, 740]),
        # 10 // 3 = 3 and 3 // 2 = 1: anchors at 1, 4, 7.
        (10, [-111, -108, -105]),
        # 224 // 3 = 74 and 74 // 2 = 37: anchors at 37, 111, 185; so even there the middle crop shows a black line.
        (224, [-75, -1, 73]),
        # Too short for thirds: all anchors at 0.
        (2, [-112, -112, -112]),
    ],
)
def test_corners_are_whole_thirds_less_half_a_crop(length, expected):
    assert [corner(length, index, 224) for index in range(3)] == expected


def test_half_of_an_odd_crop_is_rounded_down():
    # Anchors of 9 are 1, 4 and 7; 5 // 2 = 2.
    assert [corner(9, index, 5) for index in range(3)] == [-1, 2, 5]


@pytest.mark.parametrize(("row", "col"), ANCHORS)
def test_an_anchor_is_the_centre_of_its_cell(row, col):
    # At an input of 3, size 672 is 9 pixels, the image's own: nothing is resampled, and each crop is one cell.
    found = crop(GRID, size=672, row=row, col=col, side=3)
    assert found.shape == (3, 3, 3)
    assert found.dtype == np.uint8
    assert (found == LEVELS[row, col]).all()


def test_a_crop_across_the_border_is_black_outside():
    # At an input of 5, size 403 is 403 * 5 / 224 = 8.996, so 9 pixels. The anchor above left is pixel 1, the corner -1.
    found = crop(GRID, size=403, row=0, col=0, side=5)[..., 0]
    assert found.tolist() == [
        [0, 0, 0, 0, 0],
        [0, 10, 10, 10, 20],
        [0, 10, 10, 10, 20],
        [0, 10, 10, 10, 20],
        [0, 40, 40, 40, 50],
    ]
    # Below right the anchor is pixel 7 and the corner 5: one pixel of the middle cells, three of the last, one outside.
    found = crop(GRID, size=403, row=2, col=2, side=5)[..., 0]
    assert found.tolist() == [
        [50, 60, 60, 60, 0],
        [80, 90, 90, 90, 0],
        [80, 90, 90, 90, 0],
        [80, 90, 90, 90, 0],
        [0, 0, 0, 0, 0],
    ]


def test_the_first_index_of_an_anchor_is_its_row():
    assert crop(GRID, size=672, row=0, col=2, side=3)[0, 0, 0] == 30
    assert crop(GRID, size=672, row=2, col=0, side=3)[0, 0, 0] == 70


def test_a_tiny_image_lies_in_the_black_where_its_anchor_says():
    white = Image.new("RGB", (500, 400), "white")
    # 16 x 20 pixels. Height: thirds of 5, anchors at 2, 7, 12; width: thirds of 6, anchors at 3, 9, 15.
    found = crop(white, size=16, row=0, col=2)
    y, x = np.nonzero(found[..., 0])
    assert (y.min(), y.max(), x.min(), x.max()) == (110, 125, 97, 116)
    assert (found[110:126, 97:117] == 255).all()
    assert found.sum() == 16 * 20 * 3 * 255


def test_a_large_size_shows_a_small_part():
    # Left half black, right half white; at 1024 the crop around the first anchor shows columns 58 to 281 of 1024.
    halves = Image.fromarray(np.repeat(np.array([[0, 255]], np.uint8), 32, axis=1).repeat(64, axis=0)).convert("RGB")
    assert (crop(halves, size=1024, row=1, col=0) == 0).all()
    assert (crop(halves, size=1024, row=1, col=2) == 255).all()
    # Around the middle, columns 399 to 622: the border at 512 is column 113, and bicubic overshoots near it.
    middle = crop(halves, size=1024, row=1, col=1)[0, :, 0]
    assert (middle[:80] == 0).all()
    assert (middle[146:] == 255).all()
    assert middle[112] < 128 <= middle[113]


@pytest.mark.parametrize(("width", "height"), [(37, 23), (23, 37), (61, 61), (300, 41), (41, 300), (7, 301)])
@pytest.mark.parametrize("shorter", [1, 2, 5, 23, 33, 64, 150])
@pytest.mark.parametrize("anchors", [ANCHORS, ((1, 1),), ((0, 2), (2, 0))], ids=["nine", "middle", "corners"])
def test_crops_are_those_of_the_image_resized_as_a_whole(width, height, shorter, anchors):
    image = photo(width, height)
    pixels = whole(image, shorter)
    for (row, col), found in zip(anchors, crops(image, shorter, anchors, (31, 48)), strict=True):
        top, left = corner(pixels.shape[0], row, 31), corner(pixels.shape[1], col, 48)
        assert np.array_equal(np.asarray(found), padded(pixels, top, left, (31, 48)))


def test_the_shorter_side_gets_the_size_and_the_longer_one_is_rounded_down():
    assert resized_size(500, 375, 256) == (341, 256)
    assert resized_size(375, 500, 256) == (256, 341)
    assert resized_size(300, 300, 10) == (10, 10)


def test_sizes_scale_with_the_input_to_the_nearest_pixel_halves_up():
    assert [scaled(size, 224) for size in SIZES] == list(SIZES)
    # 10 * 384 / 224 = 17.14, 16 * 32 / 224 = 2.29, 1024 * 299 / 224 = 1366.86.
    assert (scaled(10, 384), scaled(16, 32), scaled(1024, 299)) == (17, 2, 1367)
    # 10 * 112 / 224 = 5, 235 * 112 / 224 = 117.5, 10 * 5 / 224 = 0.22.
    assert (scaled(10, 112), scaled(235, 112), scaled(10, 5)) == (5, 118, 1)


def test_other_modes_are_shown_as_rgb():
    grey = Image.new("L", (20, 20), 77)
    found = crop(grey, size=224, row=1, col=1, side=8)
    # 8 pixels: thirds of 2, anchors at 1, 3, 5; the corner of the middle one is -1.
    assert (found[1:, 1:] == 77).all()
    assert not found[0].any()
    assert not found[:, 0].any()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"row": 3}, r"row 3 is no anchor of the 3 x 3 grid: give row=0, 1 or 2"),
        ({"col": -1}, r"col -1 is no anchor of the 3 x 3 grid: give col=0, 1 or 2"),
        ({"row": 0.5}, r"row 0\.5 is no whole number"),
        ({"size": 0}, r"size 0 leaves no pixel: give size=1 or more"),
        ({"size": "256"}, r"size '256' is no whole number"),
        ({"side": 0}, r"side 0 leaves no pixel"),
        ({"side": None}, r"side None is no whole number"),
    ],
)
def test_a_wrong_number_is_named(wrong, says):
    with pytest.raises(UsageError, match=says):
        crop(GRID, **{"size": 256, "row": 1, "col": 1, **wrong})


def test_numbers_of_numpy_are_numbers():
    one = np.int64(1)
    assert np.array_equal(crop(GRID, size=np.int32(672), row=one, col=one, side=3), np.full((3, 3, 3), 50))


def test_an_image_that_would_be_too_large_is_refused_before_it_is_made():
    with pytest.raises(ImageError, match=r"resized to 100,000 x 10,000 pixels; at most 178,956,970"):
        crop(Image.new("RGB", (100, 10)), size=10_000, row=1, col=1)
    with pytest.raises(ImageError, match=r"cropped to 20,000 x 20,000 pixels"):
        crop(GRID, size=256, row=1, col=1, side=20_000)


@pytest.mark.parametrize(("width", "height"), [(1000, 10), (10, 1000)])
def test_a_panorama_is_shown_at_the_largest_size(width, height):
    # 1024 x 102,400 pixels. The middle anchor is 34,133 + 17,066 = 51,199 along it, and 511 across.
    image = photo(width, height)
    found = crop(image, size=1024, row=1, col=1)
    pixels = whole(image, 1024)
    across, along = slice(399, 623), slice(51_087, 51_311)
    expected = pixels[across, along] if width > height else pixels[along, across]
    assert np.array_equal(found, expected)
