"""The tables of one report, or of several models side by side, as a paper has them.

Where a table has one number a row, models stand in columns; where it has several, in rows. The best number of a row is
bold only where ``core.paper.best`` says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core import paths
from core.answers import catalogue
from core.answers.cards import unit_of
from core.paper import best, captions, overalls
from core.paper.cells import NOTHING, THIN_MARK, Cell, Column, PaperTable
from core.paper.columns import Source, cell, is_few, sole_value, sources_of
from core.paper.reading import Result, Told, tables_of


@dataclass(frozen=True)
class _Part:
    """A table of one of several models; ``told`` is None where its report has no such table."""

    result: Result
    model: str
    told: Told | None


def build(results: Sequence[Result], *, overall: bool = True) -> list[PaperTable]:
    """All tables of some results.

    Args:
        results: Stored results of one benchmark or of several, a model each; the same result twice counts once.
        overall: Whether the accuracy over all images has a table too.

    Returns:
        The table of overall accuracies first, then benchmark by benchmark those that the reports have.
    """
    results = list({(each.run.path, each.run.benchmark): each for each in results}.values())
    told = catalogue.told_apart([each.run for each in results])
    results = [replace(each, run=run) for each, run in zip(results, told, strict=True)]
    found = [overalls.table(results)] if overall else []
    for first in captions.same(results):
        group = [each for each in results if each.run.benchmark == first.run.benchmark]
        found += _of_benchmark(group)
    return _labelled(found)


def _of_benchmark(results: Sequence[Result]) -> list[PaperTable]:
    reports = [{told.name: told for told in tables_of(each)} for each in results]
    names = dict.fromkeys(name for report in reports for name in report)
    found = []
    for name in names:
        parts = [_Part(each, each.run.label, report.get(name)) for each, report in zip(results, reports, strict=True)]
        found.append(_table(parts, name))
    return found


def _table(parts: Sequence[_Part], name: str) -> PaperTable:
    there = [part for part in parts if part.told is not None]
    sources = [sources_of(part.result, part.told) for part in there]  # type: ignore[arg-type]
    values = [sole_value(each) for each in sources]
    results, models = [part.result for part in parts], [part.model for part in parts]
    if len(parts) == 1:
        table = _alone(parts[0], sources[0])
    elif all(value is not None and value.name == values[0].name for value in values):  # type: ignore[union-attr]
        table = _beside(parts, sources[0], values[0])  # type: ignore[arg-type]
    else:
        table = _below(there, sources)
    notes = list(table.notes)
    missing = [part.model for part in parts if part.told is None]
    if missing:
        notes.append(f"No such table: {', '.join(missing)}.")
    said = (sentence for part in there for sentence in part.told.notes)  # type: ignore[union-attr]
    notes += dict.fromkeys(f"{sentence[:1].upper()}{sentence[1:]}" for sentence in said)
    if any(THIN_MARK in each.text for row in table.rows for each in row):
        notes.append(captions.thin(unit_of(results[0].run)))
    notes += captions.differences(results) if len(results) > 1 else []
    notes.append(captions.identities(results, models))
    shown = [source for each in sources for source in each if source.kind == "value"]
    is_share, computed = any(source.is_share for source in shown), any(part.told.computed for part in there)  # type: ignore[union-attr]
    caption = (*captions.caption(results, models, is_share=is_share, computed=computed), *table.caption)
    alone = models[0] if len(models) == 1 else ""
    return replace(table, name=name, caption=caption, notes=tuple(notes), label=f"{results[0].run.benchmark} {name} "
                   f"{alone}")  # fmt: skip


def _alone(part: _Part, sources: Sequence[Source]) -> PaperTable:
    """A table of one model: a column for each of the report's."""
    told = part.told
    assert told is not None
    rows = tuple(tuple(cell(part.result, told, source, row) for source in sources) for row in told.rows)
    return PaperTable(told.name, told.title, tuple(source.column for source in sources), rows)


def _below(parts: Sequence[_Part], sources: Sequence[Sequence[Source]]) -> PaperTable:
    """A table of several numbers a row: a row for each of the first model's, then for each of the second's."""
    merged = {source.name: source for each in sources for source in each}
    rows = []
    for part in parts:
        told = part.told
        assert told is not None
        name = Cell(captions.marked(part.result))
        rows += [(name, *(cell(part.result, told, each, row) if each.name in row else Cell(NOTHING)
                          for each in merged.values())) for row in told.rows]  # fmt: skip
    first = parts[0].told
    assert first is not None
    columns = (Column("Model", "name"), *(source.column for source in merged.values()))
    note = "No number is bold: no paired verdicts are had of this table."
    return PaperTable(first.name, first.title, columns, tuple(rows), notes=(note,))


def _beside(parts: Sequence[_Part], sources: Sequence[Source], value: Source) -> PaperTable:
    """A table of one number a row: a column for each model, then the counts, which models mostly share."""
    lead = next(part for part in parts if part.told is not None)
    assert lead.told is not None
    keyed = [{part.told.key(row): row for row in part.told.rows} if part.told else {} for part in parts]
    keys = list(dict.fromkeys(key for rows in keyed for key in rows))
    beside = [[rows.get(key) for rows in keyed] for key in keys]
    firsts = [next((row, part) for row, part in zip(rows, parts, strict=True) if row is not None) for rows in beside]
    chosen = best.of_table([part.result for part in parts], [part.told for part in parts])
    picks = [chosen.pick(key, rows, value.name) for key, rows in zip(keys, beside, strict=True)] if chosen else []
    names = [source for source in sources if source.kind in ("name", "words")]
    counts = [source for source in sources if source.kind == "count"]
    table = []
    for at, (rows, (first, owner)) in enumerate(zip(beside, firsts, strict=True)):
        assert owner.told is not None
        line = [cell(owner.result, owner.told, source, first) for source in names]
        for model, (row, part) in enumerate(zip(rows, parts, strict=True)):
            is_best = bool(picks) and picks[at].best == model
            line.append(Cell(NOTHING) if row is None or part.told is None else
                        cell(part.result, part.told, value, row, is_best=is_best))  # fmt: skip
        is_thin = bool(picks) and picks[at].is_thin
        table.append(
            (*line, *(_counts([row for row in rows if row is not None], each.name, is_thin) for each in counts))
        )
    columns = (*(source.column for source in names), *(Column(captions.marked(part.result), "value") for part in parts),
               *(source.column for source in counts))  # fmt: skip
    row_names = [", ".join(each.text for each in row[: len(names)]) for row in table]
    caption, notes = _said(chosen, picks, row_names, [part.model for part in parts])
    title = lead.told.title if value.name.startswith("top") else f"{lead.told.title}: {value.column.head}"
    return PaperTable(lead.told.name, title, columns, tuple(table), caption, notes)


def _said(
    chosen: best.Best | None, picks: Sequence[best.Pick], names: Sequence[str], models: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What caption and notes say of bold numbers."""
    if chosen is None:
        return (), ("No number is bold: no paired verdicts are had of this table.",)
    if why := chosen.why_not:
        return (), (why,)
    is_any = any(pick.best is not None for pick in picks)
    caption = (captions.bold(rows=len(picks), among=1),) if is_any else ()
    return caption, tuple(best.note(picks, names, models))


def _counts(rows: Sequence[Mapping[str, Any]], name: str, is_thin: bool) -> Cell:
    """A count that models share; from the least to the most where they do not."""
    known = sorted({row[name] for row in rows if row.get(name) is not None})
    few = is_thin and name == "n"
    mark = THIN_MARK if few or any(row.get(name) is not None and is_few(row, name) for row in rows) else ""
    if not known:
        return Cell(NOTHING)
    return Cell(f"{known[0]:,}{mark}" if len(known) == 1 else f"{known[0]:,} to {known[-1]:,}{mark}")


def _labelled(tables: Sequence[PaperTable]) -> list[PaperTable]:
    """Labels as LaTeX and links take them, no two alike."""
    found: dict[str, PaperTable] = {}
    for table in tables:
        label = re.sub(r"[^a-z0-9]+", "-", paths.slug(table.label).lower()).strip("-")
        number = 1
        while (unique := label if number == 1 else f"{label}-{number}") in found:
            number += 1
        found[unique] = replace(table, label=unique)
    return list(found.values())
