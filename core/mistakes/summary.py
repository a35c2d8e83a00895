"""What a table of mistakes says as a whole: how many of which kind, which classes are confused, headline shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from core import metrics
from core.metrics.intervals import CONFIDENCE
from core.metrics.score import score_interval
from core.mistakes.table import UNKNOWN

#: Classes that a matrix holds whole, and how many of more than that it shows.
MOST_CLASSES, SHOWN_CLASSES = 30, 24
#: Of the mistakes, what the classes that are shown must hold.
_TELLING_SHARE = 0.25
#: A class that takes at least this share and this many of the mistakes may be called a sink.
_SINK_SHARE, _SINK_N = 0.2, 10


@dataclass(frozen=True)
class Directed:
    """Which class is taken for which.

    Attributes:
        names: Classes in rows and columns; those that are confused with each other stand close together.
        counts: int (C, C), how often the class of a row is taken for that of a column; 0 on the diagonal.
        n: Mistakes in all, those of classes left out included.
        n_classes: Classes in all.
    """

    names: tuple[str, ...]
    counts: np.ndarray = field(repr=False)
    n: int
    n_classes: int

    @property
    def n_shown(self) -> int:
        """Mistakes between the classes that are shown."""
        return int(self.counts.sum())

    @property
    def tells(self) -> bool:
        """Whether the matrix shows what there is: with very many classes the few that fit hold next to nothing."""
        return 0 < self.n_shown >= _TELLING_SHARE * self.n and (self.n_classes <= MOST_CLASSES or self.counts.max() > 1)

    def table(self) -> pd.DataFrame:
        """``true, predicted, n`` of all pairs that occur, most frequent first."""
        rows, columns = np.nonzero(self.counts)
        frame = pd.DataFrame(
            {
                "true": np.asarray(self.names, dtype=object)[rows],
                "predicted": np.asarray(self.names, dtype=object)[columns],
                "n": self.counts[rows, columns],
            }
        )
        return _most_frequent_first(frame, ["true", "predicted"])


def counts(table: pd.DataFrame, rows: np.ndarray, by: str, split: str) -> pd.DataFrame:
    """How many rows there are of each value of two columns: ``by, split, n``; rows without a value are left out."""
    part = table.iloc[rows]
    part = part[(part[by].astype(str) != "") & (part[split].astype(str) != "")]
    found = part.groupby([by, split], observed=True).size().rename("n").reset_index()
    return found.astype({by: str, split: str})


def _directions(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """``true, predicted`` of the mistakes among some rows of which both classes are known, one row each."""
    frame = table.iloc[rows].iloc[_directed_rows(table, rows)]
    return frame[["true", "predicted"]].astype(str)


def _directed_rows(table: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """Places among some rows of the mistakes of which both classes are known, and differ."""
    part = table.iloc[rows]
    true, predicted = part["true"].astype(str), part["predicted"].astype(str)
    known = (part["right"] == 0) & (true != UNKNOWN) & (predicted != UNKNOWN)
    # A class that the label space of the benchmark names otherwise than the model's is no pair.
    return np.flatnonzero(known & (true != predicted))


def _most_frequent_first(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return frame.sort_values(["n", *names], ascending=[False, True, True], ignore_index=True)


def directions(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """Which class is taken for which among some rows: ``true, predicted, n``, most frequent first.

    Args:
        table: From ``of_run`` or ``of_published``.
        rows: From ``select``; those that are right, or of which a class is not known, are left out.
    """
    grouped = _directions(table, rows).groupby(["true", "predicted"]).size().rename("n").reset_index()
    return _most_frequent_first(grouped, ["true", "predicted"])


def on_same_images(tables: Mapping[str, pd.DataFrame], images: np.ndarray) -> tuple[dict[str, np.ndarray], int]:
    """Rows of several models on the same images.

    Args:
        tables: By model, the first the one whose images they are.
        images: Rows of the first.

    Returns:
        Rows by model on those of the images that all have, and how many images these are.
    """
    first, *others = tables
    common = pd.Index(tables[first]["sample_id"].iloc[images])
    for other in others:
        common = common.intersection(pd.Index(tables[other]["sample_id"]), sort=False)
    found = {name: np.flatnonzero(table["sample_id"].isin(common)) for name, table in tables.items()}
    return found, common.nunique()


def directed(table: pd.DataFrame, rows: np.ndarray, most: int = MOST_CLASSES, shown: int = SHOWN_CLASSES) -> Directed:
    """The matrix of which class is taken for which.

    Args:
        table: From ``of_run`` or ``of_published``.
        rows: See ``directions``.
        most: Classes that are all shown.
        shown: How many are shown where there are more: those with most mistakes, made of them or as them.
    """
    found = directions(table, rows)
    weight = pd.concat([found.groupby("true")["n"].sum(), found.groupby("predicted")["n"].sum()]).groupby(level=0).sum()
    weight = weight.rename_axis("name").reset_index().sort_values(["n", "name"], ascending=[False, True])
    names = sorted(weight["name"].head(most if len(weight) <= most else shown))
    places = {name: at for at, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=int)
    inside = found[found["true"].isin(places) & found["predicted"].isin(places)]
    at = tuple(inside[side].map(places).to_numpy(dtype=int) for side in ("true", "predicted"))
    counts[at] = inside["n"]
    order = _close_together(counts)
    return Directed(tuple(names[at] for at in order), counts[np.ix_(order, order)], int(found["n"].sum()), len(weight))


def _close_together(counts: np.ndarray) -> list[int]:
    """An order of classes in which those that are confused in either direction are neighbours."""
    if len(counts) < 3:
        return list(range(len(counts)))
    either = counts + counts.T
    distance = 1 - either / max(either.max(), 1)
    np.fill_diagonal(distance, 0)
    condensed = squareform(distance, checks=False)
    tree = hierarchy.linkage(condensed, "average", optimal_ordering=True)
    return [int(at) for at in hierarchy.leaves_list(tree)]


def sinks(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """Classes that take far more of the mistakes than their share, largest first.

    That is a fifth of them, ten at least, and the lower end of the share's interval (over objects, of all classes at
    once) lies above what the class would take if each mistake fell on any other class alike.

    Returns:
        ``predicted, n, n_all``: mistakes that are predictions of the class, and all.
    """
    found = directions(table, rows)
    total = int(found["n"].sum())
    taken = found.groupby("predicted")["n"].sum().reset_index()
    n_classes = len(set(found["true"]) | set(found["predicted"]))
    own = taken["predicted"].map(found.groupby("true")["n"].sum()).fillna(0).to_numpy(dtype=float)
    fair = (total - own) / max(total * (n_classes - 1), 1)
    low = _at_least(table, rows, taken["predicted"])
    is_sink = (taken["n"] >= _SINK_SHARE * total) & (taken["n"] >= _SINK_N) & (low > fair)
    return taken[is_sink].sort_values("n", ascending=False, kind="stable", ignore_index=True).assign(n_all=total)


def _at_least(table: pd.DataFrame, rows: np.ndarray, classes: pd.Series) -> np.ndarray:
    """The lower end of the share of the mistakes that each class takes, so that all hold at once: float (N,).

    Mistakes on one object go together; NaN where all are on one.
    """
    known = table.iloc[rows].iloc[_directed_rows(table, rows)]
    objects, predicted = pd.factorize(known["cluster"])[0], known["predicted"].astype(str).to_numpy()
    low = []
    for name in classes:
        of_class, every = (predicted == name).astype(float), np.zeros(len(known), dtype=int)
        confidence = 1 - (1 - CONFIDENCE) / len(classes)
        low.append(score_interval(of_class, every, objects, 1, confidence=confidence, exact=True)[0][0])
    return np.array(low, dtype=float)


def pairs(table: pd.DataFrame, rows: np.ndarray, limit: int = 30) -> pd.DataFrame:
    """The class pairs that are confused most among some rows, whichever of the two is taken for the other.

    Args:
        table: From ``of_run`` or ``of_published``.
        rows: See ``directions``.
        limit: How many.

    Returns:
        ``first, second`` (names, in alphabetical order), ``n`` in either direction, ``n_forward`` (first mistaken for
        second), most frequent first.
    """
    frame = _directions(table, rows)
    ordered = np.sort(frame[["true", "predicted"]].to_numpy(dtype=object), axis=1)
    forward = ordered[:, 0] == frame["true"].to_numpy(dtype=object)
    both = pd.DataFrame({"first": ordered[:, 0], "second": ordered[:, 1], "forward": forward})
    grouped = both.groupby(["first", "second"])["forward"].agg(n="size", n_forward="sum").reset_index()
    return _most_frequent_first(grouped, ["first", "second"]).head(limit)


def mentions(confusions: pd.DataFrame, text: str) -> np.ndarray:
    """Which pairs have a text in the name of one of their two classes: bool (N,); all for an empty text."""
    wanted = text.strip().lower()
    names = confusions.iloc[:, :2].astype(str)
    return np.array([wanted in f"{first}\n{second}".lower() for first, second in names.to_numpy()], dtype=bool)


def readable(pairs: pd.DataFrame, most: int = 14) -> pd.DataFrame:
    """The most frequent of some pairs, as far as a ring of their classes can be read.

    Args:
        pairs: From ``pairs``; those that occur once are left out.
        most: Classes on the ring.
    """
    names: set[str] = set()
    kept = []
    for row in pairs[pairs["n"] > 1].itertuples():
        if len(names | {row.first, row.second}) <= most:
            names |= {row.first, row.second}
            kept.append(row.Index)
    return pairs.loc[kept].reset_index(drop=True)


def shares(table: pd.DataFrame, clustered: bool) -> dict[str, tuple[float, float, float, int]]:
    """Headline numbers: (share, low, high, n) of ``wrong``, and where known of ``single_only`` and ``both_wrong``.

    Args:
        table: From ``of_run``.
        clustered: Whether images share objects, so that intervals are over those.
    """
    found = {"wrong": _share(table, 1 - table["right"], clustered)}
    if table["accepted"].notna().any():
        single_only = (table["accepted"] == 1) & (table["single"] == 0)
        known = table["accepted"].notna() & table["single"].notna()
        found["single_only"] = _share(table, single_only.astype(float).where(known), clustered)
    if "other_right" in table:
        both = (table["right"] == 0) & (table["other_right"] == 0)
        known = table["right"].notna() & table["other_right"].notna()
        found["both_wrong"] = _share(table, both.astype(float).where(known), clustered)
    return found


def _share(table: pd.DataFrame, values: pd.Series, clustered: bool) -> tuple[float, float, float, int]:
    frame = pd.DataFrame({"value_": values.to_numpy(), "cluster": table["cluster"].to_numpy()})
    row = metrics.accuracy_by(frame, (), "cluster" if clustered else None, value="value_").iloc[0]
    return float(row["value"]), float(row["low"]), float(row["high"]), int(row["n"])
