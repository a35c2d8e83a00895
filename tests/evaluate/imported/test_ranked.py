"""Cells become classes of a label space, and numbers probabilities; what cannot be is named with its row."""

import numpy as np
import pytest

from core.errors import DataError
from core.evaluate.imported.content import Content
from core.evaluate.imported.ranked import ranked
from core.labels import FOCUS_10, IMAGENET_1K, keep_own, label_space, own_key

TENCH, GOLDFISH = "n01440764", "n01443537"


def best(*lines, prob=None):
    return Content([f"{n}.png" for n in range(len(lines))], [list(line) for line in lines], prob)


def scores(values, classes=None, are_logits=None):
    values = np.asarray(values, np.float32)
    return Content([f"{n}.png" for n in range(len(values))], scores=values, classes=classes, are_logits=are_logits)


@pytest.mark.parametrize(
    "cell", ["0", "0.0", TENCH, "tench", "Tench", "Tinca tinca", "tench, Tinca tinca", "tinca_tinca"]
)
def test_a_class_by_index_wordnet_id_name_or_synonym(cell):
    assert ranked(best([cell]), IMAGENET_1K).top.tolist() == [[0]]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("1000", "row 1: class 1000 is none of the 1,000 of 'imagenet-1k', which are 0 to 999"),
        ("-1", "row 1: class -1 is none"),
        ("tensh", "row 1: 'tensh' names no class of 'imagenet-1k'. Did you mean 'tench'"),
        ("crane", r"row 1: 'crane' names several classes: give .*n02012849.* or .*n03126707"),
        ("n99999999", "row 1: 'n99999999' names no class"),
        ("=1+1", "row 1: '=1\\+1' names no class"),
        ("1e9", "row 1: '1e9' names no class"),
    ],
)
def test_a_cell_that_is_no_class_is_named_with_its_row(cell, said):
    with pytest.raises(DataError, match=said):
        ranked(best([cell]), IMAGENET_1K)


def test_a_class_own_name_goes_before_a_synonym_of_another():
    assert ranked(best(["crane (bird)"]), IMAGENET_1K).top.tolist() == [[134]]
    # Two classes differ in case only.
    assert ranked(best(["Cardigan"], ["cardigan"]), IMAGENET_1K).top.tolist() == [[264], [474]]
    with pytest.raises(DataError, match="'CARDIGAN' names several classes"):
        ranked(best(["CARDIGAN"]), IMAGENET_1K)


def test_counting_from_one():
    assert ranked(best(["1"], ["1000"]), IMAGENET_1K, 1).top.tolist() == [[0], [999]]
    with pytest.raises(DataError, match=r"row 1: class 1001 is none .* which are 1 to 1000"):
        ranked(best(["1001"]), IMAGENET_1K, 1)


def test_a_background_class_gives_way_to_the_next():
    found = ranked(
        best(["0", "5", "2"], ["1", "2", "3"], prob=np.array([[0.5, 0.3, 0.1], [0.4, 0.3, 0.2]])), IMAGENET_1K, 1
    )
    assert found.top.tolist() == [[4, 1], [0, 1]]
    assert found.prob.tolist() == [[0.3, 0.1], [0.4, 0.3]]
    with pytest.raises(DataError, match="row 2: its class is the one before the first, a background"):
        ranked(best(["5"], ["0"]), IMAGENET_1K, 1)


def test_shorter_lists_shorten_all_and_are_said():
    found = ranked(best(["5", "2", "3"], ["1", "2", ""], ["", "", ""]), IMAGENET_1K)
    assert found.top.tolist() == [[5, 2], [1, 2], [-1, -1]]
    assert found.is_said.tolist() == [True, True, False]
    assert found.notes == ("some rows name 2 classes and some more: 2 are kept of each",)


def test_without_probabilities_none_is_made_up():
    assert np.isnan(ranked(best(["5"]), IMAGENET_1K).prob).all()


@pytest.mark.parametrize(
    ("lines", "prob", "said"),
    [
        ([["5", "5"]], None, "row 1 names a class twice"),
        ([["5", "", "6"]], None, "row 1: a better class is missing before one that is there"),
        ([["", ""]], None, "no row names a class"),
        ([["5"]], [[-0.1]], "row 1: the probability -0.1 is not 0 to 1"),
        ([["5"], ["6"]], [[0.5], [98.5]], "row 2: the probability 98.5 is not 0 to 1. Give fractions, not percent"),
        ([["5"]], [[np.inf]], "row 1: the probability inf is not 0 to 1"),
        ([["5", "6"]], [[0.2, 0.5]], "row 1: a class has a higher probability than one before it"),
        ([["5", "6"]], [[0.9, 0.8]], r"row 1: its probabilities sum to 1\.700"),
        ([["5"], ["6"]], [[0.5], [np.nan]], "row 2 has no probability, and others have one"),
    ],
)
def test_what_cannot_be_a_list_of_the_best_is_refused(lines, prob, said):
    with pytest.raises(DataError, match=said):
        ranked(best(*lines, prob=None if prob is None else np.array(prob)), IMAGENET_1K)


def test_columns_of_classes_are_put_in_order():
    names = ["ship", "bird", "car", "cat", "deer", "dog", "frog", "horse", "plane", "truck"]
    values = np.zeros((1, 10))
    values[0, 0] = 3
    found = ranked(scores(values, tuple(names)), FOCUS_10)
    assert label_space(FOCUS_10).names[found.top[0, 0]] == "ship"
    assert found.notes == ("taken as logits",)


def test_a_background_column_is_left_out():
    values = np.zeros((1, 11))
    values[0, :2] = 9, 3
    with pytest.raises(DataError, match=r"11 values a row, and 'focus-10' has 10 classes.*--first-class 1"):
        ranked(scores(values), FOCUS_10)
    assert ranked(scores(values), FOCUS_10, 1).top.tolist() == [[0]]


@pytest.mark.parametrize(
    ("values", "classes", "are_logits", "said"),
    [
        (np.zeros((1, 7)), None, None, "7 values a row, and 'focus-10' has 10 classes"),
        (np.where(np.eye(10)[:2] > 0, np.nan, 0), None, None, "row 1: value 1 of 10 is nan, not a finite number"),
        (np.where(np.eye(10)[[3]] > 0, np.inf, 0), None, None, "row 1: value 4 of 10 is inf"),
        (np.full((1, 10), 0.5), None, False, "must be 0 to 1 and sum to 1"),
        (np.full((1, 10), 10.0), None, False, "as percent do.*divide them by 100"),
        (np.full((1, 10), 10.0), None, None, "as percent do"),
        (np.zeros((1, 2)), ("ship", "Ship"), None, "the columns 'ship' and 'Ship' are of one class"),
        (
            np.zeros((1, 2)),
            ("ship", "bird"),
            None,
            "columns for 2 of the 10 classes of 'focus-10'",
        ),
        (np.zeros((1, 2)), ("ship", "area"), None, "the names of columns: 'area' names no class"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(values, classes, are_logits, said):
    with pytest.raises(DataError, match=said):
        ranked(scores(values, classes, are_logits), FOCUS_10)


def test_a_number_that_is_an_index_and_the_name_of_another_class_is_no_class():
    keep_own(["1", "0", "2"])
    space = own_key(["1", "0", "2"])
    assert ranked(best(["2"]), space).top.tolist() == [[2]]
    with pytest.raises(DataError, match="row 1: 0 is an index and the name of another class, '0' with the index 1"):
        ranked(best(["0"]), space)


def test_probabilities_that_were_rounded_are_kept_as_they_stand():
    # 0.9 is left of a row of which many small ones became 0.
    rounded = np.full((1, 10), 0.0)
    rounded[0, :2] = 0.7, 0.2
    assert ranked(scores(rounded), FOCUS_10).notes == ("taken as probabilities",)
    assert ranked(scores(rounded / 2), FOCUS_10).notes[0].startswith("values of 0 to 1 that do not sum to 1")


@pytest.mark.parametrize("line", [[], [""]])
def test_lists_without_a_class_are_refused(line):
    with pytest.raises(DataError, match="no row names a class"):
        ranked(best(line, line), IMAGENET_1K)
