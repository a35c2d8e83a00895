"""What each class hangs on: accuracy with and without the object, sensitivity to noise, alignment; sortable."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import store
from core.answers import cue_results, sentences
from core.answers.cards import unit_of
from core.answers.questions import SAYS_WHAT, Question, factors_of
from core.explain import alignments
from core.types import is_thin
from pages.shared.cues.results import Cues
from pages.shared.page import cached


def show(model: str, found: Cues, aligned: store.Run | None) -> None:
    """The table of one model.

    Args:
        model: Whose.
        found: What is stored.
        aligned: The result whose saliency is compared; None where there is none.
    """
    run = found.ablations.get(model)
    says = next((name for name in SAYS_WHAT if run is not None and name in factors_of(run)), "")
    if run is None or not says:
        return
    st.header("By class", anchor=False)
    st.dataframe(
        table(run, says, found.noise.get(model), aligned),
        hide_index=True,
        width="stretch",
        placeholder="–",
        key="cue-classes",
        column_order=list(_COLUMNS),
        column_config=_COLUMNS,
    )
    st.caption("Click a head to sort. Accuracies and changes in percent and points; n: images of the class.")


def table(run: store.Run, says: str, noise: store.Run | None, aligned: store.Run | None) -> pd.DataFrame:
    """A row a class, the most kept first.

    Returns:
        ``class, n, few`` (what it rests on, if that is thin), ``clean, gone, low, high`` (percent), ``drop`` (points),
        and ``rfs`` and ``iou`` where they are known.
    """
    by = cached.answer(run, Question((says, "ablation"), where=cue_results.only_ablations(run)))
    clean, gone = (by[by["ablation"] == name].set_index(says) for name in ("none", "gray"))
    rows = pd.DataFrame({"n": clean["n"], "clean": 100 * clean["value"]})
    counts = zip(clean["n"], clean["n_clusters"], strict=True)
    rows["few"] = [sentences.resting(*each, unit_of(run)) if is_thin(*each) else "" for each in counts]
    for column, part in (("gone", "value"), ("low", "low"), ("high", "high")):
        rows[column] = 100 * gone[part]
    rows["drop"] = rows["gone"] - rows["clean"]
    if noise is not None:
        of_class = cached.cues(noise, "rfs_by_class")
        rows["rfs"] = of_class[of_class["norm"] == "pixel"].set_index("class")["value"]
    if aligned is not None:
        of_class = alignments.summary_of(aligned, by_class=True)
        rows["iou"] = of_class[of_class["measure"] == "iou"].set_index("class")["value"]
    return rows.sort_values("gone", ascending=False).rename_axis("class").reset_index()


_number = st.column_config.NumberColumn
_COLUMNS = {
    "class": "Class",
    "n": _number("Images", format="localized"),
    "few": st.column_config.TextColumn("Thin", help="What the class rests on, where that is too little for a claim."),
    "clean": st.column_config.ProgressColumn("Top-1", format="%.0f %%", min_value=0, max_value=100),
    "gone": st.column_config.ProgressColumn("Grayed out", format="%.0f %%", min_value=0, max_value=100),
    "low": _number("95 % from", format="%.0f"),
    "high": _number("to", format="%.0f"),
    "drop": _number("Change", format="%.0f", help="Accuracy without the object less that with it, points."),
    "rfs": _number("RFS", format="%.2f", help="Relative foreground sensitivity over all strengths of pixel noise: "
                   "above 0, noise on the object costs more than noise elsewhere."),
    "iou": _number("IoU", format="%.2f", help="Of the Grad-CAM of the true class, cut at half of its maximum, and the "
                   "object."),
}  # fmt: skip
