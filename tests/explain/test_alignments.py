"""Saliency of a whole run against masks, with values worked out by hand on a network of one layer."""

import math

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import paths, store
from core.benchmarks import open_benchmark
from core.benchmarks.base import Benchmark
from core.errors import ImageError, ReadOnlyError, UsageError
from core.evaluate.loop import evaluate
from core.explain import alignments
from core.metrics.intervals import wilson
from core.saliency.explain import Explainer
from tests.saliency.test_explain import GREEN, RED, Places, picture, wrapped

#: The network's map of one lit place of its 4 x 4 grid is a pyramid over 16 x 16 pixels; see ``test_measures``.
FITS = {"iou": 52 / 64, "pointing": 1.0, "inside_share": 0.75**2, "area_fraction": 1 / 16}


def place(row, column, height=32, width=32):
    mask = np.zeros((height, width), bool)
    mask[8 * row : 8 * row + 8, 8 * column : 8 * column + 8] = True
    return mask


class Scenes(Benchmark):
    """Black pictures with squares that are objects, and one of each kind that is none."""

    key = "scenes"
    title = "Scenes"
    paper = licence = how_to_get = "-"
    factors = ()
    tables = ()
    cluster_unit = "object"

    def __init__(self, root, n=4, first=RED):
        super().__init__(root)
        red, wide = picture((1, 1, 0)), np.zeros((32, 96, 3), np.uint8)
        self.broken = {"broken"}
        self.opened = []
        self.scenes = {
            **{f"fits-{number:02}": (red, place(1, 1), [first]) for number in range(n)},
            "misses": (red, place(3, 3), [RED]),
            "black": (picture(), place(1, 1), [RED]),
            "outside": (wide, place(0, 0, width=96), [RED]),
            "several": (picture((1, 1, 0), (2, 2, 1)), place(2, 2), [GREEN, RED]),
            "broken": (red, place(1, 1), [RED]),
            "small-mask": (red, place(1, 1)[:16, :16], [RED]),
        }

    def samples(self, label_space="imagenet-1k"):
        accepted = [scene[2] for scene in self.scenes.values()]
        clusters = [f"object-{number % 3}" for number in range(len(self.scenes))]
        return pd.DataFrame({"sample_id": list(self.scenes), "accepted": accepted, "cluster": clusters})

    def pool_digest(self):
        return "5" * 64

    def path(self, sample_id):
        return None

    def image(self, sample_id):
        if sample_id in self.broken:
            raise ImageError("it is torn")
        self.opened.append(sample_id)
        return Image.fromarray(self.scenes[sample_id][0])

    def mask(self, sample_id):
        return self.scenes[sample_id][1]


@pytest.fixture
def scenes(tmp_path):
    return Scenes(tmp_path)


@pytest.fixture
def model():
    return wrapped(Places())


@pytest.fixture
def run(scenes, model):
    return evaluate(model, scenes)


def table_of(found):
    return found.set_index("sample_id")


def test_measures_are_those_of_the_maps_on_the_masks(run, scenes, model):
    # Along a side the map falls by 1/8 a pixel from 15/16 beside the middle of the lit place: 15, 13, 11 and 9
    # sixteenths inside of it, 7, 5, 3 and 1 outside, twice each. Of the 16 products inside, those of 9 x 9, 9 x 11 and
    # 11 x 9 are less than half of 15 x 15; so is the largest outside, 7 x 15.
    row = table_of(alignments.alignments(run, scenes, model=model)).loc["fits-00"]
    assert {name: row[name] for name in FITS} == pytest.approx(FITS)
    inside, outside = (48 / 8) ** 2 * 4 / 256, (64**2 - 48**2) / 256
    most = (15 / 16) ** 2
    assert inside == 0.5625
    assert row["delta_density"] == pytest.approx(inside / most - outside * 4 / 960 / most)
    assert (row["state"], row["layer"]) == ("map", Explainer(model).layer.name)


def test_objects_are_described_before_and_after_the_crop(run, scenes, model):
    found = table_of(alignments.alignments(run, scenes, model=model))
    # Its centre of mass is at (12, 12) of 32 x 32: 4 of 16 pixels from the centre, in both directions.
    assert found.loc["fits-00", ["object_area", "centre_distance", "kept_by_crop"]].tolist() == [1 / 16, 0.25, 1.0]
    outside = found.loc["outside"]
    assert outside["object_area"] == pytest.approx(64 / (32 * 96))
    assert outside["kept_by_crop"] == outside["area_fraction"] == 0


def test_the_first_accepted_class_is_explained_whatever_was_predicted(run, scenes, model):
    found = table_of(alignments.alignments(run, scenes, model=model))
    assert found.loc["several", list(FITS)].tolist() == pytest.approx(list(FITS.values()))
    predicted = store.read(run, ["sample_id", "top10"]).set_index("sample_id")["top10"]
    assert next(iter(predicted["several"])) == RED
    assert found.loc["misses", ["iou", "pointing", "inside_share"]].tolist() == [0, 0, 0]


def test_images_without_map_object_or_pixels_keep_a_row_that_says_so(run, scenes, model):
    found = table_of(alignments.alignments(run, scenes, model=model))
    states = {name: found.at[name, "state"] for name in ("black", "outside", "broken", "small-mask")}
    assert states == {"black": "no-map", "outside": "empty-mask", "broken": "failed", "small-mask": "failed"}
    assert found.loc[list(states), ["iou", "delta_density", "pointing", "inside_share"]].isna().all(axis=None)
    assert "it is torn" in found.at["broken", "error"]
    assert "'small-mask' is 16 x 16 pixels, its image 32 x 32" in found.at["small-mask", "error"]
    assert found.at["black", "area_fraction"] == 1 / 16


def test_what_failed_is_tried_again_and_nothing_else_is(run, scenes, model):
    alignments.alignments(run, scenes, model=model)
    scenes.broken.clear()
    scenes.opened.clear()
    found = alignments.alignments(run, scenes, model=model)
    assert sorted(scenes.opened) == ["broken", "small-mask"]
    assert table_of(found).at["broken", "state"] == "map"
    assert len(found) == len(scenes.scenes)


def test_nothing_is_loaded_or_opened_where_all_is_there(run, scenes, model, monkeypatch):
    alignments.alignments(run, scenes, model=model, limit=3)
    monkeypatch.setattr(alignments, "_explainer", None)
    assert len(alignments.alignments(run, scenes, limit=3)) == 3


def test_an_interrupted_alignment_keeps_its_blocks_and_goes_on(tmp_path, model, monkeypatch):
    monkeypatch.setattr(alignments, "_BLOCK", 8)
    scenes = Scenes(tmp_path, n=20)
    run = evaluate(model, scenes)
    seen = []

    def stop(progress):
        seen.append(progress)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        alignments.alignments(run, scenes, model=model, progress=stop)
    kept = alignments.stored(run)
    assert len(kept) == 16
    assert [(state.done, state.total) for state in seen] == [(8, 26), (16, 26)]
    scenes.opened.clear()
    found = alignments.alignments(run, scenes, model=model, progress=seen.append)
    assert seen[-1].done == seen[-1].total == 26
    done = set(kept.loc[kept["state"] != "failed", "sample_id"])
    assert not done & set(scenes.opened)
    again = Scenes(tmp_path, n=20)
    monkeypatch.setenv("OFFCENTER_DATA", str(tmp_path / "elsewhere"))
    whole = alignments.alignments(evaluate(model, again), again, model=model)
    pd.testing.assert_frame_equal(*(each.sort_values("sample_id", ignore_index=True) for each in (found, whole)))


def test_a_limit_takes_the_same_random_images_for_every_model(tmp_path, run, scenes, model):
    other = wrapped(Places(gain=2.0))
    first = alignments.alignments(run, scenes, model=model, limit=5)
    second = alignments.alignments(evaluate(other, scenes), scenes, model=other, limit=5)
    assert set(first["sample_id"]) == set(second["sample_id"])
    assert len(first) == 5
    assert first["sample_id"].tolist() != list(scenes.scenes)[:5]


def test_results_are_of_one_method_and_of_the_labels_as_they_are(tmp_path, run, scenes, model):
    assert alignments.stored(run) is None
    alignments.alignments(run, scenes, model=model)
    assert alignments.stored(run, "layer-cam") is None
    corrected = Scenes(tmp_path, first=GREEN)
    again = evaluate(model, corrected)
    assert again.identity == run.identity
    assert alignments.stored(again) is None
    # There is no green in them.
    assert table_of(alignments.alignments(again, corrected, model=model)).at["fits-00", "state"] == "no-map"


def test_photographs_without_masks_are_refused(toy_model, colour_folder):
    paths.remember_data("imagenet", colour_folder)
    run = evaluate(toy_model, open_benchmark("imagenet"))
    with pytest.raises(UsageError, match="'imagenet' has no object masks"):
        alignments.alignments(run, model=toy_model)


def test_a_run_that_never_saw_images_as_they_are_is_refused(scenes, model):
    with pytest.raises(UsageError, match="of view 'mirror', which has no image as it is: evaluate with --view clean"):
        alignments.alignments(evaluate(model, scenes, view="mirror"), scenes, model=model)


def test_a_run_of_several_views_is_aligned_on_its_clean_view(scenes, model, run):
    found = [
        alignments.alignments(each, scenes, model=model, limit=6)
        for each in (run, evaluate(model, scenes, view="ablations"))
    ]
    pd.testing.assert_frame_equal(*found)


def test_a_limit_below_one_and_an_unknown_method_are_refused(run, scenes, model):
    with pytest.raises(UsageError, match="limit is 0, but must be at least 1"):
        alignments.alignments(run, scenes, model=model, limit=0)
    with pytest.raises(UsageError, match="Did you mean 'grad-cam'"):
        alignments.stored(run, "grad-cma")


def test_a_demo_shows_what_is_stored_and_starts_nothing(run, scenes, model, monkeypatch):
    alignments.alignments(run, scenes, model=model, limit=3)
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    assert len(alignments.stored(run)) == 3
    with pytest.raises(ReadOnlyError, match="read-only demo"):
        alignments.alignments(run, scenes, model=model)


def rows(*values, state="map", **columns):
    """A stored table whose measures are all the same number."""
    measures = {name: list(values) for name in alignments.MEASURES}
    return pd.DataFrame({**measures, "state": state, **columns})


def test_a_summary_is_a_mean_over_images_with_what_was_left_out():
    table = pd.concat([rows(0.2, 0.4, 0.9), *(rows(0.5, state=state) for state in ("empty-mask", "no-map", "failed"))])
    found = alignments.summary(table).set_index("measure")
    assert found["value"].tolist() == pytest.approx([0.5] * 5)
    assert found.loc["iou", ["n", "n_clusters", "n_empty", "n_no_map", "n_failed"]].tolist() == [3, 3, 1, 1, 1]
    assert (found["low"] < 0.5).all()
    assert (found["high"] > 0.5).all()


def test_a_summary_by_class_is_over_what_is_not_independent():
    # In class a two objects, each seen twice alike: residuals of 0.8 over a half each, 2 * 1.28 / 16 * 3 / 4 = 0.12
    # between and 0.16 / 4 = 0.04 within, moderated (0.12 + 2.4 * 0.04) / 3.4 = 0.06353; t has 3 degrees on either side.
    # Unseen: 0.16 * 0.6^2 / 2^2.25 = 0.01211 and 0.16 * 0.4^2 / 2^2.25 = 0.00538: 3.173 and 3.483 trials.
    least, most = wilson(0.6 * 3.173, 3.173)[0], wilson(0.6 * 3.483, 3.483)[1]
    table = rows(0.2, 0.2, 1.0, 1.0, 0.7, what=list("aaaab"), object=list("xxyyz"))
    found = alignments.summary(table, "what", "object").set_index(["what", "measure"])
    a, b = found.loc[("a", "iou")], found.loc[("b", "iou")]
    found_a = [a["value"], a["low"], a["high"], a["n"], a["n_clusters"]]
    assert found_a == pytest.approx([0.6, float(least), float(most), 4, 2], abs=1e-4)
    assert b["value"] == 0.7
    assert math.isnan(b["low"])
    assert (b["n"], b["n_clusters"]) == (1, 1)


def test_a_mask_of_everything_is_left_out_of_what_compares_with_outside():
    table = rows(0.4, 0.6)
    table.loc[1, "delta_density"] = math.nan
    found = alignments.summary(table).set_index("measure")
    assert found.loc["delta_density", ["value", "n"]].tolist() == [0.4, 1]
    assert found.loc["iou", ["value", "n"]].tolist() == [0.5, 2]


def test_a_summary_of_a_run_grows_with_it(run, scenes, model):
    assert alignments.summary_of(run)["n"].tolist() == [0] * 5
    alignments.alignments(run, scenes, model=model)
    found = alignments.summary_of(run).set_index("measure")
    # Four that fit, one of another class that fits, one that misses.
    assert found.loc["pointing", ["value", "n", "n_empty", "n_no_map", "n_failed"]].tolist() == [5 / 6, 6, 1, 1, 2]
    by_class = alignments.summary_of(run, by_class=True).set_index(["class", "measure"])
    assert by_class.loc[("goldfish", "iou"), ["value", "n"]].tolist() == pytest.approx([52 / 64, 1])
