"""Which attribute costs most, and which of its values: class-mix-adjusted changes with intervals that hold all at once.

Changes are accuracy in uncommon settings less that in common ones, so a loss is negative (``gaps.as_change``). Naming
the costliest is choosing after looking at all, so their intervals, and the differences between them that say which are
ties, hold together (``core.metrics.simultaneous``).

Every function takes the table that ``core.uncommon.tables`` takes. Where images share objects, those are resampled;
else images are, since one image stands in all attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from core.metrics.bootstrap import replicates
from core.metrics.differences import weighted
from core.metrics.simultaneous import hidden_variance, may_be_lowest, pair_reach
from core.types import is_thin
from core.uncommon.gaps import COMMON, DEFINITIONS, UNCOMMON, Definition, sides
from core.uncommon.rules import ATTRIBUTES, VALUES, location_pairs

_CHANGE = ("value", "low", "high", "n", "n_clusters", "n_common", "n_uncommon", "thin", "tied", "common", "uncommon")


@dataclass(frozen=True)
class _Member:
    """One change: its name, and its rows of ``sides`` in classes that have both sides."""

    name: tuple[str, ...]
    long: pd.DataFrame
    weights: pd.Series


def attribute_changes(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """What each attribute costs, by each definition.

    Returns:
        ``attribute, definition, value, low, high`` (uncommon less common, the same class mix on both sides),
        ``n, n_clusters`` (objects on the uncommon side; images where those are independent), ``n_common, n_uncommon``,
        ``thin``, ``tied``: may cost as much as the costliest of its definition that is not thin, and ``common,
        uncommon``: the accuracies on both sides. The largest loss first. Intervals hold together for the attributes of
        a definition that are not thin.
    """
    families = [
        [_member((attribute, definition), sides(joined, attribute, definition)) for attribute in ATTRIBUTES]
        for definition in DEFINITIONS
    ]
    return _ranked(families, ("attribute", "definition"), cluster)


def value_changes(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """What each value of each attribute costs, by each definition.

    Returns:
        ``attribute, setting, definition`` and the columns of ``attribute_changes``, where only images with this value
        are on the uncommon side. Values that are nowhere uncommon in the data are left out. Intervals hold for the
        values of an attribute together, and ``tied`` is within it.
    """
    families = []
    for definition in DEFINITIONS:
        for attribute in ATTRIBUTES:
            parts = _by_value(joined, attribute, definition)
            families.append([_member((attribute, name, definition), long) for name, long in parts.items()])
    return _ranked([family for family in families if family], ("attribute", "setting", "definition"), cluster)


def worst_against_worst(
    joined: pd.DataFrame, attribute: str, definition: Definition = "paper-code", cluster: str | None = None
) -> pd.DataFrame:
    """What an attribute's costliest value costs a second model, less what its own costliest one costs a first.

    Args:
        joined: As ``value_changes`` takes it, of images that both models have: ``correct`` is the first model's and
            ``other`` the second's, none missing.
        attribute: ``time``, ``weather`` or ``locations``.
        definition: See ``gaps``.
        cluster: Column of what is not independent between images, if there is one.

    Returns:
        One row: ``value, low, high`` (above 0 where the second loses less), ``before, after`` (the two changes, each
        negative for a loss), ``first, second`` (the two values of the attribute), ``n, n_clusters`` (the smaller of the
        two); none where no value has enough on both sides. The interval holds for all pairs of values at once.
    """
    members = [_member((name,), long) for name, long in _by_value(joined, attribute, definition).items()]
    sizes = {each.name: _sizes(each, cluster) for each in members}
    members = [each for each in members if len(each.weights) and not sizes[each.name][-1]]
    if not members:
        return pd.DataFrame()
    parts, cells, long = _laid_out(members)
    other = joined["other"].to_numpy(dtype=float)[long["row"]]
    values, n_cells, k = np.append(long["correct"].to_numpy(dtype=float), other), parts[-1].stop, len(members)
    objects = np.tile(pd.factorize(long[cluster or "row"], sort=True)[0], 2)
    # The cells of the second model lie behind those of the first.
    parts += [slice(part.start + n_cells, part.stop + n_cells) for part in parts]
    found = _changes(members * 2, parts, values, np.append(cells, cells + n_cells), objects)
    trials = np.array([sizes[each.name][1] for each in members] * 2)
    reach = pair_reach(found.draws.T, trials, found.extras, sides=(range(k), range(k, 2 * k)))
    one, two = int(found.values[:k].argmin()), k + int(found.values[k:].argmin())
    change, around = found.values[two] - found.values[one], reach[one, two]
    row = {"value": change, "low": max(change - around, -2.0), "high": min(change + around, 2.0)}
    names = [members[at % k].name[0] for at in (one, two)]
    row |= {"before": found.values[one], "after": found.values[two], "first": names[0], "second": names[1]}
    n, n_clusters = (min(sizes[(name,)][at] for name in names) for at in (3, 1))
    return pd.DataFrame([row | {"n": n, "n_clusters": n_clusters}])


def _by_value(joined: pd.DataFrame, attribute: str, definition: Definition) -> dict[str, pd.DataFrame]:
    """By value: all common rows of ``sides``, and the uncommon ones with this value."""
    long = sides(joined, attribute, definition)
    own = long[long["side"] == UNCOMMON]
    if attribute == "locations" and definition == "image-level":
        pairs = location_pairs(joined)
        pairs = pairs[pairs["uncommon"]][["row", "setting"]]
        own = own.drop(columns="setting").merge(pairs, on="row", how="inner")
    common = long[long["side"] == COMMON]
    parts = {name: own[own["setting"] == name] for name in VALUES[attribute]}
    return {name: pd.concat([common, part], ignore_index=True) for name, part in parts.items() if len(part)}


def _member(name: tuple[str, ...], long: pd.DataFrame) -> _Member:
    n = pd.crosstab(long["category"], long["side"]).reindex(columns=[COMMON, UNCOMMON], fill_value=0)
    n = n[(n > 0).all(axis=1)]
    weights = n[UNCOMMON] / max(n[UNCOMMON].sum(), 1)
    return _Member(name, long[long["category"].isin(n.index)].reset_index(drop=True), weights)


def _ranked(families: list[list[_Member]], names: tuple[str, ...], cluster: str | None) -> pd.DataFrame:
    """All families from one resampling; each with intervals and ties of its own."""
    members = [member for family in families for member in family]
    parts, cells, long = _laid_out(members)
    objects = pd.factorize(long[cluster or "row"], sort=True)[0]
    found = _changes(members, parts, long["correct"].to_numpy(dtype=float), cells, objects)
    rows = [
        [*member.name, found.values[at], np.nan, np.nan, *_sizes(member, cluster), False, *found.sides[at]]
        for at, member in enumerate(members)
    ]
    table = pd.DataFrame(rows, columns=[*names, *_CHANGE])
    done = 0
    for family in families:
        place = np.arange(done, done + len(family))
        table = _with_intervals(table, place, found.draws, found.extras)
        done += len(family)
    return table.sort_values("value", ignore_index=True)


def _laid_out(members: Sequence[_Member]) -> tuple[list[slice], np.ndarray, pd.DataFrame]:
    """The cells of each member, the cell of each row, and the rows of all members under each other."""
    starts = np.concatenate([[0], np.cumsum([2 * len(member.weights) for member in members])]).astype(int)
    cells = [_cells(member) + start for member, start in zip(members, starts, strict=False)]
    empty = [pd.DataFrame({"correct": [], "row": [], "cluster": []})] if not members else []
    long = pd.concat([*(member.long for member in members), *empty], ignore_index=True)
    parts = [slice(int(start), int(end)) for start, end in pairwise(starts)]
    return parts, np.concatenate([*cells, np.empty(0, dtype=np.int64)]).astype(np.int64), long


@dataclass(frozen=True)
class _Changes:
    """Of m members: accuracy on the uncommon side less that on the common one.

    Attributes:
        values: float (m,).
        sides: The two accuracies of each, common first.
        draws: float (m, rounds), replicates of the changes.
        extras: float (m,), variance that resampling cannot show.
    """

    values: np.ndarray
    sides: list[tuple[float, float]]
    draws: np.ndarray
    extras: np.ndarray


def _changes(
    members: Sequence[_Member], parts: Sequence[slice], values: np.ndarray, cells: np.ndarray, objects: np.ndarray
) -> _Changes:
    """All members from one resampling; ``parts`` are their cells."""
    n_cells = parts[-1].stop if parts else 0
    means = np.bincount(cells, weights=values, minlength=n_cells) / np.maximum(np.bincount(cells, minlength=n_cells), 1)
    hidden = hidden_variance(values, cells, _objects(cells, objects, n_cells))
    drawn = replicates(values, cells, objects, n_cells)
    sides, draws, extras = [], [], []
    for member, part in zip(members, parts, strict=True):
        weights = member.weights.to_numpy()
        of_side = [float(weights @ means[part][at::2]) if len(weights) else np.nan for at in (0, 1)]
        sides.append((of_side[0], of_side[1]))
        draws.append(weighted(drawn[:, part], weights))
        extras.append(float(np.repeat(weights**2, 2) @ hidden[part]))
    changes = np.array([uncommon - common for common, uncommon in sides])
    return _Changes(changes, sides, np.array(draws), np.array(extras))


def _cells(member: _Member) -> np.ndarray:
    """Two cells a class: common, uncommon."""
    codes = member.weights.index.get_indexer(member.long["category"])
    return 2 * codes + (member.long["side"] == UNCOMMON).to_numpy()


def _objects(cells: np.ndarray, objects: np.ndarray, n_cells: int) -> np.ndarray:
    pairs = np.unique(np.stack([cells, objects]), axis=1)[0]
    return np.bincount(pairs, minlength=n_cells)


def _sizes(member: _Member, cluster: str | None) -> tuple[int, int, int, int, bool]:
    """``n, n_clusters, n_common, n_uncommon, thin``; the smaller side decides on the last."""
    uncommon = (member.long["side"] == UNCOMMON).to_numpy()
    n = int((~uncommon).sum()), int(uncommon.sum())
    objects = [member.long.loc[side, cluster or "row"].nunique() for side in (~uncommon, uncommon)]
    return len(uncommon), objects[1], *n, bool(is_thin(min(n), min(objects)))


def _with_intervals(table: pd.DataFrame, family: np.ndarray, changes: np.ndarray, extras: np.ndarray) -> pd.DataFrame:
    """Intervals of those that are not thin together, and of each thin one by itself; ties with the largest loss."""
    known = family[table["value"].notna().to_numpy()[family]]
    thin = table["thin"].to_numpy(dtype=bool)
    firm = known[~thin[known]]
    for group in (firm, *known[thin[known]][:, None]):
        if not len(group):
            continue
        # The last column is a constant, so that a change is the difference between it and nothing.
        draws = np.column_stack([*changes[group], np.zeros(changes.shape[1])])
        trials = table["n_clusters"].to_numpy()[group]
        reach = pair_reach(draws, np.append(trials, trials.max()), np.append(extras[group], 0.0))
        value = table["value"].to_numpy()[group]
        table.loc[group, "low"] = np.clip(value - reach[:-1, -1], -1, 1)
        table.loc[group, "high"] = np.clip(value + reach[:-1, -1], -1, 1)
        if group is firm:
            tied = may_be_lowest(value, draws[:, :-1], trials, extras[group])
            table.loc[group, "tied"] = tied & (np.arange(len(group)) != value.argmin())
    return table
