"""Words of a content as HTML: names that came with data, and sentences of which only bold is Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from core.bundle.content import Content
from core.figures.style import colour_of

#: Keeps a number and its unit on one line.
_NBSP = "\u00a0"
#: Family of views of the images as they are.
CLEAN = "clean"


def text(words: object) -> str:
    """Words as HTML, in which signs that cannot be seen, as those that turn the direction of writing, are spaces."""
    said = str(words).encode("utf-8", "backslashreplace").decode()
    return escape("".join(sign if sign.isprintable() or sign == _NBSP else " " for sign in said))


def name(words: object) -> str:
    """A name as HTML; written from right to left it turns nothing around it."""
    return f"<bdi>{text(words)}</bdi>"


def sentence(markdown: str) -> str:
    r"""Markdown of which only ``**`` and ``\`` mean something, as ``wording.escaped`` writes it, as HTML."""
    parts, bold = [], False
    for sign in re.findall(r"\\.|\*\*|[^\\*]+|.", markdown.replace("\u2060", ""), re.DOTALL):
        if sign == "**":
            parts.append("</b>" if bold else "<b>")
            bold = not bold
        else:
            parts.append(text(sign[1:] if sign[0] == "\\" and len(sign) > 1 else sign))
    return "".join(parts) + ("</b>" if bold else "")


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
    parts = [re.sub(r"<[^>]*>", "", part).replace("&lt;", "<") for part in found.split("<br>", 1)]
    return parts[0], parts[1] if len(parts) > 1 else ""
