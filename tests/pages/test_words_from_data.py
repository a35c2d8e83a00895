"""Names, files and links are anybody's: on no page does what they say become markup, or reach another host."""

import ast
import os
from urllib.parse import quote

import pytest
from PIL import Image

from core import paths
from core.benchmarks import open_benchmark
from core.evaluate.loop import evaluate
from core.wording import code, escaped, plain
from tests.browser import PATIENCE_MS, app_server, chromium
from tests.conftest import GREEN_WNID, REPO
from tests.synthetic_store import make

EVIL = "evil.invalid"
#: Markdown's image, a link, HTML, emphasis, Streamlit's colours, a formula, and an address that links itself.
HOSTILE = (
    f"x![i](http://{EVIL}/i.png)[l](http://{EVIL})<img src=http://{EVIL}/h.png>**BOLD**:red[RED]$x^2$ http://{EVIL}"
)
#: The same as far as a file's name can say it.
FILE = f"![i](http:{EVIL})<b>BOLD<b>**BOLD**:red[RED]`c`.png"


@pytest.mark.parametrize(
    "words",
    [
        HOSTILE,
        FILE,
        "- item",
        "1. item",
        "# head",
        "a\n\n# head",
        "> quote",
        "| a |\n|---|",
        "a ``` b",
        "a--b",
        "\\",
        "",
        " ",
    ],
)
def test_escaped_words_hold_one_line_and_every_sign(words):
    assert "\n" not in escaped(words) + code(words) + plain(words)
    shown = escaped(words).replace("\\\\", "\0").replace("\\", "").replace("\0", "\\").replace("\u2060", "")
    assert shown.split() == words.split()
    assert code(words).strip("`").split() == words.strip("`").split()


def test_bytes_that_are_no_text_are_shown_escaped():
    assert code(os.fsdecode(b"a\xff.png")) == r"`a\xff.png`"


#: Streamlit's functions that take Markdown, with what else they take it as.
_MARKDOWN = {
    *("markdown", "caption", "error", "warning", "info", "success", "write", "title", "header", "subheader", "toast"),
    *("button", "form_submit_button", "toggle", "checkbox", "expander", "popover", "badge", "metric", "page_link"),
}
#: What may stand in their texts: functions whose result is safe, and names of texts of our own.
_SAFE_CALLS = {"escaped", "code", "count", "percent", "interval", "points", "duration", "len", "join", "how_far"}
_SAFE_NAMES = {
    *("finding", "LEAD", "more", "said", "gone", "state", "unit", "stopped", "where", "which", "how", "mark", "title"),
    *("taken_for", "as_it_is", "active", "drawn", "size", "label", "n", "why", "what", "first", "independent"),
    *("hint", "page", "severity", "problems", "parts", "key", "lines", "question", "yes"),
}


def _unsafe(node, words=None):
    """What in a text is neither a constant, a number nor escaped; ``words``: what each name around it is set to."""
    if isinstance(node, ast.JoinedStr):
        return [bad for value in node.values for bad in _unsafe(value, words)]
    if isinstance(node, ast.FormattedValue):
        return [] if node.format_spec is not None else _unsafe(node.value, words)
    if isinstance(node, ast.BinOp):
        return _unsafe(node.left, words) + _unsafe(node.right, words)
    if isinstance(node, ast.IfExp):
        return _unsafe(node.body, words) + _unsafe(node.orelse, words)
    if isinstance(node, ast.BoolOp):
        return [bad for value in node.values for bad in _unsafe(value, words)]
    if isinstance(node, ast.Constant):
        return []
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return (
            [] if called in _SAFE_CALLS | {"sentence", "removesuffix", "_in_words", "_summary"} else [ast.unparse(node)]
        )
    if isinstance(node, ast.Name):
        # Constants of a module are texts of our own.
        if node.id in _SAFE_NAMES or node.id.strip("_").isupper():
            return []
        told = (words or {}).get(node.id, [])
        # A text that is set beside where it is shown is as safe as what it is set to.
        return [node.id] if not told or any(_unsafe(each) for each in told) else []
    if isinstance(node, ast.Attribute) and node.attr.isupper():
        return []
    if isinstance(node, ast.Subscript):
        return _unsafe(node.value, words)
    return [ast.unparse(node)]


def _set_in(scope):
    """What each name is set to by itself within a function; a name that is set in another way too is not known."""
    told = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            told.setdefault(node.targets[0].id, []).append(node.value)
    simple = {id(each.targets[0]) for each in ast.walk(scope) if isinstance(each, ast.Assign)}
    stored = (each for each in ast.walk(scope) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store))
    others = {each.id for each in stored if id(each) not in simple} | {
        each.arg for each in ast.walk(scope) if isinstance(each, ast.arg)
    }
    return {name: values for name, values in told.items() if name not in others}


@pytest.mark.parametrize("path", sorted([REPO / "app.py", *REPO.glob("pages/**/*.py")]), ids=lambda path: path.stem)
def test_texts_of_pages_are_escaped_where_they_are_shown(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    within = {id(node): tree for node in ast.walk(tree)}
    for function in (each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)):
        within |= {id(node): function for node in ast.walk(function)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MARKDOWN:
            shown = [*node.args[:1], *(each.value for each in node.keywords if each.arg in ("text", "help", "label"))]
            words = _set_in(within[id(node)])
            found += [f"line {node.lineno}: {bad}" for each in shown for bad in _unsafe(each, words)]
    assert not found


@pytest.fixture
def hostile(tmp_path, colour_folder, toy_model):
    """Results of a model, and images, with such names."""
    Image.new("RGB", (32, 32), (200, 10, 10)).save(colour_folder / GREEN_WNID / FILE)
    toy_model.name = HOSTILE
    evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    make({"location": 441 * 9, "size": 900}, (HOSTILE,))
    paths.remember_data("imagenet", colour_folder)
    return f"{GREEN_WNID}/{FILE}"


@pytest.mark.slow
def test_no_page_asks_another_host_or_shows_markup_of_data(hostile):
    at = f"models={quote(HOSTILE)}"
    image = quote(f"imagenet:{hostile}")
    links = [
        f"?{at}",
        f"overview?{at}&image={image}",
        f"overview?{at}&image={quote('imagenet:' + HOSTILE)}",
        f"overview?image={quote(HOSTILE + ':' + HOSTILE)}",
        f"size_location_rotation?{at}&benchmark=si-score&cell={quote(f'si-score/size;class={HOSTILE}')}",
        f"mistakes?{at}&benchmark=imagenet&image={image}&cam=true&repair=true",
        f"uncommon_settings?{at}&cell={quote(HOSTILE)}",
        f"cues?{at}&cell={quote(HOSTILE)}&margin={quote(HOSTILE)}",
        f"zoom?{at}&benchmark=imagenet&image={image}&drawer=zoom&zoom_size={quote(HOSTILE)}&zoom_at={quote(HOSTILE)}",
        f"runs?job={quote(HOSTILE)}&model={quote(HOSTILE)}&data={quote(HOSTILE)}",
    ]
    environment = {"OFFCENTER_DATA": str(paths.data_home())}
    with app_server(environment) as url, chromium() as browser:
        for link in links:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            asked = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(f"{url}/{link}")
            page.get_by_test_id("stSidebar").get_by_text("Offcenter", exact=True).first.wait_for(timeout=PATIENCE_MS)
            page.get_by_test_id("stApp").and_(page.locator("[data-test-script-state=notRunning]")).wait_for(
                timeout=PATIENCE_MS
            )
            page.wait_for_timeout(500)
            outside = [
                one for one in asked if not one.startswith((url, url.replace("http", "ws", 1), "data:", "blob:"))
            ]
            assert not outside, link
            markup = page.evaluate(
                """evil => [...document.querySelectorAll('img, a, strong, b, span, svg a')].filter(each =>
                    (each.getAttribute('src') || each.getAttribute('href') || each.getAttribute('xlink:href') || '')
                        .match(`^[a-z]*:?/*${evil}`)
                    || ((each.matches('strong, b') || each.style.color) && ['BOLD', 'RED'].includes(each.textContent)))
                    .map(each => each.outerHTML.slice(0, 200))""",
                EVIL,
            )
            assert not markup, link
            assert not page.get_by_test_id("stException").count(), link
            page.close()
