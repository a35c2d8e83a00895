"""A button that shows a model eight pictures, and what that tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.answers import models as answers
from core.errors import ModelError, OffcenterError, UsageError
from core.models.permission import file_and_function, permitted
from core.paths import place
from core.store import specs
from core.types import Model
from core.wording import escaped, percent
from pages.shared.page import text

if TYPE_CHECKING:
    from core.explain.health import Checked

#: What was found, by name and weights, of the models that were checked in this session.
_FOUND = "models-checked"
_HELP = (
    "Shows it eight pictures that come with the project and looks at what it says: numbers, differences, how certain, "
    "the order of classes. Weights that are not here are downloaded first."
)
_ICONS = {"ok": ":material/check:", "info": ":material/help:", "warn": ":material/warning:", "bad": ":material/error:"}
_BOXES = {"ok": st.success, "warn": st.warning, "bad": st.error}
_PICTURE_PX = 104


def show(spec: str, model: Model | None) -> None:
    """Draw the button and what was found.

    Args:
        spec: What is typed for the model.
        model: Described, or None where that is not known yet.
    """
    refused = why_refused(spec)
    if refused:
        st.caption(escaped(refused))
        return
    key = (spec, model.fingerprint if model else "")
    found: dict[tuple[str, str], Checked | OffcenterError] = st.session_state.setdefault(_FOUND, {})
    if st.button("Check it", key="model-check", icon=":material/health_and_safety:", help=_HELP):
        with st.spinner("Showing it eight pictures …"):
            found[key] = _asked(spec)
    known = found.get(key)
    if isinstance(known, OffcenterError):
        text.problem(known)
    elif known is not None:
        _draw(known)


def why_refused(spec: str) -> str:
    """Why a model's name is not followed on a page: it runs code, and may have come with a link. Empty if it is."""
    if not answers.is_of_python(spec):
        return ""
    try:
        file = place(file_and_function(specs.parsed(spec.strip()).where)[0]).resolve()
    except UsageError as error:
        return str(error)
    if permitted(file):
        return ""
    return (
        "A python: model runs code, and its name may have come with a link, so it is not run here: evaluate it with "
        "'python -m core evaluate' on the command line; its results then appear on every page."
    )


def _asked(spec: str) -> Checked | OffcenterError:
    from core.explain import health
    from core.explain.resident import residents

    try:
        with residents().use(spec) as resident:
            return health.check(resident.model)
    except OffcenterError as error:
        return error
    except MemoryError:
        return ModelError(f"there is too little memory for '{spec}' now: try again once evaluations have ended.")


def _draw(found: Checked) -> None:
    level = ("ok" if found.is_sure else "warn") if found.alive else "bad"
    _BOXES[level](
        f"{escaped(found.model)} {found.verdict}; {found.seconds:.3g} s a picture, one at a time, on {found.device}.",
        icon=_ICONS[level],
    )
    lines = (f"{_ICONS[each.level]} {escaped(each.said[0].upper() + each.said[1:])}." for each in found.findings)
    st.markdown("  \n".join(lines))
    if found.answers:
        _pictures(found)


def _pictures(found: Checked) -> None:
    from core.explain import health

    with st.container(horizontal=True, gap="small", key="oc-checked"):
        for answer in found.answers:
            best, share = answer.top[0]
            mark = {True: ":material/check:", False: ":material/close:", None: ""}[answer.is_right]
            with st.container(width=_PICTURE_PX, gap=None):
                st.image(health.picture(answer.picture), width=_PICTURE_PX)
                st.caption(f"{mark} {escaped(best)} {percent(share, 0)}")
