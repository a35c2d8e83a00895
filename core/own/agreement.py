"""Whether labels agree with what else says what is seen: other columns of classes, and the names of folders.

Indices that count from 1 are understood without a fault, each as the next class; nothing else would tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

import pandas as pd

from core.errors import DataError
from core.labels import LabelSpace
from core.own.matching import Labels, match, parts
from core.own.roles import Role

#: Names of columns, in small letters, that may say the class too.
_SAYING = frozenset(
    {
        *("class", "class_name", "classname", "label", "labels", "label_name", "label_text", "wnid", "synset"),
        *("synset_id", "category", "category_name", "name", "target", "object"),
    }
)
_INDEX = re.compile(r"\d+(\.0+)?")
#: Of the images of which both say a class: above this they are the same statement, or meant to be.
_MOST = 0.5


def require_from_zero(
    cells: Sequence[object],
    labels: Labels,
    space: LabelSpace,
    frame: pd.DataFrame,
    roles: Mapping[Role, str],
    files: Sequence[str | None],
) -> None:
    """Refuse class indices that count from 1.

    Args:
        cells: Of the column of labels.
        labels: What they mean.
        space: Label space that they are classes of.
        frame: The table.
        roles: The column that plays each part.
        files: The image of each row.

    Raises:
        DataError: If all labels are indices from 1 to the number of classes, or what else says the class is the one
            before each.
    """
    indices = {label for cell in cells for label in parts(cell)}
    are_names = all(name.isdecimal() for name in space.names)
    if are_names or not indices or not all(map(_INDEX.fullmatch, indices)):
        return
    numbers = {int(float(label)) for label in indices}
    fix = "subtract 1 from each, or give names or WordNet ids"
    if min(numbers) == 1 and max(numbers) == len(space):
        raise DataError(
            f"the labels in '{roles['label']}' are indices of 1 to {len(space):,}, and the classes are 0 to "
            f"{len(space) - 1:,}: {fix}."
        )
    for what, others, other_cells in _others(space, frame, roles, files):
        if all(map(_INDEX.fullmatch, (label for cell in other_cells for label in parts(cell)))):
            continue
        both = _both(labels, others)
        before = [row for row in both if others.accepted[row] == [index - 1 for index in labels.accepted[row]]]
        if before and len(before) > _MOST * len(both):
            row = before[0]
            raise DataError(
                f"the labels in '{roles['label']}' seem to count from 1: row {row + 1:,} has {parts(cells[row])[0]}, "
                f"which is '{space.names[labels.accepted[row][0]]}', and {what} says "
                f"'{space.names[others.accepted[row][0]]}', the class before it, as in {len(before):,} of "
                f"{len(both):,} rows. {fix[0].upper()}{fix[1:]}."
            )


def disagreements(
    labels: Labels,
    space: LabelSpace,
    frame: pd.DataFrame,
    roles: Mapping[Role, str],
    files: Sequence[str | None],
) -> list[str]:
    """A sentence for each other statement of the classes that says something else; see ``require_from_zero``."""
    said = []
    for what, others, _ in _others(space, frame, roles, files):
        both = _both(labels, others)
        differ = [row for row in both if not set(others.accepted[row]) & set(labels.accepted[row])]
        if differ:
            row = differ[0]
            said.append(
                f"labels and {what} name different classes in {len(differ):,} of {len(both):,} rows, such as "
                f"'{space.names[labels.accepted[row][0]]}' and '{space.names[others.accepted[row][0]]}' in row "
                f"{row + 1:,}: the labels count."
            )
    return said


def _both(labels: Labels, others: Labels) -> list[int]:
    return [
        row for row, (mine, theirs) in enumerate(zip(labels.accepted, others.accepted, strict=True)) if mine and theirs
    ]


def _others(
    space: LabelSpace, frame: pd.DataFrame, roles: Mapping[Role, str], files: Sequence[str | None]
) -> Iterator[tuple[str, Labels, list[object]]]:
    """What else says the class of most images, with at least two classes among them."""
    columns: dict[str, list[object]] = {
        f"the column '{column}'": frame[column].tolist()
        for column in frame.columns
        if column.casefold() in _SAYING and column not in roles.values()
    }
    columns["the name of the folder"] = [PurePosixPath(file).parent.name if file else None for file in files]
    for what, cells in columns.items():
        found = match(cells, space, with_hints=False)
        known = [accepted[0] for accepted in found.accepted if accepted]
        if len(known) > _MOST * len(cells) and len(set(known)) > 1:
            yield what, found, cells
