"""Embeddings of texts, computed in batches and kept on disk: a text tower takes minutes for what a run needs once."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from core import paths
from core.errors import ModelError, StoreError
from core.models.zero_shot.texts import Texts

#: Texts, in a batch, to embeddings of length 1: float32 (texts, width).
Encode = Callable[[list[str]], torch.Tensor]
#: Texts that go through a text tower together.
_BATCH = 256
_ARRAY = "embeddings"
_LOG = logging.getLogger(__name__)


def ensembled(encode: Encode, texts: Texts) -> np.ndarray:
    """One embedding a class, as CLIP has it: the mean of its prompts' embeddings, brought to length 1 again.

    Args:
        encode: A text tower with its tokenizer.
        texts: Prompts and classes.

    Returns:
        float32 (classes, width).

    Raises:
        ModelError: If the text tower gives no numbers.
    """
    n = len(texts.prompts)
    _LOG.info("computing the embeddings of %s texts", f"{n * len(texts.classes):,}")
    at_once = max(1, _BATCH // n)
    rows = []
    for begin in range(0, len(texts.classes), at_once):
        indices = range(begin, min(begin + at_once, len(texts.classes)))
        means = single(encode, texts, indices).mean(dim=1)
        rows.append(means / means.norm(dim=-1, keepdim=True))
    return _numbers(torch.cat(rows))


def each(encode: Encode, texts: Texts, index: int) -> np.ndarray:
    """The embeddings of a class's prompts: float32 (templates, width).

    Raises:
        ModelError: If the text tower gives no numbers.
    """
    return _numbers(single(encode, texts, [index])[0])


def single(encode: Encode, texts: Texts, indices: Sequence[int]) -> torch.Tensor:
    """Embeddings of all prompts of some classes: float32 (classes, templates, width)."""
    every = [text for index in indices for text in texts.of(index)]
    with torch.inference_mode():
        rows = [encode(every[begin : begin + _BATCH]).float().cpu() for begin in range(0, len(every), _BATCH)]
    return torch.cat(rows).reshape(len(indices), len(texts.prompts), -1)


def _numbers(found: torch.Tensor) -> np.ndarray:
    if not torch.isfinite(found).all():
        raise ModelError(
            "the text tower gives embeddings that are not finite (NaN or infinity): are its weights whole?"
        )
    return np.ascontiguousarray(found.numpy(), dtype=np.float32)


def file_of(*identity: str) -> Path:
    """Where embeddings are kept.

    Args:
        identity: All that decides them: weights, architecture, tokenizer, texts, versions of libraries.
    """
    name = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
    return paths.data_home() / "cache" / "text-embeddings" / f"{name}.npz"


def kept(path: Path, n: int, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """Embeddings from disk, or computed and kept there; a damaged file is as good as none.

    Args:
        path: From ``file_of``.
        n: Rows that there must be.
        compute: Gives float32 (n, width).
    """
    found = _read(path)
    if found is None or len(found) != n:
        found = compute()
        # Only a memory: where it cannot be written, the texts are embedded again next time.
        with contextlib.suppress(StoreError):
            stream = io.BytesIO()
            np.savez(stream, **{_ARRAY: found})
            paths.write_atomically(path, stream.getvalue())
    return found


def _read(path: Path) -> np.ndarray | None:
    try:
        with np.load(path, allow_pickle=False) as content:
            found = content[_ARRAY]
    # A zip's checksum tells a flipped bit; what damaged headers raise is of many kinds.
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, NotImplementedError, MemoryError):
        return None
    is_good = found.ndim == 2 and found.dtype == np.float32 and np.isfinite(found).all()
    return found if is_good else None
