"""``python -m core flips``: the same numbers as the pages', in words, as tables and as JSON."""

import json

import numpy as np
import pytest

from core import store
from core.answers import flips
from core.answers.questions import Question
from tests.cli.test_report_tables import printed
from tests.synthetic_store import make_samples, write_run

TWO = ("--model", "old", "--model", "new", "--benchmark", "si-score/rotation")


@pytest.fixture
def pair():
    """The new model is wrong on the largest, which the old one has right; neither has a name that is only letters."""
    samples = make_samples("rotation", 72 * 12)
    return [
        write_run("rotation", samples, name, right)
        for name, right in (
            ("old", (samples["area"] > 0.2).to_numpy()),
            ("new", (samples["area"] < 1.0).to_numpy()),
        )
    ]


def test_json_and_tables_have_the_numbers_of_the_answers(pair, capsys):
    code, out, err = printed(capsys, "flips", *TWO, "--by", "area", "--json")
    content = json.loads(out)
    found = flips.summary(*pair, Question())
    assert (code, err, content["n"], content["better"]) == (0, "", 864, None)
    # A quarter of the images is lost, a quarter won; a third of what each has right.
    assert (content["broken"]["value"], content["fixed"]["value"], content["change"]["value"]) == (0.25, 0.25, 0)
    assert content["broken"]["of_right"] == pytest.approx(1 / 3)
    assert (content["broken"]["low"], content["broken"]["high"]) == (found.broken.low, found.broken.high)
    assert [row["broken"] for row in content["rows"]] == [0, 0, 0, 1]
    assert [row["fixed"] for row in content["rows"]] == [1, 0, 0, 0]
    assert content["broken"]["most"]["at"] == {"area": 1.0, "value": 1.0, "n": 216}
    assert {"model": "old", "identity": pair[0].identity, "accuracy": 0.75, "n_only": 0} == content["first"]
    code, out, _ = printed(capsys, "flips", *TWO, "--by", "area")
    assert out.startswith("new and old cannot be told apart (new less old: 0.0 pts [")
    assert "before: old · after: new" in out
    assert "Of 864 common images of 12 objects" in out
    (largest,) = [line for line in out.splitlines() if line.startswith("100 %")]
    assert largest.split()[2] == "100.0"


def test_partial_and_other_images_are_said_and_nothing_is_claimed(pair, capsys):
    half = make_samples("rotation", 72 * 12)
    write_run("rotation", half, "half", np.ones(len(half), bool), done=0.5)
    asked = ("flips", "--model", "old", "--model", "half", "--benchmark", "si-score/rotation")
    code, out, err = printed(capsys, *asked, "--by", "area")
    assert (code, out.splitlines()[0]) == (
        0,
        "half is 50 % done on 'si-score/rotation' (432 of 864 images): no finding yet.",
    )
    assert "half is not finished: 432 of 864 images; nothing is claimed" in err
    assert "left out: 432 images of old alone" in err
    code, out, _ = printed(capsys, *asked, "--by", "area", "--json")
    assert (json.loads(out)["better"], json.loads(out)["broken"]["most"]) == (None, None)
    others = half.iloc[:72].assign(sample_id=lambda table: "z" + table["sample_id"]).reset_index(drop=True)
    write_run("rotation", others, "others", np.ones(72, bool))
    for more in (("--by", "area"), ("--json",)):
        asked = ("flips", "--model", "old", "--model", "others", "--benchmark", "si-score/rotation", *more)
        code, out, err = printed(capsys, *asked)
        assert code == 0
        assert "old and others have no images in common." in out
        assert "Traceback" not in out + err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((*TWO, "--policy", "top-1"), "--policy 'top-1' is unknown. Did you mean 'top1' or 'top5'?"),
        ((*TWO, "--by", "weather"), "'si-score/rotation' has no factor 'weather'."),
        ((*TWO, "--by", "area,area"), "names 'area' twice"),
        ((*TWO, "--by", ""), "must name one factor"),
        ((*TWO, "--reduce", "median"), "--reduce 'median' is unknown."),
        ((*TWO, "--identity", "ab"), "--identity names 1 result: give one for each model, in their order, or none."),
        ((*TWO, "--view", "noise"), "with view noise. Of it there is: view clean. Stored for it:"),
        ((*TWO, "--model", "third"), "flips compares two models, and 3 are given"),
        (TWO[2:], "flips compares two models, and 1 is given"),
        ((*TWO[:2], *TWO[:2], *TWO[4:]), "both are the same result"),
        ((*TWO[:2], "--model", "nwe", *TWO[4:]), "nwe"),
    ],
)  # fmt: skip
def test_bad_options_are_one_line(pair, capsys, options, said):
    code, out, err = printed(capsys, "flips", *options)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_two_results_of_one_model_are_told_by_their_identities(pair, capsys):
    samples = make_samples("rotation", 72 * 11)
    again = write_run("rotation", samples, "old", np.ones(len(samples), bool))
    assert len(store.list_runs("si-score/rotation", "old")) == 2
    named = ("--identity", pair[0].identity[:8], "--identity", again.identity)
    code, out, err = printed(capsys, "flips", *TWO[:2], *TWO[:2], *TWO[4:], *named, "--json")
    content = json.loads(out)
    assert (code, err) == (0, "")
    assert (content["first"]["identity"], content["second"]["identity"]) == (pair[0].identity, again.identity)
    assert (content["n"], content["broken"]["count"], content["fixed"]["value"]) == (792, 0, 0.25)
