"""Where things are on this machine: embedded data, results, model folders, remembered data folders."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from core.errors import cannot_write

REPO = Path(__file__).resolve().parent.parent
EMBEDDED = REPO / "data" / "embedded"


def data_home() -> Path:
    """Folder of everything created at run time: ``OFFCENTER_DATA``, or ``data/`` beside the code."""
    return Path(os.environ.get("OFFCENTER_DATA") or REPO / "data").expanduser().resolve()


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


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a small file so that a reader sees the old or the new one, never a half; text as UTF-8.

    Raises:
        StoreError: If the folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content.encode() if isinstance(content, str) else content)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise cannot_write(path, error) from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; an empty one if the file is absent or was left half-written."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _settings_file() -> Path:
    return data_home() / "settings.json"


def remembered_data(benchmark: str) -> Path | None:
    """The data folder last given for a benchmark, or None."""
    known = read_json(_settings_file()).get("data", {})
    return Path(known[benchmark]) if benchmark in known else None


def remember_data(benchmark: str, root: Path) -> None:
    """Keep a benchmark's data folder for later commands and pages."""
    settings = read_json(_settings_file())
    data = settings.setdefault("data", {})
    if data.get(benchmark) != str(root):
        data[benchmark] = str(root)
        write_atomically(_settings_file(), json.dumps(settings, indent=2) + "\n")
