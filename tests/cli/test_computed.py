"""Computed tables in a terminal: what they look like where there is room, and where there is little."""

import pytest
from rich.console import Console

from core.cli import terminal
from core.cli.computed import computed_table

ABLATION = [
    {
        **{"view": "clean", "top1": 0.93, "low": 0.91, "high": 0.945, "drop": None, "drop_low": None},
        **{"drop_high": None, "mean_p_accepted": 0.8125, "n": 750, "n_clusters": 750},
    },
    {
        **{"view": "mean-colour", "top1": 0.61, "low": 0.575, "high": 0.644, "drop": 0.32, "drop_low": 0.286},
        **{"drop_high": 0.354, "mean_p_accepted": 0.5, "n": 1234, "n_clusters": 1234},
    },
]
RFS = [
    {
        **{"norm": "pixel", "sigma": 0.125, "acc_noisy_fg": 0.5, "acc_noisy_bg": 0.75, "rfs": 0.333, "low": -0.004},
        **{"high": 0.6666, "n": 100, "n_clusters": 9},
    },
    {
        **{"norm": "pixel", "sigma": "all", "acc_noisy_fg": 0.5, "acc_noisy_bg": 0.25, "rfs": -0.3333, "low": None},
        **{"high": None, "n": 100, "n_clusters": 10},
    },
]


def lines_of(rows, by, width):
    console = Console(width=width, highlight=False)
    with console.capture() as caught:
        console.print(computed_table("A table", rows, by, width=width), soft_wrap=True)
    return [line.rstrip() for line in caught.get().splitlines()]


def test_where_there_is_room_heads_stand_in_one_line():
    title, heads, clean, colour = lines_of(ABLATION, ["view"], 120)
    assert title == "A table"
    assert heads.split("  ")[0] == "view"
    assert heads.split()[-4:] == ["interval", "mean_p_accepted", "%", "n"]
    assert clean.split() == ["clean", "93.0", "[91.0,", "94.5]", "–", "–", "81.2", "750"]
    assert colour.split() == ["mean-colour", "61.0", "[57.5,", "64.4]", "32.0", "[28.6,", "35.4]", "50.0", "1,234"]


def test_in_eighty_columns_heads_break_at_underscores_and_cells_do_not():
    _, *heads, clean, colour = lines_of(ABLATION, ["view"], 80)
    assert max(map(len, (*heads, clean, colour))) <= 80
    words = {word for line in heads for word in line.split()}
    assert {"mean_p_", "accepted"} <= words
    assert "[57.5, 64.4]" in colour
    assert "mean-colour" in colour


def test_heads_break_only_as_far_as_they_must():
    _, *heads, _, _ = lines_of(ABLATION, ["view"], 72)
    assert len(heads) == 2
    assert heads[1].startswith("view")
    assert "drop %" in heads[1]


@pytest.mark.parametrize("width", [20, 40])
def test_what_does_not_fit_stands_upright(width):
    lines = lines_of(ABLATION, ["view"], width)
    assert lines[0] == "A table"
    assert [line for line in lines if not line.startswith(" ")] == ["A table", "view clean", "view mean-colour"]
    assert "drop % –" in [" ".join(line.split()) for line in lines]
    start = lines.index("view mean-colour")
    assert [" ".join(line.split()) for line in lines[start + 1 :]] == [
        *("top1 % 61.0 [57.5, 64.4]", "drop % 32.0 [28.6, 35.4]", "mean_p_accepted % 50.0", "n 1,234"),
    ]


def test_sensitivity_is_a_signed_number_and_so_is_its_interval():
    _, heads, first, pooled = lines_of(RFS, ["norm", "sigma"], 120)
    assert "rfs  " in heads
    assert "rfs %" not in heads
    assert "acc_noisy_fg %" in heads
    assert first.split()[2:7] == ["50.0", "75.0", "+0.33", "[+0.00,", "+0.67]"]
    assert pooled.split()[2:7] == ["50.0", "25.0", "-0.33", "no", "interval"]


def test_a_number_on_few_objects_is_thin_however_many_images_there_are():
    _, _, first, pooled = lines_of(RFS, ["norm", "sigma"], 120)
    assert first.split()[-3:] == ["100", "thin", "9"]
    assert pooled.split()[-2:] == ["100", "10"]
    few = [{"view": "gray", "top1": 0.5, "low": 0.3, "high": 0.7, "n": 29, "n_clusters": 29, "n_classes": 2}]
    assert lines_of(few, ["view"], 80)[-1].split()[-3:] == ["29", "thin", "2"]


def test_rows_and_grids_have_the_same_rule():
    row = {"class": "koala", "x": 0.5, "y": 0.5, "top1": 0.5, "top1_low": 0.4, "top1_high": 0.6, "n": 100}
    for n_clusters, is_thin in ((9, True), (10, False)):
        rows = [{**row, "n_clusters": n_clusters}]
        console = Console(width=100)
        with console.capture() as caught:
            console.print(terminal.rows_table("By class", rows, ["class"], "top1"))
        assert ("100 thin" in caught.get()) is is_thin
        assert ("(thin)" in terminal.grid_table("Map", rows, ["x", "y"], "top1")) is is_thin


def test_rows_of_no_images_are_left_out():
    none = {**ABLATION[1], "view": "tile", "n": 0, "n_clusters": 0}
    assert not any("tile" in line for line in lines_of([*ABLATION, none], ["view"], 120))
    assert lines_of([none], ["view"], 120) == ["A table: of no images"]


def test_names_from_data_steer_nothing_in_either_layout():
    rows = [{**ABLATION[0], "view": "\x1b[31mred"}]
    for width in (120, 30):
        with terminal.out.capture() as caught:
            terminal.out.print(computed_table("A table", rows, ["view"], width=width), soft_wrap=True)
        assert "\\x1b[31mred" in caught.get()
        assert "\x1b[31m" not in caught.get()


def grid(cells, by=("weather", "time"), sizes=(100,)):
    rows = [
        {by[0]: first, by[1]: second, "top1": share, "n": sizes[at % len(sizes)], "n_clusters": 50}
        for at, (first, second, share) in enumerate(cells)
    ]
    return terminal.grid_table("Map", rows, list(by), "top1").splitlines()


def test_two_factors_of_categories_are_a_grid_too():
    lines = grid([("fog", "night", 0.5), ("rain", "day", 1.0), ("rain", "night", None)], sizes=(100, 40))
    assert lines == [
        "Map, top1 % · weather down, time across · n = 40 to 100 a cell",
        "     day night",
        " fog   –    50",
        "rain 100     –",
    ]


def test_any_kinds_of_values_share_a_grid_and_what_is_missing_comes_last():
    cells = [(None, "a", 0.1), (True, "a", 0.2), (False, None, 0.3), (float("nan"), "b", 0.4), (["x", "y"], "b", 0.5)]
    assert [line.split()[0] for line in grid(cells)[2:]] == ["no", "yes", "x,", "–"]
    assert grid(cells)[1].split() == ["a", "b", "–"]
    assert grid([]) == ["Map, top1 % · weather down, time across · no data"]


def test_numbers_of_a_grid_keep_all_their_digits():
    lines = grid([(10.5, -0.05, 0.5), (0.25, 100.0, 0.25)], by=("size", "x"))
    assert lines[1:] == ["     -.05 100", " .25    –  25", "10.5   50   –"]


def test_names_in_a_grid_steer_nothing():
    lines = grid([("fog\n\x1b[31m", "[red]", 0.5), ("雾", "day", 0.5)])
    assert lines[2].startswith("fog \\x1b[31m ")
    assert lines[3] == f"{chr(32) * 10}雾     –  50"
    assert len(lines) == 4
