"""What a model is in words, and which benchmarks it fits."""

import pytest

from core import paths
from core.answers import models
from core.answers.catalogue import KnownModel
from core.types import Model

TRANSFORM = {
    "input_size": [3, 224, 224],
    "interpolation": "bicubic",
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
    "crop_pct": 0.9,
    "crop_mode": "center",
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        # 224 / 0.9 is 248.9, which timm rounds down.
        ({}, "shorter side to 248 px (bicubic), the central 224 x 224, normalised by ImageNet's mean and standard"),
        ({"crop_pct": 1.0, "interpolation": "bilinear"}, "shorter side to 224 px (bilinear), the central 224 x 224"),
        ({"crop_mode": "squash", "crop_pct": 1.0}, "squashed to 224 x 224 px (bicubic), normalised"),
        ({"crop_mode": "squash", "crop_pct": 0.875}, "squashed to 256 x 256 px (bicubic), the central 224 x 224, norm"),
        (
            {"input_size": [3, 224, 448], "crop_pct": 1.0},
            "shorter side to 224 x 448 px (bicubic), the central 224 x 448",
        ),
        ({"crop_mode": "center-floor", "crop_pct": 1.0}, "shorter side to 224 px (bicubic), the central 224 x 224"),
        ({"crop_mode": "squash-floor", "crop_pct": 1.0}, "squashed to 224 x 224 px (bicubic), normalised"),
        ({"crop_mode": "border-black", "crop_pct": 1.0}, "wholly within 224 px (bicubic), on a ground of black"),
        ({"crop_mode": "border", "crop_pct": 1.0}, "wholly within 224 px (bicubic), on a ground of its mean colour"),
    ],
)
def test_a_preprocessing_is_said_in_words(changes, said):
    assert models.shown_in_words({**TRANSFORM, **changes}).startswith(said)


@pytest.mark.parametrize(
    ("mean", "std", "said"),
    [
        ([0.5] * 3, [0.5] * 3, "values of -1 to 1"),
        ([0, 0, 0], [1, 1, 1], "values of 0 to 1"),
        ([0.1, 0.2, 0.3], [0.25] * 3, "less (0.1, 0.2, 0.3), divided by 0.25"),
    ],
)
def test_a_normalisation_is_said_by_its_name_or_its_numbers(mean, std, said):
    assert models.shown_in_words({**TRANSFORM, "mean": mean, "std": std}).endswith(said)


def test_imported_predictions_do_not_say():
    assert models.shown_in_words({}) == "unknown"


def fit_of(model, key):
    return next(each for each in models.fits(model) if each.key == key)


def test_what_fits_and_why_not(tmp_path):
    model = KnownModel("m", "resnet50.a1_in1k", "imagenet-1k", benchmarks=("diorama/size",))
    ready = fit_of(model, "diorama/size")
    assert (ready.fits, ready.has_data, ready.why, ready.is_ready, ready.has_result) == (True, True, "", True, True)
    away = fit_of(model, "imagenet")
    assert (away.fits, away.has_data, away.why) == (True, False, "its images are not on this machine")
    masks = tmp_path / "masks"
    masks.mkdir()
    paths.remember_data("hard-imagenet", masks)
    assert fit_of(model, "hard-imagenet").why == "the photographs that its masks are of are not on this machine"
    ten = KnownModel("t", "resnet50.a1_in1k", "focus-10")
    other = fit_of(ten, "imagenet")
    assert (other.fits, other.is_ready) == (False, False)
    assert other.why == "it takes 1,000 ImageNet classes, and the model gives 10 FOCUS classes"
    assert [each.fits for each in models.fits(ten)] == sorted((each.fits for each in models.fits(ten)), reverse=True)


def test_a_file_of_predictions_can_be_run_on_nothing():
    found = models.fits(KnownModel("m", "predictions:a.csv", "imagenet-1k", is_file=True))
    assert not any(each.fits for each in found)
    assert "cannot be run" in found[0].why


def test_facts_leave_out_what_there_is_nothing_to_say_of():
    model = Model("m", "resnet50.a1_in1k", "resnet50", "imagenet-1k", 1000, TRANSFORM, "ab" * 32)
    assert models.facts_of(model) == {
        "name to type": "resnet50.a1_in1k",
        "kind": "timm",
        "architecture": "resnet50",
        "classes": "1,000 ImageNet classes",
        "preprocessing": models.shown_in_words(TRANSFORM),
        "weights": "abababababababab (SHA-256)",
    }


def test_code_of_a_users_own_is_known_by_its_name():
    assert models.is_of_python("python:net.py:make")
    assert models.is_of_python(" PYTHON:net.py:make?preset=zoom-paper")
    assert not models.is_of_python("pythonic")
