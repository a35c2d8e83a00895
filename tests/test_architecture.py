"""The rules of the house, held by reading imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPO

#: Lower layers know nothing of higher ones; modules of one layer may use each other, without cycles.
LAYERS = [
    {"core", "core.types", "core.errors", "core.paths", "core.store.parts"},
    {
        "core.labels",
        "core.images.compositing",
        "core.images.views",
        "core.metrics.intervals",
        "core.metrics",
        "core.uncommon",
        "core.metrics.bootstrap",
    },
    {"core.diorama", "core.mistakes", "core.explain.probe_fit"},
    {
        "core.models",
        "core.benchmarks",
        "core.images.preprocess",
        "core.models.forward",
        "core.models.engine",
        "core.benchmarks.generate",
    },
    {"core.embedded.build", "core.embedded.patches", "core.embedded.pool", "core.embedded.train"},
    {"core.evaluate", "core.store", "core.evaluate.features", "core.explain.probes"},
    {"core.answers.catalogue", "core.answers.joined", "core.images.drawing", "core.wording", "core.evaluate.imports"},
    {"core.mistakes.table", "core.mistakes.summary", "core.mistakes.reviews", "core.mistakes.agreement"},
    {"core.answers.questions"},
    {"core.mistakes.counterfactual", "core.mistakes.diagnosis"},
    {"core.answers.compare", "core.answers.sentences", "core.answers.marks", "core.uncommon.stored"},
    {"core.saliency"},
    {"core.explain.failures", "core.explain.strip"},
    {"core.figures", "core.answers.report", "core.bench", "core.bench.saliency", "core.explain.resident"},
    {"core.explain.one_image", "core.jobs.files", "core.jobs.cost", "core.mistakes.asking"},
    {"core.jobs"},
    {"core.jobs.worker"},
    {"core.embedded.card", "core.embedded.refresh"},
    {"core.cli.terminal", "core.cli.options"},
    {"core.cli", "core.cli.jobs", "core.cli.mistakes", "core.cli.uncommon", "core.cli.diorama", "core.__main__"},
]
TORCH_FREE = ["labels", "metrics", "stats", "store", "report", "benchmarks", "scenes", "generate", "cli", "settings"]
TORCH_FREE += ["saliency", "saliency.maps", "saliency.alignment", "diorama.scene", "diorama.cli", "diorama.depth"]
TORCH_FREE += ["jobs", "job_files", "cost", "worker", "cli_jobs"]
TORCH_FREE += ["settings.stored", "probe", "probes", "features", "figures.settings", "failures", "strip"]
TORCH_FREE += ["mistakes.imported", "mistakes.published", "mistakes.relations", "mistakes.files"]
TORCH_FREE += ["mistakes.reassessed"]
TORCH_FREE += ["mistakes.table", "mistakes.summary", "mistakes.reviews", "mistakes.agreement", "mistakes.diagnosis"]
TORCH_FREE += ["aggregates", "catalogue", "compare", "findings", "preview", "scored", "resampling", "wording"]
TORCH_FREE += ["published", "figures.bars", "figures.curve", "figures.heatmap", "figures.location", "figures.mini"]
TORCH_FREE += ["figures.polar", "figures.style"]

MODULES = sorted((REPO / "core").rglob("*.py"))


def module_name(path):
    parts = path.relative_to(REPO).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path):
    """Names of project modules that a file imports anywhere, outside TYPE_CHECKING blocks."""
    known = {module_name(other) for other in MODULES}
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name in known and name != "core"}


def layer(name):
    """Number of the layer of the longest member that is the module or a package around it."""
    around = {
        member: number
        for number, names in enumerate(LAYERS)
        for member in names
        if name == member or (member != "core" and name.startswith(member + "."))
    }
    if not around:
        raise AssertionError(f"{name} belongs to no layer: add it to LAYERS")
    return around[max(around, key=len)]


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_point_down(path):
    name = module_name(path)
    assert not {other for other in imported(path) if layer(other) > layer(name)}


def test_there_are_no_cycles():
    graph = {module_name(path): imported(path) for path in MODULES}
    done, under_way = set(), []

    def visit(name):
        if name in under_way:
            raise AssertionError(" -> ".join([*under_way[under_way.index(name) :], name]))
        if name not in done:
            under_way.append(name)
            for other in sorted(graph[name]):
                visit(other)
            under_way.pop()
            done.add(name)

    for name in graph:
        visit(name)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_core_knows_nothing_of_streamlit(path):
    text = path.read_text(encoding="utf-8")
    assert "import streamlit" not in text
    assert "from streamlit" not in text


def test_reading_stored_results_never_imports_torch():
    code = f"import sys, {', '.join('core.' + name for name in TORCH_FREE)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPO, check=False).returncode == 0


@pytest.mark.parametrize("path", [REPO / "app.py", *sorted((REPO / "pages").rglob("*.py"))], ids=lambda path: path.name)
def test_pages_do_not_import_torch_or_group_tables(path):
    text = Path(path).read_text(encoding="utf-8")
    assert "import torch" not in text
    assert ".groupby(" not in text
