"""A report's tables of objects' geometry, with values worked out by hand."""

import json

import numpy as np
import pytest
from PIL import Image

from core import models
from core.answers import crop_cuts, geometry_tables, report
from core.benchmarks import open_benchmark
from core.errors import UsageError
from core.evaluate.loop import evaluate
from core.types import Factor
from tests.answers.test_cue_geometry import COLOURS, Discs
from tests.benchmarks.mask_folders import VAL_BEAM, opened
from tests.benchmarks.mask_folders import root as root
from tests.conftest import GREEN, RED, TOY_TRANSFORM, BrightestChannel

#: Columns of a picture of 64 x 32 that an object covers; the model's crop shows those from 16 to 48.
WHOLE, HALF, GONE, EMPTY = (20, 36), (0, 32), (0, 16), (0, 0)
#: Of twenty pictures, the first ten of which are recognised.
SHAPES = [WHOLE] * 8 + [HALF] * 2 + [WHOLE] * 2 + [HALF] * 4 + [GONE] * 3 + [EMPTY]
FACTORS = (Factor("object_area", "Area", "numeric"), Factor("centre_distance", "Distance", "numeric"))


class Wide(Discs):
    """Wide pictures of which the model sees the middle; accepted is red."""

    key = "wide"
    factors = FACTORS

    def samples(self, label_space="imagenet-1k"):
        area = [(right - left) / 64 for left, right in SHAPES]
        distance = [np.nan if left == right else abs((left + right) / 2 - 32) / 64 for left, right in SHAPES]
        return super().samples(label_space).assign(object_area=area, centre_distance=distance)

    def image(self, sample_id):
        return Image.new("RGB", (64, 32), COLOURS[RED if int(sample_id) < self.n_right else GREEN])

    def mask(self, sample_id):
        self.n_read += 1
        mask = np.zeros((32, 64), bool)
        left, right = SHAPES[int(sample_id)]
        mask[:, left:right] = True
        return mask


@pytest.fixture
def toy():
    return models.from_module(BrightestChannel(), "toy", label_space="imagenet-1k", transform=TOY_TRANSFORM)


@pytest.fixture
def wide(tmp_path, monkeypatch):
    benchmark = Wide(tmp_path)
    monkeypatch.setattr(crop_cuts, "open_for", lambda run: benchmark)
    return benchmark


def rows_of(content, measure):
    return [row for row in content["tables"]["geometry"] if row["measure"] == measure]


def test_accuracy_is_told_by_where_the_object_is_and_what_the_crop_keeps(toy, wide):
    content = json.loads(json.dumps(report.build(evaluate(toy, wide))))
    columns = ["measure", "least", "most", "mean", "top1", "low", "high", "n", "n_clusters"]
    assert {tuple(row) for row in content["tables"]["geometry"]} == {tuple(columns)}
    kept = rows_of(content, "kept_by_crop")
    assert [(row["least"], row["most"], row["n"]) for row in kept] == [(0.0, 0.0, 3), (0.5, 0.5, 6), (1.0, 1.0, 10)]
    assert [row["top1"] for row in kept] == [0.0, pytest.approx(2 / 6), 0.8]
    # Wilson's interval of 8 of 10.
    assert [kept[2]["low"], kept[2]["high"]] == pytest.approx([0.490, 0.943], abs=1e-3)
    # Quarters of the picture are whole ones and those that are gone, 13 of them; one is empty and covers nothing.
    area = rows_of(content, "object_area")
    assert [row["n"] for row in area] == [14, 6]
    assert [row["top1"] for row in area] == [pytest.approx(8 / 14), pytest.approx(2 / 6)]
    assert sum(row["n"] for row in rows_of(content, "centre_distance")) == 19
    assert "page Cues, 'Where the object is'" in content["notes"]["geometry"][-1]


def test_what_the_crop_cuts_away_is_told_of_all_objects_and_of_the_worst_tenth(toy, wide):
    run = evaluate(toy, wide)
    content = report.build(run, tables=["crop"])
    everything, worst = content["tables"]["crop"]
    # Three lose all and six a half, of 19; the worst tenth are 1.9 images.
    assert everything["cut_away"] == pytest.approx(6 / 19)
    assert everything["low"] < 6 / 19 < everything["high"]
    assert (worst["part"], worst["cut_away"], worst["n"], worst["n_clusters"]) == ("worst tenth", 1.0, 19, 19)
    assert 0.5 <= worst["low"] <= worst["high"] == 1.0
    whole, left_out = content["notes"]["crop"]
    assert whole == "10 objects kept whole, 3 cut away entirely, of 19."
    assert left_out.startswith("1 image left out")


def test_masks_are_read_once_for_models_that_crop_alike(toy, wide):
    report.build(evaluate(toy, wide))
    wide.n_read = 0
    module = BrightestChannel()
    module.gain.data.fill_(5.0)
    other = models.from_module(module, "other", label_space="imagenet-1k", transform=TOY_TRANSFORM)
    report.build(evaluate(other, wide))
    assert wide.n_read == 0
    squashed = {**TOY_TRANSFORM, "crop_mode": "squash"}
    third = models.from_module(module, "third", label_space="imagenet-1k", transform=squashed)
    content = report.build(evaluate(third, wide))
    assert wide.n_read == 20
    assert content["tables"]["crop"][0]["cut_away"] == 0


def test_reading_masks_tells_how_far_it_is(toy, wide):
    seen = []
    report.build(evaluate(toy, wide), progress=seen.append)
    assert (seen[-1].done, seen[-1].total) == (20, 20)


def test_a_summary_of_an_evaluation_reads_no_mask(toy, wide):
    assert report.build(evaluate(toy, wide), tables=())["tables"] == {}
    assert wide.n_read == 0


def test_classes_and_policies_are_those_of_the_report(toy, wide):
    # Among the best five of the toy's classes is red, whatever it sees.
    content = report.build(evaluate(toy, wide), policy="top5", tables=["geometry"])
    assert {row["top5"] for row in content["tables"]["geometry"]} == {1.0}


def test_images_without_an_answer_still_lose_their_object_to_the_crop(toy, wide):
    run = evaluate(toy, wide)
    said = report.joined(run).assign(correct=np.nan)
    asked = geometry_tables.Asked(run, said)
    assert geometry_tables.crop(asked).table.loc[0, "cut_away"] == pytest.approx(6 / 19)
    with pytest.raises(UsageError, match="no image of 'wide' was seen as it is"):
        geometry_tables.geometry(asked)


def test_without_the_masks_at_hand_the_rest_is_told(toy, tmp_path):
    content = report.build(evaluate(toy, Wide(tmp_path)))
    assert {row["measure"] for row in content["tables"]["geometry"]} == {"object_area", "centre_distance"}
    assert content["notes"]["geometry"][0].startswith("kept_by_crop is left out: unknown benchmark 'wide'")
    assert "crop" not in content["tables"]
    assert any(line.startswith("the table 'crop' is left out: unknown benchmark") for line in content["warnings"])


def test_a_benchmark_without_masks_has_no_such_tables(toy_model, colour_folder):
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    assert set(report.build(run)["tables"]) == {"by_class"}
    with pytest.raises(UsageError, match="'imagenet' has no table 'geometry'"):
        report.build(run, tables=["geometry"])


def test_hard_imagenet_has_them(root, toy_model):
    (root / "val" / f"n02777292_{VAL_BEAM}").write_bytes(b"no JPEG")
    content = report.build(evaluate(toy_model, opened(root)))
    # 10 x 15 of 40 x 30 pixels, from the corner. Resized it is 10.75 of 43 columns wide, of which the crop drops 5.
    assert [row["mean"] for row in rows_of(content, "object_area")] == [0.125]
    everything, worst = content["tables"]["crop"]
    assert everything["n"] == 1
    assert everything["cut_away"] == worst["cut_away"] == pytest.approx(5 / 10.75, abs=0.02)
    assert everything["low"] is None
