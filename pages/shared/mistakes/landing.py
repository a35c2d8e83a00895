"""Where a click on a figure lands: the images that it filtered for are scrolled to where they are out of sight."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

_KEY = "oc-behind"
_component = st.components.v2.component(
    "offcenter_mistakes_landing",
    html="<span></span>",
    js="""
export default function(component) {
  const chosen = component.data.chosen;
  const before = window.ocMistakesChosen;
  window.ocMistakesChosen = chosen;
  // A page that was just opened stays at its top, and so does one of which a filter was taken away.
  if (before === undefined || before === chosen || !chosen) return;
  const place = document.querySelector('.st-key-oc-behind');
  if (place && place.getBoundingClientRect().top > window.innerHeight - 240) {
    place.scrollIntoView({ behavior: 'smooth', block: 'start' });
  }
}
""",
)


@contextmanager
def heading(chosen: str) -> Iterator[None]:
    """The line above the images.

    Args:
        chosen: What was clicked; empty for nothing.
    """
    with st.container(horizontal=True, vertical_alignment="center", key=_KEY):
        yield
        _component(key="mistakes-landing", data={"chosen": chosen})
