"""CSV of reports: the numbers of ``report --json``."""

import csv
import io
import json

from core import store
from core.answers import by_factors
from core.explain import reporting
from core.paper import comma
from core.paper.reading import Result


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_the_numbers_of_the_report_and_no_others(embedded_results):
    runs = store.list_runs("diorama/clean")
    results = [Result(run, reporting.build(run)) for run in runs if run.model == "test_vit.diorama"]
    rows = read(comma.document(results))
    for result in results:
        tables = {"overall": [result.content["overall"]], **result.content["tables"]}
        for name, wanted in tables.items():
            found = [row for row in rows if (row["identity"], row["table"]) == (result.run.identity, name)]
            assert len(found) == len(wanted)
            for one, other in zip(found, wanted, strict=True):
                for key, value in other.items():
                    said = one[f"{key}_" if key in comma.WHOSE else key]
                    if isinstance(value, str | None):
                        assert said == (value or "")
                    else:
                        assert json.loads(said) == value
    assert {row["view"] for row in rows} == {"clean", "all-cues"}
    assert {(row["head"], row["complete"]) for row in rows} == {("", "true")}


def test_a_text_is_no_formula_and_a_list_is_json(embedded_results):
    run = store.list_runs("diorama/pose")[0]
    content = by_factors.build(run, ["yaw_deg"])
    rows = [{"class": "=cmd|' /C calc'!A0", "tags": ["a", "b,c"], "right": True, "top1": -0.5, "x": None, "table": 3}]
    found = read(comma.document([Result(run, {**content, "rows": rows})]))[-1]
    assert found["class"] == "'=cmd|' /C calc'!A0"
    assert json.loads(found["tags"]) == ["a", "b,c"]
    assert (found["right"], found["top1"], found["x"]) == ("true", "-0.5", "")
    assert (found["table"], found["table_"]) == ("by", "3")
