"""What a run's benchmark is: as the run says itself."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from core import store
from core.answers import described
from core.benchmarks import known_benchmarks, published_benchmarks
from core.types import Card


def card_of(run: store.Run) -> Card:
    """A run's card; where its images were described, with the facts about them as further factors.

    See ``core.answers.described``.
    """
    card = own_card_of(run)
    computed = described.factors(run, card)
    return replace(card, factors=(*card.factors, *computed)) if computed else card


def samples_of(run: store.Run) -> pd.DataFrame:
    """A run's samples table with the columns of all factors of ``card_of``.

    Raises:
        StoreError: If it is gone.
    """
    return described.with_facts(run, store.read_samples(run), own_card_of(run))


def unit_of(run: store.Run) -> str:
    """What images of a run share, as sentences call it.

    Returns:
        ``object`` on published benchmarks; the name of a user's own column; ``image`` where each is seen several times.
    """
    unit = own_card_of(run).cluster_unit
    if unit is None:
        return "image"
    return "object" if run.benchmark in published_benchmarks() else unit


def own_card_of(run: store.Run) -> Card:
    """A run's card as it is stored.

    A run stored before cards gets today's of its benchmark; the same evaluate command writes it into the run. Where
    that benchmark is not known here either, the card has a key and nothing else.
    """
    if run.entry.card is not None:
        return run.entry.card
    known = known_benchmarks().get(run.benchmark)
    return known.card() if known else Card(run.benchmark, run.benchmark)
