"""The command line: ``python -m core``.

Modules that import torch are imported inside the commands that need them, so that ``report`` and ``predictions``, which
read stored results only, answer at once.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Sequence

import typer

from core.cli import (
    align,
    bench,
    bundle,
    certify,
    data,
    diorama,
    evaluate,
    figures,
    flips,
    gate,
    generate,
    importing,
    jobs,
    listings,
    mistakes,
    models,
    relink,
    report,
    slices,
    terminal,
    uncommon,
    variants,
    verify,
)
from core.errors import OffcenterError
from core.models import permission

app = typer.Typer(
    help="See where an image classifier breaks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (
    listings,
    evaluate,
    verify,
    relink,
    report,
    figures,
    bundle,
    align,
    bench,
    certify,
    uncommon,
    slices,
    flips,
    variants,
):
    app.add_typer(group.app)
app.add_typer(models.app, name="models")
app.add_typer(gate.app, name="gate")
app.add_typer(generate.app, name="generate")
app.add_typer(data.app, name="data")
app.add_typer(importing.app, name="import")
app.add_typer(diorama.app, name="diorama")
app.add_typer(jobs.app, name="jobs")
app.add_typer(mistakes.app, name="mistakes")


_INTERRUPTED = 128 + signal.SIGINT


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors are one line, exit code 2 for usage, 1 for failure, 130 for Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        # A name of bytes that are no text is shown escaped.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        with permission.naming(given):
            app(args=given, prog_name="python -m core")
    except OffcenterError as error:
        terminal.fail(str(error))
        sys.exit(error.exit_code)
    except SystemExit as ended:
        # What Typer makes of Ctrl-C, without a word.
        if ended.code == _INTERRUPTED:
            terminal.fail("stopped; what was stored so far is kept.")
        raise
    except BrokenPipeError:
        # The reader of our output (head, less) has left; there is nobody to tell.
        sys.stderr.close()
        sys.exit(1)
