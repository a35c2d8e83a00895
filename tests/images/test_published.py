import numpy as np
import pytest
from PIL import Image
from torchvision import transforms

from core.errors import DataError, ImageError, UsageError
from core.images.ablation import KINDS, ablate
from core.images.preprocess import Preprocess
from core.images.published import PublishedPreprocess
from core.images.views import get_views, views_with
from core.images.views.base import random_of
from core.images.views.cues_as_published import SUFFIX, as_published
from tests.conftest import TOY_TRANSFORM

PAIRS = ("ablations", "rfs", "rfs-l2", "all-cues")
#: A model that neither squashes nor uses bilinear.
PREPROCESS = Preprocess({**TOY_TRANSFORM, "interpolation": "bicubic", "crop_pct": 0.9})


def photo(width=90, height=60):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


def square():
    mask = np.zeros((60, 90), bool)
    mask[15:40, 30:55] = True
    return mask


def shown(family, mask=None, preprocess=PREPROCESS):
    """All views of the photo by their names."""
    views = get_views(family)
    rendered = views.render(photo(), square() if mask is None else mask, preprocess, random_of("koala/1.jpg"))
    return dict(zip(views.names, rendered, strict=True))


@pytest.mark.parametrize("size", [(500, 300), (120, 333), (256, 256)])
def test_an_image_is_resized_and_cropped_as_torchvision_does(size):
    steps = transforms.Compose([transforms.Resize((256, 256)), transforms.CenterCrop(224)])
    np.testing.assert_array_equal(PublishedPreprocess((224, 224))(photo(*size)), np.asarray(steps(photo(*size))))


@pytest.mark.parametrize(("side", "squashed"), [(224, 256), (32, 36), (240, 274), (384, 438)])
def test_for_other_models_both_sides_scale_with_the_input(side, squashed):
    # 256 / 224 times 32 is 36.6, times 240 is 274.3, times 384 is 438.9.
    assert PublishedPreprocess((side, side)).resized(photo()).size == (squashed, squashed)
    assert PublishedPreprocess((side, side))(photo()).shape == (side, side, 3)


def test_the_picture_is_squashed_whatever_the_model_does():
    # Two of three columns are black. Squashed, they still are; a crop of the middle would leave half of them.
    picture = np.zeros((60, 180, 3), np.uint8)
    picture[:, 120:] = 255
    seen = PublishedPreprocess((224, 224))(Image.fromarray(picture))
    # Of 256 columns 170.67 are black, of which the crop cuts 16 away.
    assert (seen[112, :, 0] < 128).sum() == 155


def test_a_pixel_that_the_object_only_touches_belongs_to_it():
    # Two columns make one. The object: 100 to 109, which fill 50 to 54; bilinear weights reach two columns away from
    # the middle of what becomes one, so 49 and 55 have some of it too. The crop takes 16 away.
    mask = np.zeros((512, 512), bool)
    mask[:, 100:110] = True
    seen = PublishedPreprocess((224, 224)).mask(mask)
    assert np.flatnonzero(seen[0]).tolist() == list(range(33, 40))
    half = Preprocess({**TOY_TRANSFORM, "input_size": [3, 224, 224], "crop_pct": 0.875, "crop_mode": "squash"}).mask(
        mask
    )
    assert np.flatnonzero(half[0]).tolist() == list(range(34, 39))


@pytest.mark.parametrize("own", PAIRS)
def test_a_family_is_the_own_one_after_the_published_resize(own):
    published = PublishedPreprocess((32, 32))
    expected, found = shown(own, preprocess=_Rule(published)), shown(f"{own}{SUFFIX}")
    assert list(found) == [f"{name}{SUFFIX}" for name in expected]
    for name, pixels in expected.items():
        assert found[f"{name}{SUFFIX}"].tobytes() == pixels.tobytes()
    (seen,) = {each.tobytes() for each in get_views(f"{own}{SUFFIX}").masks(square(), PREPROCESS)}
    assert seen == published.mask(square()).tobytes() != PREPROCESS.mask(square()).tobytes()


class _Rule:
    """Stands for a model whose own preprocessing is the published one."""

    def __init__(self, published):
        self.size, self.mask, self.picture = published.size, published.mask, published.picture

    def __call__(self, image):
        return np.asarray(self.picture(image))


def test_ablations_take_the_grown_object_away():
    views, seen = shown("ablations-as-published"), PublishedPreprocess((32, 32)).mask(square())
    clean = views["clean-as-published"]
    np.testing.assert_array_equal(clean, PublishedPreprocess((32, 32))(photo()).astype(np.float32) / 255)
    for kind in KINDS:
        np.testing.assert_array_equal(views[f"{kind}{SUFFIX}"], ablate(clean, seen, kind))
    assert 0 < seen.sum() < seen.size


@pytest.mark.parametrize("own", PAIRS)
def test_factors_and_tables_are_those_of_the_own_family(own):
    ours, theirs = get_views(own), get_views(f"{own}{SUFFIX}")
    assert theirs.factors == ours.factors
    assert theirs.tables == ours.tables
    assert theirs.needs_mask
    without = [{name: value for name, value in row.items() if name != "view"} for row in ours.rows()]
    assert [{name: value for name, value in row.items() if name != "view"} for row in theirs.rows()] == without


def test_a_view_is_found_by_its_name_in_the_smallest_family():
    assert views_with("clean-as-published").name == "ablations-as-published"
    assert views_with("tile-as-published").name == "ablations-as-published"
    assert views_with("noise-bg@0.5-1-as-published").name == "rfs-as-published"
    assert views_with("tile").name == "ablations"


def test_an_object_that_squashing_brings_into_the_crop_is_seen():
    # The left sixth: the model's own square crop of the middle cuts it away, the squashed image keeps some of it.
    mask = np.zeros((60, 90), bool)
    mask[:, :15] = True
    with pytest.raises(ImageError, match="lies outside of the model's crop"):
        shown("ablations", mask=mask)
    assert len(shown("ablations-as-published", mask=mask)) == 5
    with pytest.raises(ImageError, match="has no pixel in its mask"):
        shown("ablations-as-published", mask=np.zeros((60, 90), bool))


def test_what_is_missing_is_named():
    with pytest.raises(DataError, match="no mask of the object, which the views 'rfs-as-published' need"):
        next(get_views("rfs-as-published").render(photo(), None, PREPROCESS, random_of("a")))
    with pytest.raises(UsageError, match=r"'clean' have no published way: give --view ablations, rfs, rfs-l2 or all-c"):
        as_published("clean")


def test_the_published_family_of_a_name():
    assert as_published("ablations") == as_published("ablations-as-published") == "ablations-as-published"
    assert as_published("rfs-l2") == "rfs-l2-as-published"
