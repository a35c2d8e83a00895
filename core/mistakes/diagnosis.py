"""Which single change repairs each mistake, and which share of all mistakes each change repairs.

Kept beside a run's other computed tables, mistake by mistake in a random order, so that a diagnosis that was stopped is
a fair sample and goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from filelock import FileLock
from PIL import Image

from core import metrics, store
from core.answers import joined
from core.answers.questions import is_clustered
from core.benchmarks import open_for
from core.errors import UsageError
from core.mistakes.counterfactual import CONTROL, FACTORS, Composer, composer_of
from core.paths import require_writable
from core.store.parts import Parts
from core.types import Progress, ProgressCallback
from core.wording import count

#: The picture as it is, asked again; a mistake that is none then is not diagnosed.
ORIGINAL = "original"
SCHEMA = pa.schema(
    [("sample_id", pa.string()), ("factor", pa.string()), ("predicted", pa.int32()), ("repaired", pa.bool_())]
)
#: Mistakes diagnosed by default; enough for intervals of a few points.
LIMIT = 300
#: RGB pictures to the best class of each: int (N,).
Predict = Callable[[Sequence[Image.Image]], np.ndarray]


@dataclass(frozen=True)
class Tried:
    """What one change did to one mistake.

    Attributes:
        factor: Key of ``FACTORS``, or ``ORIGINAL``.
        said: What was changed into what; empty for the original.
        image: The picture.
        predicted: Class index.
        repaired: Whether that is accepted.
    """

    factor: str
    said: str
    image: Image.Image
    predicted: int
    repaired: bool


def try_changes(composer: Composer, sample_id: str, accepted: Sequence[int], predict: Predict) -> list[Tried]:
    """Each single change of one picture, the picture as it is first.

    Args:
        composer: Of its benchmark.
        sample_id: The picture.
        accepted: Class indices that count as right.
        predict: The model.

    Raises:
        DataError: If it cannot be composed again.
    """
    changes = composer.changes(sample_id)
    images = [composer.original(sample_id), *(change.compose() for change in changes)]
    names = [(ORIGINAL, ""), *((change.factor, change.said) for change in changes)]
    best = predict(images)
    return [
        Tried(factor, said, image, int(index), int(index) in set(accepted))
        for (factor, said), image, index in zip(names, images, best, strict=True)
    ]


def diagnose(
    run: store.Run,
    predict: Predict,
    *,
    composer: Composer | None = None,
    limit: int = LIMIT,
    progress: ProgressCallback | None = None,
) -> pd.DataFrame:
    """Diagnose a run's mistakes, or go on with it; see ``stored``.

    Args:
        run: On a benchmark of composed scenes.
        predict: The run's model.
        composer: Of its benchmark; found by default.
        limit: Mistakes, drawn at random.
        progress: Called after each mistake.

    Raises:
        UsageError: If the benchmark's pictures are not composed.
        DataError: If one cannot be composed again.
    """
    composer = composer or composer_for(run)
    parts = _parts(run)
    require_writable(parts.folder)
    parts.folder.mkdir(parents=True, exist_ok=True)
    # A second diagnosis of the same run waits here, and then finds the first one's work done.
    with FileLock(parts.folder / ".diagnosis.lock"):
        chosen = mistakes(run)[:limit]
        done = set(parts.read(["sample_id"])["sample_id"].to_pylist())
        left = [(sample_id, accepted) for sample_id, accepted in chosen if sample_id not in done]
        n_before, began = len(chosen) - len(left), time.monotonic()
        for number, (sample_id, accepted) in enumerate(left, 1):
            parts.append(_table(sample_id, try_changes(composer, sample_id, accepted, predict)), parts.next_batch)
            if progress is not None:
                progress(_how_far(n_before, number, len(chosen), time.monotonic() - began))
        parts.merge_all("sample_id")
    return stored(run)


def _how_far(n_before: int, n_new: int, total: int, seconds: float) -> Progress:
    """How far a diagnosis is, with the time left as the mistakes of this session took it."""
    rate = n_new / seconds if seconds > 0 else 0.0
    n_left = total - n_before - n_new
    return Progress(
        n_before + n_new,
        total,
        rate=rate,
        seconds_left=n_left / rate if rate else None,
        stage="changing one thing at a time",
    )


def composer_for(run: store.Run) -> Composer:
    """What composes the pictures of a run again.

    Raises:
        UsageError: If they are not composed.
        DataError: If they are no longer where they were.
    """
    composer = composer_of(open_for(run))
    if composer is None:
        raise UsageError(
            f"'{run.benchmark}' is not of composed scenes, or the plan of its generated images is gone: only Diorama "
            "and sets made by 'python -m core generate' can be diagnosed."
        )
    return composer


def _parts(run: store.Run) -> Parts:
    # Not under a version of the tables: what a model said stays true when a factor or the code is corrected.
    return Parts(joined.folder(run) / f"{run.n_done}-1", "diagnosis", SCHEMA)


def _table(sample_id: str, tried: Sequence[Tried]) -> pa.Table:
    rows = [
        {"sample_id": sample_id, "factor": t.factor, "predicted": t.predicted, "repaired": t.repaired} for t in tried
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def mistakes(run: store.Run) -> list[tuple[str, tuple[int, ...]]]:
    """(sample id, accepted classes) of a run's mistakes, in an order drawn from its identity."""
    table = joined.read(run, ["sample_id", "accepted", "correct"])
    wrong = table[table["correct"] == 0]
    order = np.random.default_rng(int(run.identity, 16)).permutation(len(wrong))
    ids, accepted = wrong["sample_id"].to_numpy(), wrong["accepted"].tolist()
    return [(str(ids[at]), tuple(int(index) for index in accepted[at])) for at in order]


def stored(run: store.Run) -> pd.DataFrame:
    """What has been diagnosed so far: ``sample_id, factor, predicted, repaired``; no rows if nothing has."""
    return _parts(run).read().to_pandas()


def repaired_shares(tried: pd.DataFrame, clusters: Mapping[str, int] | None = None) -> pd.DataFrame:
    """The share of mistakes that each single change repairs.

    A change that cannot be made, because the picture already is as it should be, repairs nothing and counts: shares are
    of all diagnosed mistakes, so that factors can be compared.

    Args:
        tried: ``sample_id, factor, repaired`` of whole mistakes; those that are right when asked again are left out.
        clusters: Cluster of each sample id, where images share objects; intervals are over those.

    Returns:
        One row per factor that occurs, the control last: ``factor, label, value, low, high, n, n_clusters`` and
        ``n_changed``, the mistakes in which there was something to change.
    """
    again = tried[(tried["factor"] == ORIGINAL) & tried["repaired"]]["sample_id"]
    kept = tried[~tried["sample_id"].isin(again)]
    ids = kept.loc[kept["factor"] == ORIGINAL, "sample_id"].tolist()
    factors = [factor for factor in FACTORS if (kept["factor"] == factor).any()]
    if not ids:
        return pd.DataFrame(columns=["factor", "label", "value", "low", "high", "n", "n_clusters", "n_changed"])
    grid = pd.MultiIndex.from_product([factors, ids], names=["factor", "sample_id"])
    changed = kept[kept["factor"] != ORIGINAL].set_index(["factor", "sample_id"])["repaired"]
    frame = changed.astype(float).reindex(grid).reset_index()
    n_changed = frame.groupby("factor")["repaired"].count()
    frame["repaired"] = frame["repaired"].fillna(0.0)
    if clusters is not None:
        frame["cluster"] = [clusters[sample_id] for sample_id in frame["sample_id"]]
    table = metrics.accuracy_by(frame, "factor", "cluster" if clusters is not None else None, value="repaired")
    table = table.set_index("factor").loc[factors].reset_index()
    return table.assign(label=[FACTORS[f] for f in factors], n_changed=[int(n_changed[f]) for f in factors])


def shares_of(run: store.Run) -> pd.DataFrame:
    """``repaired_shares`` of what has been diagnosed of a run so far."""
    clusters = None
    if is_clustered(run):
        table = joined.read(run, ["sample_id", "cluster"])
        clusters = dict(zip(table["sample_id"], table["cluster"].tolist(), strict=True))
    return repaired_shares(stored(run), clusters)


def finding(shares: pd.DataFrame) -> str:
    """The factor that repairs most, in a sentence; empty if nothing was diagnosed."""
    causes = shares[shares["factor"] != CONTROL]
    if causes.empty:
        return ""
    best = causes.loc[causes["value"].idxmax()]
    n = int(best["n"])
    if not best["value"] > 0:
        return f"No single change repairs any of {count(n, 'mistake')}."
    control = shares.loc[shares["factor"] == CONTROL, "value"]
    chance = f" A meaningless move of 2 pixels repairs {100 * control.iloc[0]:.0f} %." if len(control) else ""
    return (
        f"The one change that repairs most: {best['label'].lower()}, {100 * best['value']:.0f} % "
        f"[{100 * best['low']:.0f}, {100 * best['high']:.0f}] of {count(n, 'mistake')}.{chance}"
    )
