"""What a linear head over the benchmark's own classes, instead of the network's, says of a run; see ``head_fit``."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from core import benchmarks, store
from core.answers.cards import card_of
from core.benchmarks.base import Benchmark
from core.errors import UsageError
from core.evaluate import features
from core.labels import class_names
from core.metrics.cues import CLASS_COLUMNS
from core.store.lists import list_offsets, to_pandas
from core.store.parts import write_parquet
from core.types import ProgressCallback

#: Raised when the same features would give other answers.
VERSION = 1
TOP_K = 10
SCHEMA = pa.schema(
    [
        ("sample_id", pa.string()),
        ("view", pa.string()),
        ("top10", pa.list_(pa.int32())),
        ("top10_prob", pa.list_(pa.float32())),
        ("p_accepted", pa.float32()),
        ("error", pa.string()),
    ]
)


def _file(run: store.Run, seed: int) -> Path:
    """Named by labels and clusters too, and by how many images are there: a run under way grows."""
    name = f"linear-head-{VERSION}-{seed}-{store.samples_digest(run)[:12]}-{run.n_done}.parquet"
    return features.folder(run) / name


def read(run: store.Run, seed: int = 0) -> pd.DataFrame | None:
    """A run's answers by cross-fitted heads (``SCHEMA``; see ``cross_fitted``), or None if none were fitted.

    Raises:
        StoreError: If they cannot be read.
    """
    table = features.read_beside(_file(run, seed), "ask for the linear head again")
    return None if table is None else to_pandas(table)


def cross_fitted(
    run: store.Run,
    benchmark: Benchmark | None = None,
    *,
    device: str = "auto",
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> pd.DataFrame:
    """What cross-fitted linear heads say of a run's images; stored answers are returned at once.

    A head's classes are the benchmark's: images with the same accepted classes are of one. Heads are fitted on the view
    ``clean``, else the first, and are asked about all views.

    Args:
        run: Complete or partial; only images that were evaluated take part.
        benchmark: On the run's data; images are read only if features are not stored yet. By default the data that the
            run was made on.
        device: For the features: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        seed: Of the folds.
        progress: Called along the way.

    Returns:
        One row per evaluated image and view, in the order of the samples table, as the store gives predictions:
        ``sample_id, view, top10, top10_prob, p_accepted, error``. A class is named by the first of its accepted
        classes; ``p_accepted`` is the head's probability of the image's class, 0..1; ``error`` says why an image has no
        answer.

    Raises:
        UsageError: If classes overlap, fewer than two have enough images, or the features would be too large.
        NotAvailableError: If the model does not end in one linear layer.
        DataError: If the data are not there, or not those of the run.
        StoreError: If something cannot be read or written.
    """
    found = read(run, seed)
    if found is not None:
        return found
    # Not above: stored answers are read without scikit-learn, which takes a while to import.
    from core.explain import head_fit

    samples = store.read_samples(run)
    labels, accepted, names = classes_of(run, samples)
    errors = store.read(run, ["sample_id", "error"]).drop_duplicates("sample_id").set_index("sample_id")["error"]
    done = np.flatnonzero(samples["sample_id"].isin(errors.index))
    ids = samples["sample_id"].iloc[done]
    errors = errors.loc[ids]
    labels = np.where(errors.isna(), labels[done], -1)
    clusters = samples["cluster"].to_numpy()[done] if card_of(run).cluster_unit else None
    # Before features are made, which takes as long as evaluating: whether there can be a head.
    head_fit.left_out(labels, names, clusters)
    kept = features.read(run)
    if kept is None:
        benchmark = benchmark or benchmarks.open_for(run)
        only = None if len(done) == len(samples) else set(ids)
        kept = features.keep(run, benchmark, images=only, device=device, progress=progress)
    values = kept.by_view if len(done) == len(samples) else kept.by_view[done]
    views = run.views.names
    fitted_view = views.index("clean") if "clean" in views else 0
    said = head_fit.cross_fit(
        values, labels, names, clusters=clusters, fitted_view=fitted_view, seed=seed, progress=progress
    )
    reasons = [known if isinstance(known, str) else why for known, why in zip(errors, said.reasons, strict=True)]
    table = _table(ids.tolist(), views, said.prob, labels, accepted, reasons)
    write_parquet(_file(run, seed), table)
    return to_pandas(table)


def classes_of(run: store.Run, samples: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The classes of a head.

    Args:
        run: Says the label space.
        samples: Its samples table.

    Returns:
        Class of each image: int (N,), 0..K-1, negative for one without accepted classes; an accepted class of each:
        int32 (K,); and their names.

    Raises:
        UsageError: If an accepted class is one of two classes.
    """
    offsets, flat = list_offsets(samples["accepted"])
    sets = [tuple(sorted(flat[start:end].tolist())) for start, end in pairwise(offsets)]
    known = sorted(set(sets) - {()})
    belongs: dict[int, tuple[int, ...]] = {}
    for each in known:
        for index in each:
            if belongs.setdefault(index, each) != each:
                shared = class_names(run.label_space, [index])[0]
                raise UsageError(
                    f"a linear head needs images of one class each, and on '{run.benchmark}' '{shared}' is right for "
                    "images with and without other accepted classes. Choose a benchmark whose classes are apart, such "
                    "as hard-imagenet or rival10."
                )
    number = {each: at for at, each in enumerate(known)}
    labels = np.array([number.get(each, -1) for each in sets], dtype=np.int64)
    return labels, np.array([each[0] for each in known], dtype=np.int32), _names(run, samples, labels, known)


def _names(run: store.Run, samples: pd.DataFrame, labels: np.ndarray, known: list[tuple[int, ...]]) -> list[str]:
    column = next((name for name in CLASS_COLUMNS if name in samples), None)
    if column is None:
        return [" or ".join(class_names(run.label_space, each)) for each in known]
    first = np.unique(labels[labels >= 0], return_index=True)[1]
    return samples.loc[labels >= 0, column].iloc[first].astype(str).tolist()


def _table(
    ids: list[str],
    views: list[str],
    prob: np.ndarray,
    labels: np.ndarray,
    accepted: np.ndarray,
    reasons: list[str | None],
) -> pa.Table:
    """Answers as the store gives predictions; ``prob`` is float32 (N, V, K)."""
    n_views = len(views)
    flat = prob.reshape(-1, prob.shape[-1])
    ranked = np.argsort(-flat, axis=1, kind="stable")[:, :TOP_K]
    answered = np.repeat([reason is None for reason in reasons], n_views)
    own = flat[np.arange(len(flat)), np.repeat(labels, n_views)]
    return pa.table(
        {
            "sample_id": np.repeat(np.array(ids, dtype=object), n_views),
            "view": np.tile(np.array(views, dtype=object), len(ids)),
            "top10": _lists(accepted[ranked], answered, pa.int32()),
            "top10_prob": _lists(np.take_along_axis(flat, ranked, axis=1), answered, pa.float32()),
            "p_accepted": pa.array(np.where(answered, own, np.nan).astype(np.float32), from_pandas=True),
            "error": pa.array([reason for reason in reasons for _ in views], pa.string()),
        },
        schema=SCHEMA,
    )


def _lists(values: np.ndarray, there: np.ndarray, kind: pa.DataType) -> pa.ListArray:
    """A list for each row of a matrix; missing where ``there`` is false."""
    width = values.shape[1]
    ends = np.concatenate([[0], np.cumsum(np.where(there, width, 0))])
    content = pa.array(values[there].ravel(), kind)
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), content, mask=pa.array(~there))
