"""The address carries the whole view, and a link that cannot hold says so."""

import numpy as np
import pytest
import streamlit as st

from core import store
from pages.shared.page import address
from tests.pages.conftest import open_page, page_links, target, text_of
from tests.pages.test_pages import FACTORS, charts
from tests.synthetic_store import make_samples, write_run


@pytest.fixture
def two_percent():
    """A model of which 2 % are done and that stands first in the alphabet, and a complete one."""
    samples = make_samples("rotation", 72 * 12)
    right = np.ones(len(samples), bool)
    return [
        write_run("rotation", samples, "a-partial.synthetic", right, done=0.02),
        write_run("rotation", samples, "complete.synthetic", ~right),
    ]


@pytest.mark.parametrize("path", ["app.py", FACTORS, "pages/overview.py"])
def test_a_complete_result_comes_before_a_partial_one(path, two_percent, monkeypatch):
    at = open_page(path, **({"benchmark": "si-score"} if path != "pages/overview.py" else {"only": "si-score"}))
    assert not at.exception
    assert at.multiselect(key="models").value == ["complete.synthetic"]
    assert "a-partial.synthetic · 2% done" in at.multiselect(key="models").options
    # Nothing is claimed of the partial one.
    assert "**a-partial.synthetic** " not in text_of(at)


@pytest.mark.parametrize("path", ["app.py", FACTORS])
def test_a_partial_result_that_is_chosen_claims_nothing(path, two_percent):
    at = open_page(path, benchmark="si-score", models="a-partial.synthetic")
    assert not at.exception
    said = text_of(at)
    assert "2 % done" in said.replace("\u00a0", " ")
    assert "no finding yet" in said
    assert "its worst angle" not in said


def test_a_link_names_what_is_gone_and_holds_what_is_there(two_models):
    here = store.list_runs("si-score/rotation")[0].identity[:8]
    at = open_page(FACTORS, benchmark="si-score", models=["good.synthetic", "gone"], results=f"{here}.0badc0de")
    warned = " ".join(each.value for each in at.warning)
    assert "`gone`, which is not here" in warned
    assert "a result that is not stored here (`0badc0de`)" in warned
    assert here not in warned


def test_an_older_result_that_a_link_names_is_shown_and_not_the_newest(two_models):
    samples = make_samples("rotation", 72 * 11)
    newer = write_run("rotation", samples, "good.synthetic", np.zeros(len(samples), bool))
    older = next(run for run in store.list_runs("si-score/rotation") if run.model == "good.synthetic" and run != newer)
    query = {"benchmark": "si-score", "models": "good.synthetic", "view": "rotation"}
    for run in (older, newer):
        at = open_page(FACTORS, **query, results=run.identity[:8])
        assert f"identity {run.identity}" in text_of(at)


def test_links_to_pages_carry_the_models(two_models):
    at = open_page(FACTORS, benchmark="si-score", models=["poor.synthetic", "good.synthetic"])
    links = {link.label: target(link) for link in page_links(at)}
    assert links["Mistakes"].endswith("?models=poor.synthetic&models=good.synthetic")


@pytest.mark.parametrize(
    ("query", "key", "kind", "wanted"),
    [
        ({"policy": "top5"}, "policy", "button_group", "top5"),
        ({"policy": "TOP5"}, "policy", "button_group", "top5"),
        ({"policy": "top7"}, "policy", "button_group", "top1"),
        ({"cls": ["acorn", "no such"]}, "cls", "multiselect", []),
        ({"inside": ["90", "10"]}, "inside", "slider", (10, 90)),
        ({"inside": "x"}, "inside", "slider", (0, 100)),
        ({"inside": ["-5", "1000"]}, "inside", "slider", (0, 100)),
        ({"log": "0"}, "log", "toggle", False),
        ({"norm": "true"}, "norm", "toggle", True),
    ],
)
def test_widgets_take_what_fits_from_the_address(two_models, query, key, kind, wanted):
    at = open_page(FACTORS, benchmark="si-score", models="good.synthetic", **query)
    assert not at.exception
    assert at.session_state[key] == wanted, kind


def test_filters_are_said_over_the_figures_they_rule(two_models):
    at = open_page(FACTORS, benchmark="si-score", models="good.synthetic", inside=["50", "100"])
    assert not at.exception
    said = [each.value for each in at.caption if each.value.startswith("Only images with")]
    assert len(said) == len(charts(at)) == 3
    assert "50" in said[0]


def test_the_whole_view_is_what_is_noted_and_what_stands_there(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(st, "query_params", Query({"cell": ["a;b=1"], "view": ["size"]}))
    address.begin()
    address.note("view", ["all"])
    address.note("policy", ["top1"])
    address.note("empty", [])
    assert address.query() == {"view": ["size"], "policy": ["top1"], "cell": ["a;b=1"]}
    assert address.text() == "view=size&policy=top1&cell=a%3Bb%3D1"
    address.put(image="a:1", cell="")
    assert st.query_params == {"view": ["size"], "policy": ["top1"], "image": ["a:1"]}


def test_what_a_view_rests_on_is_found_anew_when_the_view_changes(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(st, "query_params", Query({"results": ["12345678"], "view": ["size"]}))
    address.begin()
    address.put(cell="a;b=1")
    assert st.query_params["results"] == ["12345678"]
    address.put(view="all")
    assert "results" not in st.query_params


class Query(dict):
    """As much of Streamlit's query parameters as ``address`` uses."""

    def get_all(self, name):
        return self.get(name, [])

    def from_dict(self, content):
        self.clear()
        self.update({name: [each] if isinstance(each, str) else list(each) for name, each in content.items()})
