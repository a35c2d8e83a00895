"""Where a bundle may be written, told before the work is done, and writing it whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from core import paths
from core.bundle.content import PAGE
from core.bundle.filling import PICTURES, Bundle
from core.bundle.reading import is_bundle, read
from core.errors import StoreError, UsageError

_SUFFIXES = (".html", ".htm")


def place_for(text: str, is_folder: bool = False) -> tuple[Path, bool]:
    """Where a bundle goes, and whether it is a folder; told before the work is done.

    Args:
        text: As it was given: a file that ends in ``.html``; a folder ends in ``/``, is there already, or is asked for.
        is_folder: Whether it is asked for.

    Raises:
        UsageError: If something else is there, or it cannot be written.
        ReadOnlyError: If this is a demo, and it is its data folder's.
    """
    is_local = "://" not in text
    is_folder = is_folder or text.endswith(("/", os.sep)) or (is_local and paths.is_there(paths.place(text)))
    path = paths.output("--out", text, folder=is_folder)
    if not is_folder and path.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"--out {text} must end in .html, or in / for a folder of a page and its images.")
    _require_ours(path, text, is_folder)
    return path, is_folder


def _require_ours(path: Path, text: str, is_folder: bool) -> None:
    """Refuse to replace what is no bundle."""
    try:
        nothing = not path.exists() or (path.is_dir() and not any(path.iterdir()))
    except OSError as error:
        raise UsageError(f"--out {text} cannot be looked at: {error.strerror or error}.") from error
    if nothing:
        return
    if not is_bundle(path):
        kind = "folder with other things in it" if is_folder else "file that is no bundle"
        raise UsageError(f"--out {text} is a {kind}: it stays as it is. Give another name.")


def write(bundle: Bundle, path: Path) -> None:
    """Write a bundle: a file, or a folder where it has files beside its page.

    A page never stands before its pictures do; those of an older bundle in the folder go last.

    Args:
        bundle: From ``build``.
        path: From ``place_for``.

    Raises:
        StoreError: If it cannot be written.
    """
    if not bundle.is_folder:
        _write(path, bundle.page)
        return
    old = read(path)["pictures"].values() if is_bundle(path) else ()
    for name, content in bundle.files.items():
        _write(path / name, content)
    _write(path / PAGE, bundle.page)
    for name in set(old) - bundle.files.keys():
        # What an older page names may be anything: only what is ours is deleted.
        if str(name).startswith(f"{PICTURES}/") and "/" not in str(name).removeprefix(f"{PICTURES}/"):
            with suppress(OSError):
                (path / str(name)).unlink()


def _write(path: Path, content: bytes) -> None:
    try:
        paths.write_atomically(path, content)
    except StoreError as error:
        cause = error.__cause__
        why = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(error)
        raise StoreError(f"cannot write {path}: {why}. Give --out another place, or free space there.") from error
