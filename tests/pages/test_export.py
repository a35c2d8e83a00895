"""What a figure's CSV says of the numbers in it."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.page.figure import table_csv

TABLE = pd.DataFrame(
    {"area": [0.1, 0.2, 0.3], "value": [0.5, 0.6, np.nan], "low": [0.4, 0.5, np.nan], "high": [0.6, 0.7, np.nan],
     "n": [90, 60, 0], "n_clusters": [9, 60, 0]}
)  # fmt: skip


DRAWN = """
import pandas as pd
from core.figures import curve
from core.figures.style import Words
from core.types import Factor
from pages.shared.page import figure

table = pd.DataFrame({"area": [0.1], "value": [0.5], "low": [0.4], "high": [0.6], "n": [90], "n_clusters": [9]})
for name in NAMES:
    shown = curve.curve({name: table}, Factor("area", "Area", "numeric"), {name: "#123456"}, Words("t"))
    figure.show(shown, f"atlas-{name}", {name: table}, {name: "abc"})
"""


@pytest.mark.parametrize("name", ["test_vit.diorama", "a/b:c", "zwölf <b>", "with space", "plain"])
def test_the_menu_names_its_figure_as_the_page_does_whatever_its_model_is_called(name):
    app = AppTest.from_string(f"NAMES = [{name!r}]\n{DRAWN}").run()
    assert not app.exception
    menu = next(each.proto.body for each in app.get("html") if "data-oc-figure" in each.proto.body)
    named = re.search(r'data-oc-figure="([^"]*)"', menu)[1]
    # Streamlit makes a class of the key, in which all else becomes a hyphen.
    assert re.fullmatch(r"atlas-[0-9A-Za-z_-]+", named)
    assert any(f"-{named}" in chart.proto.id for chart in app.get("plotly_chart"))


def read(table):
    return pd.read_csv(io.BytesIO(table_csv({"m": table}, {"m": "abc"})))


def test_each_number_names_how_its_interval_is_made_and_over_how_many():
    found = read(TABLE)
    assert found["interval"].tolist()[:2] == ["95 %, score interval over 9 objects", "95 %, Wilson's over 60 images"]
    assert pd.isna(found["interval"][2])
    assert found["identity"].tolist() == ["abc"] * 3


def test_differences_go_by_students_t():
    assert read(TABLE.assign(first=0.1))["interval"][0] == "95 %, Student's t over 9 objects"


def test_a_table_without_intervals_promises_none():
    assert read(TABLE[["area", "value"]])["interval"].isna().all()
