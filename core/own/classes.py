"""The classes of a model with another output than ImageNet's, as a user lists them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from core.errors import DataError
from core.labels import FOCUS_10, IMAGENET_1K, identify
from core.own.matching import plain
from core.own.text import decode, read_bytes

#: Label spaces that may be named instead of a file.
PUBLISHED = (IMAGENET_1K, FOCUS_10)
_MOST = 100_000
_WNID = re.compile(r"n\d{8}")
_NUMBERED = re.compile(r"(\d+)[\s,:]+(\S.*)")


def read_classes(path: Path) -> list[str]:
    """Names of classes in the order of a model's output.

    Args:
        path: A text with a name a line; or lines ``index name``; or JSON: a list, an object of names (or WordNet ids
            and names) by index, of indices by name, or a configuration with ``id2label``.

    Raises:
        UsageError: If there is no such file.
        DataError: If it is none of these, has a name twice, or an index is missing; names the line.
    """
    text, _ = decode(read_bytes(path), path)
    names = _of_json(text, path) if text.lstrip()[:1] in ("[", "{") else _of_lines(text, path)
    if len(names) < 2:
        raise DataError(f"{path} names {len(names)} class: a model tells at least two apart.")
    if len(names) > _MOST:
        raise DataError(f"{path} names {len(names):,} classes; at most {_MOST:,} are read.")
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if not plain(name):
            raise DataError(f"{path}: class {index} has no name.")
        if plain(name) in first:
            raise DataError(f"{path}: the classes {first[plain(name)]} and {index} have one name, '{name}'.")
        first[plain(name)] = index
    return names


def published_space(names: Sequence[str]) -> str | None:
    """Key of the published label space that names are, in its order; None if they are none."""
    found = identify(len(names), list(names))
    return found if found in PUBLISHED else None


def _of_json(text: str, path: Path) -> list[str]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}.") from error
    if isinstance(content, dict):
        # As a model's configuration has them.
        content = content.get("id2label", content)
        if content and all(type(index) is int for index in content.values()):
            content = {index: name for name, index in content.items()}
        try:
            content = _in_order([(int(index), name) for index, name in content.items()], path)
        except (ValueError, AttributeError):
            raise DataError(f'{path} is an object whose keys are not all class indices, such as "0".') from None
    if all(isinstance(each, list) and len(each) == 2 and _WNID.fullmatch(str(each[0])) for each in content):
        content = [name for _, name in content]
    if not all(isinstance(name, str) for name in content):
        raise DataError(
            f"{path}: every class is a text; it has {next(n for n in content if not isinstance(n, str))!r}."
        )
    return [name.strip() for name in content]


def _of_lines(text: str, path: Path) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    # Names may begin with a number; indices are those that count.
    if lines and all(numbered) and len({int(each[1]) for each in numbered}) == len(lines):
        return _in_order([(int(each[1]), each[2].strip()) for each in numbered], path)
    return lines


def _in_order(pairs: Sequence[tuple[int, str]], path: Path) -> list[str]:
    by_index = dict(pairs)
    if len(by_index) < len(pairs):
        raise DataError(f"{path} gives one index to two classes: indices count from 0, each once.")
    missing = [index for index in range(len(pairs)) if index not in by_index]
    if missing:
        raise DataError(
            f"{path} names {len(pairs):,} classes and none has the index {missing[0]}: indices count from 0, none left "
            "out."
        )
    return [by_index[index] for index in range(len(pairs))]
