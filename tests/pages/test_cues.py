"""The page Cues on the embedded world: what it says is what the tables say, and a click leads to the strip."""

import json
from urllib.parse import parse_qs, urlparse

import pytest
from streamlit.testing.v1 import AppTest

from core import store
from core.answers import cue_beside, cue_results, cue_sentences, cue_tables
from core.answers.questions import Question, Where, behind
from core.explain import alignments
from core.wording import escaped
from tests import synthetic_cues
from tests.browser import PATIENCE_MS, app_server, chromium, wait_for_text
from tests.conftest import REPO

VIT, BATCH, GROUP = "test_vit.diorama", "test_efficientnet.diorama", "test_efficientnet_gn.diorama"


def opened(**query):
    app = AppTest.from_file(str(REPO / "app.py"), default_timeout=90).switch_page("pages/cues.py")
    for name, text in query.items():
        app.query_params[name] = text
    return app.run()


def said(app):
    return "\n".join(str(element.value) for kind in (app.markdown, app.caption, app.subheader) for element in kind)


def html_of(app):
    return "\n".join(element.proto.body for element in app.get("html"))


@pytest.fixture
def vit(embedded_results):
    return store.find_run("diorama/clean", VIT, view="all-cues")


def test_a_newcomer_reads_which_model_is_right_without_the_object(vit):
    app = opened()
    assert not app.exception
    assert not app.error
    first = BATCH
    runs = {name: store.find_run("diorama/clean", name, view="all-cues") for name in (VIT, BATCH, GROUP)}
    tables = {name: cue_tables.answer(run, "ablation") for name, run in runs.items()}
    assert cue_sentences.without_object(first, tables[first], 0.1) in said(app)
    assert "Without the object **test\\_vit.diorama** (25" in said(app)
    assert "they cannot be told apart" in said(app)
    # Every model with a result has its bars, whichever is chosen.
    bars = next(chart for chart in app.get("plotly_chart") if "ablations" in chart.proto.id)
    assert all(name in bars.proto.spec for name in runs)
    assert len(app.get("plotly_chart")) == 2


def test_a_bar_in_the_url_opens_the_images_under_that_view(vit):
    app = opened(models=VIT, cell="diorama/clean;ablation=gray", by=VIT)
    assert not app.exception
    where = (Where.equals("ablation", "gray"), *cue_results.only_ablations(vit))
    rows = behind(vit, Question(where=where))
    assert len(rows) == 1500
    assert f"**{len(rows):,} images, {100 * rows['right'].mean():.0f}\xa0% right**" in said(app)
    assert "object grayed out" in said(app)


def test_the_drawer_shows_the_strip_with_what_every_model_says(vit):
    sample = store.read_samples(vit)["sample_id"].iloc[0]
    app = opened(models=[VIT, BATCH], cell="diorama/clean;ablation=gray", by=VIT,
                 image=f"diorama/clean:{sample}", drawer="cues")  # fmt: skip
    assert not app.exception
    strip = next(body for body in (element.proto.body for element in app.get("html")) if "oc-strip" in body)
    assert strip.count("<figure>") == 7
    assert strip.count("data:image/png") == 7
    for name in ("as it is", "grayed out", "gray box", "tiled over", "noise on the object", "noise elsewhere"):
        assert f"<b>{name}</b>" in strip
    assert strip.count(f"{VIT}: ") == strip.count(f"{BATCH}: ") == 7


def test_noise_has_a_cell_too(vit):
    app = opened(models=VIT, cell="diorama/clean;region=fg;sigma=0.5;draw=1.0", by=VIT)
    assert not app.exception
    assert "noise on the object, strength 0.5" in said(app)


def test_where_nothing_is_stored_the_page_says_what_to_run(vit):
    app = opened(benchmark="diorama/size", models=VIT)
    assert not app.exception
    assert "--benchmark diorama/size --view all-cues" in app.code[0].value
    assert not app.get("plotly_chart")


def test_a_model_without_answers_beside_one_with_them_can_be_run(vit, no_results, monkeypatch):
    monkeypatch.setattr("core.store.list_all", lambda: store.Listing([vit], {}))
    app = opened(models=VIT)
    assert not app.exception
    assert "not computed yet" not in html_of(app)
    assert f"**{VIT.replace('_', chr(92) + '_')}** is right on" in said(app)


def test_where_it_looks_is_shown_once_it_is_compared_with_masks(vit):
    run = store.find_run("diorama/clean", VIT)
    app = opened(models=VIT)
    assert any(button.label == f"Align {escaped(VIT)}" for button in app.button)
    alignments.alignments(run, limit=60)
    app = opened(models=VIT)
    assert not app.exception
    assert any(button.label == f"Align {escaped(VIT)} (60 of 1,500 are there)" for button in app.button)
    assert "60 of 1,500 images: partial" in html_of(app)
    specs = {chart.proto.id: json.loads(chart.proto.spec) for chart in app.get("plotly_chart")}
    named = {
        key: spec
        for name, spec in specs.items()
        for key in ("quadrant", "alignment", "geometry-object_area")
        if key in name
    }
    assert set(named) == {"quadrant", "alignment", "geometry-object_area"}
    points = [each[0] for trace in named["quadrant"]["data"] for each in trace.get("customdata", [])]
    aligned = alignments.stored(run)
    right = store.read(run).set_index("sample_id")
    assert set(points) <= set(aligned.loc[aligned["state"] == "map", "sample_id"])
    assert 40 < len(points) == len(set(points)) <= 60
    assert set(points) <= set(right.index)
    # A point leads to its strip.
    app = opened(models=VIT, image=f"diorama/clean:{points[0]}", drawer="cues")
    assert not app.exception
    assert any("oc-strip" in element.proto.body for element in app.get("html"))


def cards_of(app):
    """What the list of the worst images shows, by class."""
    lists = [json.loads(each.proto.json) for each in app.get("bidi_component") if "worst" in each.proto.component_name]
    return {group["name"]: group for group in lists[0]["classes"]}


def test_the_three_worst_of_each_class_are_right_without_the_object(vit):
    app = opened(models=VIT)
    assert not app.exception
    under = {
        name: behind(vit, Question(where=(Where.equals("ablation", name), *cue_results.only_ablations(vit))))
        for name in ("none", "gray")
    }
    kept = set.intersection(*(set(rows.loc[rows["right"] == 1.0, "sample_id"]) for rows in under.values()))
    gone = under["gray"].set_index("sample_id")
    shown = cards_of(app)
    assert set(shown) == set(gone.loc[list(kept), "true"])
    for name, card in shown.items():
        of_class = gone.loc[gone.index.isin(kept) & (gone["true"] == name)]
        surest = of_class.reset_index().sort_values(["confidence", "sample_id"], ascending=[False, True])
        assert [item["id"] for item in card["images"]] == surest["sample_id"].tolist()[:3]
        assert card["kept"].startswith(f"{len(of_class)} of ")
        assert all(item["src"].startswith("data:image/jpeg") for item in card["images"])
    assert f"{len(kept)} of " in said(app)
    # With one of them open, arrows step through all of them, class by class.
    first = next(iter(shown.values()))["images"][0]["id"]
    app = opened(models=VIT, image=f"diorama/clean:{first}", drawer="cues")
    assert any("oc-strip" in element.proto.body for element in app.get("html"))


def test_an_image_opens_where_only_the_family_of_all_views_is_stored():
    """Hard ImageNet may have been evaluated under all cues and never by itself."""
    synthetic_cues.write("a.synthetic", synthetic_cues.samples(60), 0.95, 0, kept=0.7)
    app = opened(benchmark="hard-imagenet", models="a.synthetic")
    assert not app.exception
    first = next(iter(cards_of(app).values()))["images"][0]
    assert first["problem"] == "the image is not on this machine"
    app = opened(benchmark="hard-imagenet", models="a.synthetic", image=f"hard-imagenet:{first['id']}", drawer="cues")
    assert not app.exception
    assert not any("on which no chosen model has a result" in each.value for each in app.info)
    assert 'class="oc-image-title"' in html_of(app)


def test_intervals_are_said_as_they_are_made_where_objects_recur(vit):
    assert "score intervals of accuracies" in said(opened(models=VIT))


def test_intervals_are_said_as_they_are_made_where_images_are_independent():
    synthetic_cues.write("a.synthetic", synthetic_cues.samples(60), 0.95, 0)
    assert "Wilson's for accuracies under an ablation" in said(opened(benchmark="hard-imagenet", models="a.synthetic"))


def test_mean_masks_are_shown_on_demand(vit, monkeypatch):
    alignments.alignments(store.find_run("diorama/clean", VIT), limit=2)
    monkeypatch.setattr("core.answers.cue_geometry.PER_CLASS", 2)
    app = opened(models=VIT, masks="1")
    assert not app.exception
    assert html_of(app).count('alt="mean mask of ') == 10


def test_a_class_table_says_what_each_class_keeps(vit):
    app = opened(models=VIT)
    table = next(frame.value for frame in app.dataframe if "gone" in frame.value)
    assert len(table) == 10
    assert table["gone"].is_monotonic_decreasing
    # Five objects a class carry no claim, and it is seen.
    assert set(table["few"]) == {"5 objects"}
    assert ((table["gone"] - table["clean"] - table["drop"]).abs() < 1e-9).all()
    by_class = cue_tables.answer(vit, "rfs_by_class").set_index("class")["value"]
    assert (table.set_index("class")["rfs"] - by_class).abs().max() < 1e-9


def test_another_benchmark_stands_beside_with_the_difference():
    """In the paper Hard ImageNet against RIVAL: the pair is taken where it is there."""
    table = synthetic_cues.samples(240)
    hard = synthetic_cues.write("a.synthetic", table, 0.95, 0, kept=0.7)
    rival = synthetic_cues.write("a.synthetic", table.drop(columns="spurious_rank"), 0.95, 1, key="rival10", kept=0.2)
    app = opened(benchmark="hard-imagenet", models="a.synthetic")
    assert not app.exception
    rows = cue_beside.beside(*(cue_beside.changes(cue_tables.answer(run, "ablation")) for run in (hard, rival)))
    gray = rows.set_index("view").loc["gray"]
    assert 0.35 < gray["value"] < 0.65
    less = f"**{100 * gray['value']:.0f}\xa0pts** [{100 * gray['low']:.0f}, {100 * gray['high']:.0f}] less"
    assert f"That costs it {less} on `hard-imagenet` than on `rival10`." in said(app)
    shown = next(frame.value for frame in app.dataframe if "first" in frame.value)
    assert len(shown) == 4
    assert any("changes" in chart.proto.id for chart in app.get("plotly_chart"))
    alone = opened(benchmark="hard-imagenet", models="a.synthetic", beside="none")
    assert "That costs it" not in said(alone)


@pytest.mark.slow
@pytest.mark.browser
def test_from_a_bar_to_the_strip_of_an_image(embedded_results):
    with app_server() as url, chromium() as browser:
        tab = browser.new_page(viewport={"width": 1440, "height": 1000})
        tab.goto(f"{url}/cues?benchmark=diorama/clean&models={VIT}")
        bars = tab.locator(".st-key-ablations .barlayer .point path")
        bars.first.wait_for(timeout=PATIENCE_MS)
        tab.wait_for_timeout(2500)
        box = bars.nth(1).bounding_box()
        tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        wait_for_text(tab, "object grayed out")
        tab.locator(".grid button img").first.wait_for(timeout=PATIENCE_MS)
        tab.locator(".grid button").first.click()
        tab.get_by_role("dialog").get_by_text("Cues", exact=True).first.click()
        strip = tab.get_by_role("dialog").locator(".oc-strip figure")
        strip.first.wait_for(timeout=PATIENCE_MS)
        assert strip.count() == 7
        assert all(width > 80 for width in strip.evaluate_all("all => all.map(each => each.clientWidth)"))
        first = strip.first.inner_html()
        tab.keyboard.press("ArrowRight")
        tab.wait_for_timeout(300)
        wait_for_text(tab, "2 of 1,500")
        tab.wait_for_timeout(1500)
        assert strip.count() == 7
        assert strip.first.inner_html() != first
        tab.close()


@pytest.mark.slow
@pytest.mark.browser
def test_a_point_of_the_quadrant_and_one_of_the_worst_open_their_strips(embedded_results):
    run = store.find_run("diorama/clean", VIT)
    alignments.alignments(run, limit=40)
    with app_server() as url, chromium() as browser:
        tab = browser.new_page(viewport={"width": 1440, "height": 1000})
        tab.goto(f"{url}/cues?benchmark=diorama/clean&models={VIT}")
        points = tab.locator(".st-key-quadrant .scatterlayer .point")
        points.first.wait_for(timeout=PATIENCE_MS)
        tab.wait_for_timeout(2500)
        points.last.scroll_into_view_if_needed()
        tab.wait_for_timeout(500)
        box = points.last.bounding_box()
        tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        strip = tab.get_by_role("dialog").locator(".oc-strip figure")
        strip.first.wait_for(timeout=PATIENCE_MS)
        assert strip.count() == 7
        asked = parse_qs(urlparse(tab.url).query)
        assert asked["drawer"] == ["cues"]
        benchmark, _, sample_id = asked["image"][0].partition(":")
        assert benchmark == "diorama/clean"
        assert sample_id in set(alignments.stored(run)["sample_id"])
        tab.keyboard.press("Escape")
        tab.get_by_role("dialog").wait_for(state="detached", timeout=PATIENCE_MS)
        worst = tab.locator(".classes button")
        assert worst.count() > 10
        name = worst.nth(4).get_attribute("data-id")
        worst.nth(4).click()
        strip.first.wait_for(timeout=PATIENCE_MS)
        assert strip.count() == 7
        assert parse_qs(urlparse(tab.url).query)["image"] == [f"diorama/clean:{name}"]
        wait_for_text(tab, "5 of ")
        tab.keyboard.press("Escape")
        tab.get_by_role("dialog").wait_for(state="detached", timeout=PATIENCE_MS)
        tab.wait_for_timeout(800)
        # By keyboard one goes on where one was.
        assert tab.evaluate("document.activeElement.shadowRoot?.activeElement?.dataset.id") in (name, None)
        tab.close()
