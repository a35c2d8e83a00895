"""What every model says of one image, as stored: right or wrong, and its best five classes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from core import store
from core.answers import joined
from core.answers.questions import VALUE, StoredPolicy
from core.labels import class_names

TOP_K = 5


class Answers:
    """Stored answers of one result, read when the first is asked for.

    Args:
        run: Complete or partial.
        policy: What counts as right.
    """

    def __init__(self, run: store.Run, policy: StoredPolicy) -> None:
        self.run, self._policy = run, policy

    @cached_property
    def _counted(self) -> dict[str, Any]:
        columns = ["sample_id", "view", VALUE[self._policy], "predicted", "confidence"]
        return _by_image(joined.read(self.run, columns))

    @cached_property
    def _said(self) -> dict[str, Any]:
        return _by_image(store.read(self.run, ["sample_id", "view", "top10", "top10_prob"]))

    def of(self, sample_id: str, view: str) -> dict[str, Any] | None:
        """``right`` and ``top5`` of one view of an image; None if this result has none."""
        row = self._counted["rows"].get((sample_id, view))
        if row is None:
            return None
        right = float(self._counted[VALUE[self._policy]][row])
        best = self.best(sample_id, view)
        names = class_names(self.run.label_space, [index for index, _ in best])
        shares = [None if np.isnan(share) else round(share, 4) for _, share in best]
        top5 = [[name, share] for name, share in zip(names, shares, strict=True)]
        return {"right": None if np.isnan(right) else right == 1.0, "top5": top5}

    def best(self, sample_id: str, view: str) -> list[tuple[int, float]]:
        """(class index, probability 0..1, NaN if it is not known) of the best classes; none of an image that failed.

        Of hundreds of views one class is kept, which the counted table has.
        """
        counted = self._counted
        if self.run.views.dense:
            row = counted["rows"][sample_id, view]
            predicted = int(counted["predicted"][row])
            return [(predicted, float(counted["confidence"][row]))] if predicted >= 0 else []
        row = self._said["rows"][sample_id, view]
        classes, shares = (_values(self._said[name].iat[row])[:TOP_K] for name in ("top10", "top10_prob"))
        shares = [*shares, *[None] * (len(classes) - len(shares))]
        return [
            (int(index), float("nan") if share is None else float(share))
            for index, share in zip(classes, shares, strict=True)
        ]


def _values(cell: Any) -> list[Any]:
    return list(cell) if isinstance(cell, list | tuple | np.ndarray) else []


def _by_image(table: pd.DataFrame) -> dict[str, Any]:
    """Columns of a table by name, those of numbers as arrays, and its rows by image and view."""
    keys = zip(table["sample_id"].astype(str), table["view"].astype(str), strict=True)
    columns = {name: table[name] if name.startswith("top10") else table[name].to_numpy() for name in table}
    return {**columns, "rows": {key: row for row, key in enumerate(keys)}}
