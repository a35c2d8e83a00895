"""What stands in a bundle's page before a script has run: sentences and the places of figures.

The words are those of a content, whose names came with data: each is escaped here, where it becomes HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from core.bundle.content import Content
from core.bundle.words import CLEAN, colours_of, heading, in_order, name, part_of, sentence, text
from core.figures.style import MUTED

#: Pixels above a plot that are for its title, and those of them that a line of heads needs.
_TITLE_PX, _HEADS_PX = 46, 18
#: Pixels of the left axis, of the height and of the names of columns, from which on a figure gets a row of its own.
_WIDE_LEFT, _TALL, _NARROW = 130, 620, 300
#: Width of a sign of an axis, about.
_SIGN_PX = 5.8
#: Benchmark of what is of several.
_ACROSS = ""
_VERDICTS = {
    "different": "different",
    "equivalent": "equivalent",
    "unclear": "not decided",
    "few": "too few to say",
    "partial": "partial result",
}
#: Verdicts of headlines, the one that the page begins with first.
_STRONGEST = ("different", "finding", "equivalent", "unclear")


def parts_of_page(content: Content) -> list[tuple[tuple[str, str], str]]:
    """Each part of the page, with its title as HTML: what is of several benchmarks, then each benchmark and view."""
    titles = {result["benchmark"]: result.get("title") or result["benchmark"] for result in content["results"]}
    named = [part_of(each) for each in (*content["exhibits"], *content["headlines"])]
    every = in_order([*map(part_of, content["results"]), *named])
    found = [part for part in every if part in named and part[0] != _ACROSS]
    across = [
        part for part in every if part[0] == _ACROSS and any(part_of(each) == part for each in content["exhibits"])
    ]
    return [(part, _title(part, titles)) for part in (*across, *found)]


def _title(part: tuple[str, str], titles: Mapping[str, str]) -> str:
    benchmark, view = part
    title = "All benchmarks" if benchmark == _ACROSS else name(titles.get(benchmark, benchmark))
    return title if view == CLEAN else f'{title} <span class="view">view {name(view)}</span>'


def contents(content: Content) -> str:
    """The list of what is on the page, as links to it."""
    items = ['<li><a href="#results">Results</a></li>']
    for place, (part, title) in enumerate(parts_of_page(content)):
        exhibits = [each for each in content["exhibits"] if part_of(each) == part]
        parts = "".join(
            f'<li><a href="#figure-{_place(content, each)}">{name(each["title"])}</a></li>'
            for _, (each, *_rest) in groupby(exhibits, lambda each: each["name"])
        )
        items.append(f'<li><a href="#part-{place}">{title}</a>{f"<ol>{parts}</ol>" if parts else ""}</li>')
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
    lead, parts = headlines[verdicts.index(kind)], parts_of_page(content)
    place, title = next((at, title) for at, (part, title) in enumerate(parts) if part == part_of(lead))
    if len(parts) == 1:
        return _headline(lead, "lead")
    return _headline(lead, "lead", f' <a class="where" href="#part-{place}">{title}</a>')


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


def sections(content: Content) -> str:
    """A section for each benchmark and view: what was found, then the figures."""
    # What was said once is not said again under each figure that says it too.
    told, parts = {each["text"] for each in content["headlines"]}, []
    for place, (part, title) in enumerate(parts_of_page(content)):
        said = [_headline(each) for each in content["headlines"] if part_of(each) == part and part[0] != _ACROSS]
        shown = []
        for exhibit in content["exhibits"]:
            if part_of(exhibit) == part:
                finding = exhibit.get("finding") or ""
                shown.append(_exhibit(content, exhibit, "" if finding in told else finding))
                told.add(finding)
        figures = f'<div class="figures"><div class="grid-of-figures">{"".join(shown)}</div></div>' if shown else ""
        parts.append(f'<section class="part" id="part-{place}"><h2>{title}</h2>{"".join(said)}{figures}</section>')
    return "".join(parts)


def _place(content: Content, exhibit: Mapping[str, Any]) -> int:
    return next(at for at, each in enumerate(content["exhibits"]) if each is exhibit)


def _exhibit(content: Content, exhibit: Mapping[str, Any], finding: str) -> str:
    """Where a figure is drawn, with all that is said of it; its table is made when it is opened."""
    layout, model, place = (
        exhibit["figure"].get("layout") or {},
        str(exhibit.get("model") or ""),
        _place(content, exhibit),
    )
    title, small = heading(layout)
    title = title or str(exhibit["title"])
    small = " · ".join(each for each in small.split(" · ") if each != model)
    over, place = _above(layout), _place(content, exhibit)
    height = int(layout.get("height") or 400) - over
    said = f'<p class="finding">{sentence(finding)}</p>' if finding else ""
    notes = "".join(f'<p class="note">{text(note)}</p>' for note in exhibit.get("notes") or ())
    table = (
        '<div class="under no-print"><details><summary>Table</summary></details>'
        f'<button type="button" class="plain" data-csv aria-label="CSV of {text(title)}">CSV</button></div>'
    )
    return (
        f'<figure class="exhibit{" wide" if _is_wide(exhibit["figure"]) else ""}" id="figure-{place}" '
        f'data-exhibit="{text(exhibit["id"])}" data-above="{over}">'
        f'<figcaption><h3>{name(title)}{_of(model, content)}</h3><p class="sub">{text(small)}</p></figcaption>'
        f'<div class="plot" style="height:{height}px"><p class="wait">'
        "The figure is drawn by a script, which this browser does not run.</p></div>"
        f"{said}{notes}{table if exhibit.get('csv') else ''}</figure>"
    )


def _above(layout: Mapping[str, Any]) -> int:
    """Pixels that are taken off above a plot: those of its title, which stands in the page instead.

    What is written between the two, as heads of columns, keeps its line.
    """
    if not (layout.get("title") or {}).get("text"):
        return 0
    heads = [
        each for each in layout.get("annotations") or () if each.get("yref") == "paper" and (each.get("y") or 0) >= 1
    ]
    return _TITLE_PX - (_HEADS_PX if heads else 0)


def _is_wide(figure: Mapping[str, Any]) -> bool:
    """Whether a figure needs a row of its own: for the names of its rows or columns, or for its height."""
    layout = figure.get("layout") or {}
    rows = [str(each) for each in (layout.get("yaxis") or {}).get("ticktext") or ()]
    left = max([int((layout.get("margin") or {}).get("l") or 0), *(round(_SIGN_PX * len(each)) for each in rows)])
    columns = [str(each) for each in (layout.get("xaxis") or {}).get("ticktext") or ()]
    across = sum(_SIGN_PX * len(each) + 8 for each in columns)
    turned = (layout.get("xaxis") or {}).get("tickangle")
    return left > _WIDE_LEFT or int(layout.get("height") or 0) > _TALL or (across > _NARROW and not turned)


def _of(model: str, content: Content) -> str:
    """Whose figure it is, where each model has one of its own."""
    if not model:
        return ""
    colour = colours_of(content).get(model, MUTED)
    return f' <span class="of"><span class="swatch" style="background:{colour}"></span>{name(model)}</span>'
