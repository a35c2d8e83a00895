"""What a stored run says: the tables its benchmark's paper reports, as JSON values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from core import benchmarks, metrics, store
from core.answers import (
    catalogue,
    cue_tables,
    geometry_tables,
    imported,
    policies,
    rank_table,
    run_tables,
    spans,
    zoom_tables,
)
from core.answers.cards import card_of, samples_of
from core.answers.joined import with_view_factors
from core.answers.run_tables import Asked, RunTable
from core.errors import UsageError, nearest
from core.store import lists
from core.types import Card, CardTable, Policy, ProgressCallback, Reduce, Table
from core.wording import units

#: Tables that a run has where its benchmark has masks, or a ranking.
MORE: tuple[RunTable, ...] = (*geometry_tables.TABLES, rank_table.TABLE, *zoom_tables.REPORTED)


def joined(run: store.Run) -> pd.DataFrame:
    """Samples and predictions of a run, with ``correct`` and the factors of its views; see ``metrics.join``."""
    return with_view_factors(run, metrics.join(samples_of(run), store.read(run), run.manifest.model.num_classes))


def build(
    run: store.Run,
    *,
    policy: Policy | None = None,
    tables: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    reduce: Reduce | None = None,
    head: pd.DataFrame | None = None,
    more: Sequence[RunTable] = MORE,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """A run's report.

    Args:
        run: Complete or partial.
        policy: ``top1``, ``top5`` or ``restricted``, see ``metrics.apply_policy``; by default the benchmark's own.
        tables: Names of tables; by default all of the benchmark's, of its views' and of ``more`` that the run has.
        exclude: Classes to leave out (values of the ``class`` factor).
        reduce: How several views of an image become one, wherever a table does not tell them apart; as their family
            says by default.
        head: What cross-fitted linear heads say of the images, instead of what the network said; see
            ``core.explain.linear_head``.
        more: Tables that neither a benchmark nor its views name; ``core.report.build`` has also those of what was
            computed from a run.
        progress: Called while masks are read, the first time that a table needs them.

    Returns:
        JSON values: ``identity, samples_digest, model, benchmark, view, precision, policy, n, n_failed, n_samples,
        overall, plain`` (top-1, beside ``restricted``), ``tables, notes`` (sentences by table), ``warnings`` and more;
        ``n`` counts images, never views. A row has the factor values, ``top1``, ``top5``, ``n``, ``n_clusters`` and the
        interval of the policy's own number: ``top1_low, top1_high``, or ``top5_low, top5_high``. Tables that a
        benchmark or its views compute, and those of ``more``, have their own columns. Fractions 0..1; what cannot be
        said is None.

    Raises:
        UsageError: If a table or class does not exist, or the policy needs what was not kept.
    """
    card = card_of(run)
    named, extra = _choose(run, card, tables, more)
    chosen, unknown = _known(run, card, named)
    samples = samples_of(run)
    classes = sorted(set(lists.list_offsets(samples["accepted"])[1].tolist()))
    said = store.read(run, _columns(run, chosen)) if head is None else head
    table = metrics.join(samples, said, run.manifest.model.num_classes if head is None else None)
    counted = policies.counted(run, card, table, policy, classes, is_networks=head is None)
    policy, reduce = counted.policy, reduce or run.views.reduce
    told = _Told(run, card, with_view_factors(run, _without(counted.table, exclude)), policy, reduce)
    overall = told.rows(())[0]
    plain = None
    if counted.is_beside_plain:
        plain = _Told(run, card, with_view_factors(run, _without(table, exclude)), "top1", reduce).rows(())[0]
    outputs = len(classes) if policy == "restricted" else run.manifest.model.num_classes
    cluster = "cluster" if card.cluster_unit else None
    made, left_out = run_tables.make(extra, Asked(run, told.said, policy, cluster, progress))
    found = {spec.name: told.table(spec) for spec in chosen}
    found |= {name: plain_rows(each.table) for name, each in made.items()}
    return {
        "identity": run.identity,
        "samples_digest": store.samples_digest(run),
        "bytes_digest": run.entry.bytes_digest or None,
        "model": run.model,
        "benchmark": run.benchmark,
        "view": run.view,
        "n_views": run.n_views,
        "reduce": told.reduce if run.n_views > 1 else None,
        "precision": run.precision,
        "imported": run.is_imported,
        "preprocessing": run.preprocessing,
        "outputs": run.manifest.model.head or None,
        "policy": policy,
        "head": None if head is None else "linear",
        "excluded": sorted(exclude),
        "interval": _interval(told.cluster_unit, head is not None),
        "n": overall["n"],
        "n_failed": int(told.images["error"].notna().sum()),
        "n_samples": len(samples),
        "overall": overall,
        "plain": plain,
        "tables": found,
        "notes": {name: list(each.notes) for name, each in made.items() if each.notes},
        "warnings": [
            *_warnings(run, told.images, overall, policy, outputs if head is None else None),
            *counted.warnings,
            *unknown,
            *left_out,
        ],
    }


def _interval(cluster_unit: str | None, is_cross_fitted: bool) -> str:
    """What intervals are, and what is not in them."""
    kind = f"95 %, score interval over {units(cluster_unit)}" if cluster_unit else "95 %, Wilson"
    if not is_cross_fitted:
        return kind
    return f"{kind}, of cross-fitted answers: fitting heads to other images of the same kind is not in them"


def _columns(run: store.Run, chosen: Sequence[Table]) -> list[str]:
    """Columns of the predictions that tables need; probabilities, which are slow to read, only where one uses them."""
    asks = any("p_accepted" in name for spec in chosen if spec.compute for name in spec.published)
    return ["sample_id", "view", "top10", "error", *(["p_accepted"] if asks and run.n_views > 1 else [])]


@dataclass(frozen=True)
class _Told:
    """What a run says, ready to be grouped.

    Attributes:
        said: One row per image and view.
    """

    run: store.Run
    card: Card
    said: pd.DataFrame
    policy: Policy
    reduce: Reduce

    @property
    def cluster_unit(self) -> str | None:
        """What is not independent. A share of an image's views is no success or failure, so that images are drawn."""
        is_share = self.run.n_views > 1 and self.reduce == "mean"
        return self.card.cluster_unit or ("image" if is_share else None)

    @cached_property
    def images(self) -> pd.DataFrame:
        """One row per image."""
        return self._reduced([])

    def _reduced(self, apart: Sequence[str]) -> pd.DataFrame:
        """One row per image, and for each value of some factors of its views."""
        if self.run.n_views == 1:
            return self.said
        return metrics.reduce_views(self.said, ["sample_id", *apart], self.reduce, ["correct", "correct_top5"])

    def table(self, spec: Table) -> list[dict[str, Any]]:
        """A table's rows."""
        if spec.compute is None:
            return self.rows(spec.by)
        found = _computed(self.said, self.card, spec)
        shown = "top5" if self.policy == "top5" else "top1"
        names = {column: name.format(policy=shown) for column, name in spec.published.items() if column in found}
        return plain_rows(found[list(names)].rename(columns=names))

    def rows(self, by: Sequence[str]) -> list[dict[str, Any]]:
        """Accuracy by some factors, of the benchmark or of the views."""
        apart = [factor.name for factor in self.run.views.factors if factor.name in by]
        table = self._reduced(apart) if apart else self.images
        cluster = "cluster" if self.cluster_unit else None
        shown_by = [factor for factor in self.card.factors if factor.name in by]
        for factor in shown_by:
            # An image counts once in each of its values, as in a question.
            if factor.kind == "set":
                table = lists.explode(table, factor.name)
        # Published tables have the values that the papers' have; a user's own are of any numbers.
        own = [] if self.run.benchmark in benchmarks.published_benchmarks() else shown_by
        table = spans.in_bins(self.run, table, own)
        main = metrics.accuracy_by(table, by, cluster)
        shown = "top5" if self.policy == "top5" else "top1"
        columns = {shown: main["value"], f"{shown}_low": main["low"], f"{shown}_high": main["high"]}
        if self.policy == "top1":
            columns["top5"] = metrics.accuracy_by(table, by, value="correct_top5")["value"]
        frame = main[list(by)].assign(**columns, n=main["n"], n_clusters=main["n_clusters"])
        return plain_rows(spans.with_ends(self.run, frame, own))


def computed(run: store.Run, name: str) -> pd.DataFrame:
    """A metric table that the run's benchmark or its views compute; ``build`` gives it with its published column names.

    Raises:
        UsageError: If there is no such table.
    """
    card = card_of(run)
    known, unknown = _known(run, card, _choose(run, card, [name], ())[0])
    if unknown:
        raise UsageError(unknown[0])
    return _computed(joined(run), card, known[0])


def _computed(table: pd.DataFrame, card: Card, spec: Table) -> pd.DataFrame:
    return spec.compute(table, cluster="cluster" if card.cluster_unit else None)


def _known(run: store.Run, card: Card, chosen: Sequence[CardTable]) -> tuple[list[Table], list[str]]:
    """Tables that can be made here, and why the others cannot: how a table is computed is not data of its run."""
    known, unknown = [], []
    for each in chosen:
        spec = table_of(run, each)
        of_views = each in run.views.tables
        if spec is None or (each.computed and spec.compute is None):
            maker = run.view if of_views else card.key
            unknown.append(f"the table '{each.name}' is left out: this version does not know how '{maker}' makes it")
        elif spec.compute is not None and run.n_views > 1 and not of_views:
            unknown.append(f"the table '{each.name}' is left out: it is defined for one view an image")
        else:
            known.append(spec)
    return known, unknown


def table_of(run: store.Run, named: CardTable) -> Table | None:
    """How a table that a run's report has is made; None if this version does not know it.

    Args:
        run: The run.
        named: Of ``tables_of``.
    """
    if not named.computed:
        return Table(named.name, named.by, named.title)
    if named in run.views.tables:
        return cue_tables.TABLES.get(named.name)
    return benchmarks.table(card_of(run).key, named.name)


def tables_of(run: store.Run) -> tuple[CardTable, ...]:
    """The tables that a run's report has: of its views, then of its benchmark."""
    return (*run.views.tables, *card_of(run).tables)


def _choose(
    run: store.Run, card: Card, names: Sequence[str] | None, more: Sequence[RunTable]
) -> tuple[list[CardTable], list[RunTable]]:
    """The tables that are asked for: those that cards name, and the others."""
    if names is None:
        return list(tables_of(run)), [each for each in more if each.is_unasked(run)]
    named = {table.name: table for table in tables_of(run)}
    others = {each.name: each for each in more if each.can_ask(run)}
    for name in names:
        if name not in named and name not in others:
            known = (*named, *others)
            raise UsageError(f"'{card.key}' has no table '{name}'.{nearest(name, known)} It has: {', '.join(known)}.")
    return [named[name] for name in names if name in named], [others[name] for name in names if name in others]


def _without(table: pd.DataFrame, exclude: Sequence[str]) -> pd.DataFrame:
    for name in exclude:
        if name not in set(table["class"]):
            raise UsageError(f"no class '{name}' to exclude.{nearest(name, table['class'].unique())}")
    return table[~table["class"].isin(exclude)] if exclude else table


def plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as JSON values; what cannot be said is None."""
    return [_plain(row) for row in table.to_dict("records")]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """JSON values: NaN becomes None, NumPy numbers become Python's."""
    plain = {}
    for name, value in row.items():
        value = value.item() if isinstance(value, np.generic) else value
        value = value.tolist() if isinstance(value, np.ndarray) else value
        plain[name] = None if isinstance(value, float) and np.isnan(value) else value
    return plain


def _warnings(
    run: store.Run, table: pd.DataFrame, overall: dict[str, Any], policy: Policy, n_outputs: int | None
) -> list[str]:
    found = imported.warnings(run, len(table))
    failed = table["error"].dropna()
    if len(failed):
        found.append(f"{len(failed):,} images could not be evaluated and are not counted; the first: {failed.iloc[0]}")
    value = overall.get("top5" if policy == "top5" else "top1")
    if n_outputs is not None and value is not None:
        n_accepted = len(lists.list_offsets(table["accepted"])[1]) / max(len(table), 1)
        chance = (5 if policy == "top5" else 1) * n_accepted / n_outputs
        if metrics.near_chance(value, overall["n"], chance):
            found.append(
                f"{value:.1%} is near chance ({chance:.2%}): are the model's classes in the benchmark's order?"
            )
    stored = store.list_runs(run.benchmark)
    others = [
        other
        for other in stored
        if other.identity != run.identity and (other.source == run.source or other.fingerprint == run.fingerprint)
    ]
    if others:
        # The same result may be there under several names of one model.
        listed = ", ".join(dict.fromkeys(f"{other.identity} ({_settings(other, run)})" for other in others))
        found.append(f"other results of this model on this benchmark, not shown here: {listed}")
    closing = run.entry.bytes_digest
    same = [other for other in stored if other.content == run.content and closing]
    unlike = [other for other in same if other.entry.bytes_digest not in ("", closing) and other.n_done == run.n_done]
    if unlike:
        found.append(
            f"some images had other bytes when {unlike[0].model} was evaluated: python -m core verify --benchmark "
            f"{run.benchmark} names them"
        )
    found += model_notes(run)
    return found + [f"data: {note}" for note in run.entry.notes]


def model_notes(run: store.Run) -> list[str]:
    """Of the warnings of a run those that only say what its model is, or how it was read."""
    return [f"{run.model}: {note}" for note in run.manifest.model.notes]


def _settings(other: store.Run, shown: store.Run) -> str:
    """What a reader tells another result by."""
    content = "" if other.content == shown.content else ", other data"
    weights = "" if other.fingerprint == shown.fingerprint else f", weights {other.fingerprint[:8]}"
    return f"{other.precision}, {other.view}{content}{weights}"


def differences(runs: Sequence[store.Run]) -> list[str]:
    """In what runs that are compared differ, beside the model: each line names the setting and the values."""
    found = []
    settings = {
        "preprocessing": lambda run: json.dumps(run.preprocessing, sort_keys=True),
        "outputs": lambda run: run.manifest.model.head or "the network's own",
        "classes to choose among": lambda run: catalogue.space_in_words(run.label_space),
        "precision": lambda run: run.precision,
        "view": lambda run: run.view,
        "benchmark content": lambda run: run.content[:12],
        "number of evaluated images": lambda run: f"{run.n_done:,}",
    }
    for name, value in settings.items():
        values = {run.identity: value(run) for run in runs}
        if len(set(values.values())) > 1:
            listed = "; ".join(f"{run.model} ({run.identity}): {values[run.identity]}" for run in runs)
            found.append(f"compared runs differ in {name}: {listed}")
    return found


def differences_by_benchmark(runs: Sequence[store.Run]) -> list[str]:
    """See ``differences``, of the runs of each benchmark by themselves."""
    keys = dict.fromkeys(run.benchmark for run in runs)
    return [line for key in keys for line in differences([run for run in runs if run.benchmark == key])]
