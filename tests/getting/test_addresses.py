"""The table of what can be fetched: nothing half said, nothing that points elsewhere than it says."""

import hashlib
import re
from urllib.parse import urlsplit

import pytest

from core.benchmarks import known_benchmarks
from core.benchmarks.imagenet_annotations import FILE, KEY
from core.benchmarks.imagenet_real import FILE as REAL
from core.errors import UsageError
from core.getting import addresses
from core.mistakes import published

ENTRIES = addresses.known()
FILES = [(entry, file) for entry in ENTRIES.values() for file in entry.files]


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.key)
def test_every_entry_says_what_it_is_and_where_it_goes(entry):
    assert entry.title
    assert entry.licence
    assert not entry.benchmark or entry.benchmark in known_benchmarks()
    # Either files, or a data set of the hub, or steps for a person.
    assert sum(map(bool, (entry.hub, any(file.addresses for file in entry.files), entry.terms))) == 1
    assert not entry.terms or any("python -m core" in step for step in entry.terms)
    # An archive becomes a folder, so that only one may be the entry's own.
    assert sum(file.unpacked and not file.into for file in entry.files) <= 1
    assert ".." not in entry.place
    names = [file.name for file in entry.files]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("entry", "file"), FILES, ids=lambda each: getattr(each, "name", ""))
def test_every_address_names_its_source_and_no_digest_is_half_known(entry, file):
    assert re.fullmatch(r"[\w.-]+", file.name)
    for address in file.addresses:
        parts = urlsplit(address.url)
        assert parts.scheme == "https"
        assert "." in parts.netloc
        assert address.source
        # Who gives one gives the other.
        assert (address.size is None) == (address.sha256 is None)
    for digest in file.digests:
        assert re.fullmatch("[0-9a-f]{64}", digest)


def test_the_licence_is_the_benchmarks_own():
    differing = {
        key: (entry.licence, known_benchmarks()[entry.benchmark].licence)
        for key, entry in ENTRIES.items()
        if entry.benchmark and entry.licence != known_benchmarks()[entry.benchmark].licence
    }
    # In other words only.
    assert set(differing) <= {"hard-imagenet"}


def test_what_pages_look_for_is_fetched_under_the_name_that_they_look_for():
    names = {file.name for entry in ENTRIES.values() if entry.place == KEY for file in entry.files}
    assert names == {*(model.file for model in published.REFERENCES), published.CONFUSIONS, FILE, REAL}


def test_si_score_is_tried_under_both_names():
    urls = [urlsplit(address.url).path.rpartition("/")[2] for address in ENTRIES["si-score/size"].files[0].addresses]
    assert urls == ["size.zip", "area.zip"]
    assert {key for key in ENTRIES if key.endswith("-mini")} == {
        f"si-score/{factor}-mini" for factor in ("size", "location", "rotation")
    }


def test_the_file_that_is_no_longer_given_says_so_and_where_it_still_is():
    entry = ENTRIES["imagenet-m"]
    assert "403 since August 2025" in entry.note
    assert "imagenet2012_multilabel" in entry.by_hand


def test_the_sum_of_sizes_is_known_only_if_each_is():
    assert ENTRIES[KEY].known_size == 49_255 + 32_295 + 23_571
    assert ENTRIES["focus"].known_size is None
    # The optional archive does not count.
    assert ENTRIES["imagenet"].known_size == 6_744_924_160
    assert ENTRIES["imagenet-hard"].known_size is None


@pytest.mark.shared
def test_the_pinned_digests_are_those_of_the_published_files(shared):
    for file in ENTRIES[KEY].files:
        content = (shared / "data" / "imagenet-mistakes" / file.name).read_bytes()
        assert (len(content), {hashlib.sha256(content).hexdigest()}) == (file.known_size, file.digests)


def test_an_unknown_key_names_the_nearest():
    with pytest.raises(UsageError, match=r"nothing is known to fetch under 'imagenet-x'\. Did you mean 'imagenet-"):
        addresses.find("imagenet-x")
    with pytest.raises(UsageError, match="model:NAME"):
        addresses.find("resnet50")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "ftp://a/b",
        "http://",
        "https:///a",
        "a.zip",
        "http://a:x/",
        "http://a b/",
        "http://a/\x1b",
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(UsageError, match="is no address to fetch from"):
        addresses.require_url(url)


def test_an_address_is_shown_without_its_password():
    assert addresses.shown("https://me:secret@a.org:8/b?c=d") == "https://a.org:8/b?c=d"
    assert addresses.require_url(" https://a.org/b ") == "https://a.org/b"
