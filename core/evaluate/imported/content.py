"""What a file of predictions says, whatever its format: a name a row, and classes with or without probabilities."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.errors import DataError, nearest
from core.evaluate.imported.columns import FILE, Column, as_number, read_columns

TOP1 = ("top1", "top_1", "pred", "prediction", "predicted", "predicted_class", "predicted_label", "pred_label")
TOP1_PROB = ("prob", "top1_prob", "prob1", "probability", "confidence", "conf", "score")
#: Columns of lists, best first, and those of their probabilities.
LISTS = ("topk", "top_k", "top10", "top5", "predictions", "classes", "labels")
LISTS_PROB = ("topk_prob", "top_k_prob", "top10_prob", "top5_prob", "topk_probs", "probs", "probabilities", "scores")
#: Columns of lists with a number for each class.
LOGITS, PROBABILITIES = ("logits",), ("probabilities", "probs", "softmax")
_NUMBERED = re.compile(r"top[_ ]?(\d+)")
_NUMBERED_PROB = re.compile(r"(?:prob|p|score)[_ ]?(\d+)|top[_ ]?(\d+)[_ ](?:prob|probability|score)")
_PREFIX = re.compile(r"(?i)^(?:logits?|prob|probs|p|score|class|c)[_ .:]?(?=\d+$|n\d{8}$)")
#: Fewer columns than these are no answer for each class.
_LEAST_CLASSES = 2


@dataclass(frozen=True)
class Content:
    """What a file says.

    Attributes:
        names: What each row is about, as it stands there.
        best: Cells of the best classes, best first: N rows of k; None where there is a number for each class.
        prob: float64 (N, k), of these; NaN where it is not said; None where no probability is.
        scores: float32 (N, C), a number for each class; None where there are best classes.
        classes: What the file calls each of the C classes; None where it does not.
        are_logits: Whether scores are logits; None where their values decide.
        source: Which columns were read, in words.
    """

    names: list[str] = field(repr=False)
    best: list[list[str]] | None = field(default=None, repr=False)
    prob: np.ndarray | None = field(default=None, repr=False)
    scores: np.ndarray | None = field(default=None, repr=False)
    classes: tuple[str, ...] | None = field(default=None, repr=False)
    are_logits: bool | None = None
    source: str = ""

    def __len__(self) -> int:
        return len(self.names)

    def of_row(self, row: int) -> object:
        """What a row says, so that two can be compared."""
        if self.scores is not None:
            return self.scores[row].tobytes()
        assert self.best is not None
        return (*self.best[row], b"" if self.prob is None else self.prob[row].tobytes())


def read(path: Path) -> Content:
    """What a file of predictions says.

    Args:
        path: CSV, TSV, Parquet or JSONL with a column of files and columns of classes (see the constants of this
            module), or NPZ with the arrays ``files`` (N,) and ``logits`` or ``probabilities`` (N, C), or ``top1``.

    Raises:
        DataError: If it cannot be read as that; says what it is and what would do.
        UsageError: If its format is unknown, or it is not there.
    """
    columns = read_columns(path)
    by_name = {name.strip().lower(): column for name, column in columns.items()}
    if len(by_name) < len(columns):
        raise DataError(f"{path.name} has two columns of one name (case plays no part): rename one.")
    found = _first(by_name, FILE)
    if found is None:
        raise DataError(
            f"{path.name} has no column that names the images: call it 'file'.{nearest('file', by_name)} It has: "
            f"{_some(list(columns))}."
        )
    names = [str(name).strip() for name in by_name.pop(found).texts()]
    if not names:
        raise DataError(f"{path.name} has the columns {_some(list(columns))} and no row.")
    empty = next((row for row, name in enumerate(names) if not name), None)
    if empty is not None:
        raise DataError(f"{path.name}, row {empty + 1:,}: the column '{found}' is empty, so it is about no image.")
    for form in (_numbered, _list_of_best, _list_of_all, _top1, _column_a_class):
        content = form(by_name, names)
        if content is not None:
            return content
    raise DataError(
        f"{path.name} has no column of predicted classes: 'top1' and perhaps 'prob', or 'top1', 'top2', … and 'prob1', "
        f"'prob2', …, or a list 'topk', or a list 'logits', or a column for each class. It has: {_some(list(columns))}."
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 12:,} more" if len(names) > 12 else ""
    return ", ".join(name[:40] or "(no name)" for name in names[:12]) + more


def _first(columns: Mapping[str, object], names: Sequence[str]) -> str | None:
    return next((name for name in names if name in columns), None)


def _numbered(columns: Mapping[str, Column], names: list[str]) -> Content | None:
    """``top1, top2, …`` with ``prob1, prob2, …`` or ``top1_prob, …``."""
    best = {int(found[1]): name for name in columns if (found := _NUMBERED.fullmatch(name))}
    width = next(k for k in range(1, len(best) + 2) if k not in best) - 1
    if width < 2:
        return None
    prob = {int(found[1] or found[2]): name for name in columns if (found := _NUMBERED_PROB.fullmatch(name))}
    lines = list(zip(*(columns[best[k]].texts() for k in range(1, width + 1)), strict=True))
    known = [prob[k] for k in range(1, width + 1) if k in prob]
    if known and len(known) < width:
        raise DataError(f"there are {width} columns of classes and {len(known)} of probabilities ({_some(known)}).")
    numbers = np.stack([columns[name].numbers(name) for name in known], axis=1) if known else None
    return Content(names, [list(line) for line in lines], numbers, source=f"top1 to top{width}")


def _list_of_best(columns: Mapping[str, Column], names: list[str]) -> Content | None:
    """A column of lists of the best classes, and perhaps one of their probabilities."""
    name = next((each for each in LISTS if each in columns and columns[each].holds_lists()), None)
    if name is None:
        return None
    lines = columns[name].lists(name)
    with_prob = next((each for each in (f"{name}_prob", *LISTS_PROB) if each in columns), None)
    if with_prob is None or not columns[with_prob].holds_lists():
        return Content(names, lines, None, source=f"the lists '{name}'")
    width = max(map(len, lines), default=0)
    prob = np.full((len(lines), width), np.nan)
    for row, (line, cells) in enumerate(zip(lines, columns[with_prob].lists(with_prob), strict=True)):
        if len(line) != len(cells):
            raise DataError(f"row {row + 1:,}: '{name}' has {len(line)} classes and '{with_prob}' {len(cells)} values.")
        prob[row, : len(cells)] = [as_number(cell, with_prob, row) for cell in cells]
    return Content(names, lines, prob, source=f"the lists '{name}' and '{with_prob}'")


def _list_of_all(columns: Mapping[str, Column], names: list[str]) -> Content | None:
    """A column of lists, or an array, with a number for each class."""
    for known, are_logits in ((LOGITS, True), (PROBABILITIES, False)):
        name = _first(columns, known)
        if name is not None and columns[name].holds_lists():
            scores = columns[name].matrix(name)
            said = f"'{name}' of {scores.shape[1]:,} classes"
            return Content(names, scores=scores, are_logits=are_logits, source=said)
    return None


def _top1(columns: Mapping[str, Column], names: list[str]) -> Content | None:
    """The best class alone, and perhaps its probability."""
    name = _first(columns, TOP1)
    if name is None:
        return None
    prob = _first(columns, TOP1_PROB)
    numbers = columns[prob].numbers(prob)[:, None] if prob else None
    if numbers is not None and np.isnan(numbers).all():
        numbers = None
    beside = f" and '{prob}'" if numbers is not None else ", without probabilities"
    return Content(names, [[cell] for cell in columns[name].texts()], numbers, source=f"'{name}'{beside}")


def _column_a_class(columns: Mapping[str, Column], names: list[str]) -> Content | None:
    """A column of numbers for each class, called by its index, WordNet id or name."""
    # A column without a name numbers the rows.
    called = {name: _PREFIX.sub("", name) for name in columns if name}
    if len(called) < _LEAST_CLASSES or not all(columns[name].is_numeric() for name in called):
        return None
    scores = np.stack([columns[name].numbers(name).astype(np.float32) for name in called], axis=1)
    return Content(names, scores=scores, classes=tuple(called.values()), source=f"{len(called):,} columns of classes")
