"""Where results lie."""

from __future__ import annotations

from pathlib import Path

from core import paths


def roots() -> tuple[Path, Path]:
    """Where results are read from; one of the user's own goes before an embedded one of the same identity."""
    return paths.results_home(), paths.embedded_results()


def relative(path: Path) -> str:
    """A path below the results folder as it stands in a manifest."""
    return path.relative_to(paths.results_home()).as_posix()


def run_folder(pool: str, model: str, run_identity: str) -> Path:
    """Folder of a result."""
    return paths.results_home() / pool / paths.slug(model) / run_identity
