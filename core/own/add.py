"""Add data of one's own: understand a folder of images and a table, and keep what was understood."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from core import paths
from core.errors import DataError, UsageError
from core.labels import IMAGENET_1K, LabelSpace, keep_own, label_space, own_key
from core.own import entries
from core.own.classes import PUBLISHED, published_space, read_classes
from core.own.entries import MASK, Entry
from core.own.factors import OwnFactor, factors_of
from core.own.files import Finder, find_images
from core.own.roles import factor_columns, kinds_of
from core.own.rows import Rows
from core.own.tables import RawTable, read_table
from core.own.text import read_bytes
from core.own.understood import Understood
from core.types import Factor
from core.wording import count

_SHOWN = 3
_SPLITS = frozenset({"train", "training", "val", "valid", "validation", "test"})
#: Values above which a factor has no table of its own: nobody reads such a one.
_LONGEST_TABLE = 1000


def understand(
    name: str,
    root: Path | str,
    table: Path | str | None = None,
    *,
    published: Collection[str],
    factors: Iterable[str] = (),
    cluster: str = "",
    classes: Path | str | None = None,
    leave_out: bool = False,
) -> Understood:
    """Understand a folder of images and a table of samples; nothing is kept.

    Args:
        name: What the set is to be called.
        root: Folder of the images, at any depth.
        table: CSV, TSV, Parquet, JSON lines, a JSON list, or the JSON of COCO or FiftyOne; None for folders that are
            named by class.
        published: Keys of the published benchmarks, which are taken.
        factors: ``NAME:KIND`` for columns that are another kind than they look like.
        cluster: Column that tells which images are not independent; ``cluster`` or ``group`` by default.
        classes: File of class names in the order of a model's output, or the key of a published label space;
            ImageNet's by default.
        leave_out: Whether rows that cannot be samples are left out.

    Raises:
        UsageError: If the name cannot be used, the folder, a file or a column is not there, or a column is not of the
            kind that was asked for.
        DataError: If the table cannot be read, names an image twice, or nothing of it can be used.
        StorageError: If the system does not give a file now.
    """
    entries.require_name(name, published)
    place = paths.place(root)
    if not paths.is_folder(place):
        raise UsageError(f"{root} is not a folder: give the one that holds the images.")
    files = find_images(place)
    if not files:
        raise DataError(f"{place} holds no image: give the folder that does, whatever its sub-folders are.")
    path = None if table is None else paths.place(table)
    raw = _folders(files) if path is None else read_table(path)
    space, own_names = _label_space(classes)
    rows = Rows.of(raw, Finder(place, files), place, space, cluster)
    if rows.found.ids.count(None) < len(rows.found.ids):
        rows.require_each_once()
    problems = [*rows.image_problems(), *rows.label_problems(own_names)]
    kept = np.flatnonzero(rows.is_sample)
    made = _samples(rows, kept, factors, cluster) if len(kept) else _Made(pd.DataFrame(), [], [])
    if not len(kept):
        raise DataError(f"none of the rows ({len(raw.frame):,}) can be used. {' '.join(problems)}")
    return Understood(
        name=name,
        root=place,
        table=path,
        table_sha256=hashlib.sha256(read_bytes(path)).hexdigest() if path else "",
        form=raw.form,
        n_rows=len(raw.frame),
        n_images=sum(each is not None for each in rows.found.ids),
        n_labelled=sum(map(bool, rows.labels.accepted)),
        n_classes=made.samples["class"].nunique(),
        label_space=space.key,
        classes=tuple(own_names),
        columns=rows.roles,
        factors=tuple(made.factors),
        samples=made.samples,
        problems=tuple(problems),
        notes=(*raw.notes, *rows.notes(files), *made.notes),
        leave_out=leave_out,
        replaces=name in entries.names(),
    )


def keep(understood: Understood) -> Entry:
    """Keep what was understood, under its name; an entry of this name that is there is moved aside.

    Raises:
        UsageError: If rows cannot be samples and the user has not said to leave them out.
        StoreError: If it cannot be written.
    """
    if not understood.is_ready:
        raise UsageError(
            f"{understood.n_left_out:,} of {understood.n_rows:,} rows cannot be used: {' '.join(understood.problems)} "
            "Correct them, or add --leave-out to go on without them."
        )
    if understood.classes:
        keep_own(understood.classes)
    known = paths.remembered_data(understood.name)
    if known is not None and known != understood.root:
        # What was remembered for a set of this name before is another folder.
        paths.remember_data(understood.name, understood.root)
    left_out = understood.n_left_out
    notes = [f"{left_out:,} of {count(understood.n_rows, 'row')} left out when it was added."] if left_out else []
    notes += ["weights are a factor; no mean uses them."] if "weight" in understood.columns else []
    entry = Entry(
        name=understood.name,
        root=str(understood.root),
        table="" if understood.table is None else str(understood.table),
        table_sha256=understood.table_sha256,
        form=understood.form,
        samples="",
        label_space=understood.label_space,
        columns=dict(understood.columns),
        factors=tuple(each.factor for each in understood.factors),
        tables=tuple(_tables(understood.factors)),
        cluster_unit=understood.columns.get("cluster"),
        has_masks=MASK in understood.samples,
        n=len(understood.samples),
        notes=tuple(notes),
    )
    return entries.write(entry, understood.samples)


def _tables(factors: Sequence[OwnFactor]) -> Iterable[tuple[str, tuple[str, ...], str]]:
    for each in factors:
        # Numbers are in a few bins, however many they are.
        if each.is_table and (each.factor.is_number or each.n_values <= _LONGEST_TABLE):
            name, label = each.factor.name, each.factor.label
            yield f"by_{name}", (name,), f"Top-1 by {label[:1].lower()}{label[1:]}"


def _folders(files: Iterable[str]) -> RawTable:
    """Images in folders named by class, as a table; the folder above is a split if it is called so."""
    rows: dict[str, list[Any]] = {"file": list(files)}
    parts = [PurePosixPath(file).parts for file in rows["file"]]
    splits = [next((part for part in each[:-2] if part.lower() in _SPLITS), None) for each in parts]
    if len(set(splits)) > 1:
        rows["split"] = splits
    return RawTable(pd.DataFrame(rows, dtype=object), [], "folders named by class")


def _label_space(classes: Path | str | None) -> tuple[LabelSpace, list[str]]:
    """The label space that labels are of, and its names if it is one of the user's own."""
    if classes is None or (str(classes) in PUBLISHED and not Path(classes).exists()):
        return label_space(str(classes or IMAGENET_1K)), []
    names = read_classes(paths.place(classes))
    known = published_space(names)
    return (label_space(known), []) if known else (LabelSpace(own_key(names), tuple(names)), names)


@dataclass
class _Made:
    samples: pd.DataFrame
    factors: list[OwnFactor]
    notes: list[str]


def _samples(rows: Rows, kept: np.ndarray, asked: Iterable[str], cluster: str) -> _Made:
    """The samples table of the rows that can be used, in the order of their files."""
    ids = np.array([rows.found.ids[row] for row in kept], dtype=object)
    kept = kept[np.argsort(ids)]
    frame = rows.raw.frame.iloc[kept].reset_index(drop=True)
    accepted = [rows.labels.accepted[row] for row in kept]
    classes = [rows.space.names[each[0]] for each in accepted]
    columns = factor_columns(list(frame.columns), rows.roles, cluster)
    kinds = kinds_of(asked, columns)
    factors, notes = factors_of(frame[columns], kinds, classes, decimal_comma=rows.raw.decimal_comma)
    factors.append(_class_factor(rows, classes))
    ids = np.sort(ids)
    clusters, said = _clusters(rows, frame, ids)
    samples = {"sample_id": ids, "accepted": accepted, "cluster": clusters}
    samples |= {each.factor.name: each.values for each in factors}
    if rows.masks is not None and any(rows.masks.ids):
        samples[MASK] = [rows.masks.ids[row] or "" for row in kept]
    if any(len(each) > 1 for each in accepted):
        notes.append("images with several labels: a prediction of any of them is right; 'class' is the first.")
    return _Made(pd.DataFrame(samples), factors, [*notes, *said])


def _class_factor(rows: Rows, classes: Sequence[str]) -> OwnFactor:
    counts = Counter(classes)
    values = pd.Series(list(classes), dtype=object)
    examples = tuple(name for name, _ in counts.most_common(_SHOWN))
    column = rows.roles.get("label", "")
    return OwnFactor(Factor("class", "Class", "category"), column, values, len(counts), examples=examples)


def _clusters(rows: Rows, frame: pd.DataFrame, ids: np.ndarray) -> tuple[list[str], list[str]]:
    """What is not independent between images, as text; an image without a value is its own."""
    if "cluster" not in rows.roles:
        return list(ids), []
    cells = frame[rows.roles["cluster"]]
    values = [
        file if cell is None or cell != cell or not str(cell).strip() else str(cell)
        for cell, file in zip(cells, ids, strict=True)
    ]
    n, n_alone = len(set(values)), sum(1 for value, file in zip(values, ids, strict=True) if value == file)
    said = [f"intervals are over {n:,} values of '{rows.roles['cluster']}', which images share."]
    said += [f"{n_alone:,} images have none, and are each their own."] if n_alone else []
    said += ["all images are of one: no interval can be had."] if n == 1 else []
    return values, said
