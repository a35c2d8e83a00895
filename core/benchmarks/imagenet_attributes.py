"""``imagenet-attributes``: ImageNet's validation set with the settings that were published with FOCUS.

Kattakinda and Feizi 2022, Section 4.4: time, weather and locations of 4,729 validation images, annotated by machine.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pandas as pd

from core import uncommon
from core.benchmarks.focus import location_list, plain_value
from core.benchmarks.imagenet import ImageNet
from core.benchmarks.imagenet_annotations import validation_name
from core.errors import DataError
from core.labels import IMAGENET_1K, focus_to_imagenet
from core.types import Factor, Table

#: Columns of the published file.
COLUMNS = ("image", "time", "weather", "locations")
#: The category of classes that are none of the ten; it has no uncommon settings.
OTHER = "other"
_SHOWN = 5


class ImageNetAttributes(ImageNet):
    """ImageNet's own labels, in common and uncommon settings of the classes that FOCUS maps to a category."""

    key: ClassVar[str] = "imagenet-attributes"
    title: ClassVar[str] = "ImageNet in common and uncommon settings"
    paper: ClassVar[str] = "Kattakinda and Feizi 2022, FOCUS (ICML), Section 4.4; Russakovsky et al. 2015, ImageNet"
    licence: ClassVar[str] = "ImageNet's terms of access; attributes as published with FOCUS"
    how_to_get: ClassVar[str] = (
        "Put the CSV file with the columns image,time,weather,locations, linked under 'ImageNet Attributes' at "
        "https://github.com/priyathamkat/focus, into the folder of ImageNet's validation set sorted by class "
        "(n01440764/..., or val/n01440764/...) and give that folder."
    )
    factors: ClassVar[tuple[Factor, ...]] = (*ImageNet.factors, *uncommon.FACTORS)
    tables: ClassVar[tuple[Table, ...]] = (
        *uncommon.TABLES,
        Table("by_category", ("category",), "Top-1 by category"),
        Table("by_time", ("time",), "Top-1 by time of day, all classes"),
        Table("by_weather", ("weather",), "Top-1 by weather, all classes"),
        *ImageNet.tables,
    )

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._folders = dict.fromkeys((root, self.root, self.root.parent, root.parent))

    @cached_property
    def _attributes_file(self) -> Path:
        for folder in self._folders:
            for path in sorted(folder.glob("*.csv")):
                with path.open(encoding="utf-8-sig", errors="replace") as stream:
                    if [name.strip() for name in stream.readline().split(",")] == list(COLUMNS):
                        return path
        searched = ", ".join(str(folder) for folder in self._folders)
        raise DataError(f"no CSV file with the columns {','.join(COLUMNS)} is in {searched}. {self.how_to_get}")

    @cached_property
    def _joined(self) -> pd.DataFrame:
        """Images that have both a file and attributes."""
        files = super().samples()
        files["file"] = files["sample_id"].str.rpartition("/")[2]
        rows = read_attributes(self._attributes_file)
        if not files["file"].isin(rows["file"]).any():
            # Copies of the validation set differ in suffixes, and some have the WordNet id in their names.
            files["file"] = files["file"].map(lambda name: validation_name(name) or name)
        named = files[files["file"].isin(rows["file"])]
        for frame, where in ((named, self.root), (rows, self._attributes_file)):
            if frame["file"].duplicated().any():
                twice = frame.loc[frame["file"].duplicated(), "file"].iloc[0]
                raise DataError(f"the file name '{twice}' stands twice in {where}, so attributes cannot be told apart.")
        joined = named.merge(rows, on="file", how="inner", validate="one_to_one", sort=False)
        if joined.empty:
            raise DataError(
                f"no image in {self.root} has the name of one in {self._attributes_file}, for example "
                f"{rows['file'].iloc[0]}. {self.how_to_get}"
            )
        absent = rows.loc[~rows["file"].isin(files["file"]), "file"]
        if len(absent):
            more = ", …" if len(absent) > _SHOWN else ""
            self.note(
                f"{len(absent):,} images with attributes are not there and were left out: "
                f"{', '.join(absent[:_SHOWN])}{more}"
            )
        if len(joined) < len(files):
            self.note(f"{len(files) - len(joined):,} images have no published attributes and were left out.")
        return joined.drop(columns="file")

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per image with attributes; ``category`` is ``other`` for classes of none of the ten."""
        super().samples(label_space)
        category_of = {index: category for category, indices in focus_to_imagenet().items() for index in indices}
        category = [category_of.get(accepted[0], OTHER) for accepted in self._joined["accepted"]]
        return uncommon.annotate(self._joined.assign(category=category))

    def label_files(self) -> list[Path]:
        """The attributes."""
        return [self._attributes_file]


def read_attributes(path: Path) -> pd.DataFrame:
    """The published attributes.

    Args:
        path: CSV with ``image,time,weather,locations``; ``locations`` is a list of 0 and 1 in the order of the
            vocabulary (forest to water, then none), or names separated by commas.

    Returns:
        ``file`` (the image's name without folders), ``time``, ``weather`` and ``locations`` (lists of names).

    Raises:
        DataError: If a row cannot be read.
    """
    try:
        with path.open("rb") as stream:
            rows = pd.read_csv(stream, dtype=str, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True)
        locations = [_locations(text) for text in rows["locations"]]
    except (ValueError, KeyError) as error:
        raise DataError(f"{path} cannot be read as image,time,weather,locations: {error}") from error
    return pd.DataFrame(
        {
            "file": rows["image"].str.rpartition("/")[2],
            "time": rows["time"].map(plain_value),
            "weather": rows["weather"].map(plain_value),
            "locations": locations,
        }
    )


def _locations(text: str) -> list[str]:
    if not text.startswith("["):
        return location_list(text.split(","))
    flags, names = json.loads(text), uncommon.VALUES["locations"]
    if len(flags) != len(names) or not set(flags) <= {0, 1}:
        raise ValueError(f"locations '{text}' must be {len(names)} times 0 or 1, for {', '.join(names)}")
    return location_list(name for name, flag in zip(names, flags, strict=True) if flag)


BENCHMARKS = (ImageNetAttributes,)
