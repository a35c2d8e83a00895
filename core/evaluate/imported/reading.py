"""A file of predictions as it is understood for a benchmark, before anything is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from core import metrics
from core.benchmarks.base import Benchmark
from core.errors import DataError, LabelSpaceError, OffcenterError, UsageError, nearest
from core.evaluate.imported import classes, content
from core.evaluate.imported.content import Content
from core.evaluate.imported.matching import Matched, examples, matched
from core.evaluate.imported.ranked import Ranked, ranked
from core.evaluate.plan import samples_in
from core.labels import label_space
from core.store import lists

#: What a file may give its first class for an index.
FIRST_CLASSES = (0, 1)
#: So many times as many right say that classes are in one label space and not in another.
_FAR = 2
#: So many times as many, and so many more, say that classes count from another index; above this chance nothing does.
_FARTHER, _FEW, _LIKELY = 5, 3, 0.1


@dataclass(frozen=True)
class Read:
    """A file as it is understood.

    Attributes:
        path: The file.
        benchmark: Whose images it is about.
        content: What it says, as it stands there.
        first_class: Index that it gives to the first class.
        samples: The benchmark's table in the file's label space.
        ranked: What it says of classes.
        matched: Which row is about which image.
        accuracy: Share of the images with a prediction that are right, 0..1; NaN where there are none.
        chance: Accuracy of a guess, 0..1.
    """

    path: Path
    benchmark: Benchmark
    content: Content = field(repr=False)
    first_class: int
    samples: pd.DataFrame = field(repr=False)
    ranked: Ranked = field(repr=False)
    matched: Matched = field(repr=False)
    accuracy: float
    chance: float

    @property
    def is_said(self) -> np.ndarray:
        """Which samples have a prediction: bool (N,)."""
        return _is_said(self.ranked, self.matched)

    @property
    def sample_ids(self) -> list[str]:
        """Those that have a prediction."""
        return self.samples["sample_id"].to_numpy()[self.is_said].tolist()

    @property
    def top1(self) -> np.ndarray:
        """Int (n,), the best class of each of these."""
        return self.ranked.top[self.matched.rows[self.is_said], 0]

    @property
    def right(self) -> np.ndarray:
        """Bool (n,), whether that is accepted."""
        return metrics.is_accepted(self.top1[:, None], self.samples["accepted"][self.is_said])

    @property
    def n(self) -> int:
        """Images with a prediction."""
        return int(self.is_said.sum())

    @property
    def is_near_chance(self) -> bool:
        """Whether so few are right that classes must be in another order."""
        return metrics.near_chance(self.accuracy, self.n, self.chance)

    @property
    def makes_sense(self) -> bool:
        """Whether more are right than by guessing."""
        return not self.is_near_chance and self.accuracy > 2 * self.chance

    @property
    def said(self) -> list[str]:
        """What a reader should know, in sentences."""
        notes = "".join(f"; {note}" for note in self.ranked.notes)
        columns = f"Read from {self.content.source}, as classes of {self.ranked.space}{notes}."
        silent = int((self.matched.rows >= 0).sum()) - self.n
        blank = [f"Rows that name no class, whose images have no prediction: {silent:,}."] if silent else []
        right = f"Right: {_share(self.accuracy)} of {self.n:,}; by guessing, {_share(self.chance)}."
        return [columns, *self.matched.said(), *blank, right]


def read(path: Path, benchmark: Benchmark, *, space: str | None = None, first_class: int = 0) -> Read:
    """Understand a file of predictions of a benchmark's images.

    Args:
        path: See ``core.evaluate.imported.content.read``.
        benchmark: On its data.
        space: Key of the label space of its classes; by default the one of the benchmark's in which they make sense.
        first_class: Index that the file gives to the first class: 1 where it counts from there, or has a background
            class before.

    Raises:
        UsageError, DataError: If the file does not fit: no column or class is understood, no row is about an image, or
            so few are right that classes must be in another order.
    """
    if first_class not in FIRST_CLASSES:
        raise UsageError(f"the first class has the index 0 or 1, not {first_class}.")
    known = benchmark.label_spaces
    if space is not None and space not in known:
        raise UsageError(
            f"'{benchmark.key}' has no labels in '{space}'.{nearest(space, known)} It has: {', '.join(known)}."
        )
    said = content.read(path)
    spaces = (space,) if space else known
    fitting, refused = _attempts(path, benchmark, said, spaces, first_class)
    if not fitting:
        raise DataError(f"{path.name}: {_reasons(refused)}{_other_first(path, benchmark, said, spaces, first_class)}")
    found = _chosen(fitting, path)
    if not found.n:
        theirs, own = examples(said.names), examples(found.samples["sample_id"].tolist())
        raise DataError(
            f"{path.name}: no row is about an image of '{benchmark.key}'. The file names {theirs}; the benchmark {own}."
        )
    if found.is_near_chance:
        cause = _other_first(path, benchmark, said, spaces, first_class) or _cause(said, found.ranked.space)
        raise DataError(
            f"{path.name}: {_share(found.accuracy)} of {found.n:,} images are right, which is chance "
            f"({_share(found.chance)}).{cause}"
        )
    if said.best is not None and classes.are_numbers(said.best) and found.chance <= _LIKELY:
        other = _other_first(path, benchmark, said, spaces, first_class, found)
        if other:
            raise DataError(f"{path.name}: {_share(found.accuracy)} of {found.n:,} images are right.{other}")
    return found


def _attempts(
    path: Path, benchmark: Benchmark, said: Content, spaces: Sequence[str], first: int
) -> tuple[list[Read], dict[str, OffcenterError]]:
    """The file in each label space, and why it is none of the others."""
    found: list[Read] = []
    refused: dict[str, OffcenterError] = {}
    for key in spaces:
        try:
            found.append(_attempt(path, benchmark, said, key, first))
        except (DataError, LabelSpaceError) as error:
            refused[key] = error
    return found, refused


def _attempt(path: Path, benchmark: Benchmark, said: Content, space: str, first: int) -> Read:
    meant = ranked(said, space, first)
    samples = samples_in(benchmark, space)
    if samples.empty:
        raise DataError(f"'{benchmark.key}' has no images in {benchmark.root}.")
    which = matched(said.names, samples["sample_id"].tolist(), said.of_row)
    there = _is_said(meant, which)
    right = metrics.is_accepted(meant.top[which.rows[there], :1], samples["accepted"][there])
    n_accepted = len(lists.list_offsets(samples["accepted"])[1]) / len(samples)
    accuracy = float(right.mean()) if len(right) else float("nan")
    chance = n_accepted / len(label_space(space))
    return Read(path, benchmark, said, first, samples, meant, which, accuracy, chance)


def _is_said(meant: Ranked, which: Matched) -> np.ndarray:
    return (which.rows >= 0) & meant.is_said[which.rows]


def _chosen(fitting: Sequence[Read], path: Path) -> Read:
    """The label space in which a file makes sense; the first where it makes none in any.

    Raises:
        UsageError: If it makes sense in several, and is not far better in one.
    """
    sensible = sorted((each for each in fitting if each.makes_sense), key=lambda each: -each.accuracy)
    if len(sensible) > 1 and sensible[0].accuracy < _FAR * sensible[1].accuracy:
        numbers = ", ".join(f"{_share(each.accuracy)} right in {each.ranked.space}" for each in sensible)
        raise UsageError(f"{path.name} can be read in several label spaces ({numbers}): choose one with --label-space.")
    return (sensible or fitting)[0]


def _reasons(refused: dict[str, OffcenterError]) -> str:
    """Why a file is in none of the label spaces."""
    if len(refused) == 1:
        return str(next(iter(refused.values())))
    return " ".join(f"In {key}: {error}" for key, error in refused.items())


def _other_first(
    path: Path, benchmark: Benchmark, said: Content, spaces: Sequence[str], first: int, than: Read | None = None
) -> str:
    """What to type where classes make sense, or far more, once they count from another index; else nothing."""
    if said.best is not None and not classes.are_numbers(said.best):
        return ""
    others = (other for other in FIRST_CLASSES if other != first)
    found = [each for other in others for each in _attempts(path, benchmark, said, spaces, other)[0]]
    best = max((each for each in found if each.makes_sense), key=lambda each: each.accuracy, default=None)
    n_right = 0 if than is None else int(than.right.sum())
    if best is None or best.right.sum() < max(n_right + _FEW, _FARTHER * n_right):
        return ""
    # A model may take one class for its neighbour; several at once it does not.
    if than is not None and len(np.unique(best.top1[best.right])) < _FEW:
        return ""
    why = "count from 1, or have a background class before them" if best.first_class else "count from 0"
    return (
        f" With --first-class {best.first_class}, {_share(best.accuracy)} of {best.n:,} are right: its classes {why}."
    )


def _cause(said: Content, space: str) -> str:
    """Why so few may be right."""
    if said.best is not None and not classes.are_numbers(said.best):
        return " Its rows are about other images, or its names of files were shuffled."
    return f" Its classes are in another order than those of '{space}': give WordNet ids or names instead of indices."


def _share(share: float) -> str:
    """A share in percent, for a terminal."""
    return "none" if share != share else f"{100 * share:.1f} %"
