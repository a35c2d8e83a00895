"""Figures as files: names, captions, what LaTeX includes, and what is said before anything is done."""

import csv
import io
import json
import re
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import store
from core.cli.main import main
from core.errors import UsageError
from core.figures import bars, exhibits
from core.figures.exhibits import Exhibit, Offer
from core.figures.style import Words
from core.paper import drawing, figure_files
from tests.browser import CHROMIUM
from tests.paper import latex_reader

HOSTILE = "50%_of $x$ & </svg><script>alert(1)</script> \\input{passwd} ~^#{"
MODEL, BENCHMARK = "test_vit.diorama", "diorama/settings"


def offer(name="by_class", benchmark="b", view="clean", model="", label="m", runs=None):
    n = [30, 30]
    table = pd.DataFrame({"class": ["cat", HOSTILE], "value": 0.5, "low": 0.4, "high": 0.6, "n": n, "n_clusters": n})
    words = Words("Top-1 by class", "n = 30 a class · 95 % interval", f"{label}: identity 12ab34cd")
    figure = bars.bars({label: table}, "class", {label: "#2F6DB5"}, words)
    shown = Exhibit(figure, {label: table}, runs or {}, finding=r"**a\_b** is worse.", notes=("few objects",))
    return Offer(name, "Accuracy by class", benchmark, view, lambda: shown, model)


def test_names_are_safe_for_any_disk_and_unlike_each_other():
    made = [
        *(offer(), offer(), offer("BY_CLASS"), offer(view="noise@1,0.5"), offer(model="../../etc/passwd")),
        *(offer(benchmark=HOSTILE), offer(benchmark="é" * 300), offer(model="con.aux. "), offer(benchmark="x" * 300)),
    ]
    stems = []
    for each in made:
        stems.append(figure_files._stem(each, {stem.lower() for stem in stems}))
    assert stems[:4] == ["b-by_class", "b-by_class-2", "b-BY_CLASS-3", "b-noise-1-0-5-by_class"]
    assert len({stem.lower() for stem in stems}) == len(made)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,110}", stem) for stem in stems)


def test_a_caption_says_title_n_interval_and_what_it_shows():
    plate = figure_files.plates([offer()], 2)[0][0]
    said = "Top-1 by class. n = 30 a class · 95 % interval. a_b is worse. few objects. Results: ."
    assert plate.caption == said
    assert plate.columns == 2


def test_latex_gets_hostile_names_as_words():
    plates = figure_files.plates([offer(label=HOSTILE, benchmark="a"), offer(benchmark="b")], 2)[0]
    text = figure_files.tex(plates, "pdf")
    latex_reader.check(text)
    assert text.count(r"\includegraphics{a-by_class}") == 1
    assert text.count(r"\begin{figure*}") == text.count(r"\end{figure*}") == 2
    assert r"\input" not in text
    assert r"\includesvg{b-by_class}" in figure_files.tex(plates, "svg")


def test_shortened_names_of_models_are_whole_in_files():
    plate = offer(label="m")
    shown = plate.make()
    title = "Top-1<br><span style='x'>a_network_with_a_very_…: top-1</span>"
    shown.figure.update_layout(title={"text": title})
    runs = {"a_network_with_a_very_long_name": None, "other": None}
    assert figure_files._in_full(Exhibit(shown.figure, {}, runs)).layout.title.text == title.replace("…", "long_name")
    both = {"a_network_with_a_very_long_name": None, "a_network_with_a_very_short_name": None}
    assert figure_files._in_full(Exhibit(shown.figure, {}, both)).layout.title.text == title


def test_a_figure_of_one_of_several_models_names_it():
    plate = figure_files.plates([offer(model="mine")], 1)[0][0]
    assert plate.caption.startswith("Top-1 by class. n = 30 a class · 95 % interval · mine.")
    assert plate.figure.layout.title.text.count("mine") == 1


def test_numbers_stand_beside_a_figure_with_their_interval():
    rows = list(csv.DictReader(io.StringIO(figure_files.csv_of(offer().make()).decode())))
    assert [row["class"] for row in rows] == ["cat", HOSTILE]
    assert rows[0]["interval"] == "95 %, Wilson's over 30 images"


def run_cli(*options):
    arguments = ["figures", "--model", MODEL, "--benchmark", BENCHMARK, *options]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


def none_such(runs, name, policy="top1"):
    raise UsageError(f"there is no figure '{name}' of these results.")


def test_a_wrong_word_is_one_line_and_nothing_is_written(embedded_results, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(drawing, "require", lambda: CHROMIUM)
    monkeypatch.setattr(exhibits, "offered", lambda runs, policy="top1": (offer(),))
    monkeypatch.setattr(exhibits, "exhibit", none_such)
    for options, said in (
        (["--format", "pfd"], "--format 'pfd' is unknown. Did you mean 'pdf'"),
        (["--columns", "3"], "--columns 3 is unknown: give 1 or 2"),
        (["--only", "by_clas"], "there is no figure 'by_clas' of these results"),
        (["--view", "nose"], "with view nose"),
    ):
        assert run_cli("--out", str(tmp_path / "out"), *options) == 2
        assert said in " ".join(capsys.readouterr().err.split())
        assert not (tmp_path / "out").exists()


def test_a_folder_that_is_none_is_said_before_any_work(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run_cli("--out", str(tmp_path / "file" / "out")) == 2
    assert "is no folder" in capsys.readouterr().err
    assert run_cli("--out", "s3://bucket/x") == 2
    assert run_cli("--out", "x" * 300) == 2
    assert run_cli("--out", " ") == 2


def test_without_kaleido_or_a_browser_it_says_what_to_install(monkeypatch):
    pytest.importorskip("kaleido")
    monkeypatch.setenv("BROWSER_PATH", "/nowhere/chromium")
    with pytest.raises(UsageError, match="BROWSER_PATH is '/nowhere/chromium', which is no program"):
        drawing.require()
    monkeypatch.delenv("BROWSER_PATH")
    from choreographer.browsers import Chromium

    monkeypatch.setattr(Chromium, "find_browser", classmethod(lambda cls, **options: None))
    with pytest.raises(UsageError, match=r"install one .*BROWSER_PATH"):
        drawing.require()
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(UsageError, match="pip install kaleido"):
        drawing.require()


def test_a_result_that_is_not_finished_is_refused_and_marked(embedded_results, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(drawing, "require", lambda: CHROMIUM)
    monkeypatch.setattr(store.Run, "n_done", property(lambda run: 1000))
    assert run_cli("--out", str(tmp_path / "out"), "--only", "by_class") == 2
    assert "is not finished (1,000 of 4,300 images)" in " ".join(capsys.readouterr().err.split())
    run = store.find_run(BENCHMARK, MODEL)
    plate = figure_files.plates([offer(runs={"m": run})], 1)[0][0]
    assert "m partial" not in plate.exhibit.figure.layout.meta["caption"]
    foot = plate.figure.layout.annotations[-1].text.replace("\u00a0", " ").replace("<br>", " ")
    assert f"{MODEL} partial: 1,000 of 4,300 images" in foot
    assert f"{MODEL} on {BENCHMARK}, 1,000 of 4,300 images, identity {run.identity}" in plate.caption


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium")
def test_files_have_the_size_the_fonts_and_the_words_of_a_paper(embedded_results, tmp_path, monkeypatch):
    pytest.importorskip("kaleido")
    monkeypatch.setenv("BROWSER_PATH", str(CHROMIUM))
    out = tmp_path / "out"
    hostile = [offer(label=HOSTILE), offer("by_other", model="x")]
    plates = figure_files.plates(hostile, 1)[0]
    figure_files.write(plates, out, "pdf", tables=True, command="make")
    index = json.loads((out / figure_files.INDEX).read_text())
    assert [each["file"] for each in index["figures"]] == ["b-by_class.pdf", "b-x-by_other.pdf"]
    assert index["figures"][0]["width_in"] == pytest.approx(3.35, abs=0.01)
    page = (out / "b-by_class.pdf").read_bytes()
    assert b"/FontFile2" in page
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", page)
    assert float(box[1]) == pytest.approx(3.35 * 72, abs=1)
    assert float(box[2]) == pytest.approx(index["figures"][0]["height_in"] * 72, abs=1)
    assert page.count(b"/Type /Page\n") == 1
    assert sorted(path.suffix for path in out.iterdir()) == [".csv", ".csv", ".json", ".pdf", ".pdf", ".tex"]
    encoded = drawing.drawn([plates[0].figure] * 2, ["svg", "png"])
    svg = encoded[0].decode()
    assert re.match(r'<svg[^>]* width="3\.35\d*in" height=', svg)
    assert "<script" not in svg
    picture = Image.open(io.BytesIO(encoded[1]))
    assert picture.width == pytest.approx(3.35 * 300, abs=2)
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    pixels = np.asarray(picture)
    border = [pixels[:3], pixels[-3:], pixels[:, :3].swapaxes(0, 1), pixels[:, -3:].swapaxes(0, 1)]
    assert all((edge > 200).all() for edge in border), "something is cut at the border"
