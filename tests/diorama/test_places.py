"""Places: their pictures, their depths, and what their variants differ in."""

import numpy as np
import pytest

from core.diorama import depth
from core.diorama.assets import N_VARIANTS, PLACES
from core.diorama.places import make, render

SIZE = 14


@pytest.mark.parametrize("place", PLACES)
def test_every_place_is_brighter_by_day_and_nearer_below_and_has_sky_above_unless_it_is_a_room(place):
    day, night, code = render(make(place, 0), SIZE, samples=1)
    assert day.shape == night.shape == (SIZE, SIZE, 3)
    assert day.mean() > night.mean() + 20
    assert code[-1].max() < code[SIZE // 2].mean()
    assert (code[0] == depth.SKY).any() == (place != "indoors")
    assert not (code[SIZE // 2 + 2 :] == depth.SKY).any()


@pytest.mark.parametrize("place", [name for name in PLACES if name != "indoors"])
def test_outdoors_the_horizon_is_above_the_middle(place):
    for variant in range(N_VARIANTS):
        assert 0.3 <= make(place, variant).horizon <= 0.5


@pytest.mark.slow
def test_the_same_variant_is_the_same_picture_and_another_is_not():
    first, again, other = (render(make("sand", variant), SIZE, samples=2) for variant in (2, 2, 3))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.abs(first[0].astype(int) - other[0]).mean() > 3


def test_an_unknown_place_is_refused_with_the_names_to_choose_from():
    with pytest.raises(ValueError, match=r"'moon'.*forest"):
        make("moon", 0)


def test_depths_grow_with_distance_and_come_back():
    distances = np.array([0.0, 3.3, 8.0, 40.0, np.inf])
    code = depth.encode(distances)
    assert code[2] == 127
    assert code[-1] == depth.SKY
    assert (np.diff(code.astype(int)) > 0).all()
    np.testing.assert_allclose(depth.decode(code)[:-1], distances[:-1], rtol=0.02)
    assert np.isinf(depth.decode(code)[-1])
