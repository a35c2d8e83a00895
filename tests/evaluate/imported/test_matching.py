"""Rows of a file find their images, or are said to find none."""

import pytest

from core.errors import DataError
from core.evaluate.imported.matching import matched


def rows_of(names, ids, contents=None):
    return matched(names, ids, (contents or names).__getitem__)


def test_names_that_are_ids_match_in_any_order():
    found = rows_of(["b/2.jpg", "a/1.jpg"], ["a/1.jpg", "b/2.jpg"])
    assert found.rows.tolist() == [1, 0]
    assert (found.by_id, found.by_folder, found.strangers, found.missing) == (2, 0, (), ())


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("/mnt/val/n01/7.JPEG", "by_folder"),
        ("C:\\sets\\n01\\7.JPEG", "by_folder"),
        ("../../n01/7.JPEG", "by_id"),
        ("./n01/7.JPEG", "by_id"),
        ("7.JPEG", "by_name"),
        ("other/7.JPEG", "by_name"),
        ("n01/7.png", "by_stem"),
        ("n01/7", "by_stem"),
        ("/mnt/7.webp", "by_stem"),
        ("n01/007.JPEG", "by_stem"),
    ],
)
def test_other_folders_and_extensions_are_resolved_and_counted(name, way):
    found = rows_of([name, "n02/8.JPEG"], ["n01/7.JPEG", "n02/8.JPEG"])
    assert found.rows.tolist() == [0, 1]
    assert getattr(found, way) == (2 if way == "by_id" else 1)


def test_a_name_that_fits_two_images_matches_none():
    found = rows_of(["0.png", "n02/1.png"], ["n01/0.png", "n02/0.png", "n02/1.png"])
    assert found.rows.tolist() == [-1, -1, 1]
    assert (found.strangers, found.ambiguous, found.missing) == (("0.png",), 1, ("n01/0.png", "n02/0.png"))
    assert "Rows that match no image: 1 (1 because their names fit several): '0.png'." in found.said()


def test_an_image_that_two_rows_fit_matches_none_of_them():
    found = rows_of(["x/0.png", "y/0.png"], ["n01/0.png"], [1, 1])
    assert found.rows.tolist() == [-1]
    assert found.ambiguous == 2


def test_a_row_of_another_set_does_not_take_the_place_of_a_missing_image():
    # area_0.2 is not in the benchmark: its koala is not that of area_0.1, although the file's name is the same.
    found = rows_of(["area_0.1/koala/1.png", "area_0.2/koala/1.png"], ["area_0.1/koala/1.png", "area_0.1/zebra/2.png"])
    assert found.rows.tolist() == [0, -1]
    assert found.strangers == ("area_0.2/koala/1.png",)


def test_a_dot_that_ends_no_image_is_no_extension():
    found = rows_of(["size_0.05", "size_0.1"], ["size_0.1", "size_0.05"])
    assert found.rows.tolist() == [1, 0]
    assert rows_of(["size_0.05"], ["size_0.1"]).rows.tolist() == [-1]


def test_numbers_that_lost_their_zeros_find_their_images():
    found = rows_of(["7", "10"], ["0007", "0010"])
    assert found.rows.tolist() == [0, 1]
    assert found.by_stem == 2


def test_letters_with_accents_match_in_either_form():
    assert rows_of(["e\u0301.png"], ["\u00e9.png"]).by_id == 1


def test_a_row_that_stands_twice_must_say_the_same():
    found = rows_of(["a.png", "a.png", "b.png"], ["a.png", "b.png"], [3, 3, 4])
    assert (found.rows.tolist(), found.repeated) == ([0, 2], 1)
    with pytest.raises(DataError, match=r"rows 1 and 2 are both about 'a\.png' and say different things"):
        rows_of(["a.png", "a.png"], ["a.png"], [3, 4])
