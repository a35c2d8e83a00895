"""Identity, finding runs, one writer at a time."""

import os
import threading
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import paths, store
from core.errors import StoreError, UsageError
from tests.manifests import make_manifest


def samples_table(*ids):
    return pd.DataFrame({"sample_id": list(ids), "accepted": [[1]] * len(ids), "cluster": list(ids)})


def manifest(identity, *, n=2, ids=None, **values):
    """Of a run on images s0, s1, …, whose samples table is written."""
    table = samples_table(*(ids or [f"s{number}" for number in range(n)]))
    path = store.samples_file("imagenet", f"{n:016x}", "imagenet-1k")
    store.write_samples(path, table)
    known = {"samples": store.relative(path), "samples_digest": store.digest_samples(table), "preprocessing": {}}
    return make_manifest(identity, n=n, **{**known, **values})


def batch(*ids):
    n = len(ids)
    return pa.table(
        {
            "sample_id": list(ids),
            "view": ["clean"] * n,
            "top10": [[2, 0, 1]] * n,
            "top10_prob": [[0.5, 0.25, 0.125]] * n,
            "error": [None] * n,
            "digest": pa.array([7] * n, pa.uint64()),
        },
        schema=store.PREDICTIONS_SCHEMA,
    )


def write_run(identity, n_done=2, **values):
    made = manifest(identity, **values)
    folder = store.run_folder("imagenet", made.model.name, identity)
    with store.open_writer(folder, made) as writer:
        writer.append(batch(*[f"s{number}" for number in range(n_done)]))
        writer.write_manifest(status="running")
    return folder


def opened(folder):
    return store.open_run(folder)


def test_identity_is_the_same_for_the_same_parts_in_any_order_and_differs_otherwise():
    one = store.identity({"weights": "a", "view": "clean", "preprocessing": {"crop": 0.875, "size": [3, 2]}})
    assert one == store.identity({"preprocessing": {"size": (3, 2), "crop": 0.875}, "view": "clean", "weights": "a"})
    assert one != store.identity({"weights": "a", "view": "clean", "preprocessing": {"crop": 0.9, "size": [3, 2]}})
    assert len(one) == 16


def test_the_samples_digest_covers_labels_factors_and_clusters_and_not_how_they_are_held():
    table = pd.DataFrame(
        {
            "sample_id": ["a", "b"],
            "accepted": [[1], [2, 3]],
            "cluster": ["x", "y"],
            "area": [1.0, np.nan],
            "w": ["s", None],
        }
    )
    digest = store.digest_samples(table)
    for changed in (
        *(table.assign(accepted=accepted) for accepted in ([[1], [2, 4]], [[1], [2]], [[1, 2], [3]])),
        table.assign(sample_id=["a", "c"]),
        table.assign(cluster=["x", "x"]),
        table.assign(area=[1.0, 2.0]),
        table.assign(w=["s", "r"]),
        table.rename(columns={"w": "v"}),
        table.iloc[::-1].reset_index(drop=True),
    ):
        assert store.digest_samples(changed) != digest
    path = store.samples_file("imagenet", "d" * 64, "imagenet-1k")
    store.write_samples(path, table)
    made = make_manifest("abcd", samples=store.relative(path))
    run = store.Run(path.parent.parent / "m" / "abcd", made, made.benchmarks[0])
    assert store.samples_digest(run) == digest == store.digest_samples(store.read_samples(run))
    assert store.digest_samples(table.assign(w=table["w"].astype("category"))) == digest


def logits(*ids):
    return pa.table(
        {
            "sample_id": list(ids),
            "view": ["clean"] * len(ids),
            "logits": [np.array([1, 2, 3], dtype=np.float16)] * len(ids),
        },
        schema=store.LOGITS_SCHEMA,
    )


def parts(folder):
    return sorted(path.name for path in folder.glob("*.parquet"))


def test_logits_are_numbered_as_the_predictions_they_belong_to():
    folder = store.run_folder("imagenet", "m", "abcd")
    with store.open_writer(folder, manifest("abcd", n=9)) as writer:
        writer.append(batch("s0"), None, logits("s0"))
        # Every image of this batch failed: it has no logits, and its number stays free among them.
        writer.append(batch("s1"), None, logits())
        writer.append(batch("s2"), None, logits("s2"))
    numbers = ("0000000-0000000", "0000002-0000002")
    expected = [f"logits-{number}.parquet" for number in numbers]
    assert parts(folder) == [*expected, *(f"part-000000{at}-000000{at}.parquet" for at in range(3))]


def test_a_writer_that_goes_on_overwrites_neither_predictions_nor_logits():
    folder = store.run_folder("imagenet", "m", "abcd")
    # The last image of each session failed and has no logits.
    for good, failed in (("s0", "s1"), ("s2", "s3")):
        with store.open_writer(folder, manifest("abcd", n=4)) as writer:
            writer.append(batch(good), None, logits(good))
            writer.append(batch(failed), None, logits())
            writer.write_manifest(status="partial")
    assert store.read(opened(folder))["sample_id"].tolist() == ["s0", "s1", "s2", "s3"]
    assert store.read_logits(opened(folder))[0] == ["s0", "s2"]


def test_predictions_come_back_as_they_were_written():
    frame = store.read(opened(write_run("aaaa")))
    assert frame["sample_id"].tolist() == ["s0", "s1"]
    assert list(frame["top10"].iloc[0]) == [2, 0, 1]
    assert frame["error"].isna().all()


def test_only_the_wanted_columns_are_read():
    assert list(store.read(opened(write_run("aaaa")), ["sample_id", "p_accepted"]).columns) == [
        "sample_id",
        "p_accepted",
    ]


def test_logits_come_back_as_a_matrix_and_as_none_where_none_were_kept():
    folder = write_run("aaaa")
    assert store.read_logits(opened(folder)) is None
    with store.open_writer(folder, manifest("aaaa", n=3)) as writer:
        logits = pa.table(
            {"sample_id": ["s2"], "view": ["clean"], "logits": [np.array([1, 2, 3], dtype=np.float16)]},
            schema=store.LOGITS_SCHEMA,
        )
        writer.append(batch("s2"), None, logits)
        writer.write_manifest(status="partial")
    ids, values = store.read_logits(opened(folder))
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
    assert store.predictions_of(opened(aside)).read()["sample_id"].to_pylist() == ["s0", "s1"]
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
    made = make_manifest("abcd", samples=store.relative(path))
    run = store.Run(path.parent, made, made.benchmarks[0])
    back = store.read_samples(run)
    assert [list(value) for value in back["accepted"]] == [[1], [2, 3]]
    assert back["area"].tolist() == [0.1, 0.2]


def logits_table(**values):
    """Logits of three classes that all have the value given for the image."""
    return pa.table(
        {
            "sample_id": list(values),
            "view": ["clean"] * len(values),
            "logits": [np.full(3, value, np.float16) for value in values.values()],
        },
        schema=store.LOGITS_SCHEMA,
    )


def fail_after_logits(writer, number, ids, logits):
    """Store a batch whose predictions cannot be written, since something of their name is in the way."""
    obstacle = writer.folder / f"part-{number:07d}-{number:07d}.parquet"
    obstacle.mkdir()
    with pytest.raises(StoreError, match="cannot write"):
        writer.append(batch(*ids), None, logits)
    obstacle.rmdir()


def test_logits_whose_predictions_could_not_be_stored_give_way_to_those_of_the_stored_prediction():
    info = manifest("abcd", n=3, keep_logits=True)
    folder = store.run_folder("imagenet", "m", "abcd")
    with store.open_writer(folder, info) as writer:
        writer.append(batch("s0"), None, logits_table(s0=1))
        fail_after_logits(writer, 1, ["s1", "s2"], logits_table(s1=2, s2=3))
    with store.open_writer(folder, info) as writer:
        assert writer.done() == {"s0"}
        writer.append(batch("s2", "s1"), None, logits_table(s2=30, s1=20))
        writer.finish()
    ids, values = store.read_logits(opened(folder))
    assert dict(zip(ids, values[:, 0].tolist(), strict=True)) == {"s0": 1, "s2": 30, "s1": 20}


def test_logits_that_were_merged_before_their_predictions_failed_do_not_hide_the_later_ones():
    info = manifest("abcd", n=64, keep_logits=True)
    folder = store.run_folder("imagenet", "m", "abcd")
    with store.open_writer(folder, info) as writer:
        for number in range(63):
            writer.append(batch(f"s{number}"), None, logits_table(**{f"s{number}": 1}))
        # The 64th part of logits is merged with those before it, then its predictions fail.
        fail_after_logits(writer, 63, ["s63"], logits_table(s63=2))
        assert (folder / "logits-0000000-0000063.parquet").is_file()
    with store.open_writer(folder, info) as writer:
        writer.append(batch("s63"), None, logits_table(s63=20))
    ids, values = store.read_logits(opened(folder))
    assert len(ids) == 64
    assert values[ids.index("s63"), 0] == 20


def test_a_batch_after_one_that_failed_half_way_does_not_take_the_place_of_its_logits():
    info = manifest("abcd", n=2, keep_logits=True)
    folder = store.run_folder("imagenet", "m", "abcd")
    with store.open_writer(folder, info) as writer:
        fail_after_logits(writer, 0, ["s0"], logits_table(s0=1))
        writer.append(batch("s1"), None, logits_table(s1=2))
    assert sorted(path.name for path in folder.glob("*.parquet")) == [
        "logits-0000000-0000000.parquet",
        "logits-0000001-0000001.parquet",
        "part-0000001-0000001.parquet",
    ]


def test_a_run_without_predictions_begins_with_the_manifest_of_who_goes_on():
    folder = store.run_folder("imagenet", "m", "abcd")
    with store.open_writer(folder, manifest("abcd")) as writer:
        writer.write_manifest(status="running")
    with store.open_writer(folder, manifest("abcd", keep_logits=True)) as writer:
        assert writer.manifest.keep_logits
        writer.append(batch("s0"), None, logits_table(s0=1))
        writer.write_manifest(status="partial")
    with store.open_writer(folder, manifest("abcd")) as writer:
        assert writer.manifest.keep_logits


@pytest.mark.parametrize("n_done", [1, 2])
def test_a_manifest_without_bytes_is_written_again_from_what_is_stored(n_done):
    folder = write_run("abcd", n_done=n_done)
    (folder / store.MANIFEST).write_bytes(b"")
    assert store.list_runs() == []
    with store.open_writer(folder, manifest("abcd")):
        pass
    (run,) = store.list_runs()
    assert (run.n_done, run.manifest.status, run.manifest.keep_logits) == (n_done, "partial", False)


def test_a_manifest_that_is_written_again_knows_of_the_logits():
    folder = store.run_folder("imagenet", "m", "abcd")
    with store.open_writer(folder, manifest("abcd", keep_logits=True)) as writer:
        writer.append(batch("s0"), None, logits_table(s0=1))
    (folder / store.MANIFEST).unlink(missing_ok=True)
    with store.open_writer(folder, manifest("abcd")) as writer:
        assert writer.manifest.keep_logits


SAMPLES = pd.DataFrame({"sample_id": ["a", "b"], "accepted": [[1], [2, 3]], "weather": ["snow", None]})


def stored_samples(samples=SAMPLES):
    path = store.samples_file("imagenet", "0123456789abcdef0123", "imagenet-1k")
    store.write_samples(path, samples)
    made = make_manifest("abcd", samples=store.relative(path))
    return store.Run(path.parent.parent / "m" / "abcd", made, made.benchmarks[0]), path


def test_a_corrected_factor_is_written_over_the_old_one_and_changes_the_digest():
    run, path = stored_samples()
    before, written = store.samples_digest(run), path.stat().st_mtime_ns
    stored_samples()
    assert (store.samples_digest(run), path.stat().st_mtime_ns) == (before, written)
    stored_samples(SAMPLES.assign(weather=["snow", "fog"]))
    assert store.read_samples(run)["weather"].tolist() == ["snow", "fog"]
    assert store.samples_digest(run) != before


@pytest.mark.parametrize(
    "corrected",
    [SAMPLES.assign(area=[0.1, np.nan]), SAMPLES[["sample_id", "accepted"]], SAMPLES.assign(weather=[1, 2])],
    ids=["a new factor", "a factor less", "another kind"],
)
def test_factors_that_come_or_go_or_change_their_kind_are_written(corrected):
    stored_samples()
    run, path = stored_samples(corrected)
    assert list(store.read_samples(run)) == list(corrected)
    written = path.stat().st_mtime_ns
    stored_samples(corrected)
    assert path.stat().st_mtime_ns == written


@pytest.mark.parametrize("content", [b"", b"\0" * 4096])
def test_a_samples_table_without_bytes_after_a_power_cut_is_named_and_written_again(content):
    run, path = stored_samples()
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"0123456789abcdef\.imagenet-1k\.parquet cannot be read .* writes it again"):
        store.read_samples(run)
    stored_samples()
    assert store.read_samples(run)["sample_id"].tolist() == ["a", "b"]


def test_a_correction_of_what_comes_with_the_project_is_kept_in_the_users_own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("OFFCENTER_EMBEDDED_RESULTS", str(tmp_path / "embedded"))
    with paths.results_at(tmp_path / "embedded"):
        run, embedded = stored_samples()
    own = store.samples_file("imagenet", "0123456789abcdef0123", "imagenet-1k")
    store.write_samples(own, SAMPLES, store.samples_of(run))
    assert not own.exists()
    content = embedded.read_bytes()
    store.write_samples(own, SAMPLES.assign(weather=["snow", "fog"]), store.samples_of(run))
    assert store.read_samples(run)["weather"].tolist() == ["snow", "fog"]
    assert embedded.read_bytes() == content
    # A later edition of the project has the last word, until the next evaluation.
    os.utime(embedded, (time.time() + 9, time.time() + 9))
    assert store.samples_of(run) == embedded


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
    amended = store.amend(run, replace(run.entry, root="/elsewhere"))
    assert amended.entry.root == store.open_run(run.path).entry.root == "/elsewhere"
    assert amended.manifest.updated == run.manifest.updated
