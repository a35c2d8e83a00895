"""The user's own verdict on a mistake, how far reviewers agree, and verdicts as files."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from core import paths
from core.errors import OffcenterError
from core.mistakes import agreement, published, reviews
from core.mistakes.agreement import Agreement
from core.mistakes.reviews import Review
from core.wording import escaped, percent
from pages.shared.mistakes.card import CATEGORY_KEYS, SEVERITY_KEYS
from pages.shared.mistakes.subjects import Subject

REVIEWER = "reviewer"
_SESSION = "session-reviews"
#: Keys of the form's fields, by what they are of a verdict.
_FIELDS = {name: f"verdict-{name}" for name in ("category", "severity", "note")}
_NOBODY = "Type your name first: verdicts are kept by reviewer."


def reviewer() -> str:
    """Who reviews; empty until a name is typed."""
    return str(st.session_state.get(REVIEWER) or "").strip()


def _file() -> Path | None:
    """Where this session's verdicts are, in a demo; None for the file that everybody's are in.

    The folder goes with the session: Python removes it once nobody holds it.
    """
    if not paths.read_only():
        return None
    if _SESSION not in st.session_state:
        st.session_state[_SESSION] = tempfile.TemporaryDirectory(prefix="offcenter-session-")
    return Path(st.session_state[_SESSION].name) / reviews.FILE


def verdict_by_key(subject: Subject, key: str, sample_id: str) -> None:
    """Store the verdict that a key stands for, at once."""
    if not reviewer():
        st.toast(_NOBODY, icon=":material/badge:")
        return
    row = subject.table[subject.table["sample_id"] == sample_id].iloc[0]
    kept = _current(subject, row)
    category = CATEGORY_KEYS.get(key, kept["category"])
    if _save(subject, row, category, SEVERITY_KEYS.get(key, kept["severity"]), kept["note"]):
        severity = escaped(SEVERITY_KEYS.get(key, kept["severity"]) or "no severity")
        st.toast(f"{escaped(category or 'no category')}, {severity}: saved")


def _current(subject: Subject, row: pd.Series) -> dict[str, str]:
    """This reviewer's verdict on a mistake; empty texts if there is none."""
    found = reviews.find(subject.key, reviewer(), at=_file()) if reviewer() else pd.DataFrame()
    if len(found):
        same = (found["sample_id"] == row["sample_id"]) & (found["predicted"] == row["predicted_index"])
        if same.any():
            return found.loc[same, ["category", "severity", "note"]].iloc[0].to_dict()
    return {"category": "", "severity": "", "note": ""}


def _save(subject: Subject, row: pd.Series, category: str, severity: str, note: str) -> bool:
    name, index = str(row["sample_id"]), int(row["predicted_index"])
    try:
        if category or severity or note:
            reviews.save(Review(subject.key, name, index, reviewer(), category, severity, note), at=_file())
        else:
            reviews.delete(subject.key, name, index, reviewer(), at=_file())
    except OffcenterError as error:
        st.toast(f"Not saved: {escaped(error)}", icon=":material/error:")
        return False
    return True


def show(subject: Subject, row: pd.Series) -> None:
    """The form; every change is stored at once."""
    with st.container(border=True, key="oc-review"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.text_input("Reviewer", key=REVIEWER, placeholder="Your name", width=170, persist_state="session")
            _agreement(subject)
            _files(subject)
        if paths.read_only():
            st.caption("A demo: verdicts last as long as this tab. Export them to keep them.")
        if not reviewer():
            st.caption(_NOBODY)
            return
        kept = _current(subject, row)
        for name, key in _FIELDS.items():
            # What is stored decides, so that a verdict by key or from another tab is shown.
            st.session_state[key] = kept[name] if name == "note" else kept[name] or None
        changed = partial(_changed, subject, row)
        st.pills(
            "Category", published.CATEGORIES, key=_FIELDS["category"], on_change=changed,
            format_func=lambda name: f"{published.CATEGORIES.index(name) + 1} {name}",
        )  # fmt: skip
        left, right = st.columns([1, 1.2], gap="medium")
        with left:
            st.pills(
                "Severity", published.SEVERITIES, key=_FIELDS["severity"], on_change=changed, format_func=str.capitalize
            )
        with right:
            st.text_input("Note", key=_FIELDS["note"], on_change=changed, placeholder="Why?")


def _changed(subject: Subject, row: pd.Series) -> None:
    """Store what the form says now, before the page is drawn again."""
    said = {name: str(st.session_state.get(key) or "") for name, key in _FIELDS.items()}
    _save(subject, row, **said)


def _agreement(subject: Subject) -> None:
    """Cohen's kappa of this reviewer with each other one and with the published labels."""
    with st.popover("Agreement", icon=":material/handshake:"):
        st.caption("Cohen's kappa on the mistakes both have judged: 1 is full agreement, 0 is chance.")
        rows = []
        everybody = reviews.find(subject.key, at=_file())
        names = sorted(everybody["reviewer"].unique())
        mine = everybody[everybody["reviewer"] == reviewer()]
        others = {name: everybody[everybody["reviewer"] == name] for name in names if name != reviewer()}
        if subject.has_categories:
            judged = subject.table[subject.table["category"].astype(str) != ""]
            columns = {"sample_id": judged["sample_id"], "predicted": judged["predicted_index"]}
            others["published"] = pd.DataFrame(
                {**columns, "category": judged["category"].astype(str), "severity": judged["severity"].astype(str)}
            )
        for name, part in others.items():
            for column in ("category", "severity"):
                rows.append({"with": name, "on": column, **_said(agreement.between(mine, part, column))})
        if rows and reviewer():
            st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
        else:
            st.caption("Nobody to compare with yet.")


def _said(found: Agreement) -> dict[str, str]:
    if not found.n:
        return {"kappa": "–", "95 % interval": "–", "agree": "–", "n": "0"}
    known = found.kappa == found.kappa
    return {
        "kappa": f"{found.kappa:.2f}" if known else "–",
        "95 % interval": f"[{found.low:.2f}, {found.high:.2f}]" if known else "–",
        "agree": percent(found.observed, 0),
        "n": str(found.n),
    }


def _files(subject: Subject) -> None:
    """Verdicts out and in, in the published form."""
    with st.popover("Export, import", icon=":material/swap_vert:"):
        if reviewer():
            n = len(reviews.find(subject.key, reviewer(), at=_file()))
            name = f"{subject.key.replace('/', '-')}-{reviewer()}.json"
            st.download_button(
                f"Export {n:,} verdicts", lambda: reviews.exported(subject.key, reviewer(), _file()).encode(), name,
                "application/json", disabled=not n, on_click="ignore",
            )  # fmt: skip
        uploaded = st.file_uploader("Import a file in the published form", type="json", key="import-reviews")
        who = st.text_input("as reviewer", key="import-name", placeholder="Whose verdicts are these?")
        if st.button("Import", disabled=uploaded is None or not who.strip()) and uploaded is not None:
            _import(subject, uploaded.getvalue(), who)


def _import(subject: Subject, content: bytes, who: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "uploaded.json"
        path.write_bytes(content)
        try:
            n = reviews.import_mistakes(path, subject.key, who, _file())
        except OffcenterError as error:
            st.error(escaped(str(error).replace(str(path), "the file")))
            return
    st.success(f"{n:,} verdicts of {escaped(who)} imported.")
