"""Diorama's pictures on disk: which there are, and reading them.

Layout, below ``data/embedded/diorama``::

    assets.csv                                   one row a picture
    foregrounds/<category>/<instance>-<light>.png     cut-outs, as SI-Score has them
    poses/<category>/<instance>-<yaw>.webp       held-out objects from twelve sides, by day
    backgrounds/<place>/<variant>-<light>.jpg    places
    depths/<place>/<variant>.png                 how near each pixel of a place is (``places``)

An object or place that is in the ``test`` split never occurs in training.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from core.errors import DataError, ImageError, StorageError
from core.images import compositing
from core.images.opening import open_image
from core.labels import FOCUS_10, label_space
from core.paths import EMBEDDED

FOLDER = EMBEDDED / "diorama"
TABLE = "assets.csv"
CATEGORIES = label_space(FOCUS_10).names
PLACES = ("forest", "grass", "indoors", "rocks", "sand", "street", "snow", "water")
LIGHTS = ("day", "night")
#: Instances of each category: the first are for training, the rest for testing.
N_INSTANCES, N_TRAIN_INSTANCES = 16, 11
#: Variants of each place: the first are for training, the rest for testing.
N_VARIANTS, N_TRAIN_VARIANTS = 6, 4
#: Yaw of the pose pictures, degrees.
YAWS = tuple(range(0, 360, 30))
#: Side of a composed image in pixels.
RESOLUTION = 256


def split(index: int, n_train: int) -> str:
    """``train`` or ``test``, from an instance's or a variant's number."""
    return "train" if index < n_train else "test"


def foreground_file(category: str, instance: int, light: str) -> str:
    """File of a cut-out, relative to the assets' folder."""
    return f"foregrounds/{category}/{instance:02}-{light}.png"


def pose_file(category: str, instance: int, yaw_deg: int) -> str:
    """File of a cut-out from one side."""
    return f"poses/{category}/{instance:02}-{yaw_deg:03}.webp"


def background_file(place: str, variant: int, light: str) -> str:
    """File of a place."""
    return f"backgrounds/{place}/{variant}-{light}.jpg"


def depth_file(place: str, variant: int) -> str:
    """File of a place's depth."""
    return f"depths/{place}/{variant}.png"


@cache
def table(folder: Path = FOLDER) -> pd.DataFrame:
    """The pictures that there are.

    Returns:
        ``file, kind`` (foreground, pose, background), ``class`` (category or place), ``instance`` (of a place:
        variant), ``split, light, yaw_deg, pitch_deg`` (NaN for places), ``width, height`` in pixels.

    Raises:
        DataError: If the table is missing; names the command that makes it.
    """
    path = folder / TABLE
    if not path.is_file():
        raise DataError(f"{path} is missing. Render Diorama's pictures again with: python -m core diorama build")
    return pd.read_csv(path)


@cache
def digest(folder: Path = FOLDER) -> str:
    """SHA-256 (hex) of the table and of every picture's bytes."""
    total = hashlib.sha256((folder / TABLE).read_bytes())
    for path in sorted([*folder.glob("*/*/*.png"), *folder.glob("*/*/*.webp"), *folder.glob("*/*/*.jpg")]):
        total.update(path.relative_to(folder).as_posix().encode())
        total.update(path.read_bytes())
    return total.hexdigest()


@lru_cache(maxsize=256)
def cut_out(folder: Path, file: str) -> Image.Image:
    """A cut-out, RGBA.

    Raises:
        DataError: If it is missing or damaged.
    """
    return _open(folder / file).convert("RGBA")


@lru_cache(maxsize=256)
def background(folder: Path, place: str, variant: int, light: str) -> Image.Image:
    """A place at the resolution of composed images, RGB.

    Raises:
        DataError: If it is missing or damaged.
    """
    return compositing.square_background(
        _open(folder / background_file(place, variant, light)), (RESOLUTION, RESOLUTION)
    )


@lru_cache(maxsize=64)
def depth(folder: Path, place: str, variant: int) -> np.ndarray:
    """Depth of a place, uint8 (H, W) at the resolution of composed images (``core.diorama.depth``); not to be changed.

    Raises:
        DataError: If it is missing or damaged.
    """
    # Nearest, because a mean of sky and of what stands before it is neither.
    image = _open(folder / depth_file(place, variant)).resize((RESOLUTION, RESOLUTION), Image.Resampling.NEAREST)
    return np.asarray(image)


def _open(path: Path) -> Image.Image:
    try:
        return open_image(path)
    except (ImageError, StorageError) as error:
        raise type(error)(
            f"{path} cannot be read ({error}). Render Diorama's pictures again with: python -m core diorama build"
        ) from error
