"""``run.json`` as typed values, and what a damaged one says."""

import json
from dataclasses import replace

import pytest

from core import store
from core.benchmarks import benchmark_class
from core.errors import StoreError
from core.images.views import get_views
from core.store.manifest import Manifest, read_manifest, write_manifest


def manifest(**values):
    entry = store.BenchmarkEntry(
        "focus", 2, "focus/samples/x.parquet", "d" * 64, ("a note",), "/data/focus", benchmark_class("focus").card()
    )
    session = store.Session(2, 0, 0.5, 3.0, 0.67, "cpu", "eager", 2, 8)
    model = store.ModelEntry("m", "local-dir:/x/m", "none", "imagenet-1k", 1000, "f" * 64)
    made = {"identity": "abcd", "model": model, "benchmarks": (entry,), "pool": store.PoolEntry("focus", "c" * 64)}
    more = {"views": get_views("noise").card(), "precision": "fp32", "preprocessing": {"mean": [0.5, 0.5, 0.5]}}
    return Manifest(**{**made, **more, "session": session, **values})


def damaged(folder, *names, value):
    """The file of a manifest with one value replaced."""
    content = manifest().to_json()
    inner = content
    for name in names[:-1]:
        inner = inner[name]
    inner[names[-1]] = value
    (folder / store.MANIFEST).write_text(json.dumps(content))


def test_a_manifest_comes_back_as_it_was_written(tmp_path):
    write_manifest(tmp_path, manifest())
    assert read_manifest(tmp_path) == manifest()


def test_a_whole_number_of_seconds_is_a_number_of_seconds(tmp_path):
    damaged(tmp_path, "session", "inference_s", value=3)
    assert read_manifest(tmp_path).session.inference_s == 3.0


def test_what_a_newer_version_adds_is_kept(tmp_path):
    damaged(tmp_path, "a newer thing", value=1)
    found = read_manifest(tmp_path)
    assert found == replace(manifest(), extra={"a newer thing": 1})
    write_manifest(tmp_path, found)
    assert read_manifest(tmp_path) == found


@pytest.mark.parametrize(
    ("names", "value", "said"),
    [
        (("benchmarks", 0, "n"), "two", r"'benchmarks\[0\].n' is 'two', not int"),
        (("benchmarks", 0, "n"), True, r"'benchmarks\[0\].n' is True, not int"),
        (("model",), "resnet50", r"'model' is 'resnet50', not dict"),
        (("benchmarks", 0, "card", "factors"), {}, r"'benchmarks\[0\].card.factors' is \{\}, not list"),
        (
            ("benchmarks", 0, "card", "factors"),
            [{"name": "x", "label": "x", "kind": "odd"}],
            r"factors\[0\].kind' is 'odd'",
        ),
        (("preprocessing",), None, r"'preprocessing' is None, not dict"),
    ],
)
def test_a_value_of_another_type_is_refused_with_the_file_and_the_value(names, value, said, tmp_path):
    damaged(tmp_path, *names, value=value)
    with pytest.raises(StoreError, match=said) as refused:
        read_manifest(tmp_path)
    assert str(tmp_path / store.MANIFEST) in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "is not JSON"), ("[1]", r"its content is \[1\], not dict"), ('{"steps": 3}', "has no 'identity'")],
)
def test_a_file_of_something_else_is_refused_and_hides_no_other_run(content, said, tmp_path):
    folder = store.run_folder("focus", "m", "abcd")
    with store.open_writer(folder, manifest()) as writer:
        writer.write_manifest(status="complete")
    foreign = store.run_folder("focus", "other", "ef01")
    foreign.mkdir(parents=True)
    (foreign / store.MANIFEST).write_text(content)
    listing = store.list_all()
    assert [run.identity for run in listing.runs] == ["abcd"]
    assert list(listing.problems) == [foreign]
    with pytest.raises(StoreError, match=said):
        store.find_run("focus", "other")


def test_a_writer_replaces_a_damaged_manifest(tmp_path):
    folder = store.run_folder("focus", "m", "abcd")
    folder.mkdir(parents=True)
    (folder / store.MANIFEST).write_text("")
    with store.open_writer(folder, manifest()) as writer:
        writer.write_manifest(status="partial")
    assert store.open_run(folder).manifest.status == "partial"


#: What an earlier version wrote, in which predictions and labels were one.
OLD = {
    "identity": "abcd",
    "model": {"name": "m", "source": "resnet50.a1_in1k"},
    "benchmark": {"key": "imagenet", "n": 2, "content": "c"},
    "view": "clean",
    "samples": "imagenet/samples/x.parquet",
}


def test_a_result_of_an_earlier_version_is_kept_and_says_what_to_run(tmp_path):
    folder = store.run_folder("imagenet", "m", "abcd")
    folder.mkdir(parents=True)
    (folder / store.MANIFEST).write_text(json.dumps(OLD))
    (said,) = store.list_all().problems.values()
    assert "stored by an earlier version" in said
    assert said.endswith("Run: python -m core evaluate --model resnet50.a1_in1k --benchmark imagenet")
    with pytest.raises(StoreError, match="stored by an earlier version"):
        store.find_run("imagenet", "m")
    assert (folder / store.MANIFEST).is_file()


def test_a_manifest_knows_each_benchmark_by_its_key_and_the_latest_first():
    first = manifest()
    entry = store.BenchmarkEntry("imagenet-m", 1, "imagenet-m/samples/x.parquet", "e")
    both = first.with_entry(entry)
    assert [each.key for each in both.benchmarks] == ["imagenet-m", "focus"]
    assert both.entry("focus") == first.benchmarks[0]
    assert both.with_entry(first.benchmarks[0]).benchmarks == (first.benchmarks[0], entry)
    assert both.entry("imagenet") is None
