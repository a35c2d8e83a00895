"""Every prediction of a run as a row, right or wrong, with what filters need; 50,000 rows filter in milliseconds.

The same table is made of a published mistake file, of which only the mistakes are known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd

from core import labels, store
from core.answers import joined
from core.benchmarks.imagenet_annotations import Annotations, validation_name
from core.labels import IMAGENET_1K
from core.mistakes.reassessed import reassessed

Kind = Literal["wrong", "right", "all", "single_only", "both_wrong", "only_this_wrong", "only_other_wrong"]
#: What each kind of row is called; ``single_only`` and the last three need annotations and another model.
KINDS: dict[Kind, str] = {
    "wrong": "Wrong",
    "right": "Right",
    "all": "All",
    "single_only": "Only the single label says wrong",
    "both_wrong": "Both wrong",
    "only_this_wrong": "Wrong, the other right",
    "only_other_wrong": "Right, the other wrong",
}
#: What a class is called where nobody knows it.
UNKNOWN = "unknown"
Order = Literal["confidence", "p_true", "class"]
#: In which order rows are shown.
ORDERS: dict[Order, str] = {
    "confidence": "Surest first",
    "p_true": "Least probable true class first",
    "class": "By class",
}


@dataclass(frozen=True)
class Filters:
    """Which rows are looked at; what is empty filters nothing.

    Attributes:
        kind: See ``KINDS``.
        true: Names of true classes.
        predicted: Names of predicted classes.
        text: Part of the name of the true or the predicted class, of any case.
        low: Smallest confidence, 0..1; a confidence that is not known passes.
        high: Largest confidence, 0..1.
        categories: Published categories.
        severities: Published severities.
        pair: Two class names, confused in either direction.
    """

    kind: Kind = "wrong"
    true: tuple[str, ...] = ()
    predicted: tuple[str, ...] = ()
    text: str = ""
    low: float = 0.0
    high: float = 1.0
    categories: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    pair: tuple[str, str] | None = None


def of_run(run: store.Run, other: store.Run | None = None, annotations: Annotations | None = None) -> pd.DataFrame:
    """A run's rows.

    Args:
        run: Complete or partial, of any benchmark.
        other: A second model's run on the same benchmark.
        annotations: Of ImageNet's validation set; they say which predictions of a single-label run are accepted.

    Returns:
        ``sample_id, true`` and ``predicted`` (names, categorical), ``predicted_index``, ``confidence``, ``p_true``
        (probability of the accepted classes), ``right`` (1.0, 0.0, NaN for an image that failed), ``accepted`` (right
        under multi-label annotations; NaN where there are none), ``single`` (right under the single label; NaN where
        that is not known), ``cluster``, and with ``other``: ``other_predicted`` and ``other_right`` (NaN where it has
        no such image).
    """
    columns = joined.columns_of(run)
    named = next((name for name in ("class", "category") if name in columns), None)
    wanted = ["sample_id", "predicted", "confidence", "p_accepted", "correct", "cluster"]
    read = joined.read(run, [*wanted, *([named] if named else []), *(["original"] if "original" in columns else [])])
    space = run.label_space
    right = read["correct"].to_numpy(dtype=float)
    table = pd.DataFrame(
        {
            "sample_id": read["sample_id"],
            "true": read[named].astype("category") if named else pd.Categorical([UNKNOWN] * len(read)),
            "predicted": names_of(space, read["predicted"].to_numpy()),
            "predicted_index": read["predicted"].to_numpy(),
            "confidence": read["confidence"].to_numpy(dtype=float),
            "p_true": read["p_accepted"].to_numpy(dtype=float),
            "right": right,
            "accepted": np.nan,
            "single": np.nan,
            "cluster": read["cluster"].to_numpy(),
        }
    )
    if "original" in read:
        original = read["original"].to_numpy()
        single = (original == table["predicted_index"]).astype(float)
        table["accepted"], table["single"] = right, np.where(original < 0, np.nan, single)
    elif annotations is not None and space == IMAGENET_1K:
        table["single"], table["accepted"] = right, _accepted(table, annotations)
    return table if other is None else _with_other(table, other)


def _accepted(table: pd.DataFrame, annotations: Annotations) -> np.ndarray:
    """Whether annotators accept each prediction: float (N,); NaN for images they have not labelled."""
    usable = annotations.usable
    known = [usable.get(validation_name(sample_id) or "") for sample_id in table["sample_id"]]
    return np.array(
        [
            np.nan if labels_ is None else float(index in labels_.accepted)
            for labels_, index in zip(known, table["predicted_index"], strict=True)
        ]
    )


def _with_other(table: pd.DataFrame, other: store.Run) -> pd.DataFrame:
    said = joined.read(other, ["sample_id", "predicted", "correct"])
    rows = pd.Index(said["sample_id"]).get_indexer(pd.Index(table["sample_id"]))
    there = rows >= 0
    predicted = np.where(there, said["predicted"].to_numpy()[rows], -1)
    return table.assign(
        other_predicted=names_of(other.label_space, predicted),
        other_right=np.where(there, said["correct"].to_numpy(dtype=float)[rows], np.nan),
    )


def of_published(
    mistakes: pd.DataFrame,
    other: pd.DataFrame | None = None,
    annotations: Annotations | None = None,
    original: dict[str, int] | None = None,
) -> pd.DataFrame:
    """A published mistake file's rows; see ``of_run``. All are wrong, and of other images nothing is known.

    Args:
        mistakes: From ``published.read_mistakes``.
        other: Another model's; an image that is not among its mistakes, is right.
        annotations: Their first correct label is the true class; without them, that of ``reassessed``.
        original: Original class by file name; goes before both.

    Returns:
        The columns of ``of_run``, and ``category``, ``severity``, ``category_original``.
    """
    names = mistakes["sample_id"].tolist()
    predicted = mistakes["predicted"].to_numpy()
    said = zip(names, predicted, strict=True)
    true = np.array([_true_of(name, best, annotations, original or {}) for name, best in said], dtype=np.int64)
    table = pd.DataFrame(
        {
            "sample_id": mistakes["sample_id"],
            "true": names_of(IMAGENET_1K, true),
            "predicted": names_of(IMAGENET_1K, predicted),
            "predicted_index": predicted,
            "confidence": np.nan,
            "right": 0.0,
            "accepted": 0.0,
            "single": 0.0,
            "cluster": np.arange(len(mistakes)),
            "category": mistakes["category"].astype("category"),
            "severity": mistakes["severity"].astype("category"),
            "category_original": mistakes["category_original"],
        }
    )
    if other is None:
        return table
    rows = pd.Index(other["sample_id"]).get_indexer(pd.Index(names))
    predicted = np.where(rows >= 0, other["predicted"].to_numpy()[rows], -1)
    return table.assign(other_predicted=names_of(IMAGENET_1K, predicted), other_right=(rows < 0).astype(float))


def _true_of(name: str, predicted: int, annotations: Annotations | None, original: dict[str, int]) -> int:
    """Class index: the original one, else an annotated one, else a reassessed one; -1 if none is known."""
    if name in original:
        return original[name]
    if annotations is not None and name in annotations.labels:
        return next(iter(annotations.labels[name].correct), -1)
    # An expert judged the prediction wrong, so a label that says it is right is not the true class here.
    return next((index for index in reassessed(name) if index != predicted), -1)


def with_categories(table: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Rows of a run with the published category and severity of those mistakes that a reference model makes too.

    Only where the run predicts the very class that was judged; the same image mistaken for something else is another
    mistake.

    Args:
        table: From ``of_run``.
        published: From ``published.read_mistakes``; of several files, one under the other.
    """
    judged = published.drop_duplicates(["sample_id", "predicted"]).set_index(["sample_id", "predicted"])
    names = [validation_name(sample_id) or "" for sample_id in table["sample_id"]]
    rows = judged.index.get_indexer(pd.MultiIndex.from_arrays([names, table["predicted_index"]]))
    columns = {}
    for column in ("category", "severity", "category_original"):
        values = judged[column].to_numpy(dtype=object)
        columns[column] = np.where(rows >= 0, values[rows], "") if len(values) else np.full(len(table), "", object)
    found = table.assign(**columns)
    return found.astype({"category": "category", "severity": "category"})


def select(table: pd.DataFrame, filters: Filters) -> np.ndarray:
    """The rows that pass all filters: int (K,), the surest prediction first."""
    keep = _of_kind(table, filters.kind)
    for column, names in (
        ("true", filters.true),
        ("predicted", filters.predicted),
        ("category", filters.categories),
        ("severity", filters.severities),
    ):
        if names:
            keep &= _is_one_of(table[column], names) if column in table else False
    confidence = table["confidence"].to_numpy()
    if (filters.low, filters.high) != (0.0, 1.0):
        keep &= np.isnan(confidence) | ((confidence >= filters.low) & (confidence <= filters.high))
    if filters.text.strip():
        keep &= _mentions(table["true"], filters.text) | _mentions(table["predicted"], filters.text)
    if filters.pair is not None:
        first, second = filters.pair
        there = _is_one_of(table["true"], [first]) & _is_one_of(table["predicted"], [second])
        keep &= there | (_is_one_of(table["true"], [second]) & _is_one_of(table["predicted"], [first]))
    rows = np.flatnonzero(keep)
    return rows[np.argsort(-np.nan_to_num(confidence[rows]), kind="stable")]


def asked_about(table: pd.DataFrame, filters: Filters) -> np.ndarray:
    """The images on which several models' mistakes are compared under filters of the first: int (K,).

    All images where the first model's mistakes are looked at without another condition, else those that pass; classes
    say which mistakes are counted, not on which images.
    """
    plain = replace(filters, true=(), predicted=(), pair=None, text="")
    return np.arange(len(table)) if plain == Filters() else select(table, plain)


def ordered(table: pd.DataFrame, rows: np.ndarray, order: Order) -> np.ndarray:
    """Rows in an order; those of which its number is not known come last.

    Args:
        table: From ``of_run`` or ``of_published``.
        rows: From ``select``.
        order: Key of ``ORDERS``; by class is by the true, then by the predicted class.
    """
    part = table.iloc[rows]
    if order == "class":
        by = pd.DataFrame({name: part[name].astype(str).to_numpy() for name in ("true", "predicted")})
        return rows[by.sort_values(["true", "predicted"], kind="stable").index.to_numpy()]
    sign = -1 if order == "confidence" else 1
    keys = sign * part[order].to_numpy() if order in part else np.zeros(len(rows))
    return rows[np.argsort(keys, kind="stable")]


def _of_kind(table: pd.DataFrame, kind: Kind) -> np.ndarray:
    right = table["right"].to_numpy()
    if kind == "all":
        return np.ones(len(table), dtype=bool)
    if kind == "right":
        return right == 1
    if kind == "single_only":
        return (table["single"].to_numpy() == 0) & (table["accepted"].to_numpy() == 1)
    if kind == "wrong":
        return right == 0
    if "other_right" not in table:
        return np.zeros(len(table), dtype=bool)
    this, other = {"both_wrong": (0, 0), "only_this_wrong": (0, 1), "only_other_wrong": (1, 0)}[kind]
    return (right == this) & (table["other_right"].to_numpy() == other)


def _is_one_of(column: pd.Series, names: tuple[str, ...] | list[str]) -> np.ndarray:
    """By the category's code: a comparison of integers, not of 50,000 texts."""
    codes = column.cat.categories.get_indexer(list(names))
    return np.isin(column.cat.codes.to_numpy(), codes[codes >= 0])


def _mentions(column: pd.Series, text: str) -> np.ndarray:
    wanted = text.strip().lower()
    hit = np.array([wanted in str(name).lower() for name in column.cat.categories], dtype=bool)
    return np.append(hit, False)[column.cat.codes.to_numpy()]


def names_of(space: str, indices: np.ndarray) -> pd.Categorical:
    """Class names of indices as categories; negative ones are ``unknown``."""
    known = _names(space, int(indices.max(initial=0)) + 1)
    codes = np.where(indices < 0, len(known) - 1, indices)
    return pd.Categorical.from_codes(codes, categories=list(known))


@cache
def _names(space: str, at_least: int) -> tuple[str, ...]:
    """Names of a label space's classes, and one for none."""
    try:
        named = labels.label_space(space).names
    except labels.LabelSpaceError:
        named = tuple(f"class {index}" for index in range(at_least))
    return (*named, UNKNOWN)
