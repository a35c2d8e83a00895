"""A model's card for the hub: its results as the hub's parsers read them, and where it breaks as text and picture.

Two formats of results: ``model-index`` in the front matter of the card, and ``.eval_results/*.yaml`` beside it, an
entry a benchmark. Accuracies in both are shares, 0..1. Names from data become one line of text each; YAML and Markdown
are escaped by whoever writes them.

Source: ``huggingface_hub.repocard_data`` (``EvalResult``) and ``huggingface_hub._eval_results`` (``EvalResultEntry``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from core import __version__, paths, store
from core.answers import questions
from core.answers.cards import card_of, unit_of
from core.answers.questions import Question
from core.errors import UsageError
from core.getting import addresses
from core.wording import clusters, code, count, escaped, interval, percent

#: Where the hub looks for results beside a card.
EVAL_RESULTS = ".eval_results"
_TASK = "image-classification"
_SUFFIX = ".md"


def card(runs: Sequence[store.Run], other: Sequence[store.Run] = ()) -> str:
    """A model's card: front matter with ``model-index``, and a section in Markdown.

    Args:
        runs: Results of one model; those that are not finished are named, and make no claim.
        other: Results of a second model, for the profile.

    Raises:
        UsageError: If the results are of several models, or none is given.
    """
    _require_one(runs)
    front = {"pipeline_tag": _TASK, "tags": [_TASK, "robustness"], "model-index": model_index(runs)}
    if not front["model-index"][0]["results"]:
        del front["model-index"]
    return f"---\n{_yaml(front)}---\n\n{_section(runs)}"


def written(runs: Sequence[store.Run], out: Path) -> list[Path]:
    """Write a model's card and what belongs beside it.

    Args:
        runs: Results of one model; a second model's are compared with them.
        out: ``FILE.md``.

    Returns:
        The files, the card first.

    Raises:
        UsageError: If the results are of more than two models, or the file's name does not end in ``.md``.
        StoreError: If a file cannot be written.
    """
    if out.suffix != _SUFFIX:
        raise UsageError(f"{out.name} is no name of a card: give a file that ends in '{_SUFFIX}', such as README.md.")
    models = list(dict.fromkeys(run.label for run in runs))
    if len(models) > 2:
        raise UsageError(f"a card is of one model, or of one beside another, not of {len(models)}: name one or two.")
    own, other = ([run for run in runs if run.label == model] for model in (*models, "", "")[:2])
    text = card(own, other)
    results = out.parent / EVAL_RESULTS / f"offcenter-{paths.slug(models[0])}.yaml"
    contents = {out: text, results: _yaml(eval_results(own))}
    for path, content in contents.items():
        paths.write_atomically(path, content)
    return list(contents)


def _require_one(runs: Sequence[store.Run]) -> None:
    models = list(dict.fromkeys(run.label for run in runs))
    if not models:
        raise UsageError("a card needs a stored result: evaluate the model first.")
    if len(models) > 1:
        raise UsageError(f"a card is of one model, not of {', '.join(models)}: name one.")


def model_index(runs: Sequence[store.Run]) -> list[dict[str, Any]]:
    """The results of one model as ``model-index`` has them; of finished ones only."""
    results = []
    for run, row in _measured(runs):
        metric = {
            "type": "accuracy",
            "value": row["value"],
            "name": "Top-1 accuracy",
            "args": {name: row[name] for name in ("low", "high", "n", "n_clusters")} | {"identity": run.identity},
            "verified": False,
        }
        dataset = {
            "name": _line(card_of(run).title),
            "type": _line(run.benchmark),
            "args": {"images": run.content[:16]},
        }
        results.append({"task": {"type": _TASK, "name": "Image Classification"}, "dataset": dataset,
                        "metrics": [metric]})  # fmt: skip
    return [{"name": _line(runs[0].label), "results": results}]


def eval_results(runs: Sequence[store.Run]) -> list[dict[str, Any]]:
    """The results of one model as ``.eval_results/*.yaml`` has them; of finished ones only.

    A benchmark whose data are on the hub has their name there as its id; another its key here, which its notes say.
    """
    known = {entry.benchmark: entry.hub for entry in reversed(addresses.known().values()) if entry.hub}
    entries = []
    for run, row in _measured(runs):
        dataset = {"id": known.get(run.benchmark, _line(run.benchmark)), "task_id": _line(run.benchmark)}
        notes = (
            f"top-1 accuracy, 95 % interval {row['low']:.4f} to {row['high']:.4f}, {_counts(run, row)}; "
            f"Offcenter {__version__}, identity {run.identity}"
        )
        if run.benchmark not in known:
            notes += "; the id is Offcenter's name of the benchmark, not a data set on the hub"
        entries.append({"dataset": dataset, "value": row["value"], "date": run.manifest.updated, "notes": notes})
    return entries


def _measured(runs: Sequence[store.Run]) -> list[tuple[store.Run, dict[str, Any]]]:
    """Finished results of images as they are, with the overall accuracy: ``value, low, high, n, n_clusters``."""
    found = []
    for run in runs:
        if run.complete and run.n_views == 1:
            row = questions.answer(run, Question()).iloc[0]
            numbers = {name: float(row[name]) for name in ("value", "low", "high")}
            if numbers["value"] == numbers["value"]:
                found.append((run, {**numbers, **{name: int(row[name]) for name in ("n", "n_clusters")}}))
    return found


def _counts(run: store.Run, row: dict[str, Any]) -> str:
    shared = f" of {clusters(row['n_clusters'], unit_of(run))}" if row["n_clusters"] < row["n"] else ""
    return count(row["n"], "image") + shared


def _section(runs: Sequence[store.Run]) -> str:
    """What the card says in Markdown."""
    lines = ["## Where it breaks", "", "| benchmark | top-1 | 95 % interval | images |", "|---|---|---|---|"]
    for run, row in _measured(runs):
        cells = (escaped(card_of(run).title), percent(row["value"]), interval(row["low"], row["high"]),
                 _counts(run, row))  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    partial = [run for run in runs if not run.complete]
    lines += [f"\nNot finished, so left out: {code(run.benchmark)} ({run.view})." for run in partial]
    return "\n".join(lines) + "\n"


def _line(words: object) -> str:
    """Words that are not ours as one line of text."""
    text = str(words).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _yaml(content: Any) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1_000_000)
