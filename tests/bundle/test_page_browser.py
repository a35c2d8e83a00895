"""A bundle in Chromium, opened from its file with the network off: clicks, keys, links, small screens, paper, names."""

import pytest

from core.bundle.page import html
from tests.browser import PATIENCE_MS, chromium
from tests.bundle.pages import HOSTILE, USUAL, content

pytestmark = [pytest.mark.browser, pytest.mark.slow]
#: A function: a text would be evaluated in the page, which its policy does not let it.
DRAWN = "() => document.querySelectorAll('.plot .main-svg').length && !document.querySelector('.plot > .wait')"


class Opened:
    """A page in a context of its own without a network, with all that it asked for and complained of.

    Args:
        browser: Chromium.
        path: Of the file.
        **options: Of the context.
    """

    def __init__(self, browser, path, **options):
        self.asked, self.said, self.address = [], [], path.as_uri()
        self.context = browser.new_context(offline=True, **{"viewport": {"width": 1440, "height": 900}, **options})
        self.tab = self.context.new_page()
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.on("console", lambda message: self.said.append(message.text))
        self.tab.on("pageerror", lambda error: self.said.append(str(error)))
        own = self.address
        self.tab.route("**/*", lambda each: each.continue_() if each.request.url.startswith(own) else each.abort())
        self.tab.goto(self.address)
        self.tab.wait_for_function(DRAWN, timeout=PATIENCE_MS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        outside = [each for each in self.asked if not each.startswith((self.address, "data:", "blob:"))]
        hacked = self.tab.evaluate("window.__hacked")
        self.context.close()
        assert (outside, self.said, hacked) == ([], [], None)

    def click_cell(self, x, y):
        """A cell of the map of two by two."""
        box = self.tab.locator(".plot .heatmaplayer").first.bounding_box()
        self.tab.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)

    def fits(self):
        return self.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    def text(self, selector):
        return self.tab.locator(selector).first.inner_text()

    def focused(self):
        return self.tab.evaluate("[document.activeElement].map((on) => on.ariaLabel ?? on.textContent)[0]")


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A page with usual names and one with hostile ones, which is itself called so."""
    folder = tmp_path_factory.mktemp("bundle")
    found = {USUAL: folder / "report.html", HOSTILE: folder / "it's #1 & <b>.html"}
    for names, path in found.items():
        path.write_text(html(content(names)), encoding="utf-8")
    return found


def test_from_the_map_to_an_image_and_back_by_mouse_keys_and_links(browser, files):
    with Opened(browser, files[USUAL]) as page:
        tab = page.tab
        page.click_cell(0.75, 0.25)
        assert "exhibit=toy-by_location&point=%5B0.75%2C0.25%5D" in tab.url
        assert page.text(".dock h2") == "Images behind deer at 0.25"
        assert page.text(".dock .of") == "4 images, 25\u00a0% right as seen by first.model"
        assert tab.locator(".tile .caption").all_inner_texts() == ["deer → bird 0.98", "deer 0.75", "deer → failed"]
        assert tab.locator(".tile .mark").all_inner_texts() == ["✗", "✓", "!"]
        tile, dock = tab.locator(".tile").first.bounding_box(), tab.locator(".dock").bounding_box()
        assert 0 <= tile["y"] < tile["y"] + tile["height"] <= 900
        assert dock["y"] + dock["height"] <= 900
        # The outline is that of the cell, of which there are two by two.
        ring, map_ = tab.locator(".ring.chosen").bounding_box(), tab.locator(".plot .heatmaplayer").first.bounding_box()
        assert ring["x"] + ring["width"] / 2 == pytest.approx(map_["x"] + 0.75 * map_["width"], abs=2)
        assert ring["width"] == pytest.approx(map_["width"] / 2 + 6, abs=3)
        tab.get_by_role("button", name="Wrong 1").click()
        assert tab.locator(".tile").count() == 1
        tab.get_by_role("button", name="All 3").click()
        tab.locator(".tile").first.click()
        dialog = tab.get_by_role("dialog")
        assert page.text("dialog .count") == "1 of 3"
        assert page.text("dialog .said") == "✗ taken for bird by first.model"
        assert page.text(".answer .bar-row .share") == "98.0\u00a0%"
        assert tab.locator(".answer h3").all_inner_texts() == ["first.model ✗ wrong", "second.model ✓ right"]
        assert dialog.get_by_text("Grad-CAM of first.model").is_visible()
        assert dialog.get_by_text("No Grad-CAM: no network of second.model").is_visible()
        tab.keyboard.press("ArrowRight")
        assert page.text("dialog .count") == "2 of 3"
        assert "image=i-1" in tab.url
        tab.keyboard.press("Escape")
        assert not dialog.is_visible()
        assert page.focused() == "right: deer 0.75"
        tab.go_back()
        assert page.text("dialog .count") == "2 of 3"
        tab.reload()
        tab.wait_for_function(DRAWN, timeout=PATIENCE_MS)
        assert page.text("dialog .count") == "2 of 3"
        assert tab.locator(".ring.chosen").count() == 1
        tab.go_back()
        assert not dialog.is_visible()
        assert page.text(".dock h2") == "Images behind deer at 0.25"
        tab.go_back()
        assert tab.locator(".dock.empty").count() == 1


def _violations(tab):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(tab).response["violations"]
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found]


def test_a_figure_is_used_by_keys_and_its_table_is_shown_and_saved(browser, files):
    with Opened(browser, files[USUAL]) as page:
        tab = page.tab
        plot = tab.get_by_role("application").first
        plot.focus()
        for key in ("ArrowDown", "ArrowRight", "ArrowDown"):
            tab.keyboard.press(key)
        assert page.text("#oc-status").startswith("x 0.75, y 0.75")
        tab.keyboard.press("Enter")
        assert page.text(".dock h2") == "Images behind deer at 0.75"
        assert page.focused() == "Images behind deer at 0.75"
        tab.keyboard.press("Escape")
        assert tab.locator(".dock.empty").count() == 1
        assert page.focused().startswith("Top-1 by location")
        tab.locator(".under summary").first.click()
        assert tab.locator(".under table").first.inner_text().split() == [
            *("model", "class", "value", "n"), *("first.model", "deer", "50.0", "%", "4")
        ]  # fmt: skip
        with tab.expect_download() as saved:
            tab.get_by_role("button", name="CSV of Top-1 by location").click()
        assert saved.value.suggested_filename == "offcenter-toy-by_location.csv"
        assert "model,class,value,n\r\n" in saved.value.path().read_bytes().decode()
        assert page.text("[data-check]") == "python -m core verify report.html"
        page.click_cell(0.25, 0.25)
        assert _violations(tab) == []
        tab.locator(".tile").first.click()
        assert _violations(tab) == []


def test_light_dark_small_and_printed(browser, files):
    ink = "() => getComputedStyle(document.querySelector('.xtick text')).fill"
    with Opened(browser, files[USUAL], color_scheme="light") as page:
        tab = page.tab
        assert page.fits()
        light = tab.evaluate(ink)
        tab.emulate_media(color_scheme="dark")
        tab.wait_for_function(f"(light) => ({ink})() !== light", arg=light)
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 25, 31)"
        page.click_cell(0.25, 0.25)
        tab.emulate_media(media="print", color_scheme="dark")
        tab.wait_for_function(f"() => ({ink})() === 'rgb(76, 83, 91)'")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        for selector in (".dock", ".contents", "button"):
            assert not tab.locator(selector).first.is_visible()
        assert tab.locator(".plot .main-svg").count() >= 3
        assert page.text("[data-address]") == f"Printed from {page.address}"
        tab.emulate_media(media="screen", color_scheme="light")
        tab.keyboard.press("Escape")
        tab.set_viewport_size({"width": 390, "height": 844})
        tab.wait_for_function("() => document.querySelector('.plot .main-svg').clientWidth <= 390")
        assert page.fits()
        tab.locator(".plot").first.scroll_into_view_if_needed()
        page.click_cell(0.25, 0.75)
        tab.wait_for_timeout(600)
        sheet = tab.locator(".dock").bounding_box()
        ring = tab.locator(".ring.chosen").bounding_box()
        assert sheet["y"] + sheet["height"] == pytest.approx(844, abs=1)
        assert ring["y"] + ring["height"] < sheet["y"]
        tab.locator(".tile").first.click()
        assert page.fits()


def test_names_from_data_run_nothing_and_break_nothing(browser, files):
    with Opened(browser, files[HOSTILE], viewport={"width": 390, "height": 844}) as page:
        tab = page.tab
        assert page.fits()
        assert tab.locator(".plot .main-svg").count() >= 3
        go = "([exhibit, point]) => { location.hash = new URLSearchParams({ exhibit, point }) }"
        for exhibit in content(HOSTILE)["exhibits"]:
            tab.evaluate(go, [exhibit["id"], next(iter(exhibit["points"]))])
            assert page.text(".dock h2").split()[2:7] == HOSTILE[2].split()[:5]
            assert tab.locator(".ring.chosen").count() == 1
        tab.locator(".tile").first.click()
        assert HOSTILE[0] in page.text(".answer h3")
        assert page.fits()
        tab.keyboard.press("Escape")
        for bad in ("#exhibit=x", "#exhibit=toy-by_class&point=%", "#exhibit=toy-by_class&point=__proto__&image=<b>"):
            tab.evaluate("(bad) => { location.hash = bad }", bad)
            assert "not" in page.text(".dock p")
        assert page.text("[data-check]") == "python -m core verify 'it'\\''s #1 & <b>.html'"
