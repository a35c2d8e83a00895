"""Which results there are, found by benchmark and model; those that cannot be read are named and hide nothing."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from core import paths
from core.errors import StoreError, UsageError, nearest
from core.images.views import CLEAN
from core.store import naming
from core.store.manifest import MANIFEST
from core.store.places import roots
from core.store.runs import REPLACED, Run, runs_in


@dataclass(frozen=True)
class Listing:
    """What is stored.

    Attributes:
        runs: Those with a manifest that can be read, newest first.
        problems: What is wrong with the others, by the folder.
    """

    runs: list[Run]
    problems: dict[Path, str]


def list_all() -> Listing:
    """Everything that is stored; a damaged manifest does not hide the others."""
    runs: dict[tuple[str, str, str], Run] = {}
    problems: dict[Path, str] = {}
    for path, has_manifest in _folders():
        again = "the same evaluate command writes it again."
        if not has_manifest:
            problems[path] = f"{path} has predictions, but its {MANIFEST} is gone: {again}"
            continue
        try:
            found = runs_in(path)
        except StoreError as error:
            problems[path] = str(error)
            continue
        for run in found:
            if run.manifest.identity == path.name:
                # A folder and its copy under another name are one identity, and two entries.
                runs.setdefault((run.benchmark, run.model, run.identity), run)
            else:
                problems[path] = f"{path / MANIFEST} is that of another result, {run.manifest.identity}: {again}"
    newest = sorted(runs.values(), key=lambda run: run.manifest.updated, reverse=True)
    return Listing(newest, problems)


def _folders() -> Iterator[tuple[Path, bool]]:
    """Folders with predictions, sorted, and whether each has a manifest; what was set aside is left out."""
    for root in roots():
        for folder, inside, files in os.walk(root):
            inside[:] = sorted(name for name in inside if REPLACED not in name)
            if MANIFEST in files:
                yield Path(folder), True
            elif any(name.startswith("part-") and name.endswith(".parquet") for name in files):
                yield Path(folder), False


def list_runs(benchmark: str | None = None, model: str | None = None) -> list[Run]:
    """Stored results, newest first; those that cannot be read are left out (see ``list_all``).

    Args:
        benchmark: Only of this benchmark.
        model: Only of this model: its short name or its source.
    """
    typed = None if model is None else naming.spellings(model)
    return [
        run
        for run in list_all().runs
        if (benchmark is None or run.benchmark == benchmark) and (typed is None or _is_called(run, typed))
    ]


def is_model(run: Run, spec: str) -> bool:
    """Whether a run is of the model of a short name or source, however its options and paths are written."""
    return _is_called(run, naming.spellings(spec))


def _is_called(run: Run, typed: Set[str]) -> bool:
    if run.is_imported and run.preprocessing:
        # The attached model did not make this result here; one that it made goes by its name.
        return run.model in typed
    return run.model in typed or not typed.isdisjoint(naming.names_of(run.source))


def find_run(benchmark: str, model: str, run_identity: str | None = None, **settings: str) -> Run:
    """The stored result of a model on a benchmark; where there are several, of the clean view, complete, the newest.

    Args:
        benchmark: Key.
        model: Short name or source.
        run_identity: Its identity, or the beginning of it.
        settings: Values that ``run.json`` must have, such as ``precision="fp32"`` or ``view="clean"``.

    Raises:
        UsageError: If there is none, which says what is stored and what to run; or if the short name is that of
            several models.
        StoreError: If what there is of the model is damaged.
    """
    runs = list_runs(benchmark, model)
    if run_identity:
        runs = [run for run in runs if run.identity.startswith(run_identity)]
    wanted = {name: value for name, value in settings.items() if value}
    runs = [run for run in runs if all(getattr(run, name) == value for name, value in wanted.items())]
    exact = (model, naming.absolute(model))
    runs = [run for run in runs if run.source in exact] or runs
    _require_one_model(runs, model)
    if not runs:
        listing = list_all()
        models = sorted({run.model for run in listing.runs if run.benchmark == benchmark})
        damaged = [said for path, said in listing.problems.items() if path.parent.name == paths.slug(model)]
        if damaged:
            raise StoreError(damaged[0])
        stored = f"Stored for it: {', '.join(models)}." if models else "Nothing is stored for this benchmark."
        asked = "".join(f" with {name} {value}" for name, value in wanted.items())
        own = [run for run in listing.runs if run.benchmark == benchmark and model in (run.model, run.source)]
        there = sorted({", ".join(f"{name} {getattr(run, name)}" for name in wanted) for run in own})
        hint = f" Of it there is: {'; '.join(there)}." if there and wanted else "" if own else nearest(model, models)
        raise UsageError(
            f"no result of model '{model}' on benchmark '{benchmark}'{asked}.{hint} {stored} "
            f"Run: python -m core evaluate --model {shlex.quote(model)} --benchmark {benchmark}"
        )
    return max(runs, key=lambda run: (run.view == CLEAN, run.complete))


def _require_one_model(runs: Sequence[Run], model: str) -> None:
    """Folders of one name (``seed1/final``, ``seed2/final``) are several models, unless their weights are the same."""
    sources = sorted({run.source for run in runs})
    if len(sources) < 2 or len({run.fingerprint for run in runs}) < 2:
        return
    raise UsageError(
        f"'{model}' is the name of {len(sources)} models: {', '.join(sources)}. Give one of these with --model, or a "
        f"result's --identity: {', '.join(run.identity for run in runs)}."
    )
