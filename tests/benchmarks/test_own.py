import json
import os
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from core import benchmarks, labels, models, paths, store
from core.answers import questions, report, spans
from core.errors import DataError, ImageError, LabelSpaceError, UsageError
from core.evaluate import evaluate
from core.evaluate.plan import Plan
from core.own import entries
from core.own.add import keep, understand
from tests.conftest import REPO, TOY_TRANSFORM
from tests.own.folders import write

#: Colour that the toy classifier tells from others, label, light, cluster.
ROWS = [
    ("red", "tench", "day", "p"),
    ("green", "tench", "day", "p"),
    ("green", "goldfish", "night", "q"),
    ("red", "tench|goldfish", "night", "q"),
]
COLOURS = {"red": (220, 10, 10), "green": (10, 220, 10)}


def add(root, name="mine", rows=ROWS, header="file,label,light", **options):
    root.mkdir(exist_ok=True)
    lines = [header]
    for number, (colour, label, *more) in enumerate(rows):
        Image.new("RGB", (40, 36), COLOURS[colour]).save(root / f"{number}.png")
        lines.append(",".join([f"{number}.png", label, *more[: header.count(",") - 1]]))
    table = write(root.parent / f"{name}.csv", "\n".join(lines) + "\n")
    return keep(understand(name, root, table, published=benchmarks.published_benchmarks(), **options))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "photos"


def test_what_was_added_is_known_at_once_and_gone_once_removed(folder):
    assert "mine" not in benchmarks.known_benchmarks()
    add(folder)
    known = benchmarks.benchmark_class("mine")
    assert benchmarks.known_benchmarks()["mine"] is known
    assert known.card().factors[0].name == "light"
    assert benchmarks.find_data("mine") == folder
    assert list(benchmarks.known_benchmarks())[:-1] == list(benchmarks.published_benchmarks())
    entries.remove("mine")
    assert "mine" not in benchmarks.known_benchmarks()
    assert benchmarks.find_data("mine") is None
    with pytest.raises(UsageError, match="unknown benchmark 'mine'"):
        benchmarks.open_benchmark("mine")


def test_an_evaluation_counts_any_label_as_right(folder, toy_model):
    add(folder)
    run = evaluate(toy_model, benchmarks.open_benchmark("mine"))
    # Red is tench, green goldfish to the toy: of day's two one is right, of night's both.
    by_light = questions.answer(run, questions.Question(by=("light",)))
    assert by_light[["light", "value", "n"]].to_numpy().tolist() == [["day", 0.5, 2], ["night", 1.0, 2]]
    content = report.build(run)
    assert content["overall"]["top1"] == 0.75
    assert [row["light"] for row in content["tables"]["by_light"]] == ["day", "night"]
    shown = questions.behind(run, questions.Question(where=(questions.Where.equals("light", "day"),)))
    assert sorted(shown["sample_id"]) == ["0.png", "1.png"]


def test_a_number_is_one_factor_whose_bins_open_their_images(folder, toy_model):
    rows = [("red", "tench", str(number)) for number in range(40)]
    add(folder, rows=rows, header="file,label,x")
    run = evaluate(toy_model, benchmarks.open_benchmark("mine"))
    answer = questions.answer(run, questions.Question(by=("x",)))
    assert answer["n"].tolist() == [4] * 10
    binned = spans.binned(run, questions.factor_of(run, "x"))
    for centre in answer["x"]:
        clicked = questions.Where.within("x", binned.span_of(centre))
        assert len(questions.behind(run, questions.Question(where=(clicked,)))) == 4
    rows = report.build(run)["tables"]["by_x"]
    assert [row["n"] for row in rows] == [4] * 10
    assert [(row["x_from"], row["x_to"]) for row in rows[:2]] == [(0, 4), (4, 8)]
    with pytest.raises(UsageError, match="x_binned"):
        questions.factor_of(run, "x_binned")


def test_clusters_are_those_of_the_column(folder, toy_model):
    add(folder, header="file,label,light,group")
    run = evaluate(toy_model, benchmarks.open_benchmark("mine"))
    answer = questions.answer(run, questions.Question())
    assert (answer["n"][0], answer["n_clusters"][0]) == (4, 2)
    assert "over groups" in report.build(run)["interval"]


def test_a_changed_table_is_said_and_not_mixed_in(folder):
    add(folder)
    benchmark = benchmarks.open_benchmark("mine")
    before, stamp = benchmark.samples(), benchmarks.label_stamp(benchmark)
    assert not benchmark.notes
    table = folder.parent / "mine.csv"
    table.write_text(table.read_text().replace("night", "dusk"))
    again = benchmarks.open_benchmark("mine")
    assert again.samples().equals(before)
    assert "has changed since 'mine' was added" in again.notes[0]
    assert benchmarks.label_stamp(again) != stamp


def test_predictions_outlast_new_labels(folder, toy_model):
    add(folder)
    first = evaluate(toy_model, benchmarks.open_benchmark("mine"))
    add(folder, rows=[("red", "tench", "day"), ("green", "goldfish", "dusk"), *ROWS[2:]])
    again = evaluate(toy_model, benchmarks.open_benchmark("mine"))
    assert again.identity == first.identity
    assert report.build(again)["overall"]["top1"] == 1.0


def test_images_that_are_gone_are_left_out_and_said(folder, tmp_path):
    add(folder)
    (folder / "1.png").unlink()
    benchmark = benchmarks.open_benchmark("mine")
    assert benchmark.samples()["sample_id"].tolist() == ["0.png", "2.png", "3.png"]
    assert "1 of 4 images are not in" in benchmark.notes[0]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"none of the 4 images of 'mine' is in .*--data DIR"):
        benchmarks.open_benchmark("mine", tmp_path / "empty").samples()


def test_a_folder_that_was_moved_is_told_with_data_and_remembered(folder, tmp_path):
    add(folder)
    digest = benchmarks.open_benchmark("mine").pool_digest()
    shutil.move(folder, tmp_path / "moved")
    with pytest.raises(UsageError, match="is not a folder: give the right one with --data DIR"):
        benchmarks.open_benchmark("mine")
    assert benchmarks.open_and_remember("mine", tmp_path / "moved").pool_digest() == digest
    assert benchmarks.open_benchmark("mine").root == tmp_path / "moved"
    # Added anew from a third place, that is where it is.
    add(tmp_path / "third")
    assert benchmarks.open_benchmark("mine").root == tmp_path / "third"


def test_other_files_of_the_folder_do_not_change_the_pool(folder):
    add(folder)
    digest = benchmarks.open_benchmark("mine").pool_digest()
    Image.new("RGB", (4, 4)).save(folder / "another.png")
    assert benchmarks.open_benchmark("mine").pool_digest() == digest
    Image.new("RGB", (50, 50)).save(folder / "0.png")
    assert benchmarks.open_benchmark("mine").pool_digest() != digest


def test_damaged_or_lost_samples_are_a_clear_error(folder):
    kept = add(folder)
    path = entries.folder() / kept.samples
    path.write_bytes(b"PAR1 no more")
    with pytest.raises(DataError, match=r"are damaged .* add them again"):
        benchmarks.open_benchmark("mine").samples()
    path.unlink()
    with pytest.raises(DataError, match="are gone: add them again"):
        benchmarks.open_benchmark("mine").samples()


def test_another_process_makes_the_class_from_the_entry(folder, tmp_path):
    add(folder)
    benchmark = benchmarks.open_benchmark("mine")
    assert pickle.loads(pickle.dumps(benchmark)).samples().equals(benchmark.samples())
    (tmp_path / "pickled").write_bytes(pickle.dumps(benchmark))
    code = "import pickle, sys; print(len(pickle.load(open(sys.argv[1], 'rb')).samples()))"
    # Its own data folder is another.
    environment = {**os.environ, "OFFCENTER_DATA": str(tmp_path / "other"), "PYTHONPATH": str(REPO)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "pickled")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (done.stdout.strip(), done.stderr) == ("4", "")


def test_masks_are_read_and_needed_views_can_be_had(folder, toy_model):
    folder.mkdir()
    mask = np.zeros((36, 40), np.uint8)
    mask[:18] = 255
    Image.fromarray(mask).save(folder / "m0.png")
    Image.new("L", (9, 36), 255).save(folder / "m1.png")
    rows = [("red", "tench", "m0.png"), ("red", "tench", "m1.png"), ("red", "tench", "")]
    add(folder, rows=rows, header="file,label,mask")
    benchmark = benchmarks.open_benchmark("mine")
    assert benchmark.mask("0.png").mean() == 0.5
    with pytest.raises(ImageError, match="does not show the same frame"):
        benchmark.mask("1.png")
    assert benchmark.mask("2.png") is None
    assert "mask_file" not in benchmark.samples()
    assert Plan.of(toy_model, benchmark, "ablations").views.needs_mask
    (folder / "m0.png").unlink()
    with pytest.raises(ImageError, match="is not there any more"):
        benchmark.mask("0.png")
    add(folder.parent / "plain", "plain")
    with pytest.raises(UsageError, match="needs object masks"):
        Plan.of(toy_model, benchmarks.open_benchmark("plain"), "ablations")


class Two(torch.nn.Module):
    """Class 0 is red, class 1 green."""

    num_classes = 2

    def forward(self, inputs):
        return inputs.mean(dim=(2, 3))[:, :2] * 10


@pytest.fixture
def apples(folder, tmp_path):
    """Two classes of a user's own."""
    rows = [("red", "Tomato", "day"), ("green", "apple", "day"), ("green", "tomato", "night")]
    add(folder, rows=rows, classes=write(tmp_path / "classes.txt", "tomato\napple\n"))
    return benchmarks.open_benchmark("mine")


def test_a_model_of_classes_of_ones_own_is_told_by_its_names(apples):
    space = apples.label_spaces[0]
    assert labels.identify(2, ["Tomato", "apple"]) == labels.identify(2, {"0": "tomato", "1": "Apple"}) == space
    assert (
        labels.identify(2, ["apple", "tomato"]) == labels.identify(2) == labels.identify(2, ["tomato"]) == "classes-2"
    )
    model = models.from_module(Two(), "two", label_space=space, transform=TOY_TRANSFORM)
    run = evaluate(model, apples)
    assert report.build(run)["overall"]["top1"] == pytest.approx(2 / 3)
    assert labels.class_names(run.label_space, [1]) == ["apple"]


def test_a_model_without_names_is_taken_in_the_order_of_the_list_and_it_is_said(apples):
    assert apples.samples("classes-2")["accepted"].tolist() == [[0], [1], [0]]
    assert "names no classes" in apples.notes[0]
    with pytest.raises(LabelSpaceError, match=r"\(2\), and this model has 'imagenet-1k': put the names"):
        apples.samples("imagenet-1k")
    with pytest.raises(LabelSpaceError, match="classes-3"):
        apples.samples("classes-3")


def test_labels_of_imagenet_need_a_model_of_imagenet(folder):
    add(folder)
    with pytest.raises(LabelSpaceError, match=r"and this model has 'classes-7': .*--classes FILE"):
        benchmarks.open_benchmark("mine").samples("classes-7")


def test_categories_of_focus_are_classes_of_imagenet_too(folder):
    add(folder, rows=[("red", "dog", "day"), ("red", "dog|cat", "night")], classes="focus-10")
    benchmark = benchmarks.open_benchmark("mine")
    wider = labels.focus_to_imagenet()
    found = benchmark.samples("imagenet-1k")["accepted"].tolist()
    assert found == [sorted(wider["dog"]), sorted([*wider["dog"], *wider["cat"]])]
    assert benchmark.samples("focus-10")["accepted"][0] == [list(wider).index("dog")]


def test_an_entry_of_a_published_name_hides_nothing(folder):
    kept = add(folder)
    content = json.loads(kept.path.read_text())
    (entries.folder() / "imagenet.json").write_text(json.dumps({**content, "name": "imagenet"}))
    assert benchmarks.benchmark_class("imagenet") is benchmarks.published_benchmarks()["imagenet"]


def test_results_outlast_the_entry(folder, toy_model):
    add(folder)
    evaluate(toy_model, benchmarks.open_benchmark("mine"))
    entries.remove("mine")
    run = store.find_run("mine", toy_model.name)
    assert report.build(run)["overall"]["top1"] == 0.75
    assert paths.remembered_data("mine") is None
