"""All rows of reports as one CSV file: the numbers of ``report --json``, unrounded, a column for each of its names."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from core.paper.reading import BY, Result
from core.wording import readable

#: Columns that say what a row is of; a table's own of the same name stand with an underscore behind them.
WHOSE = ("benchmark", "model", "identity", "view", "policy", "head", "complete", "table")
#: What would make a spreadsheet take a text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def document(results: Sequence[Result]) -> str:
    """Every row of every table, and the overall accuracies as the tables ``overall`` and ``plain``.

    A cell without a number is empty, a list is JSON, True and False are ``true`` and ``false``; a text that a
    spreadsheet would take for a formula has an apostrophe before it.
    """
    rows = [row for result in results for row in _rows(result)]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(_text, columns))
    writer.writerows([_text(row.get(name)) for name in columns] for row in rows)
    return out.getvalue()


def _rows(result: Result) -> Iterator[dict[str, Any]]:
    run, content = result.run, result.content
    whose = (run.benchmark, run.model, run.identity, run.view, content["policy"], content["head"], run.complete)
    tables = {"overall": [content["overall"]], "plain": [content["plain"]] if content["plain"] else []}
    tables |= {BY: content["rows"]} if "rows" in content else content["tables"]
    for name, rows in tables.items():
        for row in rows:
            own = {f"{key}_" if key in WHOSE else key: value for key, value in row.items()}
            yield dict(zip(WHOSE, (*whose, name), strict=True)) | own


def _text(content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, bool):
        return str(content).lower()
    if isinstance(content, int | float):
        return repr(content)
    if isinstance(content, list | tuple):
        content = json.dumps(content)
    text = readable(content)
    return f"'{text}" if text.startswith(_FORMULA) else text
