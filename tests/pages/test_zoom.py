"""The page Zoom on the embedded world: what it says is what the tables say, and a click leads to an image live."""

import json
import re
import time
from urllib.parse import parse_qs, urlparse

import pytest
from streamlit.testing.v1 import AppTest

from core import store
from core.answers import zoom_sentences, zoom_tables
from core.answers.questions import Question, Where, behind
from core.evaluate.loop import evaluate
from core.metrics import zoom
from core.wording import percent
from tests import synthetic_zoom
from tests.browser import PATIENCE_MS, app_server, chromium, wait_for_text
from tests.conftest import REPO

VIT, BATCH, GROUP = "test_vit.diorama", "test_efficientnet.diorama", "test_efficientnet_gn.diorama"
SMALL = "diorama/small"


def opened(**query):
    app = AppTest.from_file(str(REPO / "app.py"), default_timeout=90).switch_page("pages/zoom.py")
    for name, text in query.items():
        app.query_params[name] = text
    return app.run()


def said(app):
    return "\n".join(str(element.value) for kind in (app.markdown, app.caption, app.subheader) for element in kind)


def html_of(app):
    return "\n".join(element.proto.body for element in app.get("html"))


def figures(app):
    return {chart.proto.id: json.loads(chart.proto.spec) for chart in app.get("plotly_chart")}


def figure_of(app, name):
    return next(spec for key, spec in figures(app).items() if name in key)


@pytest.fixture
def batch(embedded_results):
    return store.find_run(SMALL, BATCH, view="zoom-324")


def test_a_newcomer_sees_for_which_sizes_and_anchors_the_model_is_right(batch):
    app = opened()
    assert not app.exception
    assert not app.error
    tables = {name: zoom_tables.answer(batch, name) for name in ("bound", "luck", "at_object", "by_zoom")}
    assert zoom_sentences.finding(BATCH, tables["bound"], tables["luck"], tables["at_object"]) in said(app)
    assert "an oracle, since only the label says which" in said(app)
    atlas = figure_of(app, "atlas")
    cells = next(trace for trace in atlas["data"] if trace["type"] == "heatmap")
    assert (len(cells["x"]), len(cells["y"])) == (36, 9)
    points = next(trace for trace in atlas["data"] if trace.get("customdata"))["customdata"]
    assert len(points) == 324
    one = zoom_sentences.row_of(tables["bound"], zoom.ONE_CROP)
    assert percent(one["top1"]) in html_of(app)
    assert "cover-anchors" in str(list(figures(app)))
    assert {"ladder", "at-object", "anchors-value", "anchors-published", "cover"} <= {
        name for name in ("ladder", "at-object", "anchors-value", "anchors-published", "cover")
        if any(name in key for key in figures(app))
    }  # fmt: skip


def test_looking_at_the_object_helps_the_convolutional_networks_and_is_said_with_its_interval(batch):
    for name, helps in ((BATCH, True), (GROUP, True), (VIT, False)):
        table = zoom_tables.answer(store.find_run(SMALL, name, view="zoom-324"), "at_object")
        fair = table[table["size"].isna()].iloc[0]
        assert (fair["gain_low"] > 0) == helps
    assert "Looking at where the object is" in said(opened(models=BATCH))


def test_two_models_have_an_atlas_each_and_share_the_ladder(batch):
    app = opened(models=[VIT, BATCH])
    assert not app.exception
    assert sum("atlas" in key for key in figures(app)) == 2
    ladder = figure_of(app, "ladder")
    assert all(any(name in str(trace.get("hovertext")) for trace in ladder["data"]) for name in (VIT, BATCH))


def test_a_cell_in_the_url_opens_the_images_at_that_zoom(batch):
    app = opened(models=BATCH, cell=f"{SMALL};size=672;row=0;col=2", by=BATCH)
    assert not app.exception
    values = {"size": 672.0, "row": 0.0, "col": 2.0}
    rows = behind(batch, Question(where=tuple(Where.equals(name, each) for name, each in values.items())))
    assert len(rows) == 300
    assert f"**{len(rows):,} images, {100 * rows['right'].mean():.0f}\xa0% right**" in said(app)
    assert "size 672 px, top right" in said(app)


def test_the_drawer_shows_the_film_and_one_zoom_live(batch):
    sample = store.read_samples(batch)["sample_id"].iloc[7]
    app = opened(models=BATCH, image=f"{SMALL}:{sample}", drawer="zoom", zoom_size="460", zoom_at="↗")
    assert not app.exception
    body = html_of(app)
    assert body.count("<figure>") == 36
    assert "figure:nth-child(19)" in body
    assert "zoom@460,0,2 as test_efficientnet.diorama sees it, with its Grad-CAM" in body
    told = zoom_tables.of_image(batch, sample)
    there = told[(told["row"] == 0) & (told["col"] == 2)]
    assert body.count('title="test_efficientnet.diorama: right"') == int(there["right"].sum())
    assert body.count('title="test_efficientnet.diorama: wrong"') == 36 - int(there["right"].sum())


def test_a_model_adapts_to_one_image_on_request(batch):
    sample = store.read_samples(batch)["sample_id"].iloc[7]
    app = opened(models=BATCH, image=f"{SMALL}:{sample}", drawer="zoom", memo="1")
    assert not app.exception
    words = next(each.value for each in app.markdown if "nats" in str(each.value))
    before, after = re.search(r"crops ([\d.]+) → ([\d.]+) nats", words).groups()
    assert float(after) < float(before)
    assert "usual crop:" in words


def test_the_drawer_looks_closer_on_benchmarks_without_stored_zooms_too(batch):
    run = store.find_run("diorama/clean", BATCH)
    sample = store.read_samples(run)["sample_id"].iloc[3]
    app = opened(models=BATCH, benchmark="diorama/clean", image=f"diorama/clean:{sample}", drawer="zoom")
    assert not app.exception
    assert "the picture above is asked live" in said(app)


def test_where_nothing_is_stored_the_page_says_what_to_run_and_what_it_takes(batch):
    app = opened(benchmark="diorama/clean", models=VIT)
    assert not app.exception
    assert "--benchmark diorama/clean --view zoom-324" in app.code[0].value
    assert "324 times as many images" in said(app)
    assert not app.get("plotly_chart")


def test_a_partial_result_makes_no_claim(embedded_results):
    evaluate(VIT, "diorama/pose", view="zoom-9", limit=40)
    app = opened(benchmark="diorama/pose", models=VIT)
    assert not app.exception
    assert "no finding yet" in said(app)
    assert "an oracle" not in said(app)
    # Nine zooms of one size: an atlas, and nothing about sizes.
    assert not any("cover" in key for key in figures(app))


def test_images_that_no_zoom_solves_are_listed(batch):
    app = opened(models=BATCH)
    table = zoom_tables.answer(batch, "unsolvable")
    assert f"{len(table):,} of 300 images of" in said(app)
    shown = next(each.value for each in app.dataframe if "best_p" in each.value)
    assert shown["sample_id"].tolist() == table["sample_id"].tolist()


def test_imagenet_hard_has_origins_and_published_numbers(tmp_path):
    synthetic_zoom.make(240, synthetic_zoom.MODELS[:1])
    app = opened(benchmark="imagenet-hard")
    assert not app.exception
    origins = figure_of(app, "origins")
    assert any(trace.get("customdata") for trace in origins["data"])
    published = figure_of(app, "reference")
    assert any("OpenCLIP" in str(trace.get("hovertext")) for trace in published["data"])


@pytest.mark.browser
@pytest.mark.slow
def test_a_click_on_a_cell_then_an_image_then_the_slider(embedded_results):
    with app_server() as url, chromium() as browser:
        tab = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        tab.set_default_timeout(PATIENCE_MS)
        tab.goto(f"{url}/zoom?models={BATCH}")
        wait_for_text(tab, "For which zooms it is right")
        plot = tab.locator("[class*=st-key-atlas] .nsewdrag").first
        plot.wait_for()
        tab.wait_for_timeout(2500)
        box = plot.bounding_box()
        tab.mouse.click(box["x"] + box["width"] * 24.5 / 36, box["y"] + box["height"] * 2.5 / 9)
        wait_for_text(tab, "size 672 px, top right")
        tab.wait_for_url("**cell=*")
        query = parse_qs(urlparse(tab.url).query)
        assert query["cell"] == [f"{SMALL};size=672.0;row=0.0;col=2.0"]
        sample = store_sample()
        tab.goto(f"{url}/zoom?models={BATCH}&image={SMALL}:{sample}&drawer=zoom")
        picture = tab.locator("[role=dialog] img.oc-live").first
        picture.wait_for()
        before = picture.get_attribute("alt")
        tab.locator("[role=dialog] input[type=range]").focus()
        tab.keyboard.press("ArrowRight")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and picture.get_attribute("alt") == before:
            tab.wait_for_timeout(50)
        assert picture.get_attribute("alt") != before


def store_sample():
    from core.benchmarks import open_benchmark

    return open_benchmark(SMALL).samples("focus-10")["sample_id"].iloc[7]
