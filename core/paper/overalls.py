"""The table of accuracies over all images: models in rows, of several benchmarks one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from core.answers.cards import unit_of
from core.paper import best, captions
from core.paper.cells import NOTHING, THIN_MARK, Cell, Column, PaperTable
from core.paper.columns import Source, cell, is_few, sources_of
from core.paper.reading import Result, Told
from core.wording import units

NAME = "overall"


def table(results: Sequence[Result]) -> PaperTable:
    """Accuracy over all images, of each model on each benchmark.

    Args:
        results: Under the names that tell their models apart.
    """
    groups = [[each for each in results if each.run.benchmark == first.run.benchmark]
              for first in captions.same(results)]  # fmt: skip
    several = len(groups) > 1
    has_plain = any(each.content["plain"] for each in results)
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    is_any = False
    for group in groups:
        pick, said = _picked(group, several, len(groups))
        is_any = is_any or pick.best is not None
        notes += said
        rows += [_row(each, several, has_plain, is_best=pick.best == at) for at, each in enumerate(group)]
    models = [each.run.label for each in results]
    shown, heads = _asked(results, rows, _columns(results, several, has_plain))
    if any(THIN_MARK in each.text for row in shown for each in row):
        notes.append(captions.thin(unit_of(results[0].run)))
    notes += captions.differences(results) if len(results) > 1 else []
    notes.append(captions.identities(results, models))
    caption = captions.caption(results, models)
    caption = (*caption, captions.bold(rows=1, among=len(groups))) if is_any else caption
    label = " ".join(
        [*(group[0].run.benchmark for group in groups), NAME, *(models[:1] if len(set(models)) == 1 else ())]
    )
    return PaperTable(NAME, "Accuracy over all images", tuple(heads), tuple(shown), caption, tuple(notes), label)


def _picked(group: Sequence[Result], several: bool, among: int) -> tuple[best.Pick, list[str]]:
    """Which model of a benchmark is bold, and what is said of it."""
    if len(group) < 2:
        return best.Pick(), []
    chosen = best.Best(tuple(group), {}, among)
    pick = chosen.pick((), [each.content["overall"] for each in group], group[0].value)
    name = group[0].run.benchmark if several else ""
    if why := chosen.why_not:
        return pick, [f"{name}: {why}" if name else why]
    said = best.note([pick], [name], [each.run.label for each in group])
    return pick, [line if line.startswith("Ties") or not name else f"{name}: {line}" for line in said]


def _columns(results: Sequence[Result], several: bool, has_plain: bool) -> list[Column]:
    unit = "clusters" if several else units(unit_of(results[0].run))
    return [
        *([Column("Benchmark", "name")] if several else []),
        Column("Model", "name"),
        Column("Top-1 (%)", "value"),
        Column("Top-5 (%)", "value"),
        *([Column("Plain top-1 (%)", "value")] if has_plain else []),
        Column("n", "count"),
        Column(unit, "count"),
    ]


def _row(result: Result, several: bool, has_plain: bool, *, is_best: bool) -> tuple[Cell, ...]:
    overall, plain = result.content["overall"], result.content["plain"]
    told = Told(NAME, "", (), (overall,))
    known = {each.name: each for each in sources_of(result, told)}

    def number(name: str) -> Cell:
        if name not in known:
            return Cell(NOTHING)
        return cell(result, told, known[name], overall, is_best=is_best and result.value == name)

    line = [Cell(result.run.benchmark)] if several else []
    line += [Cell(captions.marked(result)), number("top1"), number("top5")]
    if has_plain:
        source = Source("top1", "", "value", "top1_low", True)
        line.append(cell(result, told, source, plain) if plain else Cell(NOTHING))
    objects = overall["n_clusters"]
    n = Cell(f"{overall['n']:,}{THIN_MARK if is_few(overall, 'n') else ''}")
    return (*line, n, Cell(NOTHING if objects in (None, overall["n"]) else f"{objects:,}"))


def _asked(
    results: Sequence[Result], rows: Sequence[tuple[Cell, ...]], columns: Sequence[Column]
) -> tuple[list[tuple[Cell, ...]], list[Column]]:
    """The same without an accuracy that no report has, and without objects where images are independent."""
    left_out = set()
    if all("top1" not in each.content["overall"] for each in results):
        left_out |= {at for at, column in enumerate(columns) if column.head == "Top-1 (%)"}
    if all("top5" not in each.content["overall"] for each in results):
        left_out |= {at for at, column in enumerate(columns) if column.head == "Top-5 (%)"}
    if all(row[-1].text == NOTHING for row in rows):
        left_out.add(len(columns) - 1)
    kept = [at for at in range(len(columns)) if at not in left_out]
    return [tuple(row[at] for at in kept) for row in rows], [columns[at] for at in kept]
