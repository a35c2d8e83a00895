"""Numbers that hardly recur stand in bins, the same for every question; a bin's images are those of its range."""

from dataclasses import replace

import numpy as np
import pytest

from core.answers import questions, spans
from core.answers.questions import Question, Where, factor_of
from core.answers.spans import Binned, Span
from core.benchmarks import open_benchmark
from core.evaluate.loop import evaluate
from core.types import Factor
from tests.own_photos import photos, weathers
from tests.synthetic_store import make_samples, write_run

LIGHT = Factor("light", "Light", "numeric")


@pytest.fixture
def run(toy_model, tmp_path):
    return photos(toy_model, tmp_path / "photos", weathers())


def test_360_different_numbers_are_ten_readable_bins(run):
    found = spans.binned(run, factor_of(run, "light"))
    assert len(found.centres) == 10
    assert found.edges[:3] == (0.0, 0.04, 0.07)
    assert found.edges[-1] == 0.36
    # Thousandths: 0.000 to 0.039 are the forty below 0.04.
    assert found.spans[0] == Span(0.0, 0.039)
    assert all(low <= centre <= high for centre, (low, high) in zip(
        found.centres, ((span.low, span.high) for span in found.spans), strict=True))  # fmt: skip
    assert found.name_of(LIGHT, found.centres[0]) == "0 to 0.04"


def test_accuracy_by_a_number_is_that_of_its_bins(run):
    table = questions.answer(run, Question(("light",)))
    assert len(table) == 10
    assert table["n"].sum() == 360
    # Of the first sixty the first thirty are right, and so are the next 54: 30 of 40, then 10 of 30.
    assert table["n"].tolist()[:2] == [40, 30]
    assert table["value"].tolist()[:2] == [pytest.approx(0.75), pytest.approx(1 / 3)]
    # Another factor may be called as the ends are.
    ends = spans.with_ends(run, table.assign(light_from="lamp"), [factor_of(run, "light")])
    assert list(ends)[:3] == ["light", "light_from_", "light_to"]
    assert set(ends["light_from"]) == {"lamp"}


def test_the_images_of_a_bin_are_those_of_its_range(run):
    table = questions.answer(run, Question(("light",)))
    found = spans.binned(run, factor_of(run, "light"))
    for row in table.itertuples():
        where = Where.within("light", found.span_of(row.light))
        assert questions.answer(run, Question(where=(where,)))["n"].tolist() == [row.n]


def test_bins_stay_the_same_whatever_is_filtered(run):
    table = questions.answer(run, Question(("light",), where=(Where.equals("weather", "fog"),)))
    # Fog is the first sixty thousandths: all of the first bin, twenty of the second.
    assert table["light"].tolist() == list(spans.binned(run, factor_of(run, "light")).centres[:2])
    assert table["n"].tolist() == [40, 20]


def test_few_numbers_that_recur_stay_themselves(run):
    assert spans.binned(run, factor_of(run, "heading")) is None
    assert questions.answer(run, Question(("heading",)))["heading"].tolist() == [0.0, 90.0, 180.0, 270.0]
    assert spans.binned(run, factor_of(run, "weather")) is None


def test_numbers_with_too_few_images_each_are_in_bins_too(toy_model, tmp_path):
    # Twenty numbers of eighteen images each: none could carry a claim.
    rows = [row | {"light": f"{number % 20 / 100:.2f}"} for number, row in enumerate(weathers())]
    run = photos(toy_model, tmp_path / "photos", rows)
    assert len(spans.binned(run, factor_of(run, "light")).centres) == 10
    assert questions.answer(run, Question(("light",)))["n"].tolist() == [36] * 10


def test_the_grid_of_a_protocol_is_never_in_bins():
    samples = make_samples("size", 300)
    run = write_run("size", samples, "m", np.ones(300, dtype=bool))
    assert len(questions.answer(run, Question(("area",)))) == 100


def test_a_missing_number_is_in_no_bin():
    found = Binned((1.5, 3.0), (1.0, 2.0, 4.0), (Span(1.0, 1.9), Span(2.0, 4.0)))
    there = found.centres_of(np.array([1.0, np.nan, 2.0, 4.0, np.inf]))
    assert there[[0, 2, 3]].tolist() == [1.5, 3.0, 3.0]
    assert np.isnan(there[[1, 4]]).all()


def test_a_range_that_is_no_bin_has_no_centre(run):
    found = spans.binned(run, factor_of(run, "light"))
    assert found.centre_of(Span(0.0, 0.0391)) is None
    assert found.span_of(0.021) is None
    assert found.name_of(LIGHT, 0.021) == "0.021"


def test_a_partial_result_has_the_bins_of_all_images(toy_model, tmp_path):
    whole = photos(toy_model, tmp_path / "photos", weathers())
    other = replace(toy_model, name="second", source="second", fingerprint="f" * 64)
    partial = evaluate(other, open_benchmark("photos"), limit=50)
    assert partial.n_done == 50
    assert spans.binned(partial, factor_of(partial, "light")) == spans.binned(whole, factor_of(whole, "light"))


def test_angles_are_in_sectors_and_an_empty_one_joins_the_one_before(toy_model, tmp_path):
    degrees = [0, 14, 29.9, 30, 31, 32, 33, 34, 35, 95, 96, 97, 330, 345, 359.9]
    rows = [row | {"heading": degrees[number % 15]} for number, row in enumerate(weathers())]
    run = photos(toy_model, tmp_path / "photos", rows)
    found = spans.binned(run, factor_of(run, "heading"))
    assert found.edges == (0, 30, 90, 330, 360)
    assert found.centres == (15, 45, 105, 345)
    assert found.spans == (Span(0, 29.9), Span(30, 35), Span(95, 97), Span(330, 359.9))
    assert questions.answer(run, Question(("heading",)))["n"].tolist() == [72, 144, 72, 72]


def test_numbers_of_ones_own_are_on_no_grid_whatever_they_are_called(toy_model, tmp_path):
    rows = [row | {"area": number / 1000} for number, row in enumerate(weathers())]
    run = photos(toy_model, tmp_path / "photos", rows)
    assert len(questions.answer(run, Question(("area",)))) == 10
