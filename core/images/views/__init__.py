"""What is done to an image before the model sees it: families of views, one class each.

A file in this folder that defines ``FAMILIES``, a tuple of ``Views``, is found by name: to add a family, add a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from core.errors import UsageError, nearest
from core.images.views.base import Views

CLEAN = "clean"


@cache
def known_views() -> dict[str, Views]:
    """Every family by its name; ``clean`` first."""
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    found = {views.name: views for module in modules for views in getattr(module, "FAMILIES", ())}
    return {CLEAN: found.pop(CLEAN), **found}


def get_views(name: str) -> Views:
    """A family by its name.

    Raises:
        UsageError: If there is no such family.
    """
    known = known_views()
    if name not in known:
        raise UsageError(f"unknown view '{name}'.{nearest(name, known)} Known: {', '.join(known)}.")
    return known[name]


def views_with(view: str) -> Views:
    """The family that a view is of; the one of that name where there are several.

    Raises:
        UsageError: If no family has such a view.
    """
    known = known_views()
    if view in known and view in known[view].names:
        return known[view]
    for views in known.values():
        if view in views.names:
            return views
    every = [name for views in known.values() for name in views.names]
    raise UsageError(f"unknown view '{view}'.{nearest(view, every)} Known: {', '.join(dict.fromkeys(every))}.")
