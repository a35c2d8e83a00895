"""``python -m core report --by F1[,F2]``."""

import json

import pytest

from core.cli.main import main
from tests.own_photos import photos, weathers

ASKED = ("report", "--model", "brightest-channel", "--benchmark", "photos")


@pytest.fixture(autouse=True)
def run(toy_model, tmp_path):
    return photos(toy_model, tmp_path / "photos", weathers())


def printed(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main([*ASKED, *arguments])
    captured = capsys.readouterr()
    return left.value.code, captured.out, captured.err


def test_accuracy_by_a_factor_is_printed_with_intervals(capsys):
    code, out, _ = printed(capsys, "--by", "weather")
    assert code == 0
    assert "brightest-channel on photos: top1 86.7 %" in out
    lines = [line.split() for line in out.splitlines()]
    assert ["fog", "50.0", "[37.7,", "62.3]", "60", "60"] in lines
    assert "is worst at weather fog: 50 % of 60 images" in out
    assert "\\xa0" not in out


def test_bins_are_printed_by_their_edges(capsys):
    _, out, _ = printed(capsys, "--by", "light,night")
    assert "0 to 0.04" in out
    assert "0.32 to 0.36" in out


def test_the_tables_of_own_data_name_the_same_bins(capsys):
    code, out, _ = printed(capsys)
    assert code == 0
    table = out.partition("Top-1 by light")[2]
    assert table.split("\n")[2].split()[:4] == ["0", "to", "0.04", "75.0"]
    assert "0.32 to 0.36" in table


def test_json_has_the_rows(capsys):
    code, out, _ = printed(capsys, "--by", "weather,night", "--json")
    content = json.loads(out)
    assert code == 0
    assert content["by"] == ["weather", "night"]
    assert [row["n"] for row in content["rows"]] == [20, 40, 20, 40, 80, 160]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--by", "wether"), "Did you mean 'weather'?"),
        (("--by", "weather,weather"), "names 'weather' twice"),
        (("--by", ""), "must name one factor"),
        (("--by", "weather", "--table", "by_class"), "--by is a report of its own"),
        (("--by", "weather", "--head", "linear"), "--by is a report of its own"),
        (("--by", "weather", "--policy", "top9"), "--by counts top1 or top5"),
        (("--by", "weather", "--reduce", "best"), "unknown way to reduce views 'best'"),
        (("--by", "weather", "--exclude", "nothing"), "no class 'nothing' to exclude"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(arguments, said, capsys):
    code, out, err = printed(capsys, *arguments)
    assert code == 2
    assert said in err
    assert out == ""
    assert len(err.strip().splitlines()) == 1
