"""A report's tables of objects' geometry: accuracy by it, and what a model's crop cuts away."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core import store
from core.answers import crop_cuts
from core.answers.cue_geometry import MEASURES, binned
from core.answers.run_tables import Asked, Made, RunTable, has_factor, has_own_factor, shows_clean, values_of
from core.errors import DataError, ModelError, UsageError
from core.images.views import CLEAN
from core.metrics.score import score_interval
from core.metrics.tails import worst_mean
from core.types import CardTable
from core.wording import count

_FACTORS = ("object_area", "centre_distance")
_COLUMNS = ("sample_id", "correct", "cluster")
#: Which objects, in the words of a report.
ALL, WORST_TENTH = "all objects", "worst tenth"


def geometry(asked: Asked) -> Made:
    """Accuracy by each of ``cue_geometry.MEASURES``, as the page Cues draws it.

    Returns:
        ``measure, least, most, mean`` (of the measure, in the bin), then accuracy with its interval, ``n`` and
        ``n_clusters``. Images without a number are in no bin of that measure.

    Raises:
        UsageError: If no image was seen as it is and has a mask.
    """
    seen, notes = _seen(asked), []
    numbers = {name: seen[name].to_numpy(dtype=float) for name in _FACTORS}
    try:
        numbers["kept_by_crop"] = seen["sample_id"].map(_kept(asked)).to_numpy(dtype=float)
    except (UsageError, DataError, ModelError) as error:
        notes.append(f"kept_by_crop is left out: {error}")
    rows = []
    for measure in (name for name in MEASURES if name in numbers):
        known = seen[list(_COLUMNS)].assign(**{measure: numbers[measure]}).dropna(subset=measure)
        if len(known):
            found = binned(known, measure, "correct", asked.cluster)
            names = found[["least", "most", "mean"]].assign(**values_of(found, asked.shown))
            rows.append(names.assign(measure=measure)[["measure", *names]])
    if not rows:
        raise UsageError(f"no image has an object: {_masks_back(asked)}")
    notes.append("Where the objects of each class usually lie (mean mask) is on the page Cues, 'Where the object is'.")
    return Made(pd.concat(rows, ignore_index=True), tuple(notes))


def crop(asked: Asked) -> Made:
    """The share of objects that the model's own crop cuts away.

    Returns:
        A row over all objects and one over the tenth of which most is cut away: ``part, cut_away`` (mean, 0..1), ``low,
        high, n, n_clusters``.

    Raises:
        UsageError: If no image has a mask, or the model's crop is not known.
        DataError: If the benchmark's folder is not there.
        ModelError: If the preprocessing is none that is known here.
    """
    # Also of images that have no answer: without an object to take away, say, which is what this table is about.
    images = asked.said.drop_duplicates("sample_id")
    every = 1 - images["sample_id"].map(_kept(asked)).to_numpy(dtype=float)
    known = ~np.isnan(every)
    if not known.any():
        raise UsageError(f"no image has an object: {_masks_back(asked)}")
    cut = every[known]
    clusters = pd.factorize(images.loc[known, asked.cluster or "sample_id"])[0]
    low, high, n_clusters = score_interval(cut, np.zeros(len(cut), np.int64), clusters, 1)
    rows = [(ALL, float(cut.mean()), float(low[0]), float(high[0])), (WORST_TENTH, *worst_mean(cut, clusters))]
    table = pd.DataFrame(rows, columns=["part", "cut_away", "low", "high"])
    n_whole = int(np.count_nonzero(cut == 0))
    n_gone = int(np.count_nonzero(cut == 1))
    notes = [f"{count(n_whole, 'object')} kept whole, {n_gone:,} cut away entirely, of {len(cut):,}."]
    if n_left_out := int(np.count_nonzero(~known)):
        notes.append(f"{count(n_left_out, 'image')} left out: the mask is empty or cannot be read.")
    return Made(table.assign(n=len(cut), n_clusters=int(n_clusters[0])), tuple(notes))


def _seen(asked: Asked) -> pd.DataFrame:
    """Images with an answer to the view that shows them as they are."""
    seen = asked.said[(asked.said["view"].astype(str) == CLEAN) & asked.said["correct"].notna()]
    if seen.empty:
        raise UsageError(
            f"no image of '{asked.run.benchmark}' was seen as it is: evaluate with --view {CLEAN} or ablations first."
        )
    return seen.reset_index(drop=True)


def _kept(asked: Asked) -> pd.Series:
    """Share of each object that the crop keeps, by image."""
    ids = asked.said["sample_id"].unique().tolist()
    return crop_cuts.kept_by_crop(asked.run, ids, progress=asked.progress).set_index("sample_id")["kept_by_crop"]


def _masks_back(asked: Asked) -> str:
    return f"put the published masks back and evaluate '{asked.run.benchmark}' again; the notes of the data say more."


def _has_masks(run: store.Run) -> bool:
    return all(has_factor(run, name) for name in _FACTORS)


def _is_told(run: store.Run) -> bool:
    # Facts computed from masks make no benchmark one that is about them.
    return all(has_own_factor(run, name) for name in _FACTORS) and shows_clean(run)


TABLES = (
    RunTable(
        CardTable("geometry", ("measure",), "Accuracy by where the object is", computed=True),
        geometry,
        _has_masks,
        _is_told,
    ),
    RunTable(
        CardTable("crop", ("part",), "Share of the object that the model's crop cuts away", computed=True),
        crop,
        _has_masks,
        _is_told,
    ),
)
