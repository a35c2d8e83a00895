import io

import numpy as np
import pandas as pd
import pytest

from core.answers import by_factors, flip_report, flips, questions, tolerance
from core.answers.compare import paired_difference
from core.answers.exporting import predictions
from core.answers.questions import Question, answer, factor_of
from core.errors import DataError
from core.figures.exhibits import factor_pairs
from core.figures.exported import table_csv
from core.own.factors import RESERVED, factors_of
from tests.synthetic_store import make_samples, write_run


def made(labels=None, kinds=None, **columns):
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})
    return factors_of(frame, kinds or {}, labels or ["cat"] * len(frame))


def by_name(found):
    return {each.factor.name: each for each in found}


def test_names_are_those_that_links_and_options_can_have():
    found, notes = made(**{"Time of day": ["a"], "köln %": ["1"], "a,b/c": ["x"]})
    assert [each.factor.name for each in found] == ["time_of_day", "köln", "a_b_c"]
    assert found[0].factor.label == "Time of day"
    assert not notes


def test_no_column_of_a_table_by_a_factor_is_a_name_that_a_factor_can_have():
    samples = make_samples("rotation", 288)
    one, other = (write_run("rotation", samples, name, (samples["area"] > area).to_numpy())
                  for name, area in (("a", 0.2), ("b", 0.5)))  # fmt: skip
    by, area = Question(("area",)), factor_of(one, "area")
    tables = [
        answer(one, by),
        tolerance.levels_of(one, by),
        paired_difference(one, other, by),
        flips.answer(one, other, by),
        *(
            pd.DataFrame(build["rows"])
            for build in (by_factors.build(one, ["area"]), flip_report.build(one, other, ["area"], Question()))
        ),
        pd.read_csv(io.BytesIO(table_csv({"a": answer(one, by)}, {"a": one.identity}))),
        factor_pairs.texts(answer(one, Question(("area", "class"))), (area, factor_of(one, "class")), ({}, {})),
        predictions(one),
    ]
    # In an export a factor of these names goes before them.
    allowed = {*questions.factors_of(one), "preprocessing", "head"}
    assert set().union(*tables) - allowed - RESERVED == set()


@pytest.mark.parametrize(
    "name", ["correct", "Objects", "row", "original", "View", "class", "n", "size", "uncommon_time"]
)
def test_names_of_our_own_columns_get_an_ending_and_it_is_said(name):
    found, notes = made(**{name: ["a", "b"]})
    assert found[0].factor.name == f"{name.lower()}_own"
    assert f"'{name}'" in notes[0]


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(DataError, match="the columns 'a b' and 'A_b' both make the factor 'a_b'"):
        made(**{"a b": ["1"], "A_b": ["2"]})


@pytest.mark.parametrize("n", [20, 100])
def test_numbers_are_one_factor_however_many_they_are(n):
    found, _ = made(x=[*range(n), "", None])
    assert [each.factor.name for each in found] == ["x"]
    assert found[0].is_table
    assert found[0].values.tolist()[:n] == list(range(n))
    assert found[0].n_missing == 2


def test_a_date_is_a_number_of_years_and_years_months_and_hours():
    dates = ["2021-01-01 00:00", "2020-07-02 00:00", "2021-12-31 18:30", ""]
    found = by_name(made(taken=dates)[0])
    assert list(found) == ["taken", "taken_year", "taken_month", "taken_day", "taken_hour"]
    # 2 July 2020 is day 184 of 366; 31 December 2021 at 18:30 is 364 days and 18.5 hours of 365.
    assert found["taken"].values.tolist()[:3] == [2021.0, 2020.5, round(2021 + (364 + 18.5 / 24) / 365, 5)]
    assert np.isnan(found["taken"].values[3])
    assert found["taken_year"].values.tolist()[:3] == [2021.0, 2020.0, 2021.0]
    assert found["taken_month"].values.tolist() == ["2021-01", "2020-07", "2021-12", "(missing)"]
    assert found["taken_hour"].values.tolist()[:3] == [0.0, 0.0, 18.0]


def test_days_without_times_have_no_hours_and_what_a_user_has_is_not_derived():
    found, _ = made(taken=["2021-01-01", "2021-01-02"], taken_day=["Friday", "Saturday"])
    assert [each.factor.name for each in found] == ["taken", "taken_day"]
    assert found[1].values.tolist() == ["Friday", "Saturday"]


def test_one_value_and_an_id_are_pointed_out():
    found = by_name(made(one=["a"] * 40, photo=[f"p{n}" for n in range(40)], none=[""] * 40)[0])
    assert "one value only, a" in found["one"].warnings[0]
    assert "an id, not a factor" in found["photo"].warnings[0]
    assert not found["photo"].is_table
    assert "no value" in found["none"].warnings[0]


def test_a_factor_that_gives_the_label_away_is_pointed_out():
    labels = ["cat"] * 40 + ["dog"] * 40
    leaky, fair = ["indoors"] * 40 + ["outdoors"] * 40, ["day", "night"] * 40
    found = by_name(made(labels, place=leaky, time=fair, breed=["a", "b"] * 20 + ["c"] * 40)[0])
    assert "gives the label away" in found["place"].warnings[0]
    assert "gives the label away" in found["breed"].warnings[0]
    assert not found["time"].warnings
    assert not by_name(made(["cat"] * 80, place=leaky)[0])["place"].warnings


def test_few_images_a_value_and_missing_values_are_counted():
    found = by_name(made(x=["a"] * 30 + ["b"] * 29 + [""] * 3)[0])
    assert found["x"].warnings == ("3 of 62 images have no value.", "1 of 2 values have fewer than 30 images.")
    assert found["x"].examples == ("a", "b")


def test_long_texts_are_no_factor_unless_a_user_says_so():
    found, notes = made(caption=["x" * 300, "y"])
    assert not found
    assert "'caption'" in notes[0]
    assert len(made(kinds={"caption": "category"}, caption=["x" * 300, "y"])[0]) == 1


def test_units_at_the_end_of_numbers_are_units_in_labels():
    found = by_name(
        made(
            kinds={"heading_deg": "circular"},
            distance_m=["1", "2"], heading_deg=["0", "90"], size_M=["a", "b"], m=["1", "2"], iso=["1", "2"],
        )[0]
    )  # fmt: skip
    said = {name: each.factor.label for name, each in found.items()}
    assert said["distance_m"] == "Distance (m)"
    assert said["heading_deg"] == "Heading (°)"
    assert said["size_m"] == "Size M"
    assert said["m"] == "M"
    assert said["iso"] == "Iso"


def test_sets_of_ones_own_are_partitioned_by_how_many_values_are_rare():
    # 20 images: one in fog and one in hail, one by night; the second is both in hail and by night.
    frame = pd.DataFrame(
        {
            "weather": ["fog", "hail", *["sun"] * 18],
            "time": ["day", "night", *["day"] * 18],
            "camera": ["a", "b"] * 10,
            "height": [str(at) for at in range(20)],
        },
        dtype=object,
    )
    found, notes = factors_of(frame, {}, ["cat"] * 20)
    rare = found[-1]
    assert (rare.factor.name, rare.factor.kind, rare.is_derived) == ("rare_values", "numeric", True)
    assert rare.values.tolist() == [1, 2, *[0] * 18]
    # Cameras are all common, and numbers are nothing that is rare or not.
    assert "'rare_values' counts in how many of weather, time an image has a value that fewer than 10 %" in notes[-1]


def test_one_factor_alone_makes_no_partition():
    frame = pd.DataFrame({"weather": ["fog", *["sun"] * 19], "camera": ["a", "b"] * 10}, dtype=object)
    found, notes = factors_of(frame, {}, ["cat"] * 20)
    assert [each.factor.name for each in found] == ["weather", "camera"]
    assert notes == []


def test_a_column_of_that_name_is_the_users():
    frame = pd.DataFrame(
        {"weather": ["fog", *["sun"] * 19], "time": ["night", *["day"] * 19], "rare_values": ["0", "1"] * 10},
        dtype=object,
    )
    assert [each.factor.name for each in factors_of(frame, {}, ["cat"] * 20)[0]] == ["weather", "time", "rare_values"]
