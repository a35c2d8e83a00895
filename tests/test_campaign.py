"""The campaign: kills, store faults, hostile images and links, and memory, on the whole product; ``pytest -m slow``.

Each part says at its end how many it tried: ``pytest -m slow -n 0 -s tests/test_campaign.py``.
"""

import errno
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from core import paths, store
from core.benchmarks import open_benchmark
from core.errors import OffcenterError
from core.evaluate.loop import evaluate
from tests.conftest import GREEN_WNID, RED_WNID, REPO
from tests.forks import forks
from tests.hostile import LINKS, images
from tests.pages.conftest import open_page

pytestmark = pytest.mark.slow

CHOSEN_KILLS = 12

_KILLED_AT = """
import os, signal
import torch
from core import models
from core.benchmarks import open_benchmark
from core.evaluate import evaluate
from tests.conftest import BrightestChannel, TOY_TRANSFORM
real, calls = os.replace, 0
def work(folder, when, number):
    def replace(*names):
        global calls
        calls += 1
        if calls == number and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        real(*names)
        if calls == number and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
    os.replace = replace
    torch.set_num_threads(1)
    model = models.from_module(BrightestChannel(), "toy", label_space="imagenet-1k", transform=TOY_TRANSFORM)
    evaluate(model, open_benchmark("imagenet", folder), batch_size=2, keep_logits=True)
"""


def python(code, *arguments, home, timeout=300):
    environment = {**os.environ, "OFFCENTER_DATA": str(home)}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=REPO,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.mark.parametrize("when", ["before", "after"])
def test_kills_at_the_renaming_of_each_file_lose_and_double_nothing(
    tmp_path, colour_folder, toy_model, monkeypatch, when
):
    expected = store.read(evaluate(toy_model, open_benchmark("imagenet", colour_folder))).sort_values("sample_id")
    with forks(_KILLED_AT) as processes:
        for number in range(1, CHOSEN_KILLS + 1):
            home = tmp_path / f"home-{number}"
            assert processes.wait(processes.start(home, str(colour_folder), when, number)) == -signal.SIGKILL
            assert processes.wait(processes.start(home, str(colour_folder), when, 0)) == 0
            monkeypatch.setenv("OFFCENTER_DATA", str(home))
            (run,) = (each for each in store.list_runs("imagenet") if each.model == "toy")
            table = store.read(run).sort_values("sample_id")
            assert run.complete
            for column in ("sample_id", "error", "digest", "rank"):
                assert table[column].tolist() == expected[column].tolist(), (number, column)
    print(f"\n{CHOSEN_KILLS} kills {when} a renaming: the table of an undisturbed run")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("function", ["replace", "fsync"])
def test_a_disk_that_fails_at_any_write_ends_in_a_sentence_and_loses_nothing(
    colour_folder, toy_model, monkeypatch, function, code
):
    benchmark = open_benchmark("imagenet", colour_folder)
    expected = store.read(evaluate(toy_model, benchmark)).sort_values("sample_id", ignore_index=True)
    tried = 0
    for number in range(1, 14, 2):
        evaluate(toy_model, benchmark, limit=1, fresh=True)
        real, calls = getattr(os, function), 0

        def failing(*arguments, real=real, number=number):
            nonlocal calls
            calls += 1
            if calls >= number:
                raise OSError(code, os.strerror(code), str(arguments[0]))
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(os, function, failing)
            try:
                evaluate(toy_model, benchmark, batch_size=3)
            except OffcenterError as error:
                assert str(paths.data_home()) in str(error)
                tried += 1
        run = evaluate(toy_model, benchmark)
        table = store.read(run).sort_values("sample_id", ignore_index=True)
        assert run.complete
        assert table["sample_id"].equals(expected["sample_id"])
        assert table["digest"].equals(expected["digest"])
    assert tried >= 2
    print(f"\n{tried} faults of {function} ({errno.errorcode[code]}): a sentence, and the same command goes on")


_OVER_ALL = """
import json, re, sys
from pathlib import Path
from core import models, store
from core.benchmarks import open_benchmark
from core.evaluate import evaluate
from tests.conftest import BrightestChannel, TOY_TRANSFORM
transform = {**TOY_TRANSFORM, "input_size": [3, 224, 224], "crop_mode": sys.argv[2]}
model = models.from_module(BrightestChannel(), "toy", label_space="imagenet-1k", transform=transform)
run = evaluate(model, open_benchmark("imagenet", sys.argv[1]))
table = store.read(run).set_index("sample_id")
# Of this program alone: what getrusage gives counts the one that started it too.
status = Path("/proc/self/status")
peak_kb = int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) if status.exists() else 0
print(json.dumps([run.complete, table["error"].to_dict(), peak_kb / 2**20]))
"""


@pytest.mark.parametrize("crop_mode", ["center", "squash", "border"])
def test_hostile_images_are_named_and_end_hang_and_exhaust_nothing(tmp_path, crop_mode):
    hostile = images()
    assert len(hostile) >= 74
    folder = tmp_path / "photos"
    for name, content in hostile.items():
        (folder / RED_WNID).mkdir(parents=True, exist_ok=True)
        (folder / RED_WNID / name).write_bytes(content)
    (folder / GREEN_WNID).mkdir()
    Image.new("RGB", (50, 50), (10, 200, 10)).save(folder / GREEN_WNID / "good.png")
    begun = time.monotonic()
    done = python(_OVER_ALL, folder, crop_mode, home=tmp_path / "home", timeout=240)
    assert done.returncode == 0, done.stderr[-1000:]
    complete, errors, peak_gb = json.loads(done.stdout.splitlines()[-1])
    assert complete
    named = {name: said for name, said in errors.items() if isinstance(said, str)}
    assert not isinstance(errors[f"{GREEN_WNID}/good.png"], str)
    assert len(errors) == len(hostile) + 1
    programs = ("run.JPEG", "hang.JPEG", "dos.png", "paper.png", "drawing.png", "page.JPEG", "surface.png", "film.png")
    for name in (*programs, "bomb.png", "strip.png", "empty.png", "huge.ppm", "pickle.png"):
        assert named.get(f"{RED_WNID}/{name}"), name
    # Where a program in one of them would have written: the folder of the process.
    assert not list(REPO.glob("was-run*"))
    assert peak_gb < 2.5
    print(
        f"\n{len(hostile)} hostile images ({crop_mode}): {len(named)} named, the others decoded, in "
        f"{time.monotonic() - begun:.0f} s, {peak_gb:.1f} GB at most"
    )


def test_hostile_images_on_pages_are_pictures_or_grey_tiles(tmp_path, toy_model, colour_folder):
    from pages.shared.images import pictures
    from pages.shared.page import cached

    for name, content in images().items():
        (colour_folder / RED_WNID / name).write_bytes(content)
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    source, grey = cached.source_of(run), 0
    for name in images():
        picture = pictures.thumbnail(source, f"{RED_WNID}/{name}")
        assert bool(picture.src) != bool(picture.problem), name
        found = pictures.opened(source, f"{RED_WNID}/{name}", run)
        assert isinstance(found, str) == bool(picture.problem) or name.startswith(("strip", "no-")), name
        grey += bool(picture.problem)
    for name in ("bomb.png", "run.JPEG", "strip.png", "cut-0.5.JPEG"):
        for path in ("pages/overview.py", "pages/mistakes.py"):
            query = {"models": run.model, "benchmark": "imagenet", "image": f"imagenet:{RED_WNID}/{name}"}
            assert not open_page(path, **query).exception, (path, name)
    print(f"\n{len(images())} hostile images on pages: {grey} grey tiles with a reason, the others pictures")


def test_no_link_breaks_a_page(embedded_results):
    assert len(LINKS) == 40
    for path, query in LINKS:
        at = open_page(path, **query)
        assert not at.exception, (path, query)
    print(f"\n{len(LINKS)} hostile links: no page broke")


_GRAD_CAMS = """
from core import store
from core.explain.one_image import explain_sample
import streamlit
runs = store.list_runs("diorama/size")[:3]
ids = store.read(runs[0])["sample_id"].tolist()[::9][:100]
for number, sample in enumerate(ids):
    for run in runs:
        explain_sample(run.source, "diorama/size", None, sample, method="grad-cam" if number % 4 else "guided-grad-cam")
pages = int(open("/proc/self/statm").read().split()[1])
print(len(ids) * len(runs), pages * 4096 / 1e9)
"""


def test_memory_after_many_grad_cams_of_three_models_stays_small(tmp_path, embedded_results):
    done = python(_GRAD_CAMS, home=tmp_path)
    assert done.returncode == 0, done.stderr[-1000:]
    n, gigabytes = done.stdout.split()[-2:]
    assert float(gigabytes) < 1.3
    print(f"\n{n} Grad-CAMs of three models: {float(gigabytes):.2f} GB resident")
