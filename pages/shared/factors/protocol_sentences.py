"""The computed sentence of each protocol; on top of its page, and on Home."""

from __future__ import annotations

from core import store
from core.answers import sentences
from core.answers.questions import Question
from pages.shared.page import cached

_CHANGES = {
    "location": "the object moves from the centre to a corner",
    "rotation": "the object is turned upside down",
    "pose": "the object is seen from behind",
}
_CIRCULAR = {"rotation": "angle_deg", "pose": "yaw_deg"}


def sentence(protocol: str, model: str, run: store.Run, question: Question) -> str:
    """What one model's result on one protocol says.

    Args:
        protocol: ``location``, ``size``, ``rotation`` or ``pose``.
        model: Its name.
        run: Its result.
        question: ``policy`` and ``where``.
    """
    if protocol == "size":
        return sentences.half(model, cached.half_area(run, question))
    if protocol == "location":
        contrast = cached.centre_to(run, "corner", question)
    else:
        contrast = cached.turned(run, _CIRCULAR[protocol], question)
    return sentences.drop(model, contrast, _CHANGES[protocol])
