"""Where the values of a Parquet column lie inside its file, so that one can be read without those around it.

Libraries read whole row groups, of photographs some 60 MB each. The pages of a column chunk stand in the file one after
the other (https://parquet.apache.org/docs/file-format); a page is mostly one run of Snappy, which compresses blocks of
64 KiB each by itself, so that a range of it can be had from the blocks that it touches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from core.benchmarks.thrift import struct, varint, varint_bytes

#: Uncompressed bytes that Snappy compresses at a time.
BLOCK = 1 << 16

_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
_PLAIN, _RLE = 0, 3
#: Encodings of a page that holds, in place of values, their numbers in the dictionary.
_NUMBERS = (2, 8)
_LENGTH = 4
_LONG_LITERAL = 60

#: ``(offset, n) -> n bytes`` of a file.
ReadRange = Callable[[int, int], bytes]


@dataclass(frozen=True)
class Page:
    """A page as it is stored.

    Attributes:
        start: Of its bytes in the file.
        stored: Bytes in the file.
        size: Bytes uncompressed.
        codec: ``uncompressed``, ``snappy`` or another name that Arrow knows.
        blocks: Offsets of Snappy's blocks in the stored bytes, and their end; empty if it is read only as a whole.
    """

    start: int
    stored: int
    size: int
    codec: str
    blocks: tuple[int, ...] = field(default=(), repr=False)

    def read(self, read: ReadRange, begin: int, end: int) -> bytes:
        """Some of its bytes.

        Args:
            read: Of its file.
            begin: First byte, uncompressed.
            end: Byte after the last one.

        Raises:
            OSError: If they are damaged.
        """
        if begin == end:
            return b""
        if self.codec == "uncompressed":
            return read(self.start + begin, end - begin)
        if not self.blocks:
            return self.whole(read)[begin:end]
        first, last = begin // BLOCK, -(-end // BLOCK)
        base, size = first * BLOCK, min(last * BLOCK, self.size) - first * BLOCK
        content = read(self.start + self.blocks[first], self.blocks[last] - self.blocks[first])
        return self._uncompressed(varint_bytes(size) + content, size)[begin - base : end - base]

    def whole(self, read: ReadRange) -> bytes:
        """All of its bytes, uncompressed."""
        return self._uncompressed(read(self.start, self.stored), self.size)

    def _uncompressed(self, content: bytes, size: int) -> bytes:
        if self.codec == "uncompressed":
            return content
        return pa.Codec(self.codec).decompress(content, size, asbytes=True)


@dataclass(frozen=True)
class Place:
    """A value: bytes ``begin`` to ``end`` of a page, uncompressed."""

    page: Page
    begin: int
    end: int

    def read(self, read: ReadRange) -> bytes:
        """The value.

        Args:
            read: Of its file.
        """
        return self.page.read(read, self.begin, self.end)


def places_of(chunk: bytes | memoryview, start: int, codec: str, depth: int) -> list[Place | None]:
    """Where each value of a column chunk lies; None for one that is missing.

    Args:
        chunk: The chunk as it is stored, of byte arrays that do not repeat within a row.
        start: Where it begins in its file.
        codec: See ``Page``.
        depth: The column's highest definition level.

    Raises:
        ValueError: If the chunk is not as the format says, or has an encoding that is not read here.
        OSError: If it is damaged.
    """
    # What is passed over is not copied.
    chunk = memoryview(chunk)

    def read(offset: int, n: int) -> bytes:
        return bytes(chunk[offset - start : offset - start + n])

    found: list[Place | None] = []
    dictionary: list[Place] = []
    at = 0
    while at < len(chunk):
        header, body = struct(chunk, at)
        kind, at = header.get(1), body + _number(header, 3)
        page = _page(chunk, start, body, at, codec, header)
        if kind == _DICTIONARY:
            dictionary = _plain(page, read, 0, _number(header.get(7), 1))
        elif kind in (_DATA, _DATA_V2):
            found += _values(page, read, header, dictionary, depth)
    return found


def _page(chunk: memoryview, start: int, body: int, end: int, codec: str, header: dict[int, Any]) -> Page:
    """A page less its levels, where these are stored before it."""
    size = _number(header, 2)
    if header.get(1) == _DATA_V2:
        said = header[8]
        levels = _number(said, 5) + _number(said, 6)
        body, size = body + levels, size - levels
        codec = codec if said.get(7, True) else "uncompressed"
    blocks = snappy_blocks(chunk[body:end]) if codec == "snappy" else ()
    return Page(start + body, end - body, size, codec, blocks)


def _values(
    page: Page, read: ReadRange, header: dict[int, Any], dictionary: list[Place], depth: int
) -> list[Place | None]:
    """Where the values of a data page lie; see ``places_of``."""
    width = depth.bit_length()
    if header[1] == _DATA_V2:
        said, begin = header[8], 0
        n, encoding, n_levels = _number(said, 1), said.get(4), _number(said, 5)
        levels = read(page.start - n_levels, n_levels)
    else:
        said, levels, begin = header[5], b"", 0
        n, encoding = _number(said, 1), said.get(2)
        if width:
            if said.get(3) != _RLE:
                raise ValueError("a page's levels are not run-length encoded")
            begin = _LENGTH + int.from_bytes(page.read(read, 0, _LENGTH), "little")
            levels = page.read(read, _LENGTH, begin)
    there = hybrid(levels, width, n) == depth
    n_there = int(there.sum())
    if encoding in _NUMBERS:
        content = page.read(read, begin, page.size)
        values = [dictionary[number] for number in hybrid(content[1:], content[0], n_there)]
    elif encoding == _PLAIN:
        values = _plain(page, read, begin, n_there)
    else:
        raise ValueError(f"a page has the encoding {encoding}")
    following = iter(values)
    return [next(following) if is_there else None for is_there in there]


def _plain(page: Page, read: ReadRange, begin: int, n: int) -> list[Place]:
    """Byte arrays one after the other, each after its length."""
    found = []
    # A page that is read only as a whole is read once.
    content = page.whole(read) if page.codec != "uncompressed" and not page.blocks else None
    for _ in range(n):
        at = begin + _LENGTH
        length = page.read(read, begin, at) if content is None else content[begin:at]
        begin = at + int.from_bytes(length, "little")
        if at > page.size or begin > page.size:
            raise ValueError("a value does not end in its page")
        found.append(Place(page, at, begin))
    if begin != page.size:
        raise ValueError("values do not fill their page")
    return found


def hybrid(content: bytes, width: int, n: int) -> np.ndarray:
    """Numbers that are stored as runs of one number, and packed by their bits in eights.

    Args:
        content: The runs.
        width: Bits of a number.
        n: How many there are.

    Returns:
        int (n,).

    Raises:
        ValueError: If there are fewer.
    """
    if width == 0:
        return np.zeros(n, dtype=int)
    parts, have, at = [], 0, 0
    while have < n:
        head, at = varint(content, at)
        if head & 1:
            size = (head >> 1) * width
            bits = np.unpackbits(np.frombuffer(content[at : at + size], np.uint8), bitorder="little")
            parts.append(bits[: len(bits) // width * width].reshape(-1, width) @ (1 << np.arange(width)))
        else:
            size = -(-width // 8)
            parts.append(np.full(min(head >> 1, n - have), int.from_bytes(content[at : at + size], "little")))
        if at + size > len(content) or not len(parts[-1]):
            raise ValueError("a page ends too early")
        have, at = have + len(parts[-1]), at + size
    return np.concatenate(parts)[:n] if parts else np.zeros(0, dtype=int)


def snappy_blocks(content: bytes | memoryview) -> tuple[int, ...]:
    """Where each block of 64 KiB begins in a run of Snappy, and where the last one ends.

    Nothing is decompressed: literals are passed over, and copies looked at only for how far back they reach
    (https://github.com/google/snappy/blob/main/format_description.txt).

    Returns:
        Offsets; empty if blocks cannot be told apart, as where a copy reaches into the block before.
    """
    size, at = varint(content, 0)
    blocks, done, inside = [at], 0, 0
    while at < len(content):
        tag = content[at]
        kind, n, back = tag & 3, tag >> 2, 0
        if kind == 0:
            long = max(0, n - _LONG_LITERAL + 1)
            n = (int.from_bytes(content[at + 1 : at + 1 + long], "little") if long else n) + 1
            at += 1 + long + n
        elif kind == 1:
            n, back = (n & 7) + 4, tag >> 5 << 8 | content[at + 1]
            at += 2
        else:
            wide = 2 if kind == 2 else 4
            n, back = n + 1, int.from_bytes(content[at + 1 : at + 1 + wide], "little")
            at += 1 + wide
        if back > inside or inside + n > BLOCK:
            return ()
        done, inside = done + n, (inside + n) % BLOCK
        if inside == 0:
            blocks.append(at)
    if inside:
        blocks.append(at)
    return tuple(blocks) if done == size and at == len(content) else ()


def _number(header: dict[int, Any] | None, name: int) -> int:
    number = (header or {}).get(name)
    if not isinstance(number, int) or number < 0:
        raise ValueError("a page does not say its size")
    return number
