"""A loaded model as the function that a diagnosis asks; imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from PIL import Image

from core import store
from core.benchmarks import open_for
from core.errors import UsageError
from core.explain.resident import residents
from core.images.seeing import see
from core.mistakes import diagnosis
from core.mistakes.counterfactual import composer_of
from core.mistakes.diagnosis import Predict, Tried
from core.models.outputs import finite
from core.types import ProgressCallback

_BATCH = 16


@contextmanager
def asked(source: str, device: str = "auto", fingerprint: str | None = None) -> Iterator[Predict]:
    """A model that stays loaded as long as the block runs.

    Args:
        source: A model's name (see ``core.models``).
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        fingerprint: Of the weights that a stored result was made with; others are refused.
    """
    with residents().use(source, device, fingerprint) as resident:

        def predict(images: Sequence[Image.Image]) -> np.ndarray:
            best = []
            for start in range(0, len(images), _BATCH):
                pixels = np.stack([see(image, resident.preprocess).pixels for image in images[start : start + _BATCH]])
                best.append(finite(resident.forward(torch.from_numpy(pixels)), source).argmax(dim=1).cpu().numpy())
            return np.concatenate(best)

        yield predict


def diagnose(
    run: store.Run, *, limit: int = diagnosis.LIMIT, device: str = "auto", progress: ProgressCallback | None = None
) -> None:
    """Diagnose a run's mistakes with its own model; see ``diagnosis.diagnose``.

    Raises:
        UsageError: If the result is of another view than ``clean``, or the benchmark's pictures are not composed.
        ModelError: If the model cannot be had.
    """
    if run.view != "clean":
        raise UsageError(f"the result is of view '{run.view}': only results of the clean view are diagnosed.")
    with asked(run.source, device, run.fingerprint) as predict:
        diagnosis.diagnose(run, predict, limit=limit, progress=progress)


def try_one(run: store.Run, sample_id: str, accepted: Sequence[int]) -> list[Tried]:
    """Each single change of one of a run's pictures; see ``diagnosis.try_changes``.

    Nothing if it is not a composed scene.
    """
    composer = composer_of(open_for(run))
    if composer is None:
        return []
    with asked(run.source, fingerprint=run.fingerprint) as predict:
        return diagnosis.try_changes(composer, sample_id, accepted, predict)
