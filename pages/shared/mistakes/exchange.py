"""How far reviewers agree, and verdicts as files."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from core.errors import OffcenterError
from core.mistakes import agreement, reviews
from core.mistakes.agreement import Agreement
from core.wording import count, escaped, percent
from pages.shared.mistakes import verdicts
from pages.shared.mistakes.subjects import Subject


def show_agreement(subject: Subject) -> None:
    """Cohen's kappa of this reviewer with each other one and with the published labels."""
    with st.popover("Agreement", icon=":material/handshake:"):
        st.caption("Cohen's kappa on the mistakes both have judged: 1 is full agreement, 0 is chance.")
        rows = []
        everybody = reviews.find(subject.key, at=verdicts.file())
        names = sorted(everybody["reviewer"].unique())
        mine = everybody[everybody["reviewer"] == verdicts.reviewer()]
        others = {name: everybody[everybody["reviewer"] == name] for name in names if name != verdicts.reviewer()}
        if subject.has_categories:
            judged = subject.table[subject.table["category"].astype(str) != ""]
            columns = {"sample_id": judged["sample_id"], "predicted": judged["predicted_index"]}
            others["published"] = pd.DataFrame(
                {**columns, "category": judged["category"].astype(str), "severity": judged["severity"].astype(str)}
            )
        for name, part in others.items():
            for column in ("category", "severity"):
                rows.append({"with": name, "on": column, **_said(agreement.between(mine, part, column))})
        if rows and verdicts.reviewer():
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


def show_files(subject: Subject) -> None:
    """Verdicts out and in, in the published form."""
    with st.popover("Export, import", icon=":material/swap_vert:"):
        who, file = verdicts.reviewer(), verdicts.file()
        if who:
            n = len(reviews.find(subject.key, who, at=file))
            # Called without a session: what it needs is bound now.
            st.download_button(
                f"Export {count(n, 'verdict')}",
                partial(_exported, subject.key, who, file),
                f"{subject.key.replace('/', '-')}-{who}.json",
                "application/json",
                disabled=not n,
                on_click="ignore",
            )
        uploaded = st.file_uploader("Import a file in the published form", type="json", key="import-reviews")
        whose = st.text_input("as reviewer", key="import-name", placeholder="Whose verdicts are these?")
        if st.button("Import", disabled=uploaded is None or not whose.strip()) and uploaded is not None:
            _import(subject, uploaded.getvalue(), whose)


def _exported(source: str, who: str, file: Path | None) -> bytes:
    return reviews.exported(source, who, file).encode()


def _import(subject: Subject, content: bytes, who: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "uploaded.json"
        path.write_bytes(content)
        try:
            n = reviews.import_mistakes(path, subject.key, who, verdicts.file())
        except OffcenterError as error:
            st.error(escaped(str(error).replace(str(path), "the file")))
            return
    st.success(f"{count(n, 'verdict')} of {escaped(who)} imported.")
