"""Which class is taken for which: the matrix, its order, the classes that swallow others, and the sentences."""

import numpy as np
import pandas as pd
import pytest

from core.mistakes import frequent, sentences, summary, table
from core.mistakes.table import Filters


def mistakes(*directions, right=()):
    """A table of ``(true, predicted, n)`` mistakes and of right predictions of some classes."""
    pairs = [(true, predicted, 0.0) for true, predicted, n in directions for _ in range(n)]
    pairs += [(name, name, 1.0) for name in right]
    true, predicted, correct = ([pair[at] for pair in pairs] for at in range(3))
    return pd.DataFrame(
        {
            "sample_id": [str(at) for at in range(len(pairs))],
            "true": pd.Categorical(true),
            "predicted": pd.Categorical(predicted),
            "right": correct,
            "confidence": np.linspace(0.9, 0.1, len(pairs)),
            "p_true": np.linspace(0.3, 0.1, len(pairs)),
            "cluster": np.arange(len(pairs)),
        }
    )


def everything(content):
    return np.arange(len(content))


def said(content):
    return sentences.confusions(content, everything(content))


@pytest.fixture
def ships():
    """Ships are taken for cats, and much else is too."""
    return mistakes(
        ("ship", "cat", 112),
        ("cat", "ship", 1),
        ("dog", "cat", 20),
        ("cup", "mug", 9),
        ("mug", "cup", 8),
        right=["cat"],
    )


def test_the_matrix_has_the_true_class_in_its_rows_and_nothing_on_its_diagonal(ships):
    found = summary.directed(ships, everything(ships))
    at = {name: place for place, name in enumerate(found.names)}
    assert found.counts[at["ship"], at["cat"]] == 112
    assert found.counts[at["cat"], at["ship"]] == 1
    assert np.diag(found.counts).sum() == 0
    assert (found.n, found.n_shown, found.n_classes) == (150, 150, 5)
    assert found.table().iloc[0].tolist() == ["ship", "cat", 112]


def test_classes_that_are_confused_stand_beside_each_other(ships):
    names = summary.directed(ships, everything(ships)).names
    assert abs(names.index("ship") - names.index("cat")) == 1
    assert abs(names.index("cup") - names.index("mug")) == 1


def test_of_many_classes_those_with_most_mistakes_are_shown_and_the_others_counted():
    content = mistakes(("a", "b", 5), ("c", "d", 3), ("e", "f", 1))
    found = summary.directed(content, everything(content), most=4, shown=4)
    assert sorted(found.names) == list("abcd")
    assert (found.n_shown, found.n, found.n_classes) == (8, 9, 6)


def test_a_matrix_tells_nothing_where_its_classes_hold_few_of_the_mistakes():
    assert summary.Directed(("a", "b"), np.array([[0, 2], [0, 0]]), 8, 2).tells
    assert not summary.Directed(("a", "b"), np.array([[0, 2], [0, 0]]), 9, 400).tells
    # Of many classes none is confused more than once with the same.
    assert not summary.Directed(("a", "b"), np.array([[0, 1], [1, 0]]), 2, 400).tells
    assert not summary.Directed((), np.zeros((0, 0), dtype=int), 0, 0).tells


def test_without_mistakes_the_matrix_is_empty():
    content = mistakes(right=["cat", "dog"])
    found = summary.directed(content, everything(content))
    assert (found.names, found.n, len(found.table())) == ((), 0, 0)
    assert said(content) == ""


def test_the_sentence_says_the_direction_and_the_class_that_swallows_others(ships):
    assert said(ships) == (
        "**ship** is taken for **cat** 112 times (the other way once), clearly more often than any of 4 others "
        "(95 %, all looked at). 132 of 150 mistakes are predictions of **cat**."
    )


def test_mistakes_on_one_object_make_no_confusion_the_clearly_most_frequent_one(ships):
    # All ships are one ship: of ten other draws of as many objects, four or so have none of it.
    one = ships.assign(cluster=np.where(ships["true"] == "ship", 0, ships["cluster"]))
    assert "**ship** is taken for **cat** 112 times (the other way once); 3 of 4 others may be as frequent" in said(one)
    # Nor is it known of one object that cats swallow the others.
    assert "predictions of" not in said(one.assign(cluster=0))


def test_a_confusion_that_is_hardly_more_frequent_than_another_is_said_to_be():
    close = mistakes(("a", "b", 12), ("c", "d", 10), ("e", "f", 1), right=["a"] * 100)
    assert said(close).startswith("**a** is taken for **b** 12 times (the other way never); 1 of 2 others may be as ")


def test_the_truly_most_frequent_confusion_is_nearly_always_among_those_that_may_be():
    rng, found, runs = np.random.default_rng(3), 0, 100
    for _ in range(runs):
        # On average 20 of 400 images, 18 of each of three others, on objects of four images that go together.
        drawn = rng.choice(5, p=[0.05, 0.045, 0.045, 0.045, 0.815], size=100).repeat(4)
        names = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a"), ("a", "a")]
        content = mistakes(*[(*names[at], 1) for at in drawn if at < 4], right=["a"] * int((drawn == 4).sum()))
        order = np.concatenate([np.flatnonzero(drawn < 4), np.flatnonzero(drawn == 4)])
        content = content.assign(cluster=order // 4)
        directions = summary.directions(content, everything(content))
        may = frequent.may_be_most_frequent(content, everything(content), directions)
        found += ("a", "b") in set(map(tuple, directions[may][["true", "predicted"]].to_numpy()))
    assert found / runs >= 0.92


def test_a_class_that_takes_no_more_than_its_share_is_no_sink():
    # Of three classes each takes a third.
    even = mistakes(("a", "b", 10), ("b", "c", 10), ("c", "a", 10))
    assert summary.sinks(even, everything(even)).empty
    # Nine of nine are too few to say so.
    few = mistakes(("a", "b", 3), ("c", "b", 3), ("d", "b", 3))
    assert summary.sinks(few, everything(few)).empty


def test_ties_are_named():
    assert said(mistakes(("a", "b", 2), ("c", "d", 2), ("e", "a", 1))) == (
        "Taken most often, twice each: **a** for **b** and **c** for **d**; the other may be as frequent (95 %, all "
        "looked at)."
    )
    four = mistakes(("a", "b", 2), ("c", "d", 2), ("e", "f", 2), ("g", "h", 2))
    assert said(four).startswith("4 confusions are the most frequent, twice each: **a** for **b**, ")


def test_confusions_that_occur_once_are_no_finding():
    assert said(mistakes(("a", "b", 1), ("b", "a", 1))) == (
        "No class is taken for the same other class more than once."
    )


def test_a_ring_has_few_classes_and_no_pair_that_occurs_once():
    content = mistakes(("a", "b", 4), ("c", "d", 3), ("b", "a", 1), ("a", "c", 2), ("e", "f", 1))
    found = summary.pairs(content, everything(content))
    assert summary.readable(found).values.tolist() == [["a", "b", 5, 4], ["c", "d", 3, 3], ["a", "c", 2, 2]]
    assert summary.readable(found, most=3).values.tolist() == [["a", "b", 5, 4], ["a", "c", 2, 2]]


def test_models_are_compared_on_the_images_that_all_have():
    one, two = mistakes(("a", "b", 3), right=["a"]), mistakes(("b", "a", 2), right=["a"])
    # Images 0 to 3 and 0 to 2; the second is wrong on two of them.
    rows, n = summary.on_same_images({"one": one, "two": two}, table.asked_about(one, Filters()))
    assert (n, rows["one"].tolist(), rows["two"].tolist()) == (3, [0, 1, 2], [0, 1, 2])
    assert summary.directions(two, rows["two"]).values.tolist() == [["b", "a", 2]]
    # Classes say which mistakes are counted; another condition says on which images.
    assert len(table.asked_about(one, Filters(true=("a",), text="a"))) == 4
    assert table.asked_about(one, Filters("right")).tolist() == [3]


def test_a_population_names_the_models_and_each_condition():
    filters = Filters("only_this_wrong", low=0.2, high=0.8, true=("ship",), predicted=("cat",))
    assert sentences.population(1102, filters, "A", "B") == (
        "1,102 images wrong under A and right under B, confidence 20–80 %, of ship, taken for cat"
    )
    assert sentences.population(1, Filters(), "A") == "1 image wrong under A"


def test_a_run_under_way_has_no_finding():
    assert sentences.unfinished(34, 1764) == "1 % done (34 of 1,764 images): no finding yet"


def test_a_picture_is_named_by_its_true_class_first():
    assert sentences.arrow("deer", "bird", 0.977) == "deer → bird 0.98"
    assert sentences.arrow("deer", "deer", 0.977, right=True) == "deer 0.98"
    assert sentences.arrow("deer", "bird", float("nan")) == "deer → bird"


def test_rows_can_be_ordered_by_confidence_by_the_true_class_and_by_class():
    content = mistakes(("b", "c", 2), ("a", "c", 1), ("b", "a", 1))
    content.loc[0, "p_true"] = np.nan
    rows = table.select(content, Filters())
    assert table.ordered(content, rows, "confidence").tolist() == [0, 1, 2, 3]
    # The true class got least in the last row; of the first row it is not known.
    assert table.ordered(content, rows, "p_true").tolist() == [3, 2, 1, 0]
    assert table.ordered(content, rows, "class").tolist() == [2, 3, 0, 1]
