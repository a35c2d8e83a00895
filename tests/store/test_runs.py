"""Identity, finding runs, one writer at a time."""

import threading

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import store
from core.errors import StoreError, UsageError


def manifest(identity, *, model="m", source="m", benchmark="imagenet", n=2, fingerprint="f", **more):
    values = {"view": "clean", "precision": "fp32", "preprocessing": {}, "samples": "imagenet/samples/x.parquet"}
    return store.Manifest(
        identity=identity,
        model=store.ModelEntry(model, source, "none", "imagenet-1k", 3, fingerprint),
        benchmark=store.BenchmarkEntry(benchmark, n, "c"),
        **{**values, **more},
    )


def batch(*ids):
    n = len(ids)
    return pa.table(
        {
            "sample_id": list(ids),
            "view": ["clean"] * n,
            "top10": [[2, 0, 1]] * n,
            "top10_prob": [[0.5, 0.25, 0.25]] * n,
            "p_accepted": [0.25] * n,
            "error": [None] * n,
        },
        schema=store.PREDICTIONS_SCHEMA,
    )


def write_run(identity, n_done=2, **values):
    made = manifest(identity, **values)
    folder = store.run_folder(made.benchmark.key, made.model.name, identity)
    with store.open_writer(folder, made) as writer:
        writer.append(batch(*[f"s{number}" for number in range(n_done)]))
        writer.write_manifest(status="running")
    return folder


def test_identity_is_the_same_for_the_same_parts_in_any_order_and_differs_otherwise():
    one = store.identity({"weights": "a", "view": "clean", "preprocessing": {"crop": 0.875, "size": [3, 2]}})
    assert one == store.identity({"preprocessing": {"size": (3, 2), "crop": 0.875}, "view": "clean", "weights": "a"})
    assert one != store.identity({"weights": "a", "view": "clean", "preprocessing": {"crop": 0.9, "size": [3, 2]}})
    assert len(one) == 16


def test_predictions_come_back_as_they_were_written():
    frame = store.read(write_run("aaaa"))
    assert frame["sample_id"].tolist() == ["s0", "s1"]
    assert list(frame["top10"].iloc[0]) == [2, 0, 1]
    assert frame["error"].isna().all()


def test_only_the_wanted_columns_are_read():
    assert list(store.read(write_run("aaaa"), ["sample_id", "p_accepted"]).columns) == ["sample_id", "p_accepted"]


def test_logits_come_back_as_a_matrix_and_as_none_where_none_were_kept():
    folder = write_run("aaaa")
    assert store.read_logits(folder) is None
    with store.open_writer(folder, manifest("aaaa")) as writer:
        logits = pa.table(
            {"sample_id": ["s2"], "logits": [np.array([1, 2, 3], dtype=np.float16)]}, schema=store.LOGITS_SCHEMA
        )
        writer.append(batch("s2"), logits)
    ids, values = store.read_logits(folder)
    assert ids == ["s2"]
    assert values.tolist() == [[1, 2, 3]]


def test_a_run_is_found_by_name_by_source_and_by_the_beginning_of_its_identity():
    write_run("abcd", model="net", source="local-dir:/somewhere/net")
    for spec in ("net", "local-dir:/somewhere/net"):
        assert store.find_run("imagenet", spec).identity == "abcd"
    assert store.find_run("imagenet", "net", "ab").identity == "abcd"


def test_a_complete_run_is_preferred_to_a_newer_partial_one():
    write_run("full", n=2, n_done=2)
    write_run("part", n=9, n_done=2)
    assert store.find_run("imagenet", "m").identity == "full"


def test_a_missing_run_is_refused_with_what_is_stored_and_what_to_type():
    write_run("abcd", model="resnet50")
    with pytest.raises(UsageError, match=r"Did you mean 'resnet50'\?.*python -m core evaluate --model resnet5 "):
        store.find_run("imagenet", "resnet5")
    with pytest.raises(UsageError, match="Nothing is stored"):
        store.find_run("si-score/size", "resnet50")


def test_a_run_of_another_precision_is_not_taken_for_the_one_asked_for():
    write_run("abcd")
    with pytest.raises(UsageError, match="precision bf16"):
        store.find_run("imagenet", "m", precision="bf16")


def test_setting_aside_keeps_what_was_computed_and_hides_it_from_the_list():
    folder = write_run("abcd")
    aside = store.set_aside(folder)
    assert store.list_runs() == []
    assert store.read(aside)["sample_id"].tolist() == ["s0", "s1"]
    assert store.set_aside(folder) is None


def test_a_second_writer_waits_for_the_first_and_sees_what_it_wrote():
    folder = store.run_folder("imagenet", "m", "abcd")
    waiting, seen = threading.Event(), []

    def second():
        with store.open_writer(folder, manifest("abcd"), waiting.set) as writer:
            seen.extend(sorted(writer.done()))

    with store.open_writer(folder, manifest("abcd")) as writer:
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(10)
        assert seen == []
        writer.append(batch("s0", "s1"))
    thread.join(10)
    assert seen == ["s0", "s1"]


def test_a_run_that_is_being_written_is_not_set_aside():
    folder = write_run("abcd")
    with store.open_writer(folder, manifest("abcd")), pytest.raises(StoreError, match="another process"):
        store.set_aside(folder)


def test_samples_keep_lists_and_factors():
    samples = pd.DataFrame(
        {"sample_id": ["a", "b"], "accepted": [[1], [2, 3]], "cluster": ["a", "b"], "area": [0.1, 0.2]}
    )
    path = store.samples_file("imagenet", "0123456789abcdef0123", "imagenet-1k")
    store.write_samples(path, samples)
    run = store.Run(path.parent, manifest("abcd", samples=store.relative(path)))
    back = store.read_samples(run)
    assert [list(value) for value in back["accepted"]] == [[1], [2, 3]]
    assert back["area"].tolist() == [0.1, 0.2]


def test_a_name_of_two_models_is_refused_with_both_and_how_to_say_which():
    write_run("aaaa", model="final", source="local-dir:/seed1/final", fingerprint="1")
    write_run("bbbb", model="final", source="local-dir:/seed2/final", fingerprint="2")
    with pytest.raises(UsageError, match=r"2 models: local-dir:/seed1/final, local-dir:/seed2/final.*--identity"):
        store.find_run("imagenet", "final")
    assert store.find_run("imagenet", "local-dir:/seed2/final").identity == "bbbb"
    assert store.find_run("imagenet", "final", "aa").identity == "aaaa"


def test_one_model_in_a_folder_that_moved_is_one_model():
    write_run("aaaa", model="final", source="local-dir:/old/final", fingerprint="1", precision="bf16")
    write_run("bbbb", model="final", source="local-dir:/new/final", fingerprint="1")
    assert store.find_run("imagenet", "final").identity in ("aaaa", "bbbb")


def test_amending_changes_what_a_run_says_and_keeps_when_it_was_evaluated():
    run = store.open_run(write_run("abcd"))
    amended = store.amend(run, precision="bf16")
    assert amended.precision == store.open_run(run.path).precision == "bf16"
    assert amended.manifest.updated == run.manifest.updated
