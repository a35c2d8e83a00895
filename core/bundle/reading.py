"""A bundle's content, read back from its page: of a file, or of a folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from core import paths
from core.bundle.content import ELEMENT, FORMAT, PAGE, Content
from core.errors import DataError, UsageError

_CONTENT = re.compile(rf'<script type="application/json" id="{ELEMENT}">(.*?)</script>', re.DOTALL)
#: Bytes of a page that anybody would open: what is larger is none of ours.
_MOST_BYTES = 2**31
#: What ``verify`` needs, with its kinds.
_NEEDED = {
    "title": str,
    "policy": str,
    "models": list,
    "results": list,
    "exhibits": list,
    "picks": dict,
    "images": dict,
    "pictures": dict,
    "parts": dict,
    "digest": str,
}


def page_of(path: Path) -> Path:
    """The page of a bundle: the file, or the page in its folder."""
    return path / PAGE if path.is_dir() else path


def read(path: Path) -> Content:
    """What a bundle holds, as it stands in it.

    Args:
        path: The file, or the folder.

    Raises:
        UsageError: If it is not there.
        DataError: If it is no bundle, or one of another version.
    """
    return content_in(text_of(path), path)


def text_of(path: Path) -> str:
    """The page of a bundle as text.

    Raises:
        UsageError: If it is not there.
        DataError: If it cannot be read.
    """
    paths.require_text(path)
    page = page_of(path)
    if not page.is_file():
        is_folder = f": a folder without {PAGE}" if path.is_dir() else ""
        raise UsageError(f"there is no bundle at {path}{is_folder}. Give the file that 'python -m core bundle' wrote.")
    try:
        if page.stat().st_size > _MOST_BYTES:
            raise _no_bundle(path, "it is too large")
        return page.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _no_bundle(path, str(error)) from error


def content_in(text: str, path: Path) -> Content:
    """The content in the text of a page.

    Raises:
        DataError: If there is none that can be read.
    """
    found = _CONTENT.search(text)
    if found is None:
        raise _no_bundle(path, f"it has no element '{ELEMENT}'")
    try:
        content = json.loads(found[1], parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _no_bundle(path, f"its content is no JSON ({error})") from error
    version = content.get("format") if isinstance(content, dict) else None
    if version != FORMAT:
        raise _no_bundle(path, f"its format is {version!r}, and this version knows {FORMAT}")
    wrong = [name for name, kind in _NEEDED.items() if not isinstance(content.get(name), kind)]
    if wrong:
        raise _no_bundle(path, f"'{wrong[0]}' is missing or damaged in it")
    return content


def is_bundle(path: Path) -> bool:
    """Whether a file or folder is a bundle of ours."""
    try:
        read(path)
    except (DataError, UsageError):
        return False
    return True


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _no_bundle(path: Path, why: str) -> DataError:
    return DataError(f"{path} is no bundle: {why}. Give a file that 'python -m core bundle' wrote.")
