"""What is common among the mistakes, on the page Mistakes: the sentence, the figure, and the images of a slice."""

import json

import pytest

from core import paths, store
from core.answers import questions, slices
from core.answers.questions import Question
from core.benchmarks import open_benchmark
from core.evaluate.loop import evaluate
from tests.browser import PATIENCE_MS, app_server, chromium
from tests.pages.test_mistakes import page, words

BENCHMARK, MODEL = "diorama/size", "test_vit.diorama"


@pytest.fixture
def run(embedded_results):
    return store.find_run(BENCHMARK, MODEL)


def figures_of(at):
    return {chart.proto.id.split("-")[-1]: json.loads(chart.proto.spec) for chart in at.get("plotly_chart")}


def test_the_section_says_the_worst_slice_and_draws_all(run):
    at = page(benchmark=BENCHMARK, models=MODEL)
    assert not at.exception
    found = slices.find(run)
    assert slices.sentence(MODEL, found).replace("\u00a0", " ") in words(at)
    assert "What is common among the mistakes?" in [each.value for each in at.subheader]
    sought = figures_of(at)["slices"]["data"][0]
    assert sought["customdata"] == [[each] for each in found.table["conditions"]]


def test_a_chosen_slice_filters_the_images_and_is_taken_away_again(run):
    first = slices.find(run).table.iloc[0]
    there = questions.behind(run, Question(where=slices.decoded(run, first["conditions"])))
    n_wrong = int((there["right"] == 0).sum())
    at = page(benchmark=BENCHMARK, models=MODEL, slice=first["conditions"])
    assert not at.exception
    assert f"{n_wrong} images wrong under {MODEL}" in words(at).replace("\\", "")
    clear = next(button for button in at.button if button.label.startswith("area up to"))
    clear.click().run()
    assert not at.exception
    every = int((questions.behind(run, Question())["right"] == 0).sum())
    assert f"{every:,} images wrong under {MODEL}" in words(at).replace("\\", "")


@pytest.mark.parametrize("text", ["nonsense", '[["nothing",1,2]]', '[["area",null,"<b>"]]', "[" * 5000])
def test_a_slice_that_a_link_invents_filters_nothing(run, text):
    at = page(benchmark=BENCHMARK, models=MODEL, slice=text)
    assert not at.exception
    every = int((questions.behind(run, Question())["right"] == 0).sum())
    assert f"{every:,} images wrong under {MODEL}" in words(at).replace("\\", "")


def test_a_slice_without_mistakes_says_what_to_do(run):
    at = page(benchmark=BENCHMARK, models=MODEL, slice='[["area",7,8]]')
    assert not at.exception
    assert "No image passes these filters." in words(at)


def test_of_few_images_it_is_said_why_there_is_no_slice(toy_model, colour_folder):
    paths.remember_data("imagenet", colour_folder)
    evaluate(toy_model, open_benchmark("imagenet"))
    at = page(benchmark="imagenet")
    assert not at.exception
    assert "to try: half of the images have no value of a factor often enough (30 images)." in words(at)
    assert "slices" not in figures_of(at)


def test_a_run_under_way_has_no_slices(toy_model, colour_folder):
    paths.remember_data("imagenet", colour_folder)
    evaluate(toy_model, open_benchmark("imagenet"), limit=8)
    at = page(benchmark="imagenet")
    assert not at.exception
    assert "What is common" not in words(at)


@pytest.mark.browser
@pytest.mark.slow
def test_a_click_shows_the_images_of_a_slice_in_a_browser(run):
    with chromium() as browser, app_server() as server:
        tab = browser.new_page(viewport={"width": 1024, "height": 768})
        tab.set_default_timeout(PATIENCE_MS)
        tab.goto(f"{server}/mistakes?benchmark={BENCHMARK}&models={MODEL}")
        mark = tab.locator(".st-key-oc-figure-slices .scatterlayer .points path").first
        mark.wait_for()
        mark.scroll_into_view_if_needed()
        mark.click(force=True)
        chosen = tab.get_by_role("button", name="area up to")
        chosen.wait_for()
        assert "slice=" in tab.url
        assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        tab.go_back()
        chosen.wait_for(state="detached")
