"""The certificate as a table, as kept figures, and in words."""

import json

import numpy as np
import pandas as pd
import pytest

from core.bench import certificate_text
from core.bench.certificate import Held
from core.embedded.population import Population
from core.errors import DataError

FOUND = Population(
    ("left", "right"),
    ("a" * 64, "b" * 64),
    "digest",
    pd.DataFrame({"category": ["cat"] * 7, "instance": range(7)}),
    pd.DataFrame(),
    np.zeros((7, 3), bool),
    np.zeros((7, 3, 2), bool),
)
LINES = [
    Held("Diorama", "accuracy", 3, "20", 400, 0, 0.91, 0.014, 0.6, None),
    Held("Diorama", "accuracy", 5, "20", 400, 0, 0.934, 0.012, 0.412, None),
    Held("Diorama", "accuracy", 9, "20", 400, 0, 0.96, 0.01, 0.3, None),
    Held("logit 3, sd 2", "accuracy", 9, "20", 400, 0, 0.92, 0.014, 0.25, None),
    Held("Diorama", "paired", 5, "10", 400, 0, 0.97, 0.009, 0.5, 0.035),
    Held("Diorama", "paired", 9, "10", 0, 400, np.nan, np.nan, np.nan, 0.06),
]


def content():
    return certificate_text.content(LINES, FOUND, draws=400, seed=3)


def test_the_figures_are_the_lowest_and_the_mean_from_five_objects_on():
    accuracy = content()["figures"]["accuracy"]
    assert (accuracy["lowest"], accuracy["world"], accuracy["objects"]) == (0.92, "logit 3, sd 2", 9)
    assert accuracy["mean"] == pytest.approx((0.934 + 0.96 + 0.92) / 3)
    assert accuracy["error"] == 0.014
    assert accuracy["few"] == 0.91
    assert accuracy["differs"] is None
    assert content()["figures"]["paired"]["differs"] == 0.035


def test_what_is_kept_says_what_it_is_of(tmp_path):
    path = tmp_path / "certificate.json"
    certificate_text.write(content(), path)
    known = certificate_text.read(path)
    assert known == content() == json.loads(path.read_text())
    assert (known["draws"], known["seed"], known["confidence"]) == (400, 3, 0.95)
    assert known["population"]["models"] == {"left": "a" * 64, "right": "b" * 64}
    assert (known["population"]["objects"], known["population"]["images"]) == (7, 3)
    assert known["lines"][5]["held"] is None


def test_a_missing_certificate_names_the_command(tmp_path):
    with pytest.raises(DataError, match="certify --write"):
        certificate_text.read(tmp_path / "certificate.json")
    (tmp_path / "certificate.json").write_text('{"lines": []}')
    with pytest.raises(DataError, match="missing or damaged"):
        certificate_text.read(tmp_path / "certificate.json")


def test_a_cell_of_the_table_is_the_share_and_the_width():
    lines = certificate_text.markdown(content()["lines"], "Diorama").splitlines()
    assert lines[0] == "| 95 % interval of | images an object | 3 objects | 5 objects | 9 objects |"
    assert lines[2] == "| accuracy, as trained | 20 | 91 (60) | 93 (41) | 96 (30) |"
    assert lines[3] == "| difference of two models | 10 | – | 97 (50) | – |"
    assert lines[4] == "| equal models called different, difference of two models | 10 | – | 4 | 6 |"
    assert len(lines) == 5


def test_the_words_hold_the_figures():
    words = " ".join(certificate_text.how_sure(content()).split())
    assert "7 new objects of Diorama, 3 images each, and up to 400 small studies" in words
    assert "With 5 objects or more, an accuracy's interval held it in at least 92 % of them." in words
    assert "(accuracy, as trained, 9 objects, logit 3, sd 2)" in words
    # The mean of 0.938 for accuracies and 0.97 for differences.
    assert "is 95 % on average, and at the lowest 92 % (" in words
    assert "called different in at most 4 %." in words
    assert "With fewer than 5 objects the lowest share is 91 %." in words


def test_a_certificate_of_one_number_still_has_words():
    known = certificate_text.content(LINES[4:5], FOUND, draws=400, seed=3)
    words = certificate_text.how_sure(known)
    assert "an accuracy" not in words
    assert "(difference of two models, 5 objects, Diorama)" in words
    assert "fewer than" not in words
