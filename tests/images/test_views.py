from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.errors import UsageError
from core.images.preprocess import Preprocess
from core.images.views import get_views, known_views, views_with
from core.images.views.base import random_of
from core.images.views.pixelwise import gaussian_noise
from tests.conftest import TOY_TRANSFORM


def shown(view, picture, sample_id="a", transform=TOY_TRANSFORM):
    """One view of a picture, at the model's input size."""
    pixels, _ = views_with(view).one(view, picture, None, Preprocess(transform), random_of(sample_id))
    return pixels


def noisy(sample_id, view="noise-0.25", level=0.5, side=96):
    """Noise on an even grey: the same generator as a picture of that level would get."""
    sigma = float(view.removeprefix("noise-"))
    return gaussian_noise(np.full((side, side, 3), level, np.float32), random_of(sample_id)(view), sigma)


def test_clean_leaves_images_alone():
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8))
    assert np.array_equal(shown("clean", picture), np.asarray(picture))
    assert not get_views("clean").needs_mask


def test_mirror_swaps_left_and_right_only():
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8))
    assert np.array_equal(shown("mirror", picture), np.asarray(picture)[:, ::-1])


def test_noise_levels_are_those_of_hard_imagenet_and_none():
    table = pd.DataFrame(get_views("noise").rows())
    assert table["sigma"].tolist() == [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75]
    assert table["view"].tolist() == [f"noise-{sigma:g}" for sigma in table["sigma"]]


@pytest.mark.parametrize("views", known_views().values(), ids=lambda views: views.name)
def test_a_family_renders_one_picture_for_each_row_of_one_type_and_says_where_the_object_is(views):
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8))
    mask = np.zeros((60, 90), bool)
    mask[:, :45] = True
    transform = {**TOY_TRANSFORM, "crop_pct": 0.75}
    rendered = list(views.render(picture, mask, Preprocess(transform), random_of("a")))
    masks = list(views.masks(mask, Preprocess(transform)))
    assert len(rendered) == len(masks) == len(views.rows()) == len(set(views.names))
    assert {pixels.shape for pixels in rendered} == {(32, 32, 3)}
    assert len({pixels.dtype for pixels in rendered}) == 1
    assert {(each.shape, each.dtype) for each in masks} == {((32, 32), np.dtype(bool))}
    assert all({"view", *(factor.name for factor in views.factors)} == set(row) for row in views.rows())
    for table in views.tables:
        assert table.computed or set(table.by) <= {factor.name for factor in views.factors}


def test_a_view_of_one_name_is_the_same_in_every_family():
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8))
    mask = np.zeros((40, 40), bool)
    mask[5:20, 10:30] = True
    found = {}
    for views in known_views().values():
        rendered = views.render(picture, mask, Preprocess(TOY_TRANSFORM), random_of("a"))
        for name, pixels in zip(views.names, rendered, strict=True):
            # A family that changes pixels gives 0..1 for all of its views, the clean one too.
            pixels = pixels / np.float32(255) if pixels.dtype == np.uint8 else pixels
            assert np.array_equal(found.setdefault(name, pixels), pixels)


def test_a_picture_that_gets_noise_gets_it_at_the_models_size():
    picture = Image.fromarray(np.full((96, 96, 3), 128, np.uint8))
    transform = {**TOY_TRANSFORM, "input_size": [3, 96, 96]}
    expected = gaussian_noise(np.full((96, 96, 3), 128 / 255, np.float32), random_of("a")("noise-0.25"), 0.25)
    np.testing.assert_array_equal(shown("noise-0.25", picture, transform=transform), expected)


def test_the_five_crops_are_the_corners_and_the_centre_of_the_resized_image():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    transform = {**TOY_TRANSFORM, "input_size": [3, 48, 48], "crop_pct": 0.75}
    crops = list(get_views("five-crop").render(Image.fromarray(pixels), None, Preprocess(transform), random_of("a")))
    # The shorter side is 64 already, so nothing is resampled.
    corners = [(8, 24), (0, 0), (0, 48), (16, 0), (16, 48)]
    for crop, (top, left) in zip(crops, corners, strict=True):
        assert np.array_equal(crop, pixels[top : top + 48, left : left + 48])
    assert np.array_equal(crops[0], shown("clean", Image.fromarray(pixels), transform=transform))


def test_the_mask_of_a_crop_is_cropped_alike():
    mask = np.zeros((64, 96), bool)
    mask[:, :48] = True
    transform = {**TOY_TRANSFORM, "input_size": [3, 48, 48], "crop_pct": 0.75}
    masks = dict(
        zip(get_views("five-crop").names, get_views("five-crop").masks(mask, Preprocess(transform)), strict=True)
    )
    assert masks["crop-top-left"].all()
    assert not masks["crop-bottom-right"].any()
    assert masks["crop-centre"][:, :24].all()
    assert not masks["crop-centre"][:, 24:].any()


@pytest.mark.parametrize("view", ["noise-0.125", "noise-0.75"])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_noise_stays_within_zero_and_one_and_float32(view, level):
    pixels = noisy("a", view, level, 32)
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
    image = np.full((96, 96, 3), 0.5, np.float32)
    gaussian_noise(image, random_of("a")("noise-0.25"), 0.25)
    assert (image == 0.5).all()


@pytest.mark.parametrize(("typed", "meant"), [("miror", "mirror"), ("noise-0.2", "noise-0.25")])
def test_an_unknown_view_names_the_nearest_one(typed, meant):
    with pytest.raises(UsageError, match=rf"unknown view '{typed}'\. Did you mean .*'{meant}'.*Known: clean"):
        get_views(typed)
    with pytest.raises(UsageError, match=rf"unknown view '{typed}'\. Did you mean .*'{meant}'"):
        views_with(typed)


def test_a_familys_cost_is_in_passes():
    assert get_views("clean").passes == 1
    assert get_views("zoom-324").passes == 324
    # MEMO looks at 64 crops, forward and back, and again.
    assert get_views("memo").passes > 64 * 3
