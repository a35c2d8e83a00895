"""Pages and commands on a data folder that cannot be written to, and as a demo."""

import os
import shutil
import sqlite3

import pytest
import streamlit as st
from typer.testing import CliRunner

from core import jobs, paths, store
from core.benchmarks import open_and_remember
from core.cli.main import app
from core.errors import OffcenterError, ReadOnlyError
from core.evaluate.loop import evaluate
from core.mistakes import reviews
from core.mistakes.reviews import Review
from core.wording import escaped
from pages.shared.page import text
from tests.conftest import RED_WNID
from tests.job_tools import waiting
from tests.pages.conftest import open_page, text_of

EVERY_PAGE = ["app.py", *(f"pages/{name}.py" for name in (
    "overview", "size_location_rotation", "uncommon_settings", "mistakes", "runs", "data",
))]  # fmt: skip


@pytest.fixture
def results(toy_model, colour_folder):
    """A result, verdicts and a job."""
    run = evaluate(toy_model, open_and_remember("imagenet", colour_folder))
    reviews.save(Review("imagenet/m", "a.png", 3, "reviewer", "fine-grained error"))
    waiting()
    return run


@pytest.fixture
def closed(results, monkeypatch):
    """The same in a folder in which nothing can be made, for the owner of the machine too."""

    def refuse(name):
        real = getattr(os, name.removeprefix("os."))

        def refusing(*arguments, **options):
            if any(str(each).startswith(str(paths.data_home())) for each in arguments):
                raise OSError(30, os.strerror(30), str(arguments[0]))
            return real(*arguments, **options)

        monkeypatch.setattr(name, refusing)

    for name in ("os.replace", "os.mkdir", "os.rename", "os.unlink"):
        refuse(name)
    real = os.open

    def opened(path, flags, *arguments, **options):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and str(path).startswith(str(paths.data_home())):
            raise OSError(30, os.strerror(30), str(path))
        return real(path, flags, *arguments, **options)

    monkeypatch.setattr("os.open", opened)
    connect = sqlite3.connect

    def to_read(path, *arguments, **options):
        if not options.get("uri") and str(path) != ":memory:":
            raise sqlite3.OperationalError("unable to open database file")
        return connect(path, *arguments, **options)

    monkeypatch.setattr("sqlite3.connect", to_read)
    return results


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_every_page_opens_where_nothing_can_be_written(closed, path):
    at = open_page(path, models=closed.model, benchmark="imagenet", only="imagenet")
    assert not at.exception
    assert not at.error


def test_what_is_stored_is_read_where_nothing_can_be_written(closed):
    assert [job.id for job in jobs.list_jobs()] == ["20260101-000000-aaaa"]
    assert len(reviews.find("imagenet/m")) == 1
    with pytest.raises(OffcenterError):
        reviews.save(Review("imagenet/m", "b.png", 3, "reviewer"))


@pytest.mark.parametrize(
    "command",
    [
        ["jobs"],
        ["models"],
        ["benchmarks"],
        ["report", "--model", "brightest-channel", "--benchmark", "imagenet"],
        ["verify", "--benchmark", "imagenet"],
    ],
)
def test_commands_that_read_need_no_writing(closed, command):
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output


@pytest.fixture
def demo(results, monkeypatch):
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    return results


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_a_demo_shows_every_page_and_writes_nothing(demo, path):
    def files():
        found = {each: each.stat().st_mtime_ns for each in paths.data_home().rglob("*") if each.is_file()}
        # SQLite's readers may make these beside a file; they hold nothing.
        return {each: at for each, at in found.items() if not each.name.endswith(("-wal", "-shm"))}

    before = files()
    at = open_page(path, models=demo.model, benchmark="imagenet", only="imagenet")
    assert not at.exception
    assert not at.error
    assert files() == before
    offered = {button.label for button in at.button}
    assert not {"Cancel", "Start", "Start the queue", "Clear list", "Go on", "Use this folder"} & offered


def test_a_demo_has_no_form_and_no_folder_to_type(demo):
    at = open_page("pages/runs.py")
    assert escaped(text.DEMO).replace("\\", "") in text_of(at)
    assert not at.text_input
    shutil.rmtree(demo.entry.root)
    at = open_page("pages/mistakes.py", models=demo.model, benchmark="imagenet")
    assert not [field for field in at.text_input if field.label == "New folder"]


def test_verdicts_in_a_demo_last_as_long_as_the_session(demo, toy_model):
    at = open_page("pages/mistakes.py", models=demo.model, benchmark="imagenet")
    at.text_input(key="reviewer").set_value("guest").run()
    at.pills if hasattr(at, "pills") else None
    at.session_state["verdict-note"] = "odd"
    at.text_input(key="verdict-note").set_value("it is a shark").run()
    assert not at.exception
    assert at.text_input(key="verdict-note").value == "it is a shark"
    assert "as long as this tab" in text_of(at)
    assert reviews.find(f"imagenet/{demo.model}").empty
    other = open_page("pages/mistakes.py", models=demo.model, benchmark="imagenet")
    other.text_input(key="reviewer").set_value("guest").run()
    assert other.text_input(key="verdict-note").value == ""


def test_a_demo_refuses_whoever_would_write(demo, toy_model, colour_folder, tmp_path):
    toy_model.fingerprint = "0" * 64
    with pytest.raises(ReadOnlyError, match="OFFCENTER_READ_ONLY"):
        evaluate(toy_model, open_and_remember("imagenet", colour_folder))
    with pytest.raises(ReadOnlyError):
        paths.remember_data("focus", tmp_path)
    assert len(store.list_runs("imagenet")) == 1


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("true", True), ("0", False), ("", False), ("no", False)])
def test_the_setting_is_read_as_people_write_it(monkeypatch, value, expected):
    monkeypatch.setenv("OFFCENTER_READ_ONLY", value)
    assert paths.read_only() is expected


def test_a_damaged_list_of_jobs_is_said_on_the_runs_page_and_set_aside_with_a_click(results):
    path = paths.data_home() / "jobs" / "jobs.sqlite"
    for each in path.parent.glob("jobs.sqlite*"):
        each.unlink()
    path.write_bytes(b"from another program" * 50)
    at = open_page("pages/runs.py")
    assert "is damaged" in at.error[0].value
    for other in ("pages/uncommon_settings.py", "pages/mistakes.py"):
        assert not open_page(other, models=results.model, benchmark="imagenet").error
    at.button[0].click().run()
    assert not at.error
    assert list(path.parent.glob("jobs.sqlite.damaged-*"))


def test_a_tile_of_a_damaged_image_says_why(results, colour_folder):
    from pages.shared.images import pictures
    from pages.shared.page import cached

    (colour_folder / RED_WNID / "1.png").write_bytes(b"this is text")
    (colour_folder / RED_WNID / "2.png").unlink()
    source = cached.source_of(results)
    said = {name: pictures.thumbnail(source, f"{RED_WNID}/{name}") for name in ("0.png", "1.png", "2.png")}
    assert said["0.png"].src
    assert "cannot identify image file" in said["1.png"].problem
    assert said["2.png"].problem == "the file is not there"
    assert pictures.thumbnail(None, "x").problem == "the image is not on this machine"
    assert pictures.thumbnail(source, "../../etc/passwd").problem


def test_the_drawer_says_when_the_weights_on_disk_are_others_now(tmp_path, colour_folder, monkeypatch):
    import safetensors.torch

    from pages.shared.images import pictures
    from tests.models.test_sources import make_folder

    folder = tmp_path / "zoo" / "net"
    module = make_folder(folder)
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    run = evaluate("net", open_and_remember("imagenet", colour_folder))
    image = f"imagenet:{RED_WNID}/0.png"
    said = "no longer the ones of this result"
    assert not pictures.has_other_weights(run)
    assert said not in text_of(open_page("pages/overview.py", models="net", image=image))
    state = {name: value + 1 if name == "head.bias" else value for name, value in module.state_dict().items()}
    safetensors.torch.save_file(state, folder / "model.safetensors")
    assert pictures.has_other_weights(run)
    st.cache_data.clear()
    at = open_page("pages/overview.py", models="net", image=image)
    assert not at.exception
    assert said in text_of(at)
