"""The rows of a user's table, with the files and classes that they mean, and what is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from core.errors import DataError
from core.labels import LabelSpace
from core.own import agreement
from core.own.files import FAULTS, SAID, Finder, Found
from core.own.matching import Labels, match, named
from core.own.roles import Role, also_fitting, roles_of
from core.own.tables import RawTable
from core.wording import count

#: Examples that a sentence names.
_SHOWN = 3
#: Labels that are not understood, that are named.
_NAMED = 5


@dataclass
class Rows:
    """The rows of a table, with the files and classes that they mean.

    Attributes:
        raw: The table.
        root: Folder of the images.
        roles: The column that plays each part.
        found: The file of each row.
        masks: The mask of each row; None where no column names masks.
        labels: The classes of each row.
        space: The label space that these are of.
        is_by_folder: Whether no column has labels, so that an image's is the name of its folder.
    """

    raw: RawTable
    root: Path
    roles: dict[Role, str]
    found: Found
    masks: Found | None
    labels: Labels
    space: LabelSpace
    is_by_folder: bool

    @classmethod
    def of(cls, raw: RawTable, finder: Finder, root: Path, space: LabelSpace, cluster: str) -> Rows:
        """Find the files and classes of a table's rows.

        Args:
            raw: The table.
            finder: Of the files in the folder.
            root: The folder.
            space: Label space of the labels.
            cluster: Column that a user says tells which images are not independent.

        Raises:
            UsageError: If no column names the files, or the one of the clusters is not there.
        """
        roles = roles_of(list(raw.frame.columns), cluster)
        names, masks = raw.frame[roles["file"]].tolist(), None
        if "mask" not in roles:
            found = finder.find(names)
        else:
            # A mask is often called as its image is: neither may be taken for the other.
            of_masks = raw.frame[roles["mask"]].tolist()
            found = finder.without(finder.to_the_letter(of_masks) - finder.to_the_letter(names)).find(names)
            masks = finder.without(found.ids).find(of_masks, is_one_each=False)
        is_by_folder = "label" not in roles
        cells = list(map(_folder_of, found.ids)) if is_by_folder else raw.frame[roles["label"]].tolist()
        return cls(raw, root, roles, found, masks, match(cells, space), space, is_by_folder)

    @property
    def is_sample(self) -> np.ndarray:
        """Which rows have an image and labels that are understood: bool (N,)."""
        there = np.array([each is not None for each in self.found.ids], dtype=bool)
        return there & np.array([bool(each) for each in self.labels.accepted], dtype=bool)

    def require_each_once(self) -> None:
        """Refuse a table with an image twice.

        Raises:
            DataError: If there is one; names it and its rows.
        """
        counts = Counter(each for each in self.found.ids if each is not None)
        twice = [file for file, n in counts.items() if n > 1]
        if twice:
            rows = ", ".join([str(row + 1) for row, each in enumerate(self.found.ids) if each == twice[0]][:_SHOWN])
            raise DataError(
                f"'{twice[0]}' stands in rows {rows} ({count(len(twice), 'such image')}): an image has one row. "
                "Several labels of an image go into one cell, parted by '|'."
            )

    def image_problems(self) -> list[str]:
        """Why rows have no image."""
        names = self.raw.frame[self.roles["file"]].tolist()
        return [
            f"{len(rows):,} of {len(names):,} names of images {FAULTS[fault]} ({self.root}): {_some(names, rows)}."
            for fault, rows in self.found.faults.items()
        ]

    def label_problems(self, own_names: Sequence[str]) -> list[str]:
        """Why rows have no class.

        Raises:
            DataError: If labels are indices that count from 1, so that each would be understood as the next class.
        """
        found, labels, frame = [], self.labels, self.raw.frame
        if not self.is_by_folder:
            cells = frame[self.roles["label"]].tolist()
            agreement.require_from_zero(cells, labels, self.space, frame, self.roles, self.found.ids)
        if labels.n_empty:
            where = (
                "whose image lies in no folder named by a class"
                + (", and the table has no column 'label'" if len(frame.columns) > 1 else "")
                if self.is_by_folder
                else f"in the column '{self.roles['label']}'"
            )
            found.append(f"{count(labels.n_empty, 'row')} without a label {where}.")
        for label, classes in list(labels.ambiguous.items())[:_NAMED]:
            n = labels.unmatched[label]
            found.append(
                f"the label '{label}' ({count(n, 'row')}) may be {named(self.space, classes)}: write one of these."
            )
        strangers = [label for label in labels.unmatched if label not in labels.ambiguous]
        if strangers:
            n = sum(labels.unmatched[label] for label in strangers)
            shown = "; ".join(
                self._stranger(label) for label, _ in labels.unmatched.most_common() if label in labels.hints
            )
            begin = ", ".join(f"'{name[:40]}'" for name in own_names[:_SHOWN])
            classes = (
                f"of --classes (which begin {begin})"
                if own_names
                else f"of {self.space.key}; a model with others needs --classes FILE"
            )
            found.append(
                f"{count(len(strangers), 'label')} ({count(n, 'row')}) not among the classes {classes}: {shown}."
            )
        return found

    def _stranger(self, label: str) -> str:
        hints = self.labels.hints[label]
        meant = f", perhaps {' or '.join(map(repr, hints))}" if hints else ""
        return f"'{label[:40]}' ({self.labels.unmatched[label]:,}{meant})"

    def notes(self, files: Collection[str]) -> list[str]:
        """What a user should know of files and labels."""
        said = [*also_fitting(list(self.raw.frame.columns), self.roles)]
        said += [f"{count(n, 'image')} {SAID[how]}." for how, n in self.found.how.items()]
        if self.is_by_folder:
            said.append("there is no column of labels: an image's label is the name of its folder.")
        else:
            said += agreement.disagreements(self.labels, self.space, self.raw.frame, self.roles, self.found.ids)
        used = {each for each in self.found.ids if each}
        if self.masks is not None:
            used |= {each for each in self.masks.ids if each}
            n_lost = sum(map(len, self.masks.faults.values())) - len(self.masks.faults.get("empty", ()))
            said += [f"{count(n, 'mask')} {SAID[how]}." for how, n in self.masks.how.items()]
            if n_lost:
                said.append(
                    f"{count(n_lost, 'mask')} not in the folder: these images have none. Masks are looked for where "
                    "images are, in the folder and those within it."
                )
        n_more = len(set(files) - used)
        said += [f"{count(n_more, 'other image')} in the folder, not in the table: left out."] if n_more else []
        if "weight" in self.roles:
            said.append(f"'{self.roles['weight']}' is kept as a factor; no mean uses it as a weight.")
        return said


def _folder_of(file: str | None) -> str | None:
    return PurePosixPath(file).parent.name if file else None


def _some(names: Sequence[object], rows: Sequence[int]) -> str:
    shown = [repr(str(names[row])[:60]) for row in rows[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(rows) - _SHOWN:,} more" if len(rows) > _SHOWN else "")
