"""The rules of the house, held by reading imports."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPO

#: The rooms, from the ground up: each uses itself and those before it, never one after it.
ROOMS = [
    *("errors", "types", "paths", "labels", "wording"),
    "images",
    "store",
    "metrics",
    "models",
    "zoom",
    "uncommon",
    "diorama",
    "own",
    "benchmarks",
    "evaluate",
    "answers",
    "saliency",
    "explain",
    "embedded",
    "mistakes",
    "getting",
    "jobs",
    "figures",
    "bench",
    "paper",
    "gate",
    "bundle",
    "cli",
]
#: Published paths of things that live in a room now; nothing in the project uses them.
PUBLISHED_PATHS = {"core.scenes", "core.report"}
#: The only modules that may import torch, directly or through others, when they are imported.
TORCH = {
    *(f"core.models.{name}" for name in ("building", "checkpoints", "configs", "engine", "forward", "heads")),
    *(f"core.models.{name}" for name in ("normalise", "outputs", "sources", "transforms")),
    *(f"core.models.sources.{name}" for name in ("base", "hub", "from_timm", "from_torchvision", "from_open_clip")),
    *(f"core.models.sources.{name}" for name in ("from_transformers", "from_onnx", "from_python")),
    *("core.models.huggingface.networks", "core.models.huggingface.processors"),
    *(f"core.models.zero_shot.{name}" for name in ("building", "embeddings", "head", "scores")),
    *(f"core.zoom.{name}" for name in ("memo", "tta", "wrapping")),
    *("core.bench.throughput", "core.bench.saliency"),
    *(f"core.saliency.{name}" for name in ("explain", "guided", "layers", "layout", "methods", "sanity", "tap")),
    *("core.explain.faithful", "core.explain.one_image", "core.explain.prompts", "core.explain.resident"),
    "core.mistakes.asking",
    *(f"core.diorama.{name}" for name in ("objects", "patterns", "places", "render", "scenery", "solids")),
    *(f"core.embedded.{name}" for name in ("build", "card", "patches", "pool", "populate", "refresh", "train")),
}

MODULES = sorted((REPO / "core").rglob("*.py"))


def module_name(path):
    parts = path.relative_to(REPO).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {module_name(path) for path in MODULES}
INSIDE = sorted(NAMES - {"core", "core.__main__"} - PUBLISHED_PATHS)


def imported(path):
    """Names of project modules that a file imports anywhere, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name in NAMES and name != "core"}


def room(name):
    return name.split(".")[1]


def is_within(name, places):
    return any(name == place or name.startswith(place + ".") for place in places)


def imported_at_once(path):
    """Names that a file imports when it is imported itself, whatever package they are of."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


#: Packages that import torch themselves.
_NEEDS_TORCH = {"torch", "torchvision", "timm", "pytorch_grad_cam"}
#: Packages that a user may do without, or that take long to import: imported where they are used.
_ON_DEMAND = {"open_clip", "transformers", "onnx", "onnxruntime", "ray"}
#: Packages of the project: importing a module of one imports its face.
FACES = {name for name in NAMES if any(other.startswith(name + ".") for other in NAMES)}
GRAPH = {module_name(path): imported(path) for path in MODULES}


def test_every_folder_and_file_of_core_is_a_known_room():
    assert {room(name) for name in INSIDE} == set(ROOMS)


@pytest.mark.parametrize("name", INSIDE)
def test_rooms_use_only_rooms_below(name):
    above = ROOMS[ROOMS.index(room(name)) + 1 :]
    assert not {other for other in GRAPH[name] if room(other) in above}


def test_nothing_inside_uses_the_published_paths():
    assert not {name for name in INSIDE if GRAPH[name] & PUBLISHED_PATHS}


@pytest.mark.parametrize(
    "path",
    [
        *(
            "core.models.load",
            "core.images.compose",
            "core.scenes.compose",
            "core.evaluate.evaluate",
            "core.store.read",
        ),
        *("core.metrics.accuracy_by", "core.report.build", "core.benchmarks.open_benchmark"),
        "core.saliency.explain.Explainer",
    ],
)
def test_published_paths_stay(path):
    module, _, name = path.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))


def test_modules_do_not_import_each_other_in_circles():
    # A room's own modules are reached through its face, so importing it is importing no module of it in particular.
    done, under_way = set(), []

    def visit(name):
        if name in under_way:
            raise AssertionError(" -> ".join([*under_way[under_way.index(name) :], name]))
        if name not in done:
            under_way.append(name)
            for other in sorted(GRAPH[name]):
                if not (other in FACES and room(other) == room(name)):
                    visit(other)
            under_way.pop()
            done.add(name)

    for name in GRAPH:
        visit(name)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_core_knows_nothing_of_streamlit(path):
    text = path.read_text(encoding="utf-8")
    assert "import streamlit" not in text
    assert "from streamlit" not in text


def test_only_named_modules_import_torch():
    free = [name for name in INSIDE if not is_within(name, TORCH)]
    assert "core.answers.report" in free
    assert "core.cli.main" in free
    code = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n"
    code += f"    found = {_NEEDS_TORCH | _ON_DEMAND} & sys.modules.keys()\n"
    code += "    if found: sys.exit(f'{name} imports {found}')"
    done = subprocess.run([sys.executable, "-c", code, *free], cwd=REPO, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (0, "")


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_no_module_needs_what_a_user_may_do_without(path):
    assert not {name.partition(".")[0] for name in imported_at_once(path)} & _ON_DEMAND


def test_the_torch_list_names_no_module_that_does_without():
    """A module needs torch if it, or a package or module that it imports when it is imported, does."""
    tops = {module_name(path): imported_at_once(path) for path in MODULES}
    needs = {name for name, found in tops.items() if {other.partition(".")[0] for other in found} & _NEEDS_TORCH}
    while grown := {name for name, found in tops.items() if found & needs or is_within(name, needs & FACES)} - needs:
        needs |= grown
    assert needs == {name for name in NAMES if is_within(name, TORCH)}


@pytest.mark.parametrize("path", [REPO / "app.py", *sorted((REPO / "pages").rglob("*.py"))], ids=lambda path: path.name)
def test_pages_do_not_import_torch_or_group_tables(path):
    text = Path(path).read_text(encoding="utf-8")
    assert "import torch" not in text
    assert ".groupby(" not in text
