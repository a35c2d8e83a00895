"""A run's joined table in a compact form, kept on disk, so that a page reads the few columns a question needs.

Kept under ``<data home>/cache/<identity>/<version>``, where the version says what it was computed from and by: a run
under way gets a new one as it grows, and every run does once a factor or the code is corrected. All of it can be
computed again; deleting it costs time only. Where the data home is full or may not be written to, it lasts as long as
the process.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import __version__, metrics, paths, store
from core.answers import described
from core.answers.cards import samples_of
from core.errors import StoreError
from core.store import lists
from core.store.parts import find_rows, write_parquet

_TABLE = "scored.parquet"
#: The code that decides what is kept, as files and folders of ``core``.
_CODE = ("types.py", "labels.py", "store", "metrics", "uncommon", "benchmarks", "answers")
#: Names of the files that are kept; no other is ever deleted.
_OURS = re.compile(r"^(scored|[0-9a-f]{24})\.parquet$")
#: Versions kept of a run: a second edition of the code, or one that reads while a run grows, does not lose its own.
_VERSIONS = 3
#: A cache for this process, made once it is needed.
_passing: list[tempfile.TemporaryDirectory[str]] = []
_T = TypeVar("_T")
#: Columns that are not factors of the benchmark.
COMPUTED = (
    *("sample_id", "position", "accepted", "cluster", "view"),
    *("correct", "correct_top5", "predicted", "confidence", "p_accepted", "rank"),
)
_READ = ("sample_id", "view", "top10", "top10_prob", "p_accepted", "rank", "error")
_DROPPED = ("top10", "top10_prob", "error")


def folder(run: store.Run) -> Path:
    """Where what was computed from a run is kept."""
    return paths.data_home() / "cache" / _name(run)


def _name(run: store.Run) -> str:
    """One set of predictions may be a run of several benchmarks."""
    return f"{run.identity}-{paths.slug(run.benchmark)}"


def version(run: store.Run) -> str:
    """Names what is computed from a run as it stands now: by its predictions, its samples table and the code.

    And by the facts about its images, where these were described.

    Raises:
        StoreError: If predictions or samples cannot be read.
    """
    # Nothing where nothing was described, so that what was kept without facts serves on.
    facts = described.version(run)
    parts = (store.samples_digest(run), _code(), *([facts] if facts else []))
    return f"{run.n_done}-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:16]}"


@cache
def _code() -> str:
    """SHA-256 (hex) of the code that computes, and of the libraries that it computes with."""
    found = hashlib.sha256(json.dumps([__version__, np.__version__, pd.__version__]).encode())
    root = Path(__file__).parent.parent
    for name in _CODE:
        for file in sorted((root / name).rglob("*.py")) if (root / name).is_dir() else [root / name]:
            found.update(file.relative_to(root).as_posix().encode() + file.read_bytes())
    return found.hexdigest()


def _kept(run: store.Run, name: str, compute: Callable[[], pa.Table], read_from: Callable[[Path], _T]) -> _T:
    """What is read from a table that is kept; one that is not there, or has lost its bytes, is computed first.

    Raises:
        StoreError: If there is no place for it, or a run cannot be read.
    """
    place = Path(_name(run), version(run), name)
    homes = [paths.data_home() / "cache", *(Path(home.name) for home in _passing)]
    for home in homes:
        with contextlib.suppress(OSError, pa.ArrowException):
            return read_from(home / place)
    table = compute()
    try:
        path = homes[0] / place
        write_parquet(path, table)
    except StoreError:
        if not _passing:
            try:
                _passing.append(tempfile.TemporaryDirectory(prefix="offcenter-cache-"))
            except OSError as error:
                raise StoreError(
                    f"neither {homes[0]} nor a temporary folder can be written to ({error}): set TMPDIR to another."
                ) from error
        path = Path(_passing[0].name) / place
        write_parquet(path, table)
    if name == _TABLE:
        _sweep(path.parent.parent)
    try:
        return read_from(path)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{path} cannot be read ({error}); delete it, it is made again.") from error


def _sweep(folder: Path) -> None:
    """Delete all but the newest versions of a run's tables."""

    def newest(path: Path) -> int:
        return path.stat().st_mtime_ns

    # What cannot be deleted stays: another process may be at it, and folders hold more than what is ours.
    with contextlib.suppress(OSError):
        for old in sorted(filter(Path.is_dir, folder.iterdir()), key=newest, reverse=True)[_VERSIONS:]:
            for path in old.iterdir():
                if _OURS.match(path.name):
                    path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                old.rmdir()


def columns_of(run: store.Run) -> list[str]:
    """Columns of the compact table; see ``read``."""
    return _from_table(run, lambda path: pq.read_schema(path).names)


def read(run: store.Run, columns: Sequence[str], rows: np.ndarray | None = None) -> pd.DataFrame:
    """Columns of a run's compact table, one row per image and view, in the order of the samples table.

    Args:
        run: Complete or partial.
        columns: Of ``sample_id``, ``position`` (row in the samples table), ``cluster`` (int code), ``correct``,
            ``correct_top5`` (1.0, 0.0, NaN for an image that failed), ``predicted`` (class index, -1), ``confidence``
            (of the predicted class), ``p_accepted``, ``rank``, ``view`` and the factors, those of views included; text
            factors are categoricals.
        rows: int (N,); these, in this order; all by default.

    Raises:
        StoreError: If the run cannot be read.
        DataError: If samples and predictions do not fit together.
    """

    def read_from(path: Path) -> pd.DataFrame:
        table = pq.read_table(path, columns=list(columns), partitioning=None)
        # Taken before they become Python's objects: of a few rows that is many times as fast.
        return (table if rows is None else table.take(pa.array(rows))).to_pandas()

    return _from_table(run, read_from)


def _from_table(run: store.Run, read_from: Callable[[Path], _T]) -> _T:
    def compute() -> pa.Table:
        # Without pandas' own notes, which name column types that pandas itself cannot read back.
        return pa.Table.from_pandas(compact(run), preserve_index=False).replace_schema_metadata()

    return _kept(run, _TABLE, compute, read_from)


def compact(run: store.Run) -> pd.DataFrame:
    """The table that ``read`` reads columns of, computed from samples and predictions."""
    samples = samples_of(run)
    samples.insert(1, "position", np.arange(len(samples), dtype=np.int32))
    joined = with_view_factors(run, metrics.join(samples, store.read(run, _READ), run.manifest.model.num_classes))
    ranked = lists.list_matrix(joined["top10"])
    prob = lists.list_matrix(joined["top10_prob"])
    failed = joined["error"].notna().to_numpy()
    table = joined.drop(columns=[column for column in _DROPPED if column in joined])
    for column in table.columns:
        if column != "sample_id" and pd.api.types.infer_dtype(table[column]) == "string":
            table[column] = table[column].astype("category")
    table["cluster"] = pd.factorize(joined["cluster"], sort=True)[0].astype(np.int32)
    table["predicted"] = np.where(failed, -1, ranked[:, 0] if ranked.shape[1] else -1).astype(np.int32)
    table["confidence"] = np.where(failed, np.nan, prob[:, 0] if prob.shape[1] else np.nan).astype(np.float32)
    return table


def with_view_factors(run: store.Run, table: pd.DataFrame) -> pd.DataFrame:
    """A table of predictions with the factors by which the run's views differ."""
    rows = run.views.rows
    at = pd.Index([str(row["view"]) for row in rows]).get_indexer(table["view"])
    known = {factor.name: pd.Series([row.get(factor.name) for row in rows]) for factor in run.views.factors}
    return table.assign(**{name: values.take(at).to_numpy() for name, values in known.items()})


@dataclass(frozen=True)
class Sample:
    """One image of a run: what is in it and what the model said.

    Attributes:
        sample_id: Of the samples table.
        accepted: Class indices that count as right.
        factors: Value by factor.
        top: (class index, probability 0..1), best first; empty for an image that failed.
        error: Why it failed, or None.
        rank: Of the best accepted class among all classes, 1 for the first; None where it is not known.
        p_accepted: Probability of the accepted classes together, 0..1; None where it is not known.
    """

    sample_id: str
    accepted: tuple[int, ...]
    factors: dict[str, Any]
    top: tuple[tuple[int, float], ...]
    error: str | None
    rank: int | None = None
    p_accepted: float | None = None

    def is_right(self, k: int = 1) -> bool | None:
        """Whether an accepted class is among the best ``k``; None for an image that failed, or if fewer are known."""
        is_there = any(index in self.accepted for index, _ in self.top[:k])
        return None if self.error or (not is_there and len(self.top) < k) else is_there


def sample(run: store.Run, sample_id: str, view: str = "") -> Sample | None:
    """One image of a run under one view, or None if the run has no prediction of it.

    Args:
        run: Complete or partial.
        sample_id: Of the samples table.
        view: Name of the view; the first one by default.

    Raises:
        StoreError: If the run cannot be read.
    """
    there = _from_table(run, lambda path: find_rows(path, "sample_id", sample_id))
    chosen = [row for row in there if row["view"] == (view or run.views.names[0])]
    if not chosen:
        return None
    image = store.image_ids(run)[chosen[0]["position"]].as_py() if store.has_own_names(run) else sample_id
    said = _said(run, image, chosen[0]["view"])
    factors = {name: content for name, content in chosen[0].items() if name not in COMPUTED}
    top = tuple(zip(said["top10"] or (), said["top10_prob"] or (), strict=True))
    rank, p = chosen[0]["rank"], chosen[0]["p_accepted"]
    return Sample(
        sample_id,
        tuple(chosen[0]["accepted"]),
        factors,
        top,
        said["error"],
        int(rank) if rank is not None and rank >= 1 else None,
        float(p) if p is not None and p == p else None,
    )


def _said(run: store.Run, image: str, view: str) -> dict[str, Any]:
    """The stored row of an image and a view: ``top10, top10_prob, error``."""
    rows = store.predictions_of(run).rows("sample_id", image)
    if not run.views.dense:
        return next(row for row in rows if row["view"] == view)
    at = run.views.names.index(view)
    best = [] if rows[0]["error"] else [(rows[0]["top"][at], rows[0]["p_top"][at])]
    return {
        "top10": [top for top, _ in best],
        "top10_prob": [float(p) for _, p in best],
        "error": rows[0]["error"],
    }


def remembered(run: store.Run, question: object, compute: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """A table computed from a run, kept on disk under its question.

    Args:
        run: Complete or partial.
        question: JSON values that decide the table, the function's name included.
        compute: Makes the table.
    """
    canonical = json.dumps(question, sort_keys=True, default=list)
    return _kept(
        run,
        f"{hashlib.sha256(canonical.encode()).hexdigest()[:24]}.parquet",
        lambda: pa.Table.from_pandas(compute(), preserve_index=False),
        lambda path: pq.read_table(path, partitioning=None).to_pandas(),
    )
