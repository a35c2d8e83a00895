"""The one place where an image file is opened: raster formats only, and a reason by name for what cannot be opened.

What the *bytes* say (no image, truncated, too large) is a fact about the image, an ``ImageError``. What the *system*
says (too many open files, no memory left, a network folder that went away, no such file now) may be another a minute
later: a ``StorageError``, which nobody may keep as a fact.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from PIL import Image

from core.errors import ImageError, OffcenterError, StorageError
from core.paths import is_remote

#: Pillow's names. PostScript is not among them: it is a program, which Pillow would have run.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
#: Pixels that an image may have, as published and resized; the bound at which Pillow suspects a bomb.
MAX_PIXELS = 178_956_970
#: How much longer than the other a side may be: cropped to a square, such an image shows a hundredth of itself.
MAX_RATIO = 100
#: Modes with more than 8 bits a channel. Pillow's conversion to RGB would clip them, mostly to white.
_DEEP_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


@contextmanager
def reasons(what: str) -> Iterator[None]:
    """Within this context, whatever goes wrong with an image is an ``ImageError`` or a ``StorageError``.

    Decoders raise nearly anything; so that one image never ends a run, all of it is the image's fate. What the project
    itself says by name passes.

    Args:
        what: The image, as a user knows it.

    Raises:
        ImageError: The bytes are no image that can be used; its text begins with the kind of fault.
        StorageError: The system would not give them now.
    """
    try:
        yield
    except OffcenterError:
        raise
    except Exception as error:
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
        ImageError, StorageError: See ``reasons``; also an image of a size that nobody can use.
    """
    with reasons(what or str(source)), warnings.catch_warnings():
        # Pillow warns from half of the bound on, which is stated here.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(source, formats=FORMATS) as image:
            require_size(*image.size)
            image.load()
            return image


def require_size(width: int, height: int, what: str = "") -> None:
    """Refuse a size before anything of it is in memory.

    Args:
        width: Pixels.
        height: Pixels.
        what: What has it, such as ``resized``.

    Raises:
        ImageError: If it has no pixel, too many, or one side is much longer than the other.
    """
    begin = f"{what} to {width:,} x {height:,} pixels" if what else f"the image is {width:,} x {height:,} pixels"
    if min(width, height) < 1:
        raise ImageError(f"{begin}, nothing of it is left")
    if width * height > MAX_PIXELS:
        raise ImageError(f"{begin}; at most {MAX_PIXELS:,} in all are opened")
    if max(width, height) > MAX_RATIO * min(width, height):
        raise ImageError(f"{begin}; a side may be at most {MAX_RATIO} times as long as the other")


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
    return decode_bytes(read_bytes(path, what), what or str(path))


def decode_bytes(content: bytes, what: str) -> Decoded:
    """Decode the bytes of an image as ``open_image`` does, and say what they were.

    Args:
        content: As they stand in a file, or in a cell of a table.
        what: The image, as a user knows it.

    Raises:
        ImageError, StorageError: See ``reasons``; an ``ImageError`` carries the digest of the bytes.
    """
    digest = digest_of(content)
    try:
        return Decoded(open_image(_Named(content, what), what), digest)
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


def size_of(path: Path) -> tuple[int, int]:
    """(width, height) of an image in pixels, from its header alone; as it is stored, without EXIF rotation.

    Raises:
        ImageError: If the file is no image.
        StorageError: If it cannot be read now.
    """
    with reasons(str(path)), path.open("rb") as stream, Image.open(stream, formats=FORMATS) as image:
        return image.size


def as_rgb(image: Image.Image) -> Image.Image:
    """An opened or composed image as RGB; see ``open_rgb``."""
    if image.mode in _DEEP_MODES:
        raise ImageError(f"mode {image.mode} has more than 8 bits a channel and would be clipped; save it with 8 bits")
    if image.mode == "RGB":
        return image
    with reasons("an image"):
        return image.convert("RGB")
