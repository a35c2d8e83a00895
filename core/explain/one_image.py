"""Questions about one image, answered while somebody waits: what models say of it, and where that comes from.

    explained = explain_sample("resnet50.a1_in1k", "si-score/size", None, sample_id)
    explained.image, explained.map, explained.top5

Pages import this module inside the function that needs it, because it imports torch; what they show of stored results
does without. Any number of threads may ask at once.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image

from core.benchmarks import annotation_stamp, find_data, open_benchmark
from core.benchmarks.base import Benchmark
from core.errors import ImageError, NotAvailableError, OffcenterError
from core.explain.resident import Resident, residents
from core.images.opening import as_rgb, reasons
from core.images.seeing import Seen, see
from core.images.views import CLEAN, views_with
from core.models.outputs import finite
from core.saliency.maps import STATE_TEXT, Method, Saliency, State, Target, check_method

TOP_K = 5

_LANES: dict[tuple[str, bool], threading.Lock] = {}
_GUARD = threading.Lock()


@dataclass(frozen=True)
class Prediction:
    """What one model says of one image.

    Attributes:
        model: Short name.
        source: As it was asked for.
        label_space: Of the class indices.
        top5: (class index, probability 0..1), best first; empty if there is a problem.
        problem: Why there is no prediction, in a sentence; empty if there is one.
    """

    model: str
    source: str
    label_space: str = ""
    top5: tuple[tuple[int, float], ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Explained:
    """Where in an image a class score comes from.

    Attributes:
        prediction: What the model says of the image.
        method: Key of ``core.saliency.maps.METHODS``.
        target: The explained class, an index of the model's label space; None if the architecture has no such map.
        state: ``map``; else there is no picture to show and ``message`` says why.
        message: For a reader; empty for ``map``.
        map: float32 (H, W), 0..1, at the model's input size, its own maximum being 1; NaN everywhere if there is none.
        magnitude: The map's largest value before that, comparable between images of one model and method; NaN if there
            is none.
        image: uint8 (H, W, 3), as the model sees it.
        mask: bool (H, W), the object in that image; None where the benchmark has no masks.
    """

    prediction: Prediction
    method: str
    target: int | None
    state: State | Literal["not-available"]
    message: str
    map: np.ndarray = field(repr=False)
    magnitude: float
    image: np.ndarray = field(repr=False)
    mask: np.ndarray | None = field(repr=False)

    @property
    def top5(self) -> tuple[tuple[int, float], ...]:
        """(class index, probability 0..1) of the model's best classes, best first."""
        return self.prediction.top5


def explain_sample(
    model_source: str,
    benchmark_key: str,
    data_root: Path | str | None,
    sample_id: str,
    target_class: int | None = None,
    method: Method = "grad-cam",
    *,
    view: str = "clean",
    device: str = "auto",
    fingerprint: str | None = None,
    head: str | None = None,
) -> Explained:
    """Where in one image of a benchmark a model's score of a class comes from.

    Args:
        model_source: A model's name (see ``core.models``).
        benchmark_key: For example ``si-score/size``.
        data_root: Its data folder; the one last used if None.
        sample_id: Of its samples table.
        target_class: Index in the model's label space; the predicted class if None.
        method: Key of ``core.saliency.maps.METHODS``.
        view: Name of one view; see ``core.images.views``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        fingerprint: Of the weights that a stored result was made with; others are refused.
        head: What was made of the outputs for that result; anything else is refused.

    Raises:
        UsageError: If a name or the class is unknown.
        DataError: If the image cannot be opened.
        ModelError: If the model cannot be had or run.
    """
    check_method(method)
    sample = Sample.of(benchmark_key, data_root, sample_id, view)
    with residents().use(model_source, device, fingerprint, head) as resident:
        seen = sample.seen_by(resident)
        prediction = _predicted(resident, model_source, seen)
        target = Target.predicted() if target_class is None else Target.of_class(target_class)
        try:
            with lane(resident, slow=method == "score-cam"):
                found = resident.explainer.explain(seen.pixels[None], method, target)
        except NotAvailableError as error:
            # The image and what the model says of it are there all the same.
            return _without_map(prediction, method, str(error), seen)
    return _explained(prediction, found, seen)


def warm(model_source: str, fingerprint: str | None = None, device: str = "auto", *, head: str | None = None) -> None:
    """Load a model and run it once on nothing, so that the first question about an image is answered sooner.

    Args:
        model_source: A model's name (see ``core.models``).
        fingerprint: Of the weights that a stored result was made with; others are refused.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        head: What was made of the outputs for that result; anything else is refused.

    Raises:
        ModelError: If the model cannot be had or run.
    """
    with residents().use(model_source, device, fingerprint, head) as resident:
        _, height, width = resident.model.transform["input_size"]
        pixels = np.zeros((1, height, width, 3), np.uint8)
        # An architecture without such a map says so when it is asked for one.
        with contextlib.suppress(NotAvailableError), lane(resident):
            resident.explainer.explain(pixels, "grad-cam", Target.predicted())


def predict_sample(
    model_sources: Sequence[str],
    benchmark_key: str,
    data_root: Path | str | None,
    sample_id: str,
    *,
    view: str = "clean",
    device: str = "auto",
) -> list[Prediction]:
    """What several models say of one image of a benchmark.

    Args:
        model_sources: Models' names (see ``core.models``).
        benchmark_key: For example ``si-score/size``.
        data_root: Its data folder; the one last used if None.
        sample_id: Of its samples table.
        view: Name of one view; see ``core.images.views``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Returns:
        In the order of the models; one that cannot be had or run has a ``problem`` and does not hide the others.

    Raises:
        UsageError: If benchmark, image, view or device are unknown.
        DataError: If the image cannot be opened.
    """
    sample = Sample.of(benchmark_key, data_root, sample_id, view)
    predictions = []
    for source in model_sources:
        try:
            with residents().use(source, device) as resident:
                predictions.append(_predicted(resident, source, sample.seen_by(resident)))
        except OffcenterError as error:
            predictions.append(Prediction(source, source, problem=str(error)))
    return predictions


@dataclass(frozen=True)
class Adaptation:
    """What a model says of one image before and after it has adapted to it.

    Attributes:
        before: (class index, probability 0..1) of the best classes, best first.
        after: The same afterwards.
        entropy_before: Entropy of the mean answer to random crops, in nats, which adapting lowers.
        entropy_after: The same afterwards.
    """

    before: tuple[tuple[int, float], ...]
    after: tuple[tuple[int, float], ...]
    entropy_before: float
    entropy_after: float


def adapt_sample(
    model_source: str,
    benchmark_key: str,
    data_root: Path | str | None,
    sample_id: str,
    *,
    device: str = "auto",
    fingerprint: str | None = None,
    head: str | None = None,
) -> Adaptation:
    """What a model says of one image of a benchmark once it has adapted to it (MEMO); the model stays as it is.

    It takes about as long as three hundred answers.

    Args:
        model_source: A model's name (see ``core.models``).
        benchmark_key: For example ``si-score/size``.
        data_root: Its data folder; the one last used if None.
        sample_id: Of its samples table.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        fingerprint: Of the weights that a stored result was made with; others are refused.
        head: What was made of the outputs for that result; anything else is refused.

    Raises:
        UsageError: If a name is unknown.
        DataError: If the image cannot be opened.
        ModelError: If the model cannot be had or run.
    """
    from core.zoom import memo

    sample = Sample.of(benchmark_key, data_root, sample_id, CLEAN)
    with residents().use(model_source, device, fingerprint, head) as resident, lane(resident, slow=True):
        found = memo.predict(resident.model, sample.image, sample_id=sample.image_id)
    return Adaptation(_best(found.before), _best(found.after), found.entropy_before, found.entropy_after)


def _best(prob: np.ndarray) -> tuple[tuple[int, float], ...]:
    best = np.argsort(-prob, kind="stable")[:TOP_K]
    return tuple((int(index), float(prob[index])) for index in best)


@dataclass(frozen=True)
class Sample:
    """An image of a benchmark as published, and the view under which it is to be seen."""

    image_id: str
    image: Image.Image
    mask: np.ndarray | None
    view: str
    benchmark: Benchmark

    @classmethod
    def of(cls, key: str, root: Path | str | None, sample_id: str, view: str) -> Sample:
        """Of a benchmark, opened.

        Raises:
            UsageError: If benchmark, image or view are unknown.
            DataError: If the image cannot be opened.
        """
        views_with(view)
        folder = find_data(key, root)
        benchmark = _benchmark(key, folder, annotation_stamp(folder))
        try:
            with reasons(f"the image '{sample_id}' of '{key}'"):
                (image_id,) = benchmark.image_ids([sample_id])
                return cls(image_id, as_rgb(benchmark.image(sample_id)), benchmark.mask(sample_id), view, benchmark)
        except ImageError as error:
            raise ImageError(f"the image '{sample_id}' of '{key}' cannot be opened: {error}") from error

    def seen_by(self, resident: Resident) -> Seen:
        """The image at a model's input size, under the view; see ``core.images.seeing.see``."""
        return see(self.image, resident.preprocess, self.view, self.image_id, self.mask)


@lru_cache(maxsize=16)
def _benchmark(key: str, root: Path | None, stamp: object) -> Benchmark:
    """Opened once, until its annotations change: some list them to find an image."""
    del stamp
    return open_benchmark(key, root)


def lane(resident: Resident, *, slow: bool = False) -> threading.Lock:
    """One pass at a time on a device, so that its memory is enough and its cores are not fought over.

    Methods of hundreds of passes have a lane of their own and do not hold up the others.
    """
    with _GUARD:
        return _LANES.setdefault((resident.model.device, slow), threading.Lock())


def _predicted(resident: Resident, source: str, seen: Seen) -> Prediction:
    with lane(resident):
        logits = finite(resident.forward(torch.from_numpy(seen.pixels[None].copy())), source)
    prob = logits.softmax(dim=1)[0].cpu()
    best = prob.topk(min(TOP_K, len(prob)))
    top5 = tuple(zip(best.indices.tolist(), best.values.tolist(), strict=True))
    return Prediction(resident.model.name, source, resident.model.label_space, top5)


def _explained(prediction: Prediction, found: Saliency, seen: Seen) -> Explained:
    state = found.states[0]
    return Explained(
        prediction=prediction,
        method=found.method,
        target=int(found.classes[0]),
        state=state,
        message=STATE_TEXT[state],
        map=found.scaled()[0],
        magnitude=float(found.magnitude[0]) if state == "map" else float("nan"),
        image=seen.picture,
        mask=seen.mask,
    )


def _without_map(prediction: Prediction, method: str, reason: str, seen: Seen) -> Explained:
    nothing = np.full(seen.picture.shape[:2], np.nan, np.float32)
    return Explained(prediction, method, None, "not-available", reason, nothing, float("nan"), seen.picture, seen.mask)
