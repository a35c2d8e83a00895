"""Files of every form and of every kind of damage: what they say, or one clear line."""

import json
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import DataError, OffcenterError, UsageError
from core.evaluate.imported.content import read


def written(tmp_path, text, name="p.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "name", "encoding"),
    [
        ("file,top1,prob\na.png,3,0.75\nb.png,4,0.5\n", "p.csv", "utf-8-sig"),
        ("File;Top1;Prob\r\na.png;3;0,75\r\nb.png;4;0,5\r\n", "p.csv", "utf-8"),
        ("path\tprediction\tconfidence\na.png\t3\t0.75\nb.png\t4\t50 %\n", "p.tsv", "utf-16"),
        (
            '{"image": "a.png", "pred": 3, "score": 0.75}\n{"image": "b.png", "pred": 4, "score": 0.5}\n',
            "p.jsonl",
            "utf-8",
        ),
    ],
)
def test_a_best_class_with_its_probability_in_any_table(tmp_path, text, name, encoding):
    found = read(written(tmp_path, text, name, encoding))
    assert found.names == ["a.png", "b.png"]
    assert found.best == [["3"], ["4"]]
    assert found.prob.tolist() == [[0.75], [0.5]]


def test_a_best_class_alone_has_no_probability(tmp_path):
    found = read(written(tmp_path, "file,top1\na.png,tench\n"))
    assert (found.best, found.prob) == ([["tench"]], None)


def test_numbered_columns_in_any_order(tmp_path):
    found = read(written(tmp_path, "top2,file,top1,prob2,prob1\n5,a.png,3,0.25,0.5\n"))
    assert found.best == [["3", "5"]]
    assert found.prob.tolist() == [[0.5, 0.25]]


@pytest.mark.parametrize("cell", ['"[3, 5]"', "[3 5]", "3|5", '"(3, 5)"', "\"['3', '5']\"", "['3' '5']"])
def test_lists_in_cells(tmp_path, cell):
    assert read(written(tmp_path, f"file,topk\na.png,{cell}\n")).best == [["3", "5"]]


def test_names_with_commas_in_lists(tmp_path):
    names = ["great white shark, white shark", "tench"]
    path = written(tmp_path, json.dumps({"file": "a.png", "topk": names, "topk_prob": [0.5, 0.25]}), "p.jsonl")
    found = read(path)
    assert found.best == [names]
    assert found.prob.tolist() == [[0.5, 0.25]]


def test_lists_and_matrices_of_parquet(tmp_path):
    pq.write_table(pa.table({"file": ["a", "b"], "top10": [[3, 5], [1, 2]]}), tmp_path / "p.parquet")
    assert read(tmp_path / "p.parquet").best == [["3", "5"], ["1", "2"]]
    scores = pa.array([[0.0, 1.5], [2.0, -1.0]], pa.list_(pa.float32()))
    pq.write_table(pa.table({"file": ["a", "b"], "logits": scores}), tmp_path / "l.parquet")
    found = read(tmp_path / "l.parquet")
    assert found.scores.tolist() == [[0.0, 1.5], [2.0, -1.0]]
    assert found.are_logits


@pytest.mark.parametrize("files", [np.array(["a", "b"]), np.array([b"a", b"b"])])
def test_arrays(tmp_path, files):
    np.savez(tmp_path / "p.npz", files=files, logits=np.array([[0.0, 1.5], [2.0, -1.0]], np.float16))
    found = read(tmp_path / "p.npz")
    assert found.names == ["a", "b"]
    assert found.scores.tolist() == [[0.0, 1.5], [2.0, -1.0]]


def test_a_column_a_class_by_index_or_wordnet_id(tmp_path):
    found = read(written(tmp_path, "file,logit_0,logit_1\na.png,1.5,-2\n"))
    assert (found.classes, found.scores.tolist()) == (("0", "1"), [[1.5, -2.0]])
    assert read(written(tmp_path, "file,n01440764,n01443537\na,1,2\n")).classes == ("n01440764", "n01443537")


def test_a_wide_table_is_read_as_numbers(tmp_path):
    values = np.random.default_rng(0).normal(size=(3, 1000)).round(3)
    table = pd.DataFrame(values, columns=[str(each) for each in range(1000)])
    table.insert(0, "file", ["a", "b", "c"])
    table.to_csv(tmp_path / "w.csv", index=False)
    found = read(tmp_path / "w.csv")
    assert found.names == ["a", "b", "c"]
    assert np.allclose(found.scores, values)
    table.to_csv(tmp_path / "s.csv", index=False, sep=";", decimal=",")
    assert np.allclose(read(tmp_path / "s.csv").scores, values)


def test_formulas_are_text(tmp_path):
    found = read(written(tmp_path, "file,top1\n\"=cmd|' /C calc'!A0\",3\n"))
    assert found.names == ["=cmd|' /C calc'!A0"]


WIDE = "file," + ",".join(f"x{n}" for n in range(10_000)) + "\na," + ",".join("b" for _ in range(10_000)) + "\n"
BAD_TABLES = {
    "": "is empty",
    "\n\n": "is empty",
    "file,top1\n": "no row",
    "top1,prob\n3,0.5\n": "no column that names the images: call it 'file'",
    "file,label\na.png,3\n": "no column of predicted classes",
    "file,top1\na.png,3\n,4\n": "row 2: the column 'file' is empty",
    "file,top1,prob\na.png,3,high\n": "row 1: 'prob' is 'high', not a number",
    "file,top1,prob\na.png,3,nan\n": "row 1: 'prob' is nan, not a finite number",
    "file,top1,prob\na.png,3,inf\n": "row 1: 'prob' is inf, not a finite number",
    "file,top1,top2,prob1\na.png,3,4,0.5\n": "2 columns of classes and 1 of probabilities",
    "file,File,top1\na,a,3\n": "two columns of one name",
    "file,top1\na.png,3,5\n": "row 2 has 3 cells and the header 2",
    'file,topk,topk_prob\na,"[1, 2]","[0.5]"\n': "row 1: 'topk' has 2 classes and 'topk_prob' 1 values",
    'file,topk\na,"[[1], [2]]"\n': "row 1: 'topk' is .*not a list",
    'file,logits\na,"[1, 2]"\nb,"[1]"\n': "row 2: 'logits' has 1 values, the first row 2",
    WIDE: "has 10,001 columns.*a cell is none",
    WIDE.replace(",b", ",1", 1).replace("x1,", "x0,", 1): "10,001 columns",
}


@pytest.mark.parametrize("text", BAD_TABLES, ids=range(len(BAD_TABLES)))
def test_a_table_that_does_not_fit_gets_one_line(tmp_path, text):
    with pytest.raises(DataError, match=BAD_TABLES[text]) as raised:
        read(written(tmp_path, text))
    assert "\n" not in str(raised.value)


def test_mixed_encodings_are_refused(tmp_path):
    (tmp_path / "p.csv").write_bytes("file,top1\né.png,3\n".encode() + "ü.png,4\n".encode("latin-1"))
    with pytest.raises(DataError, match="mixes encodings"):
        read(tmp_path / "p.csv")


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"files": np.array(["a"], dtype=object), "top1": np.array([1])}, "cannot be read as .npz"),
        (
            {"files": np.array(["a", "b"]), "logits": np.zeros((3, 4))},
            r"different numbers of rows \(files 2, logits 3\)",
        ),
        ({"files": np.array(["a"]), "logits": np.zeros((1, 4, 2))}, r"'logits' has the shape \(1, 4, 2\)"),
        ({"files": np.array(["a"]), "logits": np.zeros((1, 4), complex)}, "'logits' holds complex128"),
        ({"logits": np.zeros((1, 4))}, "no column that names the images"),
        ({"files": np.array(7), "top1": np.array(1)}, r"'files' has the shape \(\)"),
    ],
)
def test_arrays_that_do_not_fit_get_one_line(tmp_path, arrays, said):
    np.savez(tmp_path / "p.npz", **arrays)
    with pytest.raises(DataError, match=said):
        read(tmp_path / "p.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04damaged", b"text", b"\x93NUMPY"])
@pytest.mark.parametrize("suffix", ["npz", "parquet", "jsonl", "json"])
def test_a_damaged_file_gets_one_line(tmp_path, content, suffix):
    (tmp_path / f"p.{suffix}").write_bytes(content)
    with pytest.raises(OffcenterError) as raised:
        read(tmp_path / f"p.{suffix}")
    assert "\n" not in str(raised.value)


def test_an_array_without_names_is_told_apart(tmp_path):
    np.save(tmp_path / "p.npy", np.zeros(3))
    (tmp_path / "p.npy").rename(tmp_path / "p.npz")
    with pytest.raises(DataError, match=r"no \.npz but a single array"):
        read(tmp_path / "p.npz")


def test_other_formats_and_files_that_are_not_there_are_named(tmp_path):
    with pytest.raises(UsageError, match="is not a file"):
        read(tmp_path / "none.csv")
    with pytest.raises(UsageError, match=r"ends with '\.xlsx'"):
        read(written(tmp_path, "x", "p.xlsx"))


def test_a_column_without_a_name_numbers_the_rows(tmp_path):
    text = ",".join(["", "file", *(f"c{n}" for n in range(600))])
    text += "".join(f"\n{row},{row}.png," + ",".join(["0.5"] * 600) for row in (0, 1))
    assert read(written(tmp_path, text)).scores.shape == (2, 600)


def test_a_zip_without_arrays_is_one_clear_line(tmp_path):
    with zipfile.ZipFile(tmp_path / "p.npz", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(DataError, match="a zip file without an array"):
        read(tmp_path / "p.npz")


def test_columns_that_nobody_asks_for_do_no_harm_or_are_named(tmp_path):
    days = pa.array([2**31 - 1], pa.int32()).cast(pa.date32())
    pq.write_table(pa.table({"file": ["a.png"], "top1": [1], "day": days}), tmp_path / "p.parquet")
    with pytest.raises(DataError, match="a date that no calendar has"):
        read(tmp_path / "p.parquet")
    twice = pa.Table.from_arrays([pa.array(["a.png"]), pa.array([1]), pa.array([2])], names=["file", "top1", "top1"])
    pq.write_table(twice, tmp_path / "q.parquet")
    with pytest.raises(DataError, match="two columns 'top1'"):
        read(tmp_path / "q.parquet")
