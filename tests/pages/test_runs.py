"""The Runs page in every state: nothing yet, running, waiting, failed, interrupted, done; and in a real browser."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from filelock import FileLock
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import jobs, paths, store
from core.benchmarks import find_images, open_benchmark
from core.evaluate.loop import evaluate
from core.jobs import rates
from core.jobs.kinds import Diagnosis, Evaluation, Generation, Probe, Unknown
from core.jobs.rates import Rate
from core.types import Progress
from core.wording import escaped
from tests.browser import app_server, chromium
from tests.conftest import REPO
from tests.job_tools import changed, make_model, state_of, waiting
from tests.pages.conftest import page_links, target


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch, request):
    """Pages start no process here, except in the browser test."""
    if "browser" not in request.keywords:
        monkeypatch.setattr("core.jobs.queue._start_worker", lambda device: None)


def page(name="runs", **query):
    at = AppTest.from_file(str(REPO / "app.py"), default_timeout=30)
    for key, value in query.items():
        at.query_params[key] = value
    return at.switch_page(f"pages/{name}.py").run()


def form():
    """The page with a small model and the benchmark ``imagenet`` chosen."""
    return page(model="small", benchmark="imagenet")


def words(at):
    """All text of the page."""
    kinds = (at.markdown, at.caption, at.info, at.warning, at.error, at.code)
    return "\n".join(element.value for kind in kinds for element in kind)


def links(at):
    return [target(link) for link in page_links(at)]


def button(at, label):
    found = [element for element in at.button if element.label == label]
    assert found, [element.label for element in at.button]
    return found[0]


def ended(state, arguments=None, **status):
    job = waiting(f"job-{state}", arguments=arguments)
    job.folder.mkdir(parents=True)
    return changed(job, state=state, started=time.time() - 100, ended=time.time() - 40, **status)


@contextlib.contextmanager
def running(progress, arguments=None):
    """A job that a worker is at, as the table shows it."""
    job = waiting("job-running", arguments=arguments)
    job.folder.mkdir(parents=True)
    with FileLock(job.lock):
        yield changed(job, state="running", started=time.time(), progress=progress, pid=os.getpid())


def test_without_jobs_the_page_says_what_to_do():
    at = form()
    assert not at.exception
    assert "Nothing has run here yet" in words(at)
    assert "Where are the images?" in words(at)


def test_the_cost_is_said_before_anything_is_started(small_request):
    asked = replace(small_request, device="auto", batch_size=None)
    rates.record(Rate(500, 2.0, 0.0, "imagenet"), "small", "auto", "fp32", None)
    paths.remember_data("imagenet", open_benchmark("imagenet", small_request.data).root)
    at = form()
    assert not at.exception
    assert "**1,500 images**. About **12 min 30 s** at 2 images/s" in words(at)
    button(at, "Start").click().run()
    assert [job.arguments for job in jobs.list_jobs()] == [asked]


def test_an_unknown_rate_can_be_measured_with_a_few_images(small_request):
    paths.remember_data("imagenet", open_benchmark("imagenet", small_request.data).root)
    evaluate("small", "imagenet", device="cpu", limit=10)
    at = form()
    assert "**1,500 images**, 10 of them stored already. How long that takes is not known" in words(at)
    button(at, "Measure with 64 images").click().run()
    assert jobs.list_jobs()[0].arguments.limit == 74


@pytest.mark.slow
def test_a_complete_result_needs_no_run(small_request):
    paths.remember_data("imagenet", open_benchmark("imagenet", small_request.data).root)
    evaluate("small", "imagenet", device="cpu")
    at = form()
    assert "this result is complete. There is nothing to run." in words(at)
    assert button(at, "Start").disabled


@pytest.mark.parametrize(
    ("typed", "said"),
    [("/no/such/folder", "'/no/such/folder' is not a folder on this machine"), ("{home}", "has no folder named by")],
)
def test_a_wrong_data_folder_is_explained_and_nothing_can_be_started(tmp_path, small_request, typed, said):
    at = form()
    at.text_input(key="run_data_imagenet").input(typed.format(home=tmp_path)).run()
    assert said in at.error[0].value
    assert "Start" not in [element.label for element in at.button]


@pytest.fixture
def photos(shared, tmp_path):
    """Masks of Hard ImageNet's classes, and their six photos laid out as ImageNet is."""
    masks = (shared / "data" / "hard-imagenet-mini").resolve()
    for path in sorted((masks / "val").iterdir()):
        wnid, _, file = path.name.partition("_")
        folder = tmp_path / "imagenet" / "val" / wnid
        folder.mkdir(parents=True)
        (folder / file).symlink_to(shared / "data" / "imagenet-sample" / wnid / file)
    return masks, tmp_path / "imagenet"


@pytest.mark.shared
@pytest.mark.slow
def test_masks_alone_need_the_folder_of_their_photos_which_another_process_gets(small_request, photos):
    masks, images = photos
    at = page(model="small", benchmark="hard-imagenet")
    assert not at.exception
    assert "Where are the images?" in words(at)
    at.text_input(key="run_data_hard-imagenet").input(str(masks)).run()
    assert "no folder of ImageNet's images is known" in at.error[0].value
    assert "Start" not in [element.label for element in at.button]
    at.text_input(key="run_images_hard-imagenet").input(str(images / "nowhere")).run()
    assert "nowhere is not a folder" in at.error[0].value
    at.text_input(key="run_images_hard-imagenet").input(str(masks)).run()
    assert "none of the 6 masks" in at.error[0].value
    at.text_input(key="run_images_hard-imagenet").input(str(images)).run()
    assert not at.error
    assert "**6 images**" in words(at)
    button(at, "Start").click().run()
    job = jobs.list_jobs()[0]
    assert (job.arguments.data, job.arguments.images) == (str(masks), str(images))
    # Nothing is remembered until it has been read by the worker, a process of its own.
    assert find_images("hard-imagenet") is None
    worker = "import sys; from core.jobs.worker import work; work(sys.argv[1])"
    subprocess.run([sys.executable, "-c", worker, job.arguments.device], cwd=REPO, check=True, timeout=300)
    job = jobs.find_job(job.id)
    assert (job.state, job.message) == ("done", "")
    assert store.find_run("hard-imagenet", "small").n_done == 6
    assert find_images("hard-imagenet") == images
    at = page(model="small", benchmark="hard-imagenet")
    assert at.text_input(key="run_data_hard-imagenet").value == str(masks)
    assert at.text_input(key="run_images_hard-imagenet").value == str(images)
    assert "There is nothing to run." in words(at)


def test_what_has_its_images_in_its_data_folder_asks_for_no_other():
    at = form()
    assert [each.label for each in at.text_input] == ["Data folder"]


def test_another_page_fills_in_model_and_benchmark(small_request):
    at = page(model="resnet50.a1_in1k", benchmark="si-score/rotation")
    assert not at.exception
    assert at.selectbox(key="model").value == "resnet50.a1_in1k"
    assert at.selectbox(key="benchmark").value == "si-score/rotation"


def test_a_running_job_shows_progress_rate_and_time_left_and_is_cancelled():
    with running(Progress(1203, 5000, 3, 24.0, 158.2, "evaluating")) as job:
        at = page()
        assert not at.exception
        said = at.get("progress")[0].proto.text
        assert said == "1,203 of 5,000 images (24%) · 24 images/s · 2 min 38 s left · 3 could not be read"
        button(at, "Cancel").click().run()
        assert jobs.find_job(job.id).cancelling
        assert button(at, "Stopping …").disabled


def test_a_waiting_job_without_a_worker_is_started_with_one_click(monkeypatch):
    waiting()
    at = page()
    assert "the process that runs jobs has ended" in words(at)
    started = []
    monkeypatch.setattr("core.jobs.queue._start_worker", started.append)
    button(at, "Start the queue").click().run()
    assert started == ["cpu"]


def test_a_failed_job_says_why_with_its_log_and_goes_on_with_one_click():
    job = ended("failed", message="the GPU has too little memory for 64 images at once: give --batch-size 32")
    job.log.write_text("Traceback\nOutOfMemoryError: tried to allocate 2 GiB\n")
    at = page()
    assert not at.exception
    assert at.error[0].value == escaped("The GPU has too little memory for 64 images at once: give --batch-size 32")
    assert "OutOfMemoryError" in at.code[0].value
    button(at, "Try again").click().run()
    assert state_of(job) == "queued"


def test_an_interrupted_job_says_so_and_can_go_on():
    job = waiting("job-killed")
    changed(job, state="running", started=1.0, progress=Progress(30, 100, rate=2.0))
    at = page()
    assert "it was killed" in at.warning[0].value
    assert "What it finished is kept" in at.warning[0].value
    button(at, "Go on")


def test_a_finished_job_shows_its_accuracy_with_interval_and_identity(small_request):
    run = evaluate("small", open_benchmark("imagenet", small_request.data), device="cpu")
    result = {"model": run.model, "benchmark": run.benchmark, "identity": run.identity}
    ended("done", result=result, progress=Progress(1500, 1500))
    at = page()
    assert "[" in words(at)
    assert f"over 1,500 images · identity {run.identity[:8]}" in words(at)
    assert "took 1 min 00 s" in words(at)
    # ImageNet has no page of its own: by its factors is the closest look.
    assert "size_location_rotation?benchmark=imagenet&models=small" in links(at)


def test_a_link_shows_the_job_on_top_and_an_unknown_one_is_explained():
    job = ended("cancelled")
    job.log.write_text("the last line\n")
    at = page(job=job.id)
    assert "the last line" in at.code[0].value
    assert [element.label for element in at.button].count("Go on") == 1
    at = page(job="job-cancelle")
    assert "Did you mean 'job-cancelled'" in at.warning[0].value


def test_the_list_is_cleared_and_results_stay(small_request):
    run = evaluate("small", open_benchmark("imagenet", small_request.data), device="cpu", limit=3)
    ended("done")
    at = page()
    button(at, "Clear list").click().run()
    assert jobs.list_jobs() == []
    assert run.path.is_dir()


EMBEDDED_MODEL = "test_efficientnet.diorama"


@pytest.mark.parametrize(
    ("kind", "benchmark", "title", "href"),
    [
        (Diagnosis, "diorama/location", "Diagnosis of", "mistakes?benchmark=diorama%2Flocation"),
        (Probe, "diorama/settings", "Probe of", "uncommon_settings?benchmark=diorama%2Fsettings"),
    ],
)
def test_a_finished_job_of_another_kind_leads_to_its_result(embedded_results, kind, benchmark, title, href):
    run = store.find_run(benchmark, EMBEDDED_MODEL, view="clean")
    asked = kind(run.model, benchmark, run.identity)
    ended("done", asked, result={"model": run.model, "benchmark": benchmark, "identity": run.identity})
    at = page()
    assert not at.exception
    assert title in words(at)
    assert f"{href}&models={EMBEDDED_MODEL}" in links(at)


def test_a_result_under_the_views_of_cues_leads_to_that_page(embedded_results):
    run = store.find_run("diorama/clean", EMBEDDED_MODEL, view="all-cues")
    asked = Evaluation(EMBEDDED_MODEL, run.benchmark, view="all-cues")
    ended("done", asked, result={"model": run.model, "benchmark": run.benchmark, "identity": run.identity})
    at = page()
    assert not at.exception
    assert f"cues?benchmark=diorama%2Fclean&models={EMBEDDED_MODEL}" in links(at)


def test_a_finished_set_of_images_says_where_it_is_and_leads_on():
    asked = Generation("/cut-outs", "/places", "size", "/my_set")
    ended("done", asked, result={"benchmark": "si-score/size", "folder": "/my_set"})
    at = page()
    assert not at.exception
    assert f"In {escaped('/my_set')}" in words(at)
    assert "runs?benchmark=si-score%2Fsize" in links(at)


def test_a_job_of_a_newer_version_is_shown_and_can_be_taken_away():
    waiting("odd", arguments=Unknown("translate", "cpu"))
    at = page()
    assert not at.exception
    assert "It waits for a version that knows this kind of job." in words(at)
    button(at, "Cancel").click().run()
    at = page()
    assert not at.exception
    assert "Go on" not in [element.label for element in at.button]


def test_a_running_diagnosis_counts_mistakes():
    with running(Progress(12, 300, stage="changing one thing at a time"), Diagnosis("small", "diorama/location", "ab")):
        at = page()
        assert not at.exception
        said = at.get("progress")[0].proto.text
        assert said == "12 of 300 mistakes (4%) · changing one thing at a time …"


def test_the_mistakes_page_queues_a_diagnosis_and_shows_how_far_it_is(embedded_results):
    run = store.find_run("diorama/location", EMBEDDED_MODEL, view="clean")
    query = {"benchmark": "diorama/location", "models": EMBEDDED_MODEL}
    at = page("mistakes", **query)
    assert not at.exception
    button(at, f"Diagnose 300 mistakes of {escaped(EMBEDDED_MODEL)}").click().run()
    (job,) = jobs.list_jobs()
    assert job.arguments == Diagnosis(EMBEDDED_MODEL, "diorama/location", run.identity)
    assert at.get("progress")[0].proto.text.endswith("waits for its turn")
    assert f"runs?job={job.id}" in links(at)
    changed(job, state="failed", ended=time.time(), message="the model is gone")
    at = page("mistakes", **query)
    assert at.error[0].value.endswith("the model is gone")
    button(at, f"Diagnose 300 mistakes of {escaped(EMBEDDED_MODEL)}")


def test_the_uncommon_settings_page_queues_a_probe_and_shows_how_far_it_is(embedded_results):
    run = store.find_run("diorama/settings", EMBEDDED_MODEL, view="clean")
    query = {"benchmark": "diorama/settings", "models": EMBEDDED_MODEL}
    at = page("uncommon_settings", **query)
    assert not at.exception
    button(at, f"Probe {escaped(EMBEDDED_MODEL)}").click().run()
    (job,) = jobs.list_jobs()
    assert (type(job.arguments), job.arguments.identity) == (Probe, run.identity)
    job.folder.mkdir(parents=True)
    with FileLock(job.lock):
        changed(job, state="running", started=time.time(), progress=Progress(3, 12, stage="probes"))
        at = page("uncommon_settings", **query)
        assert at.get("progress")[0].proto.text.endswith("3 of 12 steps (25%) · probes …")


@pytest.mark.browser
@pytest.mark.slow
def test_a_browser_starts_a_run_that_outlives_page_and_server_and_cancels_it(small_request, tmp_path):
    photos = shutil.copytree(small_request.data, tmp_path / "photos")
    # Enough to be still at it when the second server is up.
    Image.new("RGB", (40, 40), (9, 90, 90)).save(photos / "n01440764" / "more.png")
    for number in range(9999):
        os.link(photos / "n01440764" / "more.png", photos / "n01440764" / f"more{number}.png")
    with chromium() as browser:
        with app_server() as server:
            tab = browser.new_page(viewport={"width": 1024, "height": 768})
            tab.goto(f"{server}/runs?model=small&benchmark=imagenet")
            folder = tab.get_by_role("textbox", name="Data folder")
            folder.fill(str(photos), timeout=120_000)
            folder.press("Enter")
            tab.get_by_text("11,500 images").first.wait_for(timeout=30_000)
            batch = tab.get_by_role("spinbutton", name="Batch size")
            batch.fill("1")
            batch.press("Enter")
            tab.get_by_role("button", name="Start", exact=True).click()
            tab.get_by_text("images/s").first.wait_for(timeout=120_000)
            (job,) = jobs.list_jobs()
            tab.wait_for_url(f"**job={job.id}*", timeout=30_000, wait_until="commit")
            link = tab.url.removeprefix(server)
            tab.close()
        with app_server() as server:
            tab = browser.new_page(viewport={"width": 1024, "height": 768})
            tab.goto(server + link)
            tab.get_by_role("button", name="Cancel").click(timeout=120_000)
            tab.get_by_role("button", name="Go on").first.wait_for(timeout=120_000)
            assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert state_of(job) == "cancelled"
    assert 0 < jobs.find_job(job.id).progress.done < 11_500


def test_all_models_without_a_result_are_picked_by_a_button_and_started_as_one_job(small_request, tmp_path):
    make_model(tmp_path / "zoo" / "second", "test_vit2")
    at = page(model="small", benchmark="imagenet")
    at.text_input(key="run_data_imagenet").set_value(small_request.data).run()
    missing = next(each for each in at.button if each.label.endswith("without a result"))
    missing.click().run()
    assert "second" in at.multiselect(key="run_also").value
    at.multiselect(key="run_also").set_value(["second"]).run()
    assert "for **2 models**, each decoded once" in words(at)
    button(at, "Start").click().run()
    (job,) = jobs.list_jobs()
    assert job.arguments.models == ("small", "second")
