"""What a power cut, another program or an editor leaves in the store: named, healed by the same command, and alone."""

import json

import pytest

from core import paths, report, store
from core.benchmarks import open_benchmark
from core.errors import OffcenterError, StoreError
from core.evaluate.loop import evaluate
from core.jobs import rates


@pytest.fixture
def run(toy_model, colour_folder):
    return evaluate(toy_model, open_benchmark("imagenet", colour_folder))


def edited(**changes):
    def change(content):
        values = json.loads(content)
        return json.dumps({**values, **changes}).encode()

    return change


def inside(name, **changes):
    def change(content):
        values = json.loads(content)
        part = values[name][0] if isinstance(values[name], list) else values[name]
        part.update(changes)
        return json.dumps(values).encode()

    return change


MANIFESTS = {
    "lost": lambda content: None,
    "empty": lambda content: b"",
    "cut short": lambda content: content[: len(content) // 2],
    "zeros": lambda content: bytes(len(content)),
    "no text": lambda content: b"\xff\xfe" + content,
    "a list": lambda content: b"[]",
    "of something else": lambda content: b'{"name": "package"}',
    "nested too deeply": lambda content: b"[" * 100_000,
    "model is a list": edited(model=[]),
    "identity is a number": edited(identity=3),
    "identity of another": edited(identity="f" * 16),
    "no benchmark": edited(benchmarks=[]),
    "benchmarks is a text": edited(benchmarks="imagenet"),
    "views without rows": inside("views", rows=[]),
    "fewer than no images": inside("benchmarks", n=-5),
    "samples outside": inside("benchmarks", samples="../../../../etc/passwd"),
    "samples absolute": inside("benchmarks", samples="/etc/passwd"),
    "created is a number": edited(created=5),
}


@pytest.mark.parametrize("damage", MANIFESTS)
def test_a_damaged_manifest_is_named_alone_and_written_again_by_the_same_command(
    run, toy_model, colour_folder, monkeypatch, damage
):
    before, path = store.read(run), run.path / store.MANIFEST
    other = evaluate(toy_model, open_benchmark("imagenet", colour_folder), precision="bf16")
    content = MANIFESTS[damage](path.read_bytes())
    path.unlink() if content is None else path.write_bytes(content)
    listing = store.list_all()
    assert [each.identity for each in listing.runs if each.model == run.model] == [other.identity]
    assert str(run.path) in str(listing.problems[run.path])
    with pytest.raises(StoreError, match=str(run.path)):
        other.path.rename(other.path.with_name("elsewhere"))
        store.find_run("imagenet", run.model)
    seen = []
    monkeypatch.setattr(toy_model.module, "forward", lambda inputs: seen.append(inputs))
    healed = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    assert not seen
    assert healed.complete
    assert store.read(healed).equals(before)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"{}", None])
def test_a_samples_table_is_written_again(run, toy_model, colour_folder, content):
    path = store.samples_of(run)
    expected = report.build(run)["overall"]
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(StoreError, match="the same evaluate command writes it again"):
        report.build(run)
    assert report.build(evaluate(toy_model, open_benchmark("imagenet", colour_folder)))["overall"] == expected


def test_what_a_newer_version_wrote_besides_is_kept(run, colour_folder, toy_model):
    path = run.path / store.MANIFEST
    path.write_bytes(edited(provenance={"site": "here"})(path.read_bytes()))
    (colour_folder / "more.txt").write_text("x")
    found = store.open_run(run.path, "imagenet")
    store.amend(found, found.entry)
    assert json.loads(path.read_text())["provenance"] == {"site": "here"}


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\xff", b"{", b'{"data": []}', b'{"data": {"imagenet": 5}}', b'{"data": {"imagenet": ""}}']
)
def test_damaged_settings_are_begun_anew(tmp_path, content):
    settings = paths.data_home() / "settings.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_bytes(content)
    assert paths.remembered_data("imagenet") is None
    paths.remember_data("imagenet", tmp_path)
    assert paths.remembered_data("imagenet") == tmp_path


@pytest.mark.parametrize("name", ["fingerprints.json", "descriptions.json"])
@pytest.mark.parametrize("content", [b"", b"[]", b'{"x": 5}', bytes(10), b"[" * 100_000])
def test_damaged_memories_cost_time_only(run, colour_folder, name, content):
    from core import models

    memory = paths.data_home() / "results" / name
    model = "test_efficientnet.diorama"
    expected = models.describe(model)
    known = json.loads(memory.read_bytes())
    for damaged in (content, *(json.dumps(dict.fromkeys(known, value)).encode() for value in (5, {}, []))):
        memory.write_bytes(damaged)
        assert models.describe(model) == expected


@pytest.mark.parametrize("content", [b"[]", b'{"x": 1}', b"\0"])
def test_damaged_rates_are_unknown_rates(content):
    path = paths.data_home() / "jobs" / "rates.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    rates.record(rates.Rate(300, 9.0, 1.0, "imagenet"), "m", "cpu", "fp32", None)
    known = json.loads(path.read_text())
    for damaged in (
        content,
        *(json.dumps(dict.fromkeys(known, value)).encode() for value in (1, [], {}, {"images": "x"})),
    ):
        path.write_bytes(damaged)
        assert rates.find("m", "cpu", "fp32", None) is None


def test_an_image_that_changed_in_between_is_found_by_the_next_run_that_reads_it(run, toy_model, colour_folder, caplog):
    image = colour_folder / "n01440764" / "3.png"
    content = bytearray(image.read_bytes())
    content[-1] ^= 1
    image.write_bytes(content)
    benchmark = open_benchmark("imagenet", colour_folder)
    # Of a large set few files are part of the pool's digest.
    benchmark.pool_digest = lambda: run.content
    toy_model.fingerprint = "0" * 64
    toy_model.name = "second"
    second = evaluate(toy_model, benchmark, limit=24)
    assert "1 of the images that second was evaluated on have other bytes" in caplog.text
    assert "n01440764/3.png" in caplog.text
    assert any("had other bytes when" in warning for warning in report.build(second)["warnings"])


def test_every_problem_is_one_of_the_projects_own_errors(run):
    assert issubclass(StoreError, OffcenterError)


def test_a_model_and_its_copy_under_another_name_are_both_listed(run, toy_model, colour_folder):
    toy_model.name, toy_model.source = "a-copy", "local-dir:/models/a-copy"
    copy = evaluate(toy_model, open_benchmark("imagenet", colour_folder), limit=5)
    assert copy.identity == run.identity
    assert {each.model for each in store.list_runs("imagenet")} == {"a-copy", run.model}
    assert store.find_run("imagenet", run.model).n_done == 24
    assert store.find_run("imagenet", "a-copy").n_done == 5
