"""Tables as Markdown that GitHub and the hub read: pipes, and nothing of data that means something to them."""

from __future__ import annotations

from collections.abc import Sequence

from core.paper.cells import Cell, Column, PaperTable
from core.wording import escaped, one_line


def document(tables: Sequence[PaperTable], intro: str = "") -> str:
    """Tables as the text of a file.

    Args:
        tables: In order.
        intro: A line that says what they are; a comment.
    """
    # Two hyphens would end the comment.
    comment = one_line(intro).replace("--", "- -").replace(">", "")
    head = [f"<!-- {comment} -->", ""] if comment else []
    return "\n".join([*head, "\n".join(map(table_text, tables))])


def table_text(table: PaperTable) -> str:
    """A table under its title, with caption and notes."""
    lines = [
        f"### {escaped(table.title)}",
        "",
        escaped(" ".join(table.caption)),
        "",
        _line(escaped(column.head) for column in table.columns),
        _line("---:" if column.is_number else "---" for column in table.columns),
        *(_line(map(_cell, table.columns, row)) for row in table.rows),
        "",
        *(part for note in table.notes for part in (escaped(note), "")),
    ]
    return "\n".join(lines)


def _line(cells: object) -> str:
    return f"| {' | '.join(cells)} |"  # type: ignore[arg-type]


def _cell(column: Column, cell: Cell) -> str:
    if not column.is_number:
        return escaped(cell.text)
    # Numbers are ours.
    number = f"**{cell.text}**" if cell.is_best else cell.text
    return f"{number} {cell.interval}".rstrip()
