"""What every command shares: errors in one line, and exit codes."""

import os
import subprocess
import sys

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


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_a_sign_that_the_terminal_lacks_is_a_question_mark_and_no_error(encoding):
    code = (
        "import sys; from sentiment.command import run_command;"
        "sys.exit(run_command(lambda: print('tfidf 🏆 → 0.8')))"
    )
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)

    assert (done.returncode, done.stdout) == (0, b"tfidf ? ? 0.8\n")
