"""Which images count, what they accept, and the numbers that follow."""

import json

import numpy as np
import pandas as pd
import pytest

from core.benchmarks import imagenet_scores, open_benchmark
from core.benchmarks.imagenet_annotations import read_original_classes
from core.errors import DataError
from core.metrics import intervals
from tests.validation_images import GOLDFISH, MAILBOX, SHARK, TENCH, name, wnid, write_annotations, write_images


@pytest.fixture
def val(tmp_path):
    write_images(tmp_path / "val", flat=False)
    write_annotations(tmp_path / "val")
    return tmp_path / "val"


def test_accepted_is_correct_and_unclear_and_problematic_images_are_left_out(val):
    samples = open_benchmark("imagenet-multilabel", val).samples()
    assert samples["sample_id"].tolist() == [name(1), name(2), name(3), name(4)]
    assert samples["accepted"].tolist() == [[TENCH], [TENCH, GOLDFISH], [TENCH], [SHARK, MAILBOX]]
    assert samples["original"].tolist() == [TENCH, TENCH, TENCH, SHARK]


def test_imagenet_m_is_its_own_images(val):
    assert open_benchmark("imagenet-m", val).samples()["sample_id"].tolist() == [name(1), name(4)]


def test_flat_images_and_class_folders_give_the_same_samples(val, tmp_path):
    flat = tmp_path / "flat"
    write_images(flat, flat=True)
    write_annotations(flat)
    (flat / "val.txt").write_text(
        "".join(f"{name(n)} {c}\n" for n, c in zip(range(1, 6), [0, 0, 0, 2, 2], strict=True))
    )
    benchmark = open_benchmark("imagenet-multilabel", flat)
    pd.testing.assert_frame_equal(benchmark.samples(), open_benchmark("imagenet-multilabel", val).samples())
    assert benchmark.image(name(4)).size == (40, 36)


def test_without_original_classes_flat_images_are_still_judged_by_annotations(tmp_path):
    write_images(tmp_path / "flat", flat=True)
    write_annotations(tmp_path / "flat")
    samples = open_benchmark("imagenet-multilabel", tmp_path / "flat").samples()
    assert set(samples["class"]) == {"unknown"}
    assert samples["accepted"].map(len).tolist() == [1, 2, 1, 2]


def test_annotated_images_that_are_not_here_are_left_out_and_counted(val):
    (val / wnid(SHARK) / name(4)).unlink()
    benchmark = open_benchmark("imagenet-multilabel", val)
    assert len(benchmark.samples()) == 3
    assert benchmark.notes == ["1 of 4 annotated images are not here; left out."]


def test_annotations_may_lie_above_the_images(val):
    (val / "human_accuracy_v3.0.0.json").rename(val.parent / "human_accuracy_v3.0.0.json")
    assert len(open_benchmark("imagenet-multilabel", val).samples()) == 4


def test_without_annotations_the_error_names_the_file(val):
    (val / "human_accuracy_v3.0.0.json").unlink()
    with pytest.raises(DataError, match=r"human_accuracy_v3.0.0.json is neither in .* nor above it. Put human"):
        open_benchmark("imagenet-multilabel", val).samples()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content.pop("imagenet_m"), "has no 'imagenet_m'"),
        (lambda content: content["initial_annots"][name(1)]["wrong"].append("n99"), "'n99' is not a WordNet id"),
        (lambda content: content.update(initial_annots={"other.png": {}}), "no image in 'initial_annots'"),
    ],
)
def test_a_file_that_is_no_annotations_is_refused_with_its_fault(val, change, said):
    path = val / "human_accuracy_v3.0.0.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=said):
        open_benchmark("imagenet-multilabel", val).samples()


@pytest.mark.parametrize("line", ["ILSVRC2012_val_00000001.JPEG", "cat.jpg 3", "ILSVRC2012_val_00000001.JPEG 1000"])
def test_a_line_that_gives_no_class_is_named(tmp_path, line):
    path = tmp_path / "val.txt"
    path.write_text(f"{name(2)} 1\n{line}\n")
    with pytest.raises(DataError, match="line 2"):
        read_original_classes(path)


def test_kaggles_list_gives_the_first_class_of_each_image(tmp_path):
    path = tmp_path / "LOC_val_solution.csv"
    path.write_text(f"ImageId,PredictionString\nILSVRC2012_val_00000004,{wnid(SHARK)} 85 1 499 272 \n")
    assert read_original_classes(path) == {name(4): SHARK}


def said_of(predicted, original, correct):
    """A joined table: best class, original class, whether it is accepted."""
    return pd.DataFrame({"top10": [[best] for best in predicted], "original": original, "correct": correct})


def test_multi_label_accuracy_is_the_mean_over_original_classes():
    # Class 0: 3 images, 2 accepted (one of them as class 1). Class 2: 1 image, accepted as 637.
    joined = said_of([0, 1, 5, 637], [0, 0, 0, 2], [1.0, 1.0, 0.0, 1.0])
    table = imagenet_scores.multi_label(joined).set_index("measure")
    assert table.at[imagenet_scores.MULTI_LABEL, "value"] == pytest.approx((2 / 3 + 1) / 2)
    assert table.at[imagenet_scores.IMAGES, "value"] == pytest.approx(3 / 4)
    assert table.at[imagenet_scores.SINGLE, "value"] == pytest.approx(1 / 4)
    assert table["n"].tolist() == [4, 4, 4]
    # Both classes weigh half, so their distances to Wilson's bounds join as half the root of the sum of squares.
    low, high = intervals.wilson([2, 1], [3, 1])
    value = (2 / 3 + 1) / 2
    assert table.at[imagenet_scores.MULTI_LABEL, "low"] == pytest.approx(
        value - np.hypot(2 / 3 - low[0], 1 - low[1]) / 2
    )
    assert table.at[imagenet_scores.MULTI_LABEL, "high"] == pytest.approx(value + (high[0] - 2 / 3) / 2)


def test_without_original_classes_nothing_is_said_of_class_means():
    table = imagenet_scores.multi_label(said_of([0, 1], [-1, -1], [1.0, 0.0])).set_index("measure")
    assert np.isnan(table.at[imagenet_scores.MULTI_LABEL, "value"])
    assert np.isnan(table.at[imagenet_scores.SINGLE, "value"])
    assert table.at[imagenet_scores.IMAGES, "value"] == 0.5


def test_failed_images_count_nowhere():
    table = imagenet_scores.multi_label(said_of([0, 0], [0, 0], [1.0, np.nan])).set_index("measure")
    assert table.at[imagenet_scores.IMAGES, "n"] == 1
    assert table.at[imagenet_scores.MULTI_LABEL, "value"] == 1


def test_imagenet_m_counts_right_ones():
    joined = said_of([0] * 19 + [1] * 49, [1] * 68, [1.0] * 19 + [0.0] * 49)
    table = imagenet_scores.imagenet_m(joined).set_index("measure")
    assert table["n_right"].to_dict() == {imagenet_scores.RIGHT: 19, imagenet_scores.SINGLE: 49}
    assert table.at[imagenet_scores.RIGHT, "value"] == pytest.approx(19 / 68)
    # Wilson's interval of 19 of 68, by hand: centre (19 + 1.92) / (68 + 3.84), half-width 0.1042.
    assert table.at[imagenet_scores.RIGHT, "low"] == pytest.approx(0.187, abs=1e-3)
    assert table.at[imagenet_scores.RIGHT, "high"] == pytest.approx(0.396, abs=1e-3)
