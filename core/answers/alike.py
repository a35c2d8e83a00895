"""In what results that stand beside each other differ besides the model, in a reader's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from core import store
from core.answers.sentences import listed
from core.wording import count

#: What a zero-shot head says at its end, of the texts themselves.
_DIGEST = re.compile(r", texts [0-9a-f]+$")


def unlike(runs: Sequence[store.Run]) -> list[str]:
    """``160 px against 224 px``, ``other images``; nothing where results are alike in all that decides a number.

    Args:
        runs: Results on one benchmark.
    """
    # Of imported predictions nothing is known of how their images were prepared: said once, not setting by setting.
    known = [run for run in runs if run.preprocessing or not run.is_imported]
    unknown = dict.fromkeys(run.label for run in runs if run not in known)
    said = [f"how the images of {listed(list(unknown))} were prepared is not known"] if known and unknown else []
    for value, words in _SETTINGS:
        values = list(dict.fromkeys(value(run) for run in known))
        if len(values) > 1:
            said.append(words.format(" against ".join(_short(values))))
    if len({run.content for run in runs}) > 1:
        said.append("other images or other labels")
    elif len({run.n_done for run in runs}) > 1:
        said.append(" against ".join(dict.fromkeys(count(run.n_done, "image") for run in runs)))
    return said


def _short(values: Sequence[str]) -> Sequence[str]:
    """Values without the digests of their texts, as long as the rest tells them apart."""
    short = list(dict.fromkeys(_DIGEST.sub("", value) for value in values))
    return short if len(short) == len(values) else values


def _normalisation(run: store.Run) -> str:
    return f"{run.preprocessing.get('mean')} {run.preprocessing.get('std')}"


def _setting(name: str, unknown: str) -> Callable[[store.Run], str]:
    return lambda run: str(run.preprocessing.get(name, unknown))


def _side(run: store.Run) -> str:
    size = run.preprocessing.get("input_size")
    return f"{size[-1]} px" if size else "an unknown size"


_SETTINGS: tuple[tuple[Callable[[store.Run], str], str], ...] = (
    (_side, "{}"),
    (_setting("interpolation", "unknown"), "resized by {}"),
    (_setting("crop_pct", "unknown"), "cropped to {}"),
    (_setting("crop_mode", "unknown"), "crop mode {}"),
    # Six numbers a model are for the details.
    (_normalisation, "pixels normalised by other means and deviations"),
    (lambda run: run.manifest.model.head or "the network's own outputs", "{}"),
    (lambda run: run.precision, "precision {}"),
    (lambda run: run.view, "shown as {}"),
)
