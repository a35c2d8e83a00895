"""Words of data in LaTeX."""

import pytest

from core.paper.latex_text import MACRO, SIGN, cell, escaped


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("a\\b", r"a\textbackslash{}b"),
        ("50% & $5 #1 x_y {z}", r"50\% \& \$5 \#1 x\_y \{z\}"),
        ("~^", r"\textasciitilde{}\textasciicircum{}"),
        ("a<b>c|d", "a$<$b$>$c$|$d"),
        ("−3 × ≥ ≤ ± 6°", r"$-$3 $\times$ $\ge$ $\le$ $\pm$ 6$^{\circ}$"),
        ("20\u00a0%", r"20~\%"),
        ("two\nlines\tof\x07it", "two lines of it"),
        ("Müller, Ångström, Čapek", r"M\"{u}ller, \r{A}ngstr\"{o}m, \v{C}apek"),
        ("a--b ''", "a-{}-b '{}'"),
        ("0–1", "0--1"),
        ("?`", "?{`}"),
        ("犬", rf"{SIGN}{{犬}}{{72AC}}"),
        ("\ud800", r"\textbackslash{}ud800"),
    ],
)
def test_a_sign_prints_itself(words, written):
    assert escaped(words) == written


def test_an_accent_apart_from_its_letter_is_the_letter_with_it():
    assert escaped("e\u0301") == escaped("é") == r"\'{e}"


def test_only_the_macro_holds_what_a_plain_font_has_not():
    outside = escaped("naïve 犬 🐕 ≥ é").replace(f"{SIGN}{{犬}}", "").replace(f"{SIGN}{{🐕}}", "")
    assert outside.isascii()
    assert MACRO.isascii()


def test_a_cell_begins_with_nothing_that_a_row_would_take_for_an_option():
    assert cell("[1, 2]") == "{}[1, 2]"
    assert cell("*x") == "{}*x"
    assert cell(" x ") == "x"
