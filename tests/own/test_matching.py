import pytest

from core.errors import DataError
from core.labels import IMAGENET_1K, LabelSpace, label_space
from core.own.classes import published_space, read_classes
from core.own.matching import match, named, parts

IMAGENET = label_space(IMAGENET_1K)


@pytest.mark.parametrize(
    "label",
    [
        *("0", 0, 0.0, "0.0", "n01440764", "N01440764", "tench", "Tench", " TENCH ", "Tinca tinca", "tinca_tinca"),
        *(["tench"], "tench, Tinca tinca", "tench|Tinca tinca"),
    ],
)
def test_a_class_has_many_names(label):
    assert match([label], IMAGENET).accepted == [[0]]


def test_several_labels_are_several_classes():
    assert match(["goldfish | tench", ["1", "n01484850"]], IMAGENET).accepted == [[0, 1], [1, 2]]


@pytest.mark.parametrize(("label", "classes"), [("crane", [134, 517]), ("maillot", [638, 639])])
def test_a_name_of_two_classes_is_ambiguous_and_both_are_named(label, classes):
    found = match([label, "tench"], IMAGENET)
    assert found.accepted == [[], [0]]
    assert found.ambiguous == {label: classes}
    assert all(IMAGENET.wnids[index] in named(IMAGENET, classes) for index in classes)


def test_the_wordnet_id_the_index_and_the_full_name_say_which():
    assert match(["n02012849", "517", "crane (machine)"], IMAGENET).accepted == [[134], [517], [517]]


def test_what_is_not_understood_is_counted_with_the_nearest():
    found = match(["tensch", "tensch", "zzzz", "1000", "-1", "n99999999", "tench|zzzz", None, "", " | "], IMAGENET)
    assert found.accepted == [[]] * 10
    assert found.unmatched == {"tensch": 2, "zzzz": 2, "1000": 1, "-1": 1, "n99999999": 1}
    assert found.hints["tensch"][0] == "tench"
    assert found.hints["zzzz"] == []
    assert found.hints["n99999999"] == []
    assert found.n_empty == 3


def test_a_number_that_is_a_name_of_another_class_is_ambiguous():
    digits = LabelSpace("own-x", ("one", "0", "two"))
    found = match(["0", "one", "2"], digits)
    assert found.accepted == [[], [0], [2]]
    assert found.ambiguous == {"0": [0, 1]}


def test_labels_of_a_cell():
    assert parts("a| b |a|") == ["a", "b"]
    assert parts(float("nan")) == parts(None) == []
    assert parts(3.0) == ["3"]
    assert parts(3.5) == ["3.5"]


@pytest.mark.parametrize(
    "text",
    [
        "cat\nbig dog\n\n",
        "1 big dog\n0 cat\n",
        "0: cat\n1: big dog",
        '["cat", "big dog"]',
        '{"1": "big dog", "0": "cat"}',
    ],
)
def test_classes_in_every_form(tmp_path, text):
    path = tmp_path / "classes.txt"
    path.write_text(text, encoding="utf-8")
    assert read_classes(path) == ["cat", "big dog"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names 0 class"),
        ("cat\n", "names 1 class"),
        ("cat\nCat\n", "classes 0 and 1 have one name, 'Cat'"),
        ("0 cat\n2 dog\n", "none has the index 1"),
        ('["cat", 3]', "every class is a text; it has 3"),
        ('{"a": "cat"}', "keys are not all class indices"),
        ("[", "is not JSON"),
        ('["cat", " "]', "class 1 has no name"),
    ],
)
def test_damaged_classes_are_refused(tmp_path, text, said):
    path = tmp_path / "classes.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        read_classes(path)


def test_names_of_a_published_space_are_that_space():
    assert published_space(IMAGENET.names) == "imagenet-1k"
    assert published_space(label_space("focus-10").names) == "focus-10"
    assert published_space(["cat", "dog"]) is None
    assert published_space(list(reversed(IMAGENET.names))) is None


@pytest.mark.parametrize("label", ["n01440764 tench", "n01440764_tench", "n01440764: Tinca tinca", "n01440764, tench"])
def test_an_id_and_a_name_of_one_class_are_that_class(label):
    assert match([label], IMAGENET).accepted == [[0]]


def test_an_id_and_a_name_of_two_classes_are_ambiguous():
    found = match(["n01440764 goldfish", "n01440764 zzzz", "n99999999 tench"], IMAGENET)
    assert found.accepted == [[], [], []]
    assert found.ambiguous == {"n01440764 goldfish": [0, 1]}


@pytest.mark.parametrize("label", ["['tench', 'goldfish']", '["n01440764", 1]', "[0 1]"])
def test_lists_as_text_are_several_labels(label):
    assert match([label], IMAGENET).accepted == [[0, 1]]


@pytest.mark.parametrize(
    "text",
    [
        '{"red": 0, "green": 1}',
        '{"id2label": {"0": "red", "1": "green"}}',
        '{"1": ["n00000002", "green"], "0": ["n00000001", "red"]}',
        '[["n00000001", "red"], ["n00000002", "green"]]',
    ],
)
def test_classes_in_the_forms_in_which_models_come(tmp_path, text):
    (tmp_path / "classes.json").write_text(text)
    assert read_classes(tmp_path / "classes.json") == ["red", "green"]


def test_one_index_of_two_classes_is_refused(tmp_path):
    (tmp_path / "classes.json").write_text('{"red": 0, "green": 0}')
    with pytest.raises(DataError):
        read_classes(tmp_path / "classes.json")


def test_a_class_is_understood_by_the_name_that_it_is_shown_by():
    found = match(list(IMAGENET.names), IMAGENET)
    assert found.accepted == [[index] for index in range(1000)]
    # Crayfish is a synonym of the spiny lobster; a dog and a jacket differ in case only.
    assert match(["Crayfish", "Cardigan", "cardigan"], IMAGENET).accepted == [[124], [264], [474]]
    assert match(["CARDIGAN"], IMAGENET).ambiguous == {"CARDIGAN": [264, 474]}
