"""What a notebook shows: a report, a figure, a gallery; and the example that comes with the project."""

import copy
import json
import re

import pandas as pd
import pytest

import core
import core.figures
import core.report
from core.errors import UsageError
from core.explain.reported import Report
from core.figures import exhibits, location, style
from tests import example_notebook

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def run(embedded_results):
    return core.run("test_vit.diorama", "diorama/settings")


@pytest.fixture
def content():
    row = {"class": HOSTILE, "top1": 0.25, "top1_low": 0.1, "top1_high": 0.5, "top5": None, "n": 1234, "n_clusters": 12}
    return {
        **{"identity": "ab12", "model": HOSTILE, "benchmark": "x", "view": "clean", "n_views": 1, "reduce": None},
        **{
            "precision": "fp32",
            "imported": False,
            "policy": "top1",
            "interval": "95 %, Wilson",
            "n": 1234,
            "n_failed": 1,
        },
        **{"n_samples": 2000, "overall": row, "tables": {"by_class": [row] * 20, "none": []}, "notes": {}},
        "warnings": [f"beware of {HOSTILE}"],
    }


def test_a_report_stays_the_dict_that_it_was(content):
    report = Report(content, {"by_class": "Top-1 by class"})
    assert report == content
    assert json.loads(json.dumps(report)) == content
    assert copy.copy(report).titles == {"by_class": "Top-1 by class"}
    assert report.table("by_class")["n"].tolist() == [1234] * 20
    assert list(report.tables) == ["by_class", "none"]
    with pytest.raises(UsageError, match=r"no table 'by_clas'. Did you mean 'by_class'\?"):
        report.table("by_clas")


def test_a_report_shows_headline_warnings_and_the_first_rows_of_each_table(content):
    shown = Report(content, {"by_class": "Top-1 by class"})._repr_html_()
    assert "top-1 25.0 % [10.0, 50.0], n = 1,234 images of 2,000: partial, 12 objects, 1 failed" in shown
    assert shown.count("<tr>") == 1 + 15
    assert "5 more rows" in shown
    assert "⚠ beware of" in shown
    assert HOSTILE not in shown
    assert "&lt;script&gt;" in shown
    assert not re.search(r"https?:|src=|<link", shown)


def test_the_report_of_a_run_knows_its_tables(run):
    report = core.report.build(run, tables=["by_class"])
    assert type(report) is Report
    # 4,300 images of ten classes, as many of each.
    assert report.table("by_class")["n"].tolist() == [430] * 10
    assert "4,300 images, 50 objects" in report._repr_html_()
    assert "Top-5 by class" in core.report.build(run, tables=["by_class"], policy="top5")._repr_html_()


def test_a_figure_is_on_white_and_its_identity_has_a_line_of_its_own(monkeypatch):
    n = [30, 30]
    table = pd.DataFrame({"x": [0, 1], "y": 0.5, "value": 0.5, "low": 0.4, "high": 0.6, "n": n, "n_clusters": n})
    drawn = location.location_map(table, style.Words("Top-1 by location", "n = 30", "m: identity 12ab34cd"))
    monkeypatch.setattr(exhibits, "exhibit", lambda runs, name, policy: exhibits.Exhibit(drawn, {}, {}))
    figure = core.figures.show([], "by_location")
    assert figure.layout.paper_bgcolor == "#FFFFFF"
    assert figure.layout.annotations[-1].text == "m: identity 12ab34cd"
    # 16 pixels more below, above which the scale of colours now stands.
    assert figure.layout.height - drawn.layout.height == figure.layout.margin.b - drawn.layout.margin.b == 16
    assert figure.data[0].colorbar.y == pytest.approx(16 / figure.layout.height)
    assert drawn.layout.paper_bgcolor == "rgba(0,0,0,0)"


def test_a_gallery_has_the_images_of_a_value_a_range_and_several_values(run):
    table = core.report.build(run, tables=["by_class"]).table("by_class").set_index("class")
    deer = core.gallery(run, {"class": "deer"}).table
    assert len(deer) == table.loc["deer", "n"]
    assert deer["right"].mean() == pytest.approx(table.loc["deer", "top1"])
    assert deer["confidence"].is_monotonic_decreasing
    both = core.gallery(run, {"class": ["deer", "cat"]}).table
    assert len(both) == table.loc[["deer", "cat"], "n"].sum()
    wrong = core.gallery(run, {"class": "deer"}, shown="wrong").table
    assert not wrong["right"].any()
    assert len(wrong) == (~deer["right"]).sum()
    middle = core.gallery(run, {"yaw_deg": (0.0, 90.0)}).table
    assert middle["yaw_deg"].between(0, 90).all()
    assert 0 < len(middle) < 4300


def test_a_gallery_carries_its_pictures_and_says_truth_first(run):
    shown = core.gallery(run, {"class": "deer"}, n=3, shown="wrong")._repr_html_()
    assert shown.count('src="data:image/jpeg;base64,') == 3
    assert shown.count("✗") == 3
    assert re.search(r">deer → \w+ [01]\.\d\d<", shown)
    assert run.identity in shown
    assert not re.search(r"https?:", shown)


def test_images_that_are_not_here_are_grey_with_the_reason(run, monkeypatch):
    from core import benchmarks

    def gone(run):
        raise UsageError("nothing here")

    monkeypatch.setattr(benchmarks, "open_for", gone)
    shown = core.gallery(run, n=2)._repr_html_()
    assert "src=" not in shown
    assert shown.count("the image is not on this machine") == 2


BAD_CONDITIONS = [
    ({"wether": "fog"}, "no factor 'wether'. Did you mean 'weather'"),
    ({"class": "deeer"}, "Did you mean 'deer'"),
    ({"class": ["cat", "dgo"]}, "Did you mean 'dog'"),
    ({"class": []}, "is given no value"),
    ({"class": None}, "it takes a text"),
    ({"yaw_deg": (9, 1)}, "ends before it begins"),
    ({"yaw_deg": (1, 2, 3)}, "has 3 ends"),
    ({"yaw_deg": 9999}, "The nearest is"),
    ({"yaw_deg": "a"}, "a finite number|an angle"),
    ("deer", "give a dict"),
    ([1], "give a dict"),
    ({"yaw_deg": (359.9991, 359.9992)}, "no image has all of this"),
]


def test_a_condition_that_cannot_be_met_is_one_line(run):
    for where, said in BAD_CONDITIONS:
        with pytest.raises(UsageError, match=said):
            core.gallery(run, where)


def test_a_gallery_says_what_it_takes(run):
    for given in ({"n": 0}, {"n": True}, {"n": "a"}, {"policy": "top2"}, {"shown": "rong"}):
        with pytest.raises(UsageError, match=next(iter(given))):
            core.gallery(run, **given)


def test_a_result_that_is_not_there_is_named(embedded_results):
    with pytest.raises(UsageError, match=r"Did you mean 'test_vit\.diorama'"):
        core.run("test_vi", "diorama/settings")


def test_the_example_is_the_one_that_is_written_and_is_small():
    text = example_notebook.NOTEBOOK.read_text(encoding="utf-8")
    assert len(text.encode()) < 600_000
    stored = json.loads(text)
    assert [(cell["cell_type"], "".join(cell["source"])) for cell in stored["cells"]] == example_notebook.CELLS
    shown = "".join(example_notebook.numbers_of(stored)[number] for number in (0, 1))
    assert not re.search(r"<script|src=\"http", shown)
    # Nor a path of the machine that it was made on.
    assert not re.search(r"(?<![\w<:/.])/[\w.-]+/[\w.-]+", shown)
    assert [len(each["data"]) for each in example_notebook.outputs_of(stored)] == [2, 2, 2, 2, 1, 2]


@pytest.mark.slow
def test_the_example_shows_the_same_numbers_when_it_is_run(embedded_results):
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    stored = json.loads(example_notebook.NOTEBOOK.read_text(encoding="utf-8"))
    now, then = (example_notebook.numbers_of(each) for each in (example_notebook.execute(), stored))
    assert now == then
