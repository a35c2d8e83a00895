"""What a rendered picture must show whatever is modelled."""

import numpy as np
import pytest
import torch

from core.diorama.render import LIGHTS, cut_out
from core.diorama.solids import Pattern, Shape

WHITE, RED, BLUE = (0.8, 0.8, 0.8), (0.8, 0.05, 0.05), (0.05, 0.05, 0.8)


@pytest.fixture(autouse=True)
def _no_gradients():
    with torch.inference_mode():
        yield


def picture(shape, yaw_deg=0.0, pitch_deg=0.0, size=48, light="day", samples=2):
    (found,) = cut_out(shape, yaw_deg=yaw_deg, pitch_deg=pitch_deg, size=size, lights=[LIGHTS[light]], samples=samples)
    return found


def ball():
    shape = Shape()
    shape.part(WHITE).ellipsoid((0, 0.5, 0), (0.5, 0.5, 0.5))
    return shape


def arrow():
    """White, with a red tip in front."""
    shape = Shape()
    shape.part(WHITE).box((0, 0.5, 0), (1, 0.2, 0.2))
    shape.part(RED).box((1.2, 0.5, 0), (0.25, 0.2, 0.2))
    return shape


def redness(pixels):
    return (pixels[..., 0].astype(int) - pixels[..., 2] > 60) & (pixels[..., 3] > 128)


def test_a_ball_is_a_disc_that_fills_its_picture():
    alpha = picture(ball())[..., 3]
    height, width = alpha.shape
    assert max(height, width) == 48
    assert abs(height - width) <= 1
    # A disc covers pi / 4 of its square; the frame leaves a pixel of air.
    assert 0.68 < (alpha > 127).mean() < 0.80
    assert alpha[0].max() < 255
    assert alpha[:, 0].max() < 255


def test_edges_are_soft_and_the_inside_is_opaque():
    alpha = picture(ball())[..., 3]
    assert set(np.unique(alpha)) > {0, 255}
    assert alpha[20:28, 20:28].min() == 255


def test_an_object_at_yaw_90_faces_the_picture_s_right():
    columns = np.nonzero(redness(picture(arrow(), yaw_deg=90)))[1]
    assert columns.min() > 30
    columns = np.nonzero(redness(picture(arrow(), yaw_deg=270)))[1]
    assert columns.max() < 18


def test_an_object_at_yaw_0_faces_the_camera_and_at_180_it_is_seen_from_behind():
    assert redness(picture(arrow(), yaw_deg=0)).mean() > 0.5
    assert redness(picture(arrow(), yaw_deg=180)).mean() < 0.01


def test_a_camera_above_sees_the_top():
    shape = Shape()
    shape.part(WHITE).box((0, 0.5, 0), (0.5, 0.5, 0.5))
    shape.part(RED).box((0, 1.02, 0), (0.5, 0.05, 0.5))
    assert redness(picture(shape, pitch_deg=60)).mean() > 3 * redness(picture(shape, pitch_deg=5)).mean()


def test_day_light_comes_from_above_and_from_the_left_of_the_picture_at_any_yaw():
    for yaw in (0, 90, 200):
        grey = picture(ball(), yaw_deg=yaw)[..., :3].mean(axis=2)
        height, width = grey.shape
        assert grey[height // 4, width // 2] > grey[3 * height // 4, width // 2] + 10
        assert grey[height // 2, width // 4] > grey[height // 2, 3 * width // 4]


def test_night_is_darker_and_bluer():
    day, night = picture(ball()), picture(ball(), light="night")
    inside = day[..., 3] == 255
    assert night[inside][:, :3].mean() < 0.6 * day[inside][:, :3].mean()
    assert night[inside][:, 2].mean() > night[inside][:, 0].mean()


def test_what_glows_is_seen_at_night():
    dark, lamp = ball(), Shape()
    lamp.part(WHITE, glow=1.0).ellipsoid((0, 0.5, 0), (0.5, 0.5, 0.5))
    assert picture(lamp, light="night")[..., :3].max() > picture(dark, light="night")[..., :3].max() + 40


def test_a_roof_throws_a_shadow():
    def plate(with_roof):
        shape = Shape()
        shape.part(WHITE).box((0, 0.05, 0), (1, 0.05, 1))
        if with_roof:
            shape.part(WHITE).box((0, 1.2, 0), (0.5, 0.05, 0.5))
        return picture(shape, pitch_deg=35, size=64)

    lit, shaded = plate(False), plate(True)
    darkest = [pixels[pixels[..., 3] == 255][:, :3].mean(axis=1).min() for pixels in (lit, shaded)]
    assert darkest[1] < darkest[0] - 25


def test_a_mirrored_part_stands_on_both_sides():
    shape = Shape()
    shape.part(WHITE).box((0, 0.5, 0), (0.3, 0.3, 0.3))
    shape.part(RED, mirror=True).ellipsoid((0, 0.5, 0.6), (0.2, 0.2, 0.2))
    columns = np.nonzero(redness(picture(shape)).any(axis=0))[0]
    assert columns.min() < 16 < 32 < columns.max()


def test_stripes_run_across_their_axis():
    shape = Shape()
    shape.part(WHITE, pattern=Pattern("stripes", BLUE, scale=2, axis=0)).box((0, 0.5, 0), (1, 0.3, 0.3))
    pixels = picture(shape, yaw_deg=90, size=96)
    middle = pixels[pixels.shape[0] // 2]
    blue = (middle[:, 2].astype(int) - middle[:, 0] > 60)[4:-4]
    # Two a unit over two units: four dark bands, so about eight changes along the middle row.
    assert 6 <= np.abs(np.diff(blue.astype(int))).sum() <= 9


def test_the_same_shape_gives_the_same_pixels():
    np.testing.assert_array_equal(picture(arrow(), 33, 12), picture(arrow(), 33, 12))


def test_one_picture_is_made_for_each_light():
    day, night = cut_out(ball(), yaw_deg=0, pitch_deg=0, size=24, lights=[LIGHTS["day"], LIGHTS["night"]])
    np.testing.assert_array_equal(day[..., 3], night[..., 3])
    np.testing.assert_array_equal(day, picture(ball(), size=24))
