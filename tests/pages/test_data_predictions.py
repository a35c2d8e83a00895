"""Predictions of another framework on the page Data: what a file is understood to say, what is kept, where it leads."""

import time

import pytest
from PIL import Image

from core import jobs, store
from core.benchmarks import published_benchmarks
from core.jobs.kinds import Predictions
from core.jobs.queue import find_job
from core.labels import IMAGENET_1K, label_space
from core.own import entries
from core.own.add import keep, understand
from pages.shared.data import predictions
from tests.conftest import write_csv
from tests.job_tools import changed
from tests.pages.conftest import open_page, page_links, target, text_of

PAGE = "pages/data.py"


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch):
    """Pages start no process here."""
    monkeypatch.setattr("core.jobs.queue._start_worker", lambda device: None)


@pytest.fixture
def set_of_ten(tmp_path):
    """A set of one's own called ``ten``: image n is of ImageNet's class n."""
    root = tmp_path / "ten"
    root.mkdir()
    for number in range(10):
        Image.new("RGB", (16, 16), (200, 10, 10)).save(root / f"{number}.png")
    rows = [
        [f"{number}.png", label_space(IMAGENET_1K).names[number], ("sun", "fog")[number // 5]] for number in range(10)
    ]
    write_csv(tmp_path / "table.csv", ("file", "label", "weather"), rows)
    keep(understand("ten", root, tmp_path / "table.csv", published=published_benchmarks()))


def answers(path, n=10, wrong=(8, 9), first=0):
    """A file of predictions, right but for some images."""
    rows = [[f"{number}.png", first + number + 500 * (number in wrong), 0.9] for number in range(n)]
    write_csv(path, ("file", "top1", "prob"), rows)
    return path


def form(file=""):
    """The page with a file named, for the set ``ten``."""
    at = open_page(PAGE, add="predictions")
    at.selectbox(key="predictions-benchmark").set_value("ten")
    if file:
        at.text_input(key="predictions-file").set_value(str(file))
    at.run()
    assert not at.exception
    return at


def keys(at):
    return [button.key for button in at.button]


def tile(label, value, beneath):
    return f'<div class="label">{label}</div><div class="value">{value}</div><span class="chip">{beneath}</span>'


def test_what_a_file_says_is_shown_before_it_is_kept(set_of_ten, tmp_path):
    at = form(answers(tmp_path / "my preds.csv"))
    said = text_of(at)
    assert tile("Rows", 10, "my preds.csv") in said
    assert tile("Images with a prediction", 10, "all of them") in said
    # Two of ten are wrong; a guess among 1,000 classes is right once in a thousand.
    assert tile("Right", "80.0\xa0%", "by guessing 0.1\xa0%") in said
    assert "Images found in the file: 10 of 10" in said.replace("\\", "")
    assert at.text_input(key="predictions-name").value == "my-preds"
    assert store.list_runs("ten") == []


def test_an_import_leads_to_the_pages_that_show_it(set_of_ten, tmp_path):
    at = form(answers(tmp_path / "preds.csv"))
    at.text_input(key="predictions-name").set_value("my-net").run()
    at.button(key="predictions-import").click().run()
    assert not at.exception
    assert not at.error
    (run,) = store.list_runs("ten")
    assert (run.model, run.is_imported, run.n_done) == ("my-net", True, 10)
    assert "**my-net** is right on **80.0\xa0%**" in text_of(at)
    assert "predictions-import" not in keys(at)
    links = {link.label: target(link) for link in page_links(at)}
    assert links["See where it breaks →"] == "size_location_rotation?benchmark=ten&models=my-net"
    assert {"Its mistakes →", "Beside others →"} <= set(links)
    again = open_page(PAGE, add="predictions", imported=run.identity)
    assert "**my-net** is right on **80.0\xa0%**" in text_of(again)


def test_images_without_a_prediction_are_asked_about(set_of_ten, tmp_path):
    at = form(answers(tmp_path / "preds.csv", n=7))
    assert "3 images of 10 have no prediction" in at.warning[0].value
    assert at.button(key="predictions-import").disabled
    at.toggle(key="predictions-partial").set_value(True).run()
    assert not at.warning
    at.button(key="predictions-import").click().run()
    (run,) = store.list_runs("ten")
    assert (run.n_done, run.n_samples, run.complete) == (7, 10, False)
    assert "of 7 images, of 10 that there are." in text_of(at)


def test_classes_that_count_from_one_are_found_out_and_said_in_the_words_of_the_form(set_of_ten, tmp_path):
    at = form(answers(tmp_path / "preds.csv", first=1))
    assert "With 1 as the index of the first class" in at.error[0].value.replace("\\", "")
    assert "--" not in at.error[0].value
    at.segmented_control(key="predictions-first").set_value(1).run()
    assert not at.error
    assert tile("Right", "80.0\xa0%", "by guessing 0.1\xa0%") in text_of(at)
    at.button(key="predictions-import").click().run()
    assert store.list_runs("ten")[0].n_done == 10


def test_an_upload_is_read_and_kept(set_of_ten, tmp_path):
    content = answers(tmp_path / "preds.csv").read_bytes()
    at = form()
    at.file_uploader(key="predictions-file-upload").set_value(("../résnet 50.csv", content, "text/csv")).run()
    assert not at.exception
    assert at.text_input(key="predictions-name").value == "r-snet-50"
    at.button(key="predictions-import").click().run()
    (kept,) = (entries.folder() / "uploads").rglob("*.csv")
    assert (kept.name, kept.read_bytes()) == ("r-snet-50.csv", content)
    assert [run.model for run in store.list_runs("ten")] == ["r-snet-50"]


def test_a_large_file_is_work_for_the_queue(set_of_ten, tmp_path, monkeypatch):
    monkeypatch.setattr(predictions, "_AT_ONCE", 5)
    file = answers(tmp_path / "preds.csv")
    at = form(file)
    at.button(key="predictions-import").click().run()
    assert not at.exception
    (job,) = jobs.list_jobs()
    assert job.arguments == Predictions(str(file), "preds", "ten", data=str(tmp_path / "ten"))
    assert "Predictions preds.csv as preds on ten" in at.get("progress")[0].proto.text.replace("\\", "")
    result = job.arguments.run(lambda state: None)
    changed(find_job(job.id), state="done", started=time.time(), ended=time.time(), result=result)
    at.run()
    assert not at.exception
    assert "**preds** is right on **80.0\xa0%**" in text_of(at)


def test_a_queued_import_that_failed_says_why(set_of_ten, tmp_path, monkeypatch):
    monkeypatch.setattr(predictions, "_AT_ONCE", 5)
    at = form(answers(tmp_path / "preds.csv"))
    at.button(key="predictions-import").click().run()
    (job,) = jobs.list_jobs()
    changed(job, state="failed", started=time.time(), ended=time.time(), message="the disk is full.")
    at.run()
    assert "The disk is full." in at.error[0].value
    assert "See its log →" in [link.label for link in page_links(at)]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("p.csv", "", "p.csv"),
        ("p.csv", "image,answer\n0.png,1\n", "p.csv"),
        ("p.csv", "file,top1\nother.png,1\n", "no row is about an image of 'ten'"),
        ("p.csv", "file,top1\n0.png,carp\n", "carp"),
        ("p.npz", "no archive", "p.npz"),
        ("p.xlsx", "PK", "Known: .csv"),
    ],
)
def test_a_file_that_cannot_be_is_one_line(set_of_ten, tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    at = form(tmp_path / name)
    assert [said in error.value.replace("\\", "") for error in at.error] == [True]
    assert "predictions-import" not in keys(at)


def test_no_more_right_than_by_guessing_is_a_warning(set_of_ten, tmp_path):
    # All ten are wrong; of so few that proves nothing yet.
    at = form(answers(tmp_path / "preds.csv", wrong=range(10)))
    assert at.warning[0].value.startswith("No more are right than by guessing")


@pytest.mark.parametrize("typed", ["/", "/a\0.csv", "~nobody/p.csv"])
def test_a_path_that_cannot_be_is_one_line(set_of_ten, typed):
    at = form(typed)
    assert len(at.error) == 1
    assert "predictions-import" not in keys(at)


def test_a_name_that_cannot_be_is_one_line(set_of_ten, tmp_path):
    at = form(answers(tmp_path / "preds.csv"))
    at.text_input(key="predictions-name").set_value("a\tb").run()
    assert ["no name that can be read" in error.value for error in at.error] == [True]


def test_texts_of_a_file_are_shown_as_they_are(set_of_ten, tmp_path):
    hostile = "![x](http://example.org/x.png)"
    rows = [[f"{number}.png", number] for number in range(10)] + [[hostile, 1]]
    write_csv(tmp_path / "preds.csv", ("file", "top1"), rows)
    at = form(tmp_path / "preds.csv")
    assert "example" in text_of(at)
    assert "![x](http" not in text_of(at)
    at.text_input(key="predictions-name").set_value(hostile).run()
    assert not at.exception
    assert "![x](http" not in "".join(button.label for button in at.button)


def test_a_link_to_an_import_that_is_not_there_is_no_fault():
    at = open_page(PAGE, add="predictions", imported="0123456789abcdef")
    assert not at.exception
    assert not at.error


def test_a_demo_imports_nothing(monkeypatch):
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    at = open_page(PAGE, add="predictions")
    assert not at.exception
    assert not [each for each in (*at.text_input, *at.file_uploader) if str(each.key).startswith("predictions-")]
