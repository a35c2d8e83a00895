"""Rows of a run and of a published file, and what each filter keeps."""

import numpy as np
import pandas as pd
import pytest

from core.benchmarks import open_benchmark
from core.benchmarks.imagenet_annotations import read_annotations
from core.evaluate.loop import evaluate
from core.mistakes import summary, table
from core.mistakes.reassessed import reassessed
from core.mistakes.table import Filters
from tests.conftest import RED_WNID
from tests.validation_images import GOLDFISH, MAILBOX, SHARK, TENCH, name, write_annotations


def rows_of(content, **filters):
    return content["sample_id"].iloc[table.select(content, Filters(**filters))].tolist()


@pytest.fixture
def small():
    """Five predictions: b and c wrong, d failed, e wrong only by the single label."""
    return pd.DataFrame(
        {
            "sample_id": list("abcde"),
            "true": pd.Categorical(["dog", "dog", "cat", "cat", "cup"]),
            "predicted": pd.Categorical(["dog", "cat", "dog", "unknown", "mug"]),
            "predicted_index": [1, 2, 1, -1, 4],
            "confidence": [0.9, 0.8, 0.3, np.nan, 0.6],
            "right": [1.0, 0.0, 0.0, np.nan, 1.0],
            "accepted": [1.0, 0.0, 0.0, np.nan, 1.0],
            "single": [1.0, 0.0, 0.0, np.nan, 0.0],
            "cluster": [0, 1, 2, 3, 4],
            "other_right": [1.0, 0.0, 1.0, 1.0, 0.0],
            "category": pd.Categorical(["", "spurious correlation", "", "", ""]),
            "severity": pd.Categorical(["", "major", "", "", ""]),
        }
    )


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        ("wrong", ["b", "c"]),
        ("right", ["a", "e"]),
        ("all", ["a", "b", "e", "c", "d"]),
        ("single_only", ["e"]),
        ("both_wrong", ["b"]),
        ("only_this_wrong", ["c"]),
    ],
)
def test_each_kind_keeps_its_rows_surest_first_and_failed_ones_are_neither_right_nor_wrong(small, kind, kept):
    assert rows_of(small, kind=kind) == kept


def test_filters_join_with_and(small):
    assert rows_of(small, true=("dog",)) == ["b"]
    assert rows_of(small, predicted=("dog",)) == ["c"]
    assert rows_of(small, true=("dog", "cat"), predicted=("dog",), low=0.5) == []
    assert rows_of(small, high=0.5) == ["c"]
    assert rows_of(small, categories=("spurious correlation",), severities=("major",)) == ["b"]
    assert rows_of(small, kind="all", pair=("cat", "dog")) == ["b", "c"]
    assert rows_of(small, true=("no such class",)) == []


def test_text_finds_true_and_predicted_classes_of_any_case(small):
    assert rows_of(small, kind="all", text=" MU") == ["e"]
    assert rows_of(small, kind="all", text="cup") == ["e"]
    assert rows_of(small, text="do") == ["b", "c"]


def test_a_confidence_that_is_not_known_passes(small):
    assert rows_of(small, kind="all", low=0.85) == ["a", "d"]


def test_kinds_that_need_another_model_keep_nothing_without_one(small):
    assert rows_of(small.drop(columns="other_right"), kind="both_wrong") == []


def test_pairs_join_both_directions_and_leave_right_ones_out(small):
    found = summary.pairs(small, np.arange(5))
    # b takes a dog for a cat, c a cat for a dog; the pair in alphabetical order is (cat, dog).
    assert found.values.tolist() == [["cat", "dog", 2, 1]]


def test_counts_leave_out_rows_without_a_category(small):
    assert summary.counts(small, np.arange(5), "category", "severity").values.tolist() == [
        ["spurious correlation", "major", 1]
    ]


def test_shares_count_only_what_is_known(small):
    found = summary.shares(small, clustered=False)
    # d failed: 2 of 4 are wrong; 1 of 4 only by the single label; 1 of 4 by both.
    assert [(key, part[0], part[3]) for key, part in found.items()] == [
        ("wrong", 0.5, 4),
        ("single_only", 0.25, 4),
        ("both_wrong", 0.25, 4),
    ]


def test_rows_of_a_run_have_names_of_its_label_space(toy_model, colour_folder):
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    content = table.of_run(run, run)
    wrong = content.iloc[table.select(content, Filters())]
    assert wrong[["sample_id", "true", "predicted", "other_predicted"]].values.tolist() == [
        [f"{RED_WNID}/0.png", "tench", "goldfish", "goldfish"]
    ]
    assert rows_of(content, kind="both_wrong") == [f"{RED_WNID}/0.png"]
    assert content["accepted"].isna().all()


def test_annotations_say_which_single_label_mistakes_are_accepted(toy_model, val, tmp_path):
    # The toy model sees red images only and says tench; image 4 is a shark and a mailbox, image 2 a tench.
    run = evaluate(toy_model, open_benchmark("imagenet", val))
    content = table.of_run(run, annotations=read_annotations(val / "human_accuracy_v3.0.0.json"))
    by_name = content.set_index(content["sample_id"].str.rsplit("/").str[-1])
    assert by_name.at[name(1), "accepted"] == 1
    assert by_name.at[name(4), "single"] == 0
    assert by_name.at[name(4), "accepted"] == 0
    # Problematic, so nothing is said of it.
    assert np.isnan(by_name.at[name(5), "accepted"])


def test_a_multi_label_run_knows_what_the_single_label_would_say(toy_model, val):
    content = table.of_run(evaluate(toy_model, open_benchmark("imagenet-multilabel", val)))
    by_name = content.set_index("sample_id")
    assert by_name.at[name(1), "right"] == by_name.at[name(1), "single"] == 1
    assert by_name.at[name(4), "right"] == by_name.at[name(4), "single"] == 0


@pytest.fixture
def mistakes():
    """Two published mistakes: image 1 taken for a goldfish, image 4 for a tench."""
    return pd.DataFrame(
        {
            "sample_id": [name(1), name(4)],
            "predicted": [GOLDFISH, TENCH],
            "category": ["fine-grained error", "spurious correlation"],
            "severity": ["minor", "major"],
            "category_original": ["Fine-grained error", "Spurious Correlation"],
        }
    )


def test_published_mistakes_are_rows_and_absence_from_the_other_list_means_right(mistakes, tmp_path):
    other = mistakes.iloc[[1]]
    content = table.of_published(mistakes, other, read_annotations(write_annotations(tmp_path)))
    assert content["true"].tolist() == ["tench", "great white shark"]
    assert rows_of(content, kind="both_wrong") == [name(4)]
    assert rows_of(content, kind="only_this_wrong") == [name(1)]
    assert rows_of(content, severities=("major",)) == [name(4)]


def test_published_mistakes_without_annotations_have_the_class_of_the_reassessed_labels(mistakes, monkeypatch):
    # Image 1 is reassessed as what was predicted and as a tench: an expert said the prediction is wrong.
    monkeypatch.setattr(table, "reassessed", {name(1): (GOLDFISH, TENCH), name(4): (TENCH,)}.get)
    content = table.of_published(mistakes)
    assert content["true"].tolist() == ["tench", "unknown"]
    assert rows_of(content, text="goldfish") == [name(1)]


def test_reassessed_labels_come_with_timm_for_every_validation_image():
    labels = [reassessed(name(number)) for number in range(1, 50_001)]
    assert all(0 <= index < 1000 for classes in labels for index in classes)
    # Most images have a label, and by far most of those have one.
    assert sum(bool(classes) for classes in labels) > 45_000
    assert reassessed("my photo.jpg") == ()


def test_a_run_gets_the_published_category_only_for_the_same_prediction(mistakes):
    run = pd.DataFrame(
        {
            "sample_id": [f"n01440764/{name(1)}", name(4), name(2)],
            "predicted_index": [GOLDFISH, MAILBOX, SHARK],
        }
    )
    content = table.with_categories(run, mistakes)
    assert content["category"].tolist() == ["fine-grained error", "", ""]
    assert content["severity"].tolist() == ["minor", "", ""]
