"""Reports and exports of stored runs."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from core import models
from core.answers import exporting, report
from core.benchmarks import generate, open_benchmark
from core.errors import UsageError
from core.evaluate.loop import evaluate
from tests.conftest import RED_WNID, TOY_TRANSFORM, BrightestChannel, write_cutouts

KOALA, ZEBRA, LEMON = 105, 340, 951


class RedIsKoala(torch.nn.Module):
    """Says koala for red and zebra for green, always after ten classes that no image here shows."""

    def __init__(self):
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs):
        logits = torch.full((len(inputs), 1000), -5.0)
        logits[:, :10] = 5.0
        means = inputs.amax(dim=(2, 3))
        logits[:, KOALA], logits[:, ZEBRA] = means[:, 0], means[:, 1]
        return logits


@pytest.fixture
def toy_run(toy_model, colour_folder):
    return evaluate(toy_model, open_benchmark("imagenet", colour_folder))


@pytest.fixture(scope="module")
def location_folder(tmp_path_factory):
    """A small location benchmark: 4 cut-outs on one black background each, at 441 centres."""
    home = tmp_path_factory.mktemp("location")
    cutouts = write_cutouts(home / "foregrounds")
    (home / "backgrounds").mkdir()
    Image.new("RGB", (64, 64), (0, 0, 0)).save(home / "backgrounds" / "night.png")
    generate.si_score_set(cutouts, home / "backgrounds", "location", home / "set", workers=2)
    return home / "set"


@pytest.fixture
def location_set(location_folder):
    """The location benchmark, opened."""
    return open_benchmark("si-score/location", location_folder)


def test_a_report_has_the_documented_shape(toy_run):
    content = json.loads(json.dumps(report.build(toy_run)))
    assert content["identity"] == toy_run.identity
    assert (content["n"], content["n_failed"], content["policy"]) == (24, 0, "top1")
    assert set(content["overall"]) == {"top1", "top1_low", "top1_high", "top5", "n", "n_clusters"}
    by_class = {row["class"]: row for row in content["tables"]["by_class"]}
    assert by_class["tench"]["top1"] == pytest.approx(7 / 8)
    assert by_class["goldfish"]["top1"] == 1
    assert by_class["tench"]["top5"] == 1
    assert {"class", "top1", "top1_low", "top1_high", "top5", "n", "n_clusters"} == set(by_class["tench"])


@pytest.mark.slow
def test_the_location_table_covers_the_grid_and_counts_cut_outs(toy_model, location_set):
    run = evaluate(toy_model, location_set)
    content = report.build(run)
    rows = content["tables"]["by_location"]
    assert len(rows) == 441
    assert {(row["n"], row["n_clusters"]) for row in rows} == {(4, 4)}
    assert {row["x"] for row in rows} == {round(0.05 * i, 2) for i in range(21)}
    assert content["interval"] == "95 %, score interval over cut-outs"


def test_tables_can_be_chosen_and_an_unknown_one_is_named(toy_run):
    assert report.build(toy_run, tables=["by_class"])["tables"].keys() == {"by_class"}
    with pytest.raises(UsageError, match=r"has no table 'by_clas'\. Did you mean 'by_class'"):
        report.build(toy_run, tables=["by_clas"])


def test_excluded_classes_are_counted_nowhere(toy_run):
    content = report.build(toy_run, exclude=["tench"])
    assert content["n"] == 16
    assert content["overall"]["top1"] == 1
    with pytest.raises(UsageError, match="no class 'tensh' to exclude"):
        report.build(toy_run, exclude=["tensh"])


def test_a_policy_changes_the_number_and_is_named_without_another_run(location_set):
    model = models.from_module(
        RedIsKoala(), "red-is-koala", label_space="imagenet-1k", transform={**TOY_TRANSFORM, "crop_pct": 1.0}
    )
    run = evaluate(model, location_set, keep_logits=True, limit=200)
    plain, restricted = (
        report.build(run, tables=["by_class"]),
        report.build(run, tables=["by_class"], policy="restricted"),
    )
    assert plain["overall"]["top1"] == 0
    assert restricted["policy"] == "restricted"
    assert restricted["overall"]["top1"] == 1
    assert "top5" not in restricted["overall"]
    assert report.build(run, tables=["by_class"], policy="top5")["overall"]["top5"] == 0


@pytest.mark.slow
def test_the_restricted_policy_needs_no_logits(location_set):
    model = models.from_module(RedIsKoala(), "m", label_space="imagenet-1k", transform=TOY_TRANSFORM)
    without = report.build(evaluate(model, location_set), policy="restricted")
    kept = report.build(evaluate(model, location_set, keep_logits=True, fresh=True), policy="restricted")
    assert without["overall"] == kept["overall"]
    assert without["overall"]["n"] == kept["n_samples"]


def test_a_result_that_did_not_keep_the_best_of_its_classes_says_how_to_get_it(location_set):
    model = models.from_module(RedIsKoala(), "m", label_space="imagenet-1k", transform=TOY_TRANSFORM)
    run = evaluate(model, location_set, limit=20)
    for part in run.path.glob("within-*.parquet"):
        part.unlink()
    with pytest.raises(UsageError, match=r"20 of 20 predictions.*--fresh"):
        report.build(run, policy="restricted")


def test_accuracy_near_chance_raises_a_doubt_about_label_order(colour_folder):
    class Shifted(BrightestChannel):
        def forward(self, inputs):
            return super().forward(inputs).roll(500, dims=1)

    for wnid in [path.name for path in colour_folder.iterdir()]:
        for number in range(8, 30):
            Image.new("RGB", (40, 40), (9, 9, 9)).save(colour_folder / wnid / f"{number}.png")
    model = models.from_module(Shifted(), "shifted", label_space="imagenet-1k", transform=TOY_TRANSFORM)
    warnings = report.build(evaluate(model, open_benchmark("imagenet", colour_folder)))["warnings"]
    assert any("near chance (0.10%)" in warning for warning in warnings)


def test_a_good_accuracy_raises_no_doubt(toy_run):
    assert report.build(toy_run)["warnings"] == []


def test_other_results_of_the_same_model_are_mentioned(toy_model, colour_folder, toy_run):
    bf16 = evaluate(toy_model, open_benchmark("imagenet", colour_folder), precision="bf16")
    assert any(bf16.identity in warning and "bf16" in warning for warning in report.build(toy_run)["warnings"])


def test_compared_runs_that_differ_say_in_what(toy_model, colour_folder, toy_run):
    benchmark = open_benchmark("imagenet", colour_folder)
    bf16 = evaluate(toy_model, benchmark, precision="bf16")
    other = models.from_module(
        BrightestChannel(), "other", label_space="imagenet-1k", transform={**TOY_TRANSFORM, "crop_pct": 0.9}
    )
    cropped = evaluate(other, benchmark, limit=10)
    assert report.differences([toy_run, toy_run]) == []
    assert [line.split(":")[0] for line in report.differences([toy_run, bf16])] == ["compared runs differ in precision"]
    assert [line.split(":")[0] for line in report.differences([toy_run, cropped])] == [
        "compared runs differ in preprocessing",
        "compared runs differ in number of evaluated images",
    ]


COLUMNS = [
    "sample_id",
    "view",
    "top1",
    "top1_prob",
    "top10",
    "top10_prob",
    "p_accepted",
    "rank",
    "accepted",
    "correct",
    "error",
    "digest",
]


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_the_export_has_every_prediction_with_its_factors(toy_model, colour_folder, tmp_path, suffix):
    (colour_folder / RED_WNID / "1.png").write_bytes(b"broken")
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    out = tmp_path / f"table.{suffix}"
    exporting.export(exporting.predictions(run), out)
    table = pd.read_parquet(out) if suffix == "parquet" else pd.read_csv(out)
    assert list(table.columns[:12]) == COLUMNS
    assert {"identity", "class", "wnid"} <= set(table.columns)
    assert set(table["identity"]) == {run.identity}
    # Which setting of which weights, in every row: exports of several are told apart when they are put together.
    assert set(table["model"]) == {run.source}
    assert [json.loads(each) for each in set(table["preprocessing"])] == [run.preprocessing]
    assert table["head"].isna().all()
    assert len(table) == 24
    row = table.set_index("sample_id").loc[f"{RED_WNID}/2.png"]
    top10 = json.loads(row["top10"]) if suffix == "csv" else list(row["top10"])
    assert (row["top1"], bool(row["correct"]), len(top10)) == (0, True, 10)
    assert row["top1_prob"] == pytest.approx(1, abs=1e-3)
    broken = table.set_index("sample_id").loc[f"{RED_WNID}/1.png"]
    assert pd.isna(broken["correct"])
    assert pd.isna(broken["top1"])
    assert "cannot identify" in broken["error"]


def test_the_exported_accuracy_is_the_reported_one(toy_run, tmp_path):
    exporting.export(exporting.predictions(toy_run), tmp_path / "t.parquet")
    exported = pq.read_table(tmp_path / "t.parquet")["correct"].to_pandas().astype(float)
    assert np.mean(exported) == report.build(toy_run)["overall"]["top1"]


def test_an_export_to_another_kind_of_file_is_refused(toy_run, tmp_path):
    with pytest.raises(UsageError, match=r"must end in \.parquet or \.csv"):
        exporting.export(exporting.predictions(toy_run), tmp_path / "t.xlsx")
