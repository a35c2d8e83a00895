"""What goes into a bundle: points and their images, fairly and within the budget, under names that anybody chose."""

import json
import math

import numpy as np
import pytest
from PIL import Image

from core import store
from core.bundle import Options, build, filling, headlines, pictures
from core.bundle.choosing import Counted, Shown, in_words, preferred, rounds, spread
from core.bundle.content import digest_of, embedded, key_of, parts_of, plain
from core.bundle.draft import Draft, counted_of, draft
from core.bundle.filling import Filling
from core.errors import UsageError
from core.figures.exhibits import Pick, exhibit
from tests import synthetic_store

HOSTILE = '</script><!--"\u2028{{x}}\u202e😀'
MADE = "2026-01-01T00:00:00+00:00"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two models on 200 images of 100 sizes, two of each; the first one's name is hostile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OFFCENTER_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("OFFCENTER_EMBEDDED_RESULTS", "/nowhere")
        yield synthetic_store.make({"size": 200}, (HOSTILE, "plain"))


@pytest.fixture
def at_home(runs, monkeypatch):
    """The store of ``runs``."""
    monkeypatch.setenv("OFFCENTER_DATA", str(runs[0].path.parents[4]))
    return runs


class Source:
    """Images that are all over noise, so that each takes its room; as many colours as there are images."""

    root = "/nowhere"

    def image(self, sample_id):
        rng = np.random.default_rng(list(sample_id.encode()))
        return Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8))


@pytest.fixture
def with_images(at_home, monkeypatch):
    monkeypatch.setattr(pictures.Album, "source_of", lambda self, run: Source())
    return at_home


@pytest.fixture(scope="module")
def whole(runs):
    """All of it inside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OFFCENTER_DATA", str(runs[0].path.parents[4]))
        patch.setattr(pictures.Album, "source_of", lambda self, run: Source())
        return build(runs, options())


def options(**more):
    return Options(**{"only": ("by_area",), "made": MADE, "saliency": 0, **more})


@pytest.mark.parametrize(
    ("customdata", "key"),
    [
        ([1.0, -0.0, 0.1 + 0.2], "[1,0,0.30000000000000004]"),
        ([math.nan, math.inf, None, True], "[null,null,null,true]"),
        ([1e21, 1e20, 1e-6, 1e-7, -2.5e-9], "[1e+21,100000000000000000000,0.000001,1e-7,-2.5e-9]"),
        (['é\u2028</script>\n"\x01', "\ud800"], '["é\u2028</script>\\n\\"\\u0001","\\ud800"]'),
        (np.array([[1, 2]], np.float32), "[[1,2]]"),
    ],
)
def test_a_point_is_found_by_what_javascript_makes_of_it(customdata, key):
    assert key_of(customdata) == key


def test_nothing_in_a_content_ends_its_element():
    content = {"title": HOSTILE, HOSTILE: [HOSTILE, "&lt;"]}
    text = embedded(content)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == content


def test_values_become_json():
    assert plain({1: (np.float32(0.5), np.nan, np.array([1.0, np.inf])), "a": np.bool_(True), "b": "\ud800"}) == {
        "1": [0.5, None, [1.0, None]], "a": True, "b": "\\ud800",
    }  # fmt: skip


def test_wrong_ones_come_first_and_both_kinds_are_shown():
    right = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    assert preferred(right, 6).tolist() == [1, 0, 2, 4, 3, 5]
    assert preferred(np.ones(5), 3).tolist() == [0, 1, 2]
    assert preferred(np.zeros(0), 3).tolist() == []


def test_how_images_were_chosen_is_said():
    def shown(right):
        return Shown("a", "clean", right, 0, 0.5, "cat")

    few = Counted(30, 20, ())
    assert in_words(few, [shown(False)] * 4 + [shown(True)] * 2) == (
        "6 of 30 images, wrong ones first, the surest of each kind: 4 wrong, 2 right"
    )
    assert in_words(Counted(1, 1, ()), [shown(True)]) == "the only image: 1 right"
    assert in_words(few, []) == "none of 30 images is inside"


def test_every_point_has_one_before_any_has_two():
    # Steps of the golden ratio: 0, 0.236 and 0.618 are the places of 0, 2 and 1.
    assert spread(3) == [0, 2, 1]
    turns = list(rounds([["a", "b", "c"], ["b", "d"]], {"a": 1, "b": 2, "c": 2, "d": 0}, 2))
    assert turns == [("a", 0), ("b", 0), ("c", 0), ("b", 1), ("c", 1)]


def test_points_lead_to_the_images_that_the_table_counts(at_home, whole):
    content = whole.content
    (shown,) = content["exhibits"]
    tables = exhibit(at_home, "by_area").tables
    assert len(shown["points"]) == sum(map(len, tables.values()))
    for label, table in tables.items():
        for row in table.to_dict("records"):
            pick = content["picks"][shown["points"][key_of([label, row["area"]])]]
            # Two images a size, both of them inside.
            assert (pick["n"], pick["n_right"] / pick["n"]) == (row["n"], pytest.approx(row["value"]))
            assert sum(each["right"] for each in pick["images"]) == pick["n_right"]
            assert len(pick["images"]) == row["n"] == 2
            said = content["images"][pick["images"][0]["image"]]
            assert {*said["answers"]} == {*tables}
            assert len(said["answers"][label]["top5"]) == 5
            assert "the network was not on" in said["answers"][label]["why_no_map"]
    # 200 images, each of two points, are inside once.
    assert len(content["images"]) == len(content["pictures"]) == 200


def test_the_budget_is_held_and_every_point_keeps_an_image(with_images, whole):
    bare = build(with_images, options(images=False))
    assert bare.content["images"] == {}
    mb = (bare.n_bytes + 0.85 * (whole.n_bytes - bare.n_bytes)) / 1e6
    cut = build(with_images, options(max_mb=mb))
    assert 0.95 * mb * 1e6 < cut.n_bytes == len(cut.page) <= mb * 1e6
    assert {len(pick["images"]) for pick in cut.content["picks"].values()} == {1, 2}
    assert any("for want of room: --max-mb" in said for said in cut.content["left_out"])
    with pytest.raises(UsageError, match=r"even without images .* si-score-size-by_area"):
        build(with_images, options(max_mb=0.9 * bare.n_bytes / 1e6))


def test_a_folder_has_its_images_beside_the_page(with_images):
    made = build(with_images, options(is_folder=True, images_per_point=1))
    assert {*made.content["pictures"].values()} == {*made.files}
    assert all(name.startswith("images/") and each[8:12] == b"WEBP" for name, each in made.files.items())


def test_the_same_store_gives_the_same_bytes(with_images, whole):
    assert build(with_images, options()).page == whole.page


def test_a_change_is_told_by_its_part(at_home):
    content = build(at_home, options(images=False)).content
    assert content["parts"] == parts_of(content)
    assert content["digest"] == digest_of(content)
    content["exhibits"][0]["csv"] = content["exhibits"][0]["csv"].replace("0.0", "0.1") + "x"
    now = parts_of(content)
    assert [name for name in now if now[name] != content["parts"][name]] == ["exhibits/si-score-size-by_area"]
    assert content["digest"] != digest_of(content)


def test_images_that_are_not_here_are_said_and_numbers_stay(at_home):
    content = build(at_home, options(images_per_point=1)).content
    assert content["pictures"] == {}
    assert {each["problem"] for each in content["images"].values()} == {pictures.NOT_HERE}
    assert any(said.startswith("the images of si-score/size: ") for said in content["left_out"])
    assert content["results"][0]["overall"]["n"] == 200


def test_headlines_have_a_verdict_and_partial_results_claim_nothing():
    # 40 cut-outs at 72 angles and sizes: all of them right, 36 of them, and a tenth that is not known yet.
    samples = synthetic_store.make_samples("rotation", 2880)
    right = {"every": np.ones(2880, bool), "most": np.arange(2880) < 2592}
    every, most = (synthetic_store.write_run("rotation", samples, name, each) for name, each in right.items())
    partial = synthetic_store.write_run("rotation", samples, "partial", right["every"], done=0.1)
    said = headlines.headlines([every, most, partial], "top1")
    assert [each["verdict"] for each in said] == ["finding", "finding", "partial", "different"]
    assert said[0]["text"].startswith("**every** is right on **100.0\u00a0%**")
    assert "no finding yet" in said[2]["text"]
    assert said[3]["text"].startswith("**every** is **10.0\u00a0points**")
    few = synthetic_store.make({"size": 100}, ("few",))
    assert [each["verdict"] for each in headlines.headlines(few, "top1")] == ["few"]


def test_what_cannot_be_shown_is_refused_in_a_line(at_home):
    first, second = at_home
    with pytest.raises(UsageError, match="there is no result"):
        build([])
    with pytest.raises(UsageError, match="Did you mean 'by_area'"):
        build(at_home, options(only=("by_aera",)))
    for wrong in ({"max_mb": 0}, {"max_mb": math.nan}, {"policy": "top9"}, {"saliency": -1}, {"images_per_point": 0}):
        with pytest.raises(UsageError, match="|".join(f"--{name.replace('_', '-')}" for name in wrong)):
            options(**wrong)
    twin = store.Run(first.path.with_name("twin"), first.manifest, first.entry)
    with pytest.raises(UsageError, match="two results of"):
        build([first, twin, second], options())


def test_more_points_than_there_is_room_for_are_kept_fairly(at_home, monkeypatch):
    monkeypatch.setattr("core.bundle.draft.MOST_POINTS", 20)
    content = build(at_home, options(images=False)).content
    assert len(content["picks"]) == len(content["exhibits"][0]["points"]) == 20
    assert any(said.startswith("the images of 180 of 200 points") for said in content["left_out"])


def test_names_from_data_stay_within_their_element(whole):
    page = whole.page.decode()
    assert HOSTILE not in page
    assert page.count("</script>") == page.count("<script")
    assert [each["label"] for each in whole.content["models"]] == [HOSTILE, "plain"]


@pytest.mark.slow
def test_a_map_is_over_what_the_network_saw(embedded_results):
    runs = store.list_runs("diorama/pose")
    vit = next(run for run in runs if (run.model, run.view) == ("test_vit.diorama", "clean"))
    content = build([vit], options(only=("by_yaw_deg",), images_per_point=1, saliency=2)).content
    answers = [each["answers"][vit.model] for each in content["images"].values()]
    assert sum(bool(each["saliency"]) for each in answers) == 2
    assert {each["saliency"] for each in answers} - {""} <= content["pictures"].keys()
    assert {each["why_no_map"] for each in answers if not each["saliency"]} == {filling._NO_MAP}
    assert all(bool(each["top5"]) and each["right"] in (True, False) for each in answers)


@pytest.mark.slow
def test_points_are_counted_as_their_picks_say(embedded_results):
    runs = [run for run in store.list_runs("diorama/clean") if run.model.startswith("test_efficientnet")]
    drafted = draft(runs, Options())
    chosen = [name for name, pick in drafted.picks.items() if pick.run.n_views > 1 or pick.only or pick.against]
    assert {drafted.picks[name].run.n_views > 1 for name in chosen} == {True, False}
    for name in chosen[:: max(1, len(chosen) // 40)]:
        rows, counted = drafted.picks[name].rows(), drafted.counted[name]
        assert (counted.n, counted.n_right) == (len(rows), pytest.approx(rows["counted"].sum(), abs=1e-3))
        expected = rows.iloc[preferred(rows["right"].to_numpy(), 6)]
        assert [(each.sample_id, each.view, each.true) for each in counted.candidates] == [
            *zip(expected["sample_id"], expected["view"], expected["true"], strict=True)
        ]


def test_an_images_answers_are_right_by_what_the_page_counts(embedded_results, monkeypatch):
    """Points of confusions are of images whose best class is wrong; among the best five it may be right."""
    monkeypatch.setattr(pictures.Album, "source_of", lambda self, run: Source())
    run = next(run for run in store.list_runs("diorama/small") if run.view == "clean")
    picks = {"p0": Pick(run, "all")}
    counted = counted_of(picks, 300)
    drafted = Draft({}, picks, counted, [["p0"]])
    filled = Filling(drafted, options(policy="top5", images_per_point=300)).filled(10**9)
    told = [image["answers"][run.label]["right"] for image in filled.images.values()]
    assert (len(told), sum(told)) == (300, round(300 * headlines.overall_of(run, "top5")["value"]))
    assert sum(told) > counted["p0"].n_right
