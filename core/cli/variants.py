"""``python -m core variants``: the same weights with other preprocessing, or asked with other texts, paired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli import options, terminal
from core.cli.options import BenchmarkKey, Data, Device, Json, Model, View
from core.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from core.answers.variant_missing import Wanted
    from core.answers.variants import Axis, Group
    from core.benchmarks.base import Benchmark
    from core.types import Precision

app = typer.Typer(rich_markup_mode=None)
_POLICIES = ("top1", "top5", "restricted")
#: Numbers of a row, in JSON.
_SHOWN = (
    *("value", "low", "high", "n", "n_clusters", "change", "change_low", "change_high", "gained", "lost"),
    *("n_common", "n_common_clusters", "own", "same_pixels", "partial", "identity"),
)


@app.command(name="variants")
def show_variants(
    model: Model,
    benchmark: BenchmarkKey,
    axis: Annotated[
        str, typer.Option("--of", help="What differs: preprocessing, or prompts (of zero-shot models).")
    ] = "preprocessing",
    run: Annotated[bool, typer.Option("--run", help="Evaluate the settings that are missing first.")] = False,
    data: Data = None,
    policy: Annotated[
        str | None,
        typer.Option(help="What counts as right: top1, top5 or restricted; by default as the benchmark is scored."),
    ] = None,
    view: View = "clean",
    precision: Annotated[str, typer.Option(help="fp32, bf16 or fp16.")] = "fp32",
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """How much preprocessing matters: the same weights with papers' presets and swapped interpolation, paired.

    Each setting is compared with the model's own over the images that both have. What is missing is listed with the
    command that evaluates it; --run does so at once, each image decoded once for all settings.
    """
    from core.answers import variant_missing, variants

    options.choice("of", axis, variants.AXES)
    options.choice("precision", precision, ("fp32", "bf16", "fp16"))
    if policy is not None:
        options.choice("policy", policy, _POLICIES)
    found = _find(model, benchmark, axis, view, precision, needed=not run)
    failed = False
    if run:
        opened = options.open_benchmark(benchmark, data)
        # Where other weights have their place now, it is those that are to be run.
        is_new = found is None or variant_missing.wanted(found).retrained
        asked = _all_of(model, axis) if is_new else _runnable(found)
        failed = _evaluate(asked, opened, view, precision, device)
        found = _find(model, benchmark, axis, view, precision, needed=True)
        # Where the model's own setting was not known before, neither was what would be another one.
        if more := [each for each in _runnable(found) if each not in asked]:
            failed |= _evaluate(more, opened, view, precision, device)
            found = _find(model, benchmark, axis, view, precision, needed=True)
    assert found is not None
    table = variants.table(found, policy)
    wanted = variant_missing.wanted(found)
    if as_json:
        options.print_json(_content(found, table, wanted))
    else:
        _print(found, table, wanted)
    if failed:
        raise typer.Exit(1)


def _find(model: str, benchmark: str, axis: Axis, view: str, precision: str, *, needed: bool) -> Group | None:
    """The group of a model's results on a benchmark.

    Raises:
        UsageError: If there is none and one is needed, or the name is that of several models.
    """
    from core import benchmarks, store
    from core.answers import catalogue, variants

    runs = catalogue.told_apart(store.list_all().runs)
    if not any(run.benchmark == benchmark for run in runs):
        # A stored run needs no code of its benchmark; without one, the name may be wrong.
        benchmarks.benchmark_class(benchmark)
    model = options.known_as(model, benchmark)
    there = [each for each in runs if (each.benchmark, each.view, each.precision) == (benchmark, view, precision)]
    found = [each for each in variants.groups(there, axis) if _is_of(each, model)]
    if len(found) == 1:
        return found[0]
    if found:
        bases = ", ".join(f"{each.base} ({each.runs[0].fingerprint[:8]})" for each in found)
        newest = max(found, key=lambda each: max(run.manifest.updated for run in each.runs))
        if len({each.base for each in found}) > 1:
            raise UsageError(f"'{model}' is the name of {len(found)} models: {bases}. Give one of these with --model.")
        terminal.warn(f"there are results of several weights or copies of the data; the newest are shown ({bases}).")
        return newest
    if not needed:
        return None
    # Says what is stored, and what to run.
    run = store.find_run(benchmark, model, view=view, precision=precision)
    twin = variants.group_of(there, run, axis)
    if twin is not None:
        # The same weights lie in folders of several names.
        return twin
    if axis == "prompts" and not variants.is_zero_shot(run):
        raise UsageError(f"'{model}' is no zero-shot model: no texts are put to it. Try --of preprocessing.")
    raise UsageError(
        f"of '{model}' on '{benchmark}' there are only predictions from a file: their settings are unknown."
    )


def _is_of(group: Group, model: str) -> bool:
    """Whether a group is of the model that was named, under whichever of its settings."""
    from core import store
    from core.store import weights

    names = {group.model, group.base, weights.spec_of(group.base)}
    return model in names or any(store.is_model(run, model) or run.label == model for run in group.runs)


def _all_of(model: str, axis: Axis) -> list[str]:
    """What to type for all settings of a model of which nothing is stored."""
    from core import models
    from core.answers import variant_missing, variants
    from core.store import specs

    base = str(specs.parsed(model).with_options(**dict.fromkeys(variants.VARIED[axis])))
    return list(variant_missing.of_model(base, models.describe(base), axis))


def _runnable(group: Group | None) -> list[str]:
    """What to type for the settings that are missing."""
    from core.answers import variant_missing

    assert group is not None
    wanted = variant_missing.wanted(group)
    if wanted.why_not:
        raise UsageError(f"nothing can be run of '{group.model}': {wanted.why_not} Leave out --run.")
    return [each.spec for each in wanted.missing]


def _evaluate(asked: list[str], opened: Benchmark, view: str, precision: Precision, device: str) -> bool:
    """Evaluate settings, each image decoded once for all of them; says which fail, and whether any does."""
    from core.answers.prepared import prepare
    from core.evaluate.loop import evaluate_all

    if not asked:
        return False
    with terminal.progress_bar(asked[0] if len(asked) == 1 else f"{len(asked)} settings") as progress:
        outcomes = evaluate_all(asked, opened, view=view, precision=precision, device=device, progress=progress)
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    for outcome in outcomes:
        if outcome.run is not None:
            prepare(outcome.run)
    if len(failed) == len(outcomes):
        assert failed[0].error is not None
        raise failed[0].error
    for outcome in failed:
        terminal.fail(f"{outcome.model}: {outcome.error}")
    return bool(failed)


def _content(group: Group, table: pd.DataFrame, wanted: Wanted) -> dict[str, Any]:
    """JSON values; what is not known is null."""
    from core.answers import report, variant_missing, variant_words

    rows = report.plain_rows(table[list(_SHOWN)])
    said = variant_words.settings(group)
    runs = zip(said, group.runs, rows, strict=True)
    return {
        "model": group.model,
        "benchmark": group.benchmark,
        "view": group.view,
        "of": group.axis,
        "policy": str(table["policy"].iloc[0]),
        "settings": [
            {"setting": words, "model": run.source, **row, "preprocessing": run.preprocessing,
             "head": run.manifest.model.head or None}
            for words, run, row in runs
        ],
        "interval": "95 %; differences paired over images, all at once",
        "missing": [{"setting": each.said, "model": each.spec} for each in wanted.missing],
        "same_pixels": list(wanted.same),
        "unfit": list(wanted.unfit),
        "command": variant_missing.command(group, wanted.missing) if wanted.missing else None,
        "why_not": wanted.why_not or None,
    }  # fmt: skip


def _print(group: Group, table: pd.DataFrame, wanted: Wanted) -> None:
    from core.answers import variant_words

    named = variant_words.named(group, table)
    said = variant_words.sentence(group, named, markdown=False).replace("\u00a0", " ")
    terminal.out.print(said, style="bold", soft_wrap=True, markup=False)
    terminal.out.print()
    accuracy = variant_words.ACCURACY[str(table["policy"].iloc[0])]
    title = f"{accuracy.capitalize()} on {group.benchmark}, and less that of its own setting:"
    terminal.out.print(title, style="bold", markup=False)
    _print_rows(named)
    _print_missing(group, wanted)


def _print_rows(table: pd.DataFrame) -> None:
    """Two lines a setting, in 80 columns: its name, and its numbers."""
    from core.answers import variant_words
    from core.types import is_thin

    for row in table.to_dict("records"):
        state = "  (not finished)" if row["partial"] else ""
        terminal.out.print(f"{row['setting']}{state}", soft_wrap=True, markup=False)
        accuracy = variant_words.accuracy_in_words(row).replace("\u00a0", " ")
        change = variant_words.change_in_words(row).replace("\u00a0", " ")
        counts = variant_words.counts_in_words(row)
        thin = " thin" if is_thin(row["n"], row["n_clusters"]) else ""
        terminal.out.print(
            f"  {accuracy:<23}{change:<29}{counts:<10}n {row['n']:,}{thin}".rstrip(), soft_wrap=True, markup=False
        )
        terminal.out.print(f"  identity {row['identity']}", soft_wrap=True, markup=False, style="dim")


def _print_missing(group: Group, wanted: Wanted) -> None:
    from core.answers import variant_missing

    def line(words: str) -> None:
        terminal.out.print(words, soft_wrap=True, markup=False, style="dim")

    if wanted.same:
        line(f"\nthe same pixels as its own, not run again: {'; '.join(wanted.same)}")
    if wanted.unfit:
        line(f"\nit takes images of its own size only, so not: {'; '.join(wanted.unfit)}")
    if wanted.why_not:
        line(f"\nmore settings cannot be run: {wanted.why_not}")
    elif wanted.missing:
        line(f"\nmissing: {'; '.join(each.said for each in wanted.missing)}. To evaluate these (or give --run):")
        terminal.out.print(variant_missing.command(group, wanted.missing), soft_wrap=True, markup=False)
