"""Parquet parts: appended, merged, read while they change, damaged."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import StoreError
from core.store import parts
from core.store.parts import Parts

SCHEMA = pa.schema([("sample_id", pa.string())])


def rows(*ids):
    return pa.table({"sample_id": list(ids)}, schema=SCHEMA)


def ids(store):
    return store.read()["sample_id"].to_pylist()


def test_batches_are_read_in_the_order_they_were_appended(tmp_path):
    store = Parts(tmp_path, "part", SCHEMA)
    for batch, name in enumerate("abc"):
        store.append(rows(name), batch)
    assert ids(store) == ["a", "b", "c"]
    assert store.num_rows == 3
    assert store.next_batch == 3


def test_an_empty_folder_and_a_missing_one_read_as_no_rows(tmp_path):
    assert ids(Parts(tmp_path, "part", SCHEMA)) == []
    assert Parts(tmp_path / "absent", "part", SCHEMA).num_rows == 0


def test_many_small_parts_are_merged_on_the_way_without_losing_a_row(tmp_path):
    store = Parts(tmp_path, "part", SCHEMA)
    expected = [str(batch) for batch in range(150)]
    for batch, name in enumerate(expected):
        store.append(rows(name), batch)
    assert ids(store) == expected
    # Two merged parts of 64 batches and the 22 since.
    assert len(list(tmp_path.glob("*.parquet"))) == 24
    store.merge_all("sample_id")
    assert [path.name for path in tmp_path.glob("*.parquet")] == ["part-0000000-0000149.parquet"]
    assert ids(store) == sorted(expected)


def test_a_kill_between_merging_and_deleting_counts_nothing_twice(tmp_path):
    store = Parts(tmp_path, "part", SCHEMA)
    for batch, name in enumerate("ab"):
        store.append(rows(name), batch)
    parts.write_parquet(tmp_path / "part-0000000-0000001.parquet", rows("a", "b"))
    assert ids(store) == ["a", "b"]
    store.sweep()
    assert [path.name for path in tmp_path.glob("*.parquet")] == ["part-0000000-0000001.parquet"]


def test_what_a_kill_left_half_written_is_ignored_and_swept(tmp_path):
    store = Parts(tmp_path, "part", SCHEMA)
    store.append(rows("a"), 0)
    (tmp_path / ".part-0000001-0000001.parquet.77.tmp").write_bytes(b"PAR1 half")
    assert ids(store) == ["a"]
    store.sweep()
    assert [path.name for path in tmp_path.iterdir()] == ["part-0000000-0000000.parquet"]


def test_kinds_in_one_folder_do_not_mix(tmp_path):
    predictions, logits = Parts(tmp_path, "part", SCHEMA), Parts(tmp_path, "logits", SCHEMA)
    predictions.append(rows("a"), 0)
    logits.append(rows("b"), 0)
    assert ids(predictions) == ["a"]
    assert ids(logits) == ["b"]


def test_a_damaged_part_is_named_with_what_to_do(tmp_path):
    store = Parts(tmp_path, "part", SCHEMA)
    store.append(rows("a"), 0)
    (tmp_path / "part-0000001-0000001.parquet").write_bytes(b"not parquet")
    with pytest.raises(StoreError, match=r"part-0000001-0000001\.parquet is damaged .* Delete it"):
        store.read()


def test_a_folder_that_cannot_be_made_is_a_store_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="OFFCENTER_DATA"):
        Parts(tmp_path / "file", "part", SCHEMA).append(rows("a"), 0)


@pytest.mark.parametrize("content", [b"", b"\0" * 4096])
def test_a_part_without_bytes_after_a_power_cut_is_named_with_what_to_do(tmp_path, content):
    store = Parts(tmp_path, "part", SCHEMA, "Do this.")
    store.append(rows("a"), 0)
    store.append(rows("b"), 1)
    (tmp_path / "part-0000001-0000001.parquet").write_bytes(content)
    for use in (
        store.read,
        lambda: store.num_rows,
        lambda: store.rows("sample_id", "b"),
        lambda: store.merge_all("sample_id"),
    ):
        with pytest.raises(StoreError, match=r"part-0000001-0000001\.parquet is damaged .* Do this\."):
            use()


def test_threads_write_one_table_at_once(tmp_path):
    path, together = tmp_path / "x.parquet", threading.Barrier(2)

    def write(name):
        for _ in range(50):
            together.wait()
            parts.write_parquet(path, rows(*[name] * 1000))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, "ab"))
    assert len(set(pq.read_table(path)["sample_id"].to_pylist())) == 1
    assert list(tmp_path.iterdir()) == [path]
