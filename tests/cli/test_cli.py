"""The command line as a person or a script uses it."""

import json
import os
import signal
import subprocess
import sys

import pandas as pd
import pytest
from PIL import Image
from rich.table import Table

from core import paths, store
from core.cli import terminal
from core.types import Progress
from tests.benchmarks.test_focus import focus
from tests.conftest import BLUE_WNID, REPO
from tests.job_tools import until
from tests.models.test_sources import make_folder


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    make_folder(tmp_path / "zoo" / "tiny")
    return tmp_path / "zoo"


def one_line(text):
    return [line for line in text.splitlines() if line.startswith("error: ")]


def test_a_model_is_evaluated_reported_and_exported(run, zoo, colour_folder, tmp_path):
    code, out, err = run("evaluate", "--model", "tiny", "--benchmark", "imagenet", "--data", colour_folder)
    assert code == 0, err
    assert "tiny on imagenet: top-1" in out
    code, out, _ = run("report", "--model", "tiny", "--benchmark", "imagenet", "--json")
    content = json.loads(out)
    assert content["n"] == 24
    assert content["tables"]["by_class"][0]["n"] == 8
    code, out, _ = run("predictions", "--model", "tiny", "--benchmark", "imagenet", "--out", tmp_path / "p.csv")
    assert code == 0
    assert content["identity"] in out
    assert pd.read_csv(tmp_path / "p.csv")["correct"].mean() == content["overall"]["top1"]


def test_the_data_folder_is_remembered(run, zoo, colour_folder):
    assert run("evaluate", "--model", "tiny", "--benchmark", "imagenet", "--data", colour_folder, "--limit", 4)[0] == 0
    code, out, _ = run("evaluate", "--model", "tiny", "--benchmark", "imagenet", "--json")
    assert code == 0
    assert json.loads(out)["n"] == 24
    listed = json.loads(run("benchmarks", "--json")[1])
    assert {row["key"]: row["state"] for row in listed}["imagenet"] == "ready"


def test_a_folder_that_is_not_the_benchmark_is_not_remembered(run, zoo, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = run("evaluate", "--model", "tiny", "--benchmark", "imagenet", "--data", tmp_path / "empty")
    assert code == 1
    assert "has no folder named by an ImageNet-1k WordNet id" in err
    assert paths.remembered_data("imagenet") is None


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--model", "tinny", "--benchmark", "imagenet"], 2, "Did you mean 'tiny'"),
        (["--model", "tiny", "--benchmark", "imagnet"], 2, "Did you mean 'imagenet'"),
        (["--model", "tiny", "--benchmark", "si-score/size"], 2, "give one with --data DIR"),
        (["--model", "tiny", "--benchmark", "imagenet", "--data", "no/such"], 2, "is not a folder"),
        (["--model", "tiny", "--benchmark", "imagenet", "--precision", "fp8"], 2, "Known: fp32, bf16, fp16"),
        (["--model", "tiny", "--benchmark", "imagenet", "--view", "clear"], 2, "Did you mean 'clean'"),
        (["--model", "tiny", "--benchmark", "imagenet", "--device", "tpu"], 2, "Known: auto, cpu, cuda"),
    ],
)
def test_a_wrong_name_or_option_is_one_line_with_the_fix(run, zoo, colour_folder, arguments, code, said):
    if "--data" not in arguments and "imagenet" in arguments:
        arguments = [*arguments, "--data", colour_folder]
    got, _, err = run("evaluate", *arguments)
    assert got == code
    assert len(one_line(err)) == 1
    assert said in one_line(err)[0]


def test_a_model_whose_classes_do_not_fit_is_a_usage_error(run, zoo, colour_folder):
    make_folder(zoo / "five", num_classes=5)
    code, _, err = run("evaluate", "--model", "five", "--benchmark", "imagenet", "--data", colour_folder)
    assert code == 2
    assert "this one has 'classes-5'" in err


def test_a_damaged_model_is_a_failure_not_a_usage_error(run, zoo, colour_folder):
    (zoo / "tiny" / "model.safetensors").write_bytes(b"?")
    code, _, err = run("evaluate", "--model", "tiny", "--benchmark", "imagenet", "--data", colour_folder)
    assert code == 1
    assert "cannot be read as weights" in err


def test_a_missing_option_is_exit_code_2(run):
    assert run("evaluate", "--benchmark", "imagenet")[0] == 2


def test_broken_images_are_counted_and_the_command_succeeds(run, zoo, colour_folder):
    (colour_folder / BLUE_WNID / "3.png").write_bytes(b"")
    code, _, err = run("evaluate", "--model", "tiny", "--benchmark", "imagenet", "--data", colour_folder)
    assert code == 0
    assert "warning: 1 images could not be evaluated" in err


def test_models_lists_local_ones_and_says_what_is_wrong_with_a_broken_one(run, zoo):
    (zoo / "broken").mkdir()
    (zoo / "broken" / "config.json").write_text("{")
    listed = json.loads(run("models", "--json")[1])["local"]
    assert {row["name"]: row["label_space"] for row in listed}["tiny"] == "imagenet-1k"
    assert next(row["problem"] for row in listed if row["name"] == "broken")
    assert "tiny" in run("models")[1]


def test_benchmarks_without_data_say_how_to_get_them(run):
    out = run("benchmarks")[1]
    assert "si-score/rotation" in out
    assert "s3.us-east-1.amazonaws.com/si-score-dataset/rotation.zip" in out


def test_images_are_generated_evaluated_and_reported_by_size(run, zoo, cutouts, backgrounds, tmp_path):
    made = tmp_path / "made"
    code, out, err = run(
        *("generate", "si-score", "--foregrounds", cutouts, "--backgrounds", backgrounds),
        *("--factor", "size", "--out", made, "--workers", 2),
    )
    assert code == 0, err
    assert "400 images" in out
    code, _, err = run("evaluate", "--model", "tiny", "--benchmark", "si-score/size", "--data", made)
    assert code == 0, err
    content = json.loads(run("report", "--model", "tiny", "--benchmark", "si-score/size", "--json")[1])
    sizes = content["tables"]["by_size"]
    assert [row["area"] for row in sizes] == [percent / 100 for percent in range(1, 101)]
    assert {(row["n"], row["n_clusters"]) for row in sizes} == {(4, 4)}
    out = run("report", "--model", "tiny", "--benchmark", "si-score/size")[1]
    assert "Top-1 by object size" in out
    assert content["identity"] in out


@pytest.mark.slow
def test_the_location_report_is_a_map_with_y_downwards(run, zoo, cutouts, backgrounds, small_grids, tmp_path):
    run(
        *("generate", "si-score", "--foregrounds", cutouts, "--backgrounds", backgrounds),
        *("--factor", "location", "--out", tmp_path / "made"),
    )
    run("evaluate", "--model", "tiny", "--benchmark", "si-score/location", "--data", tmp_path / "made")
    out = run("report", "--model", "tiny", "--benchmark", "si-score/location", "--table", "by_location")[1]
    assert "y down, x across · n = 4 a cell (thin)" in out


def test_several_models_are_compared_with_their_differences_named(run, zoo, colour_folder):
    make_folder(zoo / "sharp", crop_pct=1.0)
    models = ("--model", "tiny", "--model", "sharp", "--benchmark", "imagenet")
    assert run("evaluate", *models, "--data", colour_folder)[0] == 0
    content = json.loads(run("report", *models, "--json")[1])
    assert [entry["model"] for entry in content["runs"]] == ["tiny", "sharp"]
    assert "compared runs differ in preprocessing" in content["warnings"][0]


def test_a_report_of_nothing_says_what_to_run(run):
    code, _, err = run("report", "--model", "tiny", "--benchmark", "imagenet")
    assert code == 2
    assert "python -m core evaluate --model tiny --benchmark imagenet" in err


def test_ctrl_c_is_one_line_and_the_same_command_goes_on(zoo, colour_folder):
    for wnid in [path.name for path in colour_folder.iterdir()]:
        for number in range(8, 700):
            Image.new("RGB", (40, 40), (9, number % 256, 9)).save(colour_folder / wnid / f"{number}.bmp")
    command = [sys.executable, "-m", "core", "evaluate", "--model", "tiny", "--benchmark", "imagenet"]
    command += ["--data", str(colour_folder), "--batch-size", "2", "--workers", "1"]
    process = subprocess.Popen(command, cwd=REPO, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    # On a machine with much else to do the imports alone take longer than half a minute.
    assert until(lambda: any(found.n_done for found in store.list_runs()))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=180)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert "images are stored; the same command goes on from here" in err
    assert 0 < store.list_runs()[0].n_done < 2100


_INTERRUPTED_IMPORT = """
import runpy, sys
class CtrlC:
    def find_spec(self, name, *_):
        if name == sys.argv[1]:
            raise KeyboardInterrupt
sys.meta_path.insert(0, CtrlC())
runpy.run_module("core", run_name="__main__")
"""


def test_ctrl_c_while_modules_are_read_is_one_line_too():
    command = [sys.executable, "-c", _INTERRUPTED_IMPORT, "core.cli.main"]
    ended = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "stopped before anything was begun.\n")


def test_ctrl_c_in_any_command_is_one_line(run, monkeypatch):
    def pressed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "find_run", pressed)
    code, _, err = run("report", "--model", "tiny", "--benchmark", "imagenet")
    assert code == 130
    assert "stopped; what was stored so far is kept." in err


@pytest.mark.shared
@pytest.mark.slow
def test_accuracy_by_size_of_a_real_model_on_real_cut_outs_rises_with_size(run, shared, tmp_path, monkeypatch):
    monkeypatch.setenv("OFFCENTER_MODELS", str(shared / "models"))
    material, made = shared / "data" / "si-score", tmp_path / "made"
    code, _, err = run(
        *("generate", "si-score", "--foregrounds", material / "foreground_samples"),
        *("--backgrounds", material / "background_samples", "--factor", "size", "--out", made),
    )
    assert code == 0, err
    model = ("--model", "mobilenetv2_100.tf_quant", "--benchmark", "si-score/size")
    code, _, err = run("evaluate", *model, "--data", made)
    assert code == 0, err
    content = json.loads(run("report", *model, "--json")[1])
    rows = content["tables"]["by_size"]
    assert (content["n"], content["n_failed"], len(rows)) == (900, 0, 100)
    small = sum(row["top1"] for row in rows[:10]) / 10
    large = sum(row["top1"] for row in rows[-30:]) / 30
    assert small < 0.35 < 0.75 < large
    assert all(row["top1_low"] <= row["top1"] <= row["top1_high"] for row in rows)


def test_settings_are_reported_probed_and_failures_drawn(run, zoo, tmp_path):
    rows = [(f"/car/{n}.jpg", "car", "day", "none", "snow" if n % 2 else "street", "no") for n in range(40)]
    root = focus(tmp_path / "photos", rows=rows)
    code, _, err = run("evaluate", "--model", "tiny", "--benchmark", "focus", "--data", root)
    assert code == 0, err
    code, out, _ = run("report", "--model", "tiny", "--benchmark", "focus", "--json")
    tables = json.loads(out)["tables"]
    columns = {name: tuple(tables[name][0]) for name in ("partitions", "gaps", "heatmap_locations", "by_humans")}
    assert columns == {
        "partitions": ("partition", "top1", "top1_low", "top1_high", "n"),
        "gaps": ("attribute", "definition", "gap", "low", "high", "n_common", "n_uncommon"),
        "heatmap_locations": ("category", "value", "uncommon", "top1", "low", "high", "n"),
        "by_humans": ("humans", "top1", "top1_low", "top1_high", "n"),
    }
    code, out, _ = run("report", "--model", "tiny", "--benchmark", "focus", "--table", "partitions")
    assert code == 0
    assert "P_l" in out
    code, out, _ = run("probe", "--model", "tiny", "--json")
    assert {row["location"]: row["n_used"] for row in json.loads(out)["probes"]} == {"snow": 40, "street": 40}
    code, out, _ = run("failures", "--model", "tiny", "--out", tmp_path / "strip.png", "--n", "2")
    assert code == 0
    assert "2 images in" in out
    assert Image.open(tmp_path / "strip.png").format == "PNG"


@pytest.mark.shared
def test_real_photos_in_settings_are_classified_by_a_real_model(run, shared, monkeypatch):
    monkeypatch.setenv("OFFCENTER_MODELS", str(shared / "models"))
    folder = shared / "data" / "focus-mini"
    model = "tf_mobilenetv3_small_100.tf_quant"
    code, out, err = run("evaluate", "--model", model, "--benchmark", "focus", "--data", folder, "--json")
    assert code == 0, err
    content = json.loads(out)
    # Very probably training photos (see the model's own record): about 95 % by category.
    assert content["n"] == 111
    assert content["overall"]["top1"] > 0.9


@pytest.mark.parametrize(
    "name", ["net[/red]", "[bold]net", "\x1b]0;owned\x07net", "\x1b[31mred", ":smile:", "a\x00b", "x\r\ny"]
)
def test_names_from_data_are_printed_as_text_and_steer_no_terminal(capsys, name):
    terminal.out.print(f"{name}  (imagenet-1k)", soft_wrap=True)
    table = Table(box=None)
    table.add_column("class", no_wrap=True)
    table.add_row(name)
    terminal.out.print(table)
    with terminal.progress_bar(name) as progress:
        progress(Progress(1, 2, stage=name))
    terminal.warn(name)
    terminal.fail(name)
    said = "".join(capsys.readouterr())
    assert "\x1b" not in said.replace("\x1b[33m", "").replace("\x1b[31m", "").replace("\x1b[0m", "")
    assert "\x07" not in said
    assert name.replace("\x1b", "\\x1b").replace("\x07", "\\x07").replace("\x00", "\\x00").replace("\r", "\\r") in said
