"""Writes a store as large as ImageNet-Hard under all zooms, without images, to measure the page Zoom with.

    OFFCENTER_DATA=DIR python -m tests.synthetic_zoom [IMAGES]    # 10,980 images x 324 views x 4 models

Hits are drawn by how near a zoom is to the usual crop; nothing here is a measured result, which the models' names say.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pyarrow as pa

from core import labels, store
from core.images.views import get_views
from core.store import dense
from tests.synthetic_store import MODELS, stored

IMAGES = 10_980
KEY, VIEW = "imagenet-hard", "zoom-324"
ORIGINS = ("imagenet", "imagenet-a", "imagenet-r", "imagenet-sketch", "objectnet", "imagenet-v2")


def samples(n: int = IMAGES) -> pd.DataFrame:
    """A samples table as the reader makes it."""
    rng = np.random.default_rng(0)
    space = labels.label_space(labels.IMAGENET_1K)
    index = rng.integers(0, 1000, n)
    ids = [f"{number:05}" for number in range(n)]
    return pd.DataFrame(
        {
            "sample_id": ids,
            "accepted": [[int(each)] for each in index],
            "cluster": ids,
            "class": [space.names[each] for each in index],
            "origin": [ORIGINS[number % len(ORIGINS)] for number in range(n)],
            "n_accepted": 1.0,
            "english_label": [[space.names[each]] for each in index],
        }
    )


def write(model: str, table: pd.DataFrame, skill: float, seed: int) -> store.Run:
    """A stored run: right with ``skill`` in the usual crop, less the farther a zoom is from it."""
    rng = np.random.default_rng(seed)
    rows, n = pd.DataFrame(get_views(VIEW).rows()), len(table)
    truth = np.array([classes[0] for classes in table["accepted"]])
    away = np.abs(np.log2(rows["size"] / 256)) / 3 + 0.15 * (np.abs(rows["row"] - 1) + np.abs(rows["col"] - 1))
    ease = rng.beta(1, 3, (n, 1))
    right = rng.random((n, len(rows))) < skill * ease * np.exp(-away.to_numpy())
    likely = (truth[:, None] + rng.integers(1, 6, (n, len(rows))) * 83) % 1000
    top = np.where(right, truth[:, None], likely).astype(np.int32)
    p_top = (0.2 + 0.7 * rng.random(top.shape)).astype(np.float16)
    offsets = pa.array(np.arange(0, top.size + 1, len(rows), dtype=np.int32))
    lists = {
        "top": (top, pa.int32()),
        "p_top": (p_top, pa.float16()),
        "p_accepted": (np.where(right, p_top, p_top / 8).astype(np.float16), pa.float16()),
    }
    columns = {name: pa.ListArray.from_arrays(offsets, pa.array(values.reshape(-1), kind))
               for name, (values, kind) in lists.items()}  # fmt: skip
    known = {"sample_id": table["sample_id"].tolist(), "accepted": table["accepted"].tolist(), "mean_top": top[:, 0]}
    filled = {**known, **columns}
    content = pa.table([filled.get(each.name, pa.nulls(n, each.type)) for each in dense.SCHEMA], schema=dense.SCHEMA)
    return stored(model, table, KEY, VIEW, "dense-0000000-0000000.parquet", content)


def make(n: int = IMAGES, models: tuple[str, ...] = MODELS) -> list[store.Run]:
    """Runs of models, the first the best, into the data home."""
    table = samples(n)
    return [write(model, table, 0.9 - 0.1 * number, number) for number, model in enumerate(models)]


if __name__ == "__main__":
    for run in make(int(sys.argv[1]) if len(sys.argv) > 1 else IMAGES):
        print(f"{run.n_samples:>9,} {run.benchmark} {run.model}")
