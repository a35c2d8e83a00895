"""A content as one HTML file that needs no server and asks for nothing: what it shows travels in it.

The page's own policy names its scripts by their hashes: no other one can run in it, whatever a name from data says.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from functools import cache
from importlib import resources
from pathlib import Path

from core.bundle import markup
from core.bundle.content import ELEMENT, Content, embedded
from core.bundle.foot import foot
from core.bundle.results_table import results
from core.bundle.words import colours_of, text
from core.figures.style import MARK

#: Elements with Plotly's script, packed, and with what the page needs beside the content.
PLOTLY, SETTINGS = "oc-plotly", "oc-settings"
_SCRIPTS = ("shared.js", "fitting.js", "figures.js", "dock.js", "viewer.js")


def html(content: Content) -> str:
    """A page that shows a content.

    It opens from a file, without a network. Figures are drawn as they come into view by Plotly, which is in the page
    once; where the content has none it is left out.

    Args:
        content: See ``core.bundle.content``; its ``pictures`` are in it or, in a folder, files beside the page.
    """
    script, has_figures = _script(), bool(content["exhibits"])
    margin = _MARGIN if any(pick.get("images") for pick in content["picks"].values()) else ""
    return signed(
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{_policy(content, script)}\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f'<meta name="generator" content="Offcenter {text(content["offcenter"])}">\n'
        f'<link rel="icon" href="{MARK}">\n<title>{text(content["title"])}</title>\n'
        f"<style>\n{_own('viewer.css')}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#main">Skip to the results</a>\n'
        f'<div class="page{"" if margin else " without-margin"}">\n{markup.contents(content)}\n<main id="main">\n'
        f"{markup.head(content)}\n{results(content)}\n{markup.sections(content)}\n{foot(content)}\n"
        f'</main>\n{margin}</div>\n<div role="status" class="unseen" id="oc-status"></div>\n'
        f"{_data(SETTINGS, _settings(content))}\n{_data(ELEMENT, embedded(content))}\n"
        + (f'<script type="text/plain" id="{PLOTLY}">{_plotly()[0]}</script>\n' if has_figures else "")
        + f"<script>{script}</script>\n</body>\n</html>\n"
    )


#: Last in a page: SHA-256 of all that stands before it.
_SEAL = re.compile(r"<!-- sha256 [0-9a-f]{64} -->\n\Z")


def signed(page: str) -> str:
    """A page with its own digest at its end."""
    return f"{page}<!-- sha256 {hashlib.sha256(page.encode()).hexdigest()} -->\n"


def is_whole(page: str) -> bool:
    """Whether a page is as it was written, to its end, by its digest; whatever edition wrote it."""
    return signed(without_seal(page)) == page


def without_seal(page: str) -> str:
    """A page without the digest at its end."""
    return _SEAL.sub("", page)


#: Where the images of a point are shown; what it says before one is chosen.
_MARGIN = (
    '<aside class="dock empty" aria-label="Images behind a point"><p>Click a cell, a bar or a point of a figure: the '
    "images that it counts appear here, and each opens with what every model said of it.</p></aside>\n"
)


def _policy(content: Content, script: str) -> str:
    """The page's own rule of what may run in it and be asked for: its scripts, its pictures, nothing else."""
    scripts = [_hash_of(script), *([_plotly()[1]] if content["exhibits"] else ())]
    beside = any(not str(each).startswith("data:") for each in content.get("pictures", {}).values())
    rules = {
        "default-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "img-src": ["data:", *(["'self'", "file:"] if beside else ())],
        # Plotly writes the rules of its own style sheet as it starts.
        "style-src": ["'unsafe-inline'"],
        "script-src": [f"'sha256-{each}'" for each in scripts],
    }
    said = "; ".join(f"{kind} {' '.join(sources)}" for kind, sources in rules.items())
    return f'<meta http-equiv="Content-Security-Policy" content="{said}">'


def _settings(content: Content) -> str:
    return embedded({"colours": colours_of(content)})


def _data(element: str, json: str) -> str:
    return f'<script type="application/json" id="{element}">{json}</script>'


@cache
def _script() -> str:
    return "\n" + "\n".join(_own(name) for name in _SCRIPTS)


def _own(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


@cache
def _plotly() -> tuple[str, str]:
    """Plotly's script as the installed package has it, packed (gzip, base64), and its hash."""
    source = resources.files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    return base64.b64encode(gzip.compress(source, 9, mtime=0)).decode(), _hash_of(source.decode())


def _hash_of(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
