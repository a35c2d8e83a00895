"""What the overview says: models against each other within a benchmark, and a model against where benchmarks start."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import paths, store
from core.answers import catalogue, overview_sentences
from pages.shared.cues.results import has_masks
from pages.shared.page import cached, margin
from pages.shared.page.frame import Choice
from pages.shared.page.pickers import BENCHMARK

FACTOR_PAGE = "pages/size_location_rotation.py"
Runs = dict[tuple[str, str], store.Run]


def said(table: pd.DataFrame, runs: Runs, policy: str, choice: Choice) -> str:
    """One or two sentences; Markdown.

    Args:
        table: A row for each result: ``model, benchmark, value, n, n_clusters, partial, start, start_what``.
        runs: By model and benchmark.
        policy: Of ``explore.POLICIES``.
        choice: Of the sidebar; sentences about one model are about the first.
    """
    return _said(cached.keys_of(runs), policy, choice.models[0] if choice.models else "", margin.chosen(), table, runs)


@st.cache_data(max_entries=64, show_spinner=False)
def _said(keys: tuple, policy: str, model: str, within: float, _table: pd.DataFrame, _runs: Runs) -> str:
    del keys
    return overview_sentences.said(_table, _runs, policy, model, within)  # type: ignore[arg-type]


def where_to_look(key: str) -> tuple[str, str, str]:
    """The page that looks closest at a benchmark, with the name and the content of its picker."""
    if key in catalogue.benchmarks_varying("area", "x", "angle_deg", "yaw_deg"):
        return FACTOR_PAGE, BENCHMARK, catalogue.family_of(key)
    if catalogue.is_own(key):
        return FACTOR_PAGE, BENCHMARK, key
    has_settings = any(factor.name == "locations" for factor in catalogue.benchmark_class(key).factors)
    if has_settings and (paths.REPO / "pages/uncommon_settings.py").is_file():
        return "pages/uncommon_settings.py", BENCHMARK, key
    if not has_settings and has_masks(catalogue.benchmark_class(key)):
        return "pages/cues.py", BENCHMARK, key
    if catalogue.benchmark_class(key).factors and catalogue.family_of(key) == key:
        return FACTOR_PAGE, BENCHMARK, key
    return "pages/overview.py", "only", catalogue.family_of(key)
