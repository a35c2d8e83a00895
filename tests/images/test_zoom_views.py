"""Families of zoomed views and of random crops."""

import numpy as np
import pytest
from PIL import Image

from core.errors import UsageError
from core.images.preprocess import Preprocess
from core.images.seeing import see
from core.images.views import get_views, known_views, views_with
from core.images.views.base import random_of
from core.images.views.random_crops import MAX_CROPS, RandomCrops
from core.images.zoom import SIZES, crop
from tests.conftest import TOY_TRANSFORM

PREPROCESS = Preprocess(TOY_TRANSFORM)
ZOOMS = {"zoom-9": 9, "zoom-36": 36, "zoom-324": 324}


def photo(width=90, height=60):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


@pytest.mark.parametrize(("family", "n"), ZOOMS.items())
def test_a_family_of_zooms_begins_with_the_single_crop(family, n):
    views = get_views(family)
    assert len(set(views.names)) == n
    assert views.rows()[0] == {"view": "zoom@256,1,1", "size": 256, "row": 1, "col": 1}
    assert views.card().names[0] == "zoom@256,1,1"
    assert views.dense
    assert not views.needs_mask
    for row in views.rows():
        assert row["view"] == f"zoom@{row['size']:g},{row['row']:g},{row['col']:g}"
        assert all(factor.parse(row[factor.name]) == row[factor.name] for factor in views.factors)


def test_of_the_families_without_parameters_only_zooms_are_dense():
    assert {views.name for views in known_views().values() if views.dense} == set(ZOOMS)


def test_the_families_are_all_sizes_the_middle_and_the_usual_size():
    cells = {
        family: [tuple(row[name] for name in ("size", "row", "col")) for row in get_views(family).rows()]
        for family in ZOOMS
    }
    assert set(cells["zoom-324"]) == {(size, row, col) for size in SIZES for row in range(3) for col in range(3)}
    assert set(cells["zoom-36"]) == {(size, 1, 1) for size in SIZES}
    assert set(cells["zoom-9"]) == {(256, row, col) for row in range(3) for col in range(3)}
    assert cells["zoom-324"][:9] == cells["zoom-9"]
    assert cells["zoom-36"][1:3] == [(10, 1, 1), (16, 1, 1)]


@pytest.mark.parametrize("family", ZOOMS)
@pytest.mark.parametrize("side", [32, 45])
def test_a_zoomed_view_is_the_crop_of_its_name(family, side):
    views = get_views(family)
    preprocess = Preprocess({**TOY_TRANSFORM, "input_size": [3, side, side]})
    rendered = views.render(photo(), None, preprocess, random_of("a"))
    for row, pixels in zip(views.rows(), rendered, strict=True):
        assert pixels.dtype == np.uint8
        expected = crop(photo(), **{name: int(row[name]) for name in ("size", "row", "col")}, side=side)
        assert np.array_equal(pixels, expected)


def test_an_input_that_is_not_square_gets_crops_of_its_shape():
    preprocess = Preprocess({**TOY_TRANSFORM, "input_size": [3, 28, 56]})
    # 256 * 28 / 224 = 32 pixels, and the image is 32 x 48: anchors at 15 and 24, corners at 15 - 14 and 24 - 28.
    found = see(photo(48, 32), preprocess, "zoom@256,1,1").pixels
    assert found.shape == (28, 56, 3)
    assert np.array_equal(found[:, 4:52], np.asarray(photo(48, 32))[1:29])
    assert not found[:, :4].any()
    assert not found[:, 52:].any()


def test_a_zoom_is_found_by_name_and_the_same_alone():
    views = get_views("zoom-324")
    for at in (0, 8, 9, 150, 323):
        name = views.names[at]
        found = views_with(name)
        assert name in found.names
        pixels, mask = found.one(name, photo(), None, PREPROCESS, random_of("a"))
        assert np.array_equal(pixels, list(views.render(photo(), None, PREPROCESS, random_of("a")))[at])
        assert mask is None
    assert views_with("zoom@256,0,2").name == "zoom-9"
    assert views_with("zoom@64,1,1").name == "zoom-36"
    assert views_with("zoom@64,0,1").name == "zoom-324"


def test_a_zoomed_mask_moves_with_its_image_and_is_empty_outside():
    mask = np.zeros((60, 90), bool)
    mask[20:40, 30:60] = True
    picture = Image.fromarray(mask).convert("RGB")
    views = get_views("zoom-324")
    rendered = views.render(picture, mask, PREPROCESS, random_of("a"))
    for name, pixels, seen in zip(views.names, rendered, views.masks(mask, PREPROCESS), strict=True):
        assert seen.dtype == bool
        assert np.array_equal(seen, pixels[..., 0] >= 128)
        if name in ("zoom@1024,1,1", "zoom@48,0,0"):
            alone, alone_mask = views.one(name, picture, mask, PREPROCESS, random_of("a"))
            assert np.array_equal(alone, pixels)
            assert np.array_equal(alone_mask, seen)


def test_zooms_are_made_one_size_at_a_time(monkeypatch):
    made = []
    resize = Image.Image.resize
    monkeypatch.setattr(
        Image.Image, "resize", lambda self, size, *rest, **more: made.append(size) or resize(self, size, *rest, **more)
    )
    rendered = get_views("zoom-324").render(photo(30, 20), None, PREPROCESS, random_of("a"))
    for _ in range(9):
        next(rendered)
    # 256 * 32 / 224 = 36.57, so 37 x 55: once across, then down over all columns at once.
    assert made == [(55, 20), (55, 37)]
    for _ in range(9):
        next(rendered)
    # 10 * 32 / 224 = 1.43: made smaller, so in one go.
    assert made[2:] == [(1, 1)]


@pytest.mark.parametrize("name", ["zoom@256,1,3", "zoom@257,1,1", "zoom@256", "zoom@256,1,1,1"])
def test_a_zoom_that_is_none_is_named_with_the_nearest(name):
    with pytest.raises(
        UsageError, match=rf"unknown view '{name}'\. Did you mean .*zoom@256.*zoom@256,1,1 to zoom@1024"
    ):
        views_with(name)


def test_random_crops_are_a_family_by_their_parameters():
    views = get_views("tta-rrc@3,0.25,1")
    assert views.name == "tta-rrc@3,0.25,1"
    assert views.names == ["rrc@0.25,1-1", "rrc@0.25,1-2", "rrc@0.25,1-3"]
    assert [row["draw"] for row in views.rows()] == [1, 2, 3]
    assert get_views("tta-rrc@3,0.250,1.0").name == views.name
    assert get_views(f"tta-rrc@{MAX_CROPS},.08,1").names[-1] == f"rrc@0.08,1-{MAX_CROPS}"


def test_the_first_crops_of_many_are_those_of_few():
    few, many = (
        list(get_views(f"tta-rrc@{n},0.2,0.6").render(photo(), None, PREPROCESS, random_of("a"))) for n in (2, 6)
    )
    assert all(np.array_equal(one, other) for one, other in zip(few, many, strict=False))
    assert len({pixels.tobytes() for pixels in many}) == 6
    other = next(get_views("tta-rrc@2,0.2,0.6").render(photo(), None, PREPROCESS, random_of("b")))
    assert not np.array_equal(other, few[0])
    alone = see(photo(), PREPROCESS, "rrc@0.2,0.6-2", "a").pixels
    assert np.array_equal(alone, few[1])


def test_the_mask_of_a_random_crop_is_where_its_object_is():
    mask = np.zeros((60, 90), bool)
    mask[:, 45:] = True
    seen = see(Image.fromarray(mask), PREPROCESS, "rrc@0.1,0.4-5", "a", mask)
    assert np.array_equal(seen.mask, seen.pixels[..., 0] >= 128)
    with pytest.raises(UsageError, match="depends on the image: ask for one view"):
        get_views("tta-rrc@5,0.1,0.4").masks(mask, PREPROCESS)


class Fixed:
    """A generator that always draws the least share and a ratio of 1, and the last place."""

    def uniform(self, low, high):
        return low if low > 0 else 0.0

    def integers(self, low, high):
        return np.asarray(high) - 1


def test_a_random_crop_is_cut_before_it_is_resized():
    # A quarter of 64 x 64 pixels at ratio 1 is 32 x 32, in the last place below right: no resampling.
    image = photo(64, 64)
    views = RandomCrops(1, (0.25, 0.5))
    pixels = next(views.render(image, None, PREPROCESS, lambda _: Fixed()))
    assert np.array_equal(pixels, np.asarray(image)[32:, 32:])


def test_the_whole_of_a_square_image_is_its_plain_resize():
    image = photo(70, 70)
    for pixels in get_views("tta-rrc@4,1,1").render(image, None, PREPROCESS, random_of("a")):
        assert np.array_equal(pixels, np.asarray(image.resize((32, 32), Image.Resampling.BICUBIC)))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tta-rrc@0,0.2,1", r"'tta-rrc@0,0\.2,1': 0 crops of each image, but it can be 1 to 128: such as tta-rrc@16"),
        ("tta-rrc@129,0.2,1", r"129 crops of each image, but it can be 1 to 128"),
        ("tta-rrc@8,0,1", r"shares of the area from 0 to 1, but they must rise, above 0 and up to 1: such as tta-rrc@"),
        ("tta-rrc@8,0.9,0.3", r"from 0\.9 to 0\.3, but they must rise"),
        ("tta-rrc@8,0.2,1.5", r"from 0\.2 to 1\.5, but they must rise, above 0 and up to 1"),
        ("tta-rrc@8", r"needs the number of crops and two shares of the area: such as tta-rrc@16,0\.25,1"),
        ("tta-rrc", r"needs the number of crops and two shares"),
        ("tta-rrc@eight,0.2,1", r"'eight' is no number of crops"),
        ("tta-rrc@-1,0.2,1", r"'-1' is no number of crops"),
        ("tta-rrc@8,nan,1", r"'nan' is no share of the area"),
        ("tta-rcr@8,0.2,1", r"unknown view 'tta-rcr@8,0\.2,1'\. Did you mean .*'tta-rrc@N,lo,hi'"),
    ],
)
def test_a_wrong_parameter_is_named_with_the_fix(name, says):
    with pytest.raises(UsageError, match=says):
        get_views(name)


@pytest.mark.parametrize("view", ["rrc@0.2,1-0", "rrc@0.2,1-129", "rrc@0.2,1-01", "rrc@0.20,1-3", "rrc@0.2,1"])
def test_a_crop_that_is_none_is_unknown(view):
    with pytest.raises(UsageError, match=r"unknown view|1 to 128"):
        views_with(view)
