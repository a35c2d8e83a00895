"""Thrift's compact protocol as far as the headers of Parquet's pages use it.

Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
"""

from __future__ import annotations

from typing import Any

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _STRUCT = 1, 2, 3, 7, 8, 12
_INTEGERS = (4, 5, 6)


def struct(content: bytes | memoryview, at: int) -> tuple[dict[int, Any], int]:
    """A struct: its fields by number, those that are no numbers, truth values or structs as None.

    Args:
        content: What it stands in.
        at: Where it begins.

    Returns:
        The fields, and where the next thing begins.

    Raises:
        ValueError: If it ends too early, or has a field of another kind.
    """
    found: dict[int, Any] = {}
    number = 0
    try:
        while content[at]:
            step, kind = content[at] >> 4, content[at] & 15
            at += 1
            if step:
                number += step
            else:
                number, at = signed(content, at)
            # Of a truth value, the kind says which.
            found[number], at = (kind == _TRUE, at) if kind in (_TRUE, _FALSE) else _value(content, at, kind)
    except IndexError:
        raise ValueError("a struct ends too early") from None
    return found, at + 1


def _value(content: bytes | memoryview, at: int, kind: int) -> tuple[Any, int]:
    if kind in _INTEGERS:
        return signed(content, at)
    if kind == _STRUCT:
        return struct(content, at)
    if kind == _BINARY:
        n, at = varint(content, at)
        return None, at + n
    if kind in (_BYTE, _DOUBLE):
        return None, at + (1 if kind == _BYTE else 8)
    raise ValueError(f"a struct has a field of the kind {kind}")


def varint(content: bytes | memoryview, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first; and where the next thing begins.

    Raises:
        IndexError: If it ends too early.
    """
    found = shift = 0
    while content[at] & 0x80:
        found |= (content[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return found | content[at] << shift, at + 1


def varint_bytes(number: int) -> bytes:
    """A number as ``varint`` reads it."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def signed(content: bytes | memoryview, at: int) -> tuple[int, int]:
    """A number of either sign, which lies zigzag in ``varint``; and where the next thing begins."""
    number, at = varint(content, at)
    return number >> 1 ^ -(number & 1), at
