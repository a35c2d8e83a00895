"""What stands in the URL."""

import pytest

from core.benchmarks import si_score
from core.types import Factor
from pages.shared.page.place import Cell, decode

FACTORS = (
    Factor("dose", "Dose", "numeric"),
    Factor("code", "Code", "category"),
    Factor("tags", "Tags", "set"),
    Factor("blurred", "Blurred", "boolean"),
)


@pytest.fixture(autouse=True)
def _factors(monkeypatch):
    monkeypatch.setattr(si_score.SIScoreSize, "factors", FACTORS)


@pytest.mark.parametrize(
    "values",
    [
        {"dose": 1e-5, "code": "7"},
        {"dose": 0.1 + 0.2},
        {"dose": 7.0, "code": "007"},
        {"code": "1e-5", "tags": "nan", "blurred": True},
        {"code": "True", "blurred": False},
        {"code": "a;b=c%3B &?#", "tags": "犬"},
        {"code": ""},
    ],
)
def test_a_cell_comes_back_from_the_url_as_it_was(values):
    found = decode(Cell("si-score/size", values).encode())
    assert found.values == values
    assert [type(content) for content in found.values.values()] == [type(content) for content in values.values()]


def test_a_cell_of_a_computed_fact_comes_back_too():
    values = {"jpeg_quality": 90.0, "brightness_computed": 0.5}
    assert decode(Cell("si-score/size", values).encode()).values == values
    assert decode("si-score/size;dose_computed=1") is None


@pytest.mark.parametrize(
    "text",
    [
        *("", ";", "no/such", "si-score/size;", "no/such;dose=1", "si-score/size;doze=1", "si-score/size;=1"),
        *("si-score/size;dose", "si-score/size;dose=nan", "si-score/size;dose=True", "si-score/size;blurred=7"),
    ],
)
def test_what_is_no_cell_is_none(text):
    assert decode(text) is None
