"""The pages in a real browser: from Home to an image, and the same again from a pasted link in a fresh server."""

import importlib.util
import re

import pytest
from PIL import Image

from core import store
from core.paths import remember_data
from tests.browser import PATIENCE_MS, app_server, choose, chromium, wait_for_text
from tests.synthetic_store import make_samples, write_run

pytestmark = pytest.mark.browser
RAN = '[data-testid="stApp"][data-test-script-state="notRunning"]'


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def location_runs(tmp_path):
    """Two synthetic models on every location of four cut-outs, with the images of the middle cell."""
    samples = make_samples("location", 441 * 4)
    middle = (abs(samples["x"] - 0.5) + abs(samples["y"] - 0.5) < 0.01).to_numpy()
    for number, sample_id in enumerate(samples.loc[middle, "sample_id"]):
        path = tmp_path / "location" / sample_id
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 64), (60 * number, 120, 200)).save(path)
    remember_data("si-score/location", tmp_path / "location")
    near = (abs(samples["x"] - 0.5) < 0.3).to_numpy()
    return [write_run("location", samples, name, near, seed) for seed, name in enumerate(("first-toy", "second-toy"))]


def settle(tab):
    tab.wait_for_timeout(150)
    tab.locator(RAN).wait_for(timeout=PATIENCE_MS)
    tab.wait_for_timeout(350)


def click_cell(tab, x, y):
    """A cell of the first map, by the place of its heatmap on the screen."""
    tab.locator(".st-key-location-0 .scatterlayer .point").first.wait_for(state="attached", timeout=PATIENCE_MS)
    settle(tab)
    box = tab.locator(".st-key-location-0 .heatmaplayer").first.bounding_box()
    tab.mouse.click(box["x"] + box["width"] * (x + 0.025) / 1.05, box["y"] + box["height"] * (y + 0.025) / 1.05)


def asked_outside(tab):
    """Collects requests that leave this machine."""
    asked = []
    local = re.compile(r"^(https?|ws)://(127\.0\.0\.1|localhost)[:/]|^(data|blob):")
    tab.on("request", lambda request: None if local.match(request.url) else asked.append(request.url))
    return asked


@pytest.mark.slow
def test_from_home_to_an_image_and_the_same_from_its_link(location_runs, browser):
    with app_server() as url:
        tab = browser.new_page(viewport={"width": 1440, "height": 1000})
        outside = asked_outside(tab)
        tab.goto(url)
        wait_for_text(tab, "Where does it break?")
        settle(tab)
        choose(tab, ".st-key-models input", "second-toy")
        settle(tab)
        assert "models=first-toy&models=second-toy" in tab.url
        tab.get_by_role("link", name="See where").first.click()
        wait_for_text(tab, "Click a cell or a point")
        settle(tab)
        assert "models=first-toy&models=second-toy" in tab.url
        click_cell(tab, 0.5, 0.5)
        wait_for_text(tab, "x 0.5, y 0.5")
        wait_for_text(tab, "4 images, ")
        pictures = tab.locator(".grid button img")
        pictures.first.wait_for(timeout=PATIENCE_MS)
        assert pictures.count() == 4
        assert "cell=si-score%2Flocation%3Bx%3D0.5%3By%3D0.5" in tab.url
        settle(tab)
        tab.locator(".grid button").first.click()
        drawer = tab.get_by_role("dialog")
        drawer.get_by_text("1 of 4").wait_for(timeout=PATIENCE_MS)
        tab.keyboard.press("ArrowRight")
        drawer.get_by_text("2 of 4").wait_for(timeout=PATIENCE_MS)
        settle(tab)
        link, shown = tab.url, drawer.locator(".oc-facts").inner_text()
        assert outside == []
        tab.close()
    with app_server() as fresh:
        tab = browser.new_page(viewport={"width": 1440, "height": 1000})
        tab.goto(link.replace(url, fresh))
        drawer = tab.get_by_role("dialog")
        drawer.get_by_text("2 of 4").wait_for(timeout=PATIENCE_MS)
        assert drawer.locator(".oc-facts").inner_text() == shown
        assert tab.get_by_text("x 0.5, y 0.5", exact=True).count() == 1
        tab.keyboard.press("Escape")
        drawer.wait_for(state="detached", timeout=PATIENCE_MS)
        settle(tab)
        assert "image=" not in tab.url
        tab.close()


@pytest.mark.slow
def test_pages_fit_a_small_screen_and_keep_the_models_on_the_way(location_runs, browser):
    with app_server() as url:
        tab = browser.new_page(viewport={"width": 1024, "height": 768})
        outside = asked_outside(tab)
        tab.goto(f"{url}/overview?models=second-toy&models=first-toy")
        for name in ("Factors", "Home", "Overview"):
            settle(tab)
            assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            assert tab.locator(".oc-model").all_inner_texts()[0].startswith("second-toy")
            tab.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
            tab.wait_for_timeout(300)
        settle(tab)
        assert "models=second-toy&models=first-toy" in tab.url
        assert outside == []
        tab.close()


@pytest.mark.slow
def test_a_grad_cam_of_an_embedded_result_is_shown_on_request(embedded_results, browser):
    if importlib.util.find_spec("core.explain.one_image") is None:
        pytest.skip("inference on demand (core.explain.one_image) is not part of this checkout")
    run = store.list_runs("diorama/location")[0]
    sample = store.read_samples(run)["sample_id"].iloc[0]
    with app_server() as url:
        tab = browser.new_page(viewport={"width": 1440, "height": 1000})
        tab.goto(f"{url}/size_location_rotation?benchmark=diorama&models={run.model}&image={run.benchmark}:{sample}")
        drawer = tab.get_by_role("dialog")
        picture = drawer.locator("img").first
        picture.wait_for(timeout=PATIENCE_MS)
        settle(tab)
        plain = picture.get_attribute("src")
        drawer.get_by_text("Grad-CAM", exact=True).click()
        drawer.locator(".oc-scale").wait_for(timeout=PATIENCE_MS)
        settle(tab)
        # The plain picture stays, and beside it stands another one with the map on it.
        assert drawer.get_by_test_id("stException").count() == 0
        assert drawer.locator("img").count() == 2
        assert drawer.locator("img").first.get_attribute("src") == plain
        assert drawer.locator("img").last.get_attribute("src") != plain
        assert "drawer=cam" in tab.url
        tab.close()


@pytest.mark.slow
def test_sessions_at_once_get_the_grad_cams_of_their_images(embedded_results, browser):
    if importlib.util.find_spec("core.explain.one_image") is None:
        pytest.skip("inference on demand (core.explain.one_image) is not part of this checkout")
    runs = store.list_runs("diorama/location")[:2]
    samples = store.read_samples(runs[0])["sample_id"].iloc[:2]
    # Eight with a model each are asked of the engine alone; a tab of a browser takes longer than a map.
    asked = [(run, sample) for run in runs for sample in samples]
    asked += asked[:1]
    with app_server() as url:
        tabs = [browser.new_page(viewport={"width": 1440, "height": 1000}) for _ in asked]
        for tab, (run, sample) in zip(tabs, asked, strict=True):
            image = f"image={run.benchmark}:{sample}"
            tab.goto(f"{url}/size_location_rotation?benchmark=diorama&models={run.model}&{image}", wait_until="commit")
        plain = []
        for tab in tabs:
            tab.get_by_role("dialog").locator("img").first.wait_for(timeout=PATIENCE_MS)
            settle(tab)
            plain.append(tab.get_by_role("dialog").locator("img").first.get_attribute("src"))
        for tab in tabs:
            tab.get_by_role("dialog").get_by_text("Grad-CAM", exact=True).click(no_wait_after=True)
        maps = []
        for tab in tabs:
            tab.get_by_role("dialog").locator(".oc-scale").wait_for(timeout=PATIENCE_MS)
            settle(tab)
            maps.append(tab.get_by_role("dialog").locator("img").last.get_attribute("src"))
            assert tab.get_by_test_id("stException").count() == 0
            tab.close()
    assert maps[4] == maps[0]
    assert len(set(maps)) == 4
    assert not set(maps) & set(plain)
