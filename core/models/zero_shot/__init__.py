"""Classes named by texts: prompts and class names become the head of a network that compares images with texts.

What can be said without the network (which prompts, which names, which of them fit a benchmark) opens without torch.
"""

from __future__ import annotations

from core.models.zero_shot.classes import LEMMAS
from core.models.zero_shot.fitting import fitted, usual_classes
from core.models.zero_shot.prompts import DEFAULT, Prompts, prompt_sets
from core.models.zero_shot.texts import CLASSES, OPTIONS, PROMPTS, Texts, texts_of

__all__ = [
    "CLASSES",
    "DEFAULT",
    "LEMMAS",
    "OPTIONS",
    "PROMPTS",
    "Prompts",
    "Texts",
    "fitted",
    "prompt_sets",
    "texts_of",
    "usual_classes",
]
