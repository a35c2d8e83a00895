"""Stored results of the size and shape of SI-Score's, without an image: for measuring pages, and small ones for tests.

    python -m tests.synthetic_store FOLDER [MODELS]     # 541,548 + 92,884 + 39,540 rows for each of 4 models
    OFFCENTER_DATA=FOLDER streamlit run app.py

Accuracy depends on the factors by ``chance_right``, so what a page must show is known.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from core import labels, store
from core.store.manifest import write_manifest
from core.store.parts import write_parquet
from tests.manifests import make_manifest

FULL = {"location": 541_548, "size": 92_884, "rotation": 39_540}
MODELS = ("resnet50.synthetic", "vit_base.synthetic", "convnext_tiny.synthetic", "mobilenetv3.synthetic")
INSTANCES_PER_CLASS = 10


def chance_right(samples: pd.DataFrame, skill: float) -> np.ndarray:
    """Probability that a model of a skill (0..1) is right: falls off the centre, with small objects, upside down."""
    offset = np.hypot(samples["x"] - 0.5, samples["y"] - 0.5)
    small = np.clip(samples["area"] / 0.2, 0, 1)
    turned = (1 - np.cos(np.deg2rad(samples["angle_deg"]))) / 2
    return np.clip((0.5 + 0.45 * skill) * small * (1 - 0.6 * offset) * (1 - 0.3 * turned), 0, 1).to_numpy()


def make_samples(protocol: str, n: int) -> pd.DataFrame:
    """A samples table as the SI-Score reader makes it: every setting with every cut-out, until there are n rows."""
    steps = np.round(np.arange(21) * 0.05, 2)
    settings = {
        "location": [(0.2, x, y, 0.0) for x in steps for y in steps],
        "size": [(round(0.01 * step, 2), 0.5, 0.5, 0.0) for step in range(1, 101)],
        "rotation": [(area, 0.5, 0.5, angle) for area in (0.2, 0.5, 0.8, 1.0) for angle in range(1, 360, 20)],
    }[protocol]
    grid = np.array(settings, dtype=float)[np.arange(n) % len(settings)]
    classes = sorted(labels.si_score_classes().items())[:61]
    cut_out = (np.arange(n) // len(settings)) % (len(classes) * INSTANCES_PER_CLASS)
    names = np.array([name for name, _ in classes])[cut_out % len(classes)]
    index = np.array([index for _, index in classes])[cut_out % len(classes)]
    instance = (cut_out // len(classes)).astype(str)
    frame = pd.DataFrame(
        {
            "sample_id": [f"{name}/{number}.jpg" for number, name in enumerate(names)],
            "accepted": list(index[:, None]),
            "cluster": np.char.add(np.char.add(names, "/"), instance),
            **{column: grid[:, number] for number, column in enumerate(("area", "x", "y", "angle_deg"))},
            "pct_inside_image": 1.0,
            "class": names,
            "foreground_instance": instance,
            "background": (np.arange(n) % 867).astype(str),
        }
    )
    inside = np.clip(0.5 + np.minimum(frame["x"], 1 - frame["x"]) / 0.45, 0, 1)
    inside *= np.clip(0.5 + np.minimum(frame["y"], 1 - frame["y"]) / 0.45, 0, 1)
    return frame.assign(pct_inside_image=inside.round(4))


def make_predictions(samples: pd.DataFrame, right: np.ndarray, seed: int) -> pa.Table:
    """Predictions, in random order: the accepted class where ``right`` (bool (N,)), else another one."""
    rng = np.random.default_rng(seed)
    n = len(samples)
    truth = np.array([classes[0] for classes in samples["accepted"]])
    ranked = (truth[:, None] + rng.integers(1, 99, (n, 1)) + np.arange(10) * 101) % 1000
    ranked[:, 0] = np.where(right, truth, (truth + 1 + rng.integers(0, 500, n)) % 1000)
    prob = np.sort(rng.dirichlet(np.full(10, 0.4), n) if n < 10_000 else rng.random((n, 10)) ** 4 / 5, axis=1)[:, ::-1]
    offsets = np.arange(0, 10 * n + 1, 10, dtype=np.int32)

    def lists(values: np.ndarray, kind: pa.DataType) -> pa.Array:
        return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values.reshape(-1), kind))

    columns = {
        "sample_id": samples["sample_id"].tolist(),
        "view": ["clean"] * n,
        "top10": lists(ranked, pa.int32()),
        "top10_prob": lists(prob, pa.float32()),
        "error": pa.nulls(n, pa.string()),
        "digest": pa.nulls(n, pa.uint64()),
    }
    order = rng.permutation(n)
    return pa.table(columns, schema=store.PREDICTIONS_SCHEMA).take(pa.array(order))


def write_run(
    protocol: str, samples: pd.DataFrame, model: str, right: np.ndarray, seed: int = 0, done: float = 1.0
) -> store.Run:
    """Store a run of a synthetic model; ``done`` below 1 leaves it as one that failed on the way."""
    key = f"si-score/{protocol}"
    pool = hashlib.sha256(f"{protocol} {len(samples)}".encode()).hexdigest()
    identity = hashlib.sha256(f"{key} {model} {pool}".encode()).hexdigest()[:16]
    samples_path = store.samples_file(key, pool, "imagenet-1k")
    if not samples_path.is_file():
        store.write_samples(samples_path, samples)
    folder = store.run_folder(key, model, identity)
    predictions = make_predictions(samples, right, seed)
    write_parquet(folder / "part-0000000-0000000.parquet", predictions.slice(0, round(done * len(samples))))
    manifest = make_manifest(
        identity,
        key,
        model=model,
        n=len(samples),
        num_classes=1000,
        fingerprint=hashlib.sha256(model.encode()).hexdigest(),
        samples=store.relative(samples_path),
        samples_digest=store.digest_samples(samples),
        pool=pool,
        card=True,
        created="2026-01-01T00:00:00+0000",
        updated="2026-01-01T00:00:00+0000",
        status="complete" if done >= 1 else "failed",
    )
    if done >= 1:
        manifest = manifest.with_entry(replace(manifest.benchmarks[0], finished=len(samples)))
    write_manifest(folder, manifest)
    return store.open_run(folder)


def stored(model: str, table: pd.DataFrame, key: str, view: str, file: str, content: pa.Table) -> store.Run:
    """A complete run of which nothing was evaluated.

    Args:
        model: Its name.
        table: Samples.
        key: Of the benchmark.
        view: Of the family of views.
        file: Name of the one part.
        content: Predictions.
    """
    n = len(table)
    pool = store.identity({"n": n, "key": key})
    identity = store.identity({"synthetic": model, "n": n, "view": view, "key": key})
    path = store.samples_file(key, pool, labels.IMAGENET_1K)
    store.write_samples(path, table)
    folder = store.run_folder(key, model, identity)
    write_parquet(folder / file, content)
    manifest = make_manifest(
        identity,
        key,
        model=model,
        n=n,
        num_classes=1000,
        fingerprint=store.identity({"weights": model}),
        samples=store.relative(path),
        samples_digest=store.digest_samples(table),
        pool=pool,
        view=view,
        card=True,
        created="2026-01-01T00:00:00+0000",
        updated="2026-01-01T00:00:00+0000",
        status="complete",
    )
    write_manifest(folder, manifest)
    found = store.open_run(folder)
    assert found is not None
    return found


def make(sizes: dict[str, int], models: tuple[str, ...] = MODELS) -> list[store.Run]:
    """Runs of models, the first the best, on protocols with so many images each; into the data home."""
    runs = []
    for protocol, n in sizes.items():
        samples = make_samples(protocol, n)
        for number, model in enumerate(models):
            rng = np.random.default_rng([number, n])
            right = rng.random(n) < chance_right(samples, 1 - 1.2 * number / max(4, len(models)))
            runs.append(write_run(protocol, samples, model, right, seed=number))
    return runs


if __name__ == "__main__":
    os.environ["OFFCENTER_DATA"] = str(Path(sys.argv[1]).resolve())
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else len(MODELS)
    more = tuple(f"more{number:02}.synthetic" for number in range(len(MODELS), wanted))
    for run in make(FULL, (MODELS + more)[:wanted]):
        print(f"{run.n_samples:>9,} {run.benchmark} {run.model}")
