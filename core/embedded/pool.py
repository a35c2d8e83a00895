"""The training pictures: drawn by the recipe, rendered and composed once, used by every model.

Beside the shipped cut-outs for training, many more objects are drawn and rendered for it (they are cheap, and needed
for nothing else). Everything is seeded; what is there already is kept, so an interrupted call goes on.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from PIL import Image

from core import paths
from core.diorama import assets, objects, recipe, scene
from core.diorama.render import LIGHTS, cut_out
from core.embedded.build import in_processes, view
from core.images.preprocess import Preprocess
from core.types import ProgressCallback

#: The pictures come in sets; each has objects of its own beside the shipped ones.
N_SETS = 2
#: Objects of each category that are drawn for one set only, and the number that the first of them has.
N_EXTRA, FIRST_EXTRA = 40, 1000
EXTRA_SIZE = 192
#: Pictures in a set, and in a file.
N_IMAGES, SHARD = 16_000, 500
IMAGE_SIZE = 160
#: Side of the squares for which is kept how much of each the object covers; the transformer's patches.
PATCH = 16
#: What the models' configs say as well: nothing is cropped, because the edges are where the question is.
TRANSFORM = {
    "input_size": [3, IMAGE_SIZE, IMAGE_SIZE],
    "interpolation": "bicubic",
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
    "crop_pct": 1.0,
    "crop_mode": "center",
}
_SEED = 11


class Pictures(NamedTuple):
    """Training pictures.

    Attributes:
        images: uint8 (N, 160, 160, 3).
        labels: Classes, int64 (N,).
        coverage: Share of each patch that the object covers, uint8 (N, 10, 10), 255 is all of it.
    """

    images: torch.Tensor
    labels: torch.Tensor
    coverage: torch.Tensor


def make(home: Path, workers: int | None = None, progress: ProgressCallback | None = None) -> None:
    """Render the extra objects and compose all training images, as far as they are not there.

    Args:
        home: Folder for both.
        workers: Processes; by default one a core.
        progress: Called after each object, then after each shard of images.

    Raises:
        StoreError: If a file cannot be written.
    """
    extra = [
        (category, FIRST_EXTRA + number, home)
        for category in assets.CATEGORIES
        for number in range(N_SETS * N_EXTRA)
        if not _extra_file(home, category, FIRST_EXTRA + number).is_file()
    ]
    if extra:
        for _ in in_processes(_render_extra, extra, workers, progress):
            pass
    n_shards = N_SETS * N_IMAGES // SHARD
    shards = [(number, home) for number in range(n_shards) if not _shard_file(home, number).is_file()]
    if shards:
        for _ in in_processes(_compose_shard, shards, workers, progress):
            pass


def read(home: Path, n_sets: int = N_SETS) -> Pictures:
    """The pictures of the first sets."""
    shards = []
    for number in range(n_sets * N_IMAGES // SHARD):
        with np.load(_shard_file(home, number)) as content:
            shards.append([content[name] for name in Pictures._fields])
    return Pictures(*(torch.from_numpy(np.concatenate(part)) for part in zip(*shards, strict=True)))


def _extra_file(home: Path, category: str, instance: int) -> Path:
    return home / "cut-outs" / f"{category}-{instance}.png"


def _shard_file(home: Path, number: int) -> Path:
    return home / "pictures" / f"{number:03}.npz"


def _render_extra(category: str, instance: int, home: Path) -> None:
    render(category, instance, _extra_file(home, category, instance))


def render(category: str, instance: int, path: Path) -> None:
    """Keep a cut-out of an object by day, ``EXTRA_SIZE`` pixels, as a PNG.

    Raises:
        StoreError: If it cannot be written.
    """
    seen = view(category, instance)
    with torch.inference_mode():
        (picture,) = cut_out(
            objects.make(category, instance),
            yaw_deg=seen.yaw_deg,
            pitch_deg=seen.pitch_deg,
            size=EXTRA_SIZE,
            lights=[LIGHTS["day"]],
        )
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    paths.write_atomically(path, buffer.getvalue())


def _compose_shard(number: int, home: Path) -> None:
    preprocess = Preprocess(TRANSFORM)
    images, labels, coverage = [], [], []
    patches = (IMAGE_SIZE // PATCH, IMAGE_SIZE // PATCH)
    for index in range(number * SHARD, (number + 1) * SHARD):
        rng = np.random.default_rng([_SEED, index])
        row = recipe.draw(_pictures(home, index // N_IMAGES), range(assets.N_TRAIN_VARIANTS), f"train-{index}", rng)
        picture = scene.compose(row)
        images.append(preprocess(picture.image))
        labels.append(assets.CATEGORIES.index(row.category))
        mask = Image.fromarray(picture.mask.astype(np.uint8) * 255)
        coverage.append(np.asarray(mask.resize(patches, Image.Resampling.BOX)))
    buffer = io.BytesIO()
    np.savez(
        buffer,
        images=np.stack(images),
        labels=np.array(labels, dtype=np.int64),
        coverage=np.stack(coverage),
    )
    paths.write_atomically(_shard_file(home, number), buffer.getvalue())


@cache
def _pictures(home: Path, which: int) -> dict[str, list[dict[str, Any]]]:
    """Cut-outs of a set by light: the shipped ones for training and its own."""
    shipped = assets.table()
    shipped = shipped[(shipped["kind"] == "foreground") & (shipped["split"] == "train")]
    extra = [
        {
            "file": str(_extra_file(home, category, FIRST_EXTRA + number).resolve()),
            "class": category,
            "instance": FIRST_EXTRA + number,
            "light": "day",
            "yaw_deg": view(category, FIRST_EXTRA + number).yaw_deg,
        }
        for category in assets.CATEGORIES
        for number in range(which * N_EXTRA, (which + 1) * N_EXTRA)
    ]
    return recipe.by_light(pd.concat([shipped, pd.DataFrame(extra)], ignore_index=True))
