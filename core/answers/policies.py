"""How a report's answers count: by the policy that was asked for, else by the benchmark's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from core import metrics, store
from core.errors import UsageError
from core.types import Card, Policy


@dataclass(frozen=True)
class Counted:
    """Answers as a policy counts them.

    Attributes:
        policy: The one that counts.
        table: The joined table with ``correct`` as it says.
        is_beside_plain: Whether plain top-1 is to stand beside, because it is another number of the same name.
        warnings: Why it is not the benchmark's own.
    """

    policy: Policy
    table: pd.DataFrame
    is_beside_plain: bool
    warnings: tuple[str, ...] = ()


def counted(
    run: store.Run,
    card: Card,
    answers: pd.DataFrame,
    policy: Policy | None,
    classes: Sequence[int],
    *,
    is_networks: bool = True,
) -> Counted:
    """Answers as a policy counts them.

    Where the benchmark's own policy needs what an earlier version did not keep, plain top-1 stands for it, with a
    warning.

    Args:
        run: Whose answers they are.
        card: Of its benchmark.
        answers: From ``metrics.join``.
        policy: ``top1``, ``top5`` or ``restricted``; by default as the benchmark is scored.
        classes: The benchmark's.
        is_networks: Whether the network answered; what is kept of it tells no more of other answers.

    Raises:
        UsageError: If a policy that was asked for is unknown, or needs what was not kept.
    """
    chosen = policy or card.default_policy
    try:
        within = store.best_within(run, classes) if chosen == "restricted" and is_networks else None
        table = metrics.apply_policy(answers, chosen, classes=classes, within=within)
    except UsageError as error:
        if policy is not None:
            raise
        return Counted("top1", answers, False, (f"plain top-1, where {card.title} is scored by '{chosen}': {error}",))
    return Counted(chosen, table, chosen == "restricted" and is_networks)
