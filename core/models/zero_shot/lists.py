"""Lists of short texts from a user's file: a line each, a JSON list, or a column of a CSV."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core import labels, paths
from core.errors import UsageError

#: Bytes of a list; nobody's is longer.
_LARGEST = 4_000_000
#: Characters of one text. Text towers read 77 tokens at most, and cut the rest off without a word.
LONGEST = 250
#: The column of a CSV that is read.
COLUMN = "name"
#: What a list is, for errors.
PROMPT, CLASS_NAME = "prompt", "class name"
#: Where in a JSON object the list is: as the project's own sets have it, or the config of a model.
_FIELDS = {PROMPT: ("templates", "prompts"), CLASS_NAME: ("names", "classes", "id2label")}
#: How files begin that say which encoding they are in, and that.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Scripts and emoji join letters by these, which are no letters themselves.
_JOINERS = str.maketrans("", "", "\u200c\u200d")
_NUMBERED = re.compile(r"(\d+)[\s,:]+(\S.*)")


def read_list(path: Path, what: str, most: int) -> list[str]:
    """The texts in a file, in its order, with one space where there are several, or others.

    Args:
        path: A file in UTF-8, or marked as UTF-16 or UTF-32. ``.csv`` has a column ``name``; a JSON list, or an object
            with one, as the project's sets have it; any other a text a line, empty ones are passed over. Class names
            may also be in a JSON object by index (``id2label``), or in lines that count from 0 (``0 tench``).
        what: What one text is: ``PROMPT`` or ``CLASS_NAME``.
        most: How many there may be.

    Raises:
        UsageError: If it cannot be read, is no text, or holds none, too many, too long or empty ones.
    """
    content = _content(path, what)
    if path.suffix.lower() == ".json" or _is_json(content):
        found = _of_json(content, path, what)
    elif path.suffix.lower() == ".csv":
        found = _of_csv(content, path)
    else:
        found = _of_lines(content, what)
    if not found:
        raise UsageError(f"{path} holds no {what}: write one a line.")
    if len(found) > most:
        raise UsageError(f"{path} holds {len(found):,} {what}s; {most:,} are the most that can be used.")
    found = [" ".join(text.split()) for text in found]
    require_texts(found, str(path), what)
    return found


def require_texts(texts: Sequence[str], where: str, what: str) -> None:
    """Refuse texts that are empty, too long or no text.

    Raises:
        UsageError: If one is.
    """
    for number, text in enumerate(texts, 1):
        begin = f"{where}: {what} {number:,}"
        if not text.strip():
            raise UsageError(f"{begin} is empty.")
        if len(text) > LONGEST:
            raise UsageError(f"{begin} has {len(text):,} characters, more than a text tower reads ({LONGEST}).")
        if not text.translate(_JOINERS).isprintable() or not paths.is_text(text):
            raise UsageError(f"{begin} is {text[:40]!r}, which has signs that are no text.")


def require_different(texts: Sequence[str], where: str, what: str) -> None:
    """Refuse texts of which one is there twice.

    Raises:
        UsageError: If one is.
    """
    first: dict[str, int] = {}
    for number, text in enumerate(texts, 1):
        if text in first:
            raise UsageError(
                f"{where}: {what} {number:,}, '{text}', is there already as {what} {first[text]:,}: leave one out."
            )
        first[text] = number


def shown(asked: str) -> str:
    """What was asked for, in quotation marks in one line."""
    return f"'{asked}'" if asked.isprintable() else repr(asked)


def _content(path: Path, what: str) -> str:
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder, not a file of {what}s.")
        with open(path, "rb") as stream:
            found = stream.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(found) > _LARGEST:
        raise UsageError(f"{path} is larger than {_LARGEST // 1_000_000} MB: it is no list of {what}s.")
    encoding = next((name for mark, name in _MARKS if found.startswith(mark)), "utf-8-sig")
    try:
        text = found.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UsageError(f"{path} is no text in UTF-8: save it as UTF-8, with one {what} a line.")
    return text


def _is_json(content: str) -> bool:
    """Whether a text that does not say so is JSON; a pair of braces is a prompt."""
    if not content.lstrip().startswith(("[", "{")):
        return False
    try:
        return json.loads(content) != {}
    except (ValueError, RecursionError):
        return False


def _of_lines(content: str, what: str) -> list[str]:
    lines = [line.strip() for line in content.splitlines() if line.strip()]
    numbered = [_NUMBERED.fullmatch(line) for line in lines] if what == CLASS_NAME else []
    # Names may begin with a number; indices are those that count.
    by_index = {int(each[1]): each[2] for each in numbered if each is not None}
    is_counted = bool(lines) and sorted(by_index) == list(range(len(lines)))
    return [by_index[index] for index in range(len(lines))] if is_counted else lines


def _of_json(content: str, path: Path, what: str) -> list[str]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}.") from error
    if isinstance(found, dict):
        found = next((found[name] for name in _FIELDS[what] if name in found), found)
    if isinstance(found, dict) and what == CLASS_NAME:
        found = _by_index(found, path)
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise UsageError(f'{path} is no JSON list of texts: write ["first {what}", "second {what}"].')
    return found


def _by_index(found: dict[str, Any], path: Path) -> list[str]:
    """Names in the order of their indices, which may be keys or values; also pairs of WordNet id and name."""
    if found and all(type(index) is int for index in found.values()):
        found = {index: name for name, index in found.items()}
    pairs = {index: each[1] if isinstance(each, list) and len(each) == 2 else each for index, each in found.items()}
    try:
        names = labels.by_index(pairs)
    except ValueError as error:
        raise UsageError(f"{path} {error}") from error
    missing = next((index for index in range(len(names)) if index not in names), None)
    if missing is not None:
        raise UsageError(
            f"{path} names {len(names):,} classes and none has the index {missing}: indices count from 0, none is left "
            "out."
        )
    return [names[index] for index in range(len(names))]


def read_column(path: Path, column: str) -> list[str] | None:
    """A further column of a CSV, with one space where there are several; None if the file is none or has it not.

    Raises:
        UsageError: If it cannot be read.
    """
    if path.suffix.lower() != ".csv":
        return None
    found = _columns(_content(path, CLASS_NAME), path).get(column)
    return None if found is None else [" ".join(text.split()) for text in found]


def _of_csv(content: str, path: Path) -> list[str]:
    columns = _columns(content, path)
    if COLUMN not in columns:
        raise UsageError(f"{path} has no column '{COLUMN}'; it has {', '.join(columns)[:200] or 'none'}.")
    return columns[COLUMN]


def _columns(content: str, path: Path) -> dict[str, list[str]]:
    """The columns of a CSV by their names in small letters."""
    try:
        rows = list(csv.reader(io.StringIO(content, newline=""), strict=True))
    except csv.Error as error:
        raise UsageError(f"{path} is no CSV: {error}.") from error
    found: dict[str, list[str]] = {}
    for at, head in enumerate(rows[0] if rows else ()):
        found.setdefault(head.strip().lower(), [row[at] if at < len(row) else "" for row in rows[1:] if row])
    return found
