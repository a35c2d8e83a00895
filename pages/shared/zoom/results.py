"""The stored results that the page on zoom rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from core import paths, store
from core.answers import catalogue
from core.benchmarks import benchmark_class
from core.figures.exhibits.zoom import FAMILIES
from core.types import Policy
from pages.shared.page import cached
from pages.shared.page.frame import Choice


@dataclass(frozen=True)
class Zoomed:
    """The chosen models' results on a benchmark under zooms.

    Attributes:
        benchmark: Key.
        runs: By model, in the order chosen.
        policy: What counts as right.
    """

    benchmark: str
    runs: Mapping[str, store.Run]
    policy: Policy

    def table(self, model: str, name: str) -> pd.DataFrame:
        """A table of a model; see ``core.answers.zoom_tables.TABLES``."""
        return cached.zooms(self.runs[model], name, self.policy)

    def tables(self, name: str) -> dict[str, pd.DataFrame]:
        """The same of all models."""
        return {model: self.table(model, name) for model in self.runs}

    @property
    def identities(self) -> dict[str, str]:
        """Identity by model."""
        return {model: run.identity for model, run in self.runs.items()}

    def of(self, name: str) -> Zoomed:
        """Only those of models with the views of a family."""
        return Zoomed(self.benchmark, {m: run for m, run in self.runs.items() if run.view == name}, self.policy)


def found(choice: Choice) -> Zoomed:
    """What is stored of the chosen models; of several families the one with most views."""
    runs: dict[str, store.Run] = {}
    for model in choice.models:
        there = [run for name in FAMILIES if (run := choice.run(model, choice.benchmark, name)) is not None]
        if there:
            # A complete result says more than a larger one that has only begun.
            runs[model] = next((run for run in there if run.complete), there[0])
    return Zoomed(choice.benchmark, runs, benchmark_class(choice.benchmark).default_policy)


def offered() -> dict[str, str]:
    """Title by key of all benchmarks; those with results of this kind first."""
    stored = {run.benchmark for run in cached.runs(str(paths.data_home())) if run.view in FAMILIES}
    titles = {key: known.title for key, known in catalogue.known_benchmarks().items()}
    return {key: titles[key] for key in sorted(titles, key=lambda key: key not in stored)}
