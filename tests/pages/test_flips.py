"""What an update broke, on Factors and on Mistakes: the numbers, and the very images behind a click."""

import json

import numpy as np
import pytest

from tests.pages.conftest import open_page, text_of
from tests.synthetic_store import make_samples, write_run

FACTORS, MISTAKES = "pages/size_location_rotation.py", "pages/mistakes.py"
TWO = {"benchmark": "si-score", "models": ["old", "n*w"], "diff": "flips"}
CELL = {"cell": "si-score/rotation;area=0.5", "by": "n*w"}


@pytest.fixture
def pair():
    """The old model is wrong on the smallest, the new one at half of the angles of area 0.5; forty cut-outs."""
    samples = make_samples("rotation", 72 * 40)
    turned = (samples["area"] == 0.5) & (samples["angle_deg"] < 180)
    write_run("rotation", samples, "old", (samples["area"] > 0.2).to_numpy())
    write_run("rotation", samples, "n*w", ~turned.to_numpy())


def titles(at):
    return [
        json.loads(each.proto.spec)["layout"]["title"]["text"].partition("<br>")[0] for each in at.get("plotly_chart")
    ]


def test_factors_draws_both_directions_and_a_click_opens_what_flips(pair):
    at = open_page(FACTORS, view="factors", set="si-score/rotation", factor="area", **{"and": "-"}, **TWO, **CELL,
                   flip="broken")  # fmt: skip
    assert not at.exception
    assert titles(at) == ["Broken and fixed by object size"]
    said = text_of(at)
    assert "**n\\*w** is **12.5" in said
    assert "] better than **old** on 2,880 common images, but breaks **12.5" in said
    # Of 720 images of this area, half flip.
    assert "**360 images** right under old and wrong under n\\*w" in said
    every = open_page(FACTORS, view="rotation", **TWO, **CELL)
    assert not every.exception
    assert titles(every)[0] == "Broken and fixed by rotation"
    assert "**720 images, 50" in text_of(every)


def test_mistakes_has_a_section_and_the_same_images(pair):
    two = {"benchmark": "si-score/rotation", "models": ["old", "n*w"], "flips_by": "area"}
    at = open_page(MISTAKES, **two, kind="only_other_wrong", slice='[["area",[0.5]]]')
    assert not at.exception
    heads = [each.value for each in at.subheader]
    assert "What did n\\*w break?" in heads
    assert "360 images right under old and wrong under n\\*w" in heads
    assert "Broken and fixed by object size" in titles(at)


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    [
        {"flip": "<script>", **CELL},
        {"flip": "fixed", "cell": "si-score/size;area=0.5"},
        {"flip": "fixed", "models": "old", **CELL},
        {"policy": "top5", "flip": "broken", **CELL},
    ],
)
def test_a_damaged_link_shows_what_there_is(pair, query):
    at = open_page(FACTORS, **{**TWO, "view": "rotation", **query})
    assert not at.exception
    assert titles(at)


@pytest.mark.slow
def test_a_result_on_the_way_claims_nothing(pair):
    samples = make_samples("rotation", 72 * 40)
    write_run("rotation", samples, "half", np.ones(len(samples), bool), done=0.5)
    at = open_page(FACTORS, **{**TWO, "models": ["old", "half"], "view": "rotation"})
    assert not at.exception
    said = text_of(at)
    assert "**half** is 50" in said
    assert "images): no finding yet." in said
    assert " better than" not in said
