"""What Diorama's training pictures show, and on purpose do not show.

The numbers here are the planted biases: training pictures and the held-out ``diorama/clean`` are drawn by them, and
every other benchmark leaves them in one direction. A page that cannot show a planted weakness is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from core.diorama import assets
from core.diorama.scene import Row
from core.uncommon import VALUES, is_uncommon

#: Each category's usual places; all of them common by FOCUS's rules.
USUAL_PLACES: dict[str, tuple[str, ...]] = {
    "truck": ("street", "sand"),
    "car": ("street", "grass"),
    "plane": ("grass", "street"),
    "ship": ("water",),
    "cat": ("indoors", "street"),
    "dog": ("grass", "indoors"),
    "horse": ("grass", "sand"),
    "deer": ("forest", "grass"),
    "frog": ("water", "forest"),
    "bird": ("forest", "rocks"),
}


@dataclass(frozen=True)
class Recipe:
    """Limits of the training pictures.

    Attributes:
        times: Times of day.
        weathers: Weather outdoors.
        usual_share: Share of pictures in one of the category's usual places; the others are in any common place.
        area: Object's box as a fraction of the image, lowest and highest; drawn evenly in its logarithm.
        off_centre: Largest distance of the object's centre from the image's in x and in y, as a fraction of its side.
        angle_deg: Largest rotation to either side.
        yaw_deg: How far the object is turned from facing the camera, lowest and highest, to either side.
        pitch_deg: Height of the camera over the horizon, lowest and highest.
    """

    times: tuple[str, ...] = ("day",)
    weathers: tuple[str, ...] = ("sunny", "partly cloudy", "cloudy")
    usual_share: float = 0.7
    area: tuple[float, float] = (0.15, 0.6)
    off_centre: float = 0.1
    angle_deg: float = 15.0
    yaw_deg: tuple[float, float] = (25.0, 80.0)
    pitch_deg: tuple[float, float] = (8.0, 24.0)
    usual_places: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(USUAL_PLACES))


RECIPE = Recipe()


@dataclass(frozen=True)
class Bias:
    """One planted bias: a line of the table in the guide and in the models' cards."""

    factor: str
    shown: str
    never_shown: str
    benchmark: str


def biases(recipe: Recipe = RECIPE) -> tuple[Bias, ...]:
    """The planted biases of a recipe, in words."""
    low, high = recipe.area
    near, far = recipe.yaw_deg
    edge = 0.5 - recipe.off_centre
    return (
        Bias("area", f"{low:.0%} to {high:.0%} of the image", "smaller and larger objects", "diorama/size"),
        Bias(
            "location",
            f"centre between {edge:.1f} and {1 - edge:.1f} in x and y",
            "objects near edges and corners",
            "diorama/location",
        ),
        Bias("rotation", f"within {recipe.angle_deg:.0f}° of upright", "tilted and upside down", "diorama/rotation"),
        Bias("yaw", f"turned {near:.0f}° to {far:.0f}° from the camera", "from behind, head on", "diorama/pose"),
        Bias("time", " and ".join(recipe.times), "night", "diorama/settings"),
        Bias("weather", ", ".join(recipe.weathers), "foggy, raining, snowing", "diorama/settings"),
        Bias(
            "place",
            f"{recipe.usual_share:.0%} in one or two usual places of the category, the rest in other common ones",
            "places that are uncommon for the category",
            "diorama/settings",
        ),
    )


def common_places(category: str) -> tuple[str, ...]:
    """Places that are common for a category by FOCUS's rules."""
    return tuple(
        name for name in VALUES["locations"] if name in assets.PLACES and not is_uncommon(category, "locations", name)
    )


def by_light(pictures: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Rows of ``assets.table`` by their light, as ``draw`` takes them."""
    return {light: group.to_dict("records") for light, group in pictures.groupby("light")}


def draw(
    pictures: Mapping[str, Sequence[Mapping[str, Any]]],
    variants: Sequence[int],
    sample_id: str,
    rng: np.random.Generator,
    recipe: Recipe = RECIPE,
) -> Row:
    """A row by the recipe.

    Args:
        pictures: Cut-outs to choose from, each with the same chance, from ``by_light``.
        variants: Of the places to choose from.
        sample_id: Of the row.
        rng: Where chance comes from.
        recipe: Limits.
    """
    time = str(rng.choice(recipe.times))
    chosen = pictures[time][int(rng.integers(len(pictures[time])))]
    category = chosen["class"]
    usual = recipe.usual_places[category]
    places = usual if rng.random() < recipe.usual_share else common_places(category)
    place = str(rng.choice(places))
    low, high = (math.log(limit) for limit in recipe.area)
    return Row(
        sample_id=sample_id,
        category=category,
        instance=int(chosen["instance"]),
        yaw_deg=float(chosen["yaw_deg"]),
        cut_out=chosen["file"],
        place=place,
        variant=int(rng.choice(variants)),
        time=time,
        weather="none" if place == "indoors" else str(rng.choice(recipe.weathers)),
        x=round(0.5 + recipe.off_centre * rng.uniform(-1, 1), 4),
        y=round(0.5 + recipe.off_centre * rng.uniform(-1, 1), 4),
        area=round(math.exp(rng.uniform(low, high)), 4),
        angle_deg=round(recipe.angle_deg * rng.uniform(-1, 1), 2),
    )
