"""Is a map faithful? Asked for the maps that the drawer shows, by a button, since the answer takes a while."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core import store
from core.figures import faithfulness as figures
from core.figures.style import Words
from core.saliency import faithfulness
from core.saliency.faithfulness import UNDECIDED, Faithfulness
from core.wording import escaped
from pages.shared.images import on_demand
from pages.shared.page import cached, figure, place

_ASKED = "faithful-asked"
_TITLES = {
    "faithful": "What this map marks decides more than what random maps mark",
    "no better than random": "What this map marks decides no more than what random maps mark",
    "worse than random": "What this map marks decides less than what random maps mark",
}


def ask(
    root: str, sample_id: str, runs: Mapping[str, store.Run], classes: Mapping[str, int], colours: Mapping[str, str]
) -> None:
    """A button, and once it was pressed the curves of each map that is shown.

    Args:
        root: The benchmark's data folder.
        sample_id: Of its samples.
        runs: By model.
        classes: Index of the class whose map is shown, by model.
        colours: By model.
    """
    now = (sample_id, *((run.identity, place.chosen_view(run), classes[name]) for name, run in runs.items()))
    many = len(runs) > 1
    is_pressed = st.button(
        "Are these maps faithful?" if many else "Is this map faithful?",
        icon=":material/fact_check:",
        help="How probable the class is as the most important pixels are revealed, and as they are removed (RISE, "
        "section 4.2), beside random maps; and whether maps change with the model's last weights. About 300 passes.",
    )
    if is_pressed:
        st.session_state[_ASKED] = now
    if st.session_state.get(_ASKED) == now:
        for name, run in runs.items():
            _answered(root, sample_id, name, run, classes[name], colours[name])


def _answered(root: str, sample_id: str, model: str, run: store.Run, target: int, colour: str) -> None:
    judged = on_demand.judge(run, root, sample_id, target, place.chosen_view(run))
    name = cached.class_name(run.label_space, target)
    if isinstance(judged, str):
        st.info(escaped(judged))
        return
    if judged.faithfulness is None:
        st.info(escaped(judged.message))
    else:
        if judged.faithfulness.verdict != UNDECIDED:
            _drawn(judged.faithfulness, model, run, name, colour)
        st.markdown(f"**{escaped(model)}.** {escaped(faithfulness.sentence(judged.faithfulness, name))}")
    if judged.said:
        st.caption(escaped(judged.said))


def _drawn(found: Faithfulness, model: str, run: store.Run, name: str, colour: str) -> None:
    table = found.table()
    areas = f"areas: insertion {found.map.insertion_area:.2f}, deletion {found.map.deletion_area:.2f}"
    words = Words(_TITLES[found.verdict], f"{name}, {model}; {areas}", f"identity {run.identity[:8]}")
    drawn = figures.curves(table, colour, words)
    figure.show(drawn, f"faithful-{model}", {model: table}, {model: run.identity})
