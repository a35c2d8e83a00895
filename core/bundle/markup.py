"""What stands in a bundle's page before a script has run: sentences, results, places of figures, and the foot.

The words are those of a content, whose names came with data: each is escaped here, where it becomes HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from core import wording
from core.bundle.content import Content
from core.figures.style import MUTED, colour_of

#: Pixels above a plot that are for its title, which stands in the page instead; ``figures.js`` takes them off.
TITLE_PX = 46
#: Pixels of the left axis, and of the height, from which on a figure gets a row of its own.
_WIDE_LEFT, _TALL = 130, 620
#: Benchmark of what is of several.
_ACROSS = ""
_VERDICTS = {
    "different": "different",
    "equivalent": "equivalent",
    "unclear": "not decided",
    "few": "too few to say",
    "partial": "partial result",
}
#: Keeps a number and its unit on one line.
_NBSP = "\u00a0"
#: Verdicts of headlines, the one that the page begins with first.
_STRONGEST = ("different", "finding", "equivalent", "unclear")
#: Width and height of the picture of an interval, and its margin, in pixels.
_FOREST = (96, 16, 4)


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


def colours_of(content: Content) -> dict[str, str]:
    """Colour by model, as in the figures."""
    labels = [str(model["label"]) for model in content["models"]]
    return colour_of(labels, labels)


def sections_of(content: Content) -> list[tuple[str, str]]:
    """Key and title of each part of the page in order: what is of several benchmarks, then each of these."""
    titles = {result["benchmark"]: result.get("title") or result["benchmark"] for result in content["results"]}
    named = [each["benchmark"] for each in (*content["exhibits"], *content["headlines"])]
    keys = list(dict.fromkeys([*titles, *named]))
    shown = [key for key in keys if key != _ACROSS and key in named]
    across = [_ACROSS] if any(each["benchmark"] == _ACROSS for each in content["exhibits"]) else []
    return [(key, "All benchmarks" if key == _ACROSS else titles.get(key, key)) for key in (*across, *shown)]


def contents(content: Content) -> str:
    """The list of what is on the page, as links to it."""
    items = ['<li><a href="#results">Results</a></li>']
    for place, (key, title) in enumerate(sections_of(content)):
        exhibits = [each for each in content["exhibits"] if each["benchmark"] == key]
        parts = "".join(
            f'<li><a href="#figure-{_place(content, each)}">{name(each["title"])}</a></li>'
            for _, (each, *_rest) in groupby(exhibits, lambda each: (each["name"], each.get("view")))
        )
        items.append(f'<li><a href="#part-{place}">{name(title)}</a>{f"<ol>{parts}</ol>" if parts else ""}</li>')
    items.append('<li><a href="#foot">How it was made</a></li>')
    return (
        '<nav class="contents" aria-label="Contents"><details open><summary>Contents</summary>'
        f"<ol>{''.join(items)}</ol></details></nav>"
    )


def head(content: Content) -> str:
    """Title, the sentences over all benchmarks, or else the first one, and the models with their colours."""
    colours = colours_of(content)
    models = "".join(
        f'<li><span class="swatch" style="background:{colours[model["label"]]}"></span>{name(model["label"])}</li>'
        for model in content["models"]
    )
    return (
        f'<header><p class="wordmark">{_MARK}Offcenter · {text(_day(content["made"]))}</p>'
        f"<h1>{name(content['title'])}</h1>{_leads(content)}"
        f'<ul class="models" aria-label="Models">{models}</ul></header>'
    )


def _leads(content: Content) -> str:
    """The sentences that the page begins with: those over all benchmarks, else the one that claims most."""
    headlines = content["headlines"]
    across = [each for each in headlines if each["benchmark"] == _ACROSS]
    if across or not headlines:
        return "".join(_headline(each, "lead") for each in across)
    verdicts = [str(each.get("verdict") or "") for each in headlines]
    kind = next((each for each in _STRONGEST if each in verdicts), verdicts[0])
    lead, parts = headlines[verdicts.index(kind)], sections_of(content)
    place, title = next((at, title) for at, (key, title) in enumerate(parts) if key == lead["benchmark"])
    if len(parts) == 1:
        return _headline(lead, "lead")
    return _headline(lead, "lead", f' <a class="where" href="#part-{place}">{name(title)}</a>')


#: The wordmark's sign.
_MARK = (
    '<svg width="20" height="20" viewBox="0 0 24 24" aria-hidden="true"><rect x="1.5" y="1.5" width="21" height="21" '
    'rx="5" fill="none" stroke="#2F6DB5" stroke-width="2.4"/><circle cx="15.4" cy="15.2" r="3.7" fill="#D9772B"/></svg>'
)


def _day(made: object) -> str:
    return str(made)[:10]


def _headline(headline: Mapping[str, Any], kind: str = "finding", more: str = "") -> str:
    verdict = str(headline.get("verdict") or "")
    said = _VERDICTS.get(verdict)
    chip = f' <span class="verdict {verdict}">{said}</span>' if said else ""
    return f'<p class="{kind}">{sentence(headline["text"])}{chip}{more}</p>'


def results(content: Content) -> str:
    """The table of results: a row a model, together by benchmark and view, each with its interval and identity."""
    colours = colours_of(content)
    top = "Top-5" if content.get("policy") == "top5" else "Top-1"
    bodies = "".join(
        f"<tbody>{''.join(_result(each, colours, len(rows) if not at else 0) for at, each in enumerate(rows))}</tbody>"
        for rows in _by_benchmark(content["results"])
    )
    columns = {
        "Benchmark": "",
        "Model": "",
        top: "n",
        "95 % interval": "n",
        _SCALE: "scale",
        "Images": "n",
        "Identity": "",
    }
    heads = "".join(f'<th scope="col" class="{kind}">{column}</th>' for column, kind in columns.items())
    return (
        '<section id="results"><h2>Results</h2><div class="scroller" tabindex="0" role="region" aria-label="Results">'
        f'<table class="results"><thead><tr>{heads}</tr></thead>{bodies}</table></div></section>'
    )


_SCALE = '<span class="unseen">Interval from 0 to 100 %</span>'


def _by_benchmark(rows: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["benchmark"], row.get("view") or ""), []).append(row)
    return list(found.values())


def _result(row: Mapping[str, Any], colours: Mapping[str, str], span: int) -> str:
    overall = row.get("overall") or {}
    value, low, high = (overall.get(each) for each in ("value", "low", "high"))
    colour = colours.get(row["model"], MUTED)
    n = _count(overall.get("n", row.get("n")))
    if overall.get("n_clusters") not in (None, overall.get("n")):
        n += f'<br><span class="note">{text(wording.clusters(overall["n_clusters"], _unit(overall)))}</span>'
    notes = [] if row.get("complete", True) else [f"partial: {_count(row.get('n'))} of {_count(row.get('n_samples'))}"]
    notes += ["imported"] if row.get("imported") else []
    small = f'<span class="note">{", ".join(notes)}</span>' if notes else ""
    view = row.get("view") or "clean"
    seen = "" if view == "clean" else f'<br><span class="note">{name(view)}</span>'
    first = " first" if span else ""
    title = name(row.get("title") or row["benchmark"])
    return (
        "<tr>"
        + (f'<th scope="rowgroup" rowspan="{span}"><span class="clamped">{title}</span>{seen}</th>' if span else "")
        + f'<td class="model{first}"><div><span class="swatch" style="background:{colour}"></span>'
        f'<div><span class="clamped">{name(row["model"])}</span>{small}</div></div></td>'
        f'<td class="n{first}">{text(wording.percent(value))}</td>'
        f'<td class="n{first}">{text(wording.interval(low, high))}</td>'
        f'<td class="forest{first}">{_forest(value, low, high, colour)}</td>'
        f'<td class="n{first}">{n}</td>'
        f'<td class="{first.strip()}"><code>{text(str(row["identity"])[:8])}</code></td></tr>'
    )


def _unit(overall: Mapping[str, Any]) -> str:
    return str(overall.get("unit") or "object")


def _count(n: object) -> str:
    return f"{n:,}" if isinstance(n, int) else "–"


def _forest(value: float | None, low: float | None, high: float | None, colour: str) -> str:
    """An interval from 0 to 100 % as a line with a dot."""
    if value is None:
        return ""
    width, height, margin = _FOREST
    at = [margin + (width - 2 * margin) * share for share in (value, value if low is None else low, high or value)]
    end, middle = width - margin, height / 2
    return (
        f'<svg width="{width}" height="{height}" aria-hidden="true">'
        f'<path d="M{margin},{middle}H{end}M{margin},3V{height - 3}M{end},3V{height - 3}" stroke="{MUTED}" '
        'stroke-opacity="0.4"/>'
        f'<path d="M{at[1]:.1f},{middle}H{at[2]:.1f}" stroke="{colour}" stroke-width="3" stroke-linecap="round"/>'
        f'<circle cx="{at[0]:.1f}" cy="{middle}" r="4" fill="{colour}"/></svg>'
    )


def sections(content: Content) -> str:
    """A section for each benchmark: what it found, then its figures."""
    parts = []
    for place, (key, title) in enumerate(sections_of(content)):
        said = [each for each in content["headlines"] if each["benchmark"] == key != _ACROSS]
        shown = [_exhibit(content, each) for each in content["exhibits"] if each["benchmark"] == key]
        figures = f'<div class="figures"><div class="grid-of-figures">{"".join(shown)}</div></div>' if shown else ""
        parts.append(
            f'<section class="part" id="part-{place}"><h2>{name(title)}</h2>'
            f"{''.join(map(_headline, said))}{figures}</section>"
        )
    return "".join(parts)


def _place(content: Content, exhibit: Mapping[str, Any]) -> int:
    return next(at for at, each in enumerate(content["exhibits"]) if each is exhibit)


def _exhibit(content: Content, exhibit: Mapping[str, Any]) -> str:
    """Where a figure is drawn, with all that is said of it; its table is made when it is opened."""
    layout = exhibit["figure"].get("layout") or {}
    title, small = heading(layout)
    title = title or str(exhibit["title"])
    margin, height = layout.get("margin") or {}, int(layout.get("height") or 400)
    left = max(int(margin.get("l") or 0), _longest_tick(layout))
    wide = " wide" if left > _WIDE_LEFT or height > _TALL or exhibit.get("wide") else ""
    height -= TITLE_PX if (layout.get("title") or {}).get("text") else 0
    view = exhibit.get("view") or "clean"
    model = str(exhibit.get("model") or "")
    parts = [each for each in small.split(" · ") if each != model] + ([] if view == "clean" else [f"view {view}"])
    small = " · ".join(each for each in parts if each)
    place = _place(content, exhibit)
    finding = f'<p class="finding">{sentence(exhibit["finding"])}</p>' if exhibit.get("finding") else ""
    notes = "".join(f'<p class="note">{text(note)}</p>' for note in exhibit.get("notes") or ())
    table = (
        '<div class="under no-print"><details><summary>Table</summary></details>'
        f'<button type="button" class="plain" data-csv aria-label="CSV of {text(title)}">CSV</button></div>'
    )
    return (
        f'<figure class="exhibit{wide}" id="figure-{place}" data-exhibit="{text(exhibit["id"])}">'
        f'<figcaption><h3>{name(title)}{_of(model, content)}</h3><p class="sub">{text(small)}</p></figcaption>'
        f'<div class="plot" style="height:{height}px"><p class="wait">'
        "The figure is drawn by a script, which this browser does not run.</p></div>"
        f"{finding}{notes}{table if exhibit.get('csv') else ''}</figure>"
    )


def _of(model: str, content: Content) -> str:
    """Whose figure it is, where each model has one of its own."""
    if not model:
        return ""
    colour = colours_of(content).get(model, MUTED)
    return f' <span class="of"><span class="swatch" style="background:{colour}"></span>{name(model)}</span>'


def heading(layout: Mapping[str, Any]) -> tuple[str, str]:
    """Title and subtitle of a figure, as plain text; they are Plotly's markup in it."""
    found = (layout.get("title") or {}).get("text") or ""
    parts = [re.sub(r"<[^>]*>", "", part).replace("&lt;", "<") for part in found.split("<br>", 1)]
    return parts[0], parts[1] if len(parts) > 1 else ""


def _longest_tick(layout: Mapping[str, Any]) -> int:
    names = (layout.get("yaxis") or {}).get("ticktext") or ()
    return round(5.8 * max((len(str(each)) for each in names), default=0))


def foot(content: Content) -> str:
    """Models, versions, what is not inside, what remakes the page and what checks it."""
    parts = [
        _part("Models", _models(content)),
        _part("What is not inside", _list(content.get("left_out") or ())),
        _part("Made with", _list(_versions(content))),
        _part("Make it again", _command("command", content["command"]) if content.get("command") else ""),
        _part("Check it", _command("check", "python -m core verify", "data-check") + _digest(content)),
    ]
    return (
        '<footer><section id="foot"><h2>How it was made</h2>'
        f'{"".join(parts)}<p class="note printed" data-address></p></section></footer>'
    )


def _part(title: str, body: str) -> str:
    return f"<div><h3>{title}</h3>{body}</div>" if body else ""


def _list(items: Iterable[str]) -> str:
    lines = "".join(f"<li>{text(each)}</li>" for each in items)
    return f'<ul class="small">{lines}</ul>' if lines else ""


def _models(content: Content) -> str:
    lines = []
    for model in content["models"]:
        said = [model.get(each) for each in ("source", "architecture", "preprocessing", "head")]
        said = [each for each in said if each != model["label"]]
        said += [f"weights {str(model['fingerprint'])[:8]}" if model.get("fingerprint") else ""]
        notes = model.get("notes") or ()
        said += [notes] if isinstance(notes, str) else list(notes)
        lines.append(f"<dt>{name(model['label'])}</dt><dd>{' · '.join(name(each) for each in said if each)}</dd>")
    return f'<dl class="facts">{"".join(lines)}</dl>' if lines else ""


def _versions(content: Content) -> list[str]:
    """Versions of libraries by the results that were made with them; one line where all are of the same."""
    kinds: dict[str, list[str]] = {}
    for result in content["results"]:
        said = ", ".join(f"{library} {version}" for library, version in (result.get("versions") or {}).items())
        precision = result.get("precision")
        said = "; ".join(each for each in (said, f"precision {precision}" if precision else "") if each)
        if said:
            kinds.setdefault(said, []).append(f"{result['model']} on {result['benchmark']}")
    lines = [f"This page: Offcenter {content['offcenter']}, {content['made']}"]
    if len(kinds) == 1:
        return [*lines, f"Results: {next(iter(kinds))}"]
    return [*lines, *(f"{said}: {_some(of)}" for said, of in kinds.items())]


def _some(items: Sequence[str], most: int = 4) -> str:
    return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")


def _command(kind: str, command: object, more: str = "") -> str:
    return (
        f'<div class="command"><code {more}>{text(command)}</code>'
        f'<button type="button" class="plain" data-copy aria-label="Copy the {kind}">Copy</button></div>'
    )


def _digest(content: Content) -> str:
    found = content.get("digest")
    said = "It compares the page's numbers with the stored results, and its content with its digest"
    return f'<p class="small muted">{said}{f": <code>{text(found)}</code>" if found else ""}.</p>'
