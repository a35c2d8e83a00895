"""What the bytes of an ONNX file say that onnxruntime does not: files that it needs, versions, how outputs end.

An ONNX file is a message of protocol buffers; of its fields only those are read that are asked for here.
Source: onnx.proto of the ONNX specification (https://github.com/onnx/onnx), field numbers of IR version 3 and later.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.errors import ModelError

#: Kinds of fields on the wire.
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
#: Numbers of fields, by message.
_MODEL = {"ir_version": 1, "graph": 7, "opset": 8, "functions": 25}
_GRAPH = {"node": 1, "initializer": 5, "sparse": 15}
_NODE = {"input": 1, "output": 2, "operator": 4, "attribute": 5, "domain": 7}
_ATTRIBUTE = {"tensor": 5, "graph": 6, "tensors": 10, "graphs": 11, "sparse": 22, "sparses": 23}
_TENSOR = {"external": 13}
_FUNCTION_NODE = 7
#: Operators that hand on their first input in another form.
_HANDS_ON = ("Identity", "Cast", "Reshape", "Squeeze", "Flatten", "Dropout")
_DEEPEST = 64

#: A field: its number, and a number or the bytes of its value.
_Field = tuple[int, "int | memoryview"]


@dataclass(frozen=True)
class Content:
    """What an ONNX file says.

    Attributes:
        opset: Version of ONNX's own operators; 0 if it names none.
        external: Files beside it that hold weights, as it names them.
        ends: By the name of each value, the operator that made it, as far as one that computes something.
    """

    opset: int
    external: tuple[str, ...]
    ends: dict[str, str]


def content_of(path: Path) -> Content:
    """What an ONNX file says.

    Raises:
        ModelError: If it is none, or is damaged.
    """
    try:
        with open(path, "rb") as stream:
            whole = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        return _content(memoryview(whole))
    except (ValueError, IndexError, RecursionError) as error:
        why = str(error) or "it ends too early"
        raise ModelError(f"{path} is no ONNX file, or is damaged: {why}. Is it complete?") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error


def _content(view: memoryview) -> Content:
    opset, graph, functions, has_version = 0, None, [], False
    for number, value in _fields(view):
        if number == _MODEL["ir_version"]:
            has_version = isinstance(value, int)
        elif number == _MODEL["graph"]:
            graph = value
        elif number == _MODEL["functions"]:
            functions.append(value)
        elif number == _MODEL["opset"]:
            domain, version = _opset(_message(value))
            opset = version if domain in ("", "ai.onnx") else opset
    if graph is None or not has_version:
        raise ValueError("it has no graph")
    external: dict[str, None] = {}
    makers: dict[str, tuple[str, str]] = {}
    _look_at_graph(_message(graph), external, makers, 0)
    for function in functions:
        for number, value in _fields(_message(function)):
            if number == _FUNCTION_NODE:
                _look_at_node(_message(value), external, {}, 0)
    return Content(opset, tuple(external), {name: _end(name, makers) for name in makers})


def _opset(view: memoryview) -> tuple[str, int]:
    domain, version = "", 0
    for number, value in _fields(view):
        if number == 1:
            domain = _text(value)
        elif number == 2 and isinstance(value, int):
            version = value
    return domain, version


def _look_at_graph(view: memoryview, external: dict[str, None], makers: dict[str, tuple[str, str]], depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError("its graphs are nested too deeply")
    for number, value in _fields(view):
        if number == _GRAPH["node"]:
            _look_at_node(_message(value), external, makers, depth)
        elif number == _GRAPH["initializer"]:
            _look_at_tensor(_message(value), external)
        elif number == _GRAPH["sparse"]:
            _look_at_sparse(_message(value), external)


def _look_at_node(view: memoryview, external: dict[str, None], makers: dict[str, tuple[str, str]], depth: int) -> None:
    inputs, outputs, operator, domain = [], [], "", ""
    for number, value in _fields(view):
        if number == _NODE["input"]:
            inputs.append(_text(value))
        elif number == _NODE["output"]:
            outputs.append(_text(value))
        elif number == _NODE["operator"]:
            operator = _text(value)
        elif number == _NODE["domain"]:
            domain = _text(value)
        elif number == _NODE["attribute"]:
            _look_at_attribute(_message(value), external, depth)
    operator = operator if domain in ("", "ai.onnx") else f"{domain}.{operator}"
    for name in outputs:
        makers[name] = (operator, inputs[0] if inputs else "")


def _look_at_attribute(view: memoryview, external: dict[str, None], depth: int) -> None:
    for number, value in _fields(view):
        if number in (_ATTRIBUTE["tensor"], _ATTRIBUTE["tensors"]):
            _look_at_tensor(_message(value), external)
        elif number in (_ATTRIBUTE["sparse"], _ATTRIBUTE["sparses"]):
            _look_at_sparse(_message(value), external)
        elif number in (_ATTRIBUTE["graph"], _ATTRIBUTE["graphs"]):
            # The values of an inner graph are none of the outer one's outputs.
            _look_at_graph(_message(value), external, {}, depth + 1)


def _look_at_sparse(view: memoryview, external: dict[str, None]) -> None:
    for number, value in _fields(view):
        if number in (1, 2):
            _look_at_tensor(_message(value), external)


def _look_at_tensor(view: memoryview, external: dict[str, None]) -> None:
    for number, value in _fields(view):
        if number == _TENSOR["external"]:
            entry = {at: _text(text) for at, text in _fields(_message(value)) if isinstance(text, memoryview)}
            if entry.get(1) == "location":
                external[_beside(entry.get(2, ""))] = None


def _beside(location: str) -> str:
    """The name of a file of weights, which lies in the folder of its graph or below it."""
    path = PurePosixPath(location.replace("\\", "/"))
    if not path.name or path.is_absolute() or ".." in path.parts or not location.isprintable():
        raise ValueError(f"it wants its weights from {location!r}, which is no file beside it")
    return str(path)


def _end(name: str, makers: dict[str, tuple[str, str]]) -> str:
    seen = set()
    while name in makers and name not in seen:
        seen.add(name)
        operator, before = makers[name]
        if operator not in _HANDS_ON:
            return operator
        name = before
    return ""


def _fields(view: memoryview) -> Iterator[_Field]:
    """The fields of a message.

    Raises:
        ValueError, IndexError: If the bytes are none.
    """
    at, end = 0, len(view)
    while at < end:
        tag, at = _varint(view, at)
        number, kind = tag >> 3, tag & 7
        if not number:
            raise ValueError("it has a field without a number")
        if kind == _VARINT:
            value, at = _varint(view, at)
            yield number, value
            continue
        if kind == _BYTES:
            length, at = _varint(view, at)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError("it has a field of no known kind")
        if length > end - at:
            raise ValueError("it ends too early")
        yield number, view[at : at + length]
        at += length


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = view[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("it has a number that is too long")


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("it has a number where a message belongs")
    return value


def _text(value: int | memoryview) -> str:
    return bytes(_message(value)).decode("utf-8", "replace")
