"""Evaluate the embedded models on all of Diorama again: ``python -m core diorama refresh``.

The results replace those in ``data/embedded/results`` once all of them are there, and the models' cards are written
from them, so no number in a card is older than its pictures.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from core import paths, store
from core.benchmarks import diorama, open_benchmark
from core.embedded import card
from core.embedded.train import trained
from core.errors import ModelError, cannot_write
from core.evaluate.loop import evaluate_all
from core.images.views import CLEAN
from core.types import ProgressCallback
from core.wording import count

#: Families of views that are evaluated too: without the object, and under noise; all zooms, and random crops.
_ALSO = {"diorama/clean": ("all-cues",), "diorama/small": ("zoom-324", "tta-rrc@32,0.1,1")}
Bar = Callable[[str], AbstractContextManager[ProgressCallback]]


def refresh(bar: Bar, *, workers: int | None = None) -> list[store.Run]:
    """Evaluate every embedded model on every Diorama benchmark and write the cards.

    Interrupted, it goes on where it stopped; the old results stay until the new ones are complete.

    Args:
        bar: Makes a progress bar with a title.
        workers: Threads; by default one a core.

    Returns:
        The stored runs.

    Raises:
        ModelError: If there is no embedded model.
        StoreError: If results cannot be written.
    """
    names = trained()
    if not names:
        raise ModelError("no embedded model is trained yet. Run: python -m core diorama train")
    staging = paths.data_home() / "downloads" / "diorama-results"
    with paths.results_at(staging):
        for benchmark in diorama.BENCHMARKS:
            opened = open_benchmark(benchmark.key, diorama.Diorama.embedded)
            for view in (CLEAN, *_ALSO.get(benchmark.key, ())):
                title = f"{count(len(names), 'model')} on {benchmark.key}" + ("" if view == CLEAN else f", {view}")
                with bar(title) as progress:
                    outcomes = evaluate_all(
                        names, opened, view=view, workers=workers, progress=progress, reuse_embedded=False
                    )
                if failed := next((outcome.error for outcome in outcomes if outcome.error is not None), None):
                    raise failed
    _replace(staging, paths.embedded_results())
    runs = [run for name in names for run in store.list_runs(model=name)]
    for name in names:
        folder = paths.EMBEDDED / "models" / name
        paths.write_atomically(folder / "README.md", card.write(name))
    return runs


def _replace(new: Path, old: Path) -> None:
    """Put the new results where the old ones are; locks are of no use to a reader."""
    try:
        for lock in new.rglob(".lock"):
            lock.unlink()
        for benchmark in diorama.BENCHMARKS:
            shutil.rmtree(old / benchmark.key, ignore_errors=True)
        shutil.copytree(new, old, dirs_exist_ok=True)
        shutil.rmtree(new)
    except OSError as error:
        raise cannot_write(old, error) from error
