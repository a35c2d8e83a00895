"""Model folders on this machine, and weights told apart by their bytes. Nothing here imports torch."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core import paths
from core.errors import ModelError, StoreError, UsageError
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
#: Lists of the files that weights are in where they are in several, as the hub's libraries write them.
_INDEX = ".index.json"
INDEXES = (f"model.safetensors{_INDEX}", f"pytorch_model.bin{_INDEX}")
#: Ends that training frameworks write and timm passes over.
NOT_TIMMS = (".pt", ".ckpt")
#: Ends of other names that are taken for weights where a folder has none of these, the first that is there.
SUFFIXES = (".safetensors", ".pth", ".pth.tar", ".bin", *NOT_TIMMS)
#: How the name ends of one of several files with weights.
_PART = re.compile(r"-(\d+)-of-(\d+)\.[a-z]+$")
LOCAL_DIR = "local-dir:"
#: Letters that a message shows of a name.
_SHOWN = 80


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
    folder, asked = folder_of(source), specs.parsed(source)
    if folder is None or local_models().get(folder.name) != folder:
        return source
    if asked.kind and asked.kind != kind_of(folder):
        # Of a folder that holds models of several kinds, its name means one.
        return source
    return str(replace(asked, kind="", where=folder.name))


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
    if paths.is_remote(folder):
        return None
    folder = folder.parent if asked.kind == specs.ONNX and folder.suffix == ONNX_SUFFIX else folder
    is_plain = asked.kind == specs.LOCAL_DIR
    return folder if ((folder / CONFIG).is_file() if is_plain else holds_model(folder)) else None


def weights_in(folder: Path) -> Path | None:
    """The weights file of a model folder, which is the one that timm loads; None if it has none."""
    return next(iter(candidates_in(folder)), None)


def candidates_in(folder: Path) -> list[Path]:
    """Files of a model folder that may be its weights, the one that timm loads in front.

    Weights in several files stand here as the list of these, which timm does not read.
    """
    onnx = onnx_in(folder) if kind_of(folder) == specs.ONNX else None
    if onnx is not None:
        return [onnx]
    named = [folder / name for name in (*WEIGHTS, *INDEXES) if (folder / name).is_file()]
    for suffix in SUFFIXES if not named else ():
        named = sorted(path for path in folder.glob(f"*{suffix}") if path.is_file())
        if named:
            break
    return named


def is_index(path: Path) -> bool:
    """Whether a file of a model folder lists the files that its weights are in."""
    return path.name.endswith(_INDEX)


def parts_of(path: Path) -> list[Path]:
    """The files that hold the weights: a weights file itself, or those that an index lists, in order of their names.

    Raises:
        ModelError: If an index is none, lists what is no file of its folder, or one that is not there; or if a file is
            one of several and nothing lists them.
    """
    if is_index(path):
        return [path.parent / name for name in sorted(set(weight_map(path).values()))]
    part = _PART.search(path.name)
    if part is not None and int(part[2]) > 1:
        raise ModelError(
            f"{path} is one of {int(part[2])} files of weights, and {path.parent} has no list of them: copy "
            f"{' or '.join(INDEXES)} there too."
        )
    return [path]


def weight_map(index: Path, *, are_there: bool = True) -> dict[str, str]:
    """The name of the file that each of the weights is in, by its name, as an index says.

    Args:
        index: The file.
        are_there: The files are to be in the same folder.

    Raises:
        ModelError: If it is no index, lists what is no file of its folder, or one that is not there.
    """
    found = _index(index).get("weight_map")
    suffix = Path(index.name.removesuffix(_INDEX)).suffix
    if not isinstance(found, dict) or not found or not all(isinstance(name, str) for name in found.values()):
        raise ModelError(f"{index} lists no files of weights: its 'weight_map' is no object of file names.")
    for name in sorted(set(found.values())):
        # Nothing outside the folder: an index is data that came with the weights.
        if Path(name).name != name or not name.endswith(suffix) or not name.isprintable():
            raise ModelError(f"{index} lists {name[:_SHOWN]!r}, which is no {suffix} file of its own folder.")
        if are_there and not (index.parent / name).is_file():
            raise ModelError(f"{index} lists {name!r}, which is not there: copy or download it too.")
    return found


def total_size(index: Path) -> int | None:
    """Bytes of all weights together, as an index says; None where it does not.

    Raises:
        ModelError: If it is no index.
    """
    metadata = _index(index).get("metadata")
    size = metadata.get("total_size") if isinstance(metadata, dict) else None
    return size if isinstance(size, int) and not isinstance(size, bool) else None


def json_of(path: Path) -> Any:
    """What a JSON file of a model folder holds.

    Raises:
        ModelError: If it cannot be read, or is not JSON.
    """
    try:
        return paths.load_json(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise ModelError(f"{path} is not JSON: {error}.") from error


def _index(path: Path) -> dict[str, Any]:
    content = json_of(path)
    if not isinstance(content, dict):
        raise ModelError(f"{path} is no list of weights: it holds a {type(content).__name__}.")
    return content


def bytes_of(folder: Path) -> int | None:
    """Bytes of the weights of a model folder of any kind, all their files together; None where it has none.

    Beside an ONNX file lie those that its weights may be in, which begin with its name or end in ``.onnx_data``.
    """
    path = weights_in(folder)
    if path is None:
        return None
    try:
        if path.suffix == ONNX_SUFFIX:
            beside = {*path.parent.glob(f"{glob.escape(path.name)}?*"), *path.parent.glob("*.onnx_data")}
            found = [path, *sorted(each for each in beside if each.suffix != ".json" and each.is_file())]
        else:
            found = parts_of(path)
        return sum(each.stat().st_size for each in found)
    except (OSError, ModelError):
        return None


def fingerprint_in(folder: Path) -> str | None:
    """SHA-256 (hex) of the weights of a model folder; of all their files where there are several; None without any."""
    path = weights_in(folder)
    try:
        return files_sha256(parts_of(path)) if path else None
    except (OSError, ModelError):
        return None


def fingerprint_of(spec: str) -> str | None:
    """SHA-256 (hex) of the weights that a model's name stands for now.

    None unless they are in a folder here, and nothing else decides the outputs.
    """
    folder = folder_of(spec)
    return fingerprint_in(folder) if folder and kind_of(folder) == specs.LOCAL_DIR else None


def files_sha256(files: Sequence[Path], *more: str) -> str:
    """SHA-256 (hex) of weights: of the file alone where it is one and nothing is added, else over all of these.

    Args:
        files: In their order.
        more: What else decides the outputs, such as prompts.
    """
    digests = [file_sha256(path) for path in files]
    if len(digests) == 1 and not more:
        return digests[0]
    return hashlib.sha256("\n".join([*digests, *more]).encode("utf-8", "backslashreplace")).hexdigest()


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
