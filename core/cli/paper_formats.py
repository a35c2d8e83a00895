"""``report --format``, ``--out``, ``--methods``: a report as a paper, a spreadsheet or the hub takes it. No torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core import paths
from core.cli import options, terminal
from core.errors import UsageError, nearest

if TYPE_CHECKING:
    from core.paper.reading import Result
    from core.store import Run

TEXT, MARKDOWN, LATEX, CSV, JSON, HF_CARD = "text", "markdown", "latex", "csv", "json", "hf-card"
FORMATS = (TEXT, MARKDOWN, LATEX, CSV, JSON, HF_CARD)
#: Formats of ``--methods``.
_METHODS = (TEXT, MARKDOWN, LATEX)
#: Stands for the terminal.
STANDARD_OUTPUT = "-"

Format = Annotated[
    str | None,
    typer.Option("--format", help=f"{', '.join(FORMATS[:-1])} or {HF_CARD} (a model's card for the hub, with --out)."),
]
Out = Annotated[
    str | None, typer.Option("--out", help="Write it to this file, in place of one of that name; printed by default.")
]
Methods = Annotated[
    str | None,
    typer.Option(
        "--methods", help="Write a paragraph for the paper here, with citations as BibTeX; - prints it. With --format "
        "latex the BibTeX is a file of its own beside it."),
]  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What is to be written, and where.

    Attributes:
        form: Of ``FORMATS``.
        out: A file; None for the terminal.
        methods: A file for the paragraph, ``STANDARD_OUTPUT``, or None where there is to be none.
        only_methods: Whether the paragraph is all that is wanted.
    """

    form: str
    out: Path | None
    methods: Path | str | None
    only_methods: bool

    @property
    def is_json(self) -> bool:
        """Whether JSON is printed, as ``--json`` does."""
        return self.form == JSON and not self.only_methods and self.out is None

    @property
    def is_text(self) -> bool:
        """Whether tables are printed for a reader."""
        return self.form == TEXT and not self.only_methods

    @property
    def is_card(self) -> bool:
        """Whether a card is written, which needs no tables."""
        return self.form == HF_CARD


def wanted(form: str | None, as_json: bool, out: str | None, methods: str | None) -> Wanted:
    """What the options ask for, checked before anything is computed.

    Args:
        form: ``--format``.
        as_json: ``--json``.
        out: ``--out``.
        methods: ``--methods``.

    Raises:
        UsageError: If a format is unknown, options contradict each other, or a file cannot be written.
    """
    if as_json and form not in (None, JSON):
        raise UsageError(f"--json and --format {form} are two formats: give one of them.")
    chosen = JSON if as_json else TEXT if form is None else options.choice("format", form.strip().lower(), FORMATS)
    if methods is not None and chosen not in _METHODS:
        raise UsageError(f"--methods is a text: give --format {', '.join(_METHODS[:-1])} or {_METHODS[-1]} with it.")
    if chosen == HF_CARD and out is None:
        raise UsageError("--format hf-card writes files: say where, --out README.md.")
    if chosen == TEXT and out is not None:
        others = f"{MARKDOWN}, {LATEX}, {CSV} or {JSON}"
        raise UsageError(f"--out {out} needs a format: give --format {others}.{nearest(Path(out).suffix[1:], FORMATS)}")
    file = paths.output("--out", out) if out is not None else None
    paragraph = paths.output("--methods", methods) if methods not in (None, STANDARD_OUTPUT) else methods
    beside = _bibliography(paragraph) if chosen == LATEX else None
    if beside is not None:
        if beside == paragraph:
            raise UsageError(f"--methods {methods} is the name of its BibTeX: give another one, such as methods.tex.")
        paths.output("--methods (its BibTeX)", str(beside))
    if file is not None and file in (paragraph, beside):
        raise UsageError(f"--out and --methods are both {out}: give two files.")
    return Wanted(chosen, file, paragraph, methods is not None and out is None)


def _bibliography(paragraph: Path | str | None) -> Path | None:
    """The file of the BibTeX that belongs to a paragraph in LaTeX."""
    return paragraph.with_suffix(".bib") if isinstance(paragraph, Path) else None


def card(asked: Wanted, runs: Sequence[Run], others_given: Mapping[str, object]) -> None:
    """Write a model's card for the hub.

    Args:
        asked: From ``wanted``.
        runs: Results of one model, and of a second one beside it.
        others_given: Options that a card has no use for, by name.

    Raises:
        UsageError: If such an option was given; and see ``core.paper.hub_card.written``.
    """
    from core.paper import hub_card

    given = [name for name, value in others_given.items() if value]
    if given:
        raise UsageError(f"a card has the networks' own top-1 accuracies: leave out {', '.join(given)}.")
    assert asked.out is not None
    was_there = asked.out.exists()
    first, *others = options.written("--out", asked.out, lambda: hub_card.written(runs, asked.out))
    beside = f", with {', '.join(map(_shown, others))}" if others else ""
    _tell(f"{_shown(first)}{' (replaced)' if was_there else ''}{beside}")


def write(
    asked: Wanted,
    runs: Sequence[Run],
    contents: Sequence[Mapping[str, Any]],
    json_content: Any,
    *,
    overall: bool = False,
) -> None:
    """Write a report.

    Args:
        asked: From ``wanted``.
        runs: Stored results.
        contents: What is reported of each, from ``report.build`` or ``by_factors.build``.
        json_content: What ``--json`` prints.
        overall: Whether the accuracy over all images has a table of its own.

    Raises:
        UsageError: If a file cannot be written.
    """
    from core.paper.reading import Result

    results = [Result(run, content) for run, content in zip(runs, contents, strict=True)]
    # Nothing is written before all of it is known.
    tables = None if asked.only_methods else _text(asked.form, results, json_content, overall)
    if asked.methods is not None:
        _write_methods(asked, results)
    if tables is not None:
        _put("--out", asked.out, tables)


def _text(form: str, results: Sequence[Result], json_content: Any, overall: bool) -> str:
    """The whole report in a format."""
    from core.paper import comma, latex, markdown, tables

    if form == JSON:
        return json.dumps(json_content, indent=2, default=str) + "\n"
    if form == CSV:
        return comma.document(results)
    keys = dict.fromkeys(each.run.benchmark for each in results)
    intro = f"Offcenter: report of {', '.join(dict.fromkeys(each.run.model for each in results))} on {', '.join(keys)}"
    writer = latex if form == LATEX else markdown
    return writer.document(tables.build(results, overall=overall), intro)


def _write_methods(asked: Wanted, results: Sequence[Result]) -> None:
    from core.paper import methods

    found = methods.build(results, asked.form)
    if not isinstance(asked.methods, Path):
        _print(found.whole)
        return
    beside = _bibliography(asked.methods) if asked.form == LATEX and found.bibtex else None
    _put("--methods", asked.methods, found.paragraph if beside else found.whole)
    if beside is not None:
        _put("--methods", beside, found.bibtex)


def _put(option: str, place: Path | None, text: str) -> None:
    """Write a text to a file, or print it."""
    if place is None:
        _print(text)
        return
    was_there = place.exists()
    options.written(option, place, lambda: paths.write_atomically(place, text))
    _tell(f"{_shown(place)}{' (replaced)' if was_there else ''}")


def _shown(place: Path) -> str:
    """A file's path, from the folder in which the command was given where it is below that."""
    here = Path.cwd()
    return str(place.relative_to(here) if place.is_relative_to(here) else place)


def _print(text: str) -> None:
    """For another program: nothing is wrapped or marked."""
    terminal.out.file.write(text if text.endswith("\n") else f"{text}\n")


def _tell(text: str) -> None:
    terminal.out.print(text, soft_wrap=True, markup=False)
