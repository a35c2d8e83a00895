"""``python -m core gate``: it fails on the embedded transformer's places; exits, files, what is missing."""

import json
import xml.etree.ElementTree as ET

import pytest

from core import store
from tests.job_tools import make_model
from tests.paper.test_markdown import read

MODELS = ("--model", "test_vit.diorama", "--model", "test_efficientnet_gn.diorama")
BENCHMARKS = ("--benchmark", "diorama/settings", "--benchmark", "diorama/clean")
CHECK = "model: test_vit.diorama\nbaseline: test_efficientnet_gn.diorama\nbenchmark: diorama/clean\nchecks:\n"


@pytest.fixture
def written(tmp_path, embedded_results):
    """Writes a gate file of checks on the embedded results."""

    def write(*checks, head=CHECK):
        path = tmp_path / "gate.yaml"
        path.write_text(head + "".join(f"- {check}\n" for check in checks), encoding="utf-8")
        return path

    return write


@pytest.mark.slow
def test_the_transformer_fails_on_its_places_and_passes_elsewhere(run, tmp_path, embedded_results):
    file, markdown, junit = (tmp_path / name for name in ("gate.yaml", "gate.md", "gate.xml"))
    code, out, err = run("gate", "init", *MODELS, *BENCHMARKS, "--out", file)
    assert (code, err) == (0, "")
    assert out.endswith(f"python -m core gate {file}\n")
    code, out, err = run("gate", file, "--markdown", markdown, "--junit", junit)
    assert (code, err) == (1, "")
    checks, _, rest = out.partition("\n\n")
    assert max(map(len, checks.splitlines())) <= 80
    verdicts = {line[14:]: line[:14].strip() for line in checks.splitlines() if not line.startswith(" ")}
    assert verdicts == {
        "diorama/settings accuracy where partition P0": "pass",
        "diorama/settings gap time": "pass",
        "diorama/settings gap weather": "pass",
        "diorama/settings gap locations": "fail",
        "diorama/clean accuracy": "pass",
    }
    assert rest.startswith("5 checks: 1 fail, 4 pass; at 95 % together (Holm's")
    suite = ET.parse(junit).getroot()[0]
    assert [suite.get(name) for name in ("tests", "failures", "skipped")] == ["5", "1", "0"]
    failed = [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None]
    assert failed == ["diorama/settings gap locations"]
    assert "| ❌ fail | diorama/settings gap locations |" in markdown.read_text(encoding="utf-8")
    # What is there is not written over.
    code, _, err = run("gate", "init", *MODELS, *BENCHMARKS, "--out", file)
    assert (code, err) == (2, f"error: --out {file} is there already: give another name, or move it away.\n")


def test_exits_of_an_inconclusive_check(run, written, tmp_path):
    file, junit = written("{number: top1, min: 95 %}", "{number: top1, max: 100 %}"), tmp_path / "junit.xml"
    found = {}
    for treatment in ((), ("--inconclusive", "pass"), ("--inconclusive", "fail")):
        code, out, _ = run("gate", file, "--junit", junit, *treatment)
        suite = ET.parse(junit).getroot()[0]
        found[treatment[-1:]] = code, suite.get("failures"), suite.get("skipped")
        assert "more objects would decide it, if the number stays" in out
    assert found == {(): (3, "0", "1"), ("pass",): (0, "0", "1"), ("fail",): (1, "1", "0")}


def test_json_has_identities_and_nothing_beside(run, written):
    code, out, err = run("gate", written("{number: negative_flips, max: 10 %}"), "--json")
    found = json.loads(out)
    assert (code, err, found["exit_code"]) == (0, "", 0)
    (check,) = found["checks"]
    runs = {each["model"]: each["identity"] for each in found["runs"]}
    assert runs == {check["model"]: check["identity"], check["baseline"]: check["baseline_identity"]}
    assert check["low"] < check["value"] < check["high"] < 0.1
    assert (check["n"], check["n_clusters"], check["verdict"]) == (1500, 50, "pass")


def test_names_that_are_not_ours_break_no_file(run, written, tmp_path):
    junit, markdown = tmp_path / "a.xml", tmp_path / "a.md"
    file = written('{name: "a | <b> & \\u0007 ]]>", number: top1, min: 0}')
    assert run("gate", file, "--junit", junit, "--markdown", markdown)[0] == 0
    (case,) = ET.parse(junit).getroot().iter("testcase")
    assert case.get("name") == "a | <b> & \ufffd ]]>"
    row = next(line for line in markdown.read_text(encoding="utf-8").splitlines() if "pass |" in line)
    assert "<b>" not in row
    table, _ = read(markdown.read_text(encoding="utf-8"))
    assert " ".join(table[1][1].split()) == "a | <b> & ]]>"
    assert {len(line) for line in table} == {5}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--junit", "{folder}"), "error: --junit {folder} is a folder: give a file."),
        (("--markdown", "{file}/a.md"), "error: --markdown {file}/a.md cannot be written: {file} is no folder"),
        (("--markdown", "{file}"), "error: the gate file, --markdown and --junit must be different files"),
        (("--markdown", "a", "--junit", "a"), "error: the gate file, --markdown and --junit must be different files"),
        (("--inconclusive", "no"), "error: --inconclusive 'no' is unknown."),
    ],
)
def test_options_that_cannot_be_are_refused_before_anything_is_judged(run, written, tmp_path, arguments, said):
    places = {"folder": tmp_path, "file": written("{number: nonsense on purpose, min: 0}")}
    places["file"].write_text(CHECK + "- {model: absent, number: top1, min: 0}\n", encoding="utf-8")
    code, out, err = run("gate", places["file"], *(each.format(**places) for each in arguments))
    assert (code, out) == (2, "")
    assert err.startswith(said.format(**places))


@pytest.mark.slow
def test_what_is_missing_is_named_with_its_command_and_run_on_demand(run, tmp_path, monkeypatch, colour_folder):
    make_model(tmp_path / "zoo" / "small", "test_efficientnet")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    file = tmp_path / "gate.yaml"
    file.write_text(
        f"model: small\nbenchmark: imagenet\ndata: {json.dumps(str(colour_folder))}\n"
        "checks:\n- {number: top1, min: 0}\n- {number: top5, max: 100 %}\n",
        encoding="utf-8",
    )
    code, _, err = run("gate", file)
    assert code == 2
    assert err.startswith("error: gate.yaml:1:8: no result of model 'small' on benchmark 'imagenet'")
    assert err.endswith("python -m core evaluate --model small --benchmark imagenet. Or give --run.\n")
    code, out, _ = run("gate", file, "--run", "--device", "cpu")
    assert code == 0, out
    (stored,) = store.list_runs("imagenet")
    assert stored.identity in out


def test_a_baseline_is_another_model(run, tmp_path, embedded_results):
    asked = ("gate", "init", "--benchmark", "diorama/clean", "--out", tmp_path / "g.yaml")
    model = ("--model", "test_vit.diorama")
    code, _, err = run(*asked, *model, *model)
    assert (code, err.count("\n")) == (2, 1)
    assert "are the same result: a baseline is another model" in err
    assert "give the model, and one baseline or none" in run(*asked, *model, *model, *model)[2]
    assert not (tmp_path / "g.yaml").exists()
