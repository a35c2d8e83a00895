"""FOCUS: familiar objects in common and uncommon settings.

Kattakinda and Feizi 2022, https://proceedings.mlr.press/v162/kattakinda22a.html. A folder holds the SQLite file
``annotations.db`` with one row per image, and the images where its ``file_name`` says.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pandas as pd

from core import uncommon
from core.benchmarks import listing
from core.benchmarks.base import Benchmark, is_inside
from core.errors import DataError, LabelSpaceError
from core.labels import FOCUS_10, IMAGENET_1K, focus_to_imagenet
from core.paths import on_disk
from core.types import Factor, Table

ANNOTATIONS = "annotations.db"
#: Columns of the table ``annotations`` that every release has; ``humans`` is in some.
COLUMNS = ("file_name", "category", "time", "weather", "locations")
_HUMANS = "humans"
_SHOWN = 5


class Focus(Benchmark):
    """Accuracy in common and uncommon settings, on photos with time of day, weather and locations."""

    key: ClassVar[str] = "focus"
    title: ClassVar[str] = "FOCUS: common and uncommon settings"
    paper: ClassVar[str] = "Kattakinda and Feizi 2022, FOCUS: Familiar Objects in Common and Uncommon Settings (ICML)"
    licence: ClassVar[str] = "Images under their owners' licences, gathered as free to share; see the release"
    how_to_get: ClassVar[str] = (
        "Download focus.zip as https://github.com/priyathamkat/focus says, unpack it and give the folder that holds "
        "annotations.db."
    )
    factors: ClassVar[tuple[Factor, ...]] = (*uncommon.FACTORS, Factor(_HUMANS, "People in the image", "category"))
    tables: ClassVar[tuple[Table, ...]] = (
        *uncommon.TABLES,
        Table("by_category", ("category",), "Top-1 by category"),
        uncommon.BY_HUMANS,
    )
    label_spaces: ClassVar[tuple[str, ...]] = (IMAGENET_1K, FOCUS_10)

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.root = listing.unwrapped(
            root, lambda folder: folder if (folder / ANNOTATIONS).is_file() else None, is_sole=False
        )
        #: Annotated files that are not there, as ``file_name`` without its first slash.
        self.missing: list[str] = []

    @cached_property
    def _rows(self) -> tuple[pd.DataFrame, listing.Listing]:
        """Annotations of the images that are there, and all images beside them, annotated or not."""
        rows = read_annotations(self.root / ANNOTATIONS)
        listed = _listing(self.root, filter(is_inside, rows["sample_id"]))
        for text in listed.notes():
            self.note(text)
        rows = self._usable(rows)
        there = rows["sample_id"].isin(listed.ids)
        self.missing = rows.loc[~there, "sample_id"].tolist()
        if not there.any():
            raise DataError(
                f"none of the {len(rows):,} images that {self.root / ANNOTATIONS} names is there, for example "
                f"{self.root / self.missing[0] if self.missing else 'none'}. {self.how_to_get}"
            )
        if self.missing:
            self.note(_listed(f"{len(self.missing):,} annotated images are not there", self.missing))
        rows = rows[there].sort_values("sample_id", ignore_index=True)
        return rows, listed

    def _usable(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with a known category and a name of their own; what is left out is noted."""
        strange = ~rows["category"].isin(uncommon.CATEGORIES)
        outside = ~rows["sample_id"].map(is_inside)
        twice = rows["sample_id"].duplicated()
        for left_out, what in (
            (strange, "rows are of a category that FOCUS does not have"),
            (outside & ~strange, "rows name a file outside the folder"),
            (twice & ~strange & ~outside, "rows repeat an earlier file name"),
        ):
            if left_out.any():
                self.note(_listed(f"{left_out.sum():,} {what}", rows.loc[left_out, "sample_id"]))
        return rows[~(strange | outside | twice)]

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per image that is there, with what is uncommon about it; see ``Benchmark.samples``.

        ``class`` is the category, and ``humans`` is ``unknown`` where the release does not say.
        """
        accepted = accepted_classes(self, label_space)
        rows = self._rows[0]
        return uncommon.annotate(
            rows.assign(
                accepted=rows["category"].map(accepted), cluster=rows["sample_id"], **{"class": rows["category"]}
            )
        )

    def pool_digest(self) -> str:
        """See ``listing.digest``; of all images beside the annotated ones, so that no annotation plays a part."""
        return listing.digest(self._rows[1])


def accepted_classes(benchmark: Benchmark, label_space: str) -> dict[str, list[int]]:
    """Accepted class indices of each FOCUS category: its ImageNet classes (Appendix A), or its own index.

    Raises:
        LabelSpaceError: If the model's classes are neither ImageNet's nor the ten categories.
    """
    if label_space == IMAGENET_1K:
        return focus_to_imagenet()
    if label_space == FOCUS_10:
        return {category: [index] for index, category in enumerate(focus_to_imagenet())}
    raise LabelSpaceError(
        f"'{benchmark.key}' needs a model with the 1,000 ImageNet-1k classes or the ten FOCUS categories in their "
        f"usual order; this one has '{label_space}'."
    )


def read_annotations(path: Path) -> pd.DataFrame:
    """The table ``annotations`` of a FOCUS release; the file is opened read-only.

    Args:
        path: The SQLite file.

    Returns:
        ``sample_id`` (``file_name`` without its first slash), ``category``, ``time``, ``weather``, ``locations``
        (lists) and ``humans`` (``unknown`` where the release does not say), values in small letters.

    Raises:
        DataError: If the file, the table or a column is missing.
    """
    if not path.is_file():
        raise DataError(f"there is no {path.name} in {path.parent}. {Focus.how_to_get}")
    try:
        with on_disk(path) as file, closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            columns = [row[1] for row in database.execute("PRAGMA table_info(annotations)")]
            _require_columns(path, columns)
            chosen = [*COLUMNS, *([_HUMANS] if _HUMANS in columns else [])]
            found = database.execute(f"SELECT {', '.join(chosen)} FROM annotations ORDER BY file_name").fetchall()
    except sqlite3.Error as error:
        raise DataError(f"{path} cannot be read as a SQLite file: {error}.") from error
    rows = pd.DataFrame(found, columns=chosen, dtype=object)
    if rows.empty:
        raise DataError(f"the table 'annotations' of {path} has no rows.")
    plain = {name: rows[name].map(plain_value) for name in chosen if name not in ("file_name", "locations")}
    return pd.DataFrame(
        {
            "sample_id": rows["file_name"].map(lambda name: str(name).removeprefix("/")),
            **{name: plain[name] for name in ("category", "time", "weather")},
            "locations": rows["locations"].map(lambda text: location_list(str(text or "").split(","))),
            _HUMANS: plain.get(_HUMANS, uncommon.UNKNOWN),
        }
    )


def _require_columns(path: Path, columns: list[str]) -> None:
    if not columns:
        raise DataError(f"{path} has no table 'annotations'. {Focus.how_to_get}")
    missing = [column for column in COLUMNS if column not in columns]
    if missing:
        raise DataError(f"'annotations' in {path} has no column '{missing[0]}'; it has {', '.join(columns)}.")


def plain_value(value: object) -> str:
    """A value as the vocabulary spells it: small letters, and ``none`` for nothing."""
    return str(value or "").strip().lower() or uncommon.NONE


def location_list(values: Iterable[str]) -> list[str]:
    """Locations sorted and without repeats; ``none`` only where there is no other."""
    named = {plain_value(value) for value in values} - {uncommon.NONE}
    return sorted(named) or [uncommon.NONE]


def _listing(root: Path, names: Iterable[str]) -> listing.Listing:
    """The named files that exist and the images beside them, by one look into each folder."""
    wanted: dict[str, set[str]] = {}
    for name in names:
        folder, _, file = name.rpartition("/")
        wanted.setdefault(folder, set()).add(file)
    found, left_out = {}, []
    for folder, files in wanted.items():
        if not (root / folder).is_dir():
            continue
        for each in listing.entries(root / folder):
            path = f"{folder}/{each.name}" if folder else each.name
            if each.size is not None and (each.is_image or each.name in files):
                found[path] = each.size
            elif each.problem or (each.is_folder and each.name in files):
                left_out.append((path, each.no_image))
    ids = sorted(found)
    return listing.Listing(root, ids, [found[name] for name in ids], [], tuple(sorted(left_out)))


def _listed(what: str, names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"{what} and were left out: {', '.join(names[:_SHOWN])}{more}."


BENCHMARKS = (Focus,)
