"""The figures of the page on zoom, each with its clicks."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from core.answers import zoom_sentences
from core.figures.exhibits import zoom as exhibits
from core.wording import escaped, percent
from pages.shared.page import figure, later, place
from pages.shared.page.frame import Choice
from pages.shared.page.place import Cell
from pages.shared.zoom.results import Zoomed

#: Where the useful zooms lie: the key of each figure.
_USEFUL = {
    "anchors": "anchors-value",
    "anchors_published": "anchors-published",
    "cover_anchors": "cover-anchors",
    "cover": "cover",
}
#: Rows of the table of images that no zoom solves.
_MOST_UNSOLVED = 500


def show(found: Zoomed, choice: Choice) -> None:
    """The atlas of each model, then what looks bring and cost."""
    for number, model in enumerate(found.runs):
        later.draw(partial(_atlas, found, model), first=number == 0)
    later.draw(partial(_ladder, found, choice))
    later.draw(partial(_at_object, found, choice))


def _at_object(found: Zoomed, choice: Choice) -> None:
    """Accuracy by size where each image is seen at its object; only where it is known where that is."""
    drawn = exhibits.at_object(found.runs, found.table, choice.colours)
    if drawn is not None:
        shown, tables = drawn
        figure.show(shown, "at-object", tables, found.identities)


def _atlas(found: Zoomed, model: str) -> None:
    run, table = found.runs[model], found.table(model, "by_zoom")
    table = table[table["n"] > 0]
    if table.empty:
        return
    cell = place.chosen_cell()
    chosen = None
    if cell is not None and {"size", "row", "col"} <= set(cell.values):
        chosen = tuple(int(float(str(cell.values[name]))) for name in ("size", "row", "col"))
    shown = exhibits.atlas(model, run, table, several=len(found.runs) > 1, chosen=chosen)
    figure.show(shown, f"atlas-{model}", {model: table}, {model: run.identity}, partial(_pick, found.benchmark, model))


def _pick(benchmark: str, model: str, custom: list[Any]) -> None:
    size, row, col = (float(number) for number in custom)
    place.choose_cell(Cell(benchmark, {"size": size, "row": row, "col": col}), model)


def _ladder(found: Zoomed, choice: Choice) -> None:
    shown, bounds = exhibits.ladder(found.runs, found.table, choice.colours)
    figure.show(shown, "ladder", bounds, found.identities)


def where(found: Zoomed) -> None:
    """Which anchors and sizes solve images: of the first chosen model that was shown all zooms."""
    model = next(iter(found.of("zoom-324").runs), "")
    if not model:
        return
    which = f": {escaped(model)}" if len(found.runs) > 1 else ""
    st.header(f"Where the useful zooms lie{which}", anchor=False)
    drawn = [partial(_useful, found, model, *each) for each in _USEFUL.items()]
    with st.container(key="oc-figures-wide-zoom"):
        for each in drawn:
            later.draw(each)
    later.draw(partial(_directions, found, model))


def _useful(found: Zoomed, model: str, name: str, key: str) -> None:
    run = found.runs[model]
    shown, table = exhibits.useful(name, model, run, found.table)
    figure.show(shown, key, {model: table}, {model: run.identity})


def _directions(found: Zoomed, model: str) -> None:
    """How many images only one direction solves, in a sentence each."""
    table = found.table(model, "direction")
    said = {"zoom-in": "only looking closer", "zoom-out": "only looking from farther away",
            "1-crop": "only the usual crop", "shifted": "only the usual size elsewhere"}  # fmt: skip
    parts = [
        f"{said[row.group]} {percent(row.alone)} [{100 * row.alone_low:.1f}, {100 * row.alone_high:.1f}]"
        for row in table.itertuples()
        if row.group in said
    ]
    st.markdown(f"Images of **{escaped(model)}** that one direction alone solves: {'; '.join(parts)}.")


def unsolved(found: Zoomed) -> None:
    """Images that no zoom solves, the nearest to being solved first; a click opens one."""
    model = next(iter(found.runs), "")
    if not model:
        return
    table = found.table(model, "unsolvable")
    every = zoom_sentences.every(found.table(model, "bound"))
    if every is None:
        return
    st.header("Solved by no zoom", anchor=False)
    if table.empty:
        st.caption(f"Every image of {escaped(model)} is right in some of {every['passes']:,} zooms.")
        return
    st.caption(
        f"{len(table):,} of {every['n']:,} images of {escaped(model)}, those first whose label is most probable in "
        "some zoom. A click on a row opens the image."
    )
    rows = table.head(_MOST_UNSOLVED)
    key = f"unsolved-{model}"
    st.dataframe(
        rows[["sample_id", "best_p", "size", "row", "col"]].assign(best_p=100 * rows["best_p"]),
        hide_index=True,
        height=min(320, 36 * (len(rows) + 1)),
        width="stretch",
        key=key,
        on_select=partial(_open_row, found.benchmark, key, rows["sample_id"].tolist()),
        selection_mode="single-row",
        column_config={
            "sample_id": "Image",
            "best_p": st.column_config.NumberColumn(
                "Best probability, %", format="%.1f", help="Of the label, in the zoom where it is highest."
            ),
            "size": st.column_config.NumberColumn("at size", format="%d"),
            "row": st.column_config.NumberColumn("row", format="%d"),
            "col": st.column_config.NumberColumn("column", format="%d"),
        },
    )


def _open_row(benchmark: str, key: str, names: list[str]) -> None:
    rows = st.session_state[key]["selection"]["rows"]
    if rows:
        place.open_image(benchmark, names[rows[0]])


def origins(found: Zoomed, choice: Choice) -> None:
    """One crop and any of all zooms by where images come from; only where the benchmark says so."""
    if not exhibits.has_origins(found.runs):
        return
    st.header("By origin", anchor=False)
    shown, tables = exhibits.origins(found.runs, found.table, choice.colours)
    figure.show(shown, "origins", tables, found.identities, partial(_pick_origin, found.benchmark))


def published(found: Zoomed, choice: Choice) -> None:
    """What others publish of the benchmark's usual crop, and where the chosen models stand."""
    others = exhibits.beside(found.benchmark)
    if others is None:
        return
    st.header("Beside what is published", anchor=False)
    shown = exhibits.published(found.runs, others, found.table, choice.colours)
    figure.show(shown, "reference", {"published": others}, {})


def _pick_origin(benchmark: str, custom: list[Any]) -> None:
    place.choose_cell(Cell(benchmark, {"origin": custom[0]}))
