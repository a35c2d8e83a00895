"""The worst value of any factor: named with an interval for having been picked, and only where it rests on enough."""

import shutil

import numpy as np
import pytest

from core.answers import joined, tolerance
from core.answers.questions import Question, Where, factor_of
from core.answers.worst import sentence, worst
from tests.own_photos import photos, weathers
from tests.synthetic_store import make_samples, write_run

NBSP = "\u00a0"


@pytest.fixture
def run(toy_model, tmp_path):
    return photos(toy_model, tmp_path / "photos", weathers())


def said(run, *names, **more):
    return sentence("m", worst(run, names, Question()), [factor_of(run, name) for name in names], **more)


def test_the_worst_weather_is_named(run):
    found = worst(run, ("weather",), Question())
    assert (found.worst.at, found.worst.value, found.worst.n) == (("fog",), 0.5, 60)
    assert (found.best.at, found.best.value) == (("sun",), 0.95)
    assert found.change == pytest.approx(-0.45)
    assert found.low < -0.45 < found.high < 0
    # Picked from three: wider than the interval of one pair, 0.45 ± 1.96 sqrt(0.25 / 60 + 0.0475 / 240).
    assert -0.45 - found.low > 1.96 * np.sqrt(0.25 / 60 + 0.0475 / 240)
    assert (found.levels, found.thin_levels, found.tied, found.n) == (3, 0, 0, 360)
    assert said(run, "weather").startswith(
        f"Of 3 values of weather, **m** is worst at **weather fog**: **50{NBSP}%** of 60 images, 45{NBSP}points ["
    )
    assert said(run, "weather").endswith(f"below its best (95{NBSP}% at weather sun).")


def test_the_worst_pair_is_named_with_the_edges_of_its_bin(run):
    found = worst(run, ("light", "night"), Question())
    assert found.levels + found.thin_levels == 20
    assert worst(run, ("light",), Question()).worst.said == "light 0.04 to 0.07"


def test_without_markdown_nothing_is_marked_or_escaped(run):
    plain = said(run, "weather", markdown=False)
    assert plain.startswith("Of 3 values of weather, m is worst at weather fog: 50")
    assert "*" not in plain


def test_where_nothing_differs_nothing_is_claimed(run):
    found = worst(run, ("heading",), Question())
    assert not found.is_clear
    assert "Of 4 values of heading, **m** is clearly worse than its best at none: heading " in said(run, "heading")


def test_thin_values_are_neither_worst_nor_best(toy_model, tmp_path):
    rows = [*weathers(), *({**weathers()[0], "weather": "hail", "right": False} for _ in range(29))]
    run = photos(toy_model, tmp_path / "photos", rows)
    found = worst(run, ("weather",), Question())
    assert found.worst.at == ("fog",)
    assert (found.levels, found.thin_levels) == (3, 1)


def test_too_few_values_with_enough_images_make_no_claim(run):
    fog = (Where.equals("weather", "fog"),)
    one = worst(run, ("weather",), Question(where=fog))
    assert one.worst is None
    assert sentence("m", one, [factor_of(run, "weather")]) == (
        "**m** has too few values to claim at which weather it is worst."
    )
    thin = worst(run, ("class",), Question(where=(Where.equals("heading", 90.0), *fog)))
    assert (
        sentence("m", thin, [factor_of(run, "class")])
        == "**m** rests on 15 images, too few to claim at which class it is worst."
    )


def test_of_very_many_settings_the_bands_decide_and_claim_no_more(monkeypatch):
    # Eight classes of forty objects; one is never right, all others are in nine of ten.
    samples = make_samples("location", 320)
    number = np.arange(len(samples))
    samples["class"] = [f"class {each}" for each in number // 40]
    samples["cluster"] = [f"object {each}" for each in number]
    right = (samples["class"] != "class 7").to_numpy() & (number % 10 > 0)
    run = write_run("location", samples, "m", right)
    paired = worst(run, ("class",), Question())
    monkeypatch.setattr(tolerance, "_MOST_PAIRED", 5)
    shutil.rmtree(joined.folder(run))
    found = worst(run, ("class",), Question())
    assert (found.levels, found.worst.at, found.worst.value, found.tied) == (8, ("class 7",), 0, 0)
    assert found.change == pytest.approx(-0.9)
    assert found.is_clear
    assert found.high > paired.high


def test_values_with_markup_in_their_names_are_escaped(toy_model, tmp_path):
    rows = [row | {"weather": {"fog": "*fog* <b>"}.get(row["weather"], row["weather"])} for row in weathers()]
    run = photos(toy_model, tmp_path / "photos", rows)
    assert "**weather \\*fog\\* \\<b\\>**" in said(run, "weather")
