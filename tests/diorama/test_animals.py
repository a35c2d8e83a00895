"""Facts of the animals: every body plan renders, whole, the same each time, and no two individuals alike."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from core.diorama.objects import animals, faces, make, plans
from core.diorama.objects.quadruped import TROT, Build, add_legs, add_striding_legs, add_trunk
from core.diorama.render import LIGHTS, cut_out
from core.diorama.solids import Shape

CATEGORIES = ("cat", "dog", "horse", "deer", "frog", "bird")
#: The first instance of each body plan.
INSTANCES = [(category, plan) for category in CATEGORIES for plan in range(len(plans(category)))]
BUILD = Build(length=1.0, height=0.7, girth=0.25, leg=0.1, foot=0.07)


def picture(shape: Shape, size: int = 32, yaw_deg: float = 60.0) -> np.ndarray:
    with torch.inference_mode():
        return cut_out(shape, yaw_deg=yaw_deg, pitch_deg=12, size=size, lights=[LIGHTS["day"]], samples=1)[0]


def described(shape: Shape) -> str:
    """The places, sizes, colours and patterns of all that a shape is made of."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(shape))


@pytest.mark.parametrize(("category", "instance"), INSTANCES)
def test_every_plan_renders_whole_in_more_than_one_colour(category, instance):
    image = picture(make(category, instance))
    covered = image[..., 3] > 0
    assert max(image.shape[:2]) == 32
    assert 0.12 < covered.mean() < 0.9
    assert not covered[[0, -1]].all(axis=1).any()
    assert image[covered][:, :3].std(axis=0).max() > 15


@pytest.mark.parametrize(("category", "instance"), INSTANCES)
def test_nothing_stands_below_the_ground(category, instance):
    xs, ys, zs = np.meshgrid(np.linspace(-1.5, 1.5, 25), [-0.07], np.linspace(-1, 1, 21))
    points = tuple(torch.from_numpy(axis.ravel().astype(np.float32)) for axis in (xs, ys, zs))
    shape = make(category, instance)
    folded = (points[0], points[1], points[2].abs())
    nearest = [
        primitive.distance(folded if part.mirror else points).min()
        for part in shape.parts
        for primitive in part.primitives
    ]
    assert min(nearest) > 0


@pytest.mark.parametrize("category", CATEGORIES)
def test_an_instance_is_made_the_same_each_time_and_unlike_the_next_of_its_plan(category):
    first, again, other = (described(make(category, n)) for n in (0, 0, len(plans(category))))
    assert first == again != other


def test_a_shape_is_drawn_the_same_each_time_and_another_is_not():
    first, again, other = (picture(make("frog", n), size=20) for n in (0, 0, len(plans("frog"))))
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or (first != other).any()


def test_standing_legs_look_the_same_from_the_front_on_both_sides():
    shape, coat = Shape(), animals.Coat(animals.GREY, feet=animals.WHITE)
    add_legs(add_trunk(shape, BUILD, coat), shape, BUILD, coat)
    alpha = picture(shape, yaw_deg=0.0)[..., 3]
    assert (alpha == alpha[:, ::-1]).mean() > 0.97


def test_a_trot_moves_the_left_legs_unlike_the_right_ones():
    shape, coat = Shape(), animals.Coat(animals.GREY)
    add_striding_legs(shape, BUILD, coat, TROT)
    limbs = shape.parts[0].primitives
    assert len(limbs) == 4
    assert limbs[0].centre[0] != limbs[1].centre[0]
    assert limbs[0].centre[2] == -limbs[1].centre[2]


def test_only_eyes_that_shine_give_light_at_night():
    dull, bright = Shape(), Shape()
    faces.add_eyes(dull, (0, 0, 0.1), 0.05, iris=animals.GOLD)
    faces.add_eyes(bright, (0, 0, 0.1), 0.05, iris=animals.GOLD, shine=0.5)
    assert [shape.parts[0].glow for shape in (dull, bright)] == [0.0, 0.5]


def test_a_tint_stays_close_to_its_colour_and_in_range():
    rng = np.random.default_rng(0)
    tints = np.array([animals.tinted(rng, animals.WHITE) for _ in range(50)])
    assert tints.max() <= 0.9
    assert np.abs(tints / animals.WHITE - 1).max() < 0.3
    assert len(np.unique(tints, axis=0)) > 10
