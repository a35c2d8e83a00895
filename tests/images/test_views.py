from statistics import NormalDist

import numpy as np
import pytest

from core.errors import UsageError
from core.images import views


def grey(side=96):
    return np.full((side, side, 3), 0.5, dtype=np.float32)


def noisy(sample_id, view="noise-0.25", image=None):
    return views.get_view(view).apply(grey() if image is None else image, None, views.sample_rng(sample_id, view))


def test_clean_leaves_images_alone():
    clean = views.get_view("clean")
    assert clean.name == "clean"
    assert clean.apply is None
    assert not clean.needs_mask


def test_mirror_swaps_left_and_right_only():
    image = np.arange(2 * 3 * 3, dtype=np.float32).reshape(2, 3, 3) / 18
    mirrored = views.get_view("mirror").apply(image, None, views.sample_rng("a", "mirror"))
    np.testing.assert_array_equal(mirrored[:, 0], image[:, 2])
    np.testing.assert_array_equal(mirrored[:, 1], image[:, 1])
    np.testing.assert_array_equal(mirrored[:, 2], image[:, 0])


def test_noise_levels_are_those_of_hard_imagenet():
    levels = {"noise-0.125", "noise-0.25", "noise-0.375", "noise-0.5", "noise-0.625", "noise-0.75"}
    assert set(views.VIEWS) == {"clean", "mirror"} | levels


@pytest.mark.parametrize("view", ["noise-0.125", "noise-0.75"])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_noise_stays_within_zero_and_one_and_float32(view, level):
    pixels = noisy("a", view, np.full((32, 32, 3), level, dtype=np.float32))
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.float32
    assert pixels.min() >= 0
    assert pixels.max() <= 1


def test_noise_of_an_image_is_the_same_each_time():
    np.testing.assert_array_equal(noisy("koala/1.jpg"), noisy("koala/1.jpg"))


def test_noise_differs_between_images():
    assert abs(np.corrcoef(noisy("koala/1.jpg").ravel(), noisy("koala/2.jpg").ravel())[0, 1]) < 0.05


def test_noise_differs_between_views_of_an_image():
    weak, strong = noisy("a", "noise-0.125").ravel(), noisy("a", "noise-0.25").ravel()
    assert abs(np.corrcoef(weak, strong)[0, 1]) < 0.05


def test_noise_is_independent_between_channels_and_neighbours():
    pixels = noisy("a", "noise-0.125")
    assert abs(np.corrcoef(pixels[..., 0].ravel(), pixels[..., 1].ravel())[0, 1]) < 0.05
    assert abs(np.corrcoef(pixels[:, 1:].ravel(), pixels[:, :-1].ravel())[0, 1]) < 0.05


def test_the_name_of_a_noise_view_is_its_sigma():
    # At four sigmas from black and white, clipping does not show.
    pixels = noisy("a", "noise-0.125")
    assert pixels.std() == pytest.approx(0.125, rel=0.03)
    assert pixels.mean() == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize("sigma", [0.25, 0.5, 0.75])
def test_strong_noise_is_clipped_where_the_normal_distribution_says(sigma):
    pixels = noisy("a", f"noise-{sigma:g}")
    assert (pixels == 0).mean() == pytest.approx(NormalDist().cdf(-0.5 / sigma), abs=0.01)
    assert (pixels == 1).mean() == pytest.approx(NormalDist().cdf(-0.5 / sigma), abs=0.01)


def test_noise_leaves_the_given_image_as_it_was():
    image = grey()
    noisy("a", image=image)
    assert (image == 0.5).all()


@pytest.mark.parametrize(("typed", "meant"), [("miror", "mirror"), ("noise-0.2", "noise-0.25")])
def test_an_unknown_view_names_the_nearest_one(typed, meant):
    with pytest.raises(UsageError, match=rf"unknown view '{typed}'\. Did you mean .*'{meant}'.*Known: clean"):
        views.get_view(typed)
