"""What was evaluated under a family of views, on the factor page; and labels that were corrected."""

import json

import pytest

from core import store
from core.answers import questions
from core.answers.questions import Question
from core.benchmarks import open_benchmark
from core.evaluate.loop import evaluate_all
from pages.shared.page import cached
from tests.pages.conftest import open_page, text_of
from tests.validation_images import MAILBOX, name, wnid

FACTORS = "pages/size_location_rotation.py"
TWO = ["test_efficientnet.diorama", "test_efficientnet_gn.diorama"]


@pytest.fixture
def noisy(embedded_results):
    """Two embedded models on a few images of one benchmark under noise."""
    return [outcome.run for outcome in evaluate_all(TWO, open_benchmark("diorama/size"), view="noise", limit=24)]


def titles(at):
    return [json.loads(chart.proto.spec)["layout"]["title"]["text"] for chart in at.get("plotly_chart")]


@pytest.mark.slow
def test_the_curve_against_noise_has_a_place_of_its_own_and_a_remark_that_it_is_partial(noisy):
    at = open_page(FACTORS, benchmark="diorama", models=TWO)
    assert not at.exception
    assert any("by noise, standard deviation · diorama/size" in title for title in titles(at))
    said = text_of(at)
    assert "Under other views" in said
    assert "`diorama/size, noise` is 1% done" in said
    assert all(run.identity in said for run in noisy)


@pytest.mark.slow
def test_without_such_results_the_section_is_not_there(embedded_results):
    at = open_page(FACTORS, benchmark="diorama", models=TWO)
    assert "Under other views" not in text_of(at)


def test_a_corrected_label_is_on_the_page_at_the_next_look(toy_model, val):
    (run,) = (outcome.run for outcome in evaluate_all([toy_model], open_benchmark("imagenet-multilabel", val)))
    cached.forget_runs()
    assert [found.identity for found in cached.runs(str(val))] == [run.identity]
    before = store.samples_digest(run)
    path = val / "human_accuracy_v3.0.0.json"
    content = json.loads(path.read_text())
    content["initial_annots"][name(1)]["correct"] = [wnid(MAILBOX)]
    path.write_text(json.dumps(content))
    cached.forget_runs()
    (found,) = cached.runs(str(val))
    assert store.samples_digest(found) != before
    assert found.entry.samples_digest == store.samples_digest(found)


def test_a_link_to_a_noise_level_and_an_image_says_what_was_said_of_that_view(noisy):
    run = noisy[0]
    behind = questions.behind(run, Question(where=(questions.Where.equals("sigma", 0.75),)))
    row = behind.iloc[0]
    name, cell = row["sample_id"], "diorama/size;sigma=0.75"
    at = open_page(FACTORS, benchmark="diorama", models=TWO[0], cell=cell, image=f"diorama/size:{name}")
    assert not at.exception
    n_right = int(behind["right"].sum())
    assert "noise, standard deviation 0.75" in [each.value for each in at.subheader]
    assert f"**24 images, {100 * n_right / 24:.0f} % right**" in text_of(at).replace("\u00a0", " ")
    said = "".join(element.proto.body for element in at.get("html"))
    assert f"{100 * row['confidence']:.1f} %" in said
    assert ("✓ right" if row["right"] else "✗ wrong") in said
    assert f"{run.identity[:8]} ({TWO[0]})" in said
    assert "noise, standard deviation" in said.lower()
