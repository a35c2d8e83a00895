"""``report --as-published``: the paper's way of resizing, for comparison. No torch unless something is evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.cli import terminal
from core.cli.options import known_as, open_benchmark, run_for
from core.errors import DataError, UsageError

if TYPE_CHECKING:
    from core.benchmarks.base import Benchmark
    from core.store import Run

#: Columns that a terminal has no room for beside the product's own numbers.
_LEFT_OUT = ("drop_low", "drop_high", "mean_p_accepted", "n_clusters")


def run_as_published(
    model: str,
    benchmark: str,
    view: str,
    precision: str | None = None,
    identity: str | None = None,
    data: str | None = None,
    images: str | None = None,
) -> Run:
    """The result of a family of views resized as published; evaluated first where it is not stored, or not complete.

    Args:
        model: Name.
        benchmark: Key.
        view: Name of the product's own family, such as ``ablations``.
        precision: Only a run of this precision; else any, and fp32 where it is evaluated.
        identity: Only the stored run of this identity, or its beginning.
        data: The benchmark's folder; the one last used by default.
        images: ImageNet's folder, for a benchmark of masks alone.

    Raises:
        UsageError: If the family has no published way, or nothing is stored and its data are not at hand: says what to
            run.
        OffcenterError: See ``core.evaluate.loop.evaluate``.
    """
    from core import benchmarks, store
    from core.benchmarks.imagenet_masks import ImageNetMasks
    from core.images.views.cues_as_published import as_published

    family = as_published(view)
    model = known_as(model, benchmark)
    stored = [
        run for run in store.list_runs(benchmark, model) if run.view == family and precision in (None, run.precision)
    ]
    if identity or any(run.complete for run in stored):
        return run_for(model, benchmark, family, precision, identity)
    known = benchmarks.benchmark_class(benchmark)
    try:
        opened = open_benchmark(benchmark, data, images)
    except (UsageError, DataError) as error:
        if stored:
            return run_for(model, benchmark, family, precision, identity)
        if data is not None or images is not None:
            raise
        folders = "--data MASKS --images IMAGENET" if issubclass(known, ImageNetMasks) else "--data DIR"
        raise UsageError(
            f"'{family}' of '{model}' on '{benchmark}' is not stored, and its data are not at hand: {error} Run: "
            f"python -m core evaluate --model {model} --benchmark {benchmark} --view {family} {folders}"
        ) from error
    return _evaluated(model, opened, family, precision or "fp32")


def _evaluated(model: str, benchmark: Benchmark, family: str, precision: str) -> Run:
    from core.evaluate.loop import evaluate

    with terminal.progress_bar(f"{model}, {family}") as progress:
        return evaluate(model, benchmark, view=family, precision=precision, progress=progress)


def say_what_differs(content: dict[str, Any]) -> dict[str, Any]:
    """Say in one line what is not the product's own in a report as published; nothing of others.

    Args:
        content: From ``core.answers.published.beside``, or any other report.

    Returns:
        The report to print: where both ways stand side by side, with fewer columns, so that they fit a terminal.
    """
    if "as_published" not in content:
        return content
    from core.images.views.cues_as_published import SUFFIX

    own = f"own: identity {content['own_identity']}"
    if content["own_identity"] is None:
        own = (
            f"the product's own are not stored: python -m core evaluate --model {content['model']} --benchmark "
            f"{content['benchmark']} --view {content['view'].removesuffix(SUFFIX)}"
        )
    terminal.out.print(f"{content['as_published']} · {own}", soft_wrap=True, markup=False)
    tables = {name: [_narrow(row, SUFFIX) for row in rows] for name, rows in content["tables"].items()}
    return {**content, "tables": tables}


def _narrow(row: dict[str, Any], suffix: str) -> dict[str, Any]:
    if "n_own" not in row:
        return row
    kept = {name: value for name, value in row.items() if name not in _LEFT_OUT}
    if "view" in kept:
        kept["view"] = kept["view"].removesuffix(suffix)
    sizes = {name: kept.pop(name) for name in ("n", "n_own")}
    return {**kept, **sizes}
