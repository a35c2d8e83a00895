"""Distances that can be worked out by hand."""

import math

import pytest
import torch

from core.diorama.solids import Part, Shape, polygon_distance, rotation

GREY = (0.5, 0.5, 0.5)


def at(part, *point):
    (primitive,) = part.primitives
    return primitive.distance(tuple(torch.tensor([float(c)]) for c in point)).item()


def test_a_sphere_is_measured_from_its_surface():
    ball = Part(GREY).ellipsoid((1, 0, 0), (0.5, 0.5, 0.5))
    assert at(ball, 3, 0, 0) == pytest.approx(1.5)
    assert at(ball, 1, 0, 0) == pytest.approx(-0.5)


def test_an_ellipsoid_is_zero_at_the_ends_of_its_axes():
    egg = Part(GREY).ellipsoid((0, 0, 0), (2.0, 1.0, 0.5))
    for end in ((2, 0, 0), (0, 1, 0), (0, 0, -0.5)):
        assert at(egg, *end) == pytest.approx(0, abs=1e-6)


def test_a_box_is_measured_to_face_edge_and_corner():
    box = Part(GREY).box((0, 0, 0), (1, 1, 1), rounding=0)
    assert at(box, 2, 0, 0) == pytest.approx(1)
    assert at(box, 2, 2, 0) == pytest.approx(math.sqrt(2))
    assert at(box, 2, 2, 2) == pytest.approx(math.sqrt(3))
    assert at(box, 0.75, 0, 0) == pytest.approx(-0.25)


def test_rounding_keeps_a_box_s_half_lengths():
    assert at(Part(GREY).box((0, 0, 0), (1, 2, 3), rounding=0.2), 0, 0, 3) == pytest.approx(0, abs=1e-6)


def test_a_capsule_s_radius_goes_from_one_end_to_the_other():
    rod = Part(GREY).capsule((0, 0, 0), (2, 0, 0), 0.4, 0.2)
    assert at(rod, 0, 1, 0) == pytest.approx(0.6)
    assert at(rod, 2, 1, 0) == pytest.approx(0.8)
    assert at(rod, 3, 0, 0) == pytest.approx(0.8)


def test_a_cylinder_stands_along_its_axis():
    drum = Part(GREY).cylinder((0, 0, 0), 1.0, 0.5, axis=2, rounding=0)
    assert at(drum, 0, 0, 1.5) == pytest.approx(1)
    assert at(drum, 3, 0, 0) == pytest.approx(2)


def test_a_torus_is_empty_in_the_middle():
    ring = Part(GREY).torus((0, 0, 0), 1.0, 0.25)
    assert at(ring, 0, 0, 0) == pytest.approx(0.75)
    assert at(ring, 1, 0, 0) == pytest.approx(-0.25)


def test_a_tube_joins_its_pieces_without_a_bulge():
    bent = Part(GREY).tube([(0, 0, 0), (1, 0, 0), (1, 1, 0)], [0.1, 0.1, 0.1])
    assert at(bent, 1, 0, 1) == pytest.approx(0.9)
    assert at(bent, 0, 1, 0) == pytest.approx(math.sqrt(0.5 * 2) - 0.1, abs=1e-6)


@pytest.mark.parametrize("corners", [[(0, 0), (2, 0), (2, 1), (0, 1)], [(0, 1), (2, 1), (2, 0), (0, 0)]])
def test_a_polygon_is_negative_inside_whichever_way_round(corners):
    x, y = torch.tensor([1.0, 3.0, 1.0]), torch.tensor([0.5, 0.5, 3.0])
    assert polygon_distance(x, y, corners).tolist() == pytest.approx([-0.5, 1.0, 2.0])


def test_a_prism_is_as_thick_as_twice_its_half():
    plate = Part(GREY).prism([(-1, -1), (1, -1), (1, 1), (-1, 1)], 0.25, rounding=0.05)
    assert at(plate, 0, 0, 1) == pytest.approx(0.75)


def test_a_cut_removes_what_lies_beyond_the_plane():
    half = Part(GREY).ellipsoid((0, 0, 0), (1, 1, 1)).cut((0, 1, 0), 0.0)
    assert at(half, 0, 0.5, 0) == pytest.approx(0.5)
    assert at(half, 0, -0.5, 0) < 0


def test_turning_about_z_takes_x_to_y():
    matrix = rotation((0, 0, 90))
    assert [row[0] for row in matrix] == pytest.approx([0, 1, 0], abs=1e-9)
    rod = Part(GREY).box((0, 0, 0), (1, 0.1, 0.1), turn=(0, 0, 90), rounding=0)
    assert at(rod, 0, 2, 0) == pytest.approx(1, abs=1e-5)


def test_bounds_hold_mirrored_primitives_too():
    shape = Shape()
    shape.part(GREY, mirror=True).ellipsoid((0, 0, 2), (0.5, 0.5, 0.5))
    centre, radius = shape.bounds()
    assert centre == pytest.approx((0, 0, 0))
    assert radius >= 2.5
