"""Files of ours: written whole or not at all, by any number of threads and processes."""

import fcntl
import json
import logging
import os
import re
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core import paths
from core.errors import StoreError, UsageError
from tests.conftest import REPO


def in_processes(code, n):
    """Run code in n processes at once; ``sys.argv[1]`` is the number of each."""
    started = [subprocess.Popen([sys.executable, "-c", code, str(number)], cwd=REPO) for number in range(n)]
    assert [process.wait(timeout=60) for process in started] == [0] * n


@pytest.fixture
def unswept(monkeypatch):
    """As in a process that has written nowhere yet."""
    monkeypatch.setattr(paths, "_swept", set())


def left_behind(folder, age_s):
    path = folder / ".x.json.0123456789abcdef.tmp"
    path.write_bytes(b"half")
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def test_threads_that_write_one_file_at_once_leave_the_whole_work_of_one(tmp_path):
    path = tmp_path / "x.txt"
    together = threading.Barrier(8)

    def write(number):
        together.wait()
        for _ in range(20):
            paths.write_atomically(path, str(number) * 100_000)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    text = path.read_text()
    assert len(text) == 100_000
    assert len(set(text)) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_processes_that_write_one_file_at_once_leave_the_whole_work_of_one(tmp_path):
    path = tmp_path / "x.txt"
    code = "import sys\nfrom pathlib import Path\nfrom core import paths\nfor _ in range(50):\n    "
    code += f"paths.write_atomically(Path({str(path)!r}), sys.argv[1] * 100_000)"
    in_processes(code, 3)
    assert len(path.read_text()) == 100_000
    assert len(set(path.read_text())) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path):
    path = tmp_path / "x.txt"
    paths.write_atomically(path, "before")
    with pytest.raises(KeyboardInterrupt), paths.writing(path) as stream:
        stream.write(b"after")
        raise KeyboardInterrupt
    with pytest.raises(StoreError, match="the disk is full"), paths.writing(path) as stream:
        raise OSError(28, "No space left on device")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o000, 0o644), (0o077, 0o600)])
def test_others_may_read_a_file_unless_the_umask_says_no(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        paths.write_atomically(tmp_path / "x", "")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == mode


def test_a_name_as_long_as_a_file_system_allows_can_be_written(tmp_path):
    path = tmp_path / ("x" * 255)
    paths.write_atomically(path, "content")
    assert path.read_text() == "content"


def test_content_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    path, done = tmp_path / "x.txt", []
    monkeypatch.setattr(os, "fsync", lambda descriptor: done.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    put = os.replace
    monkeypatch.setattr(os, "replace", lambda *names: done.append("named") or put(*names))
    paths.write_atomically(path, "content")
    temporary, named, folder = done
    assert Path(temporary).parent == tmp_path
    assert temporary.endswith(".tmp")
    assert (named, folder) == ("named", str(tmp_path))


def test_what_a_killed_writer_left_is_swept_by_the_next_process_that_writes_there(tmp_path, unswept):
    left_behind(tmp_path, age_s=3600)
    paths.write_atomically(tmp_path / "y.json", "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["y.json"]


def test_a_file_that_somebody_is_writing_or_may_have_just_begun_is_not_swept(tmp_path, unswept):
    path = left_behind(tmp_path, age_s=3600)
    with open(path, "r+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        paths.write_atomically(tmp_path / "y.json", "{}")
        assert path.exists()
    paths._swept.clear()
    left_behind(tmp_path, age_s=5)
    paths.write_atomically(tmp_path / "y.json", "{}")
    assert path.exists()


def test_files_of_others_are_never_swept(tmp_path, unswept):
    (tmp_path / ".notes.tmp").write_text("not ours")
    os.utime(tmp_path / ".notes.tmp", (0, 0))
    paths.write_atomically(tmp_path / "y.json", "{}")
    assert (tmp_path / ".notes.tmp").exists()


def test_a_writer_at_work_shows_that_it_lives(tmp_path, unswept):
    with paths.writing(tmp_path / "x") as stream:
        stream.write(b"slow")
        stream.flush()
        os.utime(stream.name, (0, 0))
        paths._swept.clear()
        paths.write_atomically(tmp_path / "y", "")
    assert (tmp_path / "x").read_bytes() == b"slow"


def test_no_data_folder_is_lost_when_processes_remember_theirs_at_once():
    code = "import sys\nfrom pathlib import Path\nfrom core import paths\nfor n in range(20):\n    "
    code += "paths.remember_data(f'{sys.argv[1]}-{n}', Path('/data') / str(n))"
    in_processes(code, 4)
    kept = json.loads((paths.data_home() / "settings.json").read_text())["data"]
    assert len(kept) == 4 * 20


def test_no_change_is_lost_when_threads_change_one_object_at_once(tmp_path):
    def add(number):
        paths.update_json(tmp_path / "x.json", lambda content: content.update({str(number): number}))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(80)))
    assert paths.read_json(tmp_path / "x.json") == {str(number): number for number in range(80)}


@pytest.mark.parametrize("damaged", [b"", b"\0" * 64, b'{"data": {"focus": "/photos"', b"[1]"])
def test_damaged_settings_are_kept_aside_and_named(damaged, caplog):
    file = paths.data_home() / "settings.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(damaged)
    with caplog.at_level(logging.WARNING):
        paths.remember_data("imagenet", Path("/images"))
    (aside,) = file.parent.glob("settings.json.damaged-*")
    assert aside.read_bytes() == damaged
    assert f"{file} was damaged" in caplog.text
    assert str(aside) in caplog.text
    assert paths.remembered_data("imagenet") == Path("/images")


def test_what_can_be_computed_again_is_begun_anew_without_a_word(tmp_path, caplog):
    (tmp_path / "x.json").write_bytes(b"")
    paths.update_json(tmp_path / "x.json", lambda content: content.update(a=1), keep_damaged=False)
    assert paths.read_json(tmp_path / "x.json") == {"a": 1}
    assert not caplog.text
    assert not list(tmp_path.glob("*damaged*"))


def test_an_empty_object_is_not_damaged(tmp_path, caplog):
    (tmp_path / "x.json").write_text("{}\n")
    paths.update_json(tmp_path / "x.json", lambda content: content.update(a=1))
    assert not caplog.text


def test_a_change_that_cannot_be_written_is_a_store_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="OFFCENTER_DATA"):
        paths.update_json(tmp_path / "file" / "x.json", lambda content: None)


def test_a_folder_whose_name_is_no_text_is_refused_with_the_name_escaped():
    with pytest.raises(UsageError, match=r"'/data/caf\\xe9' is not UTF-8: rename it"):
        paths.place(os.fsdecode(b"/data/caf\xe9"))


@pytest.mark.parametrize("name", ["x" * 256, "é" * 128, "x/" * 2048])
def test_a_name_that_no_file_can_have_is_refused_in_a_line(name):
    with pytest.raises(UsageError, match="too long to be the path of a file") as caught:
        paths.place(f"/data/{name}")
    assert len(str(caught.value)) < 200
    assert paths.place(f"/data/{'x' * 255}").name == "x" * 255


def test_an_object_store_without_its_package_is_refused_before_it_is_asked(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(UsageError, match=r"s3://bucket/net' cannot be opened .*s3fs"):
        paths.place("s3://bucket/net")


def test_an_error_is_one_line_whatever_the_names_in_it_hold():
    error = UsageError("there is no 'a\nb\x1b[2J\udcff\u2028c\td' – 3\xa0cats")
    assert str(error) == r"there is no 'a\nb\x1b[2J\udcff\u2028c\td' – 3" + "\xa0cats"
    assert f"{error}" == str(error)


def test_a_folder_that_cannot_be_followed_is_refused_in_a_line(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in (tmp_path / "loop" / "images", "~nobody-of-this-name/images", "a\0b"):
        with pytest.raises(UsageError, match="cannot be reached"):
            paths.place(path)
    with pytest.raises(UsageError, match="cannot be reached"):
        paths.is_folder(tmp_path / ("x" * 300))
    assert not paths.is_there(tmp_path / ("x" * 300))


def test_where_nothing_can_be_written_is_told_before_any_work(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    file, pipe = tmp_path / "file", tmp_path / "pipe"
    os.mkfifo(pipe)
    assert paths.output("--out", str(file)) == file
    assert paths.output("--out", str(tmp_path / "a" / "b")) == tmp_path / "a" / "b"
    assert paths.output("--out", f"{tmp_path}/a/", folder=True) == tmp_path / "a"
    for text, folder, said in (
        (" ", False, "--out is empty: give a file."),
        (" ", True, "--out is empty: give a folder."),
        (str(tmp_path), False, "is a folder: give a file."),
        (f"{tmp_path}/new/", False, "is a folder: give a file."),
        (str(pipe), False, "pipe is no file."),
        (str(file), True, "file is no folder."),
        (str(file / "a" / "b"), False, "file is no folder."),
        ("x" * 300, True, "too long"),
    ):
        with pytest.raises(UsageError, match=re.escape(said)):
            paths.output("--out", text, folder=folder)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError, match=f"you may not write to {tmp_path}"):
        paths.output("--out", str(tmp_path / "a" / "b"))


@pytest.mark.parametrize("folder", ["nothing://z", "~nobody-of-this-name/images", "a\0b"])
def test_a_remembered_folder_that_cannot_be_one_is_named_once_and_another_can_be_given(tmp_path, caplog, folder):
    paths.update_json(paths.data_home() / "settings.json", lambda settings: settings.update(data={"imagenet": folder}))
    paths._warn_once.cache_clear()
    assert [paths.remembered_data("imagenet") for _ in range(2)] == [None, None]
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("The remembered data folder of 'imagenet' is not used: ")
    paths.remember_data("imagenet", tmp_path)
    assert paths.remembered_data("imagenet") == tmp_path
