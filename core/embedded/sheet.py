"""Contact sheets: every picture of a kind side by side, to be judged by eye."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from core import paths
from core.diorama import assets
from core.errors import UsageError, nearest
from core.images.drawing import png

KINDS = ("foreground", "pose", "background")
#: Behind cut-outs: neither light nor dark, so that both edges show.
_BEHIND = (188, 202, 184)


def sheet(kind: str, out: Path, *, only: str | None = None, size: int = 128, folder: Path = assets.FOLDER) -> Path:
    """Write a contact sheet, a line for each category or place.

    Args:
        kind: ``foreground``, ``pose`` or ``background``.
        out: ``FILE.png``.
        only: One category or place; each of its lights then has a line.
        size: Side of a picture in pixels.
        folder: Of the assets.

    Raises:
        UsageError: If the kind or the name is unknown.
        DataError: If pictures are missing.
        StoreError: If the sheet cannot be written.
    """
    if out.suffix.lower() != ".png":
        raise UsageError(f"--out {out} must end in .png")
    if kind not in KINDS:
        raise UsageError(f"unknown kind '{kind}'.{nearest(kind, KINDS)} Known: {', '.join(KINDS)}.")
    table = assets.table(folder)
    table = table[table["kind"] == kind]
    names = table["class"].unique()
    if only is not None and only not in names:
        raise UsageError(f"there is no {kind} of '{only}'.{nearest(only, names)} There are: {', '.join(names)}.")
    chosen = table if only is None else table[table["class"] == only]
    lines = [list(group["file"]) for _, group in chosen.groupby(["class"] if only is None else ["class", "light"])]
    page = Image.new("RGB", (size * max(map(len, lines)), size * len(lines)), _BEHIND)
    for row, files in enumerate(lines):
        for column, file in enumerate(files):
            picture = assets.cut_out(folder, file).copy()
            picture.thumbnail((size - 6, size - 6))
            left, top = column * size + (size - picture.width) // 2, row * size + (size - picture.height) // 2
            page.paste(picture, (left, top), picture)
    paths.write_atomically(out, png(page))
    return out
