"""The Mistakes page: published files, runs, filters, cards without images, verdicts; and in a real browser."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core import paths, store
from core.benchmarks import open_benchmark
from core.evaluate.loop import evaluate
from core.jobs.kinds import Diagnosis
from core.mistakes import files, published, reviews, table
from core.mistakes.table import Filters
from tests.browser import app_server, chromium
from tests.conftest import RED_WNID, REPO, SHARED
from tests.job_tools import state_of, waiting
from tests.validation_images import GOLDFISH, TENCH, name, write_annotations, write_images


def page(**query):
    at = AppTest.from_file(str(REPO / "app.py"), default_timeout=60)
    for key, value in query.items():
        at.query_params[key] = value
    return at.switch_page("pages/mistakes.py").run()


def words(at):
    """All text of the page."""
    kinds = (at.title, at.subheader, at.markdown, at.caption, at.info, at.warning, at.error)
    shown = [element.value for kind in kinds for element in kind] + [element.proto.body for element in at.get("html")]
    return "\n".join(shown).replace("\u00a0", " ")


def mistake(predicted, category="Fine-grained error", severity="Minor"):
    return {"top_prediction": predicted, "failure category": category, "failure severity": severity}


@pytest.fixture
def published_files(tmp_path):
    """Two mistakes of ViT-3B, of which Greedy Soups makes one."""
    folder = tmp_path / "published"
    folder.mkdir()
    vit = {name(1): mistake(GOLDFISH), name(4): mistake(TENCH, "Spurious Correlation", "Major")}
    (folder / "vit3b_mistakes.json").write_text(json.dumps(vit))
    (folder / "greedy_soups_mistakes.json").write_text(json.dumps({name(4): vit[name(4)]}))
    files.remember(folder)
    return folder


def test_without_any_file_the_page_says_what_each_would_give():
    at = page(benchmark="published")
    assert not at.exception
    assert "not on this machine yet" in words(at)
    assert "would give the mistakes of ViT-3B with category and severity" in words(at)
    assert "mistakes files --folder DIR" in at.code[0].value


def test_published_mistakes_are_text_cards_without_images(published_files):
    write_annotations(published_files)
    at = page(benchmark="published")
    assert not at.exception
    assert "**2 mistakes of ViT-3B remain**, 1 of them major. Greedy Soups gets 1 of them wrong too." in words(at)
    assert "Of 2 images wrong under ViT-3B:" in words(at)
    assert "No class is taken for the same other class more than once." in words(at)
    text = words(at)
    assert "the image is not on this machine" in text
    # Image 1: a tench taken for a goldfish, which annotators call wrong, in the same group of classes.
    assert '<b>tench</b> <span aria-label="taken for">→</span> <b>goldfish</b>' in text
    assert "same group: fish" in text


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ({"kind": "both_wrong"}, 1),
        ({"kind": "only_this_wrong"}, 1),
        ({"class_text": "shark"}, 1),
        ({"category": "spurious correlation"}, 1),
        ({"severity": "minor"}, 1),
        ({"true_class": "tench"}, 1),
        ({"predicted_class": "tench"}, 1),
        ({"pair": "goldfish ~ tench"}, 1),
        ({"class_text": "terrier"}, 0),
    ],
)
def test_filters_of_a_link_are_those_of_the_page(published_files, query, n):
    write_annotations(published_files)
    at = page(benchmark="published", **query)
    assert not at.exception
    assert at.subheader[0].value.startswith(f"{n} image{'' if n == 1 else 's'} wrong under")
    assert ("No image passes these filters." in words(at)) == (n == 0)


def test_the_other_reference_model_can_be_chosen(published_files):
    at = page(benchmark="published", reference="greedy_soups")
    assert "**1 mistake of Greedy Soups remains**, 1 of them major. ViT-3B gets 1 of them wrong too." in words(at)


def test_a_verdict_is_stored_as_soon_as_it_is_given(published_files):
    write_annotations(published_files)
    at = page(benchmark="published", image=f"imagenet-multilabel:{name(4)}")
    next(field for field in at.text_input if field.label == "Reviewer").input("Ada").run()
    pills = {group.label: group for group in at.button_group}
    pills["Category"].set_value(published.NON_PROTOTYPICAL).run()
    assert not at.exception
    columns = ["sample_id", "predicted", "reviewer", "category", "severity"]
    assert reviews.find("vit3b")[columns].values.tolist() == [[name(4), TENCH, "Ada", published.NON_PROTOTYPICAL, ""]]
    pills = {group.label: group for group in at.button_group}
    pills["Severity"].set_value("major").run()
    assert reviews.find("vit3b", "Ada")["severity"].tolist() == ["major"]


def test_any_run_on_any_benchmark_has_its_mistakes(toy_model, colour_folder):
    paths.remember_data("imagenet", colour_folder)
    evaluate(toy_model, open_benchmark("imagenet"))
    at = page(benchmark="imagenet")
    assert not at.exception
    # Wilson's interval of 1 of 24: 0.7 % to 20.2 %.
    assert "**brightest-channel is wrong on 4.2 % [0.7, 20.2]** of 24 images" in words(at)
    assert "**tench** is taken for **goldfish** once (the other way never)." in words(at)
    assert '<b>tench</b> <span aria-label="taken for">→</span> <b>goldfish</b>' in words(at)


def test_a_run_under_way_has_no_finding(toy_model, colour_folder):
    evaluate(toy_model, open_benchmark("imagenet", colour_folder), limit=10)
    at = page(benchmark="imagenet")
    assert not at.exception
    assert "**brightest-channel**: 41 % done (10 of 24 images): no finding yet." in words(at)
    assert "is taken for" not in words(at)


def test_a_model_without_mistakes_says_that_none_remains(toy_model, colour_folder):
    (colour_folder / RED_WNID / "0.png").unlink()
    paths.remember_data("imagenet", colour_folder)
    evaluate(toy_model, open_benchmark("imagenet"))
    at = page(benchmark="imagenet")
    assert not at.exception
    assert "No mistake remains." in words(at)
    assert at.subheader[0].value.startswith("0 images wrong under")


def test_the_second_model_is_counted_on_the_same_images(embedded_results):
    runs = {run.model: run for run in store.list_runs("diorama/clean")}
    first, second = (runs[f"{name}.diorama"] for name in ("test_efficientnet", "test_vit"))
    content = table.of_run(first, second)
    n = len(table.select(content, Filters("both_wrong")))
    at = page(benchmark="diorama/clean", models=[first.model, second.model], kind="both_wrong")
    assert not at.exception
    figures = {chart.proto.id.split("-")[-1]: json.loads(chart.proto.spec) for chart in at.get("plotly_chart")}
    matrix, bars = figures["matrix"], figures["pairs"]
    assert f"mistakes on the same {n} images" in bars["layout"]["title"]["text"]
    assert f"{n} mistakes" in matrix["layout"]["title"]["text"]
    assert f"Of {n} images wrong under {first.model} and under {second.model}:" in words(at).replace("\\", "")
    # Both are wrong on all of these images, so neither has more mistakes than images, and the first has exactly them.
    one, two = (bar["x"] for bar in bars["data"])
    assert max(sum(one), sum(two)) <= n


def test_a_diagnosis_is_cancelled_where_it_is_shown(embedded_results):
    run = store.find_run("diorama/clean", "test_efficientnet.diorama")
    job = waiting(arguments=Diagnosis(run.model, run.benchmark, run.identity))
    at = page(benchmark="diorama/clean", models=run.model)
    assert not at.exception
    next(button for button in at.button if button.label == "Cancel").click().run()
    assert not at.exception
    assert state_of(job) == "cancelled"


def test_multi_label_scores_stand_beside_the_mistakes(toy_model, tmp_path):
    write_images(tmp_path / "val", flat=False)
    write_annotations(tmp_path / "val")
    paths.remember_data("imagenet-multilabel", tmp_path / "val")
    evaluate(toy_model, open_benchmark("imagenet-multilabel"))
    at = page(benchmark="imagenet-multilabel")
    assert not at.exception
    # All images are reddish, so the toy model says tench: 3 of 3 tenches are right and the one shark is not.
    assert "Multi-label accuracy" in words(at)
    assert "50.0 %" in words(at)


def test_a_model_without_a_result_is_offered_to_be_run(toy_model, colour_folder, tmp_path, monkeypatch):
    paths.remember_data("imagenet", colour_folder)
    evaluate(toy_model, open_benchmark("imagenet"))
    (tmp_path / "zoo" / "newcomer").mkdir(parents=True)
    (tmp_path / "zoo" / "newcomer" / "config.json").write_text("{}")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    at = page(benchmark="imagenet", models="newcomer")
    assert not at.exception
    assert "**newcomer** on `imagenet`" in words(at)


def test_a_damaged_mistake_file_is_named(published_files):
    (published_files / "vit3b_mistakes.json").write_text(json.dumps({name(1): mistake(GOLDFISH, "Typo")}))
    at = page(benchmark="published")
    assert not at.exception
    assert "unknown failure category 'Typo'" in at.error[0].value


@pytest.mark.browser
@pytest.mark.slow
def test_keys_step_and_judge_in_a_browser(published_files):
    write_annotations(published_files)
    with chromium() as browser, app_server() as server:
        tab = browser.new_page(viewport={"width": 1024, "height": 768})
        tab.goto(f"{server}/mistakes?benchmark=published")
        tab.get_by_text("1 of 2").wait_for(timeout=60_000)
        tab.get_by_placeholder("Your name").fill("Ada")
        tab.get_by_placeholder("Your name").press("Enter")
        tab.get_by_text("5 non-prototypical").wait_for(timeout=30_000)
        tab.get_by_placeholder("Your name").blur()
        tab.keyboard.press("ArrowRight")
        tab.get_by_text("2 of 2").wait_for(timeout=30_000)
        tab.keyboard.press("m")
        saved = tab.get_by_text("no category, major: saved")
        saved.first.wait_for(timeout=30_000)
        # The page was drawn four times by now; each key still counts once.
        assert saved.count() == 1
        columns = ["sample_id", "reviewer", "severity"]
        assert reviews.find("vit3b")[columns].values.tolist() == [[name(4), "Ada", "major"]]
        assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.shared
def test_the_real_files_open(shared):
    files.remember(SHARED / "data" / "imagenet-mistakes")
    at = page(benchmark="published")
    assert not at.exception
    assert "**378 mistakes of ViT-3B remain**, 154 of them major. Greedy Soups gets 164 of them wrong too." in words(at)
