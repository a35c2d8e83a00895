"""Archives of strangers: what they hold is unpacked whole, and nothing of them leaves the folder."""

import io
import os
import stat
import struct
import tarfile
import zipfile

import pytest

from core.errors import DataError, StoreError, UsageError
from core.getting import names, unpack
from core.getting.unpack import Limits

SHA = "ab" * 32


def zipped(path, entries, compression=zipfile.ZIP_DEFLATED):
    """A zip of ``(name or ZipInfo, bytes)``."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def tarred(path, entries, mode="w"):
    """A tar of ``(TarInfo or name, bytes)``."""
    with tarfile.open(path, mode) as archive:
        for entry, content in entries:
            entry = tarfile.TarInfo(entry) if isinstance(entry, str) else entry
            if content:
                entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def special(name, kind, linkname=""):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, linkname
    return entry


def unix(name, mode):
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, mode << 16
    return entry


@pytest.fixture
def target(tmp_path):
    return tmp_path / "sets" / "a"


def refused(archive, target, match, error=DataError, **settings):
    """Unpacking is refused in one line, and leaves nothing: not in the target, not beside it, not outside."""
    before = {path for path in archive.parent.rglob("*") if target.parent not in path.parents and path != target.parent}
    with pytest.raises(error, match=match) as caught:
        unpack.unpack(archive, target, SHA, **settings)
    assert "\n" not in str(caught.value)
    assert not target.exists()
    assert [path for path in target.parent.iterdir() if not path.name.endswith(".lock")] == []
    after = {path for path in archive.parent.rglob("*") if target.parent not in path.parents and path != target.parent}
    assert after == before


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_of_any_packing_is_told_by_its_content(tmp_path, target, mode):
    archive = tarred(tmp_path / "named.zip", [("a/1.jpg", b"one"), ("a/2.jpg", b""), ("b/1.jpg", b"three")], mode)
    said = []
    done = unpack.unpack(archive, target, SHA, source="https://a/b.tar", progress=said.append)
    assert (done.files, done.size) == (3, 8)
    assert (target / "a" / "1.jpg").read_bytes() == b"one"
    assert (target / "a" / "2.jpg").read_bytes() == b""
    kept = unpack.marker(target)
    assert (kept["archive"], kept["sha256"], kept["files"], kept["bytes"]) == ("named.zip", SHA, 3, 8)
    assert kept["source"] == "https://a/b.tar"
    assert said[-1].stage == "unpacking"
    assert said[-1].done == said[-1].total == 1


def test_a_zip_is_unpacked_whole_and_macs_extra_folder_is_left_out(tmp_path, target):
    archive = zipped(tmp_path / "a.zip", [("set/", b""), ("set/é.txt", b"1234"), ("__MACOSX/set/._é.txt", b"x")])
    done = unpack.unpack(archive, target, SHA)
    assert (done.files, done.size) == (1, 4)
    assert sorted(path.name for path in target.rglob("*")) == [".fetched.json", "set", "é.txt"]


@pytest.mark.parametrize("mode", ["w", "w:xz"])
def test_a_large_file_comes_out_as_it_went_in(tmp_path, target, mode):
    content = os.urandom(3_500_001)
    unpack.unpack(tarred(tmp_path / "a.tar", [("x", content), ("y", b"1")], mode), target, SHA)
    assert (target / "x").read_bytes() == content


def test_a_zip_within_a_tar_does_not_make_it_a_zip(tmp_path, target):
    inner = zipped(tmp_path / "inner.zip", [("x", b"y")]).read_bytes()
    unpack.unpack(tarred(tmp_path / "a.tar", [("inner.zip", inner)]), target, SHA)
    assert (target / "inner.zip").read_bytes() == inner


def test_modes_of_the_archive_play_no_part(tmp_path, target):
    entry = tarfile.TarInfo("run.sh")
    entry.mode = 0o6777
    unpack.unpack(tarred(tmp_path / "a.tar", [(entry, b"x")]), target, SHA)
    assert stat.S_IMODE((target / "run.sh").stat().st_mode) & 0o7111 == 0


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../evil", "leads out of its folder"),
        ("a/../../evil", "leads out of its folder"),
        ("a\\..\\..\\evil", "leads out of its folder"),
        ("/etc/evil", "is an absolute path"),
        ("\\\\server\\evil", "is an absolute path"),
        ("C:evil", "is an absolute path"),
        ("c:\\evil", "is an absolute path"),
        ("a/NUL", "is a device's name"),
        ("aux.txt", "is a device's name"),
        ("a/com1.jpg", "is a device's name"),
        ("a\x1b[2J", "has control characters"),
        ("a\nb", "has control characters"),
        ("x" * 256, "is longer than the 255 bytes"),
        ("é" * 128, "is longer than the 255 bytes"),
        ("/".join(["d"] * 41), "lies deeper than 40 folders"),
    ],
)
@pytest.mark.parametrize("write", [zipped, tarred])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, target, write, name, why):
    archive = write(tmp_path / "archive", [("good.jpg", b"1"), (name, b"2")])
    refused(archive, target, why)
    assert not (tmp_path / "evil").exists()


def test_harmless_names_stay(tmp_path, target):
    found = ["./a//b/.hidden", "nullable/auxiliary.txt", "a/..b", "console"]
    unpack.unpack(tarred(tmp_path / "a.tar", [(name, b"1") for name in found]), target, SHA)
    there = sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file())
    assert there == [".fetched.json", "a/..b", "a/b/.hidden", "console", "nullable/auxiliary.txt"]


def test_a_name_that_is_no_text_is_refused(tmp_path, target):
    refused(tarred(tmp_path / "a.tar", [("a\udcff", b"1")]), target, r"a\\xff' is not UTF-8")
    # The same in a zip, whose names count as those of DOS unless they are marked as UTF-8.
    content = zipped(tmp_path / "b.zip", [("ab.jpg", b"1")]).read_bytes()
    (tmp_path / "b.zip").write_bytes(content.replace(b"ab.jpg", b"\xffb.jpg"))
    refused(tmp_path / "b.zip", target, "is not UTF-8")
    (tmp_path / "c.zip").write_bytes(content.replace(b"ab.jpg", b"\xc3\xa9.jpg"))
    unpack.unpack(tmp_path / "c.zip", target, SHA)
    assert (target / "é.jpg").is_file()


def test_a_name_with_a_null_byte_is_refused(tmp_path, target):
    content = zipped(tmp_path / "a.zip", [("ab.jpg", b"1")]).read_bytes()
    (tmp_path / "a.zip").write_bytes(content.replace(b"ab.jpg", b"a\0.jpg"))
    refused(tmp_path / "a.zip", target, "control characters|damaged")


@pytest.mark.parametrize(
    ("kind", "link", "why"),
    [
        (tarfile.SYMTYPE, "../../evil", "link out of the folder"),
        (tarfile.SYMTYPE, "/etc/passwd", "link out of the folder"),
        (tarfile.SYMTYPE, "..\\..\\evil", "link out of the folder"),
        (tarfile.LNKTYPE, "../evil", "link out of the folder"),
        (tarfile.LNKTYPE, "/etc/passwd", "link out of the folder"),
        (tarfile.SYMTYPE, "nowhere", "link to no file"),
        (tarfile.SYMTYPE, "l", "link to no file"),
        (tarfile.FIFOTYPE, "", "a device, a pipe"),
        (tarfile.CHRTYPE, "", "a device, a pipe"),
        (tarfile.BLKTYPE, "", "a device, a pipe"),
        (tarfile.CONTTYPE + b"", "", None),
    ],
)
def test_links_that_leave_and_devices_are_refused(tmp_path, target, kind, link, why):
    archive = tarred(tmp_path / "a.tar", [("good.jpg", b"1"), (special("d/l", kind, link), b"")])
    if why is None:
        unpack.unpack(archive, target, SHA)
        assert (target / "d" / "l").is_file()
    else:
        refused(archive, target, why)


def test_nothing_is_written_through_a_link(tmp_path, target):
    (tmp_path / "outside").mkdir()
    entries = [(special("d", tarfile.SYMTYPE, str(tmp_path / "outside")), b""), ("d/evil", b"1")]
    refused(tarred(tmp_path / "a.tar", entries), target, "link out of the folder")
    # One that stays inside is a file by then, so that nothing can lie in it.
    entries = [("e/x", b"1"), (special("d", tarfile.SYMTYPE, "e"), b""), ("d/evil", b"1")]
    refused(tarred(tmp_path / "b.tar", entries), target, "is a file and a folder")
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_link_that_stays_inside_becomes_the_file(tmp_path, target):
    links = [
        (special("d/later", tarfile.SYMTYPE, "../e/file"), b""),
        (special("chain", tarfile.SYMTYPE, "d/later"), b""),
        ("e/file", b"content"),
        (special("hard", tarfile.LNKTYPE, "e/file"), b""),
    ]
    done = unpack.unpack(tarred(tmp_path / "a.tar", links), target, SHA)
    assert done.files == 4
    for name in ("d/later", "chain", "hard"):
        assert not (target / name).is_symlink()
        assert (target / name).read_bytes() == b"content"


def test_links_and_devices_in_a_zip_are_seen_too(tmp_path, target):
    refused(
        zipped(tmp_path / "a.zip", [(unix("l", stat.S_IFLNK | 0o777), b"../../x")]), target, "link out of the folder"
    )
    refused(zipped(tmp_path / "b.zip", [(unix("f", stat.S_IFIFO | 0o666), b"")]), target, "a device or a pipe")
    entries = [(unix("l", stat.S_IFLNK | 0o777), "d/f"), (unix("d/f", stat.S_IFREG | 0o644), b"12")]
    unpack.unpack(zipped(tmp_path / "c.zip", entries), target, SHA)
    assert (target / "l").read_bytes() == b"12"
    assert not (target / "l").is_symlink()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("write", [zipped, tarred])
def test_no_entry_takes_the_place_of_another(tmp_path, target, write):
    refused(write(tmp_path / "a", [("x/a.jpg", b"1"), ("x/./a.jpg", b"2")]), target, "'x/a.jpg' is there twice")
    refused(write(tmp_path / "b", [("x", b"1"), ("x/a.jpg", b"2")]), target, "'x' is a file and a folder")
    refused(write(tmp_path / "c", [("x/a.jpg", b"1"), ("x", b"2")]), target, "'x' is a file and a folder")


def test_names_that_differ_in_case_are_refused_where_the_disk_takes_them_for_one(tmp_path, target, monkeypatch):
    entries = [("Crane/1.jpg", b"1"), ("crane/1.jpg", b"2")]
    archive = tarred(tmp_path / "a.tar", entries)
    monkeypatch.setattr(names, "_folds", lambda folder: True)
    refused(archive, target, "'Crane' and 'crane' are one name to this disk")
    refused(tarred(tmp_path / "b.tar", [("é", b"1"), ("e\u0301", b"2")]), target, "are one name to this disk")
    monkeypatch.undo()
    unpack.unpack(archive, target, SHA)
    assert [(target / name).read_bytes() for name in ("Crane/1.jpg", "crane/1.jpg")] == [b"1", b"2"]


def test_the_disk_itself_says_whether_case_matters(tmp_path):
    (tmp_path / "probe").mkdir()
    (tmp_path / "A").touch()
    assert names._folds(tmp_path / "probe") == (tmp_path / "a").exists()
    assert list((tmp_path / "probe").iterdir()) == []


@pytest.mark.parametrize("write", [zipped, tarred])
def test_limits_of_files_and_bytes(tmp_path, target, write):
    archive = write(tmp_path / "a", [(f"{n}.jpg", b"12345") for n in range(10)])
    refused(archive, target, "more than 9 files", limits=Limits(files=9))
    refused(archive, target, "become more than 49 bytes", limits=Limits(size=49))
    assert unpack.unpack(archive, target, SHA, limits=Limits(files=10, size=50)).files == 10


@pytest.mark.parametrize("mode", ["zip", "w:gz", "w:xz", "w:bz2"])
def test_a_bomb_is_refused_by_what_it_would_become(tmp_path, target, mode):
    content = [("zeros", bytes(3_000_000))]
    archive = zipped(tmp_path / "a", content) if mode == "zip" else tarred(tmp_path / "a", content, mode)
    assert archive.stat().st_size < 15_000
    refused(archive, target, "as no data set's do", limits=Limits(free=1_000_000, ratio=50))


def test_a_bomb_between_the_entries_is_noticed(tmp_path, target):
    # The header claims no bytes, and what follows is not part of any entry.
    import gzip

    with gzip.open(tmp_path / "a.tgz", "wb") as stream:
        stream.write(tarfile.TarInfo("x").tobuf() + b"\1" * 100_000_000)
    refused(tmp_path / "a.tgz", target, "damaged|as no data set's do", limits=Limits(free=1_000_000, ratio=50))


def test_a_header_that_claims_to_fill_the_memory_is_refused(tmp_path, target):
    entry = special("x", tarfile.XHDTYPE)
    entry.size = 5_000_000_000
    (tmp_path / "a.tar").write_bytes(entry.tobuf() + bytes(1024))
    refused(tmp_path / "a.tar", target, "header claims 5,000,000,000 bytes")


def test_an_entry_that_claims_more_than_there_is(tmp_path, target):
    entry = tarfile.TarInfo("x")
    entry.size = 5_000
    (tmp_path / "a.tar").write_bytes(entry.tobuf() + b"\1" * 1024)
    refused(tmp_path / "a.tar", target, "damaged or cut off")
    entry = special("x", tarfile.GNUTYPE_SPARSE)
    buffer = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    buffer[483:495] = b"77777777777\0"
    buffer[148:156] = b"%06o\0 " % (sum(buffer[:148]) + sum(buffer[156:512]) + 256)
    (tmp_path / "b.tar").write_bytes(bytes(buffer) + bytes(1024))
    refused(tmp_path / "b.tar", target, "claims bytes that the archive does not hold|become more than|as no data set")


def test_a_zip_that_lies_about_its_sizes_is_refused(tmp_path, target):
    content = bytearray(zipped(tmp_path / "a.zip", [("x", b"0" * 1000)]).read_bytes())
    central = content.index(b"PK\1\2")
    content[central + 24 : central + 28] = struct.pack("<I", 10)
    (tmp_path / "a.zip").write_bytes(content)
    refused(tmp_path / "a.zip", target, "damaged")
    content[central + 24 : central + 28] = struct.pack("<I", 2000)
    (tmp_path / "a.zip").write_bytes(content)
    refused(tmp_path / "a.zip", target, "damaged|fewer than the 2,000 bytes")


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_that_is_cut_anywhere_is_not_taken_for_a_whole_one(tmp_path, target, mode):
    whole = tarred(tmp_path / "a.tar", [(f"{n}.bin", os.urandom(700)) for n in range(4)], mode).read_bytes()
    # Of a plain tar also exactly between two entries, where Python's own reader sees an end.
    for cut in (512, 1536, 2560, len(whole) // 2, *((6144,) if mode == "w" else (len(whole) - 4,))):
        (tmp_path / "cut.tar").write_bytes(whole[:cut])
        refused(tmp_path / "cut.tar", target, "damaged or cut off|neither a zip nor a tar")


def test_a_damaged_zip_leaves_nothing(tmp_path, target):
    whole = bytearray(zipped(tmp_path / "a.zip", [("a", b"1" * 99), ("b", os.urandom(4000))]).read_bytes())
    (tmp_path / "cut.zip").write_bytes(whole[:-30])
    refused(tmp_path / "cut.zip", target, "damaged or cut off")
    whole[2000] ^= 255
    (tmp_path / "flipped.zip").write_bytes(whole)
    refused(tmp_path / "flipped.zip", target, "damaged or cut off")


def test_what_is_no_archive_is_said_to_be_none(tmp_path, target):
    (tmp_path / "page.zip").write_bytes(b"<html>Log in</html>")
    refused(tmp_path / "page.zip", target, "neither a zip nor a tar file")
    (tmp_path / "empty.zip").write_bytes(b"")
    refused(tmp_path / "empty.zip", target, "neither a zip nor a tar file")
    refused(zipped(tmp_path / "none.zip", [("folder/", b"")]), target, "it holds no files")
    refused(tarred(tmp_path / "none.tar", []), target, "it holds no files")


def test_a_zip_with_a_password_says_what_to_do(tmp_path, target):
    content = bytearray(zipped(tmp_path / "a.zip", [("x", b"0")]).read_bytes())
    central = content.index(b"PK\1\2")
    content[6] |= 1
    content[central + 8] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    refused(tmp_path / "a.zip", target, "locked with a password: unpack it yourself and give the folder with --data")


def test_a_chain_of_long_names_without_end_is_damage(tmp_path, target):
    header = special("././@LongLink", tarfile.GNUTYPE_LONGNAME)
    header.size = 2
    (tmp_path / "a.tar").write_bytes((header.tobuf() + b"a\0".ljust(512, b"\0")) * 3000 + bytes(1024))
    refused(tmp_path / "a.tar", target, "damaged or cut off")


def test_a_full_disk_is_told_as_one(tmp_path, target, monkeypatch):
    archive = zipped(tmp_path / "a.zip", [("x", os.urandom(5000))])
    monkeypatch.setattr(unpack.shutil, "disk_usage", lambda path: unpack.shutil._ntuple_diskusage(10, 9, 1))
    refused(archive, target, "needs 5 kB unpacked, and .* has 1 bytes free", StoreError)


def test_a_disk_that_fills_up_meanwhile_is_told_as_one(tmp_path, target, monkeypatch):
    import resource

    archive = tarred(tmp_path / "a.tar", [("x", os.urandom(400_000))])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(StoreError, match="the disk is full"):
            unpack.unpack(archive, target, SHA)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)
    assert not target.exists()


def test_a_folder_that_holds_something_is_never_touched(tmp_path, target):
    archive = zipped(tmp_path / "a.zip", [("x", b"0")])
    target.mkdir(parents=True)
    unpack.unpack(archive, target, SHA)
    (target / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="is there already: move it away"):
        unpack.unpack(archive, target, SHA)
    assert (target / "mine.txt").read_text() == "mine"
    with pytest.raises(UsageError, match="is not a file"):
        unpack.unpack(tmp_path / "none.zip", tmp_path / "b", SHA)


def test_an_interruption_leaves_no_half_of_a_set(tmp_path, target):
    archive = tarred(tmp_path / "a.tar", [(f"{n}", b"1") for n in range(50)])

    def interrupted(progress):
        if (target.parent).is_dir() and any(target.parent.glob(".a.*.unpacking/*")):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        # Each entry tells of itself here.
        from core.getting import meter

        original, meter._EVERY_S = meter._EVERY_S, 0.0
        try:
            unpack.unpack(archive, target, SHA, progress=interrupted)
        finally:
            meter._EVERY_S = original
    assert not target.exists()
    assert unpack.marker(target) == {}
    # What a killed process has left is no set, and goes with the next.
    (target.parent / ".a.0123456789abcdef.unpacking" / "half").mkdir(parents=True)
    unpack.unpack(archive, target, SHA)
    assert [path.name for path in target.parent.iterdir() if "unpacking" in path.name] == [".a.unpacking.lock"]
