"""Facts computed from a benchmark's images, kept in the data folder: described once for all models.

Layout, below ``data/described``::

    <pool or benchmark>/<pool digest>/fact-<first>-<last>.parquet    a row an image, as they are described
    <benchmark>/<pool digest>.parquet                                what runs read, once all images are

Of a benchmark with masks the rows are its own; others that share a pool share them. An image is described again when
its file has another size or time of change and other bytes; where images have no files of their own, with the pool's
digest. Rows of the same file under another digest, of a folder that has grown since, are taken over.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from core import paths, store
from core.benchmarks.base import Benchmark
from core.errors import DataError, StorageError
from core.images import facts
from core.images.opening import reasons
from core.models.cores import available_cores
from core.paths import is_remote, require_writable
from core.store.parts import Parts, write_parquet
from core.types import Progress, ProgressCallback

#: Names of the facts, in order.
NAMES = tuple(factor.name for factor in facts.FACTS)
#: ``size`` and ``changed_ns`` are of the image's file; missing where it has none of its own on a disk.
SCHEMA = pa.schema(
    [
        *(("image", pa.string()), ("digest", pa.uint64()), ("size", pa.int64()), ("changed_ns", pa.int64())),
        *((name, pa.float64()) for name in NAMES),
        ("error", pa.string()),
    ]
)
#: Key of the table's digest in its file.
DIGEST = b"facts_digest"
#: Images between two writes, which is what a kill may lose.
_BLOCK = 128
#: Images that are asked for a mask before a benchmark is held to have none.
_ASKED = 20
#: Whole numbers stay whole where some are missing.
_EXACT = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}
#: Of a digest, what stands in a name.
_SHORT = 16


@dataclass(frozen=True)
class Described:
    """What describing a benchmark has come to.

    Attributes:
        table: One row per image: ``image``, ``digest``, the facts (NaN where there is none) and ``error``.
        n_images: Images of the benchmark.
        n_new: Of these, described just now.
        failed: Why images could not be described, by name: facts about them, which are kept.
        unread: Why images could not be read now, by name; the next call tries them again.
        file: What runs read.
    """

    table: pd.DataFrame
    n_images: int
    n_new: int
    failed: dict[str, str]
    unread: dict[str, str]
    file: Path


def file_of(key: str, pool_digest: str) -> Path:
    """File of the facts about a benchmark's images; there once all are described.

    Args:
        key: The benchmark's.
        pool_digest: See ``Benchmark.pool_digest``.
    """
    return _home() / paths.slug(key) / f"{_name(pool_digest)}.parquet"


def _name(pool_digest: str) -> str:
    return f"{pool_digest[:_SHORT]}-v{facts.VERSION}"


def _home() -> Path:
    return paths.data_home() / "described"


def describe(benchmark: Benchmark, *, again: bool = False, progress: ProgressCallback | None = None) -> Described:
    """Compute the facts about a benchmark's images, or go on with it; what is described already is kept.

    Args:
        benchmark: On its data.
        again: Whether all images are described anew, as after masks were corrected.
        progress: Called after each block.

    Raises:
        DataError: If the data cannot be read as this benchmark, or the folder has gone away.
        StoreError: If facts cannot be written.
    """
    pool_digest = benchmark.pool_digest()
    file = file_of(benchmark.key, pool_digest)
    require_writable(file)
    samples = benchmark.samples(benchmark.label_spaces[0])["sample_id"].tolist()
    images = benchmark.image_ids(samples)
    work = _Work(benchmark, pool_digest, dict(zip(images, samples, strict=True)))
    work.folder.mkdir(parents=True, exist_ok=True)
    # A second one of the same images waits here, and then finds the first one's work done.
    with FileLock(work.folder / ".fact.lock"):
        left = images if again else work.left()
        work.do(left, progress)
        found = work.known().reindex(images).rename_axis("image").reset_index()
        _write(file, found)
    errors = found.dropna(subset="error")
    return Described(
        found[["image", "digest", *NAMES, "error"]],
        len(images),
        len(left) - len(work.unread),
        dict(zip(errors["image"], errors["error"], strict=True)),
        work.unread,
        file,
    )


def _write(file: Path, found: pd.DataFrame) -> None:
    """Keep what runs read; a file that says the same stays as it is."""
    kept = found[["image", *NAMES]]
    digest = store.digest_samples(kept).encode()
    try:
        if (pq.read_schema(file).metadata or {}).get(DIGEST) == digest:
            return
    except (OSError, pa.ArrowException):
        pass
    table = pa.Table.from_pandas(kept, preserve_index=False)
    write_parquet(file, table.replace_schema_metadata({DIGEST: digest}))


class _Work:
    """Images of a benchmark that are described block by block.

    Args:
        benchmark: On its data.
        pool_digest: The benchmark's.
        samples: Sample id by image id.

    Attributes:
        folder: Of the rows.
        unread: Why images could not be read now, by name.
    """

    def __init__(self, benchmark: Benchmark, pool_digest: str, samples: dict[str, str]) -> None:
        self._benchmark = benchmark
        self._samples = samples
        self._has_masks = _has_masks(benchmark, list(samples.values()))
        pool = benchmark.key if self._has_masks else benchmark.pool or benchmark.key
        self.folder = _home() / paths.slug(pool) / _name(pool_digest)
        self._parts = Parts(self.folder, "fact", SCHEMA, "Delete it; 'python -m core data describe' computes it again.")
        self.unread: dict[str, str] = {}

    def known(self) -> pd.DataFrame:
        """The newest row of each image, by its name."""
        return _rows_of(self._parts)

    def left(self) -> list[str]:
        """Images that are not described as they are now; rows of the same files elsewhere are taken over."""
        known = _stamps(self.known())
        left = [image for image in self._samples if not (image in known and known[image] == self._stamp(image))]
        if self._has_masks:
            # A mask may be another while the image is the same.
            return left
        for folder in sorted(self.folder.parent.glob(f"*-v{facts.VERSION}")):
            if left and folder.is_dir() and folder != self.folder:
                left = self._taken_over(folder, left)
        return left

    def _taken_over(self, folder: Path, left: list[str]) -> list[str]:
        """Take over the rows of another digest whose files are still the same; gives the images that remain."""
        there = _rows_of(Parts(folder, "fact", SCHEMA, self._parts.remedy))
        stamps = _stamps(there)
        same = {image for image in left if (stamp := stamps.get(image)) and stamp == self._stamp(image)}
        if same:
            rows = there.loc[sorted(same)].reset_index()
            self._append(pa.Table.from_pandas(rows, schema=SCHEMA, preserve_index=False))
        return [image for image in left if image not in same]

    def _stamp(self, image: str) -> tuple[int, int] | None:
        """Size and time of change of an image's file; None where it has none of its own on a disk."""
        if is_remote(self._benchmark.root):
            return None
        try:
            path = self._benchmark.path(self._samples[image])
            status = path.stat() if path is not None else None
        except (OSError, DataError):
            return None
        return (status.st_size, status.st_mtime_ns) if status else None

    def _append(self, table: pa.Table) -> None:
        self._parts.append(table, self._parts.next_batch)

    def do(self, left: Sequence[str], progress: ProgressCallback | None) -> None:
        """Describe what is left."""
        total, n_new, n_failed, began = len(self._samples), 0, 0, time.monotonic()
        for rows in self._ahead(left):
            read = [row for row in rows if row is not None]
            if read:
                self._append(pa.Table.from_pylist(read, schema=SCHEMA))
            n_new += len(rows)
            n_failed += sum(row is None or row["error"] is not None for row in rows)
            if progress is not None:
                rate = n_new / max(time.monotonic() - began, 1e-9)
                before = total - len(left)
                progress(Progress(before + n_new, total, n_failed, rate, (len(left) - n_new) / rate, "describing"))
        self._parts.merge_all("image")

    def _ahead(self, left: Sequence[str]) -> Iterator[list[dict[str, Any] | None]]:
        """Blocks of rows, the next one under way while one is written."""
        blocks = [left[start : start + _BLOCK] for start in range(0, len(left), _BLOCK)]
        if not blocks:
            return
        pool = ThreadPoolExecutor(available_cores())
        try:
            coming = pool.map(self._row, blocks[0])
            for following in (*blocks[1:], ()):
                now, coming = coming, pool.map(self._row, following)
                yield list(now)
        finally:
            # What is not begun is not wanted after Ctrl-C.
            pool.shutdown(cancel_futures=True)

    def _row(self, image: str) -> dict[str, Any] | None:
        """An image's row; None where it cannot be read now."""
        # Looked at before it is read: a change in between is seen the next time.
        size, changed_ns = self._stamp(image) or (None, None)
        row: dict[str, Any] = {"image": image, "size": size, "changed_ns": changed_ns, "error": None}
        try:
            with reasons(f"the image '{image}'"):
                decoded = self._benchmark.decoded(image)
                row["digest"] = decoded.digest
                row |= facts.of(decoded.image)
                if self._has_masks:
                    row |= self._of_mask(image, decoded.image)
        except StorageError as error:
            self._require_folder(error)
            self.unread[image] = str(error)
            return None
        except DataError as error:
            row |= {"digest": row.get("digest", getattr(error, "digest", None)), "error": str(error)}
        return row

    def _of_mask(self, image: str, picture: Any) -> dict[str, float | None]:
        mask = self._benchmark.mask(self._samples[image])
        if mask is None:
            return {}
        facts.require_same_size(mask, picture, image)
        return facts.of_mask(mask)

    def _require_folder(self, error: StorageError) -> None:
        root = self._benchmark.root
        if not (is_remote(root) or root.exists()):
            raise DataError(
                f"the data folder {root} has gone away; once it is back the same command goes on."
            ) from error


def _rows_of(parts: Parts) -> pd.DataFrame:
    table = parts.read().to_pandas(types_mapper=_EXACT.get)
    return table.drop_duplicates("image", keep="last").set_index("image")


def _stamps(rows: pd.DataFrame) -> dict[str, tuple[int, int] | None]:
    """Size and time of change of the files that rows were made of, by image; None where an image had none."""
    both = zip(rows["size"], rows["changed_ns"], strict=True)
    return {
        image: None if pd.isna(size) else (int(size), int(changed))
        for image, (size, changed) in zip(rows.index, both, strict=True)
    }


def _has_masks(benchmark: Benchmark, samples: Sequence[str]) -> bool:
    """Whether a benchmark knows where objects are; a mask that is there and cannot be read is a matter of its image."""
    for sample_id in samples[:_ASKED]:
        try:
            with reasons(f"the mask of '{sample_id}'"):
                if benchmark.mask(sample_id) is not None:
                    return True
        except DataError:
            return True
    return False
