"""Numbers in words: percentages, intervals, points and factor values, the same in sentences, tiles and figures.

Also the one way in which words that came with data (names of models, files and folders, what a link says) become part
of Markdown, of a figure or of HTML: ``escaped``, ``code``, ``plain``, ``as_html``. Whoever shows them otherwise runs
what they say.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping

import numpy as np

from core.types import Factor

#: Factors whose values are shares of something; shown as percent.
SHARES = frozenset({"area", "pct_inside_image"})
_NOTHING = "–"
#: Keeps a number and its unit on one line.
_NBSP = "\u00a0"


#: What means something to Markdown, to GitHub's dialect of it or to Streamlit's, wherever it stands.
_SIGNS = re.compile(r"([\\`*_{}\[\]<>()#+!|~$:&^=]|-(?=[-<>])|(?<=[-<>])-)")
#: What would begin a list or a heading at the start of a line.
_STARTS = re.compile(r"^(?=[-.])|(?<=^\d)(?=[.)])|(?<=^\d\d)(?=[.)])")
#: What is made a link even where its signs are escaped; an invisible character that joins words keeps it from that.
_LINKS = re.compile(r"(?i)\b(https?|www)(?=[:.\\])|(?<=.)(?=@)")
_JOINER = "\u2060"
#: Halves of a sign that stand for no byte of a file's name.
_HALVES = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def escaped(words: object) -> str:
    """Words that are not ours as Markdown that reads exactly so, in one line."""
    text = one_line(words)
    text = _LINKS.sub(lambda found: found[0] + _JOINER, text)
    return _STARTS.sub(r"\\", _SIGNS.sub(r"\\\1", text))


def code(words: object) -> str:
    """Words that are not ours as code in Markdown, in one line."""
    text = one_line(words)
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}" if text.strip() else "` `"


def plain(words: object) -> str:
    """Words that are not ours as a figure's text, which understands some HTML."""
    return one_line(words).replace("<", "&lt;")


def as_html(words: object) -> str:
    """Words that are not ours as HTML, in one line."""
    return html.escape(one_line(words))


def readable(words: object) -> str:
    """Words that are not ours as text that can be written: bytes and halves of signs that are no text stand escaped."""
    text = _HALVES.sub(lambda found: ascii(found[0])[1:-1], str(words))
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def one_line(words: object, kept: str = "") -> str:
    """Words that are not ours as text in one line, in which signs that cannot be seen are spaces.

    Args:
        words: Of any kind.
        kept: Signs that stay all the same, such as a space at which no line breaks.
    """
    return "".join(sign if sign.isprintable() or sign in kept else " " for sign in readable(words))


#: Names of columns that can be said of one and of several.
_WORD = re.compile(r"[A-Za-z][A-Za-z -]{1,40}")


def percent(share: float | None, digits: int = 1) -> str:
    """``0.613`` as ``61.3 %``; a dash for nothing.

    What is not all is never rounded to 100 %, and what is not nothing never to 0 %: it gets a further digit, at most
    two.
    """
    if _absent(share):
        return _NOTHING
    text = f"{100 * share:.{digits}f}"
    if digits < 2 and 0 < share < 1 and float(text) in (0, 100):
        return percent(share, digits + 1)
    return f"{text}{_NBSP}%"


def interval(low: float | None, high: float | None, digits: int = 1) -> str:
    """``[59.8, 62.7]`` in percent; a dash where there is none."""
    if _absent(low) or _absent(high):
        return _NOTHING
    return f"[{_signed(100 * low, digits)}, {_signed(100 * high, digits)}]"


def points(difference: float | None, digits: int = 0) -> str:
    """A difference of two shares, ``-0.31`` as ``−31 pts``."""
    if _absent(difference):
        return _NOTHING
    rounded = round(100 * difference, digits) + 0.0
    sign = "+" if rounded > 0 else ""
    return f"{sign}{_signed(rounded, digits)}{_NBSP}pts"


def count(n: int, noun: str, plural: str = "") -> str:
    """``1 image``, ``1,228 images``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def clusters(n: int, unit: str = "object") -> str:
    """``25 cameras``: what images share, under the name that a card has for it; ``clusters`` where that is no word."""
    return f"{n:,} {_word(unit) if n == 1 else units(unit)}"


def units(unit: str = "object") -> str:
    """A cluster's name for several of them: ``cut-outs``, ``cities``, ``scene ids``."""
    word = _word(unit)
    if word[-1] == "y" and word[-2:-1] not in tuple("aeiou"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "z", "ch", "sh")) else f"{word}s"


def _word(unit: str) -> str:
    # A column may be called anything, and this is written where markup counts.
    word = " ".join(unit.replace("_", " ").split())
    return word.lower() if _WORD.fullmatch(word) else "cluster"


def duration(seconds: float) -> str:
    """``45 s``, ``3 min 20 s`` or ``2 h 05 min``."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"


def value(factor: Factor, content: object) -> str:
    """A factor's value as a reader sees it: ``6 %``, ``181°``, ``404 px``, ``koala``, ``yes``; a set's in a row."""
    if not factor.is_number or content is None:
        return row_name(content)
    number = float(content)  # type: ignore[arg-type]
    if math.isnan(number):
        return _NOTHING
    if factor.name in SHARES:
        return f"{100 * number:.3g}{_NBSP}%"
    # A degree stands at its number, as all other units do not.
    between = "" if factor.unit in ("", "°") else _NBSP
    return f"{number:.4g}{between}{factor.unit}"


def row_name(content: object) -> str:
    """What stands beside a row of a figure or table: a text as it is, ``yes`` and ``no``, a dash for nothing."""
    if isinstance(content, list | np.ndarray):
        return ", ".join(map(str, content))
    if isinstance(content, bool | np.bool_):
        return "yes" if content else "no"
    missing = content is None or (isinstance(content, float) and math.isnan(content))
    return _NOTHING if missing else str(content)


def short_label(factor: Factor) -> str:
    """What stands before a value: ``x``, ``area``, ``rotation``."""
    known = {"x": "x", "y": "y", "area": "area", "angle_deg": "rotation", "yaw_deg": "yaw"}
    return known.get(factor.name, factor.label.lower())


def linked(text: str) -> str:
    """A text as HTML in which addresses of the web can be clicked."""
    parts = re.split(r"(https?://[^\s)>,]*[^\s)>,.:;])", text)
    return "".join(
        f'<a href="{html.escape(part)}" target="_blank" rel="noopener noreferrer">{html.escape(part)}</a>'
        if number % 2
        else html.escape(part)
        for number, part in enumerate(parts)
    )


#: What is added of another crop than that of the middle.
_CROP_MODES = {"squash": ", squashed", "border": ", padded"}


def preprocessing(transform: Mapping[str, object]) -> str:
    """What a model's images went through: ``224 px, bicubic, crop 0.9``; imported predictions do not say.

    ``256 px, bicubic, crop 1, squashed`` where both sides are made so long, whatever the image's shape.
    """
    if not transform:
        return "preprocessing unknown"
    size = transform["input_size"]
    how = _CROP_MODES.get(str(transform.get("crop_mode", "center")).partition("-")[0], "")
    return f"{size[-1]} px, {transform['interpolation']}, crop {transform['crop_pct']:g}{how}"  # type: ignore[index]


def weights(fingerprint: str, is_file: bool) -> str:
    """``weights 1a2b3c4d``; ``file 1a2b3c4d`` of imported predictions, of whose weights nothing is known."""
    return f"{'file' if is_file else 'weights'} {fingerprint[:8]}"


def _absent(number: float | None) -> bool:
    return number is None or math.isnan(number)


def _signed(number: float, digits: int) -> str:
    """With a true minus sign, and never a minus zero."""
    text = f"{number:.{digits}f}"
    if float(text) == 0:
        text = f"{0:.{digits}f}"
    return text.replace("-", "−")


#: Rows and columns of a 3 x 3 grid.
ANCHOR_ROWS, ANCHOR_COLUMNS = ("top", "middle", "bottom"), ("left", "middle", "right")


def anchor_name(row: int, col: int) -> str:
    """``top left``, ``top``, ``middle``, ...: a cell of a 3 x 3 grid by its row and column, 0 to 2."""
    if not (0 <= row < len(ANCHOR_ROWS) and 0 <= col < len(ANCHOR_COLUMNS)):
        # A link may ask for any.
        return f"row {row}, column {col}"
    if row == col == 1:
        return "middle"
    parts = (ANCHOR_ROWS[row] if row != 1 else "", ANCHOR_COLUMNS[col] if col != 1 else "")
    return " ".join(part for part in parts if part)
