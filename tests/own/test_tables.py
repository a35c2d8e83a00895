import json

import pandas as pd
import pytest

from core.errors import DataError, UsageError
from core.own.tables import MOST_COLUMNS, read_table
from tests.own.folders import write


def read(tmp_path, content, name="t.csv", encoding="utf-8"):
    return read_table(write(tmp_path / name, content, encoding))


def rows(table):
    return table.frame.to_numpy().tolist()


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("t.csv", "file,label,x\na.jpg,cat,1\nb.jpg,dog,2\n", "CSV"),
        ("t.csv", "file;label;x\r\na.jpg;cat;1\r\nb.jpg;dog;2\r\n", "CSV with semicolons"),
        ("t.csv", "file\tlabel\tx\na.jpg\tcat\t1\nb.jpg\tdog\t2", "TSV"),
        ("t.tsv", "file\tlabel\tx\na.jpg\tcat\t1\nb.jpg\tdog\t2\n\n", "TSV"),
        ("t.txt", '\n"file","label", "x"\na.jpg, "cat", 1\nb.jpg,dog,2\n,,\n', "CSV"),
    ],
)
def test_cells_may_be_parted_by_commas_semicolons_and_tabs(tmp_path, name, text, form):
    table = read(tmp_path, text, name)
    assert list(table.frame.columns) == ["file", "label", "x"]
    assert rows(table) == [["a.jpg", "cat", "1"], ["b.jpg", "dog", "2"]]
    assert table.form == form


def test_a_quoted_cell_keeps_its_comma(tmp_path):
    assert rows(read(tmp_path, 'file,label\na.jpg,"tench, Tinca tinca"\n')) == [["a.jpg", "tench, Tinca tinca"]]


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16-LE"),
        ("utf-16-be", "UTF-16-BE"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_the_encoding_is_told_and_said(tmp_path, encoding, said):
    table = read(tmp_path, "file,place\nä.jpg,Köln\nb.jpg,Bonn\n", encoding=encoding)
    assert rows(table)[0] == ["ä.jpg", "Köln"]
    assert list(table.frame.columns) == ["file", "place"]
    assert said in " ".join(table.notes)
    assert bool(table.notes) == bool(said)


def test_a_table_of_two_encodings_names_both_lines(tmp_path):
    content = "file,place\nä.jpg,x\n".encode() + "ö.jpg,y\n".encode("cp1252")
    with pytest.raises(DataError, match="mixes encodings: line 2 is UTF-8 and line 3 is not"):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"file,label\n", "and no row"),
        (b"file,label\na\0.jpg,cat\n", "line 2, holds the character NUL"),
        (b"file,label\na.jpg,cat\nb.jpg,cat,3\n", "row 3 has 3 cells and the header 2"),
        (b"file,label\na.jpg\n", "row 2 has 1 cells and the header 2"),
        (b"file,x,x\na.jpg,1,2\n", "two columns 'x'"),
        (b"file,,x\na.jpg,1,2\n", "column 2 has no name"),
        (b'file,label\na.jpg,"cat\n', "is damaged"),
        (b"file,label\na.jpg," + b"x" * 200_000 + b"\n", "a cell of more than 131,072 characters"),
        (",".join(f"c{n}" for n in range(10_000)).encode() + b"\n", "has 10,000 columns"),
    ],
)
def test_a_damaged_table_is_refused_by_name_and_line(tmp_path, content, said):
    with pytest.raises(DataError, match=said) as caught:
        read(tmp_path, content)
    assert "t.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_and_a_spreadsheet(tmp_path):
    with pytest.raises(UsageError, match="there is no file"):
        read_table(tmp_path / "no.csv")
    with pytest.raises(UsageError, match="is not a file"):
        read_table(tmp_path)
    with pytest.raises(DataError, match="save it as CSV"):
        read(tmp_path, b"PK\x03\x04", "t.xlsx")


def test_formulas_are_text_and_said(tmp_path):
    table = read(tmp_path, "file,x\na.jpg,=cmd|' /C calc'!A0\nb.jpg,-3\nc.jpg,@SUM(A1)\n")
    assert rows(table)[0] == ["a.jpg", "=cmd|' /C calc'!A0"]
    assert "2 in 'x'" in table.notes[0]


def test_the_numbers_that_pandas_writes_before_rows_are_left_out(tmp_path):
    path = tmp_path / "t.csv"
    pd.DataFrame({"file": ["a.jpg", "b.jpg"], "x": [1, 2]}).to_csv(path)
    assert list(read_table(path).frame.columns) == ["file", "x"]


def test_json_in_three_forms_says_the_same(tmp_path):
    content = [{"file": "a.jpg", "x": 1, "tags": ["p", "q"]}, {"file": "b.jpg", "y": True}]
    for name, text in (("t.json", json.dumps(content)), ("t.jsonl", "\n".join(map(json.dumps, content)) + "\n")):
        frame = read(tmp_path, text, name).frame
        assert frame["file"].tolist() == ["a.jpg", "b.jpg"]
        assert frame["x"].tolist() == [1, None]
        assert frame["tags"].tolist() == [["p", "q"], None]
        assert frame["y"].tolist() == [None, True]
    pd.DataFrame(content).to_parquet(tmp_path / "t.parquet")
    frame = read_table(tmp_path / "t.parquet").frame
    assert frame["file"].tolist() == ["a.jpg", "b.jpg"]
    assert frame["tags"].tolist() == [["p", "q"], None]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.jsonl", '{"file": "a.jpg"}\n{"file": \n', "line 2, is not JSON"),
        ("t.jsonl", "[1]\n", r"row 1 is '\[1\]', not an object"),
        ("t.json", "{}", "neither a list of objects"),
        ("t.json", "[" * 100_000, "is not JSON"),
        ("t.json", '{"images": [], "annotations": 3, "categories": []}', "'annotations' is not there, or no list"),
        ("t.parquet", "PAR1 and no more", "no Parquet file"),
        ("t.yaml", "a: 1", "ends with '.yaml'"),
    ],
)
def test_damaged_json_and_parquet_are_refused(tmp_path, name, text, said):
    with pytest.raises(DataError, match=said):
        read(tmp_path, text, name)


def test_columns_of_objects_are_left_out_and_said(tmp_path):
    table = read(tmp_path, '[{"file": "a.jpg", "exif": {"iso": 3}}]', "t.json")
    assert list(table.frame.columns) == ["file"]
    assert "exif" in table.notes[0]


def test_too_many_columns_of_json_are_refused(tmp_path):
    with pytest.raises(DataError, match=f"at most {MOST_COLUMNS}"):
        read(tmp_path, json.dumps([{f"c{n}": n for n in range(MOST_COLUMNS + 1)}]), "t.json")
