"""Negative flips: hand-worked rates in both directions, by factors, and in words that claim no more than they may."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.answers import flip_sentences, flips
from core.answers.flip_sentences import of_runs
from core.answers.questions import Question, Where, factor_of
from core.answers.tolerance import compared
from core.errors import UsageError
from core.metrics import intervals
from tests.synthetic_store import make_samples, write_run

NBSP = "\u00a0"
#: Four areas at 18 angles, of each of forty cut-outs.
N = 72 * 40


@pytest.fixture
def samples():
    return make_samples("rotation", N)


def small_and_turned(samples):
    """Wrong on the smallest; wrong on half of the angles of the second."""
    small = (samples["area"] > 0.2).to_numpy()
    turned = ~((samples["area"] == 0.5) & (samples["angle_deg"] < 180)).to_numpy()
    return small, turned


@pytest.fixture
def pair(samples):
    """The old model is wrong on the smallest (720 images); the new one at 9 of 18 angles of area 0.5 (360 images)."""
    small, turned = small_and_turned(samples)
    return write_run("rotation", samples, "old", small), write_run("rotation", samples, "new", turned)


def test_what_is_lost_is_no_less_for_what_is_won():
    before, after = np.array([1.0, 0.0, 1.0, 0.0, np.nan, 0.75]), np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.5])
    np.testing.assert_array_equal(flips.flipped(before, after), [1, 0, 0, 0, np.nan, 0.25])
    np.testing.assert_array_equal(flips.flipped(after, before), [0, 1, 0, 0, np.nan, 0])


def test_rates_are_of_all_common_images_and_of_those_that_were_right(pair):
    found = flips.summary(*pair, Question())
    assert (found.broken.count, found.fixed.count, found.n, found.n_only) == (360, 720, N, (0, 0))
    assert (found.broken.value, found.fixed.value) == (360 / 2880, 720 / 2880)
    assert (found.broken.of_right, found.broken.n_right) == (pytest.approx(360 / 2160), 2160)
    assert (found.fixed.of_right, found.fixed.n_right) == (pytest.approx(720 / 2520), 2520)
    assert found.change.value == pytest.approx((2520 - 2160) / 2880)
    # It lies between what independent images would say and what the forty cut-outs would alone.
    images, objects = (intervals.wilson(np.array([n / 8]), np.array([n])) for n in (2880, 40))
    assert objects[0][0] <= found.broken.low <= images[0][0] < images[1][0] <= found.broken.high <= objects[1][0]


def test_images_that_share_nothing_have_wilsons_interval(pair, monkeypatch):
    monkeypatch.setattr(flips, "is_clustered", lambda run: False)
    found = flips.summary(*pair, Question(policy="top1", where=(Where("area", low=0.3),)))
    # 360 of 2,160: no image of the smallest area, which alone are fixed.
    low, high = intervals.wilson(np.array([360]), np.array([2160]))
    assert (found.broken.low, found.broken.high) == (pytest.approx(low[0]), pytest.approx(high[0]))
    assert (found.fixed.count, found.n_clusters) == (0, 2160)


def test_by_a_factor_every_image_is_where_it_belongs(pair):
    table = flips.answer(*pair, Question(by=("area",))).set_index("area")
    assert table["value"].tolist() == [0, 0.5, 0, 0]
    assert table["fixed_value"].tolist() == [1, 0, 0, 0]
    assert table["n_broken"].tolist() == [0, 360, 0, 0]
    assert table["accuracy_before"].tolist() == [0, 1, 1, 1]
    assert table["accuracy_after"].tolist() == [1, 0.5, 1, 1]
    for band, own in (("band", ""), ("fixed_band", "fixed_")):
        assert (table[f"{band}_low"] <= table[f"{own}low"]).all()
        assert (table[f"{band}_high"] >= table[f"{own}high"]).all()
    two = flips.answer(*pair, Question(by=("area", "angle_deg")))
    lost = two[(two["area"] == 0.5) & (two["angle_deg"] < 180)]
    assert len(two) == 72
    assert (lost["value"].tolist(), lost["n"].tolist()) == ([1] * 9, [40] * 9)


def test_the_images_are_those_that_flip(pair, samples):
    small, turned = small_and_turned(samples)
    names = samples["sample_id"].to_numpy()
    assert set(flips.images(*pair, Question(), "broken")) == set(names[small & ~turned])
    assert set(flips.images(*pair, Question(), "fixed")) == set(names[~small & turned])
    assert flips.images(*pair, Question(where=(Where.equals("area", 1.0),)), "broken") == ()


def test_only_common_images_count_and_the_others_are_said(pair, samples):
    turned = small_and_turned(samples)[1]
    fewer = samples.iloc[72:].reset_index(drop=True)
    new = write_run("rotation", fewer, "fewer", turned[72:])
    found = flips.summary(pair[0], new, Question())
    assert (found.n, found.n_only) == (N - 72, (72, 0))
    # One cut-out less: nine images of 360.
    assert found.broken.count == 351
    assert flips.summary(new, pair[0], Question()).n_only == (0, 72)
    assert flip_sentences.left_out(("old", "fewer"), found) == "left out: 72 images of old alone"


def test_the_better_model_is_named_and_what_it_breaks(pair):
    said = of_runs(*pair, [("area",)], Question(), markdown=False)
    assert said.startswith("new is 12.5 points [")
    assert "] better than old on 2,880 common images, but breaks 12.5 % [" in said
    assert "] of them, 16.7 % [" in said
    assert "] of all that old has right; it fixes 25.0 % [" in said
    # The other way round it is still the new one that is better, and its own flips that are said.
    assert of_runs(*pair[::-1], [("area",)], Question(), markdown=False) == said
    assert flip_sentences.kinds_to_say(flips.summary(*pair[::-1], Question())) == ("fixed",)
    odd = replace(pair[1], alias="*new* <b>_[x](http://y)")
    assert of_runs(pair[0], odd, [], Question()).startswith("**\\*new\\* \\<b\\>\\_\\[x\\]")
    assert "*new* <b>_[x](http://y) is 12.5 points" in of_runs(pair[0], odd, [], Question(), markdown=False)


def test_where_most_flips_is_claimed_only_if_it_is_more_than_anywhere(samples):
    rng = np.random.default_rng(0)
    every = np.ones(N, bool)
    old = write_run("rotation", samples, "old", every)
    # At area 0.5 half of the images flip, elsewhere one of twenty, in all cut-outs alike but for chance.
    chance = np.where(samples["area"] == 0.5, 0.5, 0.05)
    new = write_run("rotation", samples, "new", rng.random(N) > chance)
    found = flips.most(old, new, ("area",), Question())
    assert (found.worst.at, found.is_clear, found.tied) == ((0.5,), True, 0)
    assert 1 - found.worst.value == flips.answer(old, new, Question(by=("area",)))["value"].max()
    said = flip_sentences.most("it", found, [factor_of(old, "area")])
    assert said.startswith("Of 4 values of area, it breaks most at **area 50 %**: **")
    same = write_run("rotation", samples, "same", rng.random(N) > 0.05)
    level = flip_sentences.most("<b>", flips.most(old, same, ("area",), Question()), [factor_of(old, "area")])
    assert level.startswith("Of 4 values of area, **\\<b\\>** breaks clearly more at none: area ")


def test_settings_that_flip_as_much_are_named_and_one_value_is_no_claim(samples):
    # Two of four areas lose every image, the two others none.
    area = np.sort(samples["area"].unique())
    old = write_run("rotation", samples, "old", np.ones(N, dtype=bool))
    new = write_run("rotation", samples, "new", samples["area"].isin(area[2:]).to_numpy(), seed=1)
    found = flips.most(old, new, ("area",), Question())
    assert (found.tied, len(found.equal)) == (1, 1)
    said = flip_sentences.most("it", found, [factor_of(old, "area")])
    assert said.endswith("; the same at area 50 %.")
    assert "breaks most at **area 20" in said
    assert found.equal[0] != found.worst.said
    one = replace(found, worst=None, best=None, levels=1, thin_levels=0)
    said = flip_sentences.most("it", one, [factor_of(old, "area")])
    assert said.startswith("There is one value of ")


def test_how_views_became_one_is_said(pair):
    found = flips.summary(*pair, Question())
    said = flip_sentences.sentence(("old", "new"), found, views="right in any of 9 views of each image")
    assert "on 2,880 common images (right in any of 9 views of each image), but breaks" in said


def test_models_that_choose_among_different_classes_are_said_to(pair):
    old, new = pair
    assert "classes" not in of_runs(old, new, [], Question())
    few = replace(new, manifest=replace(new.manifest, model=replace(new.manifest.model, label_space="focus-10")))
    said = of_runs(old, few, [], Question(), markdown=False)
    assert said.endswith("different classes, 1,000 ImageNet classes and 10 FOCUS classes: fewer are easier.")


def test_of_two_equals_both_directions_are_said(samples):
    angle = samples["angle_deg"].to_numpy()
    # Each is wrong at three of 18 angles, and at no same one.
    one, other = (write_run("rotation", samples, name, ~np.isin(angle, at)) for name, at in
                  (("one", (1, 21, 41)), ("o_ther", (61, 81, 101))))  # fmt: skip
    found = flips.summary(one, other, Question())
    assert (found.broken.count, found.fixed.count, found.better) == (480, 480, None)
    said = of_runs(one, other, [], Question())
    assert said.startswith("**o\\_ther** and **one** cannot be told apart (**o\\_ther** less **one**: 0.0")
    assert f"not right on the same images: **o\\_ther** breaks **16.7{NBSP}%** [" in said
    assert f"the other way round, **one** breaks **16.7{NBSP}%** [" in said


def test_what_never_flips_says_how_much_might(pair, samples):
    twin = write_run("rotation", samples, "twin", small_and_turned(samples)[0])
    said = of_runs(pair[0], twin, [("area",)], Question(), markdown=False)
    assert said.endswith("and are right on the same images.")
    better = write_run("rotation", samples, "better", np.ones(N, bool))
    # Wilson's upper end of none of forty: 1.96^2 / (40 + 1.96^2).
    assert "and breaks none of them (at most 8.8 %); it fixes 25.0 %" in of_runs(
        pair[0], better, [("area",)], Question(), markdown=False
    )


def test_unfinished_or_few_make_no_claim(pair, samples):
    half = write_run("rotation", samples, "half", np.ones(N, bool), done=0.5)
    for both in ((half, pair[0]), (pair[0], half)):
        said = of_runs(*both, [("area",)], Question(), markdown=False)
        assert said == "half is 50 % done on 'si-score/rotation' (1,440 of 2,880 images): no finding yet."
        assert flips.summary(*both, Question()).n == 1440
    few = make_samples("rotation", 72 * 9)
    small, turned = small_and_turned(few)
    said = of_runs(
        write_run("rotation", few, "a", small), write_run("rotation", few, "b", turned), [("area",)], Question()
    )
    assert said == "**b** and **a** rest on 9 objects, too few to claim what either of them breaks."


def test_results_that_cannot_be_compared_are_refused(pair, samples, monkeypatch):
    elsewhere = write_run("size", make_samples("size", 900), "new", np.ones(900, bool))
    with pytest.raises(UsageError, match="both are the same result"):
        flips.summary(pair[0], pair[0], Question())
    with pytest.raises(UsageError, match="'si-score/rotation' and on 'si-score/size' have no images in common"):
        flips.answer(pair[0], elsewhere, Question(by=("area",)))
    with pytest.raises(UsageError, match="has no factor 'weather'"):
        flips.most(*pair, ("weather",), Question())
    monkeypatch.setattr(flips, "knows_top5", lambda run: run.model != "new")
    with pytest.raises(UsageError, match="of new top-5 is not known"):
        flips.images(*pair, Question(policy="top5"), "broken")
    other = make_samples("rotation", N).assign(sample_id=lambda table: "z" + table["sample_id"])
    stranger = write_run("rotation", other.iloc[:72].reset_index(drop=True), "stranger", np.ones(72, bool))
    assert of_runs(pair[0], stranger, [("area",)], Question()) == "**old** and **stranger** have no images in common."
    assert len(flips.answer(pair[0], stranger, Question(by=("area",)))) == 0


def test_two_denominators_of_the_same_views(embedded_results):
    from core import store

    old, new = (
        store.find_run("diorama/small", f"test_{name}.diorama", view="tta-rrc@32,0.1,1")
        for name in ("vit", "efficientnet")
    )
    for how in ("mean", "any", "majority", "first"):
        found = flips.summary(old, new, Question(reduce=how))
        assert found.fixed.value - found.broken.value == pytest.approx(found.change.value)
        assert found.broken.of_right * found.change.before == pytest.approx(found.broken.value)
        assert found.broken.low < found.broken.value < found.broken.high
    # As far as an image with one right view of 32 counts as right, hardly any is lost.
    assert flips.summary(old, new, Question(reduce="any")).broken.value < found.broken.value


@pytest.mark.slow
def test_intervals_bands_and_claims_hold_as_often_as_they_say():
    """60 studies of 40 objects, eight images of each in four values: 4 % are broken, 6 % fixed, everywhere alike."""
    rng = np.random.default_rng(3)
    studies, objects, values, chance = 60, 40, 4, {"broken": 0.04, "fixed": 0.06}
    clusters, cells = (part.ravel() for part in np.meshgrid(np.arange(objects), np.arange(32) % values, indexing="ij"))
    held = {"own": 0, "band": 0, "claimed": 0}
    for _ in range(studies):
        # Objects differ: some flip often, most hardly ever.
        share = {kind: rng.beta(2 * p, 2 * (1 - p), objects)[clusters] for kind, p in chance.items()}
        draw = rng.random(len(cells))
        broken, fixed = draw < share["broken"], draw > 1 - share["fixed"]
        before, after = np.where(broken, 1.0, 0.0), np.where(fixed, 1.0, 0.0)
        table = flips.with_flips(
            pd.DataFrame({"level": cells, "cluster": clusters, flips._BEFORE: before, flips._AFTER: after})
        )
        pairs = flips.Pairs(table.assign(sample_id=range(len(table))), table.assign(sample_id=0), "mean", (0, 0))
        own = flips.summary_of(pairs, clustered=True).iloc[0]
        held["own"] += own["low"] <= chance["broken"] <= own["high"]
        ends = flips._bands(table, cells, clusters, values)
        inside = [
            (ends[f"{name}band_low"] <= chance[kind]) & (ends[f"{name}band_high"] >= chance[kind])
            for kind, name in (("broken", ""), ("fixed", "fixed_"))
        ]
        held["band"] += np.all(inside)
        kept = table.assign(**{flips._KEPT: 1 - table[flips._FLIPPED["broken"]]})
        levels = compared(kept, ["level"], flips._KEPT, clustered=True)
        worst, best = levels["value"].min(), levels["value"].idxmax()
        held["claimed"] += levels["value"][best] - worst > levels["reach"][best]
    # 95 % less two standard errors of 60 studies.
    assert held["own"] >= 0.89 * studies
    assert held["band"] >= 0.89 * studies
    assert held["claimed"] <= 0.11 * studies
