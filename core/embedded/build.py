"""Render all of Diorama's pictures: ``python -m core diorama build``.

Seeded throughout, so the same code gives the same pictures on one platform.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image

from core import paths
from core.diorama import assets, objects, places
from core.diorama.recipe import RECIPE
from core.diorama.render import LIGHTS, cut_out
from core.errors import UsageError
from core.types import Progress, ProgressCallback

#: Longer side of a cut-out and of one for the pose pictures (which are composed at most 165 px wide), in pixels.
CUT_OUT_SIZE, POSE_SIZE = 256, 192
PLACE_SIZE = 512
JPEG_QUALITY, WEBP_QUALITY = 88, 92


@dataclass(frozen=True)
class Job:
    """What one process renders at a time.

    Attributes:
        kind: ``object`` (its cut-out under both lights), ``poses`` (it from all sides) or ``place``.
        name: Category or place.
        number: Instance or variant.
    """

    kind: str
    name: str
    number: int


@dataclass(frozen=True)
class View:
    """Where a cut-out is seen from; degrees."""

    yaw_deg: float
    pitch_deg: float


def view(category: str, instance: int) -> View:
    """The view of an instance's cut-out, within the training recipe's limits."""
    rng = np.random.default_rng([assets.CATEGORIES.index(category), instance, 1])
    side = rng.choice((-1, 1))
    return View(
        yaw_deg=round(float(side * rng.uniform(*RECIPE.yaw_deg)), 1) % 360,
        pitch_deg=round(float(rng.uniform(*RECIPE.pitch_deg)), 1),
    )


def jobs() -> list[Job]:
    """Everything that is rendered; the longest first, so that no process ends long after the others."""
    held_out = range(assets.N_TRAIN_INSTANCES, assets.N_INSTANCES)
    return [
        *(Job("place", place, variant) for place in assets.PLACES for variant in range(assets.N_VARIANTS)),
        *(Job("poses", category, instance) for category in assets.CATEGORIES for instance in held_out),
        *(Job("object", category, number) for category in assets.CATEGORIES for number in range(assets.N_INSTANCES)),
    ]


def build(
    out: Path = assets.FOLDER,
    *,
    only: Sequence[str] = (),
    workers: int | None = None,
    progress: ProgressCallback | None = None,
) -> pd.DataFrame:
    """Render the pictures and write their table.

    Args:
        out: Folder of the assets.
        only: Render only these categories and places; the others' pictures and rows stay as they are.
        workers: Processes; by default one a core.
        progress: Called after each job.

    Returns:
        The table, as ``assets.table`` reads it.

    Raises:
        UsageError: If ``only`` names something that there is not, or leaves a first build incomplete.
        StoreError: If a picture cannot be written.
    """
    known = (*assets.CATEGORIES, *assets.PLACES)
    for name in only:
        if name not in known:
            raise UsageError(f"Diorama has no '{name}'. It has: {', '.join(known)}.")
    if only and not (out / assets.TABLE).is_file():
        raise UsageError(f"{out} has no {assets.TABLE} yet: build everything once, without --only.")
    chosen = [job for job in jobs() if not only or job.name in only]
    rows = [row for part in in_processes(render, [(job, out) for job in chosen], workers, progress) for row in part]
    table = pd.DataFrame(rows)
    if only:
        kept = pd.read_csv(out / assets.TABLE)
        table = pd.concat([kept[~kept["class"].isin(only)], table])
    table = table.sort_values("file", ignore_index=True)
    paths.write_atomically(out / assets.TABLE, table.to_csv(index=False))
    assets.table.cache_clear()
    assets.digest.cache_clear()
    return table


def in_processes(
    function: Any, arguments: Sequence[tuple[Any, ...]], workers: int | None, progress: ProgressCallback | None
) -> Iterator[Any]:
    """Results of a function over arguments, in the order in which they are ready, from processes of one thread each."""
    begun = time.perf_counter()
    n_workers = min(workers or os.cpu_count() or 1, len(arguments))
    # Started afresh rather than forked: a fork of a process with threads can hang.
    with ProcessPoolExecutor(n_workers, multiprocessing.get_context("spawn"), initializer=_one_thread) as pool:
        pending = {pool.submit(function, *values) for values in arguments}
        try:
            while pending:
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
                if progress is not None:
                    done = len(arguments) - len(pending)
                    rate = done / (time.perf_counter() - begun)
                    progress(Progress(done, len(arguments), 0, rate, len(pending) / rate, "rendering"))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one_thread() -> None:
    torch.set_num_threads(1)


def render(job: Job, out: Path) -> list[dict[str, Any]]:
    """Render a job's pictures into the assets' folder.

    Returns:
        Their rows of the table.
    """
    with torch.inference_mode():
        return {"object": _render_object, "poses": _render_poses, "place": _render_place}[job.kind](job, out)


def _render_object(job: Job, out: Path) -> list[dict[str, Any]]:
    seen = view(job.name, job.number)
    pictures = cut_out(
        objects.make(job.name, job.number),
        yaw_deg=seen.yaw_deg,
        pitch_deg=seen.pitch_deg,
        size=CUT_OUT_SIZE,
        lights=[LIGHTS[light] for light in assets.LIGHTS],
    )
    rows = []
    for light, picture in zip(assets.LIGHTS, pictures, strict=True):
        file = assets.foreground_file(job.name, job.number, light)
        _save(Image.fromarray(_seven_bits(picture)), out / file, "PNG", optimize=True)
        rows.append(_row(job, "foreground", file, light, picture, seen.yaw_deg, seen.pitch_deg))
    return rows


def _render_poses(job: Job, out: Path) -> list[dict[str, Any]]:
    shape, pitch = objects.make(job.name, job.number), view(job.name, job.number).pitch_deg
    rows = []
    for yaw in assets.YAWS:
        (picture,) = cut_out(shape, yaw_deg=yaw, pitch_deg=pitch, size=POSE_SIZE, lights=[LIGHTS["day"]])
        file = assets.pose_file(job.name, job.number, yaw)
        _save(Image.fromarray(picture), out / file, "WEBP", quality=WEBP_QUALITY, alpha_quality=100, method=6)
        rows.append(_row(job, "pose", file, "day", picture, float(yaw), pitch))
    return rows


def _render_place(job: Job, out: Path) -> list[dict[str, Any]]:
    *pictures, depth = places.render(places.make(job.name, job.number), size=PLACE_SIZE)
    _save(Image.fromarray(depth), out / assets.depth_file(job.name, job.number), "PNG", optimize=True)
    rows = []
    for light, picture in zip(assets.LIGHTS, pictures, strict=True):
        file = assets.background_file(job.name, job.number, light)
        _save(Image.fromarray(picture), out / file, "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True)
        rows.append(_row(job, "background", file, light, picture))
    return rows


def _row(
    job: Job,
    kind: str,
    file: str,
    light: str,
    picture: np.ndarray,
    yaw_deg: float | None = None,
    pitch_deg: float | None = None,
) -> dict[str, Any]:
    n_train = assets.N_TRAIN_VARIANTS if kind == "background" else assets.N_TRAIN_INSTANCES
    return {
        "file": file,
        "kind": kind,
        "class": job.name,
        "instance": job.number,
        "split": assets.split(job.number, n_train),
        "light": light,
        "yaw_deg": yaw_deg,
        "pitch_deg": pitch_deg,
        "width": picture.shape[1],
        "height": picture.shape[0],
    }


def _seven_bits(picture: np.ndarray) -> np.ndarray:
    """A cut-out without the last bit of its colours, and without colour where it is transparent: a fifth smaller."""
    colour = (picture[..., :3].astype(np.uint16) + 1).clip(0, 255) & 0xFE
    colour[picture[..., 3] == 0] = 0
    return np.dstack([colour.astype(np.uint8), picture[..., 3]])


def _save(image: Image.Image, path: Path, form: str, **options: Any) -> None:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    paths.write_atomically(path, buffer.getvalue())
