"""Which prompts speak for a class: what a zero-shot model's answer for one image is made of; on demand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from core.explain.one_image import Sample, lane
from core.explain.resident import residents
from core.images.views import CLEAN
from core.models.zero_shot.scores import prompt_scores


def prompts_of_sample(
    model_source: str,
    benchmark_key: str,
    data_root: Path | str | None,
    sample_id: str,
    classes: Sequence[int],
    *,
    view: str = CLEAN,
    device: str = "auto",
    fingerprint: str | None = None,
    head: str | None = None,
) -> pd.DataFrame:
    """How near one image is to every prompt of some classes; see ``core.models.zero_shot.scores.prompt_scores``.

    Args:
        model_source: A zero-shot model's name (see ``core.models``).
        benchmark_key: For example ``si-score/size``.
        data_root: Its data folder; the one last used if None.
        sample_id: Of its samples table.
        classes: Indices in the model's label space, none twice.
        view: Name of one view; see ``core.images.views``. One that changes pixels is rounded to 256 levels.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        fingerprint: Of the weights that a stored result was made with; others are refused.
        head: What was made of the outputs for that result; anything else is refused.

    Raises:
        UsageError: If a name or a class is unknown.
        DataError: If the image cannot be opened.
        ModelError: If the model cannot be had or run, or is no zero-shot one.
    """
    sample = Sample.of(benchmark_key, data_root, sample_id, view)
    with residents().use(model_source, device, fingerprint, head) as resident, lane(resident, slow=True):
        # Pixels of a decoded image are read-only, which torch warns of.
        return prompt_scores(resident.model, sample.seen_by(resident).picture.copy(), classes)
