"""Lists of short texts from a user's file: a line each, a JSON list, or a column of a CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from core import paths
from core.errors import UsageError

#: Bytes of a list; nobody's is longer.
_LARGEST = 4_000_000
#: Characters of one text. Text towers read 77 tokens at most, and cut the rest off without a word.
LONGEST = 250
#: The column of a CSV that is read.
COLUMN = "name"


def read_list(path: Path, what: str, most: int) -> list[str]:
    """The texts in a file, in its order, without the spaces around them.

    Args:
        path: A file in UTF-8: ``.json`` holds a list, ``.csv`` a column ``name``, any other a text a line; empty lines
            of that are passed over.
        what: What one text is, for errors: ``prompt``, ``class name``.
        most: How many there may be.

    Raises:
        UsageError: If it cannot be read, is no text, or holds none, too many, too long, empty ones or one twice.
    """
    content = _content(path, what)
    if path.suffix.lower() == ".json" or (content.lstrip().startswith(("[", "{")) and _is_json(content)):
        found = _of_json(content, path, what)
    elif path.suffix.lower() == ".csv":
        found = _of_csv(content, path)
    else:
        found = [line.strip() for line in content.splitlines() if line.strip()]
    if not found:
        raise UsageError(f"{path} holds no {what}: write one a line.")
    if len(found) > most:
        raise UsageError(f"{path} holds {len(found):,} {what}s; {most:,} are the most that can be used.")
    require_texts(found, str(path), what)
    return found


def require_texts(texts: Sequence[str], where: str, what: str) -> None:
    """Refuse texts that are empty, too long, no text, or there twice.

    Raises:
        UsageError: If one is.
    """
    first: dict[str, int] = {}
    for number, text in enumerate(texts, 1):
        begin = f"{where}: {what} {number:,}"
        if not text.strip():
            raise UsageError(f"{begin} is empty.")
        if len(text) > LONGEST:
            raise UsageError(f"{begin} has {len(text):,} characters, more than a text tower reads ({LONGEST}).")
        if not text.isprintable() or not paths.is_text(text):
            raise UsageError(f"{begin} is {text[:40]!r}, which has signs that are no text.")
        if text in first:
            raise UsageError(f"{begin}, '{text}', is there already as {what} {first[text]:,}: leave one out.")
        first[text] = number


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
    try:
        text = found.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UsageError(f"{path} is no text in UTF-8: write one {what} a line.")
    return text


def _is_json(content: str) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _of_json(content: str, path: Path, what: str) -> list[str]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}.") from error
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise UsageError(f'{path} is no JSON list of texts: write ["first {what}", "second {what}"].')
    return [each.strip() for each in found]


def _of_csv(content: str, path: Path) -> list[str]:
    try:
        rows = list(csv.DictReader(io.StringIO(content, newline=""), strict=True))
    except csv.Error as error:
        raise UsageError(f"{path} is no CSV: {error}.") from error
    columns = list(rows[0]) if rows else next(csv.reader([content.partition("\n")[0]]), [])
    if COLUMN not in columns:
        raise UsageError(
            f"{path} has no column '{COLUMN}'; it has {', '.join(str(each) for each in columns)[:200] or 'none'}."
        )
    return [(row[COLUMN] or "").strip() for row in rows]
