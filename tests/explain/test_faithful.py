"""Whether a map is faithful, asked for one image of a benchmark."""

import numpy as np
import pytest
import torch

from core import models
from core.errors import ModelError, UsageError
from core.explain import faithful, one_image, resident
from core.images.opening import open_rgb
from core.images.preprocess import Preprocess
from core.saliency import sanity
from core.saliency.explain import Explainer
from core.saliency.faithfulness import measured
from tests.explain.test_one_image import made, photos, sample, zoo  # noqa: F401

pytestmark = pytest.mark.usefixtures("zoo")


@pytest.mark.parametrize("method", ["grad-cam", pytest.param("input-gradients", marks=pytest.mark.slow)])
def test_the_curves_are_those_of_the_map_that_is_shown(photos, method):  # noqa: F811
    shown = one_image.explain_sample("test_resnet", "imagenet", photos, sample(0), 7, method)
    judged = faithful.judge_sample("test_resnet", "imagenet", photos, sample(0), 7, method)
    model = models.load("test_resnet", "cpu")
    pixels = Preprocess(model.transform)(open_rgb(photos / sample(0)))
    mean, std = (torch.tensor(model.transform[name])[:, None, None] for name in ("mean", "std"))

    def probability_of(batch):
        inputs = (torch.from_numpy(batch).permute(0, 3, 1, 2) - mean) / std
        with torch.no_grad():
            return model.module(inputs).softmax(-1)[:, 7].numpy()

    rows = judged.faithfulness.random[0].insertion.shape[0]
    assert rows == 21
    side = pixels.shape[0]
    grid = (side, side) if method == "input-gradients" else Explainer(model).layer.layout.grid
    expected = measured(pixels, shown.map, probability_of, grid=grid, baseline=model.transform["mean"])
    assert np.allclose(judged.faithfulness.map.insertion, expected.map.insertion, atol=1e-4)
    assert np.allclose(judged.faithfulness.map.deletion, expected.map.deletion, atol=1e-4)
    assert np.allclose(judged.faithfulness.random_mean.deletion, expected.random_mean.deletion, atol=1e-4)
    assert judged.target == 7
    assert judged.message == ""


def watched(monkeypatch):
    """The images of every sanity test from now on."""
    tested, test = [], sanity._tested
    monkeypatch.setattr(sanity, "_tested", lambda model, *args: tested.append(args[0]) or test(model, *args))
    return tested


def test_the_badge_is_tested_once_a_model_and_method_on_several_images(photos, monkeypatch):  # noqa: F811
    tested = watched(monkeypatch)
    first = faithful.judge_sample("test_resnet", "imagenet", photos, sample(0))
    again = faithful.judge_sample("test_resnet", "imagenet", photos, sample(1))
    assert first.badge == again.badge
    assert [len(pixels) for pixels in tested] == [8]
    assert first.badge.n + first.badge.n_vanished == 24


def test_images_that_do_not_open_are_left_out_of_the_badge(photos, monkeypatch):  # noqa: F811
    for number in range(2, 8):
        (photos / sample(number)).write_bytes(b"no image")
    tested = watched(monkeypatch)
    assert faithful.judge_sample("test_resnet", "imagenet", photos, sample(0)).badge is not None
    assert len(tested[0]) == 3


def test_a_view_is_judged_as_it_is_seen(photos):  # noqa: F811
    plain, mirrored = (
        faithful.judge_sample("test_resnet", "imagenet", photos, sample(0), 7, view=view).faithfulness
        for view in ("clean", "mirror")
    )
    assert plain.map.deletion[0] != pytest.approx(mirrored.map.deletion[0], rel=1e-6)


def test_a_model_without_gradients_is_not_judged_and_says_why(photos, monkeypatch):  # noqa: F811
    load = models.load

    def without(*args):
        model = load(*args)
        model.module.no_gradients = "it runs in onnxruntime"
        return model

    monkeypatch.setattr(models, "load", without)
    resident.residents.cache_clear()
    judged = faithful.judge_sample("test_resnet", "imagenet", photos, sample(0))
    assert judged.faithfulness is judged.badge is judged.target is None
    assert "saliency is not available for test_resnet, because it runs in onnxruntime." in judged.message


def test_what_does_not_exist_is_refused(photos):  # noqa: F811
    with pytest.raises(UsageError, match="unknown saliency method"):
        faithful.judge_sample("test_resnet", "imagenet", photos, sample(0), method="gradcam")
    with pytest.raises(UsageError, match="class 5000 does not exist"):
        faithful.judge_sample("test_resnet", "imagenet", photos, sample(0), 5000)
    with pytest.raises(ModelError, match="others now"):
        faithful.judge_sample("test_resnet", "imagenet", photos, sample(0), fingerprint="0" * 64)
