"""Lists that stand in a cell of text, as JSON, Python and NumPy write them."""

from __future__ import annotations

import ast
import json
import re

_QUOTED = r"""'[^']*'|"[^"]*\""""
_NUMBER = r"[+-]?[\d.]+(?:e[+-]?\d+)?"
#: As NumPy prints an array: no commas, and Python would read two texts as one.
_OF_NUMPY = re.compile(rf"(?:{_QUOTED})(?:\s+(?:{_QUOTED}))+|{_NUMBER}(?:\s+{_NUMBER})+", re.IGNORECASE)
_PART = re.compile(rf"{_QUOTED}|[^\s]+")
_LONGEST = 20_000


def listed(cell: str) -> list[str] | None:
    """The texts of a list in a cell; None for a cell that is no list of texts and numbers.

    Nothing is run: what is no constant is no list.
    """
    text = cell.strip()
    if not (text.startswith("[") and text.endswith("]")) or len(text) > _LONGEST:
        return None
    inside = text[1:-1].strip()
    if _OF_NUMPY.fullmatch(inside):
        return [part.strip("'\"") for part in _PART.findall(inside)]
    values = _constants(text)
    if not isinstance(values, list) or any(isinstance(each, list | tuple | dict | set) for each in values):
        return None
    return [str(each).strip() for each in values if each is not None]


def _constants(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None
