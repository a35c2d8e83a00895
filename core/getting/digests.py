"""Digests of what was fetched, for files of which no source gives one: trust on first use.

The first digest of an address is kept in ``downloads/digests.json``, and asked of whatever comes from there later. That
tells a file that has changed; whether the first one was right, it cannot tell.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

from core import paths
from core.errors import DataError, StorageError
from core.getting.addresses import shown
from core.getting.meter import Meter
from core.types import ProgressCallback

_CHUNK = 1 << 20


def of_file(path: Path, progress: ProgressCallback | None = None) -> str:
    """SHA-256 (hex) of a file's bytes as they are now.

    Raises:
        StorageError: If it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        meter = Meter(progress, f"checking {path.name}", total=path.stat().st_size)
        with open(path, "rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                meter.add(len(chunk))
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
    meter.finish()
    return digest.hexdigest()


def _memory() -> Path:
    return paths.data_home() / "downloads" / "digests.json"


def _first(url: str) -> dict[str, Any]:
    found = paths.read_json(_memory()).get(shown(url))
    return found if isinstance(found, dict) else {}


def is_known(url: str, sha256: str) -> bool:
    """Whether an address gave this digest first, or last where another was accepted."""
    return _first(url).get("sha256") == sha256


def require_known(url: str, sha256: str, *, accept_other: bool = False) -> str:
    """Compare a digest with the first one that an address had; see ``keep``.

    Args:
        url: The address, or another name of where the file is from.
        sha256: Of what came now.
        accept_other: Whether another digest than the first one takes its place.

    Returns:
        What to tell of it, in words.

    Raises:
        DataError: If it is another; says how to accept it.
    """
    name, first = shown(url), _first(url)
    if first.get("sha256") == sha256:
        return f"as on {first.get('when', 'the first time')}, when it was first fetched; no source gives it"
    if first and not accept_other:
        raise DataError(
            f"{name}: its SHA-256 is {sha256[:16]}…, but was {str(first.get('sha256'))[:16]}… on {first.get('when')}: "
            "the file there is another one now. If it is meant to be, add --accept-other."
        )
    return "no source gives it: it is kept, and asked of every later copy"


def keep(url: str, sha256: str, n: int) -> None:
    """Keep what an address gave, once it has proved to be of use.

    Raises:
        StoreError: If it cannot be written.
    """
    if not is_known(url, sha256):
        kept = {"sha256": sha256, "bytes": n, "when": time.strftime("%Y-%m-%d")}
        paths.update_json(_memory(), lambda known: known.update({shown(url): kept}))
