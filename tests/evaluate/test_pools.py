"""One inference serves all benchmarks over the same files, and no label is part of it."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from core import models, store
from core.answers import report
from core.benchmarks import open_benchmark
from core.cli.main import main
from core.evaluate.loop import evaluate
from core.evaluate.plan import Plan
from core.evaluate.relink import refreshed
from core.store.manifest import write_manifest
from tests.conftest import TOY_TRANSFORM, BrightestChannel, write_csv
from tests.models.test_sources import make_folder
from tests.validation_images import GOLDFISH, MAILBOX, SHARK, TENCH, name, wnid

KEYS = ("imagenet", "imagenet-multilabel", "imagenet-m", "imagenet-attributes")


@pytest.fixture
def annotated(val):
    """The validation images with attributes beside their multi-label annotations."""
    rows = [[f"/x/{name(number)}", "night", "none", "[0, 0, 0, 0, 0, 0, 0, 1, 0]"] for number in (1, 2, 4)]
    write_csv(val / "attributes.csv", ["image", "time", "weather", "locations"], rows)
    return val


class Counting(BrightestChannel):
    """Counts the images it has seen; its classes beyond the first three have distinct logits."""

    def __init__(self):
        super().__init__()
        self.seen = 0

    def forward(self, inputs):
        self.seen += len(inputs)
        logits = super().forward(inputs)
        logits[:, 3:] -= 0.01 * np.arange(997, dtype=np.float32)
        return logits


@pytest.fixture
def model():
    found = models.from_module(Counting(), "counting", label_space="imagenet-1k", transform=TOY_TRANSFORM)
    # Wrapping a network lets it classify one image.
    found.module.seen = 0
    return found


def test_after_imagenet_the_other_three_ask_no_model(model, annotated):
    runs = {key: evaluate(model, open_benchmark(key, annotated)) for key in KEYS}
    assert model.module.seen == 5
    assert {run.path for run in runs.values()} == {runs["imagenet"].path}
    assert {key: (run.n_done, run.complete) for key, run in runs.items()} == {
        "imagenet": (5, True),
        "imagenet-multilabel": (4, True),
        "imagenet-m": (2, True),
        "imagenet-attributes": (3, True),
    }
    for key, run in runs.items():
        assert report.build(run)["n"] == run.n_samples
        assert store.find_run(key, "counting").entry == run.entry
    # Of other images the closing digest is another one.
    assert len({run.entry.bytes_digest for run in runs.values()}) == 4
    assert "" not in {run.entry.bytes_digest for run in runs.values()}


def test_the_other_way_round_only_what_is_missing_is_asked(model, annotated):
    assert evaluate(model, open_benchmark("imagenet-m", annotated)).n_done == 2
    assert model.module.seen == 2
    assert evaluate(model, open_benchmark("imagenet-multilabel", annotated)).complete
    assert model.module.seen == 4
    whole = evaluate(model, open_benchmark("imagenet", annotated))
    assert model.module.seen == 5
    assert len(store.read(whole)) == 5
    assert sorted(run.benchmark for run in store.list_runs()) == ["imagenet", "imagenet-m", "imagenet-multilabel"]


def test_a_model_that_is_named_is_not_loaded_for_another_benchmark(annotated, tmp_path, monkeypatch):
    make_folder(tmp_path / "zoo" / "tiny")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    evaluate("tiny", open_benchmark("imagenet", annotated), device="cpu")

    def refuse(*given):
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("core.models.sources.load", refuse)
    for key in KEYS[1:]:
        assert evaluate("tiny", open_benchmark(key, annotated)).complete


def test_samples_are_called_as_their_benchmark_calls_them(model, annotated):
    evaluate(model, open_benchmark("imagenet", annotated))
    run = evaluate(model, open_benchmark("imagenet-m", annotated))
    assert sorted(store.read(run)["sample_id"]) == [name(1), name(4)]
    assert sorted(store.bytes_of(run).index) == sorted(
        f"{wnid(index)}/{name(n)}" for n, index in ((1, TENCH), (4, SHARK))
    )


def test_flat_images_have_a_pool_of_their_own_as_they_have_other_names(model, annotated, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in annotated.rglob("*.JPEG"):
        shutil.copy(path, flat / path.name)
    shutil.copy(annotated / "human_accuracy_v3.0.0.json", flat)
    here, there = (open_benchmark("imagenet-multilabel", root) for root in (annotated, flat))
    assert Plan.of(model, here).identity(model) != Plan.of(model, there).identity(model)
    assert evaluate(model, there).complete


def scores(run, number):
    row = store.read(run).set_index("sample_id").loc[name(number)]
    return row["p_accepted"], row["rank"]


def relabel(root, number, wnids):
    path = root / "human_accuracy_v3.0.0.json"
    content = json.loads(path.read_text())
    content["initial_annots"][name(number)]["correct"] = wnids
    path.write_text(json.dumps(content))


def test_what_depends_on_a_label_follows_it_where_the_ten_best_tell_and_is_missing_where_they_do_not(model, annotated):
    run = evaluate(model, open_benchmark("imagenet-multilabel", annotated))
    everything = np.stack(store.read(run)["top10_prob"].map(list))
    assert everything.shape == (4, 10)
    # 637 is far behind, so it was kept beside the predictions when they were made.
    probability, rank = scores(run, 4)
    assert 0 < probability < 1
    assert rank == list(store.read(run).set_index("sample_id").loc[name(4), "top10"]).index(SHARK) + 1
    first = probability, rank
    relabel(annotated, 4, [wnid(GOLDFISH)])
    again = evaluate(model, open_benchmark("imagenet-multilabel", annotated))
    assert model.module.seen == 4
    assert again.identity == run.identity
    row = store.read(again).set_index("sample_id").loc[name(4)]
    assert row["p_accepted"] == row["top10_prob"][list(row["top10"]).index(GOLDFISH)]
    assert row["rank"] == list(row["top10"]).index(GOLDFISH) + 1
    relabel(annotated, 4, [wnid(900)])
    probability, rank = scores(evaluate(model, open_benchmark("imagenet-multilabel", annotated)), 4)
    assert np.isnan(probability)
    assert rank is not rank or str(rank) == "<NA>"
    # The labels that it was computed from are back.
    relabel(annotated, 4, [wnid(SHARK), wnid(MAILBOX)])
    assert scores(evaluate(model, open_benchmark("imagenet-multilabel", annotated)), 4) == first


def test_with_logits_it_is_known_of_any_label(model, annotated):
    run = evaluate(model, open_benchmark("imagenet-multilabel", annotated), keep_logits=True)
    relabel(annotated, 4, [wnid(900)])
    run = evaluate(model, open_benchmark("imagenet-multilabel", annotated))
    ids, logits = store.read_logits(run)
    values = logits[ids.index(name(4))].astype(np.float64)
    prob = np.exp(values - values.max()) / np.exp(values - values.max()).sum()
    probability, rank = scores(run, 4)
    assert probability == pytest.approx(prob[900], rel=1e-3)
    assert rank == (prob > prob[900]).sum() + 1


def test_a_corrected_label_is_in_the_report_at_once(model, annotated, capsys, monkeypatch):
    run = evaluate(model, open_benchmark("imagenet-multilabel", annotated))
    before = report.build(run)
    relabel(annotated, 1, [wnid(MAILBOX)])
    with pytest.raises(SystemExit) as ended:
        main(["report", "--model", "counting", "--benchmark", "imagenet-multilabel", "--json"])
    assert ended.value.code in (0, None)
    after = json.loads(capsys.readouterr().out)
    assert after["overall"]["top1"] == pytest.approx(before["overall"]["top1"] - 0.25)
    assert after["samples_digest"] != before["samples_digest"]
    assert after["identity"] == before["identity"]
    assert model.module.seen == 4
    # The next look finds nothing to do.
    found = store.find_run("imagenet-multilabel", "counting")
    assert refreshed(found) is found


def test_labels_are_not_looked_for_where_other_images_lie_now(model, annotated):
    run = evaluate(model, open_benchmark("imagenet-multilabel", annotated))
    relabel(annotated, 1, [wnid(MAILBOX)])
    (annotated / wnid(TENCH) / name(2)).write_bytes(b"another image")
    assert refreshed(run).entry == run.entry


def test_two_benchmarks_of_one_folder_of_predictions_have_caches_of_their_own(model, annotated):
    from core.answers import joined

    runs = [evaluate(model, open_benchmark(key, annotated)) for key in KEYS]
    assert len({joined.folder(run) for run in runs}) == 4
    assert [len(joined.read(run, ["correct"])) for run in runs] == [5, 4, 2, 3]
    one = joined.sample(runs[2], name(4))
    assert (one.sample_id, one.accepted) == (name(4), (SHARK, MAILBOX))


def test_a_run_whose_end_was_not_written_is_closed_by_the_next_call_without_inference(model, annotated):
    run = evaluate(model, open_benchmark("imagenet", annotated))
    manifest = replace(run.manifest, status="running").with_entry(replace(run.entry, finished=0, bytes_digest=""))
    write_manifest(run.path, manifest)
    again = evaluate(model, open_benchmark("imagenet", annotated))
    assert model.module.seen == 5
    assert (again.manifest.status, again.entry) == ("complete", run.entry)
