"""What the page on factors can show: the families that vary one thing at a time, and any other evaluated benchmark."""

from __future__ import annotations

from core import paths
from core.answers import catalogue, protocols
from pages.shared.page import address, cached
from pages.shared.page.pickers import BENCHMARK


def offered() -> tuple[dict[str, str], dict[str, list[str]]]:
    """Label by what the picker offers, and the keys of the benchmarks that each shows.

    The families come first; then each other benchmark with a result, and the one that the address names.
    """
    families = catalogue.families(catalogue.benchmarks_varying(*protocols.FIRST))
    needed = {family: list(protocols.of_family(family).values()) for family in families}
    evaluated = {run.benchmark for run in cached.runs(str(paths.data_home()))}
    named = {each.lower() for each in address.asked(BENCHMARK)}
    others = catalogue.titles(
        key
        for key, known in catalogue.known_benchmarks().items()
        if catalogue.family_of(key) not in families and known.factors and (key in evaluated or key.lower() in named)
    )
    return {**families, **others}, needed | {key: [key] for key in others}
