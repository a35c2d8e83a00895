import os
import unicodedata

import pytest

from core.own.files import Finder, find_images
from tests.own.folders import photos


def found(names, *files, root="/data", **options):
    return Finder(root, files).find(names, **options)


def test_a_name_to_the_letter_comes_first():
    result = found(["a.jpg", "A.jpg"], "a.jpg", "A.jpg")
    assert result.ids == ["a.jpg", "A.jpg"]
    assert not result.how


@pytest.mark.parametrize(
    ("name", "file", "how"),
    [
        ("DIR/Photo.JPG", "dir/photo.jpg", "spelling"),
        (unicodedata.normalize("NFD", "köln.jpg"), "köln.jpg", "spelling"),
        ("köln.jpg", unicodedata.normalize("NFD", "köln.jpg"), "spelling"),
        ("a.jpg", "a.JPEG", "suffix"),
        ("a", "a.png", "suffix"),
        ("a.v2", "a.v2.png", "suffix"),
        ("val/images/a.jpg", "images/a.jpg", "folder"),
        ("a.jpg", "n01440764/a.jpg", "folder"),
        ("k%C3%B6ln%201.jpg", "köln 1.jpg", "address"),
        ("https://example.org/data/dir/a%20b.jpg?size=2", "dir/a b.jpg", "address"),
        ("/mnt/elsewhere/x/a.jpg", "x/a.jpg", "folder"),
        ("C:\\photos\\x\\a.jpg", "x/a.jpg", "folder"),
    ],
)
def test_other_spellings_endings_and_folders_are_resolved_and_counted(name, file, how):
    result = found([name], file, "other.jpg")
    assert result.ids == [file]
    assert dict(result.how) == {how: 1}


@pytest.mark.parametrize("name", ["x/a.jpg", "x\\a.jpg", "./x/a.jpg", "/data/x/a.jpg", "x//a.jpg", " x/a.jpg "])
def test_ways_to_write_one_path_are_that_path(name):
    result = found([name], "x/a.jpg")
    assert result.ids == ["x/a.jpg"]
    assert not result.how


def test_what_could_be_several_files_is_none():
    result = found(["A.JPG", "b", "c.jpg"], "a.jpg", "a.jpeg", "A.jpg", "b.png", "b.jpg", "1/c.jpg", "2/c.jpg")
    assert result.ids == [None, None, None]
    assert result.faults["several"] == [0, 1, 2]


def test_two_rows_are_not_resolved_to_one_file():
    # Of two folders one was left out: neither row may have the other's image.
    assert found(["1/a.jpg", "2/a.jpg"], "1/a.jpg").ids == ["1/a.jpg", None]
    assert found(["3/a.jpg", "2/a.jpg"], "a.jpg").ids == [None, None]
    assert found(["a", "A"], "a.jpg", is_one_each=False).ids == ["a.jpg", "a.jpg"]


@pytest.mark.parametrize("name", ["../a.jpg", "x/../../a.jpg", "..\\a.jpg", "a\0.jpg", "/", ".", ".."])
def test_no_name_leads_out(name):
    result = found([name], "a.jpg")
    assert result.ids == [None]
    assert result.faults["outside"] == [0]


def test_an_absolute_path_elsewhere_is_missing_and_nothing_is_empty():
    result = found(["/etc/passwd", "", None, float("nan"), 7], "a.jpg")
    assert result.ids == [None] * 5
    assert dict(result.faults) == {"missing": [0, 4], "empty": [1, 2, 3]}


def test_images_are_found_at_any_depth_hidden_ones_and_circles_left_out(tmp_path):
    photos(tmp_path, "a.jpg", "x/y/z/b.PNG", "x/._a.jpg", ".cache/c.jpg")
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "x" / "back").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert list(find_images(tmp_path)) == ["a.jpg", "x/y/z/b.PNG"]
    assert find_images(tmp_path)["a.jpg"] == os.path.getsize(tmp_path / "a.jpg")


def test_another_folder_and_another_ending_at_once_are_too_far():
    assert found(["masks/a.png"], "a.jpg").ids == [None]


def test_some_files_can_be_kept_from_being_found():
    finder = Finder("/data", ["a.jpg", "masks/b.jpg"])
    assert finder.to_the_letter(["./masks/b.jpg", "b.jpg", None]) == {"masks/b.jpg"}
    assert finder.without({"masks/b.jpg"}).find(["a.jpg", "b.jpg"]).ids == ["a.jpg", None]


def test_a_percent_sign_of_a_name_is_one_and_leads_nowhere():
    assert found(["100%.jpg", "50%25.jpg"], "100%.jpg", "50%25.jpg", "50%.jpg").ids == ["100%.jpg", "50%25.jpg"]
    assert found(["%2e%2e/%2e%2e/etc/passwd"], "a.jpg").ids == [None]
