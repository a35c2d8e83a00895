"""Predictions that were made elsewhere as a run: the one place that makes its manifest and stores its rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from core import __version__, store
from core.evaluate.rows import Rows
from core.images.views import CLEAN, get_views
from core.labels import label_space
from core.store import AS_IMPORTED, IMAGE
from core.types import Model


def identity_of(
    protocol: str, fingerprint: str, architecture: str, space: str, pool: store.PoolEntry, **more: object
) -> str:
    """Identity of imported predictions: over their file, the images, and what else decides what is read from it.

    Args:
        protocol: Version of how such a file is read.
        fingerprint: SHA-256 (hex) of the file.
        architecture: Stands for the network's, which is not known.
        space: Key of the label space.
        pool: The images.
        more: What else decides; JSON values.
    """
    return store.identity(
        {
            "protocol": protocol,
            "weights": fingerprint,
            "architecture": architecture,
            "label_space": space,
            "pool": [pool.key, pool.digest],
            "views": [CLEAN, get_views(CLEAN).version],
            **more,
        }
    )


def manifest_of(
    identity: str,
    protocol: str,
    model: store.ModelEntry,
    pool: store.PoolEntry,
    entry: store.BenchmarkEntry,
) -> store.Manifest:
    """What a run of imported predictions says of itself; what its model saw is not known.

    Args:
        identity: From ``identity_of``.
        protocol: The same.
        model: From ``model_of``.
        pool: The images.
        entry: The benchmark.
    """
    return store.Manifest(
        identity=identity,
        model=model,
        pool=pool,
        views=get_views(CLEAN).card(),
        precision=AS_IMPORTED,
        preprocessing={},
        benchmarks=(entry,),
        protocol=protocol,
        created=store.now(),
        versions={"offcenter": __version__},
    )


def model_of(
    name: str, kind: str, path: Path, architecture: str, space: str, fingerprint: str, notes: tuple[str, ...] = ()
) -> store.ModelEntry:
    """What stands in place of a model.

    Args:
        name: As it shall be called.
        kind: Of the file: ``logits``, ``predictions``.
        path: The file.
        architecture: Stands for the network's.
        space: Key of the label space.
        fingerprint: SHA-256 (hex) of the file.
        notes: What a reader should know.
    """
    source = f"{kind}:{path.name}"
    return store.ModelEntry(name, source, architecture, space, len(label_space(space)), fingerprint, notes)


def with_model(manifest: store.Manifest, model: Model, note: str) -> store.Manifest:
    """The same with a model attached, which is what is asked for a saliency map.

    Args:
        manifest: From ``manifest_of``; how its predictions came about stays in precision, protocol and notes.
        model: Loaded or described; its predictions are those of the file as far as that was looked at.
        note: How far.
    """
    entry = replace(
        manifest.model,
        source=model.source,
        architecture=model.architecture,
        fingerprint=model.fingerprint,
        notes=(*manifest.model.notes, *model.notes, note),
    )
    return replace(manifest, model=entry, preprocessing=dict(model.transform))


def store_rows(
    folder: Path,
    manifest: store.Manifest,
    samples_path: Path,
    samples: pd.DataFrame,
    said: np.ndarray,
    rows_of: Callable[[np.ndarray], Rows],
    *,
    attach: bool = False,
) -> store.Run:
    """Store what was imported; a result that is there is completed, and returned as it is.

    Args:
        folder: Of the run.
        manifest: From ``manifest_of``, perhaps ``with_model``.
        samples_path: From ``store.samples_file``.
        samples: The benchmark's table.
        said: bool (N,), the samples that have a prediction.
        rows_of: The rows of some of the samples, given by their numbers.
        attach: Whether what a stored run says of its model gives way.
    """
    store.write_samples(samples_path, samples)
    names = samples[IMAGE if IMAGE in samples else "sample_id"].to_numpy()
    wanted = np.flatnonzero(said)
    with store.open_writer(folder, manifest) as writer:
        done = writer.done()
        is_done = np.array([names[row] in done for row in wanted], dtype=bool)
        if not is_done.all():
            new = rows_of(wanted[~is_done])
            writer.append(new.predictions, new.side, within=new.within)
        if is_done.any():
            writer.append_side(rows_of(wanted[is_done]).side)
        is_whole = len(wanted) == len(samples)
        if is_whole:
            writer.finish()
        news = {"model": manifest.model, "preprocessing": manifest.preprocessing} if attach else {}
        writer.write_manifest(status="complete" if is_whole else "partial", **news)
    run = store.open_run(folder, manifest.benchmarks[0].key)
    assert run is not None
    return run
