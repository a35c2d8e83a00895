"""The page on factors for any benchmark: what it shows first, what a click asks for, what a damaged link does."""

import json
from dataclasses import replace

import pytest

from core.answers import questions
from core.answers.questions import Question, factor_of
from core.benchmarks import open_benchmark
from core.evaluate.loop import evaluate
from pages.shared.factors import levels
from pages.shared.page import place
from pages.shared.page.place import Cell
from tests.own_photos import photos, weathers
from tests.pages.conftest import open_page, page_links, target, text_of

FACTORS = "pages/size_location_rotation.py"
PHOTOS = {"benchmark": "photos", "models": "brightest-channel"}


@pytest.fixture
def run(toy_model, tmp_path):
    return photos(toy_model, tmp_path / "photos", weathers())


def titles(at):
    return [json.loads(chart.proto.spec)["layout"]["title"]["text"].partition("<br>")[0] for chart in
            at.get("plotly_chart")]  # fmt: skip


def test_the_first_two_factors_and_their_heatmap_are_shown_first(run):
    at = open_page(FACTORS, **PHOTOS)
    assert not at.exception
    assert not at.error
    assert titles(at) == ["Top-1 by weather", "Top-1 by light", "Top-1 by weather and light"]
    said = text_of(at)
    assert "Of 3 values of weather, **brightest-channel** is worst at **weather fog**" in said
    assert "Worst of 3 values of weather" in said
    assert at.session_state["address-shown"]["factor"] == ["weather"]
    assert at.session_state["address-shown"]["and"] == ["light"]


def test_each_kind_of_factor_has_its_figure(run):
    at = open_page(FACTORS, **PHOTOS, factor="heading", **{"and": "night"})
    assert not at.exception
    kinds = [json.loads(chart.proto.spec)["data"][-1]["type"] for chart in at.get("plotly_chart")]
    assert kinds == ["scatterpolar", "bar", "scatter"]
    one = open_page(FACTORS, **PHOTOS, factor="tags", **{"and": "-"})
    assert titles(one) == ["Top-1 by tags"]


def test_rows_stand_worst_first(run):
    at = open_page(FACTORS, **PHOTOS, factor="weather", **{"and": "-"})
    (chart,) = at.get("plotly_chart")
    assert json.loads(chart.proto.spec)["layout"]["yaxis"]["ticktext"] == ["fog", "rain", "sun"]


def test_of_many_values_the_worst_are_shown_and_the_rest_is_said(toy_model, tmp_path):
    rows = [row | {"weather": f"weather {number % 60:02}", "right": number % 60 > 3} for number, row in
            enumerate(weathers())]  # fmt: skip
    photos(toy_model, tmp_path / "photos", rows)
    at = open_page(FACTORS, **PHOTOS, factor="weather", **{"and": "night"})
    assert not at.exception
    assert "The 30 worst of 60 values." in text_of(at)
    assert "The 30 worst of 60 values of weather." in text_of(at)
    chart = at.get("plotly_chart")[0]
    first = json.loads(chart.proto.spec)["layout"]["yaxis"]["ticktext"]
    assert first[:4] == ["weather 00", "weather 01", "weather 02", "weather 03"]
    assert len(first) == 30


def test_a_click_on_a_bin_is_a_link_to_its_very_images(run):
    table = questions.answer(run, Question(("weather", "light")))
    row = table.iloc[0]
    cell = levels.cell(run, {"weather": row["weather"], "light": row["light"]})
    assert cell.encode() == "photos;weather=fog;light=0.0..0.039"
    assert place.decode(cell.encode()) == cell
    at = open_page(FACTORS, **PHOTOS, cell=cell.encode())
    assert not at.exception
    assert [head.value for head in at.subheader] == ["weather fog, light 0 to 0.04"]
    assert "**40 images, 75\u00a0% right**" in text_of(at)


def test_the_chosen_cell_is_marked_in_the_heatmap(run):
    at = open_page(FACTORS, **PHOTOS, cell="photos;weather=rain;light=0.07..0.109")
    spec = json.loads(at.get("plotly_chart")[-1].proto.spec)
    assert [(shape["x0"], shape["y0"]) for shape in spec["layout"]["shapes"]] == [(1.5, 0.5)] * 2


def test_filters_are_over_any_factor(run):
    at = open_page(
        FACTORS, **PHOTOS, filters=["weather", "light"], is_weather=["fog", "rain"], from_light="0.04", to_light="0.109"
    )
    assert not at.exception
    said = text_of(at)
    assert "Only images with weather fog or rain; light 0.04 to 0.109" in said.replace("\\", "")
    # Twenty of fog, fifty of rain.
    assert "n = 20 to 50 a weather" in json.loads(at.get("plotly_chart")[0].proto.spec)["layout"]["title"]["text"]


def test_two_models_differ_by_any_factor(toy_model, tmp_path, run):
    other = replace(toy_model, name="second", source="second", fingerprint="f" * 64)
    evaluate(other, open_benchmark("photos"))
    at = open_page(FACTORS, benchmark="photos", models=["brightest-channel", "second"], diff="1")
    assert not at.exception
    assert titles(at) == [
        "Difference in top-1 by weather", "Difference in top-1 by light",
        "second less brightest-channel: top-1 by weather and light",
    ]  # fmt: skip


def test_any_factors_of_a_family_are_a_view_beside_its_own(embedded_results):
    at = open_page(FACTORS, benchmark="diorama", models="test_vit.diorama", view="factors", set="diorama/settings",
                   factor="weather", **{"and": "n_uncommon"})  # fmt: skip
    assert not at.exception
    assert titles(at) == [
        "Top-1 by weather",
        "Top-1 by uncommon attributes",
        "Top-1 by weather and uncommon attributes",
    ]
    assert "diorama/settings" in text_of(at)


@pytest.mark.parametrize(
    "query",
    [
        {"factor": "weather", "and": "weather", "diff": "1"},
        {"factor": "<script>", "and": "x" * 5000, "policy": "top9"},
        {"set": "nothing", "view": "factors", "cell": "photos;light=0..1..2"},
        {"filters": ["weather"] * 50, "is_weather": ["no such"] * 50, "cell": "photos;light=.."},
        {"filters": "light", "from_light": "nan", "to_light": "1e999"},
        {"filters": "light", "from_light": "0.32", "to_light": "0.039", "cell": "photos;light=0.2..0.1"},
        {"cell": "photos;light=0.1..nan"},
        {"cell": "photos;light=1e308..1e309"},
        {"cell": "photos;weather=fog..sun"},
        {"cell": "photos;weather=fog;light=0.9..0.95"},
    ],
)
def test_a_damaged_link_shows_what_there_is(run, query):
    at = open_page(FACTORS, **(PHOTOS | query))
    assert not at.exception
    assert not at.error
    assert titles(at)


def test_a_range_the_wrong_way_round_is_turned(run):
    assert place.decode("photos;light=0.2..0.1") == place.decode("photos;light=0.1..0.2")
    assert place.decode("photos;weather=fog..sun") == Cell("photos", {"weather": "fog..sun"})
    assert factor_of(run, "light").is_number


def test_home_and_overview_lead_to_ones_own_data(run):
    (link,) = [each for each in page_links(open_page("app.py", models="brightest-channel")) if "photos" in each.label]
    assert target(link).startswith("size_location_rotation?")
    assert "benchmark=photos" in target(link)
    at = open_page("pages/overview.py", only="photos", cell="photos")
    (link,) = [each for each in page_links(at) if each.label.startswith("Where it breaks")]
    assert "benchmark=photos" in target(link)


def test_a_benchmark_without_a_result_says_how_to_get_one(run):
    at = open_page(FACTORS, benchmark="imagenet-r", models="brightest-channel")
    assert not at.exception
    assert "No stored result for this choice yet" in text_of(at)
