"""Tables in Markdown, read back by a parser of it."""

from markdown_it import MarkdownIt

from core.paper import markdown
from core.paper.cells import Cell, Column, PaperTable
from tests.paper.test_latex import HOSTILE, beside


def read(text):
    """Rows of words of the first table, and all HTML that the text makes."""
    parser = MarkdownIt("commonmark").enable("table")
    found, row = [], None
    for token in parser.parse(text):
        if token.type == "tr_open":
            row = []
            found.append(row)
        elif token.type == "inline" and row is not None:
            row.append("".join(each.content for each in token.children))
        elif token.type == "table_close":
            break
    return found, parser.render(text)


def test_names_from_data_read_exactly_so():
    names = [*HOSTILE, "**bold**", "<script>alert(1)</script>", "![x](y)", "http://evil.invalid", "a|b"]
    rows, html = read(markdown.table_text(beside(["net|x"], names)))
    shown = [row[0].replace("\u2060", "") for row in rows[1:]]
    assert shown == [" ".join(name.split()) for name in names]
    assert rows[0] == ["class", "net|x", "n"]
    assert "<script" not in html
    assert "<img" not in html
    assert "<a " not in html


def test_the_best_is_bold_and_its_interval_is_not():
    table = PaperTable("t", "T", (Column("a", "value"),), ((Cell("64.9", "[58.8, 70.5]", True),),))
    assert "| **64.9** [58.8, 70.5] |" in markdown.table_text(table)


def test_an_introduction_cannot_leave_its_comment():
    text = markdown.document([], "a --> <b>\n")
    assert text.count("-->") == 1
