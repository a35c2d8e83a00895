"""Tables of zooms of stored runs: what is in them, what they are of, and what is refused."""

import numpy as np
import pytest
from PIL import Image

from core import models, store
from core.answers import report, zoom_sentences, zoom_tables
from core.answers.prepared import prepare
from core.benchmarks import open_benchmark
from core.errors import UsageError
from core.evaluate.loop import evaluate
from tests.conftest import GREEN_WNID, RED_WNID, TOY_TRANSFORM, BrightestChannel

MODEL = models.from_module(BrightestChannel(), "toy", label_space="imagenet-1k", transform=TOY_TRANSFORM)
N = 8


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Reds and greens that the other colour surrounds; the object is at the middle, or at the top left.

    At the middle the usual crop shows the object alone; at the top left a crop of that anchor does.
    """
    root = tmp_path_factory.mktemp("pictures")
    for wnid, own, other in ((RED_WNID, 0, 1), (GREEN_WNID, 1, 0)):
        (root / wnid).mkdir()
        for number in range(N // 2):
            pixels = np.zeros((96, 96, 3), np.uint8)
            pixels[..., other] = 120
            top = 32 if number < 2 else 0
            pixels[top : top + 32, top : top + 32] = 0
            pixels[top : top + 32, top : top + 32, own] = 240
            Image.fromarray(pixels).save(root / wnid / f"{number}.png")
    return root


@pytest.fixture
def run(pictures):
    return evaluate(MODEL, open_benchmark("imagenet", pictures), view="zoom-324")


def test_by_zoom_says_where_each_object_is_seen(run):
    table = zoom_tables.answer(run, "by_zoom").set_index(["size", "row", "col"])
    assert len(table) == 324
    # The crop is a third of the image: it shows the object of the half of images that have it there, and of no other.
    big = table.loc[768]
    assert (big.loc[(1, 1), "top1"], big.loc[(0, 0), "top1"], big.loc[(2, 2), "top1"]) == (0.5, 0.5, 0.0)
    assert (table["n"] == N).all()


def test_any_of_all_is_what_both_anchors_solve_together(run):
    table = zoom_tables.answer(run, "bound").set_index("bound")
    assert table.loc["any of 324", "top1"] == 1.0
    assert table.loc["any of 324", "oracle"]
    assert table.loc["1-crop", "passes"] == 1
    first = report.build(run)
    assert table.loc["1-crop", "top1"] == first["overall"]["top1"]
    assert (first["reduce"], first["n"]) == ("first", N)


def test_one_image_is_told_alone(run):
    table = zoom_tables.of_image(run, f"{RED_WNID}/3.png")
    there = table[(table["row"] == 0) & (table["col"] == 0) & (table["size"] == 768)]
    assert there["right"].tolist() == [True]
    assert not table[(table["row"] == 2) & (table["col"] == 2) & (table["size"] == 768)]["right"].item()
    assert zoom_tables.of_image(run, "nobody").empty


def test_the_flip_nearest_to_the_usual_crop_is_named_by_image(run):
    table = zoom_tables.answer(run, "smallest_flip").set_index("sample_id")
    assert len(table) == N
    assert set(table.index) == set(store.read_samples(run)["sample_id"])


def test_a_report_has_the_tables_and_leaves_classes_out(run):
    content = report.build(run, tables=["bound", "centre_bias"], exclude=[_class(run, RED_WNID)])
    rows = {row["bound"]: row for row in content["tables"]["bound"]}
    assert rows["1-crop"]["n"] == N // 2
    assert [row["n"] for row in content["tables"]["centre_bias"]] == [N // 2] * 9
    assert any("oracle" in note for note in content["notes"]["bound"])


def _class(run, wnid):
    samples = store.read_samples(run)
    return samples[samples["sample_id"].str.startswith(wnid)]["class"].iloc[0]


def test_random_crops_of_the_same_model_stand_in_the_ladder_once_they_are_complete(run, pictures):
    benchmark = open_benchmark("imagenet", pictures)
    evaluate(MODEL, benchmark, view="tta-rrc@4,0.2,1", limit=3)
    assert not zoom_tables.answer(run, "bound")["bound"].str.contains("tta-rrc").any()
    evaluate(MODEL, benchmark, view="tta-rrc@4,0.2,1")
    table = zoom_tables.answer(run, "bound").set_index("bound")
    row = table.loc["TTA mean, tta-rrc@4,0.2,1"]
    assert (row["passes"], row["n"]) == (4, N)
    grid = store.read_grid(zoom_tables.random_crops_of(run)[0])
    accepted = store.read_samples(run)["accepted"].tolist()
    right = [top in labels for top, labels in zip(grid.mean_top, accepted, strict=True)]
    assert row["top1"] == np.mean(right)


def test_random_crops_of_other_weights_do_not(run, pictures):
    other = models.from_module(BrightestChannel(), "other", label_space="imagenet-1k", transform=TOY_TRANSFORM)
    other.fingerprint = "f" * 64
    evaluate(other, open_benchmark("imagenet", pictures), view="tta-rrc@2,0.2,1")
    assert zoom_tables.random_crops_of(run) == []


def test_restricted_chooses_among_the_benchmarks_own_classes(run):
    zooms = zoom_tables.read(run, "restricted")
    assert zooms.num_classes == 2
    own = {labels[0] for labels in zooms.accepted}
    assert set(np.unique(zooms.top)) <= own


def test_images_that_fail_are_left_out_and_counted(pictures, tmp_path):
    import shutil

    root = shutil.copytree(pictures, tmp_path / "copy")
    (root / RED_WNID / "9.png").write_bytes(b"no image")
    run = evaluate(MODEL, open_benchmark("imagenet", root), view="zoom-9")
    table = zoom_tables.answer(run, "bound")
    assert set(table["n"]) == {N}
    assert set(table["n_failed"]) == {1}


def test_what_pages_show_is_there_once_a_run_is_complete(run, monkeypatch):
    prepare(run)
    monkeypatch.setattr(zoom_tables, "read", lambda *_: pytest.fail("computed again"))
    for name in zoom_tables.FIRST:
        if zoom_tables.has_factors(run, name):
            assert zoom_tables.answer(run, name) is not None


@pytest.mark.parametrize(
    ("view", "call", "said"),
    [
        ("clean", lambda run: zoom_tables.read(run), "no zooms: evaluate with --view zoom-324"),
        ("zoom-9", lambda run: zoom_tables.answer(run, "bounds"), "no table 'bounds' of zooms.*bound"),
        ("zoom-9", lambda run: zoom_tables.read(run, "top5"), "only the best class is kept"),
        ("zoom-9", lambda run: zoom_tables.by_origin(zoom_tables.read(run)), "does not say where its images come from"),
    ],
)
def test_what_cannot_be_told_is_refused_by_name(pictures, view, call, said):
    run = evaluate(MODEL, open_benchmark("imagenet", pictures), view=view)
    with pytest.raises(UsageError, match=said):
        call(run)


def test_few_images_carry_no_claim(run):
    said = zoom_sentences.finding("toy", zoom_tables.answer(run, "bound"), zoom_tables.answer(run, "luck"))
    assert "too few for a claim" in said
