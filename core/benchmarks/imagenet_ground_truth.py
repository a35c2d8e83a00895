"""The ground truth of ImageNet's development kit: original classes of validation images as ILSVRC's own numbers.

Its file has one number from 1 to 1,000 a line, for the 50,000 images in order. The numbers are ILSVRC's, in which 1 is
n02119789, the kit fox; they follow neither sorted WordNet ids nor the class indices of models, so that another file of
the kit has to say what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.errors import DataError
from core.labels import IMAGENET_1K, label_space

FILE = "ILSVRC2012_validation_ground_truth.txt"
#: Files that give ILSVRC's numbers their WordNet ids: MATLAB's table, lines of WordNet id and number, and lines that
#: begin with WordNet ids in the order of the numbers.
SYNSET_FILES = ("meta.mat", "map_clsloc.txt", "synset_words.txt", "synsets.txt", "LOC_synset_mapping.txt")

_WNID = re.compile(r"n\d{8}")


def find(folders: Sequence[Path]) -> tuple[Path, Path] | None:
    """The ground truth, and a file that says what its numbers mean; None where one of both is missing.

    A list that is sorted by WordNet id is passed over: its order is that of class indices, not of ILSVRC's numbers.
    """
    truth = next((folder / FILE for folder in folders if (folder / FILE).is_file()), None)
    if truth is None:
        return None
    beside = dict.fromkeys((truth.parent, *folders))
    for path in (folder / name for name in SYNSET_FILES for folder in beside):
        if path.is_file() and not _is_sorted(path):
            return truth, path
    return None


def read(truth: Path, synsets: Path, n_images: int) -> list[int]:
    """Class index of each validation image, in order.

    Args:
        truth: The ground truth.
        synsets: One of ``SYNSET_FILES``.
        n_images: Lines that it must have.

    Raises:
        DataError: If one of both is something else; names file, line and value.
    """
    index_of = {number: _index(synsets, wnid) for number, wnid in read_synsets(synsets).items()}
    lines = [(at, line.strip()) for at, line in enumerate(_lines(truth), 1) if line.strip()]
    if len(lines) != n_images:
        raise DataError(f"{truth} has {len(lines):,} lines; one for each of the {n_images:,} images is needed.")
    for at, text in lines:
        if not text.isdecimal() or int(text) not in index_of:
            raise DataError(f"{truth}, line {at}: '{text[:80]}' is not one of ILSVRC's numbers from 1 to 1,000.")
    return [index_of[int(text)] for _, text in lines]


def read_synsets(path: Path) -> dict[int, str]:
    """WordNet id by ILSVRC's number, 1 to 1,000.

    Args:
        path: One of ``SYNSET_FILES``.

    Raises:
        DataError: If it does not give each number an id of its own.
    """
    found = _of_matlab(path) if path.suffix == ".mat" else _of_lines(path)
    n = len(label_space(IMAGENET_1K))
    if set(found) != set(range(1, n + 1)) or len(set(found.values())) != n:
        raise DataError(f"{path} does not give each of the numbers from 1 to {n:,} a WordNet id of its own.")
    if list(found.values()) == sorted(found.values()):
        raise DataError(
            f"{path} is sorted by WordNet id, so its order is that of class indices; ILSVRC's numbers have another. "
            "Put meta.mat or map_clsloc.txt of the development kit beside it."
        )
    return found


def _of_matlab(path: Path) -> dict[int, str]:
    # Takes a second to import, and few have such a file.
    from scipy.io import loadmat

    try:
        with path.open("rb") as stream:
            table = loadmat(stream, squeeze_me=True, variable_names=["synsets"])["synsets"]
        pairs = [(int(row["ILSVRC2012_ID"]), str(row["WNID"])) for row in table]
    except Exception as error:
        # SciPy raises nearly anything about a file that is damaged.
        raise DataError(f"{path} cannot be read as the development kit's meta.mat: {error!r:.200}") from error
    # Numbers above stand for groups of classes.
    return dict(sorted(pair for pair in pairs if pair[0] <= len(label_space(IMAGENET_1K))))


def _of_lines(path: Path) -> dict[int, str]:
    rows = [(at, line.split()) for at, line in enumerate(_lines(path), 1) if line.strip()]
    numbered = all(len(parts) > 1 and parts[1].isdecimal() for _, parts in rows)
    found = {}
    for place, (at, parts) in enumerate(rows, 1):
        if not _WNID.fullmatch(parts[0]):
            raise DataError(f"{path}, line {at}: '{parts[0][:80]}' is not a WordNet id.")
        found[int(parts[1]) if numbered else place] = parts[0]
    return dict(sorted(found.items()))


def _is_sorted(path: Path) -> bool:
    if path.suffix == ".mat":
        return False
    try:
        wnids = list(_of_lines(path).values())
    except DataError:
        return False
    return wnids == sorted(wnids)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error


def _index(path: Path, wnid: str) -> int:
    indices: Mapping[str, int] = label_space(IMAGENET_1K).index_of_wnid
    if wnid not in indices:
        raise DataError(f"{path}: '{wnid}' is not a WordNet id of ImageNet-1k.")
    return indices[wnid]
