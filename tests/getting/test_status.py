"""What is there, counted within a time; and what is freed is moved, asked for and found again."""

import json
import os
import time

import pytest
from filelock import FileLock
from PIL import Image

from core import paths, store
from core.benchmarks import find_data, open_and_remember
from core.cli import data_status
from core.cli.main import main
from core.errors import ReadOnlyError, StoreError, UsageError
from core.evaluate.loop import evaluate
from core.getting import folders, freeing
from core.getting.folders import Counter, Size, size_of
from core.getting.status import status
from tests import validation_images
from tests.conftest import RED_WNID
from tests.parquet_images import write_set

LONG_AGO = 1_700_000_000


def settle(folder):
    """As if nothing had been written there for long."""
    for place, _, _ in os.walk(folder):
        os.utime(place, (LONG_AGO, LONG_AGO))


def row(table, **where):
    (found,) = [each for each in table.to_dict("records") if all(each[name] == value for name, value in where.items())]
    return found


def of_benchmark(key, **settings):
    return row(status(key, **settings).benchmarks, key=key)


@pytest.fixture
def run(colour_folder, toy_model):
    return evaluate(toy_model, open_and_remember("imagenet", colour_folder))


def test_a_benchmark_without_data_is_missing():
    found = of_benchmark("focus")
    assert (found["state"], found["why"], found["folder"], found["n_images"]) == (
        "missing",
        "no folder is known",
        None,
        None,
    )
    paths.remember_data("focus", paths.data_home() / "gone")
    assert of_benchmark("focus")["why"] == "its folder is gone"


def test_a_folder_is_counted_in_files_and_bytes(colour_folder, run):
    (colour_folder / "notes.txt").write_bytes(b"12345")
    n_bytes = sum(path.stat().st_size for path in colour_folder.rglob("*") if path.is_file())
    found = of_benchmark("imagenet")
    assert (found["state"], found["n_images"], found["n_bytes"], found["at_least"]) == ("present", 24, n_bytes, False)
    assert (found["source"], found["n_published"], found["kind"]) == ("given", 50_000, "published")
    assert (found["runs"], found["identities"], found["images_done"]) == (1, [run.identity], 24)


def test_a_set_with_fewer_images_than_were_published_is_partial(tmp_path):
    for number in range(3):
        path = paths.data_home() / "downloads" / "imagenet-a" / RED_WNID / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)
    found = of_benchmark("imagenet-a")
    assert (found["state"], found["why"], found["source"]) == ("partial", "3 of 7,500 images", "downloads")
    assert row(status().downloads, name="imagenet-a")["n_files"] == 3


def test_images_in_cells_are_rows(tmp_path):
    write_set(tmp_path / "hard")
    paths.remember_data("imagenet-hard", tmp_path / "hard")
    found = of_benchmark("imagenet-hard")
    assert found["n_images"] == len(open_and_remember("imagenet-hard", tmp_path / "hard").shards.table(["label"]))


def test_annotations_that_are_missing_make_a_set_partial(tmp_path):
    validation_images.write_images(tmp_path, flat=True)
    paths.remember_data("imagenet-multilabel", tmp_path)
    assert of_benchmark("imagenet-multilabel")["why"] == "its annotations are not there"
    validation_images.write_annotations(tmp_path)
    assert of_benchmark("imagenet-multilabel")["state"] == "present"


def test_embedded_sets_are_there_with_as_many_images_as_they_compose():
    found = of_benchmark("diorama/small")
    # Ten categories, five objects, six areas.
    assert (found["state"], found["kind"], found["n_images"]) == ("present", "embedded", 300)
    assert found["source"] == "comes with the project"


def test_results_and_models_have_their_disk(run):
    found = status()
    result = row(found.results, identity=run.identity)
    assert (result["n_done"], result["n"], result["state"], result["embedded"]) == (24, 24, "complete", False)
    assert result["n_bytes"] == sum(path.stat().st_size for path in run.path.rglob("*") if path.is_file())
    assert row(found.models, name="brightest-channel")["source"] == "results alone"
    model = row(found.models, name="test_vit.diorama")
    assert (model["source"], model["at_least"]) == ("embedded", False)
    assert model["n_bytes"] > 100_000


def test_only_one_benchmark_is_shown_when_asked_for(run):
    assert status("focus").results.empty
    assert len(status("imagenet").results) == 1
    with pytest.raises(UsageError, match="Did you mean 'imagenet'"):
        status("imagnet")


def test_a_damaged_result_is_a_problem_and_hides_nothing(run):
    (run.path / "run.json").write_text("{")
    found = status()
    assert found.results.empty
    assert run.identity in found.problems[0]


def test_json_has_no_value_that_is_none(run):
    content = json.loads(json.dumps(status().to_json()))
    assert set(content) == {"benchmarks", "models", "results", "downloads", "trash", "problems"}
    assert content["results"][0]["identity"] == run.identity


def test_counting_ends_when_its_time_is_over(colour_folder, monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(folders.time, "monotonic", lambda: next(clock))
    with Counter(limit_s=3) as counter:
        size = counter.size(colour_folder)
    assert not size.whole
    assert size.n_images < 24


def test_at_least_is_said_of_a_count_that_was_cut(run, capsys):
    with pytest.raises(SystemExit):
        main(["data", "status", "imagenet"])
    assert "at least" not in capsys.readouterr().out
    found = of_benchmark("imagenet", limit_s=0)
    assert (found["at_least"], found["state"]) == (True, "present")
    assert data_status._number(found["n_images"], found["at_least"]).startswith("at least ")


def test_what_has_not_changed_is_not_looked_at_again(colour_folder, monkeypatch):
    settle(colour_folder)
    with Counter() as counter:
        first = counter.size(colour_folder)
    monkeypatch.setattr(folders.os, "scandir", lambda path: pytest.fail(f"{path} was listed again"))
    with Counter() as counter:
        assert counter.size(colour_folder) == first
    monkeypatch.undo()
    Image.new("RGB", (8, 8)).save(colour_folder / RED_WNID / "new.png")
    with Counter() as counter:
        assert counter.size(colour_folder).n_images == first.n_images + 1


def test_a_large_folder_that_was_cut_is_remembered_as_a_lower_bound(tmp_path, monkeypatch):
    large = tmp_path / "large"
    large.mkdir()
    for number in range(30):
        (large / f"{number}.jpg").write_bytes(b"12")
    settle(large)
    monkeypatch.setattr(folders, "_LARGE", 10)
    monkeypatch.setattr(folders, "_BETWEEN", 4)
    clock = iter(range(1000))
    monkeypatch.setattr(folders.time, "monotonic", lambda: next(clock))
    with Counter(limit_s=5) as counter:
        cut = counter.size(large)
    assert 10 <= cut.n_files < 30
    with Counter(limit_s=500) as counter:
        assert counter.size(large) == cut
    with Counter(limit_s=None) as counter:
        assert counter.size(large) == Size(30, 30, 60)
    with Counter(limit_s=500) as counter:
        assert counter.size(large) == Size(30, 30, 60)


DAMAGED = ("{", "[]", '{"X": [1, "a", -1, true, [], 3]}', '{"X": 7}', '{"X": [0, 0, 0, 0, true, 5]}')


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_memory_is_counted_anew(colour_folder, content):
    settle(colour_folder)
    memory = paths.data_home() / "cache" / "folder-sizes.json"
    memory.parent.mkdir(parents=True)
    memory.write_text(content.replace("X", str(colour_folder)))
    assert size_of(colour_folder).n_images == 24


def test_links_in_circles_are_counted_once(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "0.jpg").write_bytes(b"123")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert size_of(tmp_path) == Size(1, 1, 3)


def test_a_result_is_moved_to_the_trash_and_listed_there(run):
    trashed = freeing.free(run.identity[:6])
    assert not run.path.exists()
    assert store.list_runs() == []
    assert (trashed.path / "run.json").is_file()
    (kept,) = freeing.trash()
    assert (kept.origin, kept.path) == (run.path, trashed.path)
    assert kept.title == f"brightest-channel on imagenet ({run.identity})"
    assert row(status().trash, when=kept.when)["origin"] == str(run.path)
    # Restored, it is the result that it was.
    assert freeing.restore(run.identity[:5]) == run.path
    assert store.list_runs()[0].complete
    assert freeing.trash() == []
    assert not kept.folder.exists()


def test_what_is_there_again_is_not_overwritten(run, colour_folder, toy_model):
    first = freeing.free(run.identity)
    evaluate(toy_model, open_and_remember("imagenet", colour_folder), limit=2)
    with pytest.raises(StoreError, match=rf"is there again\. Move that away first: .* free {run.identity}"):
        freeing.restore(run.identity)
    assert first.path.is_dir()
    second = freeing.free(run.identity)
    with pytest.raises(UsageError, match=r"is the name of 2 in the trash: .*Name one by its moment"):
        freeing.restore(run.identity)
    freeing.restore(first.when)
    assert store.list_runs()[0].n_done == 24
    assert [each.when for each in freeing.trash()] == [second.when]


def test_a_download_comes_back_also_after_the_data_home_has_moved(monkeypatch):
    folder = paths.data_home() / "downloads" / "hub" / "some-set"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("here")
    freeing.free(next(each for each in freeing.downloads() if each.path in (folder, folder.parent)))
    moved = paths.data_home().with_name("elsewhere")
    paths.data_home().rename(moved)
    monkeypatch.setenv("OFFCENTER_DATA", str(moved))
    freeing.restore(freeing.trash()[0])
    assert (moved / "downloads" / "hub" / "some-set" / "a.txt").read_text() == "here"


@pytest.mark.parametrize("what", ["", "x", "nothing-such", "../../etc", "2026"])
def test_what_is_not_in_the_trash_is_said(run, what):
    with pytest.raises(UsageError, match="is not in the trash, which is empty"):
        freeing.restore(what)
    freeing.free(run.identity)
    with pytest.raises(UsageError, match=r"is not in the trash\..* data status --trash lists what is"):
        freeing.restore("nothing-such")
    with pytest.raises(UsageError, match=f"Did you mean '{run.identity}'"):
        freeing.restore(f"{run.identity[:-1]}_")


def test_nothing_is_restored_to_where_a_damaged_record_or_a_link_leads(run, tmp_path):
    trashed = freeing.free(run.identity)
    for where in ("../../x", "/etc", ".", "results", "elsewhere/x", "results/../../x", "results/imagenet/gone"):
        (trashed.folder / "freed.json").write_text(json.dumps({"is": where, "name": "x"}))
        with pytest.raises(StoreError, match="does not say what it was: look into it"):
            freeing.restore("x")
    inside = trashed.path.relative_to(trashed.folder)
    (trashed.folder / "freed.json").write_text(json.dumps({"is": str(inside), "name": "x"}))
    outside = tmp_path / "outside"
    outside.mkdir()
    run.path.parent.rmdir()
    run.path.parent.symlink_to(outside)
    with pytest.raises(StoreError, match="is behind a link"):
        freeing.restore("x")
    assert trashed.path.is_dir()
    assert list(outside.iterdir()) == []


def test_a_download_is_moved_and_the_data_of_a_user_are_not(run, colour_folder, tmp_path):
    home = paths.data_home() / "downloads"
    (home / "si-score" / "size" / "koala").mkdir(parents=True)
    (home / "si-score" / "size" / "koala" / "0.jpg").write_bytes(b"1")
    (home / "linked").symlink_to(colour_folder)
    (home / "digests.json").write_text("{}")
    (home / ".partial" / "focus").mkdir(parents=True)
    (home / ".partial" / "focus" / "focus.zip").write_bytes(b"12")
    assert [each.name for each in freeing.downloads()] == ["linked", "si-score/size", ".partial/focus"]
    freeing.free("si-score/size")
    assert find_data("si-score/size") is None
    freeing.free(".partial/focus")
    with pytest.raises(UsageError, match=r"is a link to .*colours, which is yours"):
        freeing.free("linked")
    with pytest.raises(UsageError, match=r"'imagenet' is no download: its data are in .*colours, which is not"):
        freeing.free("imagenet")
    assert colour_folder.is_dir()
    for name in (str(colour_folder), "../colours", "", ".", "..", "si-score", "digests.json"):
        with pytest.raises(UsageError, match="is neither a result nor a download"):
            freeing.free(name)
    assert len(freeing.trash()) == 2


def test_embedded_results_stay(embedded_results):
    identity = store.list_runs("diorama/small")[0].identity
    with pytest.raises(UsageError, match="comes with the project, and stays"):
        freeing.free(identity)


def test_an_ambiguous_beginning_is_refused(run):
    run.path.with_name(f"{run.identity}.replaced-20260101").mkdir()
    run.path.with_name(f"{run.identity[:8]}00000000").mkdir()
    (run.path.with_name(f"{run.identity[:8]}00000000") / "part-0-0.parquet").write_bytes(b"")
    with pytest.raises(UsageError, match=f"'{run.identity[:6]}' is the beginning of 3: "):
        freeing.free(run.identity[:6])
    assert freeing.free(run.identity).origin == run.path


def test_a_result_that_is_being_written_stays(run):
    with FileLock(run.path / ".lock"), pytest.raises(StoreError, match="is being written by another process"):
        freeing.free(run.identity)
    assert run.path.is_dir()
    assert freeing.trash() == []


def test_a_download_that_is_being_fetched_stays():
    home = paths.data_home() / "downloads"
    (home / "focus").mkdir(parents=True)
    (home / ".partial" / "focus").mkdir(parents=True)
    with FileLock(home / ".partial" / "focus" / ".lock"), pytest.raises(StoreError, match="being written"):
        freeing.free("focus")
    freeing.free("focus")


def test_a_demo_frees_nothing(run, monkeypatch):
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    with pytest.raises(ReadOnlyError):
        freeing.free(run.identity)
    status()
    assert run.path.is_dir()


def test_emptying_deletes_what_is_in_the_trash_and_nothing_that_it_links_to(run, colour_folder):
    trashed = freeing.free(run.identity)
    (trashed.path / "link").symlink_to(colour_folder)
    (paths.data_home() / "trash" / "elsewhere").symlink_to(colour_folder)
    (paths.data_home() / "trash" / "of somebody else").mkdir()
    assert freeing.empty_trash() == 1
    assert freeing.trash() == []
    assert len(list(colour_folder.glob("*/*"))) == 24


def test_a_record_that_is_damaged_names_nothing_outside(run):
    trashed = freeing.free(run.identity)
    for record in ("{", '{"is": "../../.."}', '{"is": "/etc"}', '{"is": 7, "from": []}'):
        (trashed.folder / "freed.json").write_text(record)
        assert freeing.trash()[0].path.is_relative_to(trashed.folder)


def command(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(["data", *arguments])
    return left.value.code, capsys.readouterr()


def test_the_command_lists_frees_and_empties(run, capsys):
    code, printed = command(capsys, "status")
    assert code == 0
    assert f"{run.identity}  brightest-channel  imagenet" in printed.out
    assert "No data yet: focus, " in printed.out
    code, printed = command(capsys, "free", run.identity)
    assert code == 2
    assert "There is nobody to ask here: say so with --yes." in printed.err
    assert run.path.is_dir()
    assert command(capsys, "free", run.identity, "--yes")[0] == 0
    assert "brightest-channel on imagenet" in command(capsys, "status", "--trash")[1].out
    assert "The trash holds 1 thing, " in command(capsys, "status")[1].out
    code, printed = command(capsys, "restore", run.identity[:6])
    assert (code, run.path.is_dir()) == (0, True)
    assert f"is back: {run.path}" in printed.out
    code, printed = command(capsys, "restore", run.identity)
    assert (code, len(printed.err.strip().splitlines())) == (2, 1)
    assert f"data restore {run.identity}" in command(capsys, "free", run.identity, "--yes")[1].out
    assert command(capsys, "empty-trash")[0] == 2
    code, printed = command(capsys, "empty-trash", "--yes")
    assert "1 deleted, " in printed.out
    assert command(capsys, "empty-trash")[1].out == "The trash is empty.\n"
    assert command(capsys, "status", "--trash")[1].out == "The trash is empty.\n"


def test_who_is_asked_may_say_no(run, capsys, monkeypatch):
    monkeypatch.setattr(data_status.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(data_status.typer, "confirm", lambda question: False)
    assert command(capsys, "free", run.identity)[0] == 1
    assert run.path.is_dir()


def test_the_command_prints_json(run, capsys):
    code, printed = command(capsys, "status", "imagenet", "--json")
    content = json.loads(printed.out)
    assert code == 0
    assert [each["key"] for each in content["benchmarks"]] == ["imagenet"]
    assert content["benchmarks"][0]["n_images"] == 24


def test_a_large_folder_never_holds_up_a_page(tmp_path):
    root = tmp_path / "many"
    (root / RED_WNID).mkdir(parents=True)
    first = root / RED_WNID / "0.jpg"
    first.write_bytes(b"")
    for number in range(1, 30_000):
        os.link(first, root / RED_WNID / f"{number}.jpg")
    paths.remember_data("imagenet", root)
    start = time.monotonic()
    with Counter(limit_s=0.05) as counter:
        size = counter.size(root)
    assert time.monotonic() - start < 2
    assert not size.whole or size.n_images == 30_000
