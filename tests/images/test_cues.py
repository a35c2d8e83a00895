import hashlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError, ImageError
from core.images.ablation import KINDS, ablate
from core.images.opening import open_rgb
from core.images.preprocess import Preprocess
from core.images.views import get_views, views_with
from core.images.views.base import random_of
from core.images.views.cues import BY_NORM, DRAWS, PER_PIXEL, REGIONS, noisy
from tests.conftest import REPO, TOY_TRANSFORM

FAMILIES = ("ablations", "rfs", "rfs-l2", "all-cues")
#: The toy model's crop leaves out a sixteenth of a square on each side.
PREPROCESS = Preprocess({**TOY_TRANSFORM, "crop_pct": 0.875})


def photo(seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (60, 90, 3), np.uint8))


def square():
    """A mask of a photo: a square left of the middle."""
    mask = np.zeros((60, 90), bool)
    mask[15:40, 20:45] = True
    return mask


def shown(family, mask=None, picture=None, preprocess=PREPROCESS):
    """All views of a picture by their names."""
    views, picture = get_views(family), picture or photo()
    rendered = views.render(picture, square() if mask is None else mask, preprocess, random_of("koala/1.jpg"))
    return dict(zip(views.names, rendered, strict=True))


@pytest.fixture(scope="module")
def families():
    """The views of one picture in each family."""
    return {family: shown(family) for family in FAMILIES}


@pytest.fixture(scope="module")
def seen():
    """The mask of that picture at the toy model's input size."""
    return PREPROCESS.mask(square())


def rows_of(family):
    return {row["view"]: row for row in get_views(family).rows()}


def test_the_ablations_and_what_they_are():
    assert get_views("ablations").rows() == [
        {"view": "clean", "ablation": "none"},
        {"view": "gray", "ablation": "gray"},
        {"view": "gray-box", "ablation": "gray-box"},
        {"view": "tile", "ablation": "tile"},
        {"view": "mean-colour", "ablation": "mean-colour"},
    ]


def test_noisy_views_are_six_strengths_on_two_sides_in_three_draws():
    rows = rows_of("rfs")
    assert len(rows) == 37
    assert rows["clean"] == {"view": "clean", "region": "none", "sigma": 0, "draw": 0}
    assert rows["noise-fg@0.125-1"] == {"view": "noise-fg@0.125-1", "region": "fg", "sigma": 0.125, "draw": 1}
    assert rows["noise-bg@0.75-3"] == {"view": "noise-bg@0.75-3", "region": "bg", "sigma": 0.75, "draw": 3}
    del rows["clean"]
    cells = {(row["region"], row["sigma"], row["draw"]) for row in rows.values()}
    assert cells == {(r, s / 8, d) for r in ("fg", "bg") for s in range(1, 7) for d in (1, 2, 3)}


def test_noise_by_its_norm_has_norms_of_30_to_180():
    rows = rows_of("rfs-l2")
    assert len(rows) == 37
    assert rows["clean"] == {"view": "clean", "region": "none", "l2": 0, "draw": 0}
    assert rows["noise-bg-l2@30-2"] == {"view": "noise-bg-l2@30-2", "region": "bg", "l2": 30, "draw": 2}
    del rows["clean"]
    cells = {(row["region"], row["l2"], row["draw"]) for row in rows.values()}
    assert cells == {(r, 30 * n, d) for r in ("fg", "bg") for n in range(1, 7) for d in (1, 2, 3)}


def test_all_cues_are_the_ablations_and_the_pixel_noise():
    rows = rows_of("all-cues")
    assert list(rows) == [*get_views("ablations").names, *get_views("rfs").names[1:]]
    assert rows["tile"] == {"view": "tile", "ablation": "tile", "region": "none", "sigma": 0, "draw": 0}
    noise = {"view": "noise-bg@0.5-2", "ablation": "none", "region": "bg", "sigma": 0.5, "draw": 2}
    assert rows["noise-bg@0.5-2"] == noise
    assert rows["clean"] == {"view": "clean", "ablation": "none", "region": "none", "sigma": 0, "draw": 0}


@pytest.mark.parametrize("family", FAMILIES)
def test_factors_are_complete_and_tables_are_computed(family):
    views = get_views(family)
    assert views.needs_mask
    for row in views.rows():
        assert set(row) == {"view", *(factor.name for factor in views.factors)}
        for factor in views.factors:
            assert factor.parse(row[factor.name]) == row[factor.name]
    assert all(table.computed for table in views.tables)
    expected = {"ablations": ["ablation"], "all-cues": ["ablation", "rfs", "rfs_by_class"]}
    assert [table.name for table in views.tables] == expected.get(family, ["rfs", "rfs_by_class"])


@pytest.mark.parametrize("family", FAMILIES)
def test_views_are_float32_within_zero_and_one_and_the_mask_is_the_same_in_all(family, families, seen):
    for pixels in families[family].values():
        assert pixels.dtype == np.float32
        assert pixels.shape == (32, 32, 3)
        assert pixels.min() >= 0
        assert pixels.max() <= 1
    masks = list(get_views(family).masks(square(), PREPROCESS))
    assert len(masks) == len(families[family])
    assert all(np.array_equal(each, seen) for each in masks)


def test_a_name_means_the_same_pixels_in_every_family(families):
    found = {}
    for views in families.values():
        for name, pixels in views.items():
            assert found.setdefault(name, pixels).tobytes() == pixels.tobytes()
    assert len(found) == 1 + 4 + 36 + 36
    clean = PREPROCESS(photo()).astype(np.float32) / 255
    np.testing.assert_array_equal(found["clean"], clean)


def test_ablations_are_made_at_the_models_input_size(families, seen):
    for kind in KINDS:
        expected = ablate(families["ablations"]["clean"], seen, kind)
        np.testing.assert_array_equal(families["ablations"][kind], expected)
    assert 0 < seen.sum() < seen.size


def test_a_pixel_belongs_to_the_object_if_at_least_half_of_it_does():
    # Half the size: a pixel of the result holds four of the mask. Two of four count, one does not.
    preprocess = Preprocess({**TOY_TRANSFORM, "interpolation": "box"})
    mask = np.zeros((64, 64), bool)
    mask[0, 0] = mask[0, 2:4] = mask[2:4, 0:2] = True
    (found,) = np.nonzero(preprocess.mask(mask).ravel())
    assert found.tolist() == [1, 32]


@pytest.mark.parametrize("mean", [0.0, 0.5, 1.0])
def test_what_is_padded_is_no_part_of_the_object_whatever_its_colour(mean):
    preprocess = Preprocess({**TOY_TRANSFORM, "crop_mode": "border", "mean": [mean] * 3})
    # Twice as wide as high: a quarter is padded above, and as much below.
    found = preprocess.mask(np.ones((20, 40), bool))
    assert found[8:24].all()
    assert not found[:8].any()
    assert not found[24:].any()


@pytest.mark.parametrize("family", ["rfs", "rfs-l2"])
def test_the_other_side_stays_as_it_is_bit_for_bit(family, families, seen):
    clean = families[family]["clean"]
    for name, pixels in families[family].items():
        region = rows_of(family)[name]["region"]
        if region != "none":
            noised = seen if region == "fg" else ~seen
            assert pixels[~noised].tobytes() == clean[~noised].tobytes()
            # Noise of the weakest view moves nearly every channel that is not clipped.
            assert (pixels[noised] != clean[noised]).mean() > 0.7


GREY = np.full((48, 64, 3), 0.5, np.float32)
HALF = np.zeros((48, 64), bool)
HALF[:, :24] = True


def noise_on_grey(strengths, mask=HALF, rng=None):
    """What noise adds to an even grey, by draw, region and value."""
    found = noisy(GREY, mask, strengths, rng or random_of("a"))
    keys = [(draw, region, value) for draw in DRAWS for region in REGIONS for value in strengths.values]
    return {key: pixels - GREY for key, pixels in zip(keys, found, strict=True)}


def test_one_field_of_a_draw_serves_all_strengths_and_both_sides():
    found = noise_on_grey(PER_PIXEL)
    for draw in DRAWS:
        field = random_of("a")(f"noise-{draw}").standard_normal(GREY.shape, dtype=np.float32)
        for region, noised in (("fg", HALF), ("bg", ~HALF)):
            for value in PER_PIXEL.values:
                expected = np.clip(value * field[noised], -0.5, 0.5)
                np.testing.assert_allclose(found[draw, region, value][noised], expected, atol=1e-6)


def test_draws_and_images_have_fields_of_their_own():
    first = noise_on_grey(PER_PIXEL)
    other = noise_on_grey(PER_PIXEL, rng=random_of("b"))
    weak = [first[draw, "fg", 0.125][HALF].ravel() for draw in DRAWS] + [other[1, "fg", 0.125][HALF].ravel()]
    apart = np.corrcoef(weak)[np.triu_indices(4, 1)]
    # Of 3,456 values: three standard errors are 0.05.
    assert np.abs(apart).max() < 0.06


class Small:
    """A generator whose noise is so small that scaling it to any norm clips nothing, and known by heart."""

    def standard_normal(self, shape, dtype):
        return np.tile(np.array([3, -4, 0], dtype), (*shape[:2], 1)) / 10


def test_a_field_is_scaled_to_the_norm_of_its_region_before_it_is_clipped():
    # Each pixel of the field has the norm 0.5. A region of 48 x 24 = 1,152 pixels has sqrt(1152) / 2 = 16.97, so for a
    # norm of 30 the channels get 0.3 and -0.4 times 30 / 16.97, which is clipped to half the range on either side.
    found = noise_on_grey(BY_NORM, rng=lambda _: Small())
    np.testing.assert_allclose(found[1, "fg", 30.0][HALF], np.tile([0.5, -0.5, 0], (1152, 1)), atol=1e-6)
    # Outside are 48 x 40 = 1,920 pixels, sqrt(1920) / 2 = 21.909: 0.3 and -0.4 times 30 / 21.909 = 1.36931.
    np.testing.assert_allclose(found[1, "bg", 30.0][~HALF], np.tile([0.410792, -0.5, 0], (1920, 1)), atol=1e-5)


def test_the_norm_is_reached_where_nothing_is_clipped():
    # With 224 x 224 pixels, a norm of 30 is a standard deviation of 30 / sqrt(224 * 112 * 3) = 0.109 in half of them:
    # 4.6 of these from grey to black.
    grey = np.full((224, 224, 3), 0.5, np.float32)
    mask = np.zeros((224, 224), bool)
    mask[:112] = True
    found = noisy(grey, mask, BY_NORM, random_of("a"))
    names = [(draw, region, value) for draw in DRAWS for region in REGIONS for value in BY_NORM.values]
    weak = [pixels - grey for key, pixels in zip(names, found, strict=True) if key[2] == 30]
    assert len(weak) == 6
    for each in weak:
        assert np.linalg.norm(each.astype(np.float64)) == pytest.approx(30, rel=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_side_without_pixels_stays_as_it_is(family):
    views = shown(family, mask=np.full((60, 90), True))
    for name, row in rows_of(family).items():
        assert np.isfinite(views[name]).all()
        if row.get("region") == "bg":
            assert views[name].tobytes() == views["clean"].tobytes()
        elif row.get("region") == "fg":
            assert (views[name] != views["clean"]).mean() > 0.7


@pytest.mark.parametrize("family", FAMILIES)
def test_an_image_of_whose_object_the_model_sees_nothing_is_left_out(family):
    """Its answers would count as given without the object, though nothing was taken away."""
    with pytest.raises(ImageError, match="has no pixel in its mask"):
        shown(family, mask=np.full((60, 90), False))
    corner = np.full((60, 90), False)
    corner[:, :3] = True
    with pytest.raises(ImageError, match="lies outside of the model's crop"):
        shown(family, mask=corner)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_view_alone_is_the_view_in_its_family_in_any_order(family, families):
    views = get_views(family)
    for name in reversed(views.names):
        pixels, mask = views.one(name, photo(), square(), PREPROCESS, random_of("koala/1.jpg"))
        assert pixels.tobytes() == families[family][name].tobytes()
        assert np.array_equal(mask, PREPROCESS.mask(square()))


def test_a_view_is_found_by_its_name_in_the_smallest_family():
    assert views_with("clean").name == "clean"
    assert views_with("tile").name == "ablations"
    assert views_with("noise-fg@0.5-1").name == "rfs"
    assert views_with("noise-bg-l2@120-3").name == "rfs-l2"


def test_views_are_made_one_at_a_time():
    asked = []

    def rng(name):
        asked.append(name)
        return random_of("a")(name)

    rendered = get_views("rfs").render(photo(), square(), PREPROCESS, rng)
    next(rendered)
    assert asked == []
    for _ in range(12):
        next(rendered)
    assert asked == ["noise-1"]
    next(rendered)
    assert asked == ["noise-1", "noise-2"]


def test_views_do_not_share_memory(families):
    kept = list(families["all-cues"].values())
    for at, pixels in enumerate(kept):
        assert not any(np.shares_memory(pixels, other) for other in kept[at + 1 :])


IN_ANOTHER_PROCESS = """
import hashlib
from core.images.views import get_views
from core.images.views.base import random_of
from tests.images.test_cues import PREPROCESS, photo, square
pixels, _ = get_views("rfs-l2").one("noise-bg-l2@90-2", photo(), square(), PREPROCESS, random_of("koala/1.jpg"))
print(hashlib.sha256(pixels.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_a_view_is_the_same_in_another_process(families):
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS], cwd=REPO, capture_output=True, text=True, check=True
    )
    expected = hashlib.sha256(families["rfs-l2"]["noise-bg-l2@90-2"].tobytes()).hexdigest()
    assert done.stdout.split() == [expected]


def test_a_missing_mask_is_an_error():
    with pytest.raises(DataError, match="there is no mask of the object, which the views 'rfs' need"):
        next(get_views("rfs").render(photo(), None, PREPROCESS, random_of("a")))


def test_a_mask_of_another_size_than_its_image_is_an_error_that_names_both():
    with pytest.raises(DataError, match="the mask is 60 x 90 pixels and the image 90 x 60"):
        shown("ablations", mask=square().T)


@pytest.mark.shared
@pytest.mark.parametrize(
    "wnid", ["n02777292", "n03535780", "n03899768", "n04019541", "n04264628", "n04540053"], ids=lambda wnid: wnid
)
def test_of_a_real_photo_the_object_goes_and_the_rest_stays(shared, wnid):
    (path,) = (shared / "data" / "hard-imagenet-mini" / "val").glob(f"{wnid}_*")
    photo_path = shared / "data" / "imagenet-sample" / wnid / path.name.removeprefix(f"{wnid}_")
    # Squashed, because a square crop in the middle leaves nothing of the volleyball.
    transform = {**TOY_TRANSFORM, "input_size": [3, 224, 224], "interpolation": "bicubic", "crop_mode": "squash"}
    preprocess = Preprocess(transform)
    mask = np.asarray(open_rgb(path))[..., 0] >= 128
    views = shown("ablations", mask=mask, picture=open_rgb(photo_path), preprocess=preprocess)
    seen = preprocess.mask(mask)
    assert seen.any()
    for kind in ("gray", "mean-colour"):
        assert len(np.unique(views[kind][seen], axis=0)) == 1
        np.testing.assert_array_equal(views[kind][~seen], views["clean"][~seen])
    # No pixel of a tile depends on the object's.
    covered = np.where(seen[..., None], np.float32(1), views["clean"])
    np.testing.assert_array_equal(views["tile"], ablate(covered, seen, "tile"))
