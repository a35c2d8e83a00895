"""The figures of the page on zoom, each with its clicks."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from core.answers import marks, zoom_sentences, zoom_tables
from core.figures import zoom as figures
from core.figures import zoom_cover
from core.figures.curve import curve
from core.figures.style import Words
from core.images.views.zoom import SIZE
from core.metrics import zoom
from core.wording import anchor_name, count, escaped, percent
from pages.shared.page import figure, later, place, text
from pages.shared.page.frame import Choice
from pages.shared.page.place import Cell
from pages.shared.zoom.results import Zoomed

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
    there = {model: run for model, run in found.runs.items() if zoom_tables.has_factors(run, "at_object")}
    if not there:
        return
    tables = {model: found.table(model, "at_object").rename(columns={"top1": "value"}) for model in there}
    tables = {model: table[table["size"].notna() & (table["n"] > 0)] for model, table in tables.items()}
    shown = curve(
        {model: table.astype({"size": float}) for model, table in tables.items() if len(table)},
        SIZE,
        choice.colours,
        Words(
            "Looking at where the object is",
            "each image at the anchor nearest to its object · 95 % interval at each size",
            text.short_identity(list(there.values())),
        ),
        height=330,
    )
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
    shown = figures.atlas(
        table,
        Words(
            "For which zooms it is right" + (f": {model}" if len(found.runs) > 1 else ""),
            f"n = {int(table['n'].max()):,} at each zoom · left: from far, right: from near · ring: the usual crop",
            text.short_identity([run]),
        ),
        chosen=chosen,
    )
    figure.show(shown, f"atlas-{model}", {model: table}, {model: run.identity}, partial(_pick, found.benchmark, model))


def _pick(benchmark: str, model: str, custom: list[Any]) -> None:
    size, row, col = (float(number) for number in custom)
    place.choose_cell(Cell(benchmark, {"size": size, "row": row, "col": col}), model)


def in_words(values: dict[str, Any]) -> str:
    """A zoom as the heading of its images says it."""
    return f"size {values['size']:g} px, {anchor_name(int(values['row']), int(values['col']))}"


def _ladder(found: Zoomed, choice: Choice) -> None:
    bounds, luck = found.tables("bound"), found.tables("luck")
    others = marks.zoomed(found.benchmark)
    shown = figures.ladder(
        bounds,
        luck,
        choice.colours,
        Words(
            "What more looks bring, and cost",
            "95 % interval · hollow: an oracle, no classifier",
            text.short_identity(list(found.runs.values())),
        ),
        published=others if (others["passes"] > 1).any() else None,
    )
    figure.show(shown, "ladder", bounds, found.identities)


def where(found: Zoomed) -> None:
    """Which anchors and sizes solve images: of the first chosen model that was shown all zooms."""
    model = next(iter(found.of("zoom-324").runs), "")
    if not model:
        return
    which = f": {escaped(model)}" if len(found.runs) > 1 else ""
    st.header(f"Where the useful zooms lie{which}", anchor=False)
    run = found.runs[model]
    bias, cover = found.table(model, "centre_bias"), found.table(model, "minimal_cover")
    identity = text.short_identity([run])
    views = found.table(model, "by_zoom")
    first = min(zoom.FIRST, len(cover))
    by_size = Words("Solved at each anchor", f"by some size · n = {int(bias['n'].max()):,}", identity)
    published_way = Words("As published", "by a zoom of the greedy cover", identity)
    drawn = (
        partial(_anchors, found, model, bias, "value", by_size),
        partial(_anchors, found, model, bias, "published", published_way),
        partial(_cover_anchors, found, model, first, identity, views, cover),
        partial(_cover, found, model, first, identity, views, cover),
    )
    with st.container(key="oc-figures-wide-zoom"):
        for each in drawn:
            later.draw(each)
    later.draw(partial(_directions, found, model))


def _anchors(found: Zoomed, model: str, table: Any, value: str, words: Words) -> None:
    shown = figures.anchors(table, value, words)
    figure.show(shown, f"anchors-{value}", {model: table}, {model: found.runs[model].identity})


def _cover(found: Zoomed, model: str, first: int, identity: str, views: Any, cover: Any) -> None:
    sizes = zoom.cover_sizes(cover, views)
    words = Words(
        f"Sizes of the first {first} zooms",
        f"that together solve most: greedy cover, {count(len(cover), 'zoom')} in all",
        identity,
    )
    figure.show(zoom_cover.sizes(sizes, words), "cover", {model: cover}, {model: found.runs[model].identity})


def _cover_anchors(found: Zoomed, model: str, first: int, identity: str, views: Any, cover: Any) -> None:
    places = zoom.cover_anchors(cover, views)
    words = Words(f"Anchors of the first {first} zooms", "how many lie at each · chosen on these images", identity)
    shown = zoom_cover.anchors(places, words)
    figure.show(shown, "cover-anchors", {model: places}, {model: found.runs[model].identity})


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
    tables = {}
    for model, run in found.runs.items():
        if any(factor.name == "origin" for factor in run.entry.card.factors):
            tables[model] = found.table(model, "bound_by_origin")
    if not tables:
        return
    st.header("By origin", anchor=False)
    words = Words(
        "One crop, and any of all zooms",
        "95 % interval · a click opens the images of an origin",
        text.short_identity(list(found.runs.values())),
    )
    shown = figures.origins(tables, choice.colours, words)
    figure.show(shown, "origins", tables, found.identities, partial(_pick_origin, found.benchmark))


def published(found: Zoomed, choice: Choice) -> None:
    """What others publish of the benchmark's usual crop, and where the chosen models stand."""
    others = marks.zoomed(found.benchmark)
    if others.empty or (others["passes"] > 1).any():
        return
    rows = {model: zoom_sentences.row_of(found.table(model, "bound"), zoom.ONE_CROP) for model in found.runs}
    own = {model: float(row["top1"]) for model, row in rows.items() if row is not None}
    st.header("Beside what is published", anchor=False)
    words = Words(
        "Published top-1, and the chosen models'",
        f"diamonds: {count(len(others), 'published number')} · lines: here, in the usual crop",
        text.short_identity(list(found.runs.values())),
    )
    shown = figures.published(others, own, choice.colours, words)
    figure.show(shown, "reference", {"published": others}, {})


def _pick_origin(benchmark: str, custom: list[Any]) -> None:
    place.choose_cell(Cell(benchmark, {"origin": custom[0]}))
