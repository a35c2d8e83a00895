"""Which settings are uncommon, and the partitions that follow; expected values are the paper's or made by hand."""

import pandas as pd
import pytest

from core import uncommon
from core.errors import DataError, UsageError
from core.uncommon.paper import published
from tests.uncommon.annotated import images


def test_the_papers_counts_give_its_994_uncommon_times_and_1123_uncommon_weathers():
    """Table 1 by the rules of its colours gives the sums of Table 2's partitions."""
    paper = published()
    sizes = paper["partition_sizes"]
    for attribute, letter, expected in (("time", "t", 994), ("weather", "w", 1123)):
        counts = [
            (category, value, n) for value, row in paper["counts"][attribute].items() for category, n in row.items()
        ]
        assert sum(n for _, _, n in counts) == sizes["total"]
        repeated = [(category, value) for category, value, n in counts for _ in range(n)]
        table = pd.DataFrame(repeated, columns=["category", attribute])
        table = table.assign(**{other: "none" for other in ("time", "weather") if other != attribute})
        annotated = uncommon.annotate(table.assign(locations=[["none"]] * len(table)))
        assert annotated[f"uncommon_{attribute}"].sum() == expected
        assert sum(n for name, n in sizes.items() if name.startswith("P_") and letter in name[2:]) == expected


@pytest.mark.parametrize(
    ("category", "attribute", "value", "expected"),
    [
        ("plane", "locations", "water", True),
        ("ship", "locations", "water", False),
        ("frog", "time", "night", False),
        ("dog", "locations", "indoors", False),
        ("car", "weather", "none", False),
        ("sofa", "time", "night", False),
        ("car", "time", "dusk", False),
    ],
)
def test_uncommon_depends_on_the_category(category, attribute, value, expected):
    assert uncommon.is_uncommon(category, attribute, value) is expected


def test_an_unknown_attribute_is_named():
    with pytest.raises(UsageError, match=r"unknown attribute 'location'\. Did you mean 'locations'"):
        uncommon.is_uncommon("car", "location", "snow")


def test_one_uncommon_location_makes_an_image_uncommon():
    table = images(("car", "day", "sunny", ["snow", "street"]), ("car", "day", "sunny", ["street"]))
    assert table["partition"].tolist() == ["P_l", "P0"]


def test_every_combination_has_its_partition():
    rows = [
        ("car", time, weather, [location])
        for time in ("day", "night")
        for weather in ("sunny", "foggy")
        for location in ("street", "water")
    ]
    table = images(*rows)
    assert table["partition"].tolist() == ["P0", "P_l", "P_w", "P_wl", "P_t", "P_tl", "P_tw", "P_twl"]
    assert table["n_uncommon"].tolist() == [0, 1, 1, 2, 1, 2, 2, 3]


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="settings need a column 'weather'"):
        uncommon.annotate(pd.DataFrame({"category": ["car"], "time": ["day"]}))


def test_published_numbers_are_fractions_of_the_papers_models():
    paper = published()
    assert paper["accuracy"]["ResNet50"]["P0"] == 0.6922
    assert paper["gaps"]["ResNet50"] == {"time": 0.08, "weather": 0.16, "locations": 0.19}
    assert paper["probe_resnet50"]["snow"]["frog"] == 1.0
    sizes = paper["partition_sizes"]
    assert sizes["P1"] == sizes["P_t"] + sizes["P_w"] + sizes["P_l"]
    assert sizes["P2"] == sizes["P_tw"] + sizes["P_wl"] + sizes["P_tl"]
