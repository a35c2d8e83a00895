"""Where a click on a figure lands: the images that it filtered for are scrolled to where they are out of sight."""

from __future__ import annotations

import streamlit as st

#: Key of the container with the line above the images.
HEADING = "oc-behind"
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


def mount(chosen: str) -> None:
    """An element that nobody sees, below what it scrolls to.

    Args:
        chosen: What was clicked; empty for nothing.
    """
    _component(key="mistakes-landing", data={"chosen": chosen})
