"""Writes a store as large as the FOCUS release, without images, to measure pages with.

    OFFCENTER_DATA=DIR python -m tests.synthetic_focus

Settings are drawn from the counts of the paper's Table 1, hits from the accuracies of its Table 4; nothing here is a
measured result, which the models' names say.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from core import store, uncommon
from core.labels import focus_to_imagenet
from core.uncommon.paper import published
from tests.manifests import make_manifest

IMAGES = 24_000
WRONG = 999


def samples(n: int = IMAGES, seed: int = 0) -> pd.DataFrame:
    """A samples table with the marginals of Table 1."""
    rng = np.random.default_rng(seed)
    counts = published()["counts"]
    category = rng.choice(uncommon.CATEGORIES, n, p=_shares(counts["time"], uncommon.CATEGORIES))
    table = pd.DataFrame({"sample_id": [f"{name}/{number:05}.jpg" for number, name in enumerate(category)]})
    table["cluster"], table["category"], table["class"] = table["sample_id"], category, category
    for attribute in ("time", "weather"):
        table[attribute] = [rng.choice(uncommon.VALUES[attribute], p=_of(counts[attribute], name)) for name in category]
    table["locations"] = [_locations(rng, _of(counts["locations"], name)) for name in category]
    table["humans"] = rng.choice(["yes", "no"], n)
    accepted = focus_to_imagenet()
    table["accepted"] = [accepted[name] for name in category]
    return uncommon.annotate(table)


def _shares(counts: dict[str, dict[str, int]], categories: tuple[str, ...]) -> np.ndarray:
    total = np.array([sum(row[name] for row in counts.values()) for name in categories], dtype=float)
    return total / total.sum()


def _of(counts: dict[str, dict[str, int]], category: str) -> np.ndarray:
    total = np.array([row[category] for row in counts.values()], dtype=float)
    return total / total.sum()


def _locations(rng: np.random.Generator, shares: np.ndarray) -> list[str]:
    drawn = rng.choice(uncommon.VALUES["locations"], size=rng.integers(1, 3), p=shares)
    return [uncommon.NONE] if uncommon.NONE in drawn else sorted(set(drawn.tolist()))


def write(model: str, like: str, table: pd.DataFrame, seed: int = 0) -> store.Run:
    """A stored run whose accuracy by partition is a published model's."""
    # Not the stream that the settings were drawn from.
    rng = np.random.default_rng([1, seed])
    paper = published()["accuracy"][like]
    share = table["partition"].map(lambda name: paper.get(name, 0.3)).to_numpy()
    hit = rng.random(len(table)) < share
    best = [accepted[0] if right else WRONG for accepted, right in zip(table["accepted"], hit, strict=True)]
    top = [[index, *range(900, 909)] for index in best]
    probability = rng.uniform(0.3, 1.0, len(table)).astype(np.float32)
    identity = store.identity({"synthetic": model, "n": len(table), "seed": seed})
    path = store.samples_file("focus", store.identity({"n": len(table)}), "imagenet-1k")
    store.write_samples(path, table)
    batch = pa.table(
        {
            "sample_id": table["sample_id"],
            "view": ["clean"] * len(table),
            "top10": top,
            "top10_prob": [[share, *[(1 - share) / 9] * 9] for share in probability],
            "error": pa.nulls(len(table), pa.string()),
            "digest": pa.nulls(len(table), pa.uint64()),
        },
        schema=store.PREDICTIONS_SCHEMA,
    )
    with store.open_writer(store.run_folder("focus", model, identity), _manifest(model, table, identity, path)) as run:
        run.append(batch)
        run.finish()
        run.write_manifest(status="complete")
    return store.find_run("focus", model)


def _manifest(model: str, table: pd.DataFrame, identity: str, path: Path) -> store.Manifest:
    return make_manifest(
        identity,
        "focus",
        model=model,
        n=len(table),
        num_classes=1000,
        fingerprint="0" * 64,
        samples=store.relative(path),
        samples_digest=store.digest_samples(table),
        pool="0" * 64,
        notes=("synthetic, not measured",),
        card=True,
    )


if __name__ == "__main__":
    drawn = samples()
    for number, name in enumerate(published()["accuracy"]):
        made = write(f"synthetic-{name.lower()}", name, drawn, seed=number)
        print(made.path)
