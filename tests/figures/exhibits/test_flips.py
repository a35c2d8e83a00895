"""The figure of flips by name, with the images behind each point: as many as the point counts."""

import pytest

from core.errors import UsageError
from core.figures.exhibits import exhibit, offered
from tests.synthetic_store import make_samples, write_run


@pytest.fixture
def pair():
    """The old model is wrong on the smallest, the new one at half of the angles of area 0.5."""
    samples = make_samples("rotation", 72 * 12)
    turned = (samples["area"] == 0.5) & (samples["angle_deg"] < 180)
    return [
        write_run("rotation", samples, name, right.to_numpy())
        for name, right in (("old", samples["area"] > 0.2), ("new", ~turned))
    ]


def test_what_a_point_counts_is_what_it_shows(pair):
    found = exhibit(pair, "flips_area")
    (table,) = found.tables.values()
    points = [point for trace in found.figure.data for point in trace.customdata or ()]
    assert len(points) == 8
    counts = table.set_index("area")
    for kind, area in points:
        rows = found.pick([kind, area]).rows()
        assert len(rows) == counts[f"n_{kind}"][area]
        # As the second model sees them.
        assert rows["right"].eq(kind == "fixed").all()
    assert found.pick(["broken", 0.5]).said == "broken, area 50\u00a0%"
    assert found.finding.startswith("**new** and **old** cannot be told apart")


def test_its_names_are_offered_or_asked_for(pair):
    names = [offer.name for offer in offered(pair) if offer.name.startswith("flips")]
    assert names == ["flips"]
    assert "rotation" in exhibit(pair, "flips").figure.layout.title.text
    cells = exhibit(pair, "flips_area_angle_deg_fixed")
    assert "Fixed by object size and rotation" in cells.figure.layout.title.text
    point = next(point for trace in cells.figure.data for point in trace.customdata or () if point[0].startswith("20"))
    assert len(cells.pick(list(point)).rows()) == 12
    for runs, name in ((pair, "flips_weather"), (pair[:1], "flips"), (pair[:1], "flips_area")):
        with pytest.raises(UsageError, match="there is no figure 'flips"):
            exhibit(runs, name)
