import pytest

from core.errors import DataError
from tests.own.folders import photos, understood, write

ZERO_TO_TWO = ("n01440764/a.jpg", "n01443537/b.jpg", "n01484850/c.jpg")


def table(labels, files=("a.jpg", "b.jpg", "c.jpg"), **more):
    lines = [",".join(["file", "label", *more])]
    lines += [
        ",".join([file, str(label), *(values[row] for values in more.values())])
        for row, (file, label) in enumerate(zip(files, labels, strict=True))
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture
def plain(tmp_path):
    return photos(tmp_path / "photos", "a.jpg", "b.jpg", "c.jpg")


def test_indices_that_reach_the_number_of_classes_count_from_one(plain, tmp_path):
    with pytest.raises(DataError, match=r"indices of 1 to 1,000, and the classes are 0 to 999: subtract 1"):
        understood(plain, table([1, 2, 1000]), tmp_path, leave_out=True)
    classes = write(tmp_path / "c.txt", "red\ngreen\nblue\n")
    with pytest.raises(DataError, match=r"indices of 1 to 3, and the classes are 0 to 2"):
        understood(plain, table([1, 2, 3]), tmp_path, classes=classes)
    assert understood(plain, table([0, 1, 2]), tmp_path, classes=classes).samples["class"].tolist() == [
        *("red", "green", "blue")
    ]


def test_indices_are_compared_with_the_names_of_folders(tmp_path):
    root = photos(tmp_path / "photos", *ZERO_TO_TWO)
    with pytest.raises(DataError, match=r"row 1 has 1, which is 'goldfish', and the name of the folder says 'tench'"):
        understood(root, table([1, 2, 3], ZERO_TO_TWO), tmp_path, leave_out=True)
    assert understood(root, table([0, 1, 2], ZERO_TO_TWO), tmp_path).samples["accepted"].tolist() == [[0], [1], [2]]


@pytest.mark.parametrize("values", [["tench", "goldfish", "great white shark"], ["n01440764", "n01443537", ""]])
def test_indices_are_compared_with_another_column_of_classes(plain, tmp_path, values):
    with pytest.raises(DataError, match=r"the column 'class_name' says 'tench', the class before it"):
        understood(plain, table([1, 2, 3], class_name=values), tmp_path)
    assert not [
        note for note in understood(plain, table([0, 1, 2], class_name=values), tmp_path).notes if "different" in note
    ]


def test_another_statement_of_a_class_is_said_and_the_label_counts(plain, tmp_path):
    found = understood(
        plain, table(["tench", "tench", "goldfish"], wnid=["n01440764", "n01443537", "n01443537"]), tmp_path
    )
    assert found.samples["class"].tolist() == ["tench", "tench", "goldfish"]
    assert (
        "labels and the column 'wnid' name different classes in 1 of 3 rows, such as 'tench' and 'goldfish' in row 2: "
        "the labels count."
    ) in found.notes


def test_a_factor_that_names_few_classes_is_no_statement_of_them(plain, tmp_path):
    found = understood(plain, table([1, 2, 3], category=["goldfish", "indoors", "by night"]), tmp_path)
    assert found.samples["accepted"].tolist() == [[1], [2], [3]]


def test_where_classes_are_called_by_numbers_a_number_is_a_name(plain, tmp_path):
    classes = write(tmp_path / "c.txt", "3\n2\n1\n")
    found = understood(plain, table([1, 2, 3]), tmp_path, classes=classes)
    assert found.samples["accepted"].tolist() == [[2], [1], [0]]


def test_the_column_of_labels_has_many_names(plain, tmp_path):
    found = understood(plain, table(["n01440764"] * 3).replace("label", "WNID"), tmp_path)
    assert found.columns["label"] == "WNID"
    with pytest.raises(DataError, match="the table has no column 'label'"):
        understood(plain, table([1, 2, 3]).replace("label", "v"), tmp_path)
