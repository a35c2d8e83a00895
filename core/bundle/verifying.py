"""Whether a bundle says what it said when it was made, and whether a store says the same today.

Its digest tells whether the file was changed, and in which part. Then each result is looked up in the store by its
identity: what was predicted, the labels, the accuracy over all images and each number of each figure's table are
computed again. A label that was corrected since is told apart from predictions that changed. No torch.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core import store
from core.answers.catalogue import told_apart
from core.bundle import reading
from core.bundle.content import Content, digest_of, parts_of
from core.bundle.draft import csv_of, draw, edition, result
from core.bundle.options import Options
from core.bundle.pictures import name_of
from core.errors import DataError, OffcenterError
from core.paper import figure_files
from core.types import Progress, ProgressCallback
from core.wording import count

State = Literal["same", "not here", "labels corrected", "predictions changed", "numbers changed", "not finished then"]
#: How far two numbers may be apart that are one, since libraries of other versions may round otherwise.
_APART = 1e-9
#: Cells that are named of a table.
_NAMED = 3
_OVERALL = ("value", "low", "high", "n", "n_clusters")


@dataclass(frozen=True)
class CheckedResult:
    """One result of a bundle against the store.

    Attributes:
        model: As the bundle calls it.
        benchmark: Key.
        view: Family of views.
        identity: Of the result.
        state: What became of it.
        said: What differs, in words; empty if nothing does.
    """

    model: str
    benchmark: str
    view: str
    identity: str
    state: State
    said: str = ""


@dataclass(frozen=True)
class VerifiedBundle:
    """What checking a bundle has shown.

    Attributes:
        path: The file or folder.
        altered: Parts that are not as they were written; empty if the file is.
        results: Each result against the store.
        n_cells: Cells of tables that were computed again.
        cells: Cells that are another number now, in words, by exhibit.
        unchecked: Exhibits whose results are not all here as they were.
        notes: What else was found; no fault.
    """

    path: Path
    altered: tuple[str, ...] = ()
    results: tuple[CheckedResult, ...] = ()
    n_cells: int = 0
    cells: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unchecked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def faults(self) -> list[str]:
        """What makes the bundle one not to be trusted, or out of date, in words."""
        found = [f"the file was altered since it was made: {', '.join(self.altered)}"] if self.altered else []
        kinds: dict[str, int] = {}
        for each in self.results:
            if each.state not in ("same", "not here"):
                kinds[each.state] = kinds.get(each.state, 0) + 1
        found += [f"{state}: {count(n, 'result')}" for state, n in kinds.items()]
        n = sum(map(len, self.cells.values()))
        return [*found, *([f"{count(n, 'number')} of {count(len(self.cells), 'figure')} differ"] if n else [])]

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "bundle": str(self.path),
            "altered": list(self.altered),
            "results": [vars(each) for each in self.results],
            "n_cells": self.n_cells,
            "cells": {name: list(each) for name, each in self.cells.items()},
            "unchecked": list(self.unchecked),
            "notes": list(self.notes),
            "faults": self.faults,
        }


def verified(path: Path, progress: ProgressCallback | None = None) -> VerifiedBundle:
    """Check a bundle against itself and against the store.

    Args:
        path: The file, or the folder.
        progress: Called along the way.

    Raises:
        UsageError: If it is not there.
        DataError: If it is no bundle, or one of another version.
    """
    text = reading.text_of(path)
    content = reading.content_in(text, path)
    try:
        altered = _altered(content, path)
        is_of_this = content["edition"] == edition()
        if not altered and is_of_this and not _around(content, text):
            altered = ["the page around its content"]
        checked, runs = _checked(content, progress)
        there = {
            (each.benchmark, each.view, each.model): run
            for each, run in zip(checked, runs, strict=True)
            if run is not None and each.state == "same"
        }
        n_cells, cells, unchecked = _tables(content, there, progress)
    except (KeyError, TypeError, AttributeError) as error:
        # Anybody may have edited it into anything.
        raise DataError(f"{path} is damaged: its content is not that of a bundle ({error!r}).") from error
    notes = [] if is_of_this else ["another edition made its page: its data were checked, not how it shows them"]
    return VerifiedBundle(path, tuple(altered), tuple(checked), n_cells, cells, tuple(unchecked), tuple(notes))


def _altered(content: Content, path: Path) -> list[str]:
    """Parts that are not as they were written, in words."""
    now, then = parts_of(content), content["parts"]
    found = [name for name in sorted({*now, *then}) if now.get(name) != then.get(name)]
    if not found and digest_of(content) != content["digest"]:
        found = ["its digests"]
    for name, address in content["pictures"].items():
        if not str(address).startswith("data:"):
            file = path / str(address) if path.is_dir() else path.parent / str(address)
            try:
                is_same = name_of(file.read_bytes()) == name
            except OSError:
                is_same = False
            found += [] if is_same else [f"the picture {address}"]
    return found


def _around(content: Content, text: str) -> bool:
    """Whether a page is what this edition makes of its content; to Plotly's script its own policy sees."""
    from core.bundle import page

    packed = re.compile(rf'<script type="text/plain" id="{page.PLOTLY}">[^<]*</script>')
    return packed.sub("", page.html(content)) == packed.sub("", text)


def _checked(content: Content, progress: ProgressCallback | None) -> tuple[list[CheckedResult], list[store.Run | None]]:
    """Each result against the store, and the run that it is."""
    stored = store.list_runs()
    options = Options(policy=content["policy"])
    checked: list[CheckedResult] = []
    runs: list[store.Run | None] = []
    for number, entry in enumerate(content["results"]):
        if progress is not None:
            progress(Progress(number, len(content["results"]), stage="reading results"))
        same = (run for run in stored if (run.identity, run.benchmark) == (entry["identity"], entry["benchmark"]))
        run = next(same, None)
        state, said = _state(entry, run, options)
        of = (str(entry[name]) for name in ("model", "benchmark", "view", "identity"))
        checked.append(CheckedResult(*of, state, said))
        runs.append(run)
    return checked, runs


def _state(entry: Mapping[str, Any], run: store.Run | None, options: Options) -> tuple[State, str]:
    if run is None:
        return "not here", "no result of this identity is stored here"
    try:
        now = result(run, options)
    except OffcenterError as error:
        return "not here", str(error)
    if entry["n"] != now["n"] and not entry["complete"]:
        return "not finished then", f"{entry['n']:,} images then, {now['n']:,} now"
    said = [_change(name, entry["overall"][name], now["overall"][name]) for name in _OVERALL]
    changed = "; ".join(each for each in said if each)
    if entry["predictions_digest"] != now["predictions_digest"]:
        return "predictions changed", changed or "the accuracy over all images is the same"
    if entry["samples_digest"] != now["samples_digest"]:
        return "labels corrected", changed or "the accuracy over all images is the same"
    return ("numbers changed", changed) if changed else ("same", "")


def _change(name: str, then: Any, now: Any) -> str:
    return "" if _is_one(then, now) else f"{name} {_shown(then)} then, {_shown(now)} now"


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "none" if value is None else str(value)


def _is_one(then: Any, now: Any) -> bool:
    """Whether two values are one; numbers within rounding."""
    numbers = [_number(each) for each in (then, now)]
    if None not in numbers:
        first, second = (each for each in numbers if each is not None)
        return (math.isnan(first) and math.isnan(second)) or math.isclose(first, second, rel_tol=_APART, abs_tol=_APART)
    return then == now


def _number(value: Any) -> float | None:
    if value is None or value == "":
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _tables(
    content: Content, there: Mapping[tuple[str, str, str], store.Run], progress: ProgressCallback | None
) -> tuple[int, dict[str, list[str]], list[str]]:
    """Each figure's table against one that is computed again, where all of its results are here as they were.

    Args:
        content: Of the bundle.
        there: Results that are, by benchmark, view and model as the bundle calls it.
        progress: Called along the way.
    """
    of: dict[tuple[str, str], list[bool]] = {}
    for each in content["results"]:
        key = (each["benchmark"], each["view"])
        of.setdefault(key, []).append((*key, each["model"]) in there)
    whole = {key for key, are_there in of.items() if all(are_there)}
    asked = [
        each
        for each in content["exhibits"]
        if ((each["benchmark"], each["view"]) in whole if each["benchmark"] else len(whole) == len(of))
    ]
    unchecked = [each["id"] for each in content["exhibits"] if each not in asked]
    again = _again(content["policy"], there, asked, progress)
    n_cells, found = 0, {}
    for each in asked:
        table = again.get(_named(each))
        if table is None:
            unchecked.append(each["id"])
            continue
        n, differ = _cells(each["csv"], table)
        n_cells += n
        if differ:
            found[each["id"]] = differ
    return n_cells, found, unchecked


def _named(exhibit: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(exhibit[name]) for name in ("name", "benchmark", "view", "model"))


def _again(
    policy: Any,
    there: Mapping[tuple[str, str, str], store.Run],
    asked: Sequence[Mapping[str, Any]],
    progress: ProgressCallback | None,
) -> dict[tuple[str, ...], str]:
    """Tables computed again, with models called as the bundle calls them."""
    if not asked:
        return {}
    runs = told_apart(list(there.values()))
    called = {run.label: model for run, (_, _, model) in zip(runs, there, strict=True) if run.label != model}

    def as_then(text: str) -> str:
        for now, then in called.items():
            text = text.replace(now, then)
        return text

    wanted = {_named(each) for each in asked}
    offers = []
    for offer in figure_files.chosen(runs, sorted({each["name"] for each in asked}), policy):
        name = (offer.name, offer.benchmark, offer.view, called.get(offer.model, offer.model))
        offers += [offer] if name in wanted else []
    drawn = draw(offers, [], progress)
    return {
        (offer.name, offer.benchmark, offer.view, called.get(offer.model, offer.model)): as_then(csv_of(made))
        for _, offer, made in drawn
    }


def _cells(then: str, now: str) -> tuple[int, list[str]]:
    """How many cells two tables have, and those that are not the same, in words."""
    first, second = (list(csv.reader(io.StringIO(each))) for each in (then, now))
    if [len(row) for row in first] != [len(row) for row in second] or first[:1] != second[:1]:
        return sum(map(len, first)), ["its table has other rows or columns"]
    head = first[0] if first else []
    differ = [
        f"row {number}, {column}: {old} then, {new} now"
        for number, (row, other) in enumerate(zip(first[1:], second[1:], strict=True), 1)
        for column, old, new in zip(head, row, other, strict=True)
        if not _is_one(old, new)
    ]
    more = [f"and {len(differ) - _NAMED:,} more"] if len(differ) > _NAMED else []
    return sum(map(len, first[1:])), [*differ[:_NAMED], *more]
