"""Families of views whose names carry parameters, such as a number of crops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.images.views.base import Views


@dataclass(frozen=True)
class Pattern:
    """How such families are named.

    Attributes:
        text: How a name reads, with what to fill in.
        family: A name to its family; None if it is no name of these. Raises ``UsageError`` if a parameter is wrong.
        family_of: The name of a view to a family that has it; None if it is no view of these.
    """

    text: str
    family: Callable[[str], Views | None]
    family_of: Callable[[str], Views | None]
