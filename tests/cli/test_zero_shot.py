"""Commands on zero-shot models: benchmarks of other classes than ImageNet's, and results found by what was typed."""

import json

import pytest
from PIL import Image

from core import benchmarks, store
from core.answers import variants
from core.own.add import keep, understand
from tests.tiny_models import tiny_open_clip

pytest.importorskip("open_clip")
NAMES = {"Golden_Retriever": (200, 150, 30), "BLUE jay": (30, 60, 200), "50 % {off}": (10, 200, 10)}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zoo")
    tiny_open_clip(folder / "tower")
    return folder


@pytest.fixture
def signs(tmp_path, zoo, monkeypatch):
    """A set of one's own, ``signs``, whose classes are spelt as people spell them."""
    monkeypatch.setenv("OFFCENTER_MODELS", str(zoo))
    rows = ["file,label"]
    for number, (name, colour) in enumerate(NAMES.items()):
        Image.new("RGB", (40 + number, 36), colour).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,{name}")
    (tmp_path / "t.csv").write_text("\n".join(rows))
    (tmp_path / "c.txt").write_text("\n".join(NAMES))
    published = benchmarks.published_benchmarks()
    keep(understand("signs", tmp_path, tmp_path / "t.csv", published=published, classes=tmp_path / "c.txt"))
    return tmp_path


@pytest.mark.slow
def test_a_result_on_a_set_of_ones_own_is_found_by_what_was_typed_for_it(run, signs):
    on = ("--benchmark", "signs", "--device", "cpu")
    (signs / "names.csv").write_text("name,class\nsale,50 % {off}\nbird,blue JAY\ndog,golden retriever\n")
    for more in ((), ("--prompts", "single"), ("--classes", signs / "names.csv")):
        code, _, err = run("evaluate", "--model", "tower", *on, *more)
        assert code == 0, err
    renamed = f"tower?classes={signs / 'names.csv'}"
    names = {}
    for typed in ("tower", "tower?prompts=single", "tower?classes=signs", renamed):
        code, out, err = run("report", "--model", typed, "--benchmark", "signs", "--json")
        assert code == 0, err
        names[typed] = json.loads(out)["model"]
    assert names["tower"] == names["tower?classes=signs"]
    assert len(set(names.values())) == 3
    # Labels are those of the set, whatever texts call its classes.
    assert len({each.label_space for each in store.list_runs("signs")}) == 1
    # What prompts change is told from classes that are called as they are labelled.
    (group,) = variants.groups(store.list_runs("signs"), "prompts")
    assert group.own.model == names["tower"]
    assert {each.model for each in group.others} == {names[renamed], names["tower?prompts=single"]}
    code, _, err = run("evaluate", "--model", "tower", *on, "--classes", "focus-10")
    assert (code, err.count("\n")) == (2, 1)
    assert "take classes=signs" in err


@pytest.mark.slow
def test_a_benchmark_that_is_scored_among_its_own_classes_has_no_top_5(run, signs, colour_folder):
    on = ("--benchmark", "imagenet-a", "--data", colour_folder, "--device", "cpu")
    code, out, err = run("evaluate", "--model", "tower", "--prompts", "single", *on)
    assert code == 0, err
    assert "tower (single) on imagenet-a (policy: restricted): top-1 " in out
    assert "top-5" not in out
