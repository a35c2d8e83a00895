"""``imagenet-hard``: images of six data sets that no model got right at any zoom.

Taesiri, Nguyen, Habchi, Bezemer and Nguyen 2023, "ImageNet-Hard: The Hardest Images Remaining from a Study of the Power
of Zoom and Spatial Biases in Image Classification". Images lie in the cells of Parquet files and stay there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np
import pandas as pd
from PIL import Image

from core.benchmarks import listing, parquet_shards
from core.benchmarks.base import Benchmark, is_inside
from core.benchmarks.imagenet import class_names, require_imagenet
from core.benchmarks.parquet_shards import Shards
from core.errors import DataError, ImageError
from core.images.opening import Decoded, decode_bytes, reasons
from core.labels import IMAGENET_1K, label_space
from core.types import Factor, Table

IMAGE = "image.bytes"
#: Columns that every revision has.
COLUMNS = (IMAGE, "label", "origin", "english_label")
#: Rows of the published revisions, https://huggingface.co/datasets/taesiri/imagenet-hard and -4K (dataset cards).
REVISIONS = {10_980: "the current revision", 13_925: "another revision"}
REVISIONS_4K = {10_980: "the current 4K revision", 11_211: "another 4K revision", 11_350: "another 4K revision"}
#: Column that only the enlarged images of ImageNet-Hard-4K have.
_4K = "id"
_SHOWN = 3


class ImageNetHard(Benchmark):
    """What remains hard of ImageNet, its relabelled, adversarial, drawn and re-taken successors, at any zoom."""

    key: ClassVar[str] = "imagenet-hard"
    title: ClassVar[str] = "ImageNet-Hard"
    paper: ClassVar[str] = "Taesiri et al. 2023, ImageNet-Hard (NeurIPS Datasets and Benchmarks, arXiv 2304.05538)"
    licence: ClassVar[str] = "MIT for the collection; images under the terms of the sets that they come from"
    how_to_get: ClassVar[str] = (
        "Download the Parquet files of https://huggingface.co/datasets/taesiri/imagenet-hard (hf download "
        "taesiri/imagenet-hard --repo-type dataset --local-dir DIR) and give DIR; nothing is unpacked."
    )
    factors: ClassVar[tuple[Factor, ...]] = (
        Factor("origin", "Origin", "category"),
        Factor("n_accepted", "Accepted classes", "numeric"),
        Factor("class", "Class (the first of its labels)", "category"),
        Factor("english_label", "Labels as published", "set"),
    )
    tables: ClassVar[tuple[Table, ...]] = (
        Table("by_origin", ("origin",), "Top-1 by origin"),
        Table("by_n_accepted", ("n_accepted",), "Top-1 by number of accepted classes"),
        Table("by_class", ("class",), "Top-1 by class"),
    )

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.root = listing.unwrapped(root, parquet_shards.where)

    @cached_property
    def shards(self) -> Shards:
        """The files.

        Raises:
            DataError: If there are none, if they are damaged, or of something else.
        """
        try:
            found = Shards.of(self.root, IMAGE)
        except DataError as error:
            raise DataError(f"{error} {self.how_to_get}") from error
        found.require(COLUMNS)
        missing = found.missing()
        if missing:
            self._note(missing, "files of the data set are not here, so their images are left out; download them")
        return found

    @cached_property
    def _rows(self) -> pd.DataFrame:
        """All usable rows: ``sample_id, row, accepted, origin, english_label``.

        Raises:
            DataError: If none has labels.
        """
        shards = self.shards
        has_names = shards.has("image.path")
        table = shards.table([*COLUMNS[1:], *(["image.path"] if has_names else [])])
        self.note(revision(len(table), is_4k=shards.has(_4K)))
        names = [each.get("path") if each else None for each in table["image"]] if has_names else []
        labels = [[] if each is None else [int(index) for index in each] for each in table["label"]]
        rows = pd.DataFrame(
            {
                "sample_id": ids_of(names, len(table)),
                "row": np.arange(len(table)),
                "accepted": [list(dict.fromkeys(each)) for each in labels],
                "origin": table["origin"].fillna("unknown").astype(str),
                "english_label": [[] if each is None else list(map(str, each)) for each in table["english_label"]],
            }
        )
        return self._labelled(rows)

    def _labelled(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows that have labels, all of them classes of ImageNet."""
        n_classes = len(label_space(IMAGENET_1K))
        foreign = rows["accepted"].map(lambda each: [index for index in each if not 0 <= index < n_classes])
        bare = rows["accepted"].str.len() == 0
        wrong = foreign.str.len() > 0
        examples = [f"row {row} ({foreign[row][0]})" for row in rows.loc[wrong, "row"]]
        usable = rows[~(bare | wrong)].reset_index(drop=True)
        if usable.empty:
            seen = f", for example {examples[0]}" if examples else ""
            raise DataError(
                f"none of {len(rows):,} rows in {self.shards.root} has labels from 0 to {n_classes - 1}{seen}. "
                f"{self.how_to_get}"
            )
        self._note(examples, f"rows have a label outside 0..{n_classes - 1}, are left out; download the files again")
        self._note([f"row {row}" for row in rows.loc[bare, "row"]], "rows have no label and were left out")
        return usable

    def _note(self, names: Sequence[str], what: str) -> None:
        if names:
            more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
            self.note(f"{len(names):,} {what}: {', '.join(names[:_SHOWN])}{more}.")

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per image that has labels; see ``Benchmark.samples``."""
        require_imagenet(self, label_space)
        rows = self._rows
        return pd.DataFrame(
            {
                "sample_id": rows["sample_id"],
                "accepted": rows["accepted"],
                "cluster": rows["sample_id"],
                "origin": rows["origin"],
                "n_accepted": rows["accepted"].str.len(),
                "class": class_names([each[0] for each in rows["accepted"]]),
                "english_label": rows["english_label"],
            }
        )

    def pool_digest(self) -> str:
        """See ``Shards.digest``."""
        return self.shards.digest()

    def label_files(self) -> list[Path]:
        """The Parquet files themselves."""
        return parquet_shards.watched(self.root)

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return dict(zip(self._rows["sample_id"], self._rows["row"].tolist(), strict=True))

    def _row(self, sample_id: str) -> int:
        if sample_id not in self._row_of:
            raise DataError(f"{sample_id!r} names no image inside the data folder of '{self.key}'.")
        return self._row_of[sample_id]

    def path(self, sample_id: str) -> Path | None:
        """None: an image is a cell of a file.

        Raises:
            DataError: If there is no such image.
        """
        self._row(sample_id)
        return None

    def image(self, sample_id: str) -> Image.Image:
        """See ``Benchmark.image``."""
        return self.decoded(sample_id).image

    def decoded(self, image_id: str) -> Decoded:
        """See ``Benchmark.decoded``; the bytes are those of the cell."""
        row = self._row(image_id)
        what = f"the image '{image_id}'"
        try:
            with reasons(what):
                content = self.shards.read(row)
        except ImageError as error:
            raise ImageError(f"row {row} of its table is damaged: {error}") from error
        if not content:
            raise ImageError(f"row {row} holds no bytes: download the files again, those with images in them")
        return decode_bytes(content, what)


def revision(n: int, *, is_4k: bool = False) -> str:
    """Which of the published revisions has so many rows, in a sentence.

    Args:
        n: Rows.
        is_4k: Whether the files have the column that only ImageNet-Hard-4K has.
    """
    published = REVISIONS_4K if is_4k else REVISIONS
    known = published.get(n)
    if known:
        return f"{n:,} rows: {known} of ImageNet-Hard."
    *others, last = (f"{each:,}" for each in published)
    counts = f"{', '.join(others)} and {last}"
    return f"{n:,} rows: a part of ImageNet-Hard, or another set; its published revisions have {counts} rows."


def ids_of(names: Sequence[str | None], n: int) -> list[str]:
    """Ids that do not depend on how rows are spread over files.

    They are the names that the images have in their cells, where each has one of its own; else the rows' numbers.

    Args:
        names: Of the images, in order; empty if the files have none.
        n: Rows.
    """
    plain = [PurePosixPath(each).as_posix() if each and is_inside(each) else None for each in names]
    if len(plain) == n and None not in plain and len(set(plain)) == n:
        return [str(each) for each in plain]
    return [f"row-{row:05}" for row in range(n)]


BENCHMARKS = (ImageNetHard,)
