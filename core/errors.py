"""Errors a user can act on: what failed, the value seen, and what to type or edit."""

from __future__ import annotations

import difflib
import errno
import os
from collections.abc import Iterable
from pathlib import Path


class OffcenterError(Exception):
    """Base of every error that is shown as one line instead of a traceback."""

    exit_code = 1

    def __str__(self) -> str:
        """The message in one line: names in it, which come from files and forms, may hold anything."""
        return "".join(
            letter if letter.isprintable() or letter == "\xa0" else letter.encode("unicode_escape").decode()
            for letter in super().__str__()
        )


class UsageError(OffcenterError):
    """A name, option or path that was given is wrong; the command line exits with 2."""

    exit_code = 2


class DataError(OffcenterError):
    """A data set, or a file of one, cannot be read as what it claims to be."""


class ImageError(DataError):
    """The bytes of an image cannot become pixels: a fact about it, which may be kept.

    Attributes:
        digest: 64 bits of the bytes, if they were read; see ``core.images.opening.digest_of``.
    """

    digest: int | None = None


class StorageError(DataError):
    """The system would not give a file now; asked again it may, so nobody keeps this as a fact."""


class ModelError(OffcenterError):
    """A classifier cannot be loaded or run."""


class ModelUnavailableError(ModelError):
    """Weights are neither on this machine nor can they be downloaded now."""


class NotAvailableError(ModelError):
    """A method cannot be had for an architecture; says why."""


class StoreError(OffcenterError):
    """Results cannot be written or read."""


class ReadOnlyError(StoreError):
    """A demo keeps nothing."""


class LabelSpaceError(UsageError):
    """A model's classes do not fit a benchmark."""


def nearest(name: str, known: Iterable[str], n: int = 3) -> str:
    """A hint that names the most similar known names, or an empty string.

    Args:
        name: What the user typed.
        known: Valid names.
        n: How many to offer at most.

    Returns:
        `` Did you mean 'a' or 'b'?`` with a leading space, or ``""``.
    """
    by_lower: dict[str, str] = {}
    for candidate in known:
        by_lower.setdefault(candidate.lower(), candidate)
    found = difflib.get_close_matches(name.lower(), by_lower, n=n, cutoff=0.5)
    if not found:
        return ""
    return " Did you mean " + " or ".join(f"'{by_lower[match]}'" for match in found) + "?"


def cannot_write(path: Path, error: OSError) -> StoreError:
    """The error to show for a failed write."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreError(
            f"the disk is full ({os.strerror(error.errno)}) writing {path}. All finished batches are kept: free space, "
            "or set OFFCENTER_DATA to a folder on another disk, and give the same command again."
        )
    return StoreError(
        f"cannot write {path}: {error.strerror or error}. Set OFFCENTER_DATA to a folder you may write to."
    )
