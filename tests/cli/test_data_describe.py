"""``python -m core data describe``: what it prints, writes and refuses."""

import json

import pandas as pd
import pytest

from core.cli.main import main
from tests.conftest import GREEN_WNID, RED_WNID


def printed(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(["data", "describe", *map(str, arguments)])
    captured = capsys.readouterr()
    return left.value.code, captured.out, captured.err


def test_a_folder_is_described_and_its_facts_are_told(colour_folder, capsys):
    code, out, err = printed(capsys, "imagenet", "--data", colour_folder)
    assert (code, err) == (0, "")
    assert "Facts computed from the images of imagenet" in out
    assert "24 of 24 images described now." in out
    assert "are factors of every result of this benchmark now" in out
    # The folder is remembered.
    code, out, _ = printed(capsys, "imagenet")
    assert (code, "0 of 24 images described now, 24 were described before." in out) == (0, True)
    assert "24 of 24 images described now." in printed(capsys, "imagenet", "--again")[1]


def test_json_has_spread_and_counts(colour_folder, capsys):
    code, out, _ = printed(capsys, "imagenet", "--data", colour_folder, "--json")
    found = json.loads(out)
    assert (code, found["n_images"], found["n_new"], found["failed"], found["unread"]) == (0, 24, 24, {}, {})
    rows = {row["fact"]: row for row in found["facts"]}
    assert (rows["resolution"]["least"], rows["resolution"]["is_factor"]) == (36, False)
    assert (rows["aspect"]["least"], rows["aspect"]["is_factor"]) == (pytest.approx(40 / 36, abs=0.001), True)
    assert "jpeg_quality" not in rows


def test_facts_of_every_image_are_written(colour_folder, capsys, tmp_path):
    for name in ("facts.csv", "facts.parquet"):
        assert printed(capsys, "imagenet", "--data", colour_folder, "--out", tmp_path / name)[0] == 0
    table = pd.read_csv(tmp_path / "facts.csv").set_index("image")
    assert table.loc[f"{GREEN_WNID}/7.png", "aspect"] == pytest.approx(47 / 36, abs=0.001)
    assert len(pd.read_parquet(tmp_path / "facts.parquet")) == 24


def test_broken_images_are_named_and_the_others_described(colour_folder, capsys):
    for number in range(1, 8):
        (colour_folder / RED_WNID / f"{number}.png").write_bytes(b"\x1b[31mno image")
    code, out, err = printed(capsys, "imagenet", "--data", colour_folder)
    assert code == 0
    assert "24 of 24 images described now." in out
    assert f"7 images cannot be described: {RED_WNID}/1.png: " in err
    assert "and 2 more." in err
    assert "\x1b" not in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("diorama/claen",), "Did you mean 'diorama/clean'"),
        (("imagenet",), "no data folder is known for 'imagenet'"),
        (("imagenet", "--data", "/none"), "is not a folder"),
        (("diorama/clean", "--out", "facts.xlsx"), "facts.xlsx must end in .parquet or .csv"),
        (("diorama/clean", "--images", "/"), "--images is for masks alone"),
    ],
)
def test_what_cannot_be_is_one_line(capsys, arguments, said):
    code, _, err = printed(capsys, *arguments)
    assert code == 2
    assert said in err
    assert len([line for line in err.splitlines() if line.startswith("error: ")]) == 1
