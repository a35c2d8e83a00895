"""Penultimate features: what they are, where they are kept, and for which models there are none."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import timm
import torch

from core import labels, models
from core.benchmarks import open_benchmark
from core.errors import DataError, NotAvailableError, StoreError, UsageError
from core.evaluate import features
from core.evaluate.loop import evaluate
from core.evaluate.work import Sight
from core.explain import probes
from tests.benchmarks.test_focus import focus
from tests.conftest import TOY_TRANSFORM
from tests.models.test_sources import make_folder


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    make_folder(tmp_path / "zoo" / "tiny")
    return tmp_path / "zoo"


@pytest.fixture
def photos(tmp_path):
    """Cars of many shades, on streets and in snow."""
    rows = [(f"/car/{n}.jpg", "car", "day", "none", "snow" if n % 2 else "street", "no") for n in range(44)]
    root = focus(tmp_path / "photos", rows=rows)
    return open_benchmark("focus", root)


@pytest.mark.parametrize(
    "architecture", ["test_vit", "test_efficientnet", "test_resnet", "test_convnext", "test_mambaout"]
)
def test_features_and_head_give_the_models_own_logits(architecture):
    module = timm.create_model(architecture, pretrained=False, num_classes=10).eval()
    size = module.pretrained_cfg["input_size"]
    model = models.from_module(module, "m", label_space="focus-10", transform={**TOY_TRANSFORM, "input_size": size})
    body, head = features.split(model)
    inputs = torch.rand(2, *size)
    with torch.inference_mode():
        expected, values = module(inputs), body.module(inputs)
    assert values.shape == (2, head.shape[1] - 1)
    found = values.numpy() @ head[:, :-1].T + head[:, -1]
    assert np.allclose(found, expected.numpy(), atol=1e-4)


def test_a_model_without_a_linear_head_is_refused_with_the_reason(toy_model):
    with pytest.raises(
        NotAvailableError, match=r"not available for brightest-channel, .* one linear layer, and it has none"
    ):
        features.split(toy_model)


def test_a_model_with_more_behind_its_last_layer_is_refused():
    class Doubled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = torch.nn.Linear(3, 10)

        def forward(self, inputs):
            return 2 * self.fc(inputs.mean(dim=(2, 3)))

    model = models.from_module(Doubled(), "doubled", label_space="focus-10", transform=TOY_TRANSFORM)
    with pytest.raises(NotAvailableError, match="what follows its layer 'fc' is more than that layer"):
        features.split(model)


def test_interrupted_extraction_goes_on_with_the_images_that_are_missing(zoo, photos, monkeypatch):
    run = evaluate("tiny", photos)
    whole = np.array(features.keep(run, photos).values)
    for name in (features.FEATURES, features.HEAD):
        (features.folder(run) / name).unlink()

    class StoppedError(Exception):
        pass

    def stop(progress):
        if progress.done >= 16:
            raise StoppedError

    with pytest.raises(StoppedError):
        features.keep(run, photos, batch_size=8, progress=stop)
    assert features.read(run) is None
    asked = []
    look_at = Sight.look_at
    monkeypatch.setattr(Sight, "look_at", lambda sight, number: asked.append(number) or look_at(sight, number))
    seen = []
    kept = features.keep(run, photos, batch_size=8, progress=seen.append)
    assert len(asked) == 44 - 16
    assert seen[-1].done == 44
    assert np.allclose(kept.values, whole, atol=2e-3)
    assert not (features.folder(run) / features.PARTIAL).exists()


@pytest.mark.parametrize("content", [b"not an array", b""])
def test_a_damaged_half_is_made_again(zoo, photos, content):
    run = evaluate("tiny", photos)
    features.folder(run).mkdir(parents=True, exist_ok=True)
    (features.folder(run) / features.PARTIAL).write_bytes(content)
    assert not np.isnan(features.keep(run, photos).values).any()


def test_features_are_kept_in_half_precision_beside_the_run(zoo, photos):
    run = evaluate("tiny", photos)
    assert features.read(run) is None
    kept = features.keep(run, photos)
    assert kept.values.dtype == np.float16
    assert len(kept.values) == 44
    assert isinstance(kept.values, np.memmap)
    assert kept.head.shape == (1000, kept.values.shape[1] + 1)
    before = (features.folder(run) / features.FEATURES).stat().st_mtime_ns
    features.keep(run, photos)
    assert (features.folder(run) / features.FEATURES).stat().st_mtime_ns == before


def test_two_threads_ask_for_the_same_features_at_once_and_the_work_is_done_once(zoo, photos, monkeypatch):
    run = evaluate("tiny", photos)
    asked = []
    look_at = Sight.look_at
    monkeypatch.setattr(Sight, "look_at", lambda sight, number: asked.append(number) or look_at(sight, number))
    with ThreadPoolExecutor(2) as pool:
        first, second = (task.result() for task in [pool.submit(features.keep, run, photos) for _ in range(2)])
    assert len(asked) == 44
    assert np.array_equal(first.values, second.values)


@pytest.mark.parametrize("name", [features.FEATURES, features.HEAD])
def test_features_without_bytes_after_a_power_cut_are_named_with_what_to_do(zoo, photos, name):
    run = evaluate("tiny", photos)
    features.keep(run, photos)
    (features.folder(run) / name).write_bytes(b"")
    with pytest.raises(StoreError, match=rf"{name} cannot be read .* delete it and ask for the features again"):
        features.read(run)


def test_features_of_other_data_are_refused(zoo, photos, tmp_path):
    run = evaluate("tiny", photos)
    other = open_benchmark("focus", focus(tmp_path / "other"))
    with pytest.raises(DataError, match="are not those of the stored result"):
        features.keep(run, other)


def test_probes_are_stored_and_read_again(zoo, photos):
    run = evaluate("tiny", photos)
    assert probes.read(run) is None
    fitted = probes.fit(run, photos)
    assert sorted(fitted["location"]) == ["snow", "street"]
    assert fitted["n"].tolist() == [44, 44]
    again = probes.read(run)
    assert again["value"].tolist() == fitted["value"].tolist()
    assert labels.class_names("imagenet-1k", again["similar"].iloc[0])


def test_a_benchmark_without_locations_is_refused(toy_model, colour_folder):
    opened = open_benchmark("imagenet", colour_folder)
    with pytest.raises(UsageError, match="'imagenet' has no locations to probe for"):
        probes.fit(evaluate(toy_model, opened), opened)
