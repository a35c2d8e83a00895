"""The queue with real worker processes: started, followed, cancelled, killed and gone on with."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from filelock import FileLock

from core import jobs, paths, store
from core.benchmarks import open_benchmark
from core.errors import DataError, UsageError
from core.evaluate.loop import evaluate
from core.jobs import cost, rates
from core.jobs.kinds import Evaluation
from core.jobs.rates import Rate
from core.jobs.table import ENDED, home, is_locked, tail
from core.jobs.worker import work
from core.types import Progress
from tests.conftest import REPO
from tests.job_tools import N_IMAGES, changed, make_model, state_of, until, waiting


def runs_with_images(job):
    now = jobs.find_job(job.id)
    return now.state == "running" and now.progress is not None and now.progress.done >= 3


def test_a_job_is_followed_and_cancelled_and_its_images_are_kept(small_request):
    job = jobs.submit(small_request)
    assert job.state in ("queued", "running")
    assert jobs.submit(small_request).id == job.id, "the same request is not queued twice"
    assert until(lambda: runs_with_images(job))
    partial = store.find_run("imagenet", "small")
    assert 0 < partial.n_done < N_IMAGES
    progress = jobs.find_job(job.id).progress
    assert progress.total == N_IMAGES
    assert progress.rate > 0
    assert progress.seconds_left > 0
    jobs.cancel(job.id)
    assert until(lambda: state_of(job) == "cancelled")
    assert 0 < partial.n_done < N_IMAGES
    assert partial.n_done == jobs.find_job(job.id).progress.done
    assert store.open_run(partial.path).manifest.status == "partial"


@pytest.mark.slow
def test_a_job_is_cancelled_by_a_server_that_was_started_in_the_background(small_request):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        job = jobs.submit(small_request)
    finally:
        signal.signal(signal.SIGINT, before)
    assert until(lambda: runs_with_images(job))
    jobs.cancel(job.id)
    assert until(lambda: state_of(job) in ENDED)
    assert state_of(job) == "cancelled"


@pytest.mark.slow
def test_after_a_kill_the_queue_is_intact_and_one_call_goes_on_from_what_is_stored(small_request):
    job = jobs.submit(small_request)
    behind = jobs.submit(replace(small_request, view="mirror", limit=2))
    assert until(lambda: runs_with_images(job))
    os.kill(jobs.find_job(job.id).pid, signal.SIGKILL)
    assert until(lambda: state_of(job) == "interrupted")
    assert "was killed" in jobs.find_job(job.id).message
    assert state_of(behind) == "queued"
    assert jobs.is_stalled(changed(jobs.find_job(behind.id), queued=1.0))
    kept = store.find_run("imagenet", "small").n_done
    assert 0 < kept < N_IMAGES

    jobs.resume(job.id)
    assert until(lambda: state_of(behind) == "done")
    first, second = jobs.find_job(job.id), jobs.find_job(behind.id)
    assert (first.state, first.progress.done, first.message) == ("done", N_IMAGES, "")
    assert first.ended <= second.started, "the older request runs first, and one at a time"
    run = store.find_run("imagenet", "small", view="clean")
    assert run.complete
    assert first.result["identity"] == run.identity
    assert run.manifest.session.images == N_IMAGES - kept
    assert store.read(run)["sample_id"].is_unique
    assert paths.remembered_data("imagenet") == open_benchmark("imagenet").root


@pytest.mark.slow
def test_requests_of_two_processes_at_once_run_one_after_the_other(small_request):
    script = "import sys; from core.jobs import submit; from core.jobs.kinds import Evaluation; "
    script += "submit(Evaluation('small', 'imagenet', sys.argv[1], view=sys.argv[2], device='cpu', limit=4))"
    views = ("clean", "mirror")
    submitters = [
        subprocess.Popen([sys.executable, "-c", script, small_request.data, view], cwd=REPO, stderr=subprocess.PIPE)
        for view in views
    ]
    assert [process.communicate()[1] for process in submitters] == [b"", b""]
    assert until(lambda: [job.state for job in jobs.list_jobs()] == ["done", "done"])
    first, second = sorted(jobs.list_jobs(), key=lambda job: job.submitted)
    assert {first.arguments.view, second.arguments.view} == set(views)
    assert first.ended <= second.started
    assert first.pid == second.pid


def test_a_failing_job_says_why_and_the_next_one_runs(small_request):
    wrong = waiting("wrong", data=small_request.data, model="smal")
    right = waiting("right", data=small_request.data, limit=2, submitted=1.0)
    assert work("cpu") == 2
    assert state_of(right) == "done"
    failed = jobs.find_job(wrong.id)
    assert failed.state == "failed"
    assert failed.message.startswith("unknown model 'smal'. Did you mean 'small'")
    assert "UsageError" in tail(failed.log)


def test_a_politely_ended_worker_stores_what_is_finished_and_the_job_is_interrupted(small_request):
    job = jobs.submit(small_request)
    assert until(lambda: runs_with_images(job))
    os.kill(jobs.find_job(job.id).pid, signal.SIGTERM)
    assert until(lambda: state_of(job) == "interrupted")
    assert until(lambda: not is_locked(jobs.worker_lock("cpu")))
    assert store.find_run("imagenet", "small").manifest.status == "partial"


def test_a_wish_to_cancel_that_comes_before_the_first_image_is_heard_and_the_next_job_runs(small_request):
    unwanted = changed(waiting("unwanted", data=small_request.data, batch_size=1), cancelling=True)
    wanted = waiting("wanted", data=small_request.data, view="mirror", limit=2, submitted=1.0)
    assert work("cpu") == 2
    assert (state_of(unwanted), state_of(wanted)) == ("cancelled", "done")
    assert not jobs.find_job(unwanted.id).cancelling


def test_a_crash_that_is_no_error_of_ours_is_named_and_logged(small_request, monkeypatch):
    def broken(*_args, **_settings):
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("core.evaluate.loop.evaluate_all", broken)
    job = waiting(data=small_request.data)
    assert work("cpu") == 1
    failed = jobs.find_job(job.id)
    assert (failed.state, failed.message) == ("failed", "an unexpected error, ZeroDivisionError: by nothing")
    assert "ZeroDivisionError: by nothing" in tail(failed.log)


def test_a_result_that_is_stored_already_is_done_at_once(small_request):
    evaluate("small", open_benchmark("imagenet", small_request.data), device="cpu", limit=5)
    job = waiting(data=small_request.data, limit=5)
    assert work("cpu") == 1
    done = jobs.find_job(job.id)
    assert (done.state, done.progress) == ("done", Progress(5, 5, stage="already stored"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="auto is not the CPU here")
@pytest.mark.slow
def test_jobs_of_one_device_do_not_run_at_once_whatever_name_it_was_asked_for_by(small_request):
    home().mkdir(parents=True)
    with FileLock(home() / ".device-cpu.lock"):
        job = jobs.submit(replace(small_request, device="auto", limit=2))
        waits = Progress(0, 0, stage="waiting for the device")
        assert until(lambda: jobs.find_job(job.id).progress == waits)
        assert state_of(job) == "running"
    assert until(lambda: state_of(job) == "done")


def test_only_one_worker_has_a_queue(small_request):
    lock = jobs.acquire_worker("cpu")
    waiting(data=small_request.data)
    assert work("cpu") == 0
    assert not jobs.is_stalled(jobs.list_jobs()[0])
    lock.release()
    assert jobs.is_stalled(jobs.list_jobs()[0])


def test_a_waiting_job_is_taken_out_of_the_queue_and_off_the_list():
    job = waiting()
    with pytest.raises(UsageError, match="is queued: cancel it first"):
        jobs.forget(job.id)
    assert jobs.cancel(job.id).state == "cancelled"
    jobs.forget(job.id)
    assert jobs.list_jobs() == []


def test_jobs_are_listed_running_first_then_in_their_turn_then_the_latest_ended():
    for number, state in enumerate(["done", "queued", "failed", "queued"]):
        job = waiting(f"job-{number}", submitted=float(number))
        changed(job, state=state, ended=None if state == "queued" else 10.0 + number)
    assert [job.id for job in jobs.list_jobs()] == ["job-1", "job-3", "job-2", "job-0"]


@pytest.mark.parametrize("name", ["", "nothing", "../jobs", "/etc"])
def test_an_unknown_job_is_refused(name):
    with pytest.raises(UsageError, match=f"there is no job '{name}'"):
        jobs.find_job(name)


def test_a_job_that_has_not_ended_cannot_go_on():
    with pytest.raises(UsageError, match="is queued: only one that has ended early can go on"):
        jobs.resume(waiting().id)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": " "}, "no model is named"),
        ({"benchmark": "imagenett"}, "Did you mean 'imagenet'"),
        ({"data": "/no/such/folder"}, "'/no/such/folder' is not a folder on this machine"),
        ({"data": None}, "no data folder is given for 'imagenet'"),
        ({"view": "clear"}, "Did you mean 'clean'"),
        ({"precision": "fp8"}, "Known: fp32, bf16, fp16"),
        ({"device": "gpu"}, "Known: auto, cpu, cuda"),
        ({"device": "cpu:1"}, "unknown device 'cpu:1'"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"limit": -3}, "limit is -3"),
    ],
)
def test_a_request_that_cannot_be_right_is_refused_before_it_is_queued(tmp_path, changes, message):
    with pytest.raises(UsageError, match=message):
        jobs.submit(replace(Evaluation("small", "imagenet", str(tmp_path)), **changes))
    assert jobs.list_jobs() == []


def test_a_model_folder_goes_by_its_name_only_where_the_name_means_that_folder(small_request, tmp_path):
    make_model(tmp_path / "elsewhere" / "small", "test_vit")
    named = replace(small_request, model=f"local-dir:{tmp_path / 'zoo' / 'small'}").checked()
    assert named.model == "small"
    other = replace(small_request, model=f"local-dir:{tmp_path / 'elsewhere' / '..' / 'elsewhere' / 'small'}").checked()
    assert other.model == f"local-dir:{tmp_path / 'elsewhere' / 'small'}"


def measured(asked, images, images_per_s, startup_s=1.0):
    rate = Rate(images, images_per_s, startup_s, asked.benchmark)
    rates.record(rate, asked.model, asked.device, asked.precision, asked.batch_size)


def estimated(asked):
    return cost.estimate(asked, cost.count_images(asked.benchmark, asked.data))


def test_the_cost_is_unknown_until_a_job_has_measured_it(small_request):
    asked = replace(small_request, batch_size=None)
    before = estimated(asked)
    assert (before.n_images, before.n_stored, before.n_left) == (N_IMAGES, 0, N_IMAGES)
    assert before.seconds is None
    measured(asked, images=100, images_per_s=20.0, startup_s=3.0)
    assert estimated(asked).seconds == pytest.approx(3 + N_IMAGES / 20)
    assert estimated(replace(asked, precision="bf16")).seconds is None
    assert estimated(replace(asked, batch_size=1)).seconds is None
    assert estimated(replace(asked, limit=20)).seconds == pytest.approx(3 + 20 / 20)


def test_a_short_measurement_does_not_replace_a_steady_one(small_request):
    measured(small_request, images=1000, images_per_s=50.0, startup_s=1.0)
    measured(small_request, images=64, images_per_s=20.0, startup_s=1.0)
    assert estimated(small_request).rate == 50.0
    measured(small_request, images=300, images_per_s=40.0, startup_s=1.0)
    assert estimated(small_request).rate == 40.0


def test_stored_images_do_not_cost_again(small_request):
    evaluate("small", open_benchmark("imagenet", small_request.data), device="cpu", limit=100)
    found = estimated(small_request)
    assert (found.n_stored, found.n_left) == (100, N_IMAGES - 100)
    assert estimated(replace(small_request, view="mirror")).n_stored == 0
    assert estimated(replace(small_request, limit=60)).seconds == 0.0


def test_the_cost_of_a_folder_of_something_else_says_so(tmp_path):
    (tmp_path / "holiday").mkdir()
    with pytest.raises(DataError, match="no folder named by an ImageNet-1k WordNet id"):
        cost.count_images("imagenet", str(tmp_path))


def test_a_folder_trained_again_is_not_taken_for_what_was_evaluated(small_request):
    evaluate("small", open_benchmark("imagenet", small_request.data), device="cpu", limit=5)
    assert estimated(small_request).n_stored == 5
    weights = paths.model_folders()[-1] / "small" / "model.safetensors"
    state = safetensors.torch.load_file(weights)
    safetensors.torch.save_file({name: 2 * value for name, value in state.items()}, weights)
    assert estimated(small_request).n_stored == 0


def test_another_copy_of_the_data_is_not_taken_for_what_was_evaluated(small_request, tmp_path):
    evaluate("small", open_benchmark("imagenet", small_request.data), device="cpu", limit=5)
    shutil.copytree(small_request.data, tmp_path / "copy")
    assert estimated(replace(small_request, data=str(tmp_path / "copy"))).n_stored == 0


def test_a_view_family_costs_as_many_forward_passes_as_it_has_views(small_request):
    measured(small_request, images=1000, images_per_s=70.0)
    assert estimated(replace(small_request, view="noise")).rate == pytest.approx(10.0)


def test_several_models_are_one_job_that_decodes_once_and_costs_at_most_their_sum(small_request, tmp_path):
    make_model(tmp_path / "zoo" / "second", "test_vit2")
    both = replace(small_request, also=("second", "small")).checked()
    assert (both.models, both.title) == (("small", "second"), "small and 1 more on imagenet")
    measured(small_request, images=1000, images_per_s=30.0, startup_s=1.0)
    assert estimated(both).rate is None
    measured(replace(small_request, model="second"), images=1000, images_per_s=60.0, startup_s=2.0)
    assert (estimated(both).rate, estimated(both).startup_s) == (pytest.approx(20.0), 3.0)
    job = waiting(data=small_request.data, limit=20, also=("second",))
    assert jobs.find_job(job.id).arguments.also == ("second",)
    assert work("cpu") == 1
    assert jobs.find_job(job.id).state == "done"
    assert {run.model: run.n_done for run in store.list_runs()} == {"small": 20, "second": 20}


def test_of_several_models_one_that_fails_is_named_and_the_others_are_stored(small_request, tmp_path):
    make_model(tmp_path / "zoo" / "second", "test_vit2")
    (tmp_path / "zoo" / "second" / "model.safetensors").write_bytes(b"no weights")
    job = waiting(data=small_request.data, limit=20, also=("second",))
    assert work("cpu") == 1
    failed = jobs.find_job(job.id)
    assert failed.state == "failed"
    assert failed.message.startswith("second: ")
    assert failed.message.endswith("1 other model is stored.")
    assert store.find_run("imagenet", "small").n_done == 20


DEAF = """
import subprocess, sys, time
from core.jobs import worker
worker._REPEAT_S = 0.3
from core.jobs.kinds.evaluation import Evaluation

def deaf(arguments, progress):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("child", child.pid, flush=True)
    while True:
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            pass

Evaluation.run = deaf
worker.serve("cpu")
"""


@pytest.mark.slow
def test_a_job_that_does_not_listen_is_ended_with_all_that_it_started(tmp_path, monkeypatch):
    job, after = waiting("20260101-000000-aaaa"), waiting("20260101-000000-bbbb", submitted=1.0, model="no-such")
    environment = {**os.environ, "OFFCENTER_DATA": str(paths.data_home())}
    process = subprocess.Popen([sys.executable, "-c", DEAF], env=environment, cwd=REPO, start_new_session=True)
    try:
        assert until(lambda: "child" in tail(job.log), 60)
        child = int(re.search(r"child (\d+)", tail(job.log))[1])
        jobs.cancel(job.id)
        assert until(lambda: process.poll() is not None, 60)
        assert until(lambda: not _lives(child), 10)
        ended = jobs.find_job(job.id)
        assert (ended.state, ended.cancelling) == ("cancelled", False)
        assert "did not stop when asked" in ended.message
        # Another worker has taken the queue.
        assert until(lambda: state_of(after) == "failed", 60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _lives(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
