"""Accuracy by an object's geometry, and mean masks, with values worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import models, paths
from core.answers import cue_geometry
from core.benchmarks.base import Benchmark
from core.errors import DataError, ImageError, UsageError
from core.evaluate.loop import evaluate
from tests.conftest import BLUE, GREEN, RED, TOY_TRANSFORM, BrightestChannel

COLOURS = ((200, 10, 10), (10, 200, 10), (10, 10, 200))


class Discs(Benchmark):
    """Twenty plain pictures, the first ten red; accepted is red, so that these are right."""

    key = "discs"
    title = "Discs"
    paper = licence = how_to_get = "-"
    factors = ()
    tables = ()
    n_right = 10
    shapes = ("left", "top", "empty", "torn", "none")

    def __init__(self, root):
        super().__init__(root)
        self.n_read = 0

    def samples(self, label_space="imagenet-1k"):
        ids = [f"{number:02}" for number in range(20)]
        return pd.DataFrame({"sample_id": ids, "accepted": [[RED, BLUE]] * 20, "cluster": ids})

    def pool_digest(self):
        return "7" * 64

    def path(self, sample_id):
        return None

    def image(self, sample_id):
        return Image.new("RGB", (32, 32), COLOURS[RED if int(sample_id) < self.n_right else GREEN])

    def mask(self, sample_id):
        self.n_read += 1
        mask = np.zeros((32, 32), bool)
        shape = self.shapes[int(sample_id) % len(self.shapes)]
        if shape == "torn":
            raise ImageError("it is torn")
        if shape == "none":
            return None
        mask[{"left": np.s_[:, :16], "top": np.s_[:16], "empty": np.s_[:0]}[shape]] = True
        return mask


class Readable(Discs):
    """Masks that are left or top halves, empty or torn."""

    shapes = ("left", "top", "empty", "torn")


@pytest.fixture
def toy():
    return models.from_module(BrightestChannel(), "toy", label_space="imagenet-1k", transform=TOY_TRANSFORM)


@pytest.fixture
def run(toy, tmp_path):
    return evaluate(toy, Discs(tmp_path))


def objects(**columns):
    return pd.DataFrame({"sample_id": [f"{number:02}" for number in range(20)], **columns})


def test_accuracy_is_counted_in_bins_of_equal_counts(run):
    # The four smallest are red, the four largest green, and two of each are in every bin between.
    red = [0.01, 0.02, 0.03, 0.04, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    area = [*red, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.7, 0.8, 0.9, 1.0]
    found = cue_geometry.accuracy_by(run, objects(object_area=area), "object_area")
    assert found["n"].tolist() == [4] * 5
    assert found["least"].tolist() == [0.01, 0.1, 0.3, 0.5, 0.7]
    assert found["most"].tolist() == [0.04, 0.25, 0.45, 0.65, 1.0]
    assert found["mean"].tolist() == pytest.approx([0.025, 0.175, 0.375, 0.575, 0.85])
    assert found["value"].tolist() == [1, 0.5, 0.5, 0.5, 0]
    assert found["n_clusters"].tolist() == [4] * 5
    # Wilson's interval of 2 of 4: 15.0 % to 85.0 %.
    assert found.loc[1, ["low", "high"]].tolist() == pytest.approx([0.150, 0.850], abs=1e-3)


def test_equal_values_share_a_bin(run):
    found = cue_geometry.accuracy_by(run, objects(centre_distance=[0.1] * 10 + [0.5] * 10), "centre_distance")
    assert found["n"].tolist() == [10, 10]
    assert found["value"].tolist() == [1, 0]
    assert found["bin"].tolist() == [0, 1]


def test_objects_that_are_kept_whole_have_a_bin_of_their_own(run):
    kept = [0.0, 0.2, 0.25, 0.6, 0.99] + [1.0] * 15
    found = cue_geometry.accuracy_by(run, objects(kept_by_crop=kept), "kept_by_crop")
    assert found["bin"].tolist() == [0, 1, 2, 3, 4]
    assert found["n"].tolist() == [2, 1, 1, 1, 15]
    assert found["value"].tolist() == [1, 1, 1, 1, pytest.approx(5 / 15)]


def test_images_without_a_number_are_left_out(run):
    found = cue_geometry.accuracy_by(run, objects(centre_distance=[np.nan] * 9 + [0.5] * 11), "centre_distance")
    assert (found["n"].tolist(), found["value"].tolist()) == ([11], [pytest.approx(1 / 11)])


def test_what_cannot_be_asked_says_what_can(run):
    with pytest.raises(UsageError, match="Did you mean 'object_area'"):
        cue_geometry.accuracy_by(run, objects(area=[0.5] * 20), "object_aera")
    with pytest.raises(UsageError, match="python -m core align --model toy --benchmark discs"):
        cue_geometry.accuracy_by(run, objects(object_area=[np.nan] * 20), "object_area")
    twice = pd.concat([objects(object_area=[0.5] * 20)] * 2)
    with pytest.raises(DataError, match="'00' stands twice"):
        cue_geometry.accuracy_by(run, twice, "object_area")


def test_only_the_clean_view_of_a_family_counts(toy, tmp_path):
    mirrored = evaluate(toy, Readable(tmp_path), view="mirror")
    with pytest.raises(UsageError, match="no image of 'discs'"):
        cue_geometry.accuracy_by(mirrored, objects(object_area=[0.5] * 20), "object_area")


def test_mean_masks_are_of_what_can_be_read_and_is_there(toy, tmp_path):
    benchmark = Readable(tmp_path)
    run = evaluate(toy, benchmark)
    found = cue_geometry.mean_masks(run, benchmark)
    assert found.classes == ("tench",)
    # Ten of twenty: five left halves and five top ones.
    assert found.n.tolist() == [10]
    corner = found.masks[0][[0, 0, 63, 63], [0, 63, 0, 63]]
    assert corner.tolist() == [1, 0.5, 0.5, 0]


def test_mean_masks_are_kept_and_shared_by_models(toy, tmp_path):
    benchmark = Readable(tmp_path)
    first = cue_geometry.mean_masks(evaluate(toy, benchmark), benchmark)
    benchmark.n_read = 0
    module = BrightestChannel()
    module.gain.data.fill_(5.0)
    other = models.from_module(module, "other", label_space="imagenet-1k", transform=TOY_TRANSFORM)
    again = cue_geometry.mean_masks(evaluate(other, benchmark), benchmark)
    assert benchmark.n_read == 0
    assert again.classes == first.classes
    np.testing.assert_array_equal(again.masks, first.masks)
    np.testing.assert_array_equal(again.n, first.n)


def test_no_more_masks_of_a_class_are_read_than_were_asked_for(toy, tmp_path):
    benchmark = Readable(tmp_path)
    run = evaluate(toy, benchmark)
    benchmark.n_read = 0
    seen = []
    cue_geometry.mean_masks(run, benchmark, per_class=3, progress=seen.append)
    assert benchmark.n_read == 3
    assert (seen[-1].done, seen[-1].total) == (1, 1)


def test_mean_masks_of_a_demo_are_shown_and_not_kept(toy, tmp_path, monkeypatch):
    benchmark = Readable(tmp_path)
    run = evaluate(toy, benchmark)
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    assert cue_geometry.mean_masks(run, benchmark).n.tolist() == [10]
    assert not (paths.data_home() / "cache" / "mean-masks").exists()


def test_a_benchmark_without_masks_has_no_mean(run, tmp_path):
    with pytest.raises(UsageError, match="'discs' has no object masks"):
        cue_geometry.mean_masks(run, Discs(tmp_path))
