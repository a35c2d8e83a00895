"""One function opens images; what it says of those that cannot be opened."""

import ast
import errno
import io
import os
import struct
import subprocess
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError, StorageError
from core.images.opening import decode_file, open_image, open_rgb, reasons
from core.images.preprocess import Preprocess
from tests.conftest import REPO, TOY_TRANSFORM
from tests.images.test_preprocess import photo


@pytest.mark.parametrize(
    ("mode", "suffix"), [("L", "jpg"), ("CMYK", "jpg"), ("P", "png"), ("LA", "png"), ("RGBA", "png"), ("1", "png")]
)
def test_other_modes_become_rgb_as_pillow_converts_them(tmp_path, mode, suffix):
    path = tmp_path / f"image.{suffix}"
    photo(40, 30).convert(mode).save(path)
    with Image.open(path) as image:
        expected = np.asarray(image.convert("RGB"))
    assert np.array_equal(np.asarray(open_rgb(path)), expected)


def test_exif_rotation_is_not_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    photo(40, 30).save(tmp_path / "turned.jpg", exif=exif)
    assert open_rgb(tmp_path / "turned.jpg").size == (40, 30)


def test_the_first_frame_of_an_animation_counts(tmp_path):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ((250, 0, 0), (0, 0, 250))]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    assert open_rgb(tmp_path / "moving.gif").getpixel((5, 5))[0] > 200


def test_sixteen_bit_grey_is_refused_by_name(tmp_path):
    Image.fromarray(np.full((20, 20), 40000, dtype=np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(ImageError, match="I;16 has more than 8 bits"):
        open_rgb(tmp_path / "deep.png")


@pytest.mark.parametrize("keep", [0.5, 0.99])
def test_a_truncated_jpeg_is_an_error_not_a_grey_half(tmp_path, keep):
    buffer = io.BytesIO()
    photo(200, 150).save(buffer, "JPEG")
    (tmp_path / "half.jpg").write_bytes(buffer.getvalue()[: int(keep * len(buffer.getvalue()))])
    with pytest.raises(ImageError, match=r"^OSError: image file is truncated"):
        open_rgb(tmp_path / "half.jpg")


@pytest.mark.parametrize(
    "fault",
    [
        ValueError("bad"),
        SyntaxError("not a PNG"),
        KeyError("chunk"),
        IndexError("at"),
        RuntimeError("AVIF"),
        NotImplementedError("DDS"),
        ZeroDivisionError("dpi"),
        EOFError("end"),
        struct.error("unpack"),
        zlib.error("header"),
        Image.DecompressionBombError("large"),
        OSError("broken data stream"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_what_the_bytes_say_is_a_fact_by_name(fault):
    with pytest.raises(ImageError, match=f"^{type(fault).__name__}: "), reasons("photo.jpg"):
        raise fault


@pytest.mark.parametrize("number", ["EMFILE", "ENFILE", "ENOMEM", "EIO", "ESTALE", "ETIMEDOUT", "EACCES", "ENOENT"])
def test_what_the_system_says_is_no_fact_about_the_image(number):
    code = getattr(errno, number)
    with pytest.raises(StorageError, match=f"^photo.jpg cannot be read now: {os.strerror(code)}"), reasons("photo.jpg"):
        raise OSError(code, os.strerror(code), "photo.jpg")


@pytest.mark.parametrize("fault", [MemoryError(), OSError("out of memory error when reading image file")], ids=repr)
def test_a_machine_without_memory_left_is_no_fact_about_the_image(fault):
    with pytest.raises(StorageError, match=r"^photo.jpg cannot be read now: .* memory"), reasons("photo.jpg"):
        raise fault


def test_an_image_of_too_many_pixels_is_named(tmp_path):
    Image.new("1", (20_000, 18_000)).save(tmp_path / "wide.png")
    with pytest.raises(ImageError, match="DecompressionBombError"):
        open_rgb(tmp_path / "wide.png")


@pytest.mark.parametrize("name", ["holiday.JPEG", "holiday.eps", "holiday.png"])
def test_postscript_is_refused_and_runs_nothing(tmp_path, monkeypatch, name):
    started = []
    monkeypatch.setattr(subprocess, "Popen", lambda *given, **_: started.append(given))
    (tmp_path / name).write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n%%EndComments\n(out) (w) file closefile\nshowpage\n%%EOF\n"
    )
    with pytest.raises(ImageError, match="UnidentifiedImageError"):
        open_image(tmp_path / name)
    assert not started


def test_nothing_else_opens_images():
    """Reads the code; only the plain loop that the engine is measured against has its own."""
    own = {"core/images/opening.py", "core/bench/throughput.py"}
    calls = set()
    for path in [REPO / "app.py", *(REPO / "core").rglob("*.py"), *(REPO / "pages").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Image.open", "PIL.Image.open"):
                calls.add(path.relative_to(REPO).as_posix())
    assert calls == own


def test_what_is_said_of_bytes_that_are_no_image_is_the_same_each_time(tmp_path):
    path = tmp_path / "text.png"
    path.write_bytes(b"this is text")
    said = []
    for _ in range(2):
        with pytest.raises(ImageError) as refused:
            decode_file(path, "the image 'n1/text.png'")
        said.append(str(refused.value))
    assert said == ["UnidentifiedImageError: cannot identify image file the image 'n1/text.png'"] * 2


@pytest.mark.parametrize("size", [(1, 60_000), (60_000, 1), (6000, 2), (101, 1), (3, 400)])
@pytest.mark.parametrize("mode", ["center", "squash", "border"])
def test_an_extreme_shape_is_refused_by_a_stated_limit_before_anything_of_it_is_made(tmp_path, size, mode):
    path = tmp_path / "strip.png"
    Image.new("L", size).save(path)
    with pytest.raises(ImageError, match="a side may be at most 100 times as long as the other"):
        open_image(path)
    preprocess = Preprocess({**TOY_TRANSFORM, "crop_mode": mode})
    with pytest.raises(ImageError, match="at most 100 times"):
        preprocess(Image.new("RGB", size))


@pytest.mark.parametrize("size", [(1, 50), (50, 1), (2000, 40), (1, 1)])
@pytest.mark.parametrize("mode", ["center", "squash", "border"])
def test_what_is_within_the_limit_is_shown(tmp_path, size, mode):
    path = tmp_path / "narrow.png"
    Image.new("RGB", size, (9, 9, 9)).save(path)
    assert Preprocess({**TOY_TRANSFORM, "crop_mode": mode})(open_image(path)).shape == (32, 32, 3)


def test_an_image_of_too_many_pixels_is_refused_by_its_header(tmp_path):
    path = tmp_path / "bomb.png"
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    content = zlib.compress(bytes(10_000))
    chunks = [(b"IHDR", header), (b"IDAT", content), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    tracemalloc.start()
    try:
        with pytest.raises(ImageError, match=r"Decompression|50,000"):
            open_image(path)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


def test_a_resize_that_would_grow_beyond_the_limit_is_refused():
    preprocess = Preprocess({**TOY_TRANSFORM, "input_size": [3, 4000, 4000], "crop_pct": 0.5})
    with pytest.raises(ImageError, match=r"resized to [\d,]+ x [\d,]+ pixels; at most 178,956,970"):
        preprocess(Image.new("RGB", (100, 10)))
