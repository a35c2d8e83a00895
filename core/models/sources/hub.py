"""Files of the hub and of plain addresses, in the caches where their own libraries keep them."""

from __future__ import annotations

import socket
import urllib.parse
import urllib.request
from pathlib import Path

import huggingface_hub
import torch
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

from core import paths
from core.errors import ModelError, ModelUnavailableError, UsageError
from core.models.checkpoints import first_line


def download(repo: str, names: tuple[str, ...]) -> str:
    """The first of some files that a hub repository has; from the cache if one is there, without asking the hub."""
    repo, _, revision = repo.partition("@")
    for name in names:
        cached = huggingface_hub.try_to_load_from_cache(repo, name, revision=revision or None)
        if isinstance(cached, str):
            return cached
    try:
        _require_connection()
        for name in names:
            try:
                return huggingface_hub.hf_hub_download(repo, name, revision=revision or None)
            except LocalEntryNotFoundError:
                raise
            except EntryNotFoundError:
                continue
    except RepositoryNotFoundError as error:
        raise UsageError(f"the hub has no repository '{repo}' that you may read: check the name, or log in.") from error
    except (OSError, HfHubHTTPError, LocalEntryNotFoundError) as error:
        raise ModelUnavailableError(
            f"'{repo}' is not on this machine and the hub cannot be reached ({first_line(error)}). On a machine "
            f"with a connection run: hf download {repo} --local-dir {paths.slug(repo)}; copy that folder here and use "
            "--model local-dir:PATH."
        ) from error
    raise ModelError(f"the hub repository '{repo}' has none of {', '.join(names)}.")


def fetched(url: str) -> Path:
    """A weights file from its address, kept where torch keeps such files; its name may begin its SHA-256."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(urllib.parse.urlsplit(url).path).name
    if path.is_file():
        return path
    try:
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


def _require_connection() -> None:
    """Fail within seconds where the hub client would retry for half a minute.

    Raises:
        OSError: If the hub's host does not answer and no proxy is set that could reach it.
    """
    hub = urllib.parse.urlsplit(huggingface_hub.constants.ENDPOINT)
    if huggingface_hub.constants.HF_HUB_OFFLINE or urllib.request.getproxies():
        return
    with socket.create_connection((hub.hostname, hub.port or (443 if hub.scheme == "https" else 80)), timeout=5):
        pass
