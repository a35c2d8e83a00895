"""Files of the hub and of plain addresses, in the caches where their own libraries keep them."""

from __future__ import annotations

import errno
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import huggingface_hub
import torch
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from core import paths
from core.errors import ModelError, ModelUnavailableError, OffcenterError, UsageError, cannot_write, nearest
from core.models.checkpoints import first_line

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS, errno.EPERM)
#: Whether only what is on this machine is taken; see ``only_here``.
_ONLY_HERE: ContextVar[bool] = ContextVar("only_here", default=False)


@contextmanager
def only_here() -> Iterator[None]:
    """Within this context nothing is downloaded: what is not on this machine is a ``ModelUnavailableError``."""
    before = _ONLY_HERE.set(True)
    try:
        yield
    finally:
        _ONLY_HERE.reset(before)


def download(repo: str, names: tuple[str, ...], prefix: str = "local-dir:") -> str:
    """The first of some files that a hub repository has; from the cache if one is there, without asking the hub.

    Args:
        repo: ``owner/name``, or ``owner/name@revision``.
        names: Their paths in the repository.
        prefix: With which a model's name begins that is a copy of the repository in a local folder.

    Raises:
        UsageError: If there is no such repository or revision that one may read.
        ModelUnavailableError: If none is on this machine and the hub cannot be reached.
        ModelError: If the repository has none of them.
    """
    found = optional(repo, names, prefix)
    if found is None:
        raise ModelError(f"the hub repository '{repo.partition('@')[0]}' has none of {', '.join(names)}.")
    return str(found)


def optional(repo: str, names: Sequence[str], prefix: str = "local-dir:") -> Path | None:
    """The same, or None where the repository has none of them.

    Raises:
        UsageError, ModelUnavailableError: See ``download``.
    """
    repo, _, revision = repo.partition("@")
    with _told(repo, revision, prefix):
        absent = []
        for name in names:
            cached = huggingface_hub.try_to_load_from_cache(repo, name, revision=revision or None)
            if isinstance(cached, str):
                return Path(cached)
            absent.append(cached is not None)
        # The cache remembers of a revision which files it has not.
        if names and all(absent):
            return None
        _require_connection()
        for name in names:
            try:
                return Path(huggingface_hub.hf_hub_download(repo, name, revision=revision or None))
            except LocalEntryNotFoundError:
                raise
            except EntryNotFoundError:
                continue
    return None


def snapshot(repo: str, name: str, more: Sequence[str], prefix: str) -> tuple[Path, str]:
    """Several files of a hub repository, all of one revision, in one folder.

    Args:
        repo: ``owner/name``, or ``owner/name@revision``.
        name: A file in its top folder that it must have.
        more: Files that it may have, the one that matters most in front.
        prefix: See ``download``.

    Returns:
        The folder, and ``owner/name@commit``, with which to ask for further files of the same revision.

    Raises:
        UsageError, ModelUnavailableError, ModelError: See ``download``.
    """
    folder = Path(download(repo, (name,), prefix)).parent
    pinned = f"{repo.partition('@')[0]}@{folder.name}"
    found = 0
    for each in more:
        try:
            found += optional(pinned, (each,), prefix) is not None
        except ModelUnavailableError:
            # A whole copy of a repository in the cache does not say what it has not.
            if not found:
                raise
    return folder, pinned


def revision_file(folder: Path, repo: str) -> Path | None:
    """The file of the cache that names the commit which a branch is at; None for a repository pinned to a commit.

    Args:
        folder: A snapshot in the cache.
        repo: ``owner/name``, or ``owner/name@revision``.
    """
    path = folder.parents[1] / "refs" / (repo.partition("@")[2] or "main")
    return path if path.is_file() else None


@contextmanager
def _told(repo: str, revision: str, prefix: str) -> Iterator[None]:
    """Errors of the hub's client in a sentence each."""
    try:
        yield
    except OffcenterError:
        raise
    except HFValidationError as error:
        raise UsageError(
            f"'{repo}' is no name of a hub repository: write owner/name, or owner/name@revision."
        ) from error
    except GatedRepoError as error:
        raise UsageError(
            f"'{repo}' is given only to those who accept its terms: do so on its page of the hub, then log in with: "
            "hf auth login"
        ) from error
    except RevisionNotFoundError as error:
        raise UsageError(f"the hub repository '{repo}' has no revision '{revision}': leave @{revision} out.") from error
    except RepositoryNotFoundError as error:
        raise UsageError(
            f"the hub has no repository '{repo}' that you may read: check the name, or log in."
            f"{nearest(repo, _cached_repositories())}"
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError) as error:
        raise _unavailable(repo, prefix, error.__cause__ or error) from error
    except OSError as error:
        if error.errno in _DISK and error.filename:
            raise cannot_write(Path(error.filename), error) from error
        raise _unavailable(repo, prefix, error) from error
    except Exception as error:
        raise _unavailable(repo, prefix, error) from error


def _unavailable(repo: str, prefix: str, error: BaseException) -> ModelUnavailableError:
    return ModelUnavailableError(
        f"'{repo}' is not on this machine and the hub cannot be reached ({first_line(error)[:200]}). On a machine "
        f"with a connection run: hf download {repo} --local-dir {paths.slug(repo)}; copy that folder here and use "
        f"--model {prefix}PATH."
    )


def _cached_repositories() -> list[str]:
    try:
        cached = huggingface_hub.scan_cache_dir(huggingface_hub.constants.HF_HUB_CACHE)
        return [repo.repo_id for repo in cached.repos if repo.repo_type == "model"]
    except (huggingface_hub.errors.CacheNotFound, OSError, ValueError):
        return []


def fetched(url: str) -> Path:
    """A weights file from its address, kept where torch keeps such files; its name may begin its SHA-256."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(urllib.parse.urlsplit(url).path).name
    if path.is_file():
        return path
    try:
        _require_allowed()
        if huggingface_hub.constants.HF_HUB_OFFLINE:
            raise OSError("offline mode is on")
        path.parent.mkdir(parents=True, exist_ok=True)
        beginning = torch.hub.HASH_REGEX.search(path.name)
        torch.hub.download_url_to_file(url, str(path), beginning[1] if beginning else None, progress=False)
    except (OSError, RuntimeError) as error:
        raise ModelUnavailableError(
            f"{url} is not on this machine and cannot be fetched ({first_line(error)}). On a machine with a connection "
            f"fetch it, and put it here as {path}."
        ) from error
    return path


def _require_allowed() -> None:
    if _ONLY_HERE.get():
        raise OSError("only what is here was asked for")


def _require_connection() -> None:
    """Fail within seconds where the hub client would retry for half a minute.

    Raises:
        OSError: If nothing may be downloaded now, or the hub's host does not answer and no proxy is set that could
            reach it.
    """
    _require_allowed()
    hub = urllib.parse.urlsplit(huggingface_hub.constants.ENDPOINT)
    if huggingface_hub.constants.HF_HUB_OFFLINE or urllib.request.getproxies():
        return
    with socket.create_connection((hub.hostname, hub.port or (443 if hub.scheme == "https" else 80)), timeout=5):
        pass
