"""Whether a map of one image is faithful, and whether such maps depend on what the model has learnt; on demand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from core.errors import ImageError, NotAvailableError, StorageError
from core.explain.one_image import Sample, lane
from core.explain.resident import Resident, residents
from core.images.views import CLEAN
from core.models.outputs import finite
from core.saliency import sanity
from core.saliency.faithfulness import Faithfulness, measured
from core.saliency.maps import STATE_TEXT, Method, Target, check_method
from core.saliency.sanity import Badge

#: Images that the sanity test is made on.
_BADGE_IMAGES = 8


@dataclass(frozen=True)
class Judged:
    """What is known of a map.

    Attributes:
        faithfulness: Of the map of this image; None if it cannot be had.
        badge: Of the model and the method, whatever the image; None if it cannot be had.
        target: The explained class; None if there is no map.
        message: Why there is no faithfulness; empty if there is.
    """

    faithfulness: Faithfulness | None
    badge: Badge | None
    target: int | None
    message: str = ""


def judge_sample(
    model_source: str,
    benchmark_key: str,
    data_root: Path | str | None,
    sample_id: str,
    target_class: int | None = None,
    method: Method = "grad-cam",
    *,
    view: str = CLEAN,
    device: str = "auto",
    fingerprint: str | None = None,
    head: str | None = None,
    seed: int = 0,
) -> Judged:
    """Insertion and deletion curves of the map of one image, and the sanity badge of the model's maps.

    It takes about as long as three hundred answers.

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
        seed: Of the random maps.

    Raises:
        UsageError: If a name or the class is unknown.
        DataError: If the image cannot be opened.
        ModelError: If the model cannot be had or run.
    """
    check_method(method)
    sample = Sample.of(benchmark_key, data_root, sample_id, view)
    target = Target.predicted() if target_class is None else Target.of_class(target_class)
    with residents().use(model_source, device, fingerprint, head) as resident, lane(resident, slow=True):
        seen = sample.seen_by(resident)
        try:
            saliency = resident.explainer.explain(seen.pixels[None], method, target)
            badge = _badge(resident, sample, method)
        except NotAvailableError as error:
            return Judged(None, None, None, str(error))
        index, state = int(saliency.classes[0]), saliency.states[0]
        if state != "map":
            return Judged(None, badge, index, f"There is nothing to judge: {STATE_TEXT[state]}.")

        def probability_of(batch: np.ndarray) -> np.ndarray:
            logits = finite(resident.forward(torch.from_numpy(batch)), model_source)
            return logits.softmax(dim=1)[:, index].cpu().numpy()

        try:
            found = measured(
                seen.pixels,
                saliency.values[0],
                probability_of,
                grid=(saliency.grid.shape[1], saliency.grid.shape[2]),
                baseline=resident.model.transform["mean"],
                seed=seed,
            )
        except NotAvailableError as error:
            return Judged(None, badge, index, str(error))
    return Judged(found, badge, index)


def _badge(resident: Resident, sample: Sample, method: str) -> Badge | None:
    """From an earlier test, or a new one where that takes no more than the curves do."""
    known = sanity.known(resident.model, method)
    if known is not None or method == "score-cam":
        return known
    return sanity.badge(resident.model, _some_images(resident, sample), method)


def _some_images(resident: Resident, sample: Sample) -> np.ndarray:
    """The image as published and others spread over its benchmark, those that open: (N, H, W, 3)."""
    ids = sample.benchmark.samples()["sample_id"]
    spread = ids.iloc[np.linspace(0, len(ids) - 1, min(_BADGE_IMAGES, len(ids)), dtype=int)]
    found = [resident.preprocess(sample.image)]
    for sample_id in spread.tolist()[: _BADGE_IMAGES - 1]:
        try:
            found.append(resident.preprocess(sample.benchmark.image(sample_id)))
        except (ImageError, StorageError, OSError):
            continue
    return np.stack(found)
