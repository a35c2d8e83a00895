"""The checks of a gate file: what may be typed, what a limit means, and errors that name the place."""

import pytest

from core.errors import UsageError
from core.gate.checks import gate_of, treatment
from core.gate.reading import parsed

HEAD = "model: a\nbaseline: b\nbenchmark: x\nchecks:\n"


def checks_of(*checks, head=HEAD):
    return gate_of(parsed(head + "".join(f"- {each}\n" for each in checks), "g.yaml")).checks


@pytest.mark.parametrize(
    ("text", "limit"),
    [("0.9", 0.9), ("90 %", 0.9), ("90%", 0.9), ("5 points", 0.05), ("1 point", 0.01), ("2 pts", 0.02), ("1e-2", 0.01)],
)
def test_amounts(text, limit):
    assert checks_of(f"{{number: top1, min: {text}}}")[0].limit == pytest.approx(limit)


@pytest.mark.parametrize(
    ("number", "kind", "name"),
    [
        ("accuracy", "accuracy", ""),
        ("Top-5", "accuracy", ""),
        ("worst class", "worst", "class"),
        ("top1 by class", "worst", "class"),
        ("centre to corner", "border", "corner"),
        ("center to edge", "border", "edge"),
        ("gap time", "gap", "time"),
        ("{table: t, row: {a: 1}, column: c}", "cell", "t"),
        ("{from: {a: 1}, to: {a: 2}}", "groups", ""),
    ],
)
def test_numbers(number, kind, name):
    found = checks_of(f"{{number: {number}, min: 0}}" if kind != "gap" else f"{{number: {number}, max: 0}}")[0].number
    assert (found.kind, found.name) == (kind, name)


def test_a_number_may_name_its_benchmark():
    (check,) = checks_of("{number: si-score/location centre to corner, min: -10 points}")
    assert (check.benchmark, check.number.said, check.limit) == ("si-score/location", "centre to corner", -0.1)


def test_a_drop_is_held_against_its_negative():
    drop, rise, low, high = checks_of(
        "{number: top1, max_drop: 5 points}",
        "{number: gap time, max_rise: 5 points}",
        "{number: top5, min: 5 %}",
        "{number: gap time, max: 5 %}",
    )
    assert [(each.threshold, each.is_lower) for each in (drop, rise, low, high)] == [
        (-0.05, True),
        (0.05, False),
        (0.05, True),
        (0.05, False),
    ]
    assert [each.needs_baseline for each in (drop, rise, low, high)] == [True, True, False, False]


def test_checks_of_one_number_are_told_apart_by_their_limit():
    names = [each.name for each in checks_of("{number: top1, min: 0.1}", "{number: top1, max: 0.9}")]
    assert names == ["x top1", "x top1 (max)"]


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("{number: topp1, min: 0}", "g.yaml:5:12: no number 'topp1'. Did you mean 'top1'"),
        ("{nummber: top1, min: 0}", "g.yaml:5:4: a check has no 'nummber'. Did you mean 'number'"),
        ("{number: top1, min: 90}", "g.yaml:5:23: the limit 90 is not between 0 % and 100 %"),
        ("{number: top1, min: -1 %}", "g.yaml:5:23: the limit -1 % is not between 0 %"),
        ("{number: top1, min: .nan}", "g.yaml:5:23: .nan is no amount"),
        ("{number: top1, min: yes}", "g.yaml:5:23: yes is no amount"),
        ("{number: top1, min: 0, max: 1}", "g.yaml:5:3: a check has one limit"),
        ("{number: top1}", "g.yaml:5:3: a check has one limit"),
        ("{min: 0}", "g.yaml:5:3: a check needs a 'number'"),
        ("{number: worst class, max: 1}", "g.yaml:5:30: 'worst class' takes min or max_drop"),
        ("{number: negative_flips, max_drop: 1}", "g.yaml:5:38: 'negative_flips' takes max"),
        ("{number: {table: t}, max_drop: 1}", "g.yaml:5:34: 't' takes min or max as its limit, not 'max_drop'. A "),
        ("{number: {from: {a: 1}}, min: 0}", "g.yaml:5:12: a contrast has 'from' and 'to'"),
        ("{number: top1, policy: top5, min: 0}", "g.yaml:5:26: the policy top5 contradicts the number 'top1'"),
        ("{number: top1, where: street, min: 0}", "g.yaml:5:25: 'where' is a mapping"),
        ("{number: top1, model: '', min: 0}", "g.yaml:5:25: 'model' must be a text"),
        ("text", "g.yaml:5:3: a check is a mapping"),
        ("{name: a, number: top1, min: 0}\n- {name: a, number: top5, min: 0}", "g.yaml:6:3: the check of line 5 is "),
    ],
)
def test_what_is_wrong_is_named_with_its_place(check, said):
    with pytest.raises(UsageError) as error:
        checks_of(check)
    assert str(error.value).startswith(said)


def test_a_drop_needs_a_baseline():
    for check in ("{number: top1, max_drop: 1 %}", "{number: negative_flips, max: 1 %}"):
        with pytest.raises(UsageError, match="is against a baseline: name one"):
            checks_of(check, head="model: a\nbenchmark: x\nchecks:\n")


def test_the_command_line_goes_before_the_file():
    gate = gate_of(parsed(f"inconclusive: fail\nconfidence: 99 %\n{HEAD}- {{number: top1, min: 0}}\n", "g.yaml"))
    assert gate.confidence == 0.99
    assert (treatment(None, gate), treatment("pass", gate)) == ("fail", "pass")
    with pytest.raises(UsageError, match=r"--inconclusive 'pas' is unknown. Did you mean 'pass'"):
        treatment("pas", gate)
