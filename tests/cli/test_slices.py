"""``python -m core slices``: what is common among a model's mistakes, in words, as a table and as JSON."""

import json

import pytest

from core.cli.main import main
from tests.cli.test_report_tables import printed

MODEL = "test_vit.diorama"


def test_the_worst_slice_is_said_and_the_table_has_both_halves(embedded_results, capsys):
    code, out, err = printed(capsys, "slices", "--model", MODEL, "--benchmark", "diorama/size")
    assert (code, err) == (0, "")
    first = out.splitlines()[0]
    assert first.startswith("Of ")
    assert "area up to" in first
    assert "confirmed on the other half of the objects" in first
    assert "\\xa0" not in out
    assert "again %" in out
    assert "left out, one value only: x, y, angle_deg, time" in out


def test_json_has_the_conditions_and_no_more_rows_than_are_asked_for(embedded_results, capsys):
    asked = ("slices", "--model", MODEL, "--benchmark", "diorama/location", "--json", "--most", "1")
    code, out, _ = printed(capsys, *asked)
    content = json.loads(out)
    assert code == 0
    assert content["n"] == {"sought": 6616, "again": 6614}
    (row,) = content["slices"]
    assert row["confirmed"] is True
    assert row["value"] == pytest.approx(row["outside"] - row["inside"])
    assert [each[0] for each in row["conditions"]] == row["factors"]


def test_where_nothing_stands_out_that_is_said_without_a_table(embedded_results, capsys):
    code, out, _ = printed(capsys, "slices", "--model", MODEL, "--benchmark", "diorama/clean")
    assert code == 0
    assert "nothing stands out" in out
    assert "Slices that cost most" not in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--policy", "top-1"), "--policy 'top-1' is unknown. Did you mean 'top1' or 'top5'?"),
        (("--policy", "restricted"), "Known: top1, top5."),
        (("--reduce", "median"), "--reduce 'median' is unknown."),
        (("--view", "nonsense"), "nonsense"),
    ],
)
def test_bad_options_are_one_line(embedded_results, capsys, options, said):
    code, out, err = printed(capsys, "slices", "--model", MODEL, "--benchmark", "diorama/size", *options)
    assert code == 2
    assert out == ""
    assert said in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize("most", ["0", "21", "many"])
def test_a_number_of_rows_out_of_range_is_refused(embedded_results, capsys, most):
    with pytest.raises(SystemExit) as left:
        main(["slices", "--model", MODEL, "--benchmark", "diorama/size", "--most", most])
    assert left.value.code == 2
    assert "Traceback" not in capsys.readouterr().err
