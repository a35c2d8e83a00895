"""Training goes on where it stopped, and what it writes is a model that the rest can use."""

import json
from functools import partial

import pytest
import timm
import torch

from core import models, paths
from core.embedded import pool, train
from core.embedded.pool import Pictures
from core.embedded.train import BATCH, TRAININGS, Cycle, Training
from core.errors import UsageError
from core.labels import FOCUS_10, label_space

TINY = Training("test_efficientnet", (Cycle(1, 1, 1e-3), Cycle(2, 2, 1e-3)), 0.02, "for this test")
TINY_VIT = Training("test_vit", (Cycle(1, 1, 1e-3, dropped=0.5), Cycle(2, 2, 1e-3)), 0.02, "for this test", 0.5)
#: The transformer knows its size from the start.
SMALL = {"test_vit": {"img_size": 32}}


@pytest.fixture
def pictures():
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (128, 32, 32, 3), generator=generator, dtype=torch.uint8)
    coverage = torch.randint(0, 256, (128, 2, 2), generator=generator, dtype=torch.uint8)
    return Pictures(images, torch.arange(128) % 10, coverage)


@pytest.fixture(autouse=True)
def _two_small_batches(monkeypatch):
    monkeypatch.setitem(pool.TRANSFORM, "input_size", [3, 32, 32])


def weights(model):
    return torch.cat([value.flatten().float() for value in model.state_dict().values()])


@pytest.mark.parametrize("training", [TINY, TINY_VIT], ids=["convolutional", "transformer"])
def test_interrupted_training_ends_with_the_same_weights(training, pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(timm, "create_model", partial(timm.create_model, **SMALL.get(training.architecture, {})))
    whole = train._fit(training, pictures, tmp_path / "whole.pt", None)

    class StoppedError(Exception):
        pass

    def stop_in_the_third_epoch(progress):
        if progress.done > 128 + 64:
            raise StoppedError

    with pytest.raises(StoppedError):
        train._fit(training, pictures, tmp_path / "halves.pt", stop_in_the_third_epoch)
    continued = train._fit(training, pictures, tmp_path / "halves.pt", None)
    torch.testing.assert_close(weights(continued), weights(whole), rtol=0, atol=1e-6)


def test_training_changes_the_weights_and_lowers_the_loss(pictures, tmp_path):
    images = torch.zeros_like(pictures.images) + (pictures.labels * 25).to(torch.uint8)[:, None, None, None]
    losses = []
    train._fit(
        Training("test_efficientnet", (Cycle(2, 10, 4e-3),), 0.02, ""),
        pictures._replace(images=images),
        tmp_path / "x.pt",
        lambda progress: losses.append(float(progress.stage.rpartition(" ")[2])),
    )
    assert losses[-1] < losses[0] - 0.2


def test_the_rate_rises_falls_to_nothing_and_begins_again_with_the_next_cycle():
    rates = train._rates([Cycle(1, 100, 2.0), Cycle(2, 10, 1.0)], per_set=BATCH)
    assert len(rates) == 100 + 20
    assert max(rates) == pytest.approx(2)
    assert rates[0] < 0.4
    assert rates[99] < 0.01
    assert rates[100] == pytest.approx(1)
    assert rates[-1] < 0.02


def test_an_epoch_belongs_to_its_cycle():
    assert [TINY.cycle_of(epoch).n_sets for epoch in range(3)] == [1, 2, 2]
    assert TINY.epochs == 3


def test_augmentation_keeps_geometry_but_for_the_mirror():
    pixels = torch.full((64, 8, 8, 3), 40, dtype=torch.uint8)
    pixels[:, :, :4] = 200
    coverage = torch.tensor([[255, 51]], dtype=torch.uint8).expand(64, 1, 2)

    def augmented():
        generator = torch.Generator().manual_seed(3)
        return train._augment(Pictures(pixels.clone(), torch.zeros(64), coverage), generator)

    changed, _, covered = augmented()
    assert changed.shape == (64, 8, 8, 3)
    assert changed.min() >= 0
    assert changed.max() <= 1
    left, right = changed[:, :, :4].mean(dim=(1, 2, 3)), changed[:, :, 4:].mean(dim=(1, 2, 3))
    assert 10 < int((left > right).sum()) < 54
    torch.testing.assert_close(covered[:, 0, 0], torch.where(left > right, 1.0, 0.2))
    torch.testing.assert_close(changed, augmented().images)


def test_an_unknown_model_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match=r"test_vit\.diorama"):
        train.train("test_vit.dioram")


@pytest.mark.parametrize("name", train.trained())
def test_an_embedded_model_is_found_by_its_name_and_knows_the_ten_categories(name):
    model = models.load(name, "cpu")
    assert model.source == name
    assert model.label_space == FOCUS_10
    assert model.num_classes == len(label_space(FOCUS_10).names)
    assert model.transform["input_size"] == [3, 160, 160]
    assert model.transform["crop_pct"] == 1.0
    config = json.loads((paths.EMBEDDED / "models" / name / "config.json").read_text())
    assert config["architecture"] == TRAININGS[name].architecture
