"""What the values of a column are: numbers, angles, categories, sets, True and False, or dates."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from core.errors import UsageError, nearest
from core.own.lists import listed

#: Kinds that a user may name: those of factors, and ``date``, of which factors are made.
Kind = Literal["numeric", "circular", "category", "set", "boolean", "date"]
KINDS: tuple[Kind, ...] = ("numeric", "circular", "category", "set", "boolean", "date")
#: The category of images of which nothing is said.
MISSING = "(missing)"
SEPARATOR = "|"
#: Words that mean that a value is not there. ``none`` is not among them: it is a weather, too.
_NOTHING = frozenset({"", "na", "n/a", "nan", "null", "#n/a", "<na>", "nat"})
#: What stands for no value among numbers and dates, and could be a word elsewhere.
_MARKS = frozenset(
    {"-", "--", "---", "–", "—", "?", ".", "none", "nil", "#div/0!", "#ref!", "#value!", "#name?", "#num!"}
)
_TRUE = frozenset({"true", "yes", "t", "y", "ja", "wahr", "oui", "vrai", "sí", "sì", "si"})
_FALSE = frozenset({"false", "no", "f", "n", "nein", "falsch", "non", "faux"})
#: Names of columns that hold degrees.
_ANGLE = re.compile(
    r"(^|_)(angle|azimuth|heading|bearing|yaw|hue|orientation|rotation)(_deg|_degrees)?$|_deg$|_degrees$"
)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_COMMA = re.compile(r"[+-]?\d*,\d+")
_POINT = re.compile(r"[+-]?\d*\.\d+")
#: Units that a column of numbers may have behind each.
_UNITS = ("%", "°")
#: What a person reads as a number, and no program can be sure of.
_LIKE_NUMBER = re.compile(r"[+-]?\d[\d.,' ]*\s*[^\W\d]{0,3}[%°²]?")
_LIKE_DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2} [^\W\d]{3,9} \d{4}")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
#: Digits with a zero before them are names of something: 007.
_PADDED = re.compile(r"0\d+")
_DATE = re.compile(
    r"(\d{4})[-:/](\d{1,2})[-:/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?"
)
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,? (\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_LONGEST_TEXT = 200
#: Angles up to here may be radians: a whole turn of them.
_TURN = 6.2832
_SHOWN = 3


@dataclass(frozen=True)
class Typed:
    """A column in the type of its kind.

    Attributes:
        kind: What its values are.
        values: (N,): float, str, lists of str, bool, or ``datetime64[s]``; missing are NaN, ``(missing)``, the empty
            list and NaT.
        n_missing: Rows without a value.
        warnings: What a user should look at.
    """

    kind: Kind
    values: pd.Series
    n_missing: int = 0
    warnings: list[str] = field(default_factory=list)


def parse_kind(kind: str) -> Kind:
    """A kind by its name.

    Raises:
        UsageError: If there is no such kind.
    """
    if kind not in KINDS:
        raise UsageError(f"'{kind}' is no kind of a factor.{nearest(kind, KINDS)} Known: {', '.join(KINDS)}.")
    return kind


def typed(name: str, cells: pd.Series, kind: Kind | None = None, *, decimal_comma: bool = False) -> Typed:
    """A column in the type of its kind, which is inferred where nobody says.

    Args:
        name: Of the column.
        cells: Python's objects as ``core.own.tables`` gives them.
        kind: What a user says that it is.
        decimal_comma: Whether numbers may have a comma for their point.

    Raises:
        UsageError: If a value is not of the kind that a user said; names some.
    """
    types = set(map(type, cells))
    if list in types:
        if kind not in (None, "set"):
            raise UsageError(f"the column '{name}' holds lists: it can be a set, not {kind}.")
        return _set(cells)
    if bool in types and len(types) > 1:
        # True is equal to 1, and yet another value.
        cells = cells.map(lambda cell: str(cell).lower() if isinstance(cell, bool) else cell)
    codes, raw = pd.factorize(cells, use_na_sentinel=True)
    again, different = pd.factorize(pd.Series([_plain(cell) for cell in raw], dtype=object), use_na_sentinel=True)
    column = _Column(name, np.append(again, -1)[codes], list(different), decimal_comma)
    if kind in (None, "numeric", "circular", "date"):
        column.without_marks()
    return column.as_kind(kind or column.inferred())


def _plain(cell: Any) -> Any:
    """A value as a text, a number, True or False, a date, or None."""
    if isinstance(cell, str):
        text = unicodedata.normalize("NFC", cell.strip())
        return None if text.casefold() in _NOTHING else text
    if cell is None or cell is pd.NaT or cell != cell:
        return None
    return cell.item() if isinstance(cell, np.generic) else cell


class _Column:
    """A column by its different values, so that a hundred thousand rows are looked at once."""

    def __init__(self, name: str, codes: np.ndarray, different: list[Any], decimal_comma: bool) -> None:
        self._name = name
        self._codes = codes
        self._different = different
        self._comma = decimal_comma
        self._n_missing = int((codes < 0).sum())
        self._said: list[str] = []
        texts = [each for each in different if isinstance(each, str)]
        has_commas = decimal_comma and any(map(_COMMA.fullmatch, texts))
        # A point beside decimal commas parts thousands, or is another's decimal point.
        self._is_mixed = has_commas and any(map(_POINT.fullmatch, texts))
        all_texts = bool(texts) and len(texts) == len(different)
        self._unit = next((unit for unit in _UNITS if all_texts and all(each.endswith(unit) for each in texts)), "")

    def without_marks(self) -> None:
        """Take for missing what stands for no value, where all other values are numbers or dates."""
        marks = {at for at, each in enumerate(self._different) if str(each).casefold() in _MARKS}
        others = [each for at, each in enumerate(self._different) if at not in marks]
        if not marks or not others:
            return
        if not all(self._number(each) is not None for each in others) and not all(
            _date(each) is not None for each in others
        ):
            return
        self._said.append(f"taken for missing: {', '.join(repr(self._different[at]) for at in sorted(marks))}.")
        kept = [at for at in range(len(self._different)) if at not in marks]
        renumbered = np.full(len(self._different) + 1, -1)
        renumbered[kept] = np.arange(len(kept))
        self._codes, self._different = renumbered[self._codes], others
        self._n_missing = int((self._codes < 0).sum())

    def inferred(self) -> Kind:
        """The kind that all values have."""
        known = self._different
        # Ones and zeros alone may be counts.
        if known and all(isinstance(each, bool) or str(each).casefold() in _TRUE | _FALSE for each in known):
            return "boolean"
        if known and all(_date(each) is not None for each in known):
            return "date"
        numbers = [self._number(each) for each in known]
        if numbers and None not in numbers and not self._is_padded():
            name = re.sub(r"[^a-z0-9]+", "_", self._name.casefold()).strip("_")
            is_angle = self._unit != "%" and (self._unit == "°" or _ANGLE.search(name))
            return "circular" if is_angle and _in_degrees(numbers) else "numeric"
        if known and all(isinstance(each, str) and listed(each) is not None for each in known):
            return "set"
        return "set" if any(SEPARATOR in str(each) for each in known) else "category"

    def as_kind(self, kind: Kind) -> Typed:
        """The column in a kind's type.

        Raises:
            UsageError: If a value is not of that kind.
        """
        made: dict[Kind, Callable[[], Typed]] = {
            "numeric": self._numeric,
            "circular": self._circular,
            "boolean": self._booleans,
            "date": self._dates,
            "set": lambda: _set(self._spread([str(each) for each in self._different], None)),
            "category": self._category,
        }
        return made[kind]()

    def _spread(self, values: Sequence[Any], missing: Any) -> pd.Series:
        """A value for each row from one for each different value."""
        table = np.empty(len(values) + 1, dtype=object)
        table[:] = [*values, missing]
        return pd.Series(table[self._codes])

    def _number(self, value: Any) -> float | None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                return float(value)
            except OverflowError:
                return math.inf
        if hasattr(value, "as_integer_ratio") and not isinstance(value, bool):
            return float(value)
        if not isinstance(value, str) or (self._is_mixed and "." in value):
            return None
        value = value.removesuffix(self._unit).rstrip() if self._unit else value
        if _NUMBER.fullmatch(value) or _INFINITE.fullmatch(value):
            return float(value)
        return float(value.replace(",", ".")) if self._comma and _COMMA.fullmatch(value) else None

    def _is_padded(self) -> bool:
        return any(isinstance(each, str) and _PADDED.fullmatch(each) for each in self._different)

    def _require(self, converted: Sequence[Any], kind: Kind, form: str) -> None:
        wrong = [str(each)[:40] for each, value in zip(self._different, converted, strict=True) if value is None]
        if wrong:
            raise UsageError(
                f"the column '{self._name}' cannot be {kind}: {len(wrong):,} of its values are not {form}, such as "
                f"{', '.join(map(repr, wrong[:_SHOWN]))}. Correct or empty these, or leave --factor {self._name} out."
            )

    def _numeric(self) -> Typed:
        numbers = [self._number(each) for each in self._different]
        self._require(numbers, "numeric", "numbers")
        return self._numbers("numeric", np.array(numbers, dtype=float))

    def _circular(self) -> Typed:
        numbers = [self._number(each) for each in self._different]
        self._require(numbers, "circular", "angles in degrees")
        found = np.array(numbers, dtype=float)
        if len(found) and (np.abs(found) <= _TURN).all() and (found % 1 != 0).any():
            self._said.append(f"all of its angles are within {_TURN}: they are taken as degrees; convert radians.")
        with np.errstate(invalid="ignore"):
            return self._numbers("circular", np.mod(found, 360.0))

    def _numbers(self, kind: Kind, different: np.ndarray) -> Typed:
        finite = np.where(np.isfinite(different), different, np.nan)
        values = np.append(finite, np.nan)[self._codes]
        n_lost = int(np.isnan(values).sum()) - self._n_missing
        said = [*self._said, *([f"{n_lost:,} infinite values count as missing."] if n_lost else [])]
        if self._unit == "%":
            said.append("its numbers are percent: 45 for 45 %.")
        return Typed(kind, pd.Series(values), self._n_missing + n_lost, said)

    def _booleans(self) -> Typed:
        found = [_boolean(each) for each in self._different]
        self._require(found, "boolean", "true or false (yes, no, 1, 0)")
        if not self._n_missing:
            return Typed("boolean", pd.Series(np.array([*found, False], dtype=bool)[self._codes]))
        # True and False have no third value, and whoever is missing is neither.
        texts = self._spread([str(each).lower() for each in found], MISSING)
        said = "it has missing values, so it is kept as the categories true, false and (missing)."
        return Typed("category", texts, self._n_missing, [said])

    def _dates(self) -> Typed:
        found = [_date(each) for each in self._different]
        self._require(found, "date", "dates such as 2021-03-28 or 2021-03-28 14:05")
        values = np.array([*found, np.datetime64("NaT")], dtype="datetime64[s]")[self._codes]
        return Typed("date", pd.Series(values), self._n_missing, self._said)

    def _category(self) -> Typed:
        texts = [_text(each) for each in self._different]
        values = self._spread(texts, MISSING)
        said = []
        if any(len(text) > _LONGEST_TEXT for text in texts):
            said.append(f"it has texts of up to {max(map(len, texts)):,} characters: a description, not a category.")
        folded: dict[str, str] = {}
        for text in texts:
            other = folded.setdefault(text.casefold(), text)
            if other != text:
                said.append(f"'{other}' and '{text}' differ in case only, and are two categories.")
                break
        n_numbers = sum(self._number(each) is not None for each in self._different)
        if self._is_mixed:
            said.append("it has numbers with a comma and with a point: write all with one, and none for thousands.")
        elif texts and n_numbers < len(texts) and all(map(_LIKE_NUMBER.fullmatch, texts)):
            odd = next(each for each in texts if self._number(each) is None)
            said.append(f"its values look like numbers, such as '{odd[:40]}': write digits alone to have them as such.")
        elif texts and all(map(_LIKE_DATE.fullmatch, texts)):
            said.append(f"its values look like dates, such as '{texts[0][:40]}': write them as 2021-03-28.")
        elif texts and len(texts) > n_numbers > 0.5 * len(texts):
            odd = next(each for each in self._different if self._number(each) is None)
            said.append(f"most of its values are numbers, and '{_text(odd)[:40]}' is none: so it is a category.")
        return Typed("category", values, self._n_missing, said)


def _set(cells: pd.Series) -> Typed:
    lists = [_members(cell) for cell in cells]
    column = pd.Series(np.empty(len(lists), dtype=object))
    column[:] = lists
    return Typed("set", column, sum(not each for each in lists))


def _members(cell: Any) -> list[str]:
    if isinstance(cell, list):
        members = cell
    elif _plain(cell) is None:
        members = []
    else:
        members = listed(str(cell))
        members = str(cell).split(SEPARATOR) if members is None else members
    found = (unicodedata.normalize("NFC", str(each).strip()) for each in members)
    return list(dict.fromkeys(each for each in found if each.casefold() not in _NOTHING))


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _boolean(value: Any) -> bool | None:
    text = str(value).casefold()
    if text in _TRUE or text in ("1", "1.0"):
        return True
    return False if text in _FALSE or text in ("0", "0.0") else None


def _in_degrees(numbers: Sequence[float | None]) -> bool:
    return all(number is not None and -360 <= number <= 360 for number in numbers)


def _date(value: Any) -> np.datetime64 | None:
    """A date to the second, in its own local time: an offset from UTC is left out, as hours of the day are local."""
    if isinstance(value, dt.datetime):
        return np.datetime64(value.replace(tzinfo=None), "s")
    if isinstance(value, dt.date):
        return np.datetime64(value, "s")
    if not isinstance(value, str):
        return None
    if found := _DATE.fullmatch(value):
        parts = found.groups()[:6]
    elif found := _DOTTED.fullmatch(value):
        day, month, year, *time = found.groups()
        parts = (year, month, day, *time)
    else:
        return None
    try:
        return np.datetime64(dt.datetime(*(int(part or 0) for part in parts)), "s")
    except ValueError:
        return None
