"""Pictures in a bundle: small WebP of images as they are, and Grad-CAMs over what a model saw; or why there is none."""

from __future__ import annotations

import base64
import hashlib
import io
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from core import benchmarks, store
from core.benchmarks.base import Benchmark
from core.errors import ImageError, OffcenterError
from core.images import drawing
from core.images.opening import as_rgb, reasons
from core.store import weights

#: Pixels of the longer side: enough for a thumbnail on a fine screen and for a look at it. About 8 kB each.
SIDE_PX = 256
_QUALITY = 72
#: Of a map over its image, as in the image drawer of the pages.
_OPACITY = 0.65
#: Before the data of a picture that the page carries itself.
DATA_URI = drawing.data_uri(b"", "webp")

NOT_HERE = "its images were not on the machine that made this file"
_IMPORTED = "these predictions were imported: which network made them is not known here"
_NO_NETWORK = "the network was not on the machine that made this file"


def webp(image: Image.Image) -> bytes:
    """A small WebP of an image, its shape kept, never enlarged."""
    image = image.convert("RGB")
    image.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=_QUALITY, method=2)
    return stream.getvalue()


def data_uri(encoded: bytes) -> str:
    """A WebP as an address that the page carries itself."""
    return drawing.data_uri(encoded, "webp")


def bytes_of(address: str) -> bytes | None:
    """What a data URI holds; None for another address."""
    return base64.b64decode(address.removeprefix(DATA_URI)) if address.startswith(DATA_URI) else None


def name_of(encoded: bytes) -> str:
    """What a picture is called: 16 hex digits of its bytes' SHA-256."""
    return hashlib.sha256(encoded).hexdigest()[:16]


class Album:
    """The images of some results, opened when they are asked for.

    Attributes:
        missing: Benchmarks whose images are not on this machine: why, by key.
    """

    def __init__(self) -> None:
        self.missing: dict[str, str] = {}
        self._sources: dict[tuple[str, str], Benchmark | None] = {}
        self._silent: dict[tuple[str, str], str] = {}

    def source_of(self, run: store.Run) -> Benchmark | None:
        """A result's benchmark on its data; None if they are not here, which is noted."""
        key = (run.benchmark, run.content)
        if key not in self._sources:
            try:
                self._sources[key] = benchmarks.open_for(run)
            except OffcenterError as error:
                self._sources[key] = None
                self.missing[run.benchmark] = str(error)
        return self._sources[key]

    def picture(self, run: store.Run, sample_id: str) -> bytes | str:
        """An image as it is, as WebP; else why there is none."""
        source = self.source_of(run)
        if source is None:
            return NOT_HERE
        try:
            with reasons(f"the image '{sample_id}'"):
                return webp(as_rgb(source.image(sample_id)))
        except OffcenterError as error:
            return str(error)

    def saliency(self, run: store.Run, sample_id: str, view: str, target: int) -> bytes | str:
        """Where a result's network looks for a class, over the image as it sees it, as WebP; else why there is none.

        Nothing is downloaded for it; a network that cannot be had is asked once.
        """
        asked = (run.source, run.fingerprint)
        if reason := self._silent.get(asked) or silent(run):
            return reason
        source = self.source_of(run)
        if source is None:
            return NOT_HERE
        try:
            return _heat(_explained(run, source, sample_id, view, target))
        except ImageError as error:
            return str(error)
        except OffcenterError as error:
            self._silent[asked] = str(error)
            return str(error)


def silent(run: store.Run) -> str:
    """Why the network of a result cannot be asked here without a download; empty if it can."""
    if run.is_imported:
        return _IMPORTED
    return "" if _is_here(run.source) else _NO_NETWORK


@cache
def _is_here(source: str) -> bool:
    return weights.folder_of(source) is not None


def _explained(run: store.Run, source: Benchmark, sample_id: str, view: str, target: int) -> Any:
    # Torch, only for those who want maps.
    from core.explain.one_image import explain_sample

    return explain_sample(
        run.source,
        run.benchmark,
        source.root,
        sample_id,
        target,
        view=view,
        fingerprint=run.fingerprint,
        head=run.manifest.model.head,
    )


def _heat(explained: Any) -> bytes | str:
    if explained.state != "map":
        return explained.message
    return webp(drawing.with_heat(Image.fromarray(np.asarray(explained.image)), explained.map, _OPACITY))
