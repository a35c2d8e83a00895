"""What a packed file holds, read without trusting what it says of itself."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from typing import IO

from core.errors import DataError

#: Bytes read at once; also the most that a tar file's own bookkeeping may ask for.
CHUNK = 1 << 20


def plain(packed: IO[bytes]) -> IO[bytes]:
    """What a file holds once its packing, told by its first bytes, is undone."""
    first = packed.read(6)
    packed.seek(0)
    if first.startswith(b"\x1f\x8b"):
        return gzip.open(packed)
    if first.startswith(b"BZh"):
        return bz2.open(packed)
    return lzma.open(packed) if first == b"\xfd7zXZ\0" else packed


class Bounded:
    """A stream for ``tarfile``, which would read a header of any size that an archive claims into memory."""

    def __init__(self, stream: IO[bytes], look: Callable[[], None]) -> None:
        self._stream, self._look = stream, look
        self.last = b""

    def read(self, n: int = -1) -> bytes:
        """The next bytes, as many as anybody needs at once.

        Raises:
            DataError: If more are asked for.
        """
        if n < 0 or n > CHUNK:
            raise DataError(f"an entry's header claims {n:,} bytes")
        self.last = self._stream.read(n)
        self._look()
        return self.last

    def seek(self, position: int, whence: int = 0) -> int:
        """Forward only, in steps: what is skipped is unpacked too, and counts."""
        if whence or position < self._stream.tell():
            return self._stream.seek(position, whence)
        while (left := position - self._stream.tell()) > 0:
            if not self._stream.read(min(left, CHUNK)):
                break
            self._look()
        return self._stream.tell()

    def drain(self) -> None:
        """Read what is left."""
        while self._stream.read(CHUNK):
            self._look()

    def tell(self) -> int:
        """Where the next byte is."""
        return self._stream.tell()
