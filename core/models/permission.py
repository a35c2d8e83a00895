"""Whose code may be run: files of Python that the user has named herself. No torch.

A model's name may come from a link, a form or a stored result, and ``python:FILE.py:make`` runs what is in the file. So
it is run only if the file was named on the command line of this process, or in the environment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from core import paths
from core.errors import UsageError
from core.store import specs
from core.store.naming import file_and_function

#: Files that may be run whoever asks, in the form of PATH.
SETTING = "OFFCENTER_PYTHON_MODELS"
_named: list[Path] = []


@contextmanager
def naming(arguments: Sequence[str]) -> Iterator[None]:
    """Within this context, files may be run that a command line names in the name of a model.

    Args:
        arguments: As they were typed: ``python:FILE.py:make``, also behind ``--option=``.
    """
    before = list(_named)
    for argument in arguments:
        for text in (argument, argument.partition("=")[2]):
            asked = specs.parsed(text)
            if asked.kind == specs.PYTHON:
                with suppress(UsageError):
                    permit(paths.place(file_and_function(asked.where)[0]))
    try:
        yield
    finally:
        _named[:] = before


def permit(path: Path) -> None:
    """Let a file be run in this process, from now on."""
    _named.append(path.resolve())


def permitted(path: Path) -> bool:
    """Whether a file may be run in this process.

    Args:
        path: With all links followed.
    """
    return path in _named or path in _listed()


def require(path: Path) -> None:
    """Refuse to run a file that nobody has named.

    Raises:
        UsageError: If it may not be run here; says how it may be.
    """
    if not permitted(path):
        raise UsageError(
            f"the code in {path} is not run here, since its name may have come from anywhere. Name it yourself: on the "
            f"command line, as in 'python -m core evaluate --model python:{path}:make', or in the environment, "
            f"{SETTING}={path}, before the dashboard is started."
        )


def setting() -> str:
    """What ``SETTING`` must be in a process that goes on with the work of this one; empty if there is none."""
    return os.pathsep.join(dict.fromkeys(str(path) for path in (*_named, *_listed())))


def absolute(setting: str) -> str:
    """A value of ``SETTING`` for a process in another folder; what names no file is left out."""
    return os.pathsep.join(str(path) for path in _files_in(setting))


def _listed() -> list[Path]:
    return _files_in(os.environ.get(SETTING, ""))


def _files_in(setting: str) -> list[Path]:
    found = []
    for part in setting.split(os.pathsep):
        with suppress(UsageError):
            found += [paths.place(part)] if part.strip() else []
    return found
