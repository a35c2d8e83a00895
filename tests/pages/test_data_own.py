"""Images of one's own on the page Data: what is understood, corrected and kept, and the way from a folder to a cell."""

import csv
import time

import pytest
from PIL import Image, ImageStat

from core import jobs, store
from core.benchmarks import open_benchmark
from core.evaluate.loop import evaluate
from core.jobs.kinds import Evaluation
from core.own import entries
from pages.shared.data import given
from pages.shared.page import cached
from tests.browser import PATIENCE_MS, app_server, chromium, wait_for_text
from tests.conftest import write_csv
from tests.job_tools import changed, make_model, waiting
from tests.pages.conftest import open_page, page_links, target, text_of

PAGE = "pages/data.py"
HEADER = ("file", "label", "angle", "weather", "place")
RAN = '[data-testid="stApp"][data-test-script-state="notRunning"]'


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch, request):
    """Pages start no process here, except in the browser test."""
    if "browser" not in request.keywords:
        monkeypatch.setattr("core.jobs.queue._start_worker", lambda device: None)


@pytest.fixture
def folder(tmp_path):
    """Six red images of tench and goldfish."""
    root = tmp_path / "Six photos"
    root.mkdir()
    for number in range(6):
        Image.new("RGB", (20, 20), (200, 10, 10)).save(root / f"{number}.png")
    return root


@pytest.fixture
def small(tmp_path, monkeypatch):
    """One model in a folder of this machine."""
    make_model(tmp_path / "zoo" / "small", "test_vit")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))


def rows():
    """A row an image: half of each label, weather and place."""
    return [
        [
            f"{number}.png",
            ("tench", "goldfish")[number % 2],
            60 * number,
            ("sun", "fog")[number // 3],
            f"p{number // 2}",
        ]
        for number in range(6)
    ]


def table(path, content=None, header=HEADER):
    write_csv(path, header, rows() if content is None else content)
    return path


def form(folder="", table="", **address):
    """The page with a folder and a table named."""
    at = open_page(PAGE, add="images", **address)
    if folder:
        at.text_input(key="own-folder").set_value(str(folder)).run()
    if table:
        at.text_input(key="own-table").set_value(str(table)).run()
    assert not at.exception
    return at


def add(at):
    at.button(key="own-add").click().run()
    assert not at.exception
    assert not at.error, [error.value for error in at.error]
    return at


def keys(at):
    return [button.key for button in at.button]


def tile(label, value, beneath):
    return (
        f'<div class="label">{label}</div><div class="value">{value}</div><span class="chip">{beneath}</span>'
    )  # fmt: skip


def test_what_was_understood_is_said_before_anything_is_kept(folder, tmp_path):
    content = [*rows(), ["9.png", "tench", 0, "sun", "p0"]]
    content[1][1] = "goldfsh"
    at = form(folder, table(tmp_path / "table.csv", content))
    said = text_of(at)
    # Of seven rows one has no image and another one no label: five are left.
    assert tile("Rows", 7, "table.csv, CSV") in said
    assert tile("Images found", 6, "1 missing") in said
    assert tile("Labels understood", 6, "1 not") in said
    assert tile("Can be used", 5, "2 cannot") in said
    assert "'9.png'" in said
    assert "perhaps 'goldfish'" in said
    assert "a model with others needs a list of its classes" in said
    assert "--" not in "".join(warning.value for warning in at.warning)
    assert entries.names() == []
    assert at.button(key="own-add").disabled
    at.toggle(key="own-leave-out").set_value(True).run()
    add(at)
    assert entries.entry("six-photos").n == 5


def test_each_column_is_a_factor_of_the_kind_that_it_looks_like(folder, tmp_path):
    at = form(folder, table(tmp_path / "table.csv"))
    editor = next(frame.value for frame in at.dataframe if "kind" in frame.value)
    assert editor["factor"].tolist() == ["angle", "weather", "place"]
    assert editor["kind"].tolist() == ["circular", "category", "category"]
    assert editor["values"].tolist() == [6, 2, 3]
    assert editor["examples"].tolist() == ["0, 60, 120, 180", "sun, fog", "p0, p1, p2"]


def test_dates_are_shown_as_dates(folder, tmp_path):
    content = [[*row[:4], f"2021-0{number + 1}-15"] for number, row in enumerate(rows())]
    at = form(folder, table(tmp_path / "table.csv", content, (*HEADER[:4], "taken")))
    editor = next(frame.value for frame in at.dataframe if "kind" in frame.value)
    assert editor["kind"].tolist()[-1] == "date"
    assert editor["examples"].tolist()[-1] == "2021-01, 2021-02, 2021-03, 2021-04"


def test_a_kind_that_was_chosen_is_kept_and_one_that_cannot_be_is_taken_back(folder, tmp_path):
    path = table(tmp_path / "table.csv")
    at = form(folder, path)
    at.session_state["own-kinds"] = ((str(folder), str(path)), {"angle": "category", "weather": "numeric"})
    at.run()
    assert not at.exception
    (error,) = at.error
    assert error.value.startswith("the column 'weather' cannot be numeric")
    assert error.value.endswith("or choose another kind.")
    at.run()
    assert not at.error
    add(at)
    kinds = {factor.name: factor.kind for factor in entries.entry("six-photos").factors}
    assert kinds == {"angle": "category", "weather": "category", "place": "category", "class": "category"}


def test_the_column_of_what_is_not_independent_is_chosen(folder, tmp_path):
    at = form(folder, table(tmp_path / "table.csv"))
    assert at.selectbox(key="own-cluster").options == ["none: each image is its own", *HEADER[2:]]
    at.selectbox(key="own-cluster").set_value("place").run()
    assert "Intervals are over 3 values of 'place', which images share." in text_of(at)
    add(at)
    assert entries.entry("six-photos").cluster_unit == "place"
    assert entries.read_samples(entries.entry("six-photos"))["cluster"].nunique() == 3


def test_a_column_called_group_is_the_usual_one(folder, tmp_path):
    at = form(folder, table(tmp_path / "table.csv", header=(*HEADER[:4], "group")))
    assert at.selectbox(key="own-cluster").options == ["group", "angle", "weather"]
    assert entries.entry(next(iter(entries.names() if add(at) else ()))).cluster_unit == "group"


def test_an_upload_is_kept_in_the_data_folder_under_a_name_that_is_safe(folder, tmp_path):
    content = table(tmp_path / "table.csv").read_bytes()
    at = form(folder)
    upload = at.file_uploader(key="own-table-upload")
    assert "50 MB" in upload.label
    upload.set_value(("../../my täble$.csv", content, "text/csv")).run()
    assert not at.exception
    add(at)
    (kept,) = (entries.folder() / "uploads").rglob("*.csv")
    assert kept.name == "my-t-ble.csv"
    assert kept.read_bytes() == content
    assert entries.entry("six-photos").table == str(kept)


def test_an_upload_goes_before_a_path(folder, tmp_path):
    at = form(folder, table(tmp_path / "other.csv", [["0.png", "tench", 1, "sun", "p0"]]))
    at.file_uploader(key="own-table-upload").set_value(("t.csv", table(tmp_path / "t.csv").read_bytes(), "")).run()
    assert tile("Rows", 6, "t.csv, CSV") in text_of(at)


def test_the_only_table_in_the_folder_is_proposed_and_a_name_for_it(folder):
    path = table(folder / "samples.csv")
    at = form(folder)
    assert at.text_input(key="own-table").value == str(path)
    assert at.text_input(key="own-name").value == "six-photos"
    table(folder / "more.csv")
    assert form(folder).text_input(key="own-table").value == ""


def test_a_name_that_is_taken_is_not_proposed(folder, tmp_path):
    add(form(folder, table(tmp_path / "table.csv")))
    other = (tmp_path / "elsewhere" / "Six photos").resolve()
    other.parent.mkdir()
    folder.rename(other)
    at = form(other, tmp_path / "table.csv")
    assert at.text_input(key="own-name").value == "my-six-photos"
    published = other.rename(tmp_path / "imagenet")
    assert form(published, tmp_path / "table.csv").text_input(key="own-name").value == "my-imagenet"


def test_what_a_user_wrote_stays_when_the_folder_changes(folder, tmp_path):
    at = form(folder)
    at.text_input(key="own-name").set_value("mine").run()
    at.text_input(key="own-folder").set_value(str(tmp_path)).run()
    assert at.text_input(key="own-name").value == "mine"


def test_another_set_under_the_same_name_is_a_replacement_that_is_said(folder, tmp_path):
    at = add(form(folder, table(tmp_path / "table.csv")))
    at.text_input(key="own-table").set_value(str(table(tmp_path / "fewer.csv", rows()[:4]))).run()
    assert at.button(key="own-add").label == "Replace six-photos \\(4 images\\)"
    assert "There is a set called **six-photos**" in at.warning[0].value
    add(at)
    assert entries.entry("six-photos").n == 4


def test_classes_of_ones_own_are_read_from_a_list(folder, tmp_path):
    (tmp_path / "classes.txt").write_text("carp\npike\n")
    content = [[file, ("carp", "pike")[at % 2], *rest] for at, (file, _, *rest) in enumerate(rows())]
    at = form(folder, table(tmp_path / "table.csv", content))
    assert "none of the rows \\(6\\) can be used" in at.error[0].value
    at.text_input(key="own-classes").set_value(str(tmp_path / "classes.txt")).run()
    assert tile("Labels understood", 6, "2 classes of your list of 2") in text_of(at)
    add(at)
    assert entries.entry("six-photos").label_space.startswith("own")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/no/such/folder", "/no/such/folder is not a folder"),
        ("/", "/ is a whole disk"),
        ("/" + "x" * 300, "more than 255 bytes"),
        ("/a\0b", "signs that cannot be read"),
        ("~nobody-of-this-name", "cannot be reached"),
        ("nothing://here", "cannot be opened"),
    ],
)
def test_a_folder_that_cannot_be_is_one_line(typed, said):
    at = form(typed)
    assert [said in error.value.replace("\\", "") for error in at.error] == [True]
    assert "own-add" not in keys(at)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n1,2\n", "no column of image files"),
        ("file,label\n0.png,tench\n0.png,tench\n", "stands in rows 1, 2"),
        ("file,label\n0.png,\0\n", "the character NUL"),
    ],
)
def test_a_table_that_cannot_be_is_one_line(folder, tmp_path, content, said):
    path = tmp_path / "table.csv"
    path.write_text(content)
    at = form(folder, path)
    assert [said in error.value for error in at.error] == [True]
    assert "own-add" not in keys(at)


def test_paths_are_taken_as_people_paste_them(folder):
    assert given.path_of(f' "{folder}" ') == str(folder)
    assert given.path_of(f"file://{folder}") == str(folder)


def test_texts_of_a_table_are_shown_as_they_are(folder, tmp_path):
    hostile = "![x](http://example.org/x.png)"
    content = [[file, hostile, *rest] for file, _, *rest in rows()[:3]] + rows()[3:]
    at = form(folder, table(tmp_path / "table.csv", content))
    assert not any("![x](http" in element.value for element in (*at.warning, *at.caption, *at.markdown))
    link = open_page(PAGE, add="images", added=hostile)
    assert not link.exception
    assert "![x](http" not in text_of(link)


def test_an_evaluation_is_queued_and_followed(folder, small, tmp_path):
    at = add(form(folder, table(tmp_path / "table.csv")))
    at.selectbox(key="own-model").set_value("small").run()
    assert at.button(key="own-evaluate").label == "Evaluate six-photos with small"
    at.button(key="own-evaluate").click().run()
    assert not at.exception
    assert [job.arguments for job in jobs.list_jobs()] == [Evaluation("small", "six-photos", str(folder))]
    assert "small on six-photos" in at.get("progress")[0].proto.text
    assert "own-evaluate" not in keys(at)


def test_an_evaluation_that_failed_says_why_and_can_be_asked_again(folder, small, tmp_path):
    at = add(form(folder, table(tmp_path / "table.csv")))
    job = waiting(arguments=Evaluation("small", "six-photos", str(folder)))
    changed(job, state="failed", started=time.time(), ended=time.time(), message="the weights are damaged.")
    at.run()
    assert not at.exception
    assert "the weights are damaged" in at.error[0].value
    assert "own-evaluate" in keys(at)


def test_a_result_leads_to_the_pages_that_show_it(folder, toy_model, tmp_path):
    at = add(form(folder, table(tmp_path / "table.csv")))
    evaluate(toy_model, open_benchmark("six-photos"))
    cached.forget_runs()
    at.run()
    assert not at.exception
    # All six are red, which is class 0: tench, as half of them are.
    assert "**brightest-channel** is right on **50.0\xa0%**" in text_of(at)
    links = {link.label: target(link) for link in page_links(at)}
    assert links["See where it breaks →"] == "size_location_rotation?benchmark=six-photos&models=brightest-channel"
    assert links["Its mistakes →"].startswith("mistakes?benchmark=six-photos")
    # The link to the page says the same in a new session.
    assert "**six-photos** is a benchmark now: 6 images, by Angle, Weather, Place." in text_of(form(added="six-photos"))


def test_a_demo_adds_nothing(monkeypatch, folder):
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    at = open_page(PAGE, add="images", added="imagenet")
    assert not at.exception
    assert not [each for each in (*at.text_input, *at.file_uploader) if str(each.key).startswith("own-")]
    assert not {"own-add", "own-evaluate"} & set(keys(at))


class Hand:
    """A newcomer at a browser, whose clicks are counted."""

    def __init__(self, tab):
        self.tab, self.clicks = tab, 0

    def click(self, where):
        where.wait_for(timeout=PATIENCE_MS)
        self.settle()
        where.click()
        self.clicks += 1
        self.settle()

    def point_at(self, where):
        """Click where a mark of a figure lies, which the figure itself listens to."""
        where.wait_for(state="attached", timeout=PATIENCE_MS)
        self.settle()
        where.scroll_into_view_if_needed()
        box = where.bounding_box()
        self.tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.clicks += 1
        self.settle()

    def settle(self):
        self.tab.wait_for_timeout(150)
        self.tab.locator(RAN).wait_for(timeout=PATIENCE_MS)
        self.tab.wait_for_timeout(350)


def write_three_factors(photos, path):
    """How bright each photo is, which side is longer, and a session of ten photos each; as a hand-made table has it."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("file", "label", "brightness", "orientation", "session"))
        for number, photo in enumerate(sorted(photos.rglob("*.JPEG"))):
            image = Image.open(photo)
            light = ImageStat.Stat(image.convert("L").resize((32, 32))).mean[0]
            lightness = "dark" if light < 90 else "bright" if light > 135 else "middle"
            shape = "portrait" if image.height > image.width else "landscape"
            writer.writerow((photo.relative_to(photos), photo.parent.name, lightness, shape, f"s{number // 10:02}"))


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.shared
def test_from_a_folder_of_photos_to_the_images_of_a_heatmaps_cell_in_six_clicks(shared, tmp_path):
    source, photos = (shared / "data" / "imagenet-sample").resolve(), tmp_path / "photos"
    photos.mkdir()
    for each in source.iterdir():
        (photos / each.name).symlink_to(each)
    write_three_factors(source, photos / "factors.csv")
    with chromium() as browser, app_server({"OFFCENTER_MODELS": str(shared / "models")}) as url:
        tab = browser.new_page(viewport={"width": 1440, "height": 1000})
        hand = Hand(tab)
        tab.goto(url)
        hand.click(tab.get_by_role("link", name="Add your own images"))
        hand.click(tab.get_by_role("textbox", name="Folder of images"))
        tab.keyboard.type(str(photos))
        tab.keyboard.press("Enter")
        # The table lies in the folder and is proposed, as is the name.
        hand.click(tab.get_by_role("button", name="Add photos (500 images)"))
        hand.click(tab.get_by_role("button", name="Evaluate photos with"))
        hand.click(tab.get_by_role("link", name="See where it breaks"))
        wait_for_text(tab, "Top-1 by brightness and orientation")
        hand.point_at(tab.locator(".st-key-pair-brightness-orientation-0 .scatterlayer .point").first)
        tab.locator(".grid button img").first.wait_for(timeout=PATIENCE_MS)
        assert "cell=photos" in tab.url
        assert hand.clicks <= 6
        tab.close()
    run = store.list_runs("photos")[0]
    assert (run.n_done, run.complete) == (500, True)
