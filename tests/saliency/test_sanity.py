"""The sanity badge: weight randomisation on networks whose maps do, or do not, depend on the weights."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from core import paths
from core.errors import UsageError
from core.saliency.explain import Explainer
from core.saliency.sanity import DRAWS, badge, randomised
from tests.saliency.test_explain import noise_images, small_net, wrapped


class EdgesOnly(nn.Module):
    """A map that shows the image and nothing else: one channel, which every class weighs with 1."""

    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool2d(8)
        self.pass_on = nn.Conv2d(3, 1, 1)
        nn.init.ones_(self.pass_on.weight)
        nn.init.constant_(self.pass_on.bias, 4.0)
        self.head = nn.Linear(1, 1000)
        nn.init.ones_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, inputs):
        return self.head(self.pass_on(self.pool(inputs)).mean(dim=(2, 3)))


def test_a_map_that_ignores_the_weights_fails():
    # Weights that are all alike have no spread, so what is drawn anew is what was there: the maps stay the same.
    found = badge(wrapped(EdgesOnly()), noise_images(3, 32))
    assert found.similarity == pytest.approx(1.0)
    assert found.passed is False
    assert (found.n, found.n_vanished) == (3 * DRAWS, 0)


def test_a_map_that_depends_on_the_weights_passes():
    found = badge(small_net(), noise_images(4))
    assert found.passed is True
    assert found.n + found.n_vanished == 4 * DRAWS
    assert found.randomised[-1] == "fc"


def test_maps_that_vanish_cannot_be_compared():
    model = wrapped(EdgesOnly())
    black = np.zeros((2, 32, 32, 3), np.uint8)
    # The same everywhere: there are no ranks.
    found = badge(model, black)
    assert (found.similarity, found.passed, found.n, found.n_vanished) == (None, None, 0, 2 * DRAWS)


def test_the_test_is_made_once_per_model_and_method():
    model = small_net()
    first = badge(model, noise_images(3))
    assert badge(model, noise_images(0)) == first
    assert badge(model, noise_images(3), fresh=True) == first
    assert badge(model, noise_images(3), "grad-cam++") != first
    stored = [json.loads(file.read_text()) for file in (paths.results_home() / "saliency").rglob("*.json")]
    assert sorted(found["method"] for found in stored) == ["grad-cam", "grad-cam++"]


def test_other_weights_get_a_test_of_their_own():
    badge(small_net(), noise_images(3))
    other = small_net("test_efficientnet")
    with pytest.raises(UsageError, match="needs images"):
        badge(other, noise_images(0))


def test_only_the_last_block_and_the_head_are_drawn_anew():
    model = small_net()
    layer = Explainer(model).layer
    changed = randomised(model, layer, seed=0).module.state_dict()
    before = model.module.state_dict()
    differing = {name for name in before if not torch.equal(before[name], changed[name])}
    assert differing
    assert all(name.startswith((*layer.block, *layer.after)) for name in differing)
    assert "fc.weight" in differing
    assert not any(name.startswith(("conv1", "layer1", "layer2")) for name in differing)


def test_what_is_drawn_anew_has_the_size_of_what_was_there():
    model = small_net()
    changed = randomised(model, Explainer(model).layer, seed=0).module.fc.weight
    assert changed.std().item() == pytest.approx(model.module.fc.weight.std().item(), rel=0.2)
