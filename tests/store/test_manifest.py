"""``run.json`` as typed values, and what a damaged one says."""

import json

import pytest

from core import store
from core.benchmarks import benchmark_class
from core.errors import StoreError
from core.store.manifest import Manifest, read_manifest, write_manifest


def manifest(**values):
    entry = store.BenchmarkEntry("focus", 2, "c", ("a note",), "/data/focus", benchmark_class("focus").card())
    session = store.Session(2, 0, 0.5, 3.0, 0.67, "cpu", "eager", 2, 8)
    model = store.ModelEntry("m", "local-dir:/x/m", "none", "imagenet-1k", 1000, "f" * 64)
    made = {"identity": "abcd", "model": model, "benchmark": entry, "view": "clean", "precision": "fp32"}
    more = {"preprocessing": {"mean": [0.5, 0.5, 0.5]}, "samples": "focus/samples/x.parquet", "session": session}
    return Manifest(**{**made, **more, **values})


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


def test_what_a_newer_version_adds_is_passed_over(tmp_path):
    damaged(tmp_path, "a newer thing", value=1)
    assert read_manifest(tmp_path) == manifest()


@pytest.mark.parametrize(
    ("names", "value", "said"),
    [
        (("benchmark", "n"), "two", r"'benchmark.n' is 'two', not int"),
        (("benchmark", "n"), True, r"'benchmark.n' is True, not int"),
        (("model",), "resnet50", r"'model' is 'resnet50', not dict"),
        (("benchmark", "card", "factors"), {}, r"'benchmark.card.factors' is \{\}, not list"),
        (
            ("benchmark", "card", "factors"),
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
