"""The table of jobs: what older, newer and damaged contents become, and many processes at once."""

import json
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from filelock import FileLock

from core import jobs
from core.errors import ReadOnlyError, StoreError, UsageError
from core.jobs import table
from core.jobs.kinds import Evaluation, Generation
from core.jobs.table import home, opened
from core.jobs.worker import work
from core.store.database import DamagedError
from core.types import Progress
from tests.conftest import REPO
from tests.job_tools import changed, waiting

OLD_STATUS = {"state": "done", "started": 2.0, "ended": 3.0, "progress": None, "message": "", "result": None, "pid": 7}


@pytest.fixture
def _no_worker(monkeypatch):
    monkeypatch.setattr("core.jobs.queue._start_worker", lambda device: None)


def old_files(name, submitted=1.0, **status):
    """A job as the queue of small files kept it."""
    folder = home() / name
    folder.mkdir(parents=True)
    request = {"model": "small", "benchmark": "imagenet", "data": "/photos", "view": "clean", "precision": "fp32"}
    request |= {"device": "cpu", "batch_size": None, "limit": 5}
    (folder / "job.json").write_text(json.dumps({"id": name, "submitted": submitted, "request": request}))
    (folder / "status.json").write_text(json.dumps(OLD_STATUS | status))
    (folder / "log.txt").write_text("as it was\n")
    return folder


def test_jobs_of_the_old_queue_are_taken_over_once_and_their_files_are_kept():
    result = {"model": "small", "benchmark": "imagenet", "identity": "ab12"}
    progress = {"done": 5, "total": 5, "failed": 0, "rate": 2.0, "seconds_left": None, "stage": "evaluating"}
    folder = old_files("first", result=result, progress=progress)
    old_files("second", submitted=4.0, state="queued", started=None, ended=None)
    old_files("third", submitted=5.0, state="running", ended=None)
    second, third, first = jobs.list_jobs()
    assert (first.id, first.state, first.result, first.progress) == (
        "first",
        "done",
        result,
        Progress(5, 5, 0, 2.0, None, "evaluating"),
    )
    assert first.arguments == Evaluation("small", "imagenet", "/photos", device="cpu", limit=5)
    assert (first.submitted, first.started, first.ended, first.pid) == (1.0, 2.0, 3.0, 7)
    assert first.log.read_text() == "as it was\n"
    assert (second.id, second.state) == ("second", "queued")
    assert (third.id, third.state) == ("third", "interrupted")
    assert not (folder / "job.json").exists()
    assert json.loads((home() / "old" / "first" / "status.json").read_text())["result"] == result
    jobs.forget("first")
    assert [job.id for job in jobs.list_jobs()] == ["second", "third"], "what was forgotten does not come back"


def test_a_damaged_old_job_is_moved_aside_and_does_not_hide_the_others():
    old_files("whole")
    for name, asked, status in (
        ("half", "{", json.dumps(OLD_STATUS)),
        ("empty", "{}", "{}"),
        ("no-status", json.dumps({"id": "x", "submitted": 1.0, "request": {}}), "["),
        ("odd-state", json.dumps({"submitted": 1.0, "request": {"model": "m", "benchmark": "b"}}), '{"state": "lost"}'),
    ):
        (home() / name).mkdir()
        (home() / name / "job.json").write_text(asked)
        (home() / name / "status.json").write_text(status)
    assert [job.id for job in jobs.list_jobs()] == ["whole"]
    assert (home() / "old" / "half" / "job.json").read_text() == "{"


def test_an_old_job_that_is_still_running_is_taken_over_when_it_has_ended():
    folder = old_files("busy", state="running")
    with FileLock(folder / ".lock"):
        assert jobs.list_jobs() == []
    assert [job.state for job in jobs.list_jobs()] == ["interrupted"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("kind", "'translate'"), ("arguments", "'{'"), ("arguments", "'[1]'"), ("arguments", "'{\"colour\": 1}'")],
)
def test_a_row_of_a_newer_version_or_a_damaged_one_is_shown_and_not_run(column, value):
    waiting("odd")
    waiting("wrong", model="no-such-model", submitted=1.0)
    with opened(to_change=True) as rows:
        rows.execute(f"UPDATE jobs SET {column} = {value} WHERE id = 'odd'")
    assert work("cpu") == 1
    odd = jobs.find_job("odd")
    assert (odd.state, odd.runnable, jobs.is_stalled(odd)) == ("queued", False, False)
    assert odd.arguments.title == f"Job of kind '{odd.arguments.kind}'"
    assert jobs.cancel("odd").state == "cancelled"
    with pytest.raises(UsageError, match="this version cannot read a job of kind"):
        jobs.resume("odd")
    jobs.forget("odd")
    assert [job.id for job in jobs.list_jobs()] == ["wrong"]


def test_a_state_of_a_newer_version_is_named():
    waiting("odd")
    with opened(to_change=True) as rows:
        rows.execute("UPDATE jobs SET state = 'paused', progress = '{', result = 'x'")
    (odd,) = jobs.list_jobs()
    assert (odd.state, odd.progress, odd.result) == ("failed", None, None)
    assert odd.message == "its state 'paused' is not known to this version."


def test_a_damaged_database_is_named_with_what_to_do():
    home().mkdir(parents=True)
    (home() / "jobs.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match=r"the list of jobs in .*jobs.sqlite is damaged .* move the file away"):
        jobs.list_jobs()


def test_progress_does_not_undo_a_wish_to_cancel(_no_worker):
    job = waiting()
    job.folder.mkdir(parents=True)
    with FileLock(job.lock):
        running = changed(job, state="running", started=1.0)
        jobs.cancel(job.id)
        with opened(to_change=True) as rows:
            table.update_progress(rows, running)
        assert jobs.find_job(job.id).cancelling


SUBMIT = """
import sys
from core import jobs
from core.jobs import queue
from core.jobs.kinds import Evaluation
queue._start_worker = lambda device: None
for limit in sys.argv[2:]:
    print(jobs.submit(Evaluation("small", "imagenet", sys.argv[1], device="cpu", limit=int(limit))).id)
"""


def submitters(data, *limits):
    """A process for each list of limits, all started before any is waited for."""
    command = [sys.executable, "-c", SUBMIT, str(data)]
    return [
        subprocess.Popen([*command, *map(str, each)], cwd=REPO, stdout=subprocess.PIPE, text=True) for each in limits
    ]


def test_the_same_work_asked_for_by_processes_at_once_is_one_job(tmp_path):
    printed = [process.communicate()[0].split() for process in submitters(tmp_path, [1] * 20, [1] * 20, [1] * 20)]
    (job,) = jobs.list_jobs()
    assert printed == [[job.id] * 20] * 3


@pytest.mark.slow
def test_ten_jobs_from_threads_and_processes_are_each_run_once(small_request, monkeypatch):
    ran, turn = [], threading.Lock()

    def run(self, progress):
        with turn:
            ran.append(self.limit)
        return {}

    monkeypatch.setattr(Evaluation, "run", run)
    monkeypatch.setattr("core.jobs.queue._start_worker", lambda device: None)
    processes = submitters(small_request.data, [1, 2, 3], [4, 5, 6])
    asked = [Evaluation("small", "imagenet", small_request.data, device="cpu", limit=limit) for limit in range(7, 11)]
    threads = [threading.Thread(target=jobs.submit, args=[each]) for each in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait() for process in processes] == [0, 0]
    assert sorted(job.arguments.limit for job in jobs.list_jobs()) == list(range(1, 11))
    assert work("cpu") == 10
    assert sorted(ran) == list(range(1, 11))
    assert {job.state for job in jobs.list_jobs()} == {"done"}


CLAIM = """
import sys
from filelock import FileLock
from core import jobs
own, kept = FileLock(sys.argv[1]), []
own.acquire()
while (claimed := jobs.claim("cpu", own)) is not None:
    kept.append(claimed[1])
    print(claimed[0].id)
"""


def test_workers_that_claim_at_once_never_get_the_same_job(tmp_path):
    for number in range(12):
        waiting(f"job-{number}", submitted=float(number))
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM, str(tmp_path / f"worker-{number}")],
            cwd=REPO,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    claimed = [name for worker in workers for name in worker.communicate()[0].split()]
    assert sorted(claimed) == sorted(f"job-{number}" for number in range(12))


def test_any_number_may_look_whether_a_lock_is_held(tmp_path):
    path = tmp_path / "free.lock"
    assert not table.is_locked(path)
    path.touch()
    with ThreadPoolExecutor(4) as pool:
        assert not any(pool.map(lambda _: table.is_locked(path), range(2000)))
    with FileLock(path):
        assert table.is_locked(path)
    assert not table.is_locked(path)


@pytest.mark.parametrize("column", ["submitted", "queued", "started", "ended", "pid"])
def test_a_damaged_number_hides_no_other_job(small_request, column):
    first = jobs.submit(small_request)
    jobs.cancel(first.id)
    with table.opened(to_change=True) as rows:
        rows.execute(f"UPDATE jobs SET {column} = 'soon', state = 'failed' WHERE id = ?", (first.id,))
    assert [job.id for job in jobs.list_jobs()] == [first.id]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("pid", "'x'"),
        ("pid", "NULL"),
        ("submitted", "'yesterday'"),
        ("queued", "'x'"),
        ("started", "'x'"),
        ("progress", "'[]'"),
        ("progress", '\'{"done": "many", "total": []}\''),
        ("message", "5"),
        ("result", "'[1]'"),
        ("cancelling", "'x'"),
        ("arguments", '\'{"model": 5, "benchmark": "imagenet"}\''),
        ("arguments", '\'{"model": "m", "benchmark": [], "limit": "x"}\''),
        ("arguments", '\'{"model": "m", "benchmark": "imagenet", "also": 5}\''),
        ("arguments", "'" + "[" * 50_000 + "'"),
        ("state", "'running'"),
        ("device", "'cuda:../../x'"),
        ("id", "'../../../outside'"),
    ],
)
def test_a_foreign_row_breaks_neither_the_list_nor_its_own_removal(tmp_path, column, value):
    waiting("odd")
    waiting("good", submitted=1.0)
    with opened(to_change=True) as rows:
        rows.execute(f"UPDATE jobs SET {column} = {value} WHERE id = 'odd'")
    found = jobs.list_jobs()
    assert len(found) == 2
    odd = next(job for job in found if job.id != "good")
    assert home() in odd.folder.parents
    assert str(odd.arguments.title) + " ".join(odd.arguments.details) + str(odd.message)
    if odd.state not in ("interrupted",):
        jobs.cancel(odd.id)
    jobs.forget(odd.id) if odd.state != "running" else None
    assert "good" in [job.id for job in jobs.list_jobs()]


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + bytes(200)])
def test_a_damaged_list_is_set_aside_and_a_new_one_is_begun(content):
    home().mkdir(parents=True)
    (home() / "jobs.sqlite").write_bytes(content)
    with pytest.raises(StoreError):
        jobs.list_jobs()
    aside = jobs.set_aside()
    assert aside.read_bytes() == content
    assert jobs.list_jobs() == []
    waiting()
    assert len(jobs.list_jobs()) == 1


def test_a_table_of_something_else_is_damage():
    home().mkdir(parents=True)
    with sqlite3.connect(home() / "jobs.sqlite") as other:
        other.execute("CREATE TABLE jobs (name TEXT)")
    other.close()
    with pytest.raises(DamagedError, match="no such column"):
        jobs.list_jobs()


def test_looking_writes_nothing(tmp_path):
    assert jobs.list_jobs() == []
    assert not home().exists()
    waiting()
    before = sorted(path.name for path in home().iterdir())
    assert len(jobs.list_jobs()) == 1
    assert sorted(path.name for path in home().iterdir() if not path.name.endswith(("-wal", "-shm"))) == [
        name for name in before if not name.endswith(("-wal", "-shm"))
    ]


def test_a_demo_starts_and_changes_nothing(monkeypatch, tmp_path):
    job = waiting()
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    for act in (jobs.cancel, jobs.resume, jobs.forget):
        with pytest.raises(ReadOnlyError, match="read-only demo"):
            act(job.id)
    with pytest.raises(ReadOnlyError):
        jobs.submit(Generation(str(tmp_path), str(tmp_path), "size", str(tmp_path / "out")))
    with pytest.raises(ReadOnlyError):
        jobs.start_workers()
    assert jobs.find_job(job.id).state == "queued"
