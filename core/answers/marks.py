"""Published accuracies, drawn as reference marks beside measured ones and never mixed with them."""

from __future__ import annotations

from functools import cache

import pandas as pd

from core.paths import EMBEDDED

COLUMNS = ("benchmark", "model", "value", "source")


@cache
def _all() -> pd.DataFrame:
    files = sorted((EMBEDDED / "published").glob("overall*.csv"))
    if not files:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat([pd.read_csv(path) for path in files], ignore_index=True)


def overall(benchmark: str | None = None) -> pd.DataFrame:
    """Overall top-1 accuracies as papers report them.

    Args:
        benchmark: Only of this benchmark.

    Returns:
        ``benchmark, model, value`` (0..1) and ``source`` (paper and table).
    """
    table = _all()
    return table if benchmark is None else table[table["benchmark"] == benchmark].reset_index(drop=True)


def zoomed(benchmark: str) -> pd.DataFrame:
    """Top-1 on a benchmark as the study of zoom, and that of ImageNet-Hard, report it.

    Args:
        benchmark: Key.

    Returns:
        ``model, bound`` (one crop, or any of 324 zooms), ``passes, value`` (0..1) and ``source``.
    """
    table = _zooms()
    return table[table["benchmark"] == benchmark].drop(columns="benchmark").reset_index(drop=True)


@cache
def _zooms() -> pd.DataFrame:
    return pd.read_csv(EMBEDDED / "published" / "zoom.csv")
