"""A page's figure at the width of a column: legible, whole, and the figure of the page left as it is."""

import pandas as pd
import plotly.graph_objects as go
import pytest

from core.figures import bars, location, measuring, paper, style
from core.figures.style import Words

WORDS = Words(
    "Top-1 by class", "n = 30 a class · 95 % interval · a click opens it", "one: identity 0a · one: identity 0b"
)


def metric(**columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame({**columns, "value": 0.5, "low": 0.4, "high": 0.6, "n": [30] * n, "n_clusters": [30] * n})


def drawn(models=("one", "two"), names=("cat", "dog"), words=WORDS):
    table = metric(**{"class": list(names)})
    return bars.bars(dict.fromkeys(models, table), "class", dict.fromkeys(models, "#2F6DB5"), words)


@pytest.mark.parametrize(("columns", "inches"), [(1, 3.35), (2, 7.0)])
def test_a_figure_has_the_width_of_its_columns_and_text_of_8_points(columns, inches):
    page = drawn()
    before = page.to_json()
    made = paper.for_paper(page, columns)
    assert paper.size_in(made)[0] == pytest.approx(inches, abs=0.01)
    # 72 points are an inch of 96 pixels, of which 8 ninths are printed.
    points = {name: paper.SCALE * size * 72 / 96 for name, size in (("text", made.layout.font.size),
              ("title", made.layout.title.font.size), ("foot", made.layout.annotations[-1].font.size))}  # fmt: skip
    assert points == pytest.approx({"text": 8, "title": 9, "foot": 6})
    assert made.layout.paper_bgcolor == made.layout.plot_bgcolor == "#FFFFFF"
    assert page.to_json() == before


def test_the_plot_keeps_its_height_and_what_stands_around_it_gets_room():
    long = Words("A title that needs " + "more than one line of a column " * 2, WORDS.subtitle, "m: identity 0a")
    page, made = drawn(words=long), paper.for_paper(drawn(words=long))

    def plot(figure):
        return figure.layout.height - figure.layout.margin.t - figure.layout.margin.b

    assert plot(made) == pytest.approx(plot(page), abs=1)
    assert made.layout.margin.t > page.layout.margin.t
    lines = made.layout.title.text.split("<br>")
    assert len(lines) > 2
    width = made.layout.width
    assert all(
        measuring.width_of(line, paper_size) <= width for line, paper_size in zip(lines, [13.5] * 3, strict=False)
    )


def test_a_heading_is_plain_and_says_nothing_of_clicks():
    assert paper.heading(drawn()) == ("Top-1 by class", "n = 30 a class · 95 % interval")
    assert "click" not in paper.for_paper(drawn()).layout.title.text
    hostile = drawn(words=Words("<b>bold", "n < 3"))
    assert paper.heading(hostile) == ("<b>bold", "n < 3")


def test_identities_of_a_model_stand_together_at_the_foot():
    assert paper.for_paper(drawn()).layout.annotations[-1].text == "one: identities 0a, 0b".replace(" ", "\u00a0")


def test_long_names_in_a_legend_stand_in_lines_that_fit():
    name = "hf-hub:someone/a-very-long-name-of-a-network.with_tags-and_numbers_in22k_ft_in1k_384"
    made = paper.for_paper(drawn(models=(name, "two")))
    lines = made.data[0].name.split("<br>")
    assert len(lines) > 1
    assert "".join(lines) == name
    # 46 pixels are for the mark.
    assert all(measuring.width_of(line, 12) + 46 <= made.layout.width for line in lines)
    page = drawn(models=(name, "two"))
    assert made.layout.margin.b > page.layout.margin.b


def test_long_names_of_rows_leave_two_fifths_of_the_width_to_the_plot():
    name = "a class with a name of many words that nobody would ever put into a figure"
    made = paper.for_paper(drawn(names=(name, "dog")))
    lines = made.layout.yaxis.ticktext[0].split("<br>")
    assert 1 < len(lines) <= 3
    left, right, width = made.layout.margin.l, made.layout.margin.r, made.layout.width
    assert (width - left - right) / width >= 0.39
    assert all(measuring.width_of(line, 12) <= left for line in lines)


def test_short_names_of_rows_take_no_more_than_they_need():
    left = paper.for_paper(drawn()).layout.margin.l
    assert measuring.width_of("cat", 12) < left < measuring.width_of("cat", 12) + 30


def test_a_map_grows_on_a_wide_page_and_its_scale_stands_above_the_identity():
    page = location.location_map(metric(x=[0.0, 1.0, 0.0, 1.0], y=[0.0, 0.0, 1.0, 1.0]), WORDS)
    one, two = (paper.for_paper(page, columns) for columns in (1, 2))
    assert two.layout.height - two.layout.margin.t - two.layout.margin.b == pytest.approx(400, abs=1)
    foot = one.layout.margin.b - page.layout.margin.b
    assert one.data[0].colorbar.y == pytest.approx(foot / one.layout.height)
    assert foot > 0


def test_labels_of_ticks_do_not_touch():
    axis = {"tickvals": [0, 0.25, 0.5, 0.75, 1], "tickangle": 0, "range": [0, 1], "tickformat": ".0%"}
    narrow = style.figure([], WORDS, left=300, xaxis=axis, yaxis={"visible": False})
    assert paper.for_paper(narrow).layout.xaxis.tickvals == (0, 1)
    assert paper.for_paper(narrow, 2).layout.xaxis.tickvals == (0, 0.25, 0.5, 0.75, 1)


def test_names_below_a_plot_are_turned_where_they_would_touch():
    names = [f"name-{letter}" for letter in "abcdefghij"]
    axis = {"tickvals": names, "ticktext": names, "categoryarray": names, "tickangle": 0}
    page = style.figure([{"type": "bar", "x": names, "y": [1] * 10}], WORDS, left=60, xaxis=axis)
    made = paper.for_paper(page)
    assert made.layout.xaxis.tickangle == -60
    assert list(made.layout.xaxis.ticktext) == names
    assert paper.for_paper(page, 2).layout.xaxis.tickangle == 0


def test_small_texts_are_raised_and_the_pages_grey_is_darkened():
    page = go.Figure(layout={"annotations": [{"text": "small", "font": {"size": 7, "color": style.MUTED}}]})
    font = paper.for_paper(page).layout.annotations[0].font
    assert font.size * paper.SCALE * 72 / 96 == pytest.approx(7)
    assert font.color == "#5A6470"


def test_words_are_broken_behind_their_signs_and_nothing_is_lost():
    word = "someone/some-long-name_of.parts@here"
    lines = measuring.wrapped(word, 12, 80)
    assert "".join(lines) == word
    assert all(measuring.width_of(line, 12) <= 80 for line in lines)
    assert [line[-1] for line in lines[:-1]] == [line[-1] for line in lines[:-1] if line[-1] in "/-_.:@,]"]
    assert measuring.wrapped("one two three four", 12, 40, 2)[-1].endswith("…")
    assert measuring.wrapped("", 12, 40) == []
