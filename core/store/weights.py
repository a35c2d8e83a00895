"""Model folders on this machine, and weights told apart by their bytes. Nothing here imports torch."""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path

from core import paths
from core.errors import StoreError, UsageError

CONFIG = "config.json"
#: Weight files of a folder in timm's order of preference.
WEIGHTS = (
    *("model.safetensors", "pytorch_model.bin", "pytorch_model.pth", "model.pth"),
    *("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors"),
    *("open_clip_pytorch_model.bin", "open_clip_pytorch_model.pth"),
)
#: Ends of other names that timm takes for weights where a folder has none of these, the first that is there.
SUFFIXES = (".safetensors", ".pth", ".pth.tar", ".bin")
LOCAL_DIR = "local-dir:"


def local_models() -> dict[str, Path]:
    """Folders in timm's hub format that can be named by their folder's name; earlier model folders win."""
    return {folder.name: folder for folder in reversed(local_folders())}


def local_folders() -> list[Path]:
    """All folders in timm's hub format below the model folders; several may have one name."""
    return [
        config.parent
        for folder in paths.model_folders()
        if folder.is_dir()
        for config in sorted(folder.glob(f"*/{CONFIG}"))
    ]


def spec_of(source: str) -> str:
    """The shortest that can be typed for a model: a folder's name alone where that means the same folder."""
    folder = folder_of(source)
    return folder.name if folder and local_models().get(folder.name) == folder else source


def source_of(folder: Path) -> str:
    """What to type for a model folder; what comes with the project is named alike on every machine."""
    return folder.name if folder.parent == paths.EMBEDDED / "models" else f"{LOCAL_DIR}{folder}"


def folder_of(spec: str) -> Path | None:
    """The folder on this machine that a model's name stands for, or None if it is of the hub or not there."""
    if spec.startswith(LOCAL_DIR):
        try:
            folder = paths.place(spec.removeprefix(LOCAL_DIR))
        except UsageError:
            return None
        return folder if (folder / CONFIG).is_file() else None
    return local_models().get(spec)


def weights_in(folder: Path) -> Path | None:
    """The weights file of a model folder, which is the one that timm loads; None if it has none."""
    return next(iter(candidates_in(folder)), None)


def candidates_in(folder: Path) -> list[Path]:
    """Files of a model folder that may be its weights, the one that timm loads in front."""
    named = [folder / name for name in WEIGHTS if (folder / name).is_file()]
    for suffix in SUFFIXES if not named else ():
        named = sorted(path for path in folder.glob(f"*{suffix}") if path.is_file())
        if named:
            break
    return named


def fingerprint_of(spec: str) -> str | None:
    """SHA-256 (hex) of the weights that a model's name stands for now; None unless they are in a folder here."""
    folder = folder_of(spec)
    path = weights_in(folder) if folder else None
    return file_sha256(path) if path else None


def version_of(path: Path) -> str:
    """Changes whenever a file is written to or replaced, even if its size and its time of change are set back.

    Raises:
        OSError: If the file is gone.
    """
    status = path.stat()
    return f"{path.resolve()} {status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def file_sha256(path: Path) -> str:
    """SHA-256 (hex) of a file; remembered by its version, so that large weights are read once."""
    key = version_of(path)
    memory = paths.data_home() / "results" / "fingerprints.json"
    known = paths.read_json(memory).get(key)
    if isinstance(known, str) and re.fullmatch("[0-9a-f]{64}", known):
        return known
    with open(path, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    # Only a memory: where it cannot be written, the file is read again next time.
    with contextlib.suppress(StoreError):
        paths.update_json(memory, lambda digests: digests.update({key: digest}), keep_damaged=False)
    return digest
