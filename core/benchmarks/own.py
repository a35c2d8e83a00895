"""Benchmarks of a user's own: a class for each entry that ``core.own`` keeps, made when it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from core.benchmarks import listing
from core.benchmarks.base import Benchmark
from core.benchmarks.object_masks import read_mask
from core.errors import DataError, ImageError, LabelSpaceError
from core.labels import FOCUS_10, IMAGENET_1K, OWN, UNNAMED, focus_to_imagenet, label_space
from core.own import entries
from core.own.entries import MASK, Entry
from core.own.files import find_images
from core.paths import place
from core.types import Table

_SHOWN = 3


class OwnBenchmark(Benchmark):
    """Images and factors of a user's own.

    Attributes:
        entry: What was kept when it was added.
        file: The entry's file.
        home: Folder of the images at that time.
    """

    paper: ClassVar[str] = "Your own data"
    licence: ClassVar[str] = "Your own data; rights in the images are their owners'"
    entry: ClassVar[Entry]
    file: ClassVar[Path]
    home: ClassVar[Path]

    def __reduce__(self) -> tuple[object, tuple[Path, Path]]:
        """Another process makes the class from the entry's file."""
        return _reopened, (self.file, self.root)

    @cached_property
    def _kept(self) -> pd.DataFrame:
        """The samples that were kept, without those whose image is gone.

        Raises:
            DataError: If none of the images is in the folder.
        """
        kept = entries.read_samples(self.entry, within=self.file.parent)
        there = kept["sample_id"].isin(self._files.keys()).to_numpy()
        gone = kept["sample_id"][~there].tolist()
        if not there.any():
            raise DataError(
                f"none of the {len(kept):,} images of '{self.key}' is in {self.root}, such as '{gone[0]}': give the "
                "folder that holds them now with --data DIR."
            )
        if gone:
            shown = ", ".join(gone[:_SHOWN]) + (", …" if len(gone) > _SHOWN else "")
            self.note(f"{len(gone):,} of {len(kept):,} images are not in {self.root} any more ({shown}); left out.")
        return kept[there].reset_index(drop=True)

    @cached_property
    def _files(self) -> dict[str, int]:
        return find_images(self.root)

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per image that was added and is there; see ``Benchmark.samples``.

        Raises:
            DataError: If the kept samples are damaged, or none of the images is there.
            LabelSpaceError: If a model's classes are not those of the labels; says what to do.
        """
        table = self._kept.drop(columns=[MASK], errors="ignore")
        accepted = [list(map(int, classes)) for classes in table["accepted"]]
        for text in self.entry.notes:
            self.note(text)
        changed = entries.table_changed(self.entry)
        if changed:
            self.note(
                f"the table {self.entry.table} {changed} since '{self.key}' was added: what was understood then is "
                "used. Add it again to take in what it says now."
            )
        return table.assign(accepted=self._in(label_space, accepted))

    def _in(self, space: str, accepted: list[list[int]]) -> list[list[int]]:
        """Class indices in a model's label space."""
        own = self.entry.label_space
        if space == own:
            return accepted
        if (own, space) == (FOCUS_10, IMAGENET_1K):
            wider = list(focus_to_imagenet().values())
            return [sorted({index for each in classes for index in wider[each]}) for classes in accepted]
        if own.startswith(OWN) and space == _unnamed(own):
            self.note(
                f"the model names no classes: its outputs are taken to be the {len(label_space(own)):,} classes of "
                f"'{self.key}' in the order in which they were listed."
            )
            return accepted
        names = label_space(own).names
        if own.startswith(OWN):
            fix = (
                f"put the names of its classes into its config.json ('label_names', in the order of its output: "
                f"{', '.join(names[:_SHOWN])}, …), or add the data again with the --classes of this model"
            )
        else:
            fix = "add the data again under another name with --classes FILE, the names of the model's classes in order"
        fix += f"; of a model whose classes are named by texts take classes={self.key}"
        raise LabelSpaceError(
            f"the labels of '{self.key}' are classes of '{own}' ({len(names):,}), and this model has '{space}': {fix}."
        )

    def pool_digest(self) -> str:
        """See ``listing.digest``; of the images that were added, whatever else the folder holds."""
        ids = self._kept["sample_id"].tolist()
        return listing.digest(listing.Listing(self.root, ids, [self._files[each] for each in ids]))

    def label_files(self) -> list[Path]:
        """The user's table, the entry and the samples that were kept."""
        table = [Path(self.entry.table)] if self.entry.table else []
        return [path for path in (*table, self.file, self.file.parent / self.entry.samples) if path.is_file()]


class OwnWithMasks(OwnBenchmark):
    """Images, masks of the objects in them, and factors of a user's own."""

    def mask(self, sample_id: str) -> np.ndarray | None:
        """The object in an image, bool (H, W); None where it has no mask.

        Raises:
            ImageError: If the mask is none, or of another shape than its image.
            StorageError: If a file cannot be read now.
            DataError: If the id names nothing inside the data folder.
        """
        image, name = self.path(sample_id), self._masks.get(sample_id)
        if image is None or not name:
            return None
        mask = self._inside(name, name)
        if not mask.is_file():
            raise ImageError(f"the mask {mask} is not there any more")
        return read_mask(mask, image)

    @cached_property
    def _masks(self) -> Mapping[str, str]:
        kept = entries.read_samples(self.entry, ["sample_id", MASK], self.file.parent)
        return dict(zip(kept["sample_id"], kept[MASK], strict=True))


def _unnamed(own: str) -> str:
    """The label space of a model with as many outputs and no names; see ``core.labels.identified``."""
    try:
        return f"{UNNAMED}{len(label_space(own))}"
    except LabelSpaceError:
        return ""


def _spaces(own: str) -> tuple[str, ...]:
    if own == FOCUS_10:
        return FOCUS_10, IMAGENET_1K
    return tuple(filter(None, (own, _unnamed(own)))) if own.startswith(OWN) else (own,)


def known(published: Collection[str]) -> dict[str, type[OwnBenchmark]]:
    """The class of every entry that can be used, by its name.

    Args:
        published: Keys that are taken; an entry of such a name is left out.
    """
    return {each.name: class_of(each.path) for each in entries.entries()[0] if each.name not in published}


def entry_files() -> list[Path]:
    """The files of all entries, damaged ones too."""
    return [entries.folder() / f"{name}.json" for name in entries.names()]


def damaged(name: str) -> str:
    """Why the entry of this name cannot be used; empty if it can, or if there is none."""
    return entries.damaged().get(name, "")


def class_of(path: Path) -> type[OwnBenchmark]:
    """The benchmark class of an entry's file; the same one until the file changes.

    Raises:
        DataError: If the file is damaged.
    """
    status = path.stat()
    return _made(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=256)
def _made(path: Path, *version: int) -> type[OwnBenchmark]:
    del version
    entry = entries.read(path)
    base = OwnWithMasks if entry.has_masks else OwnBenchmark
    table = f", described in {Path(entry.table).name} ({entry.form})" if entry.table else f" ({entry.form})"
    return type(
        base.__name__,
        (base,),
        {
            "__doc__": f"{entry.n:,} images of your own{table}.",
            "__module__": __name__,
            "key": entry.name,
            "pool": entry.name,
            "title": f"{entry.name} (your own data)",
            "how_to_get": (
                f"It is your own: its images were in {entry.root}. --data DIR says where they are now, and 'python -m "
                f"core data add {entry.name} DIR' adds them again."
            ),
            "factors": entry.factors,
            "tables": tuple(Table(name, by, title) for name, by, title in entry.tables),
            "cluster_unit": entry.cluster_unit,
            "label_spaces": _spaces(entry.label_space),
            "entry": entry,
            "file": path,
            "home": place(entry.root),
        },
    )


def _reopened(path: Path, root: Path) -> OwnBenchmark:
    return class_of(path)(root)
