"""Get published data: ``fetch``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli import terminal
from core.errors import UsageError

if TYPE_CHECKING:
    from core.getting.plans import Plan

app = typer.Typer(rich_markup_mode=None)


@app.command()
def fetch(
    key: Annotated[
        str | None, typer.Argument(help="For example imagenet-a or model:resnet50.a1_in1k; --list shows all.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show what can be fetched.")] = False,
    file: Annotated[
        list[Path] | None, typer.Option(help="A copy that you have already; give it again for more.")
    ] = None,
    address: Annotated[str, typer.Option(help="Fetch the file from here instead of the known addresses.")] = "",
    accept_other: Annotated[
        bool, typer.Option("--accept-other", help="Take a file although it is not the one that is known.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Fetch published data, or a model: shows licence and size first, goes on where it was cut, checks what came."""
    if listed:
        _list()
        return
    if key is None:
        raise UsageError("say what to fetch: 'python -m core data fetch --list' shows what there is.")
    from core.getting import fetch as getting
    from core.getting.plans import Nothing

    planned = getting.plan(key, file or (), address)
    if isinstance(planned, Nothing):
        _steps(planned)
        raise typer.Exit(1)
    if not planned.is_there:
        _show(planned)
        planned.require_room()
        _ask(yes)
    with terminal.progress_bar(f"{planned.key}, MB") as progress:
        done = planned.fetch(progress, accept_other=accept_other)
    for line in done.said or (f"{planned.key} is there already: {done.folder}.",):
        _line(line)
    if done.command:
        _line(f"Next: {done.command}")


def _line(text: str) -> None:
    terminal.out.print(text, soft_wrap=True, markup=False)


def _list() -> None:
    """One line a thing, and what a person must do where one must."""
    from core.getting import addresses
    from core.getting.meter import size

    for entry in addresses.known().values():
        how = "a person must accept terms" if entry.terms else "from the hub" if entry.hub else size(entry.known_size)
        _line(f"{entry.key}  {entry.title} · {how.replace('?', 'size: asked of the server')} · {entry.licence}")
    _line(f"{addresses.MODEL}NAME  a model of the hub, such as {addresses.MODEL}resnet50.a1_in1k")


def _steps(planned: Plan) -> None:
    _line(f"{planned.title} · {planned.licence}")
    _line("It cannot be fetched for you, because a person must accept its terms:")
    for number, step in enumerate(planned.steps, 1):
        _line(f"{number}. {step}")
    if planned.note:
        _line(planned.note)


def _show(planned: Plan) -> None:
    from core.getting.meter import size

    _line(f"{planned.title}\nlicence  {planned.licence}")
    for source in planned.sources:
        _line(f"from     {source}")
    needs = "" if planned.needs is None or planned.needs == planned.size else f", about {size(planned.needs)} of disk"
    _line(f"size     {'the server does not say' if planned.size is None else size(planned.size)}{needs}")
    _line(f"to       {planned.folder} ({size(planned.free)} free)")
    if planned.note:
        _line(f"note     {planned.note}")


def _ask(yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to ask: add --yes if you agree to the licence and the size.")
    if not typer.confirm("Fetch it under this licence?"):
        raise typer.Exit(1)
