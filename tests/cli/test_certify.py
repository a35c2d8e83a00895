"""``certify`` on the command line."""

import json

import pytest

from core.bench import certificate, certificate_text
from core.bench.worlds import Simulated
from core.cli.main import main
from core.embedded import population
from tests.bench.test_certificate import hand_made


@pytest.fixture
def small(monkeypatch):
    """One number, two sizes of studies and one simulated world beside Diorama."""
    defaults = {"objects": (3, 5), "numbers": ("accuracy", "paired")}
    monkeypatch.setattr(certificate.certify, "__kwdefaults__", certificate.certify.__kwdefaults__ | defaults)
    monkeypatch.setattr(certificate, "simulated", lambda: [Simulated(2.0, 1.5)])
    found = hand_made()._found
    monkeypatch.setattr(population, "read", lambda: found)


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["certify", "--draws", "20", "--workers", "1", *arguments])
    return ended.value.code, capsys.readouterr()


def test_json_has_every_line(small, capsys):
    code, said = run(capsys, "--json")
    known = json.loads(said.out)
    assert code == 0
    assert [(line["world"], line["number"], line["objects"]) for line in known["lines"]] == [
        (world, number, objects)
        for world in ("Diorama", "logit 2, sd 1.5")
        for number in ("accuracy", "paired")
        for objects in (3, 5)
    ]
    assert (known["draws"], known["seed"]) == (20, 0)
    assert run(capsys, "--json")[1].out == said.out
    assert run(capsys, "--json", "--seed", "1")[1].out != said.out


def test_a_table_and_words_by_default_and_markdown_where_asked(small, capsys):
    said = run(capsys)[1].out
    assert said.index("Diorama") < said.index("logit 2, sd 1.5") < said.index("Cells: percentage")
    assert "\\xa0" not in said
    assert "6 new objects" in said
    lines = run(capsys, "--markdown")[1].out.splitlines()
    assert lines[0] == "| 95 % interval of | images an object | 3 objects | 5 objects |"
    assert len(lines) == 5


def test_write_keeps_the_figures(small, capsys, monkeypatch, tmp_path):
    keep = certificate_text.write
    monkeypatch.setattr(certificate_text, "write", lambda known: keep(known, tmp_path / "certificate.json"))
    run(capsys, "--write", "--markdown")
    assert certificate_text.read(tmp_path / "certificate.json")["draws"] == 20


def test_two_ways_to_print_are_refused(capsys):
    code, said = run(capsys, "--json", "--markdown")
    assert code == 2
    assert "give one of them" in said.err


def test_too_few_draws_are_refused(small, capsys):
    with pytest.raises(SystemExit):
        main(["certify", "--draws", "1"])
    assert "--draws 1" in capsys.readouterr().err
