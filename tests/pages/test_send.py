"""One file of what a page shows: where it is offered, what is in it, the command that makes it again."""

import shlex

import numpy as np
import pytest
from typer.testing import CliRunner

from core import bundle
from core.answers.questions import Where
from core.cli.main import app
from core.errors import UsageError
from pages.shared.page import send
from tests.browser import PATIENCE_MS, app_server, chromium, wait_for_text
from tests.pages.conftest import open_page, text_of
from tests.synthetic_store import make_samples, write_run

FACTORS, OVERVIEW = "pages/size_location_rotation.py", "pages/overview.py"
#: Markdown, HTML, the shell and a way out of the folder.
HOSTILE = "$(touch x) **b** <img src=x>"
SAMPLES = make_samples("size", 200)
ROTATED = make_samples("rotation", 144)


@pytest.fixture
def two():
    """A model with a hostile name on two benchmarks, and one on one of them."""
    return [
        write_run("size", SAMPLES, HOSTILE, (SAMPLES["area"] > 0.2).to_numpy()),
        write_run("rotation", ROTATED, HOSTILE, np.ones(len(ROTATED), bool)),
        write_run("size", SAMPLES, "plain", np.ones(len(SAMPLES), bool)),
    ]


def offered(at):
    return [button for button in at.button if button.key == "send-make"]


def command_on(at):
    return next(each.value for each in at.code if "core bundle" in each.value)


def made(at):
    """The bundle that a page makes when it is asked for."""
    offered(at)[0].click()
    at.run()
    assert not at.exception
    return at.session_state["send-made"][1]


def test_it_is_on_home(two):
    at = open_page("app.py", models=["plain"])
    assert not at.exception
    assert len(offered(at)) == 1
    assert "opens from disk" in text_of(at)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["pages/runs.py", "pages/data.py"])
def test_it_is_not_where_no_result_is_shown(two, page):
    assert offered(open_page(page)) == []


@pytest.mark.slow
def test_a_demo_makes_files_and_runs_no_model(two, monkeypatch):
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    at = open_page(FACTORS, benchmark="si-score", models=["plain"])
    assert [each.key for each in at.toggle if each.key == "send-maps"] == []
    assert made(at).content["models"][0]["label"] == "plain"


def test_the_command_makes_the_same_file(two, monkeypatch, tmp_path):
    """Models with different benchmarks, one of them with a hostile name; top-5."""
    at = open_page(OVERVIEW, only="si-score", models=[HOSTILE, "plain"], policy="top5")
    here = made(at).content
    asked = []

    def build(runs, options, progress=None):
        asked.append((runs, options))
        raise UsageError("enough")

    monkeypatch.setattr(bundle, "build", build)
    words = shlex.split(command_on(at))
    assert words[:4] == ["python", "-m", "core", "bundle"]
    found = CliRunner().invoke(app, [*words[3:-1], str(tmp_path / "report.html")])
    assert str(found.exception) == "enough"
    ((runs, options),) = asked
    assert {(run.label, run.identity) for run in runs} == {(run.label, run.identity) for run in two}
    assert {each["identity"] for each in here["results"]} == {run.identity for run in runs}
    assert [each["label"] for each in here["models"]] == [HOSTILE, "plain"]
    assert here["start"] == {}
    assert (here["policy"], options.policy) == ("top5", "top5")
    assert (options.max_mb, options.per_point, options.saliency) == (send._MAX_MB, send._PER_POINT, 0)


def test_the_file_opens_at_the_chosen_point(two):
    chosen = {"view": "size", "cell": "si-score/size;area=0.5", "by": HOSTILE}
    content = made(open_page(FACTORS, benchmark="si-score", models=[HOSTILE, "plain"], **chosen)).content
    start = content["start"]
    (figure,) = (each for each in content["exhibits"] if each["id"] == start["exhibit"])
    pick = content["picks"][figure["points"][start["point"]]]
    assert figure["name"] == "by_area"
    assert pick["model"] == HOSTILE
    # Of 200 cut-outs at twenty areas each has ten.
    assert pick["n"] == int((SAMPLES["area"] == 0.5).sum())


def test_what_cannot_be_made_is_said_and_offered_again(two, monkeypatch):
    def fails(*_):
        raise UsageError("no room <b>")

    at = open_page(FACTORS, benchmark="si-score", models=["plain"])
    monkeypatch.setattr(bundle, "build", fails)
    offered(at)[0].click()
    at.run()
    assert not at.exception
    assert [each.value for each in at.error] == ["no room \\<b\\>"]
    assert len(offered(at)) == 1
    assert not send._lock.locked()


def test_of_many_models_the_chosen_ones_go_in(two):
    runs = [write_run("size", SAMPLES, f"m{n}", np.ones(len(SAMPLES), bool)) for n in range(4)]
    sent = send._sent([*two, *runs], ["m3", "m1"])
    assert [run.label for run in sent] == ["m3", "m1"]
    assert [run.label for run in send._sent([*runs, *runs], [])] == ["m0", "m1", "m2", "m3"]
    assert [run.label for run in send._sent(two, ["plain"])] == ["plain", HOSTILE, HOSTILE]


def test_filters_do_not_hide_the_chosen_point(two):
    from core.bundle.points import start_of
    from core.figures.exhibits import Pick

    run, *_ = two
    area, angle = Where.equals("area", 0.5), Where.equals("angle_deg", 5.0)
    clicks = [{"all": Pick(run, "", ())}, {"a": Pick(run, "", (area,)), "b": Pick(run, "", (area, angle))}]
    names = ["overview", "by_area"]
    assert start_of(Pick(run, "", (area, Where("x", 0.1, 0.2))), names, clicks) == {"exhibit": "by_area", "point": "a"}
    assert start_of(Pick(run, "", ()), names, clicks) == {"exhibit": "overview", "point": "all"}
    assert start_of(Pick(run, "", (Where("x", 0.1, 0.2),)), names, clicks) == {}
    assert start_of(Pick(run, "", (area,), only=frozenset("i")), names, clicks) == {}


@pytest.mark.slow
@pytest.mark.browser
def test_what_is_saved_opens_from_disk_without_a_network_at_the_chosen_point(two, tmp_path):
    query = "benchmark=si-score&models=plain&view=size&cell=si-score/size;area%3D0.5"
    with chromium() as browser, app_server() as url:
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        tab.goto(f"{url}/size_location_rotation?{query}")
        tab.get_by_role("button", name="Send this view").click(timeout=PATIENCE_MS)
        tab.get_by_role("button", name="Make the file").click(timeout=PATIENCE_MS)
        tab.get_by_role("button", name="Save the file").wait_for(timeout=PATIENCE_MS)
        with tab.expect_download() as saved:
            tab.get_by_role("button", name="Save the file").click()
        saved.value.save_as(tmp_path / "sent.html")
        offline = browser.new_context(offline=True).new_page()
        faults = []
        offline.on("pageerror", lambda fault: faults.append(fault))
        offline.goto((tmp_path / "sent.html").as_uri())
        wait_for_text(offline, "Images behind area 50")
        assert faults == []
        assert "#exhibit=" in offline.url
