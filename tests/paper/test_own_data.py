"""Own photographs with names of every kind, from the store to each format."""

import csv
import io
import json

import pytest

from core.cli.main import main
from core.explain import reporting
from tests.own_photos import photos, weathers
from tests.paper.latex_reader import check, tabulars
from tests.paper.test_markdown import read

FOG, RAIN = "fog & {mist} <b>50 %</b> \\\\ $x$", "=cmd 犬_雨 #1"


@pytest.mark.slow
def test_hostile_names_sets_angles_and_bins_in_every_format(toy_model, tmp_path, capsys):
    rows = [{**row, "weather": {"fog": FOG, "rain": RAIN, "sun": "sun"}[row["weather"]]} for row in weathers()]
    run = photos(toy_model, tmp_path / "photos", rows)
    asked = ("report", "--model", "brightest-channel", "--benchmark", "photos")

    def printed(*more):
        with pytest.raises(SystemExit) as left:
            main([*asked, *more])
        assert left.value.code == 0
        return capsys.readouterr().out

    for by in ("weather", "tags", "heading", "light,weather"):
        text = printed("--by", by, "--format", "latex")
        check(text)
        for letters, lines in tabulars(text):
            assert {len(line) for line in lines} == {len(letters)}
    lines, html = read(printed("--by", "weather", "--format", "markdown"))
    assert {line[0] for line in lines[1:]} == {FOG, RAIN, "sun"}
    # Of 60, 60 and 240 images 30, 54 and 228 are right.
    assert {line[1].partition(" ")[0] for line in lines[1:]} == {"50.0", "90.0", "95.0"}
    assert "<b>" not in html
    lines, _ = read(printed("--by", "heading", "--format", "markdown"))
    assert [line[0] for line in lines[1:]] == ["0°", "90°", "180°", "270°"]
    found = list(csv.DictReader(io.StringIO(printed("--by", "weather", "--format", "csv"))))
    wanted = json.loads(printed("--by", "weather", "--json"))["rows"]
    assert [float(row["top1"]) for row in found if row["table"] == "by"] == [row["top1"] for row in wanted]
    assert f"'{RAIN}" in {row["weather"] for row in found}
    text = printed("--format", "latex")
    check(text)
    assert len(tabulars(text)) >= 1 + len(reporting.build(run)["tables"])
    assert printed("--methods", "-").startswith("We evaluated brightest-channel.")
