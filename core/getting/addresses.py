"""What can be fetched: addresses, sizes, digests and licences, each with the source that says so.

The table is ``addresses.json`` beside this file, a list of entries; to add one is to add it there.
Nothing here is guessed. A size or digest that no source gives is None: the size is then asked of the server, and the
digest of the first download is shown, kept, and asked of every later one (trust on first use; see ``digests``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.errors import UsageError, nearest

#: What comes before the name of a model of the hub.
MODEL = "model:"
_TABLE = Path(__file__).with_name("addresses.json")


@dataclass(frozen=True)
class Address:
    """Where a file is.

    Attributes:
        url: HTTP or HTTPS.
        source: Who says that it is there, and who gives size and digest.
        size: Bytes, or None if no source gives it.
        sha256: Hex digest, or None if no source gives it.
    """

    url: str
    source: str
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class File:
    """A file of an entry.

    Attributes:
        name: What it is called when it is there.
        addresses: Tried in turn; none where only a person can get it.
        unpacked: Whether it is a zip or tar that is unpacked.
        into: Folder within the entry's that it goes to; an archive without one becomes the entry's folder.
        optional: Whether the entry is whole without it.
        size: Bytes, where no address gives it.
        sha256: Hex digest of a file that a person gets.
    """

    name: str
    addresses: tuple[Address, ...] = ()
    unpacked: bool = False
    into: str = ""
    optional: bool = False
    size: int | None = None
    sha256: str | None = None

    @property
    def known_size(self) -> int | None:
        """Bytes, as the first source gives them; None if none does."""
        return next((each.size for each in self.addresses if each.size), self.size)

    @property
    def digests(self) -> frozenset[str]:
        """Every digest that a source gives."""
        return frozenset(each for each in (*(address.sha256 for address in self.addresses), self.sha256) if each)


@dataclass(frozen=True)
class Entry:
    """Something that can be fetched under one name.

    Attributes:
        key: What to type.
        title: What it is.
        licence: Under which it is given.
        files: Its files; none of a data set of the hub.
        benchmark: Whose data folder it becomes; empty for files that benchmarks find by themselves.
        folder: Below ``downloads``; the key if empty.
        holds: A file or folder that marks the benchmark's own folder, where that may lie deeper.
        hub: Data set of the Hugging Face hub, ``owner/name``.
        terms: Where a person must accept terms first: the steps, in words.
        by_hand: Where the file is for a person with a browser.
        note: What a reader should know before.
    """

    key: str
    title: str
    licence: str
    files: tuple[File, ...] = ()
    benchmark: str = ""
    folder: str = ""
    holds: str = ""
    hub: str = ""
    terms: tuple[str, ...] = ()
    by_hand: str = ""
    note: str = ""

    @property
    def place(self) -> str:
        """Its folder below ``downloads``."""
        return self.folder or self.key

    @property
    def known_size(self) -> int | None:
        """Bytes of all its files but the optional ones; None if one is not known."""
        sizes = [file.known_size for file in self.files if not file.optional]
        return None if not sizes or None in sizes else sum(size for size in sizes if size)


@cache
def known() -> dict[str, Entry]:
    """Every entry by its key, in the order of the table."""
    return {each["key"]: _entry(each) for each in json.loads(_TABLE.read_text(encoding="utf-8"))}


def _entry(content: dict[str, Any]) -> Entry:
    files = tuple(
        File(**{**each, "addresses": tuple(Address(**address) for address in each.get("addresses", ()))})
        for each in content.get("files", ())
    )
    return Entry(**{**content, "files": files, "terms": tuple(content.get("terms", ()))})


def find(key: str) -> Entry:
    """An entry by its key.

    Raises:
        UsageError: If there is none; names the nearest ones.
    """
    entries = known()
    if key not in entries:
        raise UsageError(
            f"nothing is known to fetch under '{key}'.{nearest(key, entries)} 'python -m core data fetch --list' shows "
            f"what is; a model is named {MODEL}NAME, such as {MODEL}resnet50.a1_in1k."
        )
    return entries[key]


def require_url(url: str) -> str:
    """An address that a user gave, if it can be one.

    Raises:
        UsageError: If it is not of the web.
    """
    try:
        parts = urlsplit(url.strip())
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_url = False
    if not is_url or any(sign.isspace() or not sign.isprintable() for sign in url.strip()):
        raise UsageError(f"'{url}' is no address to fetch from: it begins with https:// or http:// and names a host.")
    return url.strip()


def shown(url: str) -> str:
    """An address without the name and password that it may hold."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
