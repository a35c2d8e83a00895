"""Fetching by name, against a server on this machine: whole, checked, in its place and remembered, or not at all."""

import errno
import hashlib
import io
import json
import re
import shutil
import tarfile
import threading
import zipfile

import pytest
from filelock import FileLock
from PIL import Image
from typer.testing import CliRunner

from core import benchmarks, jobs, paths, store
from core.answers import report
from core.cli.data import app
from core.errors import DataError, OffcenterError, ReadOnlyError, StorageError, StoreError, UsageError
from core.evaluate import evaluate
from core.getting import addresses, fetch, plans, unpack
from core.getting.addresses import Address, Entry, File
from core.getting.check import check
from core.getting.download import Patience
from core.jobs.kinds import Fetch
from core.jobs.worker import work
from tests.development_kit import write_kit
from tests.job_tools import state_of, waiting

QUICK = Patience(connect=2, read=2, stalled=5, tries=2, pause=0.01, longest=1)
WNIDS = ("n01440764", "n01443537")


def sha(content):
    return hashlib.sha256(content).hexdigest()


def picture(colour):
    stream = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(stream, "PNG")
    return stream.getvalue()


def picture_of(path, colour):
    Image.new("RGB", (32, 32), colour).save(path)


@pytest.fixture
def archive():
    """ImageNet-A in small: two classes, four images, one folder around them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as found:
        for number, wnid in enumerate(WNIDS):
            for image in range(2):
                found.writestr(f"imagenet-a/{wnid}/{image}.png", picture((90 * number, 40 * image, 9)))
        found.writestr("imagenet-a/README.txt", "who made it")
    return stream.getvalue()


@pytest.fixture
def table(monkeypatch):
    """Entries of the tests instead of the published ones."""
    entries = {}
    monkeypatch.setattr(addresses, "known", lambda: entries)
    return entries


@pytest.fixture
def natural(web, table, archive):
    """``imagenet-a`` on the server of this machine, its digest known."""
    web.put("/a.zip", archive)
    address = Address(web.url("/a.zip"), "a test", len(archive), sha(archive))
    table["imagenet-a"] = Entry(
        "imagenet-a", "Natural", "MIT", (File("a.zip", (address,), unpacked=True),), benchmark="imagenet-a"
    )
    return table["imagenet-a"]


@pytest.fixture
def labels(web, table):
    """A file without a known digest."""
    web.put("/l.json", b"[1]")
    table["labels"] = Entry("labels", "Labels", "MIT", (File("l.json", (Address(web.url("/l.json"), "a test"),)),))
    return table["labels"]


def downloads():
    return paths.data_home() / "downloads"


def left():
    """What lies in the downloads folder, without locks."""
    return sorted(
        str(path.relative_to(downloads()))
        for path in downloads().rglob("*")
        if path.is_file() and not path.name.endswith("lock")
    )


def test_a_set_is_fetched_unpacked_and_known_to_its_benchmark(natural, archive):
    said = []
    done = fetch.fetch("imagenet-a", progress=said.append, patience=QUICK)
    assert done.folder == downloads() / "imagenet-a"
    assert done.command == "python -m core evaluate --model MODEL --benchmark imagenet-a"
    assert re.search(r"a\.zip from http://127\.0\.0\.1:\d+/a\.zip: 5 files", done.said[0])
    assert done.said[1] == f"SHA-256 {sha(archive)}: as published (a test)."
    assert unpack.marker(done.folder)["sha256"] == sha(archive)
    assert len(benchmarks.open_benchmark("imagenet-a").samples()) == 4
    # Neither the archive nor a part of it is left.
    assert [name for name in left() if not name.startswith("imagenet-a/")] == []
    assert {each.stage for each in said} == {"fetching a.zip", "checking a.zip", "unpacking"}


def test_what_is_there_is_not_fetched_again(natural, web):
    fetch.fetch("imagenet-a", patience=QUICK)
    n = len(web.requests)
    planned = fetch.plan("imagenet-a", patience=QUICK)
    assert planned.is_there
    assert planned.fetch().said == ()
    assert len(web.requests) == n


def test_a_plan_says_licence_size_and_room_before_anything_is_done(natural, archive, labels, web):
    planned = fetch.plan("imagenet-a", patience=QUICK)
    assert (planned.licence, planned.size, planned.is_there) == ("MIT", len(archive), False)
    # The archive, and what is unpacked of it.
    assert planned.needs == int(len(archive) * 2.1)
    assert planned.sources == (f"{web.url('/a.zip')} (a test; SHA-256 known)",)
    assert web.requests == []
    # A size that no table has is asked of the server.
    planned = fetch.plan("labels", patience=QUICK)
    assert (planned.size, planned.needs) == (3, 3)
    assert [method for method, _, _ in web.requests] == ["HEAD"]
    assert not downloads().exists()


def test_what_is_not_the_published_file_is_thrown_away_and_the_next_address_tried(natural, web, archive, table):
    web.put("/wrong.zip", archive[:-1] + b"x")
    web.put("/other.zip", archive)
    wrong = Address(web.url("/wrong.zip"), "a test", len(archive), sha(archive))
    others = (Address(web.url("/none.zip"), "a test"), Address(web.url("/other.zip"), "a test"))
    table["imagenet-a"] = Entry("imagenet-a", "N", "MIT", (File("a.zip", (wrong, *others), unpacked=True),))
    done = fetch.fetch("imagenet-a", patience=QUICK)
    assert "/other.zip" in done.said[0]
    assert done.said[1].endswith(": as published.")
    assert [path for method, path, _ in web.requests if method == "GET"] == ["/wrong.zip", "/none.zip", "/other.zip"]


def test_when_no_address_gives_it_all_reasons_are_told_and_the_way_by_hand(web, table):
    web.put("/a", b"x", statuses=[403])
    web.put("/b", b"<html>", kind="text/html")
    both = (Address(web.url("/a"), "a test"), Address(web.url("/b"), "a test"))
    table["m"] = Entry(
        "m", "M", "MIT", (File("m.json", both),), by_hand="https://catalogue.example", note="It is gone."
    )
    with pytest.raises(DataError) as caught:
        fetch.fetch("m", patience=QUICK)
    text = str(caught.value)
    for words in (
        "m.json was not fetched.",
        "/a: answered 403 (Forbidden).",
        "/b: answered with a web page, not with the file.",
        "It is gone.",
        "with a browser from https://catalogue.example, type: python -m core data fetch m --file m.json",
    ):
        assert words in text
    assert not isinstance(caught.value, StorageError)
    assert left() == []
    # If one of them may give it later, asking again is worth it.
    web.files["/a"].statuses = [503] * 9
    with pytest.raises(StorageError, match="answered 503"):
        fetch.fetch("m", patience=QUICK)


def test_half_a_set_is_never_there(natural, web, archive):
    web.put("/a.zip", archive, cuts=[200] * 9)
    with pytest.raises(StorageError, match="the connection was cut"):
        fetch.fetch("imagenet-a", patience=Patience(tries=1, pause=0.01))
    assert benchmarks.find_data("imagenet-a") is None
    assert not (downloads() / "imagenet-a").exists()
    web.put("/a.zip", archive)
    fetch.fetch("imagenet-a", patience=QUICK)
    assert len(benchmarks.open_benchmark("imagenet-a").samples()) == 4


def test_an_interrupted_fetch_goes_on(natural, web, archive):
    web.put("/a.zip", archive, cuts=[600])
    # An entry of this size comes in one chunk, so the server's cut is what is left of it.
    with pytest.raises(StorageError):
        fetch.fetch("imagenet-a", patience=Patience(tries=1, pause=0.01))
    kept = [name for name in left() if name.startswith(".partial")]
    assert kept in ([], [".partial/imagenet-a/a.zip", ".partial/imagenet-a/a.zip.json"])

    def interrupted(progress):
        if progress.stage == "unpacking":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch.fetch("imagenet-a", progress=interrupted, patience=QUICK)
    assert not (downloads() / "imagenet-a").exists()
    n = len(web.requests)
    fetch.fetch("imagenet-a", patience=QUICK)
    # It was whole, so nothing came again.
    assert len(web.requests) == n
    assert (downloads() / "imagenet-a" / "imagenet-a" / WNIDS[0] / "0.png").is_file()


def test_an_archive_that_is_none_is_not_taken_and_not_fetched_for_ever(web, table):
    web.put("/f.zip", b"not an archive")
    table["f"] = Entry("f", "F", "MIT", (File("f.zip", (Address(web.url("/f.zip"), "a test"),), unpacked=True),))
    with pytest.raises(DataError, match="neither a zip nor a tar file"):
        fetch.fetch("f", patience=QUICK)
    assert left() == []
    # Once the server has the right one, it comes, and is the first.
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as found:
        found.writestr("x", b"1")
    web.put("/f.zip", stream.getvalue(), etag='"two"')
    assert "no source gives it" in fetch.fetch("f", patience=QUICK).said[1]


def test_the_first_digest_is_kept_and_asked_of_every_later_copy(labels, web):
    done = fetch.fetch("labels", patience=QUICK)
    assert done.said[1] == f"SHA-256 {sha(b'[1]')}: no source gives it: it is kept, and asked of every later copy."
    known = json.loads((downloads() / "digests.json").read_text())
    assert known[web.url("/l.json")]["sha256"] == sha(b"[1]")
    (downloads() / "labels" / "l.json").unlink()
    assert "when it was first fetched; no source gives it" in fetch.fetch("labels", patience=QUICK).said[1]
    (downloads() / "labels" / "l.json").unlink()
    web.put("/l.json", b"[2]", etag='"two"')
    with pytest.raises(DataError, match=r"the file there is another one now.*add --accept-other"):
        fetch.fetch("labels", patience=QUICK)
    assert not (downloads() / "labels" / "l.json").exists()
    fetch.fetch("labels", accept_other=True, patience=QUICK)
    assert (downloads() / "labels" / "l.json").read_bytes() == b"[2]"


def test_a_published_digest_cannot_be_waived_for_a_known_address(natural, web, archive):
    web.put("/a.zip", archive[:-1] + b"x")
    with pytest.raises(DataError, match="it was thrown away"):
        fetch.fetch("imagenet-a", accept_other=True, patience=QUICK)


def test_a_file_given_by_hand_is_checked_unpacked_and_left_where_it_is(natural, web, archive, tmp_path):
    mine = tmp_path / "download (1).zip"
    mine.write_bytes(archive)
    done = fetch.fetch("imagenet-a", [mine], patience=QUICK)
    assert done.said[1].endswith(": as published.")
    assert mine.read_bytes() == archive
    assert web.requests == []
    assert len(benchmarks.open_benchmark("imagenet-a").samples()) == 4


def test_a_file_given_by_hand_that_is_another_needs_a_word(web, table, tmp_path):
    address = Address(web.url("/none"), "a test", 3, sha(b"[1]"))
    table["m"] = Entry("m", "M", "MIT", (File("m.json", (address,)),))
    (tmp_path / "m.json").write_bytes(b"[2]")
    with pytest.raises(DataError, match=r"is not the published m\.json: .*add --accept-other"):
        fetch.fetch("m", [tmp_path / "m.json"], patience=QUICK)
    assert left() == []
    done = fetch.fetch("m", [tmp_path / "m.json"], accept_other=True, patience=QUICK)
    assert "not the published one's, accepted as it is" in done.said[1]
    # It stays accepted, and a third one is asked about again.
    assert fetch.plan("m", patience=QUICK).is_there
    (downloads() / "m" / "m.json").write_bytes(b"[3]")
    with pytest.raises(UsageError, match="is there, and is not the published file"):
        fetch.plan("m", patience=QUICK)
    # The published one may always be given.
    (tmp_path / "m.json").write_bytes(b"[1]")
    assert fetch.fetch("m", [tmp_path / "m.json"], patience=QUICK).said[1].endswith("as published.")
    assert (downloads() / "m" / "m.json").read_bytes() == b"[1]"


def test_the_copy_that_is_there_already_can_be_given_as_it_is(web, table):
    table["m"] = Entry("m", "M", "MIT", (File("m.json", (Address(web.url("/none"), "t", 3, sha(b"[1]")),)),))
    place = downloads() / "m" / "m.json"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"[2]")
    fetch.fetch("m", [place], accept_other=True, patience=QUICK)
    assert place.read_bytes() == b"[2]"


def test_an_address_of_ones_own_is_held_to_the_published_digest(natural, web, archive):
    web.put("/mirror", archive)
    assert "/mirror" in fetch.fetch("imagenet-a", address=web.url("/mirror"), patience=QUICK).said[0]
    shutil.rmtree(downloads() / "imagenet-a")
    changed = io.BytesIO(archive)
    with zipfile.ZipFile(changed, "a") as more:
        more.writestr("imagenet-a/more.txt", "x")
    web.put("/mirror", changed.getvalue(), etag='"two"')
    with pytest.raises(DataError, match=r"this is not the published a\.zip"):
        fetch.fetch("imagenet-a", address=web.url("/mirror"), patience=QUICK)
    assert not (downloads() / "imagenet-a").exists()
    fetch.fetch("imagenet-a", address=web.url("/mirror"), accept_other=True, patience=QUICK)
    assert (downloads() / "imagenet-a" / "imagenet-a" / "more.txt").is_file()


def test_a_folder_that_was_not_fetched_is_left_alone(natural, web):
    (downloads() / "imagenet-a").mkdir(parents=True)
    (downloads() / "imagenet-a" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"is there, and was not fetched: .*--data, or move it away"):
        fetch.plan("imagenet-a", patience=QUICK)
    assert web.requests == []


def test_the_benchmarks_own_folder_is_found_within(web, table, archive):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as found:
        found.writestr("release/focus/annotations.db", b"x")
        found.writestr("release/about.txt", b"x")
    web.put("/f.zip", stream.getvalue())
    file = File("f.zip", (Address(web.url("/f.zip"), "a test"),), unpacked=True)
    table["focus"] = Entry("focus", "F", "MIT", (file,), benchmark="focus", holds="annotations.db")
    paths.remember_data("focus", downloads())
    done = fetch.fetch("focus", patience=QUICK)
    assert done.folder == downloads() / "focus" / "release" / "focus" == benchmarks.find_data("focus")
    assert done.said[-1] == f"{done.folder} is the data folder of 'focus' now instead of {downloads()}."
    table["focus"] = Entry("focus", "F", "MIT", (file,), benchmark="focus", holds="nothing.db")
    with pytest.raises(DataError, match=r"holds 'nothing\.db'"):
        fetch.fetch("focus", patience=QUICK)


def test_one_process_at_a_time_fetches_an_entry(natural):
    folder = downloads() / ".partial" / "imagenet-a"
    folder.mkdir(parents=True)
    with FileLock(folder / ".lock"), pytest.raises(UsageError, match="is being fetched by another process"):
        fetch.fetch("imagenet-a", patience=QUICK)


def test_too_little_room_is_told_before_anything_comes(natural, web, monkeypatch):
    monkeypatch.setattr(plans, "free", lambda folder: 300)
    with pytest.raises(StoreError, match="imagenet-a needs 256 MB of disk, and 300 bytes are free"):
        fetch.fetch("imagenet-a", patience=QUICK)
    assert web.requests == []


def test_a_demo_fetches_nothing(natural, monkeypatch, web):
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    with pytest.raises(ReadOnlyError, match="read-only demo"):
        fetch.fetch("imagenet-a", patience=QUICK)
    assert web.requests == []


@pytest.mark.parametrize(
    ("key", "given", "address", "match"),
    [
        ("imagenet-b", [], "", "nothing is known to fetch under 'imagenet-b'"),
        ("imagenet-a", ["none.zip"], "", "is not a file on this machine"),
        ("imagenet-a", ["."], "", "is a folder: give a folder to the next command, with --data"),
        ("imagenet-a", [], "ftp://a/b", "is no address to fetch from"),
        ("model:", [], "", "names no model"),
        ("model:x", ["a.zip"], "", "takes neither --file nor --address"),
    ],
)
def test_what_cannot_be_right_is_refused_in_one_line(natural, key, given, address, match, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=match) as caught:
        fetch.plan(key, [tmp_path / name for name in given], address, QUICK)
    assert "\n" not in str(caught.value)


def test_of_several_files_each_is_given_by_its_name(web, table, tmp_path):
    both = (File("a.json", (Address(web.url("/a"), "t"),)), File("b.json", (Address(web.url("/b"), "t"),)))
    table["two"] = Entry("two", "T", "MIT", both)
    web.put("/a", b"1")
    for name in ("b.json", "c.json"):
        (tmp_path / name).write_bytes(b"2")
    with pytest.raises(UsageError, match=r"--file c\.json is no file of 'two'.*Known: a\.json, b\.json"):
        fetch.plan("two", [tmp_path / "c.json"], patience=QUICK)
    with pytest.raises(UsageError, match=r"--file names b\.json twice"):
        fetch.plan("two", [tmp_path / "b.json", tmp_path / "b.json"], patience=QUICK)
    with pytest.raises(UsageError, match=r"--address is for one file, and 'two' consists of a\.json, b\.json"):
        fetch.plan("two", address=web.url("/a"), patience=QUICK)
    # What failed once is all that is fetched the next time.
    with pytest.raises(DataError, match=r"b\.json was not fetched"):
        fetch.fetch("two", patience=QUICK)
    assert [item.file.name for item in fetch.plan("two", patience=QUICK).items] == ["b.json"]
    fetch.fetch("two", [tmp_path / "b.json"], patience=QUICK)
    assert [(downloads() / "two" / name).read_bytes() for name in ("a.json", "b.json")] == [b"1", b"2"]


def test_terms_are_steps_and_a_file_given_afterwards_is_taken(table, archive, tmp_path):
    val = File("val.zip", unpacked=True, into="val", sha256=sha(archive))
    kit = File("kit.zip", unpacked=True, into="devkit", optional=True)
    table["imagenet"] = Entry(
        "imagenet", "I", "terms", (val, kit), benchmark="imagenet", terms=("Accept.", "Type: python -m core …")
    )
    with pytest.raises(DataError, match=r"a person must accept its terms\. 1\. Accept\. 2\. Type: python -m core …"):
        fetch.fetch("imagenet", patience=QUICK)
    # The optional one alone is not it.
    (tmp_path / "kit.zip").write_bytes(archive)
    assert isinstance(fetch.plan("imagenet", [tmp_path / "kit.zip"]), plans.Nothing)
    (tmp_path / "val.zip").write_bytes(archive)
    done = fetch.fetch("imagenet", [tmp_path / "val.zip"], patience=QUICK)
    assert done.folder == downloads() / "imagenet"
    assert unpack.marker(done.folder / "val")["files"] == 5
    assert fetch.plan("imagenet").is_there
    fetch.fetch("imagenet", [tmp_path / "kit.zip"], patience=QUICK)
    assert unpack.marker(done.folder / "devkit")["files"] == 5


def test_imagenet_from_its_own_archives_has_the_right_classes(tmp_path, toy_model):
    # The toy model says class 0 of red and class 1 of green: ILSVRC's numbers 4 and 5 here, and 1 is the kit fox.
    with tarfile.open(tmp_path / "ILSVRC2012_img_val.tar", "w") as found:
        for number, colour in enumerate([(255, 0, 0), (0, 255, 0), (255, 0, 0), (0, 255, 0)], 1):
            picture_of(tmp_path / "one.jpg", colour)
            found.add(tmp_path / "one.jpg", f"ILSVRC2012_val_{number:08}.JPEG")
    write_kit(tmp_path / "kit" / "data", "meta.mat", first=(4, 5, 1, 1))
    with tarfile.open(tmp_path / "ILSVRC2012_devkit_t12.tar.gz", "w:gz") as found:
        found.add(tmp_path / "kit", "ILSVRC2012_devkit_t12")
    asked = [f"--file={tmp_path / name}" for name in ("ILSVRC2012_img_val.tar", "ILSVRC2012_devkit_t12.tar.gz")]
    assert "is not the published ILSVRC2012_img_val.tar" in str(run("imagenet", *asked, "--yes").exception)
    done = run("imagenet", *asked, "--yes", "--accept-other")
    assert done.exit_code == 0
    assert "Next: python -m core evaluate --model MODEL --benchmark imagenet" in done.output
    assert check("imagenet").severity != "wrong"
    of_toy = evaluate(toy_model, benchmarks.open_benchmark("imagenet"))
    assert store.read_samples(of_toy)["accepted"].tolist() == [[0], [1], [278], [278]]
    assert report.build(of_toy)["overall"]["top1"] == 0.5


def test_a_target_that_is_a_link_to_another_disk_is_written_to(labels, monkeypatch):
    in_place = paths.put_in_place

    def other_disk(written, path):
        if written.parent != path.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        in_place(written, path)

    monkeypatch.setattr(paths, "put_in_place", other_disk)
    fetch.fetch("labels", patience=QUICK)
    assert left() == ["digests.json", "labels/l.json"]


def run(*arguments, **settings):
    return CliRunner().invoke(app, ["fetch", *arguments], **settings)


def test_the_command_shows_everything_before_it_asks(natural, web):
    done = run("imagenet-a")
    assert done.exit_code == 2 or isinstance(done.exception, OffcenterError)
    assert "nobody is there to ask: add --yes" in str(done.exception)
    for words in ("licence  MIT", "a test; SHA-256 known", "free)"):
        assert words in done.output
    assert [method for method, _, _ in web.requests] == []
    done = run("imagenet-a", "--yes")
    assert done.exit_code == 0
    assert "Next: python -m core evaluate --model MODEL --benchmark imagenet-a" in done.output
    assert "imagenet-a is there already" in run("imagenet-a").output


def test_the_command_lists_what_there_is():
    done = run("--list")
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert [line.split("  ")[0] for line in lines[:-1]] == list(addresses.known())
    assert "imagenet-a  ImageNet-A: natural adversarial examples · 688 MB · MIT" in done.output
    assert "focus  FOCUS: common and uncommon settings · size: asked of the server" in done.output
    assert "say what to fetch" in str(run().exception)


def test_the_command_tells_steps_where_a_person_must_act():
    done = run("objectnet", "--yes")
    assert done.exit_code == 1
    assert "1. Read and accept the terms at https://objectnet.dev" in done.output
    assert "--benchmark objectnet --data DIR" in done.output


def test_fetching_is_a_job(natural, archive):
    arguments = Fetch("imagenet-a").checked()
    assert arguments.title == "Fetch imagenet-a"
    submitted = waiting(arguments=arguments)
    assert work("cpu") == 1
    ended = jobs.find_job(submitted.id)
    assert (ended.state, ended.message) == ("done", "")
    assert ended.result == {"folder": str(downloads() / "imagenet-a")}
    assert sha(archive) in ended.log.read_text()


def test_a_job_that_fails_says_why(web, table):
    table["m"] = Entry("m", "M", "MIT", (File("m.json", (Address(web.url("/none"), "t"),)),))
    submitted = waiting(arguments=Fetch("m").checked())
    work("cpu")
    ended = jobs.find_job(submitted.id)
    assert ended.state == "failed"
    assert "/none: answered 404 (Not Found)." in ended.message


def test_a_job_is_cancelled_and_goes_on_where_it_was(web, table):
    content = bytes(range(256)) * 4000
    gate = threading.Event()
    web.put("/big", content, slowly=lambda: gate.wait(20))
    table["big"] = Entry("big", "B", "MIT", (File("big.bin", (Address(web.url("/big"), "t"),)),))
    submitted = waiting(arguments=Fetch("big").checked())
    threading.Timer(0.7, lambda: jobs.cancel(submitted.id)).start()
    try:
        work("cpu")
    finally:
        gate.set()
    assert jobs.find_job(submitted.id).state == "cancelled"
    assert not (downloads() / "big" / "big.bin").exists()
    web.files["/big"].slowly = None
    # Not resumed, for the worker of that would be another process, which knows the published table alone.
    again = waiting("20260101-000000-bbbb", arguments=Fetch("big").checked())
    work("cpu")
    assert state_of(again) == "done"
    assert (downloads() / "big" / "big.bin").read_bytes() == content


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (Fetch("imagenet-b"), "nothing is known to fetch"),
        (Fetch("imagenet"), "a person must accept the terms of 'imagenet'"),
        (Fetch("imagenet-a", ("/no/such.zip",)), "is not a file on this machine"),
        (Fetch("imagenet-a", address="ftp://x"), "is no address to fetch from"),
    ],
)
def test_a_job_that_cannot_be_right_is_not_queued(arguments, match):
    with pytest.raises(UsageError, match=match):
        arguments.checked()
