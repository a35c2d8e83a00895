"""A run that is killed again and again, at random moments, ends in the table of one that nobody disturbed.

python -m tests.evaluate.test_kills 100        # as many kills as it says; CI does 12
"""

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import store
from tests.conftest import GREEN_WNID, RED_WNID
from tests.forks import forks

CI_KILLS = 12
N_IMAGES = 240
BATCH = 8
_CODE = """
import os, time
from core import evaluate, models
from core.benchmarks import open_benchmark
from tests.conftest import BrightestChannel, TOY_TRANSFORM
import torch
class Slow(BrightestChannel):
    pause = 0
    def forward(self, inputs):
        time.sleep(self.pause)
        return super().forward(inputs)
def work(photos, pause, batch):
    torch.set_num_threads(1)
    Slow.pause = pause
    model = models.from_module(
        Slow(), 'slow', label_space='imagenet-1k', transform={**TOY_TRANSFORM, 'crop_pct': 0.5}
    )
    benchmark = open_benchmark('imagenet', photos)
    evaluate.evaluate(model, benchmark, view='five-crop', batch_size=batch, workers=2, keep_logits=True)
"""


def make_photos(root):
    rng = np.random.default_rng(0)
    for wnid in (RED_WNID, GREEN_WNID):
        (root / wnid).mkdir(parents=True)
        for number in range(N_IMAGES // 2):
            Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)).save(root / wnid / f"{number:03}.png")
    (root / RED_WNID / "007.png").write_bytes(b"no image")
    return root


def result(home):
    before, os.environ["OFFCENTER_DATA"] = os.environ.get("OFFCENTER_DATA"), str(home)
    try:
        runs = store.list_runs("imagenet")
        if not runs:
            return None, None
        (run,) = runs
        return run, store.read(run).sort_values(["sample_id", "view"], ignore_index=True)
    finally:
        if before is None:
            del os.environ["OFFCENTER_DATA"]
        else:
            os.environ["OFFCENTER_DATA"] = before


def kill_and_compare(folder, n_kills, seed=0):
    """Kill a run ``n_kills`` times on its way; every image is whole at every look, and the end is the same."""
    rng = random.Random(seed)
    photos = make_photos(folder / "photos")
    undisturbed, disturbed = folder / "undisturbed", folder / "disturbed"
    killed, at = 0, 0
    with forks(_CODE) as processes:
        assert processes.wait(processes.start(undisturbed, str(photos), 0, BATCH)) == 0
        while killed < n_kills:
            # Slow enough that so many kills fit in.
            process = processes.start(disturbed, str(photos), 0.02, BATCH)
            time.sleep(rng.uniform(0.0, 1.2))
            killed += processes.kill(process) == -signal.SIGKILL
            run, table = result(disturbed)
            if run is None:
                continue
            assert not table.duplicated(["sample_id", "view"]).any()
            assert (table.groupby("sample_id")["view"].count() == 5).all()
            # Nothing that was stored is ever lost.
            assert run.n_done >= at
            at = run.n_done
            if run.complete:
                # There is more to kill: the writing of the last parts too.
                shutil.rmtree(disturbed)
                at = 0
        assert processes.wait(processes.start(disturbed, str(photos), 0, BATCH)) == 0
    (one, first), (other, second) = result(undisturbed), result(disturbed)
    assert other.complete
    assert (one.identity, one.entry.bytes_digest) == (other.identity, other.entry.bytes_digest)
    for column in ("sample_id", "view", "error", "digest", "rank"):
        assert first[column].equals(second[column]), column
    good = first["error"].isna()
    assert (~good).sum() == 5
    for column in ("top10", "top10_prob"):
        lists = [np.stack(table.loc[good, column].map(list)) for table in (first, second)]
        np.testing.assert_allclose(*lists, atol=1e-6)
    before, os.environ["OFFCENTER_DATA"] = os.environ.get("OFFCENTER_DATA"), str(disturbed)
    try:
        # Whoever counts as done has its logits too.
        assert store.logits_of(other).num_rows >= 5 * (N_IMAGES - 1)
    finally:
        os.environ.pop("OFFCENTER_DATA") if before is None else os.environ.update(OFFCENTER_DATA=before)
    return killed


@pytest.mark.slow
def test_random_kills_end_in_the_table_of_an_undisturbed_run(tmp_path):
    assert kill_and_compare(tmp_path, CI_KILLS) == CI_KILLS


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        print(kill_and_compare(Path(scratch), int(sys.argv[1]), seed=1), "kills, the same table")
