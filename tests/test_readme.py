"""What the README says of where things are is so."""

import ast
import re

import pytest

from tests.conftest import REPO
from tests.test_architecture import ROOMS

README = (REPO / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("## Where things live")[2].partition("\n## ")[0]
TASKS = dict(
    re.findall(r"^\| (an? [a-z ]+) \| (.+) \|$", SECTION, flags=re.MULTILINE),
)


def names_and_files(row):
    """Pairs of a name and the file that a row says it is in: "`A` and `B` in `file.py`"."""
    found = re.findall(r"((?:`\w+`(?: and )?)+) in `([\w/]+\.py)`", row)
    return [(name, path) for words, path in found for name in re.findall(r"`(\w+)`", words)]


NAMED = [(task, *pair) for task, row in TASKS.items() for pair in names_and_files(row)]


def test_tasks_have_their_place():
    assert len(TASKS) == 12


@pytest.mark.parametrize("task", TASKS)
def test_every_path_is_there(task):
    paths = re.findall(r"`((?:core|pages|tests)/[\w/.]*)`", TASKS[task])
    assert paths
    assert [path for path in paths if not (REPO / path).exists()] == []


@pytest.mark.parametrize(("task", "name", "path"), NAMED)
def test_every_name_is_defined_where_it_is_said_to_be(task, name, path):
    defined = set()
    for node in ast.walk(ast.parse((REPO / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            defined.add(node.id)
    assert name in defined


def test_all_rooms_are_named_in_their_order():
    folders = [room for room in reversed(ROOMS) if (REPO / "core" / room).is_dir()]
    listed = re.findall(r"`(\w+)`", SECTION.partition("uses only those below it:")[2].partition("`tests/`")[0])
    assert listed[: len(folders)] == folders
    assert set(listed[len(folders) :]) == {"types", "errors", "paths", "labels", "wording"}
    assert f"{len(folders)} rooms" in SECTION
