"""Generate SI-Score images from cut-outs and backgrounds, in the published layout.

The grids are those of Yung et al. 2021 (arXiv 2104.04191). What is written reads back through the reader of
the official sets (``core.benchmarks.si_score``).
"""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image

from core import paths
from core.benchmarks import si_score
from core.benchmarks.listing import IMAGE_SUFFIXES, subfolders
from core.benchmarks.si_score_plan import GRIDS, PLAN, Plan
from core.errors import DataError, ImageError, StorageError, StoreError, UsageError, nearest
from core.images import compositing
from core.images.opening import as_rgb, open_image
from core.labels import si_score_classes
from core.types import Progress, ProgressCallback

JPEG_QUALITY = 95


@dataclass(frozen=True)
class _Job:
    """All settings of one cut-out on one background."""

    label: str
    cutout: str
    instance: int
    background: str
    background_index: int
    class_index: int
    first_id: int
    factor: str
    min_inside: float
    out: str


def si_score_set(
    foregrounds: Path,
    backgrounds: Path,
    factor: str,
    out: Path,
    *,
    per_object: int = 1,
    min_inside: float = 0.0,
    seed: int = 0,
    workers: int | None = None,
    progress: ProgressCallback | None = None,
) -> int:
    """Generate one factor's images; given again after an interruption, it goes on.

    Args:
        foregrounds: Cut-outs as ``<class label>/<instance>.png``, with transparency; may hold a
            ``foreground_classes.csv`` for classes that SI-Score does not name.
        backgrounds: Images.
        factor: ``size``, ``location`` or ``rotation``.
        out: New or empty folder, or one of an interrupted call with the same arguments.
        per_object: Backgrounds a cut-out is put on.
        min_inside: Smallest share of the object's box that must be inside, 0..1.
        seed: Of the draw of backgrounds.
        workers: Processes; by default one a core.
        progress: Called after each cut-out on each background.

    Returns:
        Number of images in the set.

    Raises:
        UsageError: If an argument is out of range, or ``out`` holds something else.
        DataError: If a cut-out or background cannot be used; names it.
        StoreError: If images cannot be written.
    """
    foregrounds, backgrounds = paths.place(foregrounds), paths.place(backgrounds)
    class_indices = _class_indices(foregrounds)
    plan = _plan(foregrounds, backgrounds, factor, per_object, min_inside, seed, class_indices)
    _claim(out, plan)
    jobs = list(_jobs(plan, out))
    rows = _run(jobs, workers or os.cpu_count() or 1, len(GRIDS[factor].settings), progress)
    _write_lists(out, plan, class_indices)
    _write_csv(out / si_score.METADATA, si_score.METADATA_COLUMNS, sorted(rows, key=lambda row: row[0]))
    return len(rows)


def _class_indices(foregrounds: Path) -> dict[str, int]:
    own = foregrounds / si_score.CLASS_INDICES
    if not own.is_file():
        return si_score_classes()
    return {label: index for index, label in si_score.read_int_labels(own, below=1000)}


def _plan(
    foregrounds: Path,
    backgrounds: Path,
    factor: str,
    per_object: int,
    min_inside: float,
    seed: int,
    class_indices: dict[str, int],
) -> Plan:
    if factor not in GRIDS:
        raise UsageError(f"unknown factor '{factor}'.{nearest(factor, GRIDS)} Known: {', '.join(GRIDS)}.")
    if not 0 <= min_inside <= 1:
        raise UsageError(f"--min-inside is a share from 0 to 1, got {min_inside:g}")
    for folder, option in ((foregrounds, "--foregrounds"), (backgrounds, "--backgrounds")):
        if not folder.is_dir():
            raise UsageError(f"{option} {folder} is not a folder.")
    cutouts = tuple(
        (label, str(path)) for label in sorted(subfolders(foregrounds)) for path in _images(foregrounds / label)
    )
    scenery = tuple(str(path) for path in _images(backgrounds))
    if not cutouts:
        raise DataError(f"{foregrounds} has no cut-outs as <class label>/<instance>.png.")
    if not 1 <= per_object <= len(scenery):
        raise UsageError(
            f"--per-object must be between 1 and the number of backgrounds in {backgrounds}, {len(scenery)}; "
            f"got {per_object}. Backgrounds are drawn without replacement."
        )
    for label in dict.fromkeys(label for label, _ in cutouts):
        if label not in class_indices:
            raise DataError(
                f"'{label}' is not a class that SI-Score names.{nearest(label, class_indices)} Rename the folder, or "
                f"put a {si_score.CLASS_INDICES} (columns int,label) with all classes into {foregrounds}."
            )
    for _, path in cutouts:
        _require_cutout(path)
    plan = Plan(factor, cutouts, scenery, per_object, min_inside, seed)
    # Before the first image is made: a background that goes would be another plan.
    for index in sorted({index for cutout in cutouts for index in plan.draw(*cutout)}):
        _open_background(scenery[index])
    return plan


def _images(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    )


def _require_cutout(path: str) -> None:
    fault = compositing.cutout_fault(_open_image(path))
    if fault:
        raise DataError(f"the cut-out {path} {fault}.")


def _claim(out: Path, plan: Plan) -> None:
    text = json.dumps(asdict(plan), indent=1) + "\n"
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file; give a folder.")
    if out.is_dir() and any(out.iterdir()):
        ours = paths.read_json(out / PLAN)
        if ours != json.loads(text):
            what = "images made with other arguments" if ours else "other files"
            raise UsageError(f"--out {out} already holds {what}; give a new folder.")
        return
    paths.write_atomically(out / PLAN, text)


def _jobs(plan: Plan, out: Path) -> Iterator[_Job]:
    labels = sorted({label for label, _ in plan.cutouts})
    n_settings = len(GRIDS[plan.factor].settings)
    instances: dict[str, int] = {}
    number = 0
    for label, cutout in plan.cutouts:
        instance = instances.get(label, 0)
        instances[label] = instance + 1
        for index in plan.draw(label, cutout):
            yield _Job(
                label=label,
                cutout=cutout,
                instance=instance,
                background=plan.backgrounds[index],
                background_index=index,
                class_index=labels.index(label),
                first_id=number * n_settings,
                factor=plan.factor,
                min_inside=plan.min_inside,
                out=str(out),
            )
            number += 1


def _run(
    jobs: Sequence[_Job], workers: int, n_settings: int, progress: ProgressCallback | None
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    begun = time.perf_counter()
    # Started afresh rather than forked: a fork of a process with threads can hang.
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=multiprocessing.get_context("spawn")) as pool:
        pending: set[Future[list[tuple[object, ...]]]] = {pool.submit(_make, job) for job in jobs}
        try:
            while pending:
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in finished:
                    rows.extend(future.result())
                if progress is not None:
                    done = (len(jobs) - len(pending)) * n_settings
                    rate = done / (time.perf_counter() - begun)
                    progress(
                        Progress(done, len(jobs) * n_settings, 0, rate, len(pending) * n_settings / rate, "composing")
                    )
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return rows


def _make(job: _Job) -> list[tuple[object, ...]]:
    """Compose and save all images of a job; returns their rows of ``metadata.csv``."""
    grid = GRIDS[job.factor]
    resolution = (grid.resolution, grid.resolution)
    foreground = _open_image(job.cutout)
    background = compositing.square_background(_open_background(job.background), resolution)
    rows: list[tuple[object, ...]] = []
    box, box_of = None, None
    for offset, setting in enumerate(grid.settings):
        if box is None or box_of != (setting.area, setting.angle_deg):
            box = compositing.scale_and_rotate(
                foreground, area=setting.area, angle_deg=setting.angle_deg, resolution=resolution
            )
            box_of = (setting.area, setting.angle_deg)
        inside = compositing.place(box.size, x=setting.x, y=setting.y, resolution=resolution).inside_fraction
        if inside < job.min_inside:
            continue
        image_id = job.first_id + offset
        path = Path(job.out) / job.label / f"{image_id}.jpg"
        if not path.is_file():
            _save(compositing.compose_prepared(box, background, x=setting.x, y=setting.y).image, path)
        rows.append(
            (
                image_id,
                setting.x,
                setting.y,
                setting.area,
                setting.angle_deg,
                job.class_index,
                job.instance,
                job.background_index,
                grid.resolution,
                grid.resolution,
                round(inside, 6),
            )
        )
    return rows


@lru_cache(maxsize=4)
def _open_image(path: str) -> Image.Image:
    with _named(path):
        return open_image(Path(path))


@lru_cache(maxsize=4)
def _open_background(path: str) -> Image.Image:
    with _named(path):
        return as_rgb(open_image(Path(path)))


@contextmanager
def _named(path: str) -> Iterator[None]:
    try:
        yield
    except (ImageError, StorageError) as error:
        raise type(error)(f"{path} cannot be used as an image: {error}") from error


def _save(image: Image.Image, path: Path) -> None:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    paths.write_atomically(path, buffer.getvalue())


def _write_lists(out: Path, plan: Plan, class_indices: dict[str, int]) -> None:
    labels = sorted({label for label, _ in plan.cutouts})
    _write_csv(out / si_score.CLASS_INDICES, ("int", "label"), [(class_indices[label], label) for label in labels])
    _write_csv(out / si_score.METADATA_INDICES, ("int", "label"), list(enumerate(labels)))
    names = [Path(path).stem for path in plan.backgrounds]
    _write_csv(out / si_score.BACKGROUNDS, ("int", "label"), list(enumerate(names)))


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    try:
        paths.write_atomically(path, buffer.getvalue())
    except StoreError as error:
        raise StoreError(f"{error} The images are kept; the same command writes the rest.") from error
