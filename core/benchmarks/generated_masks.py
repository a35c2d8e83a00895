"""Where the object is in an image that ``generate`` made: the image is composed again from the set's plan."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from core import paths
from core.benchmarks.generate import GRIDS, PLAN, Plan
from core.errors import DataError, ImageError, StorageError
from core.images import compositing
from core.images.opening import open_image


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
    """The object in an image of a set, bool (H, W): the image is composed again, on nothing.

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
