"""``python -m core jobs``: what it prints and what it changes."""

import json

import pytest

from core import jobs
from core.cli.main import main
from core.jobs.kinds import Diagnosis, Generation, Unknown
from core.types import Progress
from tests.job_tools import changed, waiting


def printed(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(["jobs", *arguments])
    return left.value.code, "".join(capsys.readouterr())


def test_an_empty_queue_says_how_to_fill_it(capsys):
    assert printed(capsys) == (0, "No jobs. The dashboard's Runs page queues evaluations.\n")


def test_jobs_are_listed_with_progress_and_reason(capsys):
    changed(waiting("first"), state="failed", ended=1.0, message="no such model", progress=Progress(3, 1200))
    code, text = printed(capsys)
    assert code == 0
    assert text == "first  failed  small on imagenet  3 of 1,200  no such model\n"
    found = json.loads(printed(capsys, "--json")[1])
    assert (found[0]["id"], found[0]["arguments"]["model"], found[0]["progress"]["done"]) == ("first", "small", 3)
    assert (found[0]["kind"], found[0]["title"]) == ("evaluate", "small on imagenet")


def test_jobs_of_every_kind_are_listed_in_words(capsys):
    waiting("first", arguments=Diagnosis("small", "diorama/location", "ab12"))
    waiting("second", arguments=Generation("/cut-outs", "/places", "size", "/set"), submitted=1.0)
    waiting("third", arguments=Unknown("translate", "cpu"), submitted=2.0)
    assert printed(capsys)[1].splitlines() == [
        "first  queued  Diagnosis of small on diorama/location",
        "second  queued  Images of si-score/size in /set",
        "third  queued  Job of kind 'translate'",
    ]
    assert [job["kind"] for job in json.loads(printed(capsys, "--json")[1])] == ["diagnose", "generate", "translate"]


def test_a_job_is_cancelled_by_its_id(capsys):
    waiting("first")
    assert printed(capsys, "cancel", "first")[0] == 0
    assert jobs.find_job("first").state == "cancelled"


def test_an_unknown_id_is_a_usage_error_with_the_nearest(capsys):
    waiting("20260101-000000-aaaa")
    code, text = printed(capsys, "cancel", "20260101-000000-aaab")
    assert code == 2
    assert "there is no job '20260101-000000-aaab'. Did you mean '20260101-000000-aaaa'?" in text
