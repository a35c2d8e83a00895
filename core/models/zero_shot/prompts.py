"""Prompts by name or from a user's file: templates with a place for the name of a class.

Published sets are data, ``data/embedded/prompts``, each with its source. A user's own are kept in the data folder by
their content, so that a result stays one of the same prompts wherever their file goes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from core import paths
from core.errors import UsageError, nearest
from core.models.zero_shot.lists import PROMPT, read_list, require_different, require_texts, shown

#: The set that is taken where nobody says: it is better than one prompt, and twelve times as fast as eighty.
DEFAULT = "simple-7"
#: The place of a class's name in a template; users may also write ``{class}``.
PLACE = "{}"
_ALSO = "{class}"
#: Templates of a set; the longest published one has 80.
_MOST = 1_000
FOLDER = paths.EMBEDDED / "prompts"
_OWN = re.compile(r"own-[0-9a-f]{12}")
#: Letters of the key of a user's own texts that results are called by.
SHOWN = 10


@dataclass(frozen=True)
class Prompts:
    """A set of prompts.

    Attributes:
        key: What to type: a published name, or ``own-<digits>`` for what is kept of a user's.
        name: For legends and folders: the key, of a user's own its begin.
        templates: Each with one or more places ``{}``.
        source: Where it is published; for a user's own what it was read from.
        title: In words.
        files: What decides it on this machine.
    """

    key: str
    name: str
    templates: tuple[str, ...]
    source: str = ""
    title: str = ""
    files: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return len(self.templates)


def filled(template: str, name: str) -> str:
    """A template with the name of a class in its place."""
    return template.replace(PLACE, name)


@cache
def prompt_sets() -> dict[str, Prompts]:
    """The published sets by name, those with few prompts first."""
    found = []
    for path in FOLDER.glob("*.json"):
        content = paths.load_json(path)
        templates = tuple(content["templates"])
        found.append(Prompts(path.stem, path.stem, templates, content["source"], content["title"], (path,)))
    return {each.key: each for each in sorted(found, key=lambda each: (len(each), each.key))}


def prompts_of(asked: str) -> Prompts:
    """The prompts that an option means.

    Args:
        asked: Name of a published set, ``own-<digits>``, or a file: a template a line, a JSON list of them, or a set as
            the published ones are written.

    Raises:
        UsageError: If it is none of these, or the file holds what are no templates.
        StoreError: If a user's own cannot be kept.
    """
    if asked in prompt_sets():
        return prompt_sets()[asked]
    if _OWN.fullmatch(asked):
        return _kept(asked)
    path = paths.place(asked) if asked.strip() else None
    if path is None or not path.exists():
        known = ", ".join(prompt_sets())
        raise UsageError(
            f"prompts {shown(asked)} are unknown, and there is no such file.{nearest(asked, prompt_sets())} "
            f"Known: {known}; or give a file with a prompt a line, each with {PLACE} where the class is named."
        )
    templates = checked(read_list(path, PROMPT, _MOST), str(path))
    published = next((each for each in prompt_sets().values() if each.templates == templates), None)
    return replace(published, files=(path, *published.files)) if published else _keep(templates, path)


def checked(templates: Sequence[str], where: str) -> tuple[str, ...]:
    """Templates with ``{}`` for their place.

    Args:
        templates: As a user wrote them.
        where: What to name in an error.

    Raises:
        UsageError: If one has no place, or another one than that of a class.
    """
    found = []
    for number, template in enumerate(templates, 1):
        plain = template.replace(_ALSO, PLACE)
        rest = plain.replace(PLACE, "")
        if PLACE not in plain or "{" in rest or "}" in rest:
            fault = "has braces that are no place of a class" if PLACE in plain else "has no place for the class"
            raise UsageError(f"{where}: prompt {number:,}, '{template}', {fault}: write it as 'a photo of a {PLACE}.'.")
        found.append(plain)
    require_texts(found, where, PROMPT)
    require_different(found, where, PROMPT)
    return tuple(found)


def _own_key(templates: Sequence[str]) -> str:
    return "own-" + hashlib.sha256(json.dumps(list(templates)).encode()).hexdigest()[:12]


def own_file(key: str) -> Path:
    """Where a user's own prompts are kept."""
    return paths.data_home() / "own" / "prompts" / f"{key}.json"


def _keep(templates: tuple[str, ...], path: Path) -> Prompts:
    key = _own_key(templates)
    kept = own_file(key)
    try:
        known = _kept(key)
    except UsageError:
        # The name of the file is for readers: what results are called depends on the templates alone.
        content = {"name": path.stem[:40], "templates": list(templates)}
        paths.write_atomically(kept, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
        known = _kept(key)
    return replace(known, source=str(path), files=(path, *known.files))


def _kept(key: str) -> Prompts:
    path = own_file(key)
    content = paths.read_json(path)
    templates, name = content.get("templates"), content.get("name")
    is_good = isinstance(templates, list) and all(isinstance(each, str) for each in templates) and templates
    if not is_good or _own_key(templates) != key:
        raise UsageError(f"the prompts '{key}' are not in {path}: give the file again that they were read from.")
    title = f"{len(templates):,} prompts of your own{f', {name}' if isinstance(name, str) else ''}"
    return Prompts(key, key[:SHOWN], tuple(templates), str(path), title, (path,))
