"""Every page with results, with none, with a partial and a failed run, with damaged and foreign links."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from core import store
from core.benchmarks import open_benchmark
from core.evaluate.loop import evaluate
from core.store.manifest import write_manifest
from tests.conftest import REPO
from tests.pages.conftest import PAGES, open_page, text_of
from tests.synthetic_store import make_samples, write_run

FACTORS = "pages/size_location_rotation.py"
GOOD = {"benchmark": "si-score", "models": "good.synthetic"}


def charts(at):
    return [chart.proto.spec for chart in at.get("plotly_chart")]


@pytest.mark.parametrize(
    "path", [*PAGES, *(f"pages/{name}.py" for name in ("uncommon_settings", "mistakes", "runs", "zoom", "data"))]
)
def test_every_page_opens_on_what_comes_with_the_project(path, embedded_results):
    at = open_page(path)
    assert not at.exception
    assert not at.error
    assert at.title
    assert path == "pages/runs.py" or "test_efficientnet.diorama" in text_of(at)


@pytest.mark.parametrize("path", PAGES)
def test_without_results_every_page_says_what_to_do(path, no_results):
    at = open_page(path)
    assert not at.exception
    said = text_of(at)
    # Embedded models can be run on embedded pictures at once; else the command is named.
    assert "python -m core evaluate" in said or "No stored result for this choice yet" in said


@pytest.mark.parametrize("path", PAGES)
def test_every_page_shows_stored_results_without_their_images(path, two_models):
    at = open_page(path, **GOOD)
    assert not at.exception
    assert not at.error
    assert "good.synthetic" in text_of(at)


def test_home_states_three_findings_as_computed(two_models):
    at = open_page("app.py", **GOOD)
    said = text_of(at)
    assert said.count("rests on 9 objects") == 3
    # Nine cut-outs are too few for a claim.
    for noun in ("angle", "place", "size"):
        assert f"rests on 9 objects, too few to claim at which {noun} it is worst" in said
    assert "6 stored results" in said or "stored results" in said


def test_the_overview_has_a_row_with_interval_and_identity_for_each_result(two_models):
    at = open_page("pages/overview.py", only="si-score")
    table = at.dataframe[0].value
    assert len(table) == 6
    assert set(table["identity"]) == {run.identity for run in two_models}
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()
    assert "good.synthetic" in charts(at)[0]


def test_published_numbers_stand_beside_measured_ones_with_their_source(toy_model, colour_folder):
    evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    at = open_page("pages/overview.py", only="imagenet")
    assert "arXiv 2304.05538" in charts(at)[0]
    at.segmented_control(key="policy").set_value("top5").run()
    assert "arXiv 2304.05538" not in charts(at)[0]


def test_the_factor_page_has_a_figure_for_each_protocol(two_models):
    at = open_page(FACTORS, **GOOD)
    specs = charts(at)
    assert len(specs) == 3
    assert [kind in "".join(specs) for kind in ("heatmap", "scatterpolar", "by object size")] == [True] * 3
    location = next(run for run in two_models if run.benchmark == "si-score/location")
    assert location.identity in text_of(at)


def test_a_view_shows_one_protocol_with_its_classes(two_models):
    at = open_page(FACTORS, view="Rotation", **GOOD)
    assert not at.exception
    assert len(charts(at)) == 3
    # A line for each area is drawn when it is asked for.
    assert "area 50" not in "".join(charts(at))
    at = open_page(FACTORS, view="rotation", lines_rotation="area", **GOOD)
    assert "area 50" in "".join(charts(at))


def test_a_slider_narrows_what_is_counted(two_models):
    at = open_page(FACTORS, view="Rotation", lines_rotation="none", **GOOD)
    whole = charts(at)[0]
    at.select_slider(key="at_rotation_area").set_value("50\u00a0%").run()
    assert not at.exception
    assert "n = 36 a point" in whole
    assert "n = 9 a point" in charts(at)[0]


def test_a_filter_on_classes_narrows_everything(two_models):
    at = open_page(FACTORS, view="Size", **GOOD)
    name = at.multiselect(key="cls").options[0]
    at.multiselect(key="cls").set_value([name]).run()
    assert not at.exception
    assert "n = 1 a point (thin)" in charts(at)[0]


def test_two_models_can_be_subtracted_on_their_common_images(two_models):
    query = {"benchmark": "si-score", "models": ["good.synthetic", "poor.synthetic"], "view": "Location"}
    at = open_page(FACTORS, diff="true", **query)
    assert not at.exception
    assert "3,969 common images" in charts(at)[0]
    assert "poor.synthetic less good.synthetic: top-1 by location" in charts(at)[0]
    said = "**poor.synthetic** and **good.synthetic** rest on 9 objects, too few to claim which is better"
    assert said in text_of(at)


def test_a_link_to_a_cell_opens_its_images(two_models):
    at = open_page(FACTORS, cell="si-score/location;x=0.05;y=0.95", **GOOD)
    assert not at.exception
    said = text_of(at)
    assert "x 0.05, y 0.95" in [each.value for each in at.subheader]
    assert "**9 images, " in said
    assert "The images are not on this machine" in said


@pytest.mark.parametrize("cell", [{}, {"cell": "si-score/location;x=0.0;y=0.0"}], ids=["alone", "over a gallery"])
def test_a_link_to_an_image_opens_the_drawer(two_models, cell):
    sample = store.read_samples(two_models[0])["sample_id"].iloc[0]
    at = open_page(FACTORS, image=f"si-score/location:{sample}", **GOOD, **cell)
    assert not at.exception
    said = text_of(at)
    assert sample in said
    assert "accepted" in said


@pytest.mark.parametrize(
    "query",
    [
        {"models": "no-such-model", "benchmark": "no-such-benchmark", "view": "nothing"},
        {"cell": "rubbish", "image": "unknown:thing"},
        {"cell": "si-score/location;nonsense=3"},
        {"cell": "si-score/location;x=True;y=1e-5", "image": "si-score/location:no/such.jpg"},
        {"cell": "si-score/location;x=nan;y=inf"},
        {"cell": f"si-score/location;x={'9' * 5000}"},
        {"cell": f"si-score/location;class={'9' * 5000}"},
        {"cell": "si-score/location;class=naïve 犬 %ff%"},
        {"cell": "si-score/location;class=;=;"},
        {"at_rotation_area": "nan", "lines_rotation": "seven", "view": "Rotation"},
        {"p": "99", "cell": "si-score/location;x=0.05;y=0.95", "cls": ["7", "True", "犬"], "inside": ["nan", "inf"]},
    ],
)
def test_a_damaged_or_foreign_link_still_opens_the_page(two_models, query):
    at = open_page(FACTORS, **{**GOOD, **query})
    assert not at.exception
    assert charts(at)


def test_a_partial_run_is_shown_with_its_share_and_a_failed_one_says_so():
    samples = make_samples("size", 900)
    write_run("size", samples, "good.synthetic", np.ones(900, bool), done=0.5)
    at = open_page(FACTORS, **GOOD)
    assert not at.exception
    assert "50% done (450 of 900 images" in text_of(at)
    assert "stopped by an error" in text_of(at)
    overview = open_page("pages/overview.py", only="si-score")
    assert overview.dataframe[0].value["state"].tolist() == ["50% done"]


def test_images_that_failed_are_counted_apart(toy_model, colour_folder):
    for path in colour_folder.glob("*/0.png"):
        path.write_bytes(b"broken")
    evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    at = open_page("pages/overview.py", only="imagenet")
    assert at.dataframe[0].value["state"].tolist() == ["complete, 3 failed"]


def test_a_damaged_result_does_not_hide_the_others(toy_model, colour_folder, two_models):
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    next(run.path.glob("part-*")).write_bytes(b"not parquet")
    at = open_page("pages/overview.py")
    assert not at.exception
    assert "damaged" in text_of(at)
    assert len(at.dataframe[0].value) >= 6


def test_models_under_different_preprocessing_are_flagged(two_models):
    samples = make_samples("size", 900)
    other = write_run("size", samples, "other.synthetic", np.ones(900, bool))
    write_manifest(other.path, replace(other.manifest, precision="bf16"))
    at = open_page(FACTORS, benchmark="si-score", models=["good.synthetic", "other.synthetic"], view="Size")
    assert "Not compared like with like" in text_of(at)
    assert "precision" in text_of(at)


def test_a_missing_result_is_named_with_the_way_to_get_it(two_models):
    write_run("size", make_samples("size", 900), "new.synthetic", np.ones(900, bool))
    at = open_page(FACTORS, benchmark="si-score", models="new.synthetic")
    said = text_of(at)
    assert "**new.synthetic** on `si-score/location`" in said
    assert "si-score-dataset" in said


def test_the_choice_survives_a_page_that_binds_the_same_names(two_models):
    at = open_page(FACTORS, benchmark="si-score", models=["poor.synthetic", "good.synthetic"])
    for path in ("pages/runs.py", FACTORS):
        at.switch_page(path).run()
        assert not at.exception
    assert at.multiselect(key="models").value == ["poor.synthetic", "good.synthetic"]
    assert at.selectbox(key="benchmark").value == "si-score"


_ALL_PAGES = """
import sys
from streamlit.testing.v1 import AppTest
for page in sys.argv[1:]:
    at = AppTest.from_file("app.py", default_timeout=60)
    if page != "app.py":
        at.switch_page(page)
    at.query_params["benchmark"], at.query_params["models"] = "si-score", "good.synthetic"
    assert not at.run().exception
sys.exit("torch" in sys.modules)
"""


def test_stored_results_are_shown_without_torch(two_models):
    ended = subprocess.run([sys.executable, "-c", _ALL_PAGES, *PAGES], cwd=REPO, check=False, capture_output=True)
    assert ended.returncode == 0, ended.stderr.decode()[-500:]
