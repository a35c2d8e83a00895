"""What a figure's CSV says of the numbers in it."""

import io

import numpy as np
import pandas as pd

from pages.shared.page.figure import table_csv

TABLE = pd.DataFrame(
    {"area": [0.1, 0.2, 0.3], "value": [0.5, 0.6, np.nan], "low": [0.4, 0.5, np.nan], "high": [0.6, 0.7, np.nan],
     "n": [90, 60, 0], "n_clusters": [9, 60, 0]}
)  # fmt: skip


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
