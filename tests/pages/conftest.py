"""Stored results for pages, and ways to run a page."""

from __future__ import annotations

import shutil

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import paths, store
from tests.conftest import REPO
from tests.synthetic_store import make

PAGES = ["app.py", "pages/overview.py", "pages/size_location_rotation.py"]
#: Nine cut-outs at every setting.
SMALL = {"location": 441 * 9, "size": 900, "rotation": 72 * 9}


def open_page(path: str, **query: str | list[str]) -> AppTest:
    """A page as a pasted link opens it, in a new session."""
    at = AppTest.from_file(str(REPO / "app.py"), default_timeout=60)
    if path != "app.py":
        at.switch_page(path)
    for name, content in query.items():
        at.query_params[name] = content
    return at.run()


def text_of(at: AppTest) -> str:
    """All text of a page."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "info", "warning", "error", "code", "html")
    parts = []
    for kind in kinds:
        for element in at.get(kind):
            proto = getattr(element, "proto", None)
            parts.append(str(getattr(element, "value", "") or getattr(proto, "body", "")))
    parts += [f"{link.label} {target(link)}" for link in page_links(at)]
    return "\n".join(parts)


def page_links(at: AppTest) -> list:
    """The links to pages, as they are sent to the browser."""
    return [element.proto for element in at.get("page_link")]


def target(link) -> str:
    """Where a link leads: ``page?query``."""
    return f"{link.page}?{link.query_string}" if link.query_string else link.page


@pytest.fixture(autouse=True)
def _empty_caches():
    """Pages remember by folder; tests write into new folders, but lists of results are remembered by time."""
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def no_results(monkeypatch):
    """A machine without any result, those that come with the project included."""
    monkeypatch.setattr("core.store.list_all", lambda: store.Listing([], {}))


@pytest.fixture(scope="session")
def _two_models(tmp_path_factory):
    """A data home with two synthetic models, and their results' folders in it."""
    home = tmp_path_factory.mktemp("two-models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OFFCENTER_DATA", str(home))
        return home, [run.path.relative_to(home) for run in make(SMALL, ("good.synthetic", "poor.synthetic"))]


@pytest.fixture
def two_models(_two_models):
    """Two synthetic models on SI-Score's three protocols, without images."""
    home, folders = _two_models
    shutil.copytree(home, paths.data_home(), dirs_exist_ok=True)
    return [store.open_run(paths.data_home() / folder) for folder in folders]
