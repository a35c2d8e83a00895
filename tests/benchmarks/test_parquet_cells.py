"""A cell is the bytes that were written there, however the file is compressed, and in whatever order one asks."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.benchmarks import parquet_cells
from core.benchmarks.parquet_cells import Cells
from core.benchmarks.parquet_pages import BLOCK, hybrid, places_of, snappy_blocks
from core.benchmarks.thrift import struct, varint, varint_bytes
from core.errors import StorageError
from tests.parquet_images import row, write_shard


def test_a_number_of_seven_bits_a_byte_has_the_lowest_first():
    # 300 = 0b10_0101100: the lower seven bits with the mark of more, then 2.
    assert varint_bytes(300) == bytes([0xAC, 0x02])
    assert varint(bytes([0xFF, 0xAC, 0x02, 0xFF]), 1) == (300, 3)


def test_a_header_is_read_field_by_field():
    # Field 1, an i32 (0x15) of zigzag 4, is 2; field 2 of zigzag 10 is 5; field 7 (5 on, a struct: 0x5C) has a field 1
    # of zigzag 5, which is -3, and a field 2 (0x11) that is true; each struct ends with 0.
    content = bytes([0x15, 4, 0x15, 10, 0x5C, 0x15, 5, 0x11, 0, 0, 99])
    assert struct(content, 0) == ({1: 2, 2: 5, 7: {1: -3, 2: True}}, 10)


def test_a_text_and_a_number_with_a_point_in_a_header_are_passed_over():
    content = bytes([0x18, 3, *b"abc", 0x17, *bytes(8), 0x15, 2, 0])
    assert struct(content, 0) == ({1: None, 2: None, 3: 1}, len(content))


@pytest.mark.parametrize("content", [b"\x15", b"\x15\x04", b"\x18\x80", b"\x19\x15\x00\x00"])
def test_a_header_that_ends_too_early_or_holds_a_list_is_refused(content):
    with pytest.raises(ValueError, match=r"ends too early|field of the kind 9"):
        struct(content, 0)


def test_packed_numbers_are_read_as_the_format_says():
    # The format's own example: 0 to 7 in three bits each are 10001000 11000110 11111010.
    packed = bytes([0x03, 0b10001000, 0b11000110, 0b11111010])
    assert hybrid(packed, 3, 8).tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    # A run of five times 6, then the eight.
    assert hybrid(bytes([10, 6]) + packed, 3, 13).tolist() == [6, 6, 6, 6, 6, 0, 1, 2, 3, 4, 5, 6, 7]
    assert hybrid(b"", 0, 3).tolist() == [0, 0, 0]


def test_fewer_numbers_than_there_should_be_are_an_error():
    with pytest.raises(ValueError, match="ends too early"):
        hybrid(bytes([0x03, 1]), 3, 8)


def test_blocks_of_snappy_are_found_without_decompressing():
    # Five bytes as they are: the length 5, a literal's tag (5 - 1) << 2, and the bytes.
    assert snappy_blocks(bytes([5, 16]) + b"hello") == (1, 7)
    # The same five twice more by a copy of ten bytes that reaches five back.
    assert snappy_blocks(bytes([15, 16]) + b"hello" + bytes([(10 - 1) << 2 | 2, 5, 0])) == (1, 10)


def long_literal(n):
    return bytes([61 << 2, *(n - 1).to_bytes(2, "little")]) + bytes(n)


def test_a_block_begins_every_64_kib():
    content = varint_bytes(BLOCK + 3) + long_literal(BLOCK) + bytes([(3 - 1) << 2]) + b"abc"
    assert snappy_blocks(content) == (3, 3 + 3 + BLOCK, 3 + 3 + BLOCK + 4)


def test_blocks_that_need_each_other_are_not_told_apart():
    reaching = varint_bytes(BLOCK + 4) + long_literal(BLOCK) + bytes([(4 - 1) << 2 | 2, 1, 0])
    assert pa.Codec("snappy").decompress(reaching, BLOCK + 4, asbytes=True) == bytes(BLOCK + 4)
    assert snappy_blocks(reaching) == ()
    assert snappy_blocks(bytes([9, 16]) + b"hello") == ()


def contents():
    """Cells of every size: none, empty, one of each of a few lengths around a block's, one twice."""
    random = np.random.default_rng(0)
    sizes = [0, 1, 4, 5_000, BLOCK - 4, BLOCK, BLOCK + 1, 200_000, 3 * BLOCK]
    made = [random.bytes(size) for size in sizes]
    # What repeats itself is compressed, so that blocks are not one literal each.
    made += [b"ab" * 90_000, random.bytes(1000) * 150]
    return [made[3], None, *made, None, made[7], made[3], None]


FORMS = [
    {"compression": compression, "use_dictionary": dictionary, "data_page_version": version}
    for compression in ("none", "snappy", "zstd", "gzip", "lz4")
    for dictionary in (True, False)
    for version in ("1.0", "2.0")
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: "-".join(map(str, form.values())))
@pytest.mark.parametrize("page", [1 << 20, 1000])
def test_a_cell_is_what_was_written_there(tmp_path, monkeypatch, form, page):
    if form["compression"] != "lz4":
        # Arrow reads no group: each cell is found. Of LZ4 the format knows two kinds that look alike.
        monkeypatch.setattr(Cells, "_values", None)
    wanted = contents()
    rows = [{**row([0]), "image": {"bytes": content, "path": "x"}} for content in wanted]
    path = write_shard(tmp_path / "a.parquet", rows, group=7, data_page_size=page, write_batch_size=2, **form)
    cells = Cells(path, "image.bytes")
    order = np.random.default_rng(1).permutation(len(wanted))
    assert [cells.read(at) for at in order] == [wanted[at] for at in order]


@pytest.mark.parametrize("compression", ["none", "snappy"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_a_cell_takes_reading_itself_and_not_its_group(tmp_path, monkeypatch, compression, dictionary):
    wanted = [np.random.default_rng(at).bytes(10 * BLOCK) for at in range(8)]
    path = write_shard(
        tmp_path / "a.parquet",
        [row([0], content=content) for content in wanted],
        group=8,
        compression=compression,
        use_dictionary=dictionary,
    )
    cells = Cells(path, "image.bytes")
    cells.read(0)
    monkeypatch.setattr(Cells, "_values", None)
    taken = []
    pread = parquet_cells.os.pread
    monkeypatch.setattr(parquet_cells.os, "pread", lambda file, n, at: taken.append(n) or pread(file, n, at))
    assert [cells.read(at) for at in (5, 2, 7)] == [wanted[5], wanted[2], wanted[7]]
    # A value begins and ends within a block, so that it touches at most one more than its ten.
    assert all(10 * BLOCK <= n < 12 * BLOCK for n in taken)


def test_a_column_that_is_no_struct_is_read_too(tmp_path):
    path = tmp_path / "a.parquet"
    wanted = [b"one", None, b"three"]
    pq.write_table(pa.table({"content": wanted}), path)
    assert [Cells(path, "content").read(at) for at in (2, 1, 0)] == wanted[::-1]
    required = pa.schema([pa.field("content", pa.binary(), nullable=False)])
    pq.write_table(pa.table({"content": [b"a", b"b"]}, schema=required), path)
    assert [Cells(path, "content").read(at) for at in (1, 0)] == [b"b", b"a"]


def test_values_without_a_length_before_each_are_read_with_their_group(tmp_path):
    wanted = [b"one", b"", None, b"four"]
    path = write_shard(
        tmp_path / "a.parquet",
        [{**row([0]), "image": {"bytes": each, "path": "x"}} for each in wanted],
        use_dictionary=False,
        column_encoding={"image.bytes": "DELTA_LENGTH_BYTE_ARRAY", "image.path": "PLAIN"},
    )
    cells = Cells(path, "image.bytes")
    begin, n = cells.span(0)
    with pytest.raises(ValueError, match="encoding 6"):
        places_of(cells.stored(begin, n), begin, "snappy", 2)
    assert [cells.read(at) for at in (3, 0, 2, 1)] == [b"four", b"one", None, b""]


def test_many_threads_ask_at_once(tmp_path):
    wanted = [np.random.default_rng(at).bytes(1000 + at) for at in range(200)]
    path = write_shard(tmp_path / "a.parquet", [row([0], content=content) for content in wanted], group=10)
    cells = Cells(path, "image.bytes")
    order = np.random.default_rng(3).integers(0, 200, 2000)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda at: cells.read(int(at)), order)) == [wanted[at] for at in order]


def test_a_damaged_group_is_an_error_and_the_others_are_read(tmp_path):
    wanted = [np.random.default_rng(at).bytes(3000) for at in range(4)]
    path = write_shard(tmp_path / "a.parquet", [row([0], content=content) for content in wanted], group=2)
    begin, n = Cells(path, "image.bytes").span(0)
    content = bytearray(path.read_bytes())
    content[begin : begin + n] = bytes(n)
    path.write_bytes(content)
    cells = Cells(path, "image.bytes")
    with pytest.raises((OSError, pa.ArrowException)):
        cells.read(1)
    assert cells.read(2) == wanted[2]


def test_a_file_that_has_become_shorter_is_a_matter_of_the_system(tmp_path):
    path = write_shard(tmp_path / "a.parquet", [row([0], content=bytes(range(200))) for _ in range(4)], group=4)
    cells = Cells(path, "image.bytes")
    cells.read(0)
    with open(path, "r+b") as stream:
        stream.truncate(20)
    with pytest.raises(StorageError, match="shorter than it was"):
        cells.read(3)
