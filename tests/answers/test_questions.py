import numpy as np
import pytest

from core import metrics, store
from core.answers import joined, questions
from core.answers.questions import Question, Where
from core.benchmarks import open_benchmark
from core.evaluate.loop import evaluate
from core.types import Factor
from tests.synthetic_store import chance_right, make, make_samples, write_run


@pytest.fixture
def location():
    """Two copies of every cell; right in the left half only."""
    samples = make_samples("location", 882)
    return write_run("location", samples, "left", (samples["x"] < 0.5).to_numpy())


def test_an_answer_is_what_the_metrics_say_of_the_joined_table(toy_model, colour_folder):
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    joined = metrics.join(store.read_samples(run), store.read(run))
    by_hand = metrics.accuracy_by(joined, "class")
    found = questions.answer(run, Question(("class",)))
    assert found.to_dict("list") == by_hand.to_dict("list")


def test_a_planted_weakness_is_found_cell_by_cell(location):
    table = questions.answer(location, Question(("x", "y")))
    assert len(table) == 441
    assert (table["n"] == 2).all()
    assert (table["value"] == (table["x"] < 0.5)).all()


def test_accuracies_of_a_synthetic_store_are_those_it_was_made_with():
    size, rotation = make({"size": 6100, "rotation": 4392}, ("a.synthetic",))
    for run, by in ((size, "area"), (rotation, "angle_deg")):
        samples = store.read_samples(run)
        expected = samples.assign(chance=chance_right(samples, 1.0)).groupby(by)["chance"].mean().to_numpy()
        table = questions.answer(run, Question((by,)))
        spread = np.sqrt(expected * (1 - expected) / table["n"])
        assert (abs(table["value"] - expected) < 4.5 * spread + 1e-9).all()


def test_an_answer_is_read_from_disk_the_second_time(location, monkeypatch):
    first = questions.answer(location, Question(("x",)))

    def forbidden(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr(questions, "_answer", forbidden)
    assert questions.answer(location, Question(("x",))).equals(first)


def test_a_run_that_grew_is_answered_anew(toy_model, colour_folder):
    benchmark = open_benchmark("imagenet", colour_folder)
    partial = evaluate(toy_model, benchmark, limit=10)
    assert questions.answer(partial, Question()).at[0, "n"] == 10
    whole = evaluate(toy_model, benchmark)
    assert questions.answer(whole, Question()).at[0, "n"] == 24


def test_conditions_keep_the_ends_of_a_range(location):
    question = Question(where=(Where("x", 0.1, 0.2), Where.equals("y", 0.5)))
    assert questions.answer(location, question).at[0, "n"] == 3 * 2


def test_conditions_on_a_class_keep_its_images(location):
    name = store.read_samples(location)["class"].iloc[0]
    found = questions.behind(location, Question(where=(Where("class", values=(name,)),)))
    assert set(found["sample_id"].str.partition("/")[0]) == {name}


def test_behind_a_cell_are_its_images_the_surest_first(location):
    question = Question(where=(Where.equals("x", 0.25), Where.equals("y", 0.5)))
    found = questions.behind(location, question)
    samples = store.read_samples(location)
    there = samples[(samples["x"] == 0.25) & (samples["y"] == 0.5)]
    assert set(found["sample_id"]) == set(there["sample_id"])
    assert (found["right"] == 1).all()
    assert found["confidence"].is_monotonic_decreasing


def test_failed_images_are_shown_but_not_counted(toy_model, colour_folder):
    next(colour_folder.glob("*/0.png")).write_bytes(b"broken")
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    assert questions.answer(run, Question()).at[0, "n"] == 23
    found = questions.behind(run, Question())
    assert len(found) == 24
    assert found["right"].isna().sum() == 1


def test_one_sample_has_its_factors_and_what_was_said(location):
    wanted = store.read_samples(location).iloc[5]
    sample = joined.sample(location, wanted["sample_id"])
    assert sample.accepted == tuple(wanted["accepted"])
    assert sample.factors["x"] == wanted["x"]
    assert len(sample.top) == 10
    assert sample.is_right() is bool(wanted["x"] < 0.5)
    assert joined.sample(location, "no/such.jpg") is None


def test_levels_are_the_values_that_occur(location):
    assert questions.levels(location, Factor("x", "x", "numeric")) == [round(0.05 * step, 2) for step in range(21)]


def test_normalised_curves_reach_one(location):
    table = questions.answer(location, Question(("y",)))
    shape = questions.normalised(table)
    assert shape["value"].max() == 1
    assert np.allclose(shape["low"] * table["value"].max(), table["low"])
