"""The worker threads and the forms of the forward pass."""

import threading

import numpy as np
import pytest
import timm
import torch

from core import models
from core.errors import ModelError, UsageError
from core.models import forward
from core.models.engine import Engine, Look, UnseenError, stream
from core.models.forward import Forward
from tests.conftest import TOY_TRANSFORM

ALL = frozenset({0})


def streamed(engine, numbers, pixels_of):
    """One view of each image; a text is why there is none."""

    def look_at(number):
        pixels = pixels_of(number)
        return (pixels, ALL) if isinstance(pixels, str) else Look([iter([pixels])], ALL)

    return stream([engine], numbers, look_at)


def plain(colour):
    return np.full((32, 32, 3), colour, dtype=np.uint8)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("batch_size", [1, 4, 50])
def test_every_image_is_predicted_once_whatever_the_slices(toy_model, workers, batch_size):
    engine = Engine(toy_model, batch_size=batch_size, workers=workers)
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    found = {}
    for part in streamed(engine, np.arange(23), lambda number: plain(colours[number % 3])):
        assert part.errors == [None] * len(part.numbers)
        found.update(zip(part.numbers.tolist(), part.top(1)[:, 0].tolist(), strict=True))
    assert found == {number: number % 3 for number in range(23)}


def test_an_image_without_pixels_is_reported_and_the_others_keep_their_predictions(toy_model):
    engine = Engine(toy_model, batch_size=4, workers=1)
    parts = list(streamed(engine, np.arange(4), lambda number: "broken" if number in (0, 2) else plain((0, 200, 0))))
    errors = {number: error for part in parts for number, error in zip(part.numbers, part.errors, strict=True)}
    assert errors == {0: "broken", 2: "broken", 1: None, 3: None}
    assert parts[-1].numbers.tolist() == [1, 3]
    assert parts[-1].top(1).tolist() == [[1], [1]]


def test_batches_are_filled_across_images_and_views_and_an_image_comes_with_all_of_them(toy_model):
    sizes = []

    class Sized(Engine):
        def predict(self, pixels):
            sizes.append(len(pixels))
            return super().predict(pixels)

    engine = Sized(toy_model, batch_size=8, workers=1)
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    views = [(iter([plain(colours[(number + at) % 3]) for at in range(3)])) for number in range(10)]
    parts = list(stream([engine], np.arange(10), lambda number: Look([views[number]], ALL), n_views=3))
    assert sizes == [8, 8, 8, 6]
    found = {}
    for part in parts:
        found.update(zip(part.numbers.tolist(), part.top(1).reshape(-1, 3).tolist(), strict=True))
    assert found == {number: [(number + at) % 3 for at in range(3)] for number in range(10)}


def test_an_image_that_fails_at_a_later_view_has_none_and_spoils_no_batch(toy_model):
    def views(number):
        yield plain((0, 200, 0))
        if number == 1:
            raise UnseenError("cut off")
        yield plain((0, 0, 200))

    engine = Engine(toy_model, batch_size=3, workers=1)
    parts = list(stream([engine], np.arange(4), lambda number: Look([views(number)], ALL), n_views=2))
    good = [number for part in parts for number, error in zip(part.numbers, part.errors, strict=True) if error is None]
    assert sorted(good) == [0, 2, 3]
    assert [part.errors for part in parts if part.numbers.tolist() == [1]] == [["cut off"]]
    assert all(part.top(1)[:, 0].tolist() == [1, 2] * (len(part.top(1)) // 2) for part in parts if len(part.prob))


def test_engines_of_one_preprocessing_share_the_pixels_and_others_have_their_own(toy_model):
    other = models.from_module(toy_model.module, "b", label_space="imagenet-1k", transform=dict(TOY_TRANSFORM))
    small = {**TOY_TRANSFORM, "input_size": [3, 16, 16]}
    third = models.from_module(toy_model.module, "c", label_space="imagenet-1k", transform=small)
    engines = [Engine(model, batch_size=4, workers=2) for model in (toy_model, other, third)]
    rendered = []

    def look_at(number):
        rendered.append(number)
        pixels = plain((0, 200, 0))
        wanted = frozenset({0, 1, 2}) if number % 2 else frozenset({1, 2})
        return Look([iter([pixels]), iter([pixels[:16, :16]])], wanted)

    seen = {0: [], 1: [], 2: []}
    for part in stream(engines, np.arange(10), look_at):
        seen[part.engine] += part.numbers.tolist()
        assert (part.top(1) == 1).all()
    assert sorted(rendered) == list(range(10))
    assert {engine: sorted(numbers) for engine, numbers in seen.items()} == {
        0: [1, 3, 5, 7, 9],
        1: list(range(10)),
        2: list(range(10)),
    }


def test_an_engine_that_fails_says_so_once_and_the_others_go_on(toy_model):
    class Small(Engine):
        def predict(self, pixels):
            raise ModelError("the GPU has too little memory")

    engines = [Small(toy_model, batch_size=2, workers=2), Engine(toy_model, batch_size=2, workers=2)]
    both = frozenset({0, 1})
    parts = list(stream(engines, np.arange(20), lambda number: Look([iter([plain((0, 200, 0))])], both)))
    failures = [part for part in parts if part.failure is not None]
    assert [(part.engine, str(part.failure)) for part in failures] == [(0, "the GPU has too little memory")]
    assert sorted(number for part in parts for number in part.numbers) == list(range(20))


def test_a_slice_in_which_no_image_can_be_read_is_no_failure(toy_model):
    engine = Engine(toy_model, batch_size=2, workers=2)
    parts = list(streamed(engine, np.arange(5), lambda number: "broken"))
    assert sum(len(part.errors) for part in parts) == 5
    assert all(part.prob.shape == (0, 1000) for part in parts)


def test_an_exception_in_a_worker_reaches_the_caller_and_ends_the_threads(toy_model):
    engine = Engine(toy_model, batch_size=2, workers=3)
    before = threading.active_count()

    def pixels_of(number):
        if number == 5:
            raise RuntimeError("the disk went away")
        return plain((1, 2, 3))

    with pytest.raises(RuntimeError, match="went away"):
        list(streamed(engine, np.arange(500), pixels_of))
    assert threading.active_count() == before


def test_closing_the_stream_stops_the_workers(toy_model):
    engine = Engine(toy_model, batch_size=1, workers=2)
    before, asked = threading.active_count(), []
    parts = streamed(engine, np.arange(10_000), lambda number: asked.append(number) or plain((1, 2, 3)))
    next(parts)
    parts.close()
    assert threading.active_count() == before
    assert len(asked) < 100


def test_probabilities_are_a_softmax_of_the_logits(toy_model):
    engine = Engine(toy_model, workers=1)
    (part,) = streamed(engine, np.arange(1), lambda number: plain((255, 0, 0)))
    # Normalised, red is +1 and the others are -1: logits 10, -10, -10 and -10 for the 997 classes without a channel.
    assert part.logits[0, :4].tolist() == pytest.approx([10, -10, -10, -10])
    assert part.prob[0, 0] == pytest.approx(1 / (1 + 999 * np.exp(-20)))


def net(name, size=160):
    torch.manual_seed(0)
    module = timm.create_model(name, pretrained=False, num_classes=1000).eval()
    transform = {**TOY_TRANSFORM, "input_size": [3, size, size]}
    return models.from_module(module, name, label_space="imagenet-1k", transform=transform)


@pytest.mark.parametrize("name", ["test_efficientnet", "test_vit", "test_resnet"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_traced_form_gives_the_eager_probabilities_at_every_batch_size(name, precision):
    pixels = torch.randint(0, 256, (5, 160, 160, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    run = Forward(net(name), precision)
    eager = [run(pixels[:n]).softmax(1) for n in (5, 3, 1)]
    run._trace(pixels, eager_s=float("inf"))
    assert run.form == "traced"
    tolerance = {"fp32": 1e-5, "bf16": 2e-2}[precision]
    for n, expected in zip((5, 3, 1), eager, strict=True):
        assert torch.allclose(run(pixels[:n]).softmax(1), expected, rtol=0, atol=tolerance)


def test_a_form_that_is_not_faster_is_not_kept():
    run = Forward(net("test_efficientnet"))
    run._trace(torch.zeros(2, 160, 160, 3, dtype=torch.uint8), eager_s=0.0)
    assert run.form == "eager"


class Branching(torch.nn.Module):
    """What a trace would get wrong: the output depends on the values in the batch."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, inputs):
        sign = 1.0 if float(inputs.mean()) > 0 else -1.0
        return self.scale * sign * torch.linspace(0, 5, 1000).expand(len(inputs), -1)


def test_a_model_that_tracing_would_change_stays_eager():
    run = Forward(models.from_module(Branching(), "branching", label_space="imagenet-1k", transform=TOY_TRANSFORM))
    dark, bright = torch.zeros(2, 32, 32, 3, dtype=torch.uint8), torch.full((2, 32, 32, 3), 255, dtype=torch.uint8)
    run._trace(torch.cat([bright, dark[:1]]), eager_s=float("inf"))
    assert run(dark).argmax(1).tolist() == [0, 0]
    assert run(bright).argmax(1).tolist() == [999, 999]


def test_a_short_run_pays_for_no_preparation(toy_model):
    engine = Engine(toy_model, batch_size=8)
    engine.prepare(16)
    assert engine.forward.form == "eager"
    assert engine.forward.prepare_s == 0.0


def test_a_long_run_tries_the_faster_form(monkeypatch):
    engine = Engine(net("test_efficientnet"), batch_size=4, workers=1)
    monkeypatch.setattr(forward, "_WORTH_KEEPING", float("inf"))
    engine.prepare(10**9)
    assert engine.forward.form == "traced"
    assert engine.forward.prepare_s > 0


def test_half_precision_on_the_cpu_is_refused_with_what_to_use(toy_model):
    with pytest.raises(UsageError, match="on the CPU use bf16 or fp32"):
        Engine(toy_model, "fp16")


def test_a_described_model_cannot_be_run(toy_model):
    toy_model.module = None
    with pytest.raises(ModelError, match=r"use core\.models\.load"):
        Engine(toy_model)


def test_workers_leave_the_callers_threads_alone(toy_model):
    before = torch.get_num_threads()
    list(streamed(Engine(toy_model, workers=2), np.arange(20), lambda number: plain((1, 2, 3))))
    assert torch.get_num_threads() == before
