"""All figures of what comes with the project: each is drawn, and each point opens as many images as it says."""

import re

import pytest

from core import store
from core.answers import slices
from core.figures import exhibits

pytestmark = pytest.mark.slow
MODELS = ("test_vit.diorama", "test_efficientnet.diorama")
RESULTS = {
    ("diorama/pose", "clean"), ("diorama/settings", "clean"), ("diorama/clean", "all-cues"),
    ("diorama/small", "zoom-324"), ("diorama/small", "tta-rrc@32,0.1,1"),
}  # fmt: skip
NAMES = {
    "overview", "by_yaw_deg", "by_yaw_deg_ring", "difference_yaw_deg", "heatmap_time",
    "partitions", "gaps", "costs", "categories", "ablations", "noise", "atlas", "ladder", "anchors", "matrix",
    "confusions", "slices",
}  # fmt: skip
#: What a hover text says: the uncommon side of a change; n; how often.
_SAID = [re.compile(each) for each in (r"([\d,]+) uncommon$", r"n = ([\d,]+)", r"</b>: ([\d,]+)|: ([\d,]+)$")]
#: Points of a figure that are looked at.
_MOST = 4
#: Those that others look after.
_ELSEWHERE = {"profile", "flips", "flips_fixed"}


def said(name, hover):
    """How many images a point is of, as it says itself."""
    for pattern in _SAID:
        found = pattern.search(hover.split("<br>the other way")[0])
        if found:
            return int(next(filter(None, found.groups())).replace(",", ""))
    raise AssertionError(f"{name}: {hover}")


def of_slice(exhibit, custom):
    """How many images a slice has on both halves."""
    run = next(iter(exhibit.runs.values()))
    row = slices.find(run).table.set_index("conditions").loc[custom[0]]
    return row["n"] + row["n_again"]


def points(exhibit):
    """Customdata and hover text of the points that can be clicked, so many from all over the figure."""
    found = [
        (list(custom), hover)
        for trace in exhibit.figure.data
        if trace.customdata is not None
        for custom, hover in zip(trace.customdata, trace.hovertext, strict=True)
        if custom is not None
    ]
    return found[:: max(1, len(found) // _MOST)]


def test_every_point_of_every_figure_opens_as_many_images_as_it_counts(embedded_results):
    runs = [run for run in store.list_all().runs if (run.benchmark, run.view) in RESULTS and run.model in MODELS]
    runs.sort(key=lambda run: MODELS.index(run.model))
    offers = exhibits.offered(runs)
    names = [(each.name, each.benchmark, each.view, each.model) for each in offers]
    assert len(names) == len(set(names))
    assert {each.name for each in offers} >= NAMES
    wrong, looked_at = [], 0
    for offer in offers:
        if offer.name in _ELSEWHERE:
            continue
        made = offer.make()
        assert made.finding, offer
        assert "identit" in made.figure.layout.meta["caption"], offer
        assert len(made.tables) >= 1, offer
        for custom, hover in points(made) if made.pick else ():
            rows = made.pick(custom).rows()
            expected = of_slice(made, custom) if offer.name == "slices" else said(offer.name, hover)
            looked_at += 1
            if len(rows) != expected or rows["sample_id"].duplicated().any():
                wrong.append((offer.name, custom, hover, len(rows)))
    assert not wrong
    assert looked_at > 120
