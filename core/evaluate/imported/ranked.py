"""The classes that a file means, in a label space: the best with their probabilities, or a number for each class."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.errors import DataError
from core.evaluate.imported import classes
from core.evaluate.imported.content import Content
from core.evaluate.imported.scores import chunks, is_probability
from core.evaluate.rows import TOP_K
from core.labels import label_space

#: How far probabilities may stray from what they must be by rounding.
_ROUNDED = 1e-3


@dataclass(frozen=True)
class Ranked:
    """What each row says, in a label space.

    Attributes:
        space: Key of the label space.
        top: int (N, k), best class first; -1 throughout a row that says nothing.
        prob: float (N, k), NaN where it is not said; None where there are scores.
        scores: float32 (N, M), a number for each class; None where there are best classes alone.
        order: int (C,), the column of each class in ``scores``; None where there are none.
        notes: What a reader should know of how it was read.
    """

    space: str
    top: np.ndarray = field(repr=False)
    prob: np.ndarray | None = field(default=None, repr=False)
    scores: np.ndarray | None = field(default=None, repr=False)
    order: np.ndarray | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def is_said(self) -> np.ndarray:
        """Which rows say something: bool (N,)."""
        return self.top[:, 0] >= 0


def ranked(content: Content, space: str, first: int = 0) -> Ranked:
    """What a file says, in a label space.

    Args:
        content: Of the file.
        space: Key of the label space.
        first: Index that the file gives to the first class: 1 where counting begins there, or where a background class
            stands before the others.

    Raises:
        DataError: If a class is none of the space's, or a number cannot be right; names the row.
    """
    return _of_scores(content, space, first) if content.scores is not None else _of_best(content, space, first)


def _of_scores(content: Content, space: str, first: int) -> Ranked:
    scores = content.scores
    assert scores is not None
    order = _order(content, space, first)
    start, all_fit, sums, percent = 0, True, True, True
    for part in chunks(scores):
        bad = np.flatnonzero(~np.isfinite(part).all(axis=1))
        if len(bad):
            at = int(np.flatnonzero(~np.isfinite(part[bad[0]]))[0])
            raise DataError(
                f"row {start + int(bad[0]) + 1:,}: value {at + 1:,} of {part.shape[1]:,} is {part[bad[0], at]}, not a "
                "finite number."
            )
        fit = (part >= 0).all() and (part <= 1 + _ROUNDED).all()
        all_fit, sums, start = all_fit and bool(fit), sums and is_probability(part), start + len(part)
        percent = percent and is_probability(part / 100)
    if percent:
        raise DataError("the values of each row are 0 to 100 and sum to 100, as percent do: divide them by 100.")
    if content.are_logits is False and not (all_fit and sums):
        raise DataError(
            "the probabilities of a row must be 0 to 1 and sum to 1: call the values 'logits' if they are that, and "
            "give fractions, not percent."
        )
    notes = ["taken as probabilities" if sums else "taken as logits"]
    if all_fit and not sums:
        notes = ["values of 0 to 1 that do not sum to 1 are taken as logits: the order of classes is right, not p"]
    best = [part[:, order].argmax(axis=1) for part in chunks(scores)]
    return Ranked(space, np.concatenate(best)[:, None], None, scores, order, tuple(notes))


def _order(content: Content, space: str, first: int) -> np.ndarray:
    """The column of each class: int (C,)."""
    assert content.scores is not None
    n, width = len(label_space(space)), content.scores.shape[1]
    if content.classes is None:
        if width == n + 1 and first == 1:
            return np.arange(1, n + 1)
        if width != n:
            more = " One is perhaps a background class: --first-class 1 leaves out the first." if width == n + 1 else ""
            raise DataError(f"there are {width:,} values a row, and '{space}' has {n:,} classes.{more}")
        return np.arange(n)
    called = classes.indices([content.classes], space, first, "the names of columns")[0]
    order = np.full(n, -1)
    for column, index in enumerate(called.tolist()):
        if index >= 0:
            if order[index] >= 0:
                twice = f"'{content.classes[order[index]]}' and '{content.classes[column]}'"
                raise DataError(f"the columns {twice} are of one class, {index} ({label_space(space).names[index]}).")
            order[index] = column
    missing = np.flatnonzero(order < 0)
    if len(missing):
        raise DataError(
            f"there are columns for {n - len(missing):,} of the {n:,} classes of '{space}'; the first that has none: "
            f"{missing[0]} ({label_space(space).names[missing[0]]})."
        )
    return order


def _of_best(content: Content, space: str, first: int) -> Ranked:
    assert content.best is not None
    found = classes.indices(content.best, space, first)
    prob = np.full(found.shape, np.nan) if content.prob is None else content.prob.astype(np.float64)
    found, prob = _without_background(found, prob)
    is_there = found >= 0
    n_there = is_there.sum(axis=1)
    if not is_there.any():
        raise DataError("no row names a class.")
    last = is_there.shape[1] - is_there[:, ::-1].argmax(axis=1)
    gap = np.flatnonzero((n_there > 0) & (last > n_there))
    if len(gap):
        raise DataError(f"row {gap[0] + 1:,}: a better class is missing before one that is there.")
    said = n_there > 0
    k = int(n_there[said].min())
    found, prob = found[:, :k], prob[:, :k]
    notes = [] if (n_there[said] == k).all() else [f"some rows name {k} classes and some more: {k} are kept of each"]
    _require_sense(found, prob, space)
    top = np.where(said[:, None], found, classes.NONE)[:, :TOP_K]
    return Ranked(space, top, np.where(said[:, None], prob, np.nan)[:, :TOP_K], notes=tuple(notes))


def _without_background(found: np.ndarray, prob: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lists without a background class, which none of a benchmark's images is; the others move up."""
    lines = np.flatnonzero((found == classes.BACKGROUND).any(axis=1))
    alone = lines[(found[lines] >= 0).sum(axis=1) == 0]
    if len(alone):
        raise DataError(
            f"row {alone[0] + 1:,}: its class is the one before the first, a background, and none stands after it: "
            "give the best class that is not the background."
        )
    found, prob = found.copy(), prob.copy()
    for line in lines:
        order = np.argsort(found[line] == classes.BACKGROUND, kind="stable")
        found[line], prob[line] = found[line][order], prob[line][order]
    found[found == classes.BACKGROUND] = classes.NONE
    return found, prob


def _require_sense(found: np.ndarray, prob: np.ndarray, space: str) -> None:
    """Refuse lists that name a class twice, and probabilities that cannot be some."""
    ordered = np.sort(found, axis=1)
    twice = np.flatnonzero(((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1))
    if len(twice):
        raise DataError(f"row {twice[0] + 1:,} names a class twice.")
    prob = np.where(found >= 0, prob, np.nan)
    for row, at in np.argwhere(np.isinf(prob) | (prob < 0) | (prob > 1 + _ROUNDED))[:1]:
        hint = " Give fractions, not percent." if 1 < prob[row, at] <= 100 else ""
        raise DataError(f"row {row + 1:,}: the probability {prob[row, at]:g} is not 0 to 1.{hint}")
    rising = np.flatnonzero((np.diff(prob, axis=1) > _ROUNDED).any(axis=1))
    if len(rising):
        raise DataError(f"row {rising[0] + 1:,}: a class has a higher probability than one before it: best first.")
    total = np.nansum(prob, axis=1)
    over = np.flatnonzero(total > 1 + 10 * _ROUNDED)
    if len(over):
        raise DataError(f"row {over[0] + 1:,}: its probabilities sum to {total[over[0]]:.3f}, more than 1.")
    known = np.isfinite(prob).any(axis=1) | (found[:, 0] < 0)
    if np.isfinite(prob).any() and not known.all():
        raise DataError(f"row {np.flatnonzero(~known)[0] + 1:,} has no probability, and others have one.")
