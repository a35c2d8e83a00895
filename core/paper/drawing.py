"""Figures drawn as SVG, PDF or PNG by the Chromium that is on this machine; nothing is downloaded, no page is served.

Kaleido has Plotly draw in a browser without a window. Its sandbox is on unless root starts it, who cannot have one;
where the system has none for a user either, it is started without: it shows nothing but our own figures.
"""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import os
import re
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from core.errors import UsageError
from core.figures.paper import SCALE, size_in
from core.images.opening import open_image
from core.types import Progress, ProgressCallback

if TYPE_CHECKING:
    import kaleido
    import plotly.graph_objects as go

Format = Literal["svg", "pdf", "png"]
FORMATS: tuple[Format, ...] = get_args(Format)
#: Of a PNG, and of CSS.
DPI, _CSS_DPI = 300, 96
#: Starting a browser takes a second or two; on a machine that is busy, more.
_START_S, _DRAW_S = 90, 120
_SIDES = re.compile(rb'(<svg\b[^>]*?) width="[^"]*" height="[^"]*"')
#: A page of the size of a drawing, in inches.
_PRINTED = (
    '<!doctype html><html><head><meta charset="utf-8"><style>@page {{size: {0}in {1}in; margin: 0}}'
    "html, body {{margin: 0; padding: 0}} svg {{display: block; break-inside: avoid}}</style></head>"
    "<body>{2}</body></html>"
)


def require() -> Path:
    """The browser that draws; asked before any work is done.

    Raises:
        UsageError: If kaleido is not installed, or no browser is found; says what to do.
    """
    try:
        import kaleido
        from choreographer.browsers import Chromium
    except ImportError as error:
        raise UsageError(
            f"figures as files need the package kaleido, which is not installed ({error}): pip install kaleido"
        ) from error
    if not hasattr(kaleido, "Kaleido"):
        raise UsageError("figures as files need kaleido 1 or newer: pip install --upgrade kaleido")
    named = os.environ.get("BROWSER_PATH", "")
    if named and not (Path(named).is_file() and os.access(named, os.X_OK)):
        raise UsageError(
            f"BROWSER_PATH is '{named}', which is no program: set it to Chromium's or Chrome's, or unset it."
        )
    found = named or Chromium.find_browser(skip_local=False)
    if not found:
        raise UsageError(
            "figures as files are drawn by Chromium or Chrome, and none is found on this machine: install one (such as "
            "with apt-get install chromium), or set BROWSER_PATH to its program. The Save menu of the pages needs none."
        )
    return Path(found)


def drawn(
    figures: Sequence[go.Figure], kind: Format | Sequence[Format], progress: ProgressCallback | None = None
) -> list[bytes]:
    """The files of some figures.

    Args:
        figures: As ``core.figures.paper.for_paper`` lays them out.
        kind: Of all, or of each. A PNG has 300 dots an inch, and says so; a PDF has its fonts inside.
        progress: Called after each.

    Raises:
        UsageError: See ``require``; also if the browser does not start, or stops.
    """
    browser = require()
    if not figures:
        return []
    kinds = [kind] * len(figures) if isinstance(kind, str) else list(kind)
    _quiet()
    is_root = os.geteuid() == 0
    try:
        return _run(lambda: _drawn(figures, kinds, browser, not is_root, progress))
    except _NotStartedError as error:
        if is_root:
            raise UsageError(_did_not_start(browser, error)) from error
    try:
        return _run(lambda: _drawn(figures, kinds, browser, False, progress))
    except _NotStartedError as error:
        raise UsageError(_did_not_start(browser, error)) from error


class _NotStartedError(Exception):
    """A browser that does not come up."""


def _did_not_start(browser: Path, error: Exception) -> str:
    return (
        f"{browser} did not start ({error}): set BROWSER_PATH to the program of another Chromium or Chrome, or start "
        "it once by hand to see what it lacks."
    )


def _quiet() -> None:
    """What the browser logs about itself, and kaleido about it, is nobody's matter."""
    for name in ("kaleido", "choreographer", "browser_proc"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _run(make: Callable[[], Coroutine[Any, Any, list[bytes]]]) -> list[bytes]:
    """Run to its end; in a thread where a notebook's loop runs in this one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(make())
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(make())).result()


async def _drawn(
    figures: Sequence[go.Figure],
    kinds: Sequence[Format],
    browser: Path,
    sandbox: bool,
    progress: ProgressCallback | None,
) -> list[bytes]:
    import kaleido

    try:
        # Without MathJax, which would come from the network.
        running = kaleido.Kaleido(mathjax=False, path=str(browser), enable_sandbox=sandbox, timeout=_DRAW_S)
        await asyncio.wait_for(running.open(), _START_S)
    except Exception as error:
        raise _NotStartedError(f"{type(error).__name__}: {_first_line(error)}") from error
    found = []
    try:
        for figure, kind in zip(figures, kinds, strict=True):
            found.append(await _one(running, figure, kind))
            if progress is not None:
                progress(Progress(len(found), len(figures), stage="drawing"))
    except Exception as error:
        title = _first_line(figures[len(found)].layout.title.text or "a figure")
        raise UsageError(
            f"the browser could not draw '{title}' ({type(error).__name__}: {_first_line(error)}): give the command "
            "again, or another browser with BROWSER_PATH."
        ) from error
    finally:
        await running.close()
    return found


async def _one(running: kaleido.Kaleido, figure: go.Figure, kind: Format) -> bytes:
    sides = {"width": figure.layout.width, "height": figure.layout.height}
    if kind == "png":
        encoded = await running.calc_fig(figure, {"format": "png", "scale": SCALE * DPI / _CSS_DPI, **sides})
        return _with_dots(encoded)
    svg = _in_inches(await running.calc_fig(figure, {"format": "svg", **sides}), *size_in(figure))
    return svg if kind == "svg" else await _printed(running, svg, *size_in(figure))


def _in_inches(svg: bytes, width: float, height: float) -> bytes:
    """A drawing at its size in print, whatever a pixel is to the program that opens it."""
    sides = f'\\1 width="{width:.4f}in" height="{height:.4f}in"'
    return _SIDES.sub(sides.encode(), svg, count=1)


async def _printed(running: kaleido.Kaleido, svg: bytes, width: float, height: float) -> bytes:
    """A drawing as a page of its size; kaleido's own has a margin, for which it shrinks the drawing."""
    tab = await running.create_tab("about:blank")
    try:
        page = _PRINTED.format(f"{width:.4f}", f"{height:.4f}", svg.decode())
        frame = (await tab.send_command("Page.getFrameTree"))["result"]["frameTree"]["frame"]["id"]
        await tab.send_command("Page.setDocumentContent", {"frameId": frame, "html": page})
        # Of a drawing that is a hair's breadth higher than its page, the rest is not another page.
        asked = {"preferCSSPageSize": True, "printBackground": True, "pageRanges": "1"}
        sides = dict.fromkeys(("marginTop", "marginBottom", "marginLeft", "marginRight"), 0)
        answer = await asyncio.wait_for(tab.send_command("Page.printToPDF", asked | sides), _DRAW_S)
        if "result" not in answer:
            raise RuntimeError(str(answer.get("error", answer)))
        return base64.b64decode(answer["result"]["data"])
    finally:
        await tab.close()


def _with_dots(encoded: bytes) -> bytes:
    """A PNG that says how many dots an inch it has, and so its size in print."""
    stream = io.BytesIO()
    open_image(io.BytesIO(encoded), "the drawn figure").convert("RGB").save(
        stream, "PNG", dpi=(DPI, DPI), optimize=True
    )
    return stream.getvalue()


def _first_line(said: object) -> str:
    """What an error says first; those of browsers say it in several parts."""
    parts = said.args[0] if isinstance(said, Exception) and said.args else said
    first = parts[0] if isinstance(parts, tuple) and parts else parts
    return (str(first).strip().splitlines() or [""])[0][:200].rstrip(".")
