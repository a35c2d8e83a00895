"""The rules of the house, held by reading imports."""

import ast
import functools
import importlib
import subprocess
import sys

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


@functools.cache
def texts():
    """What is in each module."""
    return {module_name(path): path.read_text(encoding="utf-8") for path in MODULES}


@functools.cache
def trees():
    return {name: ast.parse(text) for name, text in texts().items()}


@functools.cache
def graph():
    """By module, the modules of the project that it imports anywhere."""
    return {name: imported(statements(tree)) & NAMES - {"core"} for name, tree in trees().items()}


@functools.cache
def at_once():
    """By module, the names that it imports when it is imported itself, whatever package they are of."""
    return {name: imported(tree.body) for name, tree in trees().items()}


def imported(nodes):
    """Names that statements import, whatever package they are of."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def statements(tree):
    """All statements of a file, also inside functions; expressions hold none."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, field, None)
            if isinstance(inner, list):
                yield from inner
                waiting += inner


def packages(names):
    return {name.partition(".")[0] for name in names}


def room(name):
    return name.split(".")[1]


def is_within(name, places):
    return any(name == place or name.startswith(place + ".") for place in places)


#: Packages that import torch themselves.
_NEEDS_TORCH = {"torch", "torchvision", "timm", "pytorch_grad_cam"}
#: Packages that a user may do without, or that take long to import: imported where they are used.
_ON_DEMAND = {"open_clip", "transformers", "onnx", "onnxruntime", "ray", "kaleido", "choreographer"}
#: Packages of the project: importing a module of one imports its face.
FACES = {name for name in NAMES if any(other.startswith(name + ".") for other in NAMES)}


def test_every_folder_and_file_of_core_is_a_known_room():
    assert {room(name) for name in INSIDE} == set(ROOMS)


def test_rooms_use_only_rooms_below():
    floor = {name: number for number, name in enumerate(ROOMS)}
    assert not [(name, other) for name in INSIDE for other in graph()[name] if floor[room(other)] > floor[room(name)]]


def test_nothing_inside_uses_the_published_paths():
    assert not {name for name in INSIDE if graph()[name] & PUBLISHED_PATHS}


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
            for other in sorted(graph()[name]):
                if not (other in FACES and room(other) == room(name)):
                    visit(other)
            under_way.pop()
            done.add(name)

    # The package itself is in no room: it hands on to what is in one.
    for name in graph().keys() - {"core"}:
        visit(name)


def test_core_knows_nothing_of_streamlit():
    assert not [name for name, text in texts().items() if "import streamlit" in text or "from streamlit" in text]


def test_only_named_modules_import_torch():
    free = [name for name in INSIDE if not is_within(name, TORCH)]
    assert "core.answers.report" in free
    assert "core.cli.main" in free
    code = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n"
    code += f"    found = {_NEEDS_TORCH | _ON_DEMAND} & sys.modules.keys()\n"
    code += "    if found: sys.exit(f'{name} imports {found}')"
    done = subprocess.run([sys.executable, "-c", code, *free], cwd=REPO, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_no_module_needs_what_a_user_may_do_without():
    assert not [(name, tops) for name, found in at_once().items() if (tops := packages(found) & _ON_DEMAND)]


def test_the_torch_list_names_no_module_that_does_without():
    """A module needs torch if it, or a package or module that it imports when it is imported, does."""
    tops = at_once()
    needs = {name for name, found in tops.items() if packages(found) & _NEEDS_TORCH}
    while grown := {name for name, found in tops.items() if found & needs or is_within(name, needs & FACES)} - needs:
        needs |= grown
    assert needs == {name for name in NAMES if is_within(name, TORCH)}


def test_pages_do_not_import_torch_or_group_tables():
    paths = [REPO / "app.py", *(REPO / "pages").rglob("*.py")]
    said = {path.relative_to(REPO): path.read_text(encoding="utf-8") for path in paths}
    assert not [path for path, text in said.items() if "import torch" in text or ".groupby(" in text]
