"""Which model is best on a benchmark, where a benchmark starts, and in what results that are compared differ."""

from dataclasses import replace

import numpy as np
import pytest

from core import store
from core.answers import alike, standings
from core.answers.questions import Question
from core.benchmarks import open_benchmark
from core.evaluate.loop import evaluate
from core.store.manifest import AS_IMPORTED, write_manifest
from tests.synthetic_store import make_samples, write_run


@pytest.fixture
def samples():
    return make_samples("rotation", 72 * 40)


def test_the_best_is_compared_with_the_second_on_common_images(samples):
    upright = (samples["angle_deg"] < 90).to_numpy()
    runs = {
        "good": write_run("rotation", samples, "good", np.ones(len(samples), bool)),
        "half": write_run("rotation", samples, "half", upright),
        "partial": write_run("rotation", samples, "partial", np.ones(len(samples), bool), done=0.02),
    }
    values = {"good": 1.0, "half": float(upright.mean()), "partial": 1.0}
    found = standings.standing(runs, Question(), values)
    assert (found.best, found.second) == ("good", "half")
    assert found.value == pytest.approx(1 - upright.mean())
    assert found.is_clear
    assert found.n == len(samples)


def test_models_that_answer_alike_are_no_first_and_second(samples):
    right = np.random.default_rng(0).random(len(samples)) < 0.5
    runs = {name: write_run("rotation", samples, name, right) for name in ("a", "b")}
    found = standings.standing(runs, Question(), dict.fromkeys(runs, float(right.mean())))
    assert found.value == 0
    assert not found.is_clear


def test_one_model_stands_against_nobody(samples):
    runs = {"a": write_run("rotation", samples, "a", np.ones(len(samples), bool))}
    assert standings.standing(runs, Question(), {"a": 1.0}) is None


def test_rotation_starts_upright_size_at_its_best_and_location_in_the_centre(samples):
    upright = (samples["angle_deg"] < 30).to_numpy()
    start = standings.start_of(write_run("rotation", samples, "a", upright), Question())
    assert (start.what, start.value) == ("upright", 1.0)
    sizes = make_samples("size", 100 * 40)
    start = standings.start_of(write_run("size", sizes, "a", (sizes["area"] > 0.5).to_numpy()), Question())
    assert (start.what, start.value) == ("at the best size", 1.0)
    places = make_samples("location", 441 * 12)
    middle = (abs(places["x"] - 0.5) + abs(places["y"] - 0.5) < 0.2).to_numpy()
    start = standings.start_of(write_run("location", places, "a", middle), Question())
    assert (start.what, start.value) == ("in the centre", 1.0)


def test_a_benchmark_without_an_easiest_setting_starts_nowhere(toy_model, colour_folder):
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    assert standings.start_of(run, Question()) is None


def changed(run, **manifest):
    write_manifest(run.path, replace(run.manifest, **manifest))
    return store.open_run(run.path, run.benchmark)


def test_differences_are_said_in_plain_words(samples):
    right = np.ones(len(samples), bool)
    one, other = (write_run("rotation", samples, name, right) for name in ("a", "b"))
    assert alike.unlike([one, other]) == []
    small = {**one.preprocessing, "input_size": [3, 160, 160]}
    assert alike.unlike([changed(one, preprocessing=small), other]) == ["160 px against 224 px"]
    half = changed(one, preprocessing=other.preprocessing, precision="bf16")
    assert alike.unlike([half, other]) == ["precision bf16 against fp32"]
    clip = {**one.preprocessing, "mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.268, 0.261, 0.275]}
    assert alike.unlike([changed(one, preprocessing=clip), other]) == [
        "pixels normalised by other means and deviations"
    ]


def test_texts_are_told_by_their_digests_only_where_nothing_else_tells_them(samples):
    run = write_run("rotation", samples, "a", np.ones(len(samples), bool))

    def headed(head):
        manifest = replace(run.manifest, model=replace(run.manifest.model, head=head))
        return replace(run, manifest=manifest)

    one, other = (
        headed("zero-shot: 1 prompt (single), texts b6f6"),
        headed("zero-shot: 7 prompts (simple-7), texts 6673"),
    )
    (said,) = alike.unlike([one, other])
    assert said == "zero-shot: 1 prompt (single) against zero-shot: 7 prompts (simple-7)"
    (said,) = alike.unlike([one, headed("zero-shot: 1 prompt (single), texts 01ab")])
    assert said.endswith("texts b6f6 against zero-shot: 1 prompt (single), texts 01ab")


def test_other_images_are_said_before_their_number(samples):
    fewer = make_samples("rotation", 72 * 3)
    one = write_run("rotation", samples, "a", np.ones(len(samples), bool))
    other = write_run("rotation", fewer, "b", np.ones(len(fewer), bool))
    assert alike.unlike([one, other]) == ["other images or other labels"]
    partial = write_run("rotation", samples, "c", np.ones(len(samples), bool), done=0.5)
    assert alike.unlike([one, partial]) == ["2,880 images against 1,440 images"]


def test_one_of_many_benchmarks_needs_more_to_be_clear():
    # t of 9 degrees is 2.2622 at 95 % and 3.5465 at 1 - 0.05 / 8: the lower end 0.02 becomes 0.10 - 0.08 * 1.5677.
    found = standings.Standing("a", "b", 0.10, 0.02, 0.18, n=100, n_clusters=10)
    assert found.is_clear
    assert found.is_clear_among(1)
    assert not found.is_clear_among(8)
    assert standings.Standing("a", "b", 0.10, 0.05, 0.15, n=100, n_clusters=10).is_clear_among(8)


def test_of_imported_predictions_it_is_said_once_that_their_preparation_is_not_known(samples):
    one, other, third = (write_run("rotation", samples, name, np.ones(len(samples), bool)) for name in "abc")
    imported = changed(other, preprocessing={}, precision=AS_IMPORTED)
    assert alike.unlike([one, imported]) == ["how the images of b were prepared is not known"]
    small = changed(third, preprocessing={**one.preprocessing, "input_size": [3, 160, 160]})
    assert alike.unlike([one, imported, small])[1] == "224 px against 160 px"
    assert alike.unlike([imported]) == []
