"""Families of views from end to end: one decoding, rows by image and view, tables, reductions, resuming."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import metrics, models, store
from core.answers import compare, exporting, questions, report
from core.answers.questions import Question, Where
from core.benchmarks import open_benchmark
from core.errors import UsageError
from core.evaluate.loop import evaluate
from tests.conftest import RED_WNID, TOY_TRANSFORM, BrightestChannel

CROPPED = {**TOY_TRANSFORM, "crop_pct": 0.5}
CROPS = ["crop-centre", "crop-top-left", "crop-top-right", "crop-bottom-left", "crop-bottom-right"]


@pytest.fixture
def quarters(tmp_path):
    """Reds of which some quarters are green: 0, 1, 2, 3 and 4 of the corners; the centre is an even mix."""
    root = tmp_path / "quarters"
    (root / RED_WNID).mkdir(parents=True)
    for n_green in range(5):
        pixels = np.zeros((64, 64, 3), np.uint8)
        pixels[..., 0] = 200
        for corner in range(n_green):
            top, left = 32 * (corner // 2), 32 * (corner % 2)
            pixels[top : top + 32, left : left + 32] = (0, 220, 0)
        Image.fromarray(pixels).save(root / RED_WNID / f"{n_green}.png")
    return root


@pytest.fixture
def model():
    return models.from_module(BrightestChannel(), "toy", label_space="imagenet-1k", transform=CROPPED)


@pytest.fixture
def run(model, quarters):
    return evaluate(model, open_benchmark("imagenet", quarters), view="five-crop", batch_size=3)


def right(run):
    """Whether each corner is right, by image and crop."""
    table = report.joined(run)
    return table.assign(n=table["sample_id"].str[-5].astype(int)).pivot(index="n", columns="crop", values="correct")


def test_each_image_has_all_views_with_their_own_pixels(run):
    table = store.read(run)
    assert len(table) == 25
    assert table.groupby("sample_id")["view"].agg(list).map(sorted).map(tuple).nunique() == 1
    found = right(run)
    for corner, crop in enumerate(("top left", "top right", "bottom left", "bottom right")):
        assert found[crop].tolist() == [float(n <= corner) for n in range(5)]
    assert (run.n_samples, run.n_done, run.n_views, run.complete) == (5, 5, 5, True)


def test_views_of_one_image_share_a_digest(run):
    table = store.read(run)
    assert (table.groupby("sample_id")["digest"].nunique() == 1).all()
    assert table["digest"].nunique() == 5


@pytest.mark.parametrize(
    ("reduce", "expected"),
    [
        ("mean", lambda corners, centre: (corners.sum(axis=1) + centre) / 5),
        ("any", lambda corners, centre: ((corners.sum(axis=1) + centre) > 0).astype(float)),
        ("majority", lambda corners, centre: ((corners.sum(axis=1) + centre) > 2.5).astype(float)),
        ("first", lambda corners, centre: centre),
    ],
)
def test_a_number_over_views_reduces_by_image_first(run, reduce, expected):
    found = right(run)
    by_image = expected(found.drop(columns="centre").to_numpy(), found["centre"].to_numpy())
    content = report.build(run, reduce=reduce)
    assert content["overall"]["top1"] == pytest.approx(by_image.mean())
    assert (content["n"], content["overall"]["n_clusters"], content["reduce"]) == (5, 5, reduce)
    answer = questions.answer(run, Question(reduce=reduce))
    assert answer["value"].iloc[0] == pytest.approx(by_image.mean())
    assert (answer["n"].iloc[0], answer["n_clusters"].iloc[0]) == (5, 5)


def test_the_report_has_the_factors_of_the_family_as_columns(run):
    content = report.build(run)
    rows = {row["crop"]: row for row in content["tables"]["by_crop"]}
    assert rows["top left"]["top1"] == pytest.approx(0.2)
    assert {row["n"] for row in rows.values()} == {5}
    assert "by_class" in content["tables"]
    assert content["interval"] == "95 %, score interval over images"
    exported = exporting.predictions(run)
    assert {"view", "crop"} <= set(exported)
    assert len(exported) == 25


def test_questions_by_and_within_the_factors_of_views(run):
    table = questions.answer(run, Question(("crop",)))
    assert table.set_index("crop")["value"]["top left"] == pytest.approx(0.2)
    one = questions.answer(run, Question(where=(Where.equals("crop", "top left"),)))
    assert one["value"].iloc[0] == pytest.approx(0.2)
    behind = questions.behind(run, Question(where=(Where.equals("crop", "bottom right"),)))
    assert set(behind["view"]) == {"crop-bottom-right"}
    assert len(behind) == 5


def test_many_views_of_few_images_are_few_trials(run):
    """Of five images an interval is wide, however many views there are."""
    content = report.build(run)["overall"]
    assert content["top1_high"] - content["top1_low"] > 0.4


def test_two_models_are_paired_image_by_image(run, quarters):
    other = models.from_module(
        BrightestChannel(), "other", label_space="imagenet-1k", transform={**CROPPED, "mean": [0.4] * 3}
    )
    second = evaluate(other, open_benchmark("imagenet", quarters), view="five-crop")
    difference = compare.paired_difference(run, second, Question(("crop",)))
    assert difference["n"].tolist() == [5] * 5
    assert difference["value"].abs().max() == 0
    with pytest.raises(UsageError, match="cannot be paired view by view"):
        compare.paired_difference(run, evaluate(other, open_benchmark("imagenet", quarters)), Question())


def test_an_unknown_way_to_reduce_is_refused(run):
    with pytest.raises(UsageError, match="unknown way to reduce views 'median'"):
        report.build(run, reduce="median")


def test_an_image_that_fails_fails_in_all_views(model, quarters):
    (quarters / RED_WNID / "0.png").write_bytes(b"no image")
    run = evaluate(model, open_benchmark("imagenet", quarters), view="five-crop")
    table = store.read(run)
    assert table["error"].notna().sum() == 5
    content = report.build(run, reduce="any")
    assert (content["n"], content["n_failed"]) == (4, 1)
    assert content["warnings"][0].startswith("1 images could not be evaluated")


def test_resuming_goes_by_image(model, quarters):
    for number in range(5, 12):
        Image.new("RGB", (64, 64), (200, 0, 0)).save(quarters / RED_WNID / f"{number}.png")
    benchmark = open_benchmark("imagenet", quarters)
    partial = evaluate(model, benchmark, view="five-crop", limit=4, batch_size=7)
    assert (partial.n_done, len(store.read(partial))) == (4, 20)
    run = evaluate(model, benchmark, view="five-crop")
    assert len(store.read(run)) == 60
    assert not store.read(run).duplicated(["sample_id", "view"]).any()


def test_noise_levels_are_a_curve_that_begins_at_the_clean_accuracy(toy_model, colour_folder):
    benchmark = open_benchmark("imagenet", colour_folder)
    run, clean = evaluate(toy_model, benchmark, view="noise"), evaluate(toy_model, benchmark)
    curve = questions.answer(run, Question(("sigma",)))
    assert curve["sigma"].tolist() == [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75]
    assert curve["value"].iloc[0] == questions.answer(clean, Question())["value"].iloc[0]
    single = evaluate(toy_model, benchmark, view="noise-0.25")
    one = store.read(single).sort_values("sample_id")["top10_prob"].map(list).tolist()
    same = store.read(run)
    assert same[same["view"] == "noise-0.25"].sort_values("sample_id")["top10_prob"].map(list).tolist() == one


def test_logits_of_views_are_kept_by_view(model, quarters):
    run = evaluate(model, open_benchmark("imagenet", quarters), view="five-crop", keep_logits=True)
    assert store.logits_of(run).num_rows == 25
    assert store.read_logits(run) is None


def test_reducing_keeps_the_first_row_and_what_stands_beside_it():
    table = pd.DataFrame({"id": ["a", "a", "b", "b"], "correct": [0.0, 1.0, np.nan, np.nan], "x": [1, 2, 3, 4]})
    found = metrics.reduce_views(table, ["id"], "mean", ["correct"])
    assert found["x"].tolist() == [1, 3]
    assert found["correct"].iloc[0] == 0.5
    assert np.isnan(found["correct"].iloc[1])
    assert metrics.reduce_views(table, ["id"], "majority", ["correct"])["correct"].iloc[0] == 0.0
