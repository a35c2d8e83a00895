"""Diorama: an embedded toy world in which all protocols run without a download.

Modelled, rendered and learnt by this project (``core.diorama``). Pictures are composed on demand from a row, with
objects and places that no embedded model was trained on; the same fifty objects recur at every setting, so intervals
are clustered by object.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from PIL import Image

from core import uncommon
from core.benchmarks.base import Benchmark
from core.diorama import assets, recipe, scene
from core.diorama.assets import CATEGORIES, PLACES
from core.diorama.scene import Row
from core.errors import LabelSpaceError
from core.images.compositing import Composite, box_size, place
from core.labels import FOCUS_10, IMAGENET_1K, focus_to_imagenet, label_space
from core.types import Factor, Table

#: Object area of the location map, as in SI-Score, and of the pose and settings pictures; both were trained.
LOCATION_AREA, USUAL_AREA = 0.2, 0.3
AREAS = (0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2)
AREAS += (0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1.0)
CENTRES = tuple(round(0.05 * step, 2) for step in range(21))
#: Objects of each category in a cell of the location map, of the five for testing.
PER_CELL = 3
#: As SI-Score: right angles are left out, because a picture turned by one is not blurred.
ANGLES_DEG = tuple(range(1, 342, 20))
ROTATION_AREAS = (0.2, 0.5, 0.8, 1.0)
N_CLEAN = 1500
#: Small objects, and how far from the centre of the image theirs lies at least, in shares of its side.
SMALL_AREAS = (0.02, 0.03, 0.04, 0.06, 0.08, 0.1)
OFF_CENTRE = 0.15

_TEST_INSTANCES = tuple(range(assets.N_TRAIN_INSTANCES, assets.N_INSTANCES))
_TEST_VARIANTS = tuple(range(assets.N_TRAIN_VARIANTS, assets.N_VARIANTS))
_WEATHERS = tuple(name for name in uncommon.VALUES["weather"] if name != uncommon.NONE)
_BY_CLASS = Table("by_class", ("class",), "Top-1 by class")


class Diorama(Benchmark):
    """What the benchmarks of the toy world share."""

    paper: ClassVar[str] = "Modelled and rendered by this project, after the protocols of SI-Score and FOCUS"
    licence: ClassVar[str] = "Apache-2.0"
    how_to_get: ClassVar[str] = "It comes with the project; 'python -m core diorama build' renders it again."
    cluster_unit: ClassVar[str | None] = "object"
    label_spaces: ClassVar[tuple[str, ...]] = (FOCUS_10, IMAGENET_1K)
    embedded: ClassVar[Path | None] = assets.FOLDER
    factors: ClassVar[tuple[Factor, ...]] = (
        Factor("area", "Object area / image area", "numeric"),
        Factor("x", "x of object centre", "numeric"),
        Factor("y", "y of object centre (down)", "numeric"),
        Factor("angle_deg", "Rotation, counter-clockwise", "circular", "°"),
        Factor("yaw_deg", "Yaw: 0 faces the camera, 90 the picture's right", "circular", "°"),
        Factor("pct_inside_image", "Share of the object's box inside the image", "numeric"),
        Factor("class", "Class", "category"),
        Factor("foreground_instance", "Object", "category"),
        Factor("background", "Background", "category"),
        Factor("time", "Time of day", "category"),
        Factor("weather", "Weather", "category"),
        Factor("place", "Place", "category"),
    )

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per picture; see ``Benchmark.samples``.

        Raises:
            LabelSpaceError: If the label space is neither FOCUS's ten categories nor ImageNet-1k.
            DataError: If the pictures are missing.
        """
        accepted = _accepted(label_space)
        rows = list(self._rows.values())
        columns = {
            "sample_id": [row.sample_id for row in rows],
            "accepted": [accepted[row.category] for row in rows],
            "cluster": [f"{row.category}-{row.instance:02}" for row in rows],
            "class": [row.category for row in rows],
            "foreground_instance": [f"{row.category}-{row.instance:02}" for row in rows],
            "background": [f"{row.place}-{row.variant}" for row in rows],
            "place": [row.place for row in rows],
            "pct_inside_image": [self._inside(row) for row in rows],
        }
        for name in ("area", "x", "y", "angle_deg", "yaw_deg", "time", "weather"):
            columns[name] = [getattr(row, name) for row in rows]
        return pd.DataFrame(columns)

    def pool_digest(self) -> str:
        """SHA-256 (hex) of all pictures that images are composed of, and of every row."""
        total = hashlib.sha256(f"{assets.digest(self.root)} {scene.COMPOSITION}".encode())
        for row in self._rows.values():
            total.update(repr(row).encode())
        return total.hexdigest()

    def path(self, sample_id: str) -> Path | None:
        """None: images are composed."""
        return None

    def image(self, sample_id: str) -> Image.Image:
        """The composed image, RGB, 256 x 256."""
        return self.compose(sample_id).image

    def mask(self, sample_id: str) -> np.ndarray:
        """The object's mask, bool (256, 256)."""
        return self.compose(sample_id).mask

    def compose(self, sample_id: str) -> Composite:
        """Image and mask of a sample.

        Raises:
            KeyError: If there is no such sample.
        """
        return scene.compose(self._rows[sample_id], self.root)

    def row(self, sample_id: str) -> Row:
        """What decides a sample's picture; ``core.diorama.scene`` composes another one from a changed row."""
        return self._rows[sample_id]

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """Every row, in order."""

    @cached_property
    def _rows(self) -> dict[str, Row]:
        return {row.sample_id: row for row in self.rows()}

    @cached_property
    def _pictures(self) -> dict[str, dict[str, Any]]:
        """Rows of the assets' table by their file."""
        return {picture["file"]: picture for picture in assets.table(self.root).to_dict("records")}

    def _inside(self, row: Row) -> float:
        resolution = (assets.RESOLUTION, assets.RESOLUTION)
        box = self._box(row.cut_out, row.area, row.angle_deg)
        return round(place(box, x=row.x, y=row.y, resolution=resolution).inside_fraction, 4)

    def _box(self, cut_out: str, area: float, angle_deg: float) -> tuple[int, int]:
        """(width, height) of a cut-out's box in the image, in pixels; the same one recurs in many rows."""
        key = (cut_out, area, angle_deg)
        if key not in self._boxes:
            size = (self._pictures[cut_out]["width"], self._pictures[cut_out]["height"])
            self._boxes[key] = box_size(size, area, angle_deg, (assets.RESOLUTION, assets.RESOLUTION))
        return self._boxes[key]

    @cached_property
    def _boxes(self) -> dict[tuple[str, float, float], tuple[int, int]]:
        return {}

    def _row(self, sample_id: str, category: str, instance: int, **changes: object) -> Row:
        """An upright object of the usual size in the centre, by day; ``changes`` say what is different."""
        time = str(changes.get("time", "day"))
        cut_out = changes.pop("cut_out", assets.foreground_file(category, instance, time))
        values = {
            "time": time,
            "weather": "none",
            "x": 0.5,
            "y": 0.5,
            "area": USUAL_AREA,
            "angle_deg": 0.0,
            "yaw_deg": float(self._pictures[cut_out]["yaw_deg"]),
            **changes,
        }
        return Row(sample_id=sample_id, category=category, instance=instance, cut_out=cut_out, **values)

    @staticmethod
    def _usual(category: str, number: int) -> dict[str, object]:
        """A usual place of a category: the ``number``-th, counted through places and variants in turn."""
        places = recipe.RECIPE.usual_places[category]
        which, variant = number % len(places), number // len(places) % len(_TEST_VARIANTS)
        chosen = places[which]
        return {
            "place": chosen,
            "variant": _TEST_VARIANTS[variant],
            "weather": "none" if chosen == "indoors" else "sunny",
        }


def _accepted(space: str) -> dict[str, list[int]]:
    """Classes that count as each category, in a label space."""
    if space == FOCUS_10:
        return {name: [index] for index, name in enumerate(label_space(FOCUS_10).names)}
    if space == IMAGENET_1K:
        return focus_to_imagenet()
    raise LabelSpaceError(
        f"Diorama shows the ten categories of FOCUS; a model of '{space}' cannot be judged on them. "
        f"Use a model with the classes of {FOCUS_10} or {IMAGENET_1K}."
    )


def _objects() -> Iterator[tuple[str, int]]:
    for category in CATEGORIES:
        for instance in _TEST_INSTANCES:
            yield category, instance


class Size(Diorama):
    """Accuracy against the object's share of the image, at the centre."""

    key: ClassVar[str] = "diorama/size"
    title: ClassVar[str] = "Diorama: object size"
    tables: ClassVar[tuple[Table, ...]] = (Table("by_area", ("area",), "Top-1 by object area"), _BY_CLASS)

    def rows(self) -> Iterator[Row]:
        """Every object at every area on two backgrounds."""
        for category, instance in _objects():
            for area in AREAS:
                for turn in (0, 1):
                    where = self._usual(category, instance + turn * (1 + 2 * (instance % 2)))
                    yield self._row(f"{category}-{instance}/{area:g}/{turn}", category, instance, area=area, **where)


class Location(Diorama):
    """Accuracy against where the object's centre is, at a fifth of the image."""

    key: ClassVar[str] = "diorama/location"
    title: ClassVar[str] = "Diorama: object location"
    tables: ClassVar[tuple[Table, ...]] = (Table("by_location", ("x", "y"), "Top-1 by object location"), _BY_CLASS)

    def rows(self) -> Iterator[Row]:
        """Three objects of each category in each cell of a 21 x 21 grid, all five in turn."""
        for column, x in enumerate(CENTRES):
            for line, y in enumerate(CENTRES):
                for category in CATEGORIES:
                    for pick in range(PER_CELL):
                        # Steps of 1 and 2 in a ring of 5: neighbours share objects, no row or column lacks one.
                        instance = _TEST_INSTANCES[(column + 2 * line + pick) % len(_TEST_INSTANCES)]
                        where = self._usual(category, column + line + pick)
                        name = f"{column}.{line}/{category}-{instance}"
                        yield self._row(name, category, instance, x=x, y=y, area=LOCATION_AREA, **where)


class Rotation(Diorama):
    """Accuracy against rotation in the image plane, at SI-Score's four areas."""

    key: ClassVar[str] = "diorama/rotation"
    title: ClassVar[str] = "Diorama: object rotation"
    tables: ClassVar[tuple[Table, ...]] = (
        Table("by_angle", ("angle_deg",), "Top-1 by rotation"),
        Table("by_angle_and_area", ("angle_deg", "area"), "Top-1 by rotation and object area"),
        _BY_CLASS,
    )

    def rows(self) -> Iterator[Row]:
        """Every object at every angle and area."""
        for category, instance in _objects():
            for area in ROTATION_AREAS:
                for number, angle in enumerate(ANGLES_DEG):
                    name = f"{category}-{instance}/{area:g}/{angle}"
                    where = self._usual(category, instance + number)
                    yield self._row(name, category, instance, area=area, angle_deg=float(angle), **where)


class Pose(Diorama):
    """Accuracy against the side that the object shows: what pasted photographs cannot vary."""

    key: ClassVar[str] = "diorama/pose"
    title: ClassVar[str] = "Diorama: object yaw"
    tables: ClassVar[tuple[Table, ...]] = (Table("by_yaw", ("yaw_deg",), "Top-1 by yaw"), _BY_CLASS)

    def rows(self) -> Iterator[Row]:
        """Every object from twelve sides on two backgrounds."""
        for category, instance in _objects():
            for yaw in assets.YAWS:
                for turn in (0, 1):
                    where = self._usual(category, instance + turn * (1 + 2 * (instance % 2)))
                    file = assets.pose_file(category, instance, yaw)
                    yield self._row(f"{category}-{instance}/{yaw}/{turn}", category, instance, cut_out=file, **where)


class Settings(Diorama):
    """Accuracy in common and uncommon settings, by FOCUS's rules."""

    key: ClassVar[str] = "diorama/settings"
    title: ClassVar[str] = "Diorama: common and uncommon settings"
    factors: ClassVar[tuple[Factor, ...]] = (
        *uncommon.FACTORS,
        *(factor for factor in Diorama.factors if factor.name not in {known.name for known in uncommon.FACTORS}),
    )
    tables: ClassVar[tuple[Table, ...]] = (*uncommon.TABLES, _BY_CLASS)

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per picture, with what is uncommon about it; see ``Diorama.samples`` and ``settings.annotate``."""
        found = super().samples(label_space)
        return uncommon.annotate(found.assign(category=found["class"], locations=[[name] for name in found["place"]]))

    def rows(self) -> Iterator[Row]:
        """Every object in every place, at every time, in every weather; indoors there is none."""
        number = 0
        for category, instance in _objects():
            for where in PLACES:
                for weather in (uncommon.NONE,) if where == "indoors" else _WEATHERS:
                    for time in assets.LIGHTS:
                        number += 1
                        name = f"{category}-{instance}/{where}/{weather.replace(' ', '-')}/{time}"
                        variant = _TEST_VARIANTS[number // 2 % len(_TEST_VARIANTS)]
                        yield self._row(
                            name, category, instance, place=where, variant=variant, time=time, weather=weather
                        )


class Clean(Diorama):
    """Held-out pictures from the distribution that the embedded models were trained on."""

    key: ClassVar[str] = "diorama/clean"
    title: ClassVar[str] = "Diorama: held-out, as trained"
    tables: ClassVar[tuple[Table, ...]] = (_BY_CLASS,)

    def rows(self) -> Iterator[Row]:
        """Rows drawn by the training recipe, of objects and places that training never shows."""
        table = assets.table(self.root)
        held_out = recipe.by_light(table[(table["kind"] == "foreground") & (table["split"] == "test")])
        for number in range(N_CLEAN):
            rng = np.random.default_rng([2021, number])
            yield recipe.draw(held_out, _TEST_VARIANTS, f"{number:04}", rng)


class Small(Diorama):
    """Small objects away from the centre, wholly inside the image: what looking closer should help with."""

    key: ClassVar[str] = "diorama/small"
    title: ClassVar[str] = "Diorama: small, off-centre objects"
    tables: ClassVar[tuple[Table, ...]] = (_BY_CLASS,)

    def rows(self) -> Iterator[Row]:
        """Every object once at every small area, somewhere."""
        for number, (category, instance) in enumerate(_objects()):
            for turn, area in enumerate(SMALL_AREAS):
                where = self._usual(category, instance + turn)
                row = self._row(f"{category}-{instance}/{area:g}", category, instance, area=area, **where)
                width, height = (side / assets.RESOLUTION / 2 for side in self._box(row.cut_out, area, row.angle_deg))
                rng = np.random.default_rng([2022, number, turn])
                while True:
                    x, y = (float(rng.uniform(half, 1 - half)) for half in (width, height))
                    if np.hypot(x - 0.5, y - 0.5) >= OFF_CENTRE:
                        break
                yield replace(row, x=round(x, 3), y=round(y, 3))


BENCHMARKS: Sequence[type[Diorama]] = (Size, Location, Rotation, Pose, Settings, Clean, Small)
