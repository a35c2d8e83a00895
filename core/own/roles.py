"""Which part each column of a user's table plays: the file, the label, the mask, the cluster, or a factor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from core.errors import UsageError, nearest
from core.own.kinds import Kind, parse_kind

Role = Literal["file", "label", "mask", "cluster", "split", "weight"]
#: Names by which a column is known to play a part, in small letters; of several the first is taken.
NAMES: dict[Role, tuple[str, ...]] = {
    "file": ("file", "path", "filename", "image", "filepath", "file_name", "file_path", "image_path"),
    "label": (
        *("label", "labels", "class", "wnid", "synset", "class_name", "label_name", "target", "class_id", "label_id"),
    ),
    "mask": ("mask",),
    "cluster": ("cluster", "group"),
    "split": ("split",),
    "weight": ("weight",),
}
#: Those that are factors all the same.
ALSO_FACTORS: tuple[Role, ...] = ("split", "weight")
_SHOWN = 12


def roles_of(columns: Sequence[str], cluster: str = "") -> dict[Role, str]:
    """The column that plays each part.

    Args:
        columns: Names of a table's columns.
        cluster: The column that a user says tells which images are not independent.

    Raises:
        UsageError: If none names the files, the named one is not there, or two differ in case only.
    """
    by_lower: dict[str, str] = {}
    for column in columns:
        other = by_lower.setdefault(column.casefold(), column)
        if other != column:
            raise UsageError(f"the columns '{other}' and '{column}' differ in case only: rename one.")
    found: dict[Role, str] = {}
    for role, known in NAMES.items():
        name = next((name for name in known if name in by_lower), None)
        if name is not None:
            found[role] = by_lower[name]
    if "file" not in found:
        raise UsageError(
            f"the table has no column of image files: call it 'file' (or {', '.join(NAMES['file'][1:])}). It has: "
            f"{_listed(columns)}."
        )
    if cluster:
        found["cluster"] = column_named(cluster, columns, "--cluster")
        if found["cluster"] in (found["file"], found.get("label"), found.get("mask")):
            raise UsageError(f"--cluster '{cluster}' is the column of the files, labels or masks: name another.")
    return found


def also_fitting(columns: Sequence[str], roles: Mapping[Role, str]) -> list[str]:
    """Sentences on columns that could play a part that another one plays."""
    said = []
    for role, used in roles.items():
        others = [column for column in columns if column.casefold() in NAMES[role] and column not in roles.values()]
        said += [f"'{used}' is used for the {role}, so that '{other}' is a factor." for other in others]
    return said


def kinds_of(asked: Iterable[str], columns: Sequence[str]) -> dict[str, Kind]:
    """Kinds that a user has given to columns.

    Args:
        asked: ``NAME:KIND`` each.
        columns: That are factors.

    Raises:
        UsageError: If one has another form, names no column or kind, or two say another kind of one column.
    """
    found: dict[str, Kind] = {}
    for text in asked:
        name, colon, kind = text.rpartition(":")
        if not colon or not name.strip():
            raise UsageError(f"--factor '{text}' has the form NAME:KIND, such as angle:circular.")
        column, meant = column_named(name.strip(), columns, "--factor"), parse_kind(kind.strip().lower())
        if found.setdefault(column, meant) != meant:
            raise UsageError(f"--factor says that '{column}' is {found[column]}, and that it is {meant}: give one.")
    return found


def column_named(name: str, columns: Sequence[str], option: str) -> str:
    """A column as an option names it, whatever its case.

    Raises:
        UsageError: If there is none.
    """
    found = [column for column in columns if column == name] or [
        column for column in columns if column.casefold() == name.casefold()
    ]
    if not found:
        raise UsageError(
            f"{option} names '{name}', which is no such column.{nearest(name, columns)} There are: {_listed(columns)}."
        )
    return found[0]


def factor_columns(columns: Sequence[str], roles: Mapping[Role, str], cluster: str = "") -> list[str]:
    """The columns that are factors: those without a part, and those that are factors all the same.

    A column that ``--cluster`` names stays a factor; one that is called so is none.
    """
    taken = {
        column for role, column in roles.items() if role not in ALSO_FACTORS and not (role == "cluster" and cluster)
    }
    return [column for column in columns if column not in taken]


def _listed(columns: Sequence[str]) -> str:
    more = f", … ({len(columns):,})" if len(columns) > _SHOWN else ""
    return ", ".join(columns[:_SHOWN]) + more if columns else "none"
