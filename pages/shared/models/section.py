"""The models on this machine: what there is, one in full, how much its settings matter, how to bring more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from core import paths
from core.answers import catalogue
from core.answers import models as answers
from core.answers.catalogue import KnownModel
from core.errors import OffcenterError
from core.store import weights
from core.wording import count
from pages.shared.data.status import printable
from pages.shared.models import bring, one, variants
from pages.shared.models.settings import MODEL
from pages.shared.page import address, behaviour, later
from pages.shared.page.frame import Choice

#: The section, in a link.
HERE = "models"
_KEY, _SHOWN = "models-table", "models-shown"
#: Half a row more shows that there are others below.
_HEIGHT_PX = 318
#: For the longest of them, which may stand in a row that is not in view.
_KIND_PX = 150
_ROWS = 7
#: Seconds for which what a folder says may be old.
_FRESH_S = 60


def show(choice: Choice) -> None:
    """Draw the section; the model that stands in the address, else the one in the form, is shown in full."""
    with behaviour.place_of(HERE):
        st.subheader("Models", anchor=False)
    chosen = _chosen(choice)
    known = [_told(model) for model in choice.known.values()]
    if known:
        n, more = count(len(known), "model"), "" if paths.read_only() else ", and to check it"
        st.caption(f"{n} here. Pick a row to see what it is and which benchmarks it fits{more}.")
        _table(known, chosen)
    else:
        st.caption("There is no model on this machine yet.")
    if chosen:
        later.draw(partial(one.show, chosen, choice))
    if not paths.read_only():
        is_asked = next(iter(address.asked(behaviour.AT)), "") == bring.HERE
        with (
            behaviour.place_of(bring.HERE),
            st.expander("How to bring your own", is_asked, icon=":material/add:"),
        ):
            bring.show()
    with behaviour.place_of(variants.HERE):
        later.draw(partial(variants.show, choice.runs, _label(known, chosen)))


def _chosen(choice: Choice) -> str:
    """What is typed for the model that is shown in full."""
    asked = next(iter(address.asked(MODEL)), "") or str(st.session_state.get(MODEL) or "")
    first = next(iter(choice.models), "")
    return (asked or (weights.spec_of(choice.known[first].source) if first in choice.known else "")).strip()


def _label(known: Sequence[KnownModel], spec: str) -> str:
    return next((model.name for model in known if weights.spec_of(model.source) == spec), "")


def _table(known: Sequence[KnownModel], chosen: str) -> None:
    """A row a model; a click puts its name into the address, and so into the form."""
    keys = [weights.spec_of(model.source) for model in known]
    shown = pd.DataFrame(
        {
            "Model": [model.name for model in known],
            "Kind": [model.kind or "predictions alone" for model in known],
            "Classes": [_classes(model) for model in known],
            "Input": [f"{model.input_px} px" if model.input_px else "–" for model in known],
            "Size": [None if model.megabytes is None else 1e6 * model.megabytes for model in known],
            "Results on": [_listed(model.benchmarks) for model in known],
        }
    )
    key = _widget(chosen if chosen in keys else "", keys)
    st.dataframe(
        printable(shown),
        hide_index=True,
        width="stretch",
        height=_HEIGHT_PX if len(keys) > _ROWS else "auto",
        key=key,
        on_select=lambda: _picked(key, keys),
        selection_mode="single-row",
        selection_default={"selection": {"rows": [keys.index(chosen)] if chosen in keys else []}},
        placeholder="–",
        column_config={
            "Model": st.column_config.TextColumn(pinned=True),
            "Kind": st.column_config.TextColumn(width=_KIND_PX),
            "Size": st.column_config.NumberColumn(
                format="bytes", help="Of its weights, where they are in a folder here."
            ),
        },
    )


def _told(model: KnownModel) -> KnownModel:
    """The same with what the files of its folder say, where it has no result yet."""
    if model.label_space or model.is_file:
        return model
    space, side = _brief(model.source, str(paths.data_home()))
    return replace(model, label_space=space, input_px=side)


@st.cache_data(ttl=_FRESH_S, max_entries=512, show_spinner=False)
def _brief(source: str, data_home: str) -> tuple[str, int | None]:
    del data_home
    try:
        return answers.brief(source)
    except OffcenterError:
        # What is wrong with it is said where it is shown in full.
        return "", None


def _classes(model: KnownModel) -> str:
    return catalogue.space_in_words(model.label_space) if model.label_space else "told once it is picked"


def _listed(benchmarks: Sequence[str], most: int = 3) -> str:
    more = f" and {len(benchmarks) - most} more" if len(benchmarks) > most else ""
    return (", ".join(benchmarks[:most]) + more) or "nothing yet"


def _widget(chosen: str, keys: Sequence[str]) -> str:
    """The table's key: another one where it shows another choice than the address, so that it begins anew."""
    number, *before = st.session_state.get(_SHOWN, (0, chosen, tuple(keys)))
    number += before != [chosen, tuple(keys)]
    st.session_state[_SHOWN] = (number, chosen, tuple(keys))
    return f"{_KEY}-{number}"


def _picked(key: str, keys: Sequence[str]) -> None:
    rows = st.session_state.get(key, {}).get("selection", {}).get("rows", [])
    chosen = keys[rows[0]] if rows else ""
    st.session_state[_SHOWN] = (st.session_state[_SHOWN][0], chosen, tuple(keys))
    address.put(**{MODEL: chosen})
