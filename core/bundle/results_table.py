"""The table of a bundle's results: what every model got, with its interval and identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core import wording
from core.bundle.content import Content
from core.bundle.words import CLEAN, colours_of, in_order, name, part_of, text
from core.figures.style import MUTED

#: Width and height of the picture of an interval, and its margin, in pixels.
_FOREST = (96, 16, 4)


def results(content: Content) -> str:
    """The table of results: a row a model, together by benchmark and view, each with its interval and identity."""
    colours = colours_of(content)
    top = "Top-5" if content.get("policy") == "top5" else "Top-1"
    bodies = "".join(f"<tbody>{_body(rows, colours)}</tbody>" for rows in _by_benchmark(content))
    columns = {"Benchmark": "", "Model": "", top: "n", "95 % interval": "n", _SCALE: "scale", "Identity": ""}
    heads = "".join(f'<th scope="col" class="{kind}">{column}</th>' for column, kind in columns.items())
    return (
        '<section id="results"><h2>Results</h2><div class="scroller" tabindex="0" role="region" aria-label="Results">'
        f'<table class="results"><thead><tr>{heads}</tr></thead>{bodies}</table></div>{_warnings(content)}</section>'
    )


_SCALE = '<span class="unseen">Interval from 0 to 100 %</span>'


def _warnings(content: Content) -> str:
    """What a reader should know of the numbers."""
    lines = "".join(f"<li>{text(each)}</li>" for each in content.get("warnings") or ())
    return f'<ul class="warnings" aria-label="What to know of these numbers">{lines}</ul>' if lines else ""


def _by_benchmark(content: Content) -> list[list[Mapping[str, Any]]]:
    """Results of each benchmark and family of views, in the order of the page's parts."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in content["results"]:
        found.setdefault(part_of(row), []).append(row)
    return [found[part] for part in in_order(found)]


def _body(rows: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> str:
    """The results of one benchmark: over how many images stands once where it is the same for all."""
    sizes = [_size(row) for row in rows]
    common = sizes[0] if len(set(sizes)) == 1 else ""
    view = part_of(rows[0])[1]
    how = (rows[0].get("overall") or {}).get("how")
    seen = "" if view == CLEAN else f"view {name(view)}{f': {text(how)}' if how else ''}"
    small = "".join(f'<span class="note">{each}</span>' for each in (seen, common) if each)
    title = name(rows[0].get("title") or rows[0]["benchmark"])
    head = f'<th scope="rowgroup" rowspan="{len(rows)}"><span class="clamped">{title}</span>{small}</th>'
    lines = [
        _result(row, colours, "" if common else size, " first" if not at else "")
        for at, (row, size) in enumerate(zip(rows, sizes, strict=True))
    ]
    return "".join(f"<tr>{head if not at else ''}{line}</tr>" for at, line in enumerate(lines))


def _size(row: Mapping[str, Any]) -> str:
    """``4,300 images, 50 objects``; of a partial result how many of all; and how several views became one number."""
    overall = row.get("overall") or {}
    n, k = overall.get("n", row.get("n")), overall.get("n_clusters")
    said = wording.count(n, "image") if isinstance(n, int) else ""
    if isinstance(k, int) and k != n:
        said += f", {wording.clusters(k, str(overall.get('unit') or 'object'))}"
    if not row.get("complete", True):
        said = f"partial: {row.get('n') or 0:,} of {row.get('n_samples') or 0:,} images"
    return text(" · ".join(each for each in (said, overall.get("how")) if each))


def _result(row: Mapping[str, Any], colours: Mapping[str, str], size: str, first: str) -> str:
    overall = row.get("overall") or {}
    value, low, high = (overall.get(each) for each in ("value", "low", "high"))
    colour = colours.get(row["model"], MUTED)
    notes = [*([size] if size else []), *(["imported"] if row.get("imported") else [])]
    small = f'<span class="note">{" · ".join(notes)}</span>' if notes else ""
    return (
        f'<td class="model{first}"><div><span class="swatch" style="background:{colour}"></span>'
        f'<div><span class="clamped">{name(row["model"])}</span>{small}</div></div></td>'
        f'<td class="n{first}">{text(wording.percent(value))}</td>'
        f'<td class="n{first}">{text(wording.interval(low, high))}</td>'
        f'<td class="forest{first}">{_forest(value, low, high, colour)}</td>'
        f'<td class="{first.strip()}"><code>{text(str(row["identity"])[:8])}</code></td>'
    )


def _forest(value: float | None, low: float | None, high: float | None, colour: str) -> str:
    """An interval from 0 to 100 % as a line with a dot."""
    if value is None:
        return ""
    width, height, margin = _FOREST
    shares = (value, value if low is None else low, value if high is None else high)
    at = [margin + (width - 2 * margin) * share for share in shares]
    end, middle = width - margin, height / 2
    return (
        f'<svg width="{width}" height="{height}" aria-hidden="true">'
        f'<path d="M{margin},{middle}H{end}M{margin},3V{height - 3}M{end},3V{height - 3}" stroke="{MUTED}" '
        'stroke-opacity="0.4"/>'
        f'<path d="M{at[1]:.1f},{middle}H{at[2]:.1f}" stroke="{colour}" stroke-width="3" stroke-linecap="round"/>'
        f'<circle cx="{at[0]:.1f}" cy="{middle}" r="4" fill="{colour}"/></svg>'
    )
