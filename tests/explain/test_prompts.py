"""Prompt scores of one image of a benchmark."""

import pytest

from core.errors import NotAvailableError
from core.explain import prompts, resident
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
    found = prompts.prompts_of_sample(clip, "imagenet", photos, sample(0), [7, 3])
    assert found["class_index"].tolist() == [7] * 8 + [3] * 8
    whole = found[found["is_ensemble"]]["similarity"].tolist()
    said = dict(explain_sample(clip, "imagenet", photos, sample(0)).top5)
    with resident.residents().use(clip) as held:
        head = held.model.module.head
    best = list(said)
    again = prompts.prompts_of_sample(clip, "imagenet", photos, sample(0), best[:2])
    near = again[again["is_ensemble"]]["similarity"].tolist()
    assert near[0] >= near[1]
    assert max(whole) <= near[0] + 1e-6
    assert head is not None


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
