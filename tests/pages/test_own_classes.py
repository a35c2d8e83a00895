"""Data of a user's own with classes of her own, on every page: her words, her numbers, and none of other benchmarks."""

import csv
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from core import models, store
from core.answers import cards, catalogue, questions, report
from core.benchmarks import open_benchmark, published_benchmarks
from core.evaluate.loop import evaluate
from core.labels import OWN
from core.own.add import keep, understand
from pages.shared.page import figure, text
from pages.shared.page.pickers import MODELS
from tests.conftest import TOY_TRANSFORM
from tests.pages.conftest import open_page, text_of

FACTORS, MISTAKES = "pages/size_location_rotation.py", "pages/mistakes.py"
FOREIGN = re.compile("Diorama|ImageNet|SI-Score|class [0-9]|objects")


class Three(torch.nn.Module):
    """Class 0 is red, class 1 green, class 2 blue."""

    num_classes = 3

    def forward(self, inputs):
        return inputs.mean(dim=(2, 3)) * 10


@pytest.fixture
def run(tmp_path):
    """A model that names no classes on 120 photographs of 12 cities: of 60 ripe ones 15 are taken for unripe."""
    folder = tmp_path / "photos"
    folder.mkdir()
    (tmp_path / "classes.txt").write_text("Ripe tomato\nUnripe tomato\nPlum\n")
    with (tmp_path / "t.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "label", "light", "distance_m", "city", "mask"])
        for number in range(120):
            is_ripe, is_red = number % 2 == 0, number % 8 in (2, 4, 6)
            colour = (220, number, 10) if is_red else (10, 220, number)
            Image.new("RGB", (40, 40), colour).save(folder / f"{number}.png")
            mask = np.zeros((40, 40), np.uint8)
            mask[10:30, 10:30] = 255
            Image.fromarray(mask).save(folder / f"{number}-mask.png")
            label = "Ripe tomato" if is_ripe else "Unripe tomato"
            light = "day" if number % 3 else "night"
            rows.writerow([f"{number}.png", label, light, number / 10, f"c{number % 12}", f"{number}-mask.png"])
    options = {"classes": tmp_path / "classes.txt", "cluster": "city"}
    keep(understand("fruit", folder, tmp_path / "t.csv", published=published_benchmarks(), **options))
    opened = open_benchmark("fruit")
    named = models.from_module(Three(), "plain-three", label_space=opened.label_spaces[0], transform=TOY_TRANSFORM)
    return evaluate(replace(named, label_space="classes-3"), opened)


def test_outputs_without_names_have_those_of_the_benchmark_and_the_model_stays_as_it_is(run):
    assert run.manifest.model.label_space == "classes-3"
    assert run.label_space.startswith(OWN)
    (again,) = store.list_runs("fruit")
    assert again.label_space == run.label_space
    assert catalogue.known_models([run])["plain-three"].label_space == "classes-3"
    assert catalogue.known_models([run])["plain-three"].details.startswith("3 outputs without names")


@pytest.mark.parametrize("query", [{"kind": "wrong"}, {"kind": "all", "cell": "0"}])
def test_mistakes_are_told_in_the_users_own_classes(run, query):
    at = open_page(MISTAKES, benchmark="fruit", models="plain-three", **query)
    assert not at.exception
    said = text_of(at)
    assert "Ripe tomato" in said
    assert "Unripe tomato" in said
    assert not FOREIGN.search(said)
    # Two tomatoes share a word, which says nothing here: ImageNet's groups are of ImageNet's classes.
    assert "both are named" not in said
    assert "relation" not in said


def test_numbers_of_the_page_are_those_of_the_report_and_of_the_file(run):
    told = report.build(run)["overall"]
    assert (told["top1"], told["n"]) == (pytest.approx(105 / 120), 120)
    at = open_page(FACTORS, benchmark="fruit", models="plain-three", factor="light", **{"and": "distance_m"})
    assert not at.exception
    said = text_of(at).replace("\u00a0", " ")
    assert "87.5 %" in said
    by_light = questions.answer(run, questions.Question(("light",)))
    # Of a third of all images 5 of 40 are wrong at night, 10 of 80 by day.
    assert by_light["value"].tolist() == pytest.approx([70 / 80, 35 / 40])
    rows = report.build(run)["tables"]["by_light"]
    assert [row["top1"] for row in rows] == pytest.approx(by_light["value"].tolist())
    saved = figure.table_csv({"plain-three": by_light}, {"plain-three": run.identity}, cards.unit_of(run)).decode()
    assert "score interval over 8 cities" in saved
    assert "0.875" in saved
    # How sure intervals are is told of worlds whose truth is known.
    assert not FOREIGN.search(said.replace(text._how_sure().replace("\u00a0", " "), ""))


def test_what_images_share_is_called_as_the_column_is(run):
    at = open_page(FACTORS, benchmark="fruit", models="plain-three", factor="light")
    specs = [chart.proto.spec for chart in at.get("plotly_chart")]
    assert any("40 to 80 a light, 8 cities" in spec for spec in specs)
    assert not any("objects" in spec for spec in specs)
    assert report.build(run)["interval"] == "95 %, score interval over cities"


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("pages/uncommon_settings.py", "`fruit` does not say in which time, weather and locations"),
        ("app.py", "`fruit` varies no size, place or angle"),
    ],
)
def test_a_page_that_cannot_show_it_says_why(run, embedded_results, page, said):
    at = open_page(page, benchmark="fruit", models="plain-three")
    assert not at.exception
    warned = " ".join(each.value for each in at.warning)
    assert said in warned
    assert "instead" in warned
    assert "not here" not in warned


def test_home_leads_to_data_of_ones_own_whichever_model_is_chosen(run, embedded_results):
    for chosen in ("plain-three", "test_vit.diorama"):
        at = open_page("app.py", models=chosen)
        assert not at.exception
        assert f"benchmark=fruit&{MODELS}=plain-three" in text_of(at)


def test_cues_and_zoom_open_on_it_in_the_users_words(run):
    for page in ("pages/cues.py", "pages/zoom.py"):
        at = open_page(page, benchmark="fruit", models="plain-three")
        assert not at.exception
        assert "fruit" in text_of(at)
        assert not at.warning


def test_from_page_to_page_it_stays_chosen_also_over_one_that_cannot_show_it(run, embedded_results):
    at = open_page(FACTORS, benchmark="fruit", models="plain-three")
    at.query_params.clear()
    at.switch_page("pages/uncommon_settings.py").run()
    assert at.selectbox(key="benchmark").value == "diorama/settings"
    assert any("`fruit` does not say" in each.value for each in at.warning)
    at.query_params.clear()
    at.switch_page(FACTORS).run()
    assert at.selectbox(key="benchmark").value == "fruit"
    assert not at.warning


def test_home_says_how_often_a_model_is_right_on_images_as_they_are(run, embedded_results):
    named = models.from_module(Three(), "plain-three", label_space=run.label_space, transform=TOY_TRANSFORM)
    without = evaluate(replace(named, label_space="classes-3"), open_benchmark("fruit"), view="ablations")
    assert without.n_done == 120
    said = text_of(open_page("app.py", models="plain-three")).replace("\u00a0", " ")
    assert said.count("**plain-three** is right on") == 1
    assert "is right on **87.5 %**" in said
