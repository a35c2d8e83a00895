import numpy as np
import pytest

from core.errors import UsageError
from core.images.ablation import KINDS, ablate

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def colour(letter):
    """A colour of its own for each letter, no channel like another; ``5`` is the grey of an ablation."""
    if letter == "5":
        return (0.5, 0.5, 0.5)
    at = LETTERS.index(letter)
    return (at / 32, 1 - at / 32, at / 64)


def drawn(*rows):
    """An image from letters, a pixel each."""
    return np.array([[colour(letter) for letter in row] for row in rows], np.float32)


def masked(*rows):
    """A mask from rows in which ``#`` is the object."""
    return np.array([[letter == "#" for letter in row] for row in rows])


def in_letters(image):
    """The image as it would be drawn; what no letter stands for is ``?``."""
    known = {drawn(letter).tobytes(): letter for letter in (*LETTERS, "5")}
    return ["".join(known.get(pixel.tobytes(), "?") for pixel in row) for row in image]


ALPHABET = ("abcdef", "ghijkl", "mnopqr", "stuvwx")
CORNER = ("......", "..#...", "..##..", "......")


def test_gray_covers_the_pixels_of_the_mask_only():
    found = ablate(drawn(*ALPHABET), masked(*CORNER), "gray")
    assert in_letters(found) == ["abcdef", "gh5jkl", "mn55qr", "stuvwx"]


def test_a_gray_box_has_its_last_row_and_column():
    found = ablate(drawn(*ALPHABET), masked(*CORNER), "gray-box")
    assert in_letters(found) == ["abcdef", "gh55kl", "mn55qr", "stuvwx"]


def test_there_is_one_gray_box_around_all_components():
    found = ablate(drawn(*ALPHABET), masked("#.....", "......", "...#..", "......"), "gray-box")
    assert in_letters(found) == ["5555ef", "5555kl", "5555qr", "stuvwx"]


def test_the_mean_colour_is_that_of_the_pixels_outside():
    # Outside are a, b and d: their mean position is (0 + 1 + 3) / 3 = 4/3.
    found = ablate(drawn("ab", "zd"), masked("..", "#."), "mean-colour")
    np.testing.assert_allclose(found[1, 0], [4 / 96, 1 - 4 / 96, 4 / 192], rtol=1e-6)
    assert in_letters(found) == ["ab", "?d"]


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        # Of a box of 2 x 1 the strips have 2 x 3 pixels on the left, 2 x 2 on the right, 1 above and 1 below.
        (("......", "...#..", "...#..", "......"), ["abcdef", "ghihkl", "mnonqr", "stuvwx"]),
        (("......", "..#...", "..#...", "......"), ["abcdef", "ghkjkl", "mnqpqr", "stuvwx"]),
        # Of a box of 1 x 6 only above and below have pixels: 6 x 2 and 6 x 1, then the other way round.
        (("......", "......", "######", "......"), ["abcdef", "ghijkl", "abcdef", "stuvwx"]),
        (("......", "######", "......", "......"), ["abcdef", "stuvwx", "mnopqr", "stuvwx"]),
    ],
    ids=["left", "right", "above", "below"],
)
def test_a_tile_comes_from_the_side_with_most_free_pixels_leaving_out_the_outline(mask, expected):
    assert in_letters(ablate(drawn(*ALPHABET), masked(*mask), "tile")) == expected


def test_a_tile_fills_the_box_and_lies_as_it_lay():
    # The box is rows 0 and 1 of columns 4 and 5: 2 x 4 pixels on its left, 2 x 2 on its right, 2 below. Next to the
    # object lie d and l, so the tile is b, c over j, k.
    found = ablate(drawn("abcdefgh", "ijklmnop", "qrstuvwx"), masked("....#...", "....##..", "........"), "tile")
    assert in_letters(found) == ["abcdbcgh", "ijkljkop", "qrstuvwx"]


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("...####.", "abcababh"),
        (".####...", "aghghfgh"),
        ("...#####", "abcababa"),
        ("#####...", "hghghfgh"),
        ("....#...", "abcdcfgh"),
        (".....##.", "abcdecdh"),
        ("..#####.", "abaaaaah"),
        (".######.", "aaaaaaah"),
    ],
    ids=[
        *("twice the left", "twice the right", "to the right border", "to the left border"),
        *("one of more", "two of more", "two on the left", "one on either side"),
    ],
)
def test_a_tile_is_repeated_from_the_edge_at_which_it_faces_the_box(mask, expected):
    assert in_letters(ablate(drawn("abcdefgh"), masked(mask), "tile")) == [expected]
    down = ablate(drawn(*"abcdefgh"), masked(*mask), "tile")
    assert in_letters(down) == list(expected)


def test_a_strip_ends_before_the_next_object():
    # Between the first two lie b, c and d, of which b and d are next to an object. The third has f and g on its left:
    # g is next to it, and f is the only other one.
    assert in_letters(ablate(drawn("abcdefgh"), masked("#...#..#"), "tile")) == ["cbcdcfgf"]


def test_a_tile_leaves_out_the_outline_of_the_object_at_its_far_end_too():
    assert in_letters(ablate(drawn("abcdefgh"), masked("#...####"), "tile")) == ["cbcdcccc"]


def test_the_largest_strip_is_the_one_with_most_pixels_and_not_the_deepest():
    # On the left 1 x 2 pixels, above 4 x 1.
    assert in_letters(ablate(drawn("abcdef", "ghijkl"), masked("......", "..####"), "tile")) == ["abcdef", "ghcdef"]


def test_each_component_has_its_own_box_and_its_own_side():
    # At the top, both take the 4 pixels between them and not the 3 and 2 below; at the bottom right, the left side has
    # 5 and the one above 2.
    found = ablate(drawn(*ALPHABET), masked("#....#", "......", "......", ".....#"), "tile")
    assert in_letters(found) == ["cbcded", "ghijkl", "mnopqr", "stuvwv"]


def test_pixels_that_touch_at_a_corner_are_one_component():
    # One box of 2 x 2 in the top left corner; as two boxes, b would have stayed.
    found = ablate(drawn(*ALPHABET), masked("#.....", ".#....", "......", "......"), "tile")
    assert in_letters(found) == ["decdef", "jkijkl", "mnopqr", "stuvwx"]


def test_a_box_without_a_free_pixel_on_any_side_gets_the_mean_colour_outside():
    # The large object's box is all of the first three columns, and the small object stands in the strip on its right.
    # The nine free pixels are b c e, g h i j, n o: positions 1 2 4 6 7 8 9 13 14, 64 in all.
    found = ablate(drawn("abcde", "fghij", "klmno"), masked("#..#.", "#....", "###.."), "tile")
    assert in_letters(found) == ["???be", "???ij", "???no"]
    mean = 64 / 9
    expected = np.broadcast_to(np.float32([mean / 32, 1 - mean / 32, mean / 64]), (3, 3, 3))
    np.testing.assert_allclose(found[:, :3], expected, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_that_is_all_object_becomes_grey(kind):
    assert (ablate(drawn(*ALPHABET), np.ones((4, 6), bool), kind) == 0.5).all()


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_mask_leaves_the_image_as_it_is_in_an_array_of_its_own(kind):
    image = drawn(*ALPHABET)
    found = ablate(image, np.zeros((4, 6), bool), kind)
    np.testing.assert_array_equal(found, image)
    assert not np.shares_memory(found, image)


def scattered(seed, share):
    """A random image, whose colours are below 0.4, and a random mask."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 0.4, (12, 15, 3)).astype(np.float32), rng.random((12, 15)) < share


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.9])
def test_nothing_of_the_object_is_left_and_the_given_arrays_stay_as_they_were(kind, share):
    for seed in range(20):
        image, mask = scattered(seed, share)
        bright = np.where(mask[..., None], np.float32(1), image)
        before = bright.copy(), mask.copy()
        found = ablate(bright, mask, kind)
        np.testing.assert_array_equal(bright, before[0])
        np.testing.assert_array_equal(mask, before[1])
        np.testing.assert_array_equal(found, ablate(image, mask, kind))
        assert found.dtype == np.float32
        assert found.shape == image.shape
        assert found.max() <= 0.5


@pytest.mark.parametrize("flip", [np.flipud, np.fliplr, lambda each: np.swapaxes(each, 0, 1)])
def test_a_tile_of_a_mirrored_or_transposed_image_is_mirrored_or_transposed(flip):
    # One object whose four sides have different room: 6 and 4 columns, 2 and 5 rows.
    image, mask = scattered(0, 0)
    mask[2:7, 6:11] = True
    expected = flip(ablate(image, mask, "tile"))
    np.testing.assert_array_equal(ablate(flip(image).copy(), flip(mask).copy(), "tile"), expected)


@pytest.mark.parametrize(
    ("image", "mask", "kind", "said"),
    [
        (np.zeros((4, 6, 3)), np.zeros((4, 6), bool), "gray", r"must be float32 \(H, W, 3\), got float64 \(4, 6, 3\)"),
        (np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6), bool), "gray", "got uint8 .*divide them by 255"),
        (np.zeros((4, 6), np.float32), np.zeros((4, 6), bool), "gray", r"got float32 \(4, 6\)"),
        (np.zeros((4, 6, 4), np.float32), np.zeros((4, 6), bool), "gray", r"got float32 \(4, 6, 4\)"),
        (drawn(*ALPHABET), np.zeros((6, 4), bool), "tile", r"bool \(4, 6\) as its image, got bool \(6, 4\)"),
        (drawn(*ALPHABET), np.zeros((4, 6), np.uint8), "tile", r"got uint8 \(4, 6\).*threshold"),
        (drawn(*ALPHABET) * 2, np.zeros((4, 6), bool), "tile", r"within \[0, 1\], got 0 to 2; .*normalised"),
        (drawn(*ALPHABET) - 1, np.zeros((4, 6), bool), "tile", r"got -1 to 0"),
        (np.full((4, 6, 3), np.nan, np.float32), np.zeros((4, 6), bool), "tile", r"got nan to nan"),
        (drawn(*ALPHABET), np.zeros((4, 6), bool), "grey-box", "unknown ablation 'grey-box'.*'gray-box'.*mean-colour"),
    ],
)
def test_what_cannot_be_ablated_is_an_error_that_names_the_value(image, mask, kind, said):
    with pytest.raises(UsageError, match=said):
        ablate(image, mask, kind)
