"""Prompt scores of one image of a benchmark."""

import math

import pytest

from core import models
from core.errors import ModelError, NotAvailableError
from core.explain import prompts, resident
from core.explain.faithful import judge_sample
from core.explain.one_image import explain_sample
from core.saliency.explain import Explainer
from tests.explain.test_one_image import made, photos, sample, zoo  # noqa: F401


@pytest.fixture
def clip(tmp_path, monkeypatch):
    tiny_models = pytest.importorskip("tests.tiny_models")
    tiny_models.tiny_open_clip(tmp_path / "clips" / "tiny-clip")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "clips"))
    resident.residents.cache_clear()
    yield "tiny-clip?prompts=simple-7"
    resident.residents.cache_clear()


def test_every_prompt_of_every_class_has_its_score_and_the_ensemble_is_what_the_model_says(clip, photos):  # noqa: F811
    (first, p_first), (second, p_second) = explain_sample(clip, "imagenet", photos, sample(0)).top5[:2]
    found = prompts.prompts_of_sample(clip, "imagenet", photos, sample(0), [first, second])
    assert found["class_index"].tolist() == [first] * 8 + [second] * 8
    assert found["is_ensemble"].tolist() == [True, *[False] * 7] * 2
    near = found[found["is_ensemble"]]["similarity"].tolist()
    with resident.residents().use(clip) as held:
        scale = float(held.model.module.head.scale)
    # The ratio of two probabilities is that of the exponentials of their logits.
    assert math.log(p_first / p_second) == pytest.approx(scale * (near[0] - near[1]), abs=1e-3)


def test_a_result_of_other_prompts_is_not_explained_by_these(clip, photos):  # noqa: F811
    now = models.describe(clip).head
    assert explain_sample(clip, "imagenet", photos, sample(0), head=now).state == "map"
    for ask in (
        lambda: explain_sample(clip, "imagenet", photos, sample(0), head="zero-shot: 1 prompt"),
        lambda: judge_sample(clip, "imagenet", photos, sample(0), head="zero-shot: 1 prompt"),
        lambda: prompts.prompts_of_sample(clip, "imagenet", photos, sample(0), [1], head="zero-shot: 1 prompt"),
    ):
        with pytest.raises(
            ModelError, match=r"are others now \(zero-shot: 7 .* than those of this result \(zero-shot: 1"
        ):
            ask()


def test_a_map_of_a_text_is_explained(clip, photos):  # noqa: F811
    found = explain_sample(clip, "imagenet", photos, sample(0), 7)
    assert found.state == "map"
    assert found.map.shape == found.image.shape[:2]


def test_other_prompts_are_another_model_in_memory(clip, photos):  # noqa: F811
    held = resident.residents()
    with held.use(clip):
        pass
    with held.use("tiny-clip?prompts=single"):
        pass
    with held.use(clip) as found:
        assert Explainer(found.model).layer.name.startswith("visual.")
    assert len(held.names()) == 2


def test_a_model_without_prompts_is_refused(zoo, photos):  # noqa: F811
    with pytest.raises(NotAvailableError, match="no prompts to compare"):
        prompts.prompts_of_sample("test_resnet", "imagenet", photos, sample(0), [1])
