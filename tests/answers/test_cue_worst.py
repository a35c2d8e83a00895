"""The images that most look right for the wrong reason, on a handful that are looked through by hand."""

import math

import pandas as pd
import pytest

from core.answers import cue_worst

COLUMNS = ("sample_id", "true", "right", "confidence")
#: Of pucks, d is wrong as it is, e is lost without the object, f failed without it.
CLEAN = pd.DataFrame(
    [
        ("a", "puck", 1.0, 0.9),
        ("b", "puck", 1.0, 0.8),
        ("c", "puck", 1.0, 0.7),
        ("d", "puck", 0.0, 0.99),
        ("e", "puck", 1.0, 0.6),
        ("f", "puck", 1.0, 0.5),
        ("g", "puck", 1.0, 0.5),
        ("k", "patio", 1.0, 0.9),
        ("l", "patio", 1.0, 0.9),
        ("m", "ski", 1.0, 0.9),
    ],
    columns=COLUMNS,
)
GONE = pd.DataFrame(
    [
        ("a", "puck", 1.0, 0.4),
        ("b", "puck", 1.0, 0.9),
        ("c", "puck", 1.0, 0.4),
        ("d", "puck", 1.0, 0.99),
        ("e", "puck", 0.0, 0.95),
        ("f", "puck", math.nan, math.nan),
        ("g", "puck", 1.0, 0.2),
        ("k", "patio", 1.0, 0.3),
        ("l", "patio", 1.0, 0.6),
        ("m", "ski", 0.0, 0.9),
    ],
    columns=COLUMNS,
)


@pytest.fixture
def answers():
    return cue_worst.right_answers(CLEAN, GONE)


def compared(**iou):
    return pd.DataFrame({"sample_id": list(iou), "iou": list(iou.values())})


def named(table):
    return {name: rows["sample_id"].tolist() for name, rows in table.groupby("class")}


def test_only_what_is_right_as_it_is_and_answered_without_the_object_counts(answers):
    assert answers["sample_id"].tolist() == ["a", "b", "c", "e", "g", "k", "l", "m"]
    assert answers.loc[~answers["kept"], "sample_id"].tolist() == ["e", "m"]
    b = answers.set_index("sample_id").loc["b"]
    assert (b["class"], b["confidence"], b["confidence_gone"]) == ("puck", 0.8, 0.9)


def test_the_surest_without_the_object_comes_first_and_of_two_alike_the_first_by_name(answers):
    found = cue_worst.worst(answers)
    # Patios keep two of two, pucks four of five, skis none.
    assert list(dict.fromkeys(found["class"])) == ["patio", "puck"]
    assert named(found) == {"patio": ["l", "k"], "puck": ["b", "a", "c"]}
    assert found["rank"].tolist() == [1, 2, 1, 2, 3]
    puck = found[found["class"] == "puck"]
    assert set(zip(puck["n_right"], puck["n_kept"], strict=True)) == {(5, 4)}
    assert found["alignment"].isna().all()


def test_the_least_aligned_comes_first_once_all_that_is_kept_was_compared(answers):
    # Nothing speaks for the puck in c, so it has no alignment: it comes after those that have one.
    aligned = compared(a=0.3, b=0.2, c=math.nan, g=0.0, k=0.1, l=0.1)
    assert cue_worst.order_of(answers, aligned) == "alignment"
    found = cue_worst.worst(answers, aligned, per_class=4)
    assert named(found) == {"patio": ["l", "k"], "puck": ["g", "b", "a", "c"]}
    assert found.loc[found["class"] == "puck", "alignment"].tolist()[:3] == [0.0, 0.2, 0.3]


def test_a_part_that_was_compared_decides_nothing_but_is_told(answers):
    aligned = compared(a=0.3, b=0.2, k=0.1, l=0.1)
    assert cue_worst.order_of(answers, aligned) == "confidence"
    found = cue_worst.worst(answers, aligned)
    assert named(found)["puck"] == ["b", "a", "c"]
    assert found.loc[found["class"] == "puck", "alignment"].tolist()[:2] == [0.2, 0.3]


def test_where_nothing_is_kept_there_is_no_row(answers):
    lost = answers.assign(kept=False)
    found = cue_worst.worst(lost, compared(a=0.1))
    assert found.empty
    assert list(found) == list(cue_worst.worst(answers))


def test_an_image_that_stands_twice_is_refused():
    with pytest.raises(pd.errors.MergeError):
        cue_worst.right_answers(CLEAN, pd.concat([GONE, GONE.head(1)]))
