"""What is done to an image before the model sees it: families of views, one class each.

A file in this folder that defines ``FAMILIES``, a tuple of ``Views``, is found by name: to add a family, add a
file. One whose families have parameters in their names defines ``PATTERNS``, a tuple of ``Pattern``.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from core.errors import UsageError, nearest
from core.images.views.base import Views
from core.images.views.pattern import Pattern

CLEAN = "clean"


#: So many views of a family an error names; of more, the first and the last.
_NAMED = 40


@cache
def _modules() -> tuple[ModuleType, ...]:
    return tuple(importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))


@cache
def known_views() -> dict[str, Views]:
    """Every family without parameters by its name; ``clean`` first."""
    found = {views.name: views for module in _modules() for views in getattr(module, "FAMILIES", ())}
    return {CLEAN: found.pop(CLEAN), **found}


@cache
def known_patterns() -> tuple[Pattern, ...]:
    """How families with parameters are named."""
    return tuple(pattern for module in _modules() for pattern in getattr(module, "PATTERNS", ()))


def get_views(name: str) -> Views:
    """A family by its name, which may carry parameters.

    Raises:
        UsageError: If there is no such family, or a parameter is wrong.
    """
    known = known_views()
    if name in known:
        return known[name]
    for pattern in known_patterns():
        if (views := pattern.family(name)) is not None:
            return views
    every = [*known, *(pattern.text for pattern in known_patterns())]
    raise UsageError(f"unknown view '{name}'.{nearest(name, every)} Known: {', '.join(every)}.")


def views_with(view: str) -> Views:
    """The family that a view is of; the one of that name where there are several, else the first that has it.

    Raises:
        UsageError: If no family has such a view.
    """
    known = known_views()
    if view in known and view in known[view].names:
        return known[view]
    for views in known.values():
        if view in views.names:
            return views
    for pattern in known_patterns():
        if (found := pattern.family_of(view)) is not None:
            return found
    every = [name for views in known.values() for name in views.names]
    shown = [name for views in known.values() for name in _shown(views.names)]
    raise UsageError(f"unknown view '{view}'.{nearest(view, every)} Known: {', '.join(dict.fromkeys(shown))}.")


def _shown(names: list[str]) -> list[str]:
    """Names of views as an error lists them."""
    return names if len(names) <= _NAMED else [f"{names[0]} to {names[-1]}"]
