"""Where a model looked when it went wrong: images, Grad-CAM and Guided Grad-CAM of the predicted class (FOCUS, Fig. 4).

``choose`` and ``explain`` make panels from a stored run; ``core.explain.strip`` draws them as one picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import store
from core.answers import joined
from core.benchmarks.base import Benchmark
from core.errors import DataError, NotAvailableError, UsageError
from core.images.preprocess import Preprocess
from core.images.views import views_with
from core.labels import class_names
from core.types import Model
from core.uncommon.rules import ATTRIBUTES, NONE, is_uncommon

if TYPE_CHECKING:
    from core.saliency.explain import Explainer

#: Images of a strip, by default and at most.
SHOWN, MOST = 6, 24
_COLUMNS = ("sample_id", "category", *ATTRIBUTES, "n_uncommon", "correct", "confidence", "predicted")


@dataclass(frozen=True)
class Panel:
    """One misclassified image with what explains it.

    Attributes:
        sample_id: Of the samples table.
        category: What it is.
        uncommon: Its uncommon settings.
        predicted: Name of the predicted class.
        probability: Of the predicted class, 0..1.
        image: uint8 (H, W, 3), as the model sees it; None if it cannot be opened.
        cam: float32 (H, W), 0..1, Grad-CAM of the predicted class; None where there is none.
        guided: float32 (H, W, 3), signed, Guided Grad-CAM of it; None where there is none.
        no_cam: Why there is no Grad-CAM; empty if there is one.
        no_guided: Why there is no Guided Grad-CAM.
        no_image: Why there is no image.
    """

    sample_id: str
    category: str
    uncommon: tuple[str, ...]
    predicted: str
    probability: float
    image: np.ndarray | None = field(repr=False)
    cam: np.ndarray | None = field(default=None, repr=False)
    guided: np.ndarray | None = field(default=None, repr=False)
    no_cam: str = ""
    no_guided: str = ""
    no_image: str = ""


def choose(run: store.Run, n: int = SHOWN, category: str | None = None) -> pd.DataFrame:
    """Misclassified images with uncommon settings, the surest mistakes first.

    Args:
        run: Of a benchmark whose samples passed through ``core.uncommon.annotate``.
        n: How many at most.
        category: Only of this one.

    Returns:
        ``sample_id, category, time, weather, locations, confidence, predicted`` and more.

    Raises:
        UsageError: If the benchmark has no settings, or ``n`` is out of range.
    """
    if not 1 <= n <= MOST:
        raise UsageError(f"a strip shows 1 to {MOST} images, not {n}.")
    missing = set(_COLUMNS) - set(joined.columns_of(run))
    if missing:
        raise UsageError(f"'{run.benchmark}' has no settings: choose focus, imagenet-attributes or diorama/settings.")
    table = joined.read(run, _COLUMNS)
    wrong = (table["correct"] == 0) & (table["n_uncommon"] > 0)
    if category is not None:
        wrong &= table["category"] == category
    return table[wrong].sort_values("confidence", ascending=False, kind="stable").head(n).reset_index(drop=True)


def explain(
    run: store.Run, benchmark: Benchmark, rows: pd.DataFrame, device: str = "auto", model: Model | None = None
) -> list[Panel]:
    """Panels of chosen images; the class explained is the stored prediction.

    Args:
        run: Whose model is asked.
        benchmark: On the run's data.
        rows: From ``choose``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        model: The run's, if it is loaded already.

    Returns:
        One an image; one that cannot be opened says why, and does not hide the others.

    Raises:
        ModelError: If the model cannot be had or run.
    """
    if rows.empty:
        return []
    from core import models
    from core.saliency.explain import Explainer

    model = model or models.load(run.source, device)
    models.require_weights(model, run.fingerprint)
    return _explained(run, benchmark, rows, model, lambda: Explainer(model))


def explain_one(
    run: store.Run, benchmark: Benchmark, rows: pd.DataFrame, sample_id: str, device: str = "auto"
) -> Panel:
    """The panel of one of the chosen images; the model stays in memory for the next.

    Args:
        run: Whose model is asked.
        benchmark: On the run's data.
        rows: From ``choose``.
        sample_id: Of one of them.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        ModelError: If the model cannot be had or run.
    """
    from core.explain.resident import residents

    with residents().use(run.source, device, run.fingerprint) as resident:
        row = rows[rows["sample_id"] == sample_id].head(1)
        return _explained(run, benchmark, row, resident.model, lambda: resident.explainer)[0]


def _explained(
    run: store.Run, benchmark: Benchmark, rows: pd.DataFrame, model: Model, explainer_of: Callable[[], Explainer]
) -> list[Panel]:
    preprocess, view = Preprocess(model.transform), run.first_view
    masked = views_with(view).needs_mask
    panels, seen = [], []
    names = class_names(model.label_space, rows["predicted"])
    for row, name in zip(rows.itertuples(), names, strict=True):
        panel = Panel(row.sample_id, row.category, _uncommon(row), name, float(row.confidence), None)
        try:
            found = benchmark.seen(row.sample_id, preprocess, view, masked=masked)
        except DataError as error:
            panels.append(replace(panel, no_image=str(error)))
        else:
            seen.append((len(panels), found.pixels, int(row.predicted)))
            panels.append(replace(panel, image=found.picture))
    if seen:
        explainer = explainer_of()
        batch, target = np.stack([pixels for _, pixels, _ in seen]), [predicted for _, _, predicted in seen]
        cams, no_cam = _maps(explainer, batch, "grad-cam", target)
        guided, no_guided = _maps(explainer, batch, "guided-grad-cam", target)
        for number, (at, _, _) in enumerate(seen):
            maps = {"cam": cams[number], "guided": guided[number]}
            panels[at] = replace(panels[at], **maps, no_cam=no_cam[number], no_guided=no_guided[number])
    return panels


def _maps(
    explainer: Explainer, batch: np.ndarray, method: str, target: Sequence[int]
) -> tuple[list[np.ndarray | None], list[str]]:
    """A map of each image, or why there is none."""
    from core.saliency.maps import STATE_TEXT, Target

    try:
        found = explainer.explain(batch, method, Target.of_class(target))
    except NotAvailableError as error:
        return [None] * len(batch), [str(error)] * len(batch)
    values = found.scaled() if found.colour is None else found.colour
    maps = [values[number] if state == "map" else None for number, state in enumerate(found.states)]
    return maps, [STATE_TEXT[state] for state in found.states]


def _uncommon(row: Any) -> tuple[str, ...]:
    """The uncommon ones of an image's settings."""
    values = [("time", row.time), ("weather", row.weather), *(("locations", name) for name in row.locations)]
    return tuple(value for attribute, value in values if value != NONE and is_uncommon(row.category, attribute, value))
