"""What a run's benchmark is: as the run says itself."""

from __future__ import annotations

from core import store
from core.benchmarks import known_benchmarks
from core.types import Card


def card_of(run: store.Run) -> Card:
    """A run's card.

    A run stored before cards gets today's of its benchmark; the same evaluate command writes it into the run. Where
    that benchmark is not known here either, the card has a key and nothing else.
    """
    if run.entry.card is not None:
        return run.entry.card
    known = known_benchmarks().get(run.benchmark)
    return known.card() if known else Card(run.benchmark, run.benchmark)
