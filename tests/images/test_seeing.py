"""What a model gets of an image."""

import numpy as np
import pytest
from PIL import Image

from core.errors import UsageError
from core.images.preprocess import Preprocess
from core.images.seeing import see
from core.images.views.pixelwise import Mirror
from tests.conftest import TOY_TRANSFORM

HALVES = Image.fromarray(np.repeat(np.array([[0, 255]], np.uint8), 32, axis=1).repeat(64, axis=0), "L")


def test_the_clean_view_gives_the_pixels_as_they_are():
    preprocess = Preprocess(TOY_TRANSFORM)
    seen = see(HALVES, preprocess)
    assert seen.pixels.dtype == np.uint8
    assert np.array_equal(seen.pixels, preprocess(HALVES.convert("RGB")))
    assert seen.picture is seen.pixels
    assert seen.mask is None


def test_a_mirrored_image_has_a_mirrored_mask():
    mask = np.zeros((64, 64), bool)
    mask[:, 32:] = True
    preprocess = Preprocess(TOY_TRANSFORM)
    clean, mirrored = (see(HALVES, preprocess, view, "a", mask) for view in ("clean", "mirror"))
    assert np.array_equal(mirrored.picture, clean.picture[:, ::-1])
    assert np.array_equal(mirrored.mask, clean.mask[:, ::-1])
    assert clean.mask[:, -1].all()
    assert not mirrored.mask[:, -1].any()


def test_noise_belongs_to_the_image_and_is_always_the_same():
    first, again, other = (see(HALVES, Preprocess(TOY_TRANSFORM), "noise-0.25", name).pixels for name in "aab")
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_view_that_needs_a_mask_says_so(monkeypatch):
    monkeypatch.setattr(Mirror, "needs_mask", True)
    with pytest.raises(UsageError, match="view 'mirror' needs object masks"):
        see(HALVES, Preprocess(TOY_TRANSFORM), "mirror")
