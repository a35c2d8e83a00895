"""Results under views resized as published, beside the product's own."""

from types import SimpleNamespace

import pytest

from core import store
from core.answers import published
from core.images.views import get_views
from tests.answers.test_cue_tables import write


def as_published(view="all-cues-as-published"):
    return SimpleNamespace(
        views=get_views(view), view=view, benchmark="imagenet", fingerprint="f", precision="fp32", content="c"
    )


CONTENT = {
    "tables": {
        "ablation": [
            {"view": "clean-as-published", "top1": 0.9, "n": 5},
            {"view": "gray-as-published", "top1": 0.5, "n": 5},
            {"view": "tile-as-published", "top1": 0.4, "n": 5},
        ],
        "rfs": [{"norm": "pixel", "sigma": 0.5, "acc_noisy_fg": 0.2, "acc_noisy_bg": 0.3, "rfs": 0.1, "n": 5}],
        "by_class": [{"class": "class 0", "top1": 0.6, "n": 5}],
    }
}


def test_each_row_of_a_table_of_views_has_the_own_number_beside_it(monkeypatch):
    own = write()
    monkeypatch.setattr(published, "own_run", lambda run: own)
    found = published.beside(as_published(), CONTENT)
    assert (found["as_published"], found["own_identity"]) == (published.DIFFERS, "0123456789abcdef")
    clean, gray, tile = found["tables"]["ablation"]
    # Of the four images all are right when clean, and one when grayed; none was tiled.
    assert (clean["top1"], clean["own_top1"], clean["n"], clean["n_own"]) == (0.9, 1.0, 5, 4)
    assert (gray["view"], gray["top1"], gray["own_top1"]) == ("gray-as-published", 0.5, 0.25)
    assert 0 < gray["own_low"] < 0.25 < gray["own_high"] < 1
    assert (tile["top1"], tile["own_top1"], tile["own_low"], tile["n_own"]) == (0.4, None, None, None)
    # 1 of 4 right with noise on the object, 3 of 4 with noise around it: 1/2 over twice 1/2.
    (strong,) = found["tables"]["rfs"]
    assert (strong["rfs"], strong["own_rfs"], strong["n_own"]) == (0.1, 0.5, 4)
    assert found["tables"]["by_class"] == CONTENT["tables"]["by_class"]


def test_the_own_numbers_leave_out_the_same_classes(monkeypatch):
    own = write()
    monkeypatch.setattr(published, "own_run", lambda run: own)
    found = published.beside(as_published(), CONTENT, exclude=["class 1"])
    assert [row["own_top1"] for row in found["tables"]["ablation"]] == [1.0, 0.5, None]
    assert [row["n_own"] for row in found["tables"]["ablation"]] == [2, 2, None]


def test_without_an_own_result_the_report_stays_and_says_so(monkeypatch):
    monkeypatch.setattr(store, "list_runs", lambda benchmark: [])
    found = published.beside(as_published(), CONTENT)
    assert found["tables"] == CONTENT["tables"]
    assert (found["as_published"], found["own_identity"]) == (published.DIFFERS, None)


def other(view, complete=True, **more):
    values = {"fingerprint": "f", "precision": "fp32", "content": "c", "view": view, "complete": complete, **more}
    return SimpleNamespace(**values)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([other("all-cues"), other("ablations")], 1),
        ([other("ablations", complete=False), other("all-cues")], 1),
        ([other("ablations", precision="bf16"), other("all-cues", complete=False)], 1),
        ([other("rfs"), other("clean"), other("ablations-as-published")], None),
        ([other("ablations", fingerprint="g"), other("ablations", content="d")], None),
    ],
    ids=["own family first", "complete first", "same precision", "same question", "same weights and data"],
)
def test_the_own_result_is_of_the_same_model_data_and_question(monkeypatch, there, expected):
    monkeypatch.setattr(store, "list_runs", lambda benchmark: there)
    found = published.own_run(as_published("ablations-as-published"))
    assert found is (None if expected is None else there[expected])
