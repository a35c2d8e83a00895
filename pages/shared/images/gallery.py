"""The images behind a number: pages of clickable thumbnails, right ones green-edged, wrong ones red-edged."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core import store
from core.answers.questions import Question, factors_of
from core.benchmarks.base import Benchmark
from core.wording import count, escaped, percent, short_label
from pages.shared.images import chosen, on_demand, pictures, where
from pages.shared.page import address, cached, place

PER_PAGE = 24
SHOWN = {"all": "All", "wrong": "Wrong", "right": "Right"}
SIZES = {"S": "Small", "M": "Medium", "L": "Large"}
#: Column and direction by order; factors are added.
_ORDERS = {
    "surest": ("Surest first", "confidence", False),
    "unsure": ("Least sure first", "confidence", True),
    "truth": ("Least likely truth first", "p_true", True),
}

_CSS = """
.grid {display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 12px 10px;}
.grid[data-size="S"] {grid-template-columns: repeat(auto-fill, minmax(72px, 1fr));}
.grid[data-size="L"] {grid-template-columns: repeat(auto-fill, minmax(168px, 1fr));}
button {all: unset; cursor: pointer; display: block; border-radius: 6px; font: inherit; color: inherit;
  min-width: 0;}
button:focus-visible {outline: 3px solid var(--st-primary-color); outline-offset: 2px;}
button[aria-pressed="true"] {outline: 3px solid var(--st-primary-color); outline-offset: 2px;}
button[aria-pressed="false"] .frame {opacity: 0.55;}
.frame {position: relative; border-radius: 6px; overflow: hidden; border: 3px solid; aspect-ratio: 1;
  background: var(--st-secondary-background-color); display: flex; align-items: center; justify-content: center;}
.right .frame {border-color: #2A9D76;} .wrong .frame {border-color: #C0443C;} .failed .frame {border-color: #8a8f96;}
img {width: 100%; height: 100%; object-fit: cover; display: block;}
.mark {position: absolute; top: 0; right: 0; width: 19px; height: 19px; border-radius: 0 0 0 6px; color: #fff;
  font-size: 13px; line-height: 18px; text-align: center; font-weight: 700;}
.right .mark {background: #1F7D5C;} .wrong .mark {background: #C0443C;} .failed .mark {background: #6A7078;}
.none {font-size: 11px; line-height: 1.25; opacity: 0.8; padding: 20px 6px 6px; text-align: center;
  overflow-wrap: anywhere; max-height: 100%; overflow: hidden; box-sizing: border-box;}
.caption {font-size: 12.5px; line-height: 1.25; margin-top: 3px; overflow: hidden; display: -webkit-box;
  -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow-wrap: anywhere; color: var(--st-text-color);}
button:hover .frame {filter: brightness(1.06);}
"""

_grid = st.components.v2.component(
    "offcenter_gallery",
    html='<div class="grid"></div>',
    css=_CSS,
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Only:
    """Some of the images that meet conditions.

    Attributes:
        ids: Of samples.
        said: Completes "images": ``right under A and wrong under B``; plain text.
    """

    ids: frozenset[str]
    said: str


def show(
    run: store.Run,
    question: Question,
    runs: Sequence[store.Run] = (),
    only: Only | None = None,
    key: str = "gallery",
) -> pd.DataFrame:
    """The images behind a question, 24 a page, in an order that the user chooses.

    Args:
        run: Whose predictions decide edges and order.
        question: Its ``where`` chooses the images.
        runs: Whose answers stand beside each other where images are compared; ``run`` by default.
        only: Which of the images, where conditions do not say it.
        key: Names the widgets on the page.

    Returns:
        All rows shown on any page, in order; the drawer steps through them.
    """
    rows = cached.behind(run, question)
    if only is not None:
        rows = rows[rows["sample_id"].isin(only.ids)].reset_index(drop=True)
    n, n_right = int(rows["right"].notna().sum()), int(rows["right"].sum())
    said = f"**{count(n, 'image')}, {percent(n_right / n, 0) if n else '–'} right** as seen by {escaped(run.label)}"
    st.markdown(said if only is None else f"**{count(n, 'image')}** {escaped(only.said)}")
    rows, size, choosing = _arranged(run, rows)
    if run.n_views > 1:
        st.caption("Tiles show images as they are; open one to see the view.")
    if rows.empty:
        st.caption("No image here.")
        return rows
    source = cached.source_of(run)
    if source is None:
        where.ask(run, "gallery")
    on_demand.warm_soon(run)
    pages = math.ceil(len(rows) / PER_PAGE)
    page = st.pagination(pages, max_visible_pages=5, **address.number(place.PAGE, pages)) if pages > 1 else 1
    part = rows.iloc[(page - 1) * PER_PAGE : page * PER_PAGE]
    items = [_item(row, run, source) for row in part.to_dict("records")]
    picked = chosen.picked(run) if choosing else []
    thumbnails(
        items,
        key,
        partial(place.open_image, run.benchmark),
        size=size,
        chosen=picked if choosing else None,
        on_choose=partial(chosen.choose, run),
    )
    if choosing:
        chosen.show(picked, rows, run, runs or [run])
    return rows


def _arranged(run: store.Run, rows: pd.DataFrame) -> tuple[pd.DataFrame, str, bool]:
    """The row of controls: which images, in which order, how large, and whether several are being chosen."""
    varied = {
        name: factor for name, factor in factors_of(run).items() if name in rows and rows[name].min() < rows[name].max()
    }
    orders = _ORDERS | {f"by-{name}": (f"By {short_label(factor)}", name, True) for name, factor in varied.items()}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        shown = st.segmented_control(
            "Show", list(SHOWN), format_func=SHOWN.__getitem__, label_visibility="collapsed",
            **address.one("show", list(SHOWN), "all"),
        )  # fmt: skip
        with st.popover("Order", icon=":material/sort:"):
            order = st.radio(
                "Order", list(orders), format_func=lambda each: orders[each][0],
                **address.one("sort", list(orders), "surest"),
            )  # fmt: skip
            size = st.segmented_control(
                "Size", list(SIZES), format_func=SIZES.__getitem__, **address.one("size", list(SIZES), "M", kept=True)
            )
        choosing = st.toggle("Choose", key="choosing", help="Choose several images, to compare or to export them.")
    if shown in ("wrong", "right"):
        rows = rows[rows["right"] == (shown == "right")]
    _, column, ascending = orders[order or "surest"]
    if order not in (None, "surest"):
        # They come the surest first.
        rows = rows.sort_values(column, ascending=ascending, kind="stable")
    return rows, size or "M", bool(choosing)


def thumbnails(
    items: list[dict[str, str]],
    key: str,
    on_pick: Callable[[str], None],
    *,
    size: str = "M",
    chosen: Sequence[str] | None = None,
    on_choose: Callable[[list[str]], None] | None = None,
) -> None:
    """A grid of clickable thumbnails.

    Args:
        items: ``id``, ``src`` (data URI, empty for none), ``problem`` (why there is none), ``state`` (right, wrong,
            failed), ``caption``, ``title``.
        key: Names the grid on the page.
        on_pick: Gets the id of a clicked one.
        size: Key of ``SIZES``.
        chosen: Ids of those chosen, where a click chooses and does not open; None where it opens.
        on_choose: Gets the ids of all chosen ones when one more or less is.
    """

    def clicked() -> None:
        picked = st.session_state[key].get("picked")
        if picked:
            on_pick(picked)

    def changed() -> None:
        ids = st.session_state[key].get("chosen")
        if ids is not None and on_choose:
            on_choose(list(ids))

    found = place.opened_image()
    data = {"images": items, "size": size, "choosing": chosen is not None, "chosen": list(chosen or ())}
    data["opened"] = found[1] if found else ""
    _grid(key=key, data=data, on_picked_change=clicked, on_chosen_change=changed)


def caption_of(true: str, predicted: str, confidence: float, right: float) -> str:
    """``deer → bird 0.98``; ``deer 0.98`` where they are the same or the prediction is right under another name.

    Args:
        true: What is in the image.
        predicted: What the model says.
        confidence: Its probability, 0..1; NaN if it is not known.
        right: 1.0, 0.0, or NaN for an image that failed.
    """
    if math.isnan(right):
        return f"{true} → failed"
    share = "" if math.isnan(confidence) else f" {confidence:.2f}"
    return f"{predicted}{share}" if true == predicted else f"{true} → {predicted}{share}"


def _item(row: dict[str, Any], run: store.Run, source: Benchmark | None) -> dict[str, str]:
    picture = pictures.thumbnail(source, row["sample_id"])
    failed = math.isnan(row["right"])
    state = "failed" if failed else "right" if row["right"] else "wrong"
    name = "" if failed else cached.class_name(run.label_space, row["predicted"])
    caption = caption_of(row["true"], name, row["confidence"], row["right"])
    return {
        "id": row["sample_id"],
        "src": picture.src,
        "problem": picture.problem,
        "state": state,
        "caption": caption,
        "title": f"{state}: {caption} · {row['sample_id']}" + (f" · {picture.problem}" if picture.problem else ""),
    }
