"""What a check says of hand-made outputs."""

import math

import numpy as np
import pytest

from core.models.checking import _hits_by_lot, better_shown, check_outputs, is_alive, verdict

N, CLASSES = 8, 1000
#: Class 100 + n is right for picture n, and no other.
EXPECTED = [[100 + n] for n in range(N)]


def answers(right=N, height=8.0, classes=CLASSES):
    """Logits drawn by lot with a peak at the right class of the first ``right`` pictures, elsewhere at a wrong one."""
    logits = np.random.default_rng(0).normal(size=(N, classes))
    for n in range(N):
        logits[n, (100 + n if n < right else 500 + n) % classes] = height
    return logits


def said(findings, about):
    found = [each for each in findings if each.about == about]
    assert len(found) == 1, findings
    return found[0]


def test_a_network_that_recognises_its_pictures_is_alive():
    found = check_outputs(answers(), EXPECTED)
    assert is_alive(found)
    assert [each.level for each in found] == ["ok"] * 5
    # Five of 1,000 classes hold a given one with probability 0.005, which is 0.04 pictures of eight.
    assert "8 of 8 pictures are right among the best 5" in said(found, "order").said
    assert "give 0.0" in said(found, "order").said


@pytest.mark.parametrize(("right", "level"), [(0, "bad"), (1, "bad"), (2, "ok"), (8, "ok")])
def test_the_order_is_confirmed_by_more_hits_than_lots_give(right, level):
    # One hit or more of eight with 0.005 each: 1 - 0.995**8 = 0.039; two or more: 0.0007.
    found = check_outputs(answers(right), EXPECTED)
    assert said(found, "order").level == level
    assert is_alive(found) == (level == "ok")


def test_of_ten_classes_the_best_alone_counts():
    # With 0.1 each, three or more of eight are right by lot with probability 0.038, four or more with 0.005.
    right = [[n] for n in range(N)]
    three, four = (np.eye(10)[[*range(n), *[9] * (N - n)]] * 5 for n in (3, 4))
    assert said(check_outputs(three, right), "order").level == "bad"
    assert said(check_outputs(four, right), "order").level == "ok"
    assert "by the best class" in said(check_outputs(four, right), "order").said
    assert "give 0.8" in said(check_outputs(four, right), "order").said


def test_pictures_of_one_thing_are_right_or_wrong_together():
    # One right class of four. Two pictures of which the same two classes are said: both or none, by half.
    assert _hits_by_lot([{0, 1}, {0, 1}], 1, 4).tolist() == [1 / 2, 0, 1 / 2]
    # Of which another one is said each: one of them by half, never both.
    assert _hits_by_lot([{0}, {1}], 1, 4).tolist() == [1 / 2, 1 / 2, 0]
    # Two right classes of four, six pairs: {2, 3}, four with 0 or 1, {0, 1}.
    assert _hits_by_lot([{0}, {1}], 2, 4) == pytest.approx([1 / 6, 4 / 6, 1 / 6])


def test_a_network_that_says_the_same_of_all_has_one_chance_a_thing():
    # Three trucks, which ten classes are; one of five is said of every picture by lot with 1 - C(990, 5) / C(1000, 5),
    # a probability of 0.049, and then all three are right, which three lots would give with 0.0001.
    logits = np.random.default_rng(0).normal(size=(N, CLASSES)) / 100
    logits[:, [100, 1, 2, 3, 4]] += 9
    trucks = [list(range(100, 110))] * 3 + [[200 + n] for n in range(5)]
    found = said(check_outputs(logits, trucks), "order")
    assert (found.level, found.said.startswith("3 of 8 pictures")) == ("bad", True)
    assert better_shown({"as it is": logits}, trucks) is None


@pytest.mark.parametrize("right", [[[0], [0], [1], [0]], [[1], [1], [0], [1]]])
def test_of_few_classes_nobody_can_tell(right):
    # Of two classes both are right by lot with 1/4, whatever is answered.
    logits = np.random.default_rng(0).normal(size=(4, 2)) * 4
    logits[:, 0] = np.array([6, 5, -4, 7])
    found = check_outputs(logits, right)
    assert said(found, "order").level == "info"
    assert is_alive(found)


@pytest.mark.parametrize(("classes", "level"), [(4, "info"), (5, "ok")])
def test_the_fewest_classes_that_tell_are_five(classes, level):
    # Each of four things by its class: 1 of 4! = 24 orders of four classes, 1 of 5! = 120 of five.
    found = said(check_outputs(np.eye(classes)[:4] * 5, [[0], [1], [2], [3]]), "order")
    assert (found.level, "4 of 4 pictures are right" in found.said) == (level, True)


def test_pictures_that_networks_are_not_known_to_recognise_are_a_warning():
    found = check_outputs(answers(0), EXPECTED, are_known_to_be_seen=False)
    assert (said(found, "order").level, is_alive(found)) == ("warn", True)
    assert verdict(found) == "may be alive or not: these pictures do not tell"
    assert "unlike these pictures, which are drawn" in said(found, "order").said


def test_a_network_of_other_things_may_say_the_same_of_all_pictures():
    # Of tumour and tissue, tissue by a logit of 4, more or less 0.2: as an untrained network does.
    logits = np.stack([np.zeros(N), np.linspace(3.8, 4.2, N)], axis=1)
    known, unknown = (check_outputs(logits, [[]] * N, are_known_to_be_seen=each) for each in (True, False))
    assert (said(known, "pictures").level, said(unknown, "pictures").level) == ("bad", "warn")
    assert "unlike all that it knows" in said(unknown, "pictures").said
    assert verdict(unknown) == "may be alive or not: these pictures do not tell"
    assert verdict(check_outputs(answers(), EXPECTED)) == "looks alive"
    assert verdict(known) == "does not look alive"


def test_classes_without_an_output_count_for_nothing_but_the_order():
    logits = answers()
    lacking = np.concatenate([logits, np.repeat(logits.min(axis=1, keepdims=True) - 1e4, 7, axis=1)], axis=1)
    assert [each.level for each in check_outputs(lacking, EXPECTED)] == ["ok"] * 5
    assert said(check_outputs(lacking, EXPECTED), "certainty") == said(check_outputs(logits, EXPECTED), "certainty")


def test_a_permuted_head_is_found():
    shuffled = answers()[:, np.random.default_rng(1).permutation(CLASSES)]
    found = said(check_outputs(shuffled, EXPECTED), "order")
    assert found.level == "bad"
    assert "the classes are in another order" in found.said


def test_without_labels_nothing_is_said_of_the_order():
    found = check_outputs(answers(0), [[]] * N)
    assert said(found, "order").level == "info"
    assert is_alive(found)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_ends_the_check(value):
    logits = answers()
    logits[2, 5] = logits[2, 6] = logits[4, 0] = value
    found = check_outputs(logits, EXPECTED)
    assert [(each.about, each.level) for each in found] == [("numbers", "bad")]
    assert "2 of 8 pictures" in found[0].said


def test_one_output_tells_nothing_apart():
    assert not is_alive(check_outputs(np.ones((N, 1)), [[]] * N))


@pytest.mark.parametrize("row", [np.zeros(CLASSES), np.full(CLASSES, 3.0), np.arange(CLASSES) / 100])
def test_the_same_outputs_for_all_are_a_dead_network(row):
    found = said(check_outputs(np.tile(row, (N, 1)), [[]] * N), "pictures")
    assert found.level == "bad"
    assert "dead" in found.said
    # Equal but for rounding is equal.
    noise = np.random.default_rng(0).normal(scale=1e-7, size=(N, CLASSES)) * np.abs(row).max()
    assert said(check_outputs(np.tile(row, (N, 1)) + noise, [[]] * N), "pictures").level == "bad"


def test_some_equal_outputs_are_a_warning():
    logits = answers()
    logits[1] = logits[0]
    found = said(check_outputs(logits, [[]] * N), "pictures")
    assert (found.level, "only 7 different outputs for 8" in found.said) == ("warn", True)


def test_probabilities_are_found_and_logarithms_of_them_are_logits():
    logits = answers()
    powers = np.exp(logits)
    shares = powers / powers.sum(axis=1, keepdims=True)
    found = check_outputs(shares, EXPECTED)
    assert [each.about for each in found if each.level == "bad"] == ["probabilities"]
    assert is_alive(check_outputs(np.log(shares), EXPECTED))
    # Between 0 and 1 alone is not enough.
    assert said(check_outputs(logits - logits.min(), EXPECTED), "probabilities").level == "ok"


def test_an_untrained_network_is_called_so_by_uniform_answers():
    found = check_outputs(np.random.default_rng(0).normal(scale=0.01, size=(N, CLASSES)), [[]] * N)
    assert said(found, "certainty").level == "bad"
    assert "looks untrained" in said(found, "certainty").said


def test_an_untrained_network_is_called_so_by_answers_that_stay_as_they_are():
    rng = np.random.default_rng(0)
    still = rng.normal(scale=3, size=(1, CLASSES)) + rng.normal(scale=0.3, size=(N, CLASSES))
    found = said(check_outputs(still, [[]] * N), "pictures")
    assert found.level == "bad"
    # Standard deviations of 0.3 over pictures and 3 over classes.
    assert "looks untrained" in found.said
    assert "vary 0.1" in found.said or "vary 0.09" in found.said


def test_uniform_answers_that_are_right_lack_a_scale():
    found = check_outputs(answers(height=10) / 100, EXPECTED)
    assert (said(found, "certainty").level, is_alive(found)) == ("warn", True)
    assert "a scale of its logits is missing" in said(found, "certainty").said


@pytest.mark.parametrize(("expected", "level"), [(EXPECTED, "warn"), ([[]] * N, "bad")])
def test_answers_that_are_all_certain_say_nothing_of_how_sure_they_are(expected, level):
    found = said(check_outputs(answers(height=80), expected), "certainty")
    assert found.level == level
    assert "every answer is certain" in found.said


def test_another_way_to_show_pictures_is_named_only_beyond_doubt():
    shown = {"as it is": answers(1), "turned round": answers(8), "as numbers": np.full((N, CLASSES), math.nan)}
    found = better_shown(shown, EXPECTED)
    assert found.said.startswith("turned round, 8 of 8 pictures are right")
    both = better_shown({**shown, "scaled": answers(8) / 2}, EXPECTED)
    assert both.said.startswith("turned round, or scaled, 8 of 8 pictures are right")
    assert better_shown({"as it is": answers(1)}, EXPECTED) is None
