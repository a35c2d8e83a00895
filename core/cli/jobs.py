"""``python -m core jobs``: the queue of long work, seen and steered from a terminal."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli import terminal

if TYPE_CHECKING:
    from core.jobs.table import Job

app = typer.Typer(help="Long work that waits, runs and has run.", rich_markup_mode=None)
JobId = Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")]


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False
) -> None:
    """List the jobs of every kind: running, waiting in their order, ended."""
    if context.invoked_subcommand is not None:
        return
    from core import jobs

    found = jobs.list_jobs()
    if as_json:
        print(json.dumps([_content(job) for job in found], indent=2))
        return
    if not found:
        terminal.out.print("No jobs. The dashboard's Runs page queues evaluations.")
    for job in found:
        _line(job)


def _content(job: Job) -> dict:
    named = {"id": job.id, "kind": job.arguments.kind, "title": job.arguments.title, "device": job.arguments.device}
    return {**named, **asdict(job), "folder": str(job.folder)}


def _line(job: Job) -> None:
    progress = job.progress
    parts = [job.id, job.state, job.arguments.title]
    if progress is not None and progress.total:
        parts.append(f"{progress.done:,} of {progress.total:,}")
        if job.state == "running" and progress.seconds_left is not None:
            parts.append(f"{terminal.duration(progress.seconds_left)} left")
    parts += [job.message] * bool(job.message)
    terminal.out.print("  ".join(parts), soft_wrap=True, markup=False)


@app.command()
def cancel(job_id: JobId) -> None:
    """Stop a job, or take it out of the queue."""
    from core import jobs

    _line(jobs.cancel(job_id))


@app.command()
def resume(job_id: JobId) -> None:
    """Queue a job again that ended early; it goes on from what is stored."""
    from core import jobs

    _line(jobs.resume(job_id))


@app.command()
def work(
    device: Annotated[str, typer.Option(help="The queue to work on: auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Run waiting jobs here until there are none; the dashboard starts this by itself."""
    from core.jobs.worker import serve

    n = serve(device)
    terminal.out.print(f"{n} {'job' if n == 1 else 'jobs'} run.", markup=False)
