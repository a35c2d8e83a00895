"""Words from data as LaTeX that prints them and does nothing else.

What comes out is ASCII but for signs that a plain LaTeX font does not have: these stand in a macro, ``MACRO``, which
prints them where the engine knows Unicode (LuaLaTeX, XeLaTeX) and their code point where it does not, so that a file
compiles with any engine.
"""

from __future__ import annotations

import unicodedata

from core.wording import one_line

#: Prints a sign by itself, or its code point.
SIGN = r"\offcentersign"
#: Defines ``SIGN``; stands before what uses it.
MACRO = rf"\providecommand{{{SIGN}}}[2]{{\ifdefined\Umathcode #1\else{{\ttfamily U+#2}}\fi}}"

_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    '"': "{''}",
    "`": "{`}",
    "−": "$-$",
    "×": r"$\times$",
    "÷": r"$\div$",
    "±": r"$\pm$",
    "≥": r"$\ge$",
    "≤": r"$\le$",
    "≠": r"$\neq$",
    "≈": r"$\approx$",
    "∞": r"$\infty$",
    "→": r"$\rightarrow$",
    "←": r"$\leftarrow$",
    "·": r"$\cdot$",
    "°": r"$^{\circ}$",
    "²": "$^{2}$",
    "³": "$^{3}$",
    "†": r"$\dagger$",
    "‡": r"$\ddagger$",
    "–": "--",
    "—": "---",
    "…": r"\dots{}",
    "‘": "{`}",
    "’": "'",
    "“": "{``}",
    "”": "{''}",
    "\u00a0": "~",
    "ß": r"\ss{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "ı": r"\i{}",
    "§": r"\S{}",
    "©": r"\copyright{}",
    "µ": r"$\mu$",
    **{sign: rf"$\{name}$" for sign, name in zip("αβγδεζηθκλμνξπρστφχψω", (
        "alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi",
        "pi", "rho", "sigma", "tau", "varphi", "chi", "psi", "omega"), strict=True)},
}  # fmt: skip
#: Accents by their combining sign.
_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
}


_JOINED = ("-", "'", ",")


def escaped(words: object) -> str:
    """Words that are not ours as LaTeX, in one line."""
    text = unicodedata.normalize("NFC", one_line(words, kept="\u00a0"))
    # A font joins some signs that follow themselves, such as two hyphens, into another one.
    return "".join(
        f"{{}}{sign}" if sign in _JOINED and text[at - 1 : at] == sign else _sign(sign) for at, sign in enumerate(text)
    )


def _sign(sign: str) -> str:
    if sign in _SIGNS:
        return _SIGNS[sign]
    if sign.isascii():
        return sign
    letters = unicodedata.normalize("NFD", sign)
    if len(letters) == 2 and letters[0].isascii() and letters[1] in _ACCENTS:
        return rf"\{_ACCENTS[letters[1]]}{{{letters[0]}}}"
    return f"{SIGN}{{{sign}}}{{{ord(sign):04X}}}"


def cell(words: object) -> str:
    """Words as a cell of a table: what a row's end, or a rule, would take for its option stands in a group."""
    text = escaped(words).strip()
    return f"{{}}{text}" if text[:1] in ("[", "*") else text
