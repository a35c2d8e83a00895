import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError, UsageError
from core.images import compositing

RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 128, 0)


def cutout(width=40, height=20, alpha=255):
    """A rectangle, its left half blue and its right half red."""
    pixels = np.zeros((height, width, 4), dtype=np.uint8)
    pixels[:, : width // 2, :3], pixels[:, width // 2 :, :3] = BLUE, RED
    pixels[..., 3] = alpha
    return Image.fromarray(pixels, "RGBA")


def on_green(foreground, *, area=0.08, x=0.5, y=0.5, angle_deg=0.0, resolution=100):
    """Composed on plain green; an area of 0.08 leaves the 40x20 cut-out at its own size (800 of 10,000 pixels)."""
    background = Image.new("RGB", (130, 110), GREEN)
    return compositing.compose(foreground, background, area=area, x=x, y=y, angle_deg=angle_deg, resolution=resolution)


def rectangle(top, bottom, left, right, side=100):
    mask = np.zeros((side, side), dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


def test_a_box_in_the_middle_is_wholly_inside():
    assert compositing.place((100, 50), x=0.5, y=0.5, resolution=(200, 100)) == compositing.Placement(
        50, 25, 100, 50, 1.0
    )


def test_a_box_centred_on_the_left_edge_is_half_inside():
    assert compositing.place((100, 100), x=0, y=0.5, resolution=(400, 400)) == compositing.Placement(
        -50, 150, 100, 100, 0.5
    )


@pytest.mark.parametrize(("x", "left"), [(0, -50), (1, 350)])
@pytest.mark.parametrize(("y", "top"), [(0, -30), (1, 370)])
def test_a_box_centred_on_a_corner_is_a_quarter_inside(x, y, left, top):
    assert compositing.place((100, 60), x=x, y=y, resolution=(400, 400)) == compositing.Placement(
        left, top, 100, 60, 0.25
    )


def test_a_box_that_leaves_the_image_is_not_inside_at_all():
    assert compositing.place((10, 10), x=2, y=0.5, resolution=(100, 100)).inside_fraction == 0


def test_a_box_larger_than_the_image_is_inside_by_the_ratio_of_areas():
    # 200x400 around the centre of 100x100: 10,000 of 80,000 pixels.
    assert compositing.place((200, 400), x=0.5, y=0.5, resolution=(100, 100)).inside_fraction == 0.125


def test_corners_are_truncated_towards_zero_as_in_the_original():
    # int(0 - 50.5) is -50, so 51 of 101 columns are inside; int(200 - 50.5) is 149.
    placement = compositing.place((101, 101), x=0, y=0.5, resolution=(400, 400))
    assert (placement.left, placement.top) == (-50, 149)
    assert placement.inside_fraction == pytest.approx(51 / 101)


def test_the_centre_is_truncated_to_a_whole_pixel_first():
    # x * W is 49.5: the centre is 49, and the corner int(49 - 5.5) = 43; without truncation it would be 44.
    assert compositing.place((11, 10), x=0.495, y=0.5, resolution=(100, 100)).left == 43


@pytest.mark.parametrize(("area", "size"), [(0.5, (100, 50)), (0.08, (40, 20)), (0.02, (20, 10)), (1.0, (141, 70))])
def test_area_is_the_box_as_a_share_of_the_background(area, size):
    box = compositing.scale_and_rotate(cutout(), area=area, angle_deg=0, resolution=(100, 100))
    assert box.size == size
    assert box.mode == "RGBA"


def test_area_counts_pixels_of_a_background_that_is_not_square():
    box = compositing.scale_and_rotate(cutout(), area=0.5, angle_deg=0, resolution=(250, 40))
    assert box.size == (100, 50)


def test_a_quarter_turn_swaps_width_and_height_of_the_box():
    assert compositing.scale_and_rotate(cutout(), area=0.5, angle_deg=90, resolution=(100, 100)).size == (50, 100)


def test_a_slanted_box_grows_so_that_nothing_is_cut_off():
    # A square of side 100 turned by 45 degrees is 100 * sqrt(2) = 141.4 wide; Pillow may add a pixel on each side.
    box = compositing.scale_and_rotate(cutout(100, 100), area=0.25, angle_deg=45, resolution=(200, 200))
    assert box.size[0] == box.size[1]
    assert 141 <= box.size[0] <= 144


@pytest.mark.parametrize("area", [0, -0.1, float("nan")])
def test_an_area_that_is_not_above_zero_is_an_error(area):
    with pytest.raises(UsageError, match="area must be above 0"):
        on_green(cutout(), area=area)


def test_an_area_of_less_than_a_pixel_is_an_error_that_says_what_to_do():
    # One pixel for a 1000x1 cut-out: its height would be sqrt(1 / 1000).
    with pytest.raises(UsageError, match="1000x1 cut-out 31x0 pixels; use a larger area or resolution"):
        on_green(cutout(1000, 1), area=0.0001)


@pytest.mark.parametrize(
    ("angle_deg", "red", "blue"),
    [
        (0, (65, 50), (35, 50)),
        (90, (50, 35), (50, 65)),
        (180, (35, 50), (65, 50)),
        (270, (50, 65), (50, 35)),
        (45, (60, 40), (40, 60)),
    ],
)
def test_rotation_is_counter_clockwise(angle_deg, red, blue):
    # The red end points right; a quarter turn counter-clockwise points it up.
    image = on_green(cutout(), angle_deg=angle_deg).image
    assert image.getpixel(red) == RED
    assert image.getpixel(blue) == BLUE


def test_the_mask_is_where_the_object_is_and_the_background_is_elsewhere():
    # 20x40 after the turn, centred on (50, 50): columns 40..59, rows 30..69.
    composed = on_green(cutout(), angle_deg=90)
    np.testing.assert_array_equal(composed.mask, rectangle(30, 70, 40, 60))
    pixels = np.asarray(composed.image)
    assert (pixels[~composed.mask] == GREEN).all()
    assert not (pixels[composed.mask] == GREEN).all(axis=-1).any()
    assert composed.mask.dtype == bool


def test_the_mask_of_an_object_at_a_corner_holds_what_is_visible():
    composed = on_green(cutout(), x=0, y=1)
    np.testing.assert_array_equal(composed.mask, rectangle(90, 100, 0, 20))
    assert composed.inside_fraction == 0.25


def test_a_transparent_part_of_the_cut_out_shows_the_background():
    foreground = cutout()
    foreground.paste((0, 0, 0, 0), (20, 0, 40, 20))
    composed = on_green(foreground)
    np.testing.assert_array_equal(composed.mask, rectangle(40, 60, 30, 50))
    assert composed.image.getpixel((60, 50)) == GREEN


@pytest.mark.parametrize(("alpha", "n_object"), [(127, 0), (128, 800)])
def test_the_mask_begins_at_half_opacity(alpha, n_object):
    assert on_green(cutout(alpha=alpha)).mask.sum() == n_object


def test_a_half_transparent_object_is_blended_with_the_background():
    # Alpha 51 is a fifth: red 255 / 5 = 51, green 128 * 4 / 5 = 102.4.
    red, green, blue = on_green(cutout(alpha=51)).image.getpixel((65, 50))
    assert (red, blue) == (51, 0)
    assert green == pytest.approx(102.4, abs=1)


def test_a_cut_out_without_transparency_is_an_error():
    with pytest.raises(DataError, match=r"cut-out with transparency.*mode RGB"):
        on_green(cutout().convert("RGB"))


def test_a_palette_image_with_a_transparent_colour_is_a_cut_out():
    palette = Image.new("P", (40, 20), 1)
    palette.putpalette([0, 0, 0, *RED])
    palette.paste(0, (0, 0, 20, 20))
    palette.info["transparency"] = 0
    composed = on_green(palette)
    np.testing.assert_array_equal(composed.mask, rectangle(40, 60, 50, 70))
    assert composed.image.getpixel((60, 50)) == RED


def test_a_background_is_its_top_left_square_resized():
    background = Image.new("RGB", (90, 70), RED)
    background.paste(GREEN, (0, 0, 70, 70))
    square = compositing.square_background(background, (100, 100))
    assert square.size == (100, 100)
    assert square.getcolors() == [(10_000, GREEN)]


def test_a_grey_background_becomes_rgb():
    assert compositing.square_background(Image.new("L", (30, 40), 7), (20, 20)).getcolors() == [(400, (7, 7, 7))]


def test_composing_leaves_the_given_images_as_they_were():
    foreground, background = cutout(), Image.new("RGB", (100, 100), GREEN)
    compositing.compose_prepared(foreground, background, x=0.5, y=0.5)
    assert background.getcolors() == [(10_000, GREEN)]
    assert foreground.tobytes() == cutout().tobytes()


def test_a_resolution_may_be_width_and_height():
    composed = on_green(cutout(), area=0.5, resolution=(50, 200))
    assert composed.image.size == (50, 200)
    assert composed.mask.shape == (200, 50)


@pytest.mark.shared
@pytest.mark.parametrize("number", range(6))
def test_composites_equal_those_of_the_original_code(shared, number):
    folder = shared / "data" / "si-score"
    cases = json.loads((folder / "reference" / "cases.json").read_text(encoding="utf-8"))
    assert len(cases) == 6
    case = cases[number]
    (cut,) = (folder / "foreground_samples" / case["fg"]).iterdir()
    with Image.open(cut) as foreground, Image.open(folder / "background_samples" / case["bg"]) as background:
        composed = compositing.compose(
            foreground,
            background,
            area=case["area"],
            x=case["x"],
            y=case["y"],
            angle_deg=case["rotation"],
            resolution=tuple(case["res"]),
        )
    with Image.open(folder / "reference" / case["file"]) as reference:
        assert reference.mode == composed.image.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(composed.image), np.asarray(reference))
    assert hashlib.sha256(composed.image.tobytes()).hexdigest() == case["sha256"]
    assert round(composed.inside_fraction, 4) == case["pct_inside"]
