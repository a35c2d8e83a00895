"""Reads as much of LaTeX as tables need: environments, groups, rows and cells; what TeX would refuse, it refuses."""

import re

_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|[{}&%$]|[^\\{}&%$]+", re.DOTALL)


def tokens(text):
    """Commands, groups, alignment signs and words; comments are left out."""
    found, at = [], 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        assert token, text[at : at + 30]
        at = token.end()
        if token[0] == "%":
            at = text.find("\n", at) % (len(text) + 1)
            continue
        found.append(token[0])
    return found


def check(text):
    """That groups, mathematics and environments are closed in the order in which they were opened."""
    stack, found = [], tokens(text)
    for number, token in enumerate(found):
        if token == "{":
            stack.append("{")
        elif token == "}":
            assert stack and stack.pop() == "{", "a group that was not opened"
        elif token == "$":
            stack.pop() if stack and stack[-1] == "$" else stack.append("$")
        elif token in (r"\begin", r"\end"):
            assert found[number + 1] == "{" and found[number + 3] == "}"
            name = found[number + 2]
            if token == r"\begin":
                stack.append(name)
            else:
                # The group of the name itself is not open yet.
                assert stack and stack.pop() == name, f"{name} ends what it did not begin"
    assert not stack, stack


def tabulars(text):
    """Of each table its column letters, and rows as lists of cells; a cell over several columns counts as often."""
    found = []
    for part in re.findall(r"\\begin\{tabular\}(.*?)\\end\{tabular\}", text, re.DOTALL):
        end = _end_of_group(part)
        letters = re.sub(r"@\{.*?\}", "", re.sub(r"p\{.*?\}", "p", part[1:end].replace(r"\ ", "")))
        rows = [_row(line) for line in part[end + 1 :].strip().splitlines() if not _RULE.fullmatch(line)]
        found.append((letters, rows))
    return found


_RULE = re.compile(r"\\(toprule|midrule|bottomrule)")
_END = re.compile(r"\\\\(\[2pt\])?$")


def _end_of_group(text):
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return at
    raise AssertionError("a group is not closed")


def _row(line):
    assert _END.search(line), line
    cells = []
    for cell in re.split(r"(?<!\\)&", _END.sub("", line)):
        over = re.match(r"\s*\\multicolumn\{(\d+)\}", cell)
        cells += [cell.strip()] * (int(over[1]) if over else 1)
    return cells
