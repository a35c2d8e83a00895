"""The objects of Diorama: for each of the ten FOCUS categories, two or more parametric body plans.

A category is one file with ``PLANS``, a tuple of functions that draw one object's proportions, colours and patterns
from a random generator and return its shape. Instance ``n`` of a category follows plan ``n % len(PLANS)``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache

import numpy as np

from core.diorama.solids import Shape
from core.labels import FOCUS_10, label_space

Plan = Callable[[np.random.Generator], Shape]


@cache
def plans(category: str) -> tuple[Plan, ...]:
    """The body plans of a category."""
    return importlib.import_module(f"{__name__}.{category}").PLANS


def generator(category: str, instance: int) -> np.random.Generator:
    """The random generator that an instance is drawn from; the same on every machine."""
    return np.random.default_rng([label_space(FOCUS_10).names.index(category), instance])


def make(category: str, instance: int) -> Shape:
    """The shape of an instance.

    Args:
        category: One of the ten of FOCUS.
        instance: From 0 on; any number is drawable.
    """
    choices = plans(category)
    return choices[instance % len(choices)](generator(category, instance))
