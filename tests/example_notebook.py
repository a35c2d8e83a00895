"""The example notebook, written and run: ``python -m tests.example_notebook``.

Its outputs hold Plotly's figures as data, which JupyterLab and VS Code draw, and a small picture of each, which any
viewer shows; Plotly's JavaScript is not inside.
"""

from __future__ import annotations

import base64
import json
import os
import re

import plotly.graph_objects as go

from tests.conftest import REPO

NOTEBOOK = REPO / "data" / "embedded" / "examples" / "where_it_breaks.ipynb"
PLOTLY, PNG = "application/vnd.plotly.v1+json", "image/png"
CELLS = [
    (
        "markdown",
        "# Where a classifier breaks, in a notebook\n\nOn the results that come with Offcenter: small networks on "
        "Diorama, a toy world in which it is known what each was shown. With results of your own, change the names: "
        "`python -m core report --help` and the dashboard list them.",
    ),
    (
        "code",
        "import sys\nfrom pathlib import Path\n\n# The project's folder, wherever in it this is opened.\n"
        "here = Path.cwd()\nroot = next(each for each in (here, *here.parents) if (each / 'core/report.py').is_file())"
        "\nsys.path.insert(0, str(root))\n\nimport core\nimport core.figures\nimport core.report",
    ),
    ("markdown", "A stored result by model and benchmark, and its report: a dict of numbers that shows itself."),
    ("code", 'run = core.run("test_vit.diorama", "diorama/location")\nreport = core.report.build(run)\nreport'),
    ("code", 'report.table("by_class").sort_values("top1").round(3).head(3)'),
    ("markdown", "The pages' figures are Plotly figures, on white, with the identity of the result."),
    ("code", 'core.figures.show(run, "by_location")'),
    ("markdown", "The images behind a number: a value, a range as `(low, high)` or several values of any factor."),
    ("code", 'top = core.gallery(run, where={"y": (0, 0.1), "class": ["deer", "plane"]}, n=10, shown="wrong")\ntop'),
    ("code", 'top.table["predicted"].value_counts().head(3)'),
    ("markdown", "Two models on the same images: the difference is that of the second less the first, paired."),
    (
        "code",
        'other = core.run("test_efficientnet_gn.diorama", "diorama/location")\n'
        'core.figures.show([run, other], "difference_location")',
    ),
    (
        "markdown",
        "For a paper: `python -m core figures --model test_vit.diorama --benchmark diorama/location --out figures` "
        "writes all figures as PDF, with captions.",
    ),
]


def execute():
    """The notebook, run in a kernel of its own from the project's folder."""
    import nbformat
    from nbclient import NotebookClient

    make = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    notebook = nbformat.v4.new_notebook()
    for number, (kind, source) in enumerate(CELLS):
        notebook.cells.append(make[kind](source, id=f"cell-{number:02}"))
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    environment = {**os.environ, "PLOTLY_RENDERER": "plotly_mimetype"}
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(REPO)}}, record_timing=False)
    client.execute(env=environment)
    notebook.metadata.pop("language_info", None)
    return notebook


def with_pictures(notebook):
    """A small picture of each figure beside its data; returns the notebook."""
    from core.figures.paper import for_paper
    from core.paper.drawing import drawn

    bundles = [each["data"] for each in outputs_of(notebook) if PLOTLY in each.get("data", {})]
    figures = [go.Figure({name: each[PLOTLY][name] for name in ("data", "layout")}) for each in bundles]
    # The caption is in the layout's note already, and would be written twice.
    pictures = drawn([for_paper(each.update_layout(annotations=[])) for each in figures], "png")
    for bundle, picture in zip(bundles, pictures, strict=True):
        bundle[PNG] = base64.b64encode(picture).decode()
    return notebook


def outputs_of(notebook):
    """All outputs of a notebook, in order."""
    return [output for cell in notebook["cells"] for output in cell.get("outputs", ())]


def numbers_of(notebook):
    """What a notebook shows, without pictures: texts and HTML as they are, and the values of figures."""
    found = []
    for output in outputs_of(notebook):
        data = output.get("data", {})
        if PLOTLY in data:
            found.append([{name: trace.get(name) for name in ("x", "y", "z")} for trace in data[PLOTLY]["data"]])
        elif "text/html" in data:
            found.append(re.sub(r"data:image/jpeg;base64,[\w+/=]*", "", "".join(data["text/html"])))
        else:
            found.append("".join(data.get("text/plain", output.get("text", ""))))
    return found


if __name__ == "__main__":
    NOTEBOOK.parent.mkdir(parents=True, exist_ok=True)
    NOTEBOOK.write_text(json.dumps(with_pictures(execute()), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(NOTEBOOK, NOTEBOOK.stat().st_size)
