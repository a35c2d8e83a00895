"""What a user has added, as it is kept: ``data/own/<NAME>.json`` in the data folder, and a table of samples beside."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import paths
from core.errors import DataError, StorageError, UsageError, cannot_write, nearest
from core.types import Factor, FactorKind

VERSION = 1
#: Column of the kept samples with the file of an image's mask; no factor has such a name.
MASK = "mask_file"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SAMPLES = "samples"
_REMOVED = "removed"
#: Names that mean something else: folders of the data home, words of options, devices of an operating system.
_RESERVED = frozenset(
    {
        *("all", "none", "any", "own", "labels", "samples", "results", "downloads", "cache", "embedded", "removed"),
        *("clean", "list", "status", "con", "nul", "prn", "aux"),
        *(f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)),
    }
)


@dataclass(frozen=True)
class Entry:
    """One set of a user's own.

    Attributes:
        name: What to type after ``--benchmark``.
        root: Folder of its images when it was added.
        table: The user's table, or empty for folders named by class.
        table_sha256: Of that table as it was understood.
        form: What the table was.
        samples: File of the kept samples, below the folder of entries.
        label_space: That its labels are classes of.
        columns: The user's column by the part it plays; see ``core.own.roles``.
        factors: In order.
        tables: Name, factors and title of each table.
        cluster_unit: Column that tells which images are not independent, or None.
        has_masks: Whether there are masks.
        n: Images.
        added: When, in ISO 8601.
        notes: What was said when it was added and holds for good.
        version: Of this form.
    """

    name: str
    root: str
    table: str
    table_sha256: str
    form: str
    samples: str
    label_space: str
    columns: dict[str, str]
    factors: tuple[Factor, ...]
    tables: tuple[tuple[str, tuple[str, ...], str], ...]
    cluster_unit: str | None
    has_masks: bool
    n: int
    added: str = ""
    notes: tuple[str, ...] = ()
    version: int = VERSION

    @property
    def path(self) -> Path:
        """Its file."""
        return folder() / f"{self.name}.json"


def folder() -> Path:
    """Where entries are kept."""
    return paths.data_home() / "own"


def require_name(name: str, published: Collection[str]) -> None:
    """Refuse a name that cannot be that of a set of one's own.

    Args:
        name: As a user gives it.
        published: Keys of the published benchmarks.

    Raises:
        UsageError: If it has other signs than letters, digits, ``-`` and ``_``, or means something else already.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name[:80]!r} is no name of data of your own: use up to 64 letters, digits, '-' and '_', such as "
            f"'{paths.slug(name)[:64].replace('.', '-')}'."
        )
    families = {key.partition("/")[0].casefold() for key in published}
    if name.casefold() in families | _RESERVED:
        raise UsageError(f"the name '{name}' is taken by Offcenter itself: choose another, such as 'my-{name}'.")
    for other in names():
        if other.casefold() == name.casefold() and other != name:
            raise UsageError(f"'{name}' differs from '{other}', which is there, in case only: choose another name.")


def names() -> list[str]:
    """Names of all entries, damaged ones too, sorted."""
    return sorted(path.stem for path in _files())


def _files() -> list[Path]:
    try:
        with os.scandir(folder()) as found:
            return [
                Path(each.path) for each in found if each.name.endswith(".json") and _NAME.fullmatch(each.name[:-5])
            ]
    except OSError:
        return []


def entries() -> tuple[list[Entry], dict[str, str]]:
    """All entries by name, and for each damaged one why it cannot be used."""
    found, damaged = [], {}
    for path in sorted(_files()):
        try:
            found.append(read(path))
        except DataError as error:
            damaged[path.stem] = str(error)
    return found, damaged


def damaged() -> dict[str, str]:
    """Why an entry cannot be used, by its name."""
    return entries()[1]


def entry(name: str) -> Entry:
    """An entry by its name.

    Raises:
        UsageError: If there is none.
        DataError: If it is damaged.
    """
    if name not in names():
        raise UsageError(f"there are no data of your own called '{name}'.{nearest(name, names())}")
    return read(folder() / f"{name}.json")


def read(path: Path) -> Entry:
    """The entry in a file.

    Raises:
        DataError: If it is damaged; says what to do.
    """
    try:
        status = path.stat()
        return _read(path, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


@lru_cache(maxsize=256)
def _read(path: Path, *version: int) -> Entry:
    del version
    try:
        content = paths.load_json(path)
        found = _entry_of(content)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(
            f"{path} is damaged ({type(error).__name__}: {error}): add the data again with 'python -m core data add "
            f"{path.stem}', or remove it with 'python -m core data remove {path.stem}'."
        ) from error
    if found.name != path.stem:
        raise DataError(f"{path} says that it is '{found.name}': give the file its own name again.")
    return found


def _entry_of(content: dict[str, Any]) -> Entry:
    """An entry from JSON.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: If it is not one.
    """
    if content["version"] != VERSION:
        raise ValueError(f"it has version {content['version']!r}, and this Offcenter reads {VERSION}")
    factors = tuple(Factor(**each) for each in content["factors"])
    tables = tuple((str(name), tuple(by), str(title)) for name, by, title in content["tables"])
    found = Entry(**{**content, "factors": factors, "tables": tables, "notes": tuple(map(str, content["notes"]))})
    known = {factor.name for factor in factors}
    if not factors or not tables or any(factor.kind not in get_args(FactorKind) for factor in factors):
        raise ValueError("its factors or tables are none")
    if not {name for _, by, _ in tables for name in by} <= known:
        raise ValueError("a table is by a factor that it does not have")
    if not (isinstance(found.n, int) and isinstance(found.has_masks, bool)):
        raise TypeError("a number, or whether there are masks, is none")
    texts = (found.name, found.root, found.table, found.samples, found.label_space, found.form)
    texts += (found.cluster_unit or "", *found.columns.values())
    texts += tuple(text for factor in factors for text in (factor.name, factor.label, factor.unit))
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a text is none")
    if Path(found.samples).is_absolute() or ".." in Path(found.samples).parts:
        raise ValueError("its samples lie elsewhere")
    return found


def write(entry: Entry, samples: pd.DataFrame) -> Entry:
    """Keep an entry with its samples; one of this name that is there is moved aside.

    Args:
        entry: Without a samples file.
        samples: ``sample_id``, ``accepted``, ``cluster``, factors, and ``MASK`` where there are masks.

    Returns:
        The entry as it is kept.

    Raises:
        StoreError: If it cannot be written.
    """
    table = pa.Table.from_pandas(samples, preserve_index=False).replace_schema_metadata()
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")
    content = buffer.getvalue().to_pybytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    entry = replace(
        entry, samples=f"{_SAMPLES}/{entry.name}-{digest}.parquet", added=time.strftime("%Y-%m-%dT%H:%M:%S")
    )
    # The samples first: an entry is never without them.
    paths.write_atomically(folder() / entry.samples, content)
    if entry.path.is_file():
        paths.write_atomically(_place_aside(entry.path), entry.path.read_bytes())
    paths.write_atomically(entry.path, json.dumps(asdict(entry), indent=1, ensure_ascii=False) + "\n")
    return entry


def read_samples(entry: Entry, columns: Collection[str] | None = None, within: Path | None = None) -> pd.DataFrame:
    """The kept samples of an entry.

    Args:
        entry: The entry.
        columns: Only these; all by default.
        within: Folder of the entry's file, by default that of this process's data folder.

    Raises:
        DataError: If they are not there or damaged; says what to do.
        StorageError: If the system does not give them now.
    """
    path = (within or folder()) / entry.samples
    try:
        table = pq.read_table(path, partitioning=None, columns=None if columns is None else list(columns))
        missing = {"sample_id", "accepted", "cluster", *(factor.name for factor in entry.factors)} - {
            *table.column_names
        }
        if columns is None and missing:
            raise DataError(f"{path} has no column '{min(missing)}'")
        return table.to_pandas()
    except FileNotFoundError as error:
        raise DataError(f"the samples of '{entry.name}', {path}, are gone: add them again.") from error
    except (pa.ArrowException, ValueError, DataError) as error:
        raise DataError(f"the samples of '{entry.name}', {path}, are damaged ({error}): add them again.") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be read now: {error.strerror or error}.") from error


def table_changed(entry: Entry) -> str:
    """What became of the user's table since: empty if it is as it was, else the end of a sentence."""
    if not entry.table:
        return ""
    path = Path(entry.table)
    try:
        status = path.stat()
        now = _file_sha256(path, status.st_mtime_ns, status.st_size)
    except OSError:
        return "is not there any more"
    return "" if now == entry.table_sha256 else "has changed"


@lru_cache(maxsize=64)
def _file_sha256(path: Path, *version: int) -> str:
    del version
    return hashlib.sha256(path.read_bytes()).hexdigest()


def remove(name: str) -> Path:
    """Take data of one's own off the list; images and results stay, and the entry is kept aside.

    Args:
        name: Of an entry, which may be a damaged one.

    Returns:
        Where the entry is now.

    Raises:
        UsageError: If there is none of this name.
        StoreError: If it cannot be moved.
    """
    if name not in names():
        raise UsageError(f"there are no data of your own called '{name}'.{nearest(name, names())}")
    paths.require_writable(folder())
    path = folder() / f"{name}.json"
    there = _place_aside(path)
    try:
        there.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, there)
    except OSError as error:
        raise cannot_write(there, error) from error
    return there


def _place_aside(path: Path) -> Path:
    return path.parent / _REMOVED / f"{path.stem}-{time.strftime('%Y%m%dT%H%M%S')}-{os.urandom(2).hex()}.json"
