"""How results and progress look in a terminal."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table as RichTable
from rich.text import Text

from core.types import Progress, is_thin
from core.wording import duration, row_name


class _Terminal(Console):
    """A console on which what is printed is text: no markup, and no signs that steer the terminal."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def render_str(self, text: str, **settings: Any) -> Text:
        """See ``Console.render_str``; used for texts and for cells of tables alike."""
        return super().render_str(printable(text), **settings)


def printable(text: str) -> str:
    """A text in which names from data steer nothing: their control characters are shown escaped."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else ascii(sign)[1:-1] for sign in text)


out = _Terminal()
err = _Terminal(stderr=True)
_QUIET_EVERY_S = 10.0


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[Progress], None]]:
    """A progress callback: a bar on a terminal, a line every ten seconds in a log. Both go to standard error."""
    if not err.is_terminal:
        yield _log_lines(title)
        return
    said, tail = (TextColumn(what, markup=False) for what in ("{task.description}", "{task.fields[tail]}"))
    columns = (said, BarColumn(), MofNCompleteColumn(), tail)
    title = printable(title)
    with Bar(*columns, console=err, transient=True) as bar:
        task = bar.add_task(title, total=None, tail="")
        yield lambda state: bar.update(
            task, completed=state.done, total=state.total, tail=_tail(state), description=f"{title}: {state.stage}"
        )


def _log_lines(title: str) -> Callable[[Progress], None]:
    last = [time.monotonic()]

    def show(state: Progress) -> None:
        if time.monotonic() - last[0] >= _QUIET_EVERY_S:
            last[0] = time.monotonic()
            err.print(f"{title}: {state.stage}, {state.done:,} of {state.total:,}, {_tail(state)}", soft_wrap=True)

    return show


def _tail(state: Progress) -> str:
    parts = []
    if state.rate:
        parts.append(f"{state.rate:,.0f}/s")
    if state.seconds_left is not None:
        parts.append(f"{duration(state.seconds_left)} left")
    if state.failed:
        parts.append(f"{state.failed:,} failed")
    return ", ".join(parts)


def reduced(content: Mapping[str, Any]) -> str:
    """How the views of each image became one number, for a headline; empty where there is one view."""
    if content["n_views"] == 1:
        return ""
    how = {"mean": "mean over", "any": "right in any of", "majority": "right in most of", "first": "first of"}
    return f" ({content['view']}: {how[content['reduce']]} {content['n_views']} views of each image)"


def percent(value: float | None) -> str:
    """A fraction as percent with one decimal; ``–`` for None."""
    # Adding zero turns a rounded -0.0 into 0.0.
    return "–" if value is None else f"{round(100 * value, 1) + 0.0:.1f}"


def interval(row: Mapping[str, Any], name: str) -> str:
    """``[59.8, 62.7]``, or why there is none."""
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    if low is None or high is None:
        return "no interval" if row["n"] else "no data"
    return f"[{percent(low)}, {percent(high)}]"


def headline(content: Mapping[str, Any], value: str, more: str = "") -> None:
    """Print what a report is of and its overall accuracy; ``value`` names it, ``more`` is what else counts."""
    overall = content["overall"]
    of = f"{content['model']} on {content['benchmark']}{more}{reduced(content)}{', imported' * content['imported']}"
    out.print(
        f"{of}: {value} {percent(overall[value])} % {interval(overall, value)}, n = {overall['n']:,}, "
        f"{content['n_failed']:,} failed",
        soft_wrap=True,
        style="bold",
    )


def rows_table(title: str, rows: Sequence[Mapping[str, Any]], by: Sequence[str], value: str) -> RichTable:
    """A metric table, one line a row; thin cells are marked."""
    table = RichTable(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in by:
        table.add_column(column, justify="left" if rows and isinstance(rows[0][column], str) else "right")
    for column in (
        f"{value} %",
        "95 % interval",
        *(["top5 %"] if rows and value == "top1" and "top5" in rows[0] else []),
    ):
        table.add_column(column, justify="right")
    table.add_column("n", justify="right")
    table.add_column("clusters", justify="right")
    for row in rows:
        cells = [f"{row[column]:g}" if isinstance(row[column], float) else row_name(row[column]) for column in by]
        cells += [percent(row[value]), interval(row, value)]
        if value == "top1" and "top5" in row:
            cells.append(percent(row["top5"]))
        thin = " thin" if is_thin(row["n"], row["n_clusters"]) else ""
        table.add_row(*cells, f"{row['n']:,}{thin}", f"{row['n_clusters']:,}")
    return table


def probe_table(rows: Sequence[Mapping[str, Any]]) -> RichTable:
    """Probes that were fitted: how well a location can be told, and the classes that look like it."""
    title = "Location told from features of one category (50 % is guessing)"
    table = RichTable(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in ("category", "location", "accuracy %", "95 % interval", "n", "most similar classes (cosine)"):
        table.add_column(name, justify="right" if name in ("accuracy %", "95 % interval", "n") else "left")
    for row in rows:
        if not row["reason"]:
            similar = ", ".join(
                f"{name} ({cosine:.2f})" for name, cosine in zip(row["similar"], row["cosines"], strict=True)
            )
            around = f"[{percent(row['low'])}, {percent(row['high'])}]"
            table.add_row(
                row["category"], row["location"], percent(row["accuracy"]), around, f"{row['n_used']:,}", similar
            )
    return table


def grid_table(title: str, rows: Sequence[Mapping[str, Any]], by: Sequence[str], value: str) -> str:
    """A metric table of two factors as a grid of percentages; the second factor goes down where it is ``y``.

    Plain text of fixed width: a wide grid is wrapped by a narrow terminal, never cut.
    """
    across, down = (by[0], by[1]) if by[1] == "y" else (by[1], by[0])
    named = f"{title}, {value} % · {down} down, {across} across"
    if not rows:
        return f"{named} · no data"
    columns, lines = (_in_order(row[name] for row in rows) for name in (across, down))
    cells = {(_of_grid(row[down]), _of_grid(row[across])): row[value] for row in rows}
    sizes = [row["n"] for row in rows]
    n = f"{min(sizes):,}" if min(sizes) == max(sizes) else f"{min(sizes):,} to {max(sizes):,}"
    thin = " (thin)" if any(is_thin(row["n"], row.get("n_clusters", row["n"])) for row in rows) else ""
    shown = [[_short(line), *(_whole_percent(cells.get((line, column))) for column in columns)] for line in lines]
    shown.insert(0, ["", *(_short(column) for column in columns)])
    widths = [max(cell_len(cell) for cell in column) for column in zip(*shown, strict=True)]
    text = "\n".join(
        " ".join(" " * (width - cell_len(cell)) + cell for cell, width in zip(line, widths, strict=True))
        for line in shown
    )
    return f"{named} · n = {n} a cell{thin}\n{text}"


def _of_grid(content: object) -> object:
    """A factor's value as a key: of a list its values in a row, of what is missing None."""
    if isinstance(content, str | bool | int | float | None) and content == content:
        return content
    return row_name(content) if isinstance(content, list | tuple) else None


def _in_order(contents: Iterable[object]) -> list[Any]:
    """Different values: numbers ascending, then texts by name, what is missing last."""
    return sorted(
        {_of_grid(each) for each in contents},
        key=lambda each: (each is None, isinstance(each, str), "" if each is None else each),
    )


def _short(content: object) -> str:
    """A value in little room: ``0.05`` as ``.05``, ``yes``, ``–`` for none, a text as one line."""
    if isinstance(content, float | int) and not isinstance(content, bool):
        return re.sub(r"^(-?)0\.", r"\1.", f"{content:g}")
    return " ".join(printable(row_name(content)).split())


def _whole_percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}"


def warn(text: str) -> None:
    """A warning line on standard error."""
    err.print(f"warning: {text}", style="yellow", soft_wrap=True, markup=False)


def tell(warnings: Iterable[str], notes: Collection[str]) -> None:
    """Warning lines on standard error; those that are worth knowing and no more, more quietly.

    Args:
        warnings: In order.
        notes: Which of them only say what a model is or how it was read.
    """
    for text in warnings:
        if text in notes:
            err.print(f"note: {text}", style="dim", soft_wrap=True, markup=False)
        else:
            warn(text)


def fail(text: str) -> None:
    """An error line on standard error."""
    err.print(f"error: {text}", style="red", soft_wrap=True, markup=False)
