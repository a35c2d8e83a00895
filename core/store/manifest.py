"""What a run says of itself: ``run.json`` as typed values, and the one place that reads and writes it."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from core import paths
from core.errors import StoreError
from core.types import Card, ViewsCard

MANIFEST = "run.json"
#: Stands for the precision of predictions that were made elsewhere, and is what tells them from others.
AS_IMPORTED = "as imported"


@dataclass(frozen=True)
class ModelEntry:
    """The model that was asked; see ``core.types.Model`` for what each value is."""

    name: str
    source: str
    architecture: str
    label_space: str
    num_classes: int
    fingerprint: str
    notes: tuple[str, ...] = ()
    head: str = ""


@dataclass(frozen=True)
class PoolEntry:
    """The images that were looked at.

    Attributes:
        key: Of the pool; benchmarks of one pool share predictions.
        digest: SHA-256 (hex) of the pool; see ``Benchmark.pool_digest``.
    """

    key: str
    digest: str


@dataclass(frozen=True)
class BenchmarkEntry:
    """A benchmark that was evaluated on a pool, and the copy of its data that was seen.

    Attributes:
        key: Of the benchmark.
        n: Images it has.
        samples: Path of the samples table, relative to the results folder.
        samples_digest: SHA-256 (hex) of labels, factors and clusters; see ``core.store.samples``.
        notes: What a reader should know about this copy of the data.
        root: Its data folder, absolute; ``benchmarks.EMBEDDED`` for data that come with the project; empty if none is
            needed.
        card: What the benchmark is.
        stamp: The files beside the images when the samples were read, as ``benchmarks.annotation_stamp`` gives them.
        finished: Rows that the run had when all of the benchmark's images were first there; 0 before.
        bytes_digest: SHA-256 (hex) over the bytes of all its images, once they are there; see ``core.store.closing``.
    """

    key: str
    n: int
    samples: str
    samples_digest: str
    notes: tuple[str, ...] = ()
    root: str = ""
    card: Card | None = None
    stamp: str = ""
    finished: int = 0
    bytes_digest: str = ""


@dataclass(frozen=True)
class Session:
    """What the last session that worked on a run did.

    Attributes:
        images: Images it finished.
        failed: Of these, images that ended in a recorded error.
        startup_s: Seconds before the first image.
        inference_s: Seconds after that.
        images_per_s: Rate, start-up left out.
        device: Name of the device.
        form: Form of the forward pass; see ``core.models.forward``.
        workers: Threads that decoded.
        batch_size: Images a forward pass.
    """

    images: int
    failed: int
    startup_s: float
    inference_s: float
    images_per_s: float
    device: str
    form: str
    workers: int
    batch_size: int


@dataclass(frozen=True)
class Manifest:
    """``run.json``: what was run, on what, with what; nothing about right or wrong.

    Attributes:
        identity: Name of the result's folder; see ``store.identity``.
        model: The model.
        pool: The images.
        views: What each image was shown as.
        precision: ``fp32``, ``bf16``, ``fp16``, or ``AS_IMPORTED``.
        preprocessing: timm's resolved data config; empty for imported predictions, unless a model was attached to them.
        benchmarks: Those whose images were evaluated, the latest first.
        keep_logits: Whether logits are stored too.
        protocol: Version of what made the numbers.
        created: Local time with offset, such as ``2026-11-23T22:37:19.123456+00:00``.
        updated: The same, of the last change.
        status: ``running``, ``partial``, ``failed`` or ``complete``; empty before the first image.
        versions: Of the libraries, by name.
        session: The last session, or None.
        extra: What a newer version wrote besides; kept as it is.
    """

    identity: str
    model: ModelEntry
    pool: PoolEntry
    views: ViewsCard
    precision: str
    preprocessing: Mapping[str, Any]
    benchmarks: tuple[BenchmarkEntry, ...]
    keep_logits: bool = False
    protocol: int | str = 0
    created: str = ""
    updated: str = ""
    status: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    session: Session | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def entry(self, benchmark: str) -> BenchmarkEntry | None:
        """What it says of a benchmark, or None if that was not evaluated."""
        return next((each for each in self.benchmarks if each.key == benchmark), None)

    def with_entry(self, entry: BenchmarkEntry) -> Manifest:
        """The same with a benchmark's entry in place of an earlier one."""
        others = tuple(each for each in self.benchmarks if each.key != entry.key)
        return replace(self, benchmarks=(entry, *others))

    @classmethod
    def from_json(cls, content: Any, path: Path) -> Manifest:
        """A manifest from JSON values.

        Args:
            content: As ``to_json`` gives it. What is not known here is passed over, so that newer manifests are read.
            path: Its file, for the error.

        Raises:
            StoreError: If a value is missing or of another type; names the file and the value. Also if an earlier
                version of the project wrote it; says what to run.
        """
        if isinstance(content, dict) and "pool" not in content and "view" in content:
            raise StoreError(_of_earlier_version(content, path))
        found = _decoded(cls, content, "", path)
        known = {each.name for each in fields(cls)}
        found = replace(found, extra={name: value for name, value in content.items() if name not in known})
        if not found.benchmarks or not found.views.rows:
            missing = "benchmarks" if not found.benchmarks else "views.rows"
            raise StoreError(f"{path}: '{missing}' is empty, so it says of nothing.{_REMEDY}")
        for entry in found.benchmarks:
            if entry.n < 0 or not _is_within(entry.samples):
                raise StoreError(f"{path}: '{entry.key}' has n {entry.n} and samples {entry.samples!r}.{_REMEDY}")
        return found

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        # Through text, so that tuples are lists here as they are once read back.
        content = asdict(self)
        extra = content.pop("extra")
        return json.loads(json.dumps(extra | _without_none(content)))


def _is_within(relative: str) -> bool:
    """Whether a path stays in the results folder."""
    path = PurePosixPath(relative)
    return not path.is_absolute() and ".." not in path.parts


def _of_earlier_version(content: Mapping[str, Any], path: Path) -> str:
    """What to say of a result in which predictions and labels were one."""
    model, benchmark = (content.get(name) for name in ("model", "benchmark"))
    source = model.get("source") if isinstance(model, dict) else None
    key = benchmark.get("key") if isinstance(benchmark, dict) else None
    again = f"python -m core evaluate --model {source or 'MODEL'} --benchmark {key or 'BENCHMARK'}"
    return f"{path.parent} was stored by an earlier version, in a form that is no longer read; it is kept. Run: {again}"


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_none(value) if isinstance(value, dict) else value
        for name, value in values.items()
        if value is not None
    }


def now() -> str:
    """The time as it stands in manifests; two that are written one after the other can be told apart by it."""
    return datetime.now().astimezone().isoformat(timespec="microseconds")


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in a result's folder, or None if there is none.

    Raises:
        StoreError: If it is damaged or not a run's; names the file and the value.
    """
    path = folder / MANIFEST
    try:
        status = path.stat()
        return _read(path, status.st_ino, status.st_size, status.st_mtime_ns)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}.") from error


@lru_cache(maxsize=1024)
def _read(path: Path, *version: int) -> Manifest:
    """A manifest as its file is in a version; pages list all of them at every look."""
    del version
    try:
        content = paths.load_json(path)
    except ValueError as error:
        raise StoreError(f"{path} is not JSON ({error}); the same evaluate command writes it again.") from error
    return Manifest.from_json(content, path)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a manifest into a result's folder.

    Raises:
        StoreError: If it cannot be written.
    """
    paths.write_atomically(folder / MANIFEST, json.dumps(manifest.to_json(), indent=2) + "\n")


def decoded(kind: type, value: Any) -> Any:
    """A JSON value as a dataclass, all its values of the declared types.

    Raises:
        StoreError: If one is missing or of another type.
    """
    return _decoded(kind, value, "", Path("it"))


def _decoded(kind: Any, value: Any, where: str, path: Path) -> Any:
    """A JSON value as a type: a dataclass, a union, a tuple of one type, a mapping, a literal or a plain type."""
    origin, inner = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _decoded_fields(kind, value, where, path)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        plain = [each for each in inner if each is not type(None)]
        return _decoded(plain[0], value, where, path) if len(plain) == 1 else _require(value, tuple(plain), where, path)
    if origin is tuple:
        _require(value, list, where, path)
        return tuple(_decoded(inner[0], each, f"{where}[{at}]", path) for at, each in enumerate(value))
    if origin is Literal:
        return _require(value, str, where, path, inner)
    if origin is not None:
        return _require(value, dict, where, path)
    # JSON writes 3.0 as 3.
    return _require(value, (int, float) if kind is float else kind, where, path)


_hints = cache(get_type_hints)


def _decoded_fields(kind: type, value: Any, where: str, path: Path) -> Any:
    _require(value, dict, where, path)
    hints, found = _hints(kind), {}
    for each in fields(kind):
        inside = f"{where}.{each.name}" if where else each.name
        if each.name in value:
            found[each.name] = _decoded(hints[each.name], value[each.name], inside, path)
        elif each.default is MISSING and each.default_factory is MISSING:
            raise StoreError(f"{path} has no '{inside}': it is damaged, or not a run's manifest.{_REMEDY}")
    return kind(**found)


_REMEDY = " The same evaluate command writes it again; a file of something else can be moved away."


def _require(value: Any, kinds: Any, where: str, path: Path, allowed: tuple[Any, ...] = ()) -> Any:
    is_kind = isinstance(value, kinds) and (kinds is bool or not isinstance(value, bool))
    if not is_kind or (allowed and value not in allowed):
        names = kinds if isinstance(kinds, tuple) else (kinds,)
        wanted = " or ".join(map(str, allowed)) or " or ".join(kind.__name__ for kind in names)
        raise StoreError(f"{path}: {repr(where) if where else 'its content'} is {value!r}, not {wanted}.{_REMEDY}")
    return value
