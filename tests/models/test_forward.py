"""The forward pass in another form: kept only where it says the same of images that it was not made with."""

import pytest
import torch

from core import models
from core.errors import UsageError
from core.models.forward import Forward
from tests.conftest import TOY_TRANSFORM


class Layers(torch.nn.Module):
    """A small network; if it is flat, the probabilities of any two images are nearly equal."""

    def __init__(self, flat=False):
        super().__init__()
        torch.manual_seed(0)
        self.scale = 1e-4 if flat else 1.0
        self.body = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.ReLU())
        self.head = torch.nn.Linear(8, 1000)

    def forward(self, inputs):
        return self.scale * self.head(self.body(inputs).mean((2, 3)))


class ThroughNumpy(Layers):
    """What torch does not see: a trace of it holds the answer for one batch."""

    def forward(self, inputs):
        return torch.from_numpy(super().forward(inputs).detach().numpy())


class Remembering(Layers):
    """A trace of it is right of a batch that is shown for the second time, and of no other."""

    def forward(self, inputs):
        return super().forward(inputs) * 0 + torch.tensor(super().forward(inputs).tolist())


class Branching(Layers):
    """Bright images are judged by other weights than dark ones; noise is neither."""

    def forward(self, inputs):
        logits = super().forward(inputs)
        return -logits if inputs.mean() > 0.5 else logits


class Opaque(Layers):
    is_opaque = True


class Around(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, inputs):
        return self.network(inputs)


@pytest.fixture
def always_traced(monkeypatch):
    """Every run is long enough to trace for, and every trace fast enough to keep."""
    monkeypatch.setattr("core.models.forward._WORTH_TRACING_S", 0.0)
    monkeypatch.setattr("core.models.forward._WORTH_KEEPING", float("inf"))


def prepared(network, batch_size, precision="fp32"):
    model = models.from_module(network, "net", label_space="imagenet-1k", transform=TOY_TRANSFORM)
    forward = Forward(model, precision)
    forward.prepare(1000, batch_size)
    return forward


@pytest.mark.parametrize("batch_size", [1, 2, 4])
@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_plain_network_is_traced(always_traced, batch_size, flat, precision):
    assert prepared(Layers(flat), batch_size, precision).form == "traced"


@pytest.mark.parametrize("batch_size", [1, 2, 4])
@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("kind", [ThroughNumpy, Remembering, Branching, Opaque])
def test_a_network_that_a_trace_would_get_wrong_is_not(always_traced, kind, flat, batch_size):
    network = kind(flat)
    forward = prepared(network, batch_size)
    assert forward.form == "eager"
    pixels = torch.randint(0, 256, (3, 32, 32, 3), dtype=torch.uint8)
    with torch.no_grad():
        expected = torch.cat([forward(pixels[at : at + 1]) for at in range(3)])
    assert not torch.equal(expected[0], expected[1])


def test_a_wrapper_does_not_hide_what_torch_cannot_see(always_traced):
    network = Around(Around(Opaque()))
    assert prepared(network, 4).form == "eager"
    with pytest.raises(UsageError, match="precision bf16 cannot be had of 'net'"):
        prepared(network, 4, "bf16")
