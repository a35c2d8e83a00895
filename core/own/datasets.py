"""Data sets in the JSON of COCO and of FiftyOne, as rows of a table: a row an image."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import DataError

#: Of COCO's images, what says nothing of what is seen.
_HOUSEKEEPING = frozenset({"id", "file_name", "license", "flickr_url", "coco_url", "url"})
#: Of FiftyOne's samples.
_INTERNAL = frozenset({"id", "filepath", "tags", "metadata"})
_LABELS = ("ground_truth", "label", "labels")
_PREDICTED = ("pred", "model", "output")
_SHOWN = 3


@dataclass(frozen=True)
class Rows:
    """What a data set holds.

    Attributes:
        rows: A row an image: ``file``, ``label`` and factors.
        form: ``COCO JSON`` or ``FiftyOne JSON``.
        notes: What a user should know.
    """

    rows: list[dict[str, Any]]
    form: str
    notes: list[str] = field(default_factory=list)


def reader(content: Any) -> Callable[[Mapping[str, Any], Path], Rows] | None:
    """What reads a JSON object as a data set, or None if it is none of the known ones."""
    if not isinstance(content, dict):
        return None
    if "images" in content and "annotations" in content:
        return coco
    return fiftyone if "samples" in content else None


def coco(content: Mapping[str, Any], path: Path) -> Rows:
    """COCO's form: the labels of an image are the categories of its annotations.

    Factors are ``object_share`` (area of all its boxes, counted one by one, as a share of the image's, at most 1; NaN
    where the image's width and height are not given), ``n_objects``, and the plain fields of ``images``. Source:
    https://cocodataset.org/#format-data.

    Raises:
        DataError: If a field is not there or of another form, or an id is that of two; names it.
    """
    images, annotations, categories = (
        _objects(content, name, path) for name in ("images", "annotations", "categories")
    )
    names: dict[Any, str] = {}
    for each in categories:
        category, name = _field(each, "id", "categories", path), str(_field(each, "name", "categories", path))
        if names.setdefault(category, name) != name:
            raise DataError(
                f"{path}: the category {category!r} is '{names[category]}' and '{name}': give each its own id."
            )
    labels: dict[Any, dict[str, None]] = defaultdict(dict)
    areas: dict[Any, float] = defaultdict(float)
    counts: Counter[Any] = Counter()
    for each in annotations:
        image, category = (_field(each, name, "annotations", path) for name in ("image_id", "category_id"))
        if category not in names:
            raise DataError(f"{path}: an annotation has category_id {category!r}, which 'categories' does not name.")
        labels[image][names[category]] = None
        counts[image] += 1
        areas[image] += _box_area(each.get("bbox"), path)
    rows, known = [], set()
    for each in images:
        image = _field(each, "id", "images", path)
        if image in known:
            raise DataError(f"{path}: two images have the id {image!r}, so that it is not known whose a label is.")
        known.add(image)
        plain = {
            name: value for name, value in each.items() if name not in _HOUSEKEEPING and not isinstance(value, dict)
        }
        size = _number(each.get("width")) * _number(each.get("height"))
        share = min(1.0, areas[image] / size) if size > 0 else math.nan
        rows.append(
            {
                **plain,
                "file": _field(each, "file_name", "images", path),
                "label": list(labels[image]),
                "object_share": share,
                "n_objects": counts[image],
            }
        )
    strangers = len(set(counts) - known)
    notes = [f"{strangers:,} image_ids of annotations are of no image in it: left out."] if strangers else []
    return Rows(rows, "COCO JSON", notes)


def fiftyone(content: Mapping[str, Any], path: Path) -> Rows:
    """FiftyOne's form (``samples.json``): labels of ``ground_truth``, else of the first field that holds labels.

    Factors are the plain fields of the samples, their ``tags`` as a set, width and height of ``metadata``, and of
    detections ``object_share`` and ``n_objects``, as for COCO. Source: FiftyOneDataset of
    https://docs.voxel51.com/user_guide/export_datasets.html.

    Raises:
        DataError: If a sample has no ``filepath``, or none has a label; names the fields.
    """
    samples = _objects(content, "samples", path)
    holding = Counter(name for each in samples for name, value in each.items() if _labels_of(value) is not None)
    # What a model said is no label.
    given = [name for name in holding if not name.casefold().startswith(_PREDICTED)]
    named = next((name for name in _LABELS if name in holding), next(iter(given), ""))
    rows = []
    for each in samples:
        row: dict[str, Any] = {"file": _field(each, "filepath", "samples", path)}
        if named:
            row["label"] = list(dict.fromkeys(_labels_of(each.get(named)) or ()))
        row = {**_plain_fields(each, holding.keys()), **row}
        if named and isinstance(each.get(named), dict) and isinstance(each[named].get("detections"), list):
            boxes = [
                _box_area(one.get("bounding_box"), path) for one in each[named]["detections"] if isinstance(one, dict)
            ]
            row |= {"object_share": min(1.0, sum(boxes)), "n_objects": len(boxes)}
        rows.append(row)
    others = [name for name in holding if name != named]
    notes = [f"labels are those of '{named}'."] if named else []
    notes += [f"fields with other labels were left out: {', '.join(others[:_SHOWN])}."] if others else []
    return Rows(rows, "FiftyOne JSON", notes)


def _plain_fields(sample: Mapping[str, Any], labels: Collection[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in sample.items():
        if name in _INTERNAL or name in labels or name.startswith("_"):
            continue
        if isinstance(value, dict) and "$date" in value:
            found[name] = _date(value["$date"])
        elif value is None or isinstance(value, str | bool | int | float):
            found[name] = value
    if isinstance(sample.get("tags"), list) and sample["tags"]:
        found["tags"] = [str(tag) for tag in sample["tags"]]
    if isinstance(sample.get("metadata"), dict):
        found |= {name: sample["metadata"][name] for name in ("width", "height") if name in sample["metadata"]}
    return found


def _date(value: Any) -> Any:
    """A date as text, which FiftyOne may have in milliseconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        return dt.datetime.fromtimestamp(value / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return None


def _labels_of(value: Any) -> list[str] | None:
    """The labels in a field of FiftyOne's; None if it is another kind of field."""
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("label"), str):
        return [value["label"]]
    for name in ("detections", "classifications"):
        if isinstance(value.get(name), list):
            return [str(each["label"]) for each in value[name] if isinstance(each, dict) and each.get("label")]
    return None


def _box_area(box: Any, path: Path) -> float:
    """Area of ``[x, y, width, height]``; 0 where there is no box."""
    if box is None or box == []:
        return 0.0
    if not isinstance(box, list) or len(box) != 4 or not all(math.isfinite(_number(each)) for each in box):
        raise DataError(f"{path}: the box {str(box)[:60]} is not four numbers, [x, y, width, height].")
    return max(0.0, float(box[2])) * max(0.0, float(box[3]))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _objects(content: Mapping[str, Any], name: str, path: Path) -> list[dict[str, Any]]:
    found = content.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise DataError(f"{path}: '{name}' is not there, or no list of objects.")
    return found


def _field(each: Mapping[str, Any], name: str, within: str, path: Path) -> Any:
    value = each.get(name)
    if not isinstance(value, str | int) or value == "":
        raise DataError(f"{path}: one of '{within}' has no '{name}': {str(dict(each))[:80]}")
    return value
