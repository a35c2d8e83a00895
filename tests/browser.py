"""The app in a process of its own and a headless Chromium to look at it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import REPO

CHROMIUM = Path("/usr/bin/chromium")
#: Waits end as soon as what they wait for is there; this is for machines with much else to do.
PATIENCE_MS = 150_000
#: A list that is open for so long without its option has been taken away.
_LIST_MS = 10_000
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-quic"),
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def app_server(environment: dict[str, str] | None = None, *options: str, host: str = "127.0.0.1") -> Iterator[str]:
    """The app on a port of its own, with more of Streamlit's options; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"]
    command += options
    process = subprocess.Popen(
        command,
        cwd=REPO,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://{host}:{port}"
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                    break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        stop(process)


@contextmanager
def app_of_the_project(home: Path) -> Iterator[str]:
    """The app with the results that come with the project and a data home, for a whole module; yields its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("OFFCENTER_EMBEDDED_RESULTS", raising=False)
        patch.delenv("OFFCENTER_MODELS", raising=False)
        patch.setenv("OFFCENTER_DATA", str(home))
        with app_server() as address:
            yield address


def stop(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


@contextmanager
def chromium():
    """Headless Chromium; absent on a user's machine, required in CI."""
    if not CHROMIUM.is_file():
        if os.environ.get("CI"):
            pytest.fail(f"CI needs {CHROMIUM}: apt-get install chromium")
        pytest.skip(f"{CHROMIUM} is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


def wait_for_text(tab, text: str) -> None:
    tab.get_by_text(text, exact=False).first.wait_for(timeout=PATIENCE_MS)


def choose(tab, picker: str, name: str) -> None:
    """Pick from a list that opens on a click; a page that is drawn again meanwhile takes an open list away."""
    from playwright.sync_api import TimeoutError as Late

    for _ in range(PATIENCE_MS // _LIST_MS):
        tab.locator(picker).click()
        try:
            tab.get_by_role("option", name=name).first.click(timeout=_LIST_MS)
        except Late:
            tab.keyboard.press("Escape")
            continue
        break
    else:
        pytest.fail(f"{picker} never offered {name!r}")
    tab.keyboard.press("Escape")
