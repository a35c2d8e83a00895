"""A stored result's mistakes with what files that are here say of them: annotations, published categories."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core import store
from core.benchmarks import imagenet_annotations
from core.labels import IMAGENET_1K
from core.mistakes import published, table
from core.mistakes.files import Files


def of_run(run: store.Run, other: store.Run | None, found: Files) -> pd.DataFrame:
    """A run's rows; of ImageNet's validation images with the published category where it is known.

    Args:
        run: Complete or partial.
        other: A second model's run on the same benchmark.
        found: The files of ImageNet's remaining mistakes.

    Returns:
        See ``table.of_run`` and ``table.with_categories``.
    """
    path = found.annotations.path
    annotations = imagenet_annotations.read_annotations(path) if path else None
    content = table.of_run(run, other, annotations)
    paths = [found.reference(model.key).path for model in published.REFERENCES]
    known = [published.read_mistakes(path) for path in paths if path is not None]
    if known and is_validation(content):
        content = table.with_categories(content, pd.concat(known))
    return content


def is_validation(content: pd.DataFrame) -> bool:
    """Whether images are ImageNet's validation set, of which there are published mistakes and confusions."""
    return len(content) > 0 and imagenet_annotations.validation_name(content["sample_id"].iloc[0]) is not None


def published_pairs(found: Files) -> pd.DataFrame | None:
    """The published confusions by class name, most frequent first; None without the file."""
    if found.confusions.path is None:
        return None
    pairs = published.read_confusions(found.confusions.path)
    names = {side: np.asarray(table.names_of(IMAGENET_1K, pairs[side].to_numpy())) for side in ("first", "second")}
    ordered = np.sort(np.stack([names["first"], names["second"]], axis=1).astype(object), axis=1)
    return pd.DataFrame({"first": ordered[:, 0], "second": ordered[:, 1], "n": pairs["n"], "n_forward": pairs["n"]})
