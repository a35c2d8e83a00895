"""What is common among a run's mistakes: the slices of its images on which the model is worse than on the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import pandas as pd

from core import store
from core.answers import described, joined
from core.answers.cards import card_of, own_card_of, unit_of
from core.answers.questions import VALUE, Question, Where, asked, factor_of, factors_of, is_clustered, typed
from core.answers.sentences import size
from core.errors import UsageError
from core.metrics import slices
from core.metrics.bins import bins
from core.metrics.slices import Axis
from core.store import lists
from core.types import FEW_OBJECTS, THIN, Factor, is_thin
from core.wording import clusters, count, escaped, interval, percent, short_label, units, value

_FLAGS, _LISTS = ("which_class", "confirmed"), ("parts", "factors", "also")
#: Slices that are kept of a question.
MOST = 20
#: Bins of a numeric factor, and values of another one, at most: the most frequent of them.
MOST_BINS, MOST_VALUES = 10, 30
#: Bins of a fact that was computed from the images. Its conditions are not combined with another's either: with a dozen
#: facts slices would be so many that intervals of all at once hide what is found without them.
MOST_BINS_COMPUTED, _COMPUTED = 4, "(computed)"
#: Factors that are tried at most, in the order of the card.
MOST_FACTORS = 60
#: Different angles up to which an arc across 0° can be told by its values.
_MOST_ANGLES = 72
#: Factors that say which class an image is of, which is not a property that another class could have too.
WHICH_CLASS = frozenset({"class", "category", "label", "labels", "wnid"})
#: What a reader of a file calls the columns of a drop.
REPORTED = {"value": "drop", "low": "drop_low", "high": "drop_high"}
#: A factor that tells right from wrong without exception, on so many images or more, is no property of them.
_MANY = 100


@dataclass(frozen=True)
class Slices:
    """Where a model is worse than elsewhere.

    Attributes:
        table: A row a slice, the largest lower bound of the drop first: ``slice`` (plain text), ``parts`` (the same by
            condition), ``conditions`` (see ``encoded``), ``factors`` (names), ``which_class`` (whether one of them says
            which class it is); ``value, low, high`` (accuracy of the rest less that of the slice where slices were
            sought; the interval is of all slices tried at once), ``n, n_clusters, inside, outside``; ``again,
            again_low, again_high, n_again, n_clusters_again, confirmed``: the same on the other half of the objects;
            ``also``: other slices of the same images.
        n_tried: Slices tried.
        n_factors: Factors that they are by.
        n: Images of the half that slices were sought in, and of the other.
        n_clusters: Objects of either; images where those are independent.
        left_out: Why a factor is not among them, by name.
        n_computed: How many of the factors were computed from the images.
    """

    table: pd.DataFrame = field(repr=False)
    n_tried: int
    n_factors: int
    n: tuple[int, int]
    n_clusters: tuple[int, int]
    left_out: dict[str, str]
    unit: str = "object"
    n_computed: int = 0

    @property
    def confirmed(self) -> pd.DataFrame:
        """The slices that the other half of the objects confirms."""
        return self.table[self.table["confirmed"]]


def find(run: store.Run, question: Question | None = None) -> Slices:
    """The slices of a run; from disk if they were asked for before.

    Args:
        run: Complete or partial.
        question: ``where``, ``policy`` and ``reduce`` decide the images and what counts as right; ``by`` plays no part.

    Raises:
        UsageError: If a condition does not fit its factor, or what counts as right is not stored.
    """
    question = replace(question or Question(), by=())
    table = joined.remembered(run, ["slices", asdict(question), MOST_BINS_COMPUTED], lambda: _table(run, question))
    said = json.loads(table["slice"].iloc[0])
    pairs = {name: tuple(said.pop(name)) for name in ("n", "n_clusters")}
    counts = ("n", "n_clusters", "n_again", "n_clusters_again")
    rows = table.iloc[1:].reset_index(drop=True).astype(dict.fromkeys(counts, int) | dict.fromkeys(_FLAGS, bool))
    return Slices(rows, unit=unit_of(run), **pairs, **said)


def _table(run: store.Run, question: Question) -> pd.DataFrame:
    """The table with a first row that says in JSON what all of it is of."""
    # Factors of views are none of an image, and a table may lack what its benchmark's later releases have.
    there = set(joined.columns_of(run))
    factors = [factor for factor in card_of(run).factors if factor.name in there]
    cluster = ["cluster"] if is_clustered(run) else []
    images = asked(run, question, [*(factor.name for factor in factors), *cluster])
    images = images[images[VALUE[question.policy]].notna()].reset_index(drop=True)
    if images.empty and run.n_done and question.policy == "top5":
        raise UsageError("policy 'top5': of hundreds of views only the best class is kept. Choose 'top1'.")
    right = images[VALUE[question.policy]].to_numpy(dtype=float)
    clusters = images["cluster"].to_numpy() if cluster else None
    computed = {factor.name for factor in described.factors(run, own_card_of(run))}
    tried = _Tried.of(factors, images, right, clusters, unit_of(run) if cluster else "", computed)
    found = slices.find(right, clusters, tried.axes, most=MOST)
    head = {
        "n_tried": found.n_tried,
        "n_factors": len({axis.factor for axis in tried.axes}),
        "n_computed": len({axis.factor for axis in tried.axes if axis.group}),
        "n": found.n,
        "n_clusters": found.n_clusters,
        "left_out": tried.left_out,
    }
    rows = found.table
    where = [[tried.where[axis][which] for axis, which in each] for each in rows["conditions"]]
    also = [[words(run, [tried.where[a][w] for a, w in other]) for other in each] for each in rows["also"]]
    columns = [[part.column for part in each] for each in where]
    table = rows.drop(columns=["conditions", "also"]).assign(
        slice=[words(run, each) for each in where],
        parts=[[words(run, [part]) for part in each] for each in where],
        conditions=[encoded(each) for each in where],
        factors=columns,
        which_class=[bool(WHICH_CLASS & set(each)) for each in columns],
        also=also,
    )
    first = ["slice", "parts", "conditions", "factors", "which_class"]
    table = table[[*first, *(name for name in table.columns if name not in first)]]
    said = pd.DataFrame(
        {"slice": [json.dumps(head)], **{name: [[]] for name in _LISTS}, **dict.fromkeys(_FLAGS, False)}
    )
    return pd.concat([said, table], ignore_index=True)[list(table.columns)]


@dataclass
class _Tried:
    """What slices are made of: axes, what each of their conditions is, and factors that have none."""

    axes: list[Axis] = field(default_factory=list)
    where: list[list[Where]] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        factors: Sequence[Factor],
        images: pd.DataFrame,
        right: np.ndarray,
        clusters: np.ndarray | None,
        unit: str = "",
        computed: Set[str] = frozenset(),
    ) -> _Tried:
        found = cls()
        for number, factor in enumerate(factors):
            if number >= MOST_FACTORS:
                found.left_out[factor.name] = f"beyond the first {MOST_FACTORS} factors"
                continue
            most = MOST_BINS_COMPUTED if factor.name in computed else MOST_BINS
            axes = list(axes_of(factor, images[factor.name], clusters, most))
            reason = "" if axes else _without(factor, images[factor.name], unit)
            if any(_gives_away(axis, right) for axis, _ in axes):
                reason = "tells right from wrong without exception"
            if reason:
                found.left_out[factor.name] = reason
                continue
            found.axes += [replace(axis, group=_COMPUTED if factor.name in computed else "") for axis, _ in axes]
            found.where += [where for _, where in axes]
        return found


def axes_of(
    factor: Factor, column: pd.Series, clusters: np.ndarray | None, most: int = MOST_BINS
) -> Iterator[tuple[Axis, list[Where]]]:
    """The axes of a factor; a set has one for each of its values."""
    if factor.is_number:
        numbers = typed(column, factor).to_numpy(dtype=float, na_value=np.nan)
        if not _counts_up(numbers):
            yield from _numeric(factor, numbers, most)
        return
    if factor.kind == "set":
        offsets, members = lists.list_offsets(column)
        rows = pd.DataFrame({"row": np.repeat(np.arange(len(column)), np.diff(offsets)), "value": members})
        rows = rows.drop_duplicates()
        known, codes = _frequent(rows["value"], None if clusters is None else clusters[rows["row"]])
        for at, name in enumerate(known):
            own = np.full(len(column), -1, dtype=np.int64)
            own[rows["row"].to_numpy()[codes == at]] = 0
            yield Axis.of_values(factor.name, own, 1), [Where.equals(factor.name, name)]
        return
    known, codes = _frequent(typed(column, factor), clusters)
    if len(known) > 1 or (len(known) == 1 and (codes < 0).any()):
        yield Axis.of_values(factor.name, codes, len(known)), [Where.equals(factor.name, name) for name in known]


def _frequent(column: pd.Series, clusters: np.ndarray | None) -> tuple[list[object], np.ndarray]:
    """The values that enough images and objects have to carry a claim, the most frequent first; code of each row."""
    codes, known = pd.factorize(column, sort=True)
    there = codes >= 0
    n = np.bincount(codes[there], minlength=len(known))
    n_clusters = n
    if clusters is not None and len(known):
        pairs = np.unique(np.stack([codes[there], clusters[there]]), axis=1)
        n_clusters = np.bincount(pairs[0].astype(np.int64), minlength=len(known))
    used = [at for at in np.argsort(-n, kind="stable") if not is_thin(n[at], n_clusters[at])][:MOST_VALUES]
    new = np.full(len(known) + 1, -1, dtype=np.int64)
    new[used] = np.arange(len(used))
    # In Python's types, as conditions and JSON have them.
    values = np.asarray(known, dtype=object)[used].tolist()
    return [each.item() if hasattr(each, "item") else each for each in values], new[codes]


def _numeric(factor: Factor, numbers: np.ndarray, most: int) -> Iterator[tuple[Axis, list[Where]]]:
    """Ranges of bins: each bin, and all from either end; of angles all arcs."""
    binned = bins(numbers, most)
    there = binned.index >= 0
    m = len(binned.centres)
    if m < 2:
        return
    grouped = pd.Series(numbers[there]).groupby(binned.index[there])
    low, high = grouped.min().to_numpy(), grouped.max().to_numpy()
    ranges = _arcs(m) if factor.kind == "circular" else _ranges(m)
    members, where = [], []
    for bins_of in ranges:
        kept = np.isin(np.arange(m), bins_of)
        first, last = bins_of[0], bins_of[-1]
        if first <= last:
            condition = _from_to(factor.name, low[first], high[last], first == 0, last == m - 1)
        else:
            # In the order of the arc, by which its ends can be told.
            angles = np.concatenate([np.unique(numbers[binned.index == at]) for at in bins_of])
            if len(angles) > _MOST_ANGLES:
                continue
            condition = Where(factor.name, values=tuple(angles.tolist()))
        members.append(kept)
        where.append(condition)
    yield Axis(factor.name, binned.index, np.array(members).T), where


def _from_to(name: str, low: float, high: float, is_first: bool, is_last: bool) -> Where:
    if low == high:
        return Where.equals(name, float(low))
    return Where(name, -np.inf if is_first else float(low), np.inf if is_last else float(high))


def _ranges(m: int) -> list[list[int]]:
    """Of bins in a row: each, and all from either end."""
    each = [[at] for at in range(m)]
    return [*each, *(list(range(at)) for at in range(2, m)), *(list(range(at, m)) for at in range(1, m - 1))]


def _arcs(m: int) -> list[list[int]]:
    """Of bins in a ring: all arcs but the whole."""
    return [[(start + step) % m for step in range(length)] for length in range(1, m) for start in range(m)]


def _counts_up(numbers: np.ndarray) -> bool:
    """Whether a number is a different one for each image, as a row's number is."""
    known = numbers[np.isfinite(numbers)]
    if len(known) < THIN or (known != np.round(known)).any():
        return False
    return len(np.unique(known)) == len(known) and known.max() - known.min() < 2 * len(known)


def _gives_away(axis: Axis, right: np.ndarray) -> bool:
    """Whether the cells of an axis are each all right or all wrong, and not all the same."""
    there = axis.codes >= 0
    if there.sum() < _MANY or len(axis.members) < 2:
        return False
    n = np.bincount(axis.codes[there], minlength=len(axis.members))
    share = np.bincount(axis.codes[there], weights=right[there], minlength=len(n))[n > 0] / n[n > 0]
    return bool(np.isin(share, (0.0, 1.0)).all() and share.min() < share.max())


def _without(factor: Factor, column: pd.Series, unit: str) -> str:
    """Why a factor has no slices; ``unit`` is what images share, empty if nothing."""
    if factor.is_number and _counts_up(typed(column, factor).to_numpy(dtype=float, na_value=np.nan)):
        return "another whole number for each image"
    values = column.dropna() if factor.kind == "set" else typed(column, factor).dropna()
    if values.empty:
        return "no value"
    if factor.kind != "set" and values.nunique() == 1:
        return "one value only"
    few = f"{THIN} images" + (f" of {clusters(FEW_OBJECTS, unit)}" if unit else "")
    return f"no value that {few} have"


def encoded(where: Sequence[Where]) -> str:
    """Conditions as a text, for links and files: JSON, a list of ``[factor, low, high]`` or ``[factor, [values]]``."""
    return json.dumps([_plain(part) for part in where], separators=(",", ":"))


def _plain(part: Where) -> list[object]:
    if part.values:
        return [part.column, list(part.values)]
    return [part.column, *(end if np.isfinite(end) else None for end in (part.low, part.high))]


def decoded(run: store.Run, text: str) -> tuple[Where, ...]:
    """The conditions of a text that ``encoded`` made; none of a text that it did not, or that fits no factor."""
    try:
        parts = json.loads(text)
        found = tuple(_where(factors_of(run), *part) for part in parts)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, UsageError):
        return ()
    return found


def _where(known: dict[str, Factor], name: str, *said: object) -> Where:
    factor = known[name]
    if len(said) == 1 and isinstance(said[0], list) and said[0]:
        return Where(name, values=tuple(factor.parse(content) for content in said[0]))
    low, high = said
    if not factor.is_number or (low is None and high is None):
        raise UsageError(f"the factor '{name}' has no such range.")
    ends = (default if end is None else float(factor.parse(end)) for end, default in ((low, -np.inf), (high, np.inf)))
    return Where(name, *ends)


def words(run: store.Run, where: Sequence[Where]) -> str:
    """Conditions as plain text: ``area up to 9 %, time night``."""
    return _spaced(", ".join(_said(factor_of(run, part.column), part) for part in where))


def _spaced(text: str) -> str:
    """With plain spaces, as a terminal and a file have them."""
    return text.replace("\u00a0", " ")


def _said(factor: Factor, part: Where) -> str:
    label = short_label(factor)
    if len(part.values) > 1:
        known = list(part.values)
        if factor.kind == "circular":
            return f"{label} {value(factor, known[0])} to {value(factor, known[-1])} over 0°"
        return f"{label} {' or '.join(value(factor, each) for each in known)}"
    if part.values:
        return f"{label} {value(factor, part.values[0])}"
    low, high = (value(factor, end) for end in (part.low, part.high))
    if not np.isfinite(part.low):
        return f"{label} up to {high}"
    return f"{label} from {low}" if not np.isfinite(part.high) else f"{label} {low} to {high}"


def of_computed(found: Slices) -> str:
    """How facts that were computed from the images are tried; empty where none are."""
    how = f"tried in up to {MOST_BINS_COMPUTED} bins, alone and with other factors, not with each other"
    return f"{count(found.n_computed, 'fact')} computed from the images: {how}" if found.n_computed else ""


def sentence(model: str, found: Slices) -> str:
    """The slice that costs most, or that nothing stands out; Markdown."""
    return _sentence(escaped(model), found, escaped, "**")


def plain_sentence(model: str, found: Slices) -> str:
    """The same as plain text."""
    return _spaced(_sentence(model, found, str, ""))


def _sentence(model: str, found: Slices, shown: Callable[[str], str], mark: str) -> str:
    tried = f"Of {count(found.n_tried, 'slice')} tried"
    model = f"{mark}{model}{mark}"
    if not found.n_tried:
        of = f" and {clusters(FEW_OBJECTS, found.unit)}" if found.n != found.n_clusters else ""
        few = f"{THIN} images{of}"
        return f"No slice of {model} to try: half of the images have no value of a factor often enough ({few})."
    if found.table.empty:
        return f"{tried}, nothing stands out: none costs {model} clearly more than nothing (95 %, all at once)."
    others = units(found.unit) if found.n != found.n_clusters else "images"
    if found.confirmed.empty:
        first = found.table.iloc[0]
        return (
            f"{tried}, nothing stands out: {shown(first['slice'])} seems to cost {model} {_drop(first, '')}, but the "
            f"other half of the {others} does not confirm it: {_again(first)}."
        )
    first = found.confirmed.iloc[0]
    which = " (which class it is)" if first["which_class"] else ""
    return (
        f"{tried}, {mark}{shown(first['slice'])}{mark}{which} costs {model} most: {_drop(first, mark)} "
        f"({percent(first['outside'], 0)} to {percent(first['inside'], 0)}; simultaneous 95 % interval), confirmed on "
        f"the other half of the {others}: {_again(first)}."
    )


def _drop(row: pd.Series, mark: str) -> str:
    return f"{mark}{size(row['value'])}{mark} {interval(row['low'], row['high'], 0)}"


def _again(row: pd.Series) -> str:
    if np.isnan(row["again"]):
        return f"{count(int(row['n_again']), 'image')} there are too few to say"
    # It may have turned to the better.
    lost = size(row["again"]) if row["again"] >= 0 else f"{size(row['again'])} gained"
    return f"{lost} {interval(row['again_low'], row['again_high'], 0)}"
