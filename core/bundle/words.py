"""Words of a content as HTML: names that came with data, and sentences of which only bold is Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from core.bundle.content import Content
from core.figures.measuring import unmarked
from core.figures.style import colour_of
from core.wording import one_line

#: Keeps a number and its unit on one line.
_NBSP = "\u00a0"
#: Family of views of the images as they are.
CLEAN = "clean"


def text(words: object) -> str:
    """Words as HTML, in which signs that cannot be seen, as those that turn the direction of writing, are spaces."""
    return escape(one_line(words, kept=_NBSP))


def name(words: object) -> str:
    """A name as HTML; written from right to left it turns nothing around it."""
    return f"<bdi>{text(words)}</bdi>"


#: Bold, code between as many backticks on both sides, an escaped sign, or plain text.
_SIGNS = re.compile(r"\\(?P<sign>.)|(?P<bold>\*\*)|(?P<fence>`+)(?P<code>.+?)(?P=fence)(?!`)|[^\\*`]+|.", re.DOTALL)


def sentence(markdown: str) -> str:
    """Markdown of which only bold, code and escapes mean something, as ``core.wording`` writes it, as HTML."""
    parts, is_bold = [], False
    for found in _SIGNS.finditer(markdown.replace("\u2060", "")):
        if found["bold"]:
            parts.append("</b>" if is_bold else "<b>")
            is_bold = not is_bold
        elif found["code"]:
            inside = found["code"]
            padded = inside[0] == inside[-1] == " " and inside.strip()
            parts.append(f"<code>{text(inside[1:-1] if padded else inside)}</code>")
        else:
            parts.append(text(found["sign"] or found[0]))
    return "".join(parts) + ("</b>" if is_bold else "")


def part_of(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Benchmark and family of views of a result, headline or exhibit: the part of the page that it stands in."""
    return str(entry["benchmark"]), str(entry.get("view") or CLEAN)


def in_order(parts: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Parts of the page: benchmarks as they come, of each the whole images before other views."""
    benchmarks = list(dict.fromkeys(benchmark for benchmark, _ in parts))
    return sorted(dict.fromkeys(parts), key=lambda part: (benchmarks.index(part[0]), part[1] != CLEAN))


def colours_of(content: Content) -> dict[str, str]:
    """Colour by model, as in the figures."""
    labels = [str(model["label"]) for model in content["models"]]
    return colour_of(labels, labels)


def heading(layout: Mapping[str, Any]) -> tuple[str, str]:
    """Title and subtitle of a figure, as plain text; they are Plotly's markup in it."""
    found = (layout.get("title") or {}).get("text") or ""
    parts = [unmarked(part).replace("&lt;", "<") for part in found.split("<br>", 1)]
    return parts[0], parts[1] if len(parts) > 1 else ""
