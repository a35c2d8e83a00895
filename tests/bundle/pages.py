"""A small content of a bundle by hand, with figures as the project draws them, and names that are anybody's."""

from __future__ import annotations

import base64
import io

import pandas as pd
from PIL import Image

from core.bundle.content import digest_of, key_of, parts_of, plain
from core.figures import bars, curve, location
from core.figures.style import Words, colour_of
from core.types import Factor
from core.wording import escaped
from core.wording import plain as figure_text

#: What a name may be that somebody else gave: each would run, load, break out or turn the page if it were not escaped.
HOSTILE = (
    '<img src=x onerror="window.__hacked=1">',
    "</script><script>window.__hacked=1</script><!--",
    "`${window.__hacked=1}` {{7*7}} \"'&amp; \u2028 line\nbreak",
    "\u202eder\u05e9\u05dc\u05d5\u05dd" + "x" * 300,
)
#: Models, classes and a file of a page that says something.
USUAL = ("first.model", "second.model", "deer", "bird")
#: Cells of a map of two by two, with their shares of right images of four.
CELLS = {(0.25, 0.25): 1.0, (0.75, 0.25): 0.5, (0.25, 0.75): 0.75, (0.75, 0.75): 0.0}


def picture(colour: tuple[int, int, int]) -> str:
    """A square of one colour, as the page carries it."""
    stream = io.BytesIO()
    Image.new("RGB", (24, 24), colour).save(stream, "WEBP")
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()


def _table(levels: dict[str, list], values: list[float], n: int = 4) -> pd.DataFrame:
    size = {"n": [n] * len(values), "n_clusters": [2] * len(values)}
    ends = {"low": [max(0.0, value - 0.2) for value in values], "high": [min(1.0, value + 0.2) for value in values]}
    return pd.DataFrame({**levels, "value": values, **ends, **size})


def _figures(first: str, second: str, one: str, other: str) -> list[dict]:
    colours, label = colour_of([first, second], [first, second]), figure_text
    cells = _table({"x": [x for x, _ in CELLS], "y": [y for _, y in CELLS]}, list(CELLS.values()))
    rows = {model: _table({"class": [one, other]}, [0.5, 0.75]) for model in (first, second)}
    areas = {model: _table({"area": [0.05, 0.2, 0.8]}, [0.25, 0.5, 1.0]) for model in (first, second)}
    return [
        {
            "name": "by_location",
            "model": first,
            "made": location.location_map(cells, Words("Top-1 by location", f"n = 4 a cell · {label(first)}")),
        },
        {"name": "by_class", "model": "", "made": bars.bars(rows, "class", colours, Words(f"Top-1 by {one}", "n = 4"))},
        {
            "name": "by_area",
            "model": "",
            "made": curve.curve(areas, Factor("area", "object area", "numeric"), colours, Words("By size"), log=True),
        },
    ]


def content(names: tuple[str, ...] = USUAL, pictures: dict[str, str] | None = None) -> dict:
    """Two models on one benchmark: a map whose cells are clicked, bars and a curve.

    Args:
        names: Of two models and two classes; all other texts are made of them.
        pictures: Of the ids ``here`` and ``heat``; squares by default.
    """
    first, second, one, other = names
    made = {
        "format": 1,
        "title": f"{first} and {second}",
        "made": "2026-01-02T03:04:05+00:00",
        "offcenter": "0.0",
        "command": f"python -m core bundle --model '{first}'",
        "policy": "top1",
        "models": [
            {"label": each, "source": each, "fingerprint": "f" * 40, "architecture": one, "preprocessing": "24 px",
             "head": "", "notes": [other]} for each in (first, second)
        ],
        "results": [
            {"model": each, "benchmark": "toy/place", "title": f"Toy: {one}", "view": "clean", "identity": "a1b2c3d4e5",
             "n": 16, "n_samples": 16, "complete": each == first, "imported": False, "versions": {"torch": other},
             "precision": "fp32",
             "overall": {"value": 0.5625, "low": 0.4, "high": 0.7, "n": 16, "n_clusters": 8, "unit": "object",
                         "how": ""}}
            for each in (first, second)
        ],
        "headlines": [
            {"text": f"**{escaped(first)}** is right on **56\u00a0%** of {escaped(one)}.", "benchmark": "toy/place",
             "view": "clean", "verdict": "different"}
        ],
        "warnings": [f"{one} is not what it was"],
        "left_out": [f"images of {other}: --max-mb with a larger number brings them in"],
        "pictures": pictures or {"here": picture((200, 40, 40)), "heat": picture((40, 40, 200))},
    }  # fmt: skip
    found = {**made, **_points(first, second, one, other)}
    parts = parts_of(found)
    return {**found, "parts": parts, "digest": digest_of(found)}


def _points(first: str, second: str, one: str, other: str) -> dict:
    exhibits, picks = [], {}
    for place, each in enumerate(_figures(first, second, one, other)):
        figure = plain(each["made"].to_plotly_json())
        points = {}
        for trace in figure["data"]:
            for custom in trace.get("customdata") or ():
                pick = f"pick-{place}-{len(points)}"
                points[key_of(custom)] = pick
                picks[pick] = _pick(first, one, other, str(custom[-1]), len(picks))
        table = f'model,class,value,n\r\n"{first.replace(chr(34), chr(34) * 2)}",deer,0.5,4\r\n'
        exhibits.append(
            {"id": f"toy-{each['name']}", "name": each["name"], "title": f"Accuracy {each['name']}",
             "benchmark": "toy/place", "view": "clean", "model": each["model"],
             "finding": f"{escaped(one)} is **worst**.", "notes": [f"Of {other}."], "figure": figure, "points": points,
             "csv": table}
        )  # fmt: skip
    return {"exhibits": exhibits, "picks": picks, "images": _images(first, second, one, other)}


def _pick(model: str, one: str, other: str, said: str, number: int) -> dict:
    """Three of four images, two of them wrong; every fifth point has none inside."""
    rows = [
        {"image": "i-0", "view": "clean", "right": False, "predicted": other, "confidence": 0.98},
        {"image": "i-1", "view": "clean", "right": True, "predicted": one, "confidence": 0.75},
        {"image": "i-2", "view": "clean", "right": None, "predicted": "", "confidence": None},
    ]
    return {
        "said": f"{one} at {said}", "model": model, "benchmark": "toy/place", "view": "clean", "n": 4, "n_right": 1,
        "chosen": "3 of 4", "images": [] if number % 5 == 4 else rows,
    }  # fmt: skip


def _images(first: str, second: str, one: str, other: str) -> dict:
    """Of the first image both models say something, and there is a map of one; the last has no picture."""
    top = [[other, 0.98], [one, 0.01]]
    said = {
        first: {"right": False, "top5": top, "saliency": "heat", "why_no_map": ""},
        second: {"right": True, "top5": top[::-1], "saliency": "", "why_no_map": f"no network of {second}"},
    }
    here = {"benchmark": "toy/place", "view": "clean", "true": one, "picture": "here", "problem": "", "answers": said}
    gone = {**here, "picture": "", "problem": f"{one} is not on this machine", "answers": {}}
    return {
        "i-0": {**here, "sample_id": f"{one}/0"}, "i-1": {**here, "sample_id": f"{one}/1"},
        "i-2": {**gone, "sample_id": f"{one}/2"},
    }  # fmt: skip
