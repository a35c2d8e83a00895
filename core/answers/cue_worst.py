"""Which right answers most look right for the wrong reason: those that stand without the object, class by class."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

#: Images of a class that are named.
PER_CLASS = 3
#: What decides which of the images that a class keeps are named.
Order = Literal["confidence", "alignment"]


def right_answers(clean: pd.DataFrame, gone: pd.DataFrame) -> pd.DataFrame:
    """The images that a model has right as they are, and whether it still has without the object.

    Args:
        clean: Images as they are, one row each: ``sample_id, right`` (1.0, 0.0 or NaN), ``confidence`` (0..1) and
            ``true`` (class), as of ``core.answers.questions.behind``.
        gone: The same under the view without the object.

    Returns:
        A row an image, in the order of ``clean``: ``sample_id, class, confidence, confidence_gone`` (of the prediction
        without the object, 0..1) and ``kept`` (bool: that prediction is right). An image without an answer to either
        is left out.
    """
    right = clean.loc[clean["right"] == 1.0, ["sample_id", "true", "confidence"]].rename(columns={"true": "class"})
    there = gone.loc[gone["right"].notna(), ["sample_id", "right", "confidence"]]
    both = right.merge(there, on="sample_id", suffixes=("", "_gone"), validate="one_to_one")
    return both.assign(kept=both["right"] == 1.0).drop(columns="right")


def order_of(answers: pd.DataFrame, aligned: pd.DataFrame | None) -> Order:
    """What decides: alignment once every image that is kept was compared with its mask, confidence until then.

    A part that was compared is a random one: among some images by one measure and others by another, the first would
    not be the worst.

    Args:
        answers: From ``right_answers``.
        aligned: From ``core.explain.alignments.stored``; None if nothing was compared.
    """
    known = aligned is not None and answers.loc[answers["kept"], "sample_id"].isin(aligned["sample_id"]).all()
    return "alignment" if known else "confidence"


def worst(
    answers: pd.DataFrame, aligned: pd.DataFrame | None = None, *, measure: str = "iou", per_class: int = PER_CLASS
) -> pd.DataFrame:
    """The images of each class that most look right for the wrong reason.

    They are right as they are and still right without the object. The first are those whose saliency lies least on the
    object, if all of them were compared with it (``order_of``), and the surest without the object if not; where two
    are alike, or have no alignment because nothing speaks for the class, the surer, then the first by name.

    Args:
        answers: From ``right_answers``.
        aligned: See ``order_of``: ``sample_id`` and ``measure``, NaN where there is no map.
        measure: Of alignment: the less, the less of what the model looks at is the object.
        per_class: Images of a class, at most.

    Returns:
        ``class, rank`` (from 1), ``sample_id, confidence, confidence_gone, alignment`` (NaN where it is not known),
        ``n_right`` (images of the class that are right as they are), ``n_kept`` (of these, without the object). Classes
        that keep the largest share come first, those that keep none have no row.
    """
    of_class = answers.groupby("class")["kept"].agg(n_right="size", n_kept="sum")
    rows = answers[answers["kept"]].drop(columns="kept")
    known = pd.Series(dtype=float) if aligned is None else aligned.set_index("sample_id")[measure]
    rows = rows.assign(alignment=known.reindex(rows["sample_id"]).to_numpy(dtype=float)).join(of_class, on="class")
    first = rows["alignment"] if order_of(answers, aligned) == "alignment" else np.zeros(len(rows))
    rows = rows.assign(_share=-rows["n_kept"] / rows["n_right"], _first=first, _surest=-rows["confidence_gone"])
    # The sort is a stable one, and what is NaN comes last.
    rows = rows.sort_values(["_share", "class", "_first", "_surest", "sample_id"], ignore_index=True)
    rows["rank"] = rows.groupby("class", sort=False).cumcount() + 1
    columns = ("class", "rank", "sample_id", "confidence", "confidence_gone", "alignment", "n_right", "n_kept")
    return rows.loc[rows["rank"] <= per_class, list(columns)].reset_index(drop=True)
