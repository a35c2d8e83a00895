"""Where things are on this machine: embedded data, results, model folders, remembered data folders."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast

from filelock import FileLock

from core.errors import ReadOnlyError, UsageError, cannot_write

REPO = Path(__file__).resolve().parent.parent
EMBEDDED = REPO / "data" / "embedded"
READ_ONLY = "OFFCENTER_READ_ONLY"

_LOG = logging.getLogger(__name__)
#: End of a temporary file's name; see ``writing``.
_TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.tmp$")
#: Of a file's name, how much its temporary one has: file systems allow 255 bytes.
_NAME_LENGTH = 48
#: Bytes of a file's name, and of a whole path, that file systems allow.
_LONGEST_NAME, _LONGEST_PATH = 255, 4095
#: Letters of such a name that a message shows.
_SHOWN = 80
#: A temporary file younger than this may be one that its writer is about to lock.
_JUST_MADE_S = 60
#: Folders that this process has looked through for what killed writers left.
_swept: set[Path] = set()


def data_home() -> Path:
    """Folder of everything created at run time: ``OFFCENTER_DATA``, or ``data/`` beside the code."""
    return _resolved(os.environ.get("OFFCENTER_DATA") or str(REPO / "data"), str(Path.cwd()))


@lru_cache(maxsize=64)
def _resolved(text: str, within: str) -> Path:
    """A folder with all links followed, once: it is asked for hundreds of times a page."""
    del within
    return Path(text).expanduser().resolve()


def read_only() -> bool:
    """Whether this is a demo (``OFFCENTER_READ_ONLY=1``): everything is shown, nothing is started or kept."""
    return os.environ.get(READ_ONLY, "").strip().lower() not in ("", "0", "false", "no")


def require_writable(path: Path) -> None:
    """Refuse to write into the data folder of a demo; whoever writes there asks here.

    Raises:
        ReadOnlyError: If this is one.
    """
    if read_only() and path.resolve().is_relative_to(data_home()):
        raise ReadOnlyError(
            f"this is a read-only demo: nothing is written to {data_home()}. Unset {READ_ONLY} to work."
        )


def is_text(name: str) -> bool:
    """Whether a name is UTF-8, so that it can be shown and kept in a table."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def require_text(name: str | Path) -> None:
    """Refuse a name that is no text: it could be shown nowhere, and kept in no table.

    Raises:
        UsageError: If it has bytes that are not UTF-8; shows them escaped.
    """
    if not is_text(str(name)):
        shown = os.fsencode(str(name)).decode("utf-8", "backslashreplace")
        raise UsageError(f"the name '{shown}' is not UTF-8: rename it, or make a link to it with another name.")


def place(text: str | Path) -> Path:
    """A folder as a user names it: a path, or a URL of an object store that fsspec knows (``s3://...``, ``hf://...``).

    What a URL gives is no ``pathlib.Path``, but is used like one.

    Raises:
        UsageError: If the URL's kind is unknown, or its package is not installed; if a name is not UTF-8; if a path
            cannot be followed.
    """
    require_text(text)
    if "://" not in str(text):
        try:
            found = Path(text).expanduser().resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise UsageError(f"{str(text)!r} cannot be reached ({error}): give another folder.") from error
        longest = max(len(os.fsencode(part)) for part in found.parts)
        if longest > _LONGEST_NAME or len(os.fsencode(found)) > _LONGEST_PATH:
            raise UsageError(f"{str(text)[:_SHOWN]!r}… is too long to be the path of a file: give another.")
        return found
    import fsspec
    from upath import UPath

    try:
        found = UPath(str(text))
        # What its package is missing for, it says when it is first used.
        fsspec.get_filesystem_class(found.protocol)
        return cast(Path, found)
    except (ValueError, ImportError) as error:
        raise UsageError(
            f"'{text}' cannot be opened ({error}). Known are folders, and URLs of what fsspec has a package for, such "
            "as s3://bucket/folder with 's3fs', gs:// with 'gcsfs', hf:// with 'huggingface_hub'."
        ) from error


def is_remote(path: Path) -> bool:
    """Whether a folder lies in an object store; see ``place``."""
    return not isinstance(path, Path)


def output(option: str, text: str, *, folder: bool = False) -> Path:
    """Where something is to be written, told before the work is done: a file, or a folder; neither needs to exist.

    Raises:
        UsageError: If nothing can be written there; names the option.
        ReadOnlyError: If this is a demo, and it is in its data folder.
    """
    kind = "folder" if folder else "file"
    cannot = f"{option} {text} cannot be written:"
    if not text.strip():
        raise UsageError(f"{option} is empty: give a {kind}.")
    if "://" in text:
        raise UsageError(f"{option} {text} must be a {kind} on this machine: a path, not a URL.")
    found = place(text)
    require_writable(found)
    if not folder and (text.endswith(("/", os.sep)) or is_folder(found)):
        raise UsageError(f"{option} {text} is a folder: give a file.")
    there = next(each for each in (found, *found.parents) if os.path.lexists(each))
    there = there.parent if there == found and found.is_file() and not folder else there
    if not is_folder(there):
        raise UsageError(f"{cannot} {there} is no {kind if there == found else 'folder'}. Give another name.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"{cannot} you may not write to {there}. Give another folder.")
    return found


@contextmanager
def on_disk(path: Path) -> Iterator[Path]:
    """A file as one on this machine's disk, for libraries that read no other; a copy if it lies in an object store."""
    if not is_remote(path):
        yield path.resolve()
        return
    with tempfile.NamedTemporaryFile(suffix=path.suffix) as copy:
        copy.write(path.read_bytes())
        copy.flush()
        yield Path(copy.name)


def is_folder(path: Path) -> bool:
    """Whether a folder is there.

    Raises:
        UsageError: If an object store, or the system, cannot be asked.
    """
    try:
        return path.is_dir()
    except Exception as error:
        if not is_remote(path) and not isinstance(error, OSError):
            raise
        raise UsageError(f"{path} cannot be reached ({type(error).__name__}: {error}).") from error


def is_there(path: Path | None) -> bool:
    """Whether a folder is there now; one in an object store that cannot be reached is not."""
    try:
        return path is not None and is_folder(path)
    except UsageError:
        return False


_results_at: ContextVar[Path | None] = ContextVar("results_at", default=None)


def results_home() -> Path:
    """Folder of stored predictions."""
    return _results_at.get() or data_home() / "results"


@contextmanager
def results_at(folder: Path) -> Iterator[None]:
    """Within this context, in this thread, predictions are stored below another folder."""
    token = _results_at.set(folder.resolve())
    try:
        yield
    finally:
        _results_at.reset(token)


def embedded_results() -> Path:
    """Folder of the predictions that come with the project; read, never written by an evaluation.

    ``OFFCENTER_EMBEDDED_RESULTS`` names another one; a folder that is not there hides them.
    """
    return Path(os.environ.get("OFFCENTER_EMBEDDED_RESULTS") or EMBEDDED / "results")


def model_folders() -> list[Path]:
    """Folders whose sub-folders are models: the embedded ones, then each of ``OFFCENTER_MODELS`` (colon separated)."""
    extra = os.environ.get("OFFCENTER_MODELS", "")
    return [EMBEDDED / "models", *(Path(part).expanduser().resolve() for part in extra.split(os.pathsep) if part)]


def slug(name: str) -> str:
    """A file-system safe form of a model or benchmark name: ``hf-hub:timm/x`` -> ``timm-x``."""
    name = name.removeprefix("hf-hub:")
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "unnamed"


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name once it is written whole, on the disk; every file of ours is written here.

    Bytes go into a temporary file beside it whose name nobody else has, so that any number of threads and processes may
    write the same file: a reader sees the whole work of one of them. After an error the file is what it was before.

    Args:
        path: The file, in a folder that need not exist yet; its mode becomes 0644 less the umask.

    Yields:
        What to write the content to.

    Raises:
        StoreError: If it cannot be written, for example because the disk is full; says what to do.
    """
    require_writable(path)
    temporary = path.with_name(f".{path.name[:_NAME_LENGTH]}.{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep_once(path.parent)
        try:
            with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, 0o644)) as stream:
                # Says that the writer lives, see _sweep_once; a file system without locks keeps what a kill leaves.
                with suppress(OSError):
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield stream
                stream.flush()
                put_in_place(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise cannot_write(path, error) from error


def put_in_place(written: Path, path: Path) -> None:
    """Give a file that was written whole its name, after its content has reached the disk.

    Without the wait a power cut may leave the new name with nothing in it.

    Raises:
        OSError: If the disk refuses.
    """
    with open(written, "rb") as stream:
        os.fsync(stream.fileno())
    os.replace(written, path)
    # The name is safe once the folder is; some network file systems do not let folders be synchronised.
    with suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _sweep_once(folder: Path) -> None:
    """Delete what killed writers left in a folder, the first time that this process writes there.

    A writer that lives has its file locked, from a moment after making it.
    """
    if folder in _swept:
        return
    _swept.add(folder)
    for path in folder.glob(".*.tmp"):
        with suppress(OSError), open(path, "r+b") as stream:
            if _TEMPORARY.search(path.name) and time.time() - os.fstat(stream.fileno()).st_mtime > _JUST_MADE_S:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a small file whole or not at all, see ``writing``; text as UTF-8.

    Raises:
        StoreError: If it cannot be written.
    """
    with writing(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


def load_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is not JSON, or nested more deeply than anybody's.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; an empty one if the file is absent or was left half-written."""
    try:
        content = load_json(path)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def update_json(path: Path, change: Callable[[dict[str, Any]], None], *, keep_damaged: bool = True) -> None:
    """Change a JSON object that several processes share; one after the other, so that no change is lost.

    Args:
        path: The file; need not exist yet.
        change: Gets what it holds, and changes it in place.
        keep_damaged: Whether a file that is no JSON object is renamed and named in a warning, as what a user has told
            must be; what can be computed again is just begun anew.

    Raises:
        StoreError: If it cannot be written.
    """
    require_writable(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):
            content = read_json(path)
            if keep_damaged and not content and path.is_file() and path.read_bytes().strip() != b"{}":
                aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}")
                os.replace(path, aside)
                _LOG.warning("%s was damaged: it is begun anew, and what it held is kept as %s.", path, aside)
            change(content)
            write_atomically(path, json.dumps(content, indent=2) + "\n")
    except OSError as error:
        raise cannot_write(path, error) from error


def _settings_file() -> Path:
    return data_home() / "settings.json"


def remembered_data(benchmark: str) -> Path | None:
    """The data folder last given for a benchmark, or None.

    What cannot be a folder, in a file that anybody may have edited or since a package is gone, is as good as none: else
    nothing could be opened, and no other folder be given. It is named in a warning.
    """
    known = _as_object(read_json(_settings_file()).get("data")).get(benchmark)
    if not isinstance(known, str) or not known.strip():
        return None
    try:
        return place(known)
    except UsageError as error:
        _warn_once(f"The remembered data folder of '{benchmark}' is not used: {error}")
        return None


@lru_cache(maxsize=64)
def _warn_once(text: str) -> None:
    _LOG.warning("%s", text)


def _as_object(content: object) -> dict[str, Any]:
    """A JSON object of a file that anybody may have edited; an empty one where it is something else."""
    return content if isinstance(content, dict) else {}


def remember_data(benchmark: str, root: Path) -> None:
    """Keep a benchmark's data folder for later commands and pages.

    Raises:
        StoreError: If it cannot be written.
    """
    if remembered_data(benchmark) != root:
        update_json(
            _settings_file(),
            lambda settings: settings.update(data={**_as_object(settings.get("data")), benchmark: str(root)}),
        )
