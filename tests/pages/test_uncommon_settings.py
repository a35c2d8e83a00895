"""The page Settings and its figures, on a synthetic store (``tests.synthetic_focus``)."""

import json

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core import store, uncommon
from core.answers import exporting, report, setting_sentences, setting_tables
from core.answers.questions import Question, Where, behind
from core.figures import uncommon as figures
from core.figures.style import Words
from core.uncommon import gaps
from tests import synthetic_focus
from tests.conftest import REPO


@pytest.fixture
def run():
    return synthetic_focus.write("synthetic-a", "ResNet50", synthetic_focus.samples(600))


def opened(**query):
    app = AppTest.from_file(str(REPO / "app.py"), default_timeout=60).switch_page("pages/uncommon_settings.py")
    for name, text in query.items():
        app.query_params[name] = text
    return app.run()


def charts(app):
    return [chart.proto for chart in app.get("plotly_chart")]


def test_the_page_opens_first_and_says_what_costs_most(run):
    app = opened(benchmark="focus")
    assert not app.exception
    assert not app.error
    said = setting_sentences.settings(
        "synthetic-a",
        setting_tables.answer(run, "attribute_changes"),
        setting_tables.answer(run, "value_changes"),
        "paper-code",
    )
    assert said in [element.value for element in app.markdown]
    assert len(charts(app)) == 7


def test_without_results_the_page_says_what_to_run():
    app = opened(benchmark="focus")
    assert not app.exception
    assert not charts(app)


def test_a_cell_in_the_url_opens_its_images(run):
    app = opened(benchmark="focus", cell="focus;category=dog;locations=snow")
    n = setting_tables.answer(run, "heatmap_locations").set_index(["category", "setting"]).loc[("dog", "snow"), "n"]
    assert app.subheader[0].value == "dog, snow"
    assert any(f"**{n:,} images, " in each.value for each in app.markdown)


def test_several_parts_of_a_page_may_ask_for_the_images(run):
    sample = store.read_samples(run)["sample_id"].iloc[0]
    app = opened(benchmark="focus", strip="1", cell="focus;n_uncommon=1.0", image=f"focus:{sample}")
    assert not app.exception
    asked = {each.key for each in app.text_input}
    assert {f"relink-{run.identity}-{part}-folder" for part in ("gallery", "drawer", "why")} <= asked


def test_a_number_of_uncommon_attributes_in_the_url_opens_its_images(run):
    app = opened(benchmark="focus", cell="focus;n_uncommon=1.0")
    n = setting_tables.answer(run, "partitions").set_index("partition").at["P1", "n"]
    assert app.subheader[0].value == "1 uncommon attribute"
    assert any(f"**{n:,} images, " in each.value for each in app.markdown)


@pytest.mark.parametrize("cell", ["category=7;time=True;locations=", "n_uncommon=nan"])
def test_a_damaged_cell_still_opens_the_page(run, cell):
    app = opened(benchmark="focus", cell=f"focus;{cell}")
    assert not app.exception
    assert len(charts(app)) == 7


def test_a_cell_holds_just_the_images_that_its_number_counts(run):
    cells = setting_tables.answer(run, "heatmap_locations").set_index(["category", "setting"])
    for category, location in (("dog", "snow"), ("car", "street"), ("ship", "water")):
        found = behind(run, Question(where=(Where.equals("category", category), Where.equals("locations", location))))
        assert len(found) == cells.loc[(category, location), "n"]
        assert found["right"].mean() == pytest.approx(cells.loc[(category, location), "value"])


def test_a_partition_holds_just_the_images_that_its_number_counts(run):
    sizes = setting_tables.answer(run, "partitions").set_index("partition")["n"]
    for name, condition in (("P1", Where.equals("n_uncommon", 1.0)), ("P_tl", Where.equals("partition", "P_tl"))):
        assert len(behind(run, Question(where=(condition,)))) == sizes[name] > 0


def test_another_policy_renames_the_columns_it_changes(run):
    found = report.build(run, policy="top5", tables=["partitions", "gaps"])["tables"]
    assert list(found["partitions"][0]) == ["partition", "top5", "top5_low", "top5_high", "n"]
    assert list(found["gaps"][0])[2] == "gap"


def test_locations_are_exported_as_json(run, tmp_path):
    exporting.export(exporting.predictions(run), tmp_path / "p.csv")
    exported = pd.read_csv(tmp_path / "p.csv")
    expected = store.read_samples(run).set_index("sample_id").loc[exported["sample_id"].iloc[0], "locations"]
    assert json.loads(exported["locations"].iloc[0]) == list(expected)
    assert set(exported["partition"]) <= set(uncommon.PARTITIONS)


def test_stored_tables_are_those_of_the_report_under_its_own_names(run):
    content = report.build(run)["tables"]
    for name in ("partitions", "gaps", "gaps_class_adjusted"):
        found, reported = setting_tables.answer(run, name), pd.DataFrame(content[name])
        names = {"partitions": ["top1", "top1_low", "top1_high", "n"]}.get(
            name, ["gap", "low", "high", "n_common", "n_uncommon"]
        )
        same = ["value", *found.columns.intersection(["low", "high"]), *names[3:]]
        assert list(reported)[-len(names) :] == names
        assert np.allclose(found[same].astype(float), reported[names].astype(float), equal_nan=True)


def test_heatmap_cells_are_clickable_and_uncommon_ones_framed(run):
    cells, totals = setting_tables.answer(run, "heatmap_time"), setting_tables.answer(run, "totals_time")
    found = setting_tables.answer(run, "category_gaps").query("attribute == 'time' and definition == 'paper-code'")
    figure = figures.setting_heatmap(cells, totals, found, Words("t"), chosen=("dog", "night"))
    there = figure.data[0]
    at = (list(there.y).index("dog"), list(there.x).index("night"))
    shown = cells.set_index(["category", "setting"]).loc[("dog", "night"), "value"]
    assert np.array(there.z, float)[at] == pytest.approx(shown)
    frames = next(shape.path for shape in figure.layout.shapes if shape.type == "path")
    assert frames.count("M") == len(cells[(cells["n"] > 0) & cells["uncommon"]])
    clickable = [tuple(pair) for trace in figure.data[1:3] for pair in trace.customdata]
    assert sorted(clickable) == sorted(map(tuple, cells[cells["n"] > 0][["category", "setting"]].to_numpy()))


def test_the_synthetic_store_follows_the_papers_counts(run):
    samples = store.read_samples(run)
    assert len(samples) == 600
    assert set(samples["category"]) == set(setting_tables.answer(run, "heatmap_time")["category"])


def test_gaps_are_drawn_beside_published_ones(run):
    raw_table, adjusted_table = (
        setting_tables.answer(run, question).query("definition == 'paper-code'")
        for question in ("gaps", "gaps_class_adjusted")
    )
    figure = figures.gap_points(
        {"synthetic-a": raw_table},
        {"synthetic-a": adjusted_table},
        {"synthetic-a": "#2F6DB5"},
        Words("t"),
        labels={"time": "time of day", "weather": "weather", "locations": "location"},
        published={"ResNet50": {"time": 0.08, "weather": 0.16, "locations": 0.19}},
        source="FOCUS, Table 3",
    )
    raw, adjusted, published = figure.data
    assert list(raw.x) == pytest.approx(raw_table["value"].tolist())
    assert list(adjusted.x) == pytest.approx(adjusted_table["value"].tolist())
    assert adjusted.marker.symbol == "circle-open"
    # As changes: the paper's gaps are common less uncommon.
    assert list(published.x) == [-0.08, -0.16, -0.19]
    assert "FOCUS, Table 3" in published.hovertext[0]


def test_thin_points_of_a_category_are_hollow(run):
    table = setting_tables.answer(run, "by_category_partition")
    figure = figures.category_partitions(table, Words("t"), "#2F6DB5")
    common = next(trace for trace in figure.data if trace.name.startswith("P0"))
    thin = table[(table["partition"] == "P0") & (table["n"] > 0)]["n"] < 30
    assert list(common.marker.symbol) == ["circle-open" if each else "circle" for each in thin]
    assert common.customdata[0][1] == 0


def test_thin_costs_are_hatched(run):
    table = setting_tables.answer(run, "costs")
    figure = figures.cost_bars({"a": gaps.as_change(table)}, {"a": "#2F6DB5"}, Words("t"))
    assert list(figure.data[0].x) == pytest.approx((-table["value"]).tolist())
    assert list(figure.data[0].marker.pattern.shape) == ["/" if thin else "" for thin in table["thin"]]
