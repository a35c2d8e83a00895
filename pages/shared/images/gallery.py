"""The images behind a number: a page of clickable thumbnails, right ones green-edged, wrong ones red-edged."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core import store
from core.answers.questions import Question
from core.benchmarks.base import Benchmark
from core.wording import count, escaped, percent
from pages.shared.images import pictures, where
from pages.shared.page import address, cached, place

PER_PAGE = 24
SHOWN = {"all": "All", "wrong": "Wrong", "right": "Right"}

_CSS = """
.grid {display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 12px 10px;}
button {all: unset; cursor: pointer; display: block; border-radius: 6px; font: inherit; color: inherit;
  min-width: 0;}
button:focus-visible {outline: 3px solid var(--st-primary-color); outline-offset: 2px;}
.frame {position: relative; border-radius: 6px; overflow: hidden; border: 3px solid; aspect-ratio: 1;
  background: var(--st-secondary-background-color); display: flex; align-items: center; justify-content: center;}
.right .frame {border-color: #2A9D76;} .wrong .frame {border-color: #C0443C;} .failed .frame {border-color: #8a8f96;}
img {width: 100%; height: 100%; object-fit: cover; display: block;}
.mark {position: absolute; top: 0; right: 0; width: 19px; height: 19px; border-radius: 0 0 0 6px; color: #fff;
  font-size: 13px; line-height: 18px; text-align: center; font-weight: 700;}
.right .mark {background: #2A9D76;} .wrong .mark {background: #C0443C;} .failed .mark {background: #8a8f96;}
.none {font-size: 11px; line-height: 1.25; opacity: 0.7; padding: 20px 6px 6px; text-align: center;
  overflow-wrap: anywhere; max-height: 100%; overflow: hidden; box-sizing: border-box;}
.caption {font-size: 12.5px; margin-top: 3px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  opacity: 0.8; color: var(--st-text-color);}
button:hover .frame {filter: brightness(1.06);}
"""

_JS = """
export default function(component) {
  const { data, parentElement, setTriggerValue } = component;
  const grid = parentElement.querySelector('.grid');
  grid.replaceChildren(...data.images.map((item) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = item.state;
    button.title = item.title;
    button.setAttribute('aria-label', item.title);
    const frame = document.createElement('div');
    frame.className = 'frame';
    if (item.src) {
      const image = document.createElement('img');
      image.src = item.src;
      image.alt = '';
      frame.append(image);
    } else {
      const none = document.createElement('span');
      none.className = 'none';
      none.textContent = item.problem || item.id;
      frame.append(none);
    }
    const mark = document.createElement('span');
    mark.className = 'mark';
    mark.textContent = { right: '\\u2713', wrong: '\\u2717', failed: '!' }[item.state];
    frame.append(mark);
    const caption = document.createElement('div');
    caption.className = 'caption';
    caption.textContent = item.caption;
    button.append(frame, caption);
    button.onclick = () => setTriggerValue('picked', item.id);
    return button;
  }));
}
"""

_grid = st.components.v2.component("offcenter_gallery", html='<div class="grid"></div>', css=_CSS, js=_JS)


def show(run: store.Run, question: Question, key: str = "gallery") -> pd.DataFrame:
    """The images behind a question, 24 a page, the surest predictions first.

    Args:
        run: Whose predictions decide edges and order.
        question: Its ``where`` chooses the images.
        key: Names the widgets on the page.

    Returns:
        All rows shown on any page, in order; the drawer steps through them.
    """
    rows = cached.behind(run, question)
    n, n_right = int(rows["right"].notna().sum()), int(rows["right"].sum())
    st.markdown(f"**{count(n, 'image')}, {percent(n_right / n, 0) if n else '–'} right**, as seen by {escaped(run.label)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        shown = st.segmented_control(
            "Show", list(SHOWN), format_func=SHOWN.__getitem__, label_visibility="collapsed",
            **address.one("show", list(SHOWN), "all"),
        )  # fmt: skip
        if shown in ("wrong", "right"):
            rows = rows[rows["right"] == (shown == "right")]
        pages = max(1, math.ceil(len(rows) / PER_PAGE))
        page = st.pagination(pages, max_visible_pages=5, **address.number(place.PAGE, pages)) if pages > 1 else 1
        as_it_is = " · tiles show images as they are; open one to see the view" if run.n_views > 1 else ""
        st.caption(f"as seen by {escaped(run.label)}, surest first{as_it_is}")
    if rows.empty:
        st.caption("No image here.")
        return rows
    source = cached.source_of(run)
    if source is None:
        where.ask(run)
    part = rows.iloc[(page - 1) * PER_PAGE : page * PER_PAGE]
    _grid(
        key=key,
        data={"images": [_item(row, run, source) for row in part.to_dict("records")]},
        on_picked_change=partial(_picked, run.benchmark, key),
    )
    return rows


def thumbnails(items: list[dict[str, str]], key: str, on_pick: Callable[[str], None]) -> None:
    """A grid of clickable thumbnails.

    Args:
        items: ``id``, ``src`` (data URI, empty for none), ``problem`` (why there is none), ``state`` (right, wrong,
            failed), ``caption``, ``title``.
        key: Names the grid on the page.
        on_pick: Gets the id of a clicked one.
    """

    def clicked() -> None:
        picked = st.session_state[key].get("picked")
        if picked:
            on_pick(picked)

    _grid(key=key, data={"images": items}, on_picked_change=clicked)


def _picked(benchmark: str, key: str) -> None:
    picked = st.session_state[key].get("picked")
    if picked:
        place.open_image(benchmark, picked)


def _item(row: dict[str, Any], run: store.Run, source: Benchmark | None) -> dict[str, str]:
    picture = pictures.thumbnail(source, row["sample_id"])
    failed = math.isnan(row["right"])
    state = "failed" if failed else "right" if row["right"] else "wrong"
    name = cached.class_name(run.label_space, row["predicted"]) if not failed else "failed"
    caption = name if failed else f"{name} {row['confidence']:.2f}"
    return {
        "id": row["sample_id"],
        "src": picture.src,
        "problem": picture.problem,
        "state": state,
        "caption": caption,
        "title": f"{state}: {caption} · {row['sample_id']}" + (f" · {picture.problem}" if picture.problem else ""),
    }
