"""The images behind a number as a notebook shows them: thumbnails with what was said of each, and the table of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from core import benchmarks, store
from core.answers import questions
from core.answers.cards import unit_of
from core.answers.questions import Question, StoredPolicy, Where, factor_of
from core.benchmarks.base import Benchmark
from core.errors import ImageError, OffcenterError, UsageError, nearest
from core.figures.exhibits.base import Pick
from core.figures.style import MUTED, RIGHT, WRONG
from core.images import drawing
from core.images.opening import as_rgb, reasons
from core.labels import class_names
from core.types import Factor, FactorValue
from core.wording import as_html, clusters, count, interval, percent, short_label, value

#: What is shown: all images, or those of one kind.
SHOWN = ("all", "wrong", "right")
#: Pixels of a thumbnail's side, and the most thumbnails: a notebook keeps them.
_SIDE_PX, _MOST = 96, 200
#: Values that an error names.
_NAMED = 12
_GRID = f"display:grid;grid-template-columns:repeat(auto-fill,minmax({_SIDE_PX + 6}px,1fr));gap:10px 8px;margin:6px 0"
_TILE = (
    f"position:relative;width:{_SIDE_PX}px;height:{_SIDE_PX}px;border:3px solid {{colour}};border-radius:5px;"
    "overflow:hidden;display:flex;align-items:center;justify-content:center;background:rgba(128,128,128,0.2)"
)
_MARK = (
    "position:absolute;top:0;right:0;width:17px;height:17px;border-radius:0 0 0 5px;color:#fff;font:700 12px/17px "
    "sans-serif;text-align:center;background:{colour}"
)
_REASON = "font-size:10px;line-height:1.2;padding:16px 4px 4px;text-align:center;overflow-wrap:anywhere"
_CAPTION = f"font-size:12px;line-height:1.25;margin-top:2px;width:{_SIDE_PX + 6}px;overflow-wrap:anywhere"
_QUIET = "opacity:0.75;font-size:90%"


@dataclass(frozen=True, repr=False)
class Gallery:
    """The images that a number counts, the surest predictions first.

    Attributes:
        run: Whose predictions they are.
        where: Conditions that an image meets.
        n: How many are shown.
        policy: What counts as right.
        shown: Of ``SHOWN``.
    """

    run: store.Run
    where: tuple[Where, ...] = ()
    n: int = 24
    policy: StoredPolicy = "top1"
    shown: str = "all"

    @cached_property
    def table(self) -> pd.DataFrame:
        """All images that are meant, not only those shown.

        Returns:
            ``sample_id, view, right`` (True, False), ``true, predicted`` (names), ``confidence`` (0..1), ``p_true`` (of
            the accepted classes, NaN where it is not known) and the numeric factors.
        """
        rows = Pick(self.run, "", self.where, self.policy).rows()
        right = rows["counted"] >= 0.5
        rows = rows.assign(right=right, predicted=class_names(self.run.label_space, rows["predicted"].astype(int)))
        kept = right if self.shown == "right" else ~right if self.shown == "wrong" else right.notna()
        first = ["sample_id", "view", "right", "true", "predicted", "confidence", "p_true"]
        numbers = [name for name in rows if name not in (*first, "counted")]
        return rows.loc[kept, [*first, *numbers]].reset_index(drop=True)

    def __repr__(self) -> str:
        return (
            f"<{count(len(self), 'image')} of {self.run.label} on {self.run.benchmark}, identity {self.run.identity}>"
        )

    def __len__(self) -> int:
        """How many images are meant."""
        return len(self.table)

    def _repr_html_(self) -> str:
        """Thumbnails inside the page: nothing is requested from anywhere."""
        rows = self.table.head(self.n).to_dict("records")
        tiles = "".join(self._tile(row) for row in rows)
        foot = f"identity {self.run.identity}" + ("" if self.run.complete else ", partial")
        return (
            f"<div><div>{self._headline()}</div>"
            f'<div style="{_GRID}">{tiles}</div><div style="{_QUIET}">{as_html(foot)}</div></div>'
        )

    def _headline(self) -> str:
        question = Question(where=self.where, policy=self.policy)
        found = questions.answer(self.run, question).iloc[0]
        n, k = int(found["n"]), int(found["n_clusters"])
        name = "top-5" if self.policy == "top5" else "top-1"
        number = f"{name} {percent(found['value'])} {interval(found['low'], found['high'])}, n = {count(n, 'image')}"
        over = "" if k == n else f", {clusters(k, unit_of(self.run))}"
        which = "" if self.shown == "all" else f"{self.shown} ones, "
        said = "; ".join(in_words(self.run, part) for part in self.where)
        of = f"{self.run.label} on {self.run.benchmark}" + (f" where {said}" if said else "")
        shown = f"{which}{min(self.n, len(self)):,} of {len(self):,} shown, the surest first"
        return f"<b>{as_html(of)}</b>: {as_html(number + over)}; {as_html(shown)}"

    def _tile(self, row: Mapping[str, Any]) -> str:
        colour, sign = (RIGHT, "✓") if row["right"] else (WRONG, "✗")
        said = caption_of(row["true"], row["predicted"], row["confidence"])
        picture, reason = self._picture(row["sample_id"])
        title = f"{'right' if row['right'] else 'wrong'}: {said} · {row['sample_id']}"
        inside = (
            f'<img src="{picture}" alt="{as_html(title)}" style="width:100%;height:100%;display:block">'
            if picture
            else f'<span style="{_REASON}">{as_html(reason)}</span>'
        )
        mark = f'<span style="{_MARK.format(colour=colour)}">{sign}</span>'
        frame = f'<div style="{_TILE.format(colour=colour if picture else MUTED)}">{inside}{mark}</div>'
        return f'<div title="{as_html(title)}">{frame}<div style="{_CAPTION}">{as_html(said)}</div></div>'

    @cached_property
    def _source(self) -> Benchmark | None:
        try:
            return benchmarks.open_for(self.run)
        except OffcenterError:
            return None

    def _picture(self, sample_id: str) -> tuple[str, str]:
        """A thumbnail as an address that the page carries itself; else why there is none."""
        if self._source is None:
            return "", "the image is not on this machine"
        try:
            with reasons(sample_id):
                encoded = drawing.thumbnail(as_rgb(self._source.image(sample_id)), _SIDE_PX)
        except ImageError as error:
            return "", str(error)
        except FileNotFoundError:
            return "", "the file is not there"
        except (OSError, OffcenterError) as error:
            return "", str(error)
        return drawing.data_uri(encoded, "jpeg"), ""


def caption_of(true: str, predicted: str, confidence: float) -> str:
    """``deer → bird 0.98``; ``deer 0.98`` where they are the same."""
    share = "" if math.isnan(confidence) else f" {confidence:.2f}"
    return f"{predicted}{share}" if true == predicted else f"{true} → {predicted}{share}"


def gallery(
    run: store.Run,
    where: Mapping[str, Any] | Where | Iterable[Where] | None = None,
    n: int = 24,
    policy: str = "top1",
    shown: str = "all",
) -> Gallery:
    """The images that a number counts, for a notebook.

    Args:
        run: Complete or partial.
        where: ``{"weather": "fog", "area": (0.01, 0.1), "class": ["cat", "dog"]}``: a value, a range of numbers with
            its ends, or several values of a factor; or conditions as ``Where``. All images by default.
        n: How many are shown, 1 to 200.
        policy: What counts as right: ``top1`` or ``top5``.
        shown: ``all``, ``wrong`` or ``right``.

    Raises:
        UsageError: If a factor or a value does not exist, or no image meets the conditions; names the nearest.
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= _MOST:
        raise UsageError(f"n={n!r} images cannot be shown: give a whole number from 1 to {_MOST}.")
    for name, given, known in (("policy", policy, tuple(questions.VALUE)), ("shown", shown, SHOWN)):
        if given not in known:
            raise UsageError(f"{name}={given!r} is unknown.{nearest(str(given), known)} Known: {', '.join(known)}.")
    parts = conditions(run, where)
    made = Gallery(run, parts, n, policy, shown)  # type: ignore[arg-type]
    if parts and questions.select(run, questions.read(run, Question(where=parts)), parts).empty:
        raise UsageError(f"no image has all of this: {'; '.join(in_words(run, part) for part in parts)}. Ask for less.")
    return made


def conditions(run: store.Run, where: Mapping[str, Any] | Where | Iterable[Where] | None) -> tuple[Where, ...]:
    """Conditions as they are typed in a notebook; see ``gallery``.

    Raises:
        UsageError: If a factor does not exist, or no image has a value; names the nearest.
    """
    if where is None:
        return ()
    if isinstance(where, Where):
        where = (where,)
    if isinstance(where, Mapping):
        return tuple(_condition(factor_of(run, str(name)), run, given) for name, given in where.items())
    parts = tuple(where) if isinstance(where, Iterable) and not isinstance(where, str) else (where,)
    for part in parts:
        if not isinstance(part, Where):
            raise UsageError(f"where={part!r} is no condition: give a dict, such as {{'class': 'cat'}}.")
        factor_of(run, part.column)
    return parts


def _condition(factor: Factor, run: store.Run, given: Any) -> Where:
    if factor.is_number and isinstance(given, tuple):
        return _range(factor, given)
    several = given if isinstance(given, list | tuple | set | frozenset) else [given]
    if not several:
        raise UsageError(f"the factor '{factor.name}' ({factor.label}) is given no value: name one or more.")
    asked = Where(factor.name, values=tuple(factor.parse(each) for each in several))
    table = questions.read(run, Question(where=(asked,)))
    for each in asked.values:
        if not Where.equals(factor.name, each).keeps(table, factor).any():
            raise UsageError(_no_image(run, factor, each))
    return asked


def _range(factor: Factor, given: tuple[Any, ...]) -> Where:
    if len(given) != 2:
        raise UsageError(
            f"the range {given!r} of '{factor.name}' has {len(given)} ends: give the lowest and the highest number, "
            "such as (0.1, 0.5), or single values as a list."
        )
    low, high = (float(factor.parse(end)) for end in given)
    if low > high:
        raise UsageError(f"the range {given!r} of '{factor.name}' ends before it begins: give the lower number first.")
    return Where(factor.name, low, high)


def _no_image(run: store.Run, factor: Factor, asked: FactorValue) -> str:
    levels: Sequence[Any] = questions.levels(run, factor)
    said = f"no image has {value(factor, asked)} for the factor '{factor.name}' ({factor.label})."
    if factor.is_number:
        near = min(levels, key=lambda level: abs(level - float(asked)), default=None)
        hint = "" if near is None else f" The nearest is {near:g}; (low, high) means all from one to the other."
        return said + hint
    names = [factor.text(level) for level in levels]
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{said}{nearest(factor.text(asked), names)} It has: {', '.join(names[:_NAMED])}{rest}."


def in_words(run: store.Run, part: Where) -> str:
    """A condition as a reader sees it: ``weather fog``, ``area 1 % to 10 %``, ``class cat, dog``."""
    factor = factor_of(run, part.column)
    if part.values:
        return f"{short_label(factor)} {', '.join(value(factor, factor.parse(each)) for each in part.values)}"
    low, high = (value(factor, end) for end in (part.low, part.high))
    if math.isinf(part.low) or math.isinf(part.high):
        ends = [] if math.isinf(part.low) else [f"from {low}"]
        return " ".join([short_label(factor), *ends, *([] if math.isinf(part.high) else [f"up to {high}"])])
    return f"{short_label(factor)} {low} to {high}"
