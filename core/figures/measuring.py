"""How wide a figure's texts are, and where to break those that are too wide."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import pairwise

from PIL import ImageFont

#: What texts may be wider than measured, as another machine's fonts are.
_SLACK = 1.06
#: Points at which texts are measured.
_MEASURED_AT = 64
_TAG = re.compile(r"<[^>]*>")


def width_of(text: str, size: float) -> float:
    """Pixels of a text in a font like Helvetica; its markup has no width.

    Args:
        text: As Plotly has it.
        size: Of the font, pixels.
    """
    shown = html.unescape(_TAG.sub("", str(text)))
    return _SLACK * ImageFont.load_default(_MEASURED_AT).getlength(shown) * size / _MEASURED_AT


def unmarked(text: str) -> str:
    """A figure's text without markup, in one line; what is escaped stays so."""
    return _TAG.sub("", str(text).replace("<br>", " "))


def wrapped(text: str, size: float, most: float, n_lines: int = 0) -> list[str]:
    """A text without markup in lines no wider than ``most`` pixels; a word that is too long is broken.

    Args:
        text: In one line.
        size: Of the font, pixels.
        most: Pixels.
        n_lines: What is over goes into the last one, cut; 0 for as many as it takes.
    """
    lines: list[str] = []
    for word in unmarked(text).split(" "):
        joined = f"{lines[-1]} {word}" if lines else word
        if not lines or width_of(joined, size) > most:
            lines += _broken(word, size, most) if width_of(word, size) > most else [word]
        else:
            lines[-1] = joined
    if n_lines and len(lines) > n_lines:
        lines = [*lines[: n_lines - 1], f"{lines[n_lines - 1]}…"]
    return [line for line in lines if line.strip()]


def _broken(word: str, size: float, most: float) -> list[str]:
    """A word in pieces, broken behind a sign where there is one near the end of a line."""
    pieces, rest = [], word
    while width_of(rest, size) > most and len(rest) > 1:
        n = max(1, sum(width_of(rest[: end + 1], size) <= most for end in range(len(rest))))
        at = max((rest.rfind(sign, n // 2, n) + 1 for sign in "/-_.:@,]"), default=0) or n
        pieces.append(rest[:at])
        rest = rest[at:]
    return [*pieces, rest]


def apart(places: Sequence[float], labels: Sequence[str], size: float, gap: float = 6) -> list[int]:
    """Labels along a line that stand clear of each other: all, or every second one, every third one, and so on.

    Args:
        places: Of their middles, pixels, ascending.
        labels: At those places.
        size: Of the font, pixels.
        gap: Pixels between two.
    """
    halves = [width_of(label, size) / 2 for label in labels]
    clear = [
        step
        for step in range(1, len(places))
        if all(places[b] - halves[b] - gap >= places[a] + halves[a] for a, b in pairwise(range(0, len(places), step)))
    ]
    if not clear:
        return [0] if places else []
    # Where few more are left out for it, both ends keep theirs.
    whole = [step for step in clear if step <= 2 * clear[0] and (len(places) - 1) % step == 0]
    return list(range(0, len(places), (whole or clear)[0]))
