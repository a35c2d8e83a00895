"""Facts computed from a run's images as factors: there for every run of a benchmark that was described.

Tables hold them exactly; in answers their many values are in bins, see ``core.answers.spans``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import store
from core.benchmarks import facts as tables
from core.images.facts import FACTS, OF_MASK
from core.store.samples import samples_of as samples_file_of
from core.types import Card, Factor

#: Appended to the name of a fact that is called like something else that the run has.
SUFFIX = "_computed"
#: What an image needs to have a fact.
_NEEDS = {"jpeg_quality": "it is of JPEG files", **{fact.name: "it needs object masks" for fact in OF_MASK}}
#: Columns of a run's tables that no fact may be called like.
_TAKEN = frozenset(
    {
        *("sample_id", "position", "accepted", "cluster", "view", "image", "correct", "correct_top5", "predicted"),
        *(
            "confidence",
            "p_accepted",
            "rank",
            "top10",
            "top10_prob",
            "top1",
            "top1_prob",
            "error",
            "digest",
            "identity",
        ),
    }
)


@dataclass(frozen=True)
class _Facts:
    """What was described.

    Attributes:
        version: Changes with any of it.
        images: Names of the pool's images.
        values: float (N,) by name of the fact, NaN where there is none; of those alone that differ between images.
        absent: Names of facts that no image has.
    """

    version: str
    images: pd.Index
    values: Mapping[str, np.ndarray]
    absent: frozenset[str]


def possible() -> tuple[Factor, ...]:
    """Every factor that a description may give a run, whichever name it then has."""
    return tuple(replace(fact, name=name) for fact in FACTS for name in (fact.name, fact.name + SUFFIX))


def why_not(run: store.Run, name: str) -> str:
    """Why a run has no computed fact of some name, with a leading space; empty where no fact is called so."""
    if name not in {factor.name for factor in possible()}:
        return ""
    found = _facts_of(run)
    if found is None:
        return f" 'python -m core data describe {run.benchmark}' computes it from the images."
    plain = name.removesuffix(SUFFIX)
    if plain not in found.absent:
        return " It was computed from the images, and no two of them differ in it."
    return f" No image has it: {_NEEDS.get(plain, 'it needs images that can be opened')}."


def version(run: store.Run) -> str:
    """Changes whenever the facts about a run's images do; empty where these were not described."""
    found = _facts_of(run)
    return found.version if found else ""


def factors(run: store.Run, card: Card) -> tuple[Factor, ...]:
    """The facts that are factors of a run, by the names that they have in its tables; none if not described.

    Args:
        run: The run.
        card: The run's own, without them.
    """
    found = _facts_of(run)
    if found is None:
        return ()
    taken = _taken(run, card)
    return tuple(replace(fact, name=_named(fact.name, taken)) for fact in FACTS if fact.name in found.values)


def with_facts(run: store.Run, samples: pd.DataFrame, card: Card) -> pd.DataFrame:
    """A run's samples table with the facts about its images as columns; unchanged where these were not described.

    Args:
        run: The run.
        samples: Its samples table, all rows in their order.
        card: The run's own, without them.

    Returns:
        With a column for each of ``factors``, NaN where there is none.
    """
    found = _facts_of(run)
    if found is None:
        return samples
    taken = _taken(run, card)
    at = found.images.get_indexer(store.image_ids(run).to_pandas())
    # Of an image that was not described, the last: NaN.
    columns = {_named(name, taken): np.append(each, np.nan)[at] for name, each in found.values.items()}
    return samples.assign(**columns)


def _named(name: str, taken: frozenset[str]) -> str:
    """What stands already keeps its name."""
    while name in taken:
        name += SUFFIX
    return name


def _taken(run: store.Run, card: Card) -> frozenset[str]:
    """Names that a run's tables have without the facts."""
    path = samples_file_of(run)
    named = (factor.name for factor in (*card.factors, *run.views.factors))
    try:
        columns = _columns(path, path.stat().st_mtime_ns)
    except (OSError, pa.ArrowException):
        columns = ()
    return _TAKEN.union(named, columns)


@lru_cache(maxsize=512)
def _columns(path: Path, changed_ns: int) -> tuple[str, ...]:
    del changed_ns
    return tuple(pq.read_schema(path).names)


def _facts_of(run: store.Run) -> _Facts | None:
    file = tables.file_of(run.benchmark, run.manifest.pool.digest)
    try:
        status = file.stat()
        return _read(file, status.st_ino, status.st_size, status.st_mtime_ns)
    except (OSError, KeyError, pa.ArrowException):
        # Not described, or its file has lost its bytes: describing again makes it anew.
        return None


@lru_cache(maxsize=64)
def _read(file: Path, *version: int) -> _Facts:
    del version
    table = pq.read_table(file, partitioning=None)
    columns = {
        name: table[name].to_pandas().to_numpy(dtype=float) for name in tables.NAMES if name in table.column_names
    }
    known = {name: len(np.unique(each[~np.isnan(each)])) for name, each in columns.items()}
    return _Facts(
        (table.schema.metadata or {})[tables.DIGEST].decode(),
        pd.Index(table["image"].to_pandas()),
        {name: each for name, each in columns.items() if known[name] > 1},
        frozenset(name for name in tables.NAMES if not known.get(name)),
    )
