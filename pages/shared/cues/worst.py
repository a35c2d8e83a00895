"""The three images of each class that most look right for the wrong reason; a click opens the strip of one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core import store
from core.answers import cue_worst
from core.benchmarks.base import Benchmark
from core.wording import count, escaped
from pages.shared.cues import answers
from pages.shared.images import pictures
from pages.shared.page import address, cached, place

#: Classes that are shown at once: all of Hard ImageNet's.
PER_PAGE = 15
_PAGE, _GRID = "worst_page", "cue-worst"
_HELP = (
    "Per class, up to three images that the model has right as they are and still right with the object grayed out. "
    "First come those whose Grad-CAM lies least on the object (lowest IoU), once all of these images are compared with "
    "their masks, and until then those of which it is surest without the object; of two alike the first by name."
)
_CSS = """
.classes {display: grid; grid-template-columns: repeat(auto-fill, minmax(12.5rem, 1fr)); gap: 1rem 1.4rem;}
section {min-width: 0;}
header {display: flex; justify-content: space-between; align-items: baseline; gap: 0.6rem; margin-bottom: 0.3rem;}
b {font-size: 0.93rem; font-weight: 600; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; min-width: 0;}
small {font-size: 0.8rem; opacity: 0.78; white-space: nowrap; font-feature-settings: "tnum";}
.row {display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0.4rem;}
button {all: unset; cursor: pointer; display: block; border-radius: 0.35rem; min-width: 0;
  color: var(--st-text-color);}
button:focus-visible, button[aria-current="true"] {outline: 3px solid var(--st-primary-color); outline-offset: 2px;}
button:hover .frame {filter: brightness(1.06);}
.frame {display: flex; align-items: center; justify-content: center; aspect-ratio: 1; border-radius: 0.35rem;
  overflow: hidden; background: var(--st-secondary-background-color);}
img {width: 100%; height: 100%; object-fit: cover; display: block;}
.none {font-size: 0.7rem; line-height: 1.2; opacity: 0.8; padding: 0.3rem; text-align: center;
  overflow-wrap: anywhere;}
.caption {display: block; font-size: 0.78rem; line-height: 1.3; margin-top: 0.15rem; opacity: 0.85;
  font-feature-settings: "tnum";}
"""

_grid = st.components.v2.component(
    "offcenter_worst",
    html='<div class="classes"></div>',
    css=_CSS,
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def of(run: store.Run, aligned: pd.DataFrame | None) -> pd.DataFrame:
    """See ``core.answers.cue_worst.worst``; without the object means grayed out.

    Args:
        run: Under the ablations.
        aligned: What has been compared with masks of its model.
    """
    return cue_worst.worst(answers.right(run), aligned)


def show(run: store.Run, aligned: pd.DataFrame | None) -> None:
    """A card a class, 15 a page; arguments as for ``of``."""
    model, worst = run.label, of(run, aligned)
    right = answers.right(run)
    st.header("Right without the object", anchor=False, help=_HELP)
    if worst.empty:
        st.caption(f"{escaped(model)} has no image right with the object grayed out that it has right as it is.")
        return
    order = cue_worst.order_of(right, aligned)
    said = _said(model, right, order)
    st.caption(said)
    classes = list(dict.fromkeys(worst["class"]))
    pages = math.ceil(len(classes) / PER_PAGE)
    page = st.pagination(pages, max_visible_pages=5, **address.number(_PAGE, pages)) if pages > 1 else 1
    shown = classes[(page - 1) * PER_PAGE : page * PER_PAGE]
    source = cached.source_of(run)
    groups = [_group(worst[worst["class"] == name], source, order) for name in shown]
    opened = place.opened_image()
    data = {"classes": groups, "opened": opened[1] if opened and opened[0] == run.benchmark else ""}
    _grid(key=_GRID, data=data, on_picked_change=lambda: _picked(run))


def _picked(run: store.Run) -> None:
    name = st.session_state[_GRID].get("picked")
    if name:
        answers.open_strip(run.benchmark, [name])


def _said(model: str, right: pd.DataFrame, order: cue_worst.Order) -> str:
    """Whose, how many of how many, in how many classes none, and which come first."""
    lost = right["class"].nunique() - right.loc[right["kept"], "class"].nunique()
    parts = [
        f"{escaped(model)}: {int(right['kept'].sum()):,} of {count(len(right), 'right answer')} still right with the "
        "object grayed out"
    ]
    parts += [f"none in {lost} {'class' if lost == 1 else 'classes'}"] if lost else []
    below = "IoU, the lowest first" if order == "alignment" else "confidence without the object, the surest first"
    return " · ".join([*parts, f"under each its {below}", "a click opens its strip"])


def _group(rows: pd.DataFrame, source: Benchmark | None, order: cue_worst.Order) -> dict[str, Any]:
    first = rows.iloc[0]
    return {
        "name": first["class"],
        "kept": f"{first['n_kept']:,} of {first['n_right']:,}",
        "images": [_item(row, source, order) for row in rows.to_dict("records")],
    }


def _item(row: dict[str, Any], source: Benchmark | None, order: cue_worst.Order) -> dict[str, str]:
    picture = pictures.thumbnail(source, row["sample_id"])
    iou = "" if math.isnan(row["alignment"]) else f"IoU {row['alignment']:.2f}"
    sure = f"confidence {row['confidence']:.2f}, without the object {row['confidence_gone']:.2f}"
    return {
        "id": row["sample_id"],
        "src": picture.src,
        "problem": picture.problem,
        "caption": (iou or "no map") if order == "alignment" else f"{row['confidence_gone']:.2f}",
        "title": " · ".join(filter(None, (f"{row['class']}: {sure}", iou, row["sample_id"], picture.problem))),
    }
