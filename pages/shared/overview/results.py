"""All results as a table that is sorted, filtered and exported on the page."""

from __future__ import annotations

import pandas as pd
import streamlit as st


def show(table: pd.DataFrame) -> None:
    """Every result as a row; sorted by a click on a head, filtered by the magnifying glass, exported from its menu."""
    columns = st.column_config
    percent = {name: 100 * table[name] for name in ("value", "low", "high")}
    st.dataframe(
        table.assign(**percent),
        hide_index=True,
        width="stretch",
        column_order=["benchmark", "model", "value", "low", "high", "n", "n_clusters", "state", "identity"],
        column_config={
            "benchmark": "Benchmark",
            "model": "Model",
            "value": columns.ProgressColumn("Accuracy", format="%.1f %%", min_value=0, max_value=100),
            "low": columns.NumberColumn("95 % from", format="%.1f"),
            "high": columns.NumberColumn("to", format="%.1f"),
            "n": columns.NumberColumn("Images", format="localized"),
            "n_clusters": columns.NumberColumn("Objects", format="localized"),
            "state": "State",
            "identity": "Identity",
        },
    )
