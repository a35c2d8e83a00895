"""What models are, remembered on disk: what timm makes of a config needs timm, and that takes seconds to import.

A description is remembered with everything that it was made from, the version of timm and of the project included; when
one of these changes it is made anew. Deleting the memory costs time only.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path

from core import paths
from core.errors import StoreError
from core.store import weights
from core.types import Model

#: Attributes of a model that are its description.
_KEPT = tuple(field.name for field in fields(Model) if field.name not in ("module", "device", "fingerprint"))
#: The code that decides what is remembered.
_CODE = ("models/sources.py", "labels.py")


def describe(spec: str) -> Model:
    """What a model is, its fingerprint included, without building it.

    Args:
        spec: A model's name.

    Raises:
        UsageError, ModelUnavailableError, ModelError: If there is no such model, it cannot be had, or its config is not
            what timm writes; see ``core.models.sources``.
    """
    memory = paths.data_home() / "results" / "descriptions.json"
    known = paths.read_json(memory).get(spec)
    if known is not None:
        with contextlib.suppress(OSError, KeyError, TypeError):
            files = [Path(name) for name in known["files"]]
            if known["stamp"] == _stamp(spec, files):
                # The weights stand last among the files.
                return Model(**known["model"], fingerprint=weights.file_sha256(files[-1]))
    from core.models import sources

    model, files = sources.describe(spec)
    kept = {name: getattr(model, name) for name in _KEPT}
    content = {"files": [str(path) for path in files], "stamp": _stamp(spec, files), "model": kept}
    # Only a memory: where it cannot be written, timm is asked again next time.
    with contextlib.suppress(StoreError):
        paths.update_json(memory, lambda every: every.update({spec: content}), keep_damaged=False)
    return model


def _stamp(spec: str, files: Sequence[Path]) -> str:
    """Changes when a model's name means another folder, one of its files does, or the code.

    Raises:
        OSError: If a file is gone.
    """
    folder = weights.folder_of(spec)
    total = hashlib.sha256(f"{folder} {importlib.metadata.version('timm')} {_code()}".encode())
    for path in files:
        status = path.stat()
        total.update(f"{path.resolve()} {status.st_size} {status.st_mtime_ns}\n".encode())
    return total.hexdigest()


@cache
def _code() -> str:
    root = Path(__file__).parent.parent
    return hashlib.sha256(b"".join((root / name).read_bytes() for name in _CODE)).hexdigest()
