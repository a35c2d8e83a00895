"""The published mistakes of ViT-3B and Greedy Soups, and the published class confusions.

Vasudevan et al. 2022. A mistake file is ``{validation file: {top_prediction, failure category, failure severity}}``;
reviews are exported in the same form. Spellings of categories differ between the files: they are normalised, and the
original is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.benchmarks.imagenet_annotations import read_object, validation_name
from core.errors import DataError, nearest
from core.labels import IMAGENET_1K, label_space
from core.paths import load_json

FINE_GRAINED, OOV = "fine-grained error", "fine-grained error with OOV"
MULTILABEL = "fine-grained error with multi-label options"
SPURIOUS, NON_PROTOTYPICAL = "spurious correlation", "non-prototypical"
CATEGORIES = (FINE_GRAINED, OOV, MULTILABEL, SPURIOUS, NON_PROTOTYPICAL)
#: For images of any benchmark, where there is nothing to say about ImageNet's labels.
GENERAL = ("too small", "too dark", "cut off", "unusual view", "two objects", "label wrong", "other")
SEVERITIES = ("major", "minor", "borderline")
CONFUSIONS = "class_confusion_wnids.json"

_SPELT = {
    "fine-grained error": FINE_GRAINED,
    "fine-grained": FINE_GRAINED,
    "fine-grained error with oov": OOV,
    "fine-grained with oov": OOV,
    "fine-grained with multilabel options": MULTILABEL,
    "fine-grained error with multi-label options": MULTILABEL,
    "spurious correlation": SPURIOUS,
    "non-prototypical": NON_PROTOTYPICAL,
}


@dataclass(frozen=True)
class Reference:
    """A model whose remaining mistakes were published with category and severity."""

    key: str
    title: str
    file: str


REFERENCES = (
    Reference("vit3b", "ViT-3B", "vit3b_mistakes.json"),
    Reference("greedy_soups", "Greedy Soups", "greedy_soups_mistakes.json"),
)


def normalised_category(text: str) -> str:
    """A category under one name, whatever its spelling.

    Raises:
        DataError: If it is neither one of the published ones nor one of ``GENERAL``.
    """
    words = " ".join(text.lower().split())
    known = words if words in GENERAL else _SPELT.get(words)
    if known is None:
        raise DataError(
            f"unknown failure category '{text}'.{nearest(text, (*CATEGORIES, *GENERAL))} "
            f"Known: {', '.join((*CATEGORIES, *GENERAL))}."
        )
    return known


def categories_of(benchmark: str) -> tuple[str, ...]:
    """The categories that mistakes on a benchmark are sorted into: the published ones on ImageNet, else ``GENERAL``."""
    return CATEGORIES if benchmark.startswith("imagenet") else GENERAL


def normalised_severity(text: str) -> str:
    """``major``, ``minor`` or ``borderline``; the paper counts borderline ones as minor.

    Raises:
        DataError: If it is none of them.
    """
    if text.lower().strip() not in SEVERITIES:
        raise DataError(f"unknown failure severity '{text}'. Known: {', '.join(SEVERITIES)}.")
    return text.lower().strip()


def read_mistakes(path: Path) -> pd.DataFrame:
    """A mistake file.

    Returns:
        One row per mistake, sorted by file name: ``sample_id``, ``predicted`` (class index), ``category``,
        ``severity`` (normalised; empty where the file says nothing), ``category_original``, ``severity_original``,
        ``note``.

    Raises:
        DataError: Naming the file, the image and the value that does not fit.
    """
    rows = []
    for image, entry in read_object(path).items():
        name = validation_name(image)
        try:
            rows.append(_row(name or image, entry))
        except (DataError, KeyError, TypeError) as error:
            reason = str(error) if isinstance(error, DataError) else f"needs top_prediction ({error!r})"
            raise DataError(f"{path}: '{image}': {reason}") from error
    columns = ["sample_id", "predicted", "category", "severity", "category_original", "severity_original", "note"]
    return pd.DataFrame(rows, columns=columns).sort_values("sample_id", ignore_index=True)


def _row(name: str, entry: Mapping[str, object]) -> tuple[str, int, str, str, str, str, str]:
    predicted = entry["top_prediction"]
    if not isinstance(predicted, int) or not 0 <= predicted < len(label_space(IMAGENET_1K)):
        raise DataError(f"top_prediction {predicted!r} is not an ImageNet-1k class index.")
    category, severity = str(entry.get("failure category") or ""), str(entry.get("failure severity") or "")
    return (
        name,
        predicted,
        normalised_category(category) if category else "",
        normalised_severity(severity) if severity else "",
        category,
        severity,
        str(entry.get("note") or ""),
    )


def as_published(rows: Sequence[Mapping[str, object]]) -> str:
    """Mistakes as JSON in the published form.

    Args:
        rows: With ``sample_id, predicted, category, severity`` and, if any, ``note``.
    """
    content = {}
    for row in rows:
        entry = {
            "top_prediction": int(row["predicted"]),  # type: ignore[call-overload]
            "failure category": row["category"],
            "failure severity": str(row["severity"]).capitalize(),
        }
        content[str(row["sample_id"])] = {**entry, **({"note": row["note"]} if row.get("note") else {})}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def read_confusions(path: Path) -> pd.DataFrame:
    """The published class confusions by WordNet id; pairs without direction.

    Returns:
        ``first``, ``second`` (class indices, ascending), ``n``, most frequent first.

    Raises:
        DataError: If an entry is no pair of classes with a count.
    """
    indices = label_space(IMAGENET_1K).index_of_wnid
    try:
        entries = load_json(path)
        rows = [(*sorted((indices[one], indices[other])), int(n)) for one, other, n in entries]
    except KeyError as error:
        raise DataError(f"{path}: {error} is not a WordNet id of ImageNet-1k.") from error
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path} is not a list of [WordNet id, WordNet id, count]: {error}.") from error
    return pd.DataFrame(rows, columns=["first", "second", "n"]).sort_values(
        ["n", "first", "second"], ascending=[False, True, True], ignore_index=True
    )
