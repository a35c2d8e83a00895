"""The factors that columns become: their names, their kinds, what is derived from them, and what to look at."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.errors import DataError
from core.own.kinds import MISSING, Kind, Typed, typed
from core.types import THIN, Factor

#: Numbers of a factor above which no single one is looked at: answers have them in bins.
MANY = 20
#: Of the images, above which each having its own value makes a column an id.
_UNIQUE = 0.9
#: Units that columns of numbers are called by at their end, as they are written.
_UNITS = {
    **{unit: unit for unit in ("mm", "cm", "m", "km", "ms", "s", "min", "h", "g", "kg", "px", "lux")},
    **{"deg": "°", "degrees": "°", "pct": "%", "percent": "%"},
}
#: Characters of a text above which it is no category.
_LONGEST = 200
#: Of the images with a value, below which a value is rare; and values above which a factor has no common ones.
RARE, _MOST_RARE = 0.1, 50
#: The factor that counts them.
RARE_VALUES = "rare_values"
#: Months that a category has room for, and days.
_MOST_MONTHS, _MOST_DAYS = 120, 62
_EXAMPLES = 4
#: Names that tables of results use themselves, and those of factors that published settings are told by.
RESERVED = frozenset(
    {
        *("sample_id", "position", "accepted", "cluster", "view", "image", "correct", "correct_top5", "predicted"),
        *(
            "confidence",
            "p_accepted",
            "p_true",
            "rank",
            "top1",
            "top5",
            "top10",
            "top10_prob",
            "error",
            "true",
            "right",
        ),
        *("value", "low", "high", "n", "n_clusters", "level", "model", "class", "locations", "partition", "n_uncommon"),
        *("size", "row", "col", "crop", "draw", "ablation", "region", "sigma", "l2", "adapted", "mask", "mask_file"),
        *("used", "tied", "reach", "objects", "thin", "other", "first", "second", "band_low", "band_high", "column"),
        *(f"{name}_{end}" for name in ("top1", "top5", "broken", "fixed") for end in ("low", "high")),
        *("broken_band_low", "broken_band_high", "fixed_band_low", "fixed_band_high"),
        *("broken", "fixed", "n_broken", "n_fixed", "fixed_value", "less", "kept", "counted", "agrees", "original"),
        *("accuracy_before", "accuracy_after", "interval", "identity", "benchmark", "imported", "digest", "top1_prob"),
    }
)


@dataclass(frozen=True)
class OwnFactor:
    """A factor of a user's own, with its values and what was found out about it.

    Attributes:
        factor: Name, label, kind and unit.
        column: Of the user's table that it is made of.
        values: (N,) in the type of its kind.
        n_values: Different values.
        n_missing: Images without one.
        examples: Some values, as text.
        warnings: What a user should look at.
        is_derived: Whether it was made beside the column's own factor: parts of a date.
        is_table: Whether accuracy by it is a table worth having.
        read_as: What the values of its column are.
    """

    factor: Factor
    column: str
    values: pd.Series
    n_values: int
    n_missing: int = 0
    examples: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    is_derived: bool = False
    is_table: bool = True
    read_as: Kind = "category"


def factors_of(
    frame: pd.DataFrame, kinds: Mapping[str, Kind], labels: Sequence[str], *, decimal_comma: bool = False
) -> tuple[list[OwnFactor], list[str]]:
    """The factors of a table's columns.

    Args:
        frame: The columns that have no other part to play, a row an image.
        kinds: What a user says that columns are.
        labels: Name of each image's class, to tell a factor that gives it away.
        decimal_comma: Whether numbers may have a comma for their point.

    Returns:
        Factors, derived ones after those that they are of, and notes: what was left out or renamed.

    Raises:
        UsageError: If a column is not what a user says that it is.
        DataError: If two columns make one name.
    """
    notes: list[str] = []
    found: list[OwnFactor] = []
    names = _names(frame.columns, notes)
    for name, column in names.items():
        content = typed(column, frame[column], kinds.get(column), decimal_comma=decimal_comma)
        if content.kind == "category" and column not in kinds and _longest(content.values) > _LONGEST:
            notes.append(f"'{column}' holds texts of more than {_LONGEST} characters and was left out.")
            continue
        # What a user has said of the hour goes before what is derived.
        made = [
            each for each in _made(name, column, content) if each.factor.name == name or each.factor.name not in names
        ]
        found += [_looked_at(replace(each, read_as=content.kind), labels) for each in made]
    if RARE_VALUES not in names and (partition := rare_values(found)) is not None:
        found.append(partition)
        notes.append(
            f"'{RARE_VALUES}' counts in how many of {partition.column} an image has a value that fewer than "
            f"{100 * RARE:.0f} % of the images have: 0 where all is common."
        )
    return found, notes


def rare_values(factors: Sequence[OwnFactor]) -> OwnFactor | None:
    """In how many factors an image has a rare value: what a set of one's own is partitioned by.

    FOCUS partitions images by how many of their attributes are uncommon, which its authors listed; here what is rare in
    the set is. Categories and what is true or false take part, where some value is common and some is not.

    Args:
        factors: Of the set; derived ones play no part.

    Returns:
        A numeric factor from 0, or None where fewer than two factors have both.

    Source: Kattakinda and Feizi 2022, Section 4 (partitions P0, P1, ...).
    """
    counted = []
    for each in factors:
        if each.is_derived or each.factor.kind not in ("category", "boolean") or each.n_values > _MOST_RARE:
            continue
        known = each.values.where(each.values != MISSING)
        share = known.map(known.value_counts(normalize=True)).astype(float)
        if (share < RARE).any() and (share >= RARE).any():
            counted.append((each.column, (share < RARE).to_numpy()))
    if len(counted) < 2:
        return None
    values = pd.Series(np.sum([rare for _, rare in counted], axis=0).astype(float))
    factor = Factor(RARE_VALUES, "Rare values", "numeric")
    columns = ", ".join(column for column, _ in counted)
    return _own(factor, columns, Typed("numeric", values, 0), is_derived=True)


def _names(columns: Iterable[str], notes: list[str]) -> dict[str, str]:
    """Column by the name of its factor.

    Raises:
        DataError: If two columns make one name.
    """
    found: dict[str, str] = {}
    for column in columns:
        name = _named(column, notes)
        if name in found:
            raise DataError(f"the columns '{found[name]}' and '{column}' both make the factor '{name}': rename one.")
        found[name] = column
    return found


def _named(column: str, notes: list[str]) -> str:
    """A column's name as links, options and files can have it; one that is taken gets ``_own``."""
    plain = unicodedata.normalize("NFC", column.strip())
    name = re.sub(r"[^\w.-]+", "_", plain.casefold()).strip("_.-") or "column"
    if name in RESERVED or name.startswith("uncommon_"):
        notes.append(f"the column '{column}' is called '{name}_own' here: results have a '{name}' of their own.")
        name = f"{name}_own"
    return name[:80]


def _longest(values: pd.Series) -> int:
    return max((len(text) for text in values.unique()), default=0)


def _label(column: str, *, is_number: bool = False) -> str:
    """A column's name as a reader sees it: ``Time of day``; a number's with its unit, ``Distance (m)``."""
    text = " ".join(column.replace("_", " ").split())
    what, _, unit = text.rpartition(" ")
    if is_number and what and unit.lower() in _UNITS:
        text = f"{what} ({_UNITS[unit.lower()]})"
    return f"{text[:1].upper()}{text[1:]}"[:80]


def _made(name: str, column: str, content: Typed) -> Iterator[OwnFactor]:
    """A column's factor, and those derived from it."""
    if content.kind == "date":
        yield from _of_dates(name, column, content)
        return
    is_circular = content.kind == "circular"
    label = _label(column, is_number=is_circular or content.kind == "numeric")
    yield _own(Factor(name, label, content.kind, "°" if is_circular else ""), column, content)


def _own(factor: Factor, column: str, content: Typed, *, is_derived: bool = False) -> OwnFactor:
    levels = _levels(factor, content.values)
    return OwnFactor(
        factor=factor,
        column=column,
        values=content.values,
        n_values=len(levels),
        n_missing=content.n_missing,
        examples=tuple(_shown(level) for level in levels[:_EXAMPLES]),
        warnings=tuple(content.warnings),
        is_derived=is_derived,
    )


def _levels(factor: Factor, values: pd.Series) -> list[object]:
    """Different values, the most frequent first; of numbers the least first."""
    if factor.kind == "set":
        return [value for value, _ in Counter(member for members in values for member in members).most_common()]
    known = values.dropna()
    if factor.is_number:
        return sorted(known.unique().tolist())
    return [value for value in known.value_counts(sort=True).index.tolist() if value != MISSING]


def _shown(level: object) -> str:
    if isinstance(level, bool):
        return str(level).lower()
    text = f"{level:.6g}" if isinstance(level, float) else " ".join(str(level).split())
    return text if len(text) <= 24 else f"{text[:23]}…"


def _of_dates(name: str, column: str, content: Typed) -> Iterator[OwnFactor]:
    """A date as a number that curves run along, its year and fraction; and as years, months or days, and hours."""
    dates, label = content.values, _label(column)
    known = dates.dropna()
    year = dates.to_numpy().astype("datetime64[Y]")
    began = year.astype("datetime64[s]")
    length = ((year + 1).astype("datetime64[s]") - began).astype(float)
    number = year.astype(float) + 1970 + (dates.to_numpy() - began).astype(float) / length
    number = np.where(dates.isna(), np.nan, np.round(number, 5))
    years = Typed("numeric", pd.Series(number), content.n_missing, content.warnings)
    yield _own(Factor(name, f"{label} (in years)", "numeric"), column, years)
    if known.dt.year.nunique() > 1:
        whole = Typed("numeric", dates.dt.year.astype(float), content.n_missing)
        yield _own(Factor(f"{name}_year", f"{label}: year", "numeric"), column, whole, is_derived=True)
    for ending, form, most in (("month", "%Y-%m", _MOST_MONTHS), ("day", "%Y-%m-%d", _MOST_DAYS)):
        texts = dates.dt.strftime(form).fillna(MISSING).astype(object)
        if 1 < texts.nunique() <= most:
            factor = Factor(f"{name}_{ending}", f"{label}: {ending}", "category")
            yield _own(factor, column, Typed("category", texts, content.n_missing), is_derived=True)
    if len(known) and (known != known.dt.normalize()).any():
        hours = Typed("numeric", dates.dt.hour.astype(float), content.n_missing)
        yield _own(Factor(f"{name}_hour", f"{label}: hour of the day", "numeric", "h"), column, hours, is_derived=True)


def _looked_at(own: OwnFactor, labels: Sequence[str]) -> OwnFactor:
    """A factor with warnings of what makes it a poor one."""
    if own.is_derived:
        return own
    n, said = len(own.values), list(own.warnings)
    is_number = own.factor.is_number
    is_id = own.n_values > _UNIQUE * max(1, n - own.n_missing) and own.n_values > MANY
    if own.n_values == 0:
        said.append("it has no value.")
    elif own.n_values == 1 and not own.n_missing:
        said.append(f"it has one value only, {own.examples[0]}.")
    elif is_id and not is_number:
        said.append("nearly every image has its own value: an id, not a factor.")
    if own.n_missing and own.n_values:
        said.append(f"{own.n_missing:,} of {n:,} images have no value.")
    if own.n_values > 1 and not is_id:
        said += [*_leaks(own, labels), *_thin(own)]
    return replace(own, warnings=tuple(said), is_table=own.is_table and not (is_id and not is_number))


def _leaks(own: OwnFactor, labels: Sequence[str]) -> list[str]:
    """Whether the label can be told from the value."""
    if own.factor.kind == "set" or len(set(labels)) < 2:
        return []
    pairs = pd.DataFrame({"value": own.values.to_numpy(), "label": list(labels)}).dropna()
    of_value = pairs.groupby("value")["label"].agg(["size", "nunique"])
    # A value that one image has says nothing; others must be most of the images for the label to be told from them.
    shared = of_value[of_value["size"] > 1]
    if len(shared) > 1 and (shared["nunique"] == 1).all() and shared["size"].sum() > len(pairs) / 2:
        return ["each value has one label only: it gives the label away, and what it shows is a difference of classes."]
    return []


def _thin(own: OwnFactor) -> list[str]:
    if own.factor.is_number and own.n_values > MANY:
        return []
    if own.factor.kind == "set":
        counts = pd.Series(Counter(member for members in own.values for member in members), dtype=int)
    else:
        counts = own.values[own.values != MISSING].value_counts()
    n_thin = int((counts < THIN).sum())
    return [f"{n_thin:,} of {own.n_values:,} values have fewer than {THIN} images."] if n_thin else []
