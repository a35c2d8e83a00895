"""Processes that are killed, without the seconds in which each would import everything again.

One process imports what all need; a copy of it (``os.fork``) does one piece of work, and is a process like any other:
with its own memory, and for a signal.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import REPO

_SERVES = """
import json, os, sys, traceback
exec(sys.argv[1])
for line in sys.stdin:
    asked = json.loads(line)
    if "wait" in asked:
        print(json.dumps(os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1])), flush=True)
        continue
    child = os.fork()
    if child:
        print(child, flush=True)
        continue
    os.environ["OFFCENTER_DATA"] = asked["home"]
    status = 1
    try:
        work(*asked["arguments"])
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)
"""


class Forks:
    """A process that makes copies of itself."""

    def __init__(self, process: subprocess.Popen):
        self._process = process

    def _ask(self, what: dict) -> int:
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(self, home: Path, *arguments) -> int:
        """Begin ``work(*arguments)`` with a data home in a copy; returns the copy's process id."""
        return self._ask({"home": str(home), "arguments": arguments})

    def wait(self, pid: int) -> int:
        """The exit status of a copy that ends; minus the signal's number if one ended it."""
        return self._ask({"wait": pid})

    def kill(self, pid: int) -> int:
        """End a copy without a word to it; returns its exit status, which is 0 if it was faster."""
        os.kill(pid, signal.SIGKILL)
        return self.wait(pid)


@contextmanager
def forks(code: str) -> Iterator[Forks]:
    """A process that ran ``code``, which imports what is needed and defines ``work``, and starts no thread."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVES, code], cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Forks(process)
    finally:
        process.kill()
        process.communicate()
