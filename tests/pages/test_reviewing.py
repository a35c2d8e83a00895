"""Reviewing mistakes in a browser: verdict keys leave the page as it is, lead on, can be undone and exported."""

import json

import pytest

from core import store
from core.mistakes import published, reviews, table
from core.mistakes.table import Filters
from tests.browser import PATIENCE_MS, app_of_the_project, chromium, wait_for_text

pytestmark = pytest.mark.browser
RAN = '[data-testid="stApp"][data-test-script-state="notRunning"]'
#: Where the parts of a page are, and whether its own rules of CSS hold.
LAYOUT = """() => {
  const box = (query) => { const found = document.querySelector(query); if (!found) return null;
    const { x, y, width, height } = found.getBoundingClientRect(); return [x, y, width, height].map(Math.round); };
  const tiles = document.querySelector('.oc-tiles');
  return {
    tiles: tiles && getComputedStyle(tiles).display,
    rules: [...document.querySelectorAll('style')].filter((each) => each.textContent.includes('.oc-tile')).length,
    title: box('h1'), matrix: box('.st-key-oc-figure-matrix'), review: box('.st-key-oc-review'),
    elements: document.querySelectorAll('[data-testid="stMain"] .stElementContainer').length,
  };
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("reviewing")


@pytest.fixture(scope="module")
def url(home):
    """One app for the module."""
    with app_of_the_project(home) as address:
        yield address


@pytest.fixture
def run(embedded_results, home, url, monkeypatch):
    """A result of which nothing was reviewed yet."""
    monkeypatch.setenv("OFFCENTER_DATA", str(home))
    for left in home.glob("reviews.sqlite*"):
        left.unlink()
    return store.find_run("diorama/clean", "test_efficientnet.diorama")


@pytest.fixture
def surest(run):
    """Ids of the mistakes in the order in which the page shows them."""
    content = table.of_run(run)
    return content["sample_id"].iloc[table.select(content, Filters())].tolist()


def settle(tab):
    tab.wait_for_timeout(300)
    tab.locator(RAN).wait_for(timeout=PATIENCE_MS)
    tab.wait_for_timeout(500)


def opened(browser, url, run, more=""):
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    tab.goto(f"{url}/mistakes?benchmark=diorama/clean&models={run.model}{more}")
    tab.get_by_placeholder("Your name").wait_for(timeout=PATIENCE_MS)
    settle(tab)
    return tab


def sign(tab, name="Ada"):
    field = tab.get_by_placeholder("Your name")
    field.fill(name)
    field.press("Enter")
    wait_for_text(tab, "7 other")
    field.blur()
    settle(tab)


def verdicts(run):
    found = reviews.find(f"{run.benchmark}/{run.model}")
    return {row.sample_id: (row.category, row.severity) for row in found.itertuples()}


@pytest.mark.slow
def test_each_verdict_key_leaves_the_page_as_it_is_and_stores_its_verdict(browser, url, run, surest):
    tab = opened(browser, url, run, "&advance=0")
    sign(tab)
    before = tab.evaluate(LAYOUT)
    assert before["tiles"] == "flex"
    assert None not in before.values()
    keys = {str(number): (category, "") for number, category in enumerate(published.GENERAL, 1)}
    for key, (category, _) in keys.items():
        tab.keyboard.press(key)
        wait_for_text(tab, f"{category}, no severity: saved")
        settle(tab)
        assert tab.evaluate(LAYOUT) == before, key
        assert verdicts(run) == {surest[0]: (category, "")}
    for key, severity in {"m": "major", "n": "minor", "b": "borderline"}.items():
        tab.keyboard.press(key)
        wait_for_text(tab, f"other, {severity}: saved")
        settle(tab)
        assert tab.evaluate(LAYOUT) == before, key
        assert verdicts(run) == {surest[0]: ("other", severity)}
    tab.close()


@pytest.mark.slow
def test_a_category_leads_on_and_undo_leads_back(browser, url, run, surest):
    n = len(surest)
    tab = opened(browser, url, run)
    sign(tab)
    tab.keyboard.press("m")
    wait_for_text(tab, "no category, major: saved")
    settle(tab)
    tab.keyboard.press("1")
    wait_for_text(tab, f"2 of {n:,}")
    settle(tab)
    tab.keyboard.press("2")
    wait_for_text(tab, f"3 of {n:,}")
    wait_for_text(tab, f"2 of {n:,} mistakes reviewed")
    assert verdicts(run) == {surest[0]: ("too small", "major"), surest[1]: ("too dark", "")}
    settle(tab)
    tab.keyboard.press("u")
    wait_for_text(tab, f"1 of {n:,} mistakes reviewed")
    settle(tab)
    assert verdicts(run) == {surest[0]: ("too small", "major")}
    tab.get_by_role("button", name="Undo").click()
    wait_for_text(tab, "no category, major again")
    settle(tab)
    assert verdicts(run) == {surest[0]: ("", "major")}
    tab.close()


@pytest.mark.slow
def test_among_the_unreviewed_the_next_one_is_unreviewed(browser, url, run, surest):
    n = len(surest)
    tab = opened(browser, url, run, "&unreviewed=1")
    sign(tab)
    for left in (n - 1, n - 2):
        tab.keyboard.press("1")
        wait_for_text(tab, f"1 of {left:,}")
        settle(tab)
    assert set(verdicts(run)) == set(surest[:2])
    tab.close()


@pytest.mark.slow
def test_verdicts_are_downloaded_whole(browser, url, run, surest):
    tab = opened(browser, url, run, "&advance=0")
    sign(tab)
    tab.keyboard.press("3")
    wait_for_text(tab, "cut off, no severity: saved")
    settle(tab)
    tab.get_by_text("Export, import").click()
    with tab.expect_download(timeout=PATIENCE_MS) as waited:
        tab.get_by_text("Export 1 verdict", exact=True).click()
    content = json.loads(waited.value.path().read_text())
    assert list(content) == [surest[0]]
    assert content[surest[0]]["failure category"] == "cut off"
    tab.close()


@pytest.mark.slow
def test_the_browser_remembers_the_name(browser, url, run):
    tab = opened(browser, url, run)
    sign(tab, "Grace")
    tab.reload()
    tab.get_by_placeholder("Your name").wait_for(timeout=PATIENCE_MS)
    wait_for_text(tab, "7 other")
    assert tab.get_by_placeholder("Your name").input_value() == "Grace"
    tab.get_by_placeholder("Your name").fill("")
    tab.get_by_placeholder("Your name").press("Enter")
    wait_for_text(tab, "Type your name first")
    settle(tab)
    tab.reload()
    wait_for_text(tab, "Type your name first")
    settle(tab)
    assert tab.get_by_placeholder("Your name").input_value() == ""
    tab.close()


@pytest.mark.slow
def test_a_cell_of_the_matrix_filters_both_ways_and_the_same_again_shows_all(browser, url, run, surest):
    tab = opened(browser, url, run)
    cell = tab.locator(".st-key-oc-figure-matrix .textpoint text").get_by_text("15", exact=True).first
    box = cell.bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for_text(tab, "15 images wrong under")
    settle(tab)
    assert "true_class=horse&predicted_class=deer" in tab.url
    # The click lands on the images.
    assert tab.locator(".st-key-oc-behind").bounding_box()["y"] < 660
    captions = tab.locator(".grid .caption").all_inner_texts()
    assert len(captions) == 15
    assert all(caption.removeprefix("▸ ").startswith("horse → deer 0.") for caption in captions)
    cell.scroll_into_view_if_needed()
    settle(tab)
    box = cell.bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for_text(tab, f"{len(surest):,} images wrong under")
    settle(tab)
    assert "true_class" not in tab.url
    tab.close()


@pytest.mark.slow
def test_every_mistake_is_on_some_page_of_thumbnails(browser, url, run, surest):
    tab = opened(browser, url, run)
    assert tab.locator(".grid button").count() == 24
    tab.locator(".st-key-p").get_by_text("2", exact=True).click()
    wait_for_text(tab, f"25–{len(surest)} of {len(surest)}")
    settle(tab)
    assert tab.locator(".grid button").count() == len(surest) - 24
    tab.locator(".grid button").last.click()
    wait_for_text(tab, f"{len(surest)} of {len(surest)}")
    settle(tab)
    assert tab.locator(".grid button").last.locator(".caption").inner_text().startswith("▸ ")
    tab.close()
