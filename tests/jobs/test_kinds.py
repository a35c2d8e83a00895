"""Every kind of work through the queue, done by the same worker; and what each refuses before it is queued."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from core import jobs, paths, store
from core.benchmarks import open_benchmark
from core.errors import DataError, StorageError, UsageError
from core.evaluate.loop import evaluate
from core.explain import alignments, probes
from core.jobs.kinds import (
    KINDS,
    Alignment,
    Description,
    Diagnosis,
    Evaluation,
    Fetch,
    Generation,
    Import,
    Predictions,
    Probe,
    Refresh,
    read_arguments,
)
from core.jobs.table import is_locked
from core.jobs.worker import work
from core.mistakes import diagnosis
from core.types import Progress
from tests.benchmarks.test_focus import focus
from tests.job_tools import make_model, state_of, until, waiting
from tests.validation_images import TENCH, name, write_annotations

#: Any table.
DATA_CSV = str(paths.EMBEDDED / "labels" / "imagenet_1k.csv")
EMBEDDED_MODEL, COMPOSED = "test_efficientnet.diorama", "diorama/location"
EXAMPLES = [
    Evaluation("small", "imagenet", "/photos", limit=5),
    Diagnosis("small", "diorama/location", "ab12"),
    Probe("small", "focus", "ab12", seed=3),
    Alignment("small", "diorama/clean", "ab12", limit=2000, method="layer-cam"),
    Generation("/cut-outs", "/places", "size", "/set", per_object=2, min_inside=0.5),
    Import("/logits/soup.npy", "soup", order="class"),
    Predictions("/preds.csv", "soup", "imagenet", model="resnet50", partial=True),
    Refresh(workers=2),
    Description("imagenet", "/photos", again=True),
    Fetch("imagenet-a", ("/kept/a.tar",), accept_other=True),
]


@pytest.fixture
def diagnosed(embedded_results):
    """A small diagnosis on the CPU; its worker is gone afterwards."""
    yield Diagnosis(EMBEDDED_MODEL, COMPOSED, limit=3, device="cpu")
    assert until(lambda: not is_locked(jobs.worker_lock("cpu")))


@pytest.fixture
def aligned(embedded_results):
    """A small alignment on the CPU; its worker is gone afterwards."""
    yield Alignment(EMBEDDED_MODEL, "diorama/clean", limit=3, device="cpu")
    assert until(lambda: not is_locked(jobs.worker_lock("cpu")))


@pytest.fixture
def probed(tmp_path, monkeypatch):
    """A probe of a small model on cars in streets and in snow."""
    make_model(tmp_path / "zoo" / "small", "test_vit")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    rows = [(f"/car/{n}.jpg", "car", "day", "none", "snow" if n % 2 else "street", "no") for n in range(44)]
    root = focus(tmp_path / "photos", rows=rows)
    evaluate("small", open_benchmark("focus", root), device="cpu")
    return Probe("small", "focus", device="cpu")


def done(arguments):
    """The job of these arguments after a worker has been at it."""
    job = waiting(arguments=arguments.checked())
    assert work(arguments.device) == 1
    job = jobs.find_job(job.id)
    assert (job.state, job.message) == ("done", "")
    return job


@pytest.mark.parametrize("arguments", EXAMPLES, ids=lambda arguments: arguments.kind)
def test_arguments_come_back_from_the_table_as_they_were(arguments):
    content = json.loads(json.dumps(asdict(arguments)))
    assert read_arguments(arguments.kind, arguments.device, content) == arguments


def test_every_kind_has_a_title_that_tells_it_from_the_others():
    assert [arguments.kind for arguments in EXAMPLES] == list(KINDS)
    assert [(each.title, each.details, each.device) for each in EXAMPLES] == [
        ("small on imagenet", ("at most 5 images",), "auto"),
        ("Diagnosis of small on diorama/location", (), "auto"),
        ("Probe of small on focus", ("seed 3",), "auto"),
        ("Alignment of small on diorama/clean", ("at most 2,000 images", "LayerCAM"), "auto"),
        ("Images of si-score/size in /set", ("2 backgrounds a cut-out", "at least 50% inside"), "cpu"),
        ("Logits soup.npy as soup", ("rows by class",), "cpu"),
        ("Predictions preds.csv as soup on imagenet", ("of resnet50", "partial"), "cpu"),
        ("Embedded models on all of Diorama", (), "auto"),
        ("Facts about the images of imagenet", ("all anew",), "cpu"),
        ("Fetch imagenet-a", ("from a.tar", "another file than the known one is accepted"), "cpu"),
    ]


def test_a_folder_of_images_is_refused_where_the_data_folder_has_them(tmp_path):
    with pytest.raises(UsageError, match="'imagenet' has its images in the folder of --data"):
        Evaluation("small", "imagenet", str(tmp_path), images=str(tmp_path)).checked()


def test_masks_alone_go_into_the_queue_with_their_images(tmp_path):
    (tmp_path / "masks" / "val").mkdir(parents=True)
    asked = Evaluation("small", "hard-imagenet", str(tmp_path / "masks"))
    with pytest.raises(DataError, match="no folder of ImageNet's images is known"):
        asked.checked()
    with pytest.raises(StorageError, match="photos is not a folder"):
        replace(asked, images=str(tmp_path / "photos")).checked()
    (tmp_path / "photos").mkdir()
    assert replace(asked, images=f"{tmp_path}/masks/../photos").checked().images == str(tmp_path / "photos")
    # What was found without being told goes along, so that a later choice changes no waiting job.
    paths.remember_data("imagenet", tmp_path / "photos")
    assert asked.checked().images == str(tmp_path / "photos")


def test_a_diagnosis_is_a_job(diagnosed):
    job = done(diagnosed)
    run = store.find_run(COMPOSED, EMBEDDED_MODEL, view="clean")
    assert job.arguments == replace(diagnosed, identity=run.identity), "the result is named for good"
    assert job.result == {"model": run.model, "benchmark": COMPOSED, "identity": run.identity}
    assert (job.progress.done, job.progress.total) == (3, 3)
    assert diagnosis.stored(run)["sample_id"].nunique() == 3


@pytest.mark.slow
def test_a_diagnosis_is_cancelled_and_goes_on_where_it_was(diagnosed):
    job = jobs.submit(replace(diagnosed, limit=300))
    run = store.find_run(COMPOSED, EMBEDDED_MODEL, view="clean")
    assert until(lambda: (now := jobs.find_job(job.id)).progress is not None and now.progress.done >= 2)
    jobs.cancel(job.id)
    assert until(lambda: state_of(job) == "cancelled")
    kept = diagnosis.stored(run)["sample_id"].unique().tolist()
    assert 2 <= len(kept) < 300
    jobs.resume(job.id)
    assert until(lambda: (now := jobs.find_job(job.id)).progress is not None and now.progress.done > len(kept))
    jobs.cancel(job.id)
    assert until(lambda: state_of(job) == "cancelled")
    table = diagnosis.stored(run)
    assert table["sample_id"].unique().tolist()[: len(kept)] == kept
    assert not table.duplicated(["sample_id", "factor"]).any(), "nothing is asked twice"


def test_a_probe_is_a_job(probed):
    job = done(probed)
    run = store.find_run("focus", "small")
    assert job.result["identity"] == run.identity
    assert sorted(probes.read(run)["location"]) == ["snow", "street"]


@pytest.mark.slow
def test_an_alignment_is_a_job_that_goes_on_where_it_was(aligned):
    job = done(aligned)
    run = store.find_run("diorama/clean", EMBEDDED_MODEL, view="clean")
    assert job.arguments == replace(aligned, identity=run.identity), "the result is named for good"
    assert job.result == {"model": run.model, "benchmark": "diorama/clean", "identity": run.identity}
    assert (job.progress.done, job.progress.total) == (3, 3)
    kept = alignments.stored(run)["sample_id"].tolist()
    job = jobs.submit(replace(aligned, limit=None))
    assert until(lambda: (now := jobs.find_job(job.id)).progress is not None and now.progress.done > len(kept))
    jobs.cancel(job.id)
    assert until(lambda: state_of(job) == "cancelled")
    table = alignments.stored(run)
    assert len(kept) < len(table) < 1500
    assert set(kept) < set(table["sample_id"])


@pytest.mark.slow
def test_a_set_of_images_is_made_by_a_job_of_the_cpu_queue(cutouts, backgrounds, tmp_path):
    job = done(Generation(str(cutouts), str(backgrounds), "rotation", str(tmp_path / "set")))
    assert job.result == {"benchmark": "si-score/rotation", "folder": str(tmp_path / "set")}
    # 4 cut-outs, each at 4 sizes and 18 angles.
    assert (job.progress.done, job.progress.total) == (288, 288)
    assert len(open_benchmark("si-score/rotation", tmp_path / "set").samples()) == 288


def test_logits_are_imported_by_a_job_of_the_cpu_queue(tmp_path):
    write_annotations(tmp_path / "a")
    (tmp_path / "a" / "val.txt").write_text("".join(f"{name(n)} {TENCH}\n" for n in range(1, 6)))
    logits = np.lib.format.open_memmap(tmp_path / "soup.npy", mode="w+", dtype=np.float16, shape=(50_000, 1000))
    logits[:, TENCH] = 10
    logits.flush()
    job = done(Import(str(tmp_path / "soup.npy"), " soup ", str(tmp_path / "a")))
    assert job.result["identity"] == store.find_run("imagenet-multilabel", "soup").identity
    assert job.progress == Progress(2, 2, stage="stored")
    assert store.find_run("imagenet-m", "soup").complete


def test_predictions_are_imported_by_a_job_of_the_cpu_queue(colour_folder, tmp_path):
    names = open_benchmark("imagenet", colour_folder).samples()["sample_id"]
    rows = "".join(f"{each},{each.split('/')[0]}\n" for each in names)
    (tmp_path / "p.csv").write_text(f"file,top1\n{rows}")
    job = done(Predictions(str(tmp_path / "p.csv"), " net ", "imagenet", str(colour_folder)))
    assert job.result["identity"] == store.find_run("imagenet", "net").identity
    assert job.progress == Progress(3, 3, stage="stored")
    assert paths.remembered_data("imagenet") == colour_folder


def test_images_are_described_by_a_job_of_the_cpu_queue(colour_folder):
    job = done(Description("imagenet", str(colour_folder)))
    assert job.result == {"benchmark": "imagenet", "folder": str(paths.data_home() / "described" / "imagenet")}
    assert (job.progress.done, job.progress.total, job.progress.failed) == (24, 24, 0)
    assert paths.remembered_data("imagenet") == colour_folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (Diagnosis("small", "diorama/locatoin"), "Did you mean 'diorama/location'"),
        (Diagnosis("small", COMPOSED), f"no result of model 'small' on benchmark '{COMPOSED}'"),
        (Diagnosis("small", COMPOSED, limit=0), "limit is 0, but must be at least 1"),
        (Diagnosis("small", COMPOSED, device="gpu"), "unknown device 'gpu'"),
        (Probe("small", "diorama/settings"), "no result of model 'small'"),
        (Probe("small", "fokus"), "Did you mean 'focus'"),
        (Probe("small", "diorama/settings", seed=-1), "seed is -1, but must be at least 0"),
        (Alignment("small", "diorama/clean"), "no result of model 'small'"),
        (Alignment("small", "diorama/clena"), "Did you mean 'diorama/clean'"),
        (Alignment("small", "diorama/clean", method="grad-cma"), "Did you mean 'grad-cam'"),
        (Alignment("small", "diorama/clean", limit=0), "limit is 0, but must be at least 1"),
        (Generation("/none", "/none", "size", "/set"), "foregrounds '/none' is not a folder on this machine"),
        (Generation("/", "/none", "size", "/set"), "backgrounds '/none' is not a folder on this machine"),
        (Generation("/", "/", "sise", "/set"), "Did you mean 'size'"),
        (Generation("/", "/", "size", "/set", per_object=0), "per_object is 0, but must be at least 1"),
        (Generation("/", "/", "size", "/set", min_inside=1.5), "min_inside is 1.5, but must be a share from 0 to 1"),
        (Generation("/", "/", "size", __file__), "is a file; give a new folder"),
        (Import("/none.npy", "soup"), "'/none.npy' is not a file on this machine"),
        (Import("/none.npy", " "), "the model has no name"),
        (Import("/none.npy", "soup", order="files"), "Did you mean 'file'"),
        (Predictions("/none.csv", "net", "diorama/clean"), "'/none.csv' is not a file on this machine"),
        (Predictions(__file__, "net", "diorama/clean"), r"'test_kinds\.py' is none of \.csv"),
        (Predictions(DATA_CSV, " ", "diorama/clean"), "the model has no name"),
        (Predictions(DATA_CSV, "net", "diorama/claen"), "Did you mean 'diorama/clean'"),
        (Predictions(DATA_CSV, "net", "diorama/clean", label_space="focus"), "Did you mean 'focus-10'"),
        (Predictions(DATA_CSV, "net", "diorama/clean", first_class=2), "the first class has the index 0 or 1, not 2"),
        (Description("diorama/claen"), "Did you mean 'diorama/clean'"),
        (Description("imagenet"), "no data folder is known for 'imagenet'"),
        (Description("imagenet", "/none"), "/none, is not a folder"),
        (Description("diorama/clean", images="/"), "'diorama/clean' has its images in the folder of --data"),
        (Refresh(workers=0), "workers is 0, but must be at least 1"),
    ],
)
def test_work_that_cannot_be_right_is_refused_before_it_is_queued(arguments, message):
    with pytest.raises(UsageError, match=message):
        jobs.submit(arguments)
    assert jobs.list_jobs() == []


def test_photographs_are_refused_a_diagnosis_a_probe_and_an_alignment(toy_model, colour_folder):
    paths.remember_data("imagenet", colour_folder)
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    with pytest.raises(UsageError, match="'imagenet' is not of composed scenes"):
        jobs.submit(Diagnosis(run.model, "imagenet"))
    with pytest.raises(UsageError, match="'imagenet' has no locations to probe for"):
        jobs.submit(Probe(run.model, "imagenet"))
    with pytest.raises(UsageError, match="'imagenet' has no object masks"):
        jobs.submit(Alignment(run.model, "imagenet"))


def test_a_refresh_tells_which_model_is_at_which_benchmark(monkeypatch):
    def two_images(bar, *, workers):
        with bar(f"model on benchmark, {workers} threads") as progress:
            progress(Progress(2, 2, stage="evaluating"))

    # The real one takes minutes and writes into the project.
    monkeypatch.setattr("core.embedded.refresh.refresh", two_images)
    job = done(Refresh(workers=4))
    assert job.progress == Progress(2, 2, stage="model on benchmark, 4 threads")
    assert Path(job.result["folder"]) == paths.embedded_results()
