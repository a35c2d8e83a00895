"""Imported predictions on pages: marked, drawn like others, and silent on what their file does not say."""

import pandas as pd
import pytest

from core.benchmarks import open_benchmark
from core.evaluate.imported.predictions import import_predictions
from pages.shared.overview import results
from tests.pages.conftest import open_page, text_of


@pytest.fixture
def run(colour_folder, tmp_path):
    """The best class alone of 24 images, all but one of them right."""
    opened = open_benchmark("imagenet", colour_folder)
    names = opened.samples()["sample_id"]
    top1 = [name.split("/")[0] for name in names]
    pd.DataFrame({"file": names, "top1": ["n01494475", *top1[1:]]}).to_csv(tmp_path / "p.csv", index=False)
    return import_predictions(tmp_path / "p.csv", "elsewhere", opened).run


def test_overview_marks_them_and_says_that_top5_is_not_known(run):
    at = open_page("pages/overview.py", only="imagenet", models="elsewhere")
    assert not at.exception
    shown = text_of(at)
    assert "imported" in shown
    assert "preprocessing unknown" in shown
    runs = {("elsewhere", "imagenet"): run}
    assert results.table(runs, "top1")[0]["state"].tolist() == ["complete, imported"]
    assert results.table(runs, "top5")[0]["state"].tolist() == ["complete, top-5 not known"]


def test_the_page_on_factors_says_so_too(run):
    at = open_page("pages/size_location_rotation.py", benchmark="imagenet", models="elsewhere", policy="top5")
    assert not at.exception
    assert "top-5 is not known, because fewer than five classes of each image were imported" in text_of(at)


def test_the_form_of_runs_does_not_offer_what_cannot_be_run(run):
    at = open_page("pages/runs.py")
    assert not at.exception
    assert all(run.source not in box.options for box in at.selectbox)
