"""What a file is that calls itself weights and is none, with what to do. Nothing here imports torch."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from core.store.weights import SUFFIXES, WEIGHTS

#: Bytes that are read to tell what a file is.
_BEGINNING = 4096
_SAFE = ".safetensors"
_POINTER = b"version https://git-lfs.github.com/spec/"
#: How files of other makes begin.
_MAKES = (
    ((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd", b"Rar!"), "a compressed file: unpack it."),
    ((b"\x89HDF",), "an HDF5 file, such as Keras writes: convert it to safetensors with timm's names."),
    ((b"\x93NUMPY",), "a NumPy array: convert it to safetensors with timm's names."),
    ((b"GGUF",), "a GGUF file, whose weights are quantised: use those that it was made from."),
)
#: Where a tar archive says that it is one.
_TAR_AT, _TAR = 257, b"ustar"
_SHOWN = 3


def what_else_it_is(path: Path) -> str:
    """What a file is that calls itself weights and is none, with what to do; empty if it may be weights.

    Raises:
        OSError: If it cannot be read.
    """
    with open(path, "rb") as stream:
        begin = stream.read(_BEGINNING)
    text = begin.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    is_safe = len(begin) > 8 and begin[8:9] == b"{" and int.from_bytes(begin[:8], "little") < 2**40
    is_zip = begin.startswith((b"PK\x03\x04", b"PK\x05\x06"))
    is_torch = is_zip or begin.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"))
    if not begin:
        return "the file is empty. Copy or download it again."
    if begin.startswith(_POINTER):
        return "it is a Git LFS pointer, which stands for the file: run 'git lfs pull' in its repository."
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return "it is a web page (HTML), perhaps of a login or an error: download the file itself."
    if path.suffix == _SAFE and is_torch:
        return "it is a torch checkpoint (a pickle), not safetensors: rename it to pytorch_model.bin, or convert it."
    if path.suffix != _SAFE and is_safe:
        return f"it is a safetensors file: rename it to {WEIGHTS[0]}."
    if is_zip:
        return _what_else_a_zip_is(path)
    if begin[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return "it is a tar archive: unpack it, and give the weights file that is inside."
    for beginnings, what in _MAKES:
        if begin.startswith(beginnings):
            return f"it is {what}"
    # A damaged header of safetensors may be readable as well: what comes first is its length.
    if not is_safe and _is_text(begin):
        return f"it is a text file that begins {begin[:40].decode('utf-8', 'replace')!r}."
    return ""


def _what_else_a_zip_is(path: Path) -> str:
    """What a zip file is that holds no state dict of torch; empty if it may hold one, or is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return ""
    parts = [name.split("/") for name in names]
    if any(part[-1] == "constants.pkl" or "code" in part[1:2] for part in parts):
        return (
            "it is a TorchScript archive (torch.jit.save), which is code: save the network's state_dict() instead, or "
            "export it to ONNX and use onnx:FILE."
        )
    if any(part[-1] in ("archive_format", "exported_program.json", "model.json") for part in parts):
        return (
            "it is an exported program (torch.export.save), which is code: save the network's state_dict() instead, or "
            "export it to ONNX and use onnx:FILE."
        )
    if any(part[-1] == "data.pkl" for part in parts):
        return ""
    if names and all(name.endswith(".npy") for name in names):
        return "it is a NumPy archive (.npz), such as JAX writes: convert it to safetensors with timm's names."
    inside = [name for name in names if name.endswith(SUFFIXES)]
    if inside:
        return f"it is a zip file that holds {_some(inside)}: unpack it, and give the weights file that is inside."
    return f"it is a zip file with no weights in it; it holds {_some(names) or 'nothing'}."


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(name[:80].encode("unicode_escape").decode() for name in names[:_SHOWN]) + more


def _is_text(begin: bytes) -> bool:
    try:
        shown = begin.decode("utf-8", "strict" if len(begin) < _BEGINNING else "ignore")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\r\n\t" for character in shown)


def in_words(path: Path, names: Sequence[str], error: str) -> str:
    """Why a pickle that holds code is refused, with the line that makes weights of it.

    Args:
        path: The file.
        names: What it asks for by name, of other modules.
        error: What the reading said.
    """
    networks = [name for name in names if name.startswith(("torch.nn.", "torch.jit.", "timm.", "torchvision."))]
    if networks:
        return (
            f"it holds a whole network ({_some(networks)}), which is code. Where it was made, save its weights alone: "
            f"torch.save(model.state_dict(), '{WEIGHTS[1]}'), or convert it to safetensors."
        )
    if any("quantized" in name or name.endswith("ScriptObject") for name in names):
        return f"it holds a quantised network ({_some(names)}): save the weights that it was made from."
    holds = _some(names) if names else error
    return (
        f"it holds more than tensors and plain containers ({holds}). A checkpoint with code in it is refused; where "
        f"you trust it, convert it to safetensors, or keep its weights alone: torch.save(torch.load('{path.name}', "
        f"weights_only=False)['state_dict'], '{WEIGHTS[1]}')."
    )
