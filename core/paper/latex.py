r"""Tables as LaTeX: ``booktabs``, nothing else beyond the article class.

A table too wide for a column of text is set with intervals below their numbers, then with columns in several parts; one
too long for a page in several parts, each a float of its own. Signs of data are escaped by ``latex_text``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from unicodedata import east_asian_width

from core.paper import latex_text
from core.paper.cells import Cell, Column, PaperTable
from core.wording import one_line

#: Sizes of type: how many of their digits fit a line of an article's text, and the height of a line in points.
_SIZES = ((r"\small", 70, 11.0), (r"\footnotesize", 78, 9.5), (r"\scriptsize", 86, 8.0))
_WIDEST = _SIZES[-1][1]
#: Digits that the space between two columns takes.
_GAP = 1.7
#: A name wider than this is broken into lines.
_NAME = 28
#: Points that a float may be high, without its rules and head; a caption's letters and points of a line; and what is
#: added to a row of two lines.
_HEIGHT, _CAPTION_LETTERS, _CAPTION_LINE, _BELOW = 450.0, 72, 12.0, 2.0
#: LaTeX keeps no more than 18 floats that wait for their page.
_FLOATS = 12
#: Points of a part's rows at least, whatever caption and notes leave; letters of a line of broken words.
_LEAST, _BROKEN = 100.0, 21
#: A head wider than this is a letter, which the notes explain.
_HEAD = 16
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def document(tables: Sequence[PaperTable], intro: str = "") -> str:
    r"""Tables as the text of a file to be read with ``\input``.

    Args:
        tables: In order.
        intro: A line that says what they are; a comment.
    """
    head = [
        f"% {one_line(intro)}".rstrip(),
        r"% Needs \usepackage{booktabs}; in two columns, table* instead of table takes the whole width.",
        latex_text.MACRO,
    ]
    for number, each in enumerate((each for table in tables for each in floats(table)), start=1):
        head += ["", each]
        if number % _FLOATS == 0:
            head.append(r"\clearpage")
    return "\n".join(head) + "\n"


def floats(table: PaperTable) -> list[str]:
    """A table as one float, or as several where it does not fit."""
    parts = list(_parts(_lettered(table)))
    return [_float(part, number, len(parts)) for number, part in enumerate(parts, start=1)]


@dataclass(frozen=True)
class _Part:
    """What of a table stands in one float.

    Attributes:
        table: With the part's columns and rows.
        tall: Whether intervals stand below their numbers.
        size: Of its type, the same in all parts with these columns.
    """

    table: PaperTable
    tall: bool
    size: str


def _lettered(table: PaperTable) -> PaperTable:
    """The same with letters for names of models that are wider than their numbers."""
    values = [at for at, column in enumerate(table.columns) if column.kind == "value"]
    if len(values) < 2 or all(_width(table.columns[at].head) <= _HEAD for at in values):
        return table
    letters = {at: f"({_letter(number)})" for number, at in enumerate(values)}
    columns = tuple(Column(letters.get(at, column.head), column.kind) for at, column in enumerate(table.columns))
    key = "; ".join(f"{letters[at]} {table.columns[at].head}" for at in values)
    return PaperTable(
        table.name, table.title, columns, table.rows, table.caption, (f"{key}.", *table.notes), table.label
    )


def _letter(number: int) -> str:
    """What stands for a model: A to Z, then AA and on."""
    first, last = divmod(number, len(_LETTERS))
    return (_letter(first - 1) if first else "") + _LETTERS[last]


def _parts(table: PaperTable) -> Iterator[_Part]:
    tall = _table_width(table, tall=False) > _WIDEST
    for columns in _blocks(table, tall):
        chosen = replace(table, columns=tuple(table.columns[at] for at in columns),
                         rows=tuple(tuple(row[at] for at in columns) for row in table.rows))  # fmt: skip
        has_intervals = any(cell.interval for row in chosen.rows for cell in row)
        is_tall = has_intervals and _table_width(chosen, tall=False) > _WIDEST
        for rows in _pages(chosen, is_tall):
            yield _Part(replace(chosen, rows=tuple(rows)), is_tall, _size(chosen, is_tall)[0])


def _size(table: PaperTable, tall: bool) -> tuple[str, int, float]:
    """The largest type in which a table's columns fit."""
    width = _table_width(table, tall)
    return next((size for size in _SIZES if width <= size[1]), _SIZES[-1])


def _pages(table: PaperTable, tall: bool) -> list[list[tuple[Cell, ...]]]:
    """Rows by page: as many as fit below the caption, and above the notes."""
    _, digits, line = _size(table, tall)
    caption = _CAPTION_LINE * (1 + len(f"{table.title} {' '.join(table.caption)}") // _CAPTION_LETTERS)
    notes = line * (1 + len(" ".join(table.notes)) // digits)
    heights = [_row_height(table, row, tall, line) for row in table.rows]
    # Both stand together where the table is in one part.
    if sum(heights) + caption + notes <= _HEIGHT:
        return [list(table.rows)]
    room = max(_HEIGHT - max(caption, notes), _LEAST)
    pages: list[list[tuple[Cell, ...]]] = [[]]
    used = 0.0
    for row, height in zip(table.rows, heights, strict=True):
        if pages[-1] and used + height > room:
            pages.append([])
            used = 0.0
        pages[-1].append(row)
        used += height
    return pages


def _row_height(table: PaperTable, row: tuple[Cell, ...], tall: bool, line: float) -> float:
    """Points of a row whose words may be broken into lines, with a line of intervals below them."""
    words = [_width(each.text) for each, column in zip(row, table.columns, strict=True) if not column.is_number]
    return line * (max((-(-width // _BROKEN) for width in words if width > _BROKEN), default=1) + tall) + _BELOW * tall


def _blocks(table: PaperTable, tall: bool) -> list[list[int]]:
    """Positions of the columns of each part: names in all, the others as many as fit."""
    names = [at for at, column in enumerate(table.columns) if column.kind == "name"]
    rest = [at for at, column in enumerate(table.columns) if column.kind != "name"]
    room = _WIDEST - sum(_column_width(table, at, tall) for at in names)
    blocks: list[list[int]] = [[]]
    used = 0.0
    for at in rest:
        width = _column_width(table, at, tall)
        if blocks[-1] and used + width > room:
            blocks.append([])
            used = 0.0
        blocks[-1].append(at)
        used += width
    return [sorted([*names, *block]) for block in blocks]


def _table_width(table: PaperTable, tall: bool) -> float:
    return sum(_column_width(table, at, tall) for at in range(len(table.columns)))


def _column_width(table: PaperTable, at: int, tall: bool) -> float:
    """Digits that a column takes, with the space to the next; its head breaks where it is the widest."""
    body = _body_width(table, at, tall)
    return max(body, *(_width(line) for line in _broken(table.columns[at].head, body))) + _GAP


def _body_width(table: PaperTable, at: int, tall: bool) -> int:
    cells = [row[at] for row in table.rows]
    number = max((_width(each.text) for each in cells), default=0)
    if table.columns[at].kind in ("name", "words"):
        return min(number, _NAME)
    interval = max((_width(each.interval) for each in cells), default=0)
    return max(number, interval) if tall else number + interval + bool(interval)


def _broken(head: str, width: int) -> list[str]:
    """A head in lines of a width, broken at spaces."""
    lines: list[str] = []
    for word in head.split() or [""]:
        if lines and _width(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def _float(part: _Part, number: int, among: int) -> str:
    table = part.table
    label = table.label if number == 1 else f"{table.label}-part-{number}"
    of = f" (part {number} of {among})" if among > 1 else ""
    if number == 1:
        said = latex_text.escaped(" ".join((f"{table.title}{of}.", *table.caption)))
    else:
        said = rf"{latex_text.escaped(f'{table.title}{of}, continued from table')}~\ref{{tab:{table.label}}}."
    notes = [rf"\par\smallskip\raggedright {latex_text.escaped(' '.join(table.notes))}"] if table.notes else []
    return "\n".join([
        r"\begin{table}[tbp]",
        r"\centering",
        rf"\caption[{{{latex_text.escaped(table.title + of)}}}]{{{said}}}",
        rf"\label{{tab:{label}}}",
        rf"{part.size}\setlength{{\tabcolsep}}{{3pt}}",
        rf"\begin{{tabular}}{{@{{}}{_specification(part)}@{{}}}}",
        r"\toprule",
        _heads(part),
        r"\midrule",
        *(_row(part, row) for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        *(notes if number == among else []),
        r"\end{table}",
    ])  # fmt: skip


def _has_intervals(table: PaperTable, at: int) -> bool:
    return any(row[at].interval for row in table.rows)


def _is_broken(part: _Part, at: int) -> bool:
    """Whether the words of a column are broken into lines."""
    is_words = part.table.columns[at].kind in ("name", "words")
    return is_words and any(_width(row[at].text) > _NAME for row in part.table.rows)


def _specification(part: _Part) -> str:
    """How columns are set: names and words to the left, numbers to the right with their intervals beside them."""
    found = []
    for at, column in enumerate(part.table.columns):
        if column.kind in ("name", "words"):
            found.append(r"p{0.3\linewidth}" if _is_broken(part, at) else "l")
        elif _has_intervals(part.table, at):
            found.append("c" if part.tall else r"r@{\ }l")
        else:
            found.append("r")
    return "".join(found)


def _heads(part: _Part) -> str:
    cells = []
    for at, column in enumerate(part.table.columns):
        lines = [latex_text.cell(line) for line in _broken(column.head, _body_width(part.table, at, part.tall))]
        both = _has_intervals(part.table, at) and not part.tall and column.kind == "value"
        side = "l" if not column.is_number else "c" if both or _has_intervals(part.table, at) else "r"
        stacked = r"\\".join(lines)
        head = stacked if len(lines) == 1 else rf"\shortstack[{side}]{{{stacked}}}"
        cells.append(rf"\multicolumn{{2}}{{c}}{{{head}}}" if both else head)
    return " & ".join(cells) + r" \\"


def _row(part: _Part, row: Sequence[Cell]) -> str:
    first, second = [], []
    for at, each in enumerate(row):
        text = latex_text.cell(each.text)
        if _is_broken(part, at):
            text = rf"{{\raggedright {text}\par}}"
        first.append(rf"\textbf{{{text}}}" if each.is_best else text)
        second.append(latex_text.cell(each.interval))
        if _has_intervals(part.table, at) and not part.tall:
            first.append(second[-1])
    if not part.tall:
        return " & ".join(first) + r" \\"
    return " & ".join(first) + r" \\" + "\n" + " & ".join(second) + r" \\[2pt]"
