"""Own data on the command line: from a folder and a table to a report."""

import json

import pytest

from core.own import entries
from tests.models.test_sources import make_folder
from tests.own.folders import photos, write

TABLE = "file,label,light\na.png,tench,day\nb.png,goldfish,night\nc.png,tench,night\n"


@pytest.fixture
def given(tmp_path):
    """The arguments of ``data add`` for three photos."""
    folder = photos(tmp_path / "photos", "a.png", "b.png", "c.png")
    return "data", "add", "mine", folder, "--table", write(tmp_path / "t.csv", TABLE)


def errors(text):
    return [line for line in text.splitlines() if line.startswith("error: ")]


def test_three_commands_lead_from_a_folder_to_a_report(run, given, tmp_path, monkeypatch):
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    make_folder(tmp_path / "zoo" / "tiny")
    code, out, err = run(*given, "--yes")
    assert code == 0, err
    assert "3, of which 3 have their image" in out
    assert "python -m core evaluate --model MODEL --benchmark mine" in out
    code, _, err = run("evaluate", "--model", "tiny", "--benchmark", "mine")
    assert code == 0, err
    code, out, err = run("report", "--model", "tiny", "--benchmark", "mine", "--json")
    assert code == 0, err
    assert [(row["light"], row["n"]) for row in json.loads(out)["tables"]["by_light"]] == [("day", 1), ("night", 2)]
    code, out, _ = run("benchmarks", "--json")
    (listed,) = (row for row in json.loads(out) if row["key"] == "mine")
    assert (listed["state"], listed["data"]) == ("ready", str(tmp_path / "photos"))


def test_without_a_terminal_nothing_is_kept_unless_it_is_said(run, given):
    code, out, err = run(*given)
    assert code == 2
    assert "light" in out
    assert len(errors(err)) == 1
    assert "Add --yes" in errors(err)[0]
    assert not entries.names()


@pytest.mark.parametrize(("answer", "code", "names"), [(True, 0, ["mine"]), (False, 1, [])])
def test_on_a_terminal_it_asks(run, given, monkeypatch, answer, code, names):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda question: answer)
    assert run(*given)[0] == code
    assert entries.names() == names


def test_rows_that_cannot_be_used_are_an_error_or_left_out(run, given, tmp_path):
    write(tmp_path / "t.csv", TABLE + "gone.png,tensch,day\n")
    code, _, err = run(*given, "--yes")
    assert code == 2
    assert "1 of 4 rows cannot be used" in errors(err)[0]
    assert "perhaps 'tench'" in errors(err)[0]
    assert not entries.names()
    code, out, err = run(*given, "--yes", "--leave-out", "--json")
    assert code == 0, err
    content = json.loads(out)
    assert (content["rows"], content["samples"], content["left_out"]) == (4, 3, 1)
    assert content["factors"][0]["kind"] == "category"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--factor", "light"], "has the form NAME:KIND"),
        (["--factor", "light:numeric"], "cannot be numeric"),
        (["--cluster", "nobody"], "--cluster names 'nobody'"),
        (["--classes", "/no/such/file"], "there is no file /no/such/file"),
    ],
)
def test_wrong_options_are_one_line(run, given, more, said):
    code, _, err = run(*given, "--yes", *more)
    assert code == 2
    assert len(errors(err)) == 1
    assert said in errors(err)[0]
    assert "Traceback" not in err


def test_removing_asks_and_moves_the_entry_aside(run, given):
    run(*given, "--yes")
    assert run("data", "remove", "mine")[0] == 2
    assert entries.names() == ["mine"]
    code, out, _ = run("data", "remove", "mine", "--yes")
    assert code == 0
    assert "is off the list" in out
    assert not entries.names()
    code, _, err = run("data", "remove", "mine", "--yes")
    assert (code, len(errors(err))) == (2, 1)


def test_names_from_data_steer_no_terminal(run, given, tmp_path):
    write(tmp_path / "t.csv", TABLE.replace("day", "\x1b[31mred[bold]"))
    code, out, err = run(*given, "--yes")
    assert code == 0, err
    assert "\x1b[31m" not in out
    assert "red[bold]" in out


@pytest.mark.shared
def test_real_photos_in_folders_are_understood_without_a_table(run, shared):
    code, out, err = run("data", "add", "sample", shared / "data" / "imagenet-sample", "--yes", "--json")
    assert code == 0, err
    content = json.loads(out)
    assert (content["rows"], content["samples"], content["left_out"]) == (500, 500, 0)
