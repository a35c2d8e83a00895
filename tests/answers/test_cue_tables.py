"""Runs whose family of views names tables of its own: what a model leans on."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from core import models, paths, store
from core.answers import cue_tables, report
from core.benchmarks import open_benchmark
from core.cli.main import app
from core.errors import UsageError
from core.evaluate.loop import evaluate
from core.types import CardTable, Factor, ViewsCard
from tests.manifests import make_manifest

TABLES = (
    CardTable("ablation", ("view",), "Without the object", True),
    CardTable("rfs", ("norm", "sigma"), "Noise", True),
    CardTable("rfs_by_class", ("norm", "class"), "Noise by class", True),
)
NONE = {"ablation": "none", "region": "none", "sigma": 0.0, "draw": 0.0}
ROWS = (
    {"view": "clean", **NONE},
    {"view": "gray", **NONE, "ablation": "gray"},
    *(
        {"view": f"noise-{region}@{sigma}-1", **NONE, "region": region, "sigma": sigma, "draw": 1.0}
        for region in ("fg", "bg")
        for sigma in (0.25, 0.5)
    ),
)
FACTORS = (
    *(Factor("ablation", "Ablation", "category"), Factor("region", "Region", "category")),
    *(Factor("sigma", "Sigma", "numeric"), Factor("draw", "Draw", "numeric")),
)
VIEWS = ViewsCard("toy-cues", "Toy", 1, FACTORS, TABLES, ROWS)
#: Of each image: class 0 or 1, whether it is right when clean, grayed, under noise on it (weak, strong) and around it.
IMAGES = {
    "a": (0, (1, 1, 1, 0, 1, 1)),
    "b": (0, (1, 0, 1, 0, 1, 0)),
    "c": (1, (1, 0, 1, 1, 1, 1)),
    "d": (1, (1, 0, 0, 0, 1, 1)),
}


def write(images=IMAGES, n=4, views=VIEWS, failed=(), p=None):
    """Store a run of these images, of ``n`` that there are."""
    names = sorted(IMAGES)[:n]
    samples = pd.DataFrame(
        {
            "sample_id": names,
            "accepted": [[IMAGES[name][0]] for name in names],
            "cluster": names,
            "class": [f"class {IMAGES[name][0]}" for name in names],
            "wnid": [f"n{IMAGES[name][0]}" for name in names],
        }
    )
    path = store.samples_file("imagenet", "c" * 64, "imagenet-1k")
    store.write_samples(path, samples)
    told = [(name, row["view"], right) for name in images for row, right in zip(ROWS, images[name][1], strict=True)]
    best = [IMAGES[name][0] if right else 5 for name, _, right in told]
    # An answer that is right has 0.7 on its class, one that is wrong 0.2 in the second place.
    ranked = [
        [index, *range(900, 909)] if right else [5, IMAGES[name][0], *range(900, 908)]
        for index, (name, _, right) in zip(best, told, strict=True)
    ]
    shares = [[0.7, *[0.3 / 9] * 9] if right else [0.6, 0.2, *[0.2 / 8] * 8] for *_, right in told]
    gone = [name in failed for name, *_ in told]
    batch = pa.table(
        {
            "sample_id": [name for name, *_ in told],
            "view": [view for _, view, _ in told],
            "top10": [None if lost else top for top, lost in zip(ranked, gone, strict=True)],
            "top10_prob": [None if lost else share for share, lost in zip(shares, gone, strict=True)],
            "error": ["no object" if lost else None for lost in gone],
            "digest": pa.nulls(len(told), pa.uint64()),
        },
        schema=store.PREDICTIONS_SCHEMA,
    )
    folder = store.run_folder("imagenet", "m", "0123456789abcdef")
    manifest = make_manifest(
        "0123456789abcdef",
        n=n,
        num_classes=1000,
        samples=store.relative(path),
        samples_digest=store.digest_samples(samples),
        card=True,
        views=views,
    )
    with store.open_writer(folder, manifest) as run:
        run.append(batch)
        if len(images) == n:
            run.finish()
        run.write_manifest(status="complete" if len(images) == n else "failed")
    return store.open_run(folder)


def test_a_report_has_the_tables_of_its_views_under_published_names():
    content = json.loads(json.dumps(report.build(write())))
    assert content["warnings"] == []
    clean, gray = content["tables"]["ablation"]
    wanted = ["view", "top1", "low", "high", "drop", "drop_low", "drop_high", "mean_p_accepted", "n", "n_clusters"]
    assert list(gray) == wanted
    assert (clean["view"], clean["top1"], clean["drop"], clean["n"]) == ("clean", 1.0, None, 4)
    assert (gray["view"], gray["top1"], gray["drop"], gray["n"], gray["n_clusters"]) == ("gray", 0.25, 0.75, 4, 4)
    # One right answer and three wrong ones.
    assert (clean["mean_p_accepted"], gray["mean_p_accepted"]) == pytest.approx((0.7, 0.325))
    weak, strong, pooled = content["tables"]["rfs"]
    assert list(weak) == ["norm", "sigma", "acc_noisy_fg", "acc_noisy_bg", "rfs", "low", "high", "n", "n_clusters"]
    # 3 of 4 and 4 of 4: the mean 7/8 leaves 1/8. 1 of 4 and 3 of 4: the mean leaves 1/2. 1/2 and 7/8: it leaves 5/16.
    assert [weak[name] for name in ("sigma", "acc_noisy_fg", "acc_noisy_bg", "rfs")] == [0.25, 0.75, 1.0, 1.0]
    assert [strong[name] for name in ("sigma", "acc_noisy_fg", "acc_noisy_bg", "rfs")] == [0.5, 0.25, 0.75, 0.5]
    assert [pooled[name] for name in ("sigma", "acc_noisy_fg", "acc_noisy_bg")] == [None, 0.5, 0.875]
    assert pooled["rfs"] == pytest.approx(0.6)
    first, second = content["tables"]["rfs_by_class"]
    # Class 0: 1/2 and 3/4; class 1: 1/2 and 1.
    assert (first["class"], first["rfs"], first["n"]) == ("class 0", pytest.approx((1 / 4) / (3 / 4)), 2)
    assert (second["class"], second["rfs"], second["n"]) == ("class 1", pytest.approx(1.0), 2)


def test_top_5_changes_what_is_right_and_the_name():
    gray = report.build(write(), policy="top5", tables=["ablation"])["tables"]["ablation"][1]
    assert (gray["top5"], gray["drop"], gray["mean_p_accepted"]) == (1.0, 0.0, pytest.approx(0.325))


def test_classes_that_are_excluded_count_in_no_table_of_views():
    tables = report.build(write(), exclude=["class 1"])["tables"]
    assert [row["n"] for row in tables["ablation"]] == [2, 2]
    assert [row["class"] for row in tables["rfs_by_class"]] == ["class 0"]
    # 1 and 1, then 0 and 1/2.
    assert [row["rfs"] for row in tables["rfs"]][:2] == [0.0, 1.0]


def test_a_partial_run_is_reported_as_far_as_it_is():
    some = {name: IMAGES[name] for name in "ac"}
    content = report.build(write(some))
    assert "partial: 2 of 4 images" in content["warnings"][0]
    assert [row["n"] for row in content["tables"]["ablation"]] == [2, 2]
    assert [row["top1"] for row in content["tables"]["ablation"]] == [1.0, 0.5]
    # 1 and 1; 1/2 and 1.
    assert [row["rfs"] for row in content["tables"]["rfs"]][:2] == [0.0, 1.0]


def test_images_that_failed_are_counted_and_in_no_table():
    content = report.build(write(failed=("a", "b", "d")))
    assert content["n_failed"] == 3
    assert [row["n"] for row in content["tables"]["ablation"]] == [1, 1]
    assert [row["n"] for row in content["tables"]["rfs_by_class"]] == [0, 1]
    assert content["tables"]["rfs_by_class"][0]["rfs"] is None


def test_a_run_in_which_all_failed_still_has_its_tables():
    tables = report.build(write(failed=tuple(IMAGES)))["tables"]
    for name in ("ablation", "rfs", "rfs_by_class"):
        assert {row["n"] for row in tables[name]} == {0}


def test_a_run_without_a_prediction_yet_has_empty_tables():
    tables = report.build(write({}))["tables"]
    assert [tables[name] for name in ("ablation", "rfs", "rfs_by_class")] == [[], [], []]


@pytest.mark.parametrize("name", list(cue_tables.TABLES))
def test_a_table_by_its_own_is_the_same_and_is_kept(name, monkeypatch):
    run = write(failed=("b",))
    found = cue_tables.answer(run, name)
    pd.testing.assert_frame_equal(found, report.computed(run, name), check_dtype=False)
    assert found["value"].dtype == float

    def fail(*_, **__):
        raise AssertionError("computed again")

    monkeypatch.setitem(cue_tables.TABLES, name, replace(cue_tables.TABLES[name], compute=fail))
    pd.testing.assert_frame_equal(cue_tables.answer(run, name), found)


def test_a_kept_table_of_another_policy_is_another_one():
    run = write()
    assert cue_tables.answer(run, "ablation")["value"].tolist() == [1.0, 0.25]
    assert cue_tables.answer(run, "ablation", "top5")["value"].tolist() == [1.0, 1.0]


def test_a_table_that_the_views_do_not_name_is_refused_with_the_views_that_do():
    run = write(views=replace(VIEWS, tables=TABLES[:1]))
    assert len(cue_tables.answer(run, "ablation")) == 2
    with pytest.raises(UsageError, match=r"the views 'toy-cues' have no table 'rfs'.*--view ablations, rfs"):
        cue_tables.answer(run, "rfs")
    with pytest.raises(UsageError, match="has no table 'rfs'"):
        report.build(run, tables=["rfs"])


def test_a_table_that_this_version_does_not_know_is_left_out_and_said():
    run = write(views=replace(VIEWS, tables=(*TABLES[:1], CardTable("ghost", ("view",), "Ghost", True))))
    content = report.build(run)
    assert "ablation" in content["tables"]
    assert "ghost" not in content["tables"]
    assert any("does not know how 'toy-cues' makes it" in said for said in content["warnings"])


def test_the_command_prints_the_tables_with_the_pooled_row_named():
    write()
    command = ["report", "--benchmark", "imagenet", "--model", "m", "--view", "toy-cues", "--table", "rfs"]
    done = CliRunner().invoke(app, [*command, "--table", "ablation"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.output.splitlines()]
    assert next(line for line in lines if line[:2] == ["pixel", "all"])[2:5] == ["50.0", "87.5", "+0.60"]
    assert next(line for line in lines if line[:1] == ["gray"])[1] == "25.0"
    plain = CliRunner().invoke(app, [*command, "--json"])
    assert [row["sigma"] for row in json.loads(plain.output)["tables"]["rfs"]] == [0.25, 0.5, None]


def test_a_limited_run_of_the_embedded_world_is_measured_on_the_images_it_has():
    model = models.load("test_vit.diorama", device="cpu")
    run = evaluate(model, open_benchmark("diorama/clean"), view="all-cues", limit=6)
    tables = report.build(run)["tables"]
    assert [row["view"] for row in tables["ablation"]] == ["clean", "gray", "gray-box", "tile", "mean-colour"]
    assert {row["n"] for row in (*tables["ablation"], *tables["rfs"])} == {6}
    assert [row["sigma"] for row in tables["rfs"]] == [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, None]
    said = report.joined(run)
    strongest = said[(said["region"] == "bg") & (said["sigma"] == 0.75)].groupby("class")["correct"].mean()
    assert tables["rfs"][5]["acc_noisy_bg"] == pytest.approx(strongest.mean())
    gray = said[said["view"] == "gray"]
    assert tables["ablation"][1]["mean_p_accepted"] == pytest.approx(np.mean(gray["p_accepted"].to_numpy(float)))
    assert paths.data_home() in run.path.parents
