"""How the tables that families of views name are made, and the same of a stored run, kept on disk for pages."""

from __future__ import annotations

import pandas as pd

from core import store
from core.answers import joined
from core.answers.cards import card_of
from core.answers.questions import VALUE, StoredPolicy
from core.errors import UsageError, nearest
from core.metrics import cues
from core.types import Table

_INTERVAL = ("low", "high")
_COUNTS = ("n", "n_clusters")
_ACCURACIES = ("acc_noisy_fg", "acc_noisy_bg")


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


#: By name, as the cards of families name them.
TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "ablation",
            ("view",),
            "Accuracy when the object is taken away",
            cues.ablation,
            {
                "view": "view",
                "value": "{policy}",
                **_same(*_INTERVAL, "drop", "drop_low", "drop_high", "mean_p_accepted", *_COUNTS),
            },
        ),
        Table(
            "rfs",
            ("norm", "sigma"),
            "Relative foreground sensitivity",
            cues.rfs,
            {**_same("norm", "sigma", *_ACCURACIES), "value": "rfs", **_same(*_INTERVAL, *_COUNTS)},
        ),
        Table(
            "rfs_by_class",
            ("norm", "class"),
            "Relative foreground sensitivity by class",
            cues.rfs_by_class,
            {**_same("norm", "class", *_ACCURACIES), "value": "rfs", **_same(*_INTERVAL, *_COUNTS)},
        ),
    )
}
_COLUMNS = ("view", "p_accepted", "cluster", "ablation", "region", *cues.NORMS.values(), "draw", *cues.CLASS_COLUMNS)


def answer(run: store.Run, name: str, policy: StoredPolicy = "top1") -> pd.DataFrame:
    """A table of a run that its family of views names; from disk if it was asked for before.

    Args:
        run: Complete or partial.
        name: Key of ``TABLES``; its function in ``core.metrics.cues`` says which columns come.
        policy: What counts as right.

    Raises:
        UsageError: If the run's family of views names no such table.
    """
    known = [table.name for table in run.views.tables if table.computed]
    if name not in known:
        raise UsageError(
            f"the views '{run.view}' have no table '{name}'.{nearest(name, known)} Evaluate with --view ablations, rfs "
            "or all-cues."
        )
    return joined.remembered(run, ["cues", name, policy], lambda: _answer(run, name, policy))


def _answer(run: store.Run, name: str, policy: StoredPolicy) -> pd.DataFrame:
    there = set(joined.columns_of(run))
    wanted = ["position", VALUE[policy], *(column for column in _COLUMNS if column in there)]
    # A number names an image as well as its id does, and is read many times as fast.
    table = joined.read(run, wanted).rename(columns={"position": "sample_id", VALUE[policy]: "correct"})
    return TABLES[name].compute(table, cluster="cluster" if card_of(run).cluster_unit else None)
