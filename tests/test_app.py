"""The start page: in Streamlit's own test runner, and in a real browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.benchmarks import open_benchmark
from core.evaluate import evaluate
from tests.conftest import REPO

CHROMIUM = Path("/usr/bin/chromium")


def page():
    return AppTest.from_file(str(REPO / "app.py"), default_timeout=30).run()


def test_without_results_the_page_says_what_to_type():
    at = page()
    assert not at.exception
    assert "Nothing is evaluated yet" in at.info[0].value
    assert "python -m core evaluate" in at.code[0].value


def test_the_page_shows_the_stored_run_with_its_interval_and_identity(toy_model, colour_folder):
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    at = page()
    assert not at.exception
    row = at.dataframe[0].value.iloc[0]
    assert row["Top-1"] == pytest.approx(100 * 23 / 24)
    # Wilson's interval of 23 of 24: 79.8 % to 99.3 %.
    assert row["95 % interval"] == "79.8 to 99.3"
    assert (row["Images"], row["State"], row["Identity"]) == (24, "complete", run.identity[:8])


def test_a_partial_run_and_failed_images_are_shown_as_such(toy_model, colour_folder):
    for path in colour_folder.glob("*/0.png"):
        path.write_bytes(b"broken")
    benchmark = open_benchmark("imagenet", colour_folder)
    evaluate(toy_model, benchmark, limit=12)
    assert page().dataframe[0].value.iloc[0]["State"].startswith("50% done")
    evaluate(toy_model, benchmark)
    assert page().dataframe[0].value.iloc[0]["State"] == "complete, 3 failed"


def test_a_damaged_result_does_not_hide_the_others(toy_model, colour_folder):
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    other = evaluate(toy_model, open_benchmark("imagenet", colour_folder), view="mirror")
    next(run.path.glob("part-*")).write_bytes(b"not parquet")
    at = page()
    assert not at.exception
    states = dict(zip(at.dataframe[0].value["Identity"], at.dataframe[0].value["State"], strict=True))
    assert "damaged" in states[run.identity[:8]]
    assert states[other.identity[:8]] == "complete"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server():
    """The app on a port of its own."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"]
    process = subprocess.Popen(command, cwd=REPO, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                    break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def browser():
    """Headless Chromium; absent on a user's machine, required in CI."""
    if not CHROMIUM.is_file():
        if os.environ.get("CI"):
            pytest.fail(f"CI needs {CHROMIUM}: apt-get install chromium")
        pytest.skip(f"{CHROMIUM} is not installed")
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync", "--disable-quic"]
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield instance
        instance.close()


@pytest.mark.browser
def test_a_browser_sees_the_stored_run_and_the_page_asks_nobody_else(toy_model, colour_folder, server, browser):
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    tab = browser.new_page(viewport={"width": 1024, "height": 768})
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(server)
    tab.get_by_text("Stored results").wait_for(timeout=30_000)
    tab.get_by_text("stored result", exact=False).first.wait_for(timeout=30_000)
    tab.locator("canvas").first.wait_for(timeout=30_000)
    # The block is coloured word by word, so its text is matched as a whole.
    tab.locator("code").filter(has_text=f"--model {run.model}").first.wait_for(timeout=30_000)
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    outside = [url for url in asked if not url.startswith((server, server.replace("http", "ws"), "data:", "blob:"))]
    assert outside == []
