"""Model folders on this machine, and weights told apart by their bytes. Nothing here imports torch."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from core import paths
from core.errors import StoreError

CONFIG = "config.json"
#: Weight files in the order of preference; safetensors before pickles.
WEIGHTS = ("model.safetensors", "open_clip_model.safetensors", "pytorch_model.bin", "open_clip_pytorch_model.bin")
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
        folder = Path(spec.removeprefix(LOCAL_DIR)).expanduser().resolve()
        return folder if (folder / CONFIG).is_file() else None
    return local_models().get(spec)


def weights_in(folder: Path) -> Path | None:
    """The weights file of a model folder, or None if it has none."""
    return next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)


def fingerprint_of(spec: str) -> str | None:
    """SHA-256 (hex) of the weights that a model's name stands for now; None unless they are in a folder here."""
    folder = folder_of(spec)
    path = weights_in(folder) if folder else None
    return file_sha256(path) if path else None


def file_sha256(path: Path) -> str:
    """SHA-256 (hex) of a file; remembered by path, size and time of change, so that large weights are read once."""
    status = path.stat()
    key = f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"
    memory = paths.data_home() / "results" / "fingerprints.json"
    known = paths.read_json(memory).get(key)
    if known is not None:
        return known
    with open(path, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    # Only a memory: where it cannot be written, the file is read again next time.
    with contextlib.suppress(StoreError):
        paths.update_json(memory, lambda digests: digests.update({key: digest}), keep_damaged=False)
    return digest
