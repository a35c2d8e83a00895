"""The user's own code, run: a file of Python as a module that nobody else sees, and what it makes.

The bytes that are run are those that were read here, never a cached form of them; files beside it that it imports are
read anew each time, and counted as parts of it. One is run at a time, since what is found by ``import`` belongs to the
whole process. It is run within this process: what it breaks on purpose, such as torch's own functions, is broken, and
``os._exit`` ends everything.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import itertools
import os
import random
import sys
import threading
import traceback
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core import paths
from core.errors import ModelError, UsageError, nearest
from core.models.checkpoints import first_line
from core.models.sources.base import versions

_TURN = threading.RLock()
_NUMBERS = itertools.count()
#: No folder has this name: what is compiled is never taken from beside the files.
_NO_CACHE = "/nonexistent/offcenter"
#: Letters of an error that a message shows.
_SHOWN = 300


@dataclass(frozen=True)
class Made:
    """What a function of the user's gave.

    Attributes:
        content: As it was returned.
        helpers: Files beside its own that were imported for it.
    """

    content: Any
    helpers: tuple[Path, ...]


def made_by(path: Path, function: str) -> Made:
    """Run a file and call a function of it; what it draws at random is the same each time.

    Args:
        path: The file, absolute.
        function: Its name; called without arguments.

    Raises:
        UsageError: If the file has no such function, or imports something whose name is taken.
        ModelError: If it cannot be read, is no Python, or raises; says where.
    """
    with _TURN:
        before = versions([path])
        code = _compiled(path)
        helpers: list[Path] = []
        with _importing(path.parent, helpers), _set_apart():
            made = _function(path, _run(path, code), function)
            with _telling(path, f"{function}()"):
                content = made()
        if versions([path]) != before:
            raise ModelError(f"{path} changed while it was run: once whoever writes it has finished, try again.")
        return Made(content, tuple(sorted(helpers)))


def _compiled(path: Path) -> types.CodeType:
    try:
        content = path.read_bytes()
        tree = ast.parse(content, str(path))
        _require_own_names(path, tree)
        return compile(tree, str(path), "exec", dont_inherit=True)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
    except SyntaxError as error:
        at = f" (line {error.lineno})" if error.lineno else ""
        raise ModelError(f"{path} is no Python: {error.msg}{at}.") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ModelError(f"{path} is no Python: {first_line(error)}.") from error


def _require_own_names(path: Path, tree: ast.AST) -> None:
    """Refuse to import a file beside it whose name is taken: the other one would be got without a word."""
    for name in _imported(tree):
        beside = next((each for each in (path.parent / f"{name}.py", path.parent / name) if each.exists()), None)
        loaded = sys.modules.get(name)
        at = getattr(loaded, "__file__", None)
        if beside is not None and loaded is not None and not (at and _is_within(Path(at), path.parent)):
            raise UsageError(
                f"{path} imports '{name}', of which there is one beside it ({beside.name}) and another that is loaded "
                f"already ({at or 'of Python itself'}): give yours another name."
            )


def _imported(tree: ast.AST) -> set[str]:
    """First parts of the names that a file imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def _run(path: Path, code: types.CodeType) -> types.ModuleType:
    name = f"_offcenter_python_{next(_NUMBERS)}_{paths.slug(path.stem).replace('-', '_').replace('.', '_')}"
    module = types.ModuleType(name)
    module.__file__ = str(path)
    # It stays: classes are looked up by the name of their module, by dataclasses and by copies.
    sys.modules[name] = module
    with _telling(path, "it"):
        exec(code, module.__dict__)
    return module


def _function(path: Path, module: types.ModuleType, name: str) -> Any:
    """A function or class that the file itself defines: what it imports was not named by whoever named the file."""
    own = {
        each: value
        for each, value in module.__dict__.items()
        if isinstance(value, types.FunctionType | type) and value.__module__ == module.__name__
    }
    if name not in own:
        raise UsageError(
            f"{path} defines no function '{name}'.{nearest(name, own)} It defines {', '.join(own) or 'none'}."
        )
    return own[name]


@contextlib.contextmanager
def _set_apart() -> Iterator[None]:
    """Within this context, what is printed is none of a command's own output, and what is drawn is always alike.

    Afterwards the folder that paths are relative to, and what torch takes for granted, are as before.
    """
    folder, kind, device = Path.cwd(), torch.get_default_dtype(), torch.get_default_device()
    draws, more_draws, cores = random.getstate(), np.random.get_state(), torch.get_num_threads()
    with torch.random.fork_rng(devices=[]), torch.enable_grad(), _aside():
        torch.manual_seed(0)
        random.seed(0)
        np.random.seed(0)
        try:
            yield
        finally:
            os.chdir(folder)
            random.setstate(draws)
            np.random.set_state(more_draws)
            torch.set_default_dtype(kind)
            torch.set_num_threads(cores)
            if torch.get_default_device() != device:
                torch.set_default_device(device)


class _Aside:
    """Standard output turned to the errors' for as long as anybody, in whatever thread, is within."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._n_within = 0
        self._output: Any = None

    def enter(self, *_: Any) -> None:
        """Turn it, unless it is turned."""
        with self._turn:
            if not self._n_within:
                self._output, sys.stdout = sys.stdout, sys.stderr
            self._n_within += 1

    def leave(self, *_: Any) -> None:
        """Turn it back, if nobody else is within."""
        with self._turn:
            self._n_within -= 1
            if not self._n_within:
                sys.stdout, self._output = self._output, None


_ASIDE = _Aside()


@contextlib.contextmanager
def _aside() -> Iterator[None]:
    _ASIDE.enter()
    try:
        yield
    finally:
        _ASIDE.leave()


def print_aside(module: torch.nn.Module) -> None:
    """See to it that what a network prints while it runs is none of a command's own output."""
    if not isinstance(module, torch.jit.ScriptModule):
        module.register_forward_pre_hook(_ASIDE.enter)
        module.register_forward_hook(_ASIDE.leave, always_call=True)


@contextlib.contextmanager
def _telling(path: Path, what: str) -> Iterator[None]:
    """Within this context, whatever the user's code raises is a sentence with its line; Ctrl-C is left alone."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        at = f" (line {lines[-1]})" if lines else ""
        try:
            first = first_line(error)[:_SHOWN]
        except Exception:
            # It is the user's class, too.
            first = type(error).__name__
        said = "" if first == type(error).__name__ else f": {first}"
        raise ModelError(f"{path}: {what} raised {type(error).__name__}{said}{at}.") from error


@contextlib.contextmanager
def _importing(folder: Path, helpers: list[Path]) -> Iterator[None]:
    """Within this context, files of a folder can be imported; afterwards they are listed, and forgotten."""
    before = set(sys.modules)
    kept = sys.dont_write_bytecode, sys.pycache_prefix, list(sys.path)
    sys.dont_write_bytecode, sys.pycache_prefix = True, _NO_CACHE
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode, sys.pycache_prefix, sys.path[:] = kept
        for name, module in [each for each in sys.modules.items() if each[0] not in before]:
            at = getattr(module, "__file__", None)
            if at and not name.startswith("_offcenter_python_") and _is_of(Path(at), folder):
                # The next run imports it anew: it may have changed, and another folder may have one of its name.
                del sys.modules[name]
                helpers.append(Path(at))


def _is_of(file: Path, folder: Path) -> bool:
    """Whether a module's file was found through a folder, and through no other place within it, such as a ``.venv``."""
    if not _is_within(file, folder) or _is_within(file, paths.REPO / "core"):
        return False
    places = [Path(place or ".").resolve() for place in sys.path]
    return not any(_is_within(file, place) for place in places if place != folder and _is_within(place, folder))


def _is_within(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder)
