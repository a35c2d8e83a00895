"""The one place where pages ask for inference on demand; torch is imported here, when somebody asks, and not before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

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


def explain(source: str, benchmark: str, root: str | None, sample_id: str, target: int, view: str = "clean") -> Heat:
    """Where in an image a model's score of a class comes from (Grad-CAM).

    Args:
        source: The model's source.
        benchmark: Key.
        root: Its data folder.
        sample_id: Of its samples.
        target: Class index.
        view: What is done to the image first.
    """
    try:
        return _explain(source, benchmark, root, sample_id, target, view)
    except OffcenterError as error:
        return Heat(None, str(error))


@st.cache_data(max_entries=128, show_spinner="Asking the model …")
def _explain(source: str, benchmark: str, root: str | None, sample_id: str, target: int, view: str) -> Heat:
    engine: Any = _engine()
    found = engine.explain_sample(source, benchmark, root, sample_id, target, view=view)
    return Heat(found.map if found.state == "map" else None, found.message)


def _engine() -> Any:
    import core.explain.one_image

    return core.explain.one_image
