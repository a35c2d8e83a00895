"""A run's report with the tables of what was computed from it on demand: whether the model looks at the object."""

from __future__ import annotations

import shlex
from typing import Any

import pandas as pd

from core import store
from core.answers import report
from core.answers.cards import unit_of
from core.answers.run_tables import Asked, Made, RunTable, has_own_factor, shows_clean
from core.benchmarks import open_for
from core.errors import DataError, UsageError
from core.explain import alignments
from core.explain.reported import Report
from core.saliency.maps import METHODS
from core.types import CardTable
from core.wording import count

#: What an alignment leaves out, in words.
LEFT_OUT = {
    "n_empty": "object not in the crop",
    "n_no_map": "no positive evidence for the class",
    "n_failed": "could not be opened",
}
_METRIC = ("low", "high", "n", "n_clusters")
#: What two of the measures are to be compared with.
CHANCE = "pointing and inside_share are by chance what area_fraction is."


def alignment(asked: Asked) -> Made:
    """What is stored of a run's saliency against masks; nothing is computed.

    Returns:
        For each method of ``core.saliency.maps.METHODS`` that was used, a row for each of
        ``core.explain.alignments.MEASURES``: ``method``, then the columns of ``core.explain.alignments.summary``.

    Raises:
        UsageError: If nothing is stored; names the command that computes it, or says why none can.
        StoreError: If what is stored cannot be read.
    """
    run = asked.run
    tables, notes = [], []
    for method in METHODS:
        found = alignments.stored(run, method)
        if found is None:
            continue
        chosen = found[found["sample_id"].isin(asked.said["sample_id"])]
        summary = alignments.summary_of(run, method) if len(chosen) == len(found) else _summary(asked, chosen)
        tables.append(summary.assign(method=method)[["method", *summary]])
        notes += _notes(run, method, found, summary)
    if not tables:
        raise UsageError(_why_none(run))
    return Made(pd.concat(tables, ignore_index=True), (*notes, CHANCE))


def _summary(asked: Asked, chosen: pd.DataFrame) -> pd.DataFrame:
    """Of some of the images, where classes are left out."""
    said = asked.said.drop_duplicates("sample_id").set_index("sample_id").loc[chosen["sample_id"]]
    return alignments.summary(chosen.assign(cluster=said["cluster"].to_numpy()), cluster=asked.cluster or "")


def _notes(run: store.Run, method: str, found: pd.DataFrame, summary: pd.DataFrame) -> list[str]:
    """Of what an alignment is, how far it is, and what it leaves out."""
    layers = ", ".join(sorted({layer for layer in found["layer"].dropna() if layer}))
    of = f"{METHODS[method]} of the true class{f' at {layers}' if layers else ''}"
    notes = [f"{of}: {len(found):,} of {count(run.n_samples, 'image')}."]
    if len(found) < run.n_samples:
        notes[0] = f"{notes[0][:-1]}, drawn at random; the others: {command(run, method)}"
    first = summary.iloc[0]
    said = [f"{first[name]:,} {text}" for name, text in LEFT_OUT.items() if first[name]]
    return [*notes, f"{METHODS[method]}: left out: {', '.join(said)}."] if said else notes


def command(run: store.Run, method: str = "grad-cam") -> str:
    """What to type to compare a run's saliency with masks, or to go on with it."""
    chosen = "" if method == "grad-cam" else f" --method {method}"
    return (
        f"python -m core align --model {shlex.quote(run.source)} --benchmark {run.benchmark} "
        f"--identity {run.identity}{chosen}"
    )


def _why_none(run: store.Run) -> str:
    try:
        alignments.require(run, open_for(run))
    except DataError:
        # The command says itself that images are not there, and how they are named.
        pass
    except UsageError as error:
        return str(error)
    n = count(run.n_samples, "image")
    return f"of {n} none has been compared with its mask yet. Run: {command(run)} (with --limit 200 for a sample)"


def _is_told(run: store.Run) -> bool:
    """Whether a report has it unasked: where masks are what a benchmark is for, or something has been computed."""
    if not shows_clean(run):
        return False
    return has_own_factor(run, "object_area") or any(alignments.stored(run, method) is not None for method in METHODS)


ALIGNMENT = RunTable(
    CardTable("alignment", ("method", "measure"), "Saliency of the true class against object masks", computed=True),
    alignment,
    can_ask=lambda run: True,
    unasked=_is_told,
    printed={**{name: name for name in ("method", "measure")}, "value": "mean", **{name: name for name in _METRIC}},
)
#: All tables that neither a benchmark nor its views name.
MORE: tuple[RunTable, ...] = (*report.MORE, ALIGNMENT)


def build(run: store.Run, **asked: Any) -> Report:
    """A run's report, with the table ``alignment``, which speaks of the network whatever head has answered.

    It is a dict of JSON values that a notebook shows as tables.

    Args:
        run: Complete or partial.
        asked: ``policy``, ``tables`` and more; see ``core.answers.report.build``.

    Raises:
        UsageError: If a table or class does not exist, or the policy needs what was not kept.
    """
    content = report.build(run, more=MORE, **asked)
    named = (*report.tables_of(run), *(each.named for each in MORE))
    counted = "Top-5" if content["policy"] == "top5" else "Top-1"
    return Report(content, {each.name: each.title.replace("Top-1", counted) for each in named}, unit_of(run))
