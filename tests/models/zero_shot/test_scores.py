"""How near an image is to every prompt of a class."""

import numpy as np
import pytest
import torch

from core import models
from core.errors import ModelError, NotAvailableError, UsageError
from core.models.forward import Forward
from core.models.zero_shot.prompts import prompts_of
from core.models.zero_shot.scores import COLUMNS, prompt_scores
from tests.tiny_models import tiny_open_clip

open_clip = pytest.importorskip("open_clip")

PIXELS = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


@pytest.fixture
def model(tmp_path):
    """A tiny OpenCLIP model of FOCUS's ten classes and seven prompts, loaded."""
    tiny_open_clip(tmp_path / "tiny", init_logit_bias=-2.0)
    return models.load(f"open-clip:{tmp_path / 'tiny'}?classes=focus-10", "cpu")


def test_scores_are_the_cosines_that_open_clip_gives(model, tmp_path):
    found = prompt_scores(model, PIXELS, [3, 0])
    assert tuple(found.columns) == COLUMNS
    assert len(found) == 2 * (1 + 7)
    network, _, transform = open_clip.create_model_and_transforms(f"local-dir:{tmp_path / 'tiny'}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{tmp_path / 'tiny'}")
    templates = prompts_of("simple-7").templates
    texts = [template.format(name) for name in ("ship", "truck") for template in templates]
    singly = found[~found["is_ensemble"]]
    assert singly["prompt"].tolist() == texts
    assert singly["template"].tolist() == [*templates, *templates]
    assert singly["class_index"].tolist() == [3] * 7 + [0] * 7
    assert singly["class_name"].tolist() == ["ship"] * 7 + ["truck"] * 7
    image = transform.transforms[-1](torch.from_numpy(PIXELS).permute(2, 0, 1) / 255)[None]
    with torch.no_grad():
        features = network.eval().encode_image(image, normalize=True)
        cosines = network.encode_text(tokenizer(texts), normalize=True) @ features[0]
    np.testing.assert_allclose(singly["similarity"], cosines, atol=1e-5)
    assert found["similarity"].between(-1, 1).all()
    assert singly["similarity"].std() > 1e-3


def test_an_ensembles_score_is_its_logit_without_scale_and_bias(model):
    found = prompt_scores(model, PIXELS, [9, 2, 5])
    whole = found[found["is_ensemble"]]
    assert whole["class_index"].tolist() == [9, 2, 5]
    assert whole["prompt"].tolist() == ["", "", ""]
    logits = Forward(model)(torch.from_numpy(PIXELS)[None])[0]
    expected = (logits[[9, 2, 5]] + 2.0) / model.module.head.scale
    np.testing.assert_allclose(whole["similarity"], expected, atol=1e-5)


def test_the_text_tower_is_read_once_for_a_class(model, monkeypatch):
    first = prompt_scores(model, PIXELS, [1])
    with monkeypatch.context() as patched:
        patched.setattr(open_clip.CLIP, "encode_text", lambda *_, **__: pytest.fail("asked again"))
        again = prompt_scores(model, PIXELS, [1])
    assert first.equals(again)
    assert len(prompt_scores(model, PIXELS, [1, 4])) == 16


def test_presets_keep_the_scores_of_their_pixels(tmp_path):
    tiny_open_clip(tmp_path / "tiny")
    spec = f"open-clip:{tmp_path / 'tiny'}?classes=focus-10&prompts=single&interpolation=bilinear"
    found = prompt_scores(models.load(spec, "cpu"), PIXELS, [0])
    assert found["prompt"].tolist() == ["", "a photo of a truck"]
    # One prompt is its own ensemble.
    assert found["similarity"][0] == pytest.approx(found["similarity"][1], abs=1e-6)


def test_a_model_with_classes_of_its_own_has_none(toy_model, model):
    with pytest.raises(NotAvailableError, match="which no text names"):
        prompt_scores(toy_model, PIXELS, [0])
    with pytest.raises(NotAvailableError, match="described, not loaded"):
        prompt_scores(models.describe(model.source), PIXELS, [0])


@pytest.mark.parametrize("classes", [[10], [-1], [0, 0]])
def test_classes_that_are_none_of_the_models_are_refused(model, classes):
    with pytest.raises(UsageError, match="give indices from 0 to 9"):
        prompt_scores(model, PIXELS, classes)


def test_pixels_of_another_shape_are_refused(model):
    for pixels in (PIXELS[:16], PIXELS.astype(np.float32), PIXELS[..., :1]):
        with pytest.raises(UsageError, match=r"is shown pixels uint8 \(32, 32, 3\)"):
            prompt_scores(model, pixels, [0])


def test_weights_that_were_trained_on_are_not_mixed_with_those_that_were_loaded(model, tmp_path):
    tiny_open_clip(tmp_path / "tiny", init_logit_bias=-2.0, seed=1)
    with pytest.raises(ModelError, match="others now than those that were loaded"):
        prompt_scores(model, PIXELS, [0])
