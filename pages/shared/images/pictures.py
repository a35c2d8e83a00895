"""Pictures of images on pages: thumbnails, what a model sees, and a grey tile with the reason where there is none."""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import store
from core.benchmarks.base import Benchmark
from core.errors import ImageError, OffcenterError
from core.images import drawing
from core.images.opening import as_rgb, reasons
from core.images.preprocess import Preprocess
from core.images.seeing import Seen
from core.store import weights


@dataclass(frozen=True)
class Thumbnail:
    """A small picture of an image, or why there is none.

    Attributes:
        src: A 128 px JPEG as a data URI; empty if there is none.
        problem: Why there is none; empty if there is one.
    """

    src: str = ""
    problem: str = ""


@st.cache_data(max_entries=4096, show_spinner=False)
def _thumbnail(key: str, root: str, sample_id: str, stamp: object, _source: Benchmark) -> Thumbnail:
    del key, root, stamp
    try:
        with reasons(sample_id):
            encoded = drawing.thumbnail(as_rgb(_source.image(sample_id)))
    except ImageError as error:
        return Thumbnail(problem=str(error))
    return Thumbnail(drawing.data_uri(encoded, "jpeg"))


def thumbnail(source: Benchmark | None, sample_id: str) -> Thumbnail:
    """A small picture of an image; whatever is wrong with it is its own matter."""
    if source is None:
        return Thumbnail(problem="the image is not on this machine")
    try:
        path = source.path(sample_id)
        status = path.stat() if path else None
        stamp = (status.st_mtime_ns, status.st_size) if status else None
        return _thumbnail(source.key, str(source.root), sample_id, stamp, source)
    except FileNotFoundError:
        return Thumbnail(problem="the file is not there")
    except (OSError, OffcenterError) as error:
        # What the system says may be another at the next look, so only what passes through above is remembered.
        return Thumbnail(problem=str(error))


def opened(source: Benchmark | None, sample_id: str, run: store.Run | None, view: str = "") -> Seen | str:
    """An image as a run's model sees it, or as it is where that is not known; else why it cannot be opened.

    Args:
        source: The benchmark on its data; None if they are not on this machine.
        sample_id: Of its samples.
        run: Whose preprocessing and view count; None shows the image as it is.
        view: Name of the view; the run's first one by default.
    """
    if source is None:
        return "the image is not on this machine"
    try:
        if run is None or not run.preprocessing:
            with reasons(sample_id):
                return Seen(np.asarray(as_rgb(source.image(sample_id))))
        return source.seen(sample_id, Preprocess(run.preprocessing), view or run.first_view)
    except OffcenterError as error:
        return str(error)


def has_other_weights(run: store.Run) -> bool:
    """Whether a model's folder on this machine holds other weights now than those that a result was made with."""
    try:
        now = weights.fingerprint_of(run.source)
    except OSError:
        return False
    return now is not None and now != run.fingerprint


def no_picture(reason: str) -> str:
    """A grey tile in place of a picture that cannot be shown, with the reason, as HTML."""
    return f'<div class="oc-no-picture"><span>{html.escape(reason)}</span></div>'
