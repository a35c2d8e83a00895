"""Actors of Ray: the same table as one process, whatever is killed. Most of it takes long, since Ray has to start."""

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from core import models, store
from core.benchmarks import open_benchmark
from core.errors import ModelError, UsageError
from core.evaluate.backends import get_backend
from core.evaluate.loop import evaluate
from core.evaluate.on_ray import _Actor
from core.evaluate.plan import Plan
from core.evaluate.work import Asked, Work, ids_of
from tests.conftest import GREEN_WNID, RED_WNID, REPO
from tests.job_tools import make_model, until

ray = pytest.importorskip("ray", reason='Ray is not installed: pip install "ray[data]"')

N_IMAGES = 600


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Images of two classes, and a small model in a folder of its own."""
    rng = np.random.default_rng(0)
    for wnid in (RED_WNID, GREEN_WNID):
        (tmp_path / "photos" / wnid).mkdir(parents=True)
        for number in range(N_IMAGES // 2):
            pixels = rng.integers(0, 256, (40, 40, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / wnid / f"{number:03}.png")
    make_model(tmp_path / "zoo" / "small", "test_vit")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    return tmp_path / "photos"


def table(home, model="small"):
    before, os.environ["OFFCENTER_DATA"] = os.environ["OFFCENTER_DATA"], str(home)
    try:
        run = store.find_run("imagenet", model)
        found = store.read(run).sort_values(["sample_id", "view"], ignore_index=True)
    finally:
        os.environ["OFFCENTER_DATA"] = before
    return run, found


def require_same(one, other):
    """Row by row; probabilities up to what batches that are shared out otherwise may change."""
    (run, first), (again, second) = one, other
    assert run.identity == again.identity
    assert run.entry.bytes_digest == again.entry.bytes_digest != ""
    for column in ("sample_id", "view", "error", "digest"):
        assert first[column].equals(second[column]), column
    assert first["top10"].map(list).tolist() == second["top10"].map(list).tolist()
    np.testing.assert_allclose(*(np.stack(each["top10_prob"].map(list)) for each in (first, second)), atol=1e-5)


def command(home, photos, *more):
    line = [sys.executable, "-m", "core", "evaluate", "--model", "small", "--benchmark", "imagenet"]
    environment = {**os.environ, "OFFCENTER_DATA": str(home)}
    line += ["--data", str(photos), "--device", "cpu", *more]
    return subprocess.Popen(
        line, cwd=REPO, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def stored(home):
    before, os.environ["OFFCENTER_DATA"] = os.environ["OFFCENTER_DATA"], str(home)
    try:
        return max((run.n_done for run in store.list_runs("imagenet")), default=0)
    finally:
        os.environ["OFFCENTER_DATA"] = before


def ps(*asked):
    return subprocess.run(["ps", "-ww", *asked], capture_output=True, text=True, check=False).stdout


def goes_on(home, process, n_more=20):
    """Waits until so many more images are stored, or the process has ended; returns how many are."""
    begun = stored(home)
    assert until(lambda: stored(home) >= begun + n_more or process.poll() is not None, 120, pause_s=0.1)
    return stored(home)


def descendants(pid, name):
    """Processes below one whose command line holds a name."""
    found, waiting = [], [pid]
    while waiting:
        children = [int(child) for child in ps("-o", "pid=", "--ppid", str(waiting.pop())).split()]
        waiting += children
        found += [child for child in children if name in ps("-o", "args=", "-p", str(child))]
    return found


@pytest.mark.slow
def test_whatever_is_killed_the_table_is_that_of_one_process(photos, tmp_path):
    local, there = tmp_path / "local", tmp_path / "ray"
    assert command(local, photos).wait(120) == 0
    more = ("--backend", "ray", "--actors", "2", "--workers", "1", "--batch-size", "1")
    for killed in ("the driver", "the raylet"):
        process = command(there, photos, *more)
        goes_on(there, process)
        assert process.poll() is None, process.stderr.read()
        if killed == "the driver":
            # An actor before it: the run outlives that.
            os.kill(descendants(process.pid, "_Actor")[0], signal.SIGKILL)
            goes_on(there, process)
            assert process.poll() is None, process.stderr.read()
        family = descendants(process.pid, "ray")
        victims = [process.pid] if killed == "the driver" else descendants(process.pid, "raylet/raylet")
        os.kill(victims[0], signal.SIGKILL)
        process.wait(120)
        assert 20 <= stored(there) < N_IMAGES
        # What Ray leaves of itself when it is killed.
        for left in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)
    again = command(there, photos, *more)
    assert again.wait(240) == 0, again.stderr.read()
    require_same(table(there), table(local))


@pytest.mark.slow
def test_more_actors_than_cores_are_refused(photos):
    cores = len(os.sched_getaffinity(0))
    with pytest.raises(
        UsageError, match=rf"--actors 999 is more than the Ray cluster has room for: it has {cores} cores"
    ):
        evaluate("small", open_benchmark("imagenet", photos), device="cpu", backend=get_backend("ray", actors=999))


def test_no_cluster_at_an_address_is_one_clear_line():
    backend = get_backend("ray", address="127.0.0.1:1")
    from core.evaluate.on_ray import _connected

    assert backend._address == "127.0.0.1:1"
    with pytest.raises(UsageError, match=r"no Ray cluster at --address auto .*ray start --head"), _connected("auto"):
        pass


def test_options_of_ray_without_ray_and_unknown_backends_are_refused(monkeypatch):
    with pytest.raises(UsageError, match="unknown backend 'rey'"):
        get_backend("rey")
    with pytest.raises(UsageError, match="--actors are for --backend ray"):
        get_backend("local", actors=2)
    monkeypatch.setitem(sys.modules, "ray.data", None)
    with pytest.raises(UsageError, match=r'needs Ray .*pip install "ray\[data\]"'):
        get_backend("ray")


def test_a_model_of_this_process_cannot_travel(toy_model, colour_folder):
    with pytest.raises(UsageError, match="is loaded in this process; Ray's actors need a model's name"):
        evaluate(toy_model, open_benchmark("imagenet", colour_folder), backend=get_backend("ray"))


def test_an_actor_that_cannot_see_the_data_says_on_which_machine_and_ends_the_work(photos, tmp_path):
    benchmark = open_benchmark("imagenet", photos)
    plan = Plan.of(models.describe("small"), benchmark)
    photos.rename(tmp_path / "elsewhere")
    work = Work(benchmark, "clean", (Asked("small", "f", plan.label_space),), n_images=1)
    said = _Actor(work, here=False)(ids_of(["a"]).append_column("block", [[0]]))
    (error,) = pickle.loads(said["said"][0].as_py())
    assert isinstance(error, ModelError)
    assert f"the actor on {socket.gethostname()} cannot begin: it cannot see the data folder {photos}" in str(error)


def test_work_travels_as_a_class_and_a_folder(photos):
    benchmark = open_benchmark("imagenet", photos)
    benchmark.samples()
    work = Work(benchmark, "clean", (Asked("small", "f", "imagenet-1k"),))
    sent = pickle.dumps(work)
    assert len(sent) < 2000
    assert pickle.loads(sent).benchmark.root == benchmark.root
