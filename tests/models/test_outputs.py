"""Networks whose output is not one row of finite logits an image."""

import copy

import numpy as np
import pytest
import torch

from core import models, report, store
from core.benchmarks import open_benchmark
from core.errors import ModelError
from core.evaluate.loop import evaluate
from core.models.outputs import NOT_FINITE
from tests.conftest import TOY_TRANSFORM, BrightestChannel


@pytest.fixture
def colours(colour_folder):
    return open_benchmark("imagenet", colour_folder)


class After(torch.nn.Module):
    """The toy network, and something done to what it says."""

    def __init__(self, change):
        super().__init__()
        self.net, self.change = BrightestChannel(), change

    def forward(self, inputs):
        return self.change(self.net(inputs))


def wrapped(change, name="odd"):
    return models.from_module(After(change), name, label_space="imagenet-1k", transform=TOY_TRANSFORM)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda y: (y, y), "gives a tuple of 2, not a tensor of logits"),
        (lambda y: {"scores": y, "loss": 0}, r"gives a dict of 2 \(scores, loss\), not a tensor"),
        (lambda y: {"logits": "none"}, r"gives a dict of 1 \(logits\)"),
        (lambda y: {}, "gives a dict of 0"),
        (lambda y: [y], "gives a list of 1"),
        (lambda y: None, "gives a NoneType"),
        (lambda y: y.numpy(), "gives a ndarray"),
        (lambda y: y[:, :10], "gives 10 outputs.*1,000 classes"),
        (lambda y: torch.cat([y[:, :1], y], 1), "gives 1,001 outputs.*background"),
        (lambda y: y[:, :, None, None], r"gives the shape \(1, 1000, 1, 1\)"),
        (lambda y: y[0], r"gives the shape \(1000,\)"),
        (lambda y: y.sum(), r"gives the shape \(\)"),
        (lambda y: y.repeat(2, 1), r"gives the shape \(2, 1000\) for 1 images"),
        (lambda y: y.argsort(1), "int64, not logits"),
        (lambda y: y.nothing, "AttributeError"),
        (lambda y: y @ y, "RuntimeError"),
    ],
)
def test_what_is_no_classification_is_refused_in_a_sentence(change, said):
    with pytest.raises(ModelError, match=said):
        wrapped(change)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_precision_are_refused_with_what_to_do(dtype):
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 1000)).to(dtype)
    with pytest.raises(ModelError, match=r"has weights in (b?float16|float64): give it in float32 \(module.float"):
        models.from_module(module, "half", label_space="imagenet-1k", transform=TOY_TRANSFORM)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("std", [0.5, 0.0, 0.5], "'std'"),
        ("mean", 0.5, "'mean'"),
        ("input_size", [32, 32], "'input_size'"),
        ("crop_pct", None, "'crop_pct'"),
    ],
)
def test_a_preprocessing_of_ones_own_is_checked(name, value, said):
    with pytest.raises(ModelError, match=said):
        models.from_module(
            BrightestChannel(), "own", label_space="imagenet-1k", transform={**TOY_TRANSFORM, name: value}
        )


def test_a_preprocessing_without_a_key_names_it():
    transform = copy.copy(dict(TOY_TRANSFORM))
    del transform["std"]
    with pytest.raises(ModelError, match="has no 'std'"):
        models.from_module(BrightestChannel(), "own", label_space="imagenet-1k", transform=transform)


def overflowing(n, value=float("nan")):
    """The output is not finite for the ``n`` reddest images of the set."""

    class Overflows(BrightestChannel):
        def __init__(self):
            super().__init__()
            # When it is loaded it says nothing wrong.
            self.seen = 10**6

        def forward(self, inputs):
            logits = super().forward(inputs)
            for row in range(len(inputs)):
                self.seen += 1
                if self.seen <= n:
                    logits[row, 7] = value
            return logits

    model = models.from_module(Overflows(), "overflows", label_space="imagenet-1k", transform=TOY_TRANSFORM)
    model.module.seen = 0
    return model


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_few_outputs_that_are_not_finite_are_errors_of_their_images(colours, value):
    run = evaluate(overflowing(2, value), colours, workers=1)
    table = store.read(run)
    assert run.complete
    assert (table["error"] == NOT_FINITE).sum() == 2
    content = report.build(run)
    assert (content["n"], content["n_failed"]) == (22, 2)
    assert any("not finite" in warning for warning in content["warnings"])


@pytest.mark.parametrize("n", [3, 12, 24])
def test_many_end_the_run_as_failed_and_are_tried_again(colours, n):
    model = overflowing(n)
    with pytest.raises(ModelError, match=f"the output for {n} of 24 images is not finite .* in fp32"):
        evaluate(model, colours, workers=1)
    runs = store.list_runs("imagenet", "overflows")
    assert all(run.manifest.status == "failed" and run.n_done == 24 - n for run in runs)
    # The same command, while the model is what it was.
    model.module.seen = 0
    with pytest.raises(ModelError, match="is not finite"):
        evaluate(model, colours, workers=1)
    model.module.seen = 10**6
    run = evaluate(model, colours, workers=1)
    assert run.complete
    assert np.isfinite(np.stack(store.read(run)["top10_prob"])).all()


def test_half_precision_that_overflows_names_fp32(colours):
    with pytest.raises(ModelError, match=r"in bf16.*try fp32"):
        evaluate(overflowing(24), colours, workers=1, precision="bf16")


def test_a_hopeless_model_is_given_up_early(colours, monkeypatch):
    monkeypatch.setattr("core.models.outputs._ENOUGH", 4)
    model = overflowing(10**6)
    with pytest.raises(ModelError, match="is not finite"):
        evaluate(model, colours, workers=1, batch_size=1)
    assert model.module.seen < 24
