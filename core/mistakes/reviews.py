"""The user's own verdicts on mistakes, in one SQLite file that several browser tabs and processes may use at once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core import paths
from core.errors import UsageError
from core.mistakes import published
from core.store.database import connected, reading

FILE = "reviews.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS reviews (
    source TEXT NOT NULL, sample_id TEXT NOT NULL, predicted INTEGER NOT NULL, reviewer TEXT NOT NULL,
    category TEXT NOT NULL, severity TEXT NOT NULL, note TEXT NOT NULL, updated REAL NOT NULL,
    PRIMARY KEY (source, sample_id, predicted, reviewer)
)
"""


@dataclass(frozen=True)
class Review:
    """One reviewer's verdict on one mistake.

    Attributes:
        source: What made the mistakes: a reference model's key, or ``<benchmark>/<model>``.
        sample_id: The image.
        predicted: Class index that was wrong there; another prediction is another mistake.
        reviewer: A name.
        category: One of ``published.CATEGORIES`` or ``published.GENERAL``, or empty for none yet.
        severity: One of ``published.SEVERITIES``, or empty for none yet.
        note: Free text.
    """

    source: str
    sample_id: str
    predicted: int
    reviewer: str
    category: str = ""
    severity: str = ""
    note: str = ""


def reviews_file() -> Path:
    """Where the verdicts are."""
    return paths.data_home() / FILE


def _connected(at: Path | None) -> AbstractContextManager[sqlite3.Connection]:
    return connected(at or reviews_file(), _SCHEMA, "the reviews")


def save(*reviews: Review, at: Path | None = None) -> None:
    """Store verdicts at once; a later one of the same reviewer on the same mistake replaces the earlier.

    Args:
        reviews: The verdicts.
        at: Another file than ``reviews_file``, such as one that lives as long as a demo's session.

    Raises:
        UsageError: If reviewer, category or severity is none that is known.
        StoreError: If they cannot be written; then none of them is.
    """
    for review in reviews:
        _check(review)
    now = time.time()
    with _connected(at) as connection:
        connection.executemany(
            "INSERT INTO reviews VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (source, sample_id, predicted, reviewer) DO UPDATE SET "
            "category = excluded.category, severity = excluded.severity, note = excluded.note, "
            "updated = excluded.updated",
            [
                (r.source, r.sample_id, r.predicted, r.reviewer.strip(), r.category, r.severity, r.note, now)
                for r in reviews
            ],
        )


def _check(review: Review) -> None:
    if not review.reviewer.strip():
        raise UsageError("a review needs the reviewer's name.")
    for name, value, known in (
        ("category", review.category, (*published.CATEGORIES, *published.GENERAL)),
        ("severity", review.severity, published.SEVERITIES),
    ):
        if value and value not in known:
            raise UsageError(f"unknown {name} '{value}'. Known: {', '.join(known)}.")


def delete(source: str, sample_id: str, predicted: int, reviewer: str, at: Path | None = None) -> None:
    """Take a verdict back."""
    with _connected(at) as connection:
        connection.execute(
            "DELETE FROM reviews WHERE source = ? AND sample_id = ? AND predicted = ? AND reviewer = ?",
            (source, sample_id, predicted, reviewer.strip()),
        )


def find(source: str, reviewer: str | None = None, at: Path | None = None) -> pd.DataFrame:
    """Verdicts on a source's mistakes.

    Returns:
        ``source, sample_id, predicted, reviewer, category, severity, note, updated`` (seconds since 1970).
    """
    columns = "source, sample_id, predicted, reviewer, category, severity, note, updated"
    query = f"SELECT {columns} FROM reviews WHERE source = ?"
    values: list[str] = [source]
    if reviewer is not None:
        query, values = f"{query} AND reviewer = ?", [source, reviewer.strip()]
    with reading(at or reviews_file(), _SCHEMA, "the reviews") as connection:
        rows = connection.execute(f"{query} ORDER BY sample_id, predicted, reviewer", values).fetchall()
    return pd.DataFrame(rows, columns=columns.split(", "))


def reviewers(source: str) -> list[str]:
    """Who has reviewed a source's mistakes, sorted."""
    return sorted(find(source)["reviewer"].unique())


def exported(source: str, reviewer: str, at: Path | None = None) -> str:
    """A reviewer's verdicts as JSON in the published form.

    Raises:
        UsageError: If the published form cannot hold them, because an image has two.
    """
    rows = find(source, reviewer, at)
    twice = rows[rows["sample_id"].duplicated()]
    if len(twice):
        raise UsageError(
            f"'{twice['sample_id'].iloc[0]}' is reviewed for two predictions, and the published form has one an image."
        )
    return published.as_published(rows.to_dict("records"))


def import_mistakes(path: Path, source: str, reviewer: str, at: Path | None = None) -> int:
    """Take verdicts in from a file in the published form.

    Returns:
        How many.

    Raises:
        DataError: If the file is not in that form.
        UsageError: If the reviewer has no name.
    """
    rows = published.read_mistakes(path)
    columns: Sequence[str] = ("sample_id", "predicted", "category", "severity", "note")
    save(*(Review(source, reviewer=reviewer, **row) for row in rows[list(columns)].to_dict("records")), at=at)
    return len(rows)
