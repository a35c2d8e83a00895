"""What a researcher does with the pages, in a real browser: the walk from Home to the cause, downloads, keyboard."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import store
from tests.browser import PATIENCE_MS, app_of_the_project, choose, chromium
from tests.pages.test_browser import RAN

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MODELS = ("test_efficientnet.diorama", "test_vit.diorama")
FACTORS = "/size_location_rotation?benchmark=diorama"
PAGES = {
    "home": "/",
    "overview": f"/overview?models={MODELS[0]}&models={MODELS[1]}&cell=diorama/size",
    "factors": f"{FACTORS}&models={MODELS[0]}&models={MODELS[1]}&cell=diorama/location;x%3D0.9;y%3D0.9",
    "rotation": f"{FACTORS}&models={MODELS[0]}&view=rotation",
    "settings": f"/uncommon_settings?benchmark=diorama/settings&models={MODELS[0]}&models={MODELS[1]}",
    "cues": f"/cues?benchmark=diorama/clean&models={MODELS[0]}&models={MODELS[1]}&cell=diorama/clean;ablation%3Dgray",
    "zoom": f"/zoom?models={MODELS[0]}&models={MODELS[1]}&cell=diorama/small;size%3D384;row%3D1;col%3D1",
    "mistakes": f"/mistakes?benchmark=diorama/location&models={MODELS[0]}&models={MODELS[1]}",
    "runs": "/runs",
    "data": "/data?cell=imagenet-a",
}
#: What is clicked and never has the focus; of what is stepped through as one, one part has it.
UNREACHED = """() => [...document.querySelectorAll('[data-testid="stMain"] *')].filter((node) => {
    const clickable = node.matches('a[href], button, input, .js-plotly-plot[role="application"]');
    const shown = node.getBoundingClientRect().width > 1 && getComputedStyle(node).visibility !== 'hidden';
    const composite = node.closest('[role="radiogroup"], [role="toolbar"], [role="group"], [data-tag]');
    return clickable && shown && !node.disabled && node.tabIndex < 0 && !composite;
}).map((node) => node.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """One app for the module, with the results that come with the project and a data home of its own."""
    with app_of_the_project(tmp_path_factory.mktemp("walk")) as address:
        yield address


def settle(tab, more_ms=500):
    tab.wait_for_timeout(200)
    tab.locator(RAN).wait_for(timeout=PATIENCE_MS)
    tab.wait_for_timeout(more_ms)


def opened(browser, address, **context):
    tab = browser.new_context(**({"viewport": {"width": 1440, "height": 1000}} | context)).new_page()
    tab.goto(address)
    settle(tab, 1500)
    return tab


def click_cell(tab, number, x, y):
    box = tab.locator(f".st-key-location-{number} .heatmaplayer").first.bounding_box()
    tab.mouse.click(box["x"] + box["width"] * (x + 0.025) / 1.05, box["y"] + box["height"] * (y + 0.025) / 1.05)
    settle(tab)


def focused(tab):
    """What has the focus, looked for in components too: tag and id of the image."""
    return tab.evaluate(
        """() => { let there = document.activeElement;
            while (there?.shadowRoot?.activeElement) there = there.shadowRoot.activeElement;
            return [there.tagName, there.dataset.id ?? '']; }"""
    )


def pixels(locator):
    return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB"))


def test_from_home_to_the_cause_and_the_same_from_the_link(url, browser):
    tab = opened(browser, url)
    tab.get_by_role("link", name="See where").first.click()
    tab.locator(".st-key-location-0 .heatmaplayer").first.wait_for(timeout=PATIENCE_MS)
    settle(tab, 1500)
    steps = tab.evaluate("history.length")
    click_cell(tab, 0, 0.9, 0.9)
    # One click is one step of the history, and what it opens is beside the figure without scrolling.
    assert tab.evaluate("history.length") == steps + 1
    dock = tab.locator(".st-key-oc-dock").bounding_box()
    assert dock["x"] > tab.locator(".st-key-location-0").bounding_box()["x"] + 200
    assert 0 < dock["y"] < 700
    picture = tab.locator(".grid button").nth(2)
    opener = picture.get_attribute("data-id")
    assert re.fullmatch(r"wrong: \w+ → \w+ 0\.\d\d · .*", picture.get_attribute("title"))
    picture.click()
    drawer = tab.get_by_role("dialog")
    drawer.get_by_text("3 of 30").wait_for(timeout=PATIENCE_MS)
    settle(tab)
    assert "taken for" in drawer.locator(".oc-image-title").inner_text()
    drawer.get_by_text("Grad-CAM", exact=True).click()
    drawer.locator(".oc-scale").wait_for(timeout=PATIENCE_MS)
    settle(tab)
    # The pill that was clicked has the focus, and arrows step all the same.
    tab.keyboard.press("ArrowRight")
    drawer.get_by_text("4 of 30").wait_for(timeout=PATIENCE_MS)
    drawer.locator(".oc-scale").wait_for(timeout=PATIENCE_MS)
    tab.keyboard.press("ArrowLeft")
    drawer.get_by_text("3 of 30").wait_for(timeout=PATIENCE_MS)
    settle(tab)
    tab.keyboard.press("Escape")
    drawer.wait_for(state="detached", timeout=PATIENCE_MS)
    settle(tab)
    assert focused(tab) == ["BUTTON", opener]
    choose(tab, ".st-key-models input", MODELS[1])
    settle(tab, 1500)
    assert tab.locator(".st-key-location-1 .heatmaplayer").count() == 1
    tab.get_by_text("Difference", exact=True).click()
    tab.locator(".st-key-difference-location .heatmaplayer").wait_for(timeout=PATIENCE_MS)
    settle(tab, 2000)
    link = tab.url
    for name in (
        "benchmark=diorama",
        f"models={MODELS[0]}&models={MODELS[1]}",
        "view=location",
        "policy=top1",
        "diff=1",
    ):
        assert name in link
    assert re.search(r"cell=diorama%2Flocation%3Bx%3D0\.9%3By%3D0\.9", link)
    assert re.search(r"results=[0-9a-f]{8}(\.[0-9a-f]{8})+", link)
    fresh = opened(browser, link)
    settle(fresh, 2000)
    assert fresh.url == link
    figures = [f".st-key-{name} .js-plotly-plot" for name in ("difference-location", "location-0", "by-class-location")]
    for each in (tab, fresh):
        each.mouse.move(5, 5)
        each.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
        each.wait_for_timeout(500)
    for selector in figures:
        np.testing.assert_array_equal(pixels(tab.locator(selector)), pixels(fresh.locator(selector)))
    tab.close()
    fresh.close()


def test_a_link_to_a_result_that_is_gone_says_so(url, browser):
    tab = opened(browser, f"{url}{FACTORS}&models={MODELS[0]}&models=gone&results=0123456789abcdef")
    said = tab.get_by_test_id("stAlert").all_inner_texts()
    assert any("The link names gone, which is not here" in text for text in said)
    assert any("not stored here (01234567" in text for text in said)
    tab.close()


def saved(tab, click):
    with tab.expect_download(timeout=PATIENCE_MS) as download:
        click()
    with open(download.value.path(), "rb") as stream:
        return stream.read(), download.value.suggested_filename


@pytest.mark.parametrize("page", ["overview", "factors", "rotation", "settings", "cues", "zoom", "mistakes"])
def test_every_figure_is_saved_for_a_paper(url, browser, page, embedded_results):
    runs = {run.identity[:8] for run in store.list_runs()}
    tab = opened(browser, url + PAGES[page], color_scheme="dark", accept_downloads=True)
    settle(tab, 1500)
    menus = tab.locator("[class*=st-key-oc-menu-] button")
    assert menus.count() >= 1
    for number in range(menus.count()):
        # The rows are each figure's own; how one becomes a picture or a page is the same for all.
        for kind in ("CSV", "png", "svg", "HTML") if not number else ("CSV",):
            menus.nth(number).scroll_into_view_if_needed()
            menus.nth(number).click()
            target = (
                f"[data-oc-save={kind}]" if kind.islower() else f"[data-testid=stPopoverBody] button:has-text('{kind}')"
            )
            tab.locator(target).first.wait_for(timeout=PATIENCE_MS)
            content, name = saved(tab, tab.locator(target).first.click)
            assert name.startswith("offcenter-")
            assert name.endswith(f".{kind.lower()}")
            require_whole(kind, content, runs)
            tab.keyboard.press("Escape")
            tab.wait_for_timeout(250)
    tab.close()


def require_whole(kind, content, runs):
    """White pictures as wide as a page, and each file names the runs that it is of."""
    if kind == "png":
        image = Image.open(io.BytesIO(content)).convert("RGB")
        assert image.width == 1440
        assert image.getpixel((1, 1)) == image.getpixel((image.width - 2, image.height - 2)) == (255, 255, 255)
    elif kind == "CSV":
        table = pd.read_csv(io.BytesIO(content))
        assert len(table)
        assert {"model", "identity"} <= set(table.columns)
        assert {part[:8] for text in table["identity"].astype(str) for part in text.split()} <= runs
    else:
        text = content.decode()
        assert any(identity in text for identity in runs), kind
        assert ("<svg" in text[:200] and "255, 255, 255" in text) or "Plotly.newPlot" in text


def test_chosen_images_are_compared_and_saved(url, browser):
    tab = opened(browser, url + PAGES["factors"], accept_downloads=True)
    tab.get_by_text("Choose", exact=True).click()
    settle(tab)
    ids = [tab.locator(".grid button").nth(number).get_attribute("data-id") for number in (1, 3)]
    for number in (1, 3):
        tab.locator(".grid button").nth(number).click()
        settle(tab)
    content, _ = saved(tab, tab.get_by_role("button", name="Save 2 rows").click)
    table = pd.read_csv(io.BytesIO(content))
    assert sorted(table["sample_id"]) == sorted(ids)
    assert {"true", "predicted", "confidence", "p_true", "right", "identity"} <= set(table.columns)
    tab.get_by_role("button", name="Compare 2").click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_text(ids[0]).wait_for(timeout=PATIENCE_MS)
    dialog.locator("img").nth(1).wait_for(timeout=PATIENCE_MS)
    assert dialog.locator("img").count() == 2
    tab.close()


def test_a_cell_is_reached_and_opened_by_keyboard(url, browser):
    tab = opened(browser, f"{url}{FACTORS}&models={MODELS[0]}")
    chart = tab.locator(".st-key-location-0 .js-plotly-plot")
    chart.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        tab.keyboard.press(key)
    said = tab.locator(".oc-cursor").inner_text()
    tab.keyboard.press("Enter")
    settle(tab)
    x, y = re.match(r"x ([\d.]+), y ([\d.]+)", said).groups()
    assert f"cell=diorama%2Flocation%3Bx%3D{x}%3By%3D{y}" in tab.url
    assert tab.locator(".st-key-oc-dock").count() == 1
    tab.close()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_for_everybody_and_for_a_phone(url, browser, page):
    tab = opened(browser, url + PAGES[page])
    settle(tab, 1500)
    # Cards of Home are links as a whole, around a link that is reached.
    assert page == "home" or tab.evaluate(UNREACHED) == []
    assert serious(tab) == []
    for width in (390, 1024):
        tab.set_viewport_size({"width": width, "height": 844})
        tab.wait_for_timeout(600)
        wide = tab.evaluate(
            "[document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth]"
        )
        assert max(wide) <= width, width
    tab.close()


@pytest.mark.parametrize("page", PAGES)
def test_nothing_serious_is_found_against_accessibility_in_the_dark(url, browser, page):
    tab = opened(browser, url + PAGES[page], color_scheme="dark")
    settle(tab, 1500)
    assert serious(tab) == []
    tab.close()


def serious(tab):
    """What is found on a page, and on what opens on its first picture."""
    from axe_playwright_python.sync_playwright import Axe

    looks = found(Axe(), tab)
    if tab.locator(".grid button").count():
        tab.locator(".grid button").first.click()
        settle(tab, 800)
        looks += found(Axe(), tab)
        tab.keyboard.press("Escape")
        settle(tab)
    return looks


def found(axe, tab):
    """Serious and critical violations, each with the elements it is of."""
    violations = axe.run(tab).response["violations"]
    return [
        (each["id"], [node["html"][:160] for node in each["nodes"][:5]])
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]
