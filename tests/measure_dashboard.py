"""How fast the pages are, as a browser sees them: start, page switches, model switches, click to gallery.

    python -m tests.synthetic_store DIR [MODELS] && OFFCENTER_DATA=DIR python -m tests.synthetic_focus
    OFFCENTER_DATA=DIR python -m tests.synthetic_cues
    python -m tests.measure_dashboard DIR

Prints medians in milliseconds, and each as a ratio to an app with as many bare charts, measured in the same run, since
machines differ. The first figure is timed from ``streamlit run`` on, once with an empty cache of aggregates and twice
with a filled one; and in a fresh browser on a server that runs. Not a test: it asserts nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import CHROMIUM, FLAGS, REPO, free_port, stop

ROUNDS = 7
FIGURE = ".js-plotly-plot .main-svg"
#: Title and selector by the link's label.
PAGES = {
    "Overview": ("Overview", ".st-key-overview .main-svg"),
    "Factors": ("Factors", ".st-key-location-0 .main-svg"),
    "Home": ("Where does it break?", ".oc-card img"),
}
SETTINGS = {"Overview": PAGES["Overview"], "Uncommon settings": ("Uncommon settings", ".st-key-heatmap-time .main-svg")}
#: Bare charts on the pages of the floor; and on which of them a page is measured against.
FLOOR_CHARTS = (0, 1, 3, 7)
FLOOR = {f"charts{n}": (f"charts{n}", FIGURE if n else "h1") for n in FLOOR_CHARTS}
CUES = {"Overview": PAGES["Overview"], "Cues": ("Cues", ".st-key-ablations .main-svg")}
CHARTS = {"Overview": 1, "Factors": 3, "Home": 0, "Uncommon settings": 7, "Cues": 1}
FACTORS, CHOICE = "/size_location_rotation", "?benchmark=si-score"


def start(data: Path, port: int, folder: Path = REPO) -> subprocess.Popen:
    """An app on a port, started as a user does."""
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"]
    environment = {**os.environ, "OFFCENTER_DATA": str(data)}
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def opened(browser: Browser, data: Path, path: str, folder: Path = REPO) -> Iterator[tuple[Page, str]]:
    """A tab on a page of a server of its own, and the server's address."""
    port = free_port()
    server = start(data, port, folder)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_up(browser, url)
        tab = browser.new_page(viewport={"width": 1440, "height": 1000})
        tab.goto(url + path)
        idle(tab)
        yield tab, url
        tab.close()
    finally:
        stop(server)


def first_figure(browser: Browser, data: Path, path: str, selector: str) -> float:
    """Seconds from ``streamlit run`` to a figure on a page."""
    port = free_port()
    begun = time.perf_counter()
    server = start(data, port)
    tab = browser.new_page()
    try:
        while True:
            try:
                tab.goto(f"http://127.0.0.1:{port}{path}")
                break
            except Exception:
                time.sleep(0.05)
        # Looks at every frame, which waiting for a locator does not.
        there = "selector => document.querySelector(selector)?.getBoundingClientRect().width > 0"
        tab.wait_for_function(there, arg=selector, timeout=120_000)
        return time.perf_counter() - begun
    finally:
        tab.close()
        stop(server)


def timed(action: Callable[[], object], done: Callable[[], object]) -> float:
    """Milliseconds from an action until what it leads to is there."""
    begun = time.perf_counter()
    action()
    done()
    return 1000 * (time.perf_counter() - begun)


def idle(tab: Page) -> None:
    """Wait until the script has run."""
    tab.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=120_000)
    tab.wait_for_timeout(400)


def switch_pages(tab: Page, pages: Mapping[str, tuple[str, str]]) -> dict[str, float]:
    """From page to page, each until its title and what else it is known by are there.

    Args:
        tab: On an app.
        pages: Title and selector by the link's label.
    """
    found: dict[str, list[float]] = {name: [] for name in pages}
    for _ in range(ROUNDS):
        for name, (title, selector) in pages.items():
            link = tab.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True)
            shown = (
                f"document.querySelector('[data-testid=stMain] h1')?.innerText.trim() === {json.dumps(title)}"
                f" && document.querySelector({json.dumps(selector)})?.getBoundingClientRect().width > 0"
            )
            found[name].append(_from_click(tab, link.click, shown))
            idle(tab)
    return {name: statistics.median(values) for name, values in found.items()}


def _from_click(tab: Page, click: Callable[[], object], shown: str) -> float:
    """Milliseconds from a click in the browser to the frame in which what is asked for is there.

    Looked at in the browser, in every frame: the driver looks too seldom, and waits before it clicks.

    Args:
        tab: On an app.
        click: Clicks.
        shown: An expression in JavaScript.
    """
    tab.evaluate(
        """shown => {
            let begun = null;
            document.addEventListener("pointerdown", () => { begun = performance.now(); }, {once: true, capture: true});
            const there = new Function(`return ${shown}`);
            window.shown = new Promise(resolve => {
                const look = () => {
                    begun && there() ? resolve(performance.now() - begun) : requestAnimationFrame(look);
                };
                look();
            });
        }""",
        shown,
    )
    click()
    return tab.evaluate("window.shown")


def switch_models(tab: Page, url: str) -> float:
    """Add and remove a second model, until the sentence or the tiles show it."""
    tab.goto(url + FACTORS + CHOICE)
    idle(tab)
    times = []
    picker, others = tab.locator(".st-key-models"), tab.locator(".oc-tile .also").first
    for number in range(ROUNDS):
        if number % 2 == 0:
            picker.locator("input").click()
            option = tab.get_by_role("option", name=".synthetic").first
            option.wait_for()
            times.append(timed(option.click, others.wait_for))
            tab.keyboard.press("Escape")
        else:
            remove = picker.get_by_role("button", name="Remove").last
            times.append(timed(remove.click, lambda: others.wait_for(state="detached")))
        idle(tab)
    return statistics.median(times)


def click_cells(tab: Page, url: str) -> tuple[float, float]:
    """From a click on a map's cell to its filled gallery; and from a click on an image to its drawer."""
    tab.goto(url + FACTORS + CHOICE)
    idle(tab)
    galleries, drawers = [], []
    for number in range(ROUNDS):
        x, y = round(0.1 + 0.1 * number, 2), 0.4
        first = tab.locator(".grid button").first
        before = first.get_attribute("data-id") if number else None
        box = tab.locator(".st-key-location-0 .heatmaplayer").first.bounding_box()
        at = box["x"] + box["width"] * (x + 0.025) / 1.05, box["y"] + box["height"] * (y + 0.025) / 1.05
        filled = (
            f"document.querySelector('.st-key-oc-dock h3')?.innerText.trim() === 'x {x:g}, y {y:g}' && "
            "[...document.querySelectorAll('.st-key-oc-dock [data-testid=stBidiComponentIsolated]')]"
            f".some(part => ![undefined, {json.dumps(before)}]"
            ".includes(part.shadowRoot?.querySelector('.grid button')?.dataset.id))"
        )
        galleries.append(_from_click(tab, lambda at=at: tab.mouse.click(*at), filled))
        idle(tab)
        image = tab.locator(".grid button").nth(number)
        image.scroll_into_view_if_needed()
        there = "document.querySelector('[role=dialog] .oc-top')?.getBoundingClientRect().width > 0"
        drawers.append(_from_click(tab, image.click, there))
        idle(tab)
        tab.keyboard.press("Escape")
        tab.get_by_role("dialog").wait_for(state="detached")
        idle(tab)
        tab.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
        tab.wait_for_timeout(200)
    return statistics.median(galleries), statistics.median(drawers)


def write_floor(folder: Path) -> None:
    """An app of pages with a title and some charts of 21 points each."""
    pages = ", ".join(
        f'st.Page("{name}.py", title="{name}", default={number == 1})' for number, name in enumerate(FLOOR)
    )
    (folder / "app.py").write_text(f"import streamlit as st\nst.navigation([{pages}]).run()\n")
    for n, name in zip(FLOOR_CHARTS, FLOOR, strict=True):
        lines = [
            "import streamlit as st, plotly.graph_objects as go",
            f'st.title("{name}")',
            f"for key in range({n}):",
            "    st.plotly_chart(go.Figure(go.Scatter(x=list(range(21)), y=list(range(21)))), key=str(key))",
        ]
        (folder / f"{name}.py").write_text("\n".join(lines))


def say_switches(what: str, found: Mapping[str, float], floor: Mapping[str, float] | None = None) -> None:
    """A line for each page, with its ratio to as many bare charts."""
    for name, value in found.items():
        bare = floor[f"charts{CHARTS[name]}"] if floor else value
        times = f", {value / bare:.2f} x {CHARTS[name]} bare charts" if floor else ""
        print(f"{what}page switch to {name}: {value:.0f} ms{times}", flush=True)


def step_images(tab: Page, url: str) -> float:
    """From an arrow key in the open drawer to the next image."""
    tab.goto(url + FACTORS + CHOICE + "&cell=si-score/location;x%3D0.5;y%3D0.5")
    idle(tab)
    tab.locator(".grid button").first.click()
    tab.get_by_role("dialog").locator(".oc-top").first.wait_for()
    idle(tab)
    times = []
    for _ in range(ROUNDS):
        times.append(
            tab.evaluate(
                """async () => {
                    const title = () => document.querySelector('[role=dialog] .oc-facts')?.innerText;
                    const before = title(), begun = performance.now();
                    document.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}));
                    while (title() === before) await new Promise(requestAnimationFrame);
                    return performance.now() - begun;
                }"""
            )
        )
        idle(tab)
    return statistics.median(times)


def fresh_figure(browser: Browser, address: str, selector: str) -> float:
    """Milliseconds from opening an address in a fresh browser profile to its first figure; the median of some."""
    times = []
    for _ in range(ROUNDS):
        context = browser.new_context(viewport={"width": 1440, "height": 1000})
        tab = context.new_page()
        begun = time.perf_counter()
        tab.goto(address, wait_until="commit")
        there = "selector => document.querySelector(selector)?.getBoundingClientRect().width > 0"
        tab.wait_for_function(there, arg=selector, timeout=120_000)
        times.append(1000 * (time.perf_counter() - begun))
        context.close()
    return statistics.median(times)


def main(data: Path) -> None:
    """Measure and print."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page, card = (FACTORS + CHOICE, FIGURE), ("/" + CHOICE, ".oc-card img")
        shutil.rmtree(data / "cache", ignore_errors=True)
        print(f"first figure, nothing cached: {first_figure(browser, data, *page):.1f} s")
        for _ in range(2):
            home, figure = (first_figure(browser, data, *where) for where in (card, page))
            print(f"first picture on Home {home:.1f} s, first figure on the factor page {figure:.1f} s")
        with tempfile.TemporaryDirectory() as folder:
            write_floor(Path(folder))
            with opened(browser, data, "", Path(folder)) as (tab, url):
                floor = switch_pages(tab, FLOOR)
                bare = fresh_figure(browser, url, FIGURE)
            say_switches("floor, ", floor)
            print(f"floor, one chart in a fresh browser: {bare:.0f} ms")
        three = floor["charts3"]
        with opened(browser, data, CHOICE) as (tab, url):
            fresh = fresh_figure(browser, url + FACTORS + CHOICE, FIGURE)
            print(f"first figure in a fresh browser: {fresh:.0f} ms, {fresh / bare:.2f} x one bare chart")
            say_switches("", switch_pages(tab, PAGES), floor)
            print(f"model added or removed: {switch_models(tab, url):.0f} ms")
            gallery, drawer = click_cells(tab, url)
            print(f"click to gallery: {gallery:.0f} ms, {gallery / three:.2f} x three bare charts")
            print(f"image to drawer: {drawer:.0f} ms, {drawer / three:.2f} x three bare charts")
            print(f"arrow to the next image: {step_images(tab, url):.0f} ms")
        if (data / "results" / "focus").is_dir():
            with opened(browser, data, "/uncommon_settings?benchmark=focus") as (tab, _):
                say_switches("with FOCUS, ", switch_pages(tab, SETTINGS), floor)
        if (data / "results" / "hard-imagenet").is_dir():
            where = "/cues?benchmark=hard-imagenet", CUES["Cues"][1]
            print(f"first figure of Cues: {first_figure(browser, data, *where):.1f} s, again "
                  f"{first_figure(browser, data, *where):.1f} s")  # fmt: skip
            with opened(browser, data, where[0]) as (tab, _):
                say_switches("with Hard ImageNet, ", switch_pages(tab, CUES), floor)
        browser.close()


def wait_until_up(browser: Browser, url: str) -> None:
    """Wait until the server answers."""
    tab = browser.new_page()
    for _ in range(200):
        try:
            tab.goto(url)
            break
        except Exception:
            time.sleep(0.1)
    tab.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
