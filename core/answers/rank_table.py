"""A report's table of images at both ends of a ranking by spurious cues."""

from __future__ import annotations

import shlex

from core import store
from core.answers.run_tables import Asked, Made, RunTable, has_factor, shows_clean, values_of
from core.errors import UsageError
from core.images.views import CLEAN
from core.metrics.ranks import RANK, by_rank
from core.types import CardTable
from core.wording import count

_NAMES = ("view", "part")
_DROPS = ("drop", "drop_low", "drop_high")


def rank(asked: Asked) -> Made:
    """Accuracy of the first and the last quarter of each class's ranking, and the difference within classes.

    Returns:
        ``view, part``, accuracy with its interval, then for views without the object ``drop, drop_low, drop_high``,
        and ``n, n_clusters, n_classes``; see ``core.metrics.ranks.by_rank``.

    Raises:
        UsageError: If nothing is ranked, or no image was seen as it is.
    """
    said = asked.said
    if not said[RANK].notna().any():
        raise UsageError(
            "none of its images has a place in a ranking. Put the published paths_by_rank*.pkl beside the folders val "
            "and train of the masks, or into meta there, and evaluate the training images, which it ranks: "
            f"python -m core evaluate --model {shlex.quote(asked.run.source)} --benchmark {asked.run.benchmark} "
            "--data MASKS/train"
        )
    taken_away = "ablation" in said
    found = by_rank(said if taken_away else said[said["view"].astype(str) == CLEAN], asked.cluster)
    if found.empty:
        raise UsageError(
            "no class has answers about both its first and its last quarter, to images as they are: evaluate more, "
            f"with --view {CLEAN} or ablations."
        )
    table = found[list(_NAMES)].assign(**values_of(found, asked.shown), n_classes=found["n_classes"])
    drops = list(_DROPS) if found["drop"].notna().any() else []
    table = table.assign(**{name: found[name] for name in drops})
    n_classes = int(found["n_classes"].max())
    note = (
        "Quarters are those of the ranking's own order, within each class. The file does not say at which end the "
        f"spurious cues are stronger. Differences are within {count(n_classes, 'class', 'classes')}."
    )
    return Made(table[[*_NAMES, asked.shown, "low", "high", *drops, "n", "n_clusters", "n_classes"]], (note,))


def _has_ranks(run: store.Run) -> bool:
    return has_factor(run, RANK)


def _is_told(run: store.Run) -> bool:
    return _has_ranks(run) and (shows_clean(run) or any(factor.name == "ablation" for factor in run.views.factors))


TABLE = RunTable(
    CardTable("rank", _NAMES, "Accuracy at both ends of the class's ranking by spurious cues", computed=True),
    rank,
    _has_ranks,
    _is_told,
)
