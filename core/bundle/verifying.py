"""Whether a bundle says what it said when it was made, and whether a store says the same today.

Its digest tells whether the file was changed, and in which part. Then each result is looked up in the store by its
identity: what was predicted, the labels, the accuracy over all images and each number of each figure's table are
computed again; by the same code also figures, sentences and answers, see ``core.bundle.again``. A label that was
corrected since is told apart from predictions that changed. No torch.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core import store
from core.answers.catalogue import told_apart
from core.bundle import again, page, reading
from core.bundle.content import Content, digest_of, parts_of
from core.bundle.draft import csv_of, draw, edition, result
from core.bundle.options import Options
from core.bundle.pictures import name_of
from core.errors import DataError, OffcenterError, UsageError
from core.figures.exhibits import Exhibit, Offer
from core.paper import figure_files
from core.types import Progress, ProgressCallback
from core.wording import count

State = Literal["same", "not here", "labels corrected", "predictions changed", "numbers changed", "not finished then"]
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
        shown: What it shows otherwise than its results say, in words.
        unchecked: Exhibits whose results are not all here as they were.
        notes: What else was found; no fault.
    """

    path: Path
    altered: tuple[str, ...] = ()
    results: tuple[CheckedResult, ...] = ()
    n_cells: int = 0
    cells: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
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
        found += [f"{count(n, 'number')} of {count(len(self.cells), 'figure')} differ"] if n else []
        if self.shown:
            more = f" and {len(self.shown) - _NAMED:,} more" if len(self.shown) > _NAMED else ""
            found.append(f"it shows otherwise than its results say: {', '.join(self.shown[:_NAMED])}{more}")
        return found

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "bundle": str(self.path),
            "altered": list(self.altered),
            "results": [vars(each) for each in self.results],
            "n_cells": self.n_cells,
            "cells": {name: list(each) for name, each in self.cells.items()},
            "shown": list(self.shown),
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
        if not altered and not (page.is_whole(text) and (not is_of_this or _around(content, text))):
            altered = ["the page around its content"]
        checked, runs = _checked(content, progress)
        there = {
            (each.benchmark, each.view, each.model): run
            for each, run in zip(checked, runs, strict=True)
            if run is not None and each.state == "same"
        }
        notes = [] if is_of_this else ["another edition made its page: its data were checked, not how it shows them"]
        runs_now = told_apart(list(there.values()))
        called = {run.label: model for run, (_, _, model) in zip(runs_now, there, strict=True) if run.label != model}
        drawn, unchecked = _drawn_again(content, there, runs_now, called, progress)
        n_cells, cells = _tables(content, drawn, called)
        shown: list[str] = []
        if is_of_this and not unchecked and not called and len(there) == len(checked):
            shown = list(again.differing(content, runs_now, drawn))
        elif is_of_this:
            notes.append("not all of its results are here under their names: tables were checked, not what is drawn")
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        # Anybody may have edited it into anything.
        raise DataError(f"{path} is damaged: its content is not that of a bundle ({error!r}).") from error
    said = (tuple(each) for each in (shown, unchecked, notes))
    return VerifiedBundle(path, tuple(altered), tuple(checked), n_cells, cells, *said)


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
    packed = re.compile(rf'<script type="text/plain" id="{page.PLOTLY}">[^<]*</script>')
    now, then = (packed.sub("", page.without_seal(each)) for each in (page.html(content), text))
    return now == then


def _checked(content: Content, progress: ProgressCallback | None) -> tuple[list[CheckedResult], list[store.Run | None]]:
    """Each result against the store, and the run that it is."""
    stored = store.list_runs()
    try:
        options = Options(policy=content["policy"])
    except UsageError as error:
        raise ValueError(f"its policy is {content['policy']!r}") from error
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
        return (math.isnan(first) and math.isnan(second)) or math.isclose(
            first, second, rel_tol=again.APART, abs_tol=again.APART
        )
    return then == now


def _number(value: Any) -> float | None:
    if value is None or value == "":
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _drawn_again(
    content: Content,
    there: Collection[tuple[str, str, str]],
    runs: Sequence[store.Run],
    called: Mapping[str, str],
    progress: ProgressCallback | None,
) -> tuple[dict[str, tuple[Offer, Exhibit]], list[str]]:
    """Each figure, drawn again where all of its results are here as they were; and the ids of the others.

    Args:
        content: Of the bundle.
        there: Benchmark, view and model, as the bundle calls it, of the results that are.
        runs: These.
        called: What the bundle calls models that have other labels today.
        progress: Called along the way.
    """
    of: dict[tuple[str, str], list[bool]] = {}
    for each in content["results"]:
        key = (each["benchmark"], each["view"])
        of.setdefault(key, []).append((*key, each["model"]) in there)
    whole = {key for key, are_there in of.items() if all(are_there)}
    asked = {
        _named(each): each["id"]
        for each in content["exhibits"]
        if ((each["benchmark"], each["view"]) in whole if each["benchmark"] else len(whole) == len(of))
    }
    try:
        offers = figure_files.chosen(runs, sorted({name for name, *_ in asked}), content["policy"]) if asked else []
    except UsageError:
        # Of a name that was made up there is no figure.
        offers = []
    known = [(_named({**vars(each), "model": called.get(each.model, each.model)}), each) for each in offers]
    wanted = {id(each): asked[name] for name, each in known if name in asked}
    drawings = draw([each for _, each in known if id(each) in wanted], [], progress)
    drawn = {wanted[id(offer)]: (offer, made) for _, offer, made in drawings}
    return drawn, [each["id"] for each in content["exhibits"] if each["id"] not in drawn]


def _named(exhibit: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(exhibit[name]) for name in ("name", "benchmark", "view", "model"))


def _tables(
    content: Content, drawn: Mapping[str, tuple[Offer, Exhibit]], called: Mapping[str, str]
) -> tuple[int, dict[str, list[str]]]:
    """How many cells of tables were computed again, and those that are not the same, by exhibit."""
    n_cells, found = 0, {}
    for each in content["exhibits"]:
        if each["id"] not in drawn:
            continue
        table = csv_of(drawn[each["id"]][1])
        for now, then in called.items():
            table = table.replace(now, then)
        n, differ = _cells(each["csv"], table)
        n_cells += n
        found |= {each["id"]: differ} if differ else {}
    return n_cells, found


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
