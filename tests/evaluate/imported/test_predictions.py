"""A file of another framework becomes a run with the same numbers; what it does not say is not known."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from core import metrics, store
from core.answers import exporting, joined, report
from core.benchmarks import open_benchmark
from core.cli.main import main
from core.errors import DataError, LabelSpaceError, UsageError
from core.evaluate.imported.predictions import import_predictions
from core.evaluate.loop import evaluate
from core.labels import IMAGENET_1K, label_space
from tests.conftest import BLUE_WNID, GREEN_WNID, RED_WNID

MODEL = "test_efficientnet.diorama"
RIGHT = {RED_WNID: 0, GREEN_WNID: 1, BLUE_WNID: 2}


@pytest.fixture
def colours(colour_folder):
    return open_benchmark("imagenet", colour_folder)


@pytest.fixture
def exported(embedded_results):
    """What the embedded model says of Diorama's held-out pictures."""
    return exporting.predictions(store.find_run("diorama/clean", MODEL))


def written(tmp_path, table, name="p.csv"):
    path = tmp_path / name
    table.to_csv(path, index=False)
    return path


def of_colours(benchmark, wrong=()):
    """A row for each image, right but for some."""
    names = benchmark.samples()["sample_id"]
    top1 = [9 if name in wrong else RIGHT[name.split("/")[0]] for name in names]
    return pd.DataFrame({"file": names, "top1": top1})


def test_the_evaluated_and_the_imported_run_say_the_same(colours, toy_model, tmp_path):
    own = evaluate(toy_model, colours, device="cpu", keep_logits=True)
    names, logits = store.read_logits(own)
    np.savez(tmp_path / "p.npz", files=np.array(names), logits=logits.astype(np.float32))
    run = import_predictions(tmp_path / "p.npz", "other", colours).run
    assert run.complete
    # 24 images, one of another colour than its folder.
    assert report.build(run)["overall"]["top1"] == pytest.approx(23 / 24)
    columns = ["sample_id", "correct", "correct_top5", "predicted", "rank"]
    mine, theirs = joined.compact(own), joined.compact(run)
    pd.testing.assert_frame_equal(mine[columns], theirs[columns])
    assert np.allclose(mine["p_accepted"].astype(float), theirs["p_accepted"].astype(float), atol=2e-3)
    assert report.build(own)["tables"] == report.build(run)["tables"]


def test_an_export_of_our_own_is_read_again_with_the_same_report(exported, tmp_path):
    exporting.export(exported, tmp_path / "p.csv")
    benchmark = open_benchmark("diorama/clean")
    run = import_predictions(tmp_path / "p.csv", "other", benchmark).run
    own, other = report.build(store.find_run("diorama/clean", MODEL)), report.build(run)
    for name in ("overall", "tables", "n", "n_failed", "policy", "interval", "samples_digest"):
        assert own[name] == other[name]
    assert (run.label_space, other["imported"], other["precision"]) == ("focus-10", True, "as imported")
    assert any(line.startswith("imported:") for line in other["warnings"])
    assert exporting.predictions(run)["imported"].all()


def test_a_best_class_alone_leaves_top5_probability_and_rank_unknown(colours, tmp_path):
    wrong = colours.samples()["sample_id"].iloc[0]
    run = import_predictions(written(tmp_path, of_colours(colours, {wrong})), "bare", colours).run
    found = joined.compact(run).set_index("sample_id")
    assert found["correct"].sum() == 23
    assert found["correct_top5"].isna().all()
    assert found["confidence"].isna().all()
    assert found["p_accepted"].isna().all()
    assert pd.isna(found["rank"][wrong])
    assert (found["rank"].drop(wrong) == 1).all()
    assert report.build(run)["overall"]["top5"] is None
    with pytest.raises(UsageError, match="top-5 is not known, because fewer than five classes"):
        report.build(run, policy="top5")
    sample = joined.sample(run, wrong)
    assert (sample.is_right(), sample.is_right(5), sample.rank, sample.p_accepted) == (False, None, None, None)
    assert math.isnan(sample.top[0][1])


def test_five_classes_tell_top5_and_four_do_not(colours, tmp_path):
    table = of_colours(colours)
    for k in range(2, 6):
        table[f"top{k}"] = 100 + k
    five = import_predictions(written(tmp_path, table, "5.csv"), "five", colours).run
    four = import_predictions(written(tmp_path, table.drop(columns="top5"), "4.csv"), "four", colours).run
    assert report.build(five)["overall"]["top5"] == 1.0
    assert report.build(four)["overall"]["top5"] is None


def test_all_of_a_few_classes_tell_top5():
    samples = pd.DataFrame({"sample_id": ["a"], "accepted": [[2]]})
    said = pd.DataFrame({"sample_id": ["a"], "top10": [[0, 1, 2]], "error": [None]})
    assert metrics.join(samples, said, 3)["correct_top5"].tolist() == [1.0]
    assert metrics.join(samples, said, 4)["correct_top5"].isna().all()


def test_missing_images_refuse_unless_partial_is_asked_for(colours, tmp_path):
    path = written(tmp_path, of_colours(colours).head(20))
    with pytest.raises(UsageError, match=r"4 images of 24 have no prediction \('n0.*\)\. .*the other 20 .*--partial"):
        import_predictions(path, "part", colours)
    assert store.list_runs() == []
    found = import_predictions(path, "part", colours, partial=True)
    assert (found.run.n_done, found.run.n_samples, found.run.complete) == (20, 24, False)
    assert found.run.manifest.status == "partial"
    warnings = report.build(found.run)["warnings"]
    assert "partial: 20 of 24 images are done (those that its file has, which may be no fair sample)" in warnings
    assert any("Images that no row is about: 4: 'n01" in sentence for sentence in found.said)


def test_rows_without_a_class_are_images_without_a_prediction(colours, tmp_path):
    table = of_colours(colours).astype({"top1": object})
    table.loc[0, "top1"] = ""
    found = import_predictions(written(tmp_path, table), "part", colours, partial=True)
    assert found.run.n_done == 23
    assert "Rows that name no class, whose images have no prediction: 1." in found.said


def test_the_identity_is_over_the_file_and_the_images(colours, tmp_path):
    table = of_colours(colours)
    first = import_predictions(written(tmp_path, table, "a.csv"), "net", colours).run
    again = import_predictions(written(tmp_path, table, "b.csv"), "net", colours).run
    assert (again.identity, again.n_done) == (first.identity, 24)
    table.loc[0, "top1"] = 5
    assert import_predictions(written(tmp_path, table, "a.csv"), "net", colours).run.identity != first.identity
    assert (first.source, first.precision, dict(first.preprocessing)) == ("predictions:a.csv", "as imported", {})
    assert first.is_imported


def many(tmp_path, shift):
    """300 images of 3 classes, in a folder as ImageNet's, and indices that are shifted."""
    root = tmp_path / "many"
    for wnid in RIGHT:
        (root / wnid).mkdir(parents=True)
        for number in range(100):
            (root / wnid / f"{number}.JPEG").write_bytes(b"")
    benchmark = open_benchmark("imagenet", root)
    table = of_colours(benchmark)
    return benchmark, written(tmp_path, table.assign(top1=table["top1"] + shift))


def test_indices_that_count_from_one_are_told_by_chance(tmp_path):
    benchmark, path = many(tmp_path, 1)
    with pytest.raises(DataError, match=r"0\.0 % of 300 images are right, which is chance .*With --first-class 1"):
        import_predictions(path, "net", benchmark)
    run = import_predictions(path, "net", benchmark, first_class=1).run
    assert report.build(run)["overall"]["top1"] == 1.0


def test_few_images_tell_that_indices_count_from_one(colours, tmp_path):
    table = of_colours(colours).assign(top1=lambda rows: rows["top1"] + 1)
    assert len(table) < 50
    with pytest.raises(DataError, match=r"images are right\. With --first-class 1, 100\.0 %"):
        import_predictions(written(tmp_path, table), "net", colours)
    # One class that is taken for the next one says nothing of where indices begin.
    one = of_colours(colours).assign(top1=1)
    assert report.build(import_predictions(written(tmp_path, one, "o.csv"), "one", colours).run)["n"] == len(one)
    wrong = of_colours(colours, wrong=colours.samples()["sample_id"][:1].tolist())
    run = import_predictions(written(tmp_path, wrong, "q.csv"), "net", colours).run
    assert report.build(run)["overall"]["top1"] < 1.0


def test_classes_in_another_order_are_told_by_chance(tmp_path):
    benchmark, path = many(tmp_path, 500)
    with pytest.raises(DataError, match="another order than those of 'imagenet-1k': give WordNet ids or names"):
        import_predictions(path, "net", benchmark)
    assert store.list_runs() == []


def test_rows_of_other_images_are_refused_with_examples(colours, tmp_path):
    path = written(tmp_path, pd.DataFrame({"file": ["x.jpg", "../y.jpg"], "top1": [0, 1]}))
    with pytest.raises(
        DataError, match=r"no row is about an image of 'imagenet'.*'x\.jpg', '\.\./y\.jpg'.*'n01440764/0\.png'"
    ):
        import_predictions(path, "net", colours, partial=True)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"space": "imagenet"}, "no labels in 'imagenet'. Did you mean 'imagenet-1k'"),
        ({"first_class": 2}, "the first class has the index 0 or 1, not 2"),
    ],
)
def test_settings_that_cannot_be_are_refused(colours, tmp_path, settings, said):
    with pytest.raises(UsageError, match=said):
        import_predictions(written(tmp_path, of_colours(colours)), "net", colours, **settings)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101, "\udcff"])
def test_a_name_that_cannot_be_shown_is_refused(colours, tmp_path, name):
    with pytest.raises(UsageError, match="name"):
        import_predictions(written(tmp_path, of_colours(colours)), name, colours)


def test_an_attached_model_must_have_made_the_predictions(exported, tmp_path):
    exporting.export(exported, tmp_path / "p.csv")
    benchmark = open_benchmark("diorama/clean")
    with pytest.raises(DataError, match=r"'test_vit\.diorama' and the file name the same class for \d of 8 images"):
        import_predictions(tmp_path / "p.csv", "other", benchmark, model="test_vit.diorama")
    assert [run.model for run in store.list_runs("diorama/clean") if run.is_imported] == []
    bare = import_predictions(tmp_path / "p.csv", "other", benchmark).run
    run = import_predictions(tmp_path / "p.csv", "other", benchmark, model=MODEL).run
    assert (run.identity, run.source, run.is_imported) == (bare.identity, MODEL, True)
    assert run.preprocessing["input_size"] == [3, 160, 160]
    assert any("says the same as the file of 8 of 8 images" in note for note in run.manifest.model.notes)
    # The model's own result is still what its name means.
    assert not store.find_run("diorama/clean", MODEL).is_imported
    # Importing again does not take the model away.
    assert import_predictions(tmp_path / "p.csv", "other", benchmark).run.source == MODEL


def test_a_model_of_other_classes_is_not_attached(colours, tmp_path, embedded_results):
    with pytest.raises(LabelSpaceError, match="has the label space 'focus-10', and the file is in 'imagenet-1k'"):
        import_predictions(written(tmp_path, of_colours(colours)), "net", colours, model=MODEL)


def run_cli(arguments, code=0):
    with pytest.raises(SystemExit) as ended:
        main([str(each) for each in arguments])
    assert ended.value.code == code


def test_the_command_says_how_the_file_was_read(colour_folder, colours, tmp_path, capsys):
    names = label_space(IMAGENET_1K).names
    table = of_colours(colours)
    path = written(
        tmp_path, table.assign(file="/data/" + table["file"], top1=[names[index] for index in table["top1"]])
    )
    command = ["import", "predictions", path, "--benchmark", "imagenet", "--data", colour_folder, "--name", "net"]
    run_cli(command)
    out = capsys.readouterr().out
    assert "Read from 'top1', without probabilities, as classes of imagenet-1k." in out
    assert "Images found in the file: 24 of 24; 24 by the end of its path, under another folder." in out
    assert "24 predictions of net on imagenet, imported" in out
    run_cli([*command, "--json"])
    assert json.loads(capsys.readouterr().out)["n"] == 24
    run_cli(["report", "--model", "net", "--benchmark", "imagenet"])
    shown = capsys.readouterr()
    assert "net on imagenet, imported: top1 100.0 %" in shown.out
    assert "file " in shown.out
    assert "imported: these predictions were made elsewhere" in shown.err
    run_cli(["import", "predictions", tmp_path / "no.csv", "--benchmark", "imagenet", "--name", "net"], 2)
