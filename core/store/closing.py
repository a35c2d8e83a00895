"""A digest over the bytes of all images of a finished run: who has the same one has looked at the same bytes."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from core.store.listing import list_all
from core.store.runs import Run, predictions_of
from core.store.samples import image_ids


def bytes_of(run: Run) -> pd.Series:
    """64 bits of each image's bytes, by the pool's name, sorted: uint64, missing where they are not known.

    Raises:
        StoreError: If the run cannot be read.
    """
    columns = predictions_of(run).read(["sample_id", "digest"])
    digests = pd.array(columns["digest"].to_pylist(), dtype="UInt64")
    table = pd.DataFrame({"sample_id": columns["sample_id"].to_pandas(), "digest": digests})
    table = table.drop_duplicates("sample_id").set_index("sample_id")["digest"]
    return table[table.index.isin(image_ids(run).to_pandas())].sort_index()


def other_bytes(run: Run) -> tuple[list[str], Run | None]:
    """Images of which another result on the same pool has noted other bytes: they have changed in between.

    Returns:
        The pool's names, sorted, and that result; the one with most images is compared with, as it tells most.

    Raises:
        StoreError: If one of them cannot be read.
    """
    same = [each for each in list_all().runs if each.manifest.pool == run.manifest.pool and each.path != run.path]
    # Equal closing digests of one benchmark say that all is equal.
    digest = run.entry.bytes_digest
    if not same or (digest and any(each.entry.bytes_digest == digest for each in same)):
        return [], None
    other = max(same, key=lambda each: (each.n_done, each.manifest.updated))
    pairs = pd.concat([bytes_of(run).rename("own"), bytes_of(other).rename("other")], axis=1, join="inner").dropna()
    return sorted(pairs.index[pairs["own"] != pairs["other"]]), other


def bytes_digest(run: Run) -> str:
    """SHA-256 (hex) over the names and digests of a run's images; empty if the bytes of one are not known."""
    known = bytes_of(run)
    if known.isna().any() or known.empty:
        return ""
    total = hashlib.sha256("\n".join(known.index).encode())
    total.update(np.asarray(known, dtype="<u8").tobytes())
    return total.hexdigest()
