"""The one place where an image file is opened: raster formats only, and a reason by name for what cannot be opened.

What the *bytes* say (no image, truncated, too large) is a fact about the image, an ``ImageError``. What the *system*
says (too many open files, no memory left, a network folder that went away, no such file now) may be another a minute
later: a ``StorageError``, which nobody may keep as a fact.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from PIL import Image

from core.errors import ImageError, StorageError
from core.paths import is_remote

#: Pillow's names. PostScript is not among them: it is a program, which Pillow would have run.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
#: What Pillow raises when it cannot make an image of a file's bytes.
CANNOT_OPEN = (
    *(OSError, ValueError, SyntaxError, LookupError, TypeError, RuntimeError, ArithmeticError, AssertionError),
    *(EOFError, struct.error, zlib.error, Image.DecompressionBombError),
)
#: Modes with more than 8 bits a channel. Pillow's conversion to RGB would clip them, mostly to white.
_DEEP_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


@contextmanager
def reasons(what: str) -> Iterator[None]:
    """Within this context, whatever goes wrong with an image is an ``ImageError`` or a ``StorageError``.

    Args:
        what: The image, as a user knows it.

    Raises:
        ImageError: The bytes are no image that can be used; its text begins with the kind of fault.
        StorageError: The system would not give them now.
    """
    try:
        yield
    except (ImageError, StorageError):
        raise
    except (MemoryError, *CANNOT_OPEN) as error:
        # Pillow refuses what is too large for anybody by its size, so here it is this machine that has no room now; its
        # decoders say so only in words.
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and "out of memory" in str(error).lower()):
            raise StorageError(f"{what} cannot be read now: there is not enough memory for it") from error
        # The system numbers its errors; Pillow's own have no number.
        if isinstance(error, OSError) and error.errno is not None:
            raise StorageError(f"{what} cannot be read now: {error.strerror or error}") from error
        raise ImageError(f"{type(error).__name__}: {error}") from error


def open_image(source: Path | IO[bytes], what: str = "") -> Image.Image:
    """Decode an image in its own mode; of an animation the first frame, without applying an EXIF rotation.

    Args:
        source: A file, or a stream of one.
        what: How to name it in an error; its path by default.

    Raises:
        ImageError, StorageError: See ``reasons``.
    """
    with reasons(what or str(source)), Image.open(source, formats=FORMATS) as image:
        image.load()
        return image


@dataclass(frozen=True)
class Decoded:
    """An image and what its bytes were.

    Attributes:
        image: In its own mode.
        digest: 64 bits of the bytes; see ``digest_of``.
    """

    image: Image.Image
    digest: int


def digest_of(content: bytes) -> int:
    """64 bits of some bytes: the first eight of BLAKE2b, little-endian. Two contents share one by chance only."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def read_bytes(path: Path, what: str = "") -> bytes:
    """The bytes of a file on a disk or in an object store.

    Raises:
        StorageError: If they cannot be had now, whatever the store says; no bytes, no fact about them.
    """
    try:
        return path.read_bytes()
    except Exception as error:
        if not (isinstance(error, OSError | MemoryError) or is_remote(path)):
            raise
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise StorageError(f"{what or path} cannot be read now: {said}") from error


def decode_file(path: Path, what: str = "") -> Decoded:
    """Read a file once, decode it as ``open_image`` does, and say what its bytes were.

    Raises:
        ImageError, StorageError: See ``reasons``; an ``ImageError`` carries the digest of the bytes.
    """
    content = read_bytes(path, what)
    digest = digest_of(content)
    try:
        return Decoded(open_image(_Named(content, what or str(path)), what or str(path)), digest)
    except ImageError as error:
        error.digest = digest
        raise


class _Named(io.BytesIO):
    """Bytes that are called by their image's name in what Pillow says of them, and not by their place in memory."""

    def __init__(self, content: bytes, what: str) -> None:
        super().__init__(content)
        self._what = what

    def __repr__(self) -> str:
        return self._what


def decode_composed(compose: Callable[[], Image.Image]) -> Decoded:
    """An image that has no file: its bytes are those of its pixels."""
    image = compose()
    return Decoded(image, digest_of(f"{image.mode} {image.size} ".encode() + image.tobytes()))


def open_rgb(path: Path) -> Image.Image:
    """Decode an image file as RGB, as timm's datasets do.

    Grey, CMYK and palette images are converted by Pillow; an EXIF rotation is not applied, because training did not
    apply it either.

    Raises:
        ImageError, StorageError: See ``reasons``; also an image that Pillow would clip (16-bit grey or float).
    """
    return as_rgb(open_image(path))


def as_rgb(image: Image.Image) -> Image.Image:
    """An opened or composed image as RGB; see ``open_rgb``."""
    if image.mode in _DEEP_MODES:
        raise ImageError(f"mode {image.mode} has more than 8 bits a channel and would be clipped; save it with 8 bits")
    if image.mode == "RGB":
        return image
    with reasons("an image"):
        return image.convert("RGB")
