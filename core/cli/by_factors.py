"""``report --by F1[,F2]``: accuracy by one or two factors of any benchmark. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.cli import paper_formats, terminal
from core.cli.options import print_json
from core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.store import Run


def show(
    runs: Sequence[Run],
    by: str,
    policy: str | None,
    exclude: Sequence[str],
    reduce: str | None,
    wanted: paper_formats.Wanted,
) -> None:
    """Print accuracy by factors, of each run.

    Args:
        runs: Stored results.
        by: Names of one or two factors, with a comma between them.
        policy: ``top1`` or ``top5``; None for ``top1``.
        exclude: Classes to leave out.
        reduce: How several views of an image become one; None as they say.
        wanted: In which format, and where.

    Raises:
        UsageError: If a factor, class, policy or way to reduce does not exist.
    """
    from core.answers import by_factors, report
    from core.metrics.accuracy import REDUCTIONS

    if reduce is not None and reduce not in REDUCTIONS:
        raise UsageError(f"unknown way to reduce views '{reduce}'. Known: {', '.join(REDUCTIONS)}.")
    names = by_factors.parsed(by)
    contents = [by_factors.build(run, names, policy=policy, exclude=exclude, reduce=reduce) for run in runs]
    differences = report.differences_by_benchmark(runs)
    as_values = contents[0] if len(contents) == 1 else {"runs": contents, "warnings": differences}
    if wanted.is_json:
        print_json(as_values)
        return
    if not wanted.is_text:
        paper_formats.write(wanted, runs, contents, as_values)
    for run, content in zip(runs, contents, strict=True):
        _print(run, content) if wanted.is_text else terminal.tell(content["warnings"], report.model_notes(run))
    for difference in differences:
        terminal.warn(difference)


def _print(run: Run, content: dict[str, Any]) -> None:
    from core import wording
    from core.answers import report
    from core.answers.questions import factor_of
    from core.answers.worst import level_name

    policy = content["policy"]
    factors = [factor_of(run, name) for name in content["by"]]
    rows = [
        {**row, **{factor.name: level_name(run, factor, row[factor.name]).replace("\u00a0", " ") for factor in factors}}
        for row in content["rows"]
    ]
    terminal.headline(content, policy)
    title = f"By {' and '.join(wording.short_label(factor) for factor in factors)}"
    terminal.out.print()
    terminal.out.print(terminal.rows_table(title, rows, content["by"], policy), soft_wrap=True, markup=False)
    terminal.out.print(f"\n{content['worst']}", soft_wrap=True, markup=False)
    terminal.out.print(
        f"\nidentity {run.identity} · {wording.weights(run.fingerprint, run.is_imported and not run.preprocessing)} · "
        f"{wording.preprocessing(content['preprocessing'])} · {run.precision} · intervals: {content['interval']}",
        markup=False,
        soft_wrap=True,
        style="dim",
    )
    terminal.tell(content["warnings"], report.model_notes(run))
