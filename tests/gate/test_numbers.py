"""The numbers of checks: those of a report, and changes by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from core import report, store
from core.answers import flips, joined
from core.answers.flips import flipped
from core.answers.questions import Question
from core.errors import UsageError
from core.gate import numbers
from core.gate.checks import gate_of
from core.gate.images import BROKEN, Images
from core.gate.outcome import judge
from core.gate.reading import parsed
from core.gate.verdicts import Bounded, decide
from tests.synthetic_store import make_samples, write_run

KEY = "si-score/location"


def gate(*checks):
    head = f"model: new\nbaseline: old\nbenchmark: {KEY}\nchecks:\n"
    return gate_of(parsed(head + "".join(f"- {each}\n" for each in checks), "g.yaml"))


@pytest.fixture
def independent(monkeypatch):
    """100 images: the old model is right on 90, the new one on 80; 5 are gained and 15 lost."""
    right = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [75, 5, 15, 5], axis=0).astype(float)
    table = pd.DataFrame({"correct": right[:, 0], "other": right[:, 1], "sample_id": range(100)})
    table[BROKEN] = flipped(table["other"], table["correct"])
    monkeypatch.setattr(numbers, "images_of", lambda run, *_: Images(run, table, False, False))

    def asked(check, baseline="b"):
        one, other = SimpleNamespace(identity="a"), SimpleNamespace(identity=baseline)
        return numbers.estimate(gate(check).checks[0], one, other)

    return asked


def test_a_change_is_paired(independent):
    found = independent("{number: top1, max_drop: 5 %}")
    assert (found.value, found.before, found.after, found.n) == (pytest.approx(-0.1), 0.9, 0.8, 100)
    # Variance of a change: (0.05 + 0.15 - 0.1^2) / 100, so a standard error of 0.0436.
    low, high = found.ends(0.95)
    assert (low, high) == (pytest.approx(-0.1 - 0.0865, abs=0.006), pytest.approx(-0.1 + 0.0865, abs=0.006))
    wider = found.ends(0.99)
    assert wider[0] < low < high < wider[1]


def test_flips_are_what_the_baseline_had_right(independent):
    found = independent("{number: negative_flips, max: 2 %}")
    # Wilson's interval of 15 of 100.
    assert found.value == pytest.approx(0.15)
    assert found.ends(0.95) == (pytest.approx(0.0931, abs=1e-4), pytest.approx(0.2328, abs=1e-4))


def test_a_result_has_not_changed_against_itself(independent):
    found = independent("{number: top1, max_drop: 0}", baseline="a")
    assert (found.value, found.ends(0.99)) == (0, (0, 0))


@pytest.fixture
def pair():
    """Nine cut-outs at each of 441 places; the new model sees only the middle, and has fewer images."""
    samples = make_samples("location", 441 * 9)
    offset = np.maximum(abs(samples["x"] - 0.5), abs(samples["y"] - 0.5)).to_numpy()
    fewer = samples.iloc[441:].reset_index(drop=True)
    return {
        "old": write_run("location", samples, "old", np.ones(len(samples), bool)),
        "new": write_run("location", fewer, "new", offset[441:] < 0.2),
    }


def results(pair, *checks, **more):
    return judge(gate(*checks), lambda check, model: pair[model], **more).results


def test_numbers_are_those_of_a_report(pair):
    accuracy, cell, corner = results(
        pair,
        "{number: top1, min: 0}",
        "{number: {table: by_location, row: {x: 0.3, y: 0.5}}, max: 1}",
        "{number: centre to corner, max: 0}",
    )
    overall = report.build(pair["new"], tables=["by_location"])
    assert accuracy.estimate.ends(0.95) == (overall["overall"]["top1_low"], overall["overall"]["top1_high"])
    row = next(each for each in overall["tables"]["by_location"] if (each["x"], each["y"]) == (0.3, 0.5))
    assert cell.estimate.ends(0.95) == (row["top1_low"], row["top1_high"])
    assert (corner.estimate.value, corner.estimate.before, corner.kind) == (-1, 1, "pass")
    assert accuracy.estimate.n_clusters == 8


def test_two_runs_are_paired_on_the_images_that_both_have(pair):
    corner, top1, worst = results(
        pair,
        "{number: centre to corner, max_drop: 50 points}",
        "{number: top1, max_drop: 5 points}",
        "{number: worst x, max_drop: 5 points}",
    )
    assert (top1.estimate.n, top1.estimate.n_only) == (8 * 441, (0, 441))
    assert (corner.estimate.before, corner.estimate.after, corner.estimate.value) == (0, -1, -1)
    assert worst.estimate.value == -1
    assert [each.kind for each in (top1, worst)] == ["fail", "fail"]


def test_conditions_choose_the_images_of_both(pair):
    (middle,) = results(pair, "{number: top1, where: {x: 0.5, y: {min: 0.4, max: 0.6}}, max_drop: 60 points}")
    # Five places of eight cut-outs.
    assert (middle.estimate.n, middle.estimate.value, middle.estimate.n_only) == (40, 0, (0, 0))


def test_what_a_run_does_not_have_is_named_with_its_place(pair):
    for check, said in (
        ("{number: top1, where: {z: 1}, min: 0}", "g.yaml:5:29: 'si-score/location' has no factor 'z'"),
        ("{number: top1, where: {x: 7}, min: 0}", "g.yaml:5:29: no image of 'si-score/location' has x 7"),
        ("{number: top1, where: {class: dgo}, min: 0}", "g.yaml:5:33: no class 'dgo'."),
        ("{number: gap time, max: 0}", "g.yaml:5:12: 'si-score/location' does not say which settings are uncommon"),
        ("{number: worst area, min: 0}", "g.yaml:5:12: 'area' has one value only"),
        ("{number: {table: by_loc}, min: 0}", "g.yaml:5:12: 'si-score/location' has no table 'by_loc'. Did you mean"),
        ("{number: {table: by_location}, min: 0}", "g.yaml:5:12: 441 rows of 'by_location' are meant"),
        ("{number: {table: by_location, row: {x: 9}}, min: 0}", "g.yaml:5:42: no row has x '9'"),
        ("{number: {table: by_class, row: {class: x}, column: n}, min: 0}", "g.yaml:5:43: no row has class 'x'"),
        (
            "{number: {from: {x: 0.5}, to: {y: 0.5}}, min: 0}",
            "g.yaml:5:12: 8 images are in both groups: tell them apart.",
        ),
    ):
        with pytest.raises(UsageError) as error:
            results(pair, check)
        assert str(error.value).startswith(said)


def test_runs_without_a_common_image_are_refused(pair):
    samples = make_samples("location", 441 * 9).iloc[:441]
    pair["old"] = write_run("location", samples, "old", np.ones(441, bool))
    with pytest.raises(UsageError, match=r"new \(3,528 images\) and old \(441\) have no image in common"):
        results(pair, "{number: top1, max_drop: 0}")


def test_an_unfinished_run_is_refused_unless_allowed():
    samples = make_samples("location", 441 * 2)
    runs = {"new": write_run("location", samples, "new", np.ones(len(samples), bool), done=0.5)}
    with pytest.raises(UsageError, match=r"g.yaml:1:8: the result of new .* is not finished \(441 of 882"):
        results(runs, "{number: top1, min: 0.5}")
    found = judge(gate("{number: top1, min: 1 %}"), lambda check, model: runs[model], allow_partial=True)
    assert (found.results[0].estimate.n, found.exit_code) == (441, 0)
    assert found.warnings == ("new on si-score/location is not finished: 441 of 882 images",)


def test_one_object_has_no_interval():
    samples = make_samples("location", 441)
    runs = {"new": write_run("location", samples, "new", np.ones(441, bool))}
    (found,) = results(runs, "{number: top1, min: 1 %}")
    assert (found.kind, found.estimate.value) == ("inconclusive", 1)


def test_a_run_of_which_nothing_could_be_evaluated_is_inconclusive(monkeypatch):
    nothing = pd.DataFrame({"correct": [], "sample_id": [], "cluster": []})
    for clustered in (False, True):
        images = Images(SimpleNamespace(benchmark=KEY), nothing, clustered, False)
        monkeypatch.setattr(numbers, "images_of", lambda *_, found=images: found)
        monkeypatch.setattr("core.gate.images.unit_of", lambda run: "object")
        found = numbers.estimate(gate("{number: top1, min: 0.5}").checks[0], SimpleNamespace(identity="a"), None)
        assert found.n == 0
        assert decide([Bounded(found, 0.5, True)])[0].kind == "inconclusive"


def test_views_of_one_image_are_no_groups(embedded_results):
    head = "model: test_vit.diorama\nbenchmark: diorama/clean\nview: all-cues\nchecks:\n"
    run = store.find_run("diorama/clean", "test_vit.diorama", view="all-cues")
    for number, said in (
        ("worst ablation", "g.yaml:5:12: 'ablation' tells the views"),
        ("{from: {ablation: gray}, to: {ablation: tile}}", "g.yaml:5:30: 'ablation' tells the views"),
    ):
        gates = gate_of(parsed(f"{head}- {{number: {number}, min: 5 %}}\n", "g.yaml"))
        with pytest.raises(UsageError) as error:
            judge(gates, lambda check, model: run)
        assert str(error.value).startswith(said)


def test_flips_are_those_of_the_pages(pair):
    (found,) = results(pair, "{number: negative_flips, max: 10 %}")
    pages = flips.summary(pair["old"], pair["new"], Question())
    # Of 21 x 21 places it sees eight by eight: x and y from 0.35 to 0.7, where 0.7 - 0.5 is just below 0.2.
    assert found.estimate.value == pages.broken.value == pytest.approx(1 - 64 / 441)
    assert found.estimate.ends(0.95) == (pages.broken.low, pages.broken.high)
    assert found.estimate.n_only[::-1] == pages.n_only == (441, 0)


def test_views_that_are_lost_are_not_made_up_for_by_those_that_are_won(embedded_results):
    new, old = (
        store.find_run("diorama/small", f"test_{name}.diorama", view="tta-rrc@32,0.1,1")
        for name in ("efficientnet", "vit")
    )
    head = "model: new\nbaseline: old\nbenchmark: diorama/small\nview: tta-rrc@32,0.1,1\nchecks:\n"
    check, one = gate_of(
        parsed(
            f"{head}- {{number: negative_flips, max: 1 %}}\n- {{number: negative_flips, max: 1 %, where: {{draw: 3}}}}",
            "g.yaml",
        )
    ).checks
    found = numbers.estimate(check, new, old)
    pages = flips.summary(old, new, Question())
    assert (found.value, found.ends(0.95)) == (pages.broken.value, (pages.broken.low, pages.broken.high))
    assert found.value > found.before - found.after
    # A condition on views is of both: the share of images that the baseline loses under this one view.
    views = [joined.read(run, ["sample_id", "draw", "correct"]).query("draw == 3") for run in (old, new)]
    both = views[0].merge(views[1], on="sample_id", validate="one_to_one")
    assert numbers.estimate(one, new, old).value == ((both["correct_x"] == 1) & (both["correct_y"] == 0)).mean()
