"""A model's card for the hub: its results as the hub's parsers read them, and where it breaks as text and picture.

Two formats of results: ``model-index`` in the front matter of the card, and ``.eval_results/*.yaml`` beside it, an
entry a benchmark. Accuracies in both are shares, 0..1. What a card says is in ``core.paper.card_text``.

Source: ``huggingface_hub.repocard_data`` (``EvalResult``) and ``huggingface_hub._eval_results`` (``EvalResultEntry``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from core import paths, store
from core.answers import questions
from core.answers.cards import card_of
from core.answers.profile import profile
from core.answers.questions import Question
from core.errors import UsageError
from core.figures.profile_svg import profile_svg
from core.figures.style import colour_of
from core.getting import addresses
from core.paper import card_text
from core.paper.card_text import Measured
from core.wording import one_line

#: Where the hub looks for results beside a card.
EVAL_RESULTS = ".eval_results"
_TASK = "image-classification"
_SUFFIX, _PICTURE = ".md", ".svg"
#: What is in each file that is written here, so that no other one is written over.
_MARK = "Written by Offcenter"
#: Bytes in which it stands.
_HEAD = 1 << 16


def card(runs: Sequence[store.Run], other: Sequence[store.Run] = (), *, picture: str = "") -> str:
    """A model's card: front matter with ``model-index``, and a section in Markdown with the profile.

    Args:
        runs: Results of one model, on any benchmarks and views; those that are not finished make no claim, and are
            named.
        other: Results of a second model, which the profile compares.
        picture: Name of the picture's file; none by default.

    Raises:
        UsageError: If results are of several models, or none is given.
    """
    _require_one(runs)
    front: dict[str, Any] = {"pipeline_tag": _TASK, "tags": [_TASK, "robustness"]}
    index = model_index(runs)
    if index[0]["results"]:
        front["model-index"] = index
    text = card_text.section(runs, _measured(runs), profile(runs, other=other), picture, other)
    return f"---\n{_yaml(front)}---\n\n<!-- {_MARK}: this file is replaced when it is written again. -->\n\n{text}"


def written(runs: Sequence[store.Run], out: Path) -> list[Path]:
    """Write a model's card, its picture and its ``.eval_results`` beside it.

    To the results that are given come those of the same weights on the same images under other views: cues and zoom.

    Args:
        runs: Results of one model; a second model's are compared with them.
        out: ``FILE.md``; a card that was written here before is replaced, any other file is left.

    Returns:
        The files, the card first.

    Raises:
        UsageError: If the results are of more than two models, the file's name does not end in ``.md``, or a file of
            somebody else's would be replaced.
        StoreError: If a file cannot be written.
    """
    if out.suffix.lower() != _SUFFIX:
        raise UsageError(f"{out.name} is no name of a card: give a file that ends in '{_SUFFIX}', such as README.md.")
    models = list(dict.fromkeys(run.label for run in runs))
    if len(models) > 2:
        raise UsageError(f"a card is of one model, or of one beside another, not of {len(models)}: name one or two.")
    _require_one([run for run in runs if run.label in models[:1]])
    picture = out.with_suffix(_PICTURE)
    results = out.parent / EVAL_RESULTS / f"offcenter-{paths.slug(models[0])}.yaml"
    for path in (out, picture, results):
        _require_ours(path)
    own, other = (_with_views([run for run in runs if run.label == model]) for model in (*models, "")[:2])
    lines = profile(own, other=other)
    contents: dict[Path, str] = {}
    if entries := eval_results(own):
        contents[results] = f"# {_MARK}\n{_yaml(entries)}"
    if any(line.is_known for line in lines):
        contents[picture] = f"{profile_svg(lines, colour_of(models, models))}<!-- {_MARK} -->\n"
    # The card last: what it names is there before it is.
    contents[out] = card(own, other, picture=picture.name if picture in contents else "")
    for path, content in contents.items():
        paths.write_atomically(path, content)
    return list(contents)[::-1]


def _require_one(runs: Sequence[store.Run]) -> None:
    models = list(dict.fromkeys(run.label for run in runs))
    if not models:
        raise UsageError("a card needs a stored result: evaluate the model first.")
    if len(models) > 1:
        raise UsageError(f"a card is of one model, not of {', '.join(models)}: name one.")


def _require_ours(path: Path) -> None:
    """Refuse to replace what was not written here, such as a card that somebody wrote by hand."""
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            is_ours = _MARK.encode() in file.read(_HEAD) or path.stat().st_size == 0
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): give another file.") from error
    if not is_ours:
        raise UsageError(
            f"{path} is there and was not written by this command: give another name, and copy from the new card what "
            "you want; or move the file away."
        )


def _with_views(runs: Sequence[store.Run]) -> list[store.Run]:
    """Results, and what is stored of the same weights on the same images under other views."""
    found = {(run.benchmark, run.view, run.identity): run for run in runs}
    for run in runs:
        for each in store.list_runs(run.benchmark):
            same = (each.fingerprint, each.content, each.precision) == (run.fingerprint, run.content, run.precision)
            if same and each.n_views > 1 and each.preprocessing == run.preprocessing:
                found.setdefault((each.benchmark, each.view, each.identity), replace(each, alias=run.label))
    return list(found.values())


def model_index(runs: Sequence[store.Run]) -> list[dict[str, Any]]:
    """The results of one model as ``model-index`` has them; of finished ones, one a benchmark."""
    results = []
    for each in _measured(runs):
        args = {"low": each.low, "high": each.high, "n": each.n, "n_clusters": each.n_clusters}
        metric = {
            "type": "accuracy",
            "value": each.value,
            "name": "Top-1 accuracy",
            "args": {**args, "identity": each.run.identity},
            "verified": False,
        }
        dataset = {"name": one_line(card_of(each.run).title), "type": one_line(each.run.benchmark)}
        dataset["args"] = {"images": each.run.content[:16]}
        task = {"type": _TASK, "name": "Image Classification"}
        results.append({"task": task, "dataset": dataset, "metrics": [metric]})
    return [{"name": one_line(runs[0].label), "results": results}]


def eval_results(runs: Sequence[store.Run]) -> list[dict[str, Any]]:
    """The results of one model as ``.eval_results/*.yaml`` has them; of finished ones, one a benchmark.

    A benchmark whose data are on the hub has their name there as its id; another its key here, which its notes say.
    """
    known = {entry.benchmark: entry.hub for entry in reversed(addresses.known().values()) if entry.hub}
    entries = []
    for each in _measured(runs):
        key = one_line(each.run.benchmark)
        notes = (
            f"top-1 accuracy, 95 % interval {each.low:.4f} to {each.high:.4f}, {each.counts}; measured with Offcenter, "
            f"identity {each.run.identity}"
        )
        if each.run.benchmark not in known:
            notes += "; the id is Offcenter's name of the benchmark, not a data set on the hub"
        dataset = {"id": known.get(each.run.benchmark, key), "task_id": key}
        entries.append({"dataset": dataset, "value": each.value, "date": each.run.manifest.updated, "notes": notes})
    return entries


def _measured(runs: Sequence[store.Run]) -> list[Measured]:
    """Overall top-1 of finished results of images as they are; of several on a benchmark, of the newest."""
    newest: dict[str, store.Run] = {}
    for run in sorted(runs, key=lambda run: run.manifest.updated):
        if run.complete and run.view == "clean":
            newest[run.benchmark] = run
    found = []
    for run in (newest[key] for key in sorted(newest)):
        row = questions.answer(run, Question()).iloc[0]
        numbers = (float(row[name]) for name in ("value", "low", "high"))
        each = Measured(run, *numbers, int(row["n"]), int(row["n_clusters"]))
        if each.n:
            found.append(each)
    return found


def _yaml(content: Any) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1_000_000)
