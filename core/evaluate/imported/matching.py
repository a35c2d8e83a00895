"""Which image of a benchmark each row of a file is about: by its id, else by what of its path is unambiguous."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from core.benchmarks.listing import IMAGE_SUFFIXES
from core.errors import DataError

#: Names of each kind that are shown.
_SHOWN = 3
_LONGEST = 120


@dataclass(frozen=True)
class Matched:
    """Rows of a file and the images that they are about.

    Attributes:
        rows: int (n samples,), the row of each sample; -1 where none is about it.
        by_id: Rows whose name is an image's own.
        by_folder: Rows that are told by the end of their path, under other folders.
        by_name: Rows that are told by the file's name alone.
        by_stem: Rows that are told by a name without its extension.
        repeated: Rows that say again what another one of the same name says.
        strangers: Names of rows that are about no image.
        ambiguous: Of these, rows whose name fits several images, or an image that other rows fit too.
        missing: Ids of images that no row is about.
    """

    rows: np.ndarray
    by_id: int
    by_folder: int
    by_name: int
    by_stem: int
    repeated: int
    strangers: tuple[str, ...] = field(repr=False)
    ambiguous: int
    missing: tuple[str, ...] = field(repr=False)

    @property
    def n(self) -> int:
        """Images with a row."""
        return int((self.rows >= 0).sum())

    def said(self) -> list[str]:
        """A sentence for each thing that a reader should know."""
        ways = (
            (self.by_id, "by its id"),
            (self.by_folder, "by the end of its path, under another folder"),
            (self.by_name, "by the file's name alone"),
            (self.by_stem, "by its name without the extension, or as a number"),
        )
        how = ", ".join(f"{n:,} {way}" for n, way in ways if n)
        found = [f"Images found in the file: {self.n:,} of {len(self.rows):,}; {how or 'none'}."]
        if self.repeated:
            found.append(f"Rows that say again what an earlier one of the same name says: {self.repeated:,}.")
        if self.strangers:
            many = f" ({self.ambiguous:,} because their names fit several)" if self.ambiguous else ""
            found.append(f"Rows that match no image: {len(self.strangers):,}{many}: {examples(self.strangers)}.")
        if self.missing:
            found.append(f"Images that no row is about: {len(self.missing):,}: {examples(self.missing)}.")
        return found


def examples(names: Sequence[str]) -> str:
    """The first of some names, each in quotes and of a bearable length."""
    shown = ", ".join(f"'{name[:_LONGEST]}{'…' if len(name) > _LONGEST else ''}'" for name in names[:_SHOWN])
    return f"{shown}, …" if len(names) > _SHOWN else shown


def matched(names: Sequence[str], sample_ids: Sequence[str], content_of: Callable[[int], object]) -> Matched:
    """Rows of a file and the images that they are about.

    A name that is no image's own is told by the longest end of its path that is that of one image and of one row; then
    by the same without extensions. What fits several images, or is fitted by several rows, is about none.

    Args:
        names: Of the file's rows, as they stand there.
        sample_ids: Of the benchmark.
        content_of: What a row says; two rows of one name must say the same.

    Raises:
        DataError: If two rows of one name say different things; names both.
    """
    first = _first_of_each(names, content_of)
    kept = np.flatnonzero(first == np.arange(len(names)))
    wanted, given = [_parts(each) for each in sample_ids], [_parts(names[row]) for row in kept]
    found = np.full(len(sample_ids), -1)
    taken = np.zeros(len(kept), dtype=bool)
    counts: Counter[str] = Counter()
    for way, depth, bare in _ways(wanted, given):
        rows = _unique(_keys(given, depth, bare))
        for key, sample in _unique(_keys(wanted, depth, bare)).items():
            row = rows.get(key)
            if row is not None and found[sample] < 0 and not taken[row]:
                found[sample], taken[row] = kept[row], True
                counts[way] += 1
        if taken.all():
            break
    strangers = [names[row] for row in kept[~taken]]
    return Matched(
        rows=found,
        by_id=counts["id"],
        by_folder=counts["folder"],
        by_name=counts["name"],
        by_stem=counts["stem"],
        repeated=len(names) - len(kept),
        strangers=tuple(strangers),
        ambiguous=_n_ambiguous(strangers, wanted),
        missing=tuple(np.asarray(sample_ids, dtype=object)[found < 0]),
    )


def _first_of_each(names: Sequence[str], content_of: Callable[[int], object]) -> np.ndarray:
    """The first row of each row's name: int (N,)."""
    codes, _ = pd.factorize(np.asarray(names, dtype=object))
    first = np.unique(codes, return_index=True)[1][codes]
    for row in np.flatnonzero(first != np.arange(len(names))):
        if content_of(row) != content_of(first[row]):
            raise DataError(
                f"rows {first[row] + 1:,} and {row + 1:,} are both about '{names[row][:_LONGEST]}' and say different "
                "things: keep one of them."
            )
    return first


def _parts(name: str) -> tuple[str, ...]:
    """The folders and the file of a path, in one spelling of its letters; what climbs or stays plays no part."""
    path = unicodedata.normalize("NFC", name.strip()).replace("\\", "/")
    return tuple(part for part in path.split("/") if part not in ("", ".", ".."))


def _bare(name: str) -> str:
    """A file's name without the extension of an image; a number without the zeros that spreadsheets take away."""
    path = PurePosixPath(name)
    stem = path.stem if path.suffix.lower() in IMAGE_SUFFIXES else name
    return stem.lstrip("0") or "0" if stem.isdecimal() else stem


def _ways(wanted: Sequence[tuple[str, ...]], given: Sequence[tuple[str, ...]]) -> list[tuple[str, int, bool]]:
    """How names are compared, the strictest first: what that is called, how many parts count (0: all), whether bare."""
    deepest = min(max(map(len, wanted), default=0), max(map(len, given), default=0))
    ends = [("folder" if depth > 1 else "name", depth, False) for depth in range(deepest, 0, -1)]
    return [("id", 0, False), *ends, *(("stem", depth, True) for depth in (0, *range(deepest, 0, -1)))]


def _keys(paths: Sequence[tuple[str, ...]], depth: int, bare: bool) -> list[str | None]:
    """What of each path is compared; None of one that has fewer parts."""
    keys: list[str | None] = []
    for parts in paths:
        if not parts or len(parts) < depth:
            keys.append(None)
            continue
        end = parts[-depth:]
        keys.append("/".join((*end[:-1], _bare(end[-1]) if bare else end[-1])))
    return keys


def _unique(keys: Sequence[str | None]) -> dict[str, int]:
    """Where each key stands that occurs once."""
    often = Counter(keys)
    return {key: number for number, key in enumerate(keys) if key is not None and often[key] == 1}


def _n_ambiguous(strangers: Sequence[str], wanted: Sequence[tuple[str, ...]]) -> int:
    """Names without an image of which the last part is that of one all the same."""
    known = {_bare(parts[-1]) for parts in wanted if parts}
    return sum(bool(parts) and _bare(parts[-1]) in known for parts in map(_parts, strangers))
