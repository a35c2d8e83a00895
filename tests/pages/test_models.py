"""Models on the Runs page: listed, shown in full, checked; settings picked into a name; what runs code is refused."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import jobs, models
from core.answers import catalogue
from core.models import zero_shot
from pages.shared.models.checked import why_refused
from tests.conftest import REPO
from tests.tiny_models import tiny_onnx, tiny_open_clip


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch):
    """Pages start no process here."""
    monkeypatch.setattr("core.jobs.queue._start_worker", lambda device: None)


def page(name="runs", **query):
    at = AppTest.from_file(str(REPO / "app.py"), default_timeout=60)
    for key, value in query.items():
        at.query_params[key] = value
    return at.switch_page(f"pages/{name}.py").run()


def words(at):
    kinds = (at.markdown, at.caption, at.info, at.success, at.warning, at.error, at.code)
    html = (element.proto.body for element in at.get("html"))
    return "\n".join([*(element.value for kind in kinds for element in kind), *html])


def button(at, label):
    found = [element for element in at.button if element.label == label]
    assert found, [element.label for element in at.button]
    return found[0]


def table(at, column):
    return next(each.value for each in at.dataframe if column in each.value.columns)


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    return tmp_path / "zoo"


def test_every_model_here_is_a_row_with_what_its_files_say(zoo):
    tiny_onnx(zoo / "graph" / "net.onnx", settings={"labels": "focus-10", "input_size": 32}, classes=10)
    (zoo / "vit").mkdir()
    (zoo / "vit" / "config.json").write_text(json.dumps({"model_type": "vit", "id2label": {"0": "a", "1": "b"}}))
    (zoo / "vit" / "model.safetensors").write_bytes(b"0" * 1_000_000)
    at = page()
    assert not at.exception
    rows = table(at, "Kind").set_index("Model")
    assert rows.loc["graph", "Kind"] == "ONNX"
    assert rows.loc["graph", "Classes"] == "10 FOCUS classes"
    assert (rows.loc["vit", "Kind"], rows.loc["vit", "Classes"]) == ("transformers", "2 outputs without names")
    assert rows.loc["vit", "Size"] == 1_000_000
    assert "test_vit.diorama" in rows.index


def test_the_model_of_the_address_is_shown_in_full_with_what_it_fits_and_why_not():
    at = page(model="test_vit.diorama")
    assert not at.exception
    said = words(at)
    assert "shorter side to 160 px (bicubic), the central 160 x 160, values of -1 to 1" in said
    assert "Fits 8 of " in said
    rows = table(at, "What is missing").set_index("Benchmark")
    assert rows.loc["diorama/size", "What is missing"] == "nothing"
    assert rows.loc["focus", "What is missing"] == "its images are not on this machine"
    assert rows.loc["imagenet", "Classes fit"] == "no"
    assert "it takes 1,000 ImageNet classes" in rows.loc["imagenet", "What is missing"]


def test_a_trained_model_is_checked_with_one_click():
    at = page(model="test_vit.diorama")
    assert "looks alive" not in words(at)
    button(at, "Check it").click().run()
    assert not at.exception
    assert at.success[0].value.startswith("test\\_vit.diorama looks alive")
    assert "8 of 8 pictures are right" in words(at)
    # What was found stays while something else is done on the page.
    assert "looks alive" in words(at.run())


def test_random_weights_are_called_untrained(zoo):
    tiny_onnx(zoo / "graph" / "net.onnx", weight=np.full((1000, 3), 1e-3))
    at = page(model="graph")
    button(at, "Check it").click().run()
    assert not at.exception
    assert "does not look alive" in at.error[0].value
    assert "ooks untrained" in words(at)


def test_a_broken_model_is_a_sentence(zoo):
    (zoo / "broken").mkdir(parents=True)
    (zoo / "broken" / "config.json").write_text("{")
    at = page(model="broken")
    assert not at.exception
    assert "broken" in "\n".join(element.value for element in at.error)
    assert not any("Fits" in element.value for element in at.markdown)
    button(at, "Check it").click().run()
    assert not at.exception


def test_a_link_opens_how_to_bring_ones_own_and_says_of_unknown_classes_that_they_are():
    at = page(model="resnet50.a1_in1k", at="bring")
    assert not at.exception
    assert [box.proto.expanded for box in at.expander if box.label == "How to bring your own"] == [True]
    assert "Its classes are not known yet, so it may fit" in words(at)
    assert set(table(at, "Classes fit")["Classes fit"]) == {"not known yet"}


@pytest.mark.parametrize("name", ["resnet50.a1_in1k", "hf-hub:nobody/nothing", "open-clip:ViT-B-32/openai"])
def test_nothing_is_fetched_for_a_name_that_a_link_brings(monkeypatch, name):
    monkeypatch.setattr("core.models.sources.resolve", lambda spec: pytest.fail(f"asked for {spec}"))
    at = page(model=name)
    assert not at.exception
    assert "it is downloaded when it is checked or evaluated" in words(at)


@pytest.mark.parametrize("spelt", ["python:{}:make", " Python:{}:make", "python:{}:make?preset=zoom-paper"])
def test_code_that_a_link_names_is_never_run(tmp_path, spelt):
    (tmp_path / "net.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\ndef make(): return None\n")
    name = spelt.format(tmp_path / "net.py")
    assert "the command line" in why_refused(name)
    at = page(model=name, benchmark="diorama/size")
    assert not at.exception
    assert "not run here" in at.warning[0].value
    assert not {"Start", "Check it"} & {element.label for element in at.button}
    assert not (tmp_path / "ran").exists()
    assert jobs.list_jobs() == []


def test_code_that_the_environment_names_is_run(tmp_path, monkeypatch):
    file = tmp_path / "net.py"
    file.write_text("def make(): return None\n")
    monkeypatch.setenv("OFFCENTER_PYTHON_MODELS", str(file))
    assert why_refused(f"python:{file}:make") == ""
    assert why_refused(f"python:{tmp_path / 'other.py'}:make")


def test_a_preset_is_picked_into_the_models_name():
    at = page(model="test_vit.diorama", benchmark="diorama/size")
    at.selectbox(key="run_preset").select("zoom-paper").run()
    assert at.query_params["model"] == "test_vit.diorama?preset=zoom-paper"
    at.selectbox(key="run_interpolation").select("nearest").run()
    assert at.query_params["model"] == "test_vit.diorama?interpolation=nearest&preset=zoom-paper"
    at.selectbox(key="run_preset").select("its own").run()
    assert at.query_params["model"] == "test_vit.diorama?interpolation=nearest"
    assert at.selectbox(key="model").value == "test_vit.diorama?interpolation=nearest"
    assert "not evaluated like this yet" in words(at)
    assert not at.exception


def test_prompts_are_picked_for_models_of_texts_alone(zoo):
    tiny_open_clip(zoo / "clip")
    assert "run_prompts" not in [element.key for element in page(model="test_vit.diorama").selectbox]
    at = page(model="clip", benchmark="diorama/size")
    assert not at.exception
    picker = at.selectbox(key="run_prompts")
    assert (picker.value, list(picker.options)) == (zero_shot.DEFAULT, list(zero_shot.prompt_sets()))
    picker.select("single").run()
    assert at.query_params["model"] == "clip?prompts=single"
    assert "OpenCLIP, zero-shot" in words(at)
    # A file of one's own stays what it is.
    at = page(model="clip?prompts=mine.txt")
    assert at.selectbox(key="run_prompts").value == "mine.txt"


def test_results_of_several_prompts_are_several_models_of_one_folder(zoo):
    tiny_open_clip(zoo / "clip")
    names = [models.describe(f"clip?prompts={each}").name for each in ("single", "simple-7")]
    assert names == ["clip (single)", "clip (simple-7)"]
    found = catalogue.known_models([])["clip"]
    assert (found.kind, catalogue.may_fit(found, ["own-1a2b3c4d5e6f"])) == ("OpenCLIP, zero-shot", True)


def test_a_demo_shows_models_and_starts_nothing(monkeypatch):
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    at = page(model="test_vit.diorama")
    assert not at.exception
    assert "Check it" not in [element.label for element in at.button]
    assert "10 FOCUS classes" in words(at)
