import pytest

from core import cli


@pytest.fixture
def run(capsys):
    """Runs a command in this process; returns its exit code, standard output and standard error."""

    def command(*arguments):
        code = 0
        try:
            cli.main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command
