"""A reviewer's verdicts in this session: who reviews, where they are kept, and what was there before each change."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from core import paths
from core.errors import OffcenterError
from core.mistakes import published, reviews, sentences
from core.mistakes.reviews import Review
from pages.shared.mistakes import said
from pages.shared.mistakes.subjects import Subject

REVIEWER = "reviewer"
NOBODY = "Type your name first: verdicts are kept by reviewer."
UNDO = "u"
SEVERITY_KEYS = {severity[0]: severity for severity in published.SEVERITIES if severity != "minor"} | {"n": "minor"}
_SESSION, _BEFORE = "session-reviews", "verdicts-before"
#: Steps that can be taken back.
_MOST = 200


@dataclass(frozen=True)
class Verdict:
    """What a reviewer says of a mistake; empty texts for nothing."""

    category: str = ""
    severity: str = ""
    note: str = ""

    def __bool__(self) -> bool:
        return bool(self.category or self.severity or self.note)


@dataclass(frozen=True)
class _Step:
    """A verdict that was there before a change."""

    source: str
    reviewer: str
    sample_id: str
    predicted: int
    verdict: Verdict


def category_keys(subject: Subject) -> dict[str, str]:
    """Category by the key that gives it, ``1`` and on."""
    return {str(number): category for number, category in enumerate(subject.categories, 1)}


def reviewer() -> str:
    """Who reviews; empty until a name is typed."""
    return str(st.session_state.get(REVIEWER) or "").strip()


def file() -> Path | None:
    """Where this session's verdicts are, in a demo; None for the file that everybody's are in.

    The folder goes with the session: Python removes it once nobody holds it.
    """
    if not paths.read_only():
        return None
    if _SESSION not in st.session_state:
        st.session_state[_SESSION] = tempfile.TemporaryDirectory(prefix="offcenter-session-")
    return Path(st.session_state[_SESSION].name) / reviews.FILE


def mine(subject: Subject) -> dict[tuple[str, int], Verdict]:
    """This reviewer's verdicts by image and predicted class."""
    if not reviewer():
        return {}
    found = reviews.find(subject.key, reviewer(), at=file())
    return {
        (row.sample_id, int(row.predicted)): Verdict(row.category, row.severity, row.note) for row in found.itertuples()
    }


def current(subject: Subject, row: pd.Series) -> Verdict:
    """This reviewer's verdict on a mistake; an empty one if there is none."""
    return mine(subject).get(_about(row), Verdict())


def give(subject: Subject, row: pd.Series, verdict: Verdict) -> bool:
    """Store a verdict at once, an empty one by taking it back; whether that worked.

    For callbacks: what there is to say is said when the page is drawn.
    """
    before = current(subject, row)
    if verdict == before:
        said.put(f"{_named(row)}: {words(verdict)}, as before")
        return True
    if not _store(subject.key, reviewer(), *_about(row), verdict):
        return False
    steps = st.session_state.setdefault(_BEFORE, [])
    steps.append(_Step(subject.key, reviewer(), *_about(row), before))
    del steps[:-_MOST]
    said.put(f"{_named(row)}: {words(verdict)}: saved" if verdict else f"{_named(row)}: verdict taken back")
    return True


def can_undo(subject: Subject) -> bool:
    """Whether there is a verdict of this reviewer on this model that can be taken back."""
    return _last(subject) is not None


def undo(subject: Subject) -> str | None:
    """Restore what was there before the last change; returns the image, or None if there was nothing to restore."""
    step = _last(subject)
    if step is None:
        said.put("Nothing to undo")
        return None
    if not _store(step.source, step.reviewer, step.sample_id, step.predicted, step.verdict):
        return None
    st.session_state[_BEFORE].remove(step)
    said.put(f"Undone: {words(step.verdict) if step.verdict else 'no verdict'} again")
    return step.sample_id


def words(verdict: Verdict) -> str:
    """A verdict in a few words."""
    return f"{verdict.category or 'no category'}, {verdict.severity or 'no severity'}"


def _last(subject: Subject) -> _Step | None:
    steps = reversed(st.session_state.get(_BEFORE, []))
    return next((step for step in steps if (step.source, step.reviewer) == (subject.key, reviewer())), None)


def _named(row: pd.Series) -> str:
    return sentences.arrow(str(row["true"]), str(row["predicted"]))


def _about(row: pd.Series) -> tuple[str, int]:
    return str(row["sample_id"]), int(row["predicted_index"])


def _store(source: str, who: str, sample_id: str, predicted: int, verdict: Verdict) -> bool:
    try:
        if verdict:
            reviews.save(
                Review(source, sample_id, predicted, who, verdict.category, verdict.severity, verdict.note), at=file()
            )
        else:
            reviews.delete(source, sample_id, predicted, who, at=file())
    except OffcenterError as error:
        said.put(f"Not saved: {error}")
        return False
    return True
