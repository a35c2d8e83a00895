"""The pages' figures without a session: which there are, what they say, and the very images behind each point."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from core.answers import protocols, questions
from core.answers.questions import Question
from core.benchmarks import open_benchmark
from core.errors import UsageError
from core.evaluate.loop import evaluate
from core.figures import exhibits, location
from core.figures.exhibits import base, by_factors
from core.figures.exhibits.base import Offer, Pick
from core.figures.style import Words
from tests.own_photos import photos, weathers
from tests.synthetic_store import make_samples, write_run

#: Thirty cut-outs at each of eight sizes, 1 % to 8 %.
SIZES = make_samples("size", 3000)
SIZES = SIZES[SIZES["area"] <= 0.08].reset_index(drop=True)


def sized(model, least, done=1.0):
    """Wrong of all objects smaller than this, right of all others."""
    return write_run("size", SIZES, model, (SIZES["area"] >= least).to_numpy(), done=done)


def clicks(exhibit):
    """Customdata of all points that can be clicked."""
    return [list(each) for trace in exhibit.figure.data for each in (trace.customdata or ()) if each is not None]


def title(exhibit):
    return exhibit.figure.layout.title.text.partition("<br>")[0]


def test_two_models_are_drawn_along_what_their_benchmark_varies_and_beside_each_other():
    one, two = sized("one.synthetic", 0.03), sized("two.synthetic", 0.05)
    names = [each.name for each in exhibits.offered([one, two]) if each.benchmark]
    assert names[:4] == ["by_area", "by_class", "difference_area", "difference_class"]
    curve = exhibits.exhibit([one, two], "by_area")
    assert title(curve) == "Top-1 by object size"
    assert curve.finding == protocols.sentence_of_two("size", {"one.synthetic": one, "two.synthetic": two}, Question())
    assert "**1\u00a0%**" in curve.finding
    assert curve.figure.layout.xaxis.type == "log"
    # Thirty images at each size; one is wrong at 1 % and 2 %, two up to 4 %.
    assert [(at, curve.pick([model, at]).rows()["right"].tolist()) for model, at in clicks(curve)[1:3]] == [
        (0.02, [0.0] * 30), (0.03, [1.0] * 30),
    ]  # fmt: skip
    assert curve.identities == {"one.synthetic": one.identity, "two.synthetic": two.identity}
    change = exhibits.exhibit([one, two], "difference_area")
    assert next(iter(change.tables.values()))["value"].tolist() == [0, 0, -1, -1, 0, 0, 0, 0]
    assert change.identities == {"two.synthetic less one.synthetic": f"{one.identity} {two.identity}"}


def test_a_partial_result_claims_nothing_and_a_difference_counts_the_images_that_both_have():
    whole, part = sized("whole.synthetic", 0.03), sized("part.synthetic", 0.05, done=52 / 240)
    for name in ("by_area", "by_class", "difference_area", "difference_class"):
        assert "no finding yet" in exhibits.exhibit([part, whole], name).finding
    change = exhibits.exhibit([whole, part], "difference_area")
    table = next(iter(change.tables.values()))
    assert table["n"].sum() == 52
    assert [len(change.pick(custom).rows()) for custom in clicks(change)] == table["n"].tolist()


def test_an_image_that_failed_is_counted_nowhere(monkeypatch):
    run = sized("one.synthetic", 0.03)
    found = questions.behind(run, Question())
    monkeypatch.setattr(questions, "behind", lambda *_: found.assign(right=found["right"].mask(found.index < 5)))
    assert len(Pick(run, "").rows()) == len(found) - 5


def test_of_several_views_the_row_of_an_image_is_one_that_says_what_it_counts_as():
    run = SimpleNamespace(views=SimpleNamespace(names=("a", "b", "c"), reduce="mean"))
    rows = pd.DataFrame(
        [("cat", "b", 0.0, 0.9), ("cat", "a", 1.0, 0.8), ("dog", "a", 0.0, 0.7), ("cat", "c", 1.0, 0.6),
         ("dog", "b", np.nan, 0.5), ("dog", "c", 1.0, 0.4)],
        columns=["sample_id", "view", "right", "confidence"],
    )  # fmt: skip
    rows = rows.assign(counted=rows["right"])
    found = base._an_image_each(run, rows)
    # Of two views of the cat that are right the surer; of the dog, half right, the right one.
    assert found[["sample_id", "view", "right"]].values.tolist() == [["cat", "a", 1.0], ["dog", "c", 1.0]]
    assert found["counted"].tolist() == pytest.approx([2 / 3, 0.5])
    first = SimpleNamespace(views=SimpleNamespace(names=("a", "b", "c"), reduce="first"))
    assert base._an_image_each(first, rows)[["view", "counted"]].values.tolist() == [["a", 1.0], ["a", 0.0]]


def test_any_pair_can_be_asked_for_and_a_name_that_there_is_not_leads_to_the_nearest():
    run = sized("one.synthetic", 0.03)
    cells = exhibits.exhibit(run, "by_class_area")
    assert title(cells) == "Top-1 by class and object size"
    custom = next(each for each in clicks(cells) if each[1] == "2\u00a0%")
    found = cells.pick(custom)
    assert found.said == f"class {custom[0]}, area 2\u00a0%"
    assert found.rows()["right"].tolist() == [0.0] * int(cells.tables["one.synthetic"]["n"].iloc[1])
    assert cells.pick(["no such", "2\u00a0%"]) is None
    with pytest.raises(UsageError, match=r"no figure 'by_aera' of .* Did you mean 'by_area'.* There are: "):
        exhibits.exhibit(run, "by_aera")
    (subject,) = exhibits._subjects([run], "top1")
    for name in ("", "by_", "by__", "by_area_area", "difference_", "difference_area", "by_x_nothing", "by_area_ring"):
        assert not list(by_factors.requested(subject, name))
    with pytest.raises(UsageError, match="none is given"):
        exhibits.exhibit([], "by_area")


@pytest.mark.slow
def test_any_factor_and_any_pair_of_ones_own_photographs_can_be_asked_for(toy_model, tmp_path):
    rows = [row | {"by_<b>": row["weather"]} for row in weathers()]
    first = photos(toy_model, tmp_path / "photos", rows)
    other = replace(toy_model, name="<i>&'\"", source="second", fingerprint="f" * 64)
    photo_runs = [first, evaluate(other, open_benchmark("photos"))]
    rows = exhibits.exhibit(photo_runs, "by_weather")
    assert list(rows.figure.layout.yaxis.ticktext) == ["fog", "rain", "sun"]
    assert rows.finding.startswith("Of 3 values of weather, **brightest-channel** is worst at **weather fog**: **50")
    fog = rows.pick(["brightest-channel", "fog"])
    assert (fog.said, len(fog.rows()), fog.rows()["right"].mean()) == ("weather fog", 60, 0.5)
    bins = exhibits.exhibit(photo_runs, "by_light")
    at = next(custom for custom in clicks(bins) if custom[0] == "brightest-channel")
    assert (bins.pick(at).said, len(bins.pick(at).rows())) == ("light 0 to 0.04", 40)
    assert "0 to 0.04: <b>75.0 %</b>" in bins.figure.data[1].hovertext[0]
    assert exhibits.exhibit(photo_runs, "by_heading_ring").figure.data[-1].type == "scatterpolar"
    people = exhibits.exhibit(photo_runs, "by_tags").pick(["brightest-channel", "people"])
    assert len(people.rows()) == 240
    cells = exhibits.exhibit(photo_runs, "by_weather_light")
    assert title(cells) == "Top-1 by weather and light"
    assert cells.pick(["fog", "0 to 0.04"]).said == "weather fog, light 0 to 0.04"
    assert cells.pick(["fog", "no such"]) is None
    assert "It is worst" not in cells.finding or "pairs of weather and light" in cells.finding
    pair = exhibits.exhibit(photo_runs, "difference_weather_light")
    assert next(iter(pair.tables.values()))["value"].tolist() == [0.0] * len(next(iter(pair.tables.values())))
    hostile = exhibits.exhibit(photo_runs, "by_by__b")
    assert "<i>" not in hostile.figure.to_json()
    assert "<b>&" not in hostile.figure.layout.title.text


def test_factors_that_are_called_like_a_figure_are_told_apart():
    offers = [Offer(name, "", "a", "clean", None, model) for name, model in
              (("gaps", ""), ("gaps", ""), ("gaps_2", ""), ("gaps", "m"))]  # fmt: skip
    assert [each.name for each in exhibits._told_apart(offers)] == ["gaps", "gaps_2", "gaps_2_2", "gaps"]


def test_of_a_result_without_a_prediction_nothing_is_drawn_and_maps_may_be_empty():
    run, begun = sized("one.synthetic", 0.03), sized("begun.synthetic", 0.03, done=0)
    assert not [each.name for each in exhibits.offered([begun]) if each.benchmark]
    assert not [each.name for each in exhibits.offered([run, begun]) if each.name.startswith("difference")]
    with pytest.raises(UsageError, match="no figure 'by_area'"):
        exhibits.exhibit(begun, "by_area")
    empty = pd.DataFrame(columns=["x", "y", "value", "low", "high", "n", "n_clusters"], dtype=float)
    assert list(location.location_map(empty, Words("")).layout.yaxis.range) == [1, 0]
