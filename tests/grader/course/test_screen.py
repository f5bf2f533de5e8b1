"""Whoever waits sees that something works: no command is silent for long."""

import os
import select
import subprocess
import sys
import time

import pytest

from grader.course.repository import ROOT
from grader.course.screen import plain, plain_lines, signs_of_life

PATIENTLY = ROOT / ".ci" / "patiently"


def gaps(command, **options):
    """Run a command with a pipe as its screen; return its exit code, its text and its silences in seconds."""
    ours, theirs = os.pipe()
    last, silences, text = time.monotonic(), [], b""
    run = subprocess.Popen(command, stdout=theirs, stderr=theirs, **options)
    os.close(theirs)
    while select.select([ours], [], [], 300)[0]:
        more = os.read(ours, 65536)
        silences.append(time.monotonic() - last)
        last, text = time.monotonic(), text + more
        if not more:
            break
    os.close(ours)
    return run.wait(), text.decode(), silences


def test_a_silent_time_is_filled_with_dots_and_ends_with_a_new_line(capsys):
    with signs_of_life(0.1):
        time.sleep(0.5)
        print("a sentence")
        sys.stderr.write("another\n")
    said = capsys.readouterr()
    assert "." in said.err and set(said.err.removesuffix("another\n")) == {"."}
    assert said.out == "\na sentence\n"


def test_who_speaks_is_not_interrupted(capsys):
    with signs_of_life(0.5):
        for _ in range(10):
            print("word", end=" ")
            time.sleep(0.02)
    assert capsys.readouterr() == ("word " * 10, "")


def test_the_streams_are_put_back_whatever_happens():
    kept = sys.stdout, sys.stderr
    with pytest.raises(ValueError, match="wrong"), signs_of_life():
        raise ValueError("wrong")
    assert (sys.stdout, sys.stderr) == kept


def test_a_silent_command_gets_commas_and_keeps_its_words_and_its_exit_code():
    # `print` would write the word and the end of its line one after the other, and both could be read apart.
    code = "import os, sys, time; print('begins'); time.sleep(5); os.write(2, b'ends\\n'); sys.exit(7)"
    status, text, silences = gaps([PATIENTLY, sys.executable, "-c", code])
    assert (status, text) == (7, "begins\n,,\nends\n")
    assert max(silences) < 5


def test_a_command_that_a_signal_ended_is_not_a_success():
    status, _, _ = gaps([PATIENTLY, sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])
    assert status == 128 + 9


@pytest.mark.slow
def test_the_demo_is_never_silent_for_three_seconds(tmp_path):
    status, text, silences = gaps([sys.executable, "-m", "grader", "demo", "--folder", tmp_path], cwd=ROOT)
    assert status == 0, text
    assert text.startswith("A class of 12 sample students")
    assert silences[0] < 2
    assert max(silences) < 3


def test_what_students_write_is_shown_and_does_nothing_to_the_screen():
    assert plain("Zoë 1") == "Zoë 1"
    assert plain("a\x1b[2J\r\n\u202eb\udcff") == r"a\x1b[2J\r\n\u202eb\udcff"
    assert plain_lines("a\x07\nb") == "a\\x07\nb"
