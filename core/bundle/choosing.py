"""Which images of a point go into a bundle: a few of each, chosen alike every time, wrong ones first, both kinds shown.

A point's images are known by conditions (``exhibits.Pick``). Its candidates are put in an order of preference that is
good wherever it is cut off: a wrong one, a right one, two wrong ones, a right one, ... each kind the surest first. Then
every point gets its first before any gets its second; see ``rounds``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core import store
from core.answers import joined, questions
from core.answers.questions import SAYS_WHAT, VALUE, StoredPolicy, Where
from core.figures.exhibits import Pick
from core.labels import class_names
from core.store import lists
from core.wording import count

#: Of three images of a point that are shown, the one at this place is a right one, where there is any.
_PERIOD, _RIGHT_AT = 3, 1
#: The golden ratio's fraction: steps of it fill a line evenly, wherever they are cut off.
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Shown:
    """One image of a point.

    Attributes:
        sample_id: Of the samples table.
        view: Name of the view.
        right: Whether it is; images that failed are none of a point.
        predicted: Class index.
        confidence: Of the predicted class; NaN if it is not known.
        true: What is in the image.
    """

    sample_id: str
    view: str
    right: bool
    predicted: int
    confidence: float
    true: str


@dataclass(frozen=True)
class Counted:
    """A point, counted, with the images that would be shown of it.

    Attributes:
        n: Images.
        n_right: Of these, the right ones; of several views what they add up to.
        candidates: In the order of preference.
    """

    n: int
    n_right: float
    candidates: tuple[Shown, ...]


class Told:
    """What one result says of every image, read once for any number of points.

    Args:
        run: Complete or partial.
        policy: What counts as right.
        columns: Factors that conditions of points are about.
    """

    def __init__(self, run: store.Run, policy: StoredPolicy, columns: Sequence[str] = ()) -> None:
        self._run, value = run, VALUE[policy]
        known = questions.factors_of(run)
        self._factors = {name: questions.factor_of(run, name) for name in columns}
        self._says = next((name for name in SAYS_WHAT if name in known), "")
        wanted = [value, "sample_id", "view", "confidence", "predicted", self._says or "accepted", *columns]
        table = joined.read(run, list(dict.fromkeys(wanted)))
        order = np.argsort(-table["confidence"].to_numpy(), kind="stable")
        self._table = table.iloc[order].reset_index(drop=True)
        self._right = self._table[value].to_numpy(dtype=float)
        self._images = pd.Index(self._table["sample_id"].astype(str), dtype=object)
        self._codes = pd.factorize(self._images)[0]
        self._views = self._table["view"].astype(str).to_numpy(dtype=object)
        self._met: dict[Where, np.ndarray] = {}
        self._entries: dict[int, Shown] = {}
        self._common: dict[tuple[str, str], np.ndarray] = {}

    def counted(self, pick: Pick, most: int) -> Counted:
        """A point, counted, with so many candidates at most."""
        kept = self._meeting(pick)
        if self._run.n_views > 1:
            # Which view stands for an image, and what it counts, is the pick's own to say.
            rows = pick.narrowed(self._behind(np.flatnonzero(kept), pick))
            chosen = rows.iloc[preferred(rows["right"].to_numpy(), most)]["row"]
            return Counted(len(rows), round(float(rows["counted"].sum()), 4), tuple(map(self._shown, chosen)))
        rows = np.flatnonzero(self._narrowed(pick, kept & ~np.isnan(self._right)))
        right = self._right[rows]
        return Counted(len(rows), int(right.sum()), tuple(map(self._shown, rows[preferred(right, most)])))

    def _meeting(self, pick: Pick) -> np.ndarray:
        """Which rows meet the conditions of a point: bool (N,)."""
        kept = np.ones(len(self._table), dtype=bool)
        for part in pick.where:
            if part not in self._met:
                self._met[part] = part.keeps(self._table, self._factors[part.column])
            kept &= self._met[part]
        return kept

    def _behind(self, rows: np.ndarray, pick: Pick) -> pd.DataFrame:
        """Rows as a pick narrows them, each with its number here; images by number where their names do not matter."""
        is_named = pick.only is not None or pick.against is not None
        images = self._images[rows] if is_named else self._codes[rows]
        return pd.DataFrame({"sample_id": images, "view": self._views[rows], "right": self._right[rows], "row": rows})

    def _narrowed(self, pick: Pick, kept: np.ndarray) -> np.ndarray:
        """Which of these rows a point counts, of a result of one view, as ``Pick.narrowed`` has them: bool (N,)."""
        if pick.only is not None:
            at = self._images.get_indexer(list(pick.only))
            only = np.zeros(len(kept), dtype=bool)
            only[at[at >= 0]] = True
            kept = kept & only
        return kept if pick.against is None else kept & self._counted_too(pick.against, pick.policy)

    def _counted_too(self, other: store.Run, policy: StoredPolicy) -> np.ndarray:
        key = (other.identity, other.benchmark)
        if key not in self._common:
            table = joined.read(other, ["sample_id", VALUE[policy]])
            self._common[key] = self._images.isin(table.loc[table[VALUE[policy]].notna(), "sample_id"].astype(str))
        return self._common[key]

    def _shown(self, row: int) -> Shown:
        """An image; it may be of many points."""
        row = int(row)
        if row not in self._entries:
            self._entries[row] = Shown(
                str(self._images[row]),
                str(self._views[row]),
                bool(self._right[row] == 1.0),
                int(self._table["predicted"].iat[row]),
                float(self._table["confidence"].iat[row]),
                self._true(row),
            )
        return self._entries[row]

    def _true(self, row: int) -> str:
        if self._says:
            return str(self._table[self._says].iat[row])
        accepted = lists.list_offsets(self._table["accepted"].iloc[[row]])[1]
        return class_names(self._run.label_space, [int(accepted[0])])[0] if len(accepted) else ""


def preferred(right: np.ndarray, most: int) -> np.ndarray:
    """Places of the images that are shown of a point, in the order of preference.

    Args:
        right: float (n,), 1.0 or 0.0; the surest predictions first.
        most: How many.

    Returns:
        int (k,), k <= most.
    """
    kinds = {is_right: list(np.flatnonzero(right == is_right)[:most]) for is_right in (0.0, 1.0)}
    found: list[int] = []
    while len(found) < most and (kinds[0.0] or kinds[1.0]):
        wanted = 1.0 if len(found) % _PERIOD == _RIGHT_AT else 0.0
        found.append(int(kinds[wanted if kinds[wanted] else 1.0 - wanted].pop(0)))
    return np.array(found, dtype=int)


def in_words(counted: Counted, shown: Sequence[Shown]) -> str:
    """How the images that are inside were chosen: ``6 of 30 images, wrong ones first, ...: 4 wrong, 2 right``."""
    n = counted.n
    if not shown:
        return f"none of {count(n, 'image')} is inside" if n else "no image"
    wrong = sum(not each.right for each in shown)
    kinds = (f"{wrong:,} wrong" if wrong else "", f"{len(shown) - wrong:,} right" if len(shown) > wrong else "")
    parts = ", ".join(filter(None, kinds))
    if len(shown) == n:
        return f"all {count(n, 'image')}: {parts}" if n > 1 else f"the only image: {parts}"
    return f"{len(shown):,} of {count(n, 'image')}, wrong ones first, the surest of each kind: {parts}"


def spread(n: int) -> list[int]:
    """0 to n - 1 in an order of which every beginning is spread evenly."""
    return sorted(range(n), key=lambda at: (at * _GOLDEN) % 1)


def rounds(groups: Sequence[Sequence[Hashable]], lengths: Any, most: int) -> Iterator[tuple[Hashable, int]]:
    """Whose turn it is: every point's first image, then every point's second, ...; groups take turns within a round.

    Args:
        groups: Points of each exhibit; a point may be of several.
        lengths: Candidates by point.
        most: Rounds.
    """
    lines = [[group[at] for at in spread(len(group))] for group in groups]
    longest = max(map(len, lines), default=0)
    order = dict.fromkeys(line[at] for at in range(longest) for line in lines if at < len(line))
    for number in range(most):
        for point in order:
            if number < lengths[point]:
                yield point, number
