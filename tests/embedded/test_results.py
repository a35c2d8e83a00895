"""The committed results are what the committed models say of the committed pictures."""

import numpy as np
import pytest

from core import benchmarks, models, paths, store
from core.answers import cue_tables, report
from core.embedded import card
from core.embedded.train import TRAININGS, trained
from core.evaluate.loop import evaluate
from core.evaluate.plan import Plan
from core.evaluate.work import Sight, ids_of
from core.models.engine import Engine, stream
from core.store import lists

KEYS = [key for key in benchmarks.known_benchmarks() if key.startswith("diorama/")]

pytestmark = pytest.mark.usefixtures("embedded_results")


@pytest.fixture(scope="module")
def engines():
    return {name: Engine(models.load(name, "cpu"), "fp32", 8, 1) for name in trained()}


@pytest.mark.parametrize("key", KEYS)
def test_a_sample_of_the_stored_predictions_comes_out_again(key, engines):
    benchmark = benchmarks.open_benchmark(key)
    for name, engine in engines.items():
        run = store.find_run(key, name)
        assert run.complete
        stored = store.read(run).set_index("sample_id")
        ids = sorted(stored.index)[:: max(1, len(stored) // 24)][:24]
        sight = Sight(benchmark, ids_of(ids), "clean", [engine.preprocess])
        parts = list(stream([engine], np.arange(len(ids)), sight.look_at))
        prob = np.empty((len(ids), 10))
        for part in parts:
            prob[part.numbers] = part.prob
        order = lists.list_matrix(stored.loc[ids, "top10"])
        expected = lists.list_matrix(stored.loc[ids, "top10_prob"])
        np.testing.assert_allclose(np.take_along_axis(prob, order, axis=1), expected, atol=5e-3)


def test_answers_without_the_object_and_under_noise_come_out_again():
    stored = store.read(store.find_run("diorama/clean", "test_vit.diorama", view="all-cues"))
    settings = {"view": "all-cues", "limit": 4, "reuse_embedded": False}
    again = store.read(evaluate("test_vit.diorama", "diorama/clean", **settings))
    both = again.merge(stored, on=["sample_id", "view"], suffixes=("", "_stored"))
    assert len(both) == len(again) >= 4 * 41
    now, then = (np.stack(both[name]) for name in ("top10_prob", "top10_prob_stored"))
    np.testing.assert_allclose(now, then, atol=5e-3)


def test_the_planted_lean_on_places_shows_without_the_object():
    """The transformer was trained to lean on places: it keeps most in each way of taking the object away."""
    runs = {name: store.find_run("diorama/clean", name, view="all-cues") for name in trained()}
    kept = {name: cue_tables.answer(run, "ablation").set_index("view") for name, run in runs.items()}
    for view in ("gray", "gray-box", "tile", "mean-colour"):
        best = max(kept, key=lambda name: kept[name].loc[view, "value"])
        assert best == "test_vit.diorama"
        assert kept[best].loc[view, "drop"] == min(table.loc[view, "drop"] for table in kept.values())
    # Noise around the object costs it more than noise on it; the BatchNorm network is the other way round.
    pooled = {name: cue_tables.answer(run, "rfs").set_index("sigma")["value"].loc[np.nan] for name, run in runs.items()}
    assert pooled["test_vit.diorama"] < 0 < pooled["test_efficientnet.diorama"]


@pytest.mark.parametrize("key", KEYS)
def test_stored_results_have_the_identity_of_today_s_code_and_pictures(key):
    benchmark = benchmarks.open_benchmark(key)
    for name in trained():
        model = models.describe(name)
        assert store.find_run(key, name).identity == Plan.of(model, benchmark).identity(model)


def test_an_embedded_result_is_not_computed_again():
    run = evaluate("test_efficientnet.diorama", "diorama/pose")
    assert run.path.is_relative_to(paths.embedded_results())


@pytest.mark.parametrize("name", trained())
def test_held_out_pictures_are_recognised(name):
    run = store.find_run("diorama/clean", name)
    least = 0.9 if TRAININGS[name].architecture == "test_vit" else 0.95
    assert report.build(run, tables=["by_class"])["overall"]["top1"] >= least


def accuracy(key, name, condition):
    table = report.joined(store.find_run(key, name))
    return table.loc[card.conditions(key, table)[condition], "correct"].mean()


@pytest.mark.parametrize("name", trained())
def test_planted_weaknesses_show(name):
    assert accuracy("diorama/size", name, "area 0.02") < accuracy("diorama/size", name, "area 0.3") - 0.2
    assert (
        accuracy("diorama/rotation", name, "181°, area 0.2") < accuracy("diorama/rotation", name, "1°, area 0.2") - 0.2
    )
    assert accuracy("diorama/pose", name, "yaw 180°") < accuracy("diorama/pose", name, "yaw 60°") - 0.05
    corner = accuracy("diorama/location", name, "corners (outer 0.1)")
    assert corner < accuracy("diorama/location", name, "centre (within 0.1)") - 0.2
    night = accuracy("diorama/settings", name, "only the time uncommon")
    assert night < accuracy("diorama/settings", name, "all common")


@pytest.mark.parametrize("name", trained())
def test_a_card_is_what_its_results_say(name):
    written = (paths.EMBEDDED / "models" / name / "README.md").read_text(encoding="utf-8")
    assert written == card.write(name)


def test_no_stored_result_names_a_path_of_the_machine_that_made_it():
    for run in store.list_runs():
        text = (run.path / store.MANIFEST).read_text(encoding="utf-8")
        assert "/" + "home/" not in text
        assert run.source in trained()
        assert not run.entry.samples.startswith("/")


def test_an_imagenet_classifier_is_judged_on_the_ten_categories(shared, monkeypatch, tmp_path):
    monkeypatch.setenv("OFFCENTER_MODELS", str(shared / "models"))
    run = evaluate("mobilenetv2_100.tf_quant", "diorama/clean", limit=48)
    table = report.joined(run)
    vehicles = table[table["class"].isin(["truck", "plane"])]
    # Toys are no photographs, but planes and trucks are far from chance, which is 1 % of the classes or less.
    assert len(table) == 48
    assert vehicles["correct"].mean() > 0.15


def test_all_that_is_embedded_stays_small():
    sizes = {
        name: sum(path.stat().st_size for path in (paths.EMBEDDED / name).rglob("*") if path.is_file()) / 1e6
        for name in ("diorama", "models", "results")
    }
    assert sizes["diorama"] < 16
    assert sizes["models"] < 8
    assert sizes["results"] < 12.5
