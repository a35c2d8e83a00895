"""Annotated images, made in a line each."""

import numpy as np
import pandas as pd

from core import uncommon


def images(*rows, correct=None):
    """Annotated images, each ``(category, time, weather, locations)``."""
    table = pd.DataFrame(rows, columns=["category", "time", "weather", "locations"])
    table["cluster"] = [str(number) for number in range(len(table))]
    table["correct"] = np.asarray(correct if correct is not None else [1.0] * len(table), dtype=float)
    return uncommon.annotate(table)


def many(category, time="day", weather="sunny", locations=("none",), *, right, of):
    """Rows of equal images and which of them are right."""
    return [(category, time, weather, list(locations))] * of, [1.0] * right + [0.0] * (of - right)


def together(*groups):
    return images(*[row for rows, _ in groups for row in rows], correct=[hit for _, hits in groups for hit in hits])


def one(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]
