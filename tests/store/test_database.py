"""One SQLite file, used by many at once from its first moment on."""

import threading

import pytest
from filelock import FileLock

from core.errors import StoreError
from core.store.database import connected

SCHEMA = "CREATE TABLE IF NOT EXISTS notes (text TEXT NOT NULL)"


#: Few, since a round of twelve takes four times as long. Without the lock 3 of 300 rounds failed: chance finds it
#: seldom, and the test of the lock below always.
TOGETHER = 3


@pytest.mark.parametrize("rounds", [10, pytest.param(60, marks=pytest.mark.slow)])
def test_a_new_file_is_opened_by_several_at_once(tmp_path, rounds):
    for round_ in range(rounds):
        path, together, failed = tmp_path / f"{round_}.sqlite", threading.Barrier(TOGETHER), []

        def note(path=path, together=together, failed=failed):
            together.wait()
            try:
                with connected(path, SCHEMA, "the notes") as database:
                    database.execute("INSERT INTO notes VALUES ('here')")
            except StoreError as error:
                failed.append(error)

        threads = [threading.Thread(target=note) for _ in range(TOGETHER)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        with connected(path, SCHEMA, "the notes") as database:
            assert database.execute("SELECT COUNT(*) FROM notes").fetchone() == (TOGETHER,)


def test_one_at_a_time_switches_a_new_file(tmp_path):
    path = tmp_path / "a.sqlite"

    def open_it():
        with connected(path, SCHEMA, "the notes"):
            pass

    second = threading.Thread(target=open_it)
    with FileLock(path.with_name(".a.sqlite.lock")):
        second.start()
        second.join(0.2)
        assert second.is_alive()
    second.join(10)
    assert not second.is_alive()


def test_an_error_leaves_nothing_of_its_transaction(tmp_path):
    with pytest.raises(KeyError), connected(tmp_path / "a.sqlite", SCHEMA, "the notes") as database:
        database.execute("INSERT INTO notes VALUES ('half')")
        raise KeyError
    with connected(tmp_path / "a.sqlite", SCHEMA, "the notes") as database:
        assert database.execute("SELECT COUNT(*) FROM notes").fetchone() == (0,)
