"""What is common among a run's mistakes: conditions from factors, planted biases, and runs in which nothing matters."""

import json

import numpy as np
import pandas as pd
import pytest

from core import store
from core.answers import described, joined, questions, slices
from core.answers.questions import Question, Where
from core.errors import UsageError
from core.images.facts import FACTS
from core.metrics.slices import tried_together
from core.types import Factor
from tests.synthetic_store import make_samples, write_run

NETWORKS = ("test_efficientnet.diorama", "test_efficientnet_gn.diorama", "test_vit.diorama")


def parts(kind, column, clusters=None, name="it"):
    """The axes of a column, and all conditions as texts."""
    found = list(slices.axes_of(Factor(name, name, kind), pd.Series(column), clusters))
    return [axis for axis, _ in found], [where for _, conditions in found for where in conditions]


def biased(benchmark, model):
    run = store.find_run(benchmark, model)
    found = slices.find(run)
    return run, found, [slices.decoded(run, text) for text in found.confirmed["conditions"]]


@pytest.mark.parametrize("model", NETWORKS)
def test_small_objects_come_first(embedded_results, model):
    _, found, confirmed = biased("diorama/size", model)
    # Trained on 15 to 60 % of the image; the steep part is below 10 %.
    assert [part.column for part in confirmed[0]] == ["area"]
    assert confirmed[0][0].high <= 0.1
    assert found.confirmed["again"].iloc[0] > 0.3


@pytest.mark.parametrize("model", NETWORKS)
def test_objects_off_the_centre_come_first(embedded_results, model):
    run, _, confirmed = biased("diorama/location", model)
    images = joined.read(run, ["x", "y", "pct_inside_image"])
    for where in confirmed[:3]:
        assert {part.column for part in where} <= {"x", "y", "pct_inside_image"}
        kept = questions.kept_by(run, images, where)
        away = np.hypot(images["x"] - 0.5, images["y"] - 0.5)
        # Where slices lie, objects are further out than elsewhere; corners are 0.71 away.
        assert away[kept].mean() > away[~kept].mean() + 0.1


@pytest.mark.parametrize("model", NETWORKS)
def test_turned_objects_come_first(embedded_results, model):
    run, _, confirmed = biased("diorama/rotation", model)
    assert [part.column for part in confirmed[0]] == ["angle_deg"]
    angles = pd.DataFrame({"angle_deg": [1.0, 181.0]})
    assert questions.kept_by(run, angles, confirmed[0]).tolist() == [False, True]


@pytest.mark.parametrize("model", NETWORKS)
def test_uncommon_settings_come_first(embedded_results, model):
    run, _, confirmed = biased("diorama/settings", model)
    images = joined.read(run, list({"n_uncommon", *(part.column for part in confirmed[0])}))
    kept = questions.kept_by(run, images, confirmed[0])
    # All of these images are uncommon in something: time, weather or place.
    assert (images["n_uncommon"][kept] >= 1).mean() > 0.99


def test_where_all_is_as_trained_nothing_stands_out(embedded_results):
    for model in NETWORKS:
        found = slices.find(store.find_run("diorama/clean", model))
        assert found.confirmed.empty
        assert "nothing stands out" in slices.sentence(model, found)


def test_the_conditions_open_the_very_images_that_are_counted(embedded_results):
    opened = 0
    for benchmark, model in (
        *(("diorama/location", model) for model in NETWORKS),
        *(("diorama/rotation", model) for model in NETWORKS),
        *(("diorama/settings", model) for model in NETWORKS),
        ("diorama/pose", NETWORKS[1]),
    ):
        run = store.find_run(benchmark, model)
        for row in slices.find(run).table.to_dict("records"):
            where = slices.decoded(run, row["conditions"])
            there = questions.behind(run, Question(where=where))
            assert len(there) == row["n"] + row["n_again"]
            assert slices.words(run, where) == row["slice"]
            opened += 1
    assert opened > 15


@pytest.mark.slow
def test_with_whole_objects_shuffled_nothing_is_found(embedded_results, monkeypatch):
    run = store.find_run("diorama/size", NETWORKS[0])
    rng = np.random.default_rng(0)
    asked = questions.asked

    def shuffled(*arguments):
        """Objects hand their rates of right answers on to others; within an object nothing matters any more."""
        images = asked(*arguments)
        rows = images.groupby("cluster").indices
        answers = [images["correct"].to_numpy()[places] for places in rows.values()]
        right = np.empty(len(images))
        for places, given in zip(rows.values(), rng.permutation(len(rows)), strict=True):
            right[places] = rng.permutation(np.resize(rng.permutation(answers[given]), len(places)))
        return images.assign(correct=right)

    monkeypatch.setattr(slices, "asked", shuffled)
    monkeypatch.setattr(joined, "remembered", lambda run, question, compute: compute())
    tables = [slices.find(run).table for _ in range(60)]
    # At most 5 in 100 draws may have an interval that excludes 0 by chance: more than 8 of 60 is a fault (p < 0.01).
    assert sum(len(table) > 0 for table in tables) <= 8
    assert sum(table["confirmed"].any() for table in tables) <= 1


def test_views_of_an_image_count_once(embedded_results):
    runs = [run for run in store.list_runs("diorama/small") if run.model == NETWORKS[2]]
    crops = next(run for run in runs if run.view.startswith("tta"))
    found = slices.find(crops)
    assert sum(found.n) == 300
    # The views' own factor is none of an image.
    assert "draw" not in {name for row in found.table["factors"] for name in row} | set(found.left_out)
    assert slices.find(crops, Question(reduce="any")).n == found.n
    zooms = next(run for run in runs if run.view == "zoom-324")
    with pytest.raises(UsageError, match="policy 'top5'"):
        slices.find(zooms, Question(policy="top5"))


def test_conditions_narrow_the_images_and_leave_out_what_they_fix(embedded_results):
    run = store.find_run("diorama/rotation", NETWORKS[0])
    found = slices.find(run, Question(where=(Where.equals("area", 0.2),)))
    assert sum(found.n) == 900
    assert found.left_out["area"] == "one value only"
    # Of a model's answers to all areas it is one of those that matter.
    assert "area" not in slices.find(run).left_out


def test_a_run_of_one_image_a_cell_says_why_there_is_no_slice():
    samples = make_samples("location", 40)
    run = write_run("location", samples, "few", np.ones(40, dtype=bool))
    found = slices.find(run)
    assert found.n_tried == 0
    assert "No slice of **few** to try" in slices.sentence("few", found)
    assert "(30 images and 10 objects)" in slices.plain_sentence("few", found)


def test_numbers_have_each_bin_and_all_from_either_end():
    axes, where = parts("numeric", np.repeat([0.1, 0.2, 0.3, 0.4], 5))
    inf = np.inf
    said = [(part.values or (part.low, part.high)) for part in where]
    assert said == [
        (0.1,), (0.2,), (0.3,), (0.4,), (-inf, 0.2), (-inf, 0.3), (0.2, inf), (0.3, inf),
    ]  # fmt: skip
    assert axes[0].members[:, 4].tolist() == [True, True, False, False]


def test_many_numbers_are_ranges_whose_ends_are_numbers_that_occur():
    column = np.random.default_rng(0).random(1000)
    axes, where = parts("numeric", column)
    assert len(axes[0].members) == 10
    assert len(where) == 10 + 8 + 8
    factor = Factor("it", "it", "numeric")
    for condition, part in enumerate(where):
        kept = part.keeps(pd.DataFrame({"it": column}), factor)
        assert (kept == axes[0].keeps(condition, np.arange(1000))).all()
        assert np.isinf([part.low, part.high]).any() or {part.low, part.high} <= set(column)


def test_angles_have_arcs_also_across_zero():
    angles = np.repeat([0.0, 90, 180, 270], 10)
    axes, where = parts("circular", angles)
    # Of four angles in a ring: 4 arcs each of one, two and three.
    assert len(where) == 12
    over = [part.values for part in where if len(part.values) > 1]
    assert over == [(270, 0), (180, 270, 0), (270, 0, 90)]
    for condition, part in enumerate(where):
        kept = part.keeps(pd.DataFrame({"it": angles}), Factor("it", "it", "circular"))
        assert (kept == axes[0].keeps(condition, np.arange(40))).all()


def test_values_that_few_images_or_objects_have_are_no_conditions():
    column = np.repeat(["a", "b", "c", "d"], [40, 30, 29, 60])
    clusters = np.r_[np.arange(99), np.zeros(60, dtype=int)]
    assert [part.values for part in parts("category", column, clusters)[1]] == [("a",), ("b",)]
    # Without objects images are their own: the most frequent come first.
    assert [part.values for part in parts("category", column)[1]] == [("d",), ("a",), ("b",)]
    assert parts("category", [f"image {at}" for at in range(500)]) == ([], [])
    assert parts("category", ["one"] * 500) == ([], [])


def test_sets_have_an_axis_for_each_value_and_booleans_two_conditions():
    column = [["grass", "snow"], ["grass"], [], ["snow", "snow"]] * 30
    axes, where = parts("set", column)
    assert [part.values for part in where] == [("grass",), ("snow",)]
    assert axes[0].codes[:4].tolist() == [0, 0, -1, -1]
    assert axes[1].codes[:4].tolist() == [0, -1, -1, 0]
    _, where = parts("boolean", [True, None, False, True] * 40)
    assert [part.values for part in where] == [(True,), (False,)]


def test_what_names_an_image_or_gives_the_answer_away_is_left_out():
    rng = np.random.default_rng(1)
    n = 400
    right = (rng.random(n) < 0.7).astype(float)
    images = pd.DataFrame(
        {
            "row": np.arange(n) + 1000.0,
            "verdict": np.where(right == 1, "ok", "bad"),
            "empty": [None] * n,
            "size": rng.random(n),
            "mixed": np.where(rng.random(n) < 0.5, "a", "b"),
        }
    )
    kinds = {"row": "numeric", "verdict": "category", "empty": "numeric", "size": "numeric", "mixed": "category"}
    factors = [Factor(name, name, kind) for name, kind in kinds.items()]
    tried = slices._Tried.of(factors, images, right, None)
    assert list(dict.fromkeys(axis.factor for axis in tried.axes)) == ["size", "mixed"]
    assert tried.left_out == {
        "row": "another whole number for each image",
        "verdict": "tells right from wrong without exception",
        "empty": "no value",
    }


def test_computed_facts_are_in_few_bins_and_not_combined_with_each_other():
    rng = np.random.default_rng(0)
    images = pd.DataFrame(rng.random((400, 3)), columns=["age", "brightness", "contrast"])
    factors = [Factor(name, name, "numeric") for name in images]
    right = (rng.random(400) < 0.7).astype(float)
    tried = slices._Tried.of(factors, images, right, None, computed={"brightness", "contrast"})
    assert [len(axis.members) for axis in tried.axes] == [10, 4, 4]
    # Four bins, the lower two and three, the upper two and three.
    assert [axis.members.shape[1] for axis in tried.axes] == [26, 8, 8]
    assert tried_together(tried.axes) == [(0, 1), (0, 2)]


def test_facts_computed_from_images_hardly_widen_the_intervals(embedded_results, monkeypatch):
    run = store.find_run("diorama/settings", NETWORKS[0])
    plain = slices.find(run)
    rng = np.random.default_rng(0)
    names = pd.Index(store.image_ids(run).to_pandas())
    facts = described._Facts("v", names, {fact.name: rng.normal(size=len(names)) for fact in FACTS}, frozenset())
    monkeypatch.setattr(described, "_facts_of", lambda run: facts)
    found = slices.find(run)
    assert (plain.n_computed, found.n_computed) == (0, len(FACTS))
    assert slices.of_computed(plain) == ""
    assert slices.of_computed(found).startswith(f"{len(FACTS)} facts computed from the images: tried in up to 4 bins")
    # Facts drawn at random name nothing; what was found without them still is.
    assert found.confirmed["slice"].tolist() == plain.confirmed["slice"].tolist()
    wider = (found.table["high"] - found.table["low"]) / (plain.table["high"] - plain.table["low"])
    assert wider.between(1, 1.15).all()


def test_of_very_many_factors_the_first_are_tried():
    images = pd.DataFrame({f"f{at}": np.tile([0.0, 1.0], 50) for at in range(70)})
    factors = [Factor(name, name, "numeric") for name in images]
    tried = slices._Tried.of(factors, images, np.tile([0.0, 1, 1], 34)[:100], None)
    assert len(tried.axes) == slices.MOST_FACTORS
    assert set(tried.left_out) == {f"f{at}" for at in range(60, 70)}


@pytest.mark.parametrize(
    "where",
    [
        (Where("area", high=0.05),),
        (Where("x", 0.1, 0.3), Where.equals("class", 'a "quoted" name; x=1')),
        (Where("angle_deg", values=(341.0, 1.0, 21.0)),),
    ],
)
def test_conditions_survive_a_link(where):
    run = write_run("location", make_samples("location", 4), "any", np.ones(4, dtype=bool))
    assert slices.decoded(run, slices.encoded(where)) == where


@pytest.mark.parametrize(
    "text",
    [
        *("", "[", "{}", "null", "7", '["area"]', '[["area"]]', '[["area",null,null]]', '[["area",[]]]', "[[]]"),
        *('[["nothing",1,2]]', '[["class",1,2]]', '[["area","x",1]]', '[["area",1,2,3]]', '[[["area"],1,2]]'),
        *('[["area",NaN,1]]', '[["area",[[1]]]]', '[["area",1,Infinity]]', "[" * 100_000, '[["class",[7]]]'),
    ],
)
def test_a_link_that_says_no_conditions_has_none(text):
    run = write_run("location", make_samples("location", 4), "any", np.ones(4, dtype=bool))
    assert slices.decoded(run, text) == ()


def test_words_name_ranges_values_and_arcs():
    run = write_run("location", make_samples("location", 4), "any", np.ones(4, dtype=bool))
    said = {
        "area up to 5 %": Where("area", high=0.05),
        "x from 0.3": Where("x", low=0.3),
        "x 0.1 to 0.3": Where("x", 0.1, 0.3),
        "class dog": Where.equals("class", "dog"),
        "rotation 341° to 21° over 0°": Where("angle_deg", values=(341.0, 1.0, 21.0)),
    }
    assert [slices.words(run, [where]) for where in said.values()] == list(said)
    assert slices.words(run, list(said.values())[:2]) == "area up to 5 %, x from 0.3"


def test_the_sentence_names_the_worst_that_is_confirmed_and_escapes_names():
    row = {"slice": "place <b>", "which_class": False, "value": 0.4, "low": 0.2, "high": 0.6}
    row |= {"inside": 0.3, "outside": 0.7, "n_again": 50}
    again = {"again": 0.35, "again_low": 0.1, "again_high": 0.6}
    table = pd.DataFrame(
        [
            row | {"slice": "other", "again": np.nan, "again_low": np.nan, "again_high": np.nan, "confirmed": False},
            row | again | {"confirmed": True, "which_class": True},
        ]
    )
    found = slices.Slices(table, 214, 3, (100, 100), (20, 20), {})
    said = slices.sentence("a*b", found).replace("\u00a0", " ")
    assert said == (
        "Of 214 slices tried, **place \\<b\\>** (which class it is) costs **a\\*b** most: **40 points** [20, 60] "
        "(70 % to 30 %; simultaneous 95 % interval), confirmed on the other half of the objects: 35 points [10, 60]."
    )
    found = slices.Slices(table.iloc[:1], 214, 3, (100, 100), (100, 100), {})
    assert slices.plain_sentence("a", found) == (
        "Of 214 slices tried, nothing stands out: other seems to cost a 40 points [20, 60], but the other half of the "
        "images does not confirm it: 50 images there are too few to say."
    )
    better = table.iloc[:1].assign(again=-0.05, again_low=-0.2, again_high=0.1)
    found = slices.Slices(better, 214, 3, (100, 100), (20, 20), {})
    assert slices.plain_sentence("a", found).endswith("does not confirm it: 5 points gained [−20, 10].")


def test_what_was_found_is_read_from_disk_the_second_time(embedded_results, monkeypatch):
    run = store.find_run("diorama/size", NETWORKS[0])
    first = slices.find(run)
    monkeypatch.setattr(slices, "_table", lambda *_: pytest.fail("computed again"))
    again = slices.find(run)
    # Lists come back from a file as arrays.
    plain = [json.loads(found.table.to_json(orient="records")) for found in (first, again)]
    assert plain[0] == plain[1]
    assert (first.n_tried, first.left_out) == (again.n_tried, again.left_out)
