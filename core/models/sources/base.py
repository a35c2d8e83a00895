"""What every source of models gives: a description without a network, and the network."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from core.errors import ModelError
from core.models.checkpoints import first_line
from core.store.weights import version_of

if TYPE_CHECKING:
    from core.types import Model


#: Numbers of a buffer that is a setting and no table.
_FEW = 16


@dataclass(frozen=True)
class Network:
    """A network as a source built it.

    Attributes:
        module: Float32 (N, 3, H, W) to logits (N, classes), classes in the order of the model's label space; in eval
            mode, float32, on the CPU.
        notes: What a reader should know that only the weights told.
    """

    module: torch.nn.Module
    notes: tuple[str, ...] = ()


class Source(ABC):
    """Where a model comes from, before its weights are read.

    Attributes:
        name: Short name, used for folders and legends.
        spec: What to type to get it again, with the options of its own.
        folder: Local folder with the weights, or None.
    """

    name: str
    spec: str
    folder: Path | None = None

    @abstractmethod
    def files(self) -> list[Path]:
        """Files that decide what it says, those of the weights last; downloaded if they are not on this machine.

        Raises:
            ModelUnavailableError: If they are neither here nor reachable.
            ModelError: If there are none where they should be.
        """

    @abstractmethod
    def described(self) -> Model:
        """The model without its network, its fingerprint included; opens ``files`` and builds nothing if it can.

        Raises:
            ModelUnavailableError, ModelError: See ``files``; also if what describes it is not what it should be.
        """

    @abstractmethod
    def network(self) -> Network:
        """Its network.

        Raises:
            ModelUnavailableError, ModelError: See ``files``; also if weights do not fit, are damaged or hold code.
        """


def state_sha256(module: torch.nn.Module) -> str:
    """SHA-256 (hex) over names, shapes, types and values of a state dict."""
    total = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        values = tensor.detach().cpu().contiguous()
        total.update(f"{name} {tuple(values.shape)} {values.dtype}".encode())
        total.update(values.reshape(-1).view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


def settings_sha256(module: torch.nn.Module) -> str:
    """SHA-256 (hex) over what a network's parts are and the plain values that they keep beside their weights.

    Numbers, texts, lists and dicts of them, names of functions, and small buffers that no state dict has: what a
    function of a user's own may have read from anywhere. Take it before the network runs, which may leave values in it.
    """
    total, own = hashlib.sha256(), set(vars(torch.nn.Module()))
    for name, part in module.named_modules():
        kept = {key: _plain(value) for key, value in vars(part).items() if key not in own}
        kept |= {key: each.tolist() for key, each in part.named_buffers(recurse=False) if each.numel() <= _FEW}
        said = sorted((key, value) for key, value in kept.items() if value is not None)
        total.update(f"{name} {type(part).__qualname__} {said}\n".encode("utf-8", "replace"))
    return total.hexdigest()


def _plain(value: object) -> str | None:
    """A value in writing that is the same in every process; None for anything that has none."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return repr(value)
    if isinstance(value, list | tuple | set | frozenset):
        parts = [_plain(each) for each in value]
        if isinstance(value, set | frozenset):
            parts = sorted(parts, key=str)
        return None if None in parts else f"{type(value).__name__} {parts}"
    if isinstance(value, dict):
        parts = [(_plain(key), _plain(each)) for key, each in value.items()]
        return None if any(None in pair for pair in parts) else repr(parts)
    return getattr(value, "__qualname__", None) if callable(value) else None


def versions(files: Sequence[Path]) -> tuple[str, ...]:
    """Change whenever one of some files is written to.

    Raises:
        ModelError: If one is gone.
    """
    found = []
    for path in files:
        try:
            found.append(version_of(path))
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
    return tuple(found)


def missing_package(kind: str, package: str, error: ImportError) -> ModelError:
    """The error of a source whose optional package is not installed."""
    return ModelError(
        f"models of {kind}: need the package {package}, which is not installed ({first_line(error)}): "
        f"pip install {package}"
    )
