"""The profile as a small picture in a file, as SVG: for a model's card, drawn without a browser."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from core.answers.profile_lines import Line
from core.figures.profile import change_of, lanes_of, name_of, shown
from core.figures.style import DARK_INK, MUTED, faded

#: Pixels: the whole, and where the axis from 0 to 100 % begins and ends; a lane, between rows, above the first.
_WIDTH, _LEFT, _RIGHT = 640, 214, 520
_LANE, _GAP, _TOP = 20, 9, 54
#: Rows at most.
_MOST = 12
#: Signs that no XML file may hold.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_GRID = "#DFDACF"


def profile_svg(lines: Sequence[Line], colours: Mapping[str, str]) -> str:
    """A row a factor, as ``core.figures.profile`` draws them, dark on white whatever the page behind it.

    Args:
        lines: Of ``core.answers.profile``; those without a number are left out.
        colours: By model.

    Returns:
        A whole file; names in it are text and nothing else.
    """
    there = shown(lines, _MOST)
    models = list(dict.fromkeys(each.model for line in there for each in lanes_of(line)))
    parts, at = [], float(_TOP)
    for line in there:
        for each in lanes_of(line):
            parts.append(_lane(each, line, at + _LANE / 2, colours[each.model], len(models) > 1))
            at += _LANE
        at += _GAP
    height = round(at + 34)
    head = _text(12, 20, "Accuracy at the best (bar) and the worst setting (dot) of each factor", 13, weight=600)
    two = " · ≠: the two differ at their worst" if len(models) > 1 else ""
    below = "thin line: 95 % interval of the drop, which holds for all settings of the factor at once"
    head += _text(12, 37, below + two, 11, MUTED)
    names = "".join(
        f'<circle cx="{18 + 300 * number}" cy="{height - 8}" r="4" fill="{colours[model]}"/>'
        + _text(28 + 300 * number, height - 4, _cut(model, 44), 11)
        for number, model in enumerate(models)
    )
    label = quoteattr(f"Where {_clean(models[0])} breaks" if models else "No factor has a number yet")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" aria-label={label} font-family="Helvetica, Arial, sans-serif">'
        f'<rect width="{_WIDTH}" height="{height}" rx="6" fill="#FFFFFF"/>'
        f"{head}{_grid(at)}{''.join(parts)}{names}</svg>\n"
    )


def _x(share: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * min(max(share, 0.0), 1.0)


def _grid(end: float) -> str:
    lines = "".join(
        f'<line x1="{_x(share):.1f}" x2="{_x(share):.1f}" y1="{_TOP - 4}" y2="{end - _GAP + 3:.1f}" stroke="{_GRID}"/>'
        + _text(_x(share), end + 4, f"{share:.0%}", 10, MUTED, "middle")
        for share in (0.0, 0.5, 1.0)
    )
    return lines


def _lane(line: Line, first: Line, y: float, colour: str, in_colour: bool) -> str:
    ink = colour if in_colour else DARK_INK
    clean, worst, low, high = (_x(share) for share in (line.clean, line.worst, line.clean + line.low,
                                                       line.clean + line.high))  # fmt: skip
    fill = colour if line.high < 0 or line.low > 0 else "#FFFFFF"
    mark = {
        "cues": f'<rect x="{worst - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"',
        "zoom": f'<rect x="{worst - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" '
        f'transform="rotate(45 {worst:.1f} {y:.1f})"',
    }.get(line.kind, f'<circle cx="{worst:.1f}" cy="{y:.1f}" r="5"')
    return (
        _text(_LEFT - 10, y + 4, _clean(name_of(line, first)), 12, ink, "end")
        + f'<line x1="{clean:.1f}" x2="{worst:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{faded(colour, 0.35)}" '
        f'stroke-width="5"/><line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{MUTED}" '
        f'stroke-width="1.3"/><line x1="{clean:.1f}" x2="{clean:.1f}" y1="{y - 7:.1f}" y2="{y + 7:.1f}" '
        f'stroke="{colour}" stroke-width="2.4"/>{mark} fill="{fill}" stroke="{colour}" stroke-width="1.8"/>'
        + _text(_RIGHT + 12, y + 4, change_of(line, first), 11, ink)
    )


def _text(
    x: float, y: float, words: str, size: int, colour: str = DARK_INK, anchor: str = "start", weight: int = 400
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}"'
    return f"<text {place}>{escape(_clean(words))}</text>"


def _clean(words: object) -> str:
    """Words that are not ours as one line of what XML may hold."""
    text = str(words).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return " ".join(_NOT_XML.sub(" ", text).split())


def _cut(words: str, longest: int) -> str:
    text = _clean(words)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
