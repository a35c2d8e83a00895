"""Model folders on this machine, and weights told apart by their bytes. Nothing here imports torch."""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import replace
from pathlib import Path

from core import paths
from core.errors import StoreError, UsageError
from core.store import specs

CONFIG = "config.json"
OPEN_CLIP_CONFIG = "open_clip_config.json"
ONNX_SUFFIX = ".onnx"
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
    """Model folders that can be named by their folder's name; earlier folders of models win."""
    return {folder.name: folder for folder in reversed(local_folders())}


def local_folders() -> list[Path]:
    """All model folders of any kind below the folders of models; several may have one name."""
    return [
        each
        for folder in paths.model_folders()
        if folder.is_dir()
        for each in sorted(folder.iterdir())
        if each.is_dir() and holds_model(each)
    ]


def holds_model(folder: Path) -> bool:
    """Whether a folder is one that a model can be loaded from, as far as the names of its files tell."""
    return any((folder / name).is_file() for name in (CONFIG, OPEN_CLIP_CONFIG)) or onnx_in(folder) is not None


def onnx_in(folder: Path) -> Path | None:
    """The ONNX file of a model folder; None if it has none or several."""
    found = sorted(folder.glob(f"*{ONNX_SUFFIX}"))
    return found[0] if len(found) == 1 else None


def kind_of(folder: Path) -> str:
    """Which of ``specs.PREFIXES`` loads a model folder; ``local-dir`` where nothing tells."""
    try:
        content = paths.load_json(folder / CONFIG)
    except (OSError, ValueError):
        content = None
    says = content if isinstance(content, dict) else {}
    if "architecture" in says:
        return specs.LOCAL_DIR
    if (folder / OPEN_CLIP_CONFIG).is_file():
        return specs.OPEN_CLIP
    if "model_type" in says or "architectures" in says:
        return specs.TRANSFORMERS
    if content is None and not (folder / CONFIG).is_file() and onnx_in(folder) is not None:
        return specs.ONNX
    return specs.LOCAL_DIR


def spec_of(source: str) -> str:
    """The shortest that can be typed for a model: a folder's name alone where that means the same folder."""
    folder = folder_of(source)
    if folder is None or local_models().get(folder.name) != folder:
        return source
    return str(replace(specs.parsed(source), kind="", where=folder.name))


def source_of(folder: Path) -> str:
    """What to type for a model folder; what comes with the project is named alike on every machine."""
    if folder.parent == paths.EMBEDDED / "models":
        return folder.name
    kind = kind_of(folder)
    return f"{kind}:{onnx_in(folder) if kind == specs.ONNX else folder}"


def folder_of(spec: str) -> Path | None:
    """The folder on this machine that a model's name stands for, or None if it is of the hub or not there."""
    asked = specs.parsed(spec)
    if not asked.kind:
        return local_models().get(asked.where)
    if asked.kind not in (specs.LOCAL_DIR, specs.OPEN_CLIP, specs.TRANSFORMERS, specs.ONNX):
        return None
    try:
        folder = paths.place(asked.where.removeprefix(LOCAL_DIR))
    except UsageError:
        return None
    folder = folder.parent if asked.kind == specs.ONNX and folder.suffix == ONNX_SUFFIX else folder
    is_plain = asked.kind == specs.LOCAL_DIR
    return folder if ((folder / CONFIG).is_file() if is_plain else holds_model(folder)) else None


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
    """SHA-256 (hex) of the weights that a model's name stands for now.

    None unless they are one file in a folder here, and nothing else decides the outputs.
    """
    folder = folder_of(spec)
    path = weights_in(folder) if folder and kind_of(folder) == specs.LOCAL_DIR else None
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
