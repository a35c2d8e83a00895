"""Writes a store as large as Hard ImageNet under all cues, without images, to measure the page Cues with.

    OFFCENTER_DATA=DIR python -m tests.synthetic_cues [IMAGES]    # 19,000 images x 41 views x 4 models

Hits are drawn by how strong a view is; nothing here is a measured result, which the models' names say.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pyarrow as pa

from core import labels, store
from core.images.views import get_views
from tests.synthetic_store import MODELS, stored

IMAGES = 19_000
KEY, VIEW = "hard-imagenet", "all-cues"
#: Class indices; any fifteen do.
_CLASSES = range(400, 415)


def samples(n: int = IMAGES) -> pd.DataFrame:
    """A samples table as the reader makes it."""
    rng = np.random.default_rng(0)
    space = labels.label_space(labels.IMAGENET_1K)
    index = np.array(_CLASSES)[np.arange(n) % len(_CLASSES)]
    wnids = [space.wnids[each] for each in index]
    ids = [f"val/{wnid}_ILSVRC2012_val_{number:08}.JPEG" for number, wnid in enumerate(wnids)]
    return pd.DataFrame(
        {
            "sample_id": ids,
            "accepted": [[int(each)] for each in index],
            "cluster": ids,
            "class": [space.names[each] for each in index],
            "wnid": wnids,
            "object_area": rng.beta(1, 6, n),
            "centre_distance": rng.beta(2, 5, n),
            "spurious_rank": np.nan,
        }
    )


def write(model: str, table: pd.DataFrame, skill: float, seed: int, key: str = KEY, kept: float = 0.3) -> store.Run:
    """A stored run: right with ``skill``, less the stronger the noise (most on the object), ``kept`` without it."""
    rng = np.random.default_rng(seed)
    family, n = get_views(VIEW), len(table)
    truth = np.array([classes[0] for classes in table["accepted"]])
    parts = []
    for row in family.rows():
        share = skill * (1 - (0.9 if row["region"] == "fg" else 0.5) * row["sigma"])
        right = rng.random(n) < (share if row["ablation"] == "none" else kept)
        ranked = (truth[:, None] + rng.integers(1, 99, (n, 1)) + np.arange(10) * 83) % 1000
        ranked[:, 0] = np.where(right, truth, (truth + 1 + rng.integers(0, 500, n)) % 1000)
        prob = np.sort(rng.random((n, 10)) ** 4 / 5, axis=1)[:, ::-1]
        offsets = pa.array(np.arange(0, 10 * n + 1, 10, dtype=np.int32))
        top, shares = (
            pa.ListArray.from_arrays(offsets, pa.array(values.reshape(-1), kind))
            for values, kind in ((ranked, pa.int32()), (prob, pa.float32()))
        )
        columns = [table["sample_id"].tolist(), [row["view"]] * n, top, shares, pa.nulls(n, pa.string()),
                   pa.nulls(n, pa.uint64())]  # fmt: skip
        names = ("sample_id", "view", "top10", "top10_prob", "error", "digest")
        parts.append(pa.table(dict(zip(names, columns, strict=True)), schema=store.PREDICTIONS_SCHEMA))
    # By image, as a run writes them.
    rows = np.arange(n * len(parts)).reshape(len(parts), n).T.reshape(-1)
    return stored(model, table, key, VIEW, "part-0000000-0000000.parquet", pa.concat_tables(parts).take(pa.array(rows)))


def make(n: int = IMAGES, models: tuple[str, ...] = MODELS) -> list[store.Run]:
    """Runs of models, the first the best, into the data home."""
    table = samples(n)
    return [write(model, table, 0.95 - 0.1 * number, number) for number, model in enumerate(models)]


if __name__ == "__main__":
    for run in make(int(sys.argv[1]) if len(sys.argv) > 1 else IMAGES):
        print(f"{run.n_samples:>9,} {run.benchmark} {run.model}")
