"""The foot of a bundle's page: models, versions, what is not inside, what remakes the page and what checks it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.bundle.content import Content
from core.bundle.words import name, text


def foot(content: Content) -> str:
    """Models, versions, what is not inside, what remakes the page and what checks it."""
    parts = [
        _part("Models", _models(content)),
        _part("What to know of the numbers", _list(content.get("warnings") or ())),
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
