"""What a user types for a model, said so that it means the same in every folder and process.

Paths in a name become absolute: of folders and files after a prefix, and of options that may be files. A folder that
can be named by its name alone goes by that. Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core import labels, paths
from core.errors import UsageError
from core.store import specs
from core.store.specs import Spec, parsed
from core.store.weights import LOCAL_DIR, holds_model, local_models, source_of, spec_of

#: Options that may name a file, relative to where they are typed.
FILES = frozenset({"weights", "classes", "prompts", "labels"})
#: How paths begin that are no name of anything else.
_PATHS = ("/", "./", "../", "~")


def canonical(text: str) -> str:
    """A model's name with all paths absolute; a folder that can be named by its name alone, by that.

    Raises:
        UsageError: If a path cannot be followed.
    """
    return spec_of(absolute(text))


def absolute(text: str) -> str:
    """A model's name with all paths absolute and its options in order.

    Raises:
        UsageError: If a path cannot be followed.
    """
    asked = parsed(text.strip())
    options = {name: _file(value) if name in FILES else value for name, value in asked.options.items()}
    return str(replace(asked, where=_WHERE.get(asked.kind, _as_typed)(asked), options=options))


def spellings(text: str) -> set[str]:
    """What a model's name may be called in a result: as it is typed, with absolute paths, by its folder.

    Raises:
        UsageError: If a path cannot be followed.
    """
    found = {text, absolute(text)}
    asked = parsed(text)
    folder = None if asked.kind else local_models().get(asked.where)
    if folder is not None:
        found.add(str(replace(parsed(source_of(folder)), options=asked.options)))
    return found


def names_of(source: str) -> set[str]:
    """What may be typed for the source of a result: it itself, without the hub's prefix, a folder's or file's name."""
    asked = parsed(source)
    found = {source, source.removeprefix(f"{specs.HF_HUB}:")}
    if asked.options and asked.kind in _WHERE and asked.where.startswith("/"):
        # Also where the folder is no more; without options it is the model's own name.
        at = Path(file_and_function(asked.where)[0] if asked.kind == specs.PYTHON else asked.where)
        found |= {str(replace(asked, kind="", where=name)) for name in (at.name, at.stem)}
    return found


def file_and_function(where: str) -> tuple[str, str]:
    """What follows ``python:``, taken apart: the file, and the function, which may be missing."""
    file, colon, function = where.rpartition(":")
    return (file, function) if colon and not function.endswith(".py") else (where, "")


def is_path(where: str) -> bool:
    """Whether something is written as a path, and is no name of anything else."""
    return where.startswith(_PATHS)


def _as_typed(asked: Spec) -> str:
    return asked.where


def _folder(asked: Spec) -> str:
    return str(paths.place(asked.where)) if asked.where.strip() else asked.where


def _folder_or_name(asked: Spec) -> str:
    """A folder where there is one with a model, or where it is written as a path; else a name of a library's own."""
    where = asked.where.removeprefix(LOCAL_DIR)
    is_a_path = asked.where.startswith(LOCAL_DIR) or is_path(asked.where)
    if not where.strip() or (not is_a_path and where in local_models()):
        return asked.where
    return str(paths.place(where)) if is_a_path or _is(where, holds_model) else asked.where


def _file_or_name(asked: Spec) -> str:
    where = asked.where
    is_there = _is(where, lambda path: path.exists())
    return where if not where.strip() or (where in local_models() and not is_there) else str(paths.place(where))


def _file_and_function(asked: Spec) -> str:
    file = file_and_function(asked.where)[0]
    if not file.strip():
        return asked.where
    return f"{paths.place(file)}{asked.where.removeprefix(file)}"


def _of_torchvision(asked: Spec) -> str:
    """Torchvision's models have small letters, its weights capital ones."""
    if "?" in asked.where:
        # No options, although they were meant: said as they were typed.
        return asked.where
    name, dot, tag = asked.where.replace("/", ".", 1).partition(".")
    return name.lower() + dot + tag.upper()


_WHERE: dict[str, Callable[[Spec], str]] = {
    specs.LOCAL_DIR: _folder,
    specs.OPEN_CLIP: _folder_or_name,
    specs.TRANSFORMERS: _folder_or_name,
    specs.ONNX: _file_or_name,
    specs.PYTHON: _file_and_function,
    specs.TORCHVISION: _of_torchvision,
}


def _file(value: str) -> str:
    """A value's absolute path if it is a file's; a name that is known here wins over a file called so."""
    is_written_so = is_path(value) or Path(value).suffix
    is_name = value.startswith(labels.OWN) or value in (labels.IMAGENET_1K, labels.FOCUS_10)
    is_name = is_name or (paths.EMBEDDED / "prompts" / f"{value}.json").is_file()
    if not value.strip() or is_name or not (is_written_so or _is(value, Path.is_file)):
        return value
    return str(paths.place(value))


def _is(where: str, holds: Callable[[Path], bool]) -> bool:
    """Whether a path can be followed to what is asked for."""
    try:
        path = paths.place(where)
        return not paths.is_remote(path) and holds(path)
    except (UsageError, OSError, ValueError):
        return False
