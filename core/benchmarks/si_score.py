"""SI-Score: accuracy as a function of object size, location and rotation.

Yung et al. 2021 (arXiv 2104.04191), https://github.com/google-research/si-score. Each factor's folder holds
``<class label>/<image id>.jpg`` and ``metadata.csv``; the same few hundred cut-outs recur at every setting, so
intervals are clustered by cut-out.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from core.benchmarks import listing, si_score_plan
from core.benchmarks.base import Benchmark
from core.benchmarks.imagenet import require_imagenet
from core.errors import DataError, nearest
from core.labels import IMAGENET_1K, si_score_classes
from core.types import Factor, Table

METADATA = "metadata.csv"
#: Columns of ``metadata.csv``, in the published order.
METADATA_COLUMNS = (
    "image_id",
    "x_coord",
    "y_coord",
    "area",
    "rotation",
    "foreground_class",
    "foreground_instance",
    "background",
    "bg_resolution_width",
    "bg_resolution_height",
    "pct_inside_image",
)
#: ``int,label``: ImageNet index by class label.
CLASS_INDICES = "foreground_classes.csv"
#: ``int,label``: the integer that stands for a class in the metadata.
METADATA_INDICES = "foreground_classes_metadata_indices.csv"
#: ``int,label``: the integer that stands for a background in the metadata.
BACKGROUNDS = "backgrounds.csv"

#: ImageNet's "kite" is the bird of prey.
BIRD_OF_PREY = 21

_NUMBERS = ("x_coord", "y_coord", "area", "rotation", "pct_inside_image")
_DOWNLOAD = (
    "Download https://s3.us-east-1.amazonaws.com/si-score-dataset/{archive}.zip, unpack it and give the folder that "
    "holds metadata.csv, or make images of your own with: python -m core generate si-score --factor {factor} ..."
)
_BY_CLASS = Table("by_class", ("class",), "Top-1 by class")


class SIScore(Benchmark):
    """What the three factors share."""

    paper: ClassVar[str] = "Yung et al. 2021, SI-Score (arXiv 2104.04191)"
    licence: ClassVar[str] = "Apache-2.0"
    cluster_unit: ClassVar[str | None] = "cut-out"
    factors: ClassVar[tuple[Factor, ...]] = (
        Factor("area", "Object area / image area", "numeric"),
        Factor("x", "x of object centre", "numeric"),
        Factor("y", "y of object centre (down)", "numeric"),
        Factor("angle_deg", "Rotation, counter-clockwise", "circular", "°"),
        Factor("pct_inside_image", "Share of the object's box inside the image", "numeric"),
        Factor("class", "Class", "category"),
        Factor("foreground_instance", "Cut-out", "category"),
        Factor("background", "Background", "category"),
    )
    #: Folders that its archives unpack to, the official one first; patterns, as of ``fnmatch``.
    published_folders: ClassVar[tuple[str, ...]]

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.root = listing.unwrapped(root, self._where, is_sole=False)

    def _where(self, folder: Path) -> Path | None:
        """The factor's folder in a folder, or None; one that is named for another factor is none of its own."""
        if (folder / METADATA).is_file():
            own = _factors_named(folder.name) or {self.key}
            return folder if self.key in own or folder == self.root else None
        if not folder.is_dir():
            return None
        names = sorted(listing.subfolders(folder))
        for pattern in self.published_folders:
            inner = [folder / name for name in names if fnmatch(name, pattern)]
            inner = [each for each in inner if (each / METADATA).is_file()]
            # Of several, such as location sets with different minimum shares inside, a user has to choose.
            if inner:
                return inner[0] if len(inner) == 1 else None
        return None

    def _beside(self, name: str) -> Path | None:
        """A class list: in the factor's folder, or in the one above, where the repository has it."""
        return next((path for path in (self.root / name, self.root.parent / name) if path.is_file()), None)

    @cached_property
    def _class_indices(self) -> dict[str, int]:
        path = self._beside(CLASS_INDICES)
        if path is None:
            return si_score_classes()
        return {label: index for index, label in read_int_labels(path, below=1000)}

    @cached_property
    def _listing(self) -> listing.Listing:
        found = listing.list_class_folders(self.root)
        if not found.ids:
            raise DataError(f"{self.root} has no images in class folders. {self.how_to_get}")
        unknown = sorted(set(found.folders) - set(self._class_indices))
        if unknown:
            raise DataError(
                f"{self.root / unknown[0]}: '{unknown[0]}' is not a class that SI-Score names."
                f"{nearest(unknown[0], self._class_indices)} Rename the folder, or name all classes in a "
                f"{CLASS_INDICES} (columns int,label; int is the ImageNet index)."
            )
        for text in found.notes():
            self.note(text)
        return found

    @cached_property
    def _metadata(self) -> pd.DataFrame:
        return read_metadata(self.root / METADATA)

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per image that has both a file and a metadata row; see ``Benchmark.samples``.

        Raises:
            DataError: If metadata cannot be read, ids are ambiguous, or no image has a row.
        """
        require_imagenet(self, label_space)
        return self._as_samples(self._joined)

    @cached_property
    def _joined(self) -> pd.DataFrame:
        """Files with their rows of metadata."""
        files = pd.DataFrame({"sample_id": self._listing.ids})
        parts = files["sample_id"].str.partition("/")
        files["class"], files["image_id"] = parts[0], parts[2].str.rsplit(".", n=1).str[0]
        on = self._join_columns()
        for frame, where in ((files, self.root), (self._metadata, self.root / METADATA)):
            self._require_unique(frame, on, where)
        joined = files.merge(self._metadata, on=on, how="inner", validate="one_to_one", sort=False)
        self._report_unmatched(len(files), len(self._metadata), len(joined))
        if self._class_indices.get("kite") == BIRD_OF_PREY and "kite" in self._listing.folders:
            self.note("class 'kite' shows toy kites but is labelled as the bird (--exclude kite leaves it out).")
        return joined

    @staticmethod
    def _require_unique(frame: pd.DataFrame, on: list[str], where: Path) -> None:
        twice = np.flatnonzero(frame.duplicated(on))
        if not len(twice):
            return
        row = int(twice[0])
        place = f"{where}, row {row + 2}" if where.suffix == ".csv" else f"{where / frame['sample_id'].iloc[row]}"
        fix = f"add {METADATA_INDICES}, which tells classes apart" if on == ["image_id"] else "delete one of the two"
        raise DataError(f"{place}: the image id '{frame['image_id'].iloc[row]}' is there twice: {fix}.")

    def _join_columns(self) -> list[str]:
        """Ids are unique within a class; without the class integers' meaning they must be unique over all."""
        path = self._beside(METADATA_INDICES)
        if path is None:
            return ["image_id"]
        labels = self._metadata["foreground_class"].map(dict(read_int_labels(path, unique=True)))
        if labels.isna().any():
            row = int(np.flatnonzero(labels.isna())[0])
            raise DataError(
                f"{self.root / METADATA}, row {row + 2}, column 'foreground_class': "
                f"{self._metadata['foreground_class'].iloc[row]} is not in {path}"
            )
        self._metadata["class"] = labels
        return ["class", "image_id"]

    def _report_unmatched(self, n_files: int, n_rows: int, n_both: int) -> None:
        if n_both == 0:
            raise DataError(
                f"none of the {n_files:,} images in {self.root} has a row in {METADATA} ({n_rows:,} rows): "
                "the two are not of the same data set."
            )
        if n_files > n_both:
            self.note(f"{n_files - n_both:,} of {n_files:,} images have no row in {METADATA}; left out.")
        if n_rows > n_both:
            self.note(f"{n_rows - n_both:,} of {n_rows:,} rows of {METADATA} have no image; left out.")

    def _as_samples(self, joined: pd.DataFrame) -> pd.DataFrame:
        classes = joined["class"].to_numpy(dtype=object)
        return pd.DataFrame(
            {
                "sample_id": joined["sample_id"],
                "accepted": [[self._class_indices[label]] for label in classes],
                "cluster": joined["class"].astype(str) + "/" + joined["foreground_instance"].astype(str),
                # Grid values are written as floats (0.15000000000000002); equal settings must compare equal.
                "area": joined["area"].round(4),
                "x": joined["x_coord"].round(4),
                "y": joined["y_coord"].round(4),
                "angle_deg": joined["rotation"].round(4),
                "pct_inside_image": joined["pct_inside_image"],
                "class": joined["class"],
                "foreground_instance": joined["foreground_instance"].astype(str),
                "background": joined["background"].astype(str),
            }
        )

    def mask(self, sample_id: str) -> np.ndarray | None:
        """The object in an image of a set that was generated here, composed again; see ``Benchmark.mask``.

        None where a set has no plan, as the published ones, or its cut-outs are gone.

        Raises:
            DataError: If the plan is none, or is of another set.
            ImageError, StorageError: If the cut-out cannot be opened.
        """
        plan = self._plan
        if plan is None:
            return None
        if sample_id not in self._rows:
            raise DataError(f"{sample_id!r} names no image inside the data folder of '{self.key}'.")
        label, instance, *setting = self._rows[sample_id]
        cutout = si_score_plan.cutout_of(plan, label, int(instance))
        if not Path(cutout).is_file():
            self.note(f"there are no masks: {cutout}, of which this set was made, is gone.")
            return None
        return si_score_plan.mask_of(plan, cutout, *setting)

    @cached_property
    def _plan(self) -> si_score_plan.Plan | None:
        return si_score_plan.read_plan(self.root)

    @cached_property
    def _rows(self) -> dict[str, tuple[str, str, float, float, float, float]]:
        """Class, cut-out and setting of each image."""
        samples = self._as_samples(self._joined)
        columns = ["class", "foreground_instance", "area", "x", "y", "angle_deg"]
        return dict(zip(samples["sample_id"], samples[columns].itertuples(index=False, name=None), strict=True))

    def label_files(self) -> list[Path]:
        """The metadata, and the class lists where they are."""
        lists = (self._beside(name) for name in (CLASS_INDICES, METADATA_INDICES))
        return [self.root / METADATA, *filter(None, lists)]

    def pool_digest(self) -> str:
        """See ``listing.digest``."""
        return listing.digest(self._listing)


class SIScoreSize(SIScore):
    """Objects at the centre, 1 % to 100 % of the image."""

    key: ClassVar[str] = "si-score/size"
    title: ClassVar[str] = "SI-Score: object size"
    published_folders: ClassVar[tuple[str, ...]] = ("area", "size", "object_size", "object_size_*")
    how_to_get: ClassVar[str] = _DOWNLOAD.format(archive="area", factor="size") + " (The archive is also called size.)"
    tables: ClassVar[tuple[Table, ...]] = (Table("by_size", ("area",), "Top-1 by object size"), _BY_CLASS)


class SIScoreLocation(SIScore):
    """Objects of 20 % of the image at 21 x 21 centres."""

    key: ClassVar[str] = "si-score/location"
    title: ClassVar[str] = "SI-Score: object location"
    published_folders: ClassVar[tuple[str, ...]] = (
        *("location20_area02_min0pc", "location*_min*pc", "location", "object_location", "object_location_*"),
    )
    how_to_get: ClassVar[str] = _DOWNLOAD.format(archive="location", factor="location")
    tables: ClassVar[tuple[Table, ...]] = (Table("by_location", ("x", "y"), "Top-1 by object location"), _BY_CLASS)


class SIScoreRotation(SIScore):
    """Objects at the centre, turned in steps of 20 degrees, at four areas."""

    key: ClassVar[str] = "si-score/rotation"
    title: ClassVar[str] = "SI-Score: object rotation"
    published_folders: ClassVar[tuple[str, ...]] = ("rotation", "object_rotation", "object_rotation_*")
    how_to_get: ClassVar[str] = _DOWNLOAD.format(archive="rotation", factor="rotation")
    tables: ClassVar[tuple[Table, ...]] = (
        Table("by_rotation", ("angle_deg", "area"), "Top-1 by rotation and size"),
        _BY_CLASS,
    )


def _factors_named(folder: str) -> set[str]:
    """Keys of the factors whose archives unpack to a folder of this name."""
    return {each.key for each in BENCHMARKS if any(fnmatch(folder, name) for name in each.published_folders)}


def read_csv(path: Path, required: Sequence[str]) -> pd.DataFrame:
    """A CSV with every value as text.

    Raises:
        DataError: If it is absent, not CSV, empty, or lacks a column; names the file and what is missing.
    """
    try:
        with path.open("rb") as stream:
            frame = pd.read_csv(stream, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing: give the folder that holds it with --data DIR.") from error
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{path} cannot be read as CSV: {error}") from error
    missing = [column for column in required if column not in frame.columns]
    if missing:
        raise DataError(f"{path}, row 1: column '{missing[0]}' is missing; the header is {', '.join(frame.columns)}")
    if frame.empty:
        raise DataError(f"{path} has a header but no rows.")
    return frame


def read_metadata(path: Path) -> pd.DataFrame:
    """``metadata.csv`` with typed columns; ids and indices stay text.

    Raises:
        DataError: Naming file, row and column of the first value that is not a number.
    """
    frame = read_csv(path, METADATA_COLUMNS)
    for column in _NUMBERS:
        frame[column] = _as_numbers(frame[column], path)
    frame["foreground_class"] = _as_integers(frame["foreground_class"], path)
    return frame


def read_int_labels(path: Path, *, below: int | None = None, unique: bool = False) -> list[tuple[int, str]]:
    """A class list with the columns ``int,label``.

    Args:
        path: The CSV.
        below: If given, integers must be in [0, below).
        unique: Whether each integer must stand for one label.

    Raises:
        DataError: Naming file, row and column of the first value that does not fit.
    """
    frame = read_csv(path, ("int", "label"))
    numbers = _as_integers(frame["int"], path)
    wrong = np.flatnonzero((numbers < 0) | (numbers >= below)) if below is not None else []
    if len(wrong):
        raise DataError(f"{path}, row {wrong[0] + 2}, column 'int': {numbers.iloc[wrong[0]]} is not in 0..{below - 1}")
    twice = np.flatnonzero(numbers.duplicated()) if unique else []
    if len(twice):
        raise DataError(f"{path}, row {twice[0] + 2}, column 'int': {numbers.iloc[twice[0]]} already has another label")
    return list(zip(numbers.tolist(), frame["label"].tolist(), strict=True))


def _as_numbers(column: pd.Series, path: Path) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        row = int(wrong[0])
        # The header is row 1 of the file.
        raise DataError(f"{path}, row {row + 2}, column '{column.name}': '{column.iloc[row]}' is not a number")
    return numbers


def _as_integers(column: pd.Series, path: Path) -> pd.Series:
    numbers = _as_numbers(column, path)
    wrong = np.flatnonzero(numbers % 1 != 0)
    if len(wrong):
        row = int(wrong[0])
        raise DataError(f"{path}, row {row + 2}, column '{column.name}': '{column.iloc[row]}' is not a whole number")
    return numbers.astype(int)


BENCHMARKS = (SIScoreSize, SIScoreLocation, SIScoreRotation)
