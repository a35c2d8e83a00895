"""What is said of results whose predictions were made elsewhere, or of which images are missing."""

from __future__ import annotations

from core import store


def warnings(run: store.Run, n_shown: int) -> list[str]:
    """That predictions were imported, and that images are missing, each in a sentence.

    Args:
        run: Complete or partial.
        n_shown: Images that numbers are of.
    """
    found = []
    if run.is_imported:
        found.append("imported: these predictions were made elsewhere; nothing of them was computed here")
    if n_shown < run.n_samples and not run.complete:
        which = (
            "those that its file has, which may be no fair sample"
            if run.is_imported
            else "in random order, so the numbers are estimates of the final ones"
        )
        found.append(f"partial: {run.n_done:,} of {run.n_samples:,} images are done ({which})")
    return found
