"""Families of hundreds of views keep of each only the best class; what they say is what the others say."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from core import models, store
from core.answers import joined, report
from core.benchmarks import open_benchmark
from core.errors import UsageError
from core.evaluate.loop import InterruptedRunError, evaluate
from core.images.views import known_views
from core.images.views.five_crop import FiveCrop
from core.store import dense
from tests.conftest import GREEN_WNID, RED_WNID, TOY_TRANSFORM, BrightestChannel

MODEL = models.from_module(
    BrightestChannel(), "toy", label_space="imagenet-1k", transform={**TOY_TRANSFORM, "crop_pct": 0.5}
)


class Dense(FiveCrop):
    """Corners and centre, kept densely."""

    name = "five-dense"
    dense = True


@pytest.fixture
def family(monkeypatch):
    monkeypatch.setitem(known_views(), "five-dense", Dense())


@pytest.fixture
def pictures(tmp_path):
    """Noise with more of red or of green in some corners; the last one is no image."""
    rng = np.random.default_rng(0)
    for wnid in (RED_WNID, GREEN_WNID):
        (tmp_path / "pictures" / wnid).mkdir(parents=True)
        for number in range(4):
            pixels = rng.integers(0, 120, (64, 64, 3), dtype=np.uint8)
            pixels[32 * (number // 2) :, 32 * (number % 2) :, int(wnid == GREEN_WNID)] += 100
            Image.fromarray(pixels).save(tmp_path / "pictures" / wnid / f"{number}.png")
    (tmp_path / "pictures" / GREEN_WNID / "9.png").write_bytes(b"no image")
    return tmp_path / "pictures"


@pytest.fixture
def both(family, pictures):
    """The same predictions, stored in either form."""
    return [evaluate(MODEL, open_benchmark("imagenet", pictures), view=view) for view in ("five-crop", "five-dense")]


@pytest.mark.parametrize("policy", ["top1", "restricted"])
def test_a_report_says_the_same_of_both_forms(both, policy):
    plain, kept = (report.build(run, policy=policy) for run in both)
    for content in (plain, kept):
        for row in [content["overall"], *(row for rows in content["tables"].values() for row in rows)]:
            row.pop("top5", None)
    assert kept["overall"] == plain["overall"]
    assert kept["tables"] == plain["tables"]
    assert (kept["n"], kept["n_failed"]) == (8, 1)


def test_probabilities_are_those_of_the_other_form_to_half_precision(both):
    plain, kept = (store.read(run).sort_values(["sample_id", "view"]) for run in both)
    assert (plain["sample_id"].tolist(), plain["view"].tolist()) == (kept["sample_id"].tolist(), kept["view"].tolist())
    assert plain["p_accepted"].to_numpy() == pytest.approx(kept["p_accepted"].to_numpy(), rel=2**-10, nan_ok=True)
    assert plain["error"].notna().tolist() == kept["error"].notna().tolist()
    assert plain["digest"].tolist() == kept["digest"].tolist()
    assert (kept["rank"].dropna() == 1).all()


def test_a_row_an_image_is_stored_and_counts_as_one(both):
    run = both[1]
    assert store.predictions_of(run).num_rows == 9
    assert (run.n_done, run.n_samples, run.complete, run.n_views) == (9, 9, True, 5)
    assert sorted(path.name.split("-")[0] for path in run.path.glob("*.parquet")) == ["dense"]
    assert run.entry.bytes_digest == both[0].entry.bytes_digest


def test_the_grid_has_a_row_an_image_in_the_order_of_the_samples(both):
    grid = store.read_grid(both[1])
    table = store.read(both[1])
    tops = table["top10"].map(lambda top: -1 if top is None else top[0], na_action="ignore").fillna(-1)
    assert grid.rows.tolist() == list(range(9))
    assert grid.top.ravel().tolist() == tops.astype(int).tolist()
    assert grid.failed.tolist() == [False] * 8 + [True] or grid.failed.sum() == 1
    assert (grid.top[grid.failed] == -1).all()
    assert np.isnan(grid.p_top[grid.failed]).all()


def test_five_best_are_not_known_and_that_is_said(both):
    with pytest.raises(UsageError, match="top-5 is not known, because fewer than five classes"):
        report.build(both[1], policy="top5")


def test_a_plain_family_is_no_grid(both):
    with pytest.raises(UsageError, match="'five-crop' are not kept as a grid"):
        store.read_grid(both[0])


def test_one_image_under_a_view_is_found(both):
    plain, kept = (joined.sample(run, f"{RED_WNID}/1.png", "crop-bottom-right") for run in both)
    assert kept.top[0][0] == plain.top[0][0]
    assert kept.p_accepted == pytest.approx(plain.p_accepted, rel=2**-10)
    assert joined.sample(both[1], f"{GREEN_WNID}/9.png").error


def test_an_interrupted_evaluation_goes_on_by_image(family, pictures):
    benchmark = open_benchmark("imagenet", pictures)

    def stop(progress):
        if progress.done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError):
        evaluate(MODEL, benchmark, view="five-dense", batch_size=5, workers=1, progress=stop)
    begun = store.list_runs("imagenet")[0]
    assert 3 <= begun.n_done < 9
    whole = evaluate(MODEL, benchmark, view="five-dense")
    assert whole.complete
    assert not store.read(whole).duplicated(["sample_id", "view"]).any()


def test_probabilities_of_labels_that_have_changed_are_missing(both):
    run = both[1]
    samples = store.read_samples(run)
    changed = samples.assign(accepted=[[999], *samples["accepted"].tolist()[1:]])
    store.write_samples(store.samples_of(run), changed)
    grid = store.read_grid(run)
    assert np.isnan(grid.p_accepted[0]).all()
    assert not np.isnan(grid.p_accepted[1]).any()


def test_other_classes_than_those_that_were_chosen_from_are_refused(both):
    with pytest.raises(UsageError, match=r"of 8 images.*--fresh"):
        store.read_grid(both[1], [0, 1, 2])


def test_what_is_kept_of_probabilities_is_derived_by_hand():
    prob = np.array([[0.5, 0.1, 0.4], [0.1, 0.3, 0.6]])
    found = dense.said(prob, 2, [[0, 1]], [0, 1])
    assert [each.tolist() for each in (found["top"][0], found["within"][0])] == [[0, 2], [0, 1]]
    assert found["p_top"][0].tolist() == pytest.approx([0.5, 0.6], abs=1e-3)
    assert found["p_accepted"][0].tolist() == pytest.approx([0.6, 0.4], abs=1e-3)
    # Of classes 0 and 1 alone: (5/6, 1/6) and (1/4, 3/4), whose mean is best for class 0.
    assert found["p_within"][0].tolist() == pytest.approx([5 / 6, 3 / 4], abs=1e-3)
    assert (found["mean_top"], found["mean_within"]) == ([2], [0])


def test_any_of_several_accepted_classes_is_right():
    import pandas as pd

    top = np.array([[1, 2, 3], [1, 2, -1]], np.int32)
    assert dense.is_right(top, pd.Series([[1, 3], [2]])).tolist() == [[True, False, True], [False, True, False]]


def test_a_card_without_the_mark_is_of_a_plain_family(both):
    card = both[0].manifest.views
    assert not card.dense
    assert replace(card, dense=True) != card
    assert pa.types.is_list(dense.SCHEMA.field("top").type)
