"""Trucks, cars, planes and ships: every plan gives a picture, and a seed gives one object."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.diorama.objects import generator, make, plans
from core.diorama.render import LIGHTS, cut_out
from core.diorama.solids import Part
from tests.diorama.test_animals import described

VEHICLES = ("truck", "car", "plane", "ship")
SIZE = 32


def picture(category: str, instance: int, yaw_deg: float = 50) -> np.ndarray:
    """A small day-light cut-out."""
    with torch.inference_mode():
        shape = make(category, instance)
        return cut_out(shape, yaw_deg=yaw_deg, pitch_deg=12, size=SIZE, lights=[LIGHTS["day"]], samples=1)[0]


every_plan = pytest.mark.parametrize(
    ("category", "plan"), [(category, plan) for category in VEHICLES for plan in range(len(plans(category)))]
)


@every_plan
def test_every_plan_fills_its_frame_but_leaves_the_corners_free(category: str, plan: int) -> None:
    pixels = picture(category, plan)
    alpha = pixels[..., 3]
    assert max(alpha.shape) == SIZE
    assert 0.15 < (alpha > 0).mean() < 0.95
    assert len(np.unique(pixels[alpha == 255][:, :3], axis=0)) > 50
    assert min(alpha[0, 0], alpha[0, -1], alpha[-1, 0], alpha[-1, -1]) == 0


@every_plan
def test_every_plan_stands_on_the_ground_and_is_about_two_units_long(category: str, plan: int) -> None:
    reach = torch.linspace(-1.4, 1.4, 57)
    x, y, z = (axis.flatten() for axis in torch.meshgrid(reach, reach + 1, reach, indexing="ij"))
    inside = torch.zeros_like(x, dtype=torch.bool)
    for part in make(category, plan).parts:
        points = (x, y, z.abs() if part.mirror else z)
        inside |= torch.stack([primitive.distance(points) for primitive in part.primitives]).min(dim=0).values < 0.02
    assert 1.6 < (x[inside].max() - x[inside].min()) < 2.4
    assert -0.06 < y[inside].min() < 0.1


@pytest.mark.parametrize("category", VEHICLES)
def test_an_instance_is_the_same_each_time_and_unlike_the_next_of_its_plan(category: str) -> None:
    first, again, other = (described(make(category, n)) for n in (1, 1, 1 + len(plans(category))))
    assert first == again != other


@pytest.mark.slow
def test_another_instance_looks_otherwise() -> None:
    first, other = picture("car", 1), picture("car", 1 + len(plans("car")))
    assert first.shape != other.shape or np.abs(first.astype(int) - other).mean() > 4


@pytest.mark.parametrize("category", VEHICLES)
def test_many_instances_can_be_drawn(category: str) -> None:
    for instance in range(40):
        plan = plans(category)[instance % len(plans(category))]
        shape = plan(generator(category, instance))
        assert all(part.primitives for part in shape.parts)


@pytest.mark.slow
@pytest.mark.parametrize(("category", "plan"), [("plane", 0), ("car", 0), ("truck", 2), ("ship", 0)])
def test_a_vehicle_seen_from_the_front_is_symmetric(category: str, plan: int) -> None:
    alpha = picture(category, plan, yaw_deg=0)[..., 3] > 0
    assert (alpha != alpha[:, ::-1]).mean() < 0.06


def test_a_hull_is_pointed_at_the_bow_and_broad_at_the_stern() -> None:
    hull = Part((1, 0, 0)).hull((0, 0, 0), 1.0, 0.3, 0.4, sheer=0.1).primitives[0].distance
    inside = hull(
        tuple(torch.tensor(c) for c in ([0.0, 0.95, -0.9, 0.0], [0.2, 0.2, 0.2, 0.5], [0.1, 0.15, 0.15, 0.0]))
    )
    assert (inside < 0).tolist() == [True, False, True, False]


def test_a_hull_never_promises_more_than_the_way_to_its_surface() -> None:
    hull = Part((1, 0, 0)).hull((0, 0, 0), 1.0, 0.3, 0.4, sheer=0.1).primitives[0].distance
    rng = np.random.default_rng(0)
    points = torch.from_numpy(rng.uniform((-1.3, -0.3, -0.6), (1.3, 0.8, 0.6), (60_000, 3)).astype(np.float32))
    values = hull(tuple(points.T))
    outside, inside = points[values > 0.05][:300], points[values <= 0]
    nearest = torch.cdist(outside, inside).min(dim=1).values
    assert (values[values > 0.05][:300] <= nearest).all()
