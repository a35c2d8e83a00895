"""Data sets and models of the Hugging Face hub, through its own client."""

from __future__ import annotations

import inspect
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import huggingface_hub
from filelock import FileLock, Timeout
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

from core import paths
from core.errors import DataError, OffcenterError, StorageError, UsageError, cannot_write
from core.getting import digests
from core.getting.addresses import MODEL, Entry
from core.getting.meter import Meter, size
from core.getting.plans import Fetched, Plan, remember
from core.getting.unpack import MARKER, marker
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
        file: The weights; None if no repository has them.
    """

    source: Any = None
    file: HubFile | None = None

    def fetch(self, progress: ProgressCallback | None = None, *, accept_other: bool = False) -> Fetched:
        """See ``Plan.fetch``."""
        from core.models.sources import from_timm

        del accept_other
        meter = Meter(progress, f"fetching {self.source.name}", total=self.size or 0)
        if self.file is not None and not self.is_there:
            repo, _, revision = self.source.repo.partition("@")
            with _told(repo):
                path = huggingface_hub.hf_hub_download(
                    repo, self.file.name, revision=revision or None, **_client_settings(meter)
                )
            if self.file.sha256 is not None and digests.of_file(Path(path), progress) != self.file.sha256:
                # In the hub's cache it is a link to what came; nobody shall find either.
                Path(path).resolve().unlink()
                Path(path).unlink(missing_ok=True)
                raise DataError(
                    f"{path}: its SHA-256 is not the one that the hub gives; it was thrown away. Try again."
                )
        path = from_timm.weights_file(self.source)
        meter.finish()
        known = "as the hub gives it" if self.file is not None and self.file.sha256 else "of the file as it is here"
        said = (f"{path.name}, {size(path.stat().st_size)}, as {path}.", f"SHA-256 {digests.of_file(path)}: {known}.")
        return Fetched(path.parent, said, f"python -m core evaluate --model {self.source.spec} --benchmark BENCHMARK")


def model_plan(key: str) -> Plan:
    """What fetching a model would do; its config, a small file, is fetched to know.

    Args:
        key: ``model:`` and a name as ``core.models.load`` takes it; ``owner/name`` stands for ``hf-hub:owner/name``.

    Raises:
        UsageError: If there is no such model.
        ModelUnavailableError: If the hub cannot be reached.
    """
    from core.models import sources
    from core.models.sources import from_timm

    name = key.removeprefix(MODEL).strip()
    if not name:
        raise UsageError(f"'{key}' names no model: write {MODEL}resnet50.a1_in1k or {MODEL}owner/name.")
    source = sources.resolve(f"hf-hub:{name}" if "/" in name and ":" not in name else name)
    title = f"{source.name}, a {source.architecture}"
    licence = str(source.config.get("license") or "")
    if source.folder is not None:
        path = from_timm.weights_file(source)
        return ModelPlan(key, title, licence or "as its folder says", path.parent, is_there=True, size=0, source=source)
    cache = Path(huggingface_hub.constants.HF_HUB_CACHE)
    if source.repo is None:
        return ModelPlan(key, title, licence or "not said", cache, (str(source.url),), source=source)
    found = _cached(source)
    if found is not None:
        return ModelPlan(key, title, licence or "as its card says", found.parent, is_there=True, size=0, source=source)
    repo, _, revision = source.repo.partition("@")
    listing = list_files(repo, "model", revision or None)
    file = _weights(listing, from_timm.weight_names(source))
    where = (f"{_page(repo)} ({file.name}, revision {listing.revision}; SHA-256 from the hub)",)
    base = (key, title, listing.licence or licence or "not said", cache, where)
    return ModelPlan(*base, size=file.size, needs=file.size, source=source, file=file)


def _cached(source: Any) -> Path | None:
    from core.models.sources import from_timm

    repo, _, revision = source.repo.partition("@")
    for name in from_timm.weight_names(source):
        path = huggingface_hub.try_to_load_from_cache(repo, name, revision=revision or None)
        if isinstance(path, str):
            return Path(path)
    return None


def _weights(listing: Listing, names: tuple[str, ...]) -> HubFile:
    by_name = {file.name: file for file in listing.files}
    found = next((by_name[name] for name in names if name in by_name), None)
    if found is None:
        raise DataError(f"the hub repository '{listing.repo}' has none of {', '.join(names)}.")
    return found
