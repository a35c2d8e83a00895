"""Read a ranking that was published as a pickle, without running any of it.

A pickle is a program: loading one may call anything. Here its instructions are followed by hand, and there are none for
more than plain containers, text and numbers; whatever else a file asks for is refused by name. NumPy's scalars, as
which sorted names and indices are often saved, are known by their bytes.
"""

from __future__ import annotations

import pickletools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import DataError
from core.images.opening import read_bytes

#: Hard ImageNet's own file has some 19,000 names and is 1 MB.
MAX_BYTES = 16 * 1024**2
#: Names that are read; a small file may name one long list many times.
MAX_NAMES = 2_000_000

_VALUES = {
    *("NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"),
    *("FLOAT", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE"),
    *("BINUNICODE8", "SHORT_BINBYTES", "BINBYTES"),
}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_SCALAR, _DTYPE, _ENCODE = "numpy scalar", "numpy dtype", "bytes"
#: Names that stand for a value which is made here from its parts.
_KNOWN = {
    "numpy.core.multiarray.scalar": _SCALAR,
    "numpy._core.multiarray.scalar": _SCALAR,
    "numpy.dtype": _DTYPE,
    "_codecs.encode": _ENCODE,
}
_CODE = re.compile(r"[iuf][1248]|b1|U\d{1,4}")
_KEYS = (str, int, float, bool, type(None))


@dataclass(frozen=True)
class _Maker:
    """Stands on the stack where a pickle would have a function."""

    makes: str


@dataclass
class _Dtype:
    """Type of a NumPy scalar."""

    code: str
    order: str = "="


_MARK = object()


def read_ranks(path: Path) -> dict[str, float]:
    """The place of each image in its class's ranking.

    Args:
        path: A pickle of ``{class: [path of an image, ...]}`` in the order of the ranking, as Hard ImageNet's
            ``paths_by_rank*.pkl``; or of one such list.

    Returns:
        By file name, 0 for the first of its list to 1 for the last; a name that is in it twice has its first place.

    Raises:
        DataError: If the file holds anything but plain containers, text and numbers, or no ranking; says what.
        StorageError: If it cannot be read now.
    """
    content = read_plain(path)
    lists = list(content.values()) if isinstance(content, dict) else [content]
    ranks: dict[str, float] = {}
    n_names = 0
    for names in lists:
        if not isinstance(names, list | tuple):
            raise DataError(f"{path} has a {_kind(names)} where a list of file names is expected: it is no ranking.")
        n_names += len(names)
        if n_names > MAX_NAMES:
            raise DataError(f"{path} names more than {MAX_NAMES:,} images: it is no ranking of Hard ImageNet.")
        for place, name in enumerate(names):
            if not isinstance(name, str):
                raise DataError(f"{path} has a {_kind(name)} where a file name is expected: it is no ranking.")
            ranks.setdefault(name.replace("\\", "/").rpartition("/")[2], place / max(1, len(names) - 1))
    if not ranks:
        raise DataError(f"{path} names no image: it is no ranking.")
    return ranks


def read_plain(path: Path) -> Any:
    """What a pickle of plain values holds: dicts, lists, tuples, text, bytes, numbers, booleans and None.

    Raises:
        DataError: If it asks for anything else (names it), is damaged, or is larger than ``MAX_BYTES``.
        StorageError: If it cannot be read now.
    """
    # A file that is cut short differs from one that was never so long.
    if path.is_file() and path.stat().st_size > MAX_BYTES:
        raise DataError(f"{path} is larger than {MAX_BYTES // 1024**2} MiB: it is no ranking of Hard ImageNet.")
    content = read_bytes(path)
    machine = _Machine(path)
    try:
        for opcode, argument, _ in pickletools.genops(content):
            if opcode.name == "STOP":
                return machine.result()
            machine.do(opcode.name, argument)
    except DataError:
        raise
    except Exception as error:
        raise DataError(
            f"{path} is no whole pickle ({type(error).__name__}: {error}): download it again, or take it away."
        ) from error
    raise DataError(f"{path} is no whole pickle (it has no end): download it again, or take it away.")


class _Machine:
    """Follows the instructions of a pickle; a wrong one raises whatever it is that goes wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def result(self) -> Any:
        """What is left at the end."""
        (found,) = self._stack
        if isinstance(found, _Maker | _Dtype) or found is _MARK:
            raise ValueError("it ends in the middle of a value")
        return found

    def do(self, name: str, argument: Any) -> None:
        """Follow one instruction.

        Raises:
            DataError: If it is one that plain values do not need.
        """
        if name in _VALUES:
            self._stack.append(_CONSTANTS.get(name, argument))
        elif name in _TUPLES:
            self._replace(_TUPLES[name])
        elif name in ("PROTO", "FRAME"):
            pass
        elif name in ("GLOBAL", "INST", "STACK_GLOBAL"):
            self._name(name, argument)
        else:
            step = getattr(self, f"_{name.lower()}", None)
            if step is None:
                raise DataError(
                    f"{self._path} has the instruction {name}, which a ranking does not need: it was not loaded. "
                    "Take the file away, or save it again as lists of file names."
                )
            step() if argument is None else step(argument)

    def _replace(self, n: int) -> None:
        parts = [self._stack.pop() for _ in range(n)]
        self._stack.append(tuple(reversed(parts)))

    def _since_mark(self) -> list[Any]:
        at = len(self._stack) - 1
        while self._stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise ValueError("a list has no beginning")
        found = self._stack[at + 1 :]
        del self._stack[at:]
        return found

    def _mark(self) -> None:
        self._stack.append(_MARK)

    def _pop(self) -> None:
        self._stack.pop()

    def _pop_mark(self) -> None:
        self._since_mark()

    def _dup(self) -> None:
        self._stack.append(self._stack[-1])

    def _empty_list(self) -> None:
        self._stack.append([])

    def _empty_tuple(self) -> None:
        self._stack.append(())

    def _empty_dict(self) -> None:
        self._stack.append({})

    def _list(self) -> None:
        self._stack.append(self._since_mark())

    def _tuple(self) -> None:
        self._stack.append(tuple(self._since_mark()))

    def _dict(self) -> None:
        items = self._since_mark()
        self._stack.append({})
        self._set(items)

    def _append(self) -> None:
        self._extend([self._stack.pop()])

    def _appends(self) -> None:
        self._extend(self._since_mark())

    def _extend(self, items: list[Any]) -> None:
        if not isinstance(self._stack[-1], list):
            raise TypeError("something is added to what is no list")
        self._stack[-1].extend(items)

    def _setitem(self) -> None:
        content, key = self._stack.pop(), self._stack.pop()
        self._set([key, content])

    def _setitems(self) -> None:
        self._set(self._since_mark())

    def _set(self, items: list[Any]) -> None:
        if not isinstance(self._stack[-1], dict):
            raise TypeError("a key is given to what is no dict")
        for key, content in zip(items[::2], items[1::2], strict=True):
            # A key of nested tuples can exhaust the interpreter's own stack.
            if not isinstance(key, _KEYS):
                raise TypeError(f"a key is a {_kind(key)}")
            self._stack[-1][key] = content

    def _put(self, at: int) -> None:
        self._memo[at] = self._stack[-1]

    _binput = _long_binput = _put

    def _memoize(self) -> None:
        self._put(len(self._memo))

    def _get(self, at: int) -> None:
        self._stack.append(self._memo[at])

    _binget = _long_binget = _get

    def _name(self, instruction: str, argument: Any) -> None:
        if instruction == "STACK_GLOBAL":
            attribute, module = self._stack.pop(), self._stack.pop()
            asked = f"{module}.{attribute}"
        else:
            asked = ".".join(str(argument).split(" ", 1))
        if instruction == "INST" or asked not in _KNOWN:
            raise DataError(
                f"{self._path} asks for '{asked[:200]}', which is code and was not loaded: a ranking holds lists of "
                "file names only. Take the file away, or get it again from its publisher."
            )
        self._stack.append(_Maker(_KNOWN[asked]))

    def _reduce(self) -> None:
        arguments, maker = self._stack.pop(), self._stack.pop()
        if not isinstance(maker, _Maker) or not isinstance(arguments, tuple):
            raise TypeError("something is called that is no function")
        if maker.makes == _DTYPE:
            if not isinstance(arguments[0], str) or not _CODE.fullmatch(arguments[0]):
                raise TypeError("a NumPy value is neither number nor text")
            self._stack.append(_Dtype(arguments[0]))
        elif maker.makes == _ENCODE:
            text, encoding = arguments
            if encoding != "latin1":
                raise TypeError("bytes are encoded in an unknown way")
            self._stack.append(text.encode("latin1"))
        else:
            dtype, content = arguments
            (found,) = np.frombuffer(content, np.dtype(f"{dtype.order}{dtype.code}")).tolist()
            self._stack.append(found)

    def _build(self) -> None:
        state = self._stack.pop()
        dtype = self._stack[-1]
        if not isinstance(dtype, _Dtype) or state[1] not in ("<", ">", "=", "|"):
            raise TypeError("something is given a state that has none")
        dtype.order = state[1]


def _kind(value: object) -> str:
    return "value of another kind" if isinstance(value, _Maker | _Dtype) else type(value).__name__
