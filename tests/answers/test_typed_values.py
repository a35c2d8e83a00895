"""A value is what its factor's kind says: asked for, grouped by, listed, shown and looked behind."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from core import store
from core.answers import compare, joined, questions, report
from core.answers.questions import Question, Where
from core.benchmarks import si_score
from core.errors import UsageError
from core.store import lists
from core.types import Factor, Table
from tests.synthetic_store import make_samples, write_run

FACTORS = (
    Factor("dose", "Dose", "numeric"),
    Factor("turn", "Turn", "circular", "°"),
    Factor("code", "Code", "category"),
    Factor("tags", "Tags", "set"),
    Factor("blurred", "Blurred", "boolean"),
    Factor("checked", "Checked", "boolean"),
)
#: Twelve images; the last has no tag, and whether the last two were checked is not known.
COLUMNS = {
    "dose": [1e-5, 3e-5, 5e-5, 0.3] * 3,
    "turn": [0.0, 90.0, 355.0] * 4,
    "code": ["7", "007", "7.0", "True", "nan", "a;b=c%3B"] * 2,
    "tags": [["sea", "sea", "sand"], ["sand"], ["7"], ["sea"]] * 2 + [["sand", "sea"], ["7"], ["sea"], []],
    "blurred": [True, False, False] * 4,
    "checked": pd.array([True, False] * 5 + [None, None], dtype="boolean"),
}
RIGHT = np.array([1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 1, 0], dtype=bool)


@pytest.fixture
def factors(monkeypatch):
    """SI-Score's sizes, with a factor of each kind."""
    monkeypatch.setattr(si_score.SIScoreSize, "factors", (*si_score.SIScore.factors, *FACTORS))


def samples():
    return make_samples("size", len(RIGHT)).assign(**COLUMNS)


@pytest.fixture
def run(factors):
    return write_run("size", samples(), "typed", RIGHT)


def n(run, *where):
    return len(questions.behind(run, Question(where=where)))


@pytest.mark.parametrize("factor", FACTORS, ids=lambda factor: factor.kind)
def test_a_text_becomes_the_value_that_it_was(run, factor):
    for level in questions.levels(run, factor):
        again = factor.parse(factor.text(level))
        assert again == level
        assert type(again) is type(level)


@pytest.mark.parametrize(
    ("factor", "texts"),
    [
        (FACTORS[0], ("nan", "inf", "-inf", "", "seven", "True", "1" * 400, "٣x")),
        (FACTORS[1], ("nan", "north", "1e999")),
        (FACTORS[4], ("1", "maybe", "", "truely")),
    ],
    ids=["numeric", "circular", "boolean"],
)
def test_what_is_not_of_the_kind_is_refused_with_factor_value_and_what_is_valid(factor, texts):
    for text in texts:
        with pytest.raises(UsageError, match=f"no value of the factor '{factor.name}'.*it takes") as caught:
            factor.parse(text)
        assert text[:40] in str(caught.value)
        assert len(str(caught.value)) < 250


@pytest.mark.parametrize("content", [7, 7.0, True, None, np.float64(7)])
def test_a_category_is_a_text_and_nothing_else(content):
    with pytest.raises(UsageError, match="it takes a text"):
        FACTORS[2].parse(content)


def test_truth_is_not_a_number():
    with pytest.raises(UsageError, match="finite number"):
        FACTORS[0].parse(True)
    assert FACTORS[4].parse(np.bool_(True)) is True
    assert FACTORS[4].parse("TRUE") is True


@pytest.mark.parametrize("factor", FACTORS, ids=lambda factor: factor.name)
def test_behind_a_number_are_as_many_images_as_it_counts(run, factor):
    table = questions.answer(run, Question((factor.name,)))
    known = table[table[factor.name].notna()]
    assert known[factor.name].tolist() == questions.levels(run, factor)
    for row in known.to_dict("records"):
        found = questions.behind(run, Question(where=(Where.equals(factor.name, row[factor.name]),)))
        assert len(found) == row["n"] > 0
        assert found["right"].mean() == row["value"]


@pytest.mark.parametrize("factor", FACTORS, ids=lambda factor: factor.name)
def test_an_answer_is_the_same_from_disk(run, factor):
    first = questions.answer(run, Question((factor.name,)))
    pd.testing.assert_frame_equal(questions.answer(run, Question((factor.name,))), first)


def test_levels_are_of_the_factor_s_kind(run):
    found = {factor.name: questions.levels(run, factor) for factor in FACTORS}
    assert found["code"] == ["007", "7", "7.0", "True", "a;b=c%3B", "nan"]
    assert found["tags"] == ["7", "sand", "sea"]
    assert found["blurred"] == found["checked"] == [False, True]
    assert found["dose"] == [1e-5, 3e-5, 5e-5, 0.3]


def test_small_numbers_are_told_apart(run):
    assert n(run, Where.equals("dose", 1e-5)) == 3
    assert n(run, Where("dose", 0, 1e-5)) == 3
    assert n(run, Where("dose", 3e-5, 5e-5)) == 6
    assert n(run, Where.equals("dose", 2e-5)) == 0


def test_a_number_is_found_in_spite_of_its_last_digits(run):
    assert n(run, Where.equals("dose", 0.1 + 0.2)) == 3
    assert n(run, Where.equals("dose", float(np.float32(1e-5)))) == 3
    assert n(run, Where("dose", 0.1 + 0.2, 1)) == 3
    assert n(run, Where.equals("dose", 0.301)) == 0


def test_a_lone_value_is_found_and_its_neighbourhood_is_not(factors):
    lone = write_run("size", samples().assign(dose=0.3), "lone", RIGHT)
    assert n(lone, Where.equals("dose", 0.1 + 0.2)) == 12
    assert n(lone, Where.equals("dose", 0.3001)) == 0


def test_a_full_turn_is_no_turn_and_ranges_of_angles_stay_ranges(run):
    assert n(run, Where.equals("turn", 360)) == n(run, Where.equals("turn", -720)) == 4
    assert n(run, Where.equals("turn", -5)) == 4
    assert n(run, Where.equals("dose", 360)) == 0
    assert n(run, Where("turn", -10, 100)) == 8


def test_stored_angles_0_and_360_stay_two_rows(factors):
    both = write_run("size", samples().assign(turn=[0.0, 360.0, 90.0] * 4), "both", RIGHT)
    table = questions.answer(both, Question(("turn",)))
    assert table["turn"].tolist() == [0, 90, 360]
    assert n(both, Where.equals("turn", 360)) == n(both, Where.equals("turn", 0)) == 4


def test_truth_can_be_asked_for_and_grouped_by(run):
    assert n(run, Where.equals("blurred", True)) == 4
    assert n(run, Where.equals("checked", True)) == n(run, Where.equals("checked", False)) == 5
    table = questions.answer(run, Question(("blurred",)))
    assert table["n"].tolist() == [8, 4]
    # Images 0, 3, 6 and 9 are blurred, all of them right.
    assert table["value"].tolist() == [3 / 8, 1.0]


def test_what_is_not_known_has_a_last_row_of_its_own(run):
    table = questions.answer(run, Question(("checked",)))
    assert table["checked"].tolist() == [False, True, None]
    assert table["n"].tolist() == [5, 5, 2]


def test_an_image_counts_once_in_each_of_its_values(run):
    table = questions.answer(run, Question(("tags",))).set_index("tags")
    # sea: 0, 3, 4, 7, 8, 10; sand: 0, 1, 4, 5, 8; 7: 2, 6, 9; the last image has no tag.
    assert table["n"].to_dict() == {"7": 3, "sand": 5, "sea": 6}
    assert table["value"].to_dict() == {"7": 2 / 3, "sand": 3 / 5, "sea": 4 / 6}
    # Two sizes, one each of the twelve images: as many cut-outs as SI-Score has here.
    clusters = samples()["cluster"]
    assert table.at["sea", "n_clusters"] == clusters[[0, 3, 4, 7, 8, 10]].nunique()


def test_a_report_s_table_by_a_set_says_what_the_question_says(factors, monkeypatch):
    monkeypatch.setattr(si_score.SIScoreSize, "tables", (Table("by_tag", ("tags",), "Top-1 by tag"),))
    run = write_run("size", samples(), "typed", RIGHT)
    rows = report.build(run)["tables"]["by_tag"]
    asked = questions.answer(run, Question(("tags",)))
    assert [(row["tags"], row["top1"], row["n"]) for row in rows] == [
        (row.tags, row.value, row.n) for row in asked.itertuples()
    ]


def test_a_set_crosses_with_other_factors_and_conditions(run):
    table = questions.answer(run, Question(("blurred", "tags"), where=(Where.equals("tags", "sea"),)))
    # Blurred with sea: 0, 3; not blurred: 4, 7, 8, 10. Of these sand has 0 and 4, 8.
    rows = {(row.blurred, row.tags): row.n for row in table.itertuples()}
    assert rows == {(False, "sand"): 2, (False, "sea"): 4, (True, "sand"): 1, (True, "sea"): 2}


def test_two_models_are_compared_in_each_value_of_a_set(run):
    other = write_run("size", samples(), "all right", np.ones(len(RIGHT), bool))
    for name in ("tags", "code", "blurred"):
        table = compare.paired_difference(run, other, Question((name,))).set_index(name)
        alone = questions.answer(run, Question((name,))).set_index(name)
        assert table["n"].to_dict() == alone["n"].to_dict()
        assert table["first"].to_dict() == alone["value"].to_dict()


def test_a_factor_that_does_not_exist_is_named_with_the_nearest(run):
    for question in (Question(("doze",)), Question(where=(Where.equals("doze", 1),))):
        with pytest.raises(UsageError, match=r"no factor 'doze'\. Did you mean 'dose'"):
            questions.answer(run, question)


def test_a_condition_that_does_not_fit_its_factor_is_refused(run):
    with pytest.raises(UsageError, match=r"'north' is no value of the factor 'turn'.*degrees"):
        n(run, Where.equals("turn", "north"))
    with pytest.raises(UsageError, match=r"'code'.*has no range"):
        n(run, Where("code", 1, 7))


def test_a_set_of_lists_becomes_rows_and_repeats_none():
    table = pd.DataFrame({"id": ["a", "b", "c"], "tags": [["x", "y", "x"], [], ["y"]]})
    assert lists.explode(table, "tags").to_dict("list") == {"id": ["a", "a", "c"], "tags": ["x", "y", "y"]}


def test_a_question_that_was_asked_is_told_from_its_look_alikes(run):
    asked = [Where.equals("code", content) for content in ("7", "True")] + [Where.equals("blurred", True)]
    assert len({str(dataclasses.asdict(part)) for part in asked}) == 3
    assert [questions.answer(run, Question(where=(part,))).at[0, "n"] for part in asked] == [2, 2, 4]
    assert store.read_samples(run)["code"].tolist() == joined.read(run, ["code"])["code"].tolist()
