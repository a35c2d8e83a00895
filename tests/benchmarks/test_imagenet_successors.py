"""Folders of images of ImageNet's classes, named by WordNet id or by class index."""

import json
from dataclasses import asdict

import pytest

from core import benchmarks
from core.errors import DataError, LabelSpaceError
from core.labels import label_space
from core.store.manifest import decoded
from core.types import Card
from tests.class_folders import by_index, by_wnid, draw

WNIDS = label_space("imagenet-1k").wnids
BY_WNID = ("imagenet-a", "imagenet-r", "imagenet-sketch")


@pytest.fixture(params=BY_WNID)
def by_id(request, tmp_path):
    by_wnid(tmp_path / "set")
    return benchmarks.open_benchmark(request.param, tmp_path / "set")


def test_each_image_accepts_the_class_of_its_folder(by_id):
    samples = by_id.samples()
    assert samples["sample_id"].tolist() == ["n01440764/0.jpg", "n01440764/1.jpg", "n01443537/0.jpg", "n01443537/1.jpg"]
    assert samples["accepted"].tolist() == [[0], [0], [1], [1]]
    assert samples["class"].tolist() == ["tench", "tench", "goldfish", "goldfish"]
    assert samples["wnid"].tolist() == ["n01440764"] * 2 + ["n01443537"] * 2
    assert by_id.image("n01443537/1.jpg").size == (41, 36)


def test_a_part_of_a_set_says_how_many_classes_it_has(by_id):
    by_id.samples()
    assert by_id.notes == [f"2 of {by_id.n_classes:,} classes are here."]


def test_a_model_with_other_classes_is_refused(by_id):
    with pytest.raises(LabelSpaceError, match="needs a model with the 1,000 ImageNet-1k classes"):
        by_id.samples("focus-10")


@pytest.mark.parametrize(
    ("key", "folder"), [("imagenet-a", "imagenet-a"), ("imagenet-r", "imagenet-r"), ("imagenet-sketch", "sketch")]
)
def test_the_folder_above_the_unpacked_one_will_do(tmp_path, key, folder):
    by_wnid(tmp_path / folder)
    assert benchmarks.open_benchmark(key, tmp_path).root == tmp_path / folder


def test_a_set_with_more_classes_is_another_one(tmp_path):
    for wnid in WNIDS[:201]:
        draw(tmp_path / wnid / "0.png", (9, 9, 9), (4, 4))
    with pytest.raises(DataError, match="has 201 class folders where 'imagenet-a' has 200: it is another set"):
        benchmarks.open_benchmark("imagenet-a", tmp_path).samples()
    assert len(benchmarks.open_benchmark("imagenet-sketch", tmp_path).samples()) == 201


def test_other_folders_are_counted_and_left_out(tmp_path):
    by_wnid(tmp_path)
    draw(tmp_path / "extras" / "0.png", (9, 9, 9))
    benchmark = benchmarks.open_benchmark("imagenet-r", tmp_path)
    assert len(benchmark.samples()) == 4
    assert any(note.startswith("1 folders are not named by an ImageNet-1k WordNet id") for note in benchmark.notes)


def test_no_class_folder_is_an_error_that_says_what_is_there(tmp_path):
    draw(tmp_path / "dogs" / "0.png", (9, 9, 9))
    with pytest.raises(
        DataError, match=r"no folder named by .*; it has the folders dogs\. .*--data DIR.*imagenet-a\.tar"
    ):
        benchmarks.open_benchmark("imagenet-a", tmp_path).samples()


def test_empty_class_folders_are_an_error(tmp_path):
    (tmp_path / WNIDS[0]).mkdir()
    with pytest.raises(DataError, match=r"the 1 class folders in .* hold no images"):
        benchmarks.open_benchmark("imagenet-a", tmp_path).samples()


def test_a_folder_of_v2_is_the_class_that_its_number_says(tmp_path):
    # By name, 10 comes before 2: counting folders would make 10 the first class.
    by_index(tmp_path)
    samples = benchmarks.open_benchmark("imagenet-v2", tmp_path).samples()
    assert samples["sample_id"].tolist() == ["10/a.jpeg", "2/a.jpeg", "999/a.jpeg"]
    assert samples["accepted"].tolist() == [[10], [2], [999]]
    assert samples["class"].tolist() == ["brambling", "great white shark", "toilet tissue"]
    assert samples["wnid"].tolist() == ["n01530575", "n01484850", "n15075141"]


def test_folders_of_v2_that_count_from_1_are_refused(tmp_path):
    by_index(tmp_path)
    draw(tmp_path / "1000" / "a.jpeg", (9, 9, 9))
    with pytest.raises(DataError, match=r"a folder 1000, so its folders count from 1.*Rename them to 0 to 999"):
        benchmarks.open_benchmark("imagenet-v2", tmp_path).samples()


def test_which_test_set_of_v2_it_is_is_told(tmp_path):
    name = "imagenetv2-threshold0.7-format-val"
    by_index(tmp_path / name)
    benchmark = benchmarks.open_benchmark("imagenet-v2", tmp_path)
    benchmark.samples()
    assert f"of the three test sets, this is {name}." in benchmark.notes


def test_of_several_test_sets_of_v2_one_has_to_be_chosen(tmp_path):
    for kind in ("threshold0.7", "top-images"):
        by_index(tmp_path / f"imagenetv2-{kind}-format-val")
    with pytest.raises(DataError, match=r"it has the folders imagenetv2-threshold0.7-format-val, imagenetv2-top"):
        benchmarks.open_benchmark("imagenet-v2", tmp_path).samples()


@pytest.mark.parametrize(
    ("key", "policy"),
    [
        ("imagenet-a", "restricted"),
        ("imagenet-r", "restricted"),
        ("objectnet", "restricted"),
        ("imagenet-sketch", "top1"),
        ("imagenet-v2", "top1"),
        ("imagenet-real", "top1"),
        ("imagenet", "top1"),
    ],
)
def test_sets_with_fewer_classes_are_scored_over_their_own(key, policy):
    card = benchmarks.benchmark_class(key).card()
    assert card.default_policy == policy
    assert decoded(Card, json.loads(json.dumps(asdict(card)))).default_policy == policy


def test_a_card_of_before_is_read_and_counts_plain_top_1():
    before = json.loads(json.dumps(asdict(benchmarks.benchmark_class("imagenet-a").card())))
    del before["default_policy"]
    assert decoded(Card, before).default_policy == "top1"
