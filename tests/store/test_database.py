"""One SQLite file, used by many at once from its first moment on."""

import threading

import pytest

from core.errors import StoreError
from core.store.database import connected

SCHEMA = "CREATE TABLE IF NOT EXISTS notes (text TEXT NOT NULL)"


def test_a_new_file_is_opened_by_many_at_once(tmp_path):
    for round_ in range(40):
        path, together, failed = tmp_path / f"{round_}.sqlite", threading.Barrier(12), []

        def note(path=path, together=together, failed=failed):
            together.wait()
            try:
                with connected(path, SCHEMA, "the notes") as database:
                    database.execute("INSERT INTO notes VALUES ('here')")
            except StoreError as error:
                failed.append(error)

        threads = [threading.Thread(target=note) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        with connected(path, SCHEMA, "the notes") as database:
            assert database.execute("SELECT COUNT(*) FROM notes").fetchone() == (12,)


def test_an_error_leaves_nothing_of_its_transaction(tmp_path):
    with pytest.raises(KeyError), connected(tmp_path / "a.sqlite", SCHEMA, "the notes") as database:
        database.execute("INSERT INTO notes VALUES ('half')")
        raise KeyError
    with connected(tmp_path / "a.sqlite", SCHEMA, "the notes") as database:
        assert database.execute("SELECT COUNT(*) FROM notes").fetchone() == (0,)
