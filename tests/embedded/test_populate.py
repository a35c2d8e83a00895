"""Asking the models: each object once, and what is shipped comes out again."""

import numpy as np
import pytest

from core import models
from core.bench import certificate_text
from core.embedded import populate, population
from core.embedded.train import TRAININGS
from core.errors import ModelError


@pytest.fixture
def asked(monkeypatch):
    """Two objects, asked in this process; the list says which were asked."""
    known = []

    def here(function, arguments, workers, progress):
        for values in arguments:
            known.append(values[:2])
            yield function(*values)

    monkeypatch.setattr(populate, "in_processes", here)
    monkeypatch.setattr(population, "objects", lambda: [("cat", 5000), ("frog", 5001)])
    return known


@pytest.mark.slow
def test_an_interrupted_call_goes_on_and_a_finished_one_asks_nothing(asked, tmp_path):
    out, home = tmp_path / "population.parquet", tmp_path / "home"
    first = populate.populate(out, home=home)
    assert asked == [("cat", 5000), ("frog", 5001)]
    assert first.correct.shape == (2, 67, 3)
    (frog,) = home.glob("*/answers/frog-5001.npy")
    frog.unlink()
    again = populate.populate(out, home=home)
    assert asked[2:] == [("frog", 5001)]
    np.testing.assert_array_equal(again.correct, first.correct)
    populate.populate(out, home=home)
    assert len(asked) == 3
    # What ships was said of the same pixels; another processor may round a logit or two to the other side.
    shipped = population.read()
    rows = [("cat", 5000), ("frog", 5001)]
    known = list(shipped.objects.itertuples(index=False, name=None))
    for row, mine in zip(rows, first.correct, strict=True):
        assert (shipped.correct[known.index(row)] != mine).mean() < 0.02


def test_a_model_that_is_not_trained_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(populate, "trained", lambda: ("test_efficientnet.diorama",))
    with pytest.raises(ModelError, match=r"'test_efficientnet_gn.diorama' is not trained.*diorama train"):
        populate.populate(tmp_path / "population.parquet", home=tmp_path)


def test_what_ships_is_small_and_of_todays_models_and_pictures():
    found = population.read()
    assert (population.FOLDER / population.FILE).stat().st_size < 1_000_000
    assert found.correct.shape == (1000, 67, 3)
    assert found.models == tuple(TRAININGS)
    assert found.fingerprints == tuple(models.describe(name).fingerprint for name in TRAININGS)
    assert found.recipe == population.digest()


def test_the_shipped_certificate_is_of_the_shipped_population():
    found, known = population.read(), certificate_text.read()
    assert known["population"]["recipe"] == found.recipe
    assert known["population"]["models"] == dict(zip(found.models, found.fingerprints, strict=True))
    assert known["figures"] == certificate_text.figures(known["lines"])
