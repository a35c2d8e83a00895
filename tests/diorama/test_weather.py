"""Weather: what each does to near things, far things and the sky."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from core.diorama.depth import SKY, encode
from core.diorama.weather import WEATHERS, apply

SIZE = 48
#: Sky above, far ground, near ground.
DEPTH = np.repeat(np.r_[[SKY] * 16, [encode(np.array(40.0))] * 16, [encode(np.array(4.0))] * 16][:, None], SIZE, axis=1)
DEPTH = DEPTH.astype(np.uint8)
IMAGE = np.full((SIZE, SIZE, 3), (0.8, 0.3, 0.2), np.float32)


def under(weather, time="day", seed=0):
    return apply(IMAGE, DEPTH, weather, time, np.random.default_rng(seed))


def test_no_weather_changes_nothing():
    np.testing.assert_array_equal(under("none"), IMAGE)


@pytest.mark.parametrize("time", ["day", "night"])
@pytest.mark.parametrize("weather", WEATHERS)
def test_the_same_seed_gives_the_same_pixels_in_range(weather, time):
    first = under(weather, time)
    assert first.dtype == np.float32
    assert first.shape == IMAGE.shape
    assert first.min() >= 0 and first.max() <= 1
    np.testing.assert_array_equal(first, under(weather, time))


@pytest.mark.parametrize("weather", ["partly cloudy", "cloudy", "foggy", "raining", "snowing"])
def test_another_seed_gives_other_pixels(weather):
    assert (under(weather) != under(weather, seed=1)).any()


def pixels() -> str:
    """Every weather over noise, by day and by night, as one digest; a child process prints it too."""
    image = np.random.default_rng(0).random((96, 96, 3), dtype=np.float32)
    depth = np.random.default_rng(1).integers(0, 256, (96, 96)).astype(np.uint8)
    depth[:30] = SKY
    digest = hashlib.sha256()
    for seed in range(5):
        for time in ("day", "night"):
            for weather in WEATHERS:
                digest.update(apply(image, depth, weather, time, np.random.default_rng(seed)).tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("kernels", ["Prescott", "Haswell", "Zen", "SkylakeX"])
def test_the_pixels_do_not_hang_on_the_processor(kernels):
    """BLAS chooses its kernels by the processor; those of others, and numpy without wide vectors, give the same."""
    code = "from tests.diorama.test_weather import pixels; print(pixels())"
    fewer = "AVX512F AVX512_SKX X86_V4" if kernels != "SkylakeX" else ""
    environment = os.environ | {"OPENBLAS_CORETYPE": kernels, "NPY_DISABLE_CPU_FEATURES": fewer}
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert child.stdout.strip() == pixels()


def test_fog_hides_the_far_more_than_the_near():
    change = np.abs(under("foggy") - IMAGE).mean(axis=(1, 2))
    assert change[16:32].mean() > 1.5 * change[32:].mean()


def test_clouds_leave_the_ground_its_colour():
    ground = under("partly cloudy")[32:]
    np.testing.assert_allclose(ground[..., 0] / ground[..., 1], 0.8 / 0.3, rtol=1e-4)


def test_a_cloudy_day_has_less_colour():
    grey = under("cloudy")[32:]
    assert np.ptp(grey.mean(axis=(0, 1))) < 0.7 * 0.6


def test_what_stands_before_all_drops_hides_them():
    near = np.full_like(DEPTH, encode(np.array(1.0)))
    picture = apply(IMAGE, near, "snowing", "day", np.random.default_rng(0))
    np.testing.assert_allclose(picture, np.broadcast_to(picture[0, 0], picture.shape), atol=1e-6)


def test_unknown_weather_and_time_are_refused_with_the_names_to_choose_from():
    with pytest.raises(ValueError, match=r"'hail'.*snowing"):
        under("hail")
    with pytest.raises(ValueError, match=r"'noon'.*day or night"):
        under("cloudy", "noon")
