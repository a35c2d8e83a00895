"""Render Diorama's population and ask the embedded models: ``python -m core diorama population``.

An object is rendered, composed into its images and shown to the models in one go; what they said of it is kept at
once, so an interrupted call goes on. In the end only the answers are written (``core.embedded.population``).
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image

from core import models, paths
from core.diorama import assets, scene
from core.embedded import population
from core.embedded.build import in_processes, view
from core.embedded.pool import render
from core.embedded.population import Planned
from core.embedded.train import TRAININGS, trained
from core.errors import ModelError
from core.images.preprocess import Preprocess
from core.models.forward import Forward
from core.types import Model, ProgressCallback


def populate(
    out: Path = population.FOLDER / population.FILE,
    *,
    home: Path | None = None,
    workers: int | None = None,
    progress: ProgressCallback | None = None,
) -> population.Population:
    """Render all objects, ask the models, and write what they said.

    Args:
        out: File of the answers.
        home: Folder of what is kept on the way.
        workers: Processes; by default one a core.
        progress: Called after each object.

    Returns:
        The answers, read from the file.

    Raises:
        ModelError: If an embedded model is missing.
        StoreError: If a file cannot be written.
    """
    names = tuple(TRAININGS)
    if missing := [name for name in names if name not in trained()]:
        raise ModelError(f"the embedded model '{missing[0]}' is not trained. Run: python -m core diorama train")
    fingerprints = {name: models.describe(name).fingerprint for name in names}
    recipe_digest = population.digest()
    home = home or paths.data_home() / "downloads" / "diorama-population"
    # What was said of other pixels, or by other weights, lies elsewhere.
    folder = home / "-".join([recipe_digest[:12], *(value[:8] for value in fingerprints.values())])
    due = [(*known, folder, names) for known in population.objects() if not _answer_file(folder, *known).is_file()]
    if due:
        for _ in in_processes(_ask, due, workers, progress):
            pass
    parts = [_rows(category, number, folder, names) for category, number in population.objects()]
    population.write(pd.concat(parts, ignore_index=True), fingerprints, recipe_digest, out)
    return population.read(out)


def _answer_file(folder: Path, category: str, instance: int) -> Path:
    return folder / "answers" / f"{category}-{instance}.npy"


def _picture_file(folder: Path, category: str, instance: int) -> Path:
    return folder / "cut-outs" / f"{category}-{instance}.png"


def _ask(category: str, instance: int, folder: Path, names: tuple[str, ...]) -> None:
    """Keep whether each model knows the object on each of its images: bool (images, models)."""
    render(category, instance, _picture_file(folder, category, instance))
    composed = [scene.compose(image.row).image for image in _planned(category, instance, folder)]
    target = assets.CATEGORIES.index(category)
    answers = np.stack([_best(model, composed) == target for model in _loaded(names)], axis=1)
    buffer = io.BytesIO()
    np.save(buffer, answers)
    paths.write_atomically(_answer_file(folder, category, instance), buffer.getvalue())


def _planned(category: str, instance: int, folder: Path) -> list[Planned]:
    file = str(_picture_file(folder, category, instance).resolve())
    return population.planned(category, instance, view(category, instance).yaw_deg, file)


@cache
def _loaded(names: tuple[str, ...]) -> list[tuple[Model, Preprocess, Forward]]:
    loaded = [models.load(name, "cpu") for name in names]
    return [(model, Preprocess(model.transform), Forward(model)) for model in loaded]


def _best(model: tuple[Model, Preprocess, Forward], images: list[Image.Image]) -> np.ndarray:
    """The class that a model says of each image: int (images,)."""
    _, preprocess, forward = model
    pixels = torch.from_numpy(np.stack([preprocess(image) for image in images]))
    return forward(pixels).argmax(dim=1).numpy()


def _rows(category: str, instance: int, folder: Path, names: tuple[str, ...]) -> pd.DataFrame:
    answers = np.load(_answer_file(folder, category, instance))
    rows: list[dict[str, Any]] = [
        {"setting": image.setting, "uncommon": image.uncommon}
        | {name: getattr(image.row, name) for name in ("place", "area", "x", "y")}
        for image in _planned(category, instance, folder)
    ]
    table = pd.DataFrame(rows).assign(category=category, instance=instance, image=range(len(rows)))
    table = table.astype(
        {"instance": np.int16, "image": np.uint8, "area": np.float32, "x": np.float32, "y": np.float32}
    )
    return table.assign(**{name: answers[:, number] for number, name in enumerate(names)})
