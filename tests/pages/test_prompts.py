"""What the drawer says of a zero-shot model's prompts and of its maps, of a tiny one."""

from dataclasses import dataclass

import pytest

from core import models, store
from core.benchmarks import open_benchmark
from core.evaluate import evaluate
from core.explain import resident
from pages.shared.images.prompts import compared
from tests.conftest import RED_WNID
from tests.pages.conftest import open_page, text_of


@dataclass
class Said:
    top: tuple
    accepted: tuple


TOP = ((7, 0.5), (3, 0.3), (9, 0.1))


@pytest.mark.parametrize(
    ("top", "accepted", "expected"),
    [
        (TOP, (3,), (7, 3)),
        # Of several accepted ones that which the model likes most.
        (TOP, (1, 9), (7, 9)),
        (TOP, (1, 2), (7, 1)),
        # Where it is right, the next best, even if that is accepted too.
        (TOP, (7,), (7, 3)),
        (TOP, (7, 3), (7, 3)),
        (TOP, (), (7, 3)),
        (TOP[:1], (7,), (7,)),
        ((), (7,), ()),
    ],
)
def test_the_predicted_class_is_compared_with_the_true_one_or_the_next(top, accepted, expected):
    assert compared(Said(top, accepted)) == expected


@pytest.fixture
def zero_shot(tmp_path, monkeypatch, colour_folder):
    """A result of a tiny OpenCLIP model on three classes of plain images."""
    tiny_models = pytest.importorskip("tests.tiny_models")
    tiny_models.tiny_open_clip(tmp_path / "clips" / "tiny-clip")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "clips"))
    resident.residents.cache_clear()
    yield evaluate(models.load("tiny-clip?prompts=openai-80", "cpu"), open_benchmark("imagenet", colour_folder))
    resident.residents.cache_clear()


def opened(run, drawer):
    image = f"imagenet:{RED_WNID}/1.png"
    path = "pages/size_location_rotation.py"
    return open_page(path, benchmark="imagenet", models=run.model, image=image, drawer=drawer)


def charts(app, name):
    return [chart for chart in app.get("plotly_chart") if name in chart.proto.id]


@pytest.mark.slow
def test_the_drawer_shows_the_prompts_of_a_zero_shot_model(zero_shot):
    app = opened(zero_shot, "prompts")
    assert not app.exception
    (chart,) = charts(app, "prompts")
    assert "of 80 prompts for" in chart.proto.spec
    assert "Which prompts speak for" in chart.proto.spec
    assert [expander.label for expander in app.expander if "prompts" in expander.label] == ["All 80 prompts"]


def test_a_button_asks_whether_the_map_is_faithful_and_the_next_image_is_not_asked_by_itself(embedded_results):
    run = store.find_run("diorama/clean", "test_vit.diorama")
    first, second = (f"diorama/clean:{sample}" for sample in store.read_samples(run)["sample_id"].iloc[:2])
    path = "pages/size_location_rotation.py"
    app = open_page(path, benchmark="diorama", models=run.model, image=first, drawer="cam")
    assert not app.exception
    (button,) = (each for each in app.button if each.label == "Is this map faithful?")
    assert "Maps of this model" not in text_of(app)
    button.click().run()
    assert not app.exception
    assert "random maps as coarse" in text_of(app)
    assert "Maps of this model" in text_of(app)
    assert len(charts(app, "faithful")) == 1
    app.query_params["image"] = second
    app.run()
    assert not charts(app, "faithful")


@pytest.mark.slow
def test_a_mistake_is_explained_by_prompts_and_a_command_with_options_can_be_pasted(zero_shot):
    app = open_page("pages/mistakes.py", benchmark="imagenet", models=zero_shot.model, kind="all", texts="1")
    assert not app.exception
    assert len(charts(app, "prompts")) == 1
    app = open_page("pages/zoom.py", benchmark="imagenet", models=zero_shot.model)
    assert not app.exception
    said = [element.value for element in app.code]
    assert any("--model 'tiny-clip?prompts=openai-80' --benchmark imagenet" in each for each in said), said
