"""What a composed picture would be with one thing changed: centred, of standard size, upright, by day.

A scene that was composed can be composed again, so a cause can be tried instead of guessed: if centring the object, and
nothing else, makes the prediction right, then its place was why the prediction was wrong.
"""

from __future__ import annotations

import dataclasses
import io
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from PIL import Image

from core import paths
from core.benchmarks import generate
from core.benchmarks.base import Benchmark
from core.benchmarks.diorama import USUAL_AREA, Diorama
from core.benchmarks.si_score import SIScore
from core.diorama import assets, recipe, scene
from core.diorama.scene import Row
from core.errors import DataError, ImageError, StorageError
from core.images import compositing
from core.images.opening import open_image
from core.uncommon import NONE, is_uncommon

#: What each factor is called, in the order in which they are shown.
FACTORS = {
    "centre": "Centred",
    "size": "Standard size",
    "upright": "Upright",
    "yaw": "Usual side",
    "place": "Common place",
    "time": "By day",
    "weather": "Clear weather",
    "control": "Control: moved by 2 pixels",
}
#: A change that should not matter: how often it repairs a mistake is what chance repairs.
CONTROL = "control"
_NUDGE_PX = 2


@dataclass(frozen=True)
class Change:
    """A picture with one thing changed.

    Attributes:
        factor: Key of ``FACTORS``.
        said: What was changed into what.
        compose: Makes the picture, RGB.
    """

    factor: str
    said: str
    compose: Callable[[], Image.Image]


class Composer(ABC):
    """Composes a benchmark's pictures again."""

    #: Keys of the factors it can change.
    factors: tuple[str, ...]

    @abstractmethod
    def original(self, sample_id: str) -> Image.Image:
        """The picture as it is, RGB."""

    @abstractmethod
    def changes(self, sample_id: str) -> list[Change]:
        """The pictures with one thing changed; what is already as it should be is left out.

        Raises:
            DataError: If the picture cannot be composed again.
        """


def composer_of(benchmark: Benchmark) -> Composer | None:
    """What composes a benchmark's pictures again, or None where they are photographs, or their plan is gone."""
    if isinstance(benchmark, Diorama):
        return DioramaComposer(benchmark)
    if isinstance(benchmark, SIScore) and (benchmark.root / generate.PLAN).is_file():
        return SIScoreComposer(benchmark)
    return None


class DioramaComposer(Composer):
    """Changes rows of the toy world to what the embedded models were trained on."""

    factors = tuple(FACTORS)

    def __init__(self, benchmark: Diorama) -> None:
        self._benchmark = benchmark
        self._pictures = assets.table(benchmark.root).set_index("file")

    def original(self, sample_id: str) -> Image.Image:
        """See ``Composer.original``."""
        return self._composed(self._benchmark.row(sample_id))

    def changes(self, sample_id: str) -> list[Change]:
        """See ``Composer.changes``."""
        row = self._benchmark.row(sample_id)
        found = {
            "centre": _centred(row),
            "size": _sized(row),
            "upright": _upright(row),
            "yaw": self._turned(row),
            "place": _placed(row),
            "time": self._by_day(row),
            "weather": _cleared(row),
            CONTROL: _nudged(row),
        }
        return [self._change(factor, *part) for factor, part in found.items() if part is not None]

    def _change(self, factor: str, row: Row, said: str) -> Change:
        return Change(factor, said, lambda: self._composed(row))

    def _composed(self, row: Row) -> Image.Image:
        return scene.compose(row, self._benchmark.root).image

    def _turned(self, row: Row) -> tuple[Row, str] | None:
        """To the nearest usual side of which there is a picture; those are by day."""
        low, high = recipe.RECIPE.yaw_deg
        if low <= _to_either_side(row.yaw_deg) <= high or row.time != "day":
            return None
        usual = [yaw for yaw in assets.YAWS if low <= _to_either_side(yaw) <= high]
        files = {yaw: assets.pose_file(row.category, row.instance, yaw) for yaw in usual}
        there = [yaw for yaw in usual if files[yaw] in self._pictures.index]
        if not there:
            return None
        best = min(there, key=lambda yaw: _to_either_side(yaw - row.yaw_deg))
        said = f"yaw {row.yaw_deg:.0f}° → {best}°"
        return dataclasses.replace(row, cut_out=files[best], yaw_deg=float(best)), said

    def _by_day(self, row: Row) -> tuple[Row, str] | None:
        if row.time == "day":
            return None
        file = assets.foreground_file(row.category, row.instance, "day")
        if file not in self._pictures.index:
            return None
        yaw = float(self._pictures.at[file, "yaw_deg"])
        return dataclasses.replace(row, time="day", cut_out=file, yaw_deg=yaw), f"{row.time} → day"


def _to_either_side(yaw_deg: float) -> float:
    """Degrees between 0 and 180 from where 0 is, to the left or to the right."""
    return min(yaw_deg % 360, -yaw_deg % 360)


def _centred(row: Row) -> tuple[Row, str] | None:
    if (row.x, row.y) == (0.5, 0.5):
        return None
    return dataclasses.replace(row, x=0.5, y=0.5), f"x {row.x:.2f}, y {row.y:.2f} → centre"


def _sized(row: Row) -> tuple[Row, str] | None:
    if row.area == USUAL_AREA:
        return None
    return dataclasses.replace(row, area=USUAL_AREA), f"area {row.area:.0%} → {USUAL_AREA:.0%}"


def _upright(row: Row) -> tuple[Row, str] | None:
    if row.angle_deg % 360 == 0:
        return None
    return dataclasses.replace(row, angle_deg=0.0), f"turned by {row.angle_deg:.0f}° → upright"


def _placed(row: Row) -> tuple[Row, str] | None:
    """To a usual place; weather stays, so outdoors stays outdoors."""
    if not is_uncommon(row.category, "locations", row.place):
        return None
    usual = recipe.USUAL_PLACES[row.category]
    fitting = [name for name in usual if name != "indoors" or row.weather == NONE]
    chosen = (fitting or [name for name in recipe.common_places(row.category) if name != "indoors"])[0]
    return dataclasses.replace(row, place=chosen), f"{row.place} → {chosen}"


def _cleared(row: Row) -> tuple[Row, str] | None:
    if row.weather == NONE or row.weather in recipe.RECIPE.weathers:
        return None
    return dataclasses.replace(row, weather="sunny"), f"{row.weather} → sunny"


def _nudged(row: Row) -> tuple[Row, str]:
    step = _NUDGE_PX / assets.RESOLUTION
    inwards = [at + step if at < 0.5 else at - step for at in (row.x, row.y)]
    return dataclasses.replace(row, x=inwards[0], y=inwards[1]), f"moved by {_NUDGE_PX} pixels"


class SIScoreComposer(Composer):
    """Composes images of a set made by ``benchmarks.generate`` again, from the cut-outs and backgrounds of its plan."""

    factors = ("centre", "size", "upright", CONTROL)

    def __init__(self, benchmark: SIScore) -> None:
        self._benchmark = benchmark
        self._rows = benchmark.samples().set_index("sample_id")
        plan = paths.read_json(benchmark.root / generate.PLAN)
        try:
            self._backgrounds = [Path(path) for path in plan["backgrounds"]]
            self._cutouts: dict[str, list[Path]] = {}
            for label, path in plan["cutouts"]:
                self._cutouts.setdefault(label, []).append(Path(path))
            self._resolution = generate.GRIDS[plan["factor"]].resolution
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{benchmark.root / generate.PLAN} is not a plan of generated images: {error!r}."
            ) from error

    def original(self, sample_id: str) -> Image.Image:
        """The image's file, as it was evaluated."""
        return self._benchmark.image(sample_id).convert("RGB")

    def changes(self, sample_id: str) -> list[Change]:
        """See ``Composer.changes``."""
        row = self._rows.loc[sample_id]
        found = []
        if (row["x"], row["y"]) != (0.5, 0.5):
            said = f"x {row['x']:.2f}, y {row['y']:.2f} → centre"
            found.append(self._change("centre", said, row, x=0.5, y=0.5))
        if row["area"] != USUAL_AREA:
            said = f"area {row['area']:.0%} → {USUAL_AREA:.0%}"
            found.append(self._change("size", said, row, area=USUAL_AREA))
        if row["angle_deg"] % 360:
            said = f"turned by {row['angle_deg']:.0f}° → upright"
            found.append(self._change("upright", said, row, angle_deg=0.0))
        step = _NUDGE_PX / self._resolution
        x, y = (at + step if at < 0.5 else at - step for at in (row["x"], row["y"]))
        found.append(self._change(CONTROL, f"moved by {_NUDGE_PX} pixels", row, x=x, y=y))
        return found

    def _change(self, factor: str, said: str, row: pd.Series, **changed: float) -> Change:
        setting = {name: float(row[name]) for name in ("area", "x", "y", "angle_deg")} | changed
        return Change(factor, said, lambda: self._composed(row, setting))

    def _composed(self, row: pd.Series, setting: dict[str, float]) -> Image.Image:
        """Composed, and compressed as the set's own images are."""
        foreground = _opened(self._cutouts[row["class"]][int(row["foreground_instance"])])
        background = _opened(self._backgrounds[int(row["background"])])
        made = compositing.compose(foreground, background, resolution=self._resolution, **setting).image
        stream = io.BytesIO()
        made.save(stream, "JPEG", quality=generate.JPEG_QUALITY)
        return open_image(stream, "a composed image").convert("RGB")


def _opened(path: Path) -> Image.Image:
    try:
        return open_image(path)
    except (ImageError, StorageError) as error:
        raise type(error)(
            f"{path}, of which this set was made, cannot be opened ({error}). Put the cut-outs and backgrounds back, "
            "or generate the set again."
        ) from error
