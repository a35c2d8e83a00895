"""Whether a stored run's model looks at the object: saliency of the true class against masks, image by image.

Kept beside a run's other computed tables, in an order of images drawn once for all models, so that an alignment that
was stopped is a fair sample, goes on where it was, and is compared with another model's on the same images.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from filelock import FileLock

from core import metrics, store
from core.answers import joined
from core.answers.cards import card_of
from core.answers.cue_geometry import classes_of, drawn
from core.benchmarks import open_for
from core.benchmarks.base import Benchmark
from core.errors import DataError, UsageError
from core.images import geometry
from core.images.opening import reasons
from core.images.preprocess import Preprocess
from core.images.seeing import see
from core.images.views import CLEAN
from core.metrics.score import score_interval
from core.models.cores import available_cores
from core.paths import require_writable
from core.saliency.alignment import MEASURES, align
from core.saliency.maps import Target, check_method
from core.store.parts import Parts
from core.types import Model, Progress, ProgressCallback

if TYPE_CHECKING:
    from core.saliency.explain import Explainer

#: Of an image: there is a map and an object; no positive evidence for the class; no object in the crop; no image.
STATES = ("map", "no-map", "empty-mask", "failed")
_GEOMETRY = ("object_area", "centre_distance", "kept_by_crop")
SCHEMA = pa.schema(
    [
        ("sample_id", pa.string()),
        *((name, pa.float64()) for name in MEASURES),
        ("state", pa.string()),
        *((name, pa.float64()) for name in _GEOMETRY),
        ("layer", pa.string()),
        ("error", pa.string()),
    ]
)
#: What a measure can be at the least, where that is not 0.
_LEAST = {"delta_density": -1.0}
#: Images between two writes, at least; what a kill may lose.
_BLOCK = 32
#: The code that decides the numbers, as files and folders of ``core``.
_CODE = (
    *("saliency", "images/preprocess.py", "images/seeing.py", "images/geometry.py", "metrics/alignment.py"),
    "explain/alignments.py",
)


def stored(run: store.Run, method: str = "grad-cam") -> pd.DataFrame | None:
    """What has been aligned of a run so far, one row an image; None if nothing has. Needs no torch.

    Args:
        run: Complete or partial.
        method: Key of ``core.saliency.maps.METHODS``.

    Returns:
        ``sample_id``; ``iou, delta_density, pointing, inside_share`` (see ``core.saliency.alignment``; NaN unless
        ``state`` is ``map``), ``area_fraction`` (share of the crop that the object covers, 0..1); ``state``, of
        ``STATES``; ``object_area, centre_distance`` (before the crop) and ``kept_by_crop``, see
        ``core.images.geometry``; ``layer``, the network's; ``error``, why an image failed.

    Raises:
        StoreError: If it cannot be read.
    """
    table = _parts(run, method).read().to_pandas()
    if table.empty:
        return None
    # An image that failed is tried again, and then stands there twice.
    return table.drop_duplicates("sample_id", keep="last", ignore_index=True)


def _parts(run: store.Run, method: str) -> Parts:
    check_method(method)
    named = hashlib.sha256(f"{store.samples_digest(run)} {_code()}".encode()).hexdigest()[:16]
    return Parts(joined.folder(run) / "alignments" / f"{method}-{named}", "alignment", SCHEMA)


@cache
def _code() -> str:
    """SHA-256 (hex) of the code that computes, and of the library that names the layers."""
    found = hashlib.sha256(version_of("timm").encode())
    root = Path(__file__).parent.parent
    for name in _CODE:
        for file in sorted((root / name).rglob("*.py")) if (root / name).is_dir() else [root / name]:
            if file.is_file():
                found.update(file.relative_to(root).as_posix().encode() + file.read_bytes())
    return found.hexdigest()


def alignments(
    run: store.Run,
    benchmark: Benchmark | None = None,
    *,
    method: str = "grad-cam",
    limit: int | None = None,
    device: str = "auto",
    model: Model | None = None,
    progress: ProgressCallback | None = None,
) -> pd.DataFrame:
    """Compare a run's saliency with the masks of its objects, or go on with it.

    The score explained is that of an image's first accepted class, whatever was predicted; image and mask are cropped
    alike, by the model's own preprocessing. Each block of images is kept as it is finished.

    Args:
        run: With the view ``clean``, of a benchmark with masks.
        benchmark: On the run's data; found by default.
        method: Key of ``core.saliency.maps.METHODS``.
        limit: Images, the first of a random order that is the same for all models; all by default.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        model: The run's, if it is loaded already.
        progress: Called after each block.

    Returns:
        All that is stored now; see ``stored``. An image that cannot be opened, or whose mask cannot, is ``failed`` and
        says why; the next call tries it again.

    Raises:
        UsageError: If the run cannot be aligned, or ``limit`` is below 1; see ``require``.
        NotAvailableError: If the architecture has no such map.
        ModelError: If the model cannot be had or run.
        StoreError: If results cannot be written.

    Source: Moayeri et al. 2022, "Hard ImageNet", section on saliency alignment.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"limit is {limit}, but must be at least 1.")
    benchmark = benchmark or open_for(run)
    require(run, benchmark)
    parts = _parts(run, method)
    require_writable(parts.folder)
    parts.folder.mkdir(parents=True, exist_ok=True)
    # A second one of the same run waits here, and then finds the first one's work done.
    with FileLock(parts.folder / ".alignment.lock"):
        chosen = _chosen(run, limit)
        known = stored(run, method)
        done = set() if known is None else set(known.loc[known["state"] != "failed", "sample_id"])
        left = [sample for sample in chosen if sample[0] not in done]
        if left:
            with _explainer(run, model, device) as explainer:
                _Work(benchmark, explainer, method, parts).do(left, len(chosen), progress)
            parts.merge_all("sample_id")
    found = stored(run, method)
    return SCHEMA.empty_table().to_pandas() if found is None else found


def require(run: store.Run, benchmark: Benchmark) -> None:
    """Refuse a run that cannot be aligned.

    Raises:
        UsageError: If images were not seen as they are, the model is not known, or the benchmark has no masks.
    """
    if CLEAN not in run.views.names:
        raise UsageError(
            f"the result is of view '{run.view}', which has no image as it is: evaluate with --view {CLEAN} first."
        )
    if not run.preprocessing:
        raise UsageError(f"the predictions of '{run.model}' were imported: there is no network to look into.")
    for sample_id in store.read_samples(run, ["sample_id"])["sample_id"].head(1):
        # A mask that is there and cannot be read is a matter of that image.
        try:
            has_none = benchmark.mask(sample_id) is None
        except DataError:
            return
        if has_none:
            raise UsageError(
                f"'{run.benchmark}' has no object masks to compare saliency with: choose a benchmark that has them, "
                "such as diorama/clean."
            )


def _chosen(run: store.Run, limit: int | None) -> list[tuple[str, int]]:
    """(sample id, first accepted class) of a run's images, in an order drawn from the ids alone."""
    samples = store.read_samples(run, ["sample_id", "accepted"])
    pairs = [
        (str(name), int(classes[0])) for name, classes in zip(samples["sample_id"], samples["accepted"], strict=True)
    ]
    return sorted(pairs, key=lambda pair: drawn(pair[0]))[:limit]


@contextmanager
def _explainer(run: store.Run, model: Model | None, device: str) -> Iterator[Explainer]:
    """The run's model, ready to be looked into; it stays in memory as long as the block runs."""
    if model is None:
        from core.explain.resident import residents

        with residents().use(run.source, device, run.fingerprint) as resident:
            yield resident.explainer
    else:
        from core.models import require_weights
        from core.saliency.explain import Explainer

        require_weights(model, run.fingerprint)
        yield Explainer(model)


@dataclass(frozen=True)
class _Look:
    """An image as the model sees it, with its object; or why there is none."""

    sample_id: str
    target: int
    pixels: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)
    mask: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)
    geometry: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None


class _Work:
    """Images decoded ahead by threads, explained and compared block by block."""

    def __init__(self, benchmark: Benchmark, explainer: Explainer, method: str, parts: Parts) -> None:
        self._benchmark = benchmark
        self._explainer = explainer
        self._method = method
        self._parts = parts
        self._preprocess = Preprocess(explainer.model.transform)

    def do(self, left: Sequence[tuple[str, int]], total: int, progress: ProgressCallback | None) -> None:
        """Align what is left of ``total`` images."""
        n_before, n_new, n_failed, began = total - len(left), 0, 0, time.monotonic()
        for looks in self._ahead(left):
            rows = self._rows(looks)
            self._parts.append(pa.Table.from_pylist(rows, schema=SCHEMA), self._parts.next_batch)
            n_new += len(rows)
            n_failed += sum(row["state"] == "failed" for row in rows)
            if progress is not None:
                rate = n_new / max(time.monotonic() - began, 1e-9)
                seconds_left = (len(left) - n_new) / rate
                progress(Progress(n_before + n_new, total, n_failed, rate, seconds_left, "comparing with masks"))

    def _ahead(self, left: Sequence[tuple[str, int]]) -> Iterator[list[_Look]]:
        """Blocks of images, the next one under way while one is explained."""
        size = max(_BLOCK, self._explainer.batch_size)
        blocks = [left[start : start + size] for start in range(0, len(left), size)]
        with ThreadPoolExecutor(available_cores()) as pool:
            coming = pool.map(self._look, blocks[0])
            for following in (*blocks[1:], ()):
                now, coming = coming, pool.map(self._look, following)
                yield list(now)

    def _look(self, sample: tuple[str, int]) -> _Look:
        sample_id, target = sample
        try:
            with reasons(f"the image '{sample_id}'"):
                mask, image = self._benchmark.mask(sample_id), self._benchmark.image(sample_id)
            if mask is None:
                raise DataError(f"the image '{sample_id}' has no mask: add it, or take the image out.")
            if mask.shape != (image.height, image.width):
                raise DataError(
                    f"the mask of '{sample_id}' is {mask.shape[1]} x {mask.shape[0]} pixels, its image {image.width} x "
                    f"{image.height}: give both the same size."
                )
            seen = see(image, self._preprocess, CLEAN, mask=mask)
            return _Look(sample_id, target, seen.pixels, self._preprocess.mask(mask), self._geometry(mask))
        except DataError as error:
            return _Look(sample_id, target, error=str(error))

    def _geometry(self, mask: np.ndarray) -> dict[str, float]:
        where = geometry.of(mask)
        values = (where.object_area, where.centre_distance, geometry.kept_by(mask, self._preprocess))
        return dict(zip(_GEOMETRY, values, strict=True))

    def _rows(self, looks: Sequence[_Look]) -> list[dict[str, Any]]:
        nothing = dict.fromkeys((*MEASURES, *_GEOMETRY), math.nan)
        rows = [
            {**nothing, "sample_id": look.sample_id, "state": "failed", "layer": "", "error": look.error}
            for look in looks
            if look.error is not None
        ]
        shown = [look for look in looks if look.error is None]
        return rows + (self._compared(shown) if shown else [])

    def _compared(self, looks: Sequence[_Look]) -> list[dict[str, Any]]:
        masks = np.stack([look.mask for look in looks])
        target = Target.of_class([look.target for look in looks])
        saliency = self._explainer.explain(np.stack([look.pixels for look in looks]), self._method, target)
        found = align(saliency, masks)
        rows = []
        for at, look in enumerate(looks):
            state = "empty-mask" if found.empty_masks[at] else "no-map" if found.no_maps[at] else "map"
            measured = {name: float(getattr(found, name)[at]) for name in MEASURES}
            measured["area_fraction"] = float(masks[at].mean())
            rows.append(
                {"sample_id": look.sample_id, **measured, "state": state, **look.geometry, "layer": saliency.layer}
            )
        return rows


def summary_of(run: store.Run, method: str = "grad-cam", *, by_class: bool = False) -> pd.DataFrame:
    """``summary`` of what has been aligned of a run so far; from disk if it was asked before.

    Args:
        run: Complete or partial.
        method: Key of ``core.saliency.maps.METHODS``.
        by_class: Whether each class has its rows; the column ``class`` stands first.
    """
    question = ["alignment", method, by_class, _parts(run, method).version, _code()]
    return joined.remembered(run, question, lambda: _summary_of(run, method, by_class))


def _summary_of(run: store.Run, method: str, by_class: bool) -> pd.DataFrame:
    found = stored(run, method)
    table = SCHEMA.empty_table().to_pandas() if found is None else found
    samples = store.read_samples(run).set_index("sample_id").loc[table["sample_id"]]
    table = table.assign(cluster=samples["cluster"].to_numpy(), **{"class": classes_of(run, samples)})
    clustered = card_of(run).cluster_unit is not None
    return summary(table, "class" if by_class else "", "cluster" if clustered else "")


def summary(table: pd.DataFrame, by: str = "", cluster: str = "") -> pd.DataFrame:
    """Mean of each measure, with its interval.

    Args:
        table: From ``stored``, with the other columns named.
        by: Column of groups; none gives one group.
        cluster: Column of what is not independent; images by default.

    Returns:
        For each group and measure a row: the ``by`` column, ``measure``, ``value``, ``low``, ``high`` (NaN where
        nothing can be said), ``n``, ``n_clusters``, and the group's ``n_empty`` (the object is not in the crop),
        ``n_no_map`` (no positive evidence) and ``n_failed``, which are left out. The measure ``area_fraction``, over
        the same images, is what ``pointing`` and ``inside_share`` are by chance.
    """
    groups, group = metrics.group_codes(table, [by] if by else [])
    clusters = pd.factorize(table[cluster])[0] if cluster else np.arange(len(table))
    values = table.loc[:, list(MEASURES)].to_numpy(dtype=float, copy=True)
    values[(table["state"] != "map").to_numpy()] = np.nan
    row, measure = np.nonzero(~np.isnan(values))
    cells, n_cells = group[row] * len(MEASURES) + measure, len(groups) * len(MEASURES)
    least = np.tile([_LEAST.get(name, 0.0) for name in MEASURES], len(groups))
    low, high, n_clusters = score_interval(values[row, measure], cells, clusters[row], n_cells, lowest=least)
    n = np.bincount(cells, minlength=n_cells)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(cells, weights=values[row, measure], minlength=n_cells) / n
    left_out = {
        name: np.bincount(group[(table["state"] == state).to_numpy()], minlength=len(groups)).repeat(len(MEASURES))
        for name, state in (("n_empty", "empty-mask"), ("n_no_map", "no-map"), ("n_failed", "failed"))
    }
    named = groups.loc[groups.index.repeat(len(MEASURES))].reset_index(drop=True)
    return named.assign(
        measure=list(MEASURES) * len(groups), value=mean, low=low, high=high, n=n, n_clusters=n_clusters, **left_out
    )
