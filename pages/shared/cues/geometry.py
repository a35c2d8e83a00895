"""Where objects lie and how large they are: accuracy by both, and the mean mask of each class."""

from __future__ import annotations

import html
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from core import store
from core.answers import cue_geometry
from core.answers.cue_geometry import MEASURES
from core.errors import OffcenterError
from core.figures.exhibits import cues as exhibits
from core.images import drawing
from core.wording import escaped
from pages.shared.page import address, cached, figure, later
from pages.shared.page.frame import Choice

#: The masks' pictures are drawn at this many times their size.
_TIMES = 2
_CSS = """<style>
.oc-masks {display: grid; grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)); gap: 0.7rem 0.6rem;}
.oc-masks figure {margin: 0;} .oc-masks img {width: 100%; border-radius: 0.3rem; display: block;}
.oc-masks figcaption {font-size: 0.8rem; margin-top: 0.2rem; overflow-wrap: anywhere;}
</style>"""


def show(runs: dict[str, store.Run], tables: dict[str, pd.DataFrame], choice: Choice) -> None:
    """Two figures and, on demand, the mean masks.

    Args:
        runs: Results whose images have been compared with masks, by chosen model.
        tables: What was found, by the same models.
        choice: Of the sidebar.
    """
    objects = next(iter(tables.values()), None)
    if objects is None:
        return
    st.header("Where the object is", anchor=False, help=f"{'. '.join(MEASURES.values())}.")
    measures = exhibits.measures_of(tables)
    with st.container(key="oc-figures-wide-geometry"):
        for measure in measures:
            later.draw(partial(_figure, measure, objects, runs, choice))
    if st.toggle("Mean mask of each class", help="Up to 200 masks a class; read once.", **address.switch("masks")):
        _mean_masks(next(iter(runs.values())))


def _figure(measure: str, objects: pd.DataFrame, runs: dict[str, store.Run], choice: Choice) -> None:
    drawn = exhibits.geometry(runs, objects, measure, choice.colours)
    if drawn is None:
        return
    shown, tables = drawn
    figure.show(shown, f"geometry-{measure}", tables, {model: runs[model].identity for model in tables})


def _mean_masks(run: store.Run) -> None:
    source = cached.source_of(run)
    if source is None:
        st.caption("The masks are not on this machine.")
        return
    try:
        with st.spinner("Reading the masks, once …"):
            found = cue_geometry.mean_masks(run, source, per_class=cue_geometry.PER_CLASS)
    except OffcenterError as error:
        st.info(escaped(error))
        return
    figures = [
        f'<figure><img src="{_picture(mask)}" alt="mean mask of {html.escape(name)}">'
        f"<figcaption>{html.escape(name)} · {n:,}</figcaption></figure>"
        for name, n, mask in zip(found.classes, found.n, found.masks, strict=True)
        if n
    ]
    st.html(f'{_CSS}<div class="oc-masks">{"".join(figures)}</div>')
    st.caption("The brighter, the more of the class's masks cover the place, before any crop; white: all of them.")


def _picture(mask: np.ndarray) -> str:
    return drawing.data_uri(drawing.png(Image.fromarray(np.round(255 * mask).astype(np.uint8)), _TIMES))
