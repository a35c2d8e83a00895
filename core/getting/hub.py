"""Data sets and models of the Hugging Face hub, through its own client."""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import shlex
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import huggingface_hub
from filelock import FileLock, Timeout
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

from core import paths
from core.errors import DataError, ModelUnavailableError, OffcenterError, StorageError, UsageError, cannot_write
from core.getting import digests
from core.getting.addresses import MODEL, Entry
from core.getting.meter import Meter, size
from core.getting.plans import Fetched, Plan, remember
from core.getting.unpack import MARKER, marker
from core.store import specs
from core.types import ProgressCallback

Kind = Literal["dataset", "model"]
_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class HubFile:
    """A file of a repository.

    Attributes:
        name: Its path there.
        size: Bytes, or None if the hub does not say.
        sha256: Hex digest, as the hub gives it for large files; None for others.
    """

    name: str
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Listing:
    """What a repository holds at one revision.

    Attributes:
        repo: ``owner/name``.
        revision: The commit.
        licence: As its card says, or empty.
        files: All of them.
    """

    repo: str
    revision: str = ""
    licence: str = ""
    files: tuple[HubFile, ...] = ()


def list_files(repo: str, kind: Kind, revision: str | None = None) -> Listing:
    """What a repository holds now.

    Raises:
        UsageError: If there is none that one may read.
        StorageError: If the hub cannot be reached.
    """
    with _told(repo):
        api = huggingface_hub.HfApi(endpoint=huggingface_hub.constants.ENDPOINT)
        found = api.repo_info(repo, repo_type=kind, revision=revision, files_metadata=True, timeout=_TIMEOUT_S)
    card = getattr(found, "card_data", None)
    licence = (card.get("license") if card else None) or next(
        (tag.partition(":")[2] for tag in found.tags or () if tag.startswith("license:")), ""
    )
    return Listing(
        repo,
        found.sha or "",
        licence if isinstance(licence, str) else ", ".join(map(str, licence)),
        tuple(
            HubFile(each.rfilename, each.size, each.lfs.sha256 if each.lfs else None) for each in found.siblings or ()
        ),
    )


@contextmanager
def _told(repo: str) -> Iterator[None]:
    """Errors of the hub's client in words; which library's they are depends on its version."""
    try:
        yield
    except OffcenterError:
        raise
    except GatedRepoError as error:
        raise UsageError(
            f"'{repo}' is given only to those who accept its terms: do so on its page of the hub, then log in with: "
            "hf auth login"
        ) from error
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise UsageError(f"the hub has no repository '{repo}' that you may read: check the name, or log in.") from error
    except OSError as error:
        if error.errno is not None and getattr(error, "filename", None):
            raise cannot_write(Path(error.filename), error) from error
        raise _unreachable(repo, error) from error
    except Exception as error:
        raise _unreachable(repo, error) from error


def _unreachable(repo: str, error: Exception) -> StorageError:
    why = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return StorageError(f"'{repo}' cannot be fetched from the hub now ({why}). What has come is kept: try again later.")


def _page(repo: str) -> str:
    return f"{huggingface_hub.constants.ENDPOINT}/{repo}"


def _client_settings(meter: Meter) -> dict[str, Any]:
    """What tells of each byte, as far as this version of the hub's client has a place for it."""
    if "tqdm_class" not in inspect.signature(huggingface_hub.hf_hub_download).parameters:
        return {}

    class Told(huggingface_hub.utils.tqdm):
        """A bar that nobody sees."""

        def __init__(self, *args: Any, **settings: Any) -> None:
            meter.add(int(settings.get("initial") or 0))
            super().__init__(*args, **{**settings, "disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            """So many more bytes."""
            meter.add(int(n or 0))
            return super().update(n)

    return {"tqdm_class": Told}


@dataclass(frozen=True)
class DatasetPlan(Plan):
    """A data set's Parquet files.

    Attributes:
        entry: What they are of.
        listing: The files, and the revision that they are of.
    """

    entry: Entry = field(default_factory=lambda: Entry("", "", ""))
    listing: Listing = field(default_factory=lambda: Listing(""))

    def fetch(self, progress: ProgressCallback | None = None, *, accept_other: bool = False) -> Fetched:
        """See ``Plan.fetch``; every file is of one revision, which is kept."""
        del accept_other
        said: tuple[str, ...] = ()
        if not marker(self.folder):
            paths.require_writable(self.folder)
            self._fetch(progress)
            said = (
                f"{len(self.listing.files):,} files of {self.listing.repo}, {size(self.size)}, in {self.folder}.",
                f"Revision {self.listing.revision}; every file's SHA-256 is the one that the hub gives.",
            )
        root, more = remember(self.entry.benchmark, self.folder)
        command = f"python -m core evaluate --model MODEL --benchmark {self.entry.benchmark}"
        return Fetched(root, (*said, *more), command)

    def _fetch(self, progress: ProgressCallback | None) -> None:
        within = self.folder.with_name(f".{self.folder.name}.fetching")
        try:
            within.mkdir(parents=True, exist_ok=True)
            with FileLock(within.with_name(f"{within.name}.lock"), timeout=0):
                self._into(within, progress)
                shutil.rmtree(within / ".cache", ignore_errors=True)
                kept = {"archive": self.listing.repo, "sha256": self.listing.revision, "source": _page(self.entry.hub)}
                kept |= {"files": len(self.listing.files), "bytes": self.size, "when": time.strftime("%Y-%m-%d")}
                paths.write_atomically(within / MARKER, json.dumps(kept, indent=2) + "\n")
                os.sync()
                os.replace(within, self.folder)
        except Timeout:
            raise UsageError(f"'{self.key}' is being fetched by another process: wait for it, or stop it.") from None
        except OSError as error:
            raise cannot_write(self.folder, error) from error

    def _into(self, within: Path, progress: ProgressCallback | None) -> None:
        meter = Meter(progress, f"fetching {self.listing.repo}", total=self.size or 0)
        before = 0
        for file in self.listing.files:
            meter.done = before
            with _told(self.listing.repo):
                path = huggingface_hub.hf_hub_download(
                    self.listing.repo,
                    file.name,
                    repo_type="dataset",
                    revision=self.listing.revision,
                    local_dir=within,
                    endpoint=huggingface_hub.constants.ENDPOINT,
                    **_client_settings(meter),
                )
            _require_digest(Path(path), file, progress)
            before += file.size or 0
        meter.finish()


def _require_digest(path: Path, file: HubFile, progress: ProgressCallback | None) -> None:
    if file.size is not None and path.stat().st_size != file.size:
        path.unlink()
        raise DataError(f"{file.name}: not the {file.size:,} bytes that the hub says; it was thrown away. Try again.")
    if file.sha256 is not None and digests.of_file(path, progress) != file.sha256:
        path.unlink()
        raise DataError(f"{file.name}: its SHA-256 is not the one that the hub gives; it was thrown away. Try again.")


def dataset_plan(entry: Entry) -> Plan:
    """What fetching a data set of the hub would do.

    Raises:
        UsageError: If something else is where it should go.
        StorageError: If the hub cannot be reached.
        DataError: If the data set holds no Parquet files.
    """
    folder = paths.data_home() / "downloads" / entry.place
    if marker(folder):
        return DatasetPlan(entry.key, entry.title, entry.licence, folder, is_there=True, size=0, needs=0, entry=entry)
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(
            f"{folder} is there, and was not fetched: give it to the next command with --data, or move it away."
        )
    found = list_files(entry.hub, "dataset")
    wanted = tuple(file for file in found.files if file.name.endswith(".parquet"))
    if not wanted:
        raise DataError(f"'{entry.hub}' holds no Parquet files at revision {found.revision}.")
    n = None if any(file.size is None for file in wanted) else sum(file.size or 0 for file in wanted)
    listing = Listing(found.repo, found.revision, found.licence, wanted)
    said = f" (its card says: {found.licence})" if found.licence else ""
    return DatasetPlan(
        *(entry.key, entry.title, f"{entry.licence}{said}", folder),
        sources=(f"{_page(f'datasets/{entry.hub}')} (revision {found.revision}; SHA-256 of each file from the hub)",),
        size=n,
        needs=n,
        entry=entry,
        listing=listing,
    )


@dataclass(frozen=True)
class ModelPlan(Plan):
    """A model's weights, where the models' own loading finds them.

    Attributes:
        source: See ``core.models.sources.base.Source``.
        listing: The repository's files of weights; none where no repository has them.
    """

    source: Any = None
    listing: Listing = field(default_factory=lambda: Listing(""))

    def fetch(self, progress: ProgressCallback | None = None, *, accept_other: bool = False) -> Fetched:
        """See ``Plan.fetch``."""
        del accept_other
        meter = Meter(progress, f"fetching {self.source.name}", total=self.size or 0)
        for file in () if self.is_there else self.listing.files:
            self._file(file, meter, progress)
        # What else it needs, such as a tokenizer or what no repository has, comes as it does when it is loaded.
        files = self.source.files()
        meter.finish()
        known = {file.name.rpartition("/")[2]: file for file in self.listing.files}
        said = []
        for path in [path for path in files if path.name in known] or files[-1:]:
            told = (
                "as the hub gives it" if path.name in known and known[path.name].sha256 else "of the file as it is here"
            )
            said.append(f"{path.name}, {size(path.stat().st_size)}, as {path}.")
            said.append(f"SHA-256 {digests.of_file(path)}: {told}.")
        command = f"python -m core evaluate --model {shlex.quote(self.source.spec)} --benchmark BENCHMARK"
        return Fetched(files[-1].parent, tuple(said), command)

    def _file(self, file: HubFile, meter: Meter, progress: ProgressCallback | None) -> None:
        repo, _, revision = self.source.repo.partition("@")
        with _told(repo):
            path = huggingface_hub.hf_hub_download(
                repo, file.name, revision=revision or None, **_client_settings(meter)
            )
        if file.sha256 is not None and digests.of_file(Path(path), progress) != file.sha256:
            # In the hub's cache it is a link to what came; nobody shall find either.
            Path(path).resolve().unlink()
            Path(path).unlink(missing_ok=True)
            raise DataError(f"{path}: its SHA-256 is not the one that the hub gives; it was thrown away. Try again.")


def model_plan(key: str) -> Plan:
    """What fetching a model would do; its config, a small file, is fetched to know.

    Args:
        key: ``model:`` and a name as ``core.models.load`` takes it; ``owner/name`` stands for the repository of the
            hub, of whatever library it is.

    Raises:
        UsageError: If there is no such model, or it is code of a user's own.
        ModelUnavailableError: If the hub cannot be reached.
    """
    from core.models import sources
    from core.models.sources import hub

    name = key.removeprefix(MODEL).strip()
    if not name:
        raise UsageError(f"'{key}' names no model: write {MODEL}resnet50.a1_in1k or {MODEL}owner/name.")
    asked = specs.parsed(name)
    if asked.kind == specs.PYTHON:
        raise UsageError(f"'{name}' is a file of yours on this machine: there is nothing to fetch.")
    if not asked.kind and "/" in asked.where and ":" not in asked.where:
        name = str(_of_repository(asked))
    source = sources.resolve(name)
    what = getattr(source, "architecture", "")
    title = f"{source.name}, a {what}" if what else f"{source.name}, of {asked.kind or 'the hub'}"
    licence = _licence(source)
    try:
        with hub.only_here():
            there = source.files()
    except ModelUnavailableError:
        return _absent(key, title, licence, source)
    where = licence or ("as its folder says" if source.folder is not None else "as its card says")
    return ModelPlan(key, title, where, there[-1].parent, is_there=True, size=0, source=source)


def _of_repository(asked: specs.Spec) -> specs.Spec:
    """A repository of the hub by the library that its config is of."""
    from core.models.sources import hub
    from core.store import weights

    folder = Path(hub.download(asked.where, (weights.CONFIG, weights.OPEN_CLIP_CONFIG))).parent
    kind = weights.kind_of(folder)
    if kind == specs.OPEN_CLIP:
        return dataclasses.replace(asked, kind=kind, where=f"{specs.HF_HUB}:{asked.where}")
    return dataclasses.replace(asked, kind=kind if kind == specs.TRANSFORMERS else specs.HF_HUB)


def _licence(source: Any) -> str:
    config = getattr(source, "config", None)
    return str(config.get("license") or "") if isinstance(config, Mapping) else ""


def _absent(key: str, title: str, licence: str, source: Any) -> Plan:
    """What fetching weights would do that are not on this machine."""
    if getattr(source, "repo", None) is None:
        address = getattr(source, "url", None) or getattr(getattr(source, "weights", None), "url", "")
        cache = Path(huggingface_hub.constants.HF_HUB_CACHE)
        return ModelPlan(key, title, licence or "not said", cache, (str(address),) if address else (), source=source)
    repo, _, revision = source.repo.partition("@")
    found = list_files(repo, "model", revision or None)
    by_name = {file.name: file for file in found.files}
    wanted = tuple(by_name[name] for name in _weights(source, tuple(by_name)) if name in by_name)
    n = None if any(file.size is None for file in wanted) else sum(file.size or 0 for file in wanted)
    names = ", ".join(file.name for file in wanted[:1]) + (f" and {len(wanted) - 1:,} more" if wanted[1:] else "")
    return ModelPlan(
        *(key, title, found.licence or licence or "not said", Path(huggingface_hub.constants.HF_HUB_CACHE)),
        sources=(f"{_page(repo)} ({names}, revision {found.revision}; SHA-256 from the hub)",),
        size=n,
        needs=n,
        source=source,
        listing=dataclasses.replace(found, files=wanted),
    )


def _weights(source: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    """Of the files of a model's repository those of its weights."""
    from core.models.sources import from_timm, from_transformers, hub
    from core.store import weights

    if isinstance(source, from_transformers.TransformersSource):
        return from_transformers.hub_weights(source, names)
    candidates = getattr(source, "names", None) or (*from_timm.weight_names(source), *weights.INDEXES)
    found = next((name for name in candidates if name in names), None)
    if found is None:
        raise DataError(f"the hub repository '{source.repo}' has none of {', '.join(candidates)}.")
    if found not in weights.INDEXES:
        return (found,)
    index = Path(hub.download(source.repo, (found,)))
    return tuple(sorted(set(weights.weight_map(index, are_there=False).values())))
