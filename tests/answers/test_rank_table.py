"""A report's table of both ends of a ranking, on the layout of Hard ImageNet."""

import pickle

import pytest

from core.answers import report
from core.benchmarks import open_benchmark
from core.errors import UsageError
from core.evaluate import evaluate
from tests.benchmarks.mask_folders import BEAM, PUCK, mask, photo
from tests.benchmarks.mask_folders import images as images
from tests.benchmarks.mask_folders import root as root


@pytest.fixture
def ranked(root, images):
    """Eight training images of each of two classes, all ranked."""
    for path in (root / "train").iterdir():
        path.unlink()
    ranking = {}
    for index, wnid in ((416, BEAM), (746, PUCK)):
        ranking[index] = [f"train/{wnid}/{wnid}_{number}.JPEG" for number in range(8)]
        for number in range(8):
            photo(images / "train" / wnid / f"{wnid}_{number}.JPEG")
            mask(root / "train" / f"{wnid}_{wnid}_{number}.JPEG", box=(12, 5, 28, 25))
    (root / "paths_by_rank.pkl").write_bytes(pickle.dumps(ranking))
    return open_benchmark("hard-imagenet", root / "train")


def test_without_a_ranking_the_reason_and_the_fix_are_named(root, toy_model):
    run = evaluate(toy_model, open_benchmark("hard-imagenet", root))
    content = report.build(run)
    assert "rank" not in content["tables"]
    line = next(line for line in content["warnings"] if "'rank' is left out" in line)
    assert "Put the published paths_by_rank*.pkl beside the folders val and train of the masks, or into meta" in line
    assert f"evaluate --model {run.source} --benchmark hard-imagenet --data MASKS/train" in line


def test_both_ends_are_told_and_the_direction_is_not_claimed(ranked, toy_model):
    content = report.build(evaluate(toy_model, ranked), tables=["rank"])
    first, last, change = content["tables"]["rank"]
    assert list(first) == ["view", "part", "top1", "low", "high", "n", "n_clusters", "n_classes"]
    assert [row["part"] for row in (first, last, change)] == ["first quarter", "last quarter", "last less first"]
    # Places are 0, 1/7, ... 1: two of eight are in each quarter of each class, and the toy knows neither class.
    assert [row["n"] for row in (first, last, change)] == [4, 4, 8]
    assert [row["top1"] for row in (first, last, change)] == [0.0, 0.0, 0.0]
    assert change["low"] < 0 < change["high"]
    assert "does not say at which end the spurious cues are stronger" in content["notes"]["rank"][0]
    assert content["notes"]["rank"][0].endswith("within 2 classes.")


def test_without_the_object_the_drop_is_told_too(ranked, toy_model):
    content = report.build(evaluate(toy_model, ranked, view="ablations"), tables=["rank"])
    rows = content["tables"]["rank"]
    assert [row["view"] for row in rows[::3]] == ["clean", "gray", "gray-box", "tile", "mean-colour"]
    assert [row["drop"] for row in rows[:4]] == [None, None, None, 0.0]


def test_a_benchmark_without_a_ranking_has_no_such_table(toy_model, colour_folder):
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    with pytest.raises(UsageError, match="'imagenet' has no table 'rank'"):
        report.build(run, tables=["rank"])
