"""The page Data: what is here, what can be got, folders that are checked, and room that is made only after asking."""

import os
import shutil
import threading
import time
from collections import namedtuple
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock
from PIL import Image

from core import jobs, paths, store
from core.benchmarks import find_data, known_benchmarks, open_and_remember, published_benchmarks
from core.errors import DataError, StorageError
from core.evaluate.loop import evaluate
from core.getting import freeing
from core.jobs.kinds.description import Description
from core.jobs.kinds.fetch import Fetch
from core.own import entries
from core.own.add import keep, understand
from core.wording import escaped
from pages.shared.data import check, status
from tests.browser import PATIENCE_MS, app_server, chromium
from tests.conftest import BLUE_WNID, RED_WNID
from tests.pages.conftest import open_page, target, text_of
from tests.pages.test_browser import asked_outside, settle

DATA = "pages/data.py"


@pytest.fixture
def no_worker(monkeypatch):
    """Jobs are queued, and nobody takes them."""
    monkeypatch.setattr("core.jobs.queue._start_worker", lambda device: None)


@pytest.fixture
def no_network(monkeypatch):
    """Every request is an error."""

    def refuse(*given, **named):
        raise AssertionError("a server was asked without a click")

    monkeypatch.setattr("requests.sessions.Session.request", refuse)


@pytest.fixture
def result(toy_model, colour_folder):
    """A result on 24 images whose folder is remembered."""
    return evaluate(toy_model, open_and_remember("imagenet", colour_folder))


@pytest.fixture
def own(tmp_path, colour_folder):
    """Four photographs of one's own with a factor."""
    root = tmp_path / "photos"
    root.mkdir()
    rows = []
    for number in range(4):
        shutil.copy(colour_folder / RED_WNID / f"{number}.png", root / f"p{number}.png")
        rows.append((f"p{number}.png", RED_WNID, number * 10))
    table = tmp_path / "samples.csv"
    pd.DataFrame(rows, columns=["file", "label", "angle"]).to_csv(table, index=False)
    return keep(understand("mine", str(root), str(table), published=published_benchmarks()))


def button(at, label):
    found = [element for element in at.button if element.label == label]
    assert found, [element.label for element in at.button]
    return found[0]


def labels(at):
    return [element.label for element in at.button]


def listed(at):
    """The table of benchmarks by key."""
    return at.dataframe[0].value.set_index("Benchmark")


def links(at):
    return [target(element.proto) for element in at.main.get("page_link")]


def checked(at, folder, key=check._TELL_ME):
    """The page after a folder was checked, however slow the machine is."""
    at.text_input(key="check-folder").set_value(str(folder))
    at.selectbox(key="check-key").set_value(key)
    return through(button(at, "Check").click().run())


def through(at):
    """The page once the work beside it is through."""
    for _ in range(200):
        if "the page can be used meanwhile" not in text_of(at):
            return at
        time.sleep(0.1)
        at.run()
    raise AssertionError("the work does not end")


def test_the_sentence_counts_what_is_here(result):
    at = open_page(DATA)
    assert not at.exception
    assert not at.error
    # The seven of Diorama come with the project, and imagenet's folder is known.
    n, ready = len(known_benchmarks()), 8
    said = f"**{ready} of {n} benchmarks** ready here, "
    assert said in text_of(at)
    assert " and 1 result: " in text_of(at)
    row = listed(at).loc["imagenet"]
    assert (row["State"], row["Images"], row["Results"], row["Whose"]) == ("● ready", 24, 1, "published")
    assert listed(at).loc["imagenet-a", "State"] == "– missing"


def test_each_folder_counts_once_on_the_disk(tmp_path):
    of = {"n_bytes": 100, "at_least": False}
    empty = pd.DataFrame(columns=["folder", "path", "n_bytes", "at_least"])
    found = status.Status(
        benchmarks=pd.DataFrame([{"folder": "/a/d", **of}, {"folder": "/a/d", **of}, {"folder": None, **of}]),
        models=pd.DataFrame([{"folder": "/m", "n_bytes": 7, "at_least": True}]),
        results=empty,
        downloads=pd.DataFrame([{"folder": "/a", **of, "n_bytes": 130}]),
        trash=empty,
    )
    # What was downloaded to /a holds the benchmark's folder /a/d.
    assert status.disk(found) == (137, False)


def test_a_benchmark_of_the_address_is_told_with_the_ways_to_its_results(result):
    at = open_page(DATA, cell="imagenet")
    said = text_of(at)
    assert not at.exception
    assert "24 of 50,000" in said
    assert str(find_data("imagenet")) in said
    assert [link.partition("?")[0] for link in links(at)] == ["size_location_rotation", "runs", "runs"]
    assert "benchmark=imagenet&models=brightest-channel" in links(at)[0]
    assert links(at)[1:] == ["runs?benchmark=imagenet", "runs?at=models"]


def test_a_missing_benchmark_says_how_to_get_it_and_offers_no_check():
    at = open_page(DATA, cell="imagenet-r")
    said = text_of(at)
    assert "<dd>missing: no folder is known</dd>" in said
    assert "imagenet-r.tar" in said
    assert "MIT for the collection" in said
    assert not {"Check its data", "Describe its images"} & set(labels(at))


@pytest.mark.parametrize("cell", ["imagenet;size=x", "", "../<b>x</b>"])
def test_a_link_to_what_is_not_there_opens_the_page(cell):
    at = open_page(DATA, cell=cell, add="nonsense")
    assert not at.exception
    assert not at.error
    assert "Add images of your own" in labels(at)


def test_what_a_person_must_accept_is_told_in_steps():
    at = open_page(DATA, cell="objectnet")
    said = text_of(at)
    assert "because a person must accept its terms" in said
    assert "<ol" in said
    assert not [label for label in labels(at) if label.startswith("Fetch")]


def test_a_fetch_shows_licence_size_and_room_before_it_is_queued(no_worker, no_network):
    at = open_page(DATA, cell="imagenet-a")
    said = text_of(at)
    # 687,552,512 bytes, and 1.1 times as much for what is unpacked of it.
    assert "688 MB, about 1.44 GB of disk" in said
    assert f"{paths.data_home() / 'downloads' / 'imagenet-a'} (" in said
    assert jobs.list_jobs() == []
    button(at, "Fetch 688 MB under this licence").click().run()
    assert not at.exception
    (job,) = jobs.list_jobs()
    assert job.arguments == Fetch("imagenet-a")
    assert at.title[0].value == "Runs"


def test_what_there_is_no_room_for_cannot_be_fetched(monkeypatch, no_network):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("core.getting.plans.shutil.disk_usage", lambda folder: usage(10**9, 0, 10**9))
    at = open_page(DATA, cell="imagenet-a")
    assert not at.exception
    assert "imagenet-a needs " in at.error[0].value
    assert not [label for label in labels(at) if label.startswith("Fetch")]


def test_a_server_is_asked_for_a_size_after_a_click_alone_and_once(monkeypatch, no_worker, no_network):
    asked = []

    def size_at(address, patience):
        asked.append(address.url)
        return 12_000_000

    monkeypatch.setattr("core.getting.files.size_at", size_at)
    at = open_page(DATA, cell="si-score/size")
    at.radio(key="fetch-of-si-score/size").set_value("si-score/size-mini").run()
    assert asked == []
    through(button(at, "Ask for the size").click().run())
    at.run()
    assert len(asked) == 1
    button(at, "Fetch 12 MB under this licence").click().run()
    assert jobs.list_jobs()[0].arguments == Fetch("si-score/size-mini")


def test_what_a_server_does_not_say_can_be_asked_again(monkeypatch, no_network):
    answers = [StorageError("the hub cannot be reached"), DataError("nothing there")]

    def plan(entry):
        raise answers.pop(0)

    monkeypatch.setattr("core.getting.hub.dataset_plan", plan)
    at = open_page(DATA, cell="imagenet-hard")
    through(button(at, "Ask for the size").click().run())
    assert at.error[0].value == "the hub cannot be reached"
    through(button(at, "Ask again").click().run())
    assert at.error[0].value == "nothing there"


def test_a_page_does_not_wait_for_a_slow_server(monkeypatch, no_network):
    goes_on = threading.Event()
    monkeypatch.setattr("core.getting.files.size_at", lambda address, patience: goes_on.wait(60) and 5_000_000)
    at = open_page(DATA, cell="focus")
    button(at, "Ask for the size").click().run()
    assert "Asking for the size of focus … " in text_of(at)
    assert at.subheader
    goes_on.set()
    assert "Fetch 5 MB under this licence" in labels(through(at))


def test_a_copy_that_is_here_already_is_fetched_from_there(tmp_path, no_worker, no_network):
    (tmp_path / "mine.tar").write_bytes(b"x" * 5000)
    at = open_page(DATA, cell="imagenet-a")
    at.text_area(key="fetch-given--imagenet-a").set_value(str(tmp_path / "mine.tar")).run()
    button(at, "Fetch 5 kB under this licence").click().run()
    assert jobs.list_jobs()[0].arguments == Fetch("imagenet-a", (str(tmp_path / "mine.tar"),))


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("given", "/", "is a folder"),
        ("given", "~nobody-of-this-name/a.tar", "cannot be reached"),
        ("given", "x" * 300, "too long to be the path of a file"),
        ("given", "a.tar\nb.tar", "is not a file on this machine"),
        ("address", "http://[", "is no address to fetch from"),
        ("address", "ftp://x/y", "is no address to fetch from"),
    ],
)
def test_a_copy_or_an_address_that_cannot_be_is_one_clear_line(no_network, field, typed, said):
    at = open_page(DATA, cell="imagenet-a")
    fields = at.text_area if field == "given" else at.text_input
    fields(key=f"fetch-{field}--imagenet-a").set_value(typed).run()
    if field == "address":
        through(button(at, "Ask for the size").click().run())
    assert not at.exception
    assert said in at.error[0].value
    assert jobs.list_jobs() == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("imagnet-a", "Did you mean 'imagenet-a'"),
        ("???", "nothing is known to fetch under"),
        ("model:", "names no model"),
    ],
)
def test_a_name_that_is_none_says_what_is_known(no_network, typed, said):
    at = open_page(DATA, fetch=typed)
    assert not at.exception
    assert said in at.error[0].value.replace("\\", "")


def test_anything_that_is_known_can_be_fetched_by_name(no_worker, no_network):
    at = open_page(DATA, fetch="imagenet-mistakes")
    # 49,255, 32,295 and 23,571 bytes.
    button(at, "Fetch 105 kB under this licence").click().run()
    assert jobs.list_jobs()[0].arguments == Fetch("imagenet-mistakes")


def test_describing_is_a_job(result, no_worker):
    at = open_page(DATA, cell="imagenet")
    button(at, "Describe its images").click().run()
    assert not at.exception
    (job,) = jobs.list_jobs()
    assert job.arguments == Description("imagenet", str(find_data("imagenet")))
    assert at.title[0].value == "Runs"


def test_a_known_folder_is_checked_where_it_is_told_of(result):
    at = open_page(DATA, cell="imagenet")
    through(button(at, "Check its data").click().run())
    assert "20 images opened, 20 drawn at random (seed 0): each is an image." in text_of(at)


def test_a_folder_is_told_what_it_is_and_used(colour_folder):
    at = checked(open_page(DATA), colour_folder)
    assert not at.exception
    said = "It looks like imagenet: it has 3 folders named by WordNet id; other data look like that, too."
    assert said in text_of(at)
    assert find_data("imagenet") is None
    button(at, "Use this folder for imagenet").click().run()
    assert find_data("imagenet") == colour_folder
    assert at.success[0].value == escaped(f"{colour_folder} is the folder of imagenet now.")
    assert listed(at).loc["imagenet", "State"] == "● ready"


def test_what_is_wrong_with_a_folder_is_named_with_what_to_do(colour_folder):
    (colour_folder / BLUE_WNID / "1.png").write_bytes(b"")
    for number in (0, *range(2, 8)):
        (colour_folder / BLUE_WNID / f"{number}.png").unlink()
    at = checked(open_page(DATA), colour_folder, "imagenet")
    # 17 images are left: all of them are opened.
    assert "1 of 17 images, all, cannot be used. The file is empty: n01484850/1.png." in text_of(at)
    assert "<b>wrong</b>" in text_of(at)
    assert "To do: Get these files again" in text_of(at)


def test_images_of_ones_own_lead_to_the_form_that_adds_them(tmp_path):
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    at = checked(open_page(DATA), tmp_path)
    assert "1 images that are named like no published set" in text_of(at)
    assert "“Add images of your own” above" in text_of(at)
    button(at, "Add images of your own").click().run()
    assert not at.exception


def test_a_folder_in_use_need_not_be_taken_again(result):
    at = checked(open_page(DATA), find_data("imagenet"), "imagenet")
    assert "It is the folder that is used for `imagenet`." in text_of(at)
    assert not [label for label in labels(at) if label.startswith("Use this folder")]


@pytest.mark.parametrize("key", [check._TELL_ME, "imagenet", "hard-imagenet", "diorama/size"])
@pytest.mark.parametrize(
    "typed",
    [
        *("/no/such", "relative/none", "~nobody-of-this-name/x", "/etc/passwd", "/dev/null", "s3://bucket/x", "x://y"),
        *("a\0b", "/" + "x" * 900, "..", "/proc/self/mem", "<script>alert(1)</script>", "[a](http://x.y)", "hf://"),
    ],
)
def test_no_folder_that_is_typed_ends_in_a_traceback(typed, key):
    found = check.look(typed, key if key != check._TELL_ME else "")
    findings = (*found.findings, *(found.checked.findings if found.checked else ()))
    assert findings
    assert all("\n" not in each.said and "Traceback" not in each.said for each in findings)
    assert all(each.severity in check._MARKS for each in findings)


def test_nothing_typed_asks_for_a_folder():
    at = open_page(DATA)
    at.text_input(key="check-folder").set_value("   ")
    button(at, "Check").click().run()
    assert at.warning[0].value == "Name a folder first."


def test_a_file_and_an_archive_say_what_to_give(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK")
    (tmp_path / "notes.txt").write_text("x")
    assert check.look(str(tmp_path / "a.zip")).findings[0].fix == "Unpack it and give the folder."
    assert check.look(str(tmp_path / "notes.txt")).findings[0].fix == "Give the folder that holds it."
    assert "holds archives: a.zip" in check.look(str(tmp_path)).findings[0].said
    assert "Did you mean 'a.zip'?" in check.look(str(tmp_path / "b.zip")).findings[0].said


def test_names_of_folders_are_text(tmp_path):
    folder = tmp_path / "<img src=x onerror=alert(1)>"
    folder.mkdir()
    at = checked(open_page(DATA), folder)
    assert "<img src=x" not in text_of(at)
    assert "&lt;img src=x onerror=alert(1)&gt;" in text_of(at)


def test_a_result_is_moved_to_the_trash_after_asking_and_put_back(result):
    at = open_page(DATA)
    at.multiselect(key="free-picked").set_value([str(result.path)]).run()
    assert result.path.is_dir()
    button(at, "Free …").click().run()
    assert f"{escaped('brightest-channel on imagenet')} · {result.identity[:8]} · " in at.warning[0].value
    button(at, "Keep").click().run()
    assert result.path.is_dir()
    assert not at.warning
    button(at, "Free …").click().run()
    button(at, "Move to the trash").click().run()
    assert not result.path.exists()
    (trashed,) = freeing.trash()
    shown = at.dataframe[-1].value
    assert shown["It is"].tolist() == [str(trashed.path)]
    assert shown["It was"].tolist() == [str(result.path)]
    assert " and 0 results: " in text_of(at)
    at.multiselect(key="restore-picked").set_value([trashed.when]).run()
    button(at, "Put back").click().run()
    assert at.success[0].value == "1 thing put back."
    assert store.open_run(result.path, "imagenet") is not None
    assert " and 1 result: " in text_of(at)


def test_the_trash_is_emptied_after_asking(result):
    trashed = freeing.free(freeing.find(result.identity))
    at = open_page(DATA)
    button(at, "Empty the trash …").click().run()
    assert trashed.path.is_dir()
    button(at, "Keep").click().run()
    assert trashed.path.is_dir()
    button(at, "Empty the trash …").click().run()
    button(at, "Delete for good").click().run()
    assert not trashed.path.exists()
    assert "The trash is empty." in text_of(at)
    assert at.success[0].value == "1 thing deleted."


def test_what_cannot_be_put_back_stays_and_says_why(result):
    trashed = freeing.free(freeing.find(result.identity))
    result.path.mkdir()
    at = open_page(DATA)
    at.multiselect(key="restore-picked").set_value([trashed.when]).run()
    button(at, "Put back").click().run()
    assert not at.exception
    assert "is there again" in at.error[0].value
    assert trashed.path.is_dir()


def test_what_is_being_written_stays_and_says_why(result):
    at = open_page(DATA)
    at.multiselect(key="free-picked").set_value([str(result.path)]).run()
    button(at, "Free …").click().run()
    with FileLock(result.path / ".lock"):
        button(at, "Move to the trash").click().run()
    assert not at.exception
    assert "is being written by another process" in at.error[0].value
    assert result.path.is_dir()


def test_ones_own_comes_first_and_is_taken_off_the_list_after_asking(own):
    at = open_page(DATA, cell="mine")
    table = at.dataframe[0].value
    assert (table["Benchmark"].iloc[0], table["Whose"].iloc[0], table["Images"].iloc[0]) == ("mine", "yours", 4)
    assert "1 of them your own" in text_of(at)
    button(at, "Take it off the list …").click().run()
    assert entries.names() == ["mine"]
    button(at, "Keep it").click().run()
    assert entries.names() == ["mine"]
    button(at, "Take it off the list …").click().run()
    button(at, "Take it off").click().run()
    assert not at.exception
    assert entries.names() == []
    assert "mine" not in set(at.dataframe[0].value["Benchmark"])
    assert (Path(own.root) / "p0.png").is_file()


def test_a_damaged_entry_is_told_of(own):
    path = entries.folder() / "mine.json"
    path.write_text("{")
    at = open_page(DATA)
    assert not at.exception
    assert any("mine" in warning.value for warning in at.warning)


@pytest.mark.parametrize("folder", ["s3://bucket/x", "/a\0b", "~nobody-of-this-name/x", "/etc/passwd"])
def test_a_remembered_folder_that_cannot_be_one_hides_nothing_else(folder, colour_folder):
    paths.update_json(paths.data_home() / "settings.json", lambda all_: all_.update(data={"imagenet": folder}))
    at = open_page(DATA, cell="imagenet")
    assert not at.exception
    assert not at.error
    assert listed(at).loc["imagenet", "State"] != "● ready"
    assert listed(at).loc["diorama/size", "State"] == "● ready"
    at = checked(at, colour_folder, "imagenet")
    button(at, "Use this folder for imagenet").click().run()
    assert find_data("imagenet") == colour_folder


def test_names_of_downloads_are_told_whatever_bytes_they_are(result):
    downloads = paths.data_home() / "downloads"
    for name in (b"\xff\xfe", b"[a](x.y) <b>`", b"=1+1"):
        (Path(os.fsdecode(os.fsencode(downloads) + b"/" + name))).mkdir(parents=True)
    at = open_page(DATA)
    assert not at.exception
    assert set(at.dataframe[-1].value["Download"]) == {r"\xff\xfe", "[a](x.y) <b>`", "=1+1"}
    at.multiselect(key="free-picked").set_value([str(downloads / os.fsdecode(b"\xff\xfe"))]).run()
    button(at, "Free …").click().run()
    button(at, "Move to the trash").click().run()
    assert not at.exception
    assert len(freeing.trash()) == 1 or at.error


def test_a_demo_starts_nothing_and_names_no_folders(own, result, monkeypatch, tmp_path):
    freeing.free(freeing.find(result.identity))
    monkeypatch.setenv(paths.READ_ONLY, "1")
    for cell in ("", "mine", "imagenet", "imagenet-a"):
        at = open_page(DATA, cell=cell, add="images")
        assert not at.exception
        assert not at.error
        assert set(labels(at)) <= {"Close"}
        assert [len(each) for each in (at.text_input, at.text_area, at.multiselect)] == [0, 0, 0]
        assert str(tmp_path) not in text_of(at)
        assert all(str(tmp_path) not in each.value.to_csv() for each in at.dataframe)
        assert not [link for link in links(at) if link.startswith("runs")]


def test_home_says_how_many_are_ready_and_leads_here(own):
    at = open_page("app.py")
    n = len(known_benchmarks())
    assert f"8 of {n} benchmarks have their data here, 1 of them your own." in text_of(at)
    assert "data" in links(at)
    assert "imagenet-a" not in text_of(at)


@pytest.mark.browser
@pytest.mark.slow
def test_a_row_that_is_clicked_stands_in_the_address_and_back_undoes_it(monkeypatch):
    monkeypatch.delenv("OFFCENTER_EMBEDDED_RESULTS")
    with chromium() as browser, app_server() as url:
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        outside = asked_outside(tab)
        tab.goto(f"{url}/data")
        table = tab.get_by_test_id("stDataFrame").first
        table.wait_for(timeout=PATIENCE_MS)
        settle(tab)
        box = table.bounding_box()
        # Rows are as high as the head, and the second one is of Diorama's locations.
        tab.mouse.click(box["x"] + 17, box["y"] + 2.5 * 35)
        tab.locator(".st-key-oc-dock").get_by_text("diorama/location").wait_for(timeout=PATIENCE_MS)
        settle(tab)
        assert "cell=diorama%2Flocation" in tab.url
        assert tab.locator(".st-key-oc-dock").get_by_role("link", name="See its results").count() == 1
        tab.go_back()
        settle(tab)
        assert "cell=" not in tab.url
        assert tab.locator(".st-key-oc-dock").count() == 0
        assert outside == []
