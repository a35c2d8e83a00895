"""Whether what a bundle shows is what its results say: figures, sentences and answers, made again by the same code.

A digest shows that a file was changed by accident or by hand; whoever changes a number and all digests with it is found
out here. Pictures are not made again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core import store
from core.bundle.answers import Answers
from core.bundle.content import Content, plain
from core.bundle.draft import counted_of, exhibit_of, headlines_of, warnings_of
from core.bundle.options import Options
from core.bundle.points import points_of
from core.figures.exhibits import Exhibit, Offer, Pick

#: How far two numbers may be apart that are one, since libraries of other versions may round otherwise.
APART = 1e-9
#: Of an exhibit, what is drawn or said.
_SHOWN = {"title": "its title", "finding": "its finding", "notes": "its notes", "figure": "its drawing"}


def differing(content: Content, runs: Sequence[store.Run], drawn: Mapping[str, tuple[Offer, Exhibit]]) -> Iterator[str]:
    """What a bundle shows otherwise than its results say, in words.

    Args:
        content: Of the bundle.
        runs: All of its results, in its order, with the labels that it has.
        drawn: Its exhibits, drawn again, by id.
    """
    made, picks = [], {}
    for each in content["exhibits"]:
        if each["id"] not in drawn:
            continue
        offer, exhibit = drawn[each["id"]]
        made.append(exhibit_of(each["id"], offer, exhibit))
        yield from (
            f"{each['id']}: {words}" for name, words in _SHOWN.items() if not is_one(each[name], plain(made[-1][name]))
        )
        clicks = points_of(exhibit, made[-1]["figure"])
        if strange := [key for key in each["points"] if key not in clicks]:
            yield f"{each['id']}: the points {', '.join(strange[:3])}"
        picks |= {pick: clicks[key] for key, pick in each["points"].items() if key in clicks}
    if len(made) == len(content["exhibits"]):
        headlines = headlines_of(runs, Options(policy=content["policy"]), made)
        if not is_one(content["headlines"], plain(headlines)):
            yield "headlines"
    if not is_one(content["warnings"], plain(warnings_of(runs))):
        yield "warnings"
    yield from _of_points(content, picks)
    yield from _of_images(content, runs)


def _of_points(content: Content, picks: Mapping[str, Pick]) -> Iterator[str]:
    """Points that count other images than they say."""
    for name, counted in counted_of(picks, 0).items():
        then, pick = content["picks"][name], picks[name]
        now = (plain(pick.said), pick.run.label, counted.n, counted.n_right)
        if not is_one([then["said"], then["model"], then["n"], then["n_right"]], list(now)):
            yield f"the point '{now[0]}': {then['n_right']} of {then['n']} right then, {now[3]:g} of {now[2]} now"
        for shown in then["images"]:
            said = content["images"][shown["image"]]["answers"][then["model"]]
            # Points of confusions are about the best class alone, whatever else counts as right.
            is_right = said["right"] if pick.policy == content["policy"] else shown["right"]
            if [is_right, said["top5"][0][0]] != [shown["right"], shown["predicted"]]:
                yield f"the image {shown['image']} of the point '{now[0]}'"


def _of_images(content: Content, runs: Sequence[store.Run]) -> Iterator[str]:
    """Images of which another answer is shown than the one that is stored."""
    said = {(run.benchmark, run.view, run.label): Answers(run, content["policy"]) for run in runs}
    for image in content["images"].values():
        for model, then in image["answers"].items():
            # The family of views is not said of an image: its view is of one of them.
            asked = [each for (key, _, label), each in said.items() if (key, label) == (image["benchmark"], model)]
            answers = [each.of(image["sample_id"], image["view"]) for each in asked]
            if not any(each and is_one([then["right"], then["top5"]], plain(list(each.values()))) for each in answers):
                yield f"what {model} says of the image {image['sample_id']}"


def is_one(then: Any, now: Any) -> bool:
    """Whether two JSON values are one; numbers within rounding."""
    if isinstance(then, bool) or isinstance(now, bool):
        return then is now
    if isinstance(then, int | float) and isinstance(now, int | float):
        return math.isclose(then, now, rel_tol=APART, abs_tol=APART)
    if isinstance(then, dict) and isinstance(now, dict):
        return then.keys() == now.keys() and all(is_one(each, now[name]) for name, each in then.items())
    if isinstance(then, list) and isinstance(now, list):
        return len(then) == len(now) and all(map(is_one, then, now))
    return bool(then == now)
