"""What models are, remembered on disk: what timm makes of a config needs timm, and that takes seconds to import.

A description is remembered with everything that it was made from, the version of timm and of the project included; when
one of these changes it is made anew. Deleting the memory costs time only.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path

from core import labels, paths
from core.errors import StoreError
from core.models.classes import head_of
from core.store import naming, specs, weights
from core.types import Model

#: Attributes of a model that are its description.
_KEPT = tuple(field.name for field in fields(Model) if field.name not in ("module", "device"))
#: The code that decides what is remembered.
_CODE = (
    "models/**/*.py",
    "store/weights.py",
    "store/specs.py",
    "store/naming.py",
    "labels.py",
)

#: The libraries that do.
_PACKAGES = ("timm", "torchvision", "open_clip_torch", "transformers", "onnxruntime")


def describe(spec: str) -> Model:
    """What a model is, its fingerprint included, without building it.

    Args:
        spec: A model's name.

    Raises:
        UsageError, ModelUnavailableError, ModelError: If there is no such model, it cannot be had, or its config is not
            what timm writes; see ``core.models.sources``.
    """
    return with_files(spec)[0]


def with_files(spec: str) -> tuple[Model, list[Path]]:
    """What a model is, and the files that decide what it says, those of the weights last.

    Raises:
        UsageError, ModelUnavailableError, ModelError: See ``describe``.
    """
    paths.require_text(spec)
    # One name may mean several files, each in the folder that it is typed in.
    spec = naming.absolute(spec)
    paths.require_text(weights.folder_of(spec) or "")
    known = remembered(spec)
    if known is not None:
        return known
    from core.models import sources

    model, files = sources.describe(spec)
    if specs.parsed(spec).kind == specs.PYTHON:
        # What a user's own function reads, such as weights, nobody knows.
        return model, files
    kept = {name: getattr(model, name) for name in _KEPT}
    content = {"files": [str(path) for path in files], "stamp": _stamp(spec, files, kept), "model": kept}
    # Only a memory: where it cannot be written, timm is asked again next time.
    with contextlib.suppress(StoreError):
        paths.update_json(_memory(), lambda every: every.update({spec: content}), keep_damaged=False)
    return model, files


def remembered(spec: str) -> tuple[Model, list[Path]] | None:
    """See ``with_files``; None if it is not remembered, or no longer true. Neither torch nor the hub is asked."""
    spec = naming.absolute(spec)
    known = paths.read_json(_memory()).get(spec)
    if isinstance(known, dict):
        with contextlib.suppress(OSError, KeyError, TypeError, ValueError, IndexError):
            files = [Path(name) for name in known["files"]]
            if known["stamp"] == _stamp(spec, files, known["model"]):
                notes = tuple(known["model"].pop("notes"))
                return Model(**known["model"], notes=notes), files
    return None


def _memory() -> Path:
    return paths.data_home() / "results" / "descriptions.json"


def _stamp(spec: str, files: Sequence[Path], described: Mapping[str, object]) -> str:
    """Changes when a model's name means another folder, one of its files does, the code, or what is remembered.

    Raises:
        OSError: If a file is gone.
    """
    folder = weights.folder_of(spec)
    there = [path.name for path in weights.candidates_in(folder)] if folder else []
    # Names of outputs may be those of classes that a user has listed since.
    own = labels.own_keys()
    total = hashlib.sha256(f"{folder} {there} {own} {_libraries()} {_code()}".encode())
    for path in files:
        total.update(f"{weights.version_of(path)}\n".encode())
    total.update(json.dumps(described, sort_keys=True, default=list).encode())
    return total.hexdigest()


@cache
def _libraries() -> tuple[str, ...]:
    """Versions of the libraries that say what models are; empty for one that is not installed."""
    found = []
    for name in _PACKAGES:
        try:
            found.append(importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            found.append("")
    return tuple(found)


@cache
def _code() -> str:
    root = Path(__file__).parent.parent
    files = sorted(path for pattern in _CODE for path in root.glob(pattern))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def label_space_of(folder: Path) -> str | None:
    """The label space of a model folder's output, as its config says; None where only timm can tell.

    Args:
        folder: In timm's hub format.
    """
    try:
        config = paths.load_json(folder / weights.CONFIG)
        pretrained = config["pretrained_cfg"]
        n_classes = config.get("num_classes", pretrained.get("num_classes"))
        names = config.get("label_names", pretrained.get("label_names"))
        # What changes an architecture only timm can judge.
        known = not config.get("model_args") and _is_known_to_timm(config["architecture"])
        if not (known and isinstance(n_classes, int) and weights.weights_in(folder)):
            return None
        return head_of(n_classes, names).label_space
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _is_known_to_timm(architecture: str) -> bool:
    """Whether timm's files define a function of this name; asking timm itself takes seconds."""
    found = importlib.util.find_spec("timm")
    folders = found.submodule_search_locations if found else None
    wanted = f"def {architecture}("
    files = (path for folder in folders or () for path in Path(folder, "models").glob("*.py"))
    return any(wanted in path.read_text(encoding="utf-8") for path in files)


@cache
def hub_models() -> tuple[str, ...]:
    """Names of models whose weights are in the hub's cache on this machine."""
    import huggingface_hub

    try:
        cached = huggingface_hub.scan_cache_dir()
    except (huggingface_hub.errors.CacheNotFound, OSError):
        return ()
    names = []
    for repo in cached.repos:
        files = {file.file_name for revision in repo.revisions for file in revision.files}
        if repo.repo_type == "model" and files & {*weights.WEIGHTS, *weights.INDEXES}:
            owner, _, name = repo.repo_id.partition("/")
            names.append(name if owner == "timm" else f"hf-hub:{repo.repo_id}")
    return tuple(sorted(names))
