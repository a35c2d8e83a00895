"""The loop in processes of its own: killed, two at once, and on a full disk."""

import shutil

import pytest

from core import store
from tests.conftest import TOY_TRANSFORM
from tests.forks import forks
from tests.job_tools import until

pytestmark = pytest.mark.slow

_CODE = f"""
import resource, time
import torch
from core import models
from core.benchmarks import open_benchmark
from core.errors import StoreError
from core.evaluate import loop
from tests.conftest import BrightestChannel
class Slow(BrightestChannel):
    pause = 0
    def forward(self, inputs):
        time.sleep(self.pause)
        return super().forward(inputs)
def work(folder, said, pause, batch, disk):
    torch.set_num_threads(1)
    Slow.pause = pause
    model = models.from_module(Slow(), "toy", label_space="imagenet-1k", transform={TOY_TRANSFORM!r})
    def progress(state):
        if disk and state.done >= 8:
            resource.setrlimit(resource.RLIMIT_FSIZE, (disk, resource.RLIM_INFINITY))
        else:
            with open(said, "a") as stream:
                print(state.done, file=stream)
    try:
        said_last = loop.evaluate(
            model, open_benchmark("imagenet", folder), batch_size=batch, workers=2, progress=progress
        ).n_done
    except StoreError as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        said_last = error
    with open(said, "a") as stream:
        print(said_last, file=stream)
"""


@pytest.fixture(scope="module")
def processes():
    with forks(_CODE) as found:
        yield found


@pytest.fixture
def home(tmp_path):
    return tmp_path / "offcenter-data"


def last_line(path):
    """The last whole line of what a process writes meanwhile; "0" before there is one."""
    lines = path.read_text().split("\n")[:-1] if path.is_file() else []
    return lines[-1] if lines else "0"


def test_a_killed_run_loses_less_than_a_batch_and_is_finished_by_the_same_command(
    processes, home, colour_folder, tmp_path
):
    for wnid in sorted(path.name for path in colour_folder.iterdir()):
        for number in range(8, 150):
            shutil.copy(colour_folder / wnid / "1.png", colour_folder / wnid / f"{number}.png")
    told = 0
    for number in range(3):
        said = tmp_path / f"said-{number}"
        process = processes.start(home, str(colour_folder), str(said), 0.02, 8, 0)
        assert until(lambda said=said, told=told: int(last_line(said)) > told + 100, pause_s=0.005)
        told = int(last_line(said))
        assert processes.kill(process) == -9
        (run,) = store.list_runs()
        assert run.n_done >= told
        assert run.n_done == len(store.read(run)["sample_id"].unique())
    assert processes.wait(processes.start(home, str(colour_folder), str(tmp_path / "said"), 0, 8, 0)) == 0
    (run,) = store.list_runs()
    assert run.complete
    assert len(store.read(run)) == 450
    assert len(list(run.path.glob("part-*"))) == 1


def test_two_processes_on_one_run_do_the_work_once(processes, home, colour_folder, tmp_path):
    said = [tmp_path / "one", tmp_path / "other"]
    both = [processes.start(home, str(colour_folder), str(each), 0, 64, 0) for each in said]
    assert [processes.wait(process) for process in both] == [0, 0]
    assert [last_line(each) for each in said] == ["24", "24"]
    (run,) = store.list_runs()
    assert len(store.read(run)) == 24


def test_a_full_disk_is_one_clear_error_and_keeps_what_was_stored(processes, home, colour_folder, tmp_path):
    said = tmp_path / "said"
    assert processes.wait(processes.start(home, str(colour_folder), str(said), 0, 4, 64)) == 0
    line = last_line(said)
    assert line.startswith("the disk is full (File too large) writing ")
    assert "All finished batches are kept" in line
    (run,) = store.list_runs()
    assert run.n_done == 8
