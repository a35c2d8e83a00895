"""The plan of a generated SI-Score set: what decides its images, and from which they can be composed again.

The grids are those of Yung et al. 2021 (arXiv 2104.04191).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from core import paths
from core.errors import DataError, ImageError, StorageError
from core.images import compositing
from core.images.opening import open_image

#: File of the plan, beside the images.
PLAN = "generate.json"


@dataclass(frozen=True)
class Setting:
    """One cell of a grid: area and centre as fractions, angle in degrees counter-clockwise."""

    area: float
    x: float = 0.5
    y: float = 0.5
    angle_deg: float = 0.0


@dataclass(frozen=True)
class Grid:
    """The settings of one factor and the side of its images in pixels."""

    resolution: int
    settings: tuple[Setting, ...]


GRIDS: dict[str, Grid] = {
    "size": Grid(512, tuple(Setting(area=percent / 100) for percent in range(1, 101))),
    "location": Grid(
        500, tuple(Setting(0.2, round(0.05 * i, 2), round(0.05 * j, 2)) for i in range(21) for j in range(21))
    ),
    # 0, 90, 180 and 270 degrees are left out because they are less blurred than the others.
    "rotation": Grid(
        512, tuple(Setting(area, angle_deg=angle) for area in (0.2, 0.5, 0.8, 1.0) for angle in range(1, 342, 20))
    ),
}


@dataclass(frozen=True)
class Plan:
    """What decides the images; written beside them.

    Attributes:
        factor: ``size``, ``location`` or ``rotation``.
        cutouts: (class label, file) of each cut-out, sorted.
        backgrounds: Files, sorted.
        per_object: Backgrounds drawn for each cut-out, without replacement.
        min_inside: Images with a smaller share of the object's box inside are skipped, 0..1.
        seed: Of the draw.
    """

    factor: str
    cutouts: tuple[tuple[str, str], ...]
    backgrounds: tuple[str, ...]
    per_object: int
    min_inside: float
    seed: int

    def draw(self, label: str, file: str) -> list[int]:
        """Indices of a cut-out's backgrounds; do not depend on which other cut-outs there are."""
        name = hashlib.sha256(f"{label}/{Path(file).name}".encode()).digest()
        rng = np.random.default_rng([self.seed, int.from_bytes(name[:8], "little")])
        return rng.choice(len(self.backgrounds), self.per_object, replace=False).tolist()


def read_plan(root: Path) -> Plan | None:
    """The plan that a set was made by, or None where there is none.

    Raises:
        DataError: If the file is none.
    """
    path = root / PLAN
    if not path.is_file():
        return None
    content = paths.read_json(path)
    try:
        cutouts = tuple((str(label), str(file)) for label, file in content["cutouts"])
        plan = Plan(**{**content, "cutouts": cutouts, "backgrounds": tuple(map(str, content["backgrounds"]))})
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is not a plan of generated images: {error!r}.") from error
    if plan.factor not in GRIDS:
        raise DataError(f"{path} is not a plan of generated images: its factor is {plan.factor!r}.")
    return plan


def cutout_of(plan: Plan, label: str, instance: int) -> str:
    """File of a cut-out, by the number that the metadata give it within its class.

    Raises:
        DataError: If the plan has no such cut-out.
    """
    files = [file for name, file in plan.cutouts if name == label]
    if not 0 <= instance < len(files):
        raise DataError(f"the plan of this set has no cut-out {instance} of '{label}': it has {len(files)}.")
    return files[instance]


def mask_of(plan: Plan, cutout: str, area: float, x: float, y: float, angle_deg: float) -> np.ndarray:
    """The object in an image of a set, bool (H, W): the image is composed again, without background.

    Args:
        plan: The set's.
        cutout: See ``cutout_of``.
        area: See ``compositing.compose``, as the others.
        x: See there.
        y: See there.
        angle_deg: See there.

    Raises:
        ImageError, StorageError: If the cut-out cannot be opened; names it.
    """
    resolution = (GRIDS[plan.factor].resolution,) * 2
    box = compositing.scale_and_rotate(_opened(cutout), area=area, angle_deg=angle_deg, resolution=resolution)
    return compositing.compose_prepared(box, Image.new("RGB", resolution), x=x, y=y).mask


@lru_cache(maxsize=4)
def _opened(path: str) -> Image.Image:
    try:
        return open_image(Path(path))
    except (ImageError, StorageError) as error:
        raise type(error)(f"{path}, of which this set was made, cannot be opened: {error}") from error
