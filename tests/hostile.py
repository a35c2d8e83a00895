"""Files that call themselves images and are broken, enormous or something else; and links that nobody's page wrote."""

from __future__ import annotations

import io
import random
import struct
import zlib

import numpy as np
from PIL import Image

FORMATS = {"JPEG": "JPEG", "PNG": "png", "GIF": "gif", "BMP": "bmp", "TIFF": "tif", "WEBP": "webp", "PPM": "ppm"}


def _encoded(image: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def _photo(side: int = 120) -> Image.Image:
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).resize((side, side))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, *more: bytes, depth: int = 8, colour: int = 2, data: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = zlib.compress(data or bytes(1000), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + b"".join(more) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    )


def _tiff(entries: list[tuple[int, int, int, int]], next_: int = 0) -> bytes:
    """A little-endian TIFF of one directory: (tag, type, count, value)."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + struct.pack("<I", next_) + bytes(64)


def images() -> dict[str, bytes]:
    """Contents by file name; at least 74."""
    found: dict[str, bytes] = {}
    rng = random.Random(0)
    for form, suffix in FORMATS.items():
        whole = _encoded(_photo(), form)
        for share in (0.1, 0.5, 0.99):
            found[f"cut-{share}.{suffix}"] = whole[: int(share * len(whole))]
        middle = len(whole) // 2
        found[f"zeroed.{suffix}"] = whole[: middle - 200] + bytes(400) + whole[middle + 200 :]
        for number in range(2):
            flipped = bytearray(whole)
            for _ in range(12):
                flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
            found[f"flipped-{number}.{suffix}"] = bytes(flipped)
    profile = b"x\0\0" + zlib.compress(bytes(2**26), 9)
    found |= {
        "bomb.png": _png(50_000, 50_000),
        "wide.png": _png(2**31 - 1, 1),
        "nothing.png": _png(0, 0),
        "text-bomb.png": _png(8, 8, _chunk(b"zTXt", profile)),
        "profile-bomb.png": _png(8, 8, _chunk(b"iCCP", profile)),
        "no-palette.png": _png(8, 8, colour=3),
        "odd-depth.png": _png(8, 8, depth=3),
        "bad-sum.png": _png(8, 8)[:-6] + b"\0\0\0\0\0\0",
        "data-bomb.png": _png(8, 8, data=bytes(2**26)),
        "deep.png": _encoded(Image.new("I;16", (30, 30), 40_000), "PNG"),
        "strip.png": _encoded(Image.new("L", (1, 60_000)), "PNG"),
        "panorama.png": _encoded(Image.new("1", (30_000, 6_200)), "PNG"),
        "strip.JPEG": _encoded(Image.new("L", (6000, 2)), "JPEG"),
        "cmyk.JPEG": _encoded(Image.new("CMYK", (30, 30)), "JPEG"),
        "exif.JPEG": _encoded(_photo(), "JPEG", exif=b"Exif\0\0II*\0" + bytes(range(256)) * 40),
        "screen.gif": b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + b"\x2c" + bytes(9) + b"\x02\0;",
        "no-frame.gif": b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0, 0, 0) + b";",
        "loop.tif": _tiff([(256, 3, 1, 8), (257, 3, 1, 8)], next_=8),
        "strips.tif": _tiff([(256, 4, 1, 2**31), (257, 4, 1, 2**31), (273, 4, 2**30, 8), (279, 4, 2**30, 8)]),
        "float.tif": _encoded(Image.new("F", (30, 30), 0.5), "TIFF"),
        "sixteen.tif": _encoded(Image.new("I;16", (30, 30), 40_000), "TIFF"),
        "huge.ppm": b"P6 999999999 999999999 255\n" + bytes(100),
        "negative.ppm": b"P6 -5 10 255\n" + bytes(100),
        "endless.ppm": b"P3 " + b"9" * 200_000,
        "comment.ppm": b"P6 #" + b"a" * 300_000,
        "huge.bmp": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 100, 0, 0, 54, 40, 2**30, 2**30, 1, 24, 0, 0, 0, 0, 0, 0),
        "run.JPEG": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n(was-run) (w) file closefile showpage\n",
        "hang.JPEG": b"%!PS\n%%BoundingBox: 0 0 20 20\n{ } loop\n",
        "dos.png": b"\xc5\xd0\xd3\xc6" + struct.pack("<IIIIII", 32, 100, 0, 0, 0, 0) + b"%!PS\n{ } loop\n" + bytes(64),
        "paper.png": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n",
        "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://evil.invalid/x.png"/></svg>',
        "page.JPEG": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
        "layers.png": b"8BPS\0\1" + bytes(40),
        "surface.png": b"DDS " + struct.pack("<I", 124) + b"\xff" * 200,
        "modern.png": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(200),
        "metafile.png": b"\xd7\xcd\xc6\x9a" + bytes(60),
        "icons.png": b"icns" + struct.pack(">I", 2**31) + bytes(40),
        "film.png": struct.pack("<IHHHHH", 200, 0xAF12, 1, 60_000, 60_000, 8) + bytes(128),
        "archive.png": b"PK\x03\x04" + bytes(60),
        "program.png": b"\x7fELF" + bytes(100),
        "pointer.JPEG": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 10\n",
        "pickle.png": b"cos\nsystem\n(S'touch was-run'\ntR.",
        "empty.png": b"",
        "text.JPEG": b"this is text",
        "zeros.png": bytes(5000),
        "noise.png": random.Random(1).randbytes(5000),
    }
    return found


#: Queries of links, by page; what no page of ours would write.
LINKS: tuple[tuple[str, dict[str, str | list[str]]], ...] = (
    ("app.py", {"models": "no-such-model"}),
    ("app.py", {"models": ["a"] * 50}),
    ("app.py", {"models": "<script>alert(1)</script>", "benchmark": "../../etc/passwd"}),
    ("app.py", {"benchmark": ""}),
    ("pages/overview.py", {"only": "nothing", "sort": "sideways", "policy": "top9"}),
    ("pages/overview.py", {"image": ":"}),
    ("pages/overview.py", {"image": "imagenet"}),
    ("pages/overview.py", {"image": "imagenet:../../../../etc/passwd"}),
    ("pages/overview.py", {"image": "imagenet:/etc/passwd"}),
    ("pages/overview.py", {"image": "imagenet:a\0b"}),
    ("pages/overview.py", {"image": "diorama/size:" + "x" * 10_000}),
    ("pages/overview.py", {"image": "no-such-benchmark:x"}),
    ("pages/size_location_rotation.py", {"cell": "diorama/size"}),
    ("pages/size_location_rotation.py", {"cell": "diorama/size;area"}),
    ("pages/size_location_rotation.py", {"cell": "diorama/size;area=nan"}),
    ("pages/size_location_rotation.py", {"cell": "diorama/size;area=1e999"}),
    ("pages/size_location_rotation.py", {"cell": "diorama/size;area=0.5;area=0.6"}),
    ("pages/size_location_rotation.py", {"cell": "diorama/size;class=<b>x</b>"}),
    ("pages/size_location_rotation.py", {"cell": "diorama/size;nothing=1"}),
    ("pages/size_location_rotation.py", {"cell": ";;;=;=="}),
    ("pages/size_location_rotation.py", {"cell": "diorama/location;x=0.5;y=%ZZ"}),
    ("pages/size_location_rotation.py", {"view": "Upside down", "p": "-3", "show": "nobody"}),
    ("pages/size_location_rotation.py", {"p": "99999999999999999999", "cell": "diorama/location;x=0.5;y=0.5"}),
    ("pages/size_location_rotation.py", {"by": "nobody", "cell": "diorama/location;x=0.5;y=0.5"}),
    ("pages/size_location_rotation.py", {"cls": ["no class"] * 40}),
    ("pages/size_location_rotation.py", {"area": "90,10", "inside": "x"}),
    ("pages/size_location_rotation.py", {"view": "factors", "set": "../etc", "factor": "<b>", "and": "\0"}),
    ("pages/size_location_rotation.py", {"view": "factors", "cell": "diorama/size;area=0.1..1e999"}),
    ("pages/size_location_rotation.py", {"view": "factors", "filters": "area", "from_area": "nan", "to_area": "-1"}),
    ("pages/uncommon_settings.py", {"cell": "diorama/settings;category=cat;time=teatime"}),
    ("pages/uncommon_settings.py", {"gap": "sideways", "strip": "maybe"}),
    ("pages/uncommon_settings.py", {"cell": "diorama/settings;n_uncommon=-1"}),
    ("pages/mistakes.py", {"image": "diorama/size:no/such"}),
    ("pages/mistakes.py", {"kind": "nothing", "pair": "a–b–c"}),
    ("pages/mistakes.py", {"benchmark": "published", "reference": "vit-9000"}),
    ("pages/mistakes.py", {"q": "[" * 2000}),
    ("pages/runs.py", {"job": "../../etc/passwd"}),
    ("pages/runs.py", {"job": "' OR 1=1 --"}),
    ("pages/runs.py", {"model": "local-dir:/dev", "benchmark": "imagenet", "data": "/proc"}),
    ("pages/runs.py", {"model": "hf-hub:" + "x" * 5000, "run_view": "sideways", "run_precision": "fp9"}),
)
