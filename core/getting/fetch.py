"""Fetch by name: a published data set, a file of labels, or a model of the hub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.errors import UsageError
from core.getting import addresses, files, hub
from core.getting.download import Patience
from core.getting.plans import Fetched, Plan
from core.types import ProgressCallback


def plan(key: str, given: Sequence[Path] = (), address: str = "", patience: Patience | None = None) -> Plan:
    """What fetching would do: from where, how much, under which licence, to where.

    Servers are asked for sizes that no table has; nothing is written but what describes a model of the hub.

    Args:
        key: See ``addresses.known``, or ``model:`` and a model's name.
        given: Files that a user has already, such as one whose terms a person must accept.
        address: Where a user says that the file is, instead of the known addresses.
        patience: With servers.

    Raises:
        UsageError: If there is no such thing, or what was given does not fit it.
        StorageError: If the hub cannot be reached.
    """
    key = key.strip()
    if key.startswith(addresses.MODEL):
        _nothing_else(key, given, address)
        return hub.model_plan(key)
    entry = addresses.find(key)
    if entry.hub:
        _nothing_else(key, given, address)
        return hub.dataset_plan(entry)
    return files.plan(entry, given, addresses.require_url(address) if address else "", patience)


def _nothing_else(key: str, given: Sequence[Path], address: str) -> None:
    if given or address:
        raise UsageError(f"'{key}' comes from the Hugging Face hub: it takes neither --file nor --address.")


def fetch(
    key: str,
    given: Sequence[Path] = (),
    address: str = "",
    *,
    accept_other: bool = False,
    progress: ProgressCallback | None = None,
    patience: Patience | None = None,
) -> Fetched:
    """Plan and do it; see ``plan`` and ``plans.Plan.fetch``."""
    planned = plan(key, given, address, patience)
    planned.require_room()
    return planned.fetch(progress, accept_other=accept_other)
