"""Weights from a file: data only, in the entry that timm takes, and a name for what is no weights file at all."""

from __future__ import annotations

import argparse
import pickle
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from timm.models import clean_state_dict

from core.errors import ModelError

#: Entries of a checkpoint that may be the weights, in the order in which timm's ``load_state_dict`` takes them: an
#: average before what was averaged.
ENTRIES = ("state_dict_ema", "model_ema", "state_dict", "model")
_AVERAGES = ("state_dict_ema", "model_ema")
_SAFE = ".safetensors"
#: Bytes that are read to tell what a file is.
_BEGINNING = 4096
_POINTER = b"version https://git-lfs.github.com/spec/"
_READING = (OSError, RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)


@dataclass(frozen=True)
class Checkpoint:
    """What a weights file holds.

    Attributes:
        path: The file.
        state: The state dict.
        notes: What a reader should know, such as that an average of the weights was taken.
    """

    path: Path
    state: dict[str, torch.Tensor] = field(repr=False)
    notes: tuple[str, ...] = ()


def read_checkpoint(path: Path) -> Checkpoint:
    """A state dict from safetensors, or from a pickle that holds only tensors and plain containers.

    Raises:
        ModelError: If the file is no such thing, is damaged or holds code; says what it is.
    """
    try:
        fault = what_else_it_is(path)
        if fault:
            raise ModelError(f"{path} cannot be read as weights: {fault}")
        content = _safe(path) if path.suffix == _SAFE else _pickled(path)
    except MemoryError as error:
        raise ModelError(f"{path} cannot be read as weights: there is not enough memory for them.") from error
    except (safetensors.SafetensorError, pickle.UnpicklingError, zipfile.BadZipFile, *_READING) as error:
        kind = "" if isinstance(error, safetensors.SafetensorError | RuntimeError) else f"{type(error).__name__}: "
        raise ModelError(f"{path} cannot be read as weights: {kind}{first_line(error)}. Is it complete?") from error
    entry, state, notes = _entry_of(content, path)
    strangers = [str(name) for name, value in state.items() if not isinstance(value, torch.Tensor)]
    if not state or strangers:
        named = f"its {entry} " if entry else ""
        holds = f"holds {', '.join(strangers[:5])}, which are no tensors" if strangers else "is empty"
        raise ModelError(
            f"{path}: {named}{holds}; it is no state dict. Save the network's state_dict(), or a dict that has it as "
            f"one of {', '.join(ENTRIES)}."
        )
    return Checkpoint(path, clean_state_dict(state), notes)


def _safe(path: Path) -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(path, device="cpu")


def _pickled(path: Path) -> Any:
    try:
        # timm's training checkpoints hold their arguments beside the weights; a namespace is data.
        with torch.serialization.safe_globals([argparse.Namespace]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path} cannot be read as weights: it holds more than tensors and plain containers ({first_line(error)}). "
            "A checkpoint with code in it is refused; convert it to safetensors."
        ) from error


def _entry_of(content: Any, path: Path) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """The part of a checkpoint that is the weights, by timm's rule; its name, and a note where there was a choice."""
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds a {type(content).__name__}, not a state dict (a tensor by parameter).")
    there = [name for name in ENTRIES if (content.get(name) is not None if name in _AVERAGES else name in content)]
    if not there:
        return "", content, ()
    entry = there[0]
    if not isinstance(content[entry], dict):
        raise ModelError(f"{path}: its '{entry}' is a {type(content[entry]).__name__}, not a state dict.")
    notes = (f"{path.name} holds {' and '.join(there)}: {entry} was loaded, as timm does.",) if len(there) > 1 else ()
    return entry, content[entry], notes


def what_else_it_is(path: Path) -> str:
    """What a file is that calls itself weights and is none, with what to do; empty if it may be weights.

    Raises:
        OSError: If it cannot be read.
    """
    with open(path, "rb") as stream:
        begin = stream.read(_BEGINNING)
    text = begin.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    is_safe = len(begin) > 8 and begin[8:9] == b"{" and int.from_bytes(begin[:8], "little") < 2**40
    is_torch = begin.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"))
    if not begin:
        return "the file is empty. Copy or download it again."
    if begin.startswith(_POINTER):
        return "it is a Git LFS pointer, which stands for the file: run 'git lfs pull' in its repository."
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return "it is a web page (HTML), perhaps of a login or an error: download the file itself."
    if path.suffix == _SAFE and is_torch:
        return "it is a torch checkpoint (a pickle), not safetensors: rename it to pytorch_model.bin, or convert it."
    if path.suffix != _SAFE and is_safe:
        return "it is a safetensors file: rename it to model.safetensors."
    if begin.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd")):
        return "it is a compressed file: unpack it."
    if begin.startswith(b"\x89HDF"):
        return "it is an HDF5 file, such as Keras writes: convert it to safetensors with timm's names."
    if begin.startswith(b"\x93NUMPY"):
        return "it is a NumPy array: convert it to safetensors with timm's names."
    # A damaged header of safetensors may be readable as well: what comes first is its length.
    if not is_safe and _is_text(begin):
        return f"it is a text file that begins {begin[:40].decode('utf-8', 'replace')!r}."
    return ""


def _is_text(begin: bytes) -> bool:
    try:
        shown = begin.decode("utf-8", "strict" if len(begin) < _BEGINNING else "ignore")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\r\n\t" for character in shown)


def first_line(error: BaseException) -> str:
    """The first line of what an error says, without a full stop; its type's name if it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
