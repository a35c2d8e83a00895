"""What a bundle's page is made of: nothing that names from data could run, load or end."""

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from core.bundle import words
from core.bundle.page import html
from tests.bundle.pages import HOSTILE, USUAL, content


class Read(HTMLParser):
    """Elements, attributes, scripts by id and text of a page, as a browser's parser finds them."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.scripts, self.text, self.inside = [], [], {}, [], None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]
        if tag in ("script", "style"):
            self.inside = dict(attributes).get("id", tag)

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.inside = None

    def handle_data(self, data):
        if self.inside:
            self.scripts[self.inside] = self.scripts.get(self.inside, "") + data
        else:
            self.text.append(data)


@pytest.fixture(scope="module")
def pages():
    """Two pages that differ in their names only, as text and as read."""
    made = {names: html(content(names)) for names in (USUAL, HOSTILE)}
    return {names: (page, Read(page)) for names, page in made.items()}


def policy(read):
    said = next(value for tag, name, value in read.attributes if tag == "meta" and "script-src" in (value or ""))
    return {rule.split()[0]: rule.split()[1:] for rule in said.split("; ")}


def sha256(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def test_only_the_pages_own_scripts_may_run_and_nothing_is_asked_for(pages):
    read = pages[USUAL][1]
    packed = gzip.decompress(base64.b64decode(read.scripts["oc-plotly"])).decode()
    assert "plotly.js v" in packed[:200]
    assert policy(read) == {
        "default-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "img-src": ["data:"],
        "style-src": ["'unsafe-inline'"],
        "script-src": [sha256(read.scripts["script"]), sha256(packed)],
    }
    addresses = [value for _, name, value in read.attributes if name in ("src", "href", "action", "srcset", "poster")]
    assert all(re.match(r"#|data:image/svg\+xml,", value) for value in addresses)
    assert not {"img", "link", "iframe", "object", "form", "base"} & {*read.tags} - {"link"}
    assert len(pages[USUAL][0]) < 2_500_000


def test_names_from_data_are_text_wherever_they_stand(pages):
    usual, hostile = pages[USUAL][1], pages[HOSTILE][1]
    assert hostile.tags == usual.tags
    assert {(tag, name) for tag, name, _ in hostile.attributes} == {(tag, name) for tag, name, _ in usual.attributes}
    assert policy(hostile) == policy(usual)
    text = "".join(hostile.text)
    assert text.count(HOSTILE[0]) > 5
    assert text.count("</script><script>window.__hacked=1</script><!--") > 3
    assert "\u202e" not in text


def test_the_content_is_in_the_page_as_it_was_given(pages):
    for names in (USUAL, HOSTILE):
        stored = pages[names][1].scripts["oc-content"]
        assert json.loads(stored) == content(names)
        assert not re.search("[<>\u2028]", stored)


def test_pictures_beside_the_page_are_allowed_where_it_has_such():
    beside = content(pictures={"here": "images/a.webp", "heat": "images/b.webp"})
    assert policy(Read(html(beside)))["img-src"] == ["data:", "'self'", "file:"]


def test_a_page_without_figures_has_no_plotly_and_one_without_images_no_margin():
    bare = content() | {"exhibits": [], "picks": {}, "images": {}, "headlines": []}
    page = html(bare)
    assert len(page) < 120_000
    assert "oc-plotly" not in Read(page).scripts
    assert "<aside" not in page
    assert "first.model" in "".join(Read(page).text)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("**a** is **7\u00a0%** [1, 2].", "<b>a</b> is <b>7\u00a0%</b> [1, 2]."),
        (r"a\*\*b\_c \\ d", r"a**b_c \ d"),
        ("open **bold", "open <b>bold</b>"),
        (r"**\<i\>**", "<b>&lt;i&gt;</b>"),
        ("one * two \\", "one * two \\"),
        ("http\u2060\\://x", "http://x"),
        ("on `a*b\\` and `` `c` `` \\`d\\`", "on <code>a*b\\</code> and <code>`c`</code> `d`"),
        ("", ""),
    ],
)
def test_a_sentence_is_bold_or_code_where_its_signs_say_so_and_nothing_else(markdown, expected):
    assert words.sentence(markdown) == expected


def test_a_figures_heading_is_plain_text():
    title = 'Top-1 of &lt;b>x<br><span style="font-size:12px">n = 4 · &lt;i></span>'
    assert words.heading({"title": {"text": title}}) == ("Top-1 of <b>x", "n = 4 · <i>")
    assert words.heading({}) == ("", "")


def test_the_page_begins_with_the_strongest_sentence_and_says_where_it_is_from():
    given = content()
    other = {"text": "**weak**", "benchmark": "toy/other", "view": "clean", "verdict": "unclear"}
    page = html(given | {"headlines": [other, *given["headlines"]]})
    lead = re.search(r'<p class="lead">(.*?)</p>', page)[1]
    assert lead.startswith("<b>first.model</b> is right on")
    assert '<span class="verdict different">different</span> <a class="where" href="#part-0">' in lead
    across = html(given | {"headlines": [other | {"benchmark": ""}, *given["headlines"]]})
    assert '<p class="lead"><b>weak</b> <span class="verdict unclear">not decided</span></p>' in across


def test_a_partial_result_and_few_objects_are_said_in_the_table():
    text = "".join(Read(html(content())).text)
    assert "partial: 16 of 16 images" in text
    assert "16 images, 8 objects" in text
    assert "deer is not what it was" in text
    assert "[40.0, 70.0]" in text


def test_each_benchmark_and_view_has_a_part_the_whole_images_first_and_nothing_is_said_twice():
    given = content()
    [map_, bars, curve] = given["exhibits"]
    zoomed = [
        map_ | {"view": "zoom-9", "finding": "Seen **once**."},
        bars | {"view": "zoom-9", "finding": "Seen **once**."},
    ]
    page = html(given | {"exhibits": [*zoomed, curve | {"finding": given["headlines"][0]["text"]}]})
    heads = re.findall(r'<section class="part" id="(.*?)"><h2>(.*?)</h2>', page)
    title = "<bdi>Toy: deer</bdi>"
    assert heads == [("part-0", title), ("part-1", f'{title} <span class="view">view <bdi>zoom-9</bdi></span>')]
    assert page.count("Seen <b>once</b>.") == 1
    assert page.count("<b>first.model</b> is right on") == 2  # where the page begins, and in its part


def test_a_figure_of_long_names_has_a_row_of_its_own():
    given = content((*USUAL[:2], "a class of a very long name indeed", "bird"))
    kinds = re.findall(r'<figure class="(.*?)"', html(given))
    assert kinds == ["exhibit", "exhibit wide", "exhibit"]
