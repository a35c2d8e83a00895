"""Predictions can be imported for benchmarks of every kind: folders, lists, archives, masks alone, generated, own."""

import pandas as pd
import pytest

from core import benchmarks
from core.answers import report
from core.benchmarks import generate
from core.evaluate.imported.predictions import import_predictions
from tests.benchmarks.test_contract import BUILDERS, OWN

KEYS = ["imagenet", "imagenet-multilabel", "imagenet-hard", "focus", "hard-imagenet", "objectnet", "si-score/size", OWN]


def imported(benchmark, path):
    """Right for all images but the first, under names of another machine."""
    space = benchmark.label_spaces[0]
    samples = benchmark.samples(space)
    classes = [accepted[0] for accepted in samples["accepted"]]
    taken = set(samples["accepted"].iloc[0])
    classes[0] = next(index for index in range(1000) if index not in taken)
    names = "/mnt/other/" + samples["sample_id"].astype(str)
    pd.DataFrame({"file": names, "top1": classes}).to_csv(path, index=False)
    return import_predictions(path, "net", benchmark, space=space).run


@pytest.mark.parametrize("key", KEYS)
def test_all_but_one_are_right(key, tmp_path):
    BUILDERS[key](tmp_path / "data")
    run = imported(benchmarks.open_benchmark(key, tmp_path / "data"), tmp_path / "p.csv")
    assert run.complete
    assert run.benchmark == key
    found = report.joined(run)
    assert found["correct"].tolist() == [0.0] + [1.0] * (len(found) - 1)
    assert found["correct_top5"].isna().all()
    assert report.build(run, policy="top1")["overall"]["top1"] == pytest.approx(1 - 1 / len(found))


def test_all_but_one_of_a_generated_set_are_right(cutouts, backgrounds, small_grids, tmp_path):
    generate.si_score_set(cutouts, backgrounds, "size", tmp_path / "set", workers=1)
    run = imported(benchmarks.open_benchmark("si-score/size", tmp_path / "set"), tmp_path / "p.csv")
    assert run.complete
    assert report.joined(run)["correct"].mean() == pytest.approx(1 - 1 / run.n_samples)
