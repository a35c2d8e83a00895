import datetime as dt

import numpy as np
import pandas as pd
import pytest

from core.errors import UsageError
from core.own.kinds import parse_kind, typed


def column(cells, name="x", kind=None, **options):
    return typed(name, pd.Series(cells, dtype=object), kind, **options)


@pytest.mark.parametrize(
    ("cells", "name", "kind"),
    [
        (["1", "2.5", "-3e2", ""], "x", "numeric"),
        (["0", "1", "1"], "x", "numeric"),
        ([1, 2.5, None], "x", "numeric"),
        ([10, 350], "angle_deg", "circular"),
        (["10", "350"], "Angle", "circular"),
        (["10", "400"], "angle", "numeric"),
        (["10", "350"], "triangle", "numeric"),
        (["day", "night", ""], "x", "category"),
        (["007", "012"], "x", "category"),
        (["1", "2", "many"], "x", "category"),
        (["", None, "NaN"], "x", "category"),
        (["a|b", "a"], "x", "set"),
        ([["a"], []], "x", "set"),
        (["yes", "No", "yes"], "x", "boolean"),
        ([True, False], "x", "boolean"),
        (["2021-03-28", "2021-04-01"], "x", "date"),
        (["2021:03:28 10:00:00"], "x", "date"),
        (["2021-03-28T10:00:00.123Z"], "x", "date"),
        ([dt.datetime(2021, 3, 28), dt.date(2021, 4, 1)], "x", "date"),
        (["28/03/2021"], "x", "category"),
        (["2021-02-30"], "x", "category"),
    ],
)
def test_the_kind_is_what_all_values_are(cells, name, kind):
    assert column(cells, name).kind == kind


def test_values_are_in_the_type_of_their_kind():
    assert column(["1", "", "nan", "2.5"]).values.tolist()[::3] == [1.0, 2.5]
    assert column(["1", "", "nan", "2.5"]).n_missing == 2
    assert column(["-90", "360", "725"], kind="circular").values.tolist() == [270.0, 0.0, 5.0]
    assert column(["day ", None, "NA", "none"]).values.tolist() == ["day", "(missing)", "(missing)", "none"]
    assert column(["a|b|a", "", "c"]).values.tolist() == [["a", "b"], [], ["c"]]
    assert column(["yes", "no"]).values.dtype == bool
    assert column(["0", "1"], kind="boolean").values.tolist() == [False, True]
    assert column(["7", "8"], kind="category").values.tolist() == ["7", "8"]
    assert column(["2021-03-28 14:05", ""]).values.tolist()[0] == pd.Timestamp(2021, 3, 28, 14, 5)


def test_true_is_not_one():
    assert column([True, 1, 0.0, "x"]).values.tolist() == ["true", "1", "0", "x"]


def test_true_and_false_with_missing_values_are_categories_and_it_is_said():
    found = column(["yes", "", "no"])
    assert found.kind == "category"
    assert found.values.tolist() == ["true", "(missing)", "false"]
    assert "missing" in found.warnings[0]


def test_infinite_numbers_count_as_missing_and_are_said():
    found = column(["1", "inf", "-Infinity", "1e999", 10**400])
    assert found.kind == "numeric"
    assert np.isnan(found.values[1:]).all()
    assert found.n_missing == 4
    assert found.warnings == ["4 infinite values count as missing."]


def test_decimal_commas_are_numbers_only_where_cells_are_parted_otherwise():
    assert column(["0,25", "1", ",5"], decimal_comma=True).values.tolist() == [0.25, 1.0, 0.5]
    assert column(["0,25", "1"]).kind == "category"


@pytest.mark.parametrize(
    ("cells", "kind", "said"),
    [
        (["1", "many", "few"], "numeric", "2 of its values are not numbers, such as 'many', 'few'"),
        (["1", "x"], "circular", "not angles in degrees"),
        (["yes", "perhaps"], "boolean", "not true or false"),
        (["28/03/2021"], "date", "not dates such as 2021-03-28"),
        ([["a"], ["b"]], "numeric", "it can be a set, not numeric"),
    ],
)
def test_a_kind_that_does_not_fit_is_refused_with_examples(cells, kind, said):
    with pytest.raises(UsageError, match=said):
        column(cells, kind=kind)


def test_unknown_kinds_are_refused_with_the_nearest():
    with pytest.raises(UsageError, match=r"Did you mean 'numeric'\?"):
        parse_kind("numerical")


def test_categories_that_differ_in_case_are_pointed_out():
    assert "'Day' and 'day' differ in case" in column(["Day", "day", "night"]).warnings[0]


@pytest.mark.parametrize(
    ("cells", "name", "kind", "values"),
    [
        (["45 %", "5%"], "v", "numeric", [45.0, 5.0]),
        (["90°", "-90°"], "v", "circular", [90.0, 270.0]),
        (["90", "-90"], "Azimuth (deg)", "circular", [90.0, 270.0]),
        (["1", "-", "?"], "v", "numeric", [1.0, None, None]),
        (["#DIV/0!", "2"], "v", "numeric", [None, 2.0]),
        (["ja", "nein"], "v", "boolean", [True, False]),
        (["['a', 'b']", "[]"], "v", "set", [["a", "b"], []]),
    ],
)
def test_what_people_write_beside_a_number_is_understood(cells, name, kind, values):
    found = typed(name, pd.Series(cells, dtype=object))
    assert found.kind == kind
    assert [None if each != each else each for each in found.values.tolist()] == values


def test_a_mark_stands_for_no_value_among_numbers_alone():
    assert typed("v", pd.Series(["a", "-", "b"], dtype=object)).values.tolist() == ["a", "-", "b"]
    found = typed("v", pd.Series(["2021-03-28", "-"], dtype=object))
    assert (found.kind, found.n_missing, found.warnings) == ("date", 1, ["taken for missing: '-'."])


def test_a_point_beside_decimal_commas_is_never_taken_for_one():
    cells = pd.Series(["0,5", "1.234"], dtype=object)
    found = typed("v", cells, decimal_comma=True)
    assert found.values.tolist() == ["0,5", "1.234"]
    assert "with a comma and with a point" in found.warnings[0]
    with pytest.raises(UsageError, match=r"not numbers, such as '1\.234'"):
        typed("v", cells, "numeric", decimal_comma=True)
    assert typed("v", pd.Series(["0.5", "1.25"], dtype=object), decimal_comma=True).values.tolist() == [0.5, 1.25]


def test_days_before_months_are_dates_with_points_and_pointed_at_with_slashes():
    found = typed("v", pd.Series(["28.03.2021", "1.4.2021 14:05"], dtype=object))
    assert found.values.tolist() == [pd.Timestamp(2021, 3, 28), pd.Timestamp(2021, 4, 1, 14, 5)]
    # 3 April or 4 March: nobody can tell.
    assert "look like dates" in typed("v", pd.Series(["03/04/2021"], dtype=object)).warnings[0]


@pytest.mark.parametrize("cell", ["1,234", "45 cm", "1.234,5"])
def test_what_looks_like_a_number_is_pointed_at(cell):
    found = typed("v", pd.Series([cell, "7"], dtype=object))
    assert found.kind == "category"
    assert f"look like numbers, such as '{cell}'" in found.warnings[0]


def test_angles_that_may_be_radians_are_pointed_at():
    assert "convert radians" in typed("angle", pd.Series([0.5, 3.14, 6.28])).warnings[0]
    assert not typed("angle", pd.Series([0, 1, 2])).warnings
