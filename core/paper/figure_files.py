"""The pages' figures as files for a paper: names, captions, the numbers behind them, and what LaTeX includes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

import core
from core import paths, store
from core.answers.questions import StoredPolicy
from core.errors import OffcenterError, StoreError, UsageError
from core.figures import exhibits
from core.figures.exhibits import Exhibit, Offer
from core.figures.exported import table_csv
from core.figures.paper import for_paper, heading, size_in
from core.images.views import CLEAN
from core.paper import drawing, latex_text
from core.paper.drawing import Format
from core.types import ProgressCallback
from core.wording import count, plain

#: Files beside the figures.
INDEX, TEX = "index.json", "figures.tex"
#: Letters of a file's name, without its ending.
_LONGEST = 100
#: What is no letter of a name that any file system, and LaTeX, takes.
_UNSAFE = re.compile(r"[^A-Za-z0-9_]+")
_SHORTENED = re.compile(r"([^\s…>]+)…")
_MARKDOWN = re.compile(r"\*\*|\\(.)|\u2060")


@dataclass(frozen=True)
class Plate:
    """A figure as it goes into a paper.

    Attributes:
        offer: What it is.
        exhibit: What it shows.
        figure: Laid out for the column.
        stem: Its file's name without the ending: ASCII letters, digits, ``-`` and ``_``; unique among its like.
        columns: Whose width it has, 1 or 2.
    """

    offer: Offer
    exhibit: Exhibit = field(repr=False)
    figure: go.Figure = field(repr=False)
    stem: str
    columns: int

    @property
    def caption(self) -> str:
        """What is seen, n and interval, what it says, what has to be said, and of which results; plain text."""
        title, subtitle = heading(self.exhibit.figure)
        parts = [title, subtitle, unmarked(self.exhibit.finding), *self.exhibit.notes]
        said = [f"{part.rstrip('.')}." for part in parts if part]
        return " ".join([*said, f"Results: {'; '.join(map(_result, self.exhibit.runs.values()))}."])


def unmarked(markdown: str) -> str:
    """A sentence of Markdown, as ``core.wording.escaped`` writes names, as plain text."""
    return _MARKDOWN.sub(lambda found: found[1] or "", markdown)


def _result(run: store.Run) -> str:
    view = "" if run.view == CLEAN else f", {run.view}"
    imported = ", imported" if run.is_imported else ""
    n = count(run.n_samples, "image")
    partly = "" if run.complete else f"{run.n_done:,} of "
    return f"{run.label} on {run.benchmark}{view}{imported}, {partly}{n}, identity {run.identity}"


def chosen(runs: Sequence[store.Run], only: Sequence[str] = (), policy: StoredPolicy = "top1") -> list[Offer]:
    """The figures of some results, or those of some names.

    Args:
        runs: See ``exhibits.offered``.
        only: Names, such as ``by_location``; also of figures that are drawn on request, by any factors.
        policy: What counts as right.

    Raises:
        UsageError: If there is no figure of a name; names the nearest.
    """
    found = list(exhibits.offered_across(runs, policy)) if only else []
    if not only or not set(only) <= {each.name for each in found}:
        found = list(exhibits.offered(runs, policy))
    if not found and not only:
        raise UsageError("these results have no figure: nothing in them varies that a figure could be by.")
    asked = []
    for name in dict.fromkeys(only):
        asked += [each for each in found if each.name == name] or list(_requested(runs, name, policy))
    return asked if only else found


def _requested(runs: Sequence[store.Run], name: str, policy: StoredPolicy) -> Iterator[Offer]:
    """A figure of factors that are not among those offered, of each benchmark and view that has them."""
    made, problem = 0, None
    for benchmark, view in dict.fromkeys((run.benchmark, run.view) for run in runs):
        there = [run for run in runs if (run.benchmark, run.view) == (benchmark, view)]
        try:
            shown = exhibits.exhibit(there, name, policy)
        except UsageError as error:
            problem = problem or error
            continue
        made += 1
        yield Offer(name, heading(shown.figure)[0], benchmark, view, partial(_same, shown))
    if not made and problem is not None:
        # The names of all figures, not only of those of one benchmark.
        exhibits.exhibit(runs, name, policy)
        raise problem


def _same(shown: Exhibit) -> Exhibit:
    return shown


def plates(offers: Sequence[Offer], columns: int) -> tuple[list[Plate], list[str]]:
    """Figures laid out for a paper, and a line for each that cannot be made.

    Args:
        offers: From ``chosen``.
        columns: 1 or 2.
    """
    found, left_out = [], []
    stems: set[str] = set()
    for offer in offers:
        try:
            shown = offer.make()
        except OffcenterError as error:
            left_out.append(f"{offer.name} of {offer.benchmark or 'all benchmarks'} is left out: {error}")
            continue
        shown = replace(shown, figure=_in_full(shown, offer.model))
        stem = _stem(offer, stems)
        stems.add(stem.lower())
        found.append(Plate(offer, shown, for_paper(_marked(shown), columns), stem, columns))
    return found, left_out


def _in_full(shown: Exhibit, model: str = "") -> go.Figure:
    """A figure whose title has the models' whole names, which a page shortens: here it may have several lines.

    Args:
        shown: As the pages show it.
        model: Whose figure it is, where each has its own: a page says that beside it.
    """
    names = [plain(label) for label in shown.runs]

    def whole(found: re.Match[str]) -> str:
        meant = [name for name in names if name.startswith(found[1])]
        return meant[0] if len(meant) == 1 else found[0]

    title = _SHORTENED.sub(whole, str(shown.figure.layout.title.text or ""))
    if model and plain(model) not in title:
        title += f"{' · ' if '<br>' in title else '<br>'}{plain(model)}"
    return go.Figure(shown.figure).update_layout(title={"text": title})


def _marked(shown: Exhibit) -> go.Figure:
    """A figure that says at its foot which of its results are not finished."""
    partly = [run for run in shown.runs.values() if not run.complete]
    if not partly:
        return shown.figure
    said = "; ".join(f"{run.label} partial: {run.n_done:,} of {count(run.n_samples, 'image')}" for run in partly)
    marked = go.Figure(shown.figure)
    meta = dict(marked.layout.meta or {})
    return marked.update_layout(meta={**meta, "caption": f"{meta.get('caption', '')} · {said}".strip(" ·")})


def _stem(offer: Offer, taken: set[str]) -> str:
    """A name from benchmark, view, model and figure, unlike others on a disk that does not tell cases apart."""
    parts = (offer.benchmark, "" if offer.view == CLEAN else offer.view, offer.model, offer.name)
    whole = "-".join(_UNSAFE.sub("-", paths.slug(part)).strip("-") for part in parts if part)[:_LONGEST].strip("-")
    stem, number = whole, 2
    while stem.lower() in taken:
        stem, number = f"{whole}-{number}", number + 1
    return stem


def write(
    figures: Sequence[Plate],
    folder: Path,
    kind: Format,
    *,
    tables: bool = False,
    command: str = "",
    progress: ProgressCallback | None = None,
) -> list[Path]:
    """Draw figures and write their files, all or none; files of the same names are replaced.

    Args:
        figures: From ``plates``.
        folder: From ``core.paths.output``.
        kind: ``svg``, ``pdf`` or ``png``.
        tables: Whether the numbers behind each are written beside it, as CSV.
        command: What makes them again.
        progress: Called after each that is drawn.

    Returns:
        The files: of each figure, of its numbers, ``INDEX`` and ``TEX``.

    Raises:
        UsageError: See ``drawing.drawn``.
        StoreError: If a file cannot be written.
    """
    drawings = drawing.drawn([each.figure for each in figures], kind, progress)
    contents: dict[str, bytes] = {
        f"{each.stem}.{kind}": content for each, content in zip(figures, drawings, strict=True)
    }
    if tables:
        contents |= {f"{each.stem}.csv": csv_of(each.exhibit) for each in figures}
    contents[INDEX] = (json.dumps(index(figures, kind, tables, command), indent=2) + "\n").encode()
    contents[TEX] = tex(figures, kind).encode()
    return _write_all(folder, contents)


def _write_all(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    wanted = {folder / name: content for name, content in contents.items()}
    new = [path for path in wanted if not path.exists()]
    try:
        for path, content in wanted.items():
            paths.write_atomically(path, content)
    except StoreError as error:
        for path in new:
            path.unlink(missing_ok=True)
        raise UsageError(f"--out {folder} cannot be written ({error.__cause__}): give another folder.") from error
    return list(wanted)


def csv_of(shown: Exhibit) -> bytes:
    """The numbers behind a figure, with intervals, n and identities."""
    return table_csv(shown.tables, shown.identities, (shown.figure.layout.meta or {}).get("unit", "object"))


def index(figures: Sequence[Plate], kind: Format, tables: bool, command: str) -> dict[str, Any]:
    """What was written, as JSON values: a figure's file, caption, size, and the results that it is of."""
    return {
        "offcenter": core.__version__,
        "made": store.now(),
        "command": command,
        "figures": [_entry(each, kind, tables) for each in figures],
    }


def _entry(plate: Plate, kind: Format, tables: bool) -> dict[str, Any]:
    width, height = size_in(plate.figure)
    title, subtitle = heading(plate.exhibit.figure)
    return {
        "file": f"{plate.stem}.{kind}",
        "table": f"{plate.stem}.csv" if tables else None,
        "name": plate.offer.name,
        "title": title,
        "subtitle": subtitle,
        "benchmark": plate.offer.benchmark or None,
        "view": plate.offer.view or None,
        "model": plate.offer.model or None,
        "columns": plate.columns,
        "width_in": round(width, 3),
        "height_in": round(height, 3),
        "caption": plate.caption,
        "finding": unmarked(plate.exhibit.finding) or None,
        "notes": list(plate.exhibit.notes),
        "results": [
            {
                "model": label,
                "source": run.source,
                "benchmark": run.benchmark,
                "view": run.view,
                "identity": run.identity,
                "samples_digest": store.samples_digest(run),
                "n_done": run.n_done,
                "n_samples": run.n_samples,
                "complete": run.complete,
                "imported": run.is_imported,
            }
            for label, run in plate.exhibit.runs.items()
        ],
    }


def tex(figures: Sequence[Plate], kind: Format) -> str:
    """A LaTeX file to take figures from, each at its own size, so that its text stays at 8 to 9 points."""
    package, include = ("svg", "includesvg") if kind == "svg" else ("graphicx", "includegraphics")
    lines = [
        f"% Figures at their own size, text at 8 to 9 points. Needs \\usepackage{{{package}}}.",
        latex_text.MACRO,
    ]
    for each in figures:
        kind_of = "figure*" if each.columns == 2 else "figure"
        lines += [
            "",
            f"\\begin{{{kind_of}}}[t]",
            "  \\centering",
            f"  \\{include}{{{each.stem}}}",
            f"  \\caption{{{latex_text.escaped(each.caption)}}}",
            f"  \\label{{fig:{each.stem}}}",
            f"\\end{{{kind_of}}}",
        ]
    return "\n".join(lines) + "\n"
