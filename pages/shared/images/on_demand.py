"""The one place where pages ask for inference on demand; torch is imported here, when somebody asks, and not before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import store
from core.errors import OffcenterError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Heat:
    """A saliency map of one image, or why there is none.

    Attributes:
        values: float (H, W), 0..1, at the model's input size; None if there is none.
        message: Why there is none; empty if there is one.
    """

    values: np.ndarray | None
    message: str = ""


def explain(run: store.Run, root: str | None, sample_id: str, target: int, view: str = "") -> Heat:
    """Where in an image a run's model's score of a class comes from (Grad-CAM).

    Args:
        run: Its model, with the weights that it had then, its benchmark and its view.
        root: The benchmark's data folder.
        sample_id: Of its samples.
        target: Class index.
        view: Name of the view; the run's first one by default.
    """
    try:
        return _explain(run.source, run.fingerprint, run.benchmark, root, sample_id, target, view or run.first_view)
    except OffcenterError as error:
        return Heat(None, str(error))


@st.cache_data(max_entries=128, show_spinner="Asking the model …")
def _explain(
    source: str, fingerprint: str, benchmark: str, root: str | None, sample_id: str, target: int, view: str
) -> Heat:
    engine: Any = _engine()
    found = engine.explain_sample(source, benchmark, root, sample_id, target, view=view, fingerprint=fingerprint)
    return Heat(found.map if found.state == "map" else None, found.message)


def _engine() -> Any:
    import core.explain.one_image

    return core.explain.one_image
