"""A bundle that is written, read back, altered, and checked against a store that has moved on."""

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from core import store
from core.bundle import Options, build, page, place_for, reading, verifying, write
from core.bundle.content import digest_of, parts_of
from core.bundle.reading import is_bundle, read
from core.bundle.verifying import verified
from core.cli.main import app
from core.errors import DataError, UsageError
from core.store.parts import write_parquet
from tests import synthetic_store

MADE = "2026-01-01T00:00:00+00:00"
SAMPLES = synthetic_store.make_samples("size", 200)


def stored(name="model", right=150):
    return synthetic_store.write_run("size", SAMPLES, name, np.arange(200) < right)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A bundle of one result."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OFFCENTER_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("OFFCENTER_EMBEDDED_RESULTS", "/nowhere")
        return build([stored()], Options(only=("by_area",), images=False, made=MADE))


@pytest.fixture
def made(bundle, tmp_path):
    """Its file, and the result, as it was stored then."""
    path = tmp_path / "out" / "report.html"
    write(bundle, path)
    return path, stored()


def edited(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_bundle_as_it_was_made_is_confirmed_number_by_number(made):
    path, run = made
    found = verified(path)
    assert [each.state for each in found.results] == ["same"]
    assert (found.altered, found.cells, found.unchecked, found.notes, found.faults) == ((), {}, (), (), [])
    # A row of each of 100 sizes: model, area, value, low, high, n, n_clusters, interval, identity.
    assert found.n_cells == 900
    assert read(path)["results"][0]["identity"] == run.identity


def test_what_was_altered_is_named_by_its_part(made):
    path, _ = made
    overall = '"overall":{"high":'
    number = re.search(re.escape(overall) + r"[\d.]+", path.read_text(encoding="utf-8"))[0]
    edited(path, number, overall + "0.99")
    found = verified(path)
    assert found.altered == ("results",)
    assert found.results[0].state == "numbers changed"
    assert found.results[0].said.startswith("high 0.99 then, ")


def test_a_number_on_the_page_alone_is_no_secret_place(made):
    path, _ = made
    text = path.read_text(encoding="utf-8")
    shown = text.index("75.0")
    path.write_text(text[:shown] + "85.0" + text[shown + 4 :], encoding="utf-8")
    assert verified(path).altered == ("the page around its content",)


@pytest.mark.parametrize("cut", [slice(-9), slice(-1000)])
def test_a_page_that_was_cut_off_is_not_whole_whatever_edition_wrote_it(made, monkeypatch, cut):
    path, _ = made
    monkeypatch.setattr(verifying, "edition", lambda: "another")
    assert verified(path).altered == ()
    path.write_text(path.read_text(encoding="utf-8")[cut], encoding="utf-8")
    assert verified(path).altered == ("the page around its content",)


def resealed(path, change):
    """A bundle whose content was changed by somebody who knows how its digests are made."""
    content = read(path)
    change(content)
    content = {**content, "parts": parts_of(content)}
    content["digest"] = digest_of(content)
    reading.page_of(path).write_text(page.html(content), encoding="utf-8")
    return verified(path)


def test_a_lie_with_digests_of_its_own_is_found_by_what_is_stored(made):
    def lie(content):
        content["headlines"][0]["text"] += " Surely."
        content["exhibits"][0]["finding"] = "All is well."
        content["exhibits"][0]["figure"]["data"][0]["y"][0] = 0.25
        content["exhibits"][0]["points"]["[7]"] = "p0"
        content["picks"]["p0"]["n_right"] += 1

    found = resealed(made[0], lie)
    of, point = "si-score-size-by_area", "the point 'area 1\u00a0%': 3 of 2 right then, 2 of 2 now"
    assert (found.altered, found.cells) == ((), {})
    assert found.shown == (f"{of}: its finding", f"{of}: its drawing", f"{of}: the points [7]", "headlines", point)
    assert [each.partition(": ")[0] for each in found.faults] == ["it shows otherwise than its results say"]
    assert found.faults[0].endswith("the points [7] and 2 more")


@pytest.mark.parametrize(("name", "wrong"), [("policy", "restricted"), ("picks", {})])
def test_a_content_of_other_words_is_said_in_a_line(made, name, wrong):
    try:
        found = resealed(made[0], lambda content: content.update({name: wrong}))
    except DataError as error:
        assert "is damaged" in str(error)
    else:
        assert found.altered


def test_labels_that_were_corrected_are_told_from_predictions_that_changed(made):
    path, run = made
    samples = SAMPLES.copy()
    samples["accepted"] = [[999] if number == 0 else list(each) for number, each in enumerate(samples["accepted"])]
    store.write_samples(store.samples_of(run), samples)
    found = verified(path)
    assert [(each.state, each.said.split(";")[0]) for each in found.results] == [
        ("labels corrected", "value 0.75 then, 0.745 now")
    ]
    assert found.unchecked == ("si-score-size-by_area",)
    store.write_samples(store.samples_of(run), SAMPLES)
    other = synthetic_store.make_predictions(SAMPLES, np.arange(200) < 140, 0)
    write_parquet(run.path / "part-0000000-0000000.parquet", other)
    assert [each.state for each in verified(path).results] == ["predictions changed"]


def test_results_that_are_not_here_are_said_and_nothing_is_claimed(made, monkeypatch, tmp_path):
    path, run = made
    monkeypatch.setenv("OFFCENTER_DATA", str(tmp_path / "elsewhere"))
    found = verified(path)
    assert [(each.state, each.identity) for each in found.results] == [("not here", run.identity)]
    assert (found.faults, found.n_cells) == ([], 0)
    ran = CliRunner().invoke(app, ["verify", str(path)])
    assert isinstance(ran.exception, UsageError)
    assert "not here" in ran.output


def test_the_command_says_it_and_ends_with_the_usual_codes(made):
    path, _ = made
    ran = CliRunner().invoke(app, ["verify", str(path), "--json"])
    assert ran.exit_code == 0
    assert json.loads(ran.stdout)["faults"] == []
    edited(path, '"format":1', '"format": 1')
    assert CliRunner().invoke(app, ["verify", str(path)]).exception.exit_code == 1
    for wrong in ([], [str(path), "--benchmark", "x"], [str(path.with_name("no.html"))]):
        assert CliRunner().invoke(app, ["verify", *wrong]).exception.exit_code == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<html></html>", "it has no element"),
        ('<script type="application/json" id="oc-content">{</script>', "is no JSON"),
        ('<script type="application/json" id="oc-content">{"a": NaN}</script>', "is no JSON"),
        ('<script type="application/json" id="oc-content">[1]</script>', "its format is None"),
        ('<script type="application/json" id="oc-content">{"format": 9}</script>', "its format is 9"),
        ('<script type="application/json" id="oc-content">{"format": 1}</script>', "'title' is missing"),
        (b"\xff\xfe\x00", "codec"),
    ],
)
def test_what_is_no_bundle_is_said_in_a_line(tmp_path, text, why):
    path = tmp_path / "x.html"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=why):
        verified(path)
    assert not is_bundle(path)


def test_a_damaged_content_is_said_in_a_line(made):
    path, _ = made
    edited(path, '"results":[{', '"results":[7,{')
    with pytest.raises(DataError, match="is damaged"):
        verified(path)


def test_a_folder_is_written_whole_and_its_pictures_are_checked(tmp_path, monkeypatch):
    run = stored()
    monkeypatch.setattr("core.bundle.pictures.Album.picture", lambda self, run, sample_id: sample_id.encode() * 9)
    folder = tmp_path / "folder"
    for most in (2, 1):
        write(build([run], Options(only=("by_area",), is_folder=True, images_per_point=most, made=MADE)), folder)
        # What an older page had and the new one has not is gone.
        assert len(list((folder / "images").iterdir())) == most * 100
    assert verified(folder).altered == ()
    victim = next((folder / "images").iterdir())
    victim.write_bytes(b"other")
    assert verified(folder).altered == (f"the picture images/{victim.name}",)

    def lie(content):
        image = content["images"][min(content["images"])]
        image["answers"]["model"]["top5"][0][1] = 0.123

    assert [each.partition(" says of ")[0] for each in resealed(folder, lie).shown] == ["what model"]


def test_only_a_bundle_is_written_over(made, tmp_path):
    path, _ = made
    assert place_for(str(path)) == (path, False)
    assert place_for(str(path.parent / "new") + "/") == (path.parent / "new", True)
    other = tmp_path / "mine.html"
    other.write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for wrong, why in {
        str(other): "no bundle: it stays",
        str(tmp_path / "full"): "other things in it",
        str(path.with_suffix(".pdf")): "must end in .html",
        f"{other}/x.html": "is no folder",
        "s3://bucket/x.html": "must be a file on this machine",
        "nosuch://bucket/x.html": "must be a file on this machine",
    }.items():
        with pytest.raises(UsageError, match=why):
            place_for(wrong)
    with pytest.raises(UsageError, match="is no folder"):
        place_for(str(path), is_folder=True)


def test_tables_are_compared_by_their_values():
    head = "model,value,n\n"
    then = head + "a,0.1,3\nb,,4\n"
    assert verifying._cells(then, head + "a,0.10000000000000002,3.0\nb,nan,4\n") == (6, [])
    assert verifying._cells(then, head + "a,0.2,3\nb,,5\n") == (
        6,
        ["row 1, value: 0.1 then, 0.2 now", "row 2, n: 4 then, 5 now"],
    )
    assert verifying._cells(then, head + "a,0.1,3\n")[1] == ["its table has other rows or columns"]
