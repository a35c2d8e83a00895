"""A run says itself what its benchmark is."""

from dataclasses import replace

import numpy as np
import pytest

from core import store
from core.answers import report
from core.answers.cards import card_of
from core.benchmarks import benchmark_class
from core.errors import UsageError
from core.types import CardTable
from tests import synthetic_focus
from tests.synthetic_store import make_samples, write_run


def forget(run, **values):
    return store.amend(run, replace(run.entry, **values))


def test_a_run_stored_before_cards_has_todays_of_its_benchmark():
    run = write_run("size", make_samples("size", 100), "m", np.ones(100, bool))
    assert card_of(forget(run, card=None)) == benchmark_class("si-score/size").card()


def test_a_run_is_reported_as_its_own_card_says():
    run = write_run("size", make_samples("size", 100), "m", np.ones(100, bool))
    card = replace(run.entry.card, tables=(CardTable("mine", ("area",), "Mine"),), cluster_unit=None)
    content = report.build(forget(run, card=card))
    assert list(content["tables"]) == ["mine"]
    assert content["interval"] == "95 %, Wilson"


def test_of_a_benchmark_that_is_gone_plain_tables_are_made_and_computed_ones_say_why_not():
    run = synthetic_focus.write("m", "ResNet50", synthetic_focus.samples(400))
    card = replace(run.entry.card, key="gone")
    run = forget(run, key="gone", card=card)
    content = report.build(run)
    computed = [table.name for table in card.tables if table.computed]
    assert "by_category" in content["tables"]
    assert computed
    assert not set(computed) & set(content["tables"])
    assert sum("does not know how 'gone' makes it" in said for said in content["warnings"]) == len(computed)
    with pytest.raises(UsageError, match="does not know how 'gone' makes it"):
        report.computed(run, computed[0])
