"""Diorama's population: a thousand objects that nobody trained on, and whether each embedded model knew each of them.

A benchmark's fifty objects are a sample. To see whether an interval from a sample holds the truth, the truth must be
known; so many more objects are drawn, and their mean is the truth (``core.bench.certificate``). Which images there are
is said here; ``core.embedded.populate`` renders them and asks the models; only the answers are kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import paths
from core.diorama import assets, recipe, scene
from core.diorama.scene import Row
from core.errors import DataError
from core.store.parts import write_parquet

FOLDER = paths.EMBEDDED / "certify"
FILE = "population.parquet"
#: Objects of each category, and the number of the first: beyond those of benchmarks and of training.
N_OBJECTS, FIRST_OBJECT = 100, 5000
#: What an image is for: as trained; each place by itself; sizes; a small map of locations.
MIXED, PLACE, SIZE, MAP = "mixed", "place", "size", "map"
N_MIXED = 24
SIZES = (0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.2, 0.3)
CENTRES = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Object areas of the places and of the map, as in the benchmarks.
PLACE_AREA, MAP_AREA = 0.3, 0.2
VARIANTS = tuple(range(assets.N_TRAIN_VARIANTS, assets.N_VARIANTS))
_SEED = 2026
_COLUMNS = ("category", "instance", "image", "setting", "place", "uncommon", "area", "x", "y")
_ABOUT = b"offcenter"


@dataclass(frozen=True)
class Planned:
    """An image of an object.

    Attributes:
        setting: ``mixed``, ``place``, ``size`` or ``map``.
        row: What decides its pixels.
        uncommon: Whether its place is uncommon for the category.
    """

    setting: str
    row: Row
    uncommon: bool


@dataclass(frozen=True)
class Population:
    """What the models said of every image.

    Attributes:
        models: Names, in the order of ``correct``'s last axis.
        fingerprints: SHA-256 (hex) of each one's weights.
        recipe: Digest of which images these are; see ``digest``.
        objects: ``category, instance``, one row an object.
        images: ``setting, area, x, y``, one row an image of every object; NaN where objects differ.
        uncommon: bool (objects, images): whether the place is uncommon for the category.
        correct: bool (objects, images, models).
    """

    models: tuple[str, ...]
    fingerprints: tuple[str, ...]
    recipe: str
    objects: pd.DataFrame
    images: pd.DataFrame
    uncommon: np.ndarray
    correct: np.ndarray


def objects() -> list[tuple[str, int]]:
    """Category and number of each object."""
    return [(name, FIRST_OBJECT + number) for name in assets.CATEGORIES for number in range(N_OBJECTS)]


def planned(category: str, instance: int, yaw_deg: float, cut_out: str) -> list[Planned]:
    """The images of an object; as many, and in the same order, for each.

    Args:
        category: Of the object.
        instance: Its number.
        yaw_deg: Where it faces, see ``scene.Row``.
        cut_out: Its file.
    """
    common = recipe.common_places(category)
    rows = _rows(category, instance, yaw_deg, cut_out)
    return [Planned(setting, row, row.place not in common) for setting, row in rows]


def _rows(category: str, instance: int, yaw_deg: float, cut_out: str) -> Iterator[tuple[str, Row]]:
    name = f"{category}-{instance}"
    picture = {"file": cut_out, "class": category, "instance": instance, "yaw_deg": yaw_deg}
    of_object = [_SEED, assets.CATEGORIES.index(category), instance]
    for number in range(N_MIXED):
        rng = np.random.default_rng([*of_object, number])
        yield MIXED, recipe.draw({"day": [picture]}, VARIANTS, f"{name}/{MIXED}/{number}", rng)

    def usual(sample_id: str, number: int, area: float, x: float = 0.5, y: float = 0.5, place: str = "") -> Row:
        places = recipe.RECIPE.usual_places[category]
        place = place or places[number % len(places)]
        return Row(
            sample_id=f"{name}/{sample_id}",
            category=category,
            instance=instance,
            yaw_deg=yaw_deg,
            cut_out=cut_out,
            place=place,
            variant=VARIANTS[number // len(places) % len(VARIANTS)],
            time="day",
            weather="none" if place == "indoors" else "sunny",
            x=x,
            y=y,
            area=area,
            angle_deg=0.0,
        )

    for number, place in enumerate(assets.PLACES):
        yield PLACE, usual(f"{PLACE}/{place}", instance + number, PLACE_AREA, place=place)
    for number, area in enumerate(SIZES):
        yield SIZE, usual(f"{SIZE}/{area:g}", instance + number, area)
    for number, (x, y) in enumerate((x, y) for x in CENTRES for y in CENTRES):
        yield MAP, usual(f"{MAP}/{x:g}/{y:g}", instance + number, MAP_AREA, x, y)


def digest() -> str:
    """SHA-256 (hex) of which images there are, and of the places that they are composed of."""
    total = hashlib.sha256(f"{assets.digest()} {scene.COMPOSITION} {recipe.RECIPE}".encode())
    for category, instance in objects():
        for image in planned(category, instance, 0.0, ""):
            total.update(repr(image).encode())
    return total.hexdigest()


def write(table: pd.DataFrame, fingerprints: Mapping[str, str], recipe_digest: str, path: Path = FOLDER / FILE) -> None:
    """Keep the answers.

    Args:
        table: ``category, instance, image, setting, place, uncommon, area, x, y`` and a boolean column a model, one row
            an image of an object.
        fingerprints: SHA-256 (hex) of each model's weights, by name.
        recipe_digest: From ``digest``.
        path: File.

    Raises:
        StoreError: If it cannot be written.
    """
    about = json.dumps({"models": dict(fingerprints), "recipe": recipe_digest}).encode()
    arrow = pa.Table.from_pandas(table[[*_COLUMNS, *fingerprints]], preserve_index=False)
    write_parquet(path, arrow.replace_schema_metadata({_ABOUT: about}))


def read(path: Path = FOLDER / FILE) -> Population:
    """The answers.

    Raises:
        DataError: If the file is missing, damaged, or lacks an image of an object; names the command that makes it.
    """
    again = "Make it again with: python -m core diorama population"
    try:
        arrow = pq.read_table(path)
        about = json.loads(arrow.schema.metadata[_ABOUT])
        table = arrow.to_pandas().sort_values(["category", "instance", "image"], ignore_index=True)
        return _population(table, about["models"], about["recipe"])
    except FileNotFoundError:
        raise DataError(f"{path} is missing. {again}") from None
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}). {again}") from error


def _population(table: pd.DataFrame, fingerprints: Mapping[str, str], recipe_digest: str) -> Population:
    known = table[["category", "instance"]].drop_duplicates(ignore_index=True)
    n_images = len(table) // max(len(known), 1)
    if not n_images or not np.array_equal(table["image"], np.tile(np.arange(n_images), len(known))):
        raise ValueError("an image of an object is missing")
    images = table.iloc[:n_images][["setting", "area", "x", "y"]].astype({"setting": str}).reset_index(drop=True)
    images.loc[images["setting"] == MIXED, ["area", "x", "y"]] = np.nan
    return Population(
        models=tuple(fingerprints),
        fingerprints=tuple(fingerprints.values()),
        recipe=recipe_digest,
        objects=known,
        images=images,
        uncommon=table["uncommon"].to_numpy(bool).reshape(-1, n_images),
        correct=table[list(fingerprints)].to_numpy(bool).reshape(len(known), n_images, len(fingerprints)),
    )
