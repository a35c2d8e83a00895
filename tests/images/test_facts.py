"""Facts about images that were made by hand, so that each number is known."""

import io
import math

import numpy as np
import pytest
from PIL import Image, ImageFilter

from core.errors import DataError, ImageError
from core.images import facts
from core.images.opening import open_rgb


def image_of(pixels):
    return Image.fromarray(np.asarray(pixels, dtype=np.uint8))


def halves(left, right, size=(64, 64)):
    pixels = np.empty((*size, 3), dtype=np.uint8)
    pixels[:, : size[1] // 2], pixels[:, size[1] // 2 :] = left, right
    return image_of(pixels)


def saved(image, quality, **settings):
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, **settings)
    stream.seek(0)
    with Image.open(stream) as opened:
        opened.load()
        return opened


def photo(seed=0, size=(48, 64)):
    return image_of(np.random.default_rng(seed).integers(0, 256, (*size, 3)))


def test_a_uniform_grey_has_brightness_and_nothing_else():
    found = facts.of(Image.new("RGB", (300, 200), (51, 51, 51)))
    assert found == {
        **{"brightness": 0.2, "contrast": 0, "sharpness": 0, "colourfulness": 0, "saturation": 0, "entropy": 0},
        **{"aspect": 1.5, "resolution": 200, "jpeg_quality": None},
    }


def test_the_names_are_those_of_the_factors():
    assert list(facts.of(photo())) == [factor.name for factor in facts.OF_IMAGE]
    assert list(facts.of_mask(np.ones((4, 4), bool))) == [factor.name for factor in facts.OF_MASK]


def test_black_and_white_halves_have_the_most_contrast_and_one_bit():
    found = facts.of(halves((0, 0, 0), (255, 255, 255)))
    assert (found["brightness"], found["contrast"], found["entropy"]) == (0.5, 0.5, 1.0)


def test_four_equal_levels_have_two_bits():
    assert facts.of(image_of(np.repeat([[0, 60, 120, 200]], 8, axis=0)))["entropy"] == 2.0


def test_brightness_weighs_colours_as_bt_601_does():
    # Of 255: 76 red, 150 green, 29 blue.
    for colour, luma in (((255, 0, 0), 0.299), ((0, 255, 0), 0.587), ((0, 0, 255), 0.114)):
        assert facts.of(Image.new("RGB", (9, 9), colour))["brightness"] == pytest.approx(luma, abs=0.002)


def test_saturation_is_the_mean_of_hsv():
    # (200, 100, 100): (200 - 100) / 200 = 0.5; grey: 0.
    found = facts.of(halves((200, 100, 100), (90, 90, 90)))
    assert found["saturation"] == pytest.approx(0.25, abs=0.002)


def test_colourfulness_by_hand():
    # Red: rg = 255, yb = 127.5. Blue: rg = 0, yb = -255. Means 127.5 and -63.75; deviations 127.5 and 191.25.
    expected = math.hypot(127.5, 191.25) + 0.3 * math.hypot(127.5, -63.75)
    assert facts.of(halves((255, 0, 0), (0, 0, 255)))["colourfulness"] == pytest.approx(expected, abs=0.05)
    # One colour alone has no deviation.
    alone = facts.of(Image.new("RGB", (9, 9), (255, 0, 0)))["colourfulness"]
    assert alone == pytest.approx(0.3 * math.hypot(255, 127.5), abs=0.05)


def test_colours_are_the_same_band_by_band(monkeypatch):
    whole = facts.of(photo())
    monkeypatch.setattr(facts, "_BAND", 100)
    assert facts.of(photo()) == whole


def test_sharpness_of_a_checkerboard_by_hand():
    # At 224 pixels nothing is resized. Each pixel differs by 255 from its four neighbours: ±4 x 255, of mean 0.
    board = np.indices((224, 224)).sum(axis=0) % 2 * 255
    assert facts.of(image_of(board))["sharpness"] == pytest.approx((4 * 255) ** 2, rel=0.005)


def test_the_resolution_does_not_decide_sharpness():
    scene = photo(size=(56, 56)).resize((448, 448), Image.Resampling.BICUBIC)
    small, large = (facts.of(scene.resize((side, side)))["sharpness"] for side in (448, 1344))
    assert large == pytest.approx(small, rel=0.1)
    blurred = facts.of(scene.resize((40, 40)).resize((448, 448)))["sharpness"]
    assert blurred < small / 2


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (90, 1), (2, 3), (8000, 90)])
def test_tiny_and_long_images_have_finite_facts(size):
    found = facts.of(Image.new("RGB", size, (10, 200, 30)))
    assert all(math.isfinite(value) for value in found.values() if value is not None)
    assert found["resolution"] == min(size)


@pytest.mark.parametrize("quality", range(10, 96, 5))
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_the_quality_of_a_jpeg_is_found(quality, mode):
    assert facts.of(saved(photo().convert(mode), quality))["jpeg_quality"] == quality


def test_other_programs_tables_get_the_nearest_quality():
    tables = {number: [value + 1 for value in table] for number, table in saved(photo(), 80).quantization.items()}
    assert abs(facts.jpeg_quality(tables) - 80) <= 3


@pytest.mark.parametrize("tables", [None, {}, {0: [1, 2, 3]}])
def test_without_tables_there_is_no_quality(tables):
    assert facts.jpeg_quality(tables) is None


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA"])
def test_every_mode_that_becomes_rgb_is_described(mode):
    assert 0 <= facts.of(photo().convert(mode))["brightness"] <= 1


def test_deep_images_are_refused_by_name():
    with pytest.raises(ImageError, match="more than 8 bits"):
        facts.of(Image.new("I;16", (9, 9)))


def test_a_mask_in_a_corner():
    mask = np.zeros((10, 20), dtype=bool)
    mask[:2, :4] = True
    found = facts.of_mask(mask)
    # 8 of 200 pixels; its centre (2, 1) is (8, 4) from (10, 5), of half a diagonal of (10, 5).
    assert found["object_area"] == 0.04
    assert found["centre_distance"] == pytest.approx(0.8)
    # The border has 2 x 20 + 2 x 8 pixels; 4 above and 1 more at the left.
    assert found["truncation"] == pytest.approx(5 / 56, abs=0.0005)


def test_masks_inside_everywhere_and_nowhere():
    inside = np.zeros((9, 9), dtype=bool)
    inside[3:6, 3:6] = True
    assert facts.of_mask(inside) == {"object_area": round(9 / 81, 4), "centre_distance": 0, "truncation": 0}
    assert facts.of_mask(np.ones((9, 9), bool)) == {"object_area": 1, "centre_distance": 0, "truncation": 1}
    assert facts.of_mask(inside & False) == {"object_area": 0, "centre_distance": None, "truncation": None}
    assert facts.of_mask(np.ones((1, 1), bool))["truncation"] == 1


def test_a_mask_of_another_size_names_both():
    with pytest.raises(DataError, match=r"mask of 'a\.png' is 4 x 3 pixels, its image 5 x 3"):
        facts.require_same_size(np.ones((3, 4), bool), Image.new("L", (5, 3)), "a.png")


@pytest.mark.shared
def test_facts_of_real_photos_follow_what_is_done_to_them(shared):
    for path in sorted((shared / "data" / "imagenet-sample").rglob("*.JPEG"))[:12]:
        original = open_rgb(path)
        plain = facts.of(original)
        assert facts.of(saved(original, 75))["jpeg_quality"] == 75
        dark, grey = facts.of(original.point(lambda level: level // 2)), facts.of(original.convert("L"))
        assert dark["brightness"] == pytest.approx(plain["brightness"] / 2, abs=0.004)
        assert dark["contrast"] == pytest.approx(plain["contrast"] / 2, abs=0.004)
        assert dark["entropy"] < plain["entropy"]
        assert (grey["colourfulness"], grey["saturation"]) == (0, 0)
        assert grey["brightness"] == pytest.approx(plain["brightness"], abs=0.001)
        assert facts.of(original.filter(ImageFilter.GaussianBlur(6)))["sharpness"] < plain["sharpness"] / 4
