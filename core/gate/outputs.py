"""What a gate says as Markdown, for a pull request or a build's summary, and as JUnit's XML, for build servers."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from core.gate import words
from core.gate.outcome import Outcome, Result
from core.wording import code, escaped

_MARKS = {"pass": "✅ pass", "fail": "❌ fail", "inconclusive": "❔ inconclusive"}
#: Signs that no XML file may hold.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def markdown(outcome: Outcome) -> str:
    """A table with a row a check, and what the numbers were computed from."""
    lines = [
        f"## Gate: {'passed' if outcome.exit_code == 0 else 'failed' if outcome.exit_code == 1 else 'inconclusive'}",
        "",
        escaped(words.summary(outcome)),
        "",
        "| verdict | check | number | limit | of |",
        "|---|---|---|---|---|",
    ]
    lines += [_row(result) for result in outcome.results]
    lines += ["", "<details><summary>Results that were judged</summary>", ""]
    lines += [f"- {code(words.identified(run))}" for run in outcome.runs]
    lines += ["", "</details>"]
    lines += [f"\n> {escaped(line)}" for line in outcome.warnings]
    return "\n".join(lines) + "\n"


def _row(result: Result) -> str:
    of = ". ".join(part for part in (words.counts(result), words.why(result), *result.estimate.notes) if part)
    number = f"{words.shown(result)} at {words.confidence(result.decision.confidence)}"
    if sides := words.sides(result):
        number += f"; {sides}"
    cells = [_MARKS[result.kind], escaped(result.check.name), *map(escaped, (number, words.limit(result), of))]
    return f"| {' | '.join(cells)} |"


def junit(outcome: Outcome) -> str:
    """A test suite with a case a check: an inconclusive one is skipped, or fails where it counts as such."""
    fails = [result for result in outcome.results if _fails(outcome, result)]
    skipped = [result for result in outcome.results if result.kind == "inconclusive" and result not in fails]
    tally = {"tests": len(outcome.results), "failures": len(fails), "errors": 0, "skipped": len(skipped)}
    attributes = {name: str(n) for name, n in tally.items()}
    root = ET.Element("testsuites", {"name": "offcenter gate", **attributes, "time": "0"})
    suite = ET.SubElement(root, "testsuite", {"name": "offcenter gate", **attributes, "time": "0"})
    properties = ET.SubElement(suite, "properties")
    for run in outcome.runs:
        ET.SubElement(
            properties, "property", {"name": _xml(f"{run.model} on {run.benchmark}"), "value": _xml(run.identity)}
        )
    for result in outcome.results:
        case = ET.SubElement(
            suite,
            "testcase",
            {"classname": _xml(f"gate.{result.check.benchmark}"), "name": _xml(result.check.name), "time": "0"},
        )
        said = _xml(_sentence(result))
        if result in fails:
            ET.SubElement(case, "failure", {"message": said, "type": result.kind}).text = said
        elif result in skipped:
            ET.SubElement(case, "skipped", {"message": said})
        ET.SubElement(case, "system-out").text = _xml("\n".join([said, *map(words.identified, result.runs)]))
    ET.SubElement(suite, "system-out").text = _xml("\n".join([words.summary(outcome), *outcome.warnings]))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False).join(
        ['<?xml version="1.0" encoding="UTF-8"?>\n', "\n"]
    )


def _fails(outcome: Outcome, result: Result) -> bool:
    return result.kind == "fail" or (result.kind == "inconclusive" and outcome.inconclusive == "fail")


def _sentence(result: Result) -> str:
    parts = (
        f"{result.kind}: {words.shown(result)} at {words.confidence(result.decision.confidence)}",
        f"limit: {words.limit(result)}",
        words.sides(result),
        words.counts(result),
        words.why(result),
        *result.estimate.notes,
    )
    return "; ".join(part for part in parts if part)


def _xml(text: str) -> str:
    return _NOT_XML.sub("�", text)
