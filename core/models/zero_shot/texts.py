"""Prompts and class names together: all that a zero-shot head is made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core import labels
from core.models.zero_shot.classes import Classes, classes_of
from core.models.zero_shot.prompts import DEFAULT, Prompts, filled, prompts_of

#: Options of a zero-shot model's name.
PROMPTS, CLASSES = "prompts", "classes"
OPTIONS = frozenset({PROMPTS, CLASSES})


@dataclass(frozen=True)
class Texts:
    """What is said of each class.

    Attributes:
        prompts: The set of prompts.
        classes: The classes.
    """

    prompts: Prompts
    classes: Classes

    @property
    def options(self) -> dict[str, str]:
        """The options that mean these texts on this machine, whatever happens to the files they came from.

        ImageNet's classes are those that are meant where nothing is said.
        """
        named = {} if self.classes.key == labels.IMAGENET_1K else {CLASSES: self.classes.key}
        return {**named, PROMPTS: self.prompts.key}

    @property
    def suffix(self) -> str:
        """What a model's name says of them."""
        named = "" if self.classes.key == labels.IMAGENET_1K else f", {self.classes.name} classes"
        return f"({self.prompts.name}{named})"

    @property
    def files(self) -> list[Path]:
        """Files that decide them."""
        return [*self.prompts.files, *self.classes.files]

    def of(self, index: int) -> list[str]:
        """The texts of a class, one a template."""
        return [filled(template, self.classes.names[index]) for template in self.prompts.templates]

    def said(self, *more: str) -> str:
        """What head they make, in words and with their digest; it is part of a result's identity.

        Args:
            more: What else decides what a text becomes, such as a tokenizer's digest.
        """
        n = len(self.prompts)
        return (
            f"zero-shot: {n:,} {'prompt' if n == 1 else 'prompts'} ({self.prompts.name}), {len(self.classes):,} class "
            f"names, texts {self.digest(*more)[:12]}"
        )

    def digest(self, *more: str) -> str:
        """SHA-256 (hex) of templates and names, in their order, and of what else is given."""
        content = [list(self.prompts.templates), list(self.classes.names), *more]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def texts_of(options: Mapping[str, str]) -> Texts:
    """The texts that options mean: ``DEFAULT`` prompts and ImageNet's classes where they say nothing.

    Args:
        options: ``prompts`` and ``classes``; others are passed over.

    Raises:
        UsageError, LabelSpaceError, StoreError: See ``prompts_of`` and ``classes_of``.
    """
    return Texts(prompts_of(options.get(PROMPTS, DEFAULT)), classes_of(options.get(CLASSES, labels.IMAGENET_1K)))
