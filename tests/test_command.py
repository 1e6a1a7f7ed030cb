"""What every command shares: errors in one line, and exit codes."""

import pytest

from sentiment.command import run_command


def test_unexpected_errors_keep_their_traceback():
    def command():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_command(command)


def test_interrupt_has_an_exit_code_of_its_own(capsys):
    def command():
        raise KeyboardInterrupt

    assert run_command(command) == 130
    assert capsys.readouterr().err == "stopped\n"
