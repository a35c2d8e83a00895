"""The text of a file that anybody may have saved: which encoding it is in, and what is wrong with it."""

from __future__ import annotations

import codecs
from pathlib import Path

from core.errors import DataError, StorageError, UsageError

#: Larger files are no tables of samples that this machine should hold in memory.
_LARGEST_BYTES = 2 << 30
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Bytes that are looked at to tell UTF-16 without a mark, which has a zero in nearly every other byte of Latin text.
_LOOKED_AT = 4096
_MOSTLY = 0.4
_LATIN = "cp1252"
#: What files are that begin so, and what to do with each.
_BEGINNINGS = (
    (b"PK\x03\x04", "a zip file or a spreadsheet (.xlsx, .ods)", "save it as CSV"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet (.xls)", "save it as CSV"),
    (b"\x1f\x8b", "packed with gzip", "unpack it"),
    (b"BZh", "packed with bzip2", "unpack it"),
    (b"\xfd7zXZ", "packed with xz", "unpack it"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "unpack it"),
    (b"7z\xbc\xaf", "packed with 7-Zip", "unpack it"),
    (b"PAR1", "Parquet", "let its name end with .parquet"),
    (b"ARROW1", "in Arrow's format (Feather)", "save it as Parquet or CSV"),
    (b"\x93NUMPY", "an array of NumPy", "save it as CSV"),
    (b"\x80\x04", "a pickle, which is never opened", "save it as Parquet or CSV"),
    (b"\x80\x05", "a pickle, which is never opened", "save it as Parquet or CSV"),
    (b"\x89HDF", "HDF5", "save it as Parquet or CSV"),
    (b"SQLite format 3", "a database", "save the table as CSV"),
    (b"%PDF", "a PDF", "save the table as CSV"),
    (b"<!doctype", "a web page, which a download left in place of the file", "get it again"),
    (b"<html", "a web page, which a download left in place of the file", "get it again"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself", "run git lfs pull"),
)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that a user named.

    Raises:
        UsageError: If it is not there, or no file.
        DataError: If it is larger than any table of samples.
        StorageError: If the system does not give it now.
    """
    if not path.exists():
        raise UsageError(f"there is no file {path}.")
    if not path.is_file():
        raise UsageError(f"{path} is not a file.")
    try:
        size = path.stat().st_size
        if size > _LARGEST_BYTES:
            raise DataError(f"{path} has {size / 1e9:.1f} GB, more than the {_LARGEST_BYTES / 1e9:.1f} GB of a table.")
        return path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path} cannot be read now: {error.strerror or error}.") from error


def decode(content: bytes, path: Path) -> tuple[str, list[str]]:
    """A file's bytes as text.

    Args:
        content: The bytes.
        path: The file, for errors.

    Returns:
        The text, and notes: which encoding it is in if that is not UTF-8.

    Raises:
        DataError: If it is no text but something known, in no encoding or in several at once, or holds the character
            NUL.
    """
    _require_text(content, path)
    encoding = _marked(content) or _unmarked(content)
    try:
        text, notes = content.decode(encoding), [] if encoding.startswith("utf-8") else [f"read as {encoding.upper()}."]
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise DataError(f"{path} is no text in {encoding.upper()}: {error.reason}. Save it as UTF-8.") from error
        text, notes = _latin(content, path)
    # A file that two programs have marked.
    text = text.lstrip("\ufeff")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(f"{path}, line {line:,}, holds the character NUL: it is no text. Save the table as UTF-8 text.")
    return text, notes


def _require_text(content: bytes, path: Path) -> None:
    head = content[:64].lstrip().lower()
    for begin, what, fix in _BEGINNINGS:
        if content.startswith(begin) or ((begin.isalpha() or b"<" in begin) and head.startswith(begin.lower())):
            raise DataError(f"{path} is {what}, whatever its name: {fix}, and give that file.")


def _marked(content: bytes) -> str:
    return next((name for mark, name in _MARKS if content.startswith(mark)), "")


def _unmarked(content: bytes) -> str:
    head = content[:_LOOKED_AT]
    half = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if half and max(even, odd) > _MOSTLY * half and min(even, odd) < (1 - _MOSTLY) * half / 2:
        return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8"


def _latin(content: bytes, path: Path) -> tuple[str, list[str]]:
    """Text that is not UTF-8, as Windows writes it in western countries; refused where some lines are UTF-8."""
    utf8, other = 0, 0
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.isascii():
            try:
                line.decode()
                utf8 = utf8 or number
            except UnicodeDecodeError:
                other = other or number
    if utf8 and other:
        raise DataError(
            f"{path} mixes encodings: line {utf8:,} is UTF-8 and line {other:,} is not. Save all of it as UTF-8."
        )
    # Five of its bytes stand for nothing there; Latin-1 has a sign for each.
    try:
        return content.decode(_LATIN), [f"it is not UTF-8 (line {other:,}): read as Windows-1252 (Latin-1)."]
    except UnicodeDecodeError:
        return content.decode("latin-1"), [f"it is not UTF-8 (line {other:,}): read as Latin-1."]
