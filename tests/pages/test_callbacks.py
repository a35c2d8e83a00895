"""What a callback writes is drawn over the page's first elements, so none does: it keeps what it says for the page."""

import ast
import re

import pytest

from tests.conftest import REPO

#: Streamlit's functions that draw something.
WRITING = {
    *("toast", "success", "error", "warning", "info", "exception", "write", "markdown", "caption", "html", "code"),
    *("title", "header", "subheader", "text", "json", "image", "dataframe", "table", "metric", "progress", "spinner"),
    *("balloons", "snow", "status", "badge", "divider", "plotly_chart", "button", "download_button"),
}
#: Arguments that are called when somebody does something.
_CALLBACK = re.compile(r"^on_\w+$")
FILES = sorted([REPO / "app.py", *REPO.glob("pages/**/*.py")])


def functions(tree):
    """All functions of a file by name, those within functions and classes too."""
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
#: (module's own name, function) to its definition and its module's path.
KNOWN = {(path.stem, name): (path, node) for path, tree in TREES.items() for name, node in functions(tree).items()}


def handed_on(node):
    """What may be called of an argument: a function, the one in a partial, a lambda, either of two; names as such."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("partial", "functools.partial"):
        return handed_on(node.args[0])
    if isinstance(node, ast.IfExp):
        return handed_on(node.body) + handed_on(node.orelse)
    return [node] if isinstance(node, ast.Name | ast.Attribute | ast.Lambda) else []


def callbacks(tree):
    """What is given as ``on_...`` anywhere in a file, also by position to functions of the pages that take one."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            if keyword.arg and _CALLBACK.match(keyword.arg):
                found += handed_on(keyword.value)
        for at, name in enumerate(_parameters(node.func)):
            if at < len(node.args) and _CALLBACK.match(name):
                found += handed_on(node.args[at])
    return found


def _parameters(called):
    """Names of the parameters of a function of the pages."""
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        definition = KNOWN.get((called.value.id, called.attr))
        return [argument.arg for argument in definition[1].args.args] if definition else []
    return []


def definition_of(node, path):
    """The function of the pages that a name means in a file; None if it is another's."""
    if isinstance(node, ast.Name):
        return KNOWN.get((path.stem, node.id)) or _partial_of(node.id, path)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return KNOWN.get((node.value.id, node.attr))
    return None


def _partial_of(name, path):
    """The function behind a name that a file gives to a partial of it."""
    for node in ast.walk(TREES[path]) if path in TREES else ():
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name and isinstance(node.value, ast.Call):
            for each in handed_on(node.value):
                return definition_of(each, path)
    return None


def writes(node, path, seen=()):
    """Calls of a function, and of those of the pages that it calls, which draw."""
    found = []
    for inner in ast.walk(node):
        if not isinstance(inner, ast.Call):
            continue
        called = inner.func
        if isinstance(called, ast.Attribute) and ast.unparse(called.value) == "st" and called.attr in WRITING:
            found.append(f"{path.name}:{inner.lineno} st.{called.attr}")
        known = definition_of(called, path)
        if known and known[1] not in seen:
            found += writes(known[1], known[0], (*seen, known[1]))
    return found


def written_by_callbacks(tree, path):
    found = []
    for callback in callbacks(tree):
        if isinstance(callback, ast.Lambda):
            found += writes(callback.body, path)
        elif known := definition_of(callback, path):
            found += writes(known[1], known[0], (known[1],))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_callback_draws(path):
    assert not written_by_callbacks(TREES[path], path)


def test_a_callback_that_draws_is_found_through_partials_and_other_functions():
    tree = ast.parse(
        "def deep(): st.toast('x')\n"
        "def changed(a): deep()\n"
        "st.button('b', on_click=partial(changed, 1))\n"
        "st.button('b', on_click=lambda: st.error('y'))\n"
    )
    path = REPO / "pages" / "made_up.py"
    KNOWN.update({("made_up", name): (path, node) for name, node in functions(tree).items()})
    assert written_by_callbacks(tree, path) == ["made_up.py:1 st.toast", "made_up.py:4 st.error"]


def test_callbacks_of_the_pages_are_found():
    assert sum(len(callbacks(tree)) for tree in TREES.values()) > 15
    assert any("choose_direction" in ast.unparse(each) for tree in TREES.values() for each in callbacks(tree))
