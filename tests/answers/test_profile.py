"""Where a model breaks, a line a factor: what each compares, what it may claim, and how two models stand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import store
from core.answers import profile_lines, profile_sentences, questions
from core.answers.compare import Contrast
from core.answers.profile import has_lines, profile, results_of
from core.answers.profile_lines import Line
from core.answers.questions import Question
from core.errors import UsageError
from core.uncommon.ranking import value_changes, worst_against_worst
from tests import synthetic_cues
from tests.own_photos import photos, weathers
from tests.synthetic_store import make_samples, write_run
from tests.uncommon.annotated import many, together

NBSP = "\u00a0"
#: Thirty cut-outs at each of eight sizes, and at each of 18 angles.
SIZES, ANGLES = make_samples("size", 3000), make_samples("rotation", 2160)
SIZES = SIZES[SIZES["area"] <= 0.08].reset_index(drop=True)
ANGLES = ANGLES[ANGLES["area"] == 0.5].reset_index(drop=True)


def cut_outs(samples):
    """The number of each image's cut-out, 0 to 29."""
    return pd.factorize(samples["cluster"])[0]


def small(model, least=0.05, done=1.0):
    """Wrong of all objects smaller than this, right of all others."""
    return write_run("size", SIZES, model, (SIZES["area"] >= least).to_numpy(), done=done)


def turned(model, angle, share, seed=0):
    """Right of this share of cut-outs at one angle, and of all at the others."""
    right = (ANGLES["angle_deg"] != angle) | (cut_outs(ANGLES) < share * 30)
    return write_run("rotation", ANGLES, model, right.to_numpy(), seed=seed)


def line(label="size", change=-0.4, reach=0.1, model="m", **more):
    about = {"clean": 0.9, "clean_at": "80 %", "worst": 0.9 + change, "worst_at": "1 %", "change": change}
    about |= {"low": change - reach, "high": change + reach, "n": 100, "n_clusters": 50, "levels": 5}
    return Line(model, f"set/{label}", "clean", "0" * 16, "factor", (label,), label, **(about | more))


def test_each_line_goes_from_the_best_setting_to_the_worst_and_its_images_are_those():
    runs = [turned("m", 201.0, 0.5), small("m")]
    size, rotation = profile(runs)
    assert (size.label, size.clean, size.worst, size.worst_at) == ("size", 1.0, 0.0, f"1{NBSP}%")
    # 2, 3 and 4 % are as bad.
    assert (size.change, size.n, size.n_clusters, len(size.ties)) == (-1.0, 30, 30, 3)
    assert (rotation.label, rotation.clean, rotation.worst, rotation.worst_at) == ("rotation", 1.0, 0.5, "201°")
    assert (rotation.change, rotation.n, rotation.n_clusters, rotation.ties) == (-0.5, 30, 30, ())
    assert rotation.low < -0.5 < rotation.high < 0
    rows = questions.behind(runs[0], Question(where=rotation.where))
    assert (len(rows), rows["right"].mean()) == (rotation.n, rotation.worst)
    # The order of results is nothing to it.
    assert profile(runs[::-1]) == (size, rotation)


def test_what_is_not_finished_or_too_little_makes_no_claim():
    # Nine cut-outs at each angle.
    few = ANGLES[cut_outs(ANGLES) < 9]
    unsure, thin = profile([small("m", done=0.5), write_run("rotation", few, "m", np.ones(len(few), dtype=bool))])[::-1]
    notes = {each.label: each.note for each in (unsure, thin)}
    assert notes["size"] == "not finished: 120 of 240 images are done"
    assert notes["rotation"].startswith("fewer than two settings have enough images (30, of 10 ")
    said = profile_sentences.finding((unsure, thin))
    assert said == "No factor of **m** has settings with enough finished images for a claim yet."


def test_two_models_are_compared_at_the_worst_of_each():
    one, two = turned("one", 201.0, 0.5), turned("two", 101.0, 0.0, seed=1)
    (found,) = profile([one], other=[two])
    assert (found.other.model, found.other.worst_at, found.other.worst) == ("two", "101°", 0.0)
    # 0 % at its own worst less 50 %.
    assert found.against.value == pytest.approx(-0.5)
    assert found.differs
    assert profile_sentences.between((found,)).startswith(
        "Each at its own worst, **two** is right less often with **rotation**"
    )
    (alone,) = profile([one], other=[small("two")])
    assert (alone.other, alone.against) == (None, None)
    with pytest.raises(UsageError, match="of one model, not of one, two"):
        profile([one, two])


@pytest.mark.slow
def test_a_set_of_ones_own_has_a_line_for_each_of_its_factors(toy_model, tmp_path):
    run = photos(toy_model, tmp_path / "photos", weathers())
    assert has_lines(results_of(run.label, [run]))
    lines = {each.label: each for each in profile([run])}
    assert lines.keys() == {"weather", "light", "heading", "night", "tags"}
    weather = lines["weather"]
    assert (weather.clean_at, weather.worst_at, weather.n) == ("sun", "fog", 60)
    # 228 of 240 in the sun, 30 of 60 in fog.
    assert weather.change == pytest.approx(0.5 - 0.95)
    light = lines["light"]
    assert len(questions.behind(run, Question(where=light.where))) == light.n
    same = profile([run], other=[replace(run, alias="again")])
    assert {each.against.value for each in same if each.against} == {0.0}
    assert not any(each.differs for each in same)


def test_without_the_object_is_no_loss_and_counts_the_images_that_are_grayed_out():
    table = synthetic_cues.samples(60)
    run, other = (synthetic_cues.write(name, table, 0.9, seed) for seed, name in enumerate(("m", "o")))
    (found,) = profile([run], other=[other])
    said = store.read(run)
    right = {view: said[said["view"] == view] for view in ("clean", "gray")}
    top = {view: dict(zip(part["sample_id"], (each[0] for each in part["top10"]), strict=True))
           for view, part in right.items()}  # fmt: skip
    share = {view: np.mean([top[view][row.sample_id] in row.accepted for row in table.itertuples()]) for view in top}
    assert (found.kind, found.is_loss, found.n) == ("cues", False, 60)
    assert (found.clean, found.worst) == pytest.approx((share["clean"], share["gray"]))
    rows = questions.behind(run, Question(where=found.where))
    assert (len(rows), rows["right"].mean()) == (60, pytest.approx(share["gray"]))
    assert found.against.before == pytest.approx(share["gray"])
    assert "Without the object" not in profile_sentences.between((found,)) or found.differs


def test_of_photographs_what_uncommon_settings_cost_is_compared_with_the_same_classes():
    table = together(
        many("car", right=900, of=1000),
        many("car", "night", right=100, of=200),
        many("car", weather="foggy", right=160, of=200),
    )
    changes = value_changes(table)
    fog = changes[(changes["setting"] == "foggy") & (changes["definition"] == "paper-code")].iloc[0]
    assert (fog["common"], fog["uncommon"]) == pytest.approx((1000 / 1200, 0.8))
    assert fog["value"] == pytest.approx(fog["uncommon"] - fog["common"])
    others = [np.arange(of) < right for right, of in ((1000, 1000), (140, 200), (120, 200))]
    both = table.assign(other=np.concatenate(others).astype(float))
    row = worst_against_worst(both, "weather").iloc[0]
    assert (row["first"], row["second"], row["n"]) == ("foggy", "foggy", 200)
    # Common: 900 + 100 of 1,200 are right, and 1,000 + 140.
    assert row["before"] == pytest.approx(0.8 - 1000 / 1200)
    assert row["after"] == pytest.approx(0.6 - 1140 / 1200)
    assert row["value"] == pytest.approx(row["after"] - row["before"])
    assert row["low"] < row["value"] < row["high"] < 0


def test_the_finding_names_what_may_cost_as_much_and_says_how_many_are_clear():
    lines = (line("size", -0.5), line("pose", -0.45), line("time", -0.15, 0.08), line("place", -0.05))
    said = profile_sentences.finding(lines)
    assert said.startswith(f"**m** loses much with **size**: 40{NBSP}% at **size 1 %**")
    assert "; pose may cost as much. It loses clearly with 3 of 4 factors, not with place (95" in said
    sure = profile_sentences.finding((line("size", -0.8), line("time", -0.15, 0.08)))
    assert sure.startswith("**m** is sure to lose most with **size**")
    assert "may cost" not in sure
    open_ = profile_sentences.finding((line("size", -0.5), line("pose", -0.4, 0.5)))
    assert "; pose may cost as much." in open_
    nothing = profile_sentences.finding((line("size", -0.05), line("pose", -0.04)))
    assert nothing.startswith("For **m**, none of 2 factors has a worst setting that is clearly worse")
    assert nothing.endswith("(95 % for all at once).")
    just = profile_sentences.finding([line(label, -0.1, 0.099) for label in ("size", "pose")])
    assert just.endswith("(95 % for all at once); looked at alone, it would be with size and pose.")


def test_one_factor_is_no_most_and_one_that_was_only_found_is_no_cause():
    one = line("size", -0.5)
    assert profile_sentences.finding((one,)).startswith("**m** loses clearly with **size**: 40")
    found = profile_sentences.finding((replace(one, is_varied=False), line("pose", -0.2, 0.05)))
    assert found.endswith("Settings of size were found, not varied: they may differ in classes and objects too.")
    assert "found, not varied" in profile_sentences.row(replace(one, is_varied=False))
    assert "found" not in profile_sentences.finding((one, line("pose", -0.2, 0.05)))


def test_a_model_that_is_as_bad_at_every_setting_has_no_worst_one():
    (found,) = profile([write_run("rotation", ANGLES, "m", np.zeros(len(ANGLES), dtype=bool))])
    assert (found.clean_at, found.worst_at, found.change, found.ties) == ("all settings", "all settings", 0.0, ())
    # 18 angles of 30 cut-outs each.
    assert (found.is_level, found.n, found.n_clusters, found.levels) == (True, 540, 30, 18)
    assert profile_sentences.row(found).startswith(f"0{NBSP}% at all of 18 settings: 0{NBSP}pts [")
    assert profile_sentences.worst_at(found) == "all settings"


def test_two_models_are_said_to_choose_among_different_classes_and_to_lose_less_or_to_be_right_more():
    few, many_ = ({"classes": said} for said in ("10 classes", "1,000 classes"))
    contrast = Contrast(0.3, 0.2, 0.4, 0.5, 0.8, 100, 50)
    size = line("size", **few, other=line("size", model="o", **many_), against=contrast)
    time = replace(size, kind="setting", label="time", against=replace(contrast, value=-0.3, low=-0.4, high=-0.2))
    said = profile_sentences.between((size, time))
    assert said.startswith("Each at its own worst, **o** is right more often with **size** (+30")
    assert f"and loses more with **time** (−30{NBSP}pts [−40, −20]) than **m**" in said
    assert said.endswith("choose among different classes, 10 classes and 1,000 classes: fewer are easier.")
    same = replace(size, other=replace(size.other, **few))
    assert "classes" not in profile_sentences.between((same,))


def test_names_from_data_mean_nothing_to_markdown():
    hostile = line("a*b|<img src=x>", -0.5, model="m](http://x)<script>", worst_at="`x`\n# y")
    said = profile_sentences.finding((hostile,))
    assert "<" not in said.replace("\\<", "")
    assert "\n" not in said
    assert "\\*b\\|" in said


def test_more_factors_make_every_claim_harder():
    # 1.96 standard errors below 0 by itself, which five looks do not carry.
    just = line(change=-0.1, reach=0.099)
    assert just.is_clear
    assert not just.is_clear_among(5)
    contrast = Contrast(0.1, 0.001, 0.199, 0.5, 0.6, 100, 50)
    assert [profile_lines.side_among(contrast, m) for m in (1, 5)] == [1, 0]
    assert profile_lines.side_among(replace(contrast, n_clusters=9), 1) == 0
