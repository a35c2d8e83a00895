import gzip
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import DataError
from core.own.tables import read_table
from tests.own.folders import write


def read(tmp_path, content, name="t.csv"):
    return read_table(write(tmp_path / name, content))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "sep=;\nfile;label\na.jpg;cat\nb.jpg;dog\n"),
        ("t.csv", '"sep=,"\r\nfile,label\r\na.jpg,cat\r\nb.jpg,dog\r\n'),
        ("t.tsv", "file,label\na.jpg,cat\nb.jpg,dog\n"),
        ("t.csv", "\ufefffile,label\na.jpg,cat\n\ufefffile,label\nb.jpg,dog\n"),
        ("t.csv", "\ufeff\ufefffile,label\na.jpg,cat\nb.jpg,dog\n"),
        ("t.csv", "\n  \nfile,label\n\na.jpg,cat\n   \n,\nb.jpg,dog\n"),
        ("t.csv", "# made in May\n# by, me, alone\nfile,label\na.jpg,cat\n# half\nb.jpg,dog\n"),
        ("t.csv", "#file,label\na.jpg,cat\nb.jpg,dog\n"),
        ("t.csv", "file,label,,\na.jpg,cat,,\nb.jpg,dog,,\n"),
        ("t.csv", "file,label\na.jpg,cat,,\nb.jpg,dog,,\n"),
        ("t.csv", ",file,label\n7,a.jpg,cat\n3,b.jpg,dog\n"),
        ("t.csv", "file,label\ra.jpg,cat\rb.jpg,dog\r"),
        ("t.json", '{"file": "a.jpg", "label": "cat"}\n{"file": "b.jpg", "label": "dog"}\n'),
        ("t.jsonl", '[\n{"file": "a.jpg", "label": "cat"},\n{"file": "b.jpg", "label": "dog"}\n]\n'),
    ],
)
def test_one_table_is_the_same_in_every_dialect(tmp_path, name, text):
    frame = read(tmp_path, text, name).frame
    assert list(frame.columns) == ["file", "label"]
    assert frame.to_numpy().tolist() == [["a.jpg", "cat"], ["b.jpg", "dog"]]


def test_what_is_left_out_of_a_table_is_counted(tmp_path):
    notes = read(tmp_path, "file,label,\na.jpg,cat,\nfile,label,\n# end,,\n").notes
    assert notes == [
        "lines that begin with '#' were left out: 1.",
        "rows that repeat the names of the columns were left out: 1.",
        "columns without a name and a value were left out: 1.",
    ]


def test_a_column_without_a_name_that_says_something_is_refused(tmp_path):
    with pytest.raises(DataError, match="column 3 has no name"):
        read(tmp_path, "file,label,\na.jpg,cat,x\n")


def _xlsx():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_xlsx(), r"a spreadsheet \(\.xlsx, \.ods\).*save it as CSV"),
        (gzip.compress(b"file,label\na.jpg,cat\n", mtime=0), "packed with gzip.*unpack it"),
        (b"\x80\x04\x95\0\0", "a pickle, which is never opened"),
        (b"ARROW1\0\0", "Feather"),
        (b"\n<!DOCTYPE html><html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b'{"file": "a.jpg"}', "begins as JSON does"),
        (b"file|label\na.jpg|cat\n", r"parted by '\|'"),
    ],
)
def test_what_is_no_csv_is_told_by_its_content(tmp_path, content, said):
    with pytest.raises(DataError, match=said):
        read(tmp_path, content)


def test_half_a_sign_of_json_becomes_one_that_can_be_written(tmp_path):
    table = read(tmp_path, '[{"file": "a.jpg", "x": "\\ud800b", "y": ["\\udfff"]}]', "t.json")
    assert table.frame.to_numpy().tolist() == [["a.jpg", "?b", ["?"]]]
    with pytest.raises(DataError, match="no text that can be written"):
        read(tmp_path, '[{"file": "a.jpg", "\\ud800": 1}]', "t.json")


def test_a_date_beyond_all_calendars_is_one_clear_line(tmp_path):
    days = pa.array([2**31 - 1], pa.int32()).cast(pa.date32())
    pq.write_table(pa.table({"file": ["a.jpg"], "day": days}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="a date that no calendar has"):
        read_table(tmp_path / "t.parquet")


def test_a_damaged_page_of_parquet_is_one_line(tmp_path):
    pq.write_table(pa.table({"file": ["a.jpg"] * 9, "x": list(range(9))}), tmp_path / "t.parquet")
    content = bytearray((tmp_path / "t.parquet").read_bytes())
    # The header of the first page, behind the four bytes that every file begins with.
    content[4:12] = b"\xff" * 8
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(DataError, match="no Parquet file that can be read") as caught:
        read_table(tmp_path / "t.parquet")
    assert "\n" not in str(caught.value)
