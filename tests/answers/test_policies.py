"""Sets with fewer classes than ImageNet are scored over their own, with plain top-1 beside."""

from dataclasses import replace

import pandas as pd
import pytest

from core import metrics, store
from core.answers import policies, report
from core.answers.cards import card_of
from core.benchmarks import open_benchmark
from core.cli.main import main
from core.errors import UsageError
from core.evaluate.loop import evaluate
from tests.class_folders import by_wnid, draw

#: Of the toy classifier the best class of a picture is 0 where it is red, 1 where it is green and 2 where it is blue.
PURPLE = (120, 10, 200)


@pytest.fixture
def run(tmp_path, toy_model):
    """Two red tenches and two green goldfish, which are right; and two tenches more blue than red, which are sharks to
    the classifier, and tenches if it may choose only from the set's two classes."""
    by_wnid(tmp_path / "a")
    for number in (7, 8):
        draw(tmp_path / "a" / "n01440764" / f"{number}.png", PURPLE)
    return evaluate(toy_model, open_benchmark("imagenet-a", tmp_path / "a"))


def counted(run, policy=None, **changed):
    answers = metrics.join(store.read_samples(run), store.read(run))
    return policies.counted(run, replace(card_of(run), **changed), answers, policy, [0, 1])


def test_a_set_with_fewer_classes_is_scored_over_them(run):
    found = counted(run)
    assert found.policy == "restricted"
    assert found.is_beside_plain
    assert found.table["correct"].sum() == 6


def test_plain_top_1_is_had_by_asking_for_it(run):
    found = counted(run, "top1")
    assert (found.policy, found.is_beside_plain, found.table["correct"].sum()) == ("top1", False, 4)


def test_a_benchmark_that_says_nothing_counts_plain_top_1(run):
    found = counted(run, default_policy="top1")
    assert (found.policy, found.is_beside_plain, found.table["correct"].sum()) == ("top1", False, 4)


def test_a_report_gives_both_numbers_each_with_its_interval(run):
    content = report.build(run)
    assert (content["policy"], content["overall"]["top1"], content["overall"]["n"]) == ("restricted", 1, 6)
    assert content["plain"]["top1"] == pytest.approx(4 / 6)
    # Wilson's interval of 4 in 6, worked by hand with z = 1.96: centre (4 + 1.9208) / 9.8416.
    assert content["plain"]["top1_low"] + content["plain"]["top1_high"] == pytest.approx(2 * 5.9207 / 9.8415, abs=1e-4)
    assert report.build(run, policy="top1")["plain"] is None
    assert report.build(run, policy="top1")["overall"]["top1"] == pytest.approx(4 / 6)


def told(capsys, run, *more):
    with pytest.raises(SystemExit) as stopped:
        main(["report", "--model", run.model, "--benchmark", "imagenet-a", *more])
    shown = capsys.readouterr()
    assert stopped.value.code == 0, shown.err
    return shown.out


def test_the_command_prints_plain_top_1_beside(run, capsys):
    shown = told(capsys, run)
    assert "(policy: restricted): top1 100.0 %" in shown
    assert "plain top-1, over all of the model's classes: 66.7 %" in shown


def test_the_command_prints_one_number_where_top_1_is_asked_for(run, capsys):
    shown = told(capsys, run, "--policy", "top1")
    assert "imagenet-a: top1 66.7 %" in shown
    assert "plain top-1" not in shown


def test_where_the_best_of_the_sets_classes_was_not_kept_plain_top_1_stands_for_it_and_says_so(run, monkeypatch):
    answers = metrics.join(store.read_samples(run), store.read(run))
    # The ten best without the set's classes, of which nothing else is kept.
    answers["top10"] = pd.Series([list(range(2, 12))] * len(answers), index=answers.index)
    monkeypatch.setattr(store, "best_within", lambda run, classes: None)
    found = policies.counted(run, card_of(run), answers, None, [0, 1])
    assert (found.policy, found.is_beside_plain) == ("top1", False)
    assert "plain top-1, where ImageNet-A is scored by 'restricted': " in found.warnings[0]
    with pytest.raises(UsageError, match="restricted"):
        policies.counted(run, card_of(run), answers, "restricted", [0, 1])
