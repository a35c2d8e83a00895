"""Stored runs answered by linear heads: what is kept, what a report says, and for which benchmarks there is none."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from core import benchmarks, models, store
from core.answers import report
from core.benchmarks import open_benchmark
from core.cli.main import app, main
from core.errors import DataError, UsageError
from core.evaluate import evaluate, features
from core.explain import head_fit, linear_head
from tests.manifests import make_manifest

VIEWS = ("clean", "gray", "gray-box", "tile", "mean-colour")
#: Accepted classes by class; a prediction of either of a class's is right.
CAT, DOG, FROG = (281, 282), (151, 152), (30, 31)
NAMES = {CAT: "cat", DOG: "dog", FROG: "frog"}
#: Six images each, in turn.
TWO = [CAT, DOG] * 6


def write(shown=TWO, *, n_done=None, failed=(), said=0):
    """Store a run whose network said ``said`` of everything, and features that tell the class.

    Under ``gray`` they are those of a cat, under the other ablations those of the image's own class.
    """
    names = [f"{number:02}.png" for number in range(len(shown))]
    samples = pd.DataFrame(
        {
            "sample_id": names,
            "accepted": [list(each) for each in shown],
            "cluster": names,
            "class": [NAMES.get(each, "other") for each in shown],
        }
    )
    path = store.samples_file("imagenet", "c" * 64, "imagenet-1k")
    store.write_samples(path, samples)
    manifest = make_manifest(
        "0123456789abcdef",
        n=len(names),
        num_classes=1000,
        samples=store.relative(path),
        samples_digest=store.digest_samples(samples),
        card=True,
        view="ablations",
    )
    done = names[:n_done]
    gone = np.repeat([name in failed for name in done], len(VIEWS))
    ranked = [[said, *range(900, 909)]] * len(gone)
    batch = pa.table(
        {
            "sample_id": np.repeat(done, len(VIEWS)),
            "view": VIEWS * len(done),
            "top10": [None if lost else row for row, lost in zip(ranked, gone, strict=True)],
            "top10_prob": [None if lost else [0.1] * 10 for lost in gone],
            "error": ["no object" if lost else None for lost in gone],
            "digest": pa.nulls(len(gone), pa.uint64()),
        },
        schema=store.PREDICTIONS_SCHEMA,
    )
    with store.open_writer(store.run_folder("imagenet", "m", "0123456789abcdef"), manifest) as writer:
        writer.append(batch)
        if n_done is None:
            writer.finish()
        writer.write_manifest(status="complete" if n_done is None else "failed")
    run = store.open_run(store.run_folder("imagenet", "m", "0123456789abcdef"))
    values = np.zeros((len(names), len(VIEWS), 3), np.float16)
    kinds = list(NAMES)
    for row, each in enumerate(shown):
        values[row, :, kinds.index(each) if each in kinds else 0] = 1
        values[row, 1] = (1, 0, 0)
    folder = features.folder(run)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / features.FEATURES, values)
    np.save(folder / features.HEAD, np.zeros((1000, 4), np.float32))
    return run


def test_answers_are_given_as_predictions_of_every_view():
    found = linear_head.cross_fitted(write())
    assert found.columns.tolist() == ["sample_id", "view", "top10", "top10_prob", "p_accepted", "error"]
    assert found["view"].tolist() == list(VIEWS) * 12
    assert found["error"].isna().all()
    # The first of a class's accepted classes names it.
    assert [list(each) for each in found["top10"][:5]] == [[281, 151]] * 5
    dog = found[found["sample_id"] == "01.png"].set_index("view")
    assert [each[0] for each in dog["top10"]] == [151, 281, 151, 151, 151]
    assert [len(each) for each in dog["top10_prob"]] == [2] * 5
    # Of two classes the probabilities add to one; under ``gray`` the image looks like a cat, as its own is not shown.
    assert dog["p_accepted"]["clean"] == pytest.approx(dog["top10_prob"]["clean"][0])
    assert dog["p_accepted"]["gray"] == pytest.approx(1 - dog["top10_prob"]["gray"][0])
    assert dog["p_accepted"]["clean"] > 0.8
    assert dog["p_accepted"]["gray"] < 0.2


def test_a_report_of_the_heads_has_the_tables_from_their_answers():
    run = write()
    content = json.loads(json.dumps(report.build(run, head=linear_head.cross_fitted(run))))
    assert content["head"] == "linear"
    assert content["warnings"] == []
    assert content["interval"].startswith("95 %, score interval over images, of cross-fitted answers")
    rows = {row["view"]: row for row in content["tables"]["ablation"]}
    assert [rows[view]["top1"] for view in VIEWS] == [1.0, 0.5, 1.0, 1.0, 1.0]
    assert (rows["gray"]["drop"], rows["gray"]["n"], rows["tile"]["drop"]) == (0.5, 12, 0.0)
    # All look like cats: what half of them gain the others lose, up to the five heads' differences.
    assert rows["gray"]["mean_p_accepted"] == pytest.approx(0.5, abs=0.01)
    assert rows["clean"]["mean_p_accepted"] > 0.8
    network = report.build(run)
    assert network["head"] is None
    assert "cross-fitted" not in network["interval"]
    assert network["tables"]["ablation"][0]["top1"] == 0.0


@pytest.mark.parametrize("policy", ["top1", "restricted"])
def test_heads_know_only_the_own_classes(policy):
    run = write()
    assert report.build(run, policy=policy, head=linear_head.cross_fitted(run))["overall"]["top1"] == pytest.approx(0.9)


def test_a_second_call_needs_neither_features_nor_fitting(monkeypatch):
    run = write()
    first = linear_head.cross_fitted(run)
    (features.folder(run) / features.FEATURES).unlink()

    def fitted(*_, **__):
        raise AssertionError("it is stored")

    monkeypatch.setattr(head_fit, "cross_fit", fitted)
    pd.testing.assert_frame_equal(linear_head.cross_fitted(run), first)


def test_corrected_labels_are_fitted_again():
    linear_head.cross_fitted(write())
    swapped = write([DOG, CAT] * 6)
    assert linear_head.read(swapped) is None
    assert linear_head.cross_fitted(swapped)["top10"][0][0] == 151


def test_images_that_failed_and_rare_classes_are_counted_with_the_reason():
    run = write([*TWO, FROG, ()], failed=("00.png",))
    content = report.build(run, head=linear_head.cross_fitted(run))
    assert (content["n_failed"], content["n"], content["n_samples"]) == (3, 11, 14)
    errors = linear_head.read(run).drop_duplicates("sample_id").set_index("sample_id")["error"].dropna()
    assert errors.to_dict() == {
        "00.png": "no object",
        "12.png": "its class 'frog' has 1 image, and a head needs 5",
        "13.png": "it has no accepted class",
    }
    assert any("3 images could not be evaluated and are not counted" in said for said in content["warnings"])


def test_a_failed_image_does_not_help_a_class_to_be_large_enough():
    failed = ("00.png", "02.png")
    with pytest.raises(UsageError, match="1 of the 2 classes"):
        linear_head.cross_fitted(write(failed=failed))


def test_of_a_run_under_way_only_what_is_there_takes_part():
    run = write([*TWO, *TWO], n_done=12)
    found = linear_head.cross_fitted(run)
    assert found["sample_id"].nunique() == 12
    content = report.build(run, head=found)
    assert content["n"] == 12
    assert any("partial: 12 of 24" in said for said in content["warnings"])


def test_overlapping_classes_are_refused_with_the_class_that_is_shared():
    with pytest.raises(UsageError, match="needs images of one class each, and on 'imagenet' 'tabby"):
        linear_head.cross_fitted(write([*TWO, (281,)]))


def test_without_features_and_data_the_way_to_name_a_folder_is_said():
    run = write()
    (features.folder(run) / features.FEATURES).unlink()
    with pytest.raises(DataError, match="python -m core relink"):
        linear_head.cross_fitted(run)


ASKED = ("report", "--model", "m", "--benchmark", "imagenet", "--view", "ablations")


def test_the_command_says_who_answers():
    write()
    done = CliRunner().invoke(app, [*ASKED, "--head", "linear"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "m on imagenet (linear head on its features, cross-fitted) (ablations: mean over 5 views" in done.output
    assert "of cross-fitted answers" in done.output
    network = CliRunner().invoke(app, ASKED, env={"COLUMNS": "200"})
    assert "linear head" not in network.output
    assert json.loads(CliRunner().invoke(app, [*ASKED, "--head", "linear", "--json"]).output)["head"] == "linear"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--head", "lineal"), "--head 'lineal' is unknown. Did you mean 'linear'?"),
        (("--head", "linear", "--as-published"), "--as-published and --head linear are two reports"),
    ],
)
def test_what_cannot_be_asked_is_said(more, said, capsys):
    write()
    with pytest.raises(SystemExit) as stop:
        main([*ASKED, *more])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.slow
def test_of_the_embedded_world_features_are_made_and_the_heads_know_the_objects():
    run = evaluate(
        models.load("test_efficientnet.diorama", device="cpu"),
        open_benchmark("diorama/clean"),
        view="ablations",
        limit=120,
    )
    seen = []
    found = linear_head.cross_fitted(run, progress=seen.append)
    assert {state.stage for state in seen} == {"features", "linear heads"}
    assert next(state.total for state in reversed(seen) if state.stage == "features") == 120
    rows = {row["view"]: row for row in report.build(run, head=found)["tables"]["ablation"]}
    assert rows["clean"]["n"] >= 60
    assert rows["clean"]["top1"] > 0.8
    # Without the object little is left: of ten classes one in ten is guessed.
    assert rows["gray-box"]["top1"] < 0.5


@pytest.mark.shared
def test_six_photos_are_too_few(shared, tmp_path, toy_model):
    source = shared / "data" / "hard-imagenet-mini"
    for path in sorted((source / "val").iterdir()):
        wnid, _, file = path.name.partition("_")
        folder = tmp_path / "imagenet" / "val" / wnid
        folder.mkdir(parents=True)
        (folder / file).symlink_to(shared / "data" / "imagenet-sample" / wnid / file)
    benchmark = benchmarks.open_and_remember("hard-imagenet", source, tmp_path / "imagenet")
    run = evaluate(toy_model, benchmark, view="ablations")
    with pytest.raises(UsageError, match=r"two classes with 5 images each, .* 0 of the 6 classes .* \(6 images"):
        linear_head.cross_fitted(run, benchmark)
    assert not features.folder(run).exists()
