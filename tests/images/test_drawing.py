import numpy as np
from PIL import Image

from core.images import drawing


def test_an_outline_is_drawn_on_the_object_and_nowhere_else():
    mask = np.zeros((20, 20), bool)
    mask[5:15, 5:15] = True
    drawn = np.asarray(drawing.with_outline(Image.new("RGB", (20, 20)), mask)).any(axis=2)
    assert drawn.sum() == 4 * 10 - 4
    assert not drawn[~mask].any()
    assert not drawn[6:14, 6:14].any()


def test_heat_colours_hot_places_and_leaves_cold_ones():
    heat = np.zeros((4, 4))
    heat[0, 0] = 1
    shown = np.asarray(drawing.with_heat(Image.new("RGB", (4, 4), (10, 20, 30)), heat, 0.5))
    assert (shown[1:] == (10, 20, 30)).all()
    assert shown[0, 0].sum() > 200
    assert np.array_equal(
        np.asarray(drawing.with_heat(Image.new("RGB", (4, 4)), heat * np.nan, 1.0)), np.zeros((4, 4, 3))
    )


def test_heat_is_lined_at_half_of_its_maximum_and_clear_where_it_is_low():
    heat = np.tile(np.linspace(0, 1, 41), (41, 1))
    plain = Image.new("RGB", (41, 41), (10, 20, 30))
    shown = np.asarray(drawing.with_heat(plain, heat, 1.0))
    clear = heat[0] <= drawing.CLEAR_TO
    assert (shown[:, clear] == (10, 20, 30)).all()
    assert (shown[5, heat[0] == 0.5] == 255).all()
    assert (
        tuple(shown[20, 39]) == tuple(round(each) for each in np.array(drawing.HEAT[-1]) * 1.0)
        or shown[20, 39, 0] > 200
    )


def test_thumbnails_are_small_square_jpegs():
    data = drawing.thumbnail(Image.new("RGB", (300, 200), (200, 10, 10)))
    assert data[:2] == b"\xff\xd8"
    assert len(data) < 8_000
