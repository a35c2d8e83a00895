"""Facts about a benchmark's images: computed once, gone on with, and computed again for what has changed."""

import os
import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from core.benchmarks import facts, open_benchmark
from core.benchmarks.diorama import Clean
from core.errors import DataError, ReadOnlyError, StorageError
from core.images.opening import decode_file, digest_of
from tests.conftest import BLUE_WNID, RED_WNID


class Few(Clean):
    """Eight composed images with masks."""

    def rows(self):
        return iter(list(super().rows())[:8])


@pytest.fixture
def benchmark(colour_folder):
    return open_benchmark("imagenet", colour_folder)


@pytest.fixture
def looked_at(monkeypatch):
    """Names of the images whose facts are computed from here on."""
    seen = []
    compute = facts.facts.of

    def of(image):
        seen.append(image.size)
        return compute(image)

    monkeypatch.setattr(facts.facts, "of", of)
    return seen


def by_image(found):
    return found.table.set_index("image")


def test_every_image_has_its_facts_and_a_digest_of_its_bytes(benchmark, colour_folder):
    found = facts.describe(benchmark)
    assert (found.n_images, found.n_new, found.failed, found.unread) == (24, 24, {}, {})
    row = by_image(found).loc[f"{RED_WNID}/3.png"]
    # (200, 10, 10): luma 0.299 x 200 + 0.701 x 10 = 66.8 of 255; 43 x 36 pixels; S = 190 / 200.
    assert row["brightness"] == pytest.approx(67 / 255, abs=0.002)
    assert (row["aspect"], row["resolution"], row["saturation"]) == (pytest.approx(43 / 36, abs=0.001), 36, 0.95)
    assert row["digest"] == digest_of((colour_folder / RED_WNID / "3.png").read_bytes())
    assert found.table[["jpeg_quality", "object_area", "truncation"]].isna().all(axis=None)


def test_what_is_described_is_not_described_again(benchmark, colour_folder, looked_at):
    first = facts.describe(benchmark)
    written = first.file.stat()
    again = facts.describe(open_benchmark("imagenet", colour_folder))
    assert (len(looked_at), again.n_new) == (24, 0)
    assert again.table.equals(first.table)
    assert again.file.stat().st_mtime_ns == written.st_mtime_ns
    assert facts.describe(benchmark, again=True).n_new == 24


def test_a_changed_image_is_described_again(benchmark, colour_folder, looked_at):
    path = colour_folder / BLUE_WNID / "5.png"
    before = by_image(facts.describe(benchmark)).loc[f"{BLUE_WNID}/5.png", "brightness"]
    Image.new("RGB", (45, 36), (250, 250, 250)).save(path)
    looked_at.clear()
    found = facts.describe(open_benchmark("imagenet", colour_folder))
    assert before < 0.2
    assert by_image(found).loc[f"{BLUE_WNID}/5.png", "brightness"] == pytest.approx(250 / 255, abs=0.001)
    assert looked_at == [(45, 36)]


def test_a_folder_that_has_grown_costs_its_new_images_only(benchmark, colour_folder, looked_at):
    first = facts.describe(benchmark)
    shutil.copy(colour_folder / RED_WNID / "1.png", colour_folder / RED_WNID / "new.png")
    looked_at.clear()
    found = facts.describe(open_benchmark("imagenet", colour_folder))
    assert (found.n_images, found.n_new, len(looked_at)) == (25, 1, 1)
    assert found.file != first.file
    assert by_image(found).drop(index=f"{RED_WNID}/new.png").equals(by_image(first))


def test_benchmarks_over_the_same_files_share_the_work(val, looked_at):
    n = facts.describe(open_benchmark("imagenet", val)).n_images
    looked_at.clear()
    found = facts.describe(open_benchmark("imagenet-m", val))
    assert 0 < found.n_images <= n
    assert (found.n_new, looked_at) == (0, [])
    assert found.file.is_file()


def test_images_that_cannot_be_opened_are_named_and_are_not_fatal(benchmark, colour_folder, looked_at):
    (colour_folder / RED_WNID / "1.png").write_bytes(b"no image")
    whole = (colour_folder / RED_WNID / "2.png").read_bytes()
    (colour_folder / RED_WNID / "2.png").write_bytes(whole[: len(whole) // 2])
    Image.fromarray(np.zeros((9, 9), np.uint16)).save(colour_folder / RED_WNID / "3.png")
    found = facts.describe(open_benchmark("imagenet", colour_folder))
    assert sorted(found.failed) == [f"{RED_WNID}/{number}.png" for number in (1, 2, 3)]
    assert "more than 8 bits" in found.failed[f"{RED_WNID}/3.png"]
    assert found.table["brightness"].notna().sum() == 21
    assert by_image(found).loc[f"{RED_WNID}/1.png", "digest"] == digest_of(b"no image")
    # A fact about the bytes is kept as long as these are the same.
    looked_at.clear()
    assert facts.describe(open_benchmark("imagenet", colour_folder)).failed == found.failed
    assert looked_at == []
    (colour_folder / RED_WNID / "1.png").write_bytes(whole)
    assert len(facts.describe(open_benchmark("imagenet", colour_folder)).failed) == 2


def test_what_the_system_does_not_give_is_tried_again(benchmark, monkeypatch):
    def decoded(image):
        if image.endswith("/4.png"):
            raise StorageError(f"the image '{image}' cannot be read now: too many open files")
        return decode_file(benchmark.path(image))

    with monkeypatch.context() as patched:
        patched.setattr(benchmark, "decoded", decoded)
        found = facts.describe(benchmark)
    assert (len(found.unread), found.failed, found.n_new) == (3, {}, 21)
    found = facts.describe(benchmark)
    assert (found.unread, found.n_new, found.table["brightness"].notna().all()) == ({}, 3, True)


def test_a_folder_that_goes_away_ends_it_and_keeps_what_was_done(benchmark, colour_folder, monkeypatch):
    monkeypatch.setattr(facts, "_BLOCK", 4)
    decode, aside = benchmark.decoded, colour_folder.with_name("aside")

    def decoded(image):
        if image.startswith(BLUE_WNID) and colour_folder.is_dir():
            os.rename(colour_folder, aside)
        return decode(image)

    with monkeypatch.context() as patched:
        patched.setattr(benchmark, "decoded", decoded)
        with pytest.raises(DataError, match="has gone away; once it is back the same command goes on"):
            facts.describe(benchmark)
    os.rename(aside, colour_folder)
    assert 0 < facts.describe(open_benchmark("imagenet", colour_folder)).n_new < 24


def test_ctrl_c_keeps_what_is_done_and_nothing_is_read_before_all_is(benchmark, monkeypatch):
    monkeypatch.setattr(facts, "_BLOCK", 5)

    def stop(progress):
        assert (progress.total, progress.stage) == (24, "describing")
        if progress.done >= 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        facts.describe(benchmark, progress=stop)
    assert not facts.file_of("imagenet", benchmark.pool_digest()).exists()
    done = []
    found = facts.describe(benchmark, progress=done.append)
    assert found.n_new == 14
    assert [each.done for each in done] == [15, 20, 24]


def test_composed_images_are_described_with_their_masks():
    benchmark = Few(Clean.embedded)
    found = facts.describe(benchmark)
    assert (found.n_new, len(found.table)) == (8, 8)
    for image, area in zip(found.table["image"], found.table["object_area"], strict=True):
        assert area == pytest.approx(benchmark.mask(image).mean(), abs=1e-4)
    assert found.table["centre_distance"].between(0, 1).all()
    assert facts.describe(benchmark).n_new == 0


def test_a_mask_of_another_size_is_named_and_the_image_is_described(monkeypatch):
    monkeypatch.setattr(Few, "mask", lambda self, image: np.ones((2, 3), bool))
    found = facts.describe(Few(Clean.embedded))
    assert len(found.failed) == 8
    assert "is 3 x 2 pixels, its image 256 x 256" in next(iter(found.failed.values()))
    assert found.table["brightness"].notna().all()
    assert found.table["object_area"].isna().all()


def test_a_damaged_table_is_written_again(benchmark):
    file = facts.describe(benchmark).file
    for content in (b"", b"PAR1nothing"):
        file.write_bytes(content)
        facts.describe(benchmark)
        assert len(pq.read_table(file)) == 24


def test_a_demo_describes_nothing(benchmark, monkeypatch):
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    with pytest.raises(ReadOnlyError, match="read-only demo"):
        facts.describe(benchmark)


def test_the_table_that_runs_read_has_every_fact(benchmark):
    table = pd.read_parquet(facts.describe(benchmark).file)
    assert table.columns.tolist() == ["image", *facts.NAMES]
