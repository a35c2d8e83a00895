"""The model that made imported predictions, to be asked where it looks: compared with what their file says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core import models
from core.benchmarks.base import Benchmark
from core.errors import DataError, LabelSpaceError
from core.images.preprocess import Preprocess
from core.types import Model

#: Images that a model is asked about.
ASKED = 8


def agreed(
    spec: str, benchmark: Benchmark, space: str, sample_ids: Sequence[str], top1: np.ndarray, right: np.ndarray
) -> tuple[Model, str]:
    """A model whose predictions are those of a file, as far as a few images tell.

    Args:
        spec: A model's name (see ``core.models``).
        benchmark: On its images.
        space: Key of the label space of the file.
        sample_ids: Images with a prediction.
        top1: int (N,), what the file says of each.
        right: bool (N,), whether that is right: what models mistake tells them apart, so that these are asked first.

    Returns:
        The model as it is described, and a sentence with the numbers.

    Raises:
        UsageError, ModelError: If the model cannot be had.
        LabelSpaceError: If its classes are others than the file's.
        DataError: If it says something else of most images, or none of these can be opened.
    """
    described = models.describe(spec)
    if described.label_space != space:
        said = f" It has {described.labels_said}." if described.labels_said else ""
        raise LabelSpaceError(
            f"'{described.name}' has the label space '{described.label_space}', and the file is in '{space}': it made "
            f"other predictions.{said}"
        )
    chosen = _some(right, benchmark.pool_digest())
    answers = zip(chosen, _answers(spec, benchmark, sample_ids, chosen), strict=True)
    same = [answer == top1[row] for row, answer in answers if answer is not None]
    if not same:
        raise DataError(
            f"none of {len(chosen)} images of '{benchmark.key}' can be opened in {benchmark.root}, so whether "
            f"'{described.name}' made these predictions cannot be seen: give the folder with --data."
        )
    numbers = f"{sum(same)} of {len(same)}"
    if 2 * sum(same) <= len(same):
        raise DataError(
            f"'{described.name}' and the file name the same class for {numbers} images: it did not make these "
            "predictions, or with other weights or preprocessing. Leave out --model, or name the right one."
        )
    return (
        described,
        f"attached to imported predictions: says the same as the file of {numbers} images, mistaken first",
    )


def _some(right: np.ndarray, digest: str) -> list[int]:
    """A few of N, mistakes first, at random but always the same."""
    order = np.random.default_rng(int(digest[:16], 16)).permutation(len(right))
    return order[np.argsort(right[order], kind="stable")][:ASKED].tolist()


def _answers(spec: str, benchmark: Benchmark, sample_ids: Sequence[str], chosen: Sequence[int]) -> list[int | None]:
    """The best class of some images; None for one that cannot be opened."""
    import torch

    from core.models.forward import Forward
    from core.models.outputs import finite

    model = models.load(spec, "cpu")
    preprocess, forward = Preprocess(model.transform), Forward(model)
    found: list[int | None] = []
    for row in chosen:
        try:
            seen = benchmark.seen(sample_ids[row], preprocess, masked=False)
        except DataError:
            found.append(None)
            continue
        assert seen.pixels is not None
        logits = finite(forward(torch.from_numpy(seen.pixels[None].copy())), model.name)
        found.append(int(logits.argmax()))
    return found
